/* SPDX-License-Identifier: Apache-2.0
 *
 * What regions do to scores, worked out on paper, and how wrong regions are refused.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "regions_support.h"

static void effects_in_order(void **state)
{
    (void)state;
    plumb_region_spec specs[4] = {
        rect_region("half", PLUMB_SPACE_UPRIGHT, 0, 0, 50, 100, PLUMB_MEASURE_FRACTION_OF_BOX,
                    PLUMB_EFFECT_SCALE),
        rect_region("soft", PLUMB_SPACE_UPRIGHT, 0, 0, 50, 100, PLUMB_MEASURE_FRACTION_OF_BOX,
                    PLUMB_EFFECT_SCALE_BY_OVERLAP),
        rect_region("no", PLUMB_SPACE_UPRIGHT, 0, 0, 200, 10, PLUMB_MEASURE_CENTER,
                    PLUMB_EFFECT_REJECT),
        rect_region("only", PLUMB_SPACE_UPRIGHT, 0, 0, 100, 100, PLUMB_MEASURE_CENTER,
                    PLUMB_EFFECT_KEEP_ONLY),
    };
    specs[0].at_least = 0.3f;
    specs[0].factor = 0.5f;
    specs[1].factor = 0.5f;
    plumb_detection items[] = {
        detection(10, 50, 20, 60, 0.8f, 0),   /* halved, then * (1 - 0.5*1): 0.2 */
        detection(45, 50, 55, 60, 0.8f, 1),   /* 0.4, then * 0.75: 0.3 */
        detection(48, 50, 58, 60, 0.8f, 2),   /* 0.2 does not reach 0.3; then * 0.9: 0.72 */
        detection(60, 0, 70, 10, 0.8f, 3),    /* rejected */
        detection(150, 50, 160, 60, 0.8f, 4), /* outside of "only" */
        detection(60, 50, 70, 60, 0.8f, 5),   /* untouched */
        detection(10, 0, 20, 10, 0.8f, 6),    /* the penalty comes before the rejection */
    };
    plumb_trace_entry entries[7];
    plumb_ledger ledger = { 0 };
    ledger.entries = entries;
    ledger.entry_capacity = 7;
    call c = { plain_mapping(), NULL, 0.25f, NULL, 0, false, &ledger };
    assert_int_equal(run(&c, specs, 4, items, 7), 3);
    assert_int_equal(items[0].row, 1);
    assert_true(fabsf(items[0].score - 0.3f) < 1e-6f);
    assert_int_equal(items[0].regions[0], 3);
    assert_int_equal(items[1].row, 2);
    assert_true(fabsf(items[1].score - 0.72f) < 1e-6f);
    assert_int_equal(items[1].regions[0], 2);
    assert_int_equal(items[2].row, 5);
    assert_true(items[2].score == 0.8f);
    const struct {
        int row, region;
        plumb_fate fate;
    } expected[4] = { { 0, 1, PLUMB_FATE_REGION_PENALTY },
                      { 3, 2, PLUMB_FATE_REGION },
                      { 4, 3, PLUMB_FATE_REGION },
                      { 6, 1, PLUMB_FATE_REGION_PENALTY } };
    assert_int_equal(ledger.entry_count, 4);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(entries[i].row, expected[i].row);
        assert_int_equal(entries[i].fate, expected[i].fate);
        assert_int_equal(entries[i].other, expected[i].region);
        assert_int_equal(entries[i].space, PLUMB_SPACE_UPRIGHT);
    }
    assert_int_equal(ledger.counts[PLUMB_FATE_REGION], 2);
    assert_int_equal(ledger.counts[PLUMB_FATE_REGION_PENALTY], 2);
}

