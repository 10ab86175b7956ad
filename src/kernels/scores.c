/* SPDX-License-Identifier: Apache-2.0
 *
 * Plain loops that compilers turn into compares and ands of whole registers: no maximum is kept
 * and nothing is written but the few blocks that pass, so that planes are read as fast as memory
 * gives them. A value "stays" while it is at or below the limit; all ones or zeros of the
 * elements' width, so that the loops stay in one lane width.
 */
#include "kernels/scores.h"

#include <string.h>

#define BLOCK PLUMB_SCORE_BLOCK

static inline int32_t float_stays(float value, float limit)
{
    return value <= limit ? -1 : 0;
}

/* A limit of 0 or more admits only positive numbers: their bits are their order, and dropping the
 * sign puts NaN of either sign on top. Probabilities have no large negative ones. */
static inline int16_t half_stays_by_magnitude(uint16_t half, int16_t limit)
{
    return (int16_t)(half & 0x7fff) <= limit ? -1 : 0;
}

/* NaN of either sign has the greatest magnitudes. */
static inline int16_t half_stays_by_key(uint16_t half, int16_t limit)
{
    int16_t value = (int16_t)half, magnitude = (int16_t)(half & 0x7fff);
    int16_t key = (int16_t)(value ^ ((value >> 15) & 0x7fff));
    int16_t low = key <= limit ? -1 : 0, number = magnitude <= 0x7c00 ? -1 : 0;
    return low & number;
}

static inline int8_t byte_stays(uint8_t value, uint8_t flip, int8_t limit)
{
    return (int8_t)(value ^ flip) <= limit ? -1 : 0;
}

/* Eight planes in step; where there are fewer, the last is read again, which costs no memory. */
#define EIGHT_PLANES(type)                                                                         \
    const type *p[PLUMB_SCORE_PLANES];                                                             \
    for (size_t k = 0; k < PLUMB_SCORE_PLANES; k++)                                                \
        p[k] = data + (ptrdiff_t)(k < planes ? k : planes - 1) * stride;                           \
    const type *a = p[0], *b = p[1], *c = p[2], *d = p[3], *e = p[4], *f = p[5], *g = p[6],        \
               *h = p[7];

#define ALL_STAY(i, test, ...)                                                                     \
    (test(a[i], __VA_ARGS__) & test(b[i], __VA_ARGS__) & test(c[i], __VA_ARGS__) &                 \
     test(d[i], __VA_ARGS__) & test(e[i], __VA_ARGS__) & test(f[i], __VA_ARGS__) &                 \
     test(g[i], __VA_ARGS__) & test(h[i], __VA_ARGS__))

/* Caches follow eight streams too late after every page: all are asked for well ahead. Past the end
 * of a plane these are addresses that nobody reads. */
#define COLUMN_AHEAD 2048 /* bytes */

static inline void prefetch_ahead(const void *at, size_t size)
{
    for (size_t line = 0; line < size; line += 64)
        PLUMB_PREFETCH_FAR((const void *)((uintptr_t)at + COLUMN_AHEAD + line));
}

/* The whole blocks have a constant length, which is what makes the inner loop a good one. */
#define SCAN_BLOCKS(flag, test, ...)                                                               \
    size_t found = 0, whole = count / BLOCK;                                                       \
    for (size_t block = 0; block < whole; block++) {                                               \
        for (int k = 0; k < PLUMB_SCORE_PLANES; k++)                                               \
            prefetch_ahead(p[k] + block * BLOCK, BLOCK * sizeof(*p[k]));                           \
        flag all = -1;                                                                             \
        for (size_t i = block * BLOCK; i < (block + 1) * BLOCK; i++)                               \
            all &= ALL_STAY(i, test, __VA_ARGS__);                                                 \
        if (!all)                                                                                  \
            blocks[found++] = (uint16_t)block;                                                     \
    }                                                                                              \
    flag rest = -1;                                                                                \
    for (size_t i = whole * BLOCK; i < count; i++)                                                 \
        rest &= ALL_STAY(i, test, __VA_ARGS__);                                                    \
    if (!rest)                                                                                     \
        blocks[found++] = (uint16_t)whole;                                                         \
    return found;

size_t plumb_columns_float(const float *data, ptrdiff_t stride, size_t planes, size_t count,
                           float limit, uint16_t *blocks)
{
    EIGHT_PLANES(float)
    SCAN_BLOCKS(int32_t, float_stays, limit)
}

static size_t columns_half_by_magnitude(const uint16_t *data, ptrdiff_t stride, size_t planes,
                                        size_t count, int16_t limit, uint16_t *blocks)
{
    EIGHT_PLANES(uint16_t)
    SCAN_BLOCKS(int16_t, half_stays_by_magnitude, limit)
}

static size_t columns_half_by_key(const uint16_t *data, ptrdiff_t stride, size_t planes,
                                  size_t count, int16_t limit, uint16_t *blocks){
    EIGHT_PLANES(uint16_t) SCAN_BLOCKS(int16_t, half_stays_by_key, limit)
}

size_t plumb_columns_half(const uint16_t *data, ptrdiff_t stride, size_t planes, size_t count,
                          int32_t limit, uint16_t *blocks)
{
    if (limit >= 0)
        return columns_half_by_magnitude(data, stride, planes, count, (int16_t)limit, blocks);
    return columns_half_by_key(data, stride, planes, count, (int16_t)limit, blocks);
}

