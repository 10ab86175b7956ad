/* SPDX-License-Identifier: Apache-2.0
 *
 * What the sums along rows share: windows of 16 bytes, two at a time, from which the taps of
 * neighbouring outputs are shuffled into place.
 */
#ifndef PLUMB_KERNELS_X86_WINDOWS_H
#define PLUMB_KERNELS_X86_WINDOWS_H

#include <immintrin.h>

#include "kernels/kernels.h"

/* Kernels are written once and specialised by constant arguments, which works only if the compiler
 * does inline them. */
#define PLUMB_INLINE static inline __attribute__((always_inline))

#define PLUMB_WINDOW 16 /* bytes */

/* The window at `low` in the low lane, the one at `high` in the high lane. */
PLUMB_INLINE __m256i plumb_two_windows(const void *low, const void *high)
{
    __m128i a = _mm_loadu_si128((const __m128i *)low);
    return _mm256_inserti128_si256(_mm256_castsi128_si256(a),
                                   _mm_loadu_si128((const __m128i *)high), 1);
}

/* True where `per_lane` outputs and the first `count` taps of each lie inside one window of bytes. */
static inline bool plumb_windows_hold(const plumb_taps *taps, int32_t per_lane, int32_t count)
{
    for (int32_t i = 0; i < taps->outputs; i += per_lane) {
        int32_t last = i + per_lane - 1 < taps->outputs ? i + per_lane - 1 : taps->outputs - 1;
        if (taps->first[last] - taps->first[i] + count > PLUMB_WINDOW ||
            taps->first[last] < taps->first[i])
            return false;
    }
    return true;
}

#endif
