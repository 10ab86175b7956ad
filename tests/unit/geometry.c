/* SPDX-License-Identifier: Apache-2.0
 *
 * Orientation, spaces and the mapping against formulas of their own: the EXIF description of
 * where rows and columns lie, Vision's published numbers, and each space worked out by hand.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "plumbline/geometry.h"
#include "random.h"

/* --- orientation --- */

/* The way of a stored point, from the table of the EXIF values as text: what x' and y' are. */
static plumb_point oriented(int orientation, double u, double v)
{
    static const char *const table[9] = { "", "uv", "Uv", "UV", "uV", "vu", "Vu", "VU", "vU" };
    double values[2];
    for (int i = 0; i < 2; i++) {
        char c = table[orientation][i];
        values[i] = c == 'u' ? u : c == 'U' ? 1.0 - u : c == 'v' ? v : 1.0 - v;
    }
    plumb_point p = { values[0], values[1] };
    return p;
}

static plumb_mapping make(plumb_size buffer, int orientation)
{
    plumb_mapping_spec spec = PLUMB_MAPPING_SPEC_INIT;
    plumb_mapping m;
    spec.input.width = spec.input.height = 32;
    spec.mode = PLUMB_CROP_SCALE_FILL;
    assert_int_equal(
        plumb_mapping_make(&spec, buffer, (plumb_orientation)orientation, NULL, &m, NULL),
        PLUMB_OK);
    return m;
}

/* Where the 0th row and the 0th column of the file lie in the picture, as TIFF 6 words it. */
static void test_rows_and_columns(void **state)
{
    (void)state;
    static const char *const row_side[9] = { "",     "top",   "top",   "bottom", "bottom",
                                             "left", "right", "right", "left" };
    static const char *const column_side[9] = { "",    "left", "right",  "right", "left",
                                                "top", "top",  "bottom", "bottom" };
    plumb_size buffer = { 7, 5 };
    for (int n = 1; n <= 8; n++) {
        plumb_mapping m = make(buffer, n);
        plumb_affine to_normalized;
        assert_int_equal(
            plumb_mapping_affine(&m, PLUMB_SPACE_BUFFER, PLUMB_SPACE_NORMALIZED, &to_normalized),
            PLUMB_OK);
        const plumb_point row = { 3.5, 0.0 }, column = { 0.0, 2.5 };
        const plumb_point points[2] = { plumb_affine_point(&to_normalized, row),
                                        plumb_affine_point(&to_normalized, column) };
        const char *sides[2] = { row_side[n], column_side[n] };
        for (int i = 0; i < 2; i++) {
            char side = sides[i][0];
            double on = side == 't' || side == 'b' ? points[i].y : points[i].x;
            assert_float_equal(on, side == 't' || side == 'l' ? 0.0 : 1.0, 1e-12);
        }
    }
}

static void test_orientation_table(void **state)
{
    (void)state;
    for (int n = 1; n <= 8; n++) {
        plumb_size buffer = { 640, 480 };
        plumb_mapping m = make(buffer, n);
        bool swaps = n >= 5;
        assert_int_equal(plumb_orientation_swaps((plumb_orientation)n), swaps);
        assert_int_equal(m.upright.width, swaps ? 480 : 640);
        plumb_affine a;
        assert_int_equal(plumb_mapping_affine(&m, PLUMB_SPACE_BUFFER, PLUMB_SPACE_NORMALIZED, &a),
                         PLUMB_OK);
        for (double v = 0.0; v <= 1.0; v += 0.25) {
            for (double u = 0.0; u <= 1.0; u += 0.25) {
                plumb_point stored = { u * 640, v * 480 };
                plumb_point got = plumb_affine_point(&a, stored), want = oriented(n, u, v);
                assert_float_equal(got.x, want.x, 1e-12);
                assert_float_equal(got.y, want.y, 1e-12);
            }
        }
    }
}

