/* SPDX-License-Identifier: Apache-2.0
 *
 * What the search for values shares: the steps from a level to a stored value, and what the tensors
 * hold for each level. A recipe is right when it gives every stored value that was seen.
 */
#ifndef QA_FIT_VALUES_H
#define QA_FIT_VALUES_H

#include "qa/fit_parts.h"

typedef struct fit_value_recipe {
    float divide, scale, mean[3], std[3]; /* by tensor channel */
    plumb_quantization quantization;
    uint64_t wrong;  /* levels whose value is another */
    double distance; /* largest, in levels */
} fit_value_recipe;

/* What the tensors hold for a level, by tensor channel; unrounded results have points instead. */
typedef struct fit_observed {
    size_t count[3];
    float level[3][4096], value[3][4096];
} fit_observed;

/* The value of a level in channel c, before it is stored. */
float fit_chain(const fit_value_recipe *recipe, int c, float level);

/* Hold a recipe against everything observed: sets wrong and distance. */
void fit_rate(const fit_search *search, const fit_trial *trial, const fit_observed *observed,
              fit_value_recipe *recipe);

/* Whole numbers: a usual normalisation with a scale and a zero point that gives every value. */
bool fit_quantize(const fit_search *search, const fit_trial *trial, const fit_observed *observed,
                  fit_value_recipe *values);

#endif
