/* SPDX-License-Identifier: Apache-2.0 */
#include <immintrin.h>
#include <string.h>

#include "kernels/c/reference.h"
#include "kernels/x86/windows.h"
#include "plumbline/tensor.h"

typedef struct chain_vectors {
    bool divide, scale, mean, std;
    __m256 divisor, divisor_inverse, factor, offset, deviation, deviation_inverse;
} chain_vectors;

static chain_vectors vectors_of(const plumb_value_chain *chain)
{
    chain_vectors v;
    v.divide = chain->divide != 1.0f;
    v.scale = chain->scale != 1.0f;
    v.mean = chain->mean != 0.0f;
    v.std = chain->std != 1.0f;
    v.divisor = _mm256_set1_ps(chain->divide);
    v.divisor_inverse = _mm256_set1_ps(1.0f / chain->divide);
    v.factor = _mm256_set1_ps(chain->scale);
    v.offset = _mm256_set1_ps(chain->mean);
    v.deviation = _mm256_set1_ps(chain->std);
    v.deviation_inverse = _mm256_set1_ps(1.0f / chain->std);
    return v;
}

/* x / d from a rounded 1/d and one correction with a fused multiply-add (Markstein 1990). */
PLUMB_INLINE __m256 quotient(__m256 x, __m256 d, __m256 inverse)
{
    __m256 q = _mm256_mul_ps(x, inverse);
    return _mm256_fmadd_ps(_mm256_fnmadd_ps(q, d, x), inverse, q);
}

/* Four vectors at a time, so that the steps left out cost little. */
PLUMB_INLINE void chained(__m256 v[4], const chain_vectors *c)
{
    if (c->divide)
        for (int k = 0; k < 4; k++)
            v[k] = quotient(v[k], c->divisor, c->divisor_inverse);
    if (c->scale)
        for (int k = 0; k < 4; k++)
            v[k] = _mm256_mul_ps(v[k], c->factor);
    if (c->mean)
        for (int k = 0; k < 4; k++)
            v[k] = _mm256_sub_ps(v[k], c->offset);
    if (c->std)
        for (int k = 0; k < 4; k++)
            v[k] = quotient(v[k], c->deviation, c->deviation_inverse);
}

PLUMB_INLINE void pixels32(const uint8_t *from, __m256 v[4])
{
    for (int k = 0; k < 4; k++) {
        __m128i bytes = _mm_loadl_epi64((const __m128i *)(const void *)(from + 8 * k));
        v[k] = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes));
    }
}

/* Up to 32 bytes, the rest 0. */
PLUMB_INLINE void partial32(const uint8_t *from, int32_t n, __m256 v[4])
{
    uint8_t bytes[32] = { 0 };
    for (int32_t k = 0; k < n; k++)
        bytes[k] = from[k];
    pixels32(bytes, v);
}

/* The last vectors overlap those before. */
PLUMB_INLINE int32_t vectors_at(int32_t i, int32_t n)
{
    return i + 32 > n ? n - 32 : i;
}

static void compute4(float *to, ptrdiff_t to_stride, const uint8_t *from, ptrdiff_t from_stride,
                     const plumb_value_chain *chain, int32_t n, int32_t rows)
{
    chain_vectors c = vectors_of(chain);
    for (int32_t y = 0; y < rows; y++, to += to_stride, from += from_stride) {
        __m256 v[4];
        for (int32_t i = 0; n >= 32 && i < n; i += 32) {
            int32_t x = vectors_at(i, n);
            pixels32(from + x, v);
            chained(v, &c);
            for (int k = 0; k < 4; k++)
                _mm256_storeu_ps(to + x + 8 * k, v[k]);
        }
        if (n < 32) {
            float values[32];
            partial32(from, n, v);
            chained(v, &c);
            for (int k = 0; k < 4; k++)
                _mm256_storeu_ps(values + 8 * k, v[k]);
            for (int32_t k = 0; k < n; k++)
                to[k] = values[k];
        }
    }
}

PLUMB_INLINE void store_halves(uint16_t *to, const __m256 v[4])
{
    for (int k = 0; k < 4; k++)
        _mm_storeu_si128((__m128i *)(void *)(to + 8 * k), _mm256_cvtps_ph(v[k], 0));
}

static void compute2(uint16_t *to, ptrdiff_t to_stride, const uint8_t *from, ptrdiff_t from_stride,
                     const plumb_value_chain *chain, int32_t n, int32_t rows)
{
    chain_vectors c = vectors_of(chain);
    for (int32_t y = 0; y < rows; y++, to += to_stride, from += from_stride) {
        __m256 v[4];
        for (int32_t i = 0; n >= 32 && i < n; i += 32) {
            int32_t x = vectors_at(i, n);
            pixels32(from + x, v);
            chained(v, &c);
            store_halves(to + x, v);
        }
        if (n < 32) {
            uint16_t values[32];
            partial32(from, n, v);
            chained(v, &c);
            store_halves(values, v);
            for (int32_t k = 0; k < n; k++)
                to[k] = values[k];
        }
    }
}

/* 16 columns of 32 bytes each become 32 rows: four rounds of interleaving column k with k + 8, in
 * each half of the vectors by itself. */
