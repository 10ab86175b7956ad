/* SPDX-License-Identifier: Apache-2.0
 *
 * One candidate against the boxes that suppression has kept, eight at a time. The invariant: a
 * box is struck exactly when the float operations of the textbook loop say so; the cheaper test
 * that comes first may err to the safe side only, and the wider instruction sets give what the C
 * loop gives.
 */
#ifndef PLUMB_KERNELS_KEPT_H
#define PLUMB_KERNELS_KEPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plumbline/detections.h"

#define PLUMB_KEPT_LANES 8

/* Kept boxes by coordinate. `bound` is what plumb_kept_bound says of the area. Lanes without a
 * box overlap nothing. `next` is the index of the next block of a chain, 0 at its end. */
typedef struct plumb_kept_block {
    float x0[PLUMB_KEPT_LANES], y0[PLUMB_KEPT_LANES];
    float x1[PLUMB_KEPT_LANES], y1[PLUMB_KEPT_LANES];
    float bound[PLUMB_KEPT_LANES], area[PLUMB_KEPT_LANES];
    uint32_t rank[PLUMB_KEPT_LANES];
    uint32_t next, count;
    uint32_t unused[6]; /* to four cache lines */
} plumb_kept_block;

/* When a box is struck. */
typedef struct plumb_kept_rule {
    float limit; /* IoU above which the candidate goes */
    float share; /* plumb_kept_share of it */
} plumb_kept_rule;

/* IoU = i/(a+b-i) > t needs i > t/(1+t) * (a+b). A product with a share that is lowered by more
 * than all roundings together, and by an absolute amount where areas are denormal, keeps that a
 * necessary condition in float, free of divisions: i > bound(a) + bound(b). */
static inline float plumb_kept_share(float limit)
{
    return limit / (1.0f + limit) * (1.0f - 4e-6f);
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
    /* Does any of the first `count` blocks hold a box that strikes this one? */
    bool (*in_blocks)(const plumb_kept_block *blocks, size_t count, const plumb_box *box,
                      plumb_kept_rule rule);
    /* The same for `count` chains that begin at the blocks `heads`; block 0 may hold no box. */
    bool (*in_chains)(const plumb_kept_block *blocks, const uint32_t *heads, size_t count,
                      const plumb_box *box, plumb_kept_rule rule);
} plumb_kept_kernels;

/* The fastest the CPU flags allow. */
plumb_kept_kernels plumb_kept_select(uint32_t cpu);

/* Lanes of one block that strike a box, bit by bit; the definition. */
unsigned plumb_kept_struck(const plumb_kept_block *block, const plumb_box *box,
                           plumb_kept_rule rule);

bool plumb_kept_in_blocks_c(const plumb_kept_block *blocks, size_t count, const plumb_box *box,
                            plumb_kept_rule rule);
bool plumb_kept_in_chains_c(const plumb_kept_block *blocks, const uint32_t *heads, size_t count,
                            const plumb_box *box, plumb_kept_rule rule);
/* Present where the build has them. */
bool plumb_kept_in_blocks_avx2(const plumb_kept_block *blocks, size_t count, const plumb_box *box,
                               plumb_kept_rule rule);
bool plumb_kept_in_chains_avx2(const plumb_kept_block *blocks, const uint32_t *heads, size_t count,
                               const plumb_box *box, plumb_kept_rule rule);

#endif
