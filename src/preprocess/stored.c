/* SPDX-License-Identifier: Apache-2.0
 *
 * Samples resampled as they are stored, means or picks: across rows in whole lines of bytes, along
 * what is left of them, colours last. Samples that are no bytes are made colours first.
 */
#include <string.h>

#include "preprocess/plan.h"

#define PAIRS 3 /* in place of a component: bytes that alternate between components 1 and 2 */
#define NONE  -1

/* A run of bytes of each row, pixels of `size` bytes. */
typedef struct line {
    const uint8_t *data; /* camera memory of row 0, or NULL */
    ptrdiff_t row_stride;
    ptrdiff_t start; /* of a row: the first byte that is needed */
    int32_t bytes;
    int size;
    int8_t component[4]; /* that each byte of a pixel belongs to */
} line;

/* Lines whose samples lie on one grid. */
typedef struct grid {
    const plumb_axis *along, *across;
    int first, lines;
    int32_t fetched; /* rows of own lines */
} grid;

typedef enum line_origin {
    FROM_MEMORY, /* camera memory as it lies */
    FROM_PIXELS, /* a stream: rows are copied */
    FROM_PICKS,  /* unusual strides: samples are collected */
    FROM_COLORS, /* no bytes: rows are made colours */
} line_origin;

typedef struct stored_run {
    const plumb_preprocess_plan *plan;
    const plumb_row_source *source;
    uint8_t *tensor, *scratch;
    line_origin origin;
    line lines[3];
    grid grids[2];
    int grid_count;
    int components; /* that the lines have */
} stored_run;

static uint8_t *mean_row(const stored_run *r, int index)
{
    const plumb_scratch_layout *s = &r->plan->scratch;
    return r->scratch + s->means + (size_t)index * s->mean_row;
}

static uint8_t *part_row(const stored_run *r, int index)
{
    const plumb_scratch_layout *s = &r->plan->scratch;
    return r->scratch + s->samples + (size_t)index * s->sample_row;
}

static uint8_t *own_row(const stored_run *r, const grid *g, int index, int32_t slot)
{
    const plumb_scratch_layout *s = &r->plan->scratch;
    size_t taps = (size_t)r->plan->across.taps.taps;
    if (taps < (size_t)r->plan->chroma_across.taps.taps)
        taps = (size_t)r->plan->chroma_across.taps.taps;
    size_t at = (size_t)index * taps + (size_t)(slot % g->across->taps.taps);
    return r->scratch + s->own + at * (size_t)r->lines[index].size * s->own_row;
}

static line *add_line(stored_run *r, grid *g, int size, int32_t column, int32_t columns)
{
    line *l = &r->lines[g->first + g->lines++];
    *l = (line){
        NULL, 0, (ptrdiff_t)column * size, columns * size, size, { NONE, NONE, NONE, NONE }
    };
    return l;
}

/* Where component `c` of the frame lies; a stream has no memory to name. */
static void set_memory(const stored_run *r, line *l, int c, int offset)
{
    if (!r->source->view)
        return;
    const plumb_component *component = &r->source->view->component[c];
    l->data = component->data - offset;
    l->row_stride = component->row_stride;
}

static bool is_bytes(const plumb_format_info *info)
{
    return info->format != PLUMB_FORMAT_RGB565 &&
           !(info->family == PLUMB_FAMILY_YUV && info->sample_bytes == 2);
}

/* Planes without gaps, chroma in planes of its own or in pairs. */
static bool lies_together(const plumb_view *view)
{
    const plumb_component *c = view->component;
    if (c[0].pixel_stride != view->info->pixel_bytes[0])
        return false;
    if (view->info->family != PLUMB_FAMILY_YUV || view->info->pixel_bytes[0] == 2)
        return true;
    return (c[1].pixel_stride == 1 && c[2].pixel_stride == 1) ||
           (c[1].pixel_stride == 2 && c[2].pixel_stride == 2 &&
            c[1].row_stride == c[2].row_stride &&
            (c[2].data == c[1].data + 1 || c[1].data == c[2].data + 1));
}

