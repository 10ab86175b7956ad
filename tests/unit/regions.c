/* SPDX-License-Identifier: Apache-2.0
 *
 * Regions by hand: every shape, measure, effect and space with values worked out on paper.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "plumbline/postprocess.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static plumb_mapping mapping_of(int width, int height, plumb_orientation orientation,
                                plumb_crop_mode mode, int input_width, int input_height)
{
    plumb_mapping_spec spec = PLUMB_MAPPING_SPEC_INIT;
    plumb_size buffer = { width, height };
    plumb_mapping mapping;
    spec.input.width = input_width;
    spec.input.height = input_height;
    spec.mode = mode;
    spec.rule = PLUMB_RULE_EXACT;
    assert_int_equal(plumb_mapping_make(&spec, buffer, orientation, NULL, &mapping, NULL),
                     PLUMB_OK);
    return mapping;
}

static plumb_mapping plain_mapping(void)
{
    return mapping_of(200, 100, PLUMB_ORIENTATION_UP, PLUMB_CROP_SCALE_FIT, 100, 100);
}

static plumb_region_spec region(const char *name, plumb_space space, plumb_region_measure measure,
                                plumb_region_effect effect)
{
    plumb_region_spec spec = PLUMB_REGION_SPEC_INIT;
    spec.name = name;
    spec.space = space;
    spec.measure = measure;
    spec.effect = effect;
    return spec;
}

static plumb_region_spec rect_region(const char *name, plumb_space space, double x, double y,
                                     double w, double h, plumb_region_measure measure,
                                     plumb_region_effect effect)
{
    plumb_region_spec spec = region(name, space, measure, effect);
    plumb_rect rect = { x, y, w, h };
    spec.shape = PLUMB_SHAPE_RECT;
    spec.rect = rect;
    return spec;
}

static plumb_detection detection(float x0, float y0, float x1, float y1, float score, int row)
{
    plumb_detection d = { 0 };
    plumb_box box = { x0, y0, x1, y1 };
    d.box = box;
    d.score = score;
    d.row = row;
    d.keypoints = -1;
    return d;
}

/* A call with everything in it. */
typedef struct call {
    plumb_mapping mapping;
    const plumb_homography *plane;
    float confidence;
    const float *per_class;
    size_t per_class_count;
    bool has_angle;
    plumb_ledger *ledger;
} call;

static size_t run(const call *c, const plumb_region_spec *specs, size_t count,
                  plumb_detection *items, size_t item_count)
{
    plumb_regions *regions = NULL;
    plumb_diag diag = { 0 };
    plumb_status status = plumb_regions_create(NULL, specs, count, &regions, &diag);
    if (status)
        fail_msg("%s: %s", diag.field, diag.message);
    plumb_detections list = { 0 };
    list.items = items;
    list.count = list.capacity = item_count;
    list.space = PLUMB_SPACE_UPRIGHT;
    list.has_angle = c->has_angle;
    void *scratch = malloc(plumb_regions_scratch(regions));
    status = plumb_regions_run(regions, &list, &c->mapping, c->plane, c->confidence, c->per_class,
                               c->per_class_count, scratch, c->ledger, &diag);
    if (status)
        fail_msg("%s: %s", diag.field, diag.message);
    free(scratch);
    plumb_regions_destroy(&regions);
    return list.count;
}

/* The measure itself: a score of 1 loses exactly that share. */
static double measured(const call *c, plumb_region_spec spec, plumb_detection d)
{
    spec.effect = PLUMB_EFFECT_SCALE_BY_OVERLAP;
    spec.factor = 1.0f;
    call open = *c;
    open.confidence = -1.0f;
    d.score = 1.0f;
    assert_int_equal(run(&open, &spec, 1, &d, 1), 1);
    return 1.0 - (double)d.score;
}

static void expect_measures(const call *c, plumb_region_spec spec, plumb_detection d, double center,
                            double bottom, double of_box, double of_region, double iou)
{
    const double expected[] = { center, bottom, of_box, of_region, iou };
    for (int i = 0; i < 5; i++) {
        spec.measure = (plumb_region_measure)(PLUMB_MEASURE_CENTER + i);
        double value = measured(c, spec, d);
        if (fabs(value - expected[i]) > 1e-6)
            fail_msg("%s: %.9f, by hand %.9f", plumb_region_measure_name(spec.measure), value,
                     expected[i]);
    }
}

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
        cmocka_unit_test(effects_in_order),
        cmocka_unit_test(exactly_at_least),
        cmocka_unit_test(thresholds_and_classes),
        cmocka_unit_test(hostile_boxes),
        cmocka_unit_test(names_wrong_fields),
        cmocka_unit_test(names_wrong_masks),
        cmocka_unit_test(outlines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
