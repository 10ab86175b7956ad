/* SPDX-License-Identifier: Apache-2.0
 *
 * Deltas to prior boxes: SSD in its TensorFlow and Caffe forms, and UltraFace, whose priors follow
 * from strides and minimum sizes. Sources: TensorFlow Lite detection_postprocess.cc (scales 10 10
 * 5 5 are variances 0.1 0.1 0.2 0.2), Ultra-Light-Fast-Generic-Face-Detector vision/utils.
 */
#include "heads/families.h"

#include "base/diag.h"
#include "kernels/activation.h"

static void set_variances(plumb_head *head)
{
    static const float usual[4] = { 0.1f, 0.1f, 0.2f, 0.2f };
    float *variances = head->spec.variances;
    if (variances[0] == 0.0f)
        for (int i = 0; i < 4; i++)
            variances[i] = usual[i];
    head->unit_x = head->input.width;
    head->unit_y = head->input.height;
    head->background =
        head->spec.background == PLUMB_BACKGROUND_DEFAULT ? 0 : head->spec.background;
}

static plumb_status compile_ssd(plumb_head *head, plumb_diag *diag)
{
    plumb_head_spec *spec = &head->spec;
    set_variances(head);
    if (spec->format == PLUMB_BOX_FORMAT_UNSET)
        spec->format = PLUMB_BOX_CXCYWH;
    if (spec->format != PLUMB_BOX_CXCYWH && spec->format != PLUMB_BOX_YXYX)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "head.format",
                          "%s, but cxcywh (tx ty tw th) or yxyx (ty tx th tw) is expected",
                          plumb_box_format_name(spec->format));
    if (spec->prior_count == 0)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "head.priors", "is missing");
    head->cells = (int64_t)spec->prior_count;
    return plumb_head_set_activation(head, PLUMB_ACTIVATION_NONE, true, diag);
}

/* --- UltraFace --- */

static plumb_status compile_ultraface(plumb_head *head, plumb_diag *diag)
{
    plumb_head_spec *spec = &head->spec;
    set_variances(head);
    plumb_status status = plumb_head_set_activation(head, PLUMB_ACTIVATION_NONE, true, diag);
    if (status)
        return status;
    if (!spec->raw) {
        if (spec->anchor_count > 0 || spec->stride_count > 0 || spec->prior_count > 0)
            return plumb_fail(diag, PLUMB_E_ARGUMENT, "head.raw",
                              "anchors, strides or priors are given, but decoded boxes need none");
        return PLUMB_OK;
    }
    if (spec->prior_count > 0) {
        head->cells = (int64_t)spec->prior_count;
        return PLUMB_OK;
    }
    return plumb_make_ultraface_priors(head, diag);
}

/* --- BlazeFace --- */

static plumb_status compile_blazeface(plumb_head *head, plumb_diag *diag)
{
    plumb_head_spec *spec = &head->spec;
    float *variances = spec->variances;
    if (variances[0] == 0.0f)
        for (int i = 0; i < 4; i++) /* the network works in pixels of its input */
            variances[i] = 1.0f / (float)(i % 2 ? head->input.height : head->input.width);
    spec->linear_sizes = true;
    head->unit_x = head->input.width;
    head->unit_y = head->input.height;
    plumb_head_set_keypoints(head, 6);
    plumb_status status = plumb_head_set_activation(head, PLUMB_ACTIVATION_SIGMOID, false, diag);
    head->cells = (int64_t)spec->prior_count;
    if (!status && spec->prior_count == 0)
        status = plumb_make_blazeface_priors(head, diag);
    return status;
}

/* --- decoding --- */

static plumb_status bind_pair(plumb_binding *binding, size_t boxes_at, size_t scores_at,
                              int64_t classes, plumb_diag *diag)
{
    const plumb_head *head = binding->head;
    plumb_slice boxes, scores;
    plumb_block *block;
    plumb_status status = plumb_bind_slice(binding, boxes_at, 2, "[N,4] boxes", &boxes, diag);
    if (!status)
        status = plumb_bind_slice(binding, scores_at, 2, "[N,C] scores", &scores, diag);
    if (status)
        return status;
    if (boxes.shape[1] != 4)
        return plumb_bind_misfit(&boxes, "[N,4] boxes", diag);
    if (head->cells > 0 && boxes.shape[0] != head->cells)
        return plumb_bind_misfit(&boxes, "one row for each prior", diag);
    if (scores.shape[0] != boxes.shape[0] || (classes > 0 && scores.shape[1] != classes))
        return plumb_bind_misfit(
            &scores, classes ? "[N,2] scores, N as the boxes" : "[N,C] scores, N as the boxes",
            diag);
    if (scores.shape[1] == 1 && head->background == 0)
        return plumb_bind_misfit(&scores, "a class besides the background", diag);
    status = plumb_bind_block(binding, boxes.shape[0], &block, diag);
    if (!status)
        status = plumb_bind_classes(binding, &scores, scores.shape[1], "[N,C] scores",
                                    &block->classes, diag);
    if (status)
        return status;
    block->boxes = plumb_slice_rows(&boxes, false);
    block->scores = plumb_slice_rows(&scores, false);
    return PLUMB_OK;
}

static plumb_status bind_ssd(plumb_binding *binding, plumb_diag *diag)
{
    return bind_pair(binding, 0, 1, 0, diag);
}

