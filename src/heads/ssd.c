/* SPDX-License-Identifier: Apache-2.0
 *
 * Deltas to prior boxes: SSD in its TensorFlow and Caffe forms, and UltraFace, whose priors follow
 * from strides and minimum sizes. Sources: TensorFlow Lite detection_postprocess.cc (scales 10 10
 * 5 5 are variances 0.1 0.1 0.2 0.2), Ultra-Light-Fast-Generic-Face-Detector vision/utils.
 */
#include "heads/families.h"

#include "base/allocator.h"
#include "base/checked.h"
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

/* --- UltraFace priors --- */

static const float face_sizes[] = { 10, 16, 24, 32, 48, 64, 96, 128, 192, 256 };
static const int32_t face_strides[] = { 8, 16, 32, 64 };
static const size_t face_sizes_per_scale[] = { 3, 2, 2, 3 };

static float clip_unit(double value)
{
    return (float)(value < 0.0 ? 0.0 : value > 1.0 ? 1.0 : value);
}

static float *scale_priors(const plumb_head *head, const plumb_scale *scale, const float *sizes,
                           float *prior)
{
    for (int32_t y = 0; y < scale->height; y++)
        for (int32_t x = 0; x < scale->width; x++)
            for (int32_t i = 0; i < scale->anchors; i++, prior += 4) {
                double size = sizes[scale->first_anchor + i];
                prior[0] = clip_unit((x + 0.5) / scale->width);
                prior[1] = clip_unit((y + 0.5) / scale->height);
                prior[2] = clip_unit(size / head->input.width);
                prior[3] = clip_unit(size / head->input.height);
            }
    return prior;
}

/* How many minimum sizes each scale has. */
static plumb_status share_sizes(plumb_head *head, const size_t *shares, size_t size_count,
                                plumb_diag *diag)
{
    size_t used = 0;
    head->cells = 0;
    for (size_t i = 0; i < head->scale_count; i++) {
        size_t share = shares[i] ? shares[i] : size_count / head->scale_count;
        if (share < 1 || share > size_count - used)
            return plumb_fail(diag, PLUMB_E_ARGUMENT, "head.anchors",
                              "%zu sizes do not suffice for %zu scales", size_count,
                              head->scale_count);
        plumb_scale *scale = &head->scales[i];
        scale->first_anchor = (int32_t)used;
        scale->anchors = (int32_t)share;
        scale->first_row = head->cells;
        head->cells += (int64_t)scale->width * scale->height * scale->anchors;
        used += share;
    }
    if (used != size_count)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "head.anchors",
                          "%zu sizes, but the scales use %zu", size_count, used);
    if (head->cells > PLUMB_MAX_HEAD_ROWS)
        return plumb_fail(diag, PLUMB_E_LIMIT, "head.strides", "more than %lld rows",
                          (long long)PLUMB_MAX_HEAD_ROWS);
    return PLUMB_OK;
}

static plumb_status make_priors(plumb_head *head, const float *sizes, plumb_diag *diag)
{
    head->priors = plumb_alloc_array(&head->context, (size_t)head->cells, 4 * sizeof(float));
    if (!head->priors)
        return plumb_fail(diag, PLUMB_E_NOMEM, "head.priors", "no memory");
    float *prior = head->priors;
    for (size_t i = 0; i < head->scale_count; i++)
        prior = scale_priors(head, &head->scales[i], sizes, prior);
    return PLUMB_OK;
}

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
    plumb_head_set_scales(head, face_strides, 4, 1);
    if (spec->anchor_count == 0 && head->scale_count != 4)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "head.anchors",
                          "minimum sizes are needed for %zu strides", head->scale_count);
    const float *sizes = spec->anchor_count ? spec->anchors : face_sizes;
    size_t count =
        spec->anchor_count ? spec->anchor_count : sizeof(face_sizes) / sizeof(face_sizes[0]);
    status = share_sizes(head, spec->anchor_count ? spec->anchors_per_scale : face_sizes_per_scale,
                         count, diag);
    return status ? status : make_priors(head, sizes, diag);
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
    double t[4]; /* x, y, w, h */
    for (int i = 0; i < 4; i++)
        t[i] = (double)plumb_matrix_at(&block->boxes, row, y_first ? i ^ 1 : i) * variances[i];
    double x = t[0] * prior[2] + prior[0], y = t[1] * prior[3] + prior[1];
    double width = (head->spec.linear_sizes ? t[2] : plumb_exp(t[2])) * prior[2];
    double height = (head->spec.linear_sizes ? t[3] : plumb_exp(t[3])) * prior[3];
    return plumb_box_centered(x * head->unit_x, y * head->unit_y, width * head->unit_x,
                              height * head->unit_y);
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
    double values[4];
    for (int i = 0; i < 4; i++)
        values[i] = plumb_matrix_at(&block->boxes, row, i);
    return plumb_box_from(PLUMB_BOX_XYXY, values, head->unit_x, head->unit_y);
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
    .wants_nms = true,
    .compile = compile_ultraface,
    .bind = bind_ultraface,
    .box = box_ultraface,
};
