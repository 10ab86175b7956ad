/* SPDX-License-Identifier: Apache-2.0
 *
 * The second sums of OpenCV's bilinear along a row of words, as in avx2_words.c, but the words of 16
 * outputs come out of 128 bytes by one permutation.
 */
#include <string.h>

#include "kernels/x86/windows.h"

#define GROUP  16 /* outputs */
#define WINDOW 32 /* words of a vector; a group has two */

/* Stands before the groups, or before the program of avx2_words.c. */
typedef struct words_header {
    bool wide;
    uint8_t unused[63];
} words_header;

typedef struct wide_group {
    int16_t order[WINDOW], weights[WINDOW];
    int32_t base, second; /* words; where the vectors begin */
    int32_t unused[14];
} wide_group;

static bool is_wide(const plumb_taps *taps)
{
    return taps->taps == 2 && plumb_windows_hold(taps, GROUP, 2, 2 * WINDOW);
}

static size_t program_size(plumb_step step, const plumb_taps *taps)
{
    size_t groups = (size_t)(taps->outputs + GROUP - 1) / GROUP;
    size_t size = is_wide(taps) ? groups * sizeof(wide_group) : plumb_words_size_avx2(step, taps);
    return size ? size + sizeof(words_header) : 0;
}

static void make_program(plumb_step step, const plumb_taps *taps, void *program)
{
    words_header *header = program;
    header->wide = is_wide(taps);
    if (!header->wide) {
        plumb_words_make_avx2(step, taps, header + 1);
        return;
    }
    wide_group *groups = (wide_group *)(void *)(header + 1);
    for (int32_t i = 0; i < taps->outputs; i++) {
        wide_group *g = &groups[i / GROUP];
        int32_t k = i % GROUP;
        if (k == 0)
            g->base = g->second = taps->first[i];
        if (taps->first[i] + 2 - g->base > WINDOW) /* else nothing behind the first is read */
            g->second = g->base + WINDOW;
        for (int t = 0; t < 2; t++) {
            g->order[2 * k + t] = (int16_t)(taps->first[i] + t - g->base);
            g->weights[2 * k + t] = (int16_t)taps->integer[2 * (size_t)i + (size_t)t];
        }
    }
}

PLUMB_INLINE __m512i vector(const int16_t *from)
{
    return _mm512_loadu_si512((const void *)from);
}

/* 2^15 is taken from unsigned words and comes back as 2^23, see avx2_words.c. */
PLUMB_INLINE __m512i sums_of(plumb_step step, const int16_t *from, const wide_group *g)
{
    __m512i words = _mm512_permutex2var_epi16(vector(from + g->base), vector(g->order),
                                              vector(from + g->second));
    __m512i weights = vector(g->weights);
    if (step == PLUMB_STEP_LINEAR_SECOND) {
        __m512i sum = _mm512_madd_epi16(_mm512_mulhi_epi16(words, weights), _mm512_set1_epi16(1));
        return _mm512_srai_epi32(_mm512_add_epi32(sum, _mm512_set1_epi32(2)), 2);
    }
    words = _mm512_xor_si512(words, _mm512_set1_epi16((int16_t)0x8000));
    __m512i sum = _mm512_madd_epi16(words, weights);
    return _mm512_srai_epi32(_mm512_add_epi32(sum, _mm512_set1_epi32((1 << 23) + (1 << 15))), 16);
}

PLUMB_INLINE void along_words(plumb_step step, void *const to[], const void *const from[],
                              int planes, const plumb_taps *taps)
{
    const words_header *header = taps->program;
    if (!header || !header->wide) {
        plumb_taps narrow = *taps;
        narrow.program = header ? header + 1 : NULL;
        plumb_along_words_avx2(step, to, from, planes, &narrow);
        return;
    }
    for (int k = 0; k < planes; k++) {
        const wide_group *g = (const wide_group *)(const void *)(header + 1);
        uint8_t *out = to[k];
        for (int32_t i = 0; i < taps->outputs; i += GROUP, g++) {
            __m512i sums = _mm512_max_epi32(sums_of(step, from[k], g), _mm512_setzero_si512());
            _mm_storeu_si128((__m128i *)(void *)(out + i), _mm512_cvtusepi32_epi8(sums));
        }
    }
}

static void along_linear_second(void *const to[], const void *const from[], int planes,
                                const plumb_taps *taps)
{
    along_words(PLUMB_STEP_LINEAR_SECOND, to, from, planes, taps);
}

static void along_exact_second(void *const to[], const void *const from[], int planes,
                               const plumb_taps *taps)
{
    along_words(PLUMB_STEP_EXACT_SECOND, to, from, planes, taps);
}

void plumb_kernels_init_avx512_words(plumb_kernels *kernels)
{
    const plumb_step steps[] = { PLUMB_STEP_LINEAR_SECOND, PLUMB_STEP_EXACT_SECOND };
    for (int i = 0; i < 2; i++) {
        kernels->program[steps[i]].size = program_size;
        kernels->program[steps[i]].make = make_program;
    }
    kernels->along[PLUMB_STEP_LINEAR_SECOND] = along_linear_second;
    kernels->along[PLUMB_STEP_EXACT_SECOND] = along_exact_second;
}
