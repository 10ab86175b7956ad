/* SPDX-License-Identifier: Apache-2.0
 *
 * Where scores can pass a threshold, found in the type they are stored in. The invariant: a value
 * passes exactly when it does not compare as less than or equal to the limit, so that a NaN passes
 * too and hides none of its neighbours; every instruction set says the same.
 */
#ifndef PLUMB_KERNELS_SCORES_H
#define PLUMB_KERNELS_SCORES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define PLUMB_SCORE_BLOCK 64 /* adjacent values that are reported together */

#if defined(__GNUC__) || defined(__clang__)
#define PLUMB_PREFETCH(address)     __builtin_prefetch(address)
#define PLUMB_PREFETCH_FAR(address) __builtin_prefetch(address, 0, 2) /* not into the first cache */
#else
#define PLUMB_PREFETCH(address)     (void)(address)
#define PLUMB_PREFETCH_FAR(address) (void)(address)
#endif

/* Ask for the lines of `size` bytes that lie `ahead` bytes after `at`. */
static inline void plumb_ask_ahead(const void *at, size_t size, ptrdiff_t ahead)
{
    for (size_t line = 0; ahead != 0 && line < size; line += 64)
        PLUMB_PREFETCH_FAR((const void *)((uintptr_t)at + (uintptr_t)ahead + line));
}

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

/* Halves in their numeric order: they have a sign and a magnitude, integers have not. Both zeros
 * are 0. */
static inline int32_t plumb_half_key(uint16_t half)
{
    return half & 0x8000 ? -(int32_t)(half & 0x7fff) : (int32_t)half;
}

/* plumb_float_from_half without a branch, so that loops of it become vectors; which NaN a NaN becomes
 * is left open. Moved to the places of a float's bits, a half lacks 112 of the exponent. A subnormal
 * one lacks its leading bit too: 2^-14 is put there and taken away, which no setting for subnormal
 * floats can spoil. */
static inline float plumb_half_value(uint16_t half)
{
    const uint32_t least = 0x38800000u; /* 2^-14 */
    uint32_t sign = (uint32_t)(half & 0x8000u) << 16, moved = (uint32_t)(half & 0x7fffu) << 13;
    uint32_t bits = moved >= 0x0f800000u ? moved | 0x7f800000u : moved + 0x38000000u;
    uint32_t raised = moved + least;
    float value, leading;
    memcpy(&value, &raised, sizeof(value));
    memcpy(&leading, &least, sizeof(leading));
    value -= leading;
    memcpy(&raised, &value, sizeof(raised));
    bits = (moved < 0x00800000u ? raised : bits) | sign;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

/* Values of which some pass: bit i stands for value PLUMB_SCORE_BLOCK * block + i. */
typedef struct plumb_passing {
    uint64_t bits;
    size_t block;
} plumb_passing;

/* Limits of halves are keys of plumb_half_key, those of bytes are compared with
 * (int8_t)(value ^ flip): a flip of 0x80 orders unsigned ones. */
typedef struct plumb_score_kernels {
    /* `count` adjacent values: the blocks in which some pass, in order; returns how many. There is
     * room for all blocks. `ahead`, where it is not 0, is how many bytes further on the next run
     * lies, which is asked for meanwhile: memory is slow to follow from one run to another. */
    size_t (*run_float)(const float *data, size_t count, float limit, ptrdiff_t ahead,
                        plumb_passing *passing);
    size_t (*run_half)(const uint16_t *data, size_t count, int32_t limit, ptrdiff_t ahead,
                       plumb_passing *passing);
    size_t (*run_byte)(const uint8_t *data, size_t count, uint8_t flip, int8_t limit,
                       ptrdiff_t ahead, plumb_passing *passing);
    /* `rows` runs of `count` adjacent values each, `stride` elements apart: pass[i] is set to 0, or
     * to something else where some value of run i passes; returns whether any does. */
    bool (*rows_float)(const float *data, ptrdiff_t stride, size_t rows, size_t count, float limit,
                       uint8_t *pass);
    bool (*rows_half)(const uint16_t *data, ptrdiff_t stride, size_t rows, size_t count,
                      int32_t limit, uint8_t *pass);
    bool (*rows_byte)(const uint8_t *data, ptrdiff_t stride, size_t rows, size_t count,
                      uint8_t flip, int8_t limit, uint8_t *pass);
    /* plumb_half_value of each. */
    void (*read_halves)(const uint16_t *data, size_t count, float *values);
    /* Where values[i] is above `limit` and best[i], it takes its place, and columns[i] becomes
     * `column`; NaN takes none. `count` is a multiple of 16. Returns whether there is a NaN. */
    bool (*keep_greatest)(const float *values, size_t count, float limit, uint16_t column,
                          float *best, uint16_t *columns);
} plumb_score_kernels;

/* The fastest the CPU flags allow. */
plumb_score_kernels plumb_scores_select(uint32_t cpu);

/* The definition. */
size_t plumb_run_float_c(const float *data, size_t count, float limit, ptrdiff_t ahead,
                         plumb_passing *passing);
size_t plumb_run_half_c(const uint16_t *data, size_t count, int32_t limit, ptrdiff_t ahead,
                        plumb_passing *passing);
size_t plumb_run_byte_c(const uint8_t *data, size_t count, uint8_t flip, int8_t limit,
                        ptrdiff_t ahead, plumb_passing *passing);
bool plumb_rows_float_c(const float *data, ptrdiff_t stride, size_t rows, size_t count, float limit,
                        uint8_t *pass);
bool plumb_rows_half_c(const uint16_t *data, ptrdiff_t stride, size_t rows, size_t count,
                       int32_t limit, uint8_t *pass);
bool plumb_rows_byte_c(const uint8_t *data, ptrdiff_t stride, size_t rows, size_t count,
                       uint8_t flip, int8_t limit, uint8_t *pass);
void plumb_read_halves_c(const uint16_t *data, size_t count, float *values);
bool plumb_keep_greatest_c(const float *values, size_t count, float limit, uint16_t column,
                           float *best, uint16_t *columns);

/* Present where the build has them. */
void plumb_scores_select_avx2(plumb_score_kernels *kernels);

#endif
