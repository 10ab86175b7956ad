/* SPDX-License-Identifier: Apache-2.0
 *
 * Which regions' bounds meet a box. Along each axis the picture is cut into bins, and each bin
 * knows, one bit a region, who has begun by its end and who goes on to its start. The invariant:
 * the bin of a coordinate grows with it, so that the intersection of four sets misses nobody; the
 * bounds themselves then say who of them meets the box.
 */
#ifndef PLUMB_POSTPROCESS_REGION_INDEX_H
#define PLUMB_POSTPROCESS_REGION_INDEX_H

#include "plumbline/postprocess.h"

#define PLUMB_REGION_BINS  64
#define PLUMB_REGION_WORDS (PLUMB_MAX_REGIONS / 64)

typedef struct plumb_region_axis {
    float origin, scale; /* bins a pixel, above 0 */
    /* As many words a bin as regions occupy, side by side: few regions are few lines of cache. */
    uint64_t begun[PLUMB_REGION_BINS * PLUMB_REGION_WORDS];
    uint64_t going[PLUMB_REGION_BINS * PLUMB_REGION_WORDS];
} plumb_region_axis;

typedef struct plumb_region_index {
    size_t words; /* that regions occupy */
    plumb_region_axis x, y;
    plumb_box bounds[PLUMB_MAX_REGIONS]; /* inclusive */
} plumb_region_index;

/* Four rows of bits, one for each side of a box. */
typedef struct plumb_region_search {
    const uint64_t *rows[4];
} plumb_region_search;

/* From `bounds[0..count)`. */
void plumb_region_index_build(plumb_region_index *index, size_t count);

static inline size_t plumb_region_bin(const plumb_region_axis *axis, float value)
{
    float bin = (value - axis->origin) * axis->scale;
    if (!(bin > 0.0f))
        return 0;
    return bin < PLUMB_REGION_BINS - 1 ? (size_t)(int)bin : PLUMB_REGION_BINS - 1;
}

static inline plumb_region_search plumb_region_search_for(const plumb_region_index *index,
                                                          const plumb_box *box)
{
    size_t words = index->words;
    plumb_region_search search = {
        { index->x.begun + plumb_region_bin(&index->x, box->x1) * words,
          index->x.going + plumb_region_bin(&index->x, box->x0) * words,
          index->y.begun + plumb_region_bin(&index->y, box->y1) * words,
          index->y.going + plumb_region_bin(&index->y, box->y0) * words },
    };
    return search;
}

/* Regions 64*word.. that may meet the box, bit by bit. */
static inline uint64_t plumb_region_search_word(const plumb_region_search *search, size_t word)
{
    return search->rows[0][word] & search->rows[1][word] & search->rows[2][word] &
           search->rows[3][word];
}

static inline bool plumb_region_meets(const plumb_region_index *index, size_t region,
                                      const plumb_box *box)
{
    const plumb_box *b = &index->bounds[region];
    return box->x0 <= b->x1 && box->x1 >= b->x0 && box->y0 <= b->y1 && box->y1 >= b->y0;
}

#endif
