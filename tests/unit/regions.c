/* SPDX-License-Identifier: Apache-2.0
 *
 * Regions by hand: every shape, measure and space with values worked out on paper.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "regions_support.h"

static void rectangles(void **state)
{
    (void)state;
    call c = { plain_mapping(), NULL, 0, NULL, 0, false, NULL };
    plumb_region_spec r = rect_region("r", PLUMB_SPACE_UPRIGHT, 10, 10, 40, 20,
                                      PLUMB_MEASURE_CENTER, PLUMB_EFFECT_REJECT);
    /* overlap 20 x 10 = 200; box 30 x 30, region 800 */
    expect_measures(&c, r, detection(30, 20, 60, 50, 1, 0), 0, 0, 200.0 / 900, 200.0 / 800,
                    200.0 / 1500);
    expect_measures(&c, r, detection(20, 12, 30, 22, 1, 0), 1, 1, 1, 100.0 / 800, 100.0 / 800);
    expect_measures(&c, r, detection(0, 0, 100, 100, 1, 0), 0, 0, 800.0 / 10000, 1, 0.08);
    expect_measures(&c, r, detection(60, 60, 70, 70, 1, 0), 0, 0, 0, 0, 0);
    /* half-open: the centre on the left edge is inside, on the right edge outside */
    expect_measures(&c, r, detection(5, 15, 15, 20, 1, 0), 1, 1, 0.5, 25.0 / 800, 25.0 / 825);
    expect_measures(&c, r, detection(45, 15, 55, 20, 1, 0), 0, 0, 0.5, 25.0 / 800, 25.0 / 825);
    /* touching is not overlapping */
    expect_measures(&c, r, detection(50, 10, 60, 20, 1, 0), 0, 0, 0, 0, 0);
}

static void spaces(void **state)
{
    (void)state;
    call c = { plain_mapping(), NULL, 0, NULL, 0, false, NULL };
    /* normalized 0.05..0.25 x 0.1..0.3 of 200x100 is 10..50 x 10..30, as above */
    plumb_region_spec r = rect_region("r", PLUMB_SPACE_NORMALIZED, 0.05, 0.1, 0.2, 0.2,
                                      PLUMB_MEASURE_CENTER, PLUMB_EFFECT_REJECT);
    expect_measures(&c, r, detection(30, 20, 60, 50, 1, 0), 0, 0, 200.0 / 900, 200.0 / 800,
                    200.0 / 1500);
    /* scale_fit to 100x100: scale 0.5, 25 rows of pad above; 5..25 x 30..40 is the same again */
    r = rect_region("r", PLUMB_SPACE_INPUT, 5, 30, 20, 10, PLUMB_MEASURE_CENTER,
                    PLUMB_EFFECT_REJECT);
    expect_measures(&c, r, detection(30, 20, 60, 50, 1, 0), 0, 0, 200.0 / 900, 200.0 / 800,
                    200.0 / 1500);
    /* stretched to 100x100, x is halved only: 5..25 x 10..30 */
    c.mapping = mapping_of(200, 100, PLUMB_ORIENTATION_UP, PLUMB_CROP_SCALE_FILL, 100, 100);
    r = rect_region("r", PLUMB_SPACE_INPUT, 5, 10, 20, 20, PLUMB_MEASURE_CENTER,
                    PLUMB_EFFECT_REJECT);
    expect_measures(&c, r, detection(30, 20, 60, 50, 1, 0), 0, 0, 200.0 / 900, 200.0 / 800,
                    200.0 / 1500);
    /* turned: (x,y) -> (y, W-x), so 10..50 x 10..30 lies at 10..30 x 150..190 of 100x200 */
    c.mapping =
        mapping_of(200, 100, PLUMB_ORIENTATION_UP, PLUMB_CROP_SCALE_FILL_ROTATE_90_CCW, 100, 200);
    r = rect_region("r", PLUMB_SPACE_INPUT, 10, 150, 20, 40, PLUMB_MEASURE_CENTER,
                    PLUMB_EFFECT_REJECT);
    expect_measures(&c, r, detection(30, 20, 60, 50, 1, 0), 0, 0, 200.0 / 900, 200.0 / 800,
                    200.0 / 1500);
    expect_measures(&c, r, detection(20, 12, 30, 22, 1, 0), 1, 1, 1, 100.0 / 800, 100.0 / 800);
}

