/* SPDX-License-Identifier: Apache-2.0 */
#include <immintrin.h>

#include "kernels/c/reference.h"
#include "kernels/x86/windows.h"

/* What is left behind full vectors, and rarer layouts. */
static void rest(uint8_t *const rgb[3], const uint8_t *y, const uint8_t *u, const uint8_t *v,
                 ptrdiff_t chroma_stride, int32_t from, int32_t n,
                 const plumb_yuv_constants *constants)
{
    if (from >= n)
        return;
    uint8_t *to[3] = { rgb[0] + from, rgb[1] + from, rgb[2] + from };
    ptrdiff_t at = (ptrdiff_t)(from / 2) * chroma_stride;
    plumb_yuv8_half_c(to, y + from, u + at, v + at, chroma_stride, n - from, constants);
}

typedef struct narrow_vectors {
    __m256i y_gain, y_bias, u_blue, u_green, v_green, v_red;
} narrow_vectors;

static narrow_vectors narrow_of(const plumb_yuv_constants *k)
{
    narrow_vectors n;
    n.y_gain = _mm256_set1_epi16((int16_t)k->y_gain);
    n.y_bias = _mm256_set1_epi16(k->y_bias);
    n.u_blue = _mm256_set1_epi16(k->u_blue);
    n.u_green = _mm256_set1_epi16(k->u_green);
    n.v_green = _mm256_set1_epi16(k->v_green);
    n.v_red = _mm256_set1_epi16(k->v_red);
    return n;
}

PLUMB_INLINE __m256i luma_of(__m256i doubled, const narrow_vectors *k)
{
    return _mm256_add_epi16(_mm256_mulhi_epu16(doubled, k->y_gain), k->y_bias);
}

PLUMB_INLINE __m256i bytes_of(__m256i low, __m256i high)
{
    return _mm256_packus_epi16(_mm256_srai_epi16(low, 6), _mm256_srai_epi16(high, 6));
}

PLUMB_INLINE void store(uint8_t *to, __m256i bytes)
{
    _mm256_storeu_si256((__m256i *)(void *)to, bytes);
}

PLUMB_INLINE __m256i load(const uint8_t *from)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)from);
}

/* 32 pixels; u and v are 16 samples around 0, times 256. The saturation of the sums is beyond what
 * the bytes can hold, so it changes nothing. */
PLUMB_INLINE void narrow_pairs(uint8_t *const rgb[3], int32_t i, const uint8_t *y, __m256i u,
                               __m256i v, const narrow_vectors *k)
{
    __m256i bytes = load(y + i);
    __m256i low = luma_of(_mm256_unpacklo_epi8(bytes, bytes), k);
    __m256i high = luma_of(_mm256_unpackhi_epi8(bytes, bytes), k);
    __m256i red = _mm256_mulhrs_epi16(v, k->v_red), blue = _mm256_mulhrs_epi16(u, k->u_blue);
    __m256i green =
        _mm256_add_epi16(_mm256_mulhrs_epi16(u, k->u_green), _mm256_mulhrs_epi16(v, k->v_green));
    store(rgb[0] + i, bytes_of(_mm256_adds_epi16(low, _mm256_unpacklo_epi16(red, red)),
                               _mm256_adds_epi16(high, _mm256_unpackhi_epi16(red, red))));
    store(rgb[1] + i, bytes_of(_mm256_subs_epi16(low, _mm256_unpacklo_epi16(green, green)),
                               _mm256_subs_epi16(high, _mm256_unpackhi_epi16(green, green))));
    store(rgb[2] + i, bytes_of(_mm256_adds_epi16(low, _mm256_unpacklo_epi16(blue, blue)),
                               _mm256_adds_epi16(high, _mm256_unpackhi_epi16(blue, blue))));
}

PLUMB_INLINE __m256i widened(const uint8_t *from)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)from);
    return _mm256_slli_epi16(_mm256_cvtepu8_epi16(bytes), 8);
}

