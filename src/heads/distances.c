/* SPDX-License-Identifier: Apache-2.0
 *
 * Heads that give the distances of the four sides as distributions: YOLOv8 exported without its
 * last layer, and NanoDet. Sources: ultralytics utils/tal.py dist2bbox, rknn_model_zoo
 * examples/yolov8, NanoDet demo_ncnn/nanodet.cpp.
 */
#include "heads/families.h"

static const int32_t strides[] = { 8, 16, 32, 64 };

static void set_bins(plumb_head *head, int32_t own)
{
    if (head->spec.distance_bins == 0)
        head->spec.distance_bins = own;
}

/* --- YOLOv8, one distance map and one class map for each scale --- */

static plumb_status compile_split(plumb_head *head, plumb_diag *diag)
{
    set_bins(head, 16);
    plumb_head_set_scales(head, strides, 3, 1);
    plumb_status status = plumb_head_check_names(head, 2, 3, diag);
    return status ? status : plumb_head_set_activation(head, PLUMB_ACTIVATION_NONE, false, diag);
}

/* The third map of a scale, the sum of its class scores, only repeats the second. */
static size_t split_kinds(const plumb_binding *binding)
{
    const plumb_head *head = binding->head;
    size_t outputs = head->spec.outputs ? head->spec.output_count : binding->outputs->count;
    return outputs >= 3 * head->scale_count ? 3 : 2;
}

static plumb_status bind_split(plumb_binding *binding, plumb_diag *diag)
{
    static const char boxes_shape[] = "[4*R,H,W] distances, R of head.distance_bins",
                      class_shape[] = "[C,H,W] classes of the same cells";
    const plumb_head *head = binding->head;
    size_t kinds = split_kinds(binding);
    plumb_status status = PLUMB_OK;
    for (size_t i = 0; !status && i < head->scale_count; i++) {
        const plumb_scale *scale = &head->scales[i];
        plumb_slice boxes, classes;
        plumb_block *block;
        int64_t values = 0, class_values = 0;
        status = plumb_bind_block(binding, (int64_t)scale->width * scale->height, &block, diag);
        if (!status)
            status = plumb_bind_slice(binding, plumb_bind_position(binding, kinds, i, 0), 3,
                                      boxes_shape, &boxes, diag);
        if (!status)
            status = plumb_bind_cells(binding, &boxes, scale, 4 * head->spec.distance_bins,
                                      boxes_shape, &block->boxes, &values, diag);
        if (!status && values != 4 * (int64_t)head->spec.distance_bins)
            status = plumb_bind_misfit(&boxes, boxes_shape, diag);
        if (!status)
            status = plumb_bind_slice(binding, plumb_bind_position(binding, kinds, i, 1), 3,
                                      class_shape, &classes, diag);
        if (!status)
            status = plumb_bind_cells(binding, &classes, scale, 1, class_shape, &block->scores,
                                      &class_values, diag);
        if (!status)
            status = plumb_bind_classes(binding, &classes, class_values, class_shape,
                                        &block->classes, diag);
        if (!status)
            block->scale = scale;
        if (!status)
            block->box_values = 4 * head->spec.distance_bins;
    }
    return status;
}

static plumb_box box_around(double x, double y, const double distances[4], int32_t stride)
{
    plumb_box box = { (float)((x - distances[0]) * stride), (float)((y - distances[1]) * stride),
                      (float)((x + distances[2]) * stride), (float)((y + distances[3]) * stride) };
    return box;
}

static plumb_box box_split(const plumb_binding *binding, const plumb_block *block, int64_t row)
{
    const plumb_scale *scale = block->scale;
    double distances[4];
    plumb_read_distances(&block->boxes, row, 0, binding->head->spec.distance_bins, distances);
    return box_around((double)(row % scale->width) + 0.5, (double)(row / scale->width) + 0.5,
                      distances, scale->stride);
}

/* --- NanoDet, classes and distances in one row; the centre is the cell's corner --- */

static plumb_status compile_nanodet(plumb_head *head, plumb_diag *diag)
{
    set_bins(head, 8);
    plumb_head_set_scales(head, strides, 4, 1);
    return plumb_head_set_activation(head, PLUMB_ACTIVATION_NONE, false, diag);
}

static plumb_status bind_nanodet(plumb_binding *binding, plumb_diag *diag)
{
    static const char shape[] = "[N,C+4*R], one row for each cell of head.strides";
    const plumb_head *head = binding->head;
    int64_t fixed = 4 * (int64_t)head->spec.distance_bins;
    plumb_slice slice;
    plumb_block *block;
    int32_t classes;
    plumb_status status = plumb_bind_slice(binding, 0, 2, shape, &slice, diag);
    if (status)
        return status;
    /* NanoDet has three scales, NanoDet-Plus a fourth. */
    int64_t rows = head->cells, fewer = head->scales[head->scale_count - 1].first_row;
    bool channels = head->spec.layout == PLUMB_ROWS_CHANNELS;
    if (head->spec.stride_count == 0 && slice.shape[channels ? 1 : 0] == fewer)
        rows = fewer;
    if (slice.shape[channels ? 1 : 0] != rows)
        return plumb_bind_misfit(&slice, shape, diag);
    status = plumb_bind_classes(binding, &slice, slice.shape[channels ? 0 : 1] - fixed, shape,
                                &classes, diag);
    if (!status)
        status = plumb_bind_block(binding, rows, &block, diag);
    if (status)
        return status;
    block->scores = plumb_slice_rows(&slice, channels);
    block->boxes = plumb_matrix_from(&block->scores, classes);
    block->box_values = (int32_t)fixed;
    block->classes = classes;
    return PLUMB_OK;
}

static plumb_box box_nanodet(const plumb_binding *binding, const plumb_block *block, int64_t row)
{
    int32_t x, y;
    const plumb_scale *scale = plumb_head_cell(binding->head, row, &x, &y);
    double distances[4];
    plumb_read_distances(&block->boxes, row, 0, binding->head->spec.distance_bins, distances);
    return box_around(x, y, distances, scale->stride);
}

const plumb_head_family plumb_family_yolov8_split = {
    .uses = PLUMB_USES_LAYOUT | PLUMB_USES_ACTIVATION | PLUMB_USES_STRIDES | PLUMB_USES_BINS,
    .least_outputs = 2,
    .most_outputs = 3 * PLUMB_MAX_SCALES,
    .wants_nms = true,
    .compile = compile_split,
    .bind = bind_split,
    .box = box_split,
};

const plumb_head_family plumb_family_nanodet = {
    .uses = PLUMB_USES_LAYOUT | PLUMB_USES_ACTIVATION | PLUMB_USES_STRIDES | PLUMB_USES_BINS,
    .least_outputs = 1,
    .most_outputs = 1,
    .wants_nms = true,
    .compile = compile_nanodet,
    .bind = bind_nanodet,
    .box = box_nanodet,
};
