/* SPDX-License-Identifier: Apache-2.0
 *
 * YOLOv8 and its kin (v9, 11, 12): cx cy w h class... by channel, decoded in the network; with an
 * angle (OBB) or keypoints (pose) behind the classes.
 */
#include "heads/families.h"

static const int32_t strides[] = { 8, 16, 32 };

/* Values of a row that are no class scores. */
static int64_t fixed_values(const plumb_head *head)
{
    return 4 + (head->has_angle ? 1 : 0) +
           (int64_t)head->keypoint_count * head->spec.keypoint_dimensions;
}

static const char *expected(const plumb_head *head)
{
    if (head->has_angle)
        return "[4+C+1,N] or [N,4+C+1]";
    return head->keypoint_count > 0 ? "[4+C+D*K,N] or [N,4+C+D*K]" : "[4+C,N] or [N,4+C]";
}

static plumb_status compile(plumb_head *head, plumb_diag *diag)
{
    plumb_head_set_units(head, PLUMB_UNITS_PIXELS);
    plumb_head_set_scales(head, strides, 3, 1);
    return plumb_head_set_activation(head, PLUMB_ACTIVATION_NONE, false, diag);
}

static plumb_status compile_pose(plumb_head *head, plumb_diag *diag)
{
    plumb_head_spec *spec = &head->spec;
    if (spec->keypoint_dimensions == 0)
        spec->keypoint_dimensions = 3;
    plumb_head_set_keypoints(head, 17);
    return compile(head, diag);
}

static plumb_status bind(plumb_binding *binding, plumb_diag *diag)
{
    const plumb_head *head = binding->head;
    const char *shape = expected(head);
    int64_t fixed = fixed_values(head);
    plumb_slice slice;
    bool channels;
    plumb_block *block;
    int32_t classes;
    plumb_status status = plumb_bind_slice(binding, 0, 2, shape, &slice, diag);
    if (!status)
        status = plumb_bind_layout(binding, &slice, fixed, head->cells, shape, &channels, diag);
    if (!status)
        status = plumb_bind_classes(binding, &slice, slice.shape[channels ? 0 : 1] - fixed, shape,
                                    &classes, diag);
    if (!status)
        status = plumb_bind_block(binding, slice.shape[channels ? 1 : 0], &block, diag);
    if (status)
        return status;
    block->classes = classes;
    block->boxes = plumb_slice_rows(&slice, channels);
    block->scores = plumb_matrix_from(&block->boxes, 4);
    if (head->has_angle)
        block->extra = plumb_matrix_from(&block->scores, classes);
    if (head->keypoint_count > 0)
        block->keypoints = plumb_matrix_from(&block->scores, classes);
    return PLUMB_OK;
}

static float angle(const plumb_block *block, int64_t row)
{
    return plumb_matrix_at(&block->extra, row, 0);
}

static plumb_keypoint keypoint(const plumb_binding *binding, const plumb_block *block, int64_t row,
                               size_t index)
{
    int64_t dimensions = binding->head->spec.keypoint_dimensions;
    int64_t column = (int64_t)index * dimensions;
    const plumb_matrix *points = &block->keypoints;
    plumb_keypoint point = {
        (float)(plumb_matrix_at(points, row, column) * binding->head->unit_x),
        (float)(plumb_matrix_at(points, row, column + 1) * binding->head->unit_y),
        dimensions == 3 ? plumb_matrix_at(points, row, column + 2) : 1.0f,
    };
    return point;
}

#define USES (PLUMB_USES_LAYOUT | PLUMB_USES_ACTIVATION | PLUMB_USES_STRIDES | PLUMB_USES_UNITS)

const plumb_head_family plumb_family_yolov8 = {
    .uses = USES,
    .least_outputs = 1,
    .most_outputs = 1,
    .wants_nms = true,
    .compile = compile,
    .bind = bind,
    .format = PLUMB_BOX_CXCYWH,
};

const plumb_head_family plumb_family_yolov8_obb = {
    .uses = USES,
    .least_outputs = 1,
    .most_outputs = 1,
    .wants_nms = true,
    .compile = compile,
    .bind = bind,
    .format = PLUMB_BOX_CXCYWH,
    .angle = angle,
};

const plumb_head_family plumb_family_yolov8_pose = {
    .uses = USES | PLUMB_USES_KEYPOINTS | PLUMB_USES_DIMENSIONS,
    .least_outputs = 1,
    .most_outputs = 1,
    .wants_nms = true,
    .compile = compile_pose,
    .bind = bind,
    .format = PLUMB_BOX_CXCYWH,
    .keypoint = keypoint,
};
