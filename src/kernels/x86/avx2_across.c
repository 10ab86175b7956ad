/* SPDX-License-Identifier: Apache-2.0
 *
 * Weighted sums across rows, 32 columns (floats: 16) at a time. Rows are ours and have slack, so the
 * last vector of a row may reach over its end. Rows of bytes or words go through the multiply-add in
 * pairs; an odd last row is paired with itself and a weight of 0. Words of weights as in
 * avx2_along.c.
 */
#include <immintrin.h>

#include "kernels/c/reference.h"
#include "kernels/x86/windows.h"

PLUMB_INLINE __m256i load(const void *row, int32_t at, size_t size)
{
    return _mm256_loadu_si256(
        (const __m256i *)(const void *)((const uint8_t *)row + (size_t)at * size));
}

PLUMB_INLINE void store(void *to, int32_t at, size_t size, __m256i v)
{
    _mm256_storeu_si256((__m256i *)(void *)((uint8_t *)to + (size_t)at * size), v);
}

PLUMB_INLINE __m256i pair_of(int32_t a, int32_t b)
{
    return _mm256_set1_epi32((int32_t)((uint32_t)(a & 0xffff) | (uint32_t)b << 16));
}

/* Words of two rows of bytes side by side: columns 0..3 and 16..19, then 4..7 and 20..23, ... */
PLUMB_INLINE void side_by_side(const void *a, const void *b, int32_t x, __m256i words[4])
{
    __m256i zero = _mm256_setzero_si256(), p = load(a, x, 1), q = load(b, x, 1);
    __m256i low = _mm256_unpacklo_epi8(p, q), high = _mm256_unpackhi_epi8(p, q);
    words[0] = _mm256_unpacklo_epi8(low, zero);
    words[1] = _mm256_unpackhi_epi8(low, zero);
    words[2] = _mm256_unpacklo_epi8(high, zero);
    words[3] = _mm256_unpackhi_epi8(high, zero);
}

PLUMB_INLINE const int32_t *weights_of(const plumb_taps *taps, int32_t output)
{
    return taps->integer + (size_t)output * (size_t)taps->taps;
}

/* Weights of a pair of rows, and where the rows are. */
typedef struct row_pair {
    __m256i low, high;
    const void *first, *second;
} row_pair;

PLUMB_INLINE void pillow_columns(uint8_t *to, const row_pair *pairs, int32_t count, int32_t x)
{
    __m256i low[4], high[4], words[4];
    for (int k = 0; k < 4; k++) {
        low[k] = _mm256_set1_epi32(1 << 21);
        high[k] = _mm256_setzero_si256();
    }
    for (int32_t j = 0; j < count; j++) {
        side_by_side(pairs[j].first, pairs[j].second, x, words);
        for (int k = 0; k < 4; k++) {
            low[k] = _mm256_add_epi32(low[k], _mm256_madd_epi16(words[k], pairs[j].low));
            high[k] = _mm256_add_epi32(high[k], _mm256_madd_epi16(words[k], pairs[j].high));
        }
    }
    for (int k = 0; k < 4; k++)
        low[k] = _mm256_srai_epi32(_mm256_add_epi32(low[k], _mm256_slli_epi32(high[k], 15)), 22);
    store(to, x, 1,
          _mm256_packus_epi16(_mm256_packs_epi32(low[0], low[1]),
                              _mm256_packs_epi32(low[2], low[3])));
}

/* More taps than this are left to C: a ratio of 20 with Lanczos. */
#define MAX_PAIRS 64

static void across_pillow(void *to, const void *const *rows, const plumb_taps *taps, int32_t output,
                          int32_t n)
{
    row_pair pairs[MAX_PAIRS];
    const int32_t *w = weights_of(taps, output);
    int32_t count = (taps->taps + 1) / 2;
    if (count > MAX_PAIRS) {
        plumb_across_c(PLUMB_STEP_PILLOW, to, rows, taps, output, n);
        return;
    }
    for (int32_t j = 0; j < count; j++) {
        int32_t a = 2 * j, b = a + 1 < taps->taps ? a + 1 : a, second = b > a ? w[b] : 0;
        pairs[j].low = pair_of(w[a] & 0x7fff, second & 0x7fff);
        pairs[j].high = pair_of(w[a] >> 15, second >> 15);
        pairs[j].first = rows[a];
        pairs[j].second = rows[b];
    }
    for (int32_t x = 0; x < n; x += 32)
        pillow_columns(to, pairs, count, x);
}