/* Lines of one component each, in camera memory or ours. */
static void add_single(stored_run *r, grid *g, int component, int count)
{
    bool own = r->origin != FROM_MEMORY;
    for (int c = component; c < component + count; c++) {
        line *l = add_line(r, g, 1, own ? 0 : g->along->source[0], g->along->taps.slots);
        l->component[0] = (int8_t)c;
        if (!own)
            set_memory(r, l, c, 0);
    }
}

static void add_packed(stored_run *r, grid *g)
{
    const plumb_format_info *info = r->plan->info;
    line *l = add_line(r, g, info->pixel_bytes[0], g->along->source[0], g->along->taps.slots);
    set_memory(r, l, 0, info->component[0].offset);
    for (int c = 0; c < r->components; c++)
        l->component[info->component[c].offset] = (int8_t)c;
}

/* YUYV and UYVY: whole pairs of pixels around the samples of both grids. */
static void add_pairs(stored_run *r, grid *g)
{
    const plumb_format_info *info = r->plan->info;
    const plumb_axis *chroma = &r->plan->chroma_along;
    int32_t first = g->along->source[0] >> 1, half = chroma->source[0];
    int32_t end = (g->along->source[0] + g->along->taps.slots + 1) >> 1;
    int32_t half_end = half + chroma->taps.slots;
    first = first < half ? first : half;
    end = end > half_end ? end : half_end;
    line *l = add_line(r, g, 2, 2 * first, 2 * (end - first));
    set_memory(r, l, 0, info->component[0].offset);
    l->component[info->component[0].offset] = 0;
    l->component[1 - info->component[0].offset] = PAIRS;
}

static void add_chroma(stored_run *r, grid *g)
{
    const plumb_component *c = r->source->view->component;
    if (c[1].pixel_stride == 1) {
        add_single(r, g, 1, 2);
        return;
    }
    int second = c[2].data > c[1].data ? 2 : 1;
    line *l = add_line(r, g, 2, g->along->source[0], g->along->taps.slots);
    set_memory(r, l, 3 - second, 0);
    l->component[0] = (int8_t)(3 - second);
    l->component[1] = (int8_t)second;
}

static line_origin origin_of(const stored_run *r)
{
    if (!is_bytes(r->plan->info))
        return FROM_COLORS;
    if (!r->source->view)
        return FROM_PIXELS;
    return lies_together(r->source->view) ? FROM_MEMORY : FROM_PICKS;
}

static void find_lines(stored_run *r)
{
    const plumb_preprocess_plan *plan = r->plan;
    const plumb_format_info *info = plan->info;
    bool yuv = info->family == PLUMB_FAMILY_YUV, packed = info->planes == 1;
    grid *luma = &r->grids[0], *chroma = &r->grids[1];
    *luma = (grid){ &plan->along, &plan->across, 0, 0, 0 };
    r->grid_count = 1;
    r->components = info->family == PLUMB_FAMILY_GRAY ? 1 : 3;
    r->origin = origin_of(r);
    if (r->origin == FROM_COLORS) {
        r->components = plan->planes;
        add_single(r, luma, 0, r->components);
    } else if (r->origin != FROM_PICKS && packed) {
        (yuv ? add_pairs : add_packed)(r, luma);
    } else {
        add_single(r, luma, 0, yuv ? 1 : r->components);
        if (!yuv)
            return;
        *chroma = (grid){ &plan->chroma_along, &plan->chroma_across, luma->lines, 0, 0 };
        r->grid_count = 2;
        if (r->origin == FROM_PICKS)
            add_single(r, chroma, 1, 2);
        else
            add_chroma(r, chroma);
    }
}

