/* SPDX-License-Identifier: Apache-2.0
 *
 * Face detectors without anchor sizes, with five keypoints, one set of outputs for each stride:
 * YuNet and SCRFD. Sources: OpenCV objdetect/src/face_detect.cpp; insightface scrfd.py.
 */
#include "heads/families.h"

#include "kernels/activation.h"

static const int32_t strides[] = { 8, 16, 32 };

/* One output of a scale: rows for its cells, `columns` wide. */
static plumb_status bind_rows(plumb_binding *binding, size_t position, int64_t rows,
                              int64_t columns, const char *expected, plumb_matrix *matrix,
                              plumb_diag *diag)
{
    plumb_slice slice;
    plumb_status status = plumb_bind_slice(binding, position, 2, expected, &slice, diag);
    if (status)
        return status;
    if (slice.shape[0] != rows || slice.shape[1] != columns)
        return plumb_bind_misfit(&slice, expected, diag);
    *matrix = plumb_slice_rows(&slice, false);
    return PLUMB_OK;
}

/* --- YuNet --- */

static plumb_status compile_yunet(plumb_head *head, plumb_diag *diag)
{
    head->rule = PLUMB_SCORE_GEOMETRIC_MEAN;
    plumb_head_set_keypoints(head, 5);
    plumb_head_set_scales(head, strides, 3, 1);
    return plumb_head_check_names(head, 4, 4, diag);
}

static plumb_status bind_yunet(plumb_binding *binding, plumb_diag *diag)
{
    const plumb_head *head = binding->head;
    plumb_status status = PLUMB_OK;
    for (size_t i = 0; !status && i < head->scale_count; i++) {
        const plumb_scale *scale = &head->scales[i];
        int64_t cells = (int64_t)scale->width * scale->height;
        size_t at[4];
        for (size_t kind = 0; kind < 4; kind++)
            at[kind] = plumb_bind_position(binding, 4, i, kind);
        plumb_block *block;
        status = plumb_bind_block(binding, cells, &block, diag);
        if (status)
            return status;
        block->scale = scale;
        block->classes = 1;
        status = bind_rows(binding, at[0], cells, 1, "[H*W,1] cls", &block->scores, diag);
        if (!status)
            status = bind_rows(binding, at[1], cells, 1, "[H*W,1] obj", &block->objectness, diag);
        if (!status)
            status = bind_rows(binding, at[2], cells, 4, "[H*W,4] bbox", &block->boxes, diag);
        if (!status && head->keypoint_count > 0)
            status = bind_rows(binding, at[3], cells, 2 * (int64_t)head->keypoint_count,
                               "[H*W,2*K] kps", &block->keypoints, diag);
    }
    return status;
}

static plumb_box box_yunet(const plumb_binding *binding, const plumb_block *block, int64_t row)
{
    (void)binding;
    const plumb_scale *scale = block->scale;
    double x = plumb_matrix_at(&block->boxes, row, 0) + (double)(row % scale->width);
    double y = plumb_matrix_at(&block->boxes, row, 1) + (double)(row / scale->width);
    return plumb_box_centered(x * scale->stride, y * scale->stride,
                              plumb_exp(plumb_matrix_at(&block->boxes, row, 2)) * scale->stride,
                              plumb_exp(plumb_matrix_at(&block->boxes, row, 3)) * scale->stride);
}

/* --- SCRFD --- */

/* Without keypoints the network has six outputs, with them nine. */
static plumb_status compile_scrfd(plumb_head *head, plumb_diag *diag)
{
    plumb_head_set_scales(head, strides, 3, 1);
    size_t names = head->spec.output_count;
    plumb_head_set_keypoints(head, names > 0 && names == 2 * head->scale_count ? 0 : 5);
    size_t kinds = head->keypoint_count > 0 ? 3 : 2;
    plumb_status status = plumb_head_check_names(head, kinds, 3, diag);
    return status ? status : plumb_head_set_activation(head, PLUMB_ACTIVATION_NONE, false, diag);
}

static size_t scrfd_kinds(const plumb_binding *binding)
{
    const plumb_head *head = binding->head;
    size_t outputs = head->spec.outputs ? head->spec.output_count : binding->outputs->count;
    return head->keypoint_count > 0 || outputs >= 3 * head->scale_count ? 3 : 2;
}

/* [A*H*W,1] and so on: anchors of a cell follow one another; how many the number of rows tells. */
static plumb_status bind_lists(plumb_binding *binding, const plumb_scale *scale, const size_t at[3],
                               plumb_diag *diag)
{
    static const char shape[] = "[A*H*W,1] or [A,H,W] scores for the cells of head.strides";
    const plumb_head *head = binding->head;
    int64_t cells = (int64_t)scale->width * scale->height;
    plumb_slice slice;
    plumb_block *block;
    plumb_status status = plumb_bind_slice(binding, at[0], 2, shape, &slice, diag);
    if (status)
        return status;
    int64_t rows = slice.shape[0];
    if (slice.shape[1] != 1 || rows % cells != 0 || rows / cells > 64)
        return plumb_bind_misfit(&slice, shape, diag);
    status = plumb_bind_block(binding, rows, &block, diag);
    if (status)
        return status;
    block->scale = scale;
    block->anchor = (int32_t)(rows / cells); /* anchors of each cell */
    block->classes = 1;
    block->scores = plumb_slice_rows(&slice, false);
    status = bind_rows(binding, at[1], rows, 4, "[A*H*W,4] bbox", &block->boxes, diag);
    if (!status && head->keypoint_count > 0)
        status = bind_rows(binding, at[2], rows, 2 * (int64_t)head->keypoint_count,
                           "[A*H*W,2*K] kps", &block->keypoints, diag);
    return status;
}