static bool same_orientation(int n, plumb_point at_origin, plumb_point at_x, plumb_point at_y)
{
    plumb_point a = oriented(n, 0, 0), b = oriented(n, 1, 0), c = oriented(n, 0, 1);
    return a.x == at_origin.x && a.y == at_origin.y && b.x == at_x.x && b.y == at_x.y &&
           c.x == at_y.x && c.y == at_y.y;
}

static void test_compose_and_inverse(void **state)
{
    (void)state;
    const double corners[3][2] = { { 0, 0 }, { 1, 0 }, { 0, 1 } };
    for (int a = 1; a <= 8; a++) {
        for (int b = 1; b <= 8; b++) {
            plumb_point p[3];
            for (int i = 0; i < 3; i++) {
                p[i] = oriented(a, corners[i][0], corners[i][1]);
                p[i] = oriented(b, p[i].x, p[i].y);
            }
            int c = (int)plumb_orientation_compose((plumb_orientation)a, (plumb_orientation)b);
            assert_true(same_orientation(c, p[0], p[1], p[2]));
        }
        plumb_orientation inverse = plumb_orientation_inverse((plumb_orientation)a);
        assert_int_equal(plumb_orientation_compose((plumb_orientation)a, inverse), 1);
        assert_int_equal(plumb_orientation_compose(inverse, (plumb_orientation)a), 1);
    }
}

/* A clockwise quarter turn takes (x, y), y down, to (1 - y, x). */
static void test_degrees(void **state)
{
    (void)state;
    const double corners[3][2] = { { 0, 0 }, { 1, 0 }, { 0, 1 } };
    for (int turns = 0; turns < 4; turns++) {
        for (int mirrored = 0; mirrored < 2; mirrored++) {
            plumb_point p[3];
            for (int i = 0; i < 3; i++) {
                double x = corners[i][0], y = corners[i][1];
                for (int k = 0; k < turns; k++) {
                    double turned = 1.0 - y;
                    y = x;
                    x = turned;
                }
                p[i].x = mirrored ? 1.0 - x : x;
                p[i].y = y;
            }
            int n = plumb_orientation_from_degrees(90 * turns, mirrored != 0);
            assert_true(same_orientation(n, p[0], p[1], p[2]));
        }
    }
    assert_int_equal(plumb_orientation_from_degrees(45, false), 0);
    assert_int_equal(plumb_orientation_from_degrees(360, false), 0);
    assert_int_equal(plumb_orientation_from_degrees(-90, false), 0);
}

/* --- the mapping --- */

static const plumb_crop_mode modes[] = { PLUMB_CROP_CENTER, PLUMB_CROP_SCALE_FIT,
                                         PLUMB_CROP_SCALE_FILL, PLUMB_CROP_SCALE_FIT_ROTATE_90_CCW,
                                         PLUMB_CROP_SCALE_FILL_ROTATE_90_CCW };

static void check_round_trips(const plumb_mapping *m, random_state *r)
{
    for (int from = PLUMB_SPACE_BUFFER; from <= PLUMB_SPACE_VISION; from++) {
        for (int to = PLUMB_SPACE_BUFFER; to <= PLUMB_SPACE_VISION; to++) {
            plumb_affine there, back, home;
            assert_int_equal(plumb_mapping_affine(m, (plumb_space)from, (plumb_space)to, &there),
                             PLUMB_OK);
            assert_int_equal(plumb_mapping_affine(m, (plumb_space)to, (plumb_space)from, &back),
                             PLUMB_OK);
            home = plumb_affine_compose(&there, &back);
            bool unit = from >= PLUMB_SPACE_NORMALIZED;
            plumb_point p = { random_between(r, 0, unit ? 1 : 4000),
                              random_between(r, 0, unit ? 1 : 4000) };
            plumb_point q = plumb_affine_point(&back, plumb_affine_point(&there, p));
            assert_float_equal(q.x, p.x, 1e-4);
            assert_float_equal(q.y, p.y, 1e-4);
            q = plumb_affine_point(&home, p);
            assert_float_equal(q.x, p.x, 1e-4);
            assert_float_equal(q.y, p.y, 1e-4);
        }
    }
}

