/* SPDX-License-Identifier: Apache-2.0
 *
 * The score kernels of every instruction set against one comparison an element: which values and
 * rows pass, for all counts around the sizes of blocks and steps, with NaN and infinities strewn in.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "kernels/scores.h"
#include "plumbline/base.h"
#include "plumbline/tensor.h"
#include "random.h"

#define LINES  8
#define STRIDE 1100
#define BLOCKS (STRIDE / PLUMB_SCORE_BLOCK + 1)

static float floats[LINES * STRIDE];
static uint16_t halves[LINES * STRIDE];
static uint8_t bytes[LINES * STRIDE];

typedef enum element { FLOAT, HALF, SIGNED_BYTE, BYTE, ELEMENTS } element;

static const int8_t byte_limit = 100;

/* Numbers of which few exceed the limit, and some that are none. */
static void fill(random_state *r, float limit, float spread)
{
    static const float odd[] = { NAN, INFINITY, -INFINITY, 0.25f, -0.0f, 0.0f };
    for (size_t i = 0; i < LINES * STRIDE; i++) {
        float value = (float)random_between(r, limit - spread, limit + 0.0004 * spread);
        int draw = random_below(r, 600);
        if (draw < 6)
            value = odd[draw];
        floats[i] = draw == 0 && i % 2 ? -value : value;
        halves[i] = plumb_half_from_float(floats[i]);
        bytes[i] = (uint8_t)random_below(r, draw < 6 ? 256 : 101);
    }
}

static bool passes(element e, size_t at, float limit)
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

static int32_t half_limit(float limit)
{
    return plumb_half_key(plumb_half_from_float(limit));
}

static size_t run(const plumb_score_kernels *k, element e, size_t from, size_t count, float limit,
                  plumb_passing *passing)
{
    switch (e) {
    case FLOAT:
        return k->run_float(floats + from, count, limit, 0, passing);
    case HALF:
        return k->run_half(halves + from, count, half_limit(limit), 64, passing);
    case SIGNED_BYTE:
        return k->run_byte(bytes + from, count, 0, byte_limit, 0, passing);
    default:
        return k->run_byte(bytes + from, count, 0x80, 100, -100, passing);
    }
}

static bool run_rows(const plumb_score_kernels *k, element e, size_t count, float limit,
                     uint8_t *pass)
{
    switch (e) {
    case FLOAT:
        return k->rows_float(floats, STRIDE, LINES, count, limit, pass);
    case HALF:
        return k->rows_half(halves, STRIDE, LINES, count, half_limit(limit), pass);
    case SIGNED_BYTE:
        return k->rows_byte(bytes, STRIDE, LINES, count, 0, byte_limit, pass);
    default:
        return k->rows_byte(bytes, STRIDE, LINES, count, 0x80, 100, pass);
    }
}

static const uint32_t cpus[] = { PLUMB_CPU_NONE, PLUMB_CPU_AUTO };

static plumb_score_kernels kernels_of(uint32_t cpu)
{
    plumb_context context = PLUMB_CONTEXT_INIT;
    context.cpu = cpu;
    return plumb_scores_select(plumb_cpu_detect(&context));
}

/* Limits that halves hold exactly, so that all types are asked the same. */
static const float limits[] = { 0.25f, 0.0f, -1.5f, -0.0f, 4.0f, -INFINITY, INFINITY };

#define LIMITS (int)(sizeof(limits) / sizeof(limits[0]))

static void check_run(const plumb_score_kernels *k, element e, size_t from, size_t count,
                      float limit)
{
    plumb_passing passing[BLOCKS];
    size_t found = run(k, e, from, count, limit, passing), at = 0;
    for (size_t block = 0; block * PLUMB_SCORE_BLOCK < count; block++) {
        uint64_t expected = 0;
        for (size_t i = 0; i < PLUMB_SCORE_BLOCK && block * PLUMB_SCORE_BLOCK + i < count; i++)
            expected |= (uint64_t)passes(e, from + block * PLUMB_SCORE_BLOCK + i, limit) << i;
        if (!expected)
            continue;
        assert_true(at < found);
        assert_int_equal(passing[at].block, block);
        assert_true(passing[at].bits == expected);
        at++;
    }
    assert_int_equal(at, found);
}

static void runs(void **state)
{
    (void)state;
    random_state r = { 21 };
    for (int trial = 0; trial < 1200; trial++) {
        size_t from = (size_t)random_below(&r, 100);
        size_t count = 1 + (size_t)random_below(&r, trial % 2 ? 200 : STRIDE);
        float limit = limits[random_below(&r, LIMITS)];
        fill(&r, isfinite(limit) ? limit : 0.0f, trial % 3 ? 0.3f : 8.0f);
        for (size_t c = 0; c < sizeof(cpus) / sizeof(cpus[0]); c++) {
            plumb_score_kernels k = kernels_of(cpus[c]);
            for (element e = FLOAT; e < ELEMENTS; e++)
                check_run(&k, e, from, count, limit);
        }
    }
}

