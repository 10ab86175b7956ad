/* SPDX-License-Identifier: Apache-2.0
 *
 * Sums along a row of bytes in wide lanes: one permutation of 64 bytes puts the taps of 16 outputs
 * into place. Ratios beyond 4 fall back to narrow lanes. VBMI permutes, VNNI adds up.
 */
#include "kernels/x86/windows.h"

PLUMB_INLINE __m512i wide_table(const uint8_t *from)
{
    return _mm512_load_si512((const void *)from);
}

PLUMB_INLINE __m512i wide_window(const uint8_t *from)
{
    return _mm512_loadu_si512((const void *)from);
}

PLUMB_INLINE __m512i clipped(__m512i sums)
{
    return _mm512_max_epi32(sums, _mm512_setzero_si512());
}

/* The sixteen sums of a group: bytes of weights in 1 or 3 digits, or pairs of words. */
PLUMB_INLINE void group_sums(const plumb_window_run *r, int32_t group, int digits, bool words,
                             int32_t rounds, bool one_window, int planes,
                             __m512i sums[PLUMB_MAX_PLANES])
{
    int32_t at_once = words ? 2 : 4;
    size_t round_bytes = (size_t)digits * PLUMB_WIDE;
    const uint8_t *weights = plumb_group_weights(r, group, rounds, round_bytes);
    __m512i order = wide_table(r->memory + r->p->shuffles + (size_t)group * PLUMB_WIDE);
    __m512i window[PLUMB_MAX_PLANES], s[3][PLUMB_MAX_PLANES];
    for (int k = 0; k < planes; k++) {
        window[k] = wide_window(r->from[k] + r->bases[group]);
        for (int d = 0; d < digits; d++)
            s[d][k] = _mm512_setzero_si512();
    }
    for (int32_t i = 0; i < rounds; i++, weights += round_bytes) {
        __m512i w[3];
        for (int d = 0; d < digits; d++)
            w[d] = wide_table(weights + d * PLUMB_WIDE);
        for (int k = 0; k < planes; k++) {
            if (!one_window && i > 0)
                window[k] = wide_window(r->from[k] + r->bases[group] + i * at_once);
            __m512i pixels =
                words ? _mm512_maskz_permutexvar_epi8(0x5555555555555555u, order, window[k])
                      : _mm512_permutexvar_epi8(order, window[k]);
            for (int d = 0; d < digits; d++)
                s[d][k] = words ? _mm512_dpwssd_epi32(s[d][k], pixels, w[d])
                                : _mm512_dpbusd_epi32(s[d][k], pixels, w[d]);
        }
        if (one_window)
            order = _mm512_add_epi8(order, _mm512_set1_epi8((char)at_once));
    }
    for (int k = 0; k < planes; k++) {
        sums[k] = s[0][k];
        if (digits == 3) {
            __m512i high = _mm512_add_epi32(s[1][k], _mm512_slli_epi32(s[2][k], 8));
            sums[k] = _mm512_add_epi32(sums[k], _mm512_slli_epi32(high, 8));
        }
    }
}

PLUMB_INLINE void store_sums(uint8_t *to, plumb_step step, int32_t at, __m512i sums)
{
    if (step == PLUMB_STEP_PILLOW || step == PLUMB_STEP_MEAN) {
        if (step == PLUMB_STEP_PILLOW)
            sums =
                clipped(_mm512_srai_epi32(_mm512_add_epi32(sums, _mm512_set1_epi32(1 << 21)), 22));
        else
            sums = _mm512_srli_epi32(_mm512_sub_epi32(_mm512_set1_epi32(64), sums), 7);
        _mm_storeu_si128((__m128i *)(void *)(to + at), _mm512_cvtusepi32_epi8(sums));
        return;
    }
    if (step == PLUMB_STEP_LINEAR_FIRST)
        sums = _mm512_srai_epi32(sums, 4);
    _mm256_storeu_si256((__m256i *)(void *)(to + 2 * (size_t)at), _mm512_cvtepi32_epi16(sums));
}

