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

#define PLUMB_SCORE_BLOCK 64 /* adjacent values that are reported together */

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

/* Halves in their numeric order: they have a sign and a magnitude, integers have not. Both zeros
 * are 0. */
static inline int32_t plumb_half_key(uint16_t half)
{
    return half & 0x8000 ? -(int32_t)(half & 0x7fff) : (int32_t)half;
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
     * room for all blocks. */
    size_t (*run_float)(const float *data, size_t count, float limit, plumb_passing *passing);
    size_t (*run_half)(const uint16_t *data, size_t count, int32_t limit, plumb_passing *passing);
    size_t (*run_byte)(const uint8_t *data, size_t count, uint8_t flip, int8_t limit,
                       plumb_passing *passing);
    /* `rows` runs of `count` adjacent values each, `stride` elements apart: pass[i] is set to 0, or
     * to something else where some value of run i passes; returns whether any does. */
    bool (*rows_float)(const float *data, ptrdiff_t stride, size_t rows, size_t count, float limit,
                       uint8_t *pass);
    bool (*rows_half)(const uint16_t *data, ptrdiff_t stride, size_t rows, size_t count,
                      int32_t limit, uint8_t *pass);
    bool (*rows_byte)(const uint8_t *data, ptrdiff_t stride, size_t rows, size_t count,
                      uint8_t flip, int8_t limit, uint8_t *pass);
    /* The numbers that halves stand for; which NaN a NaN becomes is left open. */
    void (*read_halves)(const uint16_t *data, size_t count, float *values);
} plumb_score_kernels;

/* The fastest the CPU flags allow. */
plumb_score_kernels plumb_scores_select(uint32_t cpu);

/* The definition. */
size_t plumb_run_float_c(const float *data, size_t count, float limit, plumb_passing *passing);
size_t plumb_run_half_c(const uint16_t *data, size_t count, int32_t limit, plumb_passing *passing);
size_t plumb_run_byte_c(const uint8_t *data, size_t count, uint8_t flip, int8_t limit,
                        plumb_passing *passing);
bool plumb_rows_float_c(const float *data, ptrdiff_t stride, size_t rows, size_t count, float limit,
                        uint8_t *pass);
bool plumb_rows_half_c(const uint16_t *data, ptrdiff_t stride, size_t rows, size_t count,
                       int32_t limit, uint8_t *pass);
bool plumb_rows_byte_c(const uint8_t *data, ptrdiff_t stride, size_t rows, size_t count,
                       uint8_t flip, int8_t limit, uint8_t *pass);
void plumb_read_halves_c(const uint16_t *data, size_t count, float *values);

/* Present where the build has them. */
void plumb_scores_select_avx2(plumb_score_kernels *kernels);

#endif
