/* SPDX-License-Identifier: Apache-2.0
 *
 * Weighted sums along a row of bytes. Outputs are made in groups of two lanes. A lane loads 16
 * bytes from where its first output begins and shuffles the taps of its outputs into place, as
 * pairs of words for the multiply-add; the window then moves on by the taps that were used. Four
 * outputs share a lane where their taps lie close enough, else two, else one.
 *
 * The weights of Pillow have 22 bits. They are cut into two words, w = high * 2^15 + low, and
 * the two sums are put together modulo 2^32, which is exact because the whole sum fits.
 */
#include <immintrin.h>
#include <string.h>

#include "kernels/c/reference.h"
#include "kernels/x86/windows.h"

#define BLOCK_GROUPS 4 /* groups are made up to whole blocks, so that there is no remainder */

/* Tables behind the header: base of each lane, then shuffles of 32 bytes a group, then weights. */
typedef struct along_program {
    int32_t per_lane; /* outputs of a lane: 4, 2 or 1 */
    int32_t groups;
    int32_t rounds;  /* windows of a group */
    bool split;      /* two words a weight */
    bool one_window; /* the first window holds the taps of all rounds */
    size_t shuffles, weights;
} along_program;

static size_t bases_at(void)
{
    return (sizeof(along_program) + 63) / 64 * 64;
}

static const int32_t *bases_of(const void *program)
{
    return (const int32_t *)(const void *)((const uint8_t *)program + bases_at());
}

static bool windowed(plumb_step step)
{
    return step == PLUMB_STEP_PICK || step == PLUMB_STEP_PILLOW ||
           step == PLUMB_STEP_LINEAR_FIRST || step == PLUMB_STEP_EXACT_FIRST;
}

static along_program layout(plumb_step step, const plumb_taps *taps)
{
    along_program p = { 0 };
    p.split = step == PLUMB_STEP_PILLOW;
    if (step == PLUMB_STEP_PICK) {
        p.per_lane = plumb_windows_hold(taps, 16, 1) ? 16 : plumb_windows_hold(taps, 8, 1) ? 8 : 4;
        if (p.per_lane == 4 && !plumb_windows_hold(taps, 4, 1))
            return (along_program){ 0 };
    } else {
        p.per_lane = plumb_windows_hold(taps, 4, 2) ? 4 : plumb_windows_hold(taps, 2, 4) ? 2 : 1;
    }
    int32_t at_once = 8 / p.per_lane, group = 2 * p.per_lane;
    /* Bytes behind the window come round to its beginning, where their weights are 0. */
    p.one_window = p.per_lane <= 4 && plumb_windows_hold(taps, p.per_lane, taps->taps);
    int32_t block = step == PLUMB_STEP_PICK ? 1 : BLOCK_GROUPS;
    p.rounds = step == PLUMB_STEP_PICK ? 1 : (taps->taps + at_once - 1) / at_once;
    p.groups = (taps->outputs + group * block - 1) / (group * block) * block;
    size_t bases = ((size_t)p.groups * 2 * sizeof(int32_t) + 63) / 64 * 64;
    p.shuffles = bases_at() + bases;
    p.weights = p.shuffles + (size_t)p.groups * 32;
    return p;
}

static size_t round_bytes(const along_program *p)
{
    return p->split ? 64 : 32;
}

static size_t program_size(plumb_step step, const plumb_taps *taps)
{
    if (!windowed(step))
        return 0;
    along_program p = layout(step, taps);
    if (p.per_lane == 0)
        return 0;
    size_t rounds = step == PLUMB_STEP_PICK ? 0 : (size_t)p.rounds;
    return p.weights + (size_t)p.groups * rounds * round_bytes(&p);
}

static void set_weight(const along_program *p, uint8_t *round, int32_t slot, int32_t weight)
{
    int16_t low = (int16_t)((uint32_t)weight & 0x7fff), high = (int16_t)(weight >> 15);
    if (!p->split)
        low = (int16_t)weight;
    memcpy(round + 2 * slot, &low, sizeof(low));
    if (p->split)
        memcpy(round + 32 + 2 * slot, &high, sizeof(high));
}

