/* SPDX-License-Identifier: Apache-2.0
 *
 * Weighted sums along a row of bytes, taps as pairs of words for the multiply-add.
 *
 * The weights of Pillow have 22 bits. They are cut into two words, w = high * 2^15 + low, and
 * the two sums are put together modulo 2^32, which is exact because the whole sum fits.
 */
#include "kernels/c/reference.h"
#include "kernels/x86/windows.h"

static void one_word(int32_t weight, int16_t digits[3])
{
    digits[0] = (int16_t)weight;
}

static void two_words(int32_t weight, int16_t digits[3])
{
    digits[0] = (int16_t)((uint32_t)weight & 0x7fff);
    digits[1] = (int16_t)(weight >> 15);
}

const plumb_window_kind plumb_window_words = { 2, 1, one_word };
static const plumb_window_kind split = { 2, 2, two_words };

static const plumb_window_kind *kind_of(plumb_step step)
{
    return step == PLUMB_STEP_PILLOW ? &split : &plumb_window_words;
}

static size_t program_size(plumb_step step, const plumb_taps *taps)
{
    return plumb_window_program_size(kind_of(step), taps, false);
}

static void make_program(plumb_step step, const plumb_taps *taps, void *program)
{
    plumb_window_program_make(kind_of(step), taps, false, program);
}

/* The 8 sums of a group as they stand in its registers, for each plane. The weights and shuffles of a
 * round are loaded once for all planes. */
PLUMB_INLINE void group_sums(const plumb_window_run *r, int32_t group, bool split_weights,
                             int32_t at_once, int32_t rounds, int planes,
                             __m256i sums[PLUMB_MAX_PLANES])
{
    size_t round_bytes = split_weights ? 64 : 32;
    const uint8_t *weights = plumb_group_weights(r, group, rounds, round_bytes);
    plumb_group_bases bases = plumb_bases_of(r, group);
    __m256i shuffle = plumb_group_shuffle(r, group), next = _mm256_set1_epi16((int16_t)at_once);
    __m256i high_sums[PLUMB_MAX_PLANES], window[PLUMB_MAX_PLANES];
    bool one_window = r->p->one_window;
    for (int k = 0; k < planes; k++) {
        sums[k] = high_sums[k] = _mm256_setzero_si256();
        window[k] = plumb_group_windows(r->from[k], bases);
    }
    for (int32_t i = 0; i < rounds; i++, weights += round_bytes) {
        __m256i w = plumb_table(weights), w_high = split_weights ? plumb_table(weights + 32) : w;
        for (int k = 0; k < planes; k++) {
            if (!one_window && i > 0)
                window[k] = plumb_group_windows(r->from[k] + i * at_once, bases);
            __m256i pixels = _mm256_shuffle_epi8(window[k], shuffle);
            sums[k] = _mm256_add_epi32(sums[k], _mm256_madd_epi16(pixels, w));
            if (split_weights)
                high_sums[k] = _mm256_add_epi32(high_sums[k], _mm256_madd_epi16(pixels, w_high));
        }
        if (one_window)
            shuffle = _mm256_add_epi16(shuffle, next);
    }
    for (int k = 0; k < planes && split_weights; k++)
        sums[k] = _mm256_add_epi32(sums[k], _mm256_slli_epi32(high_sums[k], 15));
}

PLUMB_INLINE void eight_sums(const plumb_window_run *r, int32_t group, bool split_weights,
                             int32_t per_lane, int32_t rounds, int planes,
                             __m256i eight[PLUMB_MAX_PLANES])
{
    __m256i sums[4][PLUMB_MAX_PLANES];
    for (int32_t g = 0; g < 4 / per_lane; g++)
        group_sums(r, group + g, split_weights, 8 / per_lane, rounds, planes, sums[g]);
    for (int k = 0; k < planes; k++)
        eight[k] = plumb_eight_of(sums, k, per_lane);
}

PLUMB_INLINE __m256i finished(__m256i sum, plumb_step step)
{
    if (step == PLUMB_STEP_PILLOW)
        return _mm256_srai_epi32(_mm256_add_epi32(sum, _mm256_set1_epi32(1 << 21)), 22);
    return step == PLUMB_STEP_LINEAR_FIRST ? _mm256_srai_epi32(sum, 4) : sum;
}

