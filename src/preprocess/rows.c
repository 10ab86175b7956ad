/* SPDX-License-Identifier: Apache-2.0
 *
 * Camera rows to planar 8-bit rows: the common layouts in whole runs of columns, all others (and runs
 * of which few columns are needed) column by column.
 */
#include <string.h>

#include "preprocess/plan.h"

static const uint8_t *component_row(const plumb_frame_rows *rows, int c, int32_t row)
{
    int shift = c > 0 ? rows->view.info->chroma_y : 0;
    const plumb_component *component = &rows->view.component[c];
    return component->data + (ptrdiff_t)(row >> shift) * component->row_stride;
}

static uint8_t *sample_row(const plumb_frame_rows *rows, int c)
{
    const plumb_scratch_layout *s = &rows->plan->scratch;
    return rows->scratch + s->samples + (size_t)c * s->sample_row;
}

static uint8_t *color_row(const plumb_frame_rows *rows, int c)
{
    const plumb_scratch_layout *s = &rows->plan->scratch;
    return rows->scratch + s->colors + (size_t)c * s->color_row;
}

static void pick_words(const plumb_frame_rows *rows, int32_t row, uint16_t *const samples[3],
                       int components)
{
    const plumb_preprocess_plan *plan = rows->plan;
    const plumb_format_info *info = rows->view.info;
    int32_t n = plan->along.taps.slots;
    uint16_t mask = (uint16_t)((1u << info->bits) - 1u);
    for (int c = 0; c < components; c++) {
        plan->kernels.pick16(samples[c], component_row(rows, c, row),
                             rows->view.component[c].pixel_stride, plan->along.source,
                             c > 0 ? info->chroma_x : 0, n);
        for (int32_t i = 0; i < n && info->bits < 16; i++)
            samples[c][i] = (uint16_t)(samples[c][i] >> info->shift) & mask;
    }
}

static void pick_bytes(const plumb_frame_rows *rows, int32_t row, uint8_t *const samples[3],
                       int components)
{
    const plumb_preprocess_plan *plan = rows->plan;
    for (int c = 0; c < components; c++)
        plan->kernels.pick8(samples[c], component_row(rows, c, row),
                            rows->view.component[c].pixel_stride, plan->along.source,
                            c > 0 ? rows->view.info->chroma_x : 0, plan->along.taps.slots);
}

static void pick_colors(const plumb_frame_rows *rows, int32_t row, uint8_t *const rgb[3])
{
    const plumb_preprocess_plan *plan = rows->plan;
    const plumb_format_info *info = rows->view.info;
    int32_t n = plan->along.taps.slots;
    uint8_t *bytes[3];
    uint16_t *words[3];
    for (int c = 0; c < 3; c++) {
        bytes[c] = sample_row(rows, c);
        words[c] = (uint16_t *)(void *)bytes[c];
    }
    if (info->format == PLUMB_FORMAT_RGB565) {
        pick_words(rows, row, words, 1);
        plan->kernels.rgb565(rgb, words[0], n);
    } else if (info->family == PLUMB_FAMILY_GRAY) {
        pick_bytes(rows, row, rgb, 1);
    } else if (info->family == PLUMB_FAMILY_RGB) {
        pick_bytes(rows, row, rgb, 3);
    } else if (info->sample_bytes == 2) {
        pick_words(rows, row, words, 3);
        plan->kernels.yuv10(rgb, words[0], words[1], words[2], n, &plan->constants);
    } else {
        pick_bytes(rows, row, bytes, 3);
        plan->kernels.yuv8(rgb, bytes[0], bytes[1], bytes[2], n, &plan->constants);
    }
}

/* True where a run of columns can be taken as it lies: pixels without gaps. */
static bool runs(const plumb_frame_rows *rows)
{
    const plumb_format_info *info = rows->view.info;
    const plumb_component *c = rows->view.component;
    if (!rows->plan->along.dense || info->format == PLUMB_FORMAT_RGB565)
        return false;
    if (info->family != PLUMB_FAMILY_YUV)
        return c[0].pixel_stride == info->pixel_bytes[0];
    /* The kernels step through both chroma planes alike. */
    bool whole_chroma =
        c[1].pixel_stride == c[2].pixel_stride && (info->chroma_x == 1 || c[1].pixel_stride == 1);
    return whole_chroma && c[0].pixel_stride == info->pixel_bytes[0];
}