/* Step by step from the stored pixel to the model input, from the description in geometry.h. */
static void check_by_hand(const plumb_mapping *m, plumb_crop_mode mode, random_state *r)
{
    double u = random_unit(r), v = random_unit(r);
    plumb_point stored = { u * m->buffer.width, v * m->buffer.height };
    plumb_point p = oriented((int)m->orientation, u, v), steps[6];
    steps[0].x = p.x * m->upright.width;
    steps[0].y = p.y * m->upright.height;
    steps[1].x = steps[0].x - m->roi.x;
    steps[1].y = steps[0].y - m->roi.y;
    plumb_point picture = steps[1];
    if (mode >= 256) { /* (x,y) -> (y, W-x) */
        picture.x = steps[1].y;
        picture.y = m->roi.width - steps[1].x;
    }
    steps[2].x = (picture.x - m->source.x) * m->scale_x + m->offset_x;
    steps[2].y = (picture.y - m->source.y) * m->scale_y + m->offset_y;
    steps[3] = p;
    steps[4].x = p.x;
    steps[4].y = 1.0 - p.y;
    const plumb_space spaces[5] = { PLUMB_SPACE_UPRIGHT, PLUMB_SPACE_ROI, PLUMB_SPACE_INPUT,
                                    PLUMB_SPACE_NORMALIZED, PLUMB_SPACE_VISION };
    for (int i = 0; i < 5; i++) {
        plumb_affine a;
        assert_int_equal(plumb_mapping_affine(m, PLUMB_SPACE_BUFFER, spaces[i], &a), PLUMB_OK);
        plumb_point got = plumb_affine_point(&a, stored);
        assert_float_equal(got.x, steps[i].x, 1e-6);
        assert_float_equal(got.y, steps[i].y, 1e-6);
    }
}

/* The whole picture, or for a crop the middle of it, covers what the mapping says it covers. */
static void check_fit(const plumb_mapping *m, plumb_crop_mode mode, plumb_rule rule)
{
    assert_true(m->placed.x >= 0 && m->placed.y >= 0 && m->placed.width >= 1 &&
                m->placed.height >= 1);
    assert_true(m->placed.x + m->placed.width <= m->input.width);
    assert_true(m->placed.y + m->placed.height <= m->input.height);
    bool fill = mode == PLUMB_CROP_SCALE_FILL || mode == PLUMB_CROP_SCALE_FILL_ROTATE_90_CCW;
    if (fill) {
        assert_int_equal(m->placed.width, m->input.width);
        assert_int_equal(m->placed.height, m->input.height);
    }
    if (mode == PLUMB_CROP_CENTER && rule == PLUMB_RULE_EXACT) {
        assert_int_equal(m->placed.width, m->input.width);
        assert_float_equal(m->source.x * 2 + m->source.width, m->picture.width, 1e-9);
        assert_float_equal(m->source.y * 2 + m->source.height, m->picture.height, 1e-9);
    }
}