PLUMB_INLINE __m256i wide_channel(__m256i luma0, __m256i luma1, __m256i luma2, __m256i luma3,
                                  __m256i chroma_low, __m256i chroma_high)
{
    __m256i c0 = _mm256_unpacklo_epi32(chroma_low, chroma_low);
    __m256i c1 = _mm256_unpackhi_epi32(chroma_low, chroma_low);
    __m256i c2 = _mm256_unpacklo_epi32(chroma_high, chroma_high);
    __m256i c3 = _mm256_unpackhi_epi32(chroma_high, chroma_high);
    __m256i low = _mm256_packs_epi32(_mm256_srai_epi32(_mm256_add_epi32(luma0, c0), 20),
                                     _mm256_srai_epi32(_mm256_add_epi32(luma1, c1), 20));
    __m256i high = _mm256_packs_epi32(_mm256_srai_epi32(_mm256_add_epi32(luma2, c2), 20),
                                      _mm256_srai_epi32(_mm256_add_epi32(luma3, c3), 20));
    return _mm256_packus_epi16(low, high);
}

PLUMB_INLINE __m256i wide_luma(__m256i words, bool high)
{
    __m256i zero = _mm256_setzero_si256();
    __m256i y = high ? _mm256_unpackhi_epi16(words, zero) : _mm256_unpacklo_epi16(words, zero);
    return _mm256_add_epi32(_mm256_mullo_epi32(y, _mm256_set1_epi32(PLUMB_OPENCV_Y_GAIN)),
                            _mm256_set1_epi32(1 << 19));
}

/* The same in OpenCV's 32-bit form. Words come in the order of unpacklo and unpackhi, which keeps
 * the halves of the registers as they are. */
PLUMB_INLINE void wide_pairs(uint8_t *const rgb[3], int32_t i, const uint8_t *y, __m256i u,
                             __m256i v)
{
    __m256i zero = _mm256_setzero_si256();
    __m256i bytes = _mm256_subs_epu8(load(y + i), _mm256_set1_epi8(16));
    __m256i w0 = _mm256_unpacklo_epi8(bytes, zero), w1 = _mm256_unpackhi_epi8(bytes, zero);
    __m256i l0 = wide_luma(w0, false), l1 = wide_luma(w0, true);
    __m256i l2 = wide_luma(w1, false), l3 = wide_luma(w1, true);
    /* (x*256) << 16 >> 24 restores the sign-extended sample in 32 bits. */
    __m256i u0 = _mm256_srai_epi32(_mm256_unpacklo_epi16(zero, u), 24);
    __m256i u1 = _mm256_srai_epi32(_mm256_unpackhi_epi16(zero, u), 24);
    __m256i v0 = _mm256_srai_epi32(_mm256_unpacklo_epi16(zero, v), 24);
    __m256i v1 = _mm256_srai_epi32(_mm256_unpackhi_epi16(zero, v), 24);
#define TIMES(x, k) _mm256_mullo_epi32(x, _mm256_set1_epi32(k))
    store(rgb[0] + i, wide_channel(l0, l1, l2, l3, TIMES(v0, PLUMB_OPENCV_V_RED),
                                   TIMES(v1, PLUMB_OPENCV_V_RED)));
    __m256i g0 = _mm256_add_epi32(TIMES(v0, PLUMB_OPENCV_V_GREEN), TIMES(u0, PLUMB_OPENCV_U_GREEN));
    __m256i g1 = _mm256_add_epi32(TIMES(v1, PLUMB_OPENCV_V_GREEN), TIMES(u1, PLUMB_OPENCV_U_GREEN));
    store(rgb[1] + i, wide_channel(l0, l1, l2, l3, g0, g1));
    store(rgb[2] + i, wide_channel(l0, l1, l2, l3, TIMES(u0, PLUMB_OPENCV_U_BLUE),
                                   TIMES(u1, PLUMB_OPENCV_U_BLUE)));
#undef TIMES
}

