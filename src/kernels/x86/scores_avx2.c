/* SPDX-License-Identifier: Apache-2.0
 *
 * What c/scores.c says, with as few branches as can be: whether a block holds something is what no
 * CPU foresees, and to make its bits costs less than a wrong guess.
 */
#include "kernels/scores.h"

#include <immintrin.h>

#define BLOCK PLUMB_SCORE_BLOCK

static inline __m256i load(const void *at)
{
    return _mm256_loadu_si256((const __m256i *)at);
}

/* A run that ends within a block: the last whole one of it is looked at again, moved to its place;
 * fewer values than one block are left to C. */
#define SCAN_REST(block_bits, run_c, ...)                                                          \
    if (count < BLOCK)                                                                             \
        return run_c(data, count, __VA_ARGS__, ahead, passing);                                    \
    if (count % BLOCK)                                                                             \
        found += put_block(block_bits(data + count - BLOCK, v) >> (BLOCK - count % BLOCK),         \
                           count / BLOCK, &passing[found]);                                        \
    return found;

/* Written at any rate, and counted where something passes: there is room for all blocks. */
static inline size_t put_block(uint64_t bits, size_t block, plumb_passing *passing)
{
    passing->bits = bits;
    passing->block = block;
    return bits != 0;
}

/* --- float --- */

static inline __m256 float_passes(const float *at, __m256 limit)
{
    return _mm256_cmp_ps(_mm256_loadu_ps(at), limit, _CMP_NLE_UQ);
}

static inline uint64_t float_bits(const float *data, __m256 limit)
{
    uint64_t bits = 0;
    for (int i = 0; i < BLOCK / 8; i++)
        bits |= (uint64_t)(unsigned)_mm256_movemask_ps(float_passes(data + 8 * i, limit)) << 8 * i;
    return bits;
}

static size_t run_float(const float *data, size_t count, float limit, ptrdiff_t ahead,
                        plumb_passing *passing)
{
    __m256 v = _mm256_set1_ps(limit);
    size_t found = 0;
    for (size_t block = 0; block < count / BLOCK; block++) {
        plumb_ask_ahead(data + block * BLOCK, BLOCK * sizeof(*data), ahead);
        found += put_block(float_bits(data + block * BLOCK, v), block, &passing[found]);
    }
    SCAN_REST(float_bits, plumb_run_float_c, limit)
}

/* --- half --- */

/* What stays lies between two bounds or at one, in the order of unsigned integers: negative numbers
 * are 0x8000 (zero) .. 0xfc00 (-infinity), positive ones 0 .. 0x7c00, and NaNs follow either. A
 * negative limit keeps 0x8000 | magnitude .. 0xfc00; another one all of the former, and 0 .. limit,
 * which signed integers order too. Moved down by `base`, what stays of the negative ones is at or
 * below `span`. */
typedef struct half_limit {
    __m256i signed_limit, base, span;
    bool negative;
} half_limit;

static inline half_limit make_half_limit(int32_t limit)
{
    int32_t base = limit < 0 ? 0x8000 - limit : 0x8000;
    half_limit v = { _mm256_set1_epi16((int16_t)(limit < 0 ? 0 : limit)),
                     _mm256_set1_epi16((int16_t)base), _mm256_set1_epi16((int16_t)(0xfc00 - base)),
                     limit < 0 };
    return v;
}

/* 16 halves against a negative limit: all ones where one stays. */
static inline __m256i moved_stays(__m256i moved, const half_limit *v)
{
    return _mm256_cmpeq_epi16(_mm256_min_epu16(moved, v->span), moved);
}

static inline __m256i half_stays(__m256i halves, const half_limit *v)
{
    __m256i stays = moved_stays(_mm256_sub_epi16(halves, v->base), v);
    if (v->negative)
        return stays;
    __m256i low = _mm256_min_epu16(halves, v->signed_limit);
    return _mm256_or_si256(stays, _mm256_cmpeq_epi16(low, halves));
}

