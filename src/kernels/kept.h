/* SPDX-License-Identifier: Apache-2.0
 *
 * Candidates against the boxes that suppression has kept, eight of these at a time. The invariant:
 * a box is struck exactly when the float operations of the textbook loop say so. Two cheaper tests
 * come first, which leave only what lies within a hair of the limit to its division, and the wider
 * instruction sets give what the C loops give.
 */
#ifndef PLUMB_KERNELS_KEPT_H
#define PLUMB_KERNELS_KEPT_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plumbline/detections.h"

#define PLUMB_KEPT_LANES 8

/* Kept boxes by coordinate. `bound` is what plumb_kept_bound says of the area. Lanes without a
 * box overlap nothing. `next` is the index of the next block of a chain, 0 at its end. What only
 * few look at is in the last of its four cache lines. */
typedef struct plumb_kept_block {
    float x0[PLUMB_KEPT_LANES], y0[PLUMB_KEPT_LANES];
    float x1[PLUMB_KEPT_LANES], y1[PLUMB_KEPT_LANES];
    float bound[PLUMB_KEPT_LANES];
    uint32_t next, count;
    uint32_t unused[6];
    float area[PLUMB_KEPT_LANES];
    uint32_t rank[PLUMB_KEPT_LANES];
} plumb_kept_block;

/* When a box is struck. */
typedef struct plumb_kept_rule {
    float limit; /* IoU above which the candidate goes */
    float share; /* of both areas that an intersection must be above */
    float sure;  /* times that, and it goes; infinite where no multiple is enough */
    bool tame;   /* limit and areas are such that float roundings are relative ones */
} plumb_kept_rule;

/* IoU = i/(a+b-i) > t says i > t/(1+t) * (a+b). The share is lowered by more than all roundings
 * together, and by an absolute amount where areas are denormal: i > bound(a) + bound(b) is
 * necessary in float, without a division. A little above it is sufficient, as i is at most the
 * smaller area and so a+b-i at least half of a+b; but not where areas overflow or quotients are
 * denormal. The areas are those of all boxes that will meet. */
static inline plumb_kept_rule plumb_kept_rule_of(float limit, float smallest_area,
                                                 float largest_area)
{
    bool tame = limit >= 0.01f && smallest_area >= 1e-25f && largest_area <= 1e37f;
    plumb_kept_rule rule = { limit, limit / (1.0f + limit) * (1.0f - 4e-6f),
                             tame ? 1.0f + 2e-5f : INFINITY, tame };
    return rule;
}

static inline float plumb_kept_area(const plumb_box *box)
{
    return (box->x1 - box->x0) * (box->y1 - box->y0);
}

static inline float plumb_kept_bound(float share, float area)
{
    float bound = share * area - 1e-36f;
    return bound > 0.0f ? bound : 0.0f;
}

typedef struct plumb_kept_kernels {
    /* The first of `count` candidates that no box of the first `block_count` blocks strikes;
     * `count` when all are struck. */
    size_t (*first_free)(const plumb_kept_block *blocks, size_t block_count, const plumb_box *boxes,
                         size_t count, plumb_kept_rule rule);
    /* Does any box strike this one in `count` chains that begin at the blocks `heads`? Block 0
     * may hold no box. */
    bool (*in_chains)(const plumb_kept_block *blocks, const uint32_t *heads, size_t count,
                      const plumb_box *box, plumb_kept_rule rule);
} plumb_kept_kernels;

/* The fastest the CPU flags allow. */
plumb_kept_kernels plumb_kept_select(uint32_t cpu);

/* Lanes of one block that strike a box, bit by bit; the definition. */
unsigned plumb_kept_struck(const plumb_kept_block *block, const plumb_box *box,
                           plumb_kept_rule rule);

size_t plumb_kept_first_free_c(const plumb_kept_block *blocks, size_t block_count,
                               const plumb_box *boxes, size_t count, plumb_kept_rule rule);
bool plumb_kept_in_chains_c(const plumb_kept_block *blocks, const uint32_t *heads, size_t count,
                            const plumb_box *box, plumb_kept_rule rule);
/* Present where the build has them. */
size_t plumb_kept_first_free_avx2(const plumb_kept_block *blocks, size_t block_count,
                                  const plumb_box *boxes, size_t count, plumb_kept_rule rule);
bool plumb_kept_in_chains_avx2(const plumb_kept_block *blocks, const uint32_t *heads, size_t count,
                               const plumb_box *box, plumb_kept_rule rule);

#endif
