/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/chance.h"

#include <math.h>
#include <stdbool.h>

/* Terms beyond this share of the sum no longer change it. */
#define NEGLIGIBLE 1e-17

double qa_chance_binomial(size_t trials, size_t hits, double p)
{
    if (hits == 0)
        return 1.0;
    if (hits > trials)
        return 0.0;
    double odds = p / (1.0 - p), log_term = (double)trials * log1p(-p);
    for (size_t k = 0; k < hits; k++)
        log_term += log((double)(trials - k) / (double)(k + 1) * odds);
    /* Sum the shorter side, away from the peak: terms only fall there. */
    bool above = (double)hits > (double)trials * p;
    double term = exp(log_term), sum = 0.0;
    if (above) {
        for (size_t k = hits; k <= trials && term > NEGLIGIBLE * sum; k++) {
            sum += term;
            term *= (double)(trials - k) / (double)(k + 1) * odds;
        }
        return fmin(sum, 1.0);
    }
    for (size_t k = hits; k > 0; k--) {
        term *= (double)k / (double)(trials - k + 1) / odds;
        if (!(term > NEGLIGIBLE * sum))
            break;
        sum += term;
    }
    return fmax(1.0 - sum, 0.0);
}

double qa_chance_poisson(double mean, size_t hits)
{
    if (hits == 0)
        return 1.0;
    double log_term = -mean;
    for (size_t k = 1; k <= hits; k++)
        log_term += log(mean / (double)k);
    double term = exp(log_term), sum = 0.0;
    if ((double)hits > mean) {
        for (size_t k = hits; term > NEGLIGIBLE * sum; k++) {
            sum += term;
            term *= mean / (double)(k + 1);
        }
        return fmin(sum, 1.0);
    }
    for (size_t k = hits; k > 0; k--) {
        term *= (double)k / mean;
        if (!(term > NEGLIGIBLE * sum))
            break;
        sum += term;
    }
    return fmax(1.0 - sum, 0.0);
}

double qa_chance_both(double p, double q)
{
    double product = p * q;
    return product > 0.0 ? product * (1.0 - log(product)) : 0.0;
}
