/* SPDX-License-Identifier: Apache-2.0
 *
 * Undecoded anchor grids: YOLOv3, and YOLOv5 or v7 exported before their last layer. Each anchor of
 * each scale is a block. Sources: darknet's yolo layer; yolov7 models/yolo.py, Detect.
 */
#include "heads/families.h"

#include "base/diag.h"
#include "kernels/activation.h"

static const int32_t strides[] = { 8, 16, 32 };

static plumb_status compile(plumb_head *head, bool softmax, plumb_diag *diag)
{
    head->rule = PLUMB_SCORE_PRODUCT;
    plumb_head_set_scales(head, strides, 3, 1);
    size_t floats = head->spec.anchor_count;
    if (floats == 0 || floats % 2 != 0 || floats / 2 > PLUMB_MAX_BLOCKS)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "head.anchors",
                          "%zu numbers, up to %d pairs of width and height are expected", floats,
                          PLUMB_MAX_BLOCKS);
    plumb_status status =
        plumb_head_share_anchors(head, head->spec.anchors_per_scale, floats / 2, diag);
    if (!status)
        status = plumb_head_check_names(head, 1, 1, diag);
    if (status)
        return status;
    return plumb_head_set_activation(head, PLUMB_ACTIVATION_SIGMOID, softmax, diag);
}

static plumb_status compile_yolov3(plumb_head *head, plumb_diag *diag)
{
    return compile(head, true, diag);
}

static plumb_status compile_yolov5_raw(plumb_head *head, plumb_diag *diag)
{
    return compile(head, false, diag);
}

static plumb_status add_anchor(plumb_binding *binding, const plumb_scale *scale, int32_t anchor,
                               const plumb_matrix *values, int32_t classes, plumb_diag *diag)
{
    plumb_block *block;
    plumb_status status =
        plumb_bind_block(binding, (int64_t)scale->width * scale->height, &block, diag);
    if (status)
        return status;
    block->scale = scale;
    block->anchor = scale->first_anchor + anchor;
    block->boxes = *values;
    block->objectness = plumb_matrix_from(values, 4);
    block->scores = plumb_matrix_from(values, 5);
    block->classes = classes;
    return PLUMB_OK;
}

/* [A,H,W,5+C] */
static plumb_status bind_apart(plumb_binding *binding, size_t position, const plumb_scale *scale,
                               plumb_diag *diag)
{
    static const char shape[] = "[A,H,W,5+C] of head.anchors and head.strides";
    plumb_slice slice;
    int32_t classes;
    plumb_status status = plumb_bind_slice(binding, position, 4, shape, &slice, diag);
    if (status)
        return status;
    if (slice.shape[0] != scale->anchors || slice.shape[1] != scale->height ||
        slice.shape[2] != scale->width)
        return plumb_bind_misfit(&slice, shape, diag);
    status = plumb_bind_classes(binding, &slice, slice.shape[3] - 5, shape, &classes, diag);
    for (int32_t anchor = 0; !status && anchor < scale->anchors; anchor++) {
        plumb_slice map = slice;
        map.data += anchor * slice.strides[0];
        map.rank = 3;
        for (int i = 0; i < 3; i++) {
            map.shape[i] = slice.shape[i + 1];
            map.strides[i] = slice.strides[i + 1];
        }
        plumb_matrix values = plumb_slice_cells(&map, true);
        status = add_anchor(binding, scale, anchor, &values, classes, diag);
    }
    return status;
}

