/* SPDX-License-Identifier: Apache-2.0
 *
 * From class values to scores, and back from a threshold to what a value must at least be. The
 * invariant: a limit is never above the value that would just pass, so that what it holds back
 * could not have passed; what it lets through is compared exactly.
 */
#ifndef PLUMB_HEADS_SCORE_H
#define PLUMB_HEADS_SCORE_H

#include <math.h>

#include "heads/head.h"

/* Its own threshold, or that of all. */
static inline float plumb_class_threshold(const plumb_threshold *threshold, int32_t class_id)
{
    if (threshold->per_class && class_id >= 0 && (size_t)class_id < threshold->per_class_count &&
        !isnan(threshold->per_class[class_id]))
        return threshold->per_class[class_id];
    return threshold->confidence;
}

float plumb_lowest_threshold(const plumb_threshold *threshold);

/* A value at or below which no activated value exceeds `probability`. -infinity for a softmax,
 * which depends on the whole row. */
float plumb_activation_limit(plumb_activation activation, float probability);

/* The lowest objectness (or, with them exchanged, class value) that can reach `minimum` when the
 * other factor is `other`. */
float plumb_factor_limit(plumb_score_rule rule, float minimum, float other);

/* Sigmoid or nothing; a softmax is a matter of plumb_class_score. */
float plumb_activate(plumb_activation activation, float value);

/* Can the softmax of `value` in its row exceed `minimum`? Sees without an exponential that most
 * rows cannot. */
bool plumb_softmax_may_pass(const plumb_block *block, int64_t row, float value, float minimum);

/* The score of a class value. */
float plumb_class_score(const plumb_head *head, const plumb_block *block, int64_t row,
                        float objectness, float value);

#endif
