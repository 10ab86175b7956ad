/* SPDX-License-Identifier: Apache-2.0
 *
 * Pillow's sums with the byte dot product of VNNI: four taps an instruction. The weights of 22 bits
 * are cut into three signed bytes, w = d0 + d1 * 2^8 + d2 * 2^16, and the three sums put together
 * modulo 2^32. Windows and lanes are as in avx2_along.c; a lane now holds four taps of four
 * outputs, eight of two or sixteen of one.
 */
#include <immintrin.h>
#include <string.h>

#include "kernels/c/reference.h"
#include "kernels/x86/windows.h"

#define BLOCK_GROUPS 4
#define MAX_PLANES   3
#define ROUND_BYTES  96 /* three digits of two lanes */

typedef struct vnni_program {
    int32_t per_lane, groups, rounds;
    bool one_window;
    size_t shuffles, weights;
} vnni_program;

static size_t bases_at(void)
{
    return (sizeof(vnni_program) + 63) / 64 * 64;
}

static vnni_program layout(const plumb_taps *taps)
{
    vnni_program p = { 0 };
    p.per_lane = plumb_windows_hold(taps, 4, 4) ? 4 : plumb_windows_hold(taps, 2, 8) ? 2 : 1;
    /* Bytes behind the window come round to its beginning, where their weights are 0. */
    p.one_window = plumb_windows_hold(taps, p.per_lane, taps->taps);
    int32_t at_once = 16 / p.per_lane, block = 2 * p.per_lane * BLOCK_GROUPS;
    p.rounds = (taps->taps + at_once - 1) / at_once;
    p.groups = (taps->outputs + block - 1) / block * BLOCK_GROUPS;
    p.shuffles = bases_at() + ((size_t)p.groups * 2 * sizeof(int32_t) + 63) / 64 * 64;
    p.weights = p.shuffles + (size_t)p.groups * 32;
    return p;
}

static size_t program_size(plumb_step step, const plumb_taps *taps)
{
    (void)step;
    vnni_program p = layout(taps);
    return p.weights + (size_t)p.groups * (size_t)p.rounds * ROUND_BYTES;
}

/* One output of one lane; `k` counts outputs of the lane. */
static void set_output(const vnni_program *p, const plumb_taps *taps, uint8_t *memory,
                       int32_t group, int32_t lane, int32_t k, int32_t base)
{
    int32_t output = group * 2 * p->per_lane + lane * p->per_lane + k;
    bool real = output < taps->outputs;
    int32_t offset = real ? taps->first[output] - base : 0, at_once = 16 / p->per_lane;
    uint8_t *shuffle = memory + p->shuffles + (size_t)group * 32 + (size_t)lane * 16;
    for (int32_t t = 0; t < at_once; t++) {
        int32_t slot = k * at_once + t;
        shuffle[slot] = (uint8_t)(offset + t);
        for (int32_t r = 0; r < p->rounds; r++) {
            int32_t tap = r * at_once + t;
            if (!real || tap >= taps->taps)
                continue; /* the memory is 0 */
            int32_t w = taps->integer[(size_t)output * (size_t)taps->taps + (size_t)tap];
            int8_t low = (int8_t)(uint8_t)(w & 255);
            w = (w - low) / 256;
            int8_t middle = (int8_t)(uint8_t)(w & 255);
            int8_t digits[3] = { low, middle, (int8_t)((w - middle) / 256) };
            uint8_t *round =
                memory + p->weights + ((size_t)group * (size_t)p->rounds + (size_t)r) * ROUND_BYTES;
            for (int d = 0; d < 3; d++)
                memcpy(round + 32 * d + lane * 16 + slot, &digits[d], 1);
        }
    }
}

static void make_program(plumb_step step, const plumb_taps *taps, void *program)
{
    (void)step;
    vnni_program p = layout(taps);
    uint8_t *bytes = program;
    memcpy(program, &p, sizeof(p));
    int32_t *bases = (int32_t *)(void *)(bytes + bases_at());
    for (int32_t group = 0; group < p.groups; group++) {
        for (int32_t lane = 0; lane < 2; lane++) {
            int32_t output = group * 2 * p.per_lane + lane * p.per_lane;
            int32_t base = taps->first[output < taps->outputs ? output : taps->outputs - 1];
            bases[2 * group + lane] = base;
            for (int32_t k = 0; k < p.per_lane; k++)
                set_output(&p, taps, bytes, group, lane, k, base);
        }
    }
}

typedef struct vnni_run {
    const uint8_t *memory;
    const vnni_program *p;
    const int32_t *bases;
    const uint8_t *from[MAX_PLANES];
    uint8_t *to[MAX_PLANES];
} vnni_run;

PLUMB_INLINE __m256i table(const uint8_t *from)
{
    return _mm256_load_si256((const __m256i *)(const void *)from);
}

PLUMB_INLINE __m256i digits_together(__m256i d0, __m256i d1, __m256i d2)
{
    return _mm256_add_epi32(d0,
                            _mm256_slli_epi32(_mm256_add_epi32(d1, _mm256_slli_epi32(d2, 8)), 8));
}

