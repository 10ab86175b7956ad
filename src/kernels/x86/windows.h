/* SPDX-License-Identifier: Apache-2.0
 *
 * What the sums along rows share. Outputs are made in groups of two lanes. A lane loads a window of
 * 16 bytes from where its first output begins and shuffles the taps of its outputs into place, as
 * words or as bytes; then the window moves on by the taps that were used. Four outputs share a lane
 * where their taps lie close enough, else two, else one. Where bytes can be permuted over all of
 * 64, a group may be one wide lane of 16 outputs.
 */
#ifndef PLUMB_KERNELS_X86_WINDOWS_H
#define PLUMB_KERNELS_X86_WINDOWS_H

#include <immintrin.h>

#include "kernels/kernels.h"

/* Kernels are written once and specialised by constant arguments, which works only if the compiler
 * does inline them. */
#define PLUMB_INLINE static inline __attribute__((always_inline))

#define PLUMB_WINDOW     16 /* bytes of a lane */
#define PLUMB_WIDE       64 /* bytes of a wide one, */
#define PLUMB_WIDE_LANE  16 /* and its outputs */
#define PLUMB_MAX_PLANES 3

/* How the taps of a lane stand in it. */
typedef struct plumb_window_kind {
    int32_t tap_bytes; /* 1 or 2 */
    int32_t digits; /* a weight is cut into so many words or bytes, each in a vector of its own */
    void (*cut)(int32_t weight, int16_t digits[3]);
} plumb_window_kind;

/* Stands before the tables: the base of each lane, shuffles of 32 bytes a group, weights. */
typedef struct plumb_window_program {
    int32_t lanes, lane_bytes;
    int32_t per_lane; /* outputs of a lane: 16, 4, 2 or 1 */
    int32_t groups;   /* of narrow lanes whole blocks of four, so that there is no remainder */
    int32_t rounds;   /* windows of a group */
    bool one_window;  /* the first window holds the taps of all rounds */
    size_t bases, shuffles, weights, round_bytes;
} plumb_window_program;

/* `wide` allows wide lanes. */
size_t plumb_window_program_size(const plumb_window_kind *kind, const plumb_taps *taps, bool wide);
void plumb_window_program_make(const plumb_window_kind *kind, const plumb_taps *taps, bool wide,
                               void *memory);

/* True where `per_lane` outputs and the first `count` taps of each lie inside one window. */
bool plumb_windows_hold(const plumb_taps *taps, int32_t per_lane, int32_t count, int32_t window);

/* Kinds and kernels of narrow lanes that a table of wide ones falls back to. */
extern const plumb_window_kind plumb_window_words, plumb_window_means, plumb_window_digits;
void plumb_along_linear_first_avx2(void *const to[], const void *const from[], int planes,
                                   const plumb_taps *taps);
void plumb_along_exact_first_avx2(void *const to[], const void *const from[], int planes,
                                  const plumb_taps *taps);
void plumb_along_mean_avx2(void *const to[], const void *const from[], int planes,
                           const plumb_taps *taps);
size_t plumb_pick_size_avx2(plumb_step step, const plumb_taps *taps);
void plumb_pick_make_avx2(plumb_step step, const plumb_taps *taps, void *program);
void plumb_along_pick_avx2(void *const to[], const void *const from[], int planes,
                           const plumb_taps *taps);
size_t plumb_words_size_avx2(plumb_step step, const plumb_taps *taps);
void plumb_words_make_avx2(plumb_step step, const plumb_taps *taps, void *program);
void plumb_along_words_avx2(plumb_step step, void *const to[], const void *const from[], int planes,
                            const plumb_taps *taps);
void plumb_along_pillow_vnni(void *const to[], const void *const from[], int planes,
                             const plumb_taps *taps);

/* A program, and the rows it is run on. */
typedef struct plumb_window_run {
    const uint8_t *memory;
    const plumb_window_program *p;
    const int32_t *bases;
    const uint8_t *from[PLUMB_MAX_PLANES];
    uint8_t *to[PLUMB_MAX_PLANES];
} plumb_window_run;

static inline plumb_window_run plumb_window_run_of(void *const to[], const void *const from[],
                                                   int planes, const plumb_taps *taps)
{
    plumb_window_run r = { .memory = taps->program, .p = taps->program };
    r.bases = (const int32_t *)(const void *)(r.memory + r.p->bases);
    for (int k = 0; k < planes; k++) {
        r.from[k] = from[k];
        r.to[k] = to[k];
    }
    return r;
}

/* The window at `low` in the low lane, the one at `high` in the high lane. */
PLUMB_INLINE __m256i plumb_two_windows(const void *low, const void *high)
{
    __m128i a = _mm_loadu_si128((const __m128i *)low);
    return _mm256_inserti128_si256(_mm256_castsi128_si256(a),
                                   _mm_loadu_si128((const __m128i *)high), 1);
}

/* Where the windows of a group begin, kept by its callers in registers. */
typedef struct plumb_group_bases {
    ptrdiff_t low, high;
} plumb_group_bases;

PLUMB_INLINE plumb_group_bases plumb_bases_of(const plumb_window_run *r, int32_t group)
{
    return (plumb_group_bases){ r->bases[2 * group], r->bases[2 * group + 1] };
}

PLUMB_INLINE __m256i plumb_group_windows(const uint8_t *from, plumb_group_bases bases)
{
    return plumb_two_windows(from + bases.low, from + bases.high);
}

PLUMB_INLINE __m256i plumb_table(const uint8_t *from)
{
    return _mm256_load_si256((const __m256i *)(const void *)from);
}

PLUMB_INLINE __m256i plumb_group_shuffle(const plumb_window_run *r, int32_t group)
{
    return plumb_table(r->memory + r->p->shuffles + (size_t)group * 32);
}

/* `round_bytes` and `rounds` are given by the caller, who may know them as constants. */
PLUMB_INLINE const uint8_t *plumb_group_weights(const plumb_window_run *r, int32_t group,
                                                int32_t rounds, size_t round_bytes)
{
    return r->memory + r->p->weights + (size_t)group * (size_t)rounds * round_bytes;
}

/* Eight outputs in order, from the double words of 1, 2 or 4 groups: an output has 8 / 4 / 2 of the
 * 8 double words of a group. */
PLUMB_INLINE __m256i plumb_eight_of(__m256i sums[4][PLUMB_MAX_PLANES], int plane, int32_t per_lane)
{
    if (per_lane == 4)
        return sums[0][plane];
    __m256i a = _mm256_hadd_epi32(sums[0][plane], sums[1][plane]);
    if (per_lane == 2) /* 0 1 4 5 | 2 3 6 7 */
        return _mm256_permute4x64_epi64(a, 0xd8);
    __m256i b = _mm256_hadd_epi32(sums[2][plane], sums[3][plane]);
    __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7); /* 0 2 4 6 | 1 3 5 7 */
    return _mm256_permutevar8x32_epi32(_mm256_hadd_epi32(a, b), order);
}

/* Sixteen double words to bytes. */
PLUMB_INLINE void plumb_store_sixteen(uint8_t *to, __m256i a, __m256i b)
{
    __m256i words = _mm256_packs_epi32(a, b); /* 0..3 8..11 | 4..7 12..15 */
    __m128i bytes =
        _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
    _mm_storeu_si128((__m128i *)(void *)to, _mm_shuffle_epi32(bytes, 0xd8));
}

#endif
