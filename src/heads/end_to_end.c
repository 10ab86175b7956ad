/* SPDX-License-Identifier: Apache-2.0
 *
 * Heads whose network did the suppression itself: one row a detection, the class in a column.
 * YOLOv10 and YOLO26, TFLite_Detection_PostProcess, DetectionOutput of Caffe and OpenVINO.
 */
#include "heads/families.h"

static plumb_status compile_pixels(plumb_head *head, plumb_diag *diag)
{
    (void)diag;
    plumb_head_set_units(head, PLUMB_UNITS_PIXELS);
    return PLUMB_OK;
}

static plumb_status compile_normalized(plumb_head *head, plumb_diag *diag)
{
    (void)diag;
    plumb_head_set_units(head, PLUMB_UNITS_NORMALIZED);
    return PLUMB_OK;
}

static plumb_status bind_yolov10(plumb_binding *binding, plumb_diag *diag)
{
    static const char shape[] = "[N,6]";
    plumb_slice slice;
    plumb_block *block;
    plumb_status status = plumb_bind_slice(binding, 0, 2, shape, &slice, diag);
    if (status)
        return status;
    if (slice.shape[1] != 6)
        return plumb_bind_misfit(&slice, shape, diag);
    status = plumb_bind_block(binding, slice.shape[0], &block, diag);
    if (status)
        return status;
    block->boxes = plumb_slice_rows(&slice, false);
    block->scores = plumb_matrix_from(&block->boxes, 4);
    block->labels = plumb_matrix_from(&block->boxes, 5);
    block->classes = 1;
    return PLUMB_OK;
}

/* --- TFLite_Detection_PostProcess --- */

/* How many of the slots are filled. Its shape is [batch], [1] or [batch,1]. */
static plumb_status read_count(plumb_binding *binding, int64_t slots, int64_t *rows,
                               plumb_diag *diag)
{
    *rows = slots;
    if (!plumb_bind_has(binding, 3))
        return PLUMB_OK;
    plumb_slice slice;
    int32_t rank = plumb_bind_rank(binding, 3) == 1 && binding->batch > 0 ? 0 : 1;
    plumb_status status = plumb_bind_numbers(binding, 3, rank, "[1] count", &slice, diag);
    if (status)
        return status;
    if (rank == 1 && slice.shape[0] != 1)
        return plumb_bind_misfit(&slice, "[1] count", diag);
    plumb_matrix matrix = plumb_slice_rows(&slice, false);
    float count = plumb_matrix_at(&matrix, 0, 0);
    if (!(count >= 1.0f))
        *rows = 0;
    else if (count < (float)slots)
        *rows = (int64_t)count;
    return PLUMB_OK;
}

static plumb_status bind_tflite(plumb_binding *binding, plumb_diag *diag)
{
    plumb_slice boxes, classes, scores;
    plumb_block *block;
    plumb_status status = plumb_bind_slice(binding, 0, 2, "[M,4] boxes", &boxes, diag);
    if (!status)
        status = plumb_bind_numbers(binding, 1, 1, "[M] classes", &classes, diag);
    if (!status)
        status = plumb_bind_slice(binding, 2, 1, "[M] scores", &scores, diag);
    if (status)
        return status;
    int64_t slots = boxes.shape[0], rows;
    if (boxes.shape[1] != 4)
        return plumb_bind_misfit(&boxes, "[M,4] boxes", diag);
    if (classes.shape[0] != slots)
        return plumb_bind_misfit(&classes, "one class for each box", diag);
    if (scores.shape[0] != slots)
        return plumb_bind_misfit(&scores, "one score for each box", diag);
    status = read_count(binding, slots, &rows, diag);
    if (!status)
        status = plumb_bind_block(binding, rows, &block, diag);
    if (status)
        return status;
    block->boxes = plumb_slice_rows(&boxes, false);
    block->labels = plumb_slice_rows(&classes, false);
    block->scores = plumb_slice_rows(&scores, false);
    block->classes = 1;
    return PLUMB_OK;
}

/* --- DetectionOutput --- */

/* The images of a batch share one list: image label score x0 y0 x1 y1. */
static plumb_status bind_detection_output(plumb_binding *binding, plumb_diag *diag)
{
    static const char shape[] = "[M,7], alone or as [1,1,M,7]";
    plumb_slice slice;
    plumb_block *block;
    size_t frame = binding->frame;
    binding->frame = 0;
    int32_t rank = plumb_bind_rank(binding, 0) == 4 ? 3 : 2;
    plumb_status status = plumb_bind_slice(binding, 0, rank, shape, &slice, diag);
    binding->frame = frame;
    if (status)
        return status;
    if (binding->batch > 1 || (rank == 3 && slice.shape[0] != 1))
        return plumb_bind_misfit(&slice, shape, diag);
    if (rank == 3) {
        slice.rank = 2;
        for (int i = 0; i < 2; i++) {
            slice.shape[i] = slice.shape[i + 1];
            slice.strides[i] = slice.strides[i + 1];
        }
    }
    if (slice.shape[1] != 7)
        return plumb_bind_misfit(&slice, shape, diag);
    plumb_matrix matrix = plumb_slice_rows(&slice, false);
    int64_t rows = 0;
    while (rows < slice.shape[0] && plumb_matrix_at(&matrix, rows, 0) >= 0.0f)
        rows++;
    status = plumb_bind_block(binding, rows, &block, diag);
    if (status)
        return status;
    block->extra = matrix;
    block->labels = plumb_matrix_from(&matrix, 1);
    block->scores = plumb_matrix_from(&matrix, 2);
    block->boxes = plumb_matrix_from(&matrix, 3);
    block->classes = 1;
    return PLUMB_OK;
}

static bool is_of_frame(const plumb_binding *binding, const plumb_block *block, int64_t row,
                        int32_t column, float value)
{
    (void)column;
    (void)value;
    return plumb_matrix_at(&block->extra, row, 0) == (float)binding->frame;
}

const plumb_head_family plumb_family_yolov10 = {
    .uses = PLUMB_USES_UNITS,
    .least_outputs = 1,
    .most_outputs = 1,
    .may_be_empty = true,
    .compile = compile_pixels,
    .bind = bind_yolov10,
    .format = PLUMB_BOX_XYXY,
};

const plumb_head_family plumb_family_tflite_detection = {
    .least_outputs = 3,
    .most_outputs = 4,
    .may_be_empty = true,
    .compile = compile_normalized,
    .bind = bind_tflite,
    .format = PLUMB_BOX_YXYX,
};

const plumb_head_family plumb_family_detection_output = {
    .least_outputs = 1,
    .most_outputs = 1,
    .may_be_empty = true,
    .compile = compile_normalized,
    .bind = bind_detection_output,
    .format = PLUMB_BOX_XYXY,
    .admits = is_of_frame,
};
