/* SPDX-License-Identifier: Apache-2.0
 *
 * The exponential and the sigmoid against libm in double precision.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/activation.h"
#include "random.h"

static void exp_is_close_to_libm(void **state)
{
    (void)state;
    random_state r = { 3 };
    for (int i = 0; i < 2000000; i++) {
        double range = i % 2 ? 690.0 : 3.0, x = random_between(&r, -range, range);
        double expected = exp(x);
        if (!(fabs(plumb_exp(x) - expected) <= 1e-14 * expected))
            fail_msg("e^%.17g is %.17g, not %.17g", x, plumb_exp(x), expected);
    }
    assert_true(plumb_exp(0.0) == 1.0);
    assert_true(plumb_exp(-800.0) == 0.0);
    assert_true(isinf(plumb_exp(710.0)) && plumb_exp(710.0) > 0);
    assert_true(isfinite(plumb_exp(709.7)));
    assert_true(isnan(plumb_exp((double)NAN)));
    assert_true(plumb_exp(-(double)INFINITY) == 0.0);
    assert_true(isinf(plumb_exp((double)INFINITY)));
}

static int64_t ulps(float a, float b)
{
    int32_t x, y;
    memcpy(&x, &a, sizeof(x));
    memcpy(&y, &b, sizeof(y));
    return llabs((long long)x - y);
}

/* Every 61st float from -104 to 104, where the result is neither 0 nor 1, against double. */
static void sigmoid_is_within_one_ulp(void **state)
{
    (void)state;
    uint32_t top;
    float limit = 104.0f;
    memcpy(&top, &limit, sizeof(top));
    for (uint32_t bits = 0; bits <= top; bits += 61)
        for (uint32_t sign = 0; sign < 2; sign++) {
            uint32_t whole = bits | sign << 31;
            float x;
            memcpy(&x, &whole, sizeof(x));
            float expected = (float)(1.0 / (1.0 + exp(-(double)x)));
            if (ulps(plumb_sigmoid(x), expected) > 1)
                fail_msg("sigmoid(%.9g) is %.9g, not %.9g", x, plumb_sigmoid(x), expected);
        }
    assert_true(plumb_sigmoid(0.0f) == 0.5f);
    assert_true(plumb_sigmoid(INFINITY) == 1.0f);
    assert_true(plumb_sigmoid(-INFINITY) == 0.0f);
    assert_true(isnan(plumb_sigmoid(NAN)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exp_is_close_to_libm),
        cmocka_unit_test(sigmoid_is_within_one_ulp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
