/* SPDX-License-Identifier: Apache-2.0
 *
 * Means of bytes by the multiply-add of bytes. Weights are kept with the other sign: they then go down
 * to -128, which a signed byte can hold, and no sum of a part of them leaves a word.
 */
#include "kernels/c/reference.h"
#include "kernels/x86/windows.h"

static void negative(int32_t weight, int16_t digits[3])
{
    digits[0] = (int16_t)-weight;
}

const plumb_window_kind plumb_window_means = { 1, 1, negative };

static size_t program_size(plumb_step step, const plumb_taps *taps)
{
    (void)step;
    return plumb_window_program_size(&plumb_window_means, taps, false);
}

static void make_program(plumb_step step, const plumb_taps *taps, void *program)
{
    (void)step;
    plumb_window_program_make(&plumb_window_means, taps, false, program);
}

PLUMB_INLINE __m256i finished(__m256i sum)
{
    return _mm256_srli_epi16(_mm256_sub_epi16(_mm256_set1_epi16(64), sum), 7);
}

/* Words of which an output has 8 / per_lane * 2 / 4 neighbours to be added. */
PLUMB_INLINE void group_sums(const plumb_window_run *r, int32_t group, int32_t at_once,
                             int32_t rounds, int planes, __m256i sums[PLUMB_MAX_PLANES])
{
    const uint8_t *weights = plumb_group_weights(r, group, rounds, 32);
    bool one_window = r->p->one_window;
    plumb_group_bases bases = plumb_bases_of(r, group);
    __m256i shuffle = plumb_group_shuffle(r, group), w = plumb_table(weights);
    for (int k = 0; k < planes; k++) {
        __m256i pixels = _mm256_shuffle_epi8(plumb_group_windows(r->from[k], bases), shuffle);
        sums[k] = _mm256_maddubs_epi16(pixels, w);
    }
    for (int32_t i = 1; i < rounds; i++) {
        w = plumb_table(weights + 32 * i);
        if (one_window)
            shuffle = _mm256_add_epi8(shuffle, _mm256_set1_epi8((char)at_once));
        for (int k = 0; k < planes; k++) {
            __m256i window =
                plumb_group_windows(r->from[k] + (one_window ? 0 : i * at_once), bases);
            __m256i pixels = _mm256_shuffle_epi8(window, shuffle);
            sums[k] = _mm256_add_epi16(sums[k], _mm256_maddubs_epi16(pixels, w));
        }
    }
    for (int k = 0; k < planes; k++)
        sums[k] = _mm256_madd_epi16(sums[k], _mm256_set1_epi16(1));
}

PLUMB_INLINE void eight_sums(const plumb_window_run *r, int32_t group, int32_t per_lane,
                             int32_t rounds, int planes, __m256i eight[PLUMB_MAX_PLANES])
{
    __m256i sums[4][PLUMB_MAX_PLANES];
    for (int32_t g = 0; g < 4 / per_lane; g++)
        group_sums(r, group + g, 16 / per_lane, rounds, planes, sums[g]);
    for (int k = 0; k < planes; k++)
        eight[k] = plumb_eight_of(sums, k, per_lane);
}

PLUMB_INLINE void run_blocks(const plumb_window_run *r, int32_t outputs, int32_t per_lane,
                             int32_t rounds, int planes)
{
    int32_t groups = 4 / per_lane; /* of eight outputs */
    for (int32_t i = 0, g = 0; i < outputs; i += 16, g += 2 * groups) {
        __m256i a[PLUMB_MAX_PLANES], b[PLUMB_MAX_PLANES];
        eight_sums(r, g, per_lane, rounds, planes, a);
        if (g + groups < r->p->groups)
            eight_sums(r, g + groups, per_lane, rounds, planes, b);
        else
            for (int k = 0; k < planes; k++)
                b[k] = a[k];
        for (int k = 0; k < planes; k++) { /* words 0..3 8..11 | 4..7 12..15 */
            __m256i words = finished(_mm256_packs_epi32(a[k], b[k]));
            __m128i bytes =
                _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
            _mm_storeu_si128((__m128i *)(void *)(r->to[k] + i), _mm_shuffle_epi32(bytes, 0xd8));
        }
    }
}