/* `n` columns from `column`, which is even, into rows of colours. */
static void run_yuv(const plumb_frame_rows *rows, int32_t row, int32_t column, int32_t n,
                    uint8_t *const rgb[3])
{
    const plumb_preprocess_plan *plan = rows->plan;
    const plumb_format_info *info = rows->view.info;
    ptrdiff_t stride = rows->view.component[1].pixel_stride;
    ptrdiff_t half = (column >> info->chroma_x) * stride;
    const uint8_t *y = component_row(rows, 0, row) + column * info->pixel_bytes[0];
    const uint8_t *u = component_row(rows, 1, row) + half;
    const uint8_t *v = component_row(rows, 2, row) + half;
    if (info->chroma_x == 0) {
        plan->kernels.yuv8(rgb, y, u, v, n, &plan->constants);
        return;
    }
    if (info->sample_bytes == 2) {
        plan->kernels.yuv10_half(rgb, y, u, v, stride, info->shift > 0, n, &plan->constants);
        return;
    }
    if (info->pixel_bytes[0] == 2) { /* YUYV, UYVY: luma and chroma apart; rows hold whole pairs */
        bool luma_first = info->component[0].offset == 0;
        uint8_t *luma = sample_row(rows, 0), *chroma = sample_row(rows, 1);
        uint8_t *to[4] = { luma_first ? luma : chroma, luma_first ? chroma : luma, NULL, NULL };
        plan->kernels.split(to, y - info->component[0].offset, 2, (n + 1) / 2 * 2);
        y = luma;
        u = chroma;
        v = chroma + 1;
        stride = 2;
    }
    plan->kernels.yuv8_half(rgb, y, u, v, stride, n, &plan->constants);
}

static void run_colors(const plumb_frame_rows *rows, int32_t row, int32_t column, int32_t n,
                       uint8_t *const rgb[3])
{
    const plumb_format_info *info = rows->view.info;
    if (info->family == PLUMB_FAMILY_YUV) {
        run_yuv(rows, row, column, n, rgb);
        return;
    }
    int size = info->pixel_bytes[0];
    const uint8_t *from =
        component_row(rows, 0, row) - info->component[0].offset + (ptrdiff_t)column * size;
    if (size == 1) {
        memcpy(rgb[0], from, (size_t)n);
        return;
    }
    uint8_t *to[4] = { NULL, NULL, NULL, NULL };
    for (int c = 0; c < (info->family == PLUMB_FAMILY_GRAY ? 1 : 3); c++)
        to[info->component[c].offset] = rgb[c];
    rows->plan->kernels.split(to, from, size, n);
}

/* Slots of a plane from a run of columns: backwards where mirrored, border copies at both ends. */
static void place_run(const plumb_preprocess_plan *plan, uint8_t *plane, const uint8_t *run,
                      int32_t n)
{
    const plumb_axis *axis = &plan->along;
    uint8_t *to = plane + axis->lead;
    if (plan->mirror_along)
        plan->kernels.reverse(to, run, n);
    else if (run != to)
        memcpy(to, run, (size_t)n);
    memset(plane, to[0], (size_t)axis->lead);
    memset(to + n, to[n - 1], (size_t)axis->trail);
}

static void fetch_run(const plumb_frame_rows *rows, int32_t row, uint8_t *const planes[3])
{
    const plumb_preprocess_plan *plan = rows->plan;
    const plumb_axis *axis = &plan->along;
    bool gray = plan->planes == 1 && rows->view.info->family != PLUMB_FAMILY_GRAY;
    /* Only subsampled chroma needs to begin at an even column. */
    int32_t odd = rows->view.info->chroma_x & plan->column & 1,
            n = axis->taps.slots - axis->lead - axis->trail;
    /* An odd first column makes a run begin one byte early, in the slack of the row before. */
    bool direct = !plan->mirror_along;
    uint8_t *rgb[3], *shade = direct ? planes[0] + axis->lead - odd : sample_row(rows, 0);
    for (int c = 0; c < 3; c++)
        rgb[c] = direct && !gray && planes[c] ? planes[c] + axis->lead - odd : color_row(rows, c);
    run_colors(rows, row, plan->column - odd, n + odd, rgb);
    if (gray) {
        const uint8_t *from[3] = { rgb[0], rgb[1], rgb[2] };
        plan->kernels.gray(shade, from, n + odd, &plan->gray);
        rgb[0] = shade;
    }
    for (int c = 0; c < plan->planes; c++)
        place_run(plan, planes[c], rgb[c] + odd, n);
}

void plumb_frame_rows_fetch(void *user, int32_t row, uint8_t *const planes[3])
{
    const plumb_frame_rows *rows = user;
    const plumb_preprocess_plan *plan = rows->plan;
    if (runs(rows)) {
        fetch_run(rows, row, planes);
    } else if (plan->planes == 1 && rows->view.info->family != PLUMB_FAMILY_GRAY) {
        uint8_t *rgb[3] = { color_row(rows, 0), color_row(rows, 1), color_row(rows, 2) };
        pick_colors(rows, row, rgb);
        const uint8_t *from[3] = { rgb[0], rgb[1], rgb[2] };
        plan->kernels.gray(planes[0], from, plan->along.taps.slots, &plan->gray);
    } else {
        pick_colors(rows, row, planes);
    }
}
