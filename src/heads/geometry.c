/* SPDX-License-Identifier: Apache-2.0 */
#include "heads/families.h"

#include "base/diag.h"

plumb_box plumb_box_from(plumb_box_format format, const double values[4], double unit_x,
                         double unit_y)
{
    double a = values[0], b = values[1], c = values[2], d = values[3];
    plumb_box box;
    switch (format) {
    case PLUMB_BOX_XYWH:
        c += a;
        d += b;
        break;
    case PLUMB_BOX_CXCYWH:
        return plumb_box_centered(a * unit_x, b * unit_y, c * unit_x, d * unit_y);
    case PLUMB_BOX_YXYX:
        a = values[1];
        b = values[0];
        c = values[3];
        d = values[2];
        break;
    default:
        break;
    }
    box.x0 = (float)(a * unit_x);
    box.y0 = (float)(b * unit_y);
    box.x1 = (float)(c * unit_x);
    box.y1 = (float)(d * unit_y);
    return box;
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
