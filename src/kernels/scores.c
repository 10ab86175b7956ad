/* SPDX-License-Identifier: Apache-2.0
 *
 * Plain loops that compilers turn into compares and ors of whole registers: no running maximum is
 * kept, since only the rows that pass are ever looked at again. Four planes a turn keep the
 * flags' own traffic low.
 */
#include "kernels/scores.h"

#include <string.h>

/* One bit of each flag says "not <= limit". The flags have the width of the elements, so that the
 * loops stay in one lane width. */
bool plumb_columns_float(const float *data, ptrdiff_t stride, size_t planes, size_t count,
                         float limit, uint8_t *pass)
{
    int32_t flags[PLUMB_SCORE_TILE];
    memset(flags, 0, count * sizeof(flags[0]));
    size_t plane = 0;
    for (; plane + 4 <= planes; plane += 4) {
        const float *a = data + (ptrdiff_t)plane * stride, *b = a + stride, *c = b + stride,
                    *d = c + stride;
        for (size_t i = 0; i < count; i++)
            flags[i] |= !(a[i] <= limit) | !(b[i] <= limit) | !(c[i] <= limit) | !(d[i] <= limit);
    }
    for (; plane < planes; plane++) {
        const float *a = data + (ptrdiff_t)plane * stride;
        for (size_t i = 0; i < count; i++)
            flags[i] |= !(a[i] <= limit);
    }
    int32_t any = 0;
    for (size_t i = 0; i < count; i++)
        any |= flags[i];
    if (any)
        for (size_t i = 0; i < count; i++)
            pass[i] = (uint8_t)flags[i];
    return any != 0;
}

/* A limit of 0 or more admits only positive numbers: their bits are their order, and dropping the
 * sign puts NaN of either sign on top. Large negative numbers pass too and are dropped by whoever
 * looks at the row; probabilities have none. */
static inline int16_t half_by_magnitude(uint16_t half, int16_t limit)
{
    return (int16_t)((int16_t)(half & 0x7fff) > limit);
}

static inline int16_t half_by_key(uint16_t half, int16_t limit)
{
    int16_t sign = (int16_t)((int16_t)half >> 15);
    int16_t key = (int16_t)((int16_t)half ^ (sign & 0x7fff));
    return (int16_t)((key > limit) | ((int16_t)(half & 0x7fff) > 0x7c00));
}

static inline bool columns_half(const uint16_t *data, ptrdiff_t stride, size_t planes, size_t count,
                                int16_t limit, uint8_t *pass, int16_t (*passes)(uint16_t, int16_t))
{
    int16_t flags[PLUMB_SCORE_TILE];
    memset(flags, 0, count * sizeof(flags[0]));
    size_t plane = 0;
    for (; plane + 4 <= planes; plane += 4) {
        const uint16_t *a = data + (ptrdiff_t)plane * stride, *b = a + stride, *c = b + stride,
                       *d = c + stride;
        for (size_t i = 0; i < count; i++)
            flags[i] = (int16_t)(flags[i] | passes(a[i], limit) | passes(b[i], limit) |
                                 passes(c[i], limit) | passes(d[i], limit));
    }
    for (; plane < planes; plane++) {
        const uint16_t *a = data + (ptrdiff_t)plane * stride;
        for (size_t i = 0; i < count; i++)
            flags[i] = (int16_t)(flags[i] | passes(a[i], limit));
    }
    int16_t any = 0;
    for (size_t i = 0; i < count; i++)
        any = (int16_t)(any | flags[i]);
    if (any)
        for (size_t i = 0; i < count; i++)
            pass[i] = (uint8_t)flags[i];
    return any != 0;
}

bool plumb_columns_half(const uint16_t *data, ptrdiff_t stride, size_t planes, size_t count,
                        int32_t limit, uint8_t *pass)
{
    if (limit >= 0)
        return columns_half(data, stride, planes, count, (int16_t)limit, pass, half_by_magnitude);
    return columns_half(data, stride, planes, count, (int16_t)limit, pass, half_by_key);
}

static inline uint8_t byte_passes(uint8_t value, uint8_t flip, int8_t limit)
{
    return (uint8_t)((int8_t)(value ^ flip) > limit);
}

bool plumb_columns_byte(const uint8_t *data, ptrdiff_t stride, size_t planes, size_t count,
                        uint8_t flip, int8_t limit, uint8_t *pass)
{
    memset(pass, 0, count);
    size_t plane = 0;
    for (; plane + 4 <= planes; plane += 4) {
        const uint8_t *restrict a = data + (ptrdiff_t)plane * stride, *restrict b = a + stride,
                                *restrict c = b + stride, *restrict d = c + stride;
        for (size_t i = 0; i < count; i++)
            pass[i] = (uint8_t)(pass[i] | byte_passes(a[i], flip, limit) |
                                byte_passes(b[i], flip, limit) | byte_passes(c[i], flip, limit) |
                                byte_passes(d[i], flip, limit));
    }
    for (; plane < planes; plane++) {
        const uint8_t *restrict a = data + (ptrdiff_t)plane * stride;
        for (size_t i = 0; i < count; i++)
            pass[i] = (uint8_t)(pass[i] | byte_passes(a[i], flip, limit));
    }
    uint8_t any = 0;
    for (size_t i = 0; i < count; i++)
        any |= pass[i];
    return any != 0;
}

bool plumb_rows_float(const float *data, ptrdiff_t stride, size_t rows, size_t count, float limit,
                      uint8_t *pass)
{
    bool any = false;
    for (size_t row = 0; row < rows; row++) {
        const float *values = data + (ptrdiff_t)row * stride;
        int32_t flag = 0;
        for (size_t i = 0; i < count; i++)
            flag |= !(values[i] <= limit);
        pass[row] = (uint8_t)flag;
        any |= flag != 0;
    }
    return any;
}

bool plumb_rows_half(const uint16_t *data, ptrdiff_t stride, size_t rows, size_t count,
                     int32_t limit, uint8_t *pass)
{
    bool any = false;
    for (size_t row = 0; row < rows; row++) {
        const uint16_t *values = data + (ptrdiff_t)row * stride;
        int16_t flag = 0;
        for (size_t i = 0; i < count; i++)
            flag = (int16_t)(flag | half_by_key(values[i], (int16_t)limit));
        pass[row] = (uint8_t)flag;
        any |= flag != 0;
    }
    return any;
}

bool plumb_rows_byte(const uint8_t *data, ptrdiff_t stride, size_t rows, size_t count, uint8_t flip,
                     int8_t limit, uint8_t *pass)
{
    bool any = false;
    for (size_t row = 0; row < rows; row++) {
        const uint8_t *values = data + (ptrdiff_t)row * stride;
        uint8_t flag = 0;
        for (size_t i = 0; i < count; i++)
            flag |= byte_passes(values[i], flip, limit);
        pass[row] = flag;
        any |= flag != 0;
    }
    return any;
}