static void exactly_at_least(void **state)
{
    (void)state;
    plumb_region_spec r = rect_region("r", PLUMB_SPACE_UPRIGHT, 0, 0, 50, 100,
                                      PLUMB_MEASURE_FRACTION_OF_BOX, PLUMB_EFFECT_REJECT);
    call c = { plain_mapping(), NULL, 0, NULL, 0, false, NULL };
    for (int tenth = 1; tenth <= 10; tenth++) { /* a box of 10 of which `tenth` are inside */
        float x = 50.0f - (float)tenth;
        plumb_detection d[2] = { detection(x, 0, x + 10, 10, 0.5f, 0),
                                 detection(x, 0, x + 10, 10, 0.5f, 1) };
        r.at_least = (float)tenth / 10.0f;
        assert_int_equal(run(&c, &r, 1, d, 1), 0);
        r.at_least = nextafterf(r.at_least, 2.0f);
        if (tenth < 10)
            assert_int_equal(run(&c, &r, 1, d + 1, 1), 1);
    }
}

static void thresholds_and_classes(void **state)
{
    (void)state;
    const int32_t classes[] = { 7, 2 };
    plumb_region_spec specs[2] = {
        rect_region("r", PLUMB_SPACE_UPRIGHT, 0, 0, 200, 100, PLUMB_MEASURE_CENTER,
                    PLUMB_EFFECT_SCALE),
        rect_region("only", PLUMB_SPACE_UPRIGHT, 0, 0, 10, 10, PLUMB_MEASURE_CENTER,
                    PLUMB_EFFECT_KEEP_ONLY),
    };
    const int32_t eight[] = { 8 };
    specs[0].classes = classes;
    specs[0].class_count = 2;
    specs[0].factor = 0.5f;
    specs[1].classes = eight;
    specs[1].class_count = 1;
    plumb_detection items[6];
    const int32_t ids[6] = { 1, 2, 7, 8, -5, 2 };
    for (int i = 0; i < 6; i++) {
        items[i] = detection(50, 50, 60, 60, i == 5 ? 1.0f : 0.6f, i);
        items[i].class_id = ids[i];
    }
    /* class 2 has a threshold of its own: 0.3 is not above 0.3, 0.5 is; class 7 has none */
    const float per_class[] = { 0.9f, 0.9f, 0.3f, 0.9f, 0.9f, 0.9f, 0.9f, NAN };
    call c = { plain_mapping(), NULL, 0.25f, per_class, 8, false, NULL };
    assert_int_equal(run(&c, specs, 2, items, 6), 4);
    const int rows[4] = { 0, 2, 4, 5 };
    for (int i = 0; i < 4; i++)
        assert_int_equal(items[i].row, rows[i]);
    assert_true(items[0].score == 0.6f); /* below its class's 0.9, but no penalty touched it */
    assert_true(items[1].score == 0.3f);
}

static void hostile_boxes(void **state)
{
    (void)state;
    call c = { plain_mapping(), NULL, 0, NULL, 0, false, NULL };
    for (int m = PLUMB_MEASURE_CENTER; m <= PLUMB_MEASURE_IOU; m++) {
        plumb_region_spec r = rect_region("r", PLUMB_SPACE_NORMALIZED, 0, 0, 1, 1,
                                          (plumb_region_measure)m, PLUMB_EFFECT_REJECT);
        plumb_detection items[] = {
            detection(NAN, 0, 10, 10, 0.5f, 0),
            detection(0, 0, INFINITY, 10, 0.5f, 1),
            detection(10, 10, 5, 5, 0.5f, 2),
            detection(5, 5, 5, 5, 0.5f, 3),
            detection(-3e38f, -3e38f, 3e38f, 3e38f, 0.5f, 4),
        };
        size_t kept = run(&c, &r, 1, items, COUNT(items));
        assert_true(kept >= 2 && items[0].row == 0 && items[1].row == 1);
        if (m == PLUMB_MEASURE_FRACTION_OF_BOX) /* no area, no share */
            assert_true(items[2].row == 2 && items[3].row == 3);
    }
}

static void expect_field(const plumb_region_spec *specs, size_t count, plumb_status status,
                         const char *field)
{
    plumb_regions *regions = NULL;
    plumb_diag diag = { 0 };
    assert_int_equal(plumb_regions_create(NULL, specs, count, &regions, &diag), status);
    assert_string_equal(diag.field, field);
    assert_null(regions);
}

