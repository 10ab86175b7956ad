/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "preprocess/plan.h"

typedef struct resampling {
    const plumb_preprocess_plan *plan;
    const plumb_row_source *source;
    uint8_t *tensor, *scratch;
    int32_t fetched; /* slots of the across axis, in buffer order */
} resampling;

static uint8_t *ring_row(const resampling *r, int32_t order, int plane)
{
    const plumb_scratch_layout *s = &r->plan->scratch;
    size_t index = (size_t)(order % r->plan->across.taps.taps) * (size_t)r->plan->planes;
    return r->scratch + s->ring + (index + (size_t)plane) * s->ring_row;
}

static uint8_t *single_row(const resampling *r, int plane)
{
    const plumb_scratch_layout *s = &r->plan->scratch;
    return r->scratch + s->single + (size_t)plane * s->single_row;
}

/* Slots are numbered along the picture; they are fetched in the order of buffer rows. */
static int32_t order_of(const plumb_preprocess_plan *plan, int32_t slot)
{
    return plan->mirror_across ? plan->across.taps.slots - 1 - slot : slot;
}

static void fetch_next(resampling *r)
{
    const plumb_preprocess_plan *plan = r->plan;
    int32_t order = r->fetched++, row = plan->across.source[order_of(plan, order)];
    uint8_t *planes[3] = { NULL, NULL, NULL };
    const void *from[3] = { NULL, NULL, NULL };
    void *to[3] = { NULL, NULL, NULL };
    for (int c = 0; c < plan->planes; c++) {
        to[c] = ring_row(r, order, c);
        from[c] = planes[c] = plan->exchanged ? to[c] : single_row(r, c);
    }
    r->source->fetch(r->source->user, row, planes);
    if (!plan->exchanged)
        plan->kernels.along[plan->arithmetic.first](to, from, plan->planes, &plan->along.taps);
}

/* Have every row that output `i` of the across axis needs; rows[j] of each plane. */
static const void *const *rows_for(resampling *r, int32_t i, int plane)
{
    const plumb_taps *taps = &r->plan->across.taps;
    int32_t from = taps->first[i], to = from + taps->taps - 1;
    int32_t last = order_of(r->plan, r->plan->mirror_across ? from : to);
    while (r->fetched <= last)
        fetch_next(r);
    const void **rows = (const void **)(void *)(r->scratch + r->plan->scratch.rows);
    for (int32_t j = 0; j < taps->taps; j++)
        rows[j] = ring_row(r, order_of(r->plan, from + j), plane);
    return rows;
}

/* Sum across rows into `to`, or the one row that is picked. */
static const void *sum_across(resampling *r, plumb_step step, void *to, int32_t i, int plane,
                              int32_t n)
{
    const void *const *rows = rows_for(r, i, plane);
    if (step == PLUMB_STEP_PICK)
        return rows[0];
    r->plan->kernels.across[step](to, rows, &r->plan->across.taps, i, n);
    return to;
}

static void straight(resampling *r)
{
    const plumb_preprocess_plan *plan = r->plan;
    const plumb_scratch_layout *s = &plan->scratch;
    const plumb_irect *placed = &plan->mapping.placed;
    int32_t n = plan->along.taps.outputs, outputs = plan->across.taps.outputs;
    for (int32_t k = 0; k < outputs; k++) {
        int32_t y = plan->mirror_across ? outputs - 1 - k : k;
        const void *planes[3] = { NULL, NULL, NULL };
        for (int c = 0; c < plan->planes; c++)
            planes[c] = sum_across(r, plan->arithmetic.second,
                                   r->scratch + s->result + (size_t)c * s->result_row, y, c, n);
        plumb_store_block(plan, r->tensor, placed->x, placed->y + y, planes, 0, n, 1,
                          r->scratch + s->values);
    }
}

#define LINE 64 /* elements of any type that end with a cache line */