PLUMB_INLINE void run_groups(const plumb_window_run *r, plumb_step step, int32_t rounds,
                             bool one_window, int planes)
{
    int digits = step == PLUMB_STEP_PILLOW ? 3 : 1;
    bool words = step == PLUMB_STEP_LINEAR_FIRST || step == PLUMB_STEP_EXACT_FIRST;
    for (int32_t g = 0; g < r->p->groups; g++) {
        __m512i sums[PLUMB_MAX_PLANES];
        group_sums(r, g, digits, words, rounds, one_window, planes, sums);
        for (int k = 0; k < planes; k++)
            store_sums(r->to[k], step, g * PLUMB_WIDE_LANE, sums[k]);
    }
}

PLUMB_INLINE void run_rounds(const plumb_window_run *r, plumb_step step, int planes)
{
    int32_t rounds = r->p->rounds;
    if (rounds == 1)
        run_groups(r, step, 1, true, planes);
    else if (rounds == 2 && r->p->one_window)
        run_groups(r, step, 2, true, planes);
    else if (r->p->one_window)
        run_groups(r, step, rounds, true, planes);
    else
        run_groups(r, step, rounds, false, planes);
}

PLUMB_INLINE void run_wide(void *const to[], const void *const from[], int planes,
                           const plumb_taps *taps, plumb_step step)
{
    plumb_window_run r = plumb_window_run_of(to, from, planes, taps);
    if (planes == 3)
        run_rounds(&r, step, 3);
    else if (planes == 2)
        run_rounds(&r, step, 2);
    else
        run_rounds(&r, step, 1);
}

static bool is_wide(const plumb_taps *taps)
{
    const plumb_window_program *p = taps->program;
    return p && p->per_lane == PLUMB_WIDE_LANE;
}

#define DEFINE_ALONG(NAME, STEP, NARROW)                                                           \
    static void NAME(void *const to[], const void *const from[], int planes,                       \
                     const plumb_taps *taps)                                                       \
    {                                                                                              \
        if (is_wide(taps))                                                                         \
            run_wide(to, from, planes, taps, STEP);                                                \
        else                                                                                       \
            NARROW(to, from, planes, taps);                                                        \
    }

DEFINE_ALONG(along_pillow, PLUMB_STEP_PILLOW, plumb_along_pillow_vnni)
DEFINE_ALONG(along_mean, PLUMB_STEP_MEAN, plumb_along_mean_avx2)
DEFINE_ALONG(along_linear_first, PLUMB_STEP_LINEAR_FIRST, plumb_along_linear_first_avx2)
DEFINE_ALONG(along_exact_first, PLUMB_STEP_EXACT_FIRST, plumb_along_exact_first_avx2)

static const plumb_window_kind *kind_of(plumb_step step)
{
    return step == PLUMB_STEP_PILLOW ? &plumb_window_digits
           : step == PLUMB_STEP_MEAN ? &plumb_window_means
                                     : &plumb_window_words;
}

static size_t program_size(plumb_step step, const plumb_taps *taps)
{
    return plumb_window_program_size(kind_of(step), taps, true);
}

static void make_program(plumb_step step, const plumb_taps *taps, void *program)
{
    plumb_window_program_make(kind_of(step), taps, true, program);
}

void plumb_kernels_init_vbmi_along(plumb_kernels *kernels)
{
    static const struct {
        plumb_step step;
        plumb_along_fn along;
    } steps[] = { { PLUMB_STEP_PILLOW, along_pillow },
                  { PLUMB_STEP_MEAN, along_mean },
                  { PLUMB_STEP_LINEAR_FIRST, along_linear_first },
                  { PLUMB_STEP_EXACT_FIRST, along_exact_first } };
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        kernels->along[steps[i].step] = steps[i].along;
        kernels->program[steps[i].step].size = program_size;
        kernels->program[steps[i].step].make = make_program;
    }
}
