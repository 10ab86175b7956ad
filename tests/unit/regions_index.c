/* SPDX-License-Identifier: Apache-2.0
 *
 * The index over the bounds of regions: with any bounds it finds those that a plain loop finds.
 */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "postprocess/region_index.h"
#include "random.h"

static bool meet(const plumb_box *a, const plumb_box *b)
{
    return a->x0 <= b->x1 && b->x0 <= a->x1 && a->y0 <= b->y1 && b->y0 <= a->y1;
}

static bool finds(const plumb_region_index *index, size_t region, const plumb_box *box)
{
    plumb_region_search search = plumb_region_search_for(index, box);
    return plumb_region_search_word(&search, region / 64) >> (region % 64) & 1 &&
           plumb_region_meets(index, region, box);
}

static void expect_all(const plumb_region_index *index, size_t count, const plumb_box *box)
{
    for (size_t i = 0; i < count; i++)
        assert_int_equal(finds(index, i, box), meet(&index->bounds[i], box));
    for (size_t word = 0; word < index->words; word++) { /* and nobody who is not there */
        plumb_region_search search = plumb_region_search_for(index, box);
        uint64_t bits = plumb_region_search_word(&search, word);
        for (size_t bit = 0; bit < 64; bit++)
            assert_true(!(bits >> bit & 1) || word * 64 + bit < count);
    }
}

static plumb_box random_box(random_state *r, double side, double largest)
{
    double x = random_between(r, -0.2 * side, 1.2 * side);
    double y = random_between(r, -0.2 * side, 1.2 * side);
    if (random_below(r, 3) == 0) { /* so that sides coincide */
        x = floor(x);
        y = floor(y);
    }
    double width = random_below(r, 5) ? random_between(r, 0, largest) : 0.0;
    double height = random_below(r, 5) ? random_between(r, 0, largest) : floor(largest);
    plumb_box box = { (float)x, (float)y, (float)(x + width), (float)(y + height) };
    return box;
}

static void finds_what_a_loop_finds(void **state)
{
    (void)state;
    static const double sides[] = { 1e-6, 1, 64, 1920, 1e6, 1e20, 1e38 };
    static const int counts[] = { 1, 2, 63, 64, 65, PLUMB_MAX_REGIONS };
    random_state r = { 17 };
    plumb_region_index *index = malloc(sizeof(*index));
    assert_non_null(index);
    for (int round = 0; round < 150; round++) {
        double side = sides[random_below(&r, 7)];
        size_t count = (size_t)counts[random_below(&r, 6)];
        for (size_t i = 0; i < count; i++)
            index->bounds[i] = random_box(&r, side, side / (1 + random_below(&r, 40)));
        plumb_region_index_build(index, count);
        assert_int_equal(index->words, (count + 63) / 64);
        for (int k = 0; k < 60; k++) {
            plumb_box box = random_box(&r, side, side / (1 + random_below(&r, 100)));
            expect_all(index, count, &box);
        }
        for (size_t i = 0; i < count; i += 1 + count / 40) { /* on the rim and just beyond */
            plumb_box b = index->bounds[i];
            plumb_box right = { b.x1, b.y0, b.x1, b.y1 };
            plumb_box beyond = { nextafterf(b.x1, INFINITY), b.y0, INFINITY, b.y1 };
            plumb_box above = { b.x0, -FLT_MAX, b.x1, nextafterf(b.y0, -INFINITY) };
            expect_all(index, count, &right);
            expect_all(index, count, &beyond);
            expect_all(index, count, &above);
        }
    }
    free(index);
}

/* What a horizon leaves: bounds that reach to the end of all floats, and beyond. */
static void holds_bounds_without_end(void **state)
{
    (void)state;
    plumb_region_index *index = malloc(sizeof(*index));
    assert_non_null(index);
    const plumb_box bounds[] = { { -INFINITY, -INFINITY, INFINITY, INFINITY },
                                 { -FLT_MAX, 10, FLT_MAX, 20 },
                                 { 10, 10, 20, 20 },
                                 { 1e35f, 1e35f, INFINITY, INFINITY } };
    const plumb_box boxes[] = { { 0, 0, 5, 5 },
                                { 15, 15, 16, 16 },
                                { -FLT_MAX, -FLT_MAX, FLT_MAX, FLT_MAX },
                                { 2e35f, 2e35f, 3e35f, 3e35f },
                                { -1e38f, 12, -1e37f, 13 } };
    for (size_t i = 0; i < 4; i++)
        index->bounds[i] = bounds[i];
    plumb_region_index_build(index, 4);
    for (size_t i = 0; i < 5; i++)
        expect_all(index, 4, &boxes[i]);
    free(index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_a_loop_finds),
        cmocka_unit_test(holds_bounds_without_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
