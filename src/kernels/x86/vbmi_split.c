/* SPDX-License-Identifier: Apache-2.0
 *
 * Interleaved bytes to rows, 64 pixels at a time; the last vectors are masked.
 */
#include "kernels/x86/windows.h"

#define PIXELS 64

/* Where byte `c` of pixels of `s` bytes is, in two vectors out of four. */
#define AT(s, c, i)   ((s) * (i) + (c)) & 127
#define FOUR(s, c, i) AT(s, c, i), AT(s, c, (i) + 1), AT(s, c, (i) + 2), AT(s, c, (i) + 3)
#define SIXTEEN(s, c, i)                                                                           \
    FOUR(s, c, i), FOUR(s, c, (i) + 4), FOUR(s, c, (i) + 8), FOUR(s, c, (i) + 12)
#define ORDER(s, c)                                                                                \
    {                                                                                              \
        SIXTEEN(s, c, 0), SIXTEEN(s, c, 16), SIXTEEN(s, c, 32), SIXTEEN(s, c, 48)                  \
    }

static const uint8_t orders[3][4][PIXELS] = {
    { ORDER(2, 0), ORDER(2, 1) },
    { ORDER(3, 0), ORDER(3, 1), ORDER(3, 2) },
    { ORDER(4, 0), ORDER(4, 1), ORDER(4, 2), ORDER(4, 3) },
};

PLUMB_INLINE __m512i load(const uint8_t *from, int64_t bytes)
{
    if (bytes >= 64)
        return _mm512_loadu_si512((const void *)from);
    return bytes > 0 ? _mm512_maskz_loadu_epi8(((__mmask64)1 << bytes) - 1, from)
                     : _mm512_setzero_si512();
}

PLUMB_INLINE void split_pixels(uint8_t *const to[4], const uint8_t *from, int size, int32_t n)
{
    __m512i order[4];
    __mmask64 behind[4]; /* pixels whose byte is in the third vector or the fourth */
    for (int c = 0; c < size; c++) {
        order[c] = _mm512_loadu_si512((const void *)orders[size - 2][c]);
        behind[c] = size > 2 ? ~(__mmask64)0 << ((128 - c + size - 1) / size) : 0;
    }
    for (int32_t i = 0; i < n; i += PIXELS) {
        __m512i v[4];
        const uint8_t *p = from + (ptrdiff_t)size * i;
        int64_t bytes = (int64_t)size * (n - i);
        for (int k = 0; k < size; k++) {
            v[k] = load(p + 64 * k, bytes - 64 * k);
            /* About where the next row begins: rows come in order, with sums in between. */
            _mm_prefetch((const char *)p + (ptrdiff_t)size * n + 64 * k, _MM_HINT_T0);
        }
        __mmask64 some = n - i < PIXELS ? ((__mmask64)1 << (n - i)) - 1 : ~(__mmask64)0;
        for (int c = 0; c < size; c++) {
            if (!to[c])
                continue;
            __m512i x = _mm512_permutex2var_epi8(v[0], order[c], v[1]);
            if (size == 3)
                x = _mm512_mask_permutexvar_epi8(x, behind[c], order[c], v[2]);
            else if (size == 4)
                x = _mm512_mask_blend_epi8(behind[c], x,
                                           _mm512_permutex2var_epi8(v[2], order[c], v[3]));
            _mm512_mask_storeu_epi8(to[c] + i, some, x);
        }
    }
}

static void split(uint8_t *const to[4], const uint8_t *from, int size, int32_t n)
{
    if (size == 2)
        split_pixels(to, from, 2, n);
    else if (size == 3)
        split_pixels(to, from, 3, n);
    else
        split_pixels(to, from, 4, n);
}

void plumb_kernels_init_vbmi_split(plumb_kernels *kernels)
{
    kernels->split = split;
}
