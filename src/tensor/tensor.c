/* SPDX-License-Identifier: Apache-2.0 */
#include "plumbline/tensor.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/diag.h"

int64_t plumb_tensor_elements(const plumb_tensor *tensor)
{
    int64_t elements = 1;
    for (int32_t i = 0; i < tensor->rank; i++)
        if (tensor->shape[i] < 0 || !plumb_mul_int64(elements, tensor->shape[i], &elements))
            return -1;
    return elements;
}

bool plumb_tensor_is_dense(const plumb_tensor *tensor)
{
    int64_t stride = (int64_t)plumb_dtype_size(tensor->dtype);
    for (int32_t i = tensor->rank - 1; i >= 0; i--) {
        if (tensor->strides[i] != 0 && tensor->strides[i] != stride && tensor->shape[i] > 1)
            return false;
        stride *= tensor->shape[i];
    }
    return true;
}

static plumb_status check_shape(const plumb_tensor *tensor, int64_t *bytes, plumb_diag *diag)
{
    if (tensor->rank < 1 || tensor->rank > PLUMB_MAX_RANK)
        return plumb_fail(diag, PLUMB_E_SHAPE, "rank", "%d is not in 1..%d", (int)tensor->rank,
                          PLUMB_MAX_RANK);
    for (int32_t i = 0; i < tensor->rank; i++)
        if (tensor->shape[i] < 0)
            return plumb_fail_at(diag, PLUMB_E_SHAPE, "shape", (size_t)i, NULL, "%lld is negative",
                                 (long long)tensor->shape[i]);
    int64_t elements = plumb_tensor_elements(tensor);
    if (elements < 0 ||
        !plumb_mul_int64(elements, (int64_t)plumb_dtype_size(tensor->dtype), bytes) ||
        *bytes > PLUMB_MAX_TENSOR_BYTES)
        return plumb_fail(diag, PLUMB_E_LIMIT, "shape", "more than %lld bytes",
                          (long long)PLUMB_MAX_TENSOR_BYTES);
    return PLUMB_OK;
}

plumb_status plumb_tensor_validate(plumb_tensor *tensor, plumb_diag *diag)
{
    if (!tensor)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "tensor", "is NULL");
    int64_t element = (int64_t)plumb_dtype_size(tensor->dtype);
    if (element == 0)
        return plumb_fail(diag, PLUMB_E_DTYPE, "dtype", "%d is not an element type",
                          (int)tensor->dtype);
    int64_t bytes = 0;
    plumb_status status = check_shape(tensor, &bytes, diag);
    if (status)
        return status;
    bool empty = bytes == 0;
    if (!tensor->data && !empty)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "data", "is NULL");

    int64_t end = element; /* one past the last byte that the strides reach */
    int64_t dense = element;
    for (int32_t i = tensor->rank - 1; i >= 0; i--) {
        if (tensor->strides[i] < 0)
            return plumb_fail_at(diag, PLUMB_E_STRIDE, "strides", (size_t)i, NULL,
                                 "%lld is negative", (long long)tensor->strides[i]);
        if (tensor->strides[i] == 0)
            tensor->strides[i] = dense;
        int64_t reach;
        if (!plumb_mul_int64(tensor->strides[i], empty ? 0 : tensor->shape[i] - 1, &reach) ||
            !plumb_add_int64(end, reach, &end))
            return plumb_fail_at(diag, PLUMB_E_STRIDE, "strides", (size_t)i, NULL,
                                 "%lld overflows with %lld elements", (long long)tensor->strides[i],
                                 (long long)tensor->shape[i]);
        dense *= tensor->shape[i];
    }
    if (!empty && (uint64_t)end > tensor->size)
        return plumb_fail(diag, PLUMB_E_BUFFER, "size", "%zu bytes, but the shape needs %lld",
                          tensor->size, (long long)end);
    if (!(tensor->quantization.scale >= 0.0f) || !isfinite(tensor->quantization.scale))
        return plumb_fail(diag, PLUMB_E_VALUE, "quantization.scale",
                          "%g is not a finite number of 0 or more",
                          (double)tensor->quantization.scale);
    return PLUMB_OK;
}

float plumb_tensor_load(const plumb_tensor *tensor, int64_t byte_offset)
{
    const unsigned char *p = (const unsigned char *)tensor->data + byte_offset;
    double value = 0.0;
    switch (tensor->dtype) {
    case PLUMB_DTYPE_FLOAT32: {
        float v;
        memcpy(&v, p, sizeof(v));
        return v;
    }
    case PLUMB_DTYPE_FLOAT16: {
        uint16_t v;
        memcpy(&v, p, sizeof(v));
        return plumb_float_from_half(v);
    }
    case PLUMB_DTYPE_FLOAT64:
        memcpy(&value, p, sizeof(value));
        return (float)value;
    case PLUMB_DTYPE_UINT8:
        value = p[0];
        break;
    case PLUMB_DTYPE_INT8: {
        int8_t v;
        memcpy(&v, p, sizeof(v));
        value = v;
        break;
    }
    case PLUMB_DTYPE_INT32: {
        int32_t v;
        memcpy(&v, p, sizeof(v));
        value = v;
        break;
    }
    case PLUMB_DTYPE_INT64: {
        int64_t v;
        memcpy(&v, p, sizeof(v));
        value = (double)v;
        break;
    }
    default:
        break;
    }
    if (tensor->quantization.scale > 0.0f)
        value = (value - tensor->quantization.zero_point) * (double)tensor->quantization.scale;
    return (float)value;
}