/* One output of a scale as a map: `anchors` times `columns` values a cell, 0 for any number. */
static plumb_status bind_map(plumb_binding *binding, size_t position, const plumb_scale *scale,
                             int64_t columns, int64_t *anchors, const char *expected,
                             plumb_matrix *matrix, plumb_diag *diag)
{
    plumb_slice slice;
    int64_t values = 0;
    plumb_status status = plumb_bind_slice(binding, position, 3, expected, &slice, diag);
    if (!status)
        status = plumb_bind_cells(binding, &slice, scale, columns, expected, matrix, &values, diag);
    if (status)
        return status;
    if (*anchors == 0)
        *anchors = values / columns;
    if (values != *anchors * columns || values < 1 || *anchors > 64)
        return plumb_bind_misfit(&slice, expected, diag);
    return PLUMB_OK;
}

/* [A,H,W] and so on, or channels last: one block for each anchor. */
static plumb_status bind_maps(plumb_binding *binding, const plumb_scale *scale, const size_t at[3],
                              plumb_diag *diag)
{
    const plumb_head *head = binding->head;
    int64_t anchors = 0, columns = 2 * (int64_t)head->keypoint_count;
    plumb_matrix scores, boxes, points = { 0 };
    plumb_status status =
        bind_map(binding, at[0], scale, 1, &anchors, "[A,H,W] scores", &scores, diag);
    if (!status)
        status = bind_map(binding, at[1], scale, 4, &anchors, "[A*4,H,W] bbox", &boxes, diag);
    if (!status && columns > 0)
        status =
            bind_map(binding, at[2], scale, columns, &anchors, "[A*2*K,H,W] kps", &points, diag);
    for (int64_t anchor = 0; !status && anchor < anchors; anchor++) {
        plumb_block *block;
        status = plumb_bind_block(binding, (int64_t)scale->width * scale->height, &block, diag);
        if (status)
            break;
        block->scale = scale;
        block->anchor = 1;
        block->classes = 1;
        block->scores = plumb_matrix_from(&scores, anchor);
        block->boxes = plumb_matrix_from(&boxes, anchor * 4);
        if (columns > 0)
            block->keypoints = plumb_matrix_from(&points, anchor * columns);
    }
    return status;
}

static bool is_map(const plumb_binding *binding, size_t position, const plumb_scale *scale)
{
    int64_t shape[PLUMB_MAX_RANK];
    int32_t rank = plumb_bind_shape(binding, position, shape);
    return rank == 4 || (rank == 3 && ((shape[1] == scale->height && shape[2] == scale->width) ||
                                       (shape[0] == scale->height && shape[1] == scale->width)));
}

static plumb_status bind_scrfd(plumb_binding *binding, plumb_diag *diag)
{
    const plumb_head *head = binding->head;
    size_t kinds = scrfd_kinds(binding);
    plumb_status status = PLUMB_OK;
    for (size_t i = 0; !status && i < head->scale_count; i++) {
        const plumb_scale *scale = &head->scales[i];
        size_t at[3];
        for (size_t kind = 0; kind < 3; kind++)
            at[kind] = plumb_bind_position(binding, kinds, i, kind);
        status = is_map(binding, at[0], scale) ? bind_maps(binding, scale, at, diag)
                                               : bind_lists(binding, scale, at, diag);
    }
    return status;
}

static plumb_box box_scrfd(const plumb_binding *binding, const plumb_block *block, int64_t row)
{
    (void)binding;
    const plumb_scale *scale = block->scale;
    int64_t cell = row / block->anchor;
    double x = (double)(cell % scale->width), y = (double)(cell / scale->width);
    plumb_box box = { (float)((x - plumb_matrix_at(&block->boxes, row, 0)) * scale->stride),
                      (float)((y - plumb_matrix_at(&block->boxes, row, 1)) * scale->stride),
                      (float)((x + plumb_matrix_at(&block->boxes, row, 2)) * scale->stride),
                      (float)((y + plumb_matrix_at(&block->boxes, row, 3)) * scale->stride) };
    return box;
}

/* Both give points relative to the cell, in strides. YuNet has one row a cell. */
static plumb_keypoint keypoint(const plumb_binding *binding, const plumb_block *block, int64_t row,
                               size_t index)
{
    (void)binding;
    const plumb_scale *scale = block->scale;
    int64_t cell = block->anchor > 1 ? row / block->anchor : row, column = 2 * (int64_t)index;
    double x = plumb_matrix_at(&block->keypoints, row, column) + (double)(cell % scale->width);
    double y = plumb_matrix_at(&block->keypoints, row, column + 1) + (double)(cell / scale->width);
    plumb_keypoint point = { (float)(x * scale->stride), (float)(y * scale->stride), 1.0f };
    return point;
}

const plumb_head_family plumb_family_yunet = {
    .uses = PLUMB_USES_STRIDES | PLUMB_USES_KEYPOINTS,
    .least_outputs = 4,
    .most_outputs = 4 * PLUMB_MAX_SCALES,
    .classes = 1,
    .wants_nms = true,
    .compile = compile_yunet,
    .bind = bind_yunet,
    .box = box_yunet,
    .keypoint = keypoint,
};

const plumb_head_family plumb_family_scrfd = {
    .uses = PLUMB_USES_ACTIVATION | PLUMB_USES_STRIDES | PLUMB_USES_KEYPOINTS,
    .least_outputs = 2,
    .most_outputs = 3 * PLUMB_MAX_SCALES,
    .classes = 1,
    .wants_nms = true,
    .compile = compile_scrfd,
    .bind = bind_scrfd,
    .box = box_scrfd,
    .keypoint = keypoint,
};
