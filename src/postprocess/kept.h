/* SPDX-License-Identifier: Apache-2.0
 *
 * Exact greedy suppression by IoU among candidates of one class, or of all. The kept boxes are a
 * list that is searched as a whole while it is short, then a hash of square cells by centre and
 * size. The invariant: what is kept is what the textbook loop would keep, whichever it is; when
 * the bounded pool of blocks runs out, the list comes back.
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

    /* The candidates, and who of them is kept in this run. */
    const plumb_box *boxes;
    const uint32_t *ranks;
    uint32_t *winner;
    bool traced;
    uint32_t *kept;
    size_t count;

    plumb_kept_block *blocks;
    size_t block_capacity, block_count; /* block 0 of cells holds nothing */
    uint32_t *heads;                    /* first block by slot of the hash */
    int slot_shift;                     /* bits of a hash below those that make the slot */
} plumb_kept;

bool plumb_kept_reserve(plumb_kept *kept, const plumb_context *context, size_t capacity,
                        float limit);
void plumb_kept_release(plumb_kept *kept, const plumb_context *context);

/* The candidates to come, class after class and best first within each: `ranks[i]` is the rank of
 * boxes[i]. Their areas lie between the two. Where one is kept, UINT32_MAX will be written to
 * winner[ranks[i]]; where it is struck the best of those that do so if `traced`, and nothing
 * otherwise. */
void plumb_kept_begin(plumb_kept *kept, const plumb_box *boxes, const uint32_t *ranks,
                      float smallest_area, float largest_area, bool traced, uint32_t *winner);

/* Suppress among the candidates from `first` to `end`, which are at least one. */
void plumb_kept_run(plumb_kept *kept, size_t first, size_t end);

/* --- between kept.c and kept_cells.c --- */

void plumb_kept_clear_block(plumb_kept_block *block, uint32_t next);
void plumb_kept_put(const plumb_kept *kept, plumb_kept_block *block, uint32_t candidate);

/* The best rank among the lanes of a block that strike a box, or `best`. */
uint32_t plumb_kept_best_in(const plumb_kept *kept, size_t block, const plumb_box *box,
                            uint32_t best);

/* How far boxes reach with this limit, and the sizes of cells that follow. */
void plumb_kept_measure_cells(plumb_kept *kept, float limit);

/* `slot_shift` for so many candidates; 2^(64-shift) heads are needed. */
int plumb_kept_slot_shift(size_t candidates);

/* Enter all that is kept so far into cells, and suppress among the candidates from `at` to
 * `end`. Returns where it came to: before `end` when the pool of blocks ran out. */
size_t plumb_kept_run_cells(plumb_kept *kept, size_t at, size_t end);

#endif
