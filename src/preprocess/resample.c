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
    bool direct = plan->exchanged || plan->arithmetic.pick;
    uint8_t *planes[3] = { NULL, NULL, NULL };
    for (int c = 0; c < plan->planes; c++)
        planes[c] = direct ? ring_row(r, order, c) : single_row(r, c);
    r->source->fetch(r->source->user, row, planes);
    for (int c = 0; c < plan->planes && !direct; c++)
        plan->kernels.along[plan->arithmetic.first](ring_row(r, order, c), planes[c],
                                                    &plan->along.taps);
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

static void straight(resampling *r)
{
    const plumb_preprocess_plan *plan = r->plan;
    const plumb_taps *taps = &plan->across.taps;
    const plumb_scratch_layout *s = &plan->scratch;
    const plumb_irect *placed = &plan->mapping.placed;
    for (int32_t k = 0; k < taps->outputs; k++) {
        int32_t y = plan->mirror_across ? taps->outputs - 1 - k : k;
        const void *planes[3] = { NULL, NULL, NULL };
        for (int c = 0; c < plan->planes; c++) {
            const void *const *rows = rows_for(r, y, c);
            uint8_t *result = r->scratch + s->result + (size_t)c * s->result_row;
            planes[c] = plan->arithmetic.pick ? rows[0] : result;
            if (!plan->arithmetic.pick)
                plan->kernels.across[plan->arithmetic.second](result, rows, taps, y,
                                                              plan->along.taps.outputs);
        }
        plumb_store_pixels(plan, r->tensor, placed->x, placed->y + y, planes,
                           plan->along.taps.outputs, (float *)(void *)(r->scratch + s->values));
    }
}

/* Turn a tile of result columns into rows and store them; column 0 belongs to picture x `x`. */
static void store_tile(resampling *r, int32_t x, int32_t columns)
{
    const plumb_preprocess_plan *plan = r->plan;
    const plumb_scratch_layout *s = &plan->scratch;
    const plumb_irect *placed = &plan->mapping.placed;
    size_t size = plan->arithmetic.pick ? 1 : plumb_step_output_size(plan->arithmetic.second);
    for (int32_t y = 0; y < plan->along.taps.outputs; y++) {
        const void *planes[3] = { NULL, NULL, NULL };
        for (int c = 0; c < plan->planes; c++) {
            uint8_t *to = r->scratch + s->turned + (size_t)c * s->turned_row;
            planes[c] = to;
            for (int32_t i = 0; i < columns; i++) {
                size_t column = (size_t)i * (size_t)plan->planes + (size_t)c;
                const uint8_t *from = r->scratch + s->result + column * s->result_row;
                memcpy(to + (size_t)i * size, from + (size_t)y * size, size);
            }
        }
        plumb_store_pixels(plan, r->tensor, placed->x + x, placed->y + y, planes, columns,
                           (float *)(void *)(r->scratch + s->values));
    }
}

static void exchanged(resampling *r)
{
    const plumb_preprocess_plan *plan = r->plan;
    const plumb_taps *taps = &plan->across.taps;
    const plumb_scratch_layout *s = &plan->scratch;
    for (int32_t k = 0; k < taps->outputs; k += PLUMB_TILE) {
        int32_t columns = taps->outputs - k < PLUMB_TILE ? taps->outputs - k : PLUMB_TILE;
        int32_t begin = plan->mirror_across ? taps->outputs - k - columns : k;
        for (int32_t i = 0; i < columns; i++) {
            int32_t column = plan->mirror_across ? columns - 1 - i : i;
            for (int c = 0; c < plan->planes; c++) {
                const void *const *rows = rows_for(r, begin + column, c);
                size_t index = (size_t)column * (size_t)plan->planes + (size_t)c;
                uint8_t *result = r->scratch + s->result + index * s->result_row;
                if (plan->arithmetic.pick) {
                    memcpy(result, rows[0], (size_t)plan->along.taps.outputs);
                    continue;
                }
                plan->kernels.across[plan->arithmetic.first](
                    single_row(r, c), rows, taps, begin + column, plan->along.taps.slots);
                plan->kernels.along[plan->arithmetic.second](result, single_row(r, c),
                                                             &plan->along.taps);
            }
        }
        store_tile(r, begin, columns);
    }
}

void plumb_preprocess_resample(const plumb_preprocess_plan *plan, const plumb_row_source *source,
                               uint8_t *tensor, uint8_t *scratch)
{
    resampling r = { plan, source, tensor, scratch, 0 };
    plumb_store_padding(plan, tensor);
    if (plan->exchanged)
        exchanged(&r);
    else
        straight(&r);
}