/* Row `slot` of every line of a grid into rows of ours. */
static void fill_own(stored_run *r, const grid *g, int32_t slot)
{
    const plumb_preprocess_plan *plan = r->plan;
    int32_t row = g->across->source[slot];
    uint8_t *rows[3] = { NULL, NULL, NULL };
    for (int i = 0; i < g->lines; i++)
        rows[i] = own_row(r, g, g->first + i, slot);
    if (r->origin == FROM_COLORS) {
        r->source->fetch(r->source->user, row, rows);
        return;
    }
    if (r->origin == FROM_PIXELS) {
        const line *l = &r->lines[g->first];
        const uint8_t *from = r->source->pixels(r->source->user, row);
        if (from)
            memcpy(rows[0], from + l->start, (size_t)l->bytes);
        else
            memset(rows[0], 0, (size_t)l->bytes);
        return;
    }
    for (int i = 0; i < g->lines; i++) {
        const plumb_component *c = &r->source->view->component[r->lines[g->first + i].component[0]];
        plan->kernels.pick8(rows[i], c->data + row * c->row_stride, c->pixel_stride,
                            g->along->source, 0, g->along->taps.slots);
    }
}

/* The mean of line `index` across the rows of output `k`. */
static const uint8_t *line_mean(stored_run *r, grid *g, int index, int32_t k)
{
    const plumb_taps *taps = &g->across->taps;
    const line *l = &r->lines[index];
    const void **rows = (const void **)(void *)(r->scratch + r->plan->scratch.rows);
    int32_t first = taps->first[k];
    for (; r->origin != FROM_MEMORY && g->fetched < first + taps->taps; g->fetched++)
        fill_own(r, g, g->fetched);
    for (int32_t j = 0; j < taps->taps; j++)
        rows[j] = r->origin == FROM_MEMORY
                      ? l->data + g->across->source[first + j] * l->row_stride + l->start
                      : own_row(r, g, index, first + j);
    plumb_step step = r->plan->arithmetic.first;
    if (step == PLUMB_STEP_PICK && l->size > 1) /* split reads inside the row */
        return rows[0];
    uint8_t *to = r->scratch + r->plan->scratch.single;
    r->plan->kernels.across[step](to, rows, taps, k, l->bytes);
    return to;
}

static void mean_along(const stored_run *r, const plumb_axis *axis, const uint8_t *const from[],
                       uint8_t *const to[], int count)
{
    const void *in[3] = { NULL, NULL, NULL };
    void *out[3] = { NULL, NULL, NULL };
    for (int i = 0; i < count; i++) {
        in[i] = from[i];
        out[i] = to[i];
    }
    r->plan->kernels.along[r->plan->arithmetic.first](out, in, count, &axis->taps);
}

/* A line of pairs of pixels: its chroma is split once more. */
static void mean_of_pairs(stored_run *r, const grid *g, const line *l, const uint8_t *bytes,
                          uint8_t *const to[3])
{
    const plumb_axis *chroma = &r->plan->chroma_along;
    int32_t pixels = l->bytes / 2, luma = g->along->source[0], half = chroma->source[0];
    int32_t first = luma >> 1 < half ? luma >> 1 : half;
    bool luma_first = l->component[0] == 0;
    uint8_t *y = part_row(r, 0), *pairs = part_row(r, 1), *u = part_row(r, 2);
    uint8_t *apart[4] = { luma_first ? y : pairs, luma_first ? pairs : y, NULL, NULL };
    r->plan->kernels.split(apart, bytes, 2, pixels);
    const uint8_t *from[2] = { y + (luma - 2 * first), NULL };
    mean_along(r, g->along, from, to, 1);
    uint8_t *halves[4] = { u, y, NULL, NULL }; /* luma is done with */
    r->plan->kernels.split(halves, pairs, 2, pixels / 2);
    from[0] = u + (half - first);
    from[1] = y + (half - first);
    mean_along(r, chroma, from, to + 1, 2);
}

/* Components of a line, averaged both ways, into to[component]. */
static void mean_of_line(stored_run *r, grid *g, int index, int32_t k, uint8_t *const to[3])
{
    const line *l = &r->lines[index];
    const uint8_t *bytes = line_mean(r, g, index, k), *from[3] = { bytes, NULL, NULL };
    uint8_t *parts[4] = { NULL, NULL, NULL, NULL }, *out[3] = { NULL, NULL, NULL };
    int count = 0;
    for (int i = 0; i < l->size; i++) {
        if (l->component[i] == PAIRS) {
            mean_of_pairs(r, g, l, bytes, to);
            return;
        }
        if (l->component[i] == NONE)
            continue;
        out[count] = to[l->component[i]];
        if (l->size > 1)
            from[count] = parts[i] = part_row(r, count);
        count++;
    }
    if (l->size > 1)
        r->plan->kernels.split(parts, bytes, l->size, l->bytes / l->size);
    mean_along(r, g->along, from, out, count);
}

