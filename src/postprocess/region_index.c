/* SPDX-License-Identifier: Apache-2.0 */
#include "postprocess/region_index.h"

#include <math.h>
#include <string.h>

#define FURTHEST 1e30f /* of a bin: nothing overflows to what is not a number */

static void place_bins(plumb_region_axis *axis, size_t words, float low, float high)
{
    size_t size = PLUMB_REGION_BINS * words * sizeof(axis->begun[0]);
    memset(axis->begun, 0, size);
    memset(axis->going, 0, size);
    low = fminf(fmaxf(low, -FURTHEST), FURTHEST);
    high = fminf(fmaxf(high, low + 1.0f), FURTHEST);
    axis->origin = low;
    axis->scale = PLUMB_REGION_BINS / fmaxf(high - low, 1.0f);
}

static void enter(plumb_region_axis *axis, size_t words, size_t region, float low, float high)
{
    uint64_t bit = (uint64_t)1 << (region % 64);
    axis->begun[plumb_region_bin(axis, low) * words + region / 64] |= bit;
    axis->going[plumb_region_bin(axis, high) * words + region / 64] |= bit;
}

/* Who has begun stays so in all bins to come; who ends in one was going on in all before. */
static void spread(plumb_region_axis *axis, size_t words)
{
    const size_t count = PLUMB_REGION_BINS * words;
    for (size_t i = words; i < count; i++) {
        axis->begun[i] |= axis->begun[i - words];
        axis->going[count - 1 - i] |= axis->going[count - 1 - i + words];
    }
}

void plumb_region_index_build(plumb_region_index *index, size_t count)
{
    plumb_box all = { INFINITY, INFINITY, -INFINITY, -INFINITY };
    index->words = (count + 63) / 64;
    for (size_t i = 0; i < count; i++) {
        const plumb_box *b = &index->bounds[i];
        all.x0 = fminf(all.x0, b->x0);
        all.y0 = fminf(all.y0, b->y0);
        all.x1 = fmaxf(all.x1, b->x1);
        all.y1 = fmaxf(all.y1, b->y1);
    }
    place_bins(&index->x, index->words, all.x0, all.x1);
    place_bins(&index->y, index->words, all.y0, all.y1);
    for (size_t i = 0; i < count; i++) {
        const plumb_box *b = &index->bounds[i];
        enter(&index->x, index->words, i, b->x0, b->x1);
        enter(&index->y, index->words, i, b->y0, b->y1);
    }
    spread(&index->x, index->words);
    spread(&index->y, index->words);
}
