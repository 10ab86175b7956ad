/* SPDX-License-Identifier: Apache-2.0
 *
 * The scoring rules against cases worked out by hand from the rule book: outer radii 5.75, 13.75
 * ... 77.75 mm, a hole of 2.25 mm that need only touch, and one point for each 8 mm.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "target.h"

static void assert_score(double radius, int ring, int tenths, bool inner_ten)
{
    struct target_score score = target_score(radius);
    assert_int_equal(score.ring, ring);
    assert_int_equal(score.tenths, tenths);
    assert_int_equal(score.inner_ten, inner_ten);
}

static void test_center_is_capped(void **state)
{
    (void)state;
    assert_score(0.0, 10, 109, true);
    assert_score(0.8, 10, 109, true);
}

static void test_tenths_are_cut(void **state)
{
    (void)state;
    assert_score(0.81, 10, 108, true);
    assert_score(7.9, 10, 100, false);
}

static void test_inner_ten_reaches_half_a_pellet_beyond(void **state)
{
    (void)state;
    assert_true(target_score(4.75).inner_ten);
    assert_false(target_score(4.76).inner_ten);
}

/* 5.75 + 2.25 = 8: a hole that touches the outer edge of the ten is a ten. */
static void test_touching_counts(void **state)
{
    (void)state;
    assert_score(8.0, 10, 100, false);
    assert_score(8.01, 9, 99, false);
    assert_score(24.0, 8, 80, false);
    assert_score(24.01, 7, 79, false);
}

static void test_outside_the_one_is_nothing(void **state)
{
    (void)state;
    assert_score(80.0, 1, 10, false);
    assert_score(80.01, 0, 0, false);
    assert_score(500.0, 0, 0, false);
}

/* Printed in the middle of the zones, on both axes, from the one to the eight. */
static void test_numerals(void **state)
{
    (void)state;
    for (size_t i = 0; i < TARGET_NUMERALS; i++) {
        struct target_numeral numeral = target_numeral(i);
        double radius = numeral.center.x + numeral.center.y;
        radius = radius < 0 ? -radius : radius;
        assert_true(numeral.center.x == 0 || numeral.center.y == 0);
        assert_float_equal(radius, 5.75 + 8.0 * (10 - numeral.value) - 4.0, 1e-9);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_center_is_capped),
        cmocka_unit_test(test_tenths_are_cut),
        cmocka_unit_test(test_inner_ten_reaches_half_a_pellet_beyond),
        cmocka_unit_test(test_touching_counts),
        cmocka_unit_test(test_outside_the_one_is_nothing),
        cmocka_unit_test(test_numerals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
