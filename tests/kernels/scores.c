/* SPDX-License-Identifier: Apache-2.0
 *
 * The score kernels against one comparison an element: which blocks, rows and values pass, for
 * all counts around the sizes of blocks and steps, with NaN and infinities strewn in.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "kernels/scores.h"
#include "plumbline/tensor.h"
#include "random.h"

#define STRIDE 1100

static float floats[PLUMB_SCORE_PLANES * STRIDE];
static uint16_t halves[PLUMB_SCORE_PLANES * STRIDE];
static uint8_t bytes[PLUMB_SCORE_PLANES * STRIDE];

typedef enum element { FLOAT, HALF, SIGNED_BYTE, BYTE, ELEMENTS } element;

static const float limit = 0.25f;
static const int8_t byte_limit = 100;

static void fill(random_state *r, bool logits)
{
    static const float odd[] = { NAN, INFINITY, -INFINITY, 0.25f, -0.0f, 0.0f };
    for (size_t i = 0; i < PLUMB_SCORE_PLANES * STRIDE; i++) {
        float value = (float)random_between(r, logits ? -3 : 0, 0.2502);
        int draw = random_below(r, 600);
        if (draw < 6)
            value = odd[draw];
        if (!logits && value == -INFINITY)
            value = -0.0f;
        floats[i] = draw == 0 && i % 2 ? -value : value;
        halves[i] = plumb_half_from_float(floats[i]);
        bytes[i] = (uint8_t)random_below(r, draw < 6 ? 256 : 101);
    }
}

static bool passes(element e, size_t at)
{
    switch (e) {
    case FLOAT:
        return !(floats[at] <= limit);
    case HALF:
        return !(plumb_float_from_half(halves[at]) <= limit);
    case SIGNED_BYTE:
        return (int8_t)bytes[at] > byte_limit;
    default:
        return bytes[at] > 228;
    }
}

static size_t run_columns(element e, size_t planes, size_t count, uint16_t *blocks)
{
    switch (e) {
    case FLOAT:
        return plumb_columns_float(floats, STRIDE, planes, count, limit, blocks);
    case HALF:
        return plumb_columns_half(halves, STRIDE, planes, count,
                                  plumb_half_key(plumb_half_from_float(limit)), blocks);
    case SIGNED_BYTE:
        return plumb_columns_byte(bytes, STRIDE, planes, count, 0, byte_limit, blocks);
    default:
        return plumb_columns_byte(bytes, STRIDE, planes, count, 0x80, 100, blocks);
    }
}

static void columns(void **state)
{
    (void)state;
    random_state r = { 21 };
    uint16_t blocks[PLUMB_SCORE_BLOCKS + 1];
    for (int trial = 0; trial < 600; trial++) {
        size_t planes = 1 + (size_t)random_below(&r, PLUMB_SCORE_PLANES);
        size_t count = 1 + (size_t)random_below(&r, STRIDE);
        fill(&r, false);
        for (element e = FLOAT; e < ELEMENTS; e++) {
            size_t found = run_columns(e, planes, count, blocks), at = 0;
            for (size_t block = 0; block * PLUMB_SCORE_BLOCK < count; block++) {
                bool expected = false;
                size_t end = (block + 1) * PLUMB_SCORE_BLOCK;
                for (size_t i = block * PLUMB_SCORE_BLOCK; i < end && i < count; i++)
                    for (size_t plane = 0; plane < planes; plane++)
                        expected |= passes(e, plane * STRIDE + i);
                bool reported = at < found && blocks[at] == block;
                assert_int_equal(reported, expected);
                at += reported;
            }
            assert_int_equal(at, found);
        }
    }
}

static bool run_rows(element e, size_t rows, size_t count, uint8_t *pass)
{
    switch (e) {
    case FLOAT:
        return plumb_rows_float(floats, STRIDE, rows, count, limit, pass);
    case HALF:
        return plumb_rows_half(halves, STRIDE, rows, count,
                               plumb_half_key(plumb_half_from_float(limit)), pass);
    case SIGNED_BYTE:
        return plumb_rows_byte(bytes, STRIDE, rows, count, 0, byte_limit, pass);
    default:
        return plumb_rows_byte(bytes, STRIDE, rows, count, 0x80, 100, pass);
    }
}

static void rows(void **state)
{
    (void)state;
    random_state r = { 22 };
    uint8_t pass[PLUMB_SCORE_PLANES];
    for (int trial = 0; trial < 1500; trial++) {
        size_t count = 1 + (size_t)random_below(&r, 70), lines = PLUMB_SCORE_PLANES;
        fill(&r, true);
        for (element e = FLOAT; e < ELEMENTS; e++) {
            bool any = run_rows(e, lines, count, pass), expected_any = false;
            for (size_t line = 0; line < lines; line++) {
                bool expected = false;
                for (size_t i = 0; i < count; i++)
                    expected |= passes(e, line * STRIDE + i);
                assert_int_equal(pass[line] != 0, expected);
                expected_any |= expected;
            }
            assert_int_equal(any, expected_any);
        }
    }
}

static uint64_t run_mask(element e, size_t count)
{
    switch (e) {
    case FLOAT:
        return plumb_run_float(floats, count, limit);
    case HALF:
        return plumb_run_half(halves, count, plumb_half_key(plumb_half_from_float(limit)));
    case SIGNED_BYTE:
        return plumb_run_byte(bytes, count, 0, byte_limit);
    default:
        return plumb_run_byte(bytes, count, 0x80, 100);
    }
}

static void masks(void **state)
{
    (void)state;
    random_state r = { 23 };
    for (int trial = 0; trial < 300; trial++) {
        size_t count =
            trial % 2 ? PLUMB_SCORE_BLOCK : 1 + (size_t)random_below(&r, PLUMB_SCORE_BLOCK);
        fill(&r, true);
        for (element e = FLOAT; e < ELEMENTS; e++) {
            uint64_t expected = 0;
            for (size_t i = 0; i < count; i++)
                expected |= (uint64_t)passes(e, i) << i;
            assert_true(run_mask(e, count) == expected);
        }
    }
}

/* Negative limits order halves by sign and magnitude. */
static void negative_limits_of_halves(void **state)
{
    (void)state;
    for (uint32_t limit_bits = 0x8000; limit_bits <= 0xfc00; limit_bits += 37)
        for (uint32_t bits = 0; bits <= 0xffff; bits += 91) {
            uint16_t half = (uint16_t)bits, blocks[2];
            float value = plumb_float_from_half(half);
            bool expected = !(value <= plumb_float_from_half((uint16_t)limit_bits));
            if (value == 0.0f && limit_bits == 0x8000)
                continue; /* the key tells the zeros apart, the reader compares again */
            int32_t key = plumb_half_key((uint16_t)limit_bits);
            assert_int_equal(plumb_columns_half(&half, 0, 1, 1, key, blocks), expected);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns),
        cmocka_unit_test(rows),
        cmocka_unit_test(masks),
        cmocka_unit_test(negative_limits_of_halves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