static void test_random_mappings(void **state)
{
    (void)state;
    random_state r = { 20261120 };
    int made = 0;
    for (int round = 0; round < 40; round++) {
        for (int orientation = 1; orientation <= 8; orientation++) {
            for (size_t k = 0; k < sizeof(modes) / sizeof(modes[0]); k++) {
                for (int rule = PLUMB_RULE_EXACT; rule <= PLUMB_RULE_TF_CENTRAL; rule++) {
                    plumb_mapping_spec spec = PLUMB_MAPPING_SPEC_INIT;
                    spec.input.width = 16 + random_below(&r, 700);
                    spec.input.height = 16 + random_below(&r, 700);
                    spec.mode = modes[k];
                    spec.rule = (plumb_rule)rule;
                    plumb_size buffer = { 17 + 2 * random_below(&r, 1000),
                                          17 + 2 * random_below(&r, 700) };
                    plumb_size up = buffer;
                    if (orientation >= 5) {
                        up.width = buffer.height;
                        up.height = buffer.width;
                    }
                    plumb_irect roi = { random_below(&r, up.width / 2),
                                        random_below(&r, up.height / 2), 0, 0 };
                    roi.width = up.width / 4 + random_below(&r, up.width / 4) + 1;
                    roi.height = up.height / 4 + random_below(&r, up.height / 4) + 1;
                    plumb_mapping m;
                    plumb_status status =
                        plumb_mapping_make(&spec, buffer, (plumb_orientation)orientation,
                                           round % 2 ? &roi : NULL, &m, NULL);
                    /* A long thin picture may round to no pixel at all. */
                    if (status == PLUMB_E_UNSUPPORTED || status == PLUMB_E_LIMIT)
                        continue;
                    assert_int_equal(status, PLUMB_OK);
                    check_round_trips(&m, &r);
                    check_by_hand(&m, spec.mode, &r);
                    check_fit(&m, spec.mode, spec.rule);
                    made++;
                }
            }
        }
    }
    assert_true(made > 5000);
}

static void test_mapping_errors(void **state)
{
    (void)state;
    plumb_mapping_spec spec = PLUMB_MAPPING_SPEC_INIT;
    plumb_mapping m;
    plumb_diag diag = { 0 };
    plumb_size buffer = { 100, 80 };
    assert_int_equal(plumb_mapping_make(&spec, buffer, 1, NULL, &m, &diag), PLUMB_E_SIZE);
    assert_string_equal(diag.field, "width");
    spec.input.width = spec.input.height = 64;
    assert_int_equal(plumb_mapping_make(&spec, buffer, 1, NULL, &m, &diag), PLUMB_E_ARGUMENT);
    assert_string_equal(diag.field, "mode");
    spec.mode = PLUMB_CROP_SCALE_FIT;
    assert_int_equal(plumb_mapping_make(&spec, buffer, 1, NULL, &m, &diag), PLUMB_E_ARGUMENT);
    assert_string_equal(diag.field, "rule");
    spec.rule = PLUMB_RULE_EXACT;
    spec.resize_short = -1;
    assert_int_equal(plumb_mapping_make(&spec, buffer, 1, NULL, &m, &diag), PLUMB_E_ARGUMENT);
    assert_string_equal(diag.field, "resize_short");
    spec.resize_short = 0;
    spec.central_fraction = NAN;
    assert_int_equal(plumb_mapping_make(&spec, buffer, 1, NULL, &m, &diag), PLUMB_E_ARGUMENT);
    assert_string_equal(diag.field, "central_fraction");
    spec.central_fraction = 0.0;
    spec.input.height = 0;
    assert_int_equal(plumb_mapping_make(&spec, buffer, 1, NULL, &m, &diag), PLUMB_E_SIZE);
    assert_string_equal(diag.field, "height");
    spec.input.height = 64;
    assert_int_equal(plumb_mapping_make(&spec, buffer, 0, NULL, &m, &diag), PLUMB_E_ARGUMENT);
    assert_int_equal(plumb_mapping_make(&spec, buffer, 9, NULL, &m, &diag), PLUMB_E_ARGUMENT);
    assert_string_equal(diag.field, "orientation");
    const plumb_irect wrong[] = { { 0, 0, 0, 10 },
                                  { 0, 0, 101, 10 },
                                  { -1, 0, 10, 10 },
                                  { 91, 0, 10, 1 },
                                  { 0, 2147483647, 1, 2147483647 },
                                  { 0, 0, 10, -5 } };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(plumb_mapping_make(&spec, buffer, 1, &wrong[i], &m, &diag),
                         PLUMB_E_ARGUMENT);
        assert_string_equal(diag.field, "roi");
    }
    buffer.width = PLUMB_MAX_SIDE + 1;
    assert_int_equal(plumb_mapping_make(&spec, buffer, 1, NULL, &m, &diag), PLUMB_E_SIZE);
    /* A line of pixels would vanish with a rule that truncates. */
    buffer.width = PLUMB_MAX_SIDE;
    buffer.height = 1;
    spec.rule = PLUMB_RULE_YOLOX;
    assert_int_equal(plumb_mapping_make(&spec, buffer, 1, NULL, &m, &diag), PLUMB_E_LIMIT);
    plumb_affine a;
    buffer.height = 80;
    m = make(buffer, 1);
    assert_int_equal(plumb_mapping_affine(&m, PLUMB_SPACE_INPUT, PLUMB_SPACE_PLANE, &a),
                     PLUMB_E_SPACE);
    assert_int_equal(plumb_mapping_affine(&m, (plumb_space)0, PLUMB_SPACE_INPUT, &a),
                     PLUMB_E_SPACE);
}