static uint64_t half_bits_of(const uint16_t *data, const half_limit *v)
{
    uint64_t bits = 0;
    for (int i = 0; i < BLOCK / 32; i++) {
        __m256i a = half_stays(load(data + 32 * i), v);
        __m256i b = half_stays(load(data + 32 * i + 16), v);
        __m256i both = _mm256_permute4x64_epi64(_mm256_packs_epi16(a, b), 0xd8);
        bits |= (uint64_t) ~(uint32_t)_mm256_movemask_epi8(both) << 32 * i;
    }
    return bits;
}

static inline uint64_t half_bits(const uint16_t *data, half_limit v)
{
    return half_bits_of(data, &v);
}

/* Do all of one block stay? Making bits of halves is dear enough for a branch. Two maxima see that: of signed ones for the positive numbers, of
 * unsigned ones for a NaN with a sign. */
static inline bool halves_stay(const uint16_t *at, const half_limit *v)
{
    __m256i most = load(at), signed_most = most;
    if (v->negative) {
        most = _mm256_sub_epi16(most, v->base);
        for (int i = 16; i < BLOCK; i += 16)
            most = _mm256_max_epu16(most, _mm256_sub_epi16(load(at + i), v->base));
        return _mm256_movemask_epi8(moved_stays(most, v)) == -1;
    }
    for (int i = 16; i < BLOCK; i += 16) {
        __m256i halves = load(at + i);
        most = _mm256_max_epu16(most, halves);
        signed_most = _mm256_max_epi16(signed_most, halves);
    }
    __m256i infinity = _mm256_set1_epi16((int16_t)0xfc00);
    __m256i number = _mm256_cmpeq_epi16(_mm256_max_epu16(most, infinity), infinity);
    __m256i high = _mm256_cmpgt_epi16(signed_most, v->signed_limit);
    return _mm256_movemask_epi8(_mm256_andnot_si256(high, number)) == -1;
}

static size_t run_half(const uint16_t *data, size_t count, int32_t limit, ptrdiff_t ahead,
                       plumb_passing *passing)
{
    half_limit v = make_half_limit(limit);
    size_t found = 0;
    for (size_t block = 0; block < count / BLOCK; block++) {
        plumb_ask_ahead(data + block * BLOCK, BLOCK * sizeof(*data), ahead);
        if (!halves_stay(data + block * BLOCK, &v))
            found += put_block(half_bits_of(data + block * BLOCK, &v), block, &passing[found]);
    }
    SCAN_REST(half_bits, plumb_run_half_c, limit)
}

/* --- byte --- */

typedef struct byte_limit {
    __m256i flip, limit;
} byte_limit;

static inline byte_limit make_byte_limit(uint8_t flip, int8_t limit)
{
    byte_limit v = { _mm256_set1_epi8((char)flip), _mm256_set1_epi8(limit) };
    return v;
}

static inline uint64_t byte_bits(const uint8_t *data, byte_limit v)
{
    __m256i low = _mm256_cmpgt_epi8(_mm256_xor_si256(load(data), v.flip), v.limit);
    __m256i high = _mm256_cmpgt_epi8(_mm256_xor_si256(load(data + 32), v.flip), v.limit);
    return (uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high)
                                                     << 32;
}

static size_t run_byte(const uint8_t *data, size_t count, uint8_t flip, int8_t limit,
                       ptrdiff_t ahead, plumb_passing *passing)
{
    byte_limit v = make_byte_limit(flip, limit);
    size_t found = 0;
    for (size_t block = 0; block < count / BLOCK; block++) {
        plumb_ask_ahead(data + block * BLOCK, BLOCK, ahead);
        found += put_block(byte_bits(data + block * BLOCK, v), block, &passing[found]);
    }
    SCAN_REST(byte_bits, plumb_run_byte_c, flip, limit)
}

/* --- rows --- */

/* The last step of a row overlaps the one before; rows shorter than a step are left to C. */
#define SCAN_ROWS(step, vector, zero, join, passes, test)                                          \
    bool any = false;                                                                              \
    for (size_t row = 0; row < rows; row++, data += stride) {                                      \
        vector hit = zero;                                                                         \
        for (size_t i = 0; i + (step) <= count; i += (step))                                       \
            hit = join(hit, passes(data + i));                                                     \
        hit = join(hit, passes(data + count - (step)));                                            \
        pass[row] = test(hit) != 0;                                                                \
        any |= pass[row] != 0;                                                                     \
    }                                                                                              \
    return any;

