/* SPDX-License-Identifier: Apache-2.0
 *
 * Homographies against the textbook unit square to quadrilateral (Heckbert 1989), and lists of
 * detections mapped, clipped and ordered by hand.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "geometry/ledger.h"
#include "plumbline/detections.h"
#include "random.h"

/* --- homography --- */

/* Heckbert's closed form for (0,0) (1,0) (1,1) (0,1) to q. */
static plumb_homography square_to(const plumb_point q[4])
{
    double dx1 = q[1].x - q[2].x, dx2 = q[3].x - q[2].x, sx = q[0].x - q[1].x + q[2].x - q[3].x;
    double dy1 = q[1].y - q[2].y, dy2 = q[3].y - q[2].y, sy = q[0].y - q[1].y + q[2].y - q[3].y;
    double det = dx1 * dy2 - dx2 * dy1;
    double g = (sx * dy2 - dx2 * sy) / det, h = (dx1 * sy - sx * dy1) / det;
    plumb_homography m = { { q[1].x - q[0].x + g * q[1].x, q[3].x - q[0].x + h * q[3].x, q[0].x,
                             q[1].y - q[0].y + g * q[1].y, q[3].y - q[0].y + h * q[3].y, q[0].y, g,
                             h, 1.0 } };
    return m;
}

static void test_against_closed_form(void **state)
{
    (void)state;
    random_state r = { 7 };
    const plumb_point square[4] = { { 0, 0 }, { 1, 0 }, { 1, 1 }, { 0, 1 } };
    for (int round = 0; round < 500; round++) {
        plumb_point q[4];
        for (int i = 0; i < 4; i++) { /* a convex quadrilateral around 500,400 */
            q[i].x = 500 + (square[i].x - 0.5) * random_between(&r, 300, 900);
            q[i].y = 400 + (square[i].y - 0.5) * random_between(&r, 300, 700);
        }
        plumb_homography ours, inverse, theirs = square_to(q);
        assert_int_equal(plumb_homography_from_points(square, q, &ours), PLUMB_OK);
        assert_true(plumb_homography_invert(&ours, &inverse));
        for (int i = 0; i < 20; i++) {
            plumb_point p = { random_unit(&r), random_unit(&r) };
            plumb_point a = plumb_homography_point(&ours, p);
            plumb_point b = plumb_homography_point(&theirs, p);
            assert_float_equal(a.x, b.x, 1e-6);
            assert_float_equal(a.y, b.y, 1e-6);
            a = plumb_homography_point(&inverse, a);
            assert_float_equal(a.x, p.x, 1e-9);
            assert_float_equal(a.y, p.y, 1e-9);
        }
    }
}

static void test_degenerate(void **state)
{
    (void)state;
    const plumb_point square[4] = { { 0, 0 }, { 1, 0 }, { 1, 1 }, { 0, 1 } };
    plumb_homography h;
    for (int i = 0; i < 4; i++) { /* any three of them on one line, or two at one place */
        plumb_point line[4], twice[4], endless[4];
        memcpy(line, square, sizeof(square));
        memcpy(twice, square, sizeof(square));
        memcpy(endless, square, sizeof(square));
        line[i].x = (square[(i + 1) % 4].x + square[(i + 3) % 4].x) / 2;
        line[i].y = (square[(i + 1) % 4].y + square[(i + 3) % 4].y) / 2;
        twice[i] = twice[(i + 1) % 4];
        endless[i].x = INFINITY;
        assert_int_equal(plumb_homography_from_points(line, square, &h), PLUMB_E_ARGUMENT);
        assert_int_equal(plumb_homography_from_points(square, line, &h), PLUMB_E_ARGUMENT);
        assert_int_equal(plumb_homography_from_points(twice, square, &h), PLUMB_E_ARGUMENT);
        assert_int_equal(plumb_homography_from_points(square, twice, &h), PLUMB_E_ARGUMENT);
        assert_int_equal(plumb_homography_from_points(endless, square, &h), PLUMB_E_ARGUMENT);
    }
    plumb_homography zero = { { 0 } }, broken = { { NAN, 0, 0, 0, 1, 0, 0, 0, 1 } };
    assert_false(plumb_homography_invert(&zero, &h));
    assert_false(plumb_homography_invert(&broken, &h));
    plumb_homography horizon = { { 1, 0, 0, 0, 1, 0, 1, 0, -1 } };
    plumb_point on_it = { 1, 2 };
    assert_true(isinf(plumb_homography_point(&horizon, on_it).x));
    plumb_affine flat = { { 1, 1, 0, 1, 1, 0 } }, inverse = { { 9 } };
    assert_false(plumb_affine_invert(&flat, &inverse));
    assert_float_equal(inverse.m[0], 9, 0);
}

/* --- lists --- */

