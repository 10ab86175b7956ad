/* SPDX-License-Identifier: Apache-2.0
 *
 * Random numbers that are the same on every machine (xorshift64*), for tests.
 */
#ifndef TESTS_SUPPORT_RANDOM_H
#define TESTS_SUPPORT_RANDOM_H

#include <stdint.h>

typedef struct random_state {
    uint64_t state; /* not 0 */
} random_state;

static inline uint32_t random_u32(random_state *r)
{
    r->state ^= r->state >> 12;
    r->state ^= r->state << 25;
    r->state ^= r->state >> 27;
    return (uint32_t)((r->state * 0x2545f4914f6cdd1du) >> 32);
}

/* 0 <= x < 1 */
static inline double random_unit(random_state *r)
{
    return random_u32(r) / 4294967296.0;
}

static inline double random_between(random_state *r, double low, double high)
{
    return low + (high - low) * random_unit(r);
}

static inline int random_below(random_state *r, int count)
{
    return (int)(random_u32(r) % (uint32_t)count);
}

#endif
