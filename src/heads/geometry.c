/* SPDX-License-Identifier: Apache-2.0 */
#include "heads/families.h"

#include <math.h>

#include "base/diag.h"
#include "kernels/activation.h"

static inline plumb_box box_of(plumb_four four, plumb_box_format format, double x, double y)
{
    double a = four.a, b = four.b, c = four.c, d = four.d;
    plumb_box box;
    switch (format) {
    case PLUMB_BOX_CXCYWH:
        return plumb_box_centered(a * x, b * y, c * x, d * y);
    case PLUMB_BOX_YXYX:
        box = (plumb_box){ (float)(b * x), (float)(a * y), (float)(d * x), (float)(c * y) };
        break;
    case PLUMB_BOX_XYWH:
        c += a;
        d += b;
        /* fall through */
    default:
        box = (plumb_box){ (float)(a * x), (float)(b * y), (float)(c * x), (float)(d * y) };
    }
    return box;
}

plumb_box plumb_box_read(const plumb_head *head, const plumb_block *block, int64_t row,
                         plumb_box_format format)
{
    return box_of(plumb_matrix_four(&block->boxes, row), format, head->unit_x, head->unit_y);
}

void plumb_boxes_read(const plumb_binding *binding, const plumb_block *block, const int64_t *rows,
                      size_t count, plumb_box *boxes)
{
    const plumb_head *head = binding->head;
    const plumb_matrix matrix = block->boxes;
    plumb_box_format format = head->family->format;
    double x = head->unit_x, y = head->unit_y;
    if (format == PLUMB_BOX_CXCYWH) /* the many are worth a loop of their own */
        for (size_t i = 0; i < count; i++)
            boxes[i] = box_of(plumb_matrix_four(&matrix, rows[i]), PLUMB_BOX_CXCYWH, x, y);
    else if (format)
        for (size_t i = 0; i < count; i++)
            boxes[i] = box_of(plumb_matrix_four(&matrix, rows[i]), format, x, y);
    else
        for (size_t i = 0; i < count; i++)
            boxes[i] = head->family->box(binding, block, rows[i]);
}

void plumb_read_distances(const plumb_matrix *matrix, int64_t row, int64_t column, int32_t bins,
                          double distances[4])
{
    if (bins == 1) { /* a network without distributions */
        for (int side = 0; side < 4; side++)
            distances[side] = plumb_matrix_at(matrix, row, column + side);
        return;
    }
    for (int side = 0; side < 4; side++, column += bins) {
        double greatest = -INFINITY, sum = 0.0, weighted = 0.0;
        for (int32_t bin = 0; bin < bins; bin++) {
            double value = plumb_matrix_at(matrix, row, column + bin);
            if (value > greatest)
                greatest = value;
        }
        for (int32_t bin = 0; bin < bins; bin++) {
            double e = plumb_exp(plumb_matrix_at(matrix, row, column + bin) - greatest);
            sum += e;
            weighted += e * bin;
        }
        distances[side] = weighted / sum;
    }
}

void plumb_head_set_units(plumb_head *head, plumb_box_units when_unset)
{
    plumb_box_units units = head->spec.units != PLUMB_UNITS_UNSET ? head->spec.units : when_unset;
    if (units != PLUMB_UNITS_NORMALIZED)
        return;
    head->unit_x = head->input.width;
    head->unit_y = head->input.height;
}

plumb_status plumb_head_set_activation(plumb_head *head, plumb_activation own, bool softmax,
                                       plumb_diag *diag)
{
    plumb_activation activation = head->spec.activation;
    if (activation == PLUMB_ACTIVATION_UNSET)
        activation = own;
    if (activation < PLUMB_ACTIVATION_NONE || activation > PLUMB_ACTIVATION_SOFTMAX ||
        (activation == PLUMB_ACTIVATION_SOFTMAX && !softmax))
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "head.activation",
                          "the %s head has none, sigmoid%s", plumb_head_type_name(head->spec.type),
                          softmax ? " or softmax" : "");
    head->activation = activation;
    head->objectness_activation =
        activation == PLUMB_ACTIVATION_NONE ? PLUMB_ACTIVATION_NONE : PLUMB_ACTIVATION_SIGMOID;
    return PLUMB_OK;
}

void plumb_head_set_scales(plumb_head *head, const int32_t *strides, size_t count, int32_t anchors)
{
    if (head->spec.stride_count > 0) {
        strides = head->spec.strides;
        count = head->spec.stride_count;
    }
    for (size_t i = 0; i < count; i++) {
        plumb_scale *scale = &head->scales[i];
        scale->stride = strides[i];
        scale->width = (head->input.width + strides[i] - 1) / strides[i];
        scale->height = (head->input.height + strides[i] - 1) / strides[i];
        scale->anchors = anchors;
        scale->first_row = head->cells;
        head->cells += (int64_t)scale->width * scale->height * anchors;
    }
    head->scale_count = count;
}

const plumb_scale *plumb_head_cell(const plumb_head *head, int64_t row, int32_t *x, int32_t *y)
{
    size_t i = head->scale_count - 1;
    while (i > 0 && row < head->scales[i].first_row)
        i--;
    const plumb_scale *scale = &head->scales[i];
    int64_t cell = (row - scale->first_row) / scale->anchors;
    *x = (int32_t)(cell % scale->width);
    *y = (int32_t)(cell / scale->width);
    return scale;
}

plumb_status plumb_head_share_anchors(plumb_head *head, const size_t *shares, size_t count,
                                      plumb_diag *diag)
{
    size_t used = 0;
    head->cells = 0;
    for (size_t i = 0; i < head->scale_count; i++) {
        size_t share = shares[i] ? shares[i] : count / head->scale_count;
        if (share < 1 || share > count - used)
            return plumb_fail(diag, PLUMB_E_ARGUMENT, "head.anchors",
                              "%zu do not suffice for %zu scales", count, head->scale_count);
        plumb_scale *scale = &head->scales[i];
        scale->anchors = (int32_t)share;
        scale->first_anchor = (int32_t)used;
        scale->first_row = head->cells;
        head->cells += (int64_t)scale->width * scale->height * scale->anchors;
        used += share;
    }
    if (used != count)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "head.anchors",
                          "%zu of them, but the scales use %zu", count, used);
    if (head->cells > PLUMB_MAX_HEAD_ROWS)
        return plumb_fail(diag, PLUMB_E_LIMIT, "head.strides", "more than %lld rows",
                          (long long)PLUMB_MAX_HEAD_ROWS);
    return PLUMB_OK;
}

plumb_status plumb_head_check_names(const plumb_head *head, size_t least, size_t most,
                                    plumb_diag *diag)
{
    size_t names = head->spec.output_count, scales = head->scale_count;
    if (names == 0 || (names % scales == 0 && names / scales >= least && names / scales <= most))
        return PLUMB_OK;
    return plumb_fail(diag, PLUMB_E_ARGUMENT, "head.outputs",
                      "%zu names, but %zu to %zu for each of %zu scales are expected", names, least,
                      most, scales);
}

void plumb_head_set_keypoints(plumb_head *head, size_t own)
{
    int32_t count = head->spec.keypoint_count;
    head->keypoint_count = count == 0 ? own : count < 0 ? 0 : (size_t)count;
}