static void yuv8_half(uint8_t *const rgb[3], const uint8_t *y, const uint8_t *u, const uint8_t *v,
                      ptrdiff_t chroma_stride, int32_t n, const plumb_yuv_constants *constants)
{
    bool pairs = chroma_stride == 2 && (v == u + 1 || u == v + 1);
    bool vectors = n >= 32 && (pairs || chroma_stride == 1);
    int32_t done = 0, full = vectors ? n / 2 * 2 : 0;
    narrow_vectors k = narrow_of(constants);
    __m256i middle = _mm256_set1_epi16((int16_t)0x8000);
    while (done < full) {
        __m256i a, b;
        done = done + 32 > full ? full - 32 : done; /* the last vector overlaps the one before */
        _mm_prefetch((const char *)(y + n + done), _MM_HINT_T0); /* about the next row */
        if (pairs) {
            __m256i both = load((v == u + 1 ? u : v) + done);
            a = _mm256_slli_epi16(both, 8);
            b = _mm256_and_si256(both, _mm256_set1_epi16((int16_t)0xff00));
            if (u == v + 1) {
                __m256i swap = a;
                a = b;
                b = swap;
            }
        } else {
            a = widened(u + done / 2);
            b = widened(v + done / 2);
        }
        a = _mm256_xor_si256(a, middle);
        b = _mm256_xor_si256(b, middle);
        if (constants->wide)
            wide_pairs(rgb, done, y, a, b);
        else
            narrow_pairs(rgb, done, y, a, b, &k);
        done += 32;
    }
    rest(rgb, y, u, v, chroma_stride, done, n, constants);
}

PLUMB_INLINE __m256i around_zero(__m256i words)
{
    return _mm256_xor_si256(words, _mm256_set1_epi16((int16_t)0x8000));
}

/* 16 pixels in words: luma with its gain, and chroma around 0, both scaled by 64 in the result. */
typedef struct narrow_words {
    __m256i red, green, blue;
} narrow_words;

PLUMB_INLINE narrow_words narrow_sixteen(__m256i y, __m256i u, __m256i v, const narrow_vectors *k)
{
    __m256i luma = luma_of(y, k);
    __m256i green =
        _mm256_add_epi16(_mm256_mulhrs_epi16(u, k->u_green), _mm256_mulhrs_epi16(v, k->v_green));
    return (narrow_words){ _mm256_adds_epi16(luma, _mm256_mulhrs_epi16(v, k->v_red)),
                           _mm256_subs_epi16(luma, green),
                           _mm256_adds_epi16(luma, _mm256_mulhrs_epi16(u, k->u_blue)) };
}

PLUMB_INLINE __m256i eight(const uint8_t *from)
{
    return _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)from));
}

