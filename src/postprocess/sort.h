/* SPDX-License-Identifier: Apache-2.0
 *
 * Sorting 64-bit records by their upper half. The sort is stable: what is equal stays in order.
 */
#ifndef PLUMB_POSTPROCESS_SORT_H
#define PLUMB_POSTPROCESS_SORT_H

#include <stddef.h>
#include <stdint.h>

#define PLUMB_SORT_DIGITS ((size_t)4 << 12) /* elements of the caller's histogram array */

static inline uint32_t plumb_record_key(uint64_t record)
{
    return (uint32_t)(record >> 32);
}

/* From the lowest to the highest key, or further. */
typedef struct plumb_key_range {
    uint32_t low, high;
} plumb_key_range;

#define PLUMB_KEY_RANGE_INIT                                                                       \
    {                                                                                              \
        UINT32_MAX, 0                                                                              \
    } /* of no key */

static inline void plumb_key_range_add(plumb_key_range *range, uint32_t key)
{
    range->low = key < range->low ? key : range->low;
    range->high = key > range->high ? key : range->high;
}

/* Sort `records[0..count)` with the help of `spare`, as long, and `digits`. Returns the one of
 * the two arrays that holds the result. All keys are in `range`. O(count), whatever the keys. */
uint64_t *plumb_sort_records(uint64_t *records, uint64_t *spare, uint32_t *digits, size_t count,
                             plumb_key_range range);

#endif
