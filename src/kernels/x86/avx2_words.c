/* SPDX-License-Identifier: Apache-2.0
 *
 * The second sums of OpenCV's bilinear along a row of words, two taps an output. Eight outputs come
 * from four windows of 16 bytes, two outputs each, shuffled into place; a gather would take
 * several times as long.
 */
#include <immintrin.h>
#include <string.h>

#include "kernels/c/reference.h"
#include "kernels/x86/windows.h"

#define WINDOW 8 /* words */

/* The tables of eight outputs: window k holds outputs 2k and 2k + 1. */
typedef struct word_group {
    int32_t bases[4];
    int32_t unused[4];
    uint8_t low_shuffle[32], high_shuffle[32]; /* windows 0 and 2, windows 1 and 3 */
    int16_t weights[16];
} word_group;

static bool fits(const plumb_taps *taps)
{
    for (int32_t i = 0; i + 1 < taps->outputs; i += 2)
        if (taps->first[i + 1] < taps->first[i] || taps->first[i + 1] - taps->first[i] + 2 > WINDOW)
            return false;
    return taps->taps == 2;
}

static int32_t groups_of(const plumb_taps *taps)
{
    return (taps->outputs + 15) / 16 * 2; /* stored two at a time */
}

size_t plumb_words_size_avx2(plumb_step step, const plumb_taps *taps)
{
    (void)step;
    return fits(taps) ? (size_t)groups_of(taps) * sizeof(word_group) : 0;
}

void plumb_words_make_avx2(plumb_step step, const plumb_taps *taps, void *program)
{
    (void)step;
    word_group *groups = program;
    for (int32_t i = 0; i < groups_of(taps) * 8; i++) {
        word_group *g = &groups[i / 8];
        int32_t k = i % 8, window = k / 2, last = taps->outputs - 1;
        int32_t first = taps->first[i < last ? i : last];
        if (k % 2 == 0)
            g->bases[window] = first;
        /* Windows 0, 1 make the low lane, 2, 3 the high one; even windows its low half. */
        uint8_t *shuffle = window % 2 == 0 ? g->low_shuffle : g->high_shuffle;
        memset(shuffle + window / 2 * 16 + (window % 2 == 0 ? 8 : 0), 0x80, 8);
        for (int b = 0; b < 4; b++)
            shuffle[4 * k + b] = (uint8_t)(2 * (first - g->bases[window]) + b);
        for (int t = 0; t < 2 && i <= last; t++)
            g->weights[2 * k + t] = (int16_t)taps->integer[2 * (size_t)i + (size_t)t];
    }
}

/* Both words of eight outputs. */
PLUMB_INLINE __m256i words_of(const int16_t *from, const word_group *g)
{
    __m256i even = plumb_two_windows(from + g->bases[0], from + g->bases[2]);
    __m256i odd = plumb_two_windows(from + g->bases[1], from + g->bases[3]);
    return _mm256_or_si256(_mm256_shuffle_epi8(even, plumb_table(g->low_shuffle)),
                           _mm256_shuffle_epi8(odd, plumb_table(g->high_shuffle)));
}

PLUMB_INLINE __m256i linear_sums(const int16_t *from, const word_group *g)
{
    __m256i product =
        _mm256_mulhi_epi16(words_of(from, g), plumb_table((const uint8_t *)g->weights));
    __m256i sum = _mm256_madd_epi16(product, _mm256_set1_epi16(1));
    return _mm256_srai_epi32(_mm256_add_epi32(sum, _mm256_set1_epi32(2)), 2);
}

/* Unsigned words become signed by taking 2^15 away; the weights add up to 256, so 2^23 comes back. */
PLUMB_INLINE __m256i exact_sums(const int16_t *from, const word_group *g)
{
    __m256i words = _mm256_xor_si256(words_of(from, g), _mm256_set1_epi16((int16_t)0x8000));
    __m256i sum = _mm256_madd_epi16(words, plumb_table((const uint8_t *)g->weights));
    return _mm256_srai_epi32(_mm256_add_epi32(sum, _mm256_set1_epi32((1 << 23) + (1 << 15))), 16);
}

void plumb_along_words_avx2(plumb_step step, void *const to[], const void *const from[], int planes,
                            const plumb_taps *taps)
{
    if (!taps->program) {
        plumb_along_c(step, to, from, planes, taps);
        return;
    }
    bool linear = step == PLUMB_STEP_LINEAR_SECOND;
    for (int k = 0; k < planes; k++) {
        const word_group *g = taps->program;
        uint8_t *out = to[k];
        for (int32_t i = 0; i < taps->outputs; i += 16, g += 2) {
            __m256i a = linear ? linear_sums(from[k], g) : exact_sums(from[k], g);
            __m256i b = linear ? linear_sums(from[k], g + 1) : exact_sums(from[k], g + 1);
            plumb_store_sixteen(out + i, a, b);
        }
    }
}

static void along_linear_second(void *const to[], const void *const from[], int planes,
                                const plumb_taps *taps)
{
    plumb_along_words_avx2(PLUMB_STEP_LINEAR_SECOND, to, from, planes, taps);
}

static void along_exact_second(void *const to[], const void *const from[], int planes,
                               const plumb_taps *taps)
{
    plumb_along_words_avx2(PLUMB_STEP_EXACT_SECOND, to, from, planes, taps);
}

void plumb_kernels_init_avx2_words(plumb_kernels *kernels)
{
    const plumb_step steps[] = { PLUMB_STEP_LINEAR_SECOND, PLUMB_STEP_EXACT_SECOND };
    for (int i = 0; i < 2; i++) {
        kernels->program[steps[i]].size = plumb_words_size_avx2;
        kernels->program[steps[i]].make = plumb_words_make_avx2;
    }
    kernels->along[PLUMB_STEP_LINEAR_SECOND] = along_linear_second;
    kernels->along[PLUMB_STEP_EXACT_SECOND] = along_exact_second;
}