static bool rows_float(const float *data, ptrdiff_t stride, size_t rows, size_t count, float limit,
                       uint8_t *pass)
{
    if (count < 8)
        return plumb_rows_float_c(data, stride, rows, count, limit, pass);
    __m256 v = _mm256_set1_ps(limit);
#define PASSES(at) float_passes(at, v)
    SCAN_ROWS(8, __m256, _mm256_setzero_ps(), _mm256_or_ps, PASSES, _mm256_movemask_ps)
#undef PASSES
}

static bool rows_half(const uint16_t *data, ptrdiff_t stride, size_t rows, size_t count,
                      int32_t limit, uint8_t *pass)
{
    if (count < 16)
        return plumb_rows_half_c(data, stride, rows, count, limit, pass);
    half_limit v = make_half_limit(limit);
    __m256i ones = _mm256_set1_epi8(-1);
#define PASSES(at) _mm256_xor_si256(half_stays(load(at), &v), ones)
    SCAN_ROWS(16, __m256i, _mm256_setzero_si256(), _mm256_or_si256, PASSES, _mm256_movemask_epi8)
#undef PASSES
}

static bool rows_byte(const uint8_t *data, ptrdiff_t stride, size_t rows, size_t count,
                      uint8_t flip, int8_t limit, uint8_t *pass)
{
    if (count < 32)
        return plumb_rows_byte_c(data, stride, rows, count, flip, limit, pass);
    byte_limit v = make_byte_limit(flip, limit);
#define PASSES(at) _mm256_cmpgt_epi8(_mm256_xor_si256(load(at), v.flip), v.limit)
    SCAN_ROWS(32, __m256i, _mm256_setzero_si256(), _mm256_or_si256, PASSES, _mm256_movemask_epi8)
#undef PASSES
}

static void read_halves(const uint16_t *data, size_t count, float *values)
{
    size_t i = 0;
    for (; i + 8 <= count; i += 8)
        _mm256_storeu_ps(values + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(data + i))));
    plumb_read_halves_c(data + i, count - i, values + i);
}

static bool keep_greatest(const float *values, size_t count, float limit, uint16_t column,
                          float *best, uint16_t *columns)
{
    __m256 least = _mm256_set1_ps(limit);
    __m256i number = _mm256_set1_epi16((int16_t)column);
    __m256 nan = _mm256_setzero_ps();
    for (size_t i = 0; i < count; i += 16) {
        __m256 greater[2];
        for (size_t j = 0; j < 2; j++) {
            __m256 value = _mm256_loadu_ps(values + i + 8 * j);
            __m256 before = _mm256_loadu_ps(best + i + 8 * j);
            greater[j] = _mm256_cmp_ps(value, _mm256_max_ps(least, before), _CMP_GT_OQ);
            nan = _mm256_or_ps(nan, _mm256_cmp_ps(value, value, _CMP_UNORD_Q));
            _mm256_storeu_ps(best + i + 8 * j, _mm256_blendv_ps(before, value, greater[j]));
        }
        __m256i both =
            _mm256_packs_epi32(_mm256_castps_si256(greater[0]), _mm256_castps_si256(greater[1]));
        both = _mm256_permute4x64_epi64(both, 0xd8);
        __m256i chosen = _mm256_blendv_epi8(load(columns + i), number, both);
        _mm256_storeu_si256((__m256i *)(columns + i), chosen);
    }
    return _mm256_movemask_ps(nan) != 0;
}

void plumb_scores_select_avx2(plumb_score_kernels *kernels)
{
    kernels->run_float = run_float;
    kernels->run_half = run_half;
    kernels->run_byte = run_byte;
    kernels->rows_float = rows_float;
    kernels->rows_half = rows_half;
    kernels->rows_byte = rows_byte;
    kernels->read_halves = read_halves;
    kernels->keep_greatest = keep_greatest;
}
