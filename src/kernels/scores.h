/* SPDX-License-Identifier: Apache-2.0
 *
 * Which rows of a score tensor can pass a threshold, found in the type they are stored in. The
 * invariant: a value is reported unless it compares as less than or equal to the limit, so a
 * NaN is reported too and its neighbours are not touched by it.
 */
#ifndef PLUMB_KERNELS_SCORES_H
#define PLUMB_KERNELS_SCORES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLUMB_SCORE_TILE 256 /* rows of one call */

/* Halves in their numeric order: negative ones have a sign and a magnitude, integers have not. */
static inline int32_t plumb_half_key(uint16_t half)
{
    int32_t value = (int16_t)half;
    return value < 0 ? (int32_t)(-32768) - value - 1 : value;
}

/* Scores by channel: `planes` runs of `count` adjacent rows, `stride` elements apart. Sets
 * pass[i] to 0 or not 0 and returns whether any is set. count <= PLUMB_SCORE_TILE.
 *
 * half limits are keys of plumb_half_key. Signed bytes pass when (value ^ flip) > limit as
 * int8_t: flip 0x80 orders unsigned ones. */
bool plumb_columns_float(const float *data, ptrdiff_t stride, size_t planes, size_t count,
                         float limit, uint8_t *pass);
bool plumb_columns_half(const uint16_t *data, ptrdiff_t stride, size_t planes, size_t count,
                        int32_t limit, uint8_t *pass);
bool plumb_columns_byte(const uint8_t *data, ptrdiff_t stride, size_t planes, size_t count,
                        uint8_t flip, int8_t limit, uint8_t *pass);

/* Scores by row: `rows` runs of `count` adjacent classes, `stride` elements apart. */
bool plumb_rows_float(const float *data, ptrdiff_t stride, size_t rows, size_t count, float limit,
                      uint8_t *pass);
bool plumb_rows_half(const uint16_t *data, ptrdiff_t stride, size_t rows, size_t count,
                     int32_t limit, uint8_t *pass);
bool plumb_rows_byte(const uint8_t *data, ptrdiff_t stride, size_t rows, size_t count, uint8_t flip,
                     int8_t limit, uint8_t *pass);

#endif
