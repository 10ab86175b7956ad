/* SPDX-License-Identifier: Apache-2.0
 *
 * The boxes that exact suppression has kept so far, of one class or of all. They are a list that
 * is searched as a whole while it is short, then a hash of square cells by centre and size. The
 * invariant: plumb_kept_strikes says what the textbook loop would say, whichever it is; when the
 * bounded pool of blocks runs out, the list comes back.
 */
#ifndef PLUMB_POSTPROCESS_KEPT_H
#define PLUMB_POSTPROCESS_KEPT_H

#include "kernels/kept.h"
#include "plumbline/postprocess.h"

typedef struct plumb_kept {
    plumb_kept_kernels kernels;
    plumb_kept_rule rule;
    double reach; /* how far a kept box reaches, in its sides: centres of what it can strike */
    float lowest, highest;    /* longer side of what can strike and be struck, as a factor */
    float thickest, thinnest; /* ratio of sides up to which, from which shapes concern each other */
    int cell_exponent, smallest_exponent, largest_exponent;
    bool may_use_cells;

    plumb_kept_block *blocks;
    size_t block_capacity, block_count; /* block 0 of cells holds nothing */
    plumb_box *boxes;
    uint32_t *ranks;
    size_t count;

    bool uses_cells;
    uint32_t *heads; /* first block by slot of the hash */
    size_t slot_mask;
} plumb_kept;

bool plumb_kept_reserve(plumb_kept *kept, const plumb_context *context, size_t capacity,
                        float limit);
void plumb_kept_release(plumb_kept *kept, const plumb_context *context);

/* Forget everything. `smallest_area` is that of the candidates to come. */
void plumb_kept_clear(plumb_kept *kept, float smallest_area);

/* True when a kept box strikes this one; the best rank of those in `winner` unless it is NULL. */
bool plumb_kept_strikes(const plumb_kept *kept, const plumb_box *box, uint32_t *winner);

/* Keep a box. `to_come` is how many candidates may still follow. */
void plumb_kept_add(plumb_kept *kept, const plumb_box *box, uint32_t rank, size_t to_come);

#endif