static void polygons(void **state)
{
    (void)state;
    call c = { plain_mapping(), NULL, 0, NULL, 0, false, NULL };
    plumb_region_spec r =
        region("r", PLUMB_SPACE_UPRIGHT, PLUMB_MEASURE_CENTER, PLUMB_EFFECT_REJECT);
    r.shape = PLUMB_SHAPE_POLYGON;
    /* a right triangle of area 200; the box cuts a small one of legs 10 off its corner at 0,0 */
    const plumb_point triangle[] = { { 0, 0 }, { 20, 0 }, { 0, 20 } };
    r.points = triangle;
    r.point_count = 3;
    expect_measures(&c, r, detection(0, 0, 10, 10, 1, 0), 1, 1, 1, 0.5, 0.5);
    expect_measures(&c, r, detection(10, 0, 20, 10, 1, 0), 0, 0, 0.5, 0.25, 50.0 / 250);
    /* a U, 30 x 30 with a notch of 10 x 20 from below: area 700. Both legs in one box */
    const plumb_point u[] = { { 0, 0 },   { 30, 0 },  { 30, 30 }, { 20, 30 },
                              { 20, 10 }, { 10, 10 }, { 10, 30 }, { 0, 30 } };
    r.points = u;
    r.point_count = 8;
    expect_measures(&c, r, detection(0, 20, 30, 30, 1, 0), 0, 0, 2.0 / 3, 200.0 / 700, 200.0 / 800);
    expect_measures(&c, r, detection(10, 10, 20, 30, 1, 0), 0, 0, 0, 0, 0);
    expect_measures(&c, r, detection(5, 5, 25, 25, 1, 0), 0, 0, 250.0 / 400, 250.0 / 700,
                    250.0 / 850);
    /* the other direction is the same polygon */
    plumb_point reversed[8];
    for (int i = 0; i < 8; i++)
        reversed[i] = u[7 - i];
    r.points = reversed;
    expect_measures(&c, r, detection(5, 5, 25, 25, 1, 0), 0, 0, 250.0 / 400, 250.0 / 700,
                    250.0 / 850);
    /* a frame of 30 x 30 with a hole of 10 x 10, reached over a bridge: area 800 */
    const plumb_point frame[] = { { 0, 0 },   { 30, 0 },  { 30, 30 }, { 0, 30 },  { 0, 0 },
                                  { 10, 10 }, { 10, 20 }, { 20, 20 }, { 20, 10 }, { 10, 10 } };
    r.points = frame;
    r.point_count = 10;
    expect_measures(&c, r, detection(10, 10, 20, 19, 1, 0), 0, 0, 0, 0, 0);
    expect_measures(&c, r, detection(5, 5, 25, 25, 1, 0), 0, 1, 300.0 / 400, 300.0 / 800,
                    300.0 / 900);
}

static void masks(void **state)
{
    (void)state;
    call c = { plain_mapping(), NULL, 0, NULL, 0, false, NULL };
    const uint8_t levels[] = { 0,   255, 99, /* the third column is stride */
                               255, 102, 99 };
    plumb_region_spec r =
        region("r", PLUMB_SPACE_UPRIGHT, PLUMB_MEASURE_CENTER, PLUMB_EFFECT_REJECT);
    plumb_rect extent = { 100, 0, 40, 20 }; /* pixels of 20 x 10 */
    r.shape = PLUMB_SHAPE_MASK;
    r.rect = extent;
    r.mask = levels;
    r.mask_width = 2;
    r.mask_height = 2;
    r.mask_stride = 3;
    /* region: 200 + 200 + 0.4*200 = 480. Box: the right half of pixel 0,1 and all of 1,1 below 15:
     * 10..20 x 10..15 of the lower row: 50 + 0.4*100 = 90 of 150 */
    expect_measures(&c, r, detection(110, 10, 140, 15, 1, 0), 0, 0, 0.6, 90.0 / 480,
                    90.0 / (150 + 480 - 90));
    expect_measures(&c, r, detection(120, 0, 140, 10, 1, 0), 1, 0, 1, 200.0 / 480, 200.0 / 480);
    /* without an extent the mask covers the upright image of 200x100: pixels of 100 x 50 */
    r.rect.width = 0;
    expect_measures(&c, r, detection(90, 0, 110, 50, 1, 0), 1, 0, 0.5, 500.0 / 12000,
                    500.0 / 12500);
    r.space = PLUMB_SPACE_NORMALIZED;
    expect_measures(&c, r, detection(90, 0, 110, 50, 1, 0), 1, 0, 0.5, 500.0 / 12000,
                    500.0 / 12500);
}

