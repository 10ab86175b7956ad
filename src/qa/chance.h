/* SPDX-License-Identifier: Apache-2.0
 *
 * Probabilities that tell a pattern from bad luck. The invariant: nothing here underflows or
 * cancels, so that the result of a thousand trials is as good as that of ten.
 */
#ifndef QA_CHANCE_H
#define QA_CHANCE_H

#include <stddef.h>

/* P(at least `hits` of `trials`), each with probability p in (0, 1). O(trials). */
double qa_chance_binomial(size_t trials, size_t hits, double p);

/* P(at least `hits`) where `mean` > 0 are expected. O(hits + mean). */
double qa_chance_poisson(double mean, size_t hits);

/* Two independent tests with these outcomes, or worse by their product (Fisher 1925, 21.1). */
double qa_chance_both(double p, double q);

#endif