PLUMB_INLINE __m256i in_order_of_eights(const __m256i sums[4])
{
    __m256i low =
        _mm256_packs_epi32(_mm256_srai_epi32(sums[0], 20), _mm256_srai_epi32(sums[1], 20));
    __m256i high =
        _mm256_packs_epi32(_mm256_srai_epi32(sums[2], 20), _mm256_srai_epi32(sums[3], 20));
    return _mm256_permutevar8x32_epi32(_mm256_packus_epi16(low, high),
                                       _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

/* 32 pixels in OpenCV's form, a chroma sample each. */
PLUMB_INLINE void wide_pixels(uint8_t *const rgb[3], int32_t i, const uint8_t *y, const uint8_t *u,
                              const uint8_t *v)
{
    __m256i red[4], green[4], blue[4], middle = _mm256_set1_epi32(128);
    for (int k = 0; k < 4; k++) {
        __m256i luma = _mm256_sub_epi32(eight(y + i + 8 * k), _mm256_set1_epi32(16));
        luma = _mm256_max_epi32(luma, _mm256_setzero_si256());
        luma = _mm256_mullo_epi32(luma, _mm256_set1_epi32(PLUMB_OPENCV_Y_GAIN));
        luma = _mm256_add_epi32(luma, _mm256_set1_epi32(1 << 19));
        __m256i a = _mm256_sub_epi32(eight(u + i + 8 * k), middle);
        __m256i b = _mm256_sub_epi32(eight(v + i + 8 * k), middle);
#define TIMES(x, k) _mm256_mullo_epi32(x, _mm256_set1_epi32(k))
        red[k] = _mm256_add_epi32(luma, TIMES(b, PLUMB_OPENCV_V_RED));
        green[k] = _mm256_add_epi32(
            luma, _mm256_add_epi32(TIMES(b, PLUMB_OPENCV_V_GREEN), TIMES(a, PLUMB_OPENCV_U_GREEN)));
        blue[k] = _mm256_add_epi32(luma, TIMES(a, PLUMB_OPENCV_U_BLUE));
#undef TIMES
    }
    store(rgb[0] + i, in_order_of_eights(red));
    store(rgb[1] + i, in_order_of_eights(green));
    store(rgb[2] + i, in_order_of_eights(blue));
}

static void yuv8(uint8_t *const rgb[3], const uint8_t *y, const uint8_t *u, const uint8_t *v,
                 int32_t n, const plumb_yuv_constants *constants)
{
    if (n < 32) {
        plumb_yuv8_c(rgb, y, u, v, n, constants);
        return;
    }
    if (constants->wide) {
        for (int32_t i = 0; i < n; i += 32) /* the last vector overlaps the one before */
            wide_pixels(rgb, i + 32 > n ? n - 32 : i, y, u, v);
        return;
    }
    narrow_vectors k = narrow_of(constants);
    __m256i zero = _mm256_setzero_si256();
    for (int32_t i = 0; i < n; i += 32) {
        i = i + 32 > n ? n - 32 : i;
        __m256i a = load(y + i), b = load(u + i), c = load(v + i);
        narrow_words low =
            narrow_sixteen(_mm256_unpacklo_epi8(a, a), around_zero(_mm256_unpacklo_epi8(zero, b)),
                           around_zero(_mm256_unpacklo_epi8(zero, c)), &k);
        narrow_words high =
            narrow_sixteen(_mm256_unpackhi_epi8(a, a), around_zero(_mm256_unpackhi_epi8(zero, b)),
                           around_zero(_mm256_unpackhi_epi8(zero, c)), &k);
        store(rgb[0] + i, bytes_of(low.red, high.red));
        store(rgb[1] + i, bytes_of(low.green, high.green));
        store(rgb[2] + i, bytes_of(low.blue, high.blue));
    }
}

/* Words of ten bits moved to the high bits. */
PLUMB_INLINE __m256i ten_bits(__m256i words, bool high)
{
    return high ? _mm256_and_si256(words, _mm256_set1_epi16((int16_t)0xffc0))
                : _mm256_slli_epi16(words, 6);
}

/* 16 pixels from pairs of words (u, v), or (v, u), in double words. */
PLUMB_INLINE narrow_words ten_sixteen(const uint8_t *y, __m256i pairs, bool high, bool swapped,
                                      const narrow_vectors *k)
{
    __m256i first = _mm256_setr_epi8(0, 1, 0, 1, 4, 5, 4, 5, 8, 9, 8, 9, 12, 13, 12, 13, 0, 1, 0, 1,
                                     4, 5, 4, 5, 8, 9, 8, 9, 12, 13, 12, 13);
    __m256i second = _mm256_add_epi8(first, _mm256_set1_epi8(2));
    pairs = around_zero(ten_bits(pairs, high));
    __m256i a = _mm256_shuffle_epi8(pairs, first), b = _mm256_shuffle_epi8(pairs, second);
    return narrow_sixteen(ten_bits(load(y), high), swapped ? b : a, swapped ? a : b, k);
}

PLUMB_INLINE __m256i pairs_of(const uint8_t *u, const uint8_t *v)
{
    __m128i a = _mm_loadu_si128((const __m128i *)(const void *)u);
    __m128i b = _mm_loadu_si128((const __m128i *)(const void *)v);
    return _mm256_or_si256(_mm256_cvtepu16_epi32(a),
                           _mm256_slli_epi32(_mm256_cvtepu16_epi32(b), 16));
}

PLUMB_INLINE __m256i in_order(__m256i low, __m256i high)
{
    return _mm256_permute4x64_epi64(bytes_of(low, high), 0xd8);
}

static void yuv10_half(uint8_t *const rgb[3], const uint8_t *y, const uint8_t *u, const uint8_t *v,
                       ptrdiff_t chroma_stride, bool high, int32_t n,
                       const plumb_yuv_constants *constants)
{
    bool together = chroma_stride == 4 && (v == u + 2 || u == v + 2), swapped = u == v + 2;
    int32_t done = 0, full = n >= 32 && (together || chroma_stride == 2) ? n / 2 * 2 : 0;
    narrow_vectors k = narrow_of(constants);
    while (done < full) {
        done = done + 32 > full ? full - 32 : done;
        narrow_words w[2];
        for (int h = 0; h < 2; h++) {
            int32_t i = done + 16 * h;
            __m256i pairs =
                together ? load((swapped ? v : u) + 2 * (ptrdiff_t)i) : pairs_of(u + i, v + i);
            w[h] = ten_sixteen(y + 2 * (ptrdiff_t)i, pairs, high, together && swapped, &k);
        }
        store(rgb[0] + done, in_order(w[0].red, w[1].red));
        store(rgb[1] + done, in_order(w[0].green, w[1].green));
        store(rgb[2] + done, in_order(w[0].blue, w[1].blue));
        done += 32;
    }
    if (done < n) {
        uint8_t *to[3] = { rgb[0] + done, rgb[1] + done, rgb[2] + done };
        ptrdiff_t at = (ptrdiff_t)(done / 2) * chroma_stride;
        plumb_yuv10_half_c(to, y + 2 * (ptrdiff_t)done, u + at, v + at, chroma_stride, high,
                           n - done, constants);
    }
}

/* Every third byte of 96, for the three channels: blend the three vectors, then one shuffle. */
static void split3(uint8_t *const to[4], const uint8_t *from, int32_t n)
{
    int32_t i = 0;
    __m256i take1 = _mm256_setr_epi8(0, -1, 0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0, 0, -1, 0,
                                     0, -1, 0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0);
    __m256i take2 = _mm256_setr_epi8(0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0, 0, -1,
                                     0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0, -1, 0);
    __m256i order0 = _mm256_setr_epi8(0, 3, 6, 9, 12, 15, 2, 5, 8, 11, 14, 1, 4, 7, 10, 13, 0, 3, 6,
                                      9, 12, 15, 2, 5, 8, 11, 14, 1, 4, 7, 10, 13);
    __m256i order1 = _mm256_setr_epi8(1, 4, 7, 10, 13, 0, 3, 6, 9, 12, 15, 2, 5, 8, 11, 14, 1, 4, 7,
                                      10, 13, 0, 3, 6, 9, 12, 15, 2, 5, 8, 11, 14);
    __m256i order2 = _mm256_setr_epi8(2, 5, 8, 11, 14, 1, 4, 7, 10, 13, 0, 3, 6, 9, 12, 15, 2, 5, 8,
                                      11, 14, 1, 4, 7, 10, 13, 0, 3, 6, 9, 12, 15);
    for (; i + 32 <= n; i += 32) {
        const __m128i *p = (const __m128i *)(const void *)(from + 3 * i);
        /* About where the next row begins: rows come in order, and sums are made in between. */
        _mm_prefetch((const char *)(from + 3 * (i + n)), _MM_HINT_T0);
        _mm_prefetch((const char *)(from + 3 * (i + n) + 48), _MM_HINT_T0);
        /* The low halves hold pixels 0..15, the high halves pixels 16..31. */
        __m256i a = _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128(p)),
                                            _mm_loadu_si128(p + 3), 1);
        __m256i b = _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128(p + 1)),
                                            _mm_loadu_si128(p + 4), 1);
        __m256i c = _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128(p + 2)),
                                            _mm_loadu_si128(p + 5), 1);
        /* Channel 0 is at bytes 0 mod 3 of a, 2 mod 3 of b, 1 mod 3 of c; the others follow. */
        __m256i x = _mm256_blendv_epi8(_mm256_blendv_epi8(a, b, take2), c, take1);
        __m256i y = _mm256_blendv_epi8(_mm256_blendv_epi8(b, c, take2), a, take1);
        __m256i z = _mm256_blendv_epi8(_mm256_blendv_epi8(c, a, take2), b, take1);
        if (to[0])
            store(to[0] + i, _mm256_shuffle_epi8(x, order0));
        if (to[1])
            store(to[1] + i, _mm256_shuffle_epi8(y, order1));
        if (to[2])
            store(to[2] + i, _mm256_shuffle_epi8(z, order2));
    }
    for (int k = 0; k < 3; k++)
        for (int32_t j = i; to[k] && j < n; j++)
            to[k][j] = from[3 * j + k];
}