int32_t plumb_tile_columns(const plumb_preprocess_plan *plan, int32_t k)
{
    int32_t left = plan->across.taps.outputs - k;
    int32_t edge = (plan->mapping.placed.x + (plan->mirror_across ? left : k)) % LINE;
    int32_t columns =
        plan->mirror_across && edge > 0 ? plan->tile - LINE + edge : plan->tile - edge;
    return columns < left ? columns : left;
}

/* `n` rows from `y` of a plane's tile; columns lie apart. */
static void turn_rows(const plumb_preprocess_plan *plan, uint8_t *scratch, int plane, int32_t y,
                      int32_t columns, int32_t n)
{
    const plumb_scratch_layout *s = &plan->scratch;
    size_t size = plumb_step_output_size(plan->arithmetic.second);
    uint8_t *to = scratch + s->turned + (size_t)plane * s->turned_row;
    const uint8_t *from =
        scratch + s->result + (size_t)plane * (size_t)plan->tile * s->result_row + (size_t)y * size;
    if (size == 1) {
        plan->kernels.turn8(to, from, (ptrdiff_t)s->result_row, columns, n);
        return;
    }
    for (int32_t r = 0; r < n; r++)
        for (int32_t i = 0; i < columns; i++)
            memcpy(to + (size_t)(r * PLUMB_TILE + i) * size,
                   from + (size_t)i * s->result_row + (size_t)r * size, size);
}

void plumb_store_tile(const plumb_preprocess_plan *plan, uint8_t *tensor, uint8_t *scratch,
                      int32_t x, int32_t columns)
{
    const plumb_scratch_layout *s = &plan->scratch;
    const plumb_irect *placed = &plan->mapping.placed;
    size_t size = plumb_step_output_size(plan->arithmetic.second);
    int32_t rows = plan->along.taps.outputs;
    for (int32_t y = 0; y < rows; y += PLUMB_TILE_ROWS) {
        int32_t n = rows - y < PLUMB_TILE_ROWS ? rows - y : PLUMB_TILE_ROWS;
        const void *planes[3] = { NULL, NULL, NULL };
        for (int c = 0; c < plan->planes; c++) {
            turn_rows(plan, scratch, c, y, columns, n);
            planes[c] = scratch + s->turned + (size_t)c * s->turned_row;
        }
        plumb_store_block(plan, tensor, placed->x + x, placed->y + y, planes,
                          (ptrdiff_t)(PLUMB_TILE * size), columns, n, scratch + s->values);
    }
}

static void exchanged(resampling *r)
{
    const plumb_preprocess_plan *plan = r->plan;
    const plumb_scratch_layout *s = &plan->scratch;
    int32_t outputs = plan->across.taps.outputs, slots = plan->along.taps.slots;
    for (int32_t k = 0, columns; k < outputs; k += columns) {
        columns = plumb_tile_columns(plan, k);
        int32_t begin = plan->mirror_across ? outputs - k - columns : k;
        for (int32_t i = 0; i < columns; i++) {
            int32_t column = plan->mirror_across ? columns - 1 - i : i;
            const void *from[3] = { NULL, NULL, NULL };
            void *to[3] = { NULL, NULL, NULL };
            for (int c = 0; c < plan->planes; c++) {
                size_t index = (size_t)c * (size_t)plan->tile + (size_t)column;
                to[c] = r->scratch + s->result + index * s->result_row;
                from[c] = sum_across(r, plan->arithmetic.first, single_row(r, c), begin + column, c,
                                     slots);
            }
            plan->kernels.along[plan->arithmetic.second](to, from, plan->planes, &plan->along.taps);
        }
        plumb_store_tile(plan, r->tensor, r->scratch, begin, columns);
    }
}

void plumb_preprocess_resample(const plumb_preprocess_plan *plan, const plumb_row_source *source,
                               uint8_t *tensor, uint8_t *scratch)
{
    resampling r = { plan, source, tensor, scratch, 0 };
    plumb_store_padding(plan, tensor);
    if (plan->stored)
        plumb_preprocess_resample_stored(plan, source, tensor, scratch);
    else if (plan->exchanged)
        exchanged(&r);
    else
        straight(&r);
}
