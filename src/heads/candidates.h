/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows that passed the gate, on their way into the list: score, threshold of the class, box. The
 * invariant: they are taken in the order they were added, each step for all of a batch before the
 * next one, since one row's arithmetic is a long chain of which a CPU does several at a time.
 */
#ifndef PLUMB_HEADS_CANDIDATES_H
#define PLUMB_HEADS_CANDIDATES_H

#include "heads/head.h"
#include "heads/sink.h"

#define PLUMB_CANDIDATE_BATCH 64

/* Apart, so that each step reads only what it needs. */
typedef struct plumb_candidates {
    const plumb_binding *binding;
    const plumb_head *head;
    const plumb_threshold *threshold;
    const plumb_block *block;
    plumb_sink sink;
    size_t count;
    int64_t rows[PLUMB_CANDIDATE_BATCH]; /* of the block */
    int32_t columns[PLUMB_CANDIDATE_BATCH];
    float values[PLUMB_CANDIDATE_BATCH];
    float objectness[PLUMB_CANDIDATE_BATCH];
} plumb_candidates;

/* All that were added go where they belong. Before another block, and at the end. */
void plumb_candidates_take(plumb_candidates *c);

static inline void plumb_candidates_add(plumb_candidates *c, int64_t row, int32_t column,
                                        float value, float objectness)
{
    size_t i = c->count++;
    c->rows[i] = row;
    c->columns[i] = column;
    c->values[i] = value;
    c->objectness[i] = objectness;
    if (c->count == PLUMB_CANDIDATE_BATCH)
        plumb_candidates_take(c);
}

/* Would it be accounted for, in the list or as dropped for a reason? */
bool plumb_candidates_accounts(const plumb_candidates *c, int64_t row, int32_t column, float value,
                               float objectness);

/* NaN where the network gave one. */
void plumb_candidates_drop_nan(plumb_candidates *c, int64_t row);

/* The class that a column stands for, or that a label says. */
int32_t plumb_candidate_class(const plumb_head *head, const plumb_block *block, int64_t row,
                              int32_t column);

#endif
