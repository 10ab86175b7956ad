/* SPDX-License-Identifier: Apache-2.0
 *
 * A radix sort, least significant digit first, over the bits that vary and no others. Few
 * records are not worth several passes: one by the highest bits brings them near their places,
 * insertion does the rest.
 */
#include "postprocess/sort.h"

#include <stdbool.h>
#include <string.h>

#define FEW       256 /* records */
#define FEW_BITS  8
#define MANY      4000
#define MAX_WIDTH 12 /* bits of a digit */

static int bits_of(plumb_key_range range)
{
    int bits = 0;
    for (uint32_t span = range.high > range.low ? range.high - range.low : 0; span; span >>= 1)
        bits++;
    return bits;
}

/* Counts to first places. */
static void accumulate(uint32_t *places, uint32_t count)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t size = places[i];
        places[i] = sum;
        sum += size;
    }
}

static void insertion_sort(uint64_t *records, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        uint64_t record = records[i];
        size_t j = i;
        for (; j > 0 && plumb_record_key(records[j - 1]) > plumb_record_key(record); j--)
            records[j] = records[j - 1];
        records[j] = record;
    }
}

static uint64_t *sort_few(uint64_t *records, uint64_t *spare, uint32_t *places, size_t count,
                          uint32_t low, int bits)
{
    int width = bits < FEW_BITS ? bits : FEW_BITS, shift = bits - width;
    if (count <= 16 || bits == 0) {
        insertion_sort(records, bits ? count : 0);
        return records;
    }
    memset(places, 0, sizeof(places[0]) << width);
    for (size_t i = 0; i < count; i++)
        places[(plumb_record_key(records[i]) - low) >> shift]++;
    accumulate(places, 1u << width);
    for (size_t i = 0; i < count; i++)
        spare[places[(plumb_record_key(records[i]) - low) >> shift]++] = records[i];
    if (shift > 0)
        insertion_sort(spare, count);
    return spare;
}

/* Inlined with a constant number of passes, so that the inner loop is unrolled. */
static inline void count_digits(const uint64_t *records, size_t count, uint32_t low, int width,
                                int passes, uint32_t *digits)
{
    uint32_t mask = (1u << width) - 1;
    memset(digits, 0, ((size_t)passes << width) * sizeof(digits[0]));
    for (size_t i = 0; i < count; i++) {
        uint32_t key = plumb_record_key(records[i]) - low;
        for (int pass = 0; pass < passes; pass++)
            digits[((uint32_t)pass << width) + (key >> (pass * width) & mask)]++;
    }
}

uint64_t *plumb_sort_records(uint64_t *records, uint64_t *spare, uint32_t *digits, size_t count,
                             plumb_key_range range)
{
    int bits = bits_of(range);
    if (count <= FEW)
        return sort_few(records, spare, digits, count, range.low, bits);
    int widest = count < MANY ? 8 : MAX_WIDTH;
    int passes = (bits + widest - 1) / widest;
    int width = passes ? (bits + passes - 1) / passes : 0;
    uint32_t mask = (1u << width) - 1;
    if (passes == 1)
        count_digits(records, count, range.low, width, 1, digits);
    else if (passes == 2)
        count_digits(records, count, range.low, width, 2, digits);
    else if (passes == 3)
        count_digits(records, count, range.low, width, 3, digits);
    else
        count_digits(records, count, range.low, width, passes, digits);
    for (int pass = 0; pass < passes; pass++) {
        uint32_t *places = digits + ((size_t)pass << width);
        accumulate(places, mask + 1);
        for (size_t i = 0; i < count; i++) {
            uint64_t record = records[i];
            uint32_t digit = (plumb_record_key(record) - range.low) >> (pass * width) & mask;
            spare[places[digit]++] = record;
        }
        uint64_t *sorted = spare;
        spare = records;
        records = sorted;
    }
    return records;
}
