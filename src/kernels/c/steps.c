/* SPDX-License-Identifier: Apache-2.0
 *
 * The weighted sums, each defined once and used along a row and across rows.
 */
#include <math.h>
#include <string.h>

#include "kernels/c/reference.h"

static inline uint8_t clip(int32_t x)
{
    return (uint8_t)(x < 0 ? 0 : x > 255 ? 255 : x);
}

/* Columns that are summed together across rows: the sums stay in registers or in the first
 * cache while the rows pass by. */
#define BLOCK 64

#define DEFINE_STEP(NAME, IN, OUT, WEIGHT, FIELD, START, TERM, FINISH)                             \
    static inline void row_##NAME(OUT *out, const IN *from, const plumb_taps *taps)                \
    {                                                                                              \
        float factor = taps->factor;                                                               \
        (void)factor;                                                                              \
        for (int32_t i = 0; i < taps->outputs; i++) {                                              \
            const IN *p = from + taps->first[i];                                                   \
            const WEIGHT *w = taps->FIELD + (size_t)i * (size_t)taps->taps;                        \
            WEIGHT sum = START;                                                                    \
            for (int32_t j = 0; j < taps->taps; j++)                                               \
                sum += TERM(w[j], p[j]);                                                           \
            out[i] = FINISH(sum);                                                                  \
        }                                                                                          \
    }                                                                                              \
    static void along_##NAME(void *const to[], const void *const from[], int planes,               \
                             const plumb_taps *taps)                                               \
    {                                                                                              \
        for (int k = 0; k < planes; k++)                                                           \
            row_##NAME(to[k], from[k], taps);                                                      \
    }                                                                                              \
    static void across_##NAME(void *to, const void *const *rows, const plumb_taps *taps,           \
                              int32_t output, int32_t n)                                           \
    {                                                                                              \
        const WEIGHT *w = taps->FIELD + (size_t)output * (size_t)taps->taps;                       \
        float factor = taps->factor;                                                               \
        (void)factor;                                                                              \
        for (int32_t x = 0; x < n; x += BLOCK) {                                                   \
            WEIGHT sum[BLOCK];                                                                     \
            int32_t count = n - x < BLOCK ? n - x : BLOCK;                                         \
            OUT *out = (OUT *)to + x;                                                              \
            for (int32_t i = 0; i < count; i++)                                                    \
                sum[i] = START;                                                                    \
            for (int32_t j = 0; j < taps->taps; j++) {                                             \
                const IN *p = (const IN *)rows[j] + x;                                             \
                WEIGHT weight = w[j];                                                              \
                for (int32_t i = 0; i < count; i++)                                                \
                    sum[i] += TERM(weight, p[i]);                                                  \
            }                                                                                      \
            for (int32_t i = 0; i < count; i++)                                                    \
                out[i] = FINISH(sum[i]);                                                           \
        }                                                                                          \
    }

#define PRODUCT(w, p)      ((w) * (p))
#define HIGH_PRODUCT(w, p) (((w) * (p)) >> 16)

#define TO_PILLOW(sum)   clip((sum) >> 22)
#define TO_LINEAR(sum)   (int16_t)((sum) >> 4)
#define FROM_LINEAR(sum) clip(((sum) + 2) >> 2)
#define TO_EXACT(sum)    (uint16_t)(sum)
#define FROM_EXACT(sum)  (uint8_t)(((sum) + 32768) >> 16)
#define TO_MEAN(sum)     (uint8_t)((sum) >> 7)
#define AS_IS(sum)       (sum)
#define ROUNDED(sum)     clip((int32_t)lrintf((sum)*factor))

DEFINE_STEP(pillow, uint8_t, uint8_t, int32_t, integer, 1 << 21, PRODUCT, TO_PILLOW)
DEFINE_STEP(linear_first, uint8_t, int16_t, int32_t, integer, 0, PRODUCT, TO_LINEAR)
DEFINE_STEP(linear_second, int16_t, uint8_t, int32_t, integer, 0, HIGH_PRODUCT, FROM_LINEAR)
DEFINE_STEP(exact_first, uint8_t, uint16_t, int32_t, integer, 0, PRODUCT, TO_EXACT)
DEFINE_STEP(exact_second, uint16_t, uint8_t, int32_t, integer, 0, PRODUCT, FROM_EXACT)
DEFINE_STEP(mean, uint8_t, uint8_t, int32_t, integer, 64, PRODUCT, TO_MEAN)
DEFINE_STEP(float_first, uint8_t, float, float, real, 0.0f, PRODUCT, AS_IS)
DEFINE_STEP(float_second, float, float, float, real, 0.0f, PRODUCT, AS_IS)
DEFINE_STEP(float_round, float, uint8_t, float, real, 0.0f, PRODUCT, ROUNDED)

static void along_pick(void *const to[], const void *const from[], int planes,
                       const plumb_taps *taps)
{
    for (int k = 0; k < planes; k++)
        for (int32_t i = 0; i < taps->outputs; i++)
            ((uint8_t *)to[k])[i] = ((const uint8_t *)from[k])[taps->first[i]];
}

static void across_pick(void *to, const void *const *rows, const plumb_taps *taps, int32_t output,
                        int32_t n)
{
    (void)taps;
    (void)output;
    memcpy(to, rows[0], (size_t)n);
}

static size_t program_size(plumb_step step, const plumb_taps *taps)
{
    (void)step;
    (void)taps;
    return 0;
}

static void make_program(plumb_step step, const plumb_taps *taps, void *program)
{
    (void)step;
    (void)taps;
    (void)program;
}

static const struct {
    plumb_along_fn along;
    plumb_across_fn across;
} steps[PLUMB_STEPS] = {
    [PLUMB_STEP_PICK] = { along_pick, across_pick },
    [PLUMB_STEP_PILLOW] = { along_pillow, across_pillow },
    [PLUMB_STEP_LINEAR_FIRST] = { along_linear_first, across_linear_first },
    [PLUMB_STEP_LINEAR_SECOND] = { along_linear_second, across_linear_second },
    [PLUMB_STEP_EXACT_FIRST] = { along_exact_first, across_exact_first },
    [PLUMB_STEP_EXACT_SECOND] = { along_exact_second, across_exact_second },
    [PLUMB_STEP_MEAN] = { along_mean, across_mean },
    [PLUMB_STEP_FLOAT_FIRST] = { along_float_first, across_float_first },
    [PLUMB_STEP_FLOAT_SECOND] = { along_float_second, across_float_second },
    [PLUMB_STEP_FLOAT_ROUND] = { along_float_round, across_float_round },
};

void plumb_along_c(plumb_step step, void *const to[], const void *const from[], int planes,
                   const plumb_taps *taps)
{
    steps[step].along(to, from, planes, taps);
}

void plumb_across_c(plumb_step step, void *to, const void *const *rows, const plumb_taps *taps,
                    int32_t output, int32_t n)
{
    steps[step].across(to, rows, taps, output, n);
}

void plumb_kernels_init_c_steps(plumb_kernels *kernels)
{
    for (int s = 0; s < PLUMB_STEPS; s++) {
        kernels->program[s].size = program_size;
        kernels->program[s].make = make_program;
        kernels->along[s] = steps[s].along;
        kernels->across[s] = steps[s].across;
    }
}