/* A struct of an older header ends before the newest members; those keep their defaults. */
static void test_shorter_spec(void **state)
{
    (void)state;
    plumb_mapping_spec spec = PLUMB_MAPPING_SPEC_INIT;
    plumb_size buffer = { 100, 80 };
    plumb_mapping shorter, full;
    spec.input.width = spec.input.height = 64;
    spec.mode = PLUMB_CROP_CENTER;
    spec.rule = PLUMB_RULE_TF_CENTRAL;
    assert_int_equal(plumb_mapping_make(&spec, buffer, 1, NULL, &full, NULL), PLUMB_OK);
    spec.struct_size = offsetof(plumb_mapping_spec, central_fraction);
    spec.central_fraction = NAN; /* past the end: must not be read */
    assert_int_equal(plumb_mapping_make(&spec, buffer, 1, NULL, &shorter, NULL), PLUMB_OK);
    assert_float_equal(shorter.source.x, full.source.x, 0);
    assert_float_equal(shorter.source.width, full.source.width, 0);
}

/* --- Vision --- */

/* Published numbers of turicreate issue 1957: a 640 x 480 picture, scale_fill. Two runtimes
 * resample differently, so the boxes agree to 0.002 of the picture and not to the bit. */
static void test_vision_golden(void **state)
{
    (void)state;
    const double cx = 455.369, cy = 104.533, w = 255.036, h = 162.651;
    const double vision[4] = { 0.5115232, 0.6123300, 0.4004256, 0.3392152 };
    plumb_size image = { 640, 480 };
    plumb_rect pixels = { cx - w / 2, cy - h / 2, w, h };
    plumb_rect ours = plumb_rect_flip_y(plumb_normalized_from_pixels_rect(pixels, image), 1.0);
    assert_float_equal(ours.x, vision[0], 0.002);
    assert_float_equal(ours.y, vision[1], 0.002);
    assert_float_equal(ours.width, vision[2], 0.002);
    assert_float_equal(ours.height, vision[3], 0.002);
    /* The same through the spaces of a mapping. */
    plumb_mapping m = make(image, 1);
    plumb_affine a;
    assert_int_equal(plumb_mapping_affine(&m, PLUMB_SPACE_UPRIGHT, PLUMB_SPACE_VISION, &a),
                     PLUMB_OK);
    plumb_rect mapped = plumb_affine_rect(&a, pixels);
    assert_float_equal(mapped.x, ours.x, 1e-12);
    assert_float_equal(mapped.y, ours.y, 1e-12);
    assert_float_equal(mapped.height, ours.height, 1e-12);
    /* VNImageRectForNormalizedRect: x*W and y*H, nothing rounded, no pixel taken off. The same
     * issue prints 327.374849319458 and 293.9184021949768. */
    plumb_rect shown = { 0.5115232020616531, 0.6123300045728683, 0.4004256, 0.3392152 };
    plumb_rect scaled = plumb_pixels_from_normalized_rect(shown, image);
    assert_float_equal(scaled.x, 327.374849319458, 1e-9);
    assert_float_equal(scaled.y, 293.9184021949768, 1e-9);
    assert_float_equal(scaled.width, 0.4004256 * 640, 1e-9);
}

