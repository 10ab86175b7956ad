/* SPDX-License-Identifier: Apache-2.0 */
#include "heads/matrix.h"

#include <math.h>

float plumb_matrix_load_any(const plumb_matrix *matrix, const unsigned char *at)
{
    if (matrix->dtype == PLUMB_DTYPE_UINT8)
        return plumb_matrix_dequantise(matrix, *at);
    plumb_tensor element = { .data = (void *)(uintptr_t)at,
                             .dtype = matrix->dtype,
                             .quantization = matrix->quantization };
    return plumb_tensor_load(&element, 0);
}

plumb_matrix plumb_matrix_from(const plumb_matrix *matrix, int64_t column)
{
    plumb_matrix rest = *matrix;
    rest.data += column * matrix->column_stride;
    return rest;
}

float plumb_matrix_maximum(const plumb_matrix *matrix)
{
    if (!plumb_matrix_is_byte(matrix))
        return 1.0f;
    return plumb_matrix_dequantise(matrix,
                                   matrix->dtype == PLUMB_DTYPE_INT8 ? INT8_MAX : UINT8_MAX);
}
