/* SPDX-License-Identifier: Apache-2.0
 *
 * Pillow's sums with the byte dot product of VNNI: four taps an instruction. The weights of 22 bits
 * are cut into three signed bytes, w = d0 + d1 * 2^8 + d2 * 2^16, and the three sums put together
 * modulo 2^32.
 */
#include "kernels/c/reference.h"
#include "kernels/x86/windows.h"

/* Signed digits to the base of 256. */
static void three_bytes(int32_t weight, int16_t digits[3])
{
    for (int d = 0; d < 3; d++) {
        digits[d] = (int8_t)(uint8_t)(weight & 255);
        weight = (weight - digits[d]) / 256;
    }
}

const plumb_window_kind plumb_window_digits = { 1, 3, three_bytes };

#define ROUND_BYTES 96

static size_t program_size(plumb_step step, const plumb_taps *taps)
{
    (void)step;
    return plumb_window_program_size(&plumb_window_digits, taps, false);
}

static void make_program(plumb_step step, const plumb_taps *taps, void *program)
{
    (void)step;
    plumb_window_program_make(&plumb_window_digits, taps, false, program);
}

PLUMB_INLINE __m256i digits_together(__m256i d0, __m256i d1, __m256i d2)
{
    return _mm256_add_epi32(d0,
                            _mm256_slli_epi32(_mm256_add_epi32(d1, _mm256_slli_epi32(d2, 8)), 8));
}

PLUMB_INLINE void group_sums(const plumb_window_run *r, int32_t group, int32_t at_once,
                             int32_t rounds, bool one_window, int planes,
                             __m256i sums[PLUMB_MAX_PLANES])
{
    const uint8_t *weights = plumb_group_weights(r, group, rounds, ROUND_BYTES);
    plumb_group_bases bases = plumb_bases_of(r, group);
    __m256i shuffle = plumb_group_shuffle(r, group);
    __m256i d0[PLUMB_MAX_PLANES], d1[PLUMB_MAX_PLANES], d2[PLUMB_MAX_PLANES];
    __m256i window[PLUMB_MAX_PLANES];
    for (int k = 0; k < planes; k++) {
        d0[k] = d1[k] = d2[k] = _mm256_setzero_si256();
        window[k] = plumb_group_windows(r->from[k], bases);
    }
    for (int32_t i = 0; i < rounds; i++, weights += ROUND_BYTES) {
        __m256i w0 = plumb_table(weights), w1 = plumb_table(weights + 32);
        __m256i w2 = plumb_table(weights + 64);
        for (int k = 0; k < planes; k++) {
            if (!one_window && i > 0)
                window[k] = plumb_group_windows(r->from[k] + i * at_once, bases);
            __m256i pixels = _mm256_shuffle_epi8(window[k], shuffle);
            d0[k] = _mm256_dpbusd_epi32(d0[k], pixels, w0);
            d1[k] = _mm256_dpbusd_epi32(d1[k], pixels, w1);
            d2[k] = _mm256_dpbusd_epi32(d2[k], pixels, w2);
        }
        if (one_window)
            shuffle = _mm256_add_epi8(shuffle, _mm256_set1_epi8((char)at_once));
    }
    for (int k = 0; k < planes; k++)
        sums[k] = digits_together(d0[k], d1[k], d2[k]);
}

PLUMB_INLINE void eight_sums(const plumb_window_run *r, int32_t group, int32_t per_lane,
                             int32_t rounds, bool one_window, int planes,
                             __m256i eight[PLUMB_MAX_PLANES])
{
    __m256i sums[4][PLUMB_MAX_PLANES];
    for (int32_t g = 0; g < 4 / per_lane; g++)
        group_sums(r, group + g, 16 / per_lane, rounds, one_window, planes, sums[g]);
    for (int k = 0; k < planes; k++)
        eight[k] = plumb_eight_of(sums, k, per_lane);
}

PLUMB_INLINE __m256i finished(__m256i sum)
{
    return _mm256_srai_epi32(_mm256_add_epi32(sum, _mm256_set1_epi32(1 << 21)), 22);
}

PLUMB_INLINE void run_blocks(const plumb_window_run *r, int32_t outputs, int32_t per_lane,
                             int32_t rounds, bool one_window, int planes)
{
    int32_t groups = 4 / per_lane; /* of eight outputs */
    for (int32_t i = 0, g = 0; i < outputs; i += 16, g += 2 * groups) {
        __m256i a[PLUMB_MAX_PLANES], b[PLUMB_MAX_PLANES];
        eight_sums(r, g, per_lane, rounds, one_window, planes, a);
        if (g + groups < r->p->groups)
            eight_sums(r, g + groups, per_lane, rounds, one_window, planes, b);
        else
            for (int k = 0; k < planes; k++)
                b[k] = a[k];
        for (int k = 0; k < planes; k++)
            plumb_store_sixteen(r->to[k] + i, finished(a[k]), finished(b[k]));
    }
}