static void test_vision_helpers(void **state)
{
    (void)state;
    plumb_size hundred = { 100, 100 };
    plumb_rect roi = { 0.1, 0.2, 0.5, 0.4 };
    plumb_point middle = { 0.5, 0.5 };
    plumb_point p = plumb_pixels_from_roi_normalized_point(middle, roi, hundred);
    assert_float_equal(p.x, 35.0, 1e-12);
    assert_float_equal(p.y, 40.0, 1e-12);
    p = plumb_roi_normalized_from_pixels_point(p, roi, hundred);
    assert_float_equal(p.x, 0.5, 1e-12);
    assert_float_equal(p.y, 0.5, 1e-12);
    plumb_rect box = { 0.25, 0.5, 0.5, 0.25 };
    plumb_size image = { 640, 480 };
    plumb_rect there = plumb_pixels_from_roi_normalized_rect(box, roi, image);
    assert_float_equal(there.x, (0.1 + 0.25 * 0.5) * 640, 1e-9);
    assert_float_equal(there.height, 0.25 * 0.4 * 480, 1e-9);
    plumb_rect back = plumb_roi_normalized_from_pixels_rect(there, roi, image);
    assert_float_equal(back.x, box.x, 1e-12);
    assert_float_equal(back.height, box.height, 1e-12);
    /* The far edge flips: a box at the lower edge, not 1 - y. */
    plumb_rect low = { 0.0, 0.0, 1.0, 0.25 };
    assert_float_equal(plumb_rect_flip_y(low, 1.0).y, 0.75, 0);
    plumb_point corner = { 64, 48 };
    p = plumb_normalized_from_pixels_point(corner, image);
    assert_float_equal(p.x, 0.1, 1e-12);
    p = plumb_pixels_from_normalized_point(p, image);
    assert_float_equal(p.y, 48.0, 1e-9);
}

/* --- names --- */

static void test_names(void **state)
{
    (void)state;
    /* Vision's raw values, which are not contiguous. */
    const struct {
        const char *name;
        int value;
    } known[] = { { "center_crop", 0 },
                  { "scale_fit", 1 },
                  { "scale_fill", 2 },
                  { "scale_fit_rotate_90_ccw", 257 },
                  { "scale_fill_rotate_90_ccw", 258 } };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        plumb_crop_mode mode = PLUMB_CROP_UNSET;
        assert_true(plumb_crop_mode_parse(known[i].name, &mode));
        assert_int_equal(mode, known[i].value);
        assert_string_equal(plumb_crop_mode_name(mode), known[i].name);
    }
    plumb_crop_mode mode = PLUMB_CROP_CENTER;
    assert_false(plumb_crop_mode_parse("letterbox", &mode));
    assert_false(plumb_crop_mode_parse(NULL, &mode));
    assert_string_equal(plumb_crop_mode_name(PLUMB_CROP_UNSET), "?");
    for (int i = PLUMB_SPACE_BUFFER; i <= PLUMB_SPACE_PLANE; i++) {
        plumb_space space;
        assert_true(plumb_space_parse(plumb_space_name((plumb_space)i), &space));
        assert_int_equal(space, i);
    }
    for (int i = PLUMB_RULE_EXACT; i <= PLUMB_RULE_TF_CENTRAL; i++) {
        plumb_rule rule;
        assert_true(plumb_rule_parse(plumb_rule_name((plumb_rule)i), &rule));
        assert_int_equal(rule, i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_and_columns),    cmocka_unit_test(test_orientation_table),
        cmocka_unit_test(test_compose_and_inverse), cmocka_unit_test(test_degrees),
        cmocka_unit_test(test_random_mappings),     cmocka_unit_test(test_mapping_errors),
        cmocka_unit_test(test_shorter_spec),        cmocka_unit_test(test_vision_golden),
        cmocka_unit_test(test_vision_helpers),      cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