static void ellipses(void **state)
{
    (void)state;
    const double pi = 3.14159265358979323846;
    call c = { plain_mapping(), NULL, 0, NULL, 0, false, NULL };
    plumb_region_spec r =
        region("r", PLUMB_SPACE_UPRIGHT, PLUMB_MEASURE_CENTER, PLUMB_EFFECT_REJECT);
    r.shape = PLUMB_SHAPE_ELLIPSE;
    r.center.x = 50;
    r.center.y = 50;
    r.radius_x = 40;
    r.radius_y = 20;
    r.measure = PLUMB_MEASURE_FRACTION_OF_BOX;
    double area = pi * 40 * 20;
    assert_true(fabs(measured(&c, r, detection(0, 0, 100, 100, 1, 0)) - area / 10000) < 1e-6);
    assert_true(fabs(measured(&c, r, detection(50, 0, 100, 50, 1, 0)) - area / 4 / 2500) < 1e-4);
    r.angle = pi / 2; /* upright now: 20 wide, 40 high */
    assert_true(measured(&c, r, detection(40, 15, 60, 25, 1, 0)) > 0.5);
    r.measure = PLUMB_MEASURE_CENTER;
    assert_true(measured(&c, r, detection(74, 49, 76, 51, 1, 0)) == 0.0);
    assert_true(measured(&c, r, detection(49, 85, 51, 87, 1, 0)) == 1.0);
    r.angle = pi / 6; /* the far end lies towards +x +y */
    assert_true(measured(&c, r, detection(82, 67, 84, 69, 1, 0)) == 1.0);
    assert_true(measured(&c, r, detection(82, 31, 84, 33, 1, 0)) == 0.0);
}

static void plane(void **state)
{
    (void)state;
    /* a card of 100 x 100 mm, its far side half as wide: a trapezoid in the picture */
    const plumb_point card[4] = { { 0, 0 }, { 100, 0 }, { 100, 100 }, { 0, 100 } };
    const plumb_point seen[4] = { { 50, 20 }, { 100, 20 }, { 125, 80 }, { 25, 80 } };
    plumb_homography h;
    assert_int_equal(plumb_homography_from_points(card, seen, &h), PLUMB_OK);
    call c = { plain_mapping(), &h, 0, NULL, 0, false, NULL };
    plumb_region_spec r = rect_region("card", PLUMB_SPACE_PLANE, 0, 0, 100, 100,
                                      PLUMB_MEASURE_FRACTION_OF_BOX, PLUMB_EFFECT_REJECT);
    /* the trapezoid: (50+100)/2 * 60 = 4500 in a box of 100 x 60 */
    expect_measures(&c, r, detection(25, 20, 125, 80, 1, 0), 1, 0, 4500.0 / 6000, 1, 0.75);
    /* the left slope from (50,20) to (25,80) in its own bounding box: half of it is inside */
    r.measure = PLUMB_MEASURE_FRACTION_OF_REGION;
    double share = measured(&c, r, detection(25, 20, 50, 80, 1, 0));
    assert_true(fabs(share - 750.0 / 4500) < 1e-6);
    /* the plane's middle line y=50 is where the diagonals meet, at 20 + 60/3 = 40; there the
     * card is 66.7 wide, and the far half has an area of 20*(50 + 66.7)/2 */
    r = rect_region("far half", PLUMB_SPACE_PLANE, 0, 0, 100, 50, PLUMB_MEASURE_FRACTION_OF_BOX,
                    PLUMB_EFFECT_REJECT);
    expect_measures(&c, r, detection(70, 25, 80, 45, 1, 0), 1, 0, 0.75,
                    150.0 / (20 * (50 + 200.0 / 3) / 2), 150.0 / (200 + 3500.0 / 3 - 150));
}

static void horizon_is_an_error(void **state)
{
    (void)state;
    const plumb_homography h = { { 100, 0, 0, 0, 100, 0, 0, 0.02, -1 } }; /* horizon at y = 50 */
    const plumb_region_spec specs[2] = {
        rect_region("near", PLUMB_SPACE_PLANE, 0, 0, 100, 10, PLUMB_MEASURE_CENTER,
                    PLUMB_EFFECT_REJECT),
        rect_region("across", PLUMB_SPACE_PLANE, 0, 40, 100, 20, PLUMB_MEASURE_CENTER,
                    PLUMB_EFFECT_REJECT),
    };
    plumb_mapping mapping = plain_mapping();
    for (size_t count = 1; count <= 2; count++) {
        plumb_regions *regions = NULL;
        assert_int_equal(plumb_regions_create(NULL, specs, count, &regions, NULL), PLUMB_OK);
        plumb_detection d = detection(0, 0, 10, 10, 0.5f, 0);
        plumb_detections list = { &d, 1, 1, NULL, 0, 0, 0, false, PLUMB_SPACE_UPRIGHT };
        plumb_diag diag = { 0 };
        void *scratch = malloc(plumb_regions_scratch(regions));
        assert_true(plumb_regions_need_plane(regions));
        plumb_status status =
            plumb_regions_run(regions, &list, &mapping, &h, 0, NULL, 0, scratch, NULL, &diag);
        assert_int_equal(status, count == 2 ? PLUMB_E_ARGUMENT : PLUMB_OK);
        assert_string_equal(diag.field, count == 2 ? "upright_from_plane" : "");
        assert_int_equal(list.count, 1);
        status = plumb_regions_run(regions, &list, &mapping, NULL, 0, NULL, 0, scratch, NULL, NULL);
        assert_int_equal(status, PLUMB_E_ARGUMENT);
        assert_int_equal(plumb_regions_outline(regions, count - 1, &mapping, &h, NULL, 0),
                         count == 2 ? 0 : 4);
        assert_int_equal(plumb_regions_outline(regions, 0, &mapping, NULL, NULL, 0), 0);
        free(scratch);
        plumb_regions_destroy(&regions);
    }
}