PLUMB_INLINE void run_planes(const plumb_window_run *r, int32_t outputs, int planes)
{
    int32_t rounds = r->p->rounds;
    if (r->p->per_lane == 4 && rounds == 1)
        run_blocks(r, outputs, 4, 1, planes);
    else if (r->p->per_lane == 4)
        run_blocks(r, outputs, 4, rounds, planes);
    else if (r->p->per_lane == 2 && rounds == 1)
        run_blocks(r, outputs, 2, 1, planes);
    else if (r->p->per_lane == 2)
        run_blocks(r, outputs, 2, rounds, planes);
    else
        run_blocks(r, outputs, 1, rounds, planes);
}

void plumb_along_mean_avx2(void *const to[], const void *const from[], int planes,
                           const plumb_taps *taps)
{
    if (!taps->program) {
        plumb_along_c(PLUMB_STEP_MEAN, to, from, planes, taps);
        return;
    }
    plumb_window_run r = plumb_window_run_of(to, from, planes, taps);
    if (planes == 3)
        run_planes(&r, taps->outputs, 3);
    else if (planes == 2)
        run_planes(&r, taps->outputs, 2);
    else
        run_planes(&r, taps->outputs, 1);
}

/* Two rows, and the weights of both in each word; an odd last row is paired with itself. */
typedef struct row_pair {
    __m256i weights;
    const uint8_t *first, *second;
} row_pair;

PLUMB_INLINE __m256i load(const uint8_t *row, int32_t x)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)(row + x));
}

PLUMB_INLINE void across_columns(uint8_t *to, const row_pair *pairs, int32_t count, int32_t n)
{
    for (int32_t i = 0; i < n; i += 32) {
        int32_t x = i + 32 > n ? n - 32 : i; /* the last vector overlaps the one before */
        __m256i low = _mm256_setzero_si256(), high = low;
        for (int32_t j = 0; j < count; j++) {
            __m256i a = load(pairs[j].first, x), b = load(pairs[j].second, x);
            __m256i w = pairs[j].weights;
            low = _mm256_add_epi16(low, _mm256_maddubs_epi16(_mm256_unpacklo_epi8(a, b), w));
            high = _mm256_add_epi16(high, _mm256_maddubs_epi16(_mm256_unpackhi_epi8(a, b), w));
        }
        _mm256_storeu_si256((__m256i *)(void *)(to + x),
                            _mm256_packus_epi16(finished(low), finished(high)));
    }
}

#define MAX_PAIRS 32

static void across_mean(void *to, const void *const *rows, const plumb_taps *taps, int32_t output,
                        int32_t n)
{
    row_pair pairs[MAX_PAIRS];
    const int32_t *w = taps->integer + (size_t)output * (size_t)taps->taps;
    int32_t used = taps->taps;
    while (used > 1 && w[used - 1] == 0)
        used--;
    int32_t count = (used + 1) / 2;
    if (count > MAX_PAIRS || n < 32) {
        plumb_across_c(PLUMB_STEP_MEAN, to, rows, taps, output, n);
        return;
    }
    for (int32_t j = 0; j < count; j++) {
        int32_t a = 2 * j, b = a + 1 < used ? a + 1 : a, second = b > a ? w[b] : 0;
        pairs[j].weights =
            _mm256_set1_epi16((int16_t)((uint32_t)(-w[a] & 255) | (uint32_t)(-second & 255) << 8));
        pairs[j].first = rows[a];
        pairs[j].second = rows[b];
    }
    if (count == 1)
        across_columns(to, pairs, 1, n);
    else if (count == 2)
        across_columns(to, pairs, 2, n);
    else
        across_columns(to, pairs, count, n);
}

void plumb_kernels_init_avx2_mean(plumb_kernels *kernels)
{
    kernels->program[PLUMB_STEP_MEAN].size = program_size;
    kernels->program[PLUMB_STEP_MEAN].make = make_program;
    kernels->along[PLUMB_STEP_MEAN] = plumb_along_mean_avx2;
    kernels->across[PLUMB_STEP_MEAN] = across_mean;
}