PLUMB_INLINE void turn16(uint8_t *to, const uint8_t *from, ptrdiff_t from_stride)
{
    __m256i a[16], b[16];
    for (int k = 0; k < 16; k++)
        a[k] = _mm256_loadu_si256((const __m256i *)(const void *)(from + k * from_stride));
    for (int round = 0; round < 4; round++) {
        for (int k = 0; k < 8; k++) {
            b[2 * k] = _mm256_unpacklo_epi8(a[k], a[k + 8]);
            b[2 * k + 1] = _mm256_unpackhi_epi8(a[k], a[k + 8]);
        }
        for (int k = 0; k < 16; k++)
            a[k] = b[k];
    }
    for (int k = 0; k < 16; k++) {
        __m128i *row = (__m128i *)(void *)(to + k * PLUMB_TILE);
        _mm_storeu_si128(row, _mm256_castsi256_si128(a[k]));
        _mm_storeu_si128(row + PLUMB_TILE, _mm256_extracti128_si256(a[k], 1));
    }
}

static void turn8(uint8_t *to, const uint8_t *from, ptrdiff_t from_stride, int32_t columns,
                  int32_t rows)
{
    for (int32_t x = 0; x < columns; x += 16)
        for (int32_t y = 0; y < rows; y += 32)
            turn16(to + (ptrdiff_t)y * PLUMB_TILE + x, from + x * from_stride + y, from_stride);
}

/* A pattern from its byte `from` on. */
PLUMB_INLINE uint64_t rotated(uint64_t pattern, size_t from)
{
    unsigned shift = (unsigned)(from % 8) * 8;
    return shift ? pattern >> shift | pattern << (64 - shift) : pattern;
}

/* Up to the first whole vector, whole vectors, and the last bytes: all where the pattern falls. */
static void fill(uint8_t *to, const uint8_t pattern[8], size_t bytes)
{
    uint64_t word;
    memcpy(&word, pattern, sizeof(word));
    if (bytes < 64) {
        size_t i = 0;
        for (; i + 8 <= bytes; i += 8)
            memcpy(to + i, pattern, 8);
        memcpy(to + i, pattern, bytes - i);
        return;
    }
    size_t lead = (size_t)(-(uintptr_t)to & 31), last = bytes - 32;
    __m256i first = _mm256_set1_epi64x((long long)word);
    __m256i aligned = _mm256_set1_epi64x((long long)rotated(word, lead));
    __m256i behind = _mm256_set1_epi64x((long long)rotated(word, last));
    _mm256_storeu_si256((__m256i *)(void *)to, first);
    for (size_t i = lead; i < last; i += 32)
        _mm256_store_si256((__m256i *)(void *)(to + i), aligned);
    _mm256_storeu_si256((__m256i *)(void *)(to + last), behind);
}

/* The inverse of split3 in avx2_color.c: one shuffle a channel, then blends. */
static void interleave3(uint8_t *to, const uint8_t *const from[3], int32_t n)
{
    int32_t i = 0;
    __m256i take1 = _mm256_setr_epi8(0, -1, 0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0, 0, -1, 0,
                                     0, -1, 0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0);
    __m256i take2 = _mm256_setr_epi8(0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0, 0, -1,
                                     0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0, -1, 0);
    /* byte 3p mod 16 of the 48 shows pixel p: the inverses of split3's orders */
    __m256i order0 = _mm256_setr_epi8(0, 11, 6, 1, 12, 7, 2, 13, 8, 3, 14, 9, 4, 15, 10, 5, 0, 11,
                                      6, 1, 12, 7, 2, 13, 8, 3, 14, 9, 4, 15, 10, 5);
    __m256i order1 = _mm256_setr_epi8(5, 0, 11, 6, 1, 12, 7, 2, 13, 8, 3, 14, 9, 4, 15, 10, 5, 0,
                                      11, 6, 1, 12, 7, 2, 13, 8, 3, 14, 9, 4, 15, 10);
    __m256i order2 = _mm256_setr_epi8(10, 5, 0, 11, 6, 1, 12, 7, 2, 13, 8, 3, 14, 9, 4, 15, 10, 5,
                                      0, 11, 6, 1, 12, 7, 2, 13, 8, 3, 14, 9, 4, 15);
    for (; i + 32 <= n; i += 32) {
        __m256i v[3];
        for (int k = 0; k < 3; k++)
            v[k] = _mm256_loadu_si256((const __m256i *)(const void *)(from[k] + i));
        __m256i x = _mm256_shuffle_epi8(v[0], order0), y = _mm256_shuffle_epi8(v[1], order1);
        __m256i z = _mm256_shuffle_epi8(v[2], order2), out[3];
        out[0] = _mm256_blendv_epi8(_mm256_blendv_epi8(x, z, take2), y, take1);
        out[1] = _mm256_blendv_epi8(_mm256_blendv_epi8(y, x, take2), z, take1);
        out[2] = _mm256_blendv_epi8(_mm256_blendv_epi8(z, y, take2), x, take1);
        __m128i *p = (__m128i *)(void *)(to + 3 * i);
        for (int k = 0; k < 3; k++) {
            _mm_storeu_si128(p + k, _mm256_castsi256_si128(out[k]));
            _mm_storeu_si128(p + 3 + k, _mm256_extracti128_si256(out[k], 1));
        }
    }
    for (; i < n; i++)
        for (int k = 0; k < 3; k++)
            to[3 * i + k] = from[k][i];
}

void plumb_kernels_init_avx2_store(plumb_kernels *kernels)
{
    kernels->fill = fill;
    kernels->turn8 = turn8;
    kernels->compute4 = compute4;
    kernels->compute2 = compute2;
    kernels->interleave3 = interleave3;
}
