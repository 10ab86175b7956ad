/* SPDX-License-Identifier: Apache-2.0 */
#include "heads/score.h"

#include <math.h>

#include "kernels/activation.h"

float plumb_lowest_threshold(const plumb_threshold *threshold)
{
    float lowest = threshold->confidence;
    for (size_t i = 0; threshold->per_class && i < threshold->per_class_count; i++)
        if (threshold->per_class[i] < lowest)
            lowest = threshold->per_class[i];
    return lowest;
}

/* A value at or below which no activated value exceeds `probability`. libm's logarithm may differ
 * between machines; the margin is far above any such difference, and the row is looked at again. */
float plumb_activation_limit(plumb_activation activation, float probability)
{
    if (activation == PLUMB_ACTIVATION_NONE)
        return probability;
    if (probability <= 0.0f || activation == PLUMB_ACTIVATION_SOFTMAX)
        return -INFINITY; /* a softmax depends on the whole row: see softmax_may_pass */
    if (probability >= 1.0f)
        return INFINITY;
    double logit = log((double)probability) - log1p(-(double)probability);
    return (float)(logit - 1e-4 - 1e-5 * fabs(logit));
}

float plumb_activate(plumb_activation activation, float value)
{
    return activation == PLUMB_ACTIVATION_SIGMOID ? plumb_sigmoid(value) : value;
}

static float clamp_unit(float value)
{
    return value < 0.0f ? 0.0f : value > 1.0f ? 1.0f : value;
}

static float combine(plumb_score_rule rule, float objectness, float value)
{
    switch (rule) {
    case PLUMB_SCORE_PRODUCT:
        return objectness * value;
    case PLUMB_SCORE_GEOMETRIC_MEAN:
        return sqrtf(clamp_unit(objectness) * clamp_unit(value));
    default:
        return value;
    }
}

/* The lowest objectness (or, with them exchanged, class value) that can reach `minimum` when the
 * other factor is `other`. */
float plumb_factor_limit(plumb_score_rule rule, float minimum, float other)
{
    double limit = minimum;
    if (rule == PLUMB_SCORE_CLASS)
        return minimum;
    if (rule == PLUMB_SCORE_GEOMETRIC_MEAN)
        limit = limit * limit;
    if (!(other > 0.0f))
        return limit > 0.0 ? INFINITY : -INFINITY;
    return (float)(limit / (double)other * (1.0 - 1e-6));
}

static double softmax_sum(const plumb_block *block, int64_t row, float *maximum)
{
    float greatest = -INFINITY;
    for (int32_t column = 0; column < block->classes; column++) {
        float value = plumb_matrix_at(&block->scores, row, column);
        if (value > greatest)
            greatest = value;
    }
    *maximum = greatest;
    double sum = 0.0;
    for (int32_t column = 0; column < block->classes; column++)
        sum += plumb_exp((double)plumb_matrix_at(&block->scores, row, column) - (double)greatest);
    return sum;
}

/* Some logit above this one bounds its probability by 1 / (1 + e^difference): no exponential is
 * needed to see that most rows cannot pass. */
bool plumb_softmax_may_pass(const plumb_block *block, int64_t row, float value, float minimum)
{
    float maximum = value;
    for (int32_t column = 0; column < block->classes; column++) {
        float other = plumb_matrix_at(&block->scores, row, column);
        if (!(other <= maximum))
            maximum = other;
        if (isnan(other))
            return true;
    }
    return value == maximum ||
           !(value - maximum <= plumb_activation_limit(PLUMB_ACTIVATION_SIGMOID, minimum));
}

float plumb_class_score(const plumb_head *head, const plumb_block *block, int64_t row,
                        float objectness, float value)
{
    if (head->activation == PLUMB_ACTIVATION_SOFTMAX) {
        float maximum;
        double sum = softmax_sum(block, row, &maximum);
        value = (float)(plumb_exp((double)value - (double)maximum) / sum);
    } else {
        value = plumb_activate(head->activation, value);
    }
    return combine(head->rule, objectness, value);
}