/* One output of one lane; `k` counts outputs of the lane. */
static void set_output(const along_program *p, const plumb_taps *taps, uint8_t *memory,
                       int32_t group, int32_t lane, int32_t k, int32_t base)
{
    int32_t output = group * 2 * p->per_lane + lane * p->per_lane + k;
    bool real = output < taps->outputs;
    int32_t offset = real ? taps->first[output] - base : 0, at_once = 8 / p->per_lane;
    uint8_t *shuffle = memory + p->shuffles + (size_t)group * 32 + (size_t)lane * 16;
    for (int32_t t = 0; t < at_once; t++) {
        int32_t slot = k * at_once + t;
        shuffle[2 * slot] = (uint8_t)(offset + t);
        shuffle[2 * slot + 1] = 0x80;
        for (int32_t r = 0; r < p->rounds; r++) {
            int32_t tap = r * at_once + t;
            uint8_t *round = memory + p->weights +
                             ((size_t)group * (size_t)p->rounds + (size_t)r) * round_bytes(p);
            int32_t weight = real && tap < taps->taps
                                 ? taps->integer[(size_t)output * (size_t)taps->taps + (size_t)tap]
                                 : 0;
            set_weight(p, round, lane * 8 + slot, weight);
        }
    }
}

static void make_program(plumb_step step, const plumb_taps *taps, void *memory)
{
    along_program p = layout(step, taps);
    uint8_t *bytes = memory;
    memcpy(memory, &p, sizeof(p));
    int32_t *bases = (int32_t *)(void *)(bytes + bases_at());
    for (int32_t group = 0; group < p.groups; group++) {
        for (int32_t lane = 0; lane < 2; lane++) {
            int32_t output = group * 2 * p.per_lane + lane * p.per_lane;
            int32_t base = taps->first[output < taps->outputs ? output : taps->outputs - 1];
            bases[2 * group + lane] = base;
            for (int32_t k = 0; k < p.per_lane; k++) {
                if (step != PLUMB_STEP_PICK) {
                    set_output(&p, taps, bytes, group, lane, k, base);
                    continue;
                }
                bool real = output + k < taps->outputs;
                bytes[p.shuffles + (size_t)group * 32 + (size_t)(lane * 16 + k)] =
                    (uint8_t)(real ? taps->first[output + k] - base : 0);
            }
        }
    }
}

PLUMB_INLINE __m256i table(const uint8_t *from)
{
    return _mm256_load_si256((const __m256i *)(const void *)from);
}

/* Sums of neighbours, in order: [a0+a1, a2+a3, b0+b1, b2+b3] of each lane. */
PLUMB_INLINE __m256i joined(__m256i a, __m256i b)
{
    return _mm256_hadd_epi32(a, b);
}

#define MAX_PLANES 3

typedef struct along_run {
    const uint8_t *memory;
    const along_program *p;
    const int32_t *bases;
    const uint8_t *from[MAX_PLANES];
    uint8_t *to[MAX_PLANES];
    int planes;
} along_run;

/* The 8 sums of a group as they stand in its registers, for each plane. The weights and shuffles of a
 * round are loaded once for all planes. */