static void rows(void **state)
{
    (void)state;
    random_state r = { 22 };
    uint8_t pass[LINES];
    for (int trial = 0; trial < 1500; trial++) {
        size_t count = 1 + (size_t)random_below(&r, 140);
        float limit = limits[random_below(&r, LIMITS)];
        fill(&r, isfinite(limit) ? limit : 0.0f, 8.0f);
        for (size_t c = 0; c < sizeof(cpus) / sizeof(cpus[0]); c++) {
            plumb_score_kernels k = kernels_of(cpus[c]);
            for (element e = FLOAT; e < ELEMENTS; e++) {
                bool any = run_rows(&k, e, count, limit, pass), expected_any = false;
                for (size_t line = 0; line < LINES; line++) {
                    bool expected = false;
                    for (size_t i = 0; i < count; i++)
                        expected |= passes(e, line * STRIDE + i, limit);
                    assert_int_equal(pass[line] != 0, expected);
                    expected_any |= expected;
                }
                assert_int_equal(any, expected_any);
            }
        }
    }
}

/* Every half against limits of every kind. */
static void all_halves(void **state)
{
    (void)state;
    static uint16_t all[65536];
    static plumb_passing passing[65536 / PLUMB_SCORE_BLOCK];
    for (size_t i = 0; i < 65536; i++)
        all[i] = (uint16_t)i;
    for (size_t c = 0; c < sizeof(cpus) / sizeof(cpus[0]); c++) {
        plumb_score_kernels k = kernels_of(cpus[c]);
        for (uint32_t bits = 0; bits <= 0xfc00; bits = bits == 0x7c00 ? 0x8000 : bits + 31) {
            float limit = plumb_float_from_half((uint16_t)bits);
            size_t found = k.run_half(all, 65536, plumb_half_key((uint16_t)bits), 0, passing);
            size_t at = 0;
            for (size_t i = 0; i < 65536; i++) {
                while (at < found && passing[at].block < i / PLUMB_SCORE_BLOCK)
                    at++;
                bool reported = at < found && passing[at].block == i / PLUMB_SCORE_BLOCK &&
                                (passing[at].bits >> i % PLUMB_SCORE_BLOCK & 1);
                if (reported != !(plumb_float_from_half((uint16_t)i) <= limit))
                    fail_msg("half %04zx, limit %04x: %d", i, (unsigned)bits, reported);
            }
            if (bits < 0x7c00 && bits + 31 > 0x7c00)
                bits = 0x7c00 - 31;
        }
    }
}

static void halves_are_read(void **state)
{
    (void)state;
    static uint16_t all[65536];
    static float values[65536];
    for (size_t i = 0; i < 65536; i++)
        all[i] = (uint16_t)i;
    for (size_t c = 0; c < sizeof(cpus) / sizeof(cpus[0]); c++) {
        plumb_score_kernels k = kernels_of(cpus[c]);
        k.read_halves(all, 65533, values);
        k.read_halves(all + 65533, 3, values + 65533);
        for (size_t i = 0; i < 65536; i++) {
            float expected = plumb_float_from_half((uint16_t)i);
            if (isnan(expected) ? !isnan(values[i])
                                : memcmp(&expected, &values[i], sizeof(expected)) != 0)
                fail_msg("half %04zx is read as %g, not %g", i, (double)values[i],
                         (double)expected);
        }
    }
}

/* Ties keep the column before, what is not above the limit and NaN take no place. */
static void the_greatest_is_kept(void **state)
{
    (void)state;
    random_state r = { 24 };
    static float best[2][LINES * 16];
    static uint16_t columns[2][LINES * 16];
    for (int trial = 0; trial < 300; trial++) {
        size_t count = 16 * (1 + (size_t)random_below(&r, LINES));
        for (size_t i = 0; i < count; i++) {
            best[0][i] = best[1][i] = trial % 3 ? -INFINITY : 0.3f;
            columns[0][i] = columns[1][i] = 9;
        }
        for (uint16_t column = 10; column < 30; column++) {
            fill(&r, 0.25f, 8.0f);
            for (size_t i = 0; i < count; i++)
                if (random_below(&r, 3) == 0)
                    floats[i] = 0.25f + 0.125f * (float)random_below(&r, 4);
            bool any_nan = false;
            for (size_t i = 0; i < count; i++)
                any_nan |= isnan(floats[i]);
            for (size_t i = 0; i < count; i++)
                if (floats[i] > 0.25f && floats[i] > best[0][i]) {
                    best[0][i] = floats[i];
                    columns[0][i] = column;
                }
            plumb_score_kernels k = kernels_of(cpus[trial % 2]);
            bool found = k.keep_greatest(floats, count, 0.25f, column, best[1], columns[1]);
            assert_int_equal(found, any_nan);
            assert_memory_equal(best[0], best[1], count * sizeof(best[0][0]));
            assert_memory_equal(columns[0], columns[1], count * sizeof(columns[0][0]));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs),
        cmocka_unit_test(rows),
        cmocka_unit_test(all_halves),
        cmocka_unit_test(halves_are_read),
        cmocka_unit_test(the_greatest_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