static void names_wrong_fields(void **state)
{
    (void)state;
    plumb_region_spec good = rect_region("good", PLUMB_SPACE_UPRIGHT, 0, 0, 10, 10,
                                         PLUMB_MEASURE_CENTER, PLUMB_EFFECT_REJECT);
    plumb_region_spec s[3] = { good, good, good };
    s[1].name = "other";
    s[2].name = "good";
    expect_field(s, 3, PLUMB_E_ARGUMENT, "regions[2].name");
    s[2].name = "";
    expect_field(s, 3, PLUMB_E_ARGUMENT, "regions[2].name");
    s[2] = good;
    s[2].name = "third";
    plumb_region_spec base = s[2];
    s[2].space = (plumb_space)0;
    expect_field(s, 3, PLUMB_E_ARGUMENT, "regions[2].space");
    s[2].space = PLUMB_SPACE_VISION;
    expect_field(s, 3, PLUMB_E_ARGUMENT, "regions[2].space");
    s[2] = base;
    s[2].measure = PLUMB_MEASURE_UNSET;
    expect_field(s, 3, PLUMB_E_ARGUMENT, "regions[2].measure");
    s[2] = base;
    s[2].effect = PLUMB_EFFECT_UNSET;
    expect_field(s, 3, PLUMB_E_ARGUMENT, "regions[2].effect");
    s[2] = base;
    s[2].at_least = NAN;
    expect_field(s, 3, PLUMB_E_ARGUMENT, "regions[2].at_least");
    s[2] = base;
    s[2].factor = 1.5f;
    expect_field(s, 3, PLUMB_E_ARGUMENT, "regions[2].factor");
    s[2] = base;
    s[2].class_count = 1;
    expect_field(s, 3, PLUMB_E_ARGUMENT, "regions[2].classes");
    s[2] = base;
    s[2].rect.width = 0;
    expect_field(s, 3, PLUMB_E_ARGUMENT, "regions[2].shape.rect");
    s[2].rect.width = INFINITY;
    expect_field(s, 3, PLUMB_E_ARGUMENT, "regions[2].shape.rect");
    s[2] = base;
    s[2].shape = PLUMB_SHAPE_ELLIPSE;
    expect_field(s, 3, PLUMB_E_ARGUMENT, "regions[2].shape.ellipse");
    s[2].shape = PLUMB_SHAPE_UNSET;
    expect_field(s, 3, PLUMB_E_ARGUMENT, "regions[2].shape");
    s[2].shape = PLUMB_SHAPE_POLYGON;
    expect_field(s, 3, PLUMB_E_ARGUMENT, "regions[2].shape.polygon");
    plumb_point p[4] = { { 0, 0 }, { 10, 10 }, { 10, 0 }, { 0, 10 } }; /* a bow tie */
    s[2].points = p;
    s[2].point_count = 4;
    expect_field(s, 3, PLUMB_E_ARGUMENT, "regions[2].shape.polygon");
    s[2].point_count = 2;
    expect_field(s, 3, PLUMB_E_ARGUMENT, "regions[2].shape.polygon");
    s[2].point_count = 4;
    p[1].x = NAN;
    expect_field(s, 3, PLUMB_E_NONFINITE, "regions[2].shape.polygon");
    const plumb_point flat[3] = { { 0, 0 }, { 5, 5 }, { 10, 10 } };
    s[2].points = flat;
    s[2].point_count = 3;
    expect_field(s, 3, PLUMB_E_ARGUMENT, "regions[2].shape.polygon");
}

static void expect_polygon(const plumb_point *points, size_t count, bool simple)
{
    plumb_region_spec s =
        region("p", PLUMB_SPACE_UPRIGHT, PLUMB_MEASURE_CENTER, PLUMB_EFFECT_REJECT);
    s.shape = PLUMB_SHAPE_POLYGON;
    s.points = points;
    s.point_count = count;
    plumb_regions *regions = NULL;
    if (simple)
        assert_int_equal(plumb_regions_create(NULL, &s, 1, &regions, NULL), PLUMB_OK);
    else
        expect_field(&s, 1, PLUMB_E_ARGUMENT, "regions[0].shape.polygon");
    plumb_regions_destroy(&regions);
}

