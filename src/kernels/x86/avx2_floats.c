/* SPDX-License-Identifier: Apache-2.0
 *
 * Float sums along a row, eight outputs at a time, each in the order of its taps: a tap of zero
 * weight adds 0, which changes nothing. Bytes come out of two windows of 16, four outputs each, as in
 * avx2_along.c; where outputs lie further apart, and for rows of floats, they are gathered.
 */
#include <immintrin.h>
#include <string.h>

#include "kernels/c/reference.h"
#include "kernels/x86/windows.h"

/* The head of the tables of eight outputs; the weights of each tap follow, eight floats. */
typedef struct float_group {
    int32_t bases[2];
    int32_t unused[6];
    uint8_t shuffle[32];
} float_group;

static size_t group_size(const plumb_taps *taps)
{
    return sizeof(float_group) + (size_t)taps->taps * 8 * sizeof(float);
}

static size_t program_size(plumb_step step, const plumb_taps *taps)
{
    (void)step;
    return plumb_windows_hold(taps, 4, 1, PLUMB_WINDOW)
               ? (size_t)((taps->outputs + 7) / 8) * group_size(taps)
               : 0;
}

static void make_program(plumb_step step, const plumb_taps *taps, void *program)
{
    (void)step;
    for (int32_t i = 0; i < (taps->outputs + 7) / 8 * 8; i++) {
        uint8_t *memory = (uint8_t *)program + (size_t)(i / 8) * group_size(taps);
        float_group *g = (float_group *)(void *)memory;
        float *weights = (float *)(void *)(g + 1);
        int32_t k = i % 8, last = taps->outputs - 1, first = taps->first[i < last ? i : last];
        if (k % 4 == 0)
            g->bases[k / 4] = first;
        memset(g->shuffle + 4 * k, 0x80, 4);
        g->shuffle[4 * k] = (uint8_t)(first - g->bases[k / 4]);
        for (int32_t j = 0; j < taps->taps && i <= last; j++)
            weights[8 * j + k] = taps->real[(size_t)i * (size_t)taps->taps + (size_t)j];
    }
}

/* Rows are written in whole vectors, into their slack at the end. */
static void windowed_row(float *to, const uint8_t *from, const plumb_taps *taps)
{
    const uint8_t *memory = taps->program;
    for (int32_t i = 0; i < taps->outputs; i += 8, memory += group_size(taps)) {
        const float_group *g = (const float_group *)(const void *)memory;
        const float *weights = (const float *)(const void *)(g + 1);
        const uint8_t *low = from + g->bases[0], *high = from + g->bases[1];
        __m256i shuffle = _mm256_load_si256((const __m256i *)(const void *)g->shuffle);
        __m256 sum = _mm256_setzero_ps();
        for (int32_t j = 0; j < taps->taps; j++) {
            __m256i bytes = _mm256_shuffle_epi8(plumb_two_windows(low + j, high + j), shuffle);
            sum = _mm256_add_ps(
                sum, _mm256_mul_ps(_mm256_load_ps(weights + 8 * j), _mm256_cvtepi32_ps(bytes)));
        }
        _mm256_storeu_ps(to + i, sum);
    }
}

PLUMB_INLINE void store_eight(uint8_t *to, __m256i v)
{
    __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(v, v), 0xd8);
    __m128i half = _mm256_castsi256_si128(words);
    _mm_storel_epi64((__m128i *)(void *)to, _mm_packus_epi16(half, half));
}

static void rest_of(plumb_step step, void *to, const void *from, const plumb_taps *taps,
                    int32_t done, size_t output_size)
{
    plumb_taps t = *taps;
    void *rest = (uint8_t *)to + (size_t)done * output_size;
    t.outputs -= done;
    t.first += done;
    if (t.integer)
        t.integer += (size_t)done * (size_t)t.taps;
    if (t.real)
        t.real += (size_t)done * (size_t)t.taps;
    if (t.outputs > 0)
        plumb_along_c(step, &rest, &from, 1, &t);
}