PLUMB_INLINE void group_sums(const vnni_run *r, int32_t group, int32_t at_once, int32_t rounds,
                             bool one_window, int planes, __m256i sums[MAX_PLANES])
{
    int32_t low = r->bases[2 * group], high = r->bases[2 * group + 1];
    const uint8_t *weights =
        r->memory + r->p->weights + (size_t)group * (size_t)rounds * ROUND_BYTES;
    __m256i shuffle = table(r->memory + r->p->shuffles + (size_t)group * 32);
    __m256i d0[MAX_PLANES], d1[MAX_PLANES], d2[MAX_PLANES], window[MAX_PLANES];
    for (int k = 0; k < planes; k++) {
        d0[k] = d1[k] = d2[k] = _mm256_setzero_si256();
        window[k] = plumb_two_windows(r->from[k] + low, r->from[k] + high);
    }
    for (int32_t i = 0; i < rounds; i++, weights += ROUND_BYTES) {
        __m256i w0 = table(weights), w1 = table(weights + 32), w2 = table(weights + 64);
        for (int k = 0; k < planes; k++) {
            if (!one_window && i > 0)
                window[k] = plumb_two_windows(r->from[k] + low + i * at_once,
                                              r->from[k] + high + i * at_once);
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

/* Eight outputs in order, from 1, 2 or 4 groups. */
PLUMB_INLINE void eight_sums(const vnni_run *r, int32_t group, int32_t per_lane, int32_t rounds,
                             bool one_window, int planes, __m256i a[MAX_PLANES])
{
    int32_t at_once = 16 / per_lane;
    __m256i b[MAX_PLANES], c[MAX_PLANES], d[MAX_PLANES];
    group_sums(r, group, at_once, rounds, one_window, planes, a);
    if (per_lane == 4)
        return;
    group_sums(r, group + 1, at_once, rounds, one_window, planes, b);
    if (per_lane == 2) {
        for (int k = 0; k < planes; k++)
            a[k] = _mm256_permute4x64_epi64(_mm256_hadd_epi32(a[k], b[k]), 0xd8);
        return;
    }
    group_sums(r, group + 2, at_once, rounds, one_window, planes, c);
    group_sums(r, group + 3, at_once, rounds, one_window, planes, d);
    __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    for (int k = 0; k < planes; k++) {
        __m256i all =
            _mm256_hadd_epi32(_mm256_hadd_epi32(a[k], b[k]), _mm256_hadd_epi32(c[k], d[k]));
        a[k] = _mm256_permutevar8x32_epi32(all, order);
    }
}

PLUMB_INLINE __m256i finished(__m256i sum)
{
    return _mm256_srai_epi32(_mm256_add_epi32(sum, _mm256_set1_epi32(1 << 21)), 22);
}

PLUMB_INLINE void run_blocks(const vnni_run *r, int32_t outputs, int32_t per_lane, int32_t rounds,
                             bool one_window, int planes)
{
    int32_t groups = 4 / per_lane; /* of eight outputs */
    for (int32_t i = 0, g = 0; i < outputs; i += 16, g += 2 * groups) {
        __m256i a[MAX_PLANES], b[MAX_PLANES];
        eight_sums(r, g, per_lane, rounds, one_window, planes, a);
        if (g + groups < r->p->groups)
            eight_sums(r, g + groups, per_lane, rounds, one_window, planes, b);
        else
            for (int k = 0; k < planes; k++)
                b[k] = a[k];
        for (int k = 0; k < planes; k++) { /* words 0..3 8..11 | 4..7 12..15 */
            __m256i words = _mm256_packs_epi32(finished(a[k]), finished(b[k]));
            __m128i bytes =
                _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
            _mm_storeu_si128((__m128i *)(void *)(r->to[k] + i), _mm_shuffle_epi32(bytes, 0xd8));
        }
    }
}

PLUMB_INLINE void run_planes(const vnni_run *r, int32_t outputs, int planes)
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

static void along_pillow(void *const to[], const void *const from[], int planes,
                         const plumb_taps *taps)
{
    if (!taps->program) {
        plumb_along_c(PLUMB_STEP_PILLOW, to, from, planes, taps);
        return;
    }
    const uint8_t *memory = taps->program;
    vnni_run r = { memory,
                   taps->program,
                   (const int32_t *)(const void *)(memory + bases_at()),
                   { NULL, NULL, NULL },
                   { NULL, NULL, NULL } };
    for (int k = 0; k < planes; k++) {
        r.from[k] = from[k];
        r.to[k] = to[k];
    }
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
            int32_t low = (int8_t)(uint8_t)(w & 255), rest = (w - low) / 256;
            int32_t middle = (int8_t)(uint8_t)(rest & 255);
            digits[0] |= (uint32_t)(low & 255) << (8 * t);
            digits[1] |= (uint32_t)(middle & 255) << (8 * t);
            digits[2] |= (uint32_t)((rest - middle) / 256 & 255) << (8 * t);
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
    kernels->along[PLUMB_STEP_PILLOW] = along_pillow;
    kernels->across[PLUMB_STEP_PILLOW] = across_pillow;
    kernels->program[PLUMB_STEP_PILLOW].size = program_size;
    kernels->program[PLUMB_STEP_PILLOW].make = make_program;
}
