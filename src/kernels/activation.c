/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/activation.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* x = k ln2 + r with |r| <= ln2/2; e^x = 2^k e^r. ln2 comes in two parts, the first with its low
 * bits zero, so that k*ln2_high is exact. The series of e^r ends with r^11/11!, the next term being
 * below 1e-14; it is summed in pairs and pairs of pairs, which a CPU can do side by side. */
double plumb_exp(double x)
{
    static const double log2_e = 1.4426950408889634074;
    static const double ln2_high = 0.693147180369123816490;
    static const double ln2_low = 1.90821492927058770002e-10;
    if (x != x)
        return x;
    if (x > 709.78)
        return (double)INFINITY;
    if (x < -690.0)
        return 0.0;
    int k = (int)(x * log2_e + (x < 0.0 ? -0.5 : 0.5));
    double r = (x - k * ln2_high) - k * ln2_low;
    double r2 = r * r, r4 = r2 * r2;
    double a = (1.0 + r) + (1.0 / 2.0 + r * (1.0 / 6.0)) * r2;
    double b = (1.0 / 24.0 + r * (1.0 / 120.0)) + (1.0 / 720.0 + r * (1.0 / 5040.0)) * r2;
    double c =
        (1.0 / 40320.0 + r * (1.0 / 362880.0)) + (1.0 / 3628800.0 + r * (1.0 / 39916800.0)) * r2;
    double sum = a + (b + c * r4) * r4;
    /* 2^1024 has no bits of its own: the doublings are done in two halves. */
    int half = k / 2;
    uint64_t first = (uint64_t)(half + 1023) << 52, second = (uint64_t)(k - half + 1023) << 52;
    double power, rest;
    memcpy(&power, &first, sizeof(power));
    memcpy(&rest, &second, sizeof(rest));
    return sum * power * rest;
}

float plumb_sigmoid(float x)
{
    return (float)(1.0 / (1.0 + plumb_exp(-(double)x)));
}