static plumb_mapping turned_mapping(void)
{
    plumb_mapping_spec spec = PLUMB_MAPPING_SPEC_INIT;
    plumb_mapping m;
    plumb_size buffer = { 200, 100 };
    spec.input.width = spec.input.height = 50;
    spec.mode = PLUMB_CROP_SCALE_FIT;
    spec.rule = PLUMB_RULE_EXACT;
    assert_int_equal(plumb_mapping_make(&spec, buffer, PLUMB_ORIENTATION_RIGHT, NULL, &m, NULL),
                     PLUMB_OK);
    return m; /* upright 100 x 200, scale 0.25, offset 12.5, 0 */
}

static void test_map_list(void **state)
{
    (void)state;
    plumb_mapping m = turned_mapping();
    plumb_detection item = { { 12.5f, 0.0f, 22.5f, 20.0f }, 0.5f, 3, 7, 0.0f, 0, { 0 } };
    plumb_keypoint keypoint = { 22.5f, 5.0f, 1.0f };
    plumb_detections list = { 0 };
    list.items = &item;
    list.count = list.capacity = 1;
    list.keypoints = &keypoint;
    list.keypoint_slots = list.keypoint_capacity = 1;
    list.keypoints_per_detection = 1;
    list.space = PLUMB_SPACE_INPUT;
    plumb_diag diag = { 0 };
    assert_int_equal(plumb_detections_map(&list, &m, PLUMB_SPACE_INPUT, PLUMB_SPACE_UPRIGHT, &diag),
                     PLUMB_OK);
    assert_float_equal(item.box.x0, 0, 0);
    assert_float_equal(item.box.x1, 40, 0);
    assert_float_equal(item.box.y1, 80, 0);
    assert_float_equal(keypoint.x, 40, 0);
    assert_float_equal(keypoint.y, 20, 0);
    /* A second time is an error and changes nothing. */
    assert_int_equal(plumb_detections_map(&list, &m, PLUMB_SPACE_INPUT, PLUMB_SPACE_UPRIGHT, &diag),
                     PLUMB_E_SPACE);
    assert_string_equal(diag.field, "space");
    assert_float_equal(item.box.x1, 40, 0);
    assert_int_equal(plumb_detections_map(&list, &m, PLUMB_SPACE_UPRIGHT, PLUMB_SPACE_PLANE, NULL),
                     PLUMB_E_SPACE);
    assert_int_equal(list.space, PLUMB_SPACE_UPRIGHT);
    assert_int_equal(plumb_detections_map(&list, &m, PLUMB_SPACE_UPRIGHT, PLUMB_SPACE_VISION, NULL),
                     PLUMB_OK);
    assert_float_equal(item.box.x1, 0.4, 1e-7); /* 0..0.4, from the lower edge 0.6..1 */
    assert_float_equal(item.box.y0, 0.6, 1e-7);
    assert_float_equal(item.box.y1, 1.0, 1e-7);
    /* Orientation 6: upright (x', y') = (1-v, u), so u = y', v = 1 - x'. */
    assert_int_equal(plumb_detections_map(&list, &m, PLUMB_SPACE_VISION, PLUMB_SPACE_BUFFER, NULL),
                     PLUMB_OK);
    assert_float_equal(item.box.x0, 0, 1e-4);
    assert_float_equal(item.box.x1, 80, 1e-4);
    assert_float_equal(item.box.y0, 60, 1e-4);
    assert_float_equal(item.box.y1, 100, 1e-4);
    assert_int_equal(plumb_detections_map(NULL, &m, PLUMB_SPACE_INPUT, PLUMB_SPACE_INPUT, NULL),
                     PLUMB_E_ARGUMENT);
}

/* A turned box keeps its corners under turns and equal scales. */
static void test_map_angles(void **state)
{
    (void)state;
    plumb_mapping m = turned_mapping();
    for (double angle = -1.5; angle <= 1.5; angle += 0.25) {
        plumb_detection item = { { 20, 10, 40, 16 }, 0.5f, 0, 0, (float)angle, -1, { 0 } };
        plumb_detections list = { 0 };
        list.items = &item;
        list.count = list.capacity = 1;
        list.has_angle = true;
        list.space = PLUMB_SPACE_UPRIGHT;
        plumb_affine a;
        assert_int_equal(plumb_mapping_affine(&m, PLUMB_SPACE_UPRIGHT, PLUMB_SPACE_BUFFER, &a),
                         PLUMB_OK);
        plumb_point corner = { 30 + 10 * cos(angle) - 3 * sin(angle),
                               13 + 10 * sin(angle) + 3 * cos(angle) };
        plumb_point want = plumb_affine_point(&a, corner);
        assert_int_equal(
            plumb_detections_map(&list, &m, PLUMB_SPACE_UPRIGHT, PLUMB_SPACE_BUFFER, NULL),
            PLUMB_OK);
        double nearest = INFINITY;
        double cx = (item.box.x0 + item.box.x1) / 2.0, cy = (item.box.y0 + item.box.y1) / 2.0;
        double w = (item.box.x1 - item.box.x0) / 2.0, h = (item.box.y1 - item.box.y0) / 2.0;
        for (int i = 0; i < 4; i++) {
            double x = i & 1 ? w : -w, y = i & 2 ? h : -h;
            double px = cx + x * cos(item.angle) - y * sin(item.angle);
            double py = cy + x * sin(item.angle) + y * cos(item.angle);
            nearest = fmin(nearest, hypot(px - want.x, py - want.y));
        }
        assert_true(nearest < 1e-4);
        assert_true(item.angle > -1.5708f && item.angle <= 1.5708f);
    }
}