/* Crossings that no two edges have in their middles. */
static void knows_polygons_that_cross_at_a_corner(void **state)
{
    (void)state;
    const plumb_point knot[] = { { 0, 0 }, { 1, 1 }, { 3, 3 }, { 3, -1 }, { 1, 1 }, { 0, 2 } };
    expect_polygon(knot, 6, false);
    const plumb_point touching[] = { { 0, 0 }, { 1, 1 }, { 3, -1 }, { 3, 3 }, { 1, 1 }, { 0, 2 } };
    expect_polygon(touching, 6, true);
    const plumb_point through_an_edge[] = { { 0, 0 }, { 4, 0 }, { 4, 4 }, { 2, 0 }, { 1, -4 } };
    expect_polygon(through_an_edge, 5, false);
    const plumb_point onto_an_edge[] = { { 0, 0 }, { 4, 0 }, { 4, 4 }, { 2, 0 }, { 1, 4 } };
    expect_polygon(onto_an_edge, 5, true);
    const plumb_point twice[] = { { 0, 0 }, { 4, 0 }, { 0, 4 }, { 0, 0 }, { 4, 0 }, { 0, 4 } };
    expect_polygon(twice, 6, false);
    const plumb_point repeated[] = { { 0, 0 }, { 0, 0 }, { 4, 0 }, { 4, 0 }, { 0, 4 }, { 0, 0 } };
    expect_polygon(repeated, 6, true);
    const plumb_point spike[] = { { 0, 0 }, { 4, 0 }, { 4, 4 }, { 4, 8 }, { 4, 4 }, { 0, 4 } };
    expect_polygon(spike, 6, true);
}

static void names_wrong_masks(void **state)
{
    (void)state;
    plumb_region_spec s =
        region("m", PLUMB_SPACE_UPRIGHT, PLUMB_MEASURE_CENTER, PLUMB_EFFECT_REJECT);
    const uint8_t black[4] = { 0 };
    s.shape = PLUMB_SHAPE_MASK;
    s.mask = black;
    expect_field(&s, 1, PLUMB_E_SIZE, "regions[0].shape.mask");
    s.mask_width = s.mask_height = 2;
    expect_field(&s, 1, PLUMB_E_ARGUMENT, "regions[0].shape.mask");
    s.mask_stride = 1;
    expect_field(&s, 1, PLUMB_E_STRIDE, "regions[0].shape.mask");
    s.mask_stride = 0;
    s.space = PLUMB_SPACE_PLANE;
    expect_field(&s, 1, PLUMB_E_UNSUPPORTED, "regions[0].shape.mask");
    s.space = PLUMB_SPACE_UPRIGHT;
    s.rect.width = -1;
    expect_field(&s, 1, PLUMB_E_ARGUMENT, "regions[0].shape.rect");
    plumb_regions *regions = NULL;
    assert_int_equal(plumb_regions_create(NULL, &s, PLUMB_MAX_REGIONS + 1, &regions, NULL),
                     PLUMB_E_LIMIT);
    assert_int_equal(plumb_regions_create(NULL, NULL, 0, &regions, NULL), PLUMB_OK);
    assert_int_equal(plumb_regions_scratch(regions), 0);
    assert_int_equal(plumb_regions_count(regions), 0);
    plumb_regions_destroy(&regions);
    assert_null(regions);
    plumb_regions_destroy(&regions);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(effects_in_order),
        cmocka_unit_test(exactly_at_least),
        cmocka_unit_test(thresholds_and_classes),
        cmocka_unit_test(hostile_boxes),
        cmocka_unit_test(names_wrong_fields),
        cmocka_unit_test(names_wrong_masks),
        cmocka_unit_test(knows_polygons_that_cross_at_a_corner),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