static void split4(uint8_t *const to[4], const uint8_t *from, int32_t n)
{
    int32_t i = 0;
    __m256i group = _mm256_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15, 0, 4, 8,
                                     12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    __m256i lanes = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    for (; i + 32 <= n; i += 32) {
        __m256i v[4];
        for (int k = 0; k < 4; k++) /* eight bytes of each channel, channel by channel */
            v[k] = _mm256_permutevar8x32_epi32(
                _mm256_shuffle_epi8(load(from + 4 * i + 32 * k), group), lanes);
        __m256i a = _mm256_unpacklo_epi64(v[0], v[1]), b = _mm256_unpackhi_epi64(v[0], v[1]);
        __m256i c = _mm256_unpacklo_epi64(v[2], v[3]), d = _mm256_unpackhi_epi64(v[2], v[3]);
        if (to[0])
            store(to[0] + i, _mm256_permute2x128_si256(a, c, 0x20));
        if (to[1])
            store(to[1] + i, _mm256_permute2x128_si256(b, d, 0x20));
        if (to[2])
            store(to[2] + i, _mm256_permute2x128_si256(a, c, 0x31));
        if (to[3])
            store(to[3] + i, _mm256_permute2x128_si256(b, d, 0x31));
    }
    for (int k = 0; k < 4; k++)
        for (int32_t j = i; to[k] && j < n; j++)
            to[k][j] = from[4 * j + k];
}