/* Output `k` of the buffer's rows as 8-bit planes in the picture's direction. */
static void make_row(stored_run *r, int32_t k, uint8_t *const planes[3])
{
    const plumb_preprocess_plan *plan = r->plan;
    int32_t n = plan->along.taps.outputs;
    bool yuv = plan->info->family == PLUMB_FAMILY_YUV && r->origin != FROM_COLORS;
    bool gray = plan->planes == 1 && r->components == 3;
    uint8_t *means[3], *colors[3];
    for (int c = 0; c < 3; c++) {
        colors[c] = gray || plan->reversed ? mean_row(r, 3 + c) : planes[c];
        means[c] = yuv ? mean_row(r, c) : colors[c];
    }
    for (int i = 0; i < r->grid_count; i++)
        for (int j = 0; j < r->grids[i].lines; j++)
            mean_of_line(r, &r->grids[i], r->grids[i].first + j, k, means);
    if (yuv)
        plan->kernels.yuv8(colors, means[0], means[1], means[2], n, &plan->constants);
    if (gray) {
        const uint8_t *from[3] = { colors[0], colors[1], colors[2] };
        colors[0] = plan->reversed ? mean_row(r, 0) : planes[0];
        plan->kernels.gray(colors[0], from, n, &plan->gray);
    }
    for (int c = 0; c < plan->planes && plan->reversed; c++)
        plan->kernels.reverse(planes[c], colors[c], n);
}

static void straight(stored_run *r)
{
    const plumb_preprocess_plan *plan = r->plan;
    const plumb_scratch_layout *s = &plan->scratch;
    const plumb_irect *placed = &plan->mapping.placed;
    int32_t outputs = plan->across.taps.outputs;
    uint8_t *planes[3] = { NULL, NULL, NULL };
    for (int c = 0; c < plan->planes; c++)
        planes[c] = r->scratch + s->result + (size_t)c * s->result_row;
    for (int32_t k = 0; k < outputs; k++) {
        int32_t y = plan->mirror_across ? outputs - 1 - k : k;
        const void *rows[3] = { planes[0], planes[1], planes[2] };
        make_row(r, k, planes);
        plumb_store_block(plan, r->tensor, placed->x, placed->y + y, rows, 0,
                          plan->along.taps.outputs, 1, r->scratch + s->values);
    }
}

static void exchanged(stored_run *r)
{
    const plumb_preprocess_plan *plan = r->plan;
    const plumb_scratch_layout *s = &plan->scratch;
    int32_t outputs = plan->across.taps.outputs;
    for (int32_t k = 0, columns; k < outputs; k += columns) {
        columns = plumb_tile_columns(plan, k);
        for (int32_t i = 0; i < columns; i++) {
            int32_t column = plan->mirror_across ? columns - 1 - i : i;
            uint8_t *planes[3] = { NULL, NULL, NULL };
            for (int c = 0; c < plan->planes; c++)
                planes[c] =
                    r->scratch + s->result + (size_t)(c * plan->tile + column) * s->result_row;
            make_row(r, k + i, planes);
        }
        plumb_store_tile(plan, r->tensor, r->scratch,
                         plan->mirror_across ? outputs - k - columns : k, columns);
    }
}

void plumb_preprocess_resample_stored(const plumb_preprocess_plan *plan,
                                      const plumb_row_source *source, uint8_t *tensor,
                                      uint8_t *scratch)
{
    stored_run r = { .plan = plan, .source = source, .tensor = tensor, .scratch = scratch };
    find_lines(&r);
    if (plan->exchanged)
        exchanged(&r);
    else
        straight(&r);
}
