/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/activation.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* x = k ln2 + r with |r| <= ln2/2; e^x = 2^k e^r. ln2 comes in two parts, the first with its low
 * bits zero, so that k*ln2_high is exact. The series of e^r ends where a term is below 2^-56. */
double plumb_exp(double x)
{
    static const double log2_e = 1.4426950408889634074;
    static const double ln2_high = 0.693147180369123816490;
    static const double ln2_low = 1.90821492927058770002e-10;
    static const double inverse_factorial[] = {
        1.0,
        1.0,
        1.0 / 2.0,
        1.0 / 6.0,
        1.0 / 24.0,
        1.0 / 120.0,
        1.0 / 720.0,
        1.0 / 5040.0,
        1.0 / 40320.0,
        1.0 / 362880.0,
        1.0 / 3628800.0,
        1.0 / 39916800.0,
        1.0 / 479001600.0,
        1.0 / 6227020800.0,
    };
    if (x != x)
        return x;
    if (x > 709.78)
        return (double)INFINITY;
    if (x < -690.0)
        return 0.0;
    int k = (int)(x * log2_e + (x < 0.0 ? -0.5 : 0.5));
    double r = (x - k * ln2_high) - k * ln2_low;
    double sum = inverse_factorial[13];
    for (int i = 12; i >= 0; i--)
        sum = sum * r + inverse_factorial[i];
    /* 2^1024 has no bits of its own: the last doubling is done apart. */
    int half = k / 2;
    uint64_t first = (uint64_t)(half + 1023) << 52, second = (uint64_t)(k - half + 1023) << 52;
    double a, b;
    memcpy(&a, &first, sizeof(a));
    memcpy(&b, &second, sizeof(b));
    return sum * a * b;
}

float plumb_sigmoid(float x)
{
    return (float)(1.0 / (1.0 + plumb_exp(-(double)x)));
}