/* A square of side 10 turned by 45 degrees about 50,50: a diamond of half diagonal 7.07. */
static void turned_boxes(void **state)
{
    (void)state;
    call c = { plain_mapping(), NULL, 0, NULL, 0, true, NULL };
    plumb_detection d = detection(45, 45, 55, 55, 1, 0);
    d.angle = 0.78539816339f;
    plumb_region_spec r = rect_region("r", PLUMB_SPACE_UPRIGHT, 50, 0, 100, 100,
                                      PLUMB_MEASURE_CENTER, PLUMB_EFFECT_REJECT);
    r.measure = PLUMB_MEASURE_FRACTION_OF_BOX;
    assert_true(fabs(measured(&c, r, d) - 0.5) < 1e-6);
    r.rect.x = 50 + 5 / sqrt(2); /* a tip with legs 5 x 5 / 2 = half of the half */
    assert_true(fabs(measured(&c, r, d) - 0.125) < 1e-6);
    const uint8_t levels[] = { 0, 255 };
    r.shape = PLUMB_SHAPE_MASK;
    r.mask = levels;
    r.mask_width = 2;
    r.mask_height = 1;
    plumb_rect extent = { 0, 0, 2 * (50 + 5 / sqrt(2)), 100 };
    r.rect = extent;
    assert_true(fabs(measured(&c, r, d) - 0.125) < 1e-6);
    r.measure = PLUMB_MEASURE_BOTTOM_CENTER; /* at 50 - 5 sin 45, 50 + 5 cos 45 */
    assert_true(measured(&c, r, d) == 0.0);
    d.angle = -d.angle;
    r.rect.width = 2 * 53.5;
    assert_true(measured(&c, r, d) == 1.0);
}

static void outlines(void **state)
{
    (void)state;
    plumb_region_spec s[2] = {
        rect_region("input", PLUMB_SPACE_INPUT, 5, 30, 20, 10, PLUMB_MEASURE_CENTER,
                    PLUMB_EFFECT_REJECT),
        rect_region("normalized", PLUMB_SPACE_NORMALIZED, 0, 0, 0.5, 0.5, PLUMB_MEASURE_CENTER,
                    PLUMB_EFFECT_REJECT),
    };
    plumb_mapping mapping = plain_mapping();
    plumb_regions *regions = NULL;
    plumb_point p[4];
    assert_int_equal(plumb_regions_create(NULL, s, 2, &regions, NULL), PLUMB_OK);
    assert_string_equal(plumb_regions_name(regions, 1), "normalized");
    assert_int_equal(plumb_regions_outline(regions, 0, &mapping, NULL, p, 4), 4);
    assert_true(fabs(p[0].x - 10) < 1e-9 && fabs(p[0].y - 10) < 1e-9);
    assert_true(fabs(p[2].x - 50) < 1e-9 && fabs(p[2].y - 30) < 1e-9);
    p[1].x = -1;
    assert_int_equal(plumb_regions_outline(regions, 1, &mapping, NULL, p, 1), 4);
    assert_true(p[0].x == 0 && p[1].x == -1);
    assert_int_equal(plumb_regions_outline(regions, 2, &mapping, NULL, p, 4), 0);
    plumb_regions_destroy(&regions);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rectangles),
        cmocka_unit_test(spaces),
        cmocka_unit_test(polygons),
        cmocka_unit_test(masks),
        cmocka_unit_test(ellipses),
        cmocka_unit_test(plane),
        cmocka_unit_test(horizon_is_an_error),
        cmocka_unit_test(turned_boxes),
        cmocka_unit_test(outlines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
