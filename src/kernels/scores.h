/* SPDX-License-Identifier: Apache-2.0
 *
 * Where scores can pass a threshold, found in the type they are stored in. The invariant: a value
 * is reported unless it compares as less than or equal to the limit, so a NaN is reported too
 * and hides none of its neighbours.
 */
#ifndef PLUMB_KERNELS_SCORES_H
#define PLUMB_KERNELS_SCORES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLUMB_SCORE_BLOCK  64  /* adjacent rows that are reported together */
#define PLUMB_SCORE_BLOCKS 132 /* at most in one call */
#define PLUMB_SCORE_PLANES 8   /* at most in one call: as many streams as caches follow well */

#if defined(__GNUC__) || defined(__clang__)
#define PLUMB_PREFETCH(address)     __builtin_prefetch(address)
#define PLUMB_PREFETCH_FAR(address) __builtin_prefetch(address, 0, 2) /* not into the first cache */
#else
#define PLUMB_PREFETCH(address)     (void)(address)
#define PLUMB_PREFETCH_FAR(address) (void)(address)
#endif

/* Number of the lowest bit that is set; some bit must be. */
static inline unsigned plumb_lowest_bit(uint64_t bits)
{
#if defined(__GNUC__) || defined(__clang__)
    return (unsigned)__builtin_ctzll(bits);
#else
    unsigned number = 0;
    for (; !(bits & 1); bits >>= 1)
        number++;
    return number;
#endif
}

/* Halves in their numeric order: they have a sign and a magnitude, integers have not. */
static inline int32_t plumb_half_key(uint16_t half)
{
    int32_t value = (int16_t)half;
    return value < 0 ? (int32_t)(-32768) - value - 1 : value;
}

/* Scores by channel: 1..PLUMB_SCORE_PLANES planes of `count` adjacent rows, `stride` elements
 * apart; count <= PLUMB_SCORE_BLOCK * PLUMB_SCORE_BLOCKS. Writes the numbers of the blocks in
 * which some value passes, in order, and returns how many.
 *
 * Limits of halves are keys of plumb_half_key; from 0 on, large negative halves may be reported
 * as well. Bytes pass when (value ^ flip) > limit as int8_t: flip 0x80 orders unsigned ones. */
size_t plumb_columns_float(const float *data, ptrdiff_t stride, size_t planes, size_t count,
                           float limit, uint16_t *blocks);
size_t plumb_columns_half(const uint16_t *data, ptrdiff_t stride, size_t planes, size_t count,
                          int32_t limit, uint16_t *blocks);
size_t plumb_columns_byte(const uint8_t *data, ptrdiff_t stride, size_t planes, size_t count,
                          uint8_t flip, int8_t limit, uint16_t *blocks);

/* Which of `count` adjacent values pass: bit i stands for data[i].  * count <= PLUMB_SCORE_BLOCK. */
uint64_t plumb_run_float(const float *data, size_t count, float limit);
uint64_t plumb_run_half(const uint16_t *data, size_t count, int32_t limit);
uint64_t plumb_run_byte(const uint8_t *data, size_t count, uint8_t flip, int8_t limit);

/* Scores by row: `rows` runs of `count` adjacent classes, `stride` elements apart. Sets pass[i]
 * to 0 or not 0; returns whether any passes. */
bool plumb_rows_float(const float *data, ptrdiff_t stride, size_t rows, size_t count, float limit,
                      uint8_t *pass);
bool plumb_rows_half(const uint16_t *data, ptrdiff_t stride, size_t rows, size_t count,
                     int32_t limit, uint8_t *pass);
bool plumb_rows_byte(const uint8_t *data, ptrdiff_t stride, size_t rows, size_t count, uint8_t flip,
                     int8_t limit, uint8_t *pass);

#endif