size_t plumb_columns_byte(const uint8_t *data, ptrdiff_t stride, size_t planes, size_t count,
                          uint8_t flip, int8_t limit, uint16_t *blocks)
{
    EIGHT_PLANES(uint8_t)
    SCAN_BLOCKS(int8_t, byte_stays, flip, limit)
}

/* Eight bytes with one bit each add up to a byte of eight bits, whatever the byte order. */
static uint64_t gather_bits(const uint8_t *bits)
{
    uint64_t mask = 0;
    for (int k = 0; k < BLOCK / 8; k++) {
        uint64_t eight;
        memcpy(&eight, bits + 8 * k, sizeof(eight));
        mask |= (eight * UINT64_C(0x0101010101010101) >> 56) << 8 * k;
    }
    return mask;
}

#define EIGHT_BITS 1, 2, 4, 8, 16, 32, 64, 128

static const uint8_t bit_of[BLOCK] = { EIGHT_BITS, EIGHT_BITS, EIGHT_BITS, EIGHT_BITS,
                                       EIGHT_BITS, EIGHT_BITS, EIGHT_BITS, EIGHT_BITS };

#define SCAN_RUN(flag, test, ...)                                                                  \
    uint8_t bits[BLOCK] = { 0 };                                                                   \
    flag all = -1;                                                                                 \
    if (count == BLOCK) {                                                                          \
        for (size_t i = 0; i < BLOCK; i++)                                                         \
            all &= test(data[i], __VA_ARGS__);                                                     \
        if (all)                                                                                   \
            return 0;                                                                              \
        for (size_t i = 0; i < BLOCK; i++)                                                         \
            bits[i] = test(data[i], __VA_ARGS__) ? 0 : bit_of[i];                                  \
    } else {                                                                                       \
        for (size_t i = 0; i < count; i++)                                                         \
            bits[i] = test(data[i], __VA_ARGS__) ? 0 : bit_of[i];                                  \
    }                                                                                              \
    return gather_bits(bits);

uint64_t plumb_run_float(const float *data, size_t count, float limit)
{
    SCAN_RUN(int32_t, float_stays, limit)
}

static uint64_t run_half_by_key(const uint16_t *data, size_t count,
                                int16_t limit){ SCAN_RUN(int16_t, half_stays_by_key, limit) }

/* Most runs hold nothing, and the cheaper test sees that. */
uint64_t plumb_run_half(const uint16_t *data, size_t count, int32_t limit)
{
    if (limit >= 0 && count == BLOCK) {
        int16_t all = -1;
        for (size_t i = 0; i < BLOCK; i++)
            all &= half_stays_by_magnitude(data[i], (int16_t)limit);
        if (all)
            return 0;
    }
    return run_half_by_key(data, count, (int16_t)limit);
}

uint64_t plumb_run_byte(const uint8_t *data, size_t count, uint8_t flip, int8_t limit)
{
    SCAN_RUN(int8_t, byte_stays, flip, limit)
}

/* A run of at least one step is read in whole steps, the last of which overlaps the one before:
 * there is no tail to be read one by one. A single value a row is one cache line a row: they are
 * asked for well ahead, into the second cache, whose misses do not hold up the first. */
#define STEP  16
#define AHEAD 96 /* rows */

#define SCAN_ROWS(type, flag, test, ...)                                                           \
    int any = 0;                                                                                   \
    for (size_t row = 0; count == 1 && row < rows; row++) {                                        \
        const type *value = data + (ptrdiff_t)row * stride;                                        \
        /* past the end it is an address that nobody reads */                                      \
        PLUMB_PREFETCH_FAR(                                                                        \
            (const void *)((uintptr_t)value + (uintptr_t)(AHEAD * stride) * sizeof(type)));        \
        pass[row] = !test(*value, __VA_ARGS__);                                                    \
        any |= pass[row];                                                                          \
    }                                                                                              \
    for (size_t row = 0; count > 1 && row < rows; row++) {                                         \
        const type *values = data + (ptrdiff_t)row * stride;                                       \
        flag all = -1, lanes[STEP];                                                                \
        for (int j = 0; j < STEP; j++)                                                             \
            lanes[j] = -1;                                                                         \
        for (size_t i = 0; i + STEP <= count; i += STEP)                                           \
            for (int j = 0; j < STEP; j++)                                                         \
                lanes[j] &= test(values[i + j], __VA_ARGS__);                                      \
        for (int j = 0; count >= STEP && j < STEP; j++)                                            \
            lanes[j] &= test(values[count - STEP + j], __VA_ARGS__);                               \
        for (int j = 0; j < STEP; j++)                                                             \
            all &= lanes[j];                                                                       \
        for (size_t i = 0; count < STEP && i < count; i++)                                         \
            all &= test(values[i], __VA_ARGS__);                                                   \
        pass[row] = !all;                                                                          \
        any |= !all;                                                                               \
    }                                                                                              \
    return any != 0;

bool plumb_rows_float(const float *data, ptrdiff_t stride, size_t rows, size_t count, float limit,
                      uint8_t *pass)
{
    SCAN_ROWS(float, int32_t, float_stays, limit)
}

bool plumb_rows_half(const uint16_t *data, ptrdiff_t stride, size_t rows, size_t count,
                     int32_t limit, uint8_t *pass)
{
    SCAN_ROWS(uint16_t, int16_t, half_stays_by_key, (int16_t)limit)
}

bool plumb_rows_byte(const uint8_t *data, ptrdiff_t stride, size_t rows, size_t count, uint8_t flip,
                     int8_t limit, uint8_t *pass)
{
    SCAN_ROWS(uint8_t, int8_t, byte_stays, flip, limit)
}
