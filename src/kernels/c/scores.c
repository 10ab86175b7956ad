/* SPDX-License-Identifier: Apache-2.0
 *
 * Plain loops that compilers turn into compares and ands of whole registers. Values are read one
 * after the other as they lie, which is what memory gives fastest. A value "stays" while it is at or
 * below the limit; all ones or zeros of the elements' width, so that the loops stay in one lane
 * width.
 */
#include "kernels/scores.h"

#include <math.h>
#include <string.h>

#include "plumbline/base.h"

#define BLOCK PLUMB_SCORE_BLOCK

static inline int32_t float_stays(float value, float limit)
{
    return value <= limit ? -1 : 0;
}

/* NaN of either sign has the greatest magnitudes. */
static inline int16_t half_stays(uint16_t half, int16_t limit)
{
    int16_t value = (int16_t)half, magnitude = (int16_t)(half & 0x7fff);
    int16_t sign = (int16_t)(value >> 15), key = (int16_t)((magnitude ^ sign) - sign);
    int16_t low = key <= limit ? -1 : 0, number = magnitude <= 0x7c00 ? -1 : 0;
    return low & number;
}

/* The same where the limit is 0 or more: every negative number stays, in whatever order. */
static inline int16_t half_stays_positive(uint16_t half, int16_t limit)
{
    int16_t low = (int16_t)half <= limit ? -1 : 0;
    int16_t number = (int16_t)(half & 0x7fff) <= 0x7c00 ? -1 : 0;
    return low & number;
}

static inline int8_t byte_stays(uint8_t value, uint8_t flip, int8_t limit)
{
    return (int8_t)(value ^ flip) <= limit ? -1 : 0;
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

/* Whole blocks have a constant length, which is what makes the loops good ones; the last of a run
 * that has one overlaps the one before. */
#define BLOCK_BITS(name, type, flag, test, parameters, ...)                                        \
    static inline uint64_t name(const type *data, parameters)                                      \
    {                                                                                              \
        uint8_t bits[BLOCK];                                                                       \
        flag all = -1;                                                                             \
        for (size_t i = 0; i < BLOCK; i++)                                                         \
            all &= test(data[i], __VA_ARGS__);                                                     \
        if (all)                                                                                   \
            return 0;                                                                              \
        for (size_t i = 0; i < BLOCK; i++)                                                         \
            bits[i] = test(data[i], __VA_ARGS__) ? 0 : bit_of[i];                                  \
        return gather_bits(bits);                                                                  \
    }

#define SCAN_RUN(block_bits, test, ...)                                                            \
    size_t found = 0, whole = count / BLOCK, rest = count % BLOCK;                                 \
    uint64_t bits = 0;                                                                             \
    for (size_t block = 0; block < whole; block++) {                                               \
        plumb_ask_ahead(data + block * BLOCK, BLOCK * sizeof(*data), ahead);                       \
        bits = block_bits(data + block * BLOCK, __VA_ARGS__);                                      \
        if (bits)                                                                                  \
            passing[found++] = (plumb_passing){ bits, block };                                     \
    }                                                                                              \
    if (rest == 0)                                                                                 \
        return found;                                                                              \
    bits = 0;                                                                                      \
    if (whole > 0)                                                                                 \
        bits = block_bits(data + count - BLOCK, __VA_ARGS__) >> (BLOCK - rest);                    \
    for (size_t i = 0; whole == 0 && i < rest; i++)                                                \
        bits |= (uint64_t)!test(data[i], __VA_ARGS__) << i;                                        \
    if (bits)                                                                                      \
        passing[found++] = (plumb_passing){ bits, whole };                                         \
    return found;

BLOCK_BITS(float_bits, float, int32_t, float_stays, float limit, limit)
BLOCK_BITS(half_bits, uint16_t, int16_t, half_stays, int16_t limit, limit)
BLOCK_BITS(positive_half_bits, uint16_t, int16_t, half_stays_positive, int16_t limit, limit)

#define FLIP_AND_LIMIT uint8_t flip, int8_t limit
BLOCK_BITS(byte_bits, uint8_t, int8_t, byte_stays, FLIP_AND_LIMIT, flip, limit)

size_t plumb_run_float_c(const float *data, size_t count, float limit, ptrdiff_t ahead,
                         plumb_passing *passing)
{
    SCAN_RUN(float_bits, float_stays, limit)
}

static size_t run_positive_half(const uint16_t *data, size_t count, int16_t limit, ptrdiff_t ahead,
                                plumb_passing *passing){ SCAN_RUN(positive_half_bits,
                                                                  half_stays_positive, limit) }

size_t plumb_run_half_c(const uint16_t *data, size_t count, int32_t limit, ptrdiff_t ahead,
                        plumb_passing *passing)
{
    if (limit >= 0)
        return run_positive_half(data, count, (int16_t)limit, ahead, passing);
    SCAN_RUN(half_bits, half_stays, (int16_t)limit)
}

size_t plumb_run_byte_c(const uint8_t *data, size_t count, uint8_t flip, int8_t limit,
                        ptrdiff_t ahead, plumb_passing *passing)
{
    SCAN_RUN(byte_bits, byte_stays, flip, limit)
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

bool plumb_rows_float_c(const float *data, ptrdiff_t stride, size_t rows, size_t count, float limit,
                        uint8_t *pass)
{
    SCAN_ROWS(float, int32_t, float_stays, limit)
}

bool plumb_rows_half_c(const uint16_t *data, ptrdiff_t stride, size_t rows, size_t count,
                       int32_t limit, uint8_t *pass)
{
    SCAN_ROWS(uint16_t, int16_t, half_stays, (int16_t)limit)
}

bool plumb_rows_byte_c(const uint8_t *data, ptrdiff_t stride, size_t rows, size_t count,
                       uint8_t flip, int8_t limit, uint8_t *pass)
{
    SCAN_ROWS(uint8_t, int8_t, byte_stays, flip, limit)
}

void plumb_read_halves_c(const uint16_t *data, size_t count, float *values)
{
    for (size_t i = 0; i < count; i++)
        values[i] = plumb_half_value(data[i]);
}

bool plumb_keep_greatest_c(const float *values, size_t count, float limit, uint16_t column,
                           float *best, uint16_t *columns)
{
    for (size_t i = 0; i < count; i++) {
        float value = values[i] > limit ? values[i] : -INFINITY;
        bool greater = value > best[i];
        columns[i] = greater ? column : columns[i];
        best[i] = greater ? value : best[i];
    }
    int32_t numbers = -1;
    for (size_t i = 0; i < count; i++)
        numbers &= values[i] == values[i] ? -1 : 0;
    return !numbers;
}

plumb_score_kernels plumb_scores_select(uint32_t cpu)
{
    plumb_score_kernels kernels = { plumb_run_float_c,   plumb_run_half_c,     plumb_run_byte_c,
                                    plumb_rows_float_c,  plumb_rows_half_c,    plumb_rows_byte_c,
                                    plumb_read_halves_c, plumb_keep_greatest_c };
#if defined(PLUMB_HAVE_AVX2)
    if (cpu & PLUMB_CPU_AVX2)
        plumb_scores_select_avx2(&kernels);
#endif
    (void)cpu;
    return kernels;
}