PLUMB_INLINE void store_sixteen(uint8_t *to, __m256i a, __m256i b, plumb_step step)
{
    if (step == PLUMB_STEP_PILLOW) {
        plumb_store_sixteen(to, a, b);
        return;
    }
    __m256i words =
        step == PLUMB_STEP_LINEAR_FIRST ? _mm256_packs_epi32(a, b) : _mm256_packus_epi32(a, b);
    _mm256_storeu_si256((__m256i *)(void *)to, _mm256_permute4x64_epi64(words, 0xd8));
}

/* per_lane, planes and, for few taps, rounds are constants where this is inlined. Sixteen outputs at
 * a time: a block of four groups has 8 (one a lane), 16 or 32. */
PLUMB_INLINE void run_blocks(const plumb_window_run *r, plumb_step step, int32_t outputs,
                             int32_t per_lane, int32_t rounds, int planes)
{
    bool split_weights = step == PLUMB_STEP_PILLOW;
    int32_t groups = 4 / per_lane; /* of eight outputs */
    size_t size = step == PLUMB_STEP_PILLOW ? 1 : 2;
    for (int32_t i = 0, g = 0; i < outputs; i += 16, g += 2 * groups) {
        __m256i a[PLUMB_MAX_PLANES], b[PLUMB_MAX_PLANES];
        eight_sums(r, g, split_weights, per_lane, rounds, planes, a);
        if (g + groups < r->p->groups)
            eight_sums(r, g + groups, split_weights, per_lane, rounds, planes, b);
        else
            for (int k = 0; k < planes; k++)
                b[k] = a[k];
        for (int k = 0; k < planes; k++)
            store_sixteen(r->to[k] + (size_t)i * size, finished(a[k], step), finished(b[k], step),
                          step);
    }
}

PLUMB_INLINE void run_rounds(const plumb_window_run *r, plumb_step step, int32_t outputs,
                             int planes)
{
    int32_t rounds = r->p->rounds;
    if (r->p->per_lane == 2)
        run_blocks(r, step, outputs, 2, rounds, planes);
    else if (r->p->per_lane == 1)
        run_blocks(r, step, outputs, 1, rounds, planes);
    else if (rounds == 1)
        run_blocks(r, step, outputs, 4, 1, planes);
    else if (rounds == 2)
        run_blocks(r, step, outputs, 4, 2, planes);
    else if (rounds == 3)
        run_blocks(r, step, outputs, 4, 3, planes);
    else
        run_blocks(r, step, outputs, 4, rounds, planes);
}

PLUMB_INLINE void run_step(void *const to[], const void *const from[], int planes,
                           const plumb_taps *taps, plumb_step step)
{
    if (!taps->program) {
        plumb_along_c(step, to, from, planes, taps);
        return;
    }
    plumb_window_run r = plumb_window_run_of(to, from, planes, taps);
    if (planes == 3)
        run_rounds(&r, step, taps->outputs, 3);
    else
        run_rounds(&r, step, taps->outputs, 1);
}

static void along_pillow(void *const to[], const void *const from[], int planes,
                         const plumb_taps *taps)
{
    run_step(to, from, planes, taps, PLUMB_STEP_PILLOW);
}

void plumb_along_linear_first_avx2(void *const to[], const void *const from[], int planes,
                                   const plumb_taps *taps)
{
    run_step(to, from, planes, taps, PLUMB_STEP_LINEAR_FIRST);
}

void plumb_along_exact_first_avx2(void *const to[], const void *const from[], int planes,
                                  const plumb_taps *taps)
{
    run_step(to, from, planes, taps, PLUMB_STEP_EXACT_FIRST);
}

void plumb_kernels_init_avx2_along(plumb_kernels *kernels)
{
    const plumb_step steps[] = { PLUMB_STEP_PILLOW, PLUMB_STEP_LINEAR_FIRST,
                                 PLUMB_STEP_EXACT_FIRST };
    for (int i = 0; i < 3; i++) {
        kernels->program[steps[i]].size = program_size;
        kernels->program[steps[i]].make = make_program;
    }
    kernels->along[PLUMB_STEP_PILLOW] = along_pillow;
    kernels->along[PLUMB_STEP_LINEAR_FIRST] = plumb_along_linear_first_avx2;
    kernels->along[PLUMB_STEP_EXACT_FIRST] = plumb_along_exact_first_avx2;
}
