/* SPDX-License-Identifier: Apache-2.0
 *
 * Arithmetic that says when it overflows, and the copy of growable structs. Sizes of the library
 * are multiplied and added here only.
 */
#ifndef PLUMB_BASE_CHECKED_H
#define PLUMB_BASE_CHECKED_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline bool plumb_mul_size(size_t a, size_t b, size_t *product)
{
    if (b != 0 && a > SIZE_MAX / b)
        return false;
    *product = a * b;
    return true;
}

static inline bool plumb_add_size(size_t a, size_t b, size_t *sum)
{
    if (a > SIZE_MAX - b)
        return false;
    *sum = a + b;
    return true;
}

/* For values that are known to be non-negative. */
static inline bool plumb_mul_int64(int64_t a, int64_t b, int64_t *product)
{
    if (a < 0 || b < 0 || (b != 0 && a > INT64_MAX / b))
        return false;
    *product = a * b;
    return true;
}

static inline bool plumb_add_int64(int64_t a, int64_t b, int64_t *sum)
{
    if (a < 0 || b < 0 || a > INT64_MAX - b)
        return false;
    *sum = a + b;
    return true;
}

/* Copy a struct that begins with `uint32_t struct_size` over defaults already in `to`. A struct
 * from an older header is shorter: its missing tail keeps the defaults. One from a newer header is
 * longer: what we do not know of it is not read. `from` may be NULL. */
static inline void plumb_copy_struct(void *to, size_t to_size, const void *from, uint32_t from_size)
{
    if (!from || from_size < sizeof(uint32_t))
        return;
    size_t size = from_size < to_size ? from_size : to_size;
    memcpy(to, from, size);
    uint32_t full = (uint32_t)to_size;
    memcpy(to, &full, sizeof(full));
}

#endif