PLUMB_INLINE void group_sums(const along_run *r, int32_t group, bool split, int32_t at_once,
                             int32_t rounds, int planes, __m256i sums[MAX_PLANES])
{
    int32_t low = r->bases[2 * group], high = r->bases[2 * group + 1];
    const uint8_t *weights =
        r->memory + r->p->weights + (size_t)group * (size_t)rounds * (split ? 64u : 32u);
    __m256i shuffle = table(r->memory + r->p->shuffles + (size_t)group * 32);
    __m256i high_sums[MAX_PLANES];
    for (int k = 0; k < planes; k++)
        sums[k] = high_sums[k] = _mm256_setzero_si256();
    if (r->p->one_window) {
        __m256i window[MAX_PLANES], next = _mm256_set1_epi16((int16_t)at_once);
        for (int k = 0; k < planes; k++)
            window[k] = plumb_two_windows(r->from[k] + low, r->from[k] + high);
        for (int32_t i = 0; i < rounds; i++, weights += split ? 64 : 32) {
            __m256i w = table(weights), w_high = split ? table(weights + 32) : w;
            for (int k = 0; k < planes; k++) {
                __m256i pixels = _mm256_shuffle_epi8(window[k], shuffle);
                sums[k] = _mm256_add_epi32(sums[k], _mm256_madd_epi16(pixels, w));
                if (split)
                    high_sums[k] =
                        _mm256_add_epi32(high_sums[k], _mm256_madd_epi16(pixels, w_high));
            }
            shuffle = _mm256_add_epi16(shuffle, next);
        }
    } else {
        for (int32_t i = 0; i < rounds; i++, weights += split ? 64 : 32) {
            __m256i w = table(weights), w_high = split ? table(weights + 32) : w;
            for (int k = 0; k < planes; k++) {
                const uint8_t *from = r->from[k] + i * at_once;
                __m256i pixels =
                    _mm256_shuffle_epi8(plumb_two_windows(from + low, from + high), shuffle);
                sums[k] = _mm256_add_epi32(sums[k], _mm256_madd_epi16(pixels, w));
                if (split)
                    high_sums[k] =
                        _mm256_add_epi32(high_sums[k], _mm256_madd_epi16(pixels, w_high));
            }
        }
    }
    for (int k = 0; k < planes && split; k++)
        sums[k] = _mm256_add_epi32(sums[k], _mm256_slli_epi32(high_sums[k], 15));
}

/* Eight outputs in order, from 1, 2 or 4 groups. */
PLUMB_INLINE void eight_sums(const along_run *r, int32_t group, bool split, int32_t per_lane,
                             int32_t rounds, int planes, __m256i a[MAX_PLANES])
{
    int32_t at_once = 8 / per_lane;
    __m256i b[MAX_PLANES], c[MAX_PLANES], d[MAX_PLANES];
    group_sums(r, group, split, at_once, rounds, planes, a);
    if (per_lane == 4)
        return;
    group_sums(r, group + 1, split, at_once, rounds, planes, b);
    if (per_lane == 2) { /* a: 0 1 | 2 3, b: 4 5 | 6 7 */
        for (int k = 0; k < planes; k++)
            a[k] = _mm256_permute4x64_epi64(joined(a[k], b[k]), 0xd8);
        return;
    }
    group_sums(r, group + 2, split, at_once, rounds, planes, c);
    group_sums(r, group + 3, split, at_once, rounds, planes, d);
    /* each group: one output a lane; together 0 2 4 6 | 1 3 5 7 */
    __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    for (int k = 0; k < planes; k++)
        a[k] = _mm256_permutevar8x32_epi32(joined(joined(a[k], b[k]), joined(c[k], d[k])), order);
}

PLUMB_INLINE __m256i finished(__m256i sum, plumb_step step)
{
    if (step == PLUMB_STEP_PILLOW)
        return _mm256_srai_epi32(_mm256_add_epi32(sum, _mm256_set1_epi32(1 << 21)), 22);
    return step == PLUMB_STEP_LINEAR_FIRST ? _mm256_srai_epi32(sum, 4) : sum;
}

PLUMB_INLINE void store_sixteen(uint8_t *to, __m256i a, __m256i b, plumb_step step)
{
    if (step == PLUMB_STEP_PILLOW) { /* words 0..3 8..11 | 4..7 12..15 */
        __m256i words = _mm256_packs_epi32(a, b);
        __m128i bytes =
            _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
        _mm_storeu_si128((__m128i *)(void *)to, _mm_shuffle_epi32(bytes, 0xd8));
        return;
    }
    __m256i words =
        step == PLUMB_STEP_LINEAR_FIRST ? _mm256_packs_epi32(a, b) : _mm256_packus_epi32(a, b);
    _mm256_storeu_si256((__m256i *)(void *)to, _mm256_permute4x64_epi64(words, 0xd8));
}