PLUMB_INLINE __m256 weights_of(const plumb_taps *taps, int32_t i, int32_t j)
{
    const float *w = taps->real + (size_t)i * (size_t)taps->taps + (size_t)j;
    __m256i step = _mm256_mullo_epi32(_mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7),
                                      _mm256_set1_epi32(taps->taps));
    return _mm256_i32gather_ps(w, step, 4);
}

static void gathered_row(void *to, const void *from, const plumb_taps *taps)
{
    int32_t i = 0;
    for (; i + 8 <= taps->outputs; i += 8) {
        __m256i first = _mm256_loadu_si256((const __m256i *)(const void *)(taps->first + i));
        __m256 sum = _mm256_setzero_ps();
        for (int32_t j = 0; j < taps->taps; j++) {
            __m256i bytes = _mm256_i32gather_epi32(
                (const int *)(const void *)((const uint8_t *)from + j), first, 1);
            __m256 p = _mm256_cvtepi32_ps(_mm256_and_si256(bytes, _mm256_set1_epi32(255)));
            sum = _mm256_add_ps(sum, _mm256_mul_ps(weights_of(taps, i, j), p));
        }
        _mm256_storeu_ps((float *)to + i, sum);
    }
    rest_of(PLUMB_STEP_FLOAT_FIRST, to, from, taps, i, sizeof(float));
}

PLUMB_INLINE __m256 float_sums(const void *from, const plumb_taps *taps, int32_t i)
{
    __m256i first = _mm256_loadu_si256((const __m256i *)(const void *)(taps->first + i));
    __m256 sum = _mm256_setzero_ps();
    for (int32_t j = 0; j < taps->taps; j++) {
        __m256 p = _mm256_i32gather_ps((const float *)from + j, first, 4);
        sum = _mm256_add_ps(sum, _mm256_mul_ps(weights_of(taps, i, j), p));
    }
    return sum;
}

static void row_float_second(void *to, const void *from, const plumb_taps *taps)
{
    int32_t i = 0;
    for (; i + 8 <= taps->outputs; i += 8)
        _mm256_storeu_ps((float *)to + i, float_sums(from, taps, i));
    rest_of(PLUMB_STEP_FLOAT_SECOND, to, from, taps, i, sizeof(float));
}

static void row_float_round(void *to, const void *from, const plumb_taps *taps)
{
    int32_t i = 0;
    __m256 factor = _mm256_set1_ps(taps->factor);
    for (; i + 8 <= taps->outputs; i += 8)
        store_eight((uint8_t *)to + i,
                    _mm256_cvtps_epi32(_mm256_mul_ps(float_sums(from, taps, i), factor)));
    rest_of(PLUMB_STEP_FLOAT_ROUND, to, from, taps, i, 1);
}

static void along_float_first(void *const to[], const void *const from[], int planes,
                              const plumb_taps *taps)
{
    for (int k = 0; k < planes; k++) {
        if (taps->program)
            windowed_row(to[k], from[k], taps);
        else
            gathered_row(to[k], from[k], taps);
    }
}

static void along_float_second(void *const to[], const void *const from[], int planes,
                               const plumb_taps *taps)
{
    for (int k = 0; k < planes; k++)
        row_float_second(to[k], from[k], taps);
}

static void along_float_round(void *const to[], const void *const from[], int planes,
                              const plumb_taps *taps)
{
    for (int k = 0; k < planes; k++)
        row_float_round(to[k], from[k], taps);
}

void plumb_kernels_init_avx2_floats(plumb_kernels *kernels)
{
    kernels->program[PLUMB_STEP_FLOAT_FIRST].size = program_size;
    kernels->program[PLUMB_STEP_FLOAT_FIRST].make = make_program;
    kernels->along[PLUMB_STEP_FLOAT_FIRST] = along_float_first;
    kernels->along[PLUMB_STEP_FLOAT_SECOND] = along_float_second;
    kernels->along[PLUMB_STEP_FLOAT_ROUND] = along_float_round;
}