PLUMB_INLINE void bytes_to_words(uint16_t *to, const void *const *rows, const int32_t *w,
                                 int32_t count, int32_t x, bool linear)
{
    __m256i sum[4], words[4];
    for (int k = 0; k < 4; k++)
        sum[k] = _mm256_setzero_si256();
    for (int32_t j = 0; j < count; j += 2) {
        bool both = j + 1 < count;
        __m256i weights = pair_of(w[j], both ? w[j + 1] : 0);
        side_by_side(rows[j], rows[both ? j + 1 : j], x, words);
        for (int k = 0; k < 4; k++)
            sum[k] = _mm256_add_epi32(sum[k], _mm256_madd_epi16(words[k], weights));
    }
    for (int k = 0; k < 4 && linear; k++)
        sum[k] = _mm256_srai_epi32(sum[k], 4);
    __m256i a = linear ? _mm256_packs_epi32(sum[0], sum[1]) : _mm256_packus_epi32(sum[0], sum[1]);
    __m256i b = linear ? _mm256_packs_epi32(sum[2], sum[3]) : _mm256_packus_epi32(sum[2], sum[3]);
    store(to, x, 2, _mm256_permute2x128_si256(a, b, 0x20));
    store(to, x + 16, 2, _mm256_permute2x128_si256(a, b, 0x31));
}

PLUMB_INLINE __m256i words_at(const uint8_t *row, int32_t x)
{
    return _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(const void *)(row + x)));
}

/* Two rows whose weights add up to `unit`; `small` is the weight of q and at most half of it.
 *
 *     unit 2048: (2048 p - small (p - q)) >> 4 = 128 p + ((128 (p - q) * -32 small) >> 16)
 *     unit 256:  256 p + small (q - p), modulo 2^16 */
PLUMB_INLINE void two_rows(uint16_t *to, const uint8_t *p, const uint8_t *q, int32_t small,
                           int32_t n, bool linear)
{
    __m256i weight = _mm256_set1_epi16((int16_t)(linear ? -32 * small : small));
    for (int32_t x = 0; x < n; x += 16) {
        __m256i a = words_at(p, x), b = words_at(q, x), change;
        if (linear) {
            a = _mm256_slli_epi16(a, 7);
            change = _mm256_mulhi_epi16(_mm256_sub_epi16(a, _mm256_slli_epi16(b, 7)), weight);
        } else {
            change = _mm256_mullo_epi16(_mm256_sub_epi16(b, a), weight);
            a = _mm256_slli_epi16(a, 8);
        }
        store(to, x, 2, _mm256_add_epi16(a, change));
    }
}

PLUMB_INLINE void across_first(uint16_t *to, const void *const *rows, const plumb_taps *taps,
                               int32_t output, int32_t n, bool linear)
{
    const int32_t *w = weights_of(taps, output);
    int32_t unit = linear ? 2048 : 256;
    if (taps->taps == 2 && w[0] + w[1] == unit && w[0] >= 0 && w[1] >= 0) {
        int near = w[1] > w[0];
        two_rows(to, rows[near], rows[1 - near], w[1 - near], n, linear);
        return;
    }
    for (int32_t x = 0; x < n; x += 32)
        bytes_to_words(to, rows, w, taps->taps, x, linear);
}

static void across_linear_first(void *to, const void *const *rows, const plumb_taps *taps,
                                int32_t output, int32_t n)
{
    across_first(to, rows, taps, output, n, true);
}

static void across_exact_first(void *to, const void *const *rows, const plumb_taps *taps,
                               int32_t output, int32_t n)
{
    across_first(to, rows, taps, output, n, false);
}

static void across_linear_second(void *to, const void *const *rows, const plumb_taps *taps,
                                 int32_t output, int32_t n)
{
    const int32_t *w = weights_of(taps, output);
    for (int32_t x = 0; x < n; x += 32) {
        __m256i a = _mm256_set1_epi16(2), b = a;
        for (int32_t j = 0; j < taps->taps; j++) {
            __m256i weight = _mm256_set1_epi16((int16_t)w[j]);
            a = _mm256_add_epi16(a, _mm256_mulhi_epi16(load(rows[j], x, 2), weight));
            b = _mm256_add_epi16(b, _mm256_mulhi_epi16(load(rows[j], x + 16, 2), weight));
        }
        __m256i bytes = _mm256_packus_epi16(_mm256_srai_epi16(a, 2), _mm256_srai_epi16(b, 2));
        store(to, x, 1, _mm256_permute4x64_epi64(bytes, 0xd8));
    }
}