/* per_lane, planes and, for few taps, rounds are constants where this is inlined. Sixteen outputs at
 * a time: a block of four groups has 8 (one a lane), 16 or 32. */
PLUMB_INLINE void run_blocks(const along_run *r, plumb_step step, int32_t outputs, int32_t per_lane,
                             int32_t rounds, int planes)
{
    bool split = step == PLUMB_STEP_PILLOW;
    int32_t groups = 4 / per_lane; /* of eight outputs */
    size_t size = step == PLUMB_STEP_PILLOW ? 1 : 2;
    for (int32_t i = 0, g = 0; i < outputs; i += 16, g += 2 * groups) {
        __m256i a[MAX_PLANES], b[MAX_PLANES];
        eight_sums(r, g, split, per_lane, rounds, planes, a);
        if (g + groups < r->p->groups)
            eight_sums(r, g + groups, split, per_lane, rounds, planes, b);
        else
            for (int k = 0; k < planes; k++)
                b[k] = a[k];
        for (int k = 0; k < planes; k++)
            store_sixteen(r->to[k] + (size_t)i * size, finished(a[k], step), finished(b[k], step),
                          step);
    }
}

PLUMB_INLINE void run_rounds(const along_run *r, plumb_step step, int32_t outputs, int planes)
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
    along_run r = { taps->program,        taps->program,        bases_of(taps->program),
                    { NULL, NULL, NULL }, { NULL, NULL, NULL }, planes };
    for (int k = 0; k < planes; k++) {
        r.from[k] = from[k];
        r.to[k] = to[k];
    }
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

static void along_linear_first(void *const to[], const void *const from[], int planes,
                               const plumb_taps *taps)
{
    run_step(to, from, planes, taps, PLUMB_STEP_LINEAR_FIRST);
}

static void along_exact_first(void *const to[], const void *const from[], int planes,
                              const plumb_taps *taps)
{
    run_step(to, from, planes, taps, PLUMB_STEP_EXACT_FIRST);
}

/* Lanes are written as they are, the higher over the unused bytes of the lower. */
static void along_pick(void *const to[], const void *const from[], int planes,
                       const plumb_taps *taps)
{
    if (!taps->program) {
        plumb_along_c(PLUMB_STEP_PICK, to, from, planes, taps);
        return;
    }
    const along_program *p = taps->program;
    const int32_t *bases = bases_of(taps->program);
    const uint8_t *shuffles = (const uint8_t *)taps->program + p->shuffles;
    int32_t at = 0, per_lane = p->per_lane;
    for (int32_t g = 0; g < p->groups; g++, shuffles += 32, at += 2 * per_lane) {
        __m256i shuffle = table(shuffles);
        for (int k = 0; k < planes; k++) {
            const uint8_t *row = from[k];
            uint8_t *out = (uint8_t *)to[k] + at;
            __m256i v = plumb_two_windows(row + bases[2 * g], row + bases[2 * g + 1]);
            v = _mm256_shuffle_epi8(v, shuffle);
            _mm_storeu_si128((__m128i *)(void *)out, _mm256_castsi256_si128(v));
            _mm_storeu_si128((__m128i *)(void *)(out + per_lane), _mm256_extracti128_si256(v, 1));
        }
    }
}

void plumb_kernels_init_avx2_along(plumb_kernels *kernels)
{
    for (int s = 0; s < PLUMB_STEPS; s++) {
        kernels->program[s].size = program_size;
        kernels->program[s].make = make_program;
    }
    kernels->along[PLUMB_STEP_PICK] = along_pick;
    kernels->along[PLUMB_STEP_PILLOW] = along_pillow;
    kernels->along[PLUMB_STEP_LINEAR_FIRST] = along_linear_first;
    kernels->along[PLUMB_STEP_EXACT_FIRST] = along_exact_first;
}