PLUMB_INLINE void run_planes(const plumb_window_run *r, int32_t outputs, int planes)
{
    int32_t rounds = r->p->rounds;
    bool one = r->p->one_window;
    if (r->p->per_lane == 2)
        run_blocks(r, outputs, 2, rounds, one, planes);
    else if (r->p->per_lane == 1)
        run_blocks(r, outputs, 1, rounds, one, planes);
    else if (rounds == 1)
        run_blocks(r, outputs, 4, 1, true, planes);
    else if (rounds == 2 && one)
        run_blocks(r, outputs, 4, 2, true, planes);
    else if (rounds == 2)
        run_blocks(r, outputs, 4, 2, false, planes);
    else if (rounds == 3)
        run_blocks(r, outputs, 4, 3, one, planes);
    else
        run_blocks(r, outputs, 4, rounds, one, planes);
}

void plumb_along_pillow_vnni(void *const to[], const void *const from[], int planes,
                             const plumb_taps *taps)
{
    if (!taps->program) {
        plumb_along_c(PLUMB_STEP_PILLOW, to, from, planes, taps);
        return;
    }
    plumb_window_run r = plumb_window_run_of(to, from, planes, taps);
    if (planes == 3)
        run_planes(&r, taps->outputs, 3);
    else
        run_planes(&r, taps->outputs, 1);
}

/* Four rows and the bytes of their weights, digit by digit. */
typedef struct row_quad {
    __m256i digits[3];
    const uint8_t *rows[4];
} row_quad;

PLUMB_INLINE __m256i load(const uint8_t *row, int32_t x)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)(row + x));
}

PLUMB_INLINE void across_columns(uint8_t *to, const row_quad *quads, int32_t count, int32_t x)
{
    __m256i sums[4][3];
    for (int k = 0; k < 4; k++) {
        sums[k][0] = _mm256_set1_epi32(1 << 21);
        sums[k][1] = sums[k][2] = _mm256_setzero_si256();
    }
    for (int32_t j = 0; j < count; j++) {
        const row_quad *q = &quads[j];
        __m256i a = load(q->rows[0], x), b = load(q->rows[1], x);
        __m256i c = load(q->rows[2], x), d = load(q->rows[3], x);
        __m256i ab = _mm256_unpacklo_epi8(a, b), cd = _mm256_unpacklo_epi8(c, d), four[4];
        four[0] = _mm256_unpacklo_epi16(ab, cd);
        four[1] = _mm256_unpackhi_epi16(ab, cd);
        ab = _mm256_unpackhi_epi8(a, b);
        cd = _mm256_unpackhi_epi8(c, d);
        four[2] = _mm256_unpacklo_epi16(ab, cd);
        four[3] = _mm256_unpackhi_epi16(ab, cd);
        for (int k = 0; k < 4; k++)
            for (int i = 0; i < 3; i++)
                sums[k][i] = _mm256_dpbusd_epi32(sums[k][i], four[k], q->digits[i]);
    }
    __m256i s[4];
    for (int k = 0; k < 4; k++)
        s[k] = _mm256_srai_epi32(digits_together(sums[k][0], sums[k][1], sums[k][2]), 22);
    _mm256_storeu_si256(
        (__m256i *)(void *)(to + x),
        _mm256_packus_epi16(_mm256_packs_epi32(s[0], s[1]), _mm256_packs_epi32(s[2], s[3])));
}

#define MAX_QUADS 32

static void across_pillow(void *to, const void *const *rows, const plumb_taps *taps, int32_t output,
                          int32_t n)
{
    row_quad quads[MAX_QUADS];
    const int32_t *weights = taps->integer + (size_t)output * (size_t)taps->taps;
    int32_t count = (taps->taps + 3) / 4;
    if (count > MAX_QUADS) {
        plumb_across_c(PLUMB_STEP_PILLOW, to, rows, taps, output, n);
        return;
    }
    for (int32_t j = 0; j < count; j++) {
        uint32_t digits[3] = { 0, 0, 0 };
        for (int t = 0; t < 4; t++) {
            int32_t tap = 4 * j + t < taps->taps ? 4 * j + t : taps->taps - 1;
            int32_t w = 4 * j + t < taps->taps ? weights[tap] : 0;
            int16_t cut[3];
            three_bytes(w, cut);
            for (int d = 0; d < 3; d++)
                digits[d] |= (uint32_t)(cut[d] & 255) << (8 * t);
            quads[j].rows[t] = rows[tap];
        }
        for (int i = 0; i < 3; i++)
            quads[j].digits[i] = _mm256_set1_epi32((int32_t)digits[i]);
    }
    for (int32_t x = 0; x < n; x += 32)
        across_columns(to, quads, count, x);
}

void plumb_kernels_init_avx512(plumb_kernels *kernels)
{
    kernels->along[PLUMB_STEP_PILLOW] = plumb_along_pillow_vnni;
    kernels->across[PLUMB_STEP_PILLOW] = across_pillow;
    kernels->program[PLUMB_STEP_PILLOW].size = program_size;
    kernels->program[PLUMB_STEP_PILLOW].make = make_program;
}