static plumb_status bind_ultraface(plumb_binding *binding, plumb_diag *diag)
{
    return bind_pair(binding, 1, 0, 2, diag);
}

static plumb_box box_from_deltas(const plumb_head *head, const plumb_block *block, int64_t row,
                                 bool y_first)
{
    const float *variances = head->spec.variances;
    const float *prior = head->priors + 4 * (block->first_row + row);
    plumb_four four = plumb_matrix_four(&block->boxes, row);
    double x = (double)(y_first ? four.b : four.a) * variances[0];
    double y = (double)(y_first ? four.a : four.b) * variances[1];
    double width = (double)(y_first ? four.d : four.c) * variances[2];
    double height = (double)(y_first ? four.c : four.d) * variances[3];
    if (!head->spec.linear_sizes) {
        width = plumb_exp(width);
        height = plumb_exp(height);
    }
    x = x * prior[2] + prior[0];
    y = y * prior[3] + prior[1];
    width *= prior[2];
    height *= prior[3];
    return plumb_box_centered(x * head->unit_x, y * head->unit_y, width * head->unit_x,
                              height * head->unit_y);
}

static plumb_status bind_blazeface(plumb_binding *binding, plumb_diag *diag)
{
    static const char shape[] = "[N,4+2K] regressors, one row for each anchor";
    const plumb_head *head = binding->head;
    plumb_slice boxes, scores;
    plumb_block *block;
    plumb_status status = plumb_bind_slice(binding, 0, 2, shape, &boxes, diag);
    if (!status)
        status = plumb_bind_slice(binding, 1, 2, "[N,1] scores", &scores, diag);
    if (status)
        return status;
    if (boxes.shape[0] != head->cells || boxes.shape[1] < 4 + 2 * (int64_t)head->keypoint_count)
        return plumb_bind_misfit(&boxes, shape, diag);
    if (scores.shape[0] != head->cells || scores.shape[1] != 1)
        return plumb_bind_misfit(&scores, "[N,1] scores", diag);
    status = plumb_bind_block(binding, head->cells, &block, diag);
    if (status)
        return status;
    block->boxes = plumb_slice_rows(&boxes, false);
    block->keypoints = plumb_matrix_from(&block->boxes, 4);
    block->scores = plumb_slice_rows(&scores, false);
    block->classes = 1;
    return PLUMB_OK;
}

static plumb_keypoint keypoint_blazeface(const plumb_binding *binding, const plumb_block *block,
                                         int64_t row, size_t index)
{
    const plumb_head *head = binding->head;
    const float *prior = head->priors + 4 * (block->first_row + row);
    double point[2];
    for (int i = 0; i < 2; i++)
        point[i] = (double)plumb_matrix_at(&block->keypoints, row, 2 * (int64_t)index + i) *
                       head->spec.variances[i] * prior[2 + i] +
                   prior[i];
    plumb_keypoint made = { (float)(point[0] * head->unit_x), (float)(point[1] * head->unit_y),
                            1.0f };
    return made;
}

static plumb_box box_blazeface(const plumb_binding *binding, const plumb_block *block, int64_t row)
{
    return box_from_deltas(binding->head, block, row, false);
}

static plumb_box box_ssd(const plumb_binding *binding, const plumb_block *block, int64_t row)
{
    const plumb_head *head = binding->head;
    return box_from_deltas(head, block, row, head->spec.format == PLUMB_BOX_YXYX);
}

static plumb_box box_ultraface(const plumb_binding *binding, const plumb_block *block, int64_t row)
{
    const plumb_head *head = binding->head;
    if (head->spec.raw)
        return box_from_deltas(head, block, row, false);
    return plumb_box_read(head, block, row, PLUMB_BOX_XYXY);
}

const plumb_head_family plumb_family_ssd = {
    .uses = PLUMB_USES_ACTIVATION | PLUMB_USES_BACKGROUND | PLUMB_USES_PRIORS |
            PLUMB_USES_VARIANCES | PLUMB_USES_LINEAR | PLUMB_USES_FORMAT,
    .least_outputs = 2,
    .most_outputs = 2,
    .wants_nms = true,
    .compile = compile_ssd,
    .bind = bind_ssd,
    .box = box_ssd,
};

const plumb_head_family plumb_family_ultraface = {
    .uses = PLUMB_USES_ACTIVATION | PLUMB_USES_BACKGROUND | PLUMB_USES_STRIDES |
            PLUMB_USES_ANCHORS | PLUMB_USES_PRIORS | PLUMB_USES_VARIANCES | PLUMB_USES_RAW,
    .least_outputs = 2,
    .most_outputs = 2,
    .classes = 2,
    .wants_nms = true,
    .compile = compile_ultraface,
    .bind = bind_ultraface,
    .box = box_ultraface,
};

const plumb_head_family plumb_family_blazeface = {
    .uses = PLUMB_USES_ACTIVATION | PLUMB_USES_STRIDES | PLUMB_USES_PRIORS | PLUMB_USES_VARIANCES |
            PLUMB_USES_LINEAR | PLUMB_USES_KEYPOINTS,
    .least_outputs = 2,
    .most_outputs = 2,
    .classes = 1,
    .wants_nms = true,
    .compile = compile_blazeface,
    .bind = bind_blazeface,
    .box = box_blazeface,
    .keypoint = keypoint_blazeface,
};
