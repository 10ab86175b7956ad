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

#define WINDOW       16
#define BLOCK_GROUPS 4 /* groups are made up to whole blocks, so that there is no remainder */

/* Tables behind the header: base of each lane, then shuffles of 32 bytes a group, then weights. */
typedef struct along_program {
    int32_t per_lane; /* outputs of a lane: 4, 2 or 1 */
    int32_t groups;
    int32_t rounds; /* windows of a group */
    bool split;     /* two words a weight */
    size_t shuffles, weights;
} along_program;

static bool windowed(plumb_step step)
{
    return step == PLUMB_STEP_PICK || step == PLUMB_STEP_PILLOW ||
           step == PLUMB_STEP_LINEAR_FIRST || step == PLUMB_STEP_EXACT_FIRST;
}

static bool fits(const plumb_taps *taps, int32_t per_lane, int32_t taps_at_once)
{
    for (int32_t i = 0; i < taps->outputs; i += per_lane) {
        int32_t last = i + per_lane - 1 < taps->outputs ? i + per_lane - 1 : taps->outputs - 1;
        if (taps->first[last] - taps->first[i] + taps_at_once > WINDOW ||
            taps->first[last] < taps->first[i])
            return false;
    }
    return true;
}

static along_program layout(plumb_step step, const plumb_taps *taps)
{
    along_program p = { 0 };
    p.split = step == PLUMB_STEP_PILLOW;
    if (step == PLUMB_STEP_PICK) {
        p.per_lane = fits(taps, 16, 1) ? 16 : fits(taps, 8, 1) ? 8 : 4;
        if (p.per_lane == 4 && !fits(taps, 4, 1))
            return (along_program){ 0 };
    } else {
        p.per_lane = fits(taps, 4, 2) ? 4 : fits(taps, 2, 4) ? 2 : 1;
    }
    int32_t at_once = 8 / p.per_lane, group = 2 * p.per_lane;
    int32_t block = step == PLUMB_STEP_PICK ? 1 : BLOCK_GROUPS;
    p.rounds = step == PLUMB_STEP_PICK ? 1 : (taps->taps + at_once - 1) / at_once;
    p.groups = (taps->outputs + group * block - 1) / (group * block) * block;
    size_t bases = ((size_t)p.groups * 2 * sizeof(int32_t) + 63) / 64 * 64;
    p.shuffles = (sizeof(p) + 63) / 64 * 64 + bases;
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

static int32_t *bases_of(void *program)
{
    return (int32_t *)(void *)((uint8_t *)program + (sizeof(along_program) + 63) / 64 * 64);
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
    int32_t *bases = bases_of(memory);
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

static inline __m256i two_windows(const uint8_t *low, const uint8_t *high)
{
    __m128i a = _mm_loadu_si128((const __m128i *)(const void *)low);
    return _mm256_inserti128_si256(_mm256_castsi128_si256(a),
                                   _mm_loadu_si128((const __m128i *)(const void *)high), 1);
}

static inline __m256i table(const uint8_t *from)
{
    return _mm256_load_si256((const __m256i *)(const void *)from);
}

/* Sums of neighbours, in order: [a0+a1, a2+a3, b0+b1, b2+b3] of each lane. */
static inline __m256i joined(__m256i a, __m256i b)
{
    return _mm256_hadd_epi32(a, b);
}

typedef struct along_run {
    const uint8_t *memory, *from;
    const along_program *p;
} along_run;

/* The 8 sums of a group, as they stand in its registers. */
static inline __m256i group_sums(const along_run *r, int32_t group, bool split, int32_t at_once,
                                 int32_t rounds)
{
    const int32_t *bases = bases_of((void *)(uintptr_t)r->memory);
    const uint8_t *low = r->from + bases[2 * group], *high = r->from + bases[2 * group + 1];
    const uint8_t *weights =
        r->memory + r->p->weights + (size_t)group * (size_t)rounds * (split ? 64u : 32u);
    __m256i shuffle = table(r->memory + r->p->shuffles + (size_t)group * 32);
    __m256i sum = _mm256_setzero_si256(), sum_high = _mm256_setzero_si256();
    for (int32_t i = 0; i < rounds; i++) {
        __m256i pixels = _mm256_shuffle_epi8(two_windows(low, high), shuffle);
        sum = _mm256_add_epi32(sum, _mm256_madd_epi16(pixels, table(weights)));
        if (split)
            sum_high = _mm256_add_epi32(sum_high, _mm256_madd_epi16(pixels, table(weights + 32)));
        weights += split ? 64 : 32;
        low += at_once;
        high += at_once;
    }
    return split ? _mm256_add_epi32(sum, _mm256_slli_epi32(sum_high, 15)) : sum;
}

/* Eight outputs in order, from 1, 2 or 4 groups. */
static inline __m256i eight_sums(const along_run *r, int32_t group, bool split, int32_t per_lane,
                                 int32_t rounds)
{
    int32_t at_once = 8 / per_lane;
    __m256i a = group_sums(r, group, split, at_once, rounds);
    if (per_lane == 4)
        return a;
    __m256i b = group_sums(r, group + 1, split, at_once, rounds);
    if (per_lane == 2) /* a: 0 1 | 2 3, b: 4 5 | 6 7 */
        return _mm256_permute4x64_epi64(joined(a, b), 0xd8);
    __m256i c = group_sums(r, group + 2, split, at_once, rounds);
    __m256i d = group_sums(r, group + 3, split, at_once, rounds);
    /* each group: one output a lane; together 0 2 4 6 | 1 3 5 7 */
    __m256i all = joined(joined(a, b), joined(c, d));
    return _mm256_permutevar8x32_epi32(all, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

static inline __m256i finished(__m256i sum, plumb_step step)
{
    if (step == PLUMB_STEP_PILLOW)
        return _mm256_srai_epi32(_mm256_add_epi32(sum, _mm256_set1_epi32(1 << 21)), 22);
    return step == PLUMB_STEP_LINEAR_FIRST ? _mm256_srai_epi32(sum, 4) : sum;
}

static inline void store_sixteen(uint8_t *to, __m256i a, __m256i b, plumb_step step)
{
    if (step == PLUMB_STEP_PILLOW) {
        __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(a, b), 0xd8);
        __m256i bytes = _mm256_permute4x64_epi64(_mm256_packus_epi16(words, words), 0xd8);
        _mm_storeu_si128((__m128i *)(void *)to, _mm256_castsi256_si128(bytes));
        return;
    }
    __m256i words =
        step == PLUMB_STEP_LINEAR_FIRST ? _mm256_packs_epi32(a, b) : _mm256_packus_epi32(a, b);
    _mm256_storeu_si256((__m256i *)(void *)to, _mm256_permute4x64_epi64(words, 0xd8));
}

/* per_lane and, for few taps, rounds are constants where this is inlined. Sixteen outputs at a time:
 * a block of four groups has 8 (one a lane), 16 or 32. */
static inline void run_blocks(const along_run *r, uint8_t *to, int32_t outputs, plumb_step step,
                              int32_t per_lane, int32_t rounds)
{
    bool split = step == PLUMB_STEP_PILLOW;
    int32_t groups = 4 / per_lane; /* of eight outputs */
    size_t size = step == PLUMB_STEP_PILLOW ? 1 : 2;
    for (int32_t i = 0, g = 0; i < outputs; i += 16, g += 2 * groups) {
        __m256i a = finished(eight_sums(r, g, split, per_lane, rounds), step), b = a;
        if (g + groups < r->p->groups)
            b = finished(eight_sums(r, g + groups, split, per_lane, rounds), step);
        store_sixteen(to + (size_t)i * size, a, b, step);
    }
}

static inline void run_step(void *to, const void *from, const plumb_taps *taps, plumb_step step)
{
    if (!taps->program) {
        plumb_along_c(step, to, from, taps);
        return;
    }
    along_run r = { taps->program, from, taps->program };
    int32_t n = taps->outputs, rounds = r.p->rounds;
    if (r.p->per_lane == 4 && rounds == 1)
        run_blocks(&r, to, n, step, 4, 1);
    else if (r.p->per_lane == 4 && rounds == 2)
        run_blocks(&r, to, n, step, 4, 2);
    else if (r.p->per_lane == 4 && rounds == 3)
        run_blocks(&r, to, n, step, 4, 3);
    else if (r.p->per_lane == 4 && rounds == 4)
        run_blocks(&r, to, n, step, 4, 4);
    else if (r.p->per_lane == 4)
        run_blocks(&r, to, n, step, 4, rounds);
    else if (r.p->per_lane == 2)
        run_blocks(&r, to, n, step, 2, rounds);
    else
        run_blocks(&r, to, n, step, 1, rounds);
}

static void along_pillow(void *to, const void *from, const plumb_taps *taps)
{
    run_step(to, from, taps, PLUMB_STEP_PILLOW);
}

static void along_linear_first(void *to, const void *from, const plumb_taps *taps)
{
    run_step(to, from, taps, PLUMB_STEP_LINEAR_FIRST);
}

static void along_exact_first(void *to, const void *from, const plumb_taps *taps)
{
    run_step(to, from, taps, PLUMB_STEP_EXACT_FIRST);
}

static void along_pick(void *to, const void *from, const plumb_taps *taps)
{
    if (!taps->program) {
        plumb_along_c(PLUMB_STEP_PICK, to, from, taps);
        return;
    }
    const uint8_t *memory = taps->program, *shuffles;
    const along_program *p = taps->program;
    const int32_t *bases = bases_of((void *)(uintptr_t)taps->program);
    shuffles = memory + p->shuffles;
    uint8_t *out = to;
    for (int32_t g = 0; g < p->groups; g++, shuffles += 32) {
        __m256i v = two_windows((const uint8_t *)from + bases[2 * g],
                                (const uint8_t *)from + bases[2 * g + 1]);
        v = _mm256_shuffle_epi8(v, table(shuffles));
        /* The lanes overlap their unused bytes; the higher is written later. */
        _mm_storeu_si128((__m128i *)(void *)out, _mm256_castsi256_si128(v));
        _mm_storeu_si128((__m128i *)(void *)(out + p->per_lane), _mm256_extracti128_si256(v, 1));
        out += 2 * p->per_lane;
    }
}

/* Two taps of words: a gather of 32 bits brings both. */
static inline __m256i two_words(const void *from, const int32_t *first)
{
    return _mm256_i32gather_epi32((const int *)from,
                                  _mm256_loadu_si256((const __m256i *)(const void *)first), 2);
}

static inline __m256i two_weights(const int32_t *weights)
{
    __m256i a = _mm256_loadu_si256((const __m256i *)(const void *)weights);
    __m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(weights + 8));
    return _mm256_permute4x64_epi64(_mm256_packs_epi32(a, b), 0xd8);
}

static inline void store_eight(uint8_t *to, __m256i v)
{
    __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(v, v), 0xd8);
    __m128i half = _mm256_castsi256_si128(words);
    _mm_storel_epi64((__m128i *)(void *)to, _mm_packus_epi16(half, half));
}

static void rest_of(plumb_step step, void *to, const void *from, const plumb_taps *taps,
                    int32_t done, size_t output_size)
{
    plumb_taps t = *taps;
    t.outputs -= done;
    t.first += done;
    if (t.integer)
        t.integer += (size_t)done * (size_t)t.taps;
    if (t.real)
        t.real += (size_t)done * (size_t)t.taps;
    if (t.outputs > 0)
        plumb_along_c(step, (uint8_t *)to + (size_t)done * output_size, from, &t);
}

static void along_linear_second(void *to, const void *from, const plumb_taps *taps)
{
    int32_t i = 0;
    for (; taps->taps == 2 && i + 8 <= taps->outputs; i += 8) {
        __m256i product = _mm256_mulhi_epi16(two_words(from, taps->first + i),
                                             two_weights(taps->integer + 2 * (size_t)i));
        __m256i sum = _mm256_madd_epi16(product, _mm256_set1_epi16(1));
        sum = _mm256_srai_epi32(_mm256_add_epi32(sum, _mm256_set1_epi32(2)), 2);
        store_eight((uint8_t *)to + i, sum);
    }
    rest_of(PLUMB_STEP_LINEAR_SECOND, to, from, taps, i, 1);
}

/* Words of 16 bits unsigned become signed by taking 2^15 away; the weights add up to 256, so 2^23
 * comes back. */
static void along_exact_second(void *to, const void *from, const plumb_taps *taps)
{
    int32_t i = 0;
    for (; taps->taps == 2 && i + 8 <= taps->outputs; i += 8) {
        __m256i words =
            _mm256_xor_si256(two_words(from, taps->first + i), _mm256_set1_epi16((int16_t)0x8000));
        __m256i sum = _mm256_madd_epi16(words, two_weights(taps->integer + 2 * (size_t)i));
        sum =
            _mm256_srai_epi32(_mm256_add_epi32(sum, _mm256_set1_epi32((1 << 23) + (1 << 15))), 16);
        store_eight((uint8_t *)to + i, sum);
    }
    rest_of(PLUMB_STEP_EXACT_SECOND, to, from, taps, i, 1);
}

static inline __m256 weights_of(const plumb_taps *taps, int32_t i, int32_t j)
{
    const float *w = taps->real + (size_t)i * (size_t)taps->taps + (size_t)j;
    __m256i step = _mm256_mullo_epi32(_mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7),
                                      _mm256_set1_epi32(taps->taps));
    return _mm256_i32gather_ps(w, step, 4);
}

