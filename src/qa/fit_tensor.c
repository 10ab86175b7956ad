/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/fit_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_channels(int64_t side)
{
    return side == 1 || side == 3;
}

/* Sides of a tensor of rank 3, or of rank 4 with a batch of one. */
static const int64_t *picture_sides(const plumb_tensor *tensor)
{
    if (tensor->rank == 3)
        return tensor->shape;
    return tensor->rank == 4 && tensor->shape[0] == 1 ? tensor->shape + 1 : NULL;
}

static plumb_status set_shape(fit_target *target, const plumb_tensor *tensor, plumb_layout layout,
                              plumb_diag *diag)
{
    const int64_t *sides = picture_sides(tensor);
    bool first = layout == PLUMB_LAYOUT_NCHW;
    if (!sides || !is_channels(sides[first ? 0 : 2]) || plumb_tensor_elements(tensor) == 0)
        return plumb_fail(diag, PLUMB_E_SHAPE, "tensor",
                          "is no picture: a shape of [1,C,H,W] or [1,H,W,C] with 1 or 3 channels "
                          "is expected");
    int64_t height = sides[first ? 1 : 0], width = sides[first ? 2 : 1];
    if (height > PLUMB_MAX_SIDE || width > PLUMB_MAX_SIDE)
        return plumb_fail(diag, PLUMB_E_LIMIT, "tensor", "a side of more than %d", PLUMB_MAX_SIDE);
    target->channels = (int)sides[first ? 0 : 2];
    target->size = (plumb_size){ (int32_t)width, (int32_t)height };
    target->layout = layout;
    bool wide = tensor->dtype == PLUMB_DTYPE_FLOAT64; /* what a notebook saves, not what it fed */
    target->dtype = wide ? PLUMB_DTYPE_FLOAT32 : tensor->dtype;
    return PLUMB_OK;
}

static plumb_status read_values(const fit_target *target, const plumb_tensor *tensor, float *values,
                                plumb_diag *diag)
{
    size_t area = (size_t)target->size.width * (size_t)target->size.height;
    size_t channels = (size_t)target->channels, element = plumb_dtype_size(tensor->dtype);
    bool first = target->layout == PLUMB_LAYOUT_NCHW;
    for (size_t c = 0; c < channels; c++) {
        for (size_t i = 0; i < area; i++) {
            size_t at = first ? c * area + i : i * channels + c;
            float value = plumb_tensor_load(tensor, (int64_t)(at * element));
            if (!isfinite(value))
                return plumb_fail(diag, PLUMB_E_NONFINITE, "tensor", "element %zu is not a number",
                                  at);
            values[c * area + i] = value;
        }
    }
    return PLUMB_OK;
}

plumb_status fit_target_read(fit_target *target, const qa_fit_pair *pairs, size_t count,
                             plumb_layout layout, plumb_diag *diag)
{
    memset(target, 0, sizeof(*target));
    plumb_dtype dtype = pairs[0].tensor.dtype;
    if (dtype != PLUMB_DTYPE_FLOAT32 && dtype != PLUMB_DTYPE_FLOAT16 &&
        dtype != PLUMB_DTYPE_FLOAT64 && dtype != PLUMB_DTYPE_UINT8 && dtype != PLUMB_DTYPE_INT8)
        return plumb_fail(diag, PLUMB_E_DTYPE, "tensor",
                          "%s; float32, float16, float64, uint8 or int8 is expected",
                          plumb_dtype_name(dtype));
    plumb_status status = set_shape(target, &pairs[0].tensor, layout, diag);
    for (size_t i = 0; i < count && status == PLUMB_OK; i++) {
        const plumb_tensor *t = &pairs[i].tensor;
        if (t->dtype != dtype || t->rank != pairs[0].tensor.rank ||
            memcmp(t->shape, pairs[0].tensor.shape, (size_t)t->rank * sizeof(t->shape[0])) != 0 ||
            !plumb_tensor_is_dense(t))
            return plumb_fail(diag, PLUMB_E_SHAPE, "tensor",
                              "pair %zu has another type or shape than the first", i + 1);
        size_t area = (size_t)target->size.width * (size_t)target->size.height;
        target->values[i] = malloc(area * (size_t)target->channels * sizeof(float));
        if (!target->values[i])
            return plumb_fail(diag, PLUMB_E_NOMEM, "tensor", "no memory for its values");
        status = read_values(target, t, target->values[i], diag);
    }
    if (status == PLUMB_OK)
        fit_target_limit(target, count);
    return status;
}

/* Where most values lie at the limits they are what the picture shows. */
void fit_target_limit(fit_target *t, size_t count)
{
    size_t all = (size_t)t->size.width * (size_t)t->size.height * (size_t)t->channels, at = 0;
    t->lowest = -INFINITY;
    t->highest = INFINITY;
    if (!fit_is_whole(t->dtype))
        return;
    float lowest = t->dtype == PLUMB_DTYPE_INT8 ? -128.0f : 0.0f, highest = lowest + 255.0f;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < all; k++)
            at += t->values[i][k] <= lowest || t->values[i][k] >= highest;
    if (at * 2 > all * count)
        return;
    t->lowest = lowest;
    t->highest = highest;
}

void fit_target_release(fit_target *target)
{
    for (size_t i = 0; i < QA_FIT_MAX_PAIRS; i++) {
        free(target->values[i]);
        target->values[i] = NULL;
    }
}