static void test_clip(void **state)
{
    (void)state;
    plumb_mapping m = turned_mapping();
    plumb_detection items[3] = { { { -5, -5, 10, 10 }, 0.5f, 0, 0, 0, -1, { 0 } },
                                 { { 100, 0, 120, 10 }, 0.5f, 0, 1, 0, -1, { 0 } },
                                 { { 90, 190, 110, 210 }, 0.5f, 0, 2, 0, -1, { 0 } } };
    plumb_detections list = { 0 };
    plumb_ledger ledger = { 0 };
    plumb_trace_entry entries[4];
    list.items = items;
    list.count = list.capacity = 3;
    list.space = PLUMB_SPACE_UPRIGHT;
    ledger.rows = 9;
    ledger.entries = entries;
    ledger.entry_capacity = 2;
    assert_int_equal(plumb_detections_clip(&list, &m, &ledger, NULL), PLUMB_OK);
    assert_int_equal(list.count, 2);
    assert_float_equal(items[0].box.x0, 0, 0);
    assert_float_equal(items[1].box.x1, 100, 0);
    assert_float_equal(items[1].box.y1, 200, 0);
    assert_int_equal(ledger.counts[PLUMB_FATE_CLIPPED], 1);
    plumb_ledger_close(&ledger, &list);
    assert_int_equal(ledger.counts[PLUMB_FATE_KEPT], 2);
    assert_int_equal(ledger.counts[PLUMB_FATE_BELOW_CONFIDENCE], 6);
    assert_int_equal(ledger.entry_count, 2); /* counted, not kept */
    assert_int_equal(plumb_ledger_find(&ledger, 1)->fate, PLUMB_FATE_CLIPPED);
    assert_null(plumb_ledger_find(&ledger, 5));
    plumb_ledger_reset(&ledger);
    assert_int_equal(ledger.rows + ledger.entry_count + ledger.counts[PLUMB_FATE_KEPT], 0);
    list.space = PLUMB_SPACE_INPUT;
    assert_int_equal(plumb_detections_clip(&list, &m, NULL, NULL), PLUMB_E_SPACE);

    /* Turned by 45 degrees, 20 x 2 around -5,50 reaches 7.8 to each side, around -8,50 as well. */
    plumb_detection turned[2] = { { { -15, 49, 5, 51 }, 0.5f, 0, 0, 0.7853982f, -1, { 0 } },
                                  { { -18, 49, 2, 51 }, 0.5f, 0, 1, 0.7853982f, -1, { 0 } } };
    list.items = turned;
    list.count = 2;
    list.has_angle = true;
    list.space = PLUMB_SPACE_UPRIGHT;
    assert_int_equal(plumb_detections_clip(&list, &m, NULL, NULL), PLUMB_OK);
    assert_int_equal(list.count, 1);
    assert_int_equal(turned[0].row, 0);
    assert_float_equal(turned[0].box.x0, -15, 0);
}

static void test_order(void **state)
{
    (void)state;
    plumb_detection a = { { 0, 0, 1, 1 }, 0.5f, 1, 4, 0, -1, { 0 } }, b = a;
    assert_int_equal(plumb_detection_order(&a, &b), 0);
    b.class_id = 2;
    assert_true(plumb_detection_order(&a, &b) < 0);
    b.row = 3;
    assert_true(plumb_detection_order(&a, &b) > 0);
    a.score = 0.6f;
    assert_true(plumb_detection_order(&a, &b) < 0);
    assert_true(plumb_detection_order(&b, &a) > 0);
    for (int i = 0; i < PLUMB_FATE_COUNT; i++)
        assert_int_not_equal(plumb_fate_name((plumb_fate)i)[0], '?');
    assert_string_equal(plumb_fate_name(PLUMB_FATE_COUNT), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_closed_form),
        cmocka_unit_test(test_degenerate),
        cmocka_unit_test(test_map_list),
        cmocka_unit_test(test_map_angles),
        cmocka_unit_test(test_clip),
        cmocka_unit_test(test_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