/* 16 columns; words made signed as in avx2_along.c, for weights that add up to 256. */
PLUMB_INLINE __m256i exact_columns(const void *const *rows, const int32_t *w, int32_t count,
                                   int32_t x)
{
    __m256i sign = _mm256_set1_epi16((int16_t)0x8000);
    __m256i low = _mm256_set1_epi32((1 << 23) + (1 << 15)), high = low;
    for (int32_t j = 0; j < count; j += 2) {
        bool both = j + 1 < count;
        __m256i p = _mm256_xor_si256(load(rows[j], x, 2), sign);
        __m256i q = _mm256_xor_si256(load(rows[both ? j + 1 : j], x, 2), sign);
        __m256i weights = pair_of(w[j], both ? w[j + 1] : 0);
        low = _mm256_add_epi32(low, _mm256_madd_epi16(_mm256_unpacklo_epi16(p, q), weights));
        high = _mm256_add_epi32(high, _mm256_madd_epi16(_mm256_unpackhi_epi16(p, q), weights));
    }
    return _mm256_packs_epi32(_mm256_srai_epi32(low, 16), _mm256_srai_epi32(high, 16));
}

static void across_exact_second(void *to, const void *const *rows, const plumb_taps *taps,
                                int32_t output, int32_t n)
{
    const int32_t *w = weights_of(taps, output);
    for (int32_t x = 0; x < n; x += 32) {
        __m256i bytes = _mm256_packus_epi16(exact_columns(rows, w, taps->taps, x),
                                            exact_columns(rows, w, taps->taps, x + 16));
        store(to, x, 1, _mm256_permute4x64_epi64(bytes, 0xd8));
    }
}

PLUMB_INLINE __m256 eight_floats(const void *row, int32_t x, bool bytes)
{
    if (!bytes)
        return _mm256_loadu_ps((const float *)row + x);
    __m128i b = _mm_loadl_epi64((const __m128i *)(const void *)((const uint8_t *)row + x));
    return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(b));
}

/* The sums of 16 columns in the order of the taps. */
PLUMB_INLINE void float_columns(const void *const *rows, const plumb_taps *taps, int32_t output,
                                int32_t x, bool bytes, __m256 sum[2])
{
    const float *w = taps->real + (size_t)output * (size_t)taps->taps;
    sum[0] = sum[1] = _mm256_setzero_ps();
    for (int32_t j = 0; j < taps->taps; j++) {
        __m256 weight = _mm256_set1_ps(w[j]);
        for (int k = 0; k < 2; k++)
            sum[k] = _mm256_add_ps(sum[k],
                                   _mm256_mul_ps(weight, eight_floats(rows[j], x + 8 * k, bytes)));
    }
}

PLUMB_INLINE void across_floats(float *to, const void *const *rows, const plumb_taps *taps,
                                int32_t output, int32_t n, bool bytes)
{
    for (int32_t x = 0; x < n; x += 16) {
        __m256 sum[2];
        float_columns(rows, taps, output, x, bytes, sum);
        _mm256_storeu_ps(to + x, sum[0]);
        _mm256_storeu_ps(to + x + 8, sum[1]);
    }
}

static void across_float_first(void *to, const void *const *rows, const plumb_taps *taps,
                               int32_t output, int32_t n)
{
    across_floats(to, rows, taps, output, n, true);
}

static void across_float_second(void *to, const void *const *rows, const plumb_taps *taps,
                                int32_t output, int32_t n)
{
    across_floats(to, rows, taps, output, n, false);
}

static void across_float_round(void *to, const void *const *rows, const plumb_taps *taps,
                               int32_t output, int32_t n)
{
    __m256 factor = _mm256_set1_ps(taps->factor);
    for (int32_t x = 0; x < n; x += 16) {
        __m256 sum[2];
        float_columns(rows, taps, output, x, false, sum);
        __m256i a = _mm256_cvtps_epi32(_mm256_mul_ps(sum[0], factor));
        __m256i b = _mm256_cvtps_epi32(_mm256_mul_ps(sum[1], factor));
        __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(a, b), 0xd8);
        __m256i bytes = _mm256_permute4x64_epi64(_mm256_packus_epi16(words, words), 0xd8);
        _mm_storeu_si128((__m128i *)(void *)((uint8_t *)to + x), _mm256_castsi256_si128(bytes));
    }
}

void plumb_kernels_init_avx2_across(plumb_kernels *kernels)
{
    kernels->across[PLUMB_STEP_PILLOW] = across_pillow;
    kernels->across[PLUMB_STEP_LINEAR_FIRST] = across_linear_first;
    kernels->across[PLUMB_STEP_LINEAR_SECOND] = across_linear_second;
    kernels->across[PLUMB_STEP_EXACT_FIRST] = across_exact_first;
    kernels->across[PLUMB_STEP_EXACT_SECOND] = across_exact_second;
    kernels->across[PLUMB_STEP_FLOAT_FIRST] = across_float_first;
    kernels->across[PLUMB_STEP_FLOAT_SECOND] = across_float_second;
    kernels->across[PLUMB_STEP_FLOAT_ROUND] = across_float_round;
}
