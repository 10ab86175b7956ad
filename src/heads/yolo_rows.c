/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of cx cy w h objectness class...: YOLOv5 and v7 (decoded), YOLOv6, YOLOX (cells still to be
 * added). Source of the YOLOX maths: Megvii YOLOX, yolox/models/yolo_head.py, decode_outputs.
 */
#include "heads/families.h"
#include "kernels/activation.h"

#define VALUES "[N,5+C] or [C+5,N]"

static const int32_t strides[] = { 8, 16, 32 };

static plumb_status compile_decoded(plumb_head *head, int32_t anchors, plumb_diag *diag)
{
    head->rule = PLUMB_SCORE_PRODUCT;
    plumb_head_set_units(head, PLUMB_UNITS_PIXELS);
    plumb_head_set_scales(head, strides, 3, anchors);
    return plumb_head_set_activation(head, PLUMB_ACTIVATION_NONE, false, diag);
}

static plumb_status compile_yolov5(plumb_head *head, plumb_diag *diag)
{
    return compile_decoded(head, 3, diag);
}

static plumb_status compile_yolox(plumb_head *head, plumb_diag *diag)
{
    return compile_decoded(head, 1, diag);
}

static plumb_status bind_rows(plumb_binding *binding, bool exact, plumb_diag *diag)
{
    plumb_slice slice;
    bool channels;
    plumb_block *block;
    int32_t classes;
    plumb_status status = plumb_bind_slice(binding, 0, 2, VALUES, &slice, diag);
    if (!status)
        status =
            plumb_bind_layout(binding, &slice, 5, binding->head->cells, VALUES, &channels, diag);
    if (!status)
        status = plumb_bind_classes(binding, &slice, slice.shape[channels ? 0 : 1] - 5, VALUES,
                                    &classes, diag);
    if (status)
        return status;
    int64_t rows = slice.shape[channels ? 1 : 0];
    if (exact && rows != binding->head->cells)
        return plumb_bind_misfit(&slice, "one row for each cell of head.strides", diag);
    status = plumb_bind_block(binding, rows, &block, diag);
    if (status)
        return status;
    block->boxes = plumb_slice_rows(&slice, channels);
    block->objectness = plumb_matrix_from(&block->boxes, 4);
    block->scores = plumb_matrix_from(&block->boxes, 5);
    block->classes = classes;
    return PLUMB_OK;
}

static plumb_status bind_decoded(plumb_binding *binding, plumb_diag *diag)
{
    return bind_rows(binding, false, diag);
}

static plumb_status bind_yolox(plumb_binding *binding, plumb_diag *diag)
{
    return bind_rows(binding, true, diag);
}

static plumb_box box_yolox(const plumb_binding *binding, const plumb_block *block, int64_t row)
{
    int32_t x, y;
    const plumb_scale *scale = plumb_head_cell(binding->head, row, &x, &y);
    plumb_four four = plumb_matrix_four(&block->boxes, row);
    return plumb_box_centered(((double)four.a + x) * scale->stride,
                              ((double)four.b + y) * scale->stride,
                              plumb_exp(four.c) * scale->stride, plumb_exp(four.d) * scale->stride);
}

const plumb_head_family plumb_family_yolov5 = {
    .uses = PLUMB_USES_LAYOUT | PLUMB_USES_ACTIVATION | PLUMB_USES_STRIDES | PLUMB_USES_UNITS,
    .least_outputs = 1,
    .most_outputs = 1,
    .wants_nms = true,
    .compile = compile_yolov5,
    .bind = bind_decoded,
    .format = PLUMB_BOX_CXCYWH,
};

const plumb_head_family plumb_family_yolov6 = {
    .uses = PLUMB_USES_LAYOUT | PLUMB_USES_ACTIVATION | PLUMB_USES_STRIDES | PLUMB_USES_UNITS,
    .least_outputs = 1,
    .most_outputs = 1,
    .wants_nms = true,
    .compile = compile_yolox,
    .bind = bind_decoded,
    .format = PLUMB_BOX_CXCYWH,
};

const plumb_head_family plumb_family_yolox = {
    .uses = PLUMB_USES_LAYOUT | PLUMB_USES_ACTIVATION | PLUMB_USES_STRIDES,
    .least_outputs = 1,
    .most_outputs = 1,
    .wants_nms = true,
    .compile = compile_yolox,
    .bind = bind_yolox,
    .box = box_yolox,
};
