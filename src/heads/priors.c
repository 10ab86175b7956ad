/* SPDX-License-Identifier: Apache-2.0
 *
 * Prior boxes that follow from strides: those of UltraFace (vision/utils/box_utils.py of
 * Ultra-Light-Fast-Generic-Face-Detector) and of BlazeFace (MediaPipe, ssd_anchors_calculator.cc).
 */
#include "heads/families.h"

#include "base/allocator.h"
#include "base/diag.h"

static plumb_status allocate(plumb_head *head, plumb_diag *diag)
{
    head->priors = plumb_alloc_array(&head->context, (size_t)head->cells, 4 * sizeof(float));
    if (!head->priors)
        return plumb_fail(diag, PLUMB_E_NOMEM, "head.priors", "no memory");
    return PLUMB_OK;
}

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

plumb_status plumb_make_ultraface_priors(plumb_head *head, plumb_diag *diag)
{
    const plumb_head_spec *spec = &head->spec;
    bool own = spec->anchor_count == 0;
    plumb_head_set_scales(head, face_strides, 4, 1);
    if (own && head->scale_count != 4)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "head.anchors",
                          "minimum sizes are needed for %zu strides", head->scale_count);
    const float *sizes = own ? face_sizes : spec->anchors;
    plumb_status status = plumb_head_share_anchors(
        head, own ? face_sizes_per_scale : spec->anchors_per_scale,
        own ? sizeof(face_sizes) / sizeof(face_sizes[0]) : spec->anchor_count, diag);
    if (!status)
        status = allocate(head, diag);
    float *prior = head->priors;
    for (size_t i = 0; !status && i < head->scale_count; i++)
        prior = scale_priors(head, &head->scales[i], sizes, prior);
    return status;
}

/* Anchors of MediaPipe's SsdAnchorsCalculator with fixed_anchor_size: only their centres matter.
 * Layers of one stride that follow one another share the cells. */
plumb_status plumb_make_blazeface_priors(plumb_head *head, plumb_diag *diag)
{
    static const int32_t short_range[] = { 8, 16, 16, 16 }, full_range[] = { 4 };
    const plumb_head_spec *spec = &head->spec;
    bool full = head->input.width == 192;
    plumb_head_set_scales(head, full ? full_range : short_range, full ? 1 : 4, 1);
    size_t used = 0;
    for (size_t i = 0; i < head->scale_count; i++) {
        size_t share = spec->anchors_per_scale[i];
        if (share == 0)
            share = full && spec->stride_count == 0 ? 1 : 2;
        if (share > 64)
            return plumb_fail_at(diag, PLUMB_E_VALUE, "head.anchors_per_scale", i, NULL,
                                 "%zu is more than 64", share);
        plumb_scale *scale = &head->scales[used];
        if (used > 0 && head->scales[used - 1].stride == head->scales[i].stride) {
            scale[-1].anchors += (int32_t)share;
            continue;
        }
        *scale = head->scales[i];
        scale->anchors = (int32_t)share;
        used++;
    }
    head->scale_count = used;
    head->cells = 0;
    for (size_t i = 0; i < used; i++) {
        plumb_scale *scale = &head->scales[i];
        scale->first_row = head->cells;
        head->cells += (int64_t)scale->width * scale->height * scale->anchors;
    }
    if (head->cells > PLUMB_MAX_HEAD_ROWS)
        return plumb_fail(diag, PLUMB_E_LIMIT, "head.strides", "more than %lld rows",
                          (long long)PLUMB_MAX_HEAD_ROWS);
    plumb_status status = allocate(head, diag);
    for (int64_t row = 0; !status && row < head->cells; row++) {
        int32_t x, y;
        const plumb_scale *scale = plumb_head_cell(head, row, &x, &y);
        float *prior = head->priors + 4 * row;
        prior[0] = (float)((x + 0.5) / scale->width);
        prior[1] = (float)((y + 0.5) / scale->height);
        prior[2] = 1.0f;
        prior[3] = 1.0f;
    }
    return status;
}