static void along_float_first(void *to, const void *from, const plumb_taps *taps)
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

static inline __m256 float_sums(const void *from, const plumb_taps *taps, int32_t i)
{
    __m256i first = _mm256_loadu_si256((const __m256i *)(const void *)(taps->first + i));
    __m256 sum = _mm256_setzero_ps();
    for (int32_t j = 0; j < taps->taps; j++) {
        __m256 p = _mm256_i32gather_ps((const float *)from + j, first, 4);
        sum = _mm256_add_ps(sum, _mm256_mul_ps(weights_of(taps, i, j), p));
    }
    return sum;
}

static void along_float_second(void *to, const void *from, const plumb_taps *taps)
{
    int32_t i = 0;
    for (; i + 8 <= taps->outputs; i += 8)
        _mm256_storeu_ps((float *)to + i, float_sums(from, taps, i));
    rest_of(PLUMB_STEP_FLOAT_SECOND, to, from, taps, i, sizeof(float));
}

static void along_float_round(void *to, const void *from, const plumb_taps *taps)
{
    int32_t i = 0;
    __m256 factor = _mm256_set1_ps(taps->factor);
    for (; i + 8 <= taps->outputs; i += 8)
        store_eight((uint8_t *)to + i,
                    _mm256_cvtps_epi32(_mm256_mul_ps(float_sums(from, taps, i), factor)));
    rest_of(PLUMB_STEP_FLOAT_ROUND, to, from, taps, i, 1);
}

void plumb_kernels_init_avx2_along(plumb_kernels *kernels)
{
    kernels->program_size = program_size;
    kernels->make_program = make_program;
    kernels->along[PLUMB_STEP_PICK] = along_pick;
    kernels->along[PLUMB_STEP_PILLOW] = along_pillow;
    kernels->along[PLUMB_STEP_LINEAR_FIRST] = along_linear_first;
    kernels->along[PLUMB_STEP_EXACT_FIRST] = along_exact_first;
    kernels->along[PLUMB_STEP_LINEAR_SECOND] = along_linear_second;
    kernels->along[PLUMB_STEP_EXACT_SECOND] = along_exact_second;
    kernels->along[PLUMB_STEP_FLOAT_FIRST] = along_float_first;
    kernels->along[PLUMB_STEP_FLOAT_SECOND] = along_float_second;
    kernels->along[PLUMB_STEP_FLOAT_ROUND] = along_float_round;
}