/* [A*(5+C),H,W] or [H,W,A*(5+C)] */
static plumb_status bind_together(plumb_binding *binding, size_t position, const plumb_scale *scale,
                                  plumb_diag *diag)
{
    static const char shape[] = "[A*(5+C),H,W] of head.anchors and head.strides";
    plumb_slice slice;
    plumb_matrix cells;
    int64_t values = 0;
    int32_t classes;
    plumb_status status = plumb_bind_slice(binding, position, 3, shape, &slice, diag);
    if (!status)
        status =
            plumb_bind_cells(binding, &slice, scale, scale->anchors, shape, &cells, &values, diag);
    values /= scale->anchors;
    if (!status)
        status = plumb_bind_classes(binding, &slice, values - 5, shape, &classes, diag);
    for (int32_t anchor = 0; !status && anchor < scale->anchors; anchor++) {
        plumb_matrix own = plumb_matrix_from(&cells, anchor * values);
        status = add_anchor(binding, scale, anchor, &own, classes, diag);
    }
    return status;
}

static plumb_status bind(plumb_binding *binding, plumb_diag *diag)
{
    const plumb_head *head = binding->head;
    plumb_status status = PLUMB_OK;
    for (size_t i = 0; !status && i < head->scale_count; i++) {
        const plumb_scale *scale = &head->scales[i];
        int64_t shape[PLUMB_MAX_RANK];
        int32_t rank = plumb_bind_shape(binding, i, shape);
        /* Four sides are one frame with its anchors apart, or a batch of maps. */
        int32_t classes = head->spec.class_count;
        bool apart =
            rank == 5 || (rank == 4 && shape[0] == scale->anchors && shape[1] == scale->height &&
                          shape[2] == scale->width && (classes == 0 || shape[3] == 5 + classes));
        status =
            apart ? bind_apart(binding, i, scale, diag) : bind_together(binding, i, scale, diag);
    }
    return status;
}

/* The sigmoid may be in the network already. */
static double unit_value(const plumb_binding *binding, const plumb_block *block, int64_t row,
                         int64_t column)
{
    double t = plumb_matrix_at(&block->boxes, row, column);
    return binding->head->activation == PLUMB_ACTIVATION_NONE ? t : 1.0 / (1.0 + plumb_exp(-t));
}

static plumb_box box_yolov3(const plumb_binding *binding, const plumb_block *block, int64_t row)
{
    const plumb_scale *scale = block->scale;
    const float *anchor = binding->head->anchors + 2 * block->anchor;
    double x = unit_value(binding, block, row, 0) + (double)(row % scale->width);
    double y = unit_value(binding, block, row, 1) + (double)(row / scale->width);
    return plumb_box_centered(x * scale->stride, y * scale->stride,
                              plumb_exp(plumb_matrix_at(&block->boxes, row, 2)) * anchor[0],
                              plumb_exp(plumb_matrix_at(&block->boxes, row, 3)) * anchor[1]);
}

static plumb_box box_yolov5(const plumb_binding *binding, const plumb_block *block, int64_t row)
{
    const plumb_scale *scale = block->scale;
    const float *anchor = binding->head->anchors + 2 * block->anchor;
    double x = 2.0 * unit_value(binding, block, row, 0) - 0.5 + (double)(row % scale->width);
    double y = 2.0 * unit_value(binding, block, row, 1) - 0.5 + (double)(row / scale->width);
    double width = 2.0 * unit_value(binding, block, row, 2);
    double height = 2.0 * unit_value(binding, block, row, 3);
    return plumb_box_centered(x * scale->stride, y * scale->stride, width * width * anchor[0],
                              height * height * anchor[1]);
}

#define USES (PLUMB_USES_LAYOUT | PLUMB_USES_ACTIVATION | PLUMB_USES_STRIDES | PLUMB_USES_ANCHORS)

const plumb_head_family plumb_family_yolov3 = {
    .uses = USES,
    .least_outputs = 1,
    .most_outputs = PLUMB_MAX_SCALES,
    .wants_nms = true,
    .compile = compile_yolov3,
    .bind = bind,
    .box = box_yolov3,
};

const plumb_head_family plumb_family_yolov5_raw = {
    .uses = USES,
    .least_outputs = 1,
    .most_outputs = PLUMB_MAX_SCALES,
    .wants_nms = true,
    .compile = compile_yolov5_raw,
    .bind = bind,
    .box = box_yolov5,
};