static void split2(uint8_t *const to[4], const uint8_t *from, int32_t n)
{
    int32_t i = 0;
    __m256i low = _mm256_set1_epi16(0xff);
    for (; i + 32 <= n; i += 32) {
        __m256i a = load(from + 2 * i), b = load(from + 2 * i + 32);
        __m256i even = _mm256_packus_epi16(_mm256_and_si256(a, low), _mm256_and_si256(b, low));
        __m256i odd = _mm256_packus_epi16(_mm256_srli_epi16(a, 8), _mm256_srli_epi16(b, 8));
        if (to[0])
            store(to[0] + i, _mm256_permute4x64_epi64(even, 0xd8));
        if (to[1])
            store(to[1] + i, _mm256_permute4x64_epi64(odd, 0xd8));
    }
    for (int k = 0; k < 2; k++)
        for (int32_t j = i; to[k] && j < n; j++)
            to[k][j] = from[2 * j + k];
}

static void split(uint8_t *const to[4], const uint8_t *from, int size, int32_t n)
{
    if (size == 2)
        split2(to, from, n);
    else if (size == 3)
        split3(to, from, n);
    else
        split4(to, from, n);
}

static void reverse(uint8_t *to, const uint8_t *from, int32_t n)
{
    int32_t i = 0;
    __m256i order = _mm256_setr_epi8(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 15, 14,
                                     13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    for (; i + 32 <= n; i += 32) {
        __m256i v = _mm256_shuffle_epi8(load(from + n - 32 - i), order);
        store(to + i, _mm256_permute4x64_epi64(v, 0x4e));
    }
    for (; i < n; i++)
        to[i] = from[n - 1 - i];
}

void plumb_kernels_init_avx2_color(plumb_kernels *kernels)
{
    kernels->yuv8 = yuv8;
    kernels->yuv8_half = yuv8_half;
    kernels->yuv10_half = yuv10_half;
    kernels->split = split;
    kernels->reverse = reverse;
}
