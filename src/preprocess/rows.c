/* SPDX-License-Identifier: Apache-2.0
 *
 * Camera rows to planar 8-bit rows: only the columns that the tap tables need.
 */
#include "preprocess/plan.h"

static const uint8_t *component_row(const plumb_component *component, int32_t row, int shift)
{
    return component->data + (ptrdiff_t)(row >> shift) * component->row_stride;
}

static void fetch_words(const plumb_frame_rows *rows, int32_t row, uint16_t *const samples[3],
                        int components)
{
    const plumb_preprocess_plan *plan = rows->plan;
    const plumb_format_info *info = rows->view.info;
    int32_t n = plan->along.taps.slots;
    uint16_t mask = (uint16_t)((1u << info->bits) - 1u);
    for (int c = 0; c < components; c++) {
        const plumb_component *component = &rows->view.component[c];
        plan->kernels.pick16(samples[c], component_row(component, row, c > 0 ? info->chroma_y : 0),
                             component->pixel_stride, plan->along.source,
                             c > 0 ? info->chroma_x : 0, n);
        for (int32_t i = 0; i < n && info->bits < 16; i++)
            samples[c][i] = (uint16_t)(samples[c][i] >> info->shift) & mask;
    }
}

static void fetch_bytes(const plumb_frame_rows *rows, int32_t row, uint8_t *const samples[3],
                        int components)
{
    const plumb_preprocess_plan *plan = rows->plan;
    const plumb_format_info *info = rows->view.info;
    for (int c = 0; c < components; c++) {
        const plumb_component *component = &rows->view.component[c];
        plan->kernels.pick8(samples[c], component_row(component, row, c > 0 ? info->chroma_y : 0),
                            component->pixel_stride, plan->along.source, c > 0 ? info->chroma_x : 0,
                            plan->along.taps.slots);
    }
}

static void fetch_colors(const plumb_frame_rows *rows, int32_t row, uint8_t *const rgb[3])
{
    const plumb_preprocess_plan *plan = rows->plan;
    const plumb_format_info *info = rows->view.info;
    const plumb_scratch_layout *s = &plan->scratch;
    int32_t n = plan->along.taps.slots;
    uint8_t *bytes[3];
    uint16_t *words[3];
    for (size_t c = 0; c < 3; c++) {
        bytes[c] = rows->scratch + s->samples + c * s->sample_row;
        words[c] = (uint16_t *)(void *)bytes[c];
    }
    if (info->format == PLUMB_FORMAT_RGB565) {
        fetch_words(rows, row, words, 1);
        plan->kernels.rgb565(rgb, words[0], n);
    } else if (info->family == PLUMB_FAMILY_RGB) {
        fetch_bytes(rows, row, rgb, 3);
    } else if (info->sample_bytes == 2) {
        fetch_words(rows, row, words, 3);
        plan->kernels.yuv10(rgb, words[0], words[1], words[2], n, &plan->constants);
    } else {
        fetch_bytes(rows, row, bytes, 3);
        plan->kernels.yuv8(rgb, bytes[0], bytes[1], bytes[2], n, &plan->constants);
    }
}

void plumb_frame_rows_fetch(void *user, int32_t row, uint8_t *const planes[3])
{
    const plumb_frame_rows *rows = user;
    const plumb_preprocess_plan *plan = rows->plan;
    const plumb_scratch_layout *s = &plan->scratch;
    if (plan->info->family == PLUMB_FAMILY_GRAY) {
        fetch_bytes(rows, row, planes, 1);
    } else if (plan->planes == 1) {
        uint8_t *rgb[3];
        for (size_t c = 0; c < 3; c++)
            rgb[c] = rows->scratch + s->colors + c * s->color_row;
        fetch_colors(rows, row, rgb);
        const uint8_t *from[3] = { rgb[0], rgb[1], rgb[2] };
        plan->kernels.gray(planes[0], from, plan->along.taps.slots, &plan->gray);
    } else {
        fetch_colors(rows, row, planes);
    }
}
