/* SPDX-License-Identifier: Apache-2.0 */
#include "plumbline/tensor.h"

#include "base/names.h"

static const plumb_name names[] = {
    { PLUMB_DTYPE_FLOAT32, "float32" }, { PLUMB_DTYPE_FLOAT16, "float16" },
    { PLUMB_DTYPE_FLOAT64, "float64" }, { PLUMB_DTYPE_UINT8, "uint8" },
    { PLUMB_DTYPE_INT8, "int8" },       { PLUMB_DTYPE_INT32, "int32" },
    { PLUMB_DTYPE_INT64, "int64" },
};

PLUMB_DEFINE_NAMES(plumb_dtype, plumb_dtype, names)

size_t plumb_dtype_size(plumb_dtype dtype)
{
    switch (dtype) {
    case PLUMB_DTYPE_UINT8:
    case PLUMB_DTYPE_INT8:
        return 1;
    case PLUMB_DTYPE_FLOAT16:
        return 2;
    case PLUMB_DTYPE_FLOAT32:
    case PLUMB_DTYPE_INT32:
        return 4;
    case PLUMB_DTYPE_FLOAT64:
    case PLUMB_DTYPE_INT64:
        return 8;
    default:
        return 0;
    }
}
