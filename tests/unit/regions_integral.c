/* SPDX-License-Identifier: Apache-2.0
 *
 * Region areas against a numerical integration that shares nothing with the library but the
 * mapping: a fine grid of points in the box, each asked of the shape's own definition in the
 * region's space.
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
#include "random.h"

#define GRID    160
#define CORNERS 24
#define MASK    16

static const double pi = 3.14159265358979323846;

/* The sum of the angles under which the edges are seen: whole turns inside, none outside. */
static bool polygon_holds(const plumb_point *p, size_t count, plumb_point at)
{
    double turned = 0.0;
    for (size_t i = 0; i < count; i++) {
        plumb_point a = p[i], b = p[(i + 1) % count];
        double ux = a.x - at.x, uy = a.y - at.y, vx = b.x - at.x, vy = b.y - at.y;
        turned += atan2(ux * vy - uy * vx, ux * vx + uy * vy);
    }
    return fabs(turned) > pi;
}

/* How much of the point is inside, 0..1. */
static double shape_holds(const plumb_region_spec *s, plumb_point p)
{
    const plumb_rect *r = &s->rect;
    double x = p.x - s->center.x, y = p.y - s->center.y;
    double c = cos(s->angle), n = sin(s->angle);
    bool in_rect = p.x >= r->x && p.x < r->x + r->width && p.y >= r->y && p.y < r->y + r->height;
    switch (s->shape) {
    case PLUMB_SHAPE_RECT:
        return in_rect;
    case PLUMB_SHAPE_POLYGON:
        return polygon_holds(s->points, s->point_count, p);
    case PLUMB_SHAPE_ELLIPSE:
        return pow((c * x + n * y) / s->radius_x, 2) + pow((c * y - n * x) / s->radius_y, 2) < 1;
    default:
        if (!in_rect)
            return 0;
        return s->mask[(int)((p.y - r->y) / r->height * MASK) * MASK +
                       (int)((p.x - r->x) / r->width * MASK)] /
               255.0;
    }
}

typedef struct scene {
    plumb_mapping mapping;
    plumb_homography upright_from_plane, plane_from_upright;
    plumb_region_spec spec;
    plumb_point points[CORNERS];
    uint8_t mask[MASK * MASK];
} scene;

static plumb_point to_space(const scene *s, plumb_point upright)
{
    plumb_affine affine;
    if (s->spec.space == PLUMB_SPACE_PLANE)
        return plumb_homography_point(&s->plane_from_upright, upright);
    assert_int_equal(plumb_mapping_affine(&s->mapping, PLUMB_SPACE_UPRIGHT, s->spec.space, &affine),
                     PLUMB_OK);
    return plumb_affine_point(&affine, upright);
}

/* Upright area of the shape inside the box, turned about its centre. */
static double integrate(const scene *s, const plumb_detection *d)
{
    double width = d->box.x1 - d->box.x0, height = d->box.y1 - d->box.y0, sum = 0.0;
    double x = (d->box.x0 + d->box.x1) / 2.0, y = (d->box.y0 + d->box.y1) / 2.0;
    double c = cos((double)d->angle), n = sin((double)d->angle);
    for (int j = 0; j < GRID; j++) {
        for (int i = 0; i < GRID; i++) {
            double u = ((i + 0.5) / GRID - 0.5) * width, v = ((j + 0.5) / GRID - 0.5) * height;
            plumb_point p = { x + c * u - n * v, y + n * u + c * v };
            sum += shape_holds(&s->spec, to_space(s, p));
        }
    }
    return sum / (GRID * GRID) * width * height;
}

static void random_mapping(random_state *r, scene *s)
{
    static const plumb_crop_mode modes[] = { PLUMB_CROP_CENTER, PLUMB_CROP_SCALE_FIT,
                                             PLUMB_CROP_SCALE_FILL,
                                             PLUMB_CROP_SCALE_FIT_ROTATE_90_CCW,
                                             PLUMB_CROP_SCALE_FILL_ROTATE_90_CCW };
    plumb_mapping_spec spec = PLUMB_MAPPING_SPEC_INIT;
    plumb_size buffer = { 320, 240 };
    plumb_irect roi = { 20, 10, 200, 180 };
    spec.input.width = 96;
    spec.input.height = 128;
    spec.mode = modes[random_below(r, 5)];
    spec.rule = PLUMB_RULE_EXACT;
    assert_int_equal(plumb_mapping_make(&spec, buffer, (plumb_orientation)(1 + random_below(r, 8)),
                                        random_below(r, 2) ? &roi : NULL, &s->mapping, NULL),
                     PLUMB_OK);
    const plumb_point card[4] = { { 0, 0 }, { 100, 0 }, { 100, 100 }, { 0, 100 } };
    plumb_point seen[4] = { { 30, 40 }, { 200, 20 }, { 220, 230 }, { 10, 180 } };
    for (int i = 0; i < 4; i++)
        seen[i].x += random_between(r, -15, 15);
    assert_int_equal(plumb_homography_from_points(card, seen, &s->upright_from_plane), PLUMB_OK);
    assert_true(plumb_homography_invert(&s->upright_from_plane, &s->plane_from_upright));
}

/* A star about (x,y), so mostly concave, or one of the other shapes, in units of `unit`. */
static void random_shape(random_state *r, scene *s, double x, double y, double unit_x,
                         double unit_y)
{
    plumb_region_spec *spec = &s->spec;
    spec->shape = (plumb_region_shape)(PLUMB_SHAPE_RECT +
                                       random_below(r, spec->space == PLUMB_SPACE_PLANE ? 3 : 4));
    spec->rect.x = x - 0.4 * unit_x;
    spec->rect.y = y - 0.3 * unit_y;
    spec->rect.width = unit_x * random_between(r, 0.3, 1);
    spec->rect.height = unit_y * random_between(r, 0.3, 1);
    spec->center.x = x;
    spec->center.y = y;
    spec->radius_x = 0.5 * unit_x * random_between(r, 0.3, 1);
    spec->radius_y = 0.5 * unit_y * random_between(r, 0.3, 1);
    spec->angle = random_between(r, -3, 3);
    spec->points = s->points;
    spec->point_count = (size_t)(3 + random_below(r, CORNERS - 2));
    double direction = random_below(r, 2) ? 1 : -1;
    for (size_t i = 0; i < spec->point_count; i++) {
        double angle = direction * 2 * pi * (double)i / (double)spec->point_count;
        double radius = random_between(r, 0.1, 0.6);
        s->points[i].x = x + unit_x * radius * cos(angle);
        s->points[i].y = y + unit_y * radius * sin(angle);
    }
    for (int i = 0; i < MASK * MASK; i++)
        s->mask[i] = random_below(r, 3) ? (uint8_t)(random_below(r, 2) * 255)
                                        : (uint8_t)random_below(r, 256);
    spec->mask = s->mask;
    spec->mask_width = spec->mask_height = MASK;
}

static void random_scene(random_state *r, scene *s)
{
    const plumb_region_spec empty = PLUMB_REGION_SPEC_INIT;
    random_mapping(r, s);
    s->spec = empty;
    s->spec.name = "r";
    s->spec.effect = PLUMB_EFFECT_SCALE_BY_OVERLAP;
    switch (random_below(r, 4)) {
    case 0:
        s->spec.space = PLUMB_SPACE_UPRIGHT;
        random_shape(r, s, 130, 120, 160, 150);
        break;
    case 1:
        s->spec.space = PLUMB_SPACE_NORMALIZED;
        random_shape(r, s, 0.5, 0.5, 0.7, 0.6);
        break;
    case 2:
        s->spec.space = PLUMB_SPACE_INPUT;
        random_shape(r, s, 48, 64, 60, 90);
        break;
    default:
        s->spec.space = PLUMB_SPACE_PLANE;
        random_shape(r, s, 50, 50, 80, 80);
    }
}

static double measured(const scene *s, plumb_region_measure measure, plumb_detection d,
                       bool has_angle)
{
    plumb_region_spec spec = s->spec;
    plumb_regions *regions = NULL;
    plumb_detections list = { &d, 1, 1, NULL, 0, 0, 0, has_angle, PLUMB_SPACE_UPRIGHT };
    spec.measure = measure;
    d.score = 1.0f;
    plumb_diag diag = { 0 };
    if (plumb_regions_create(NULL, &spec, 1, &regions, &diag))
        fail_msg("%s: %s", diag.field, diag.message);
    void *scratch = malloc(plumb_regions_scratch(regions));
    assert_int_equal(plumb_regions_run(regions, &list, &s->mapping, &s->upright_from_plane, -1.0f,
                                       NULL, 0, scratch, NULL, NULL),
                     PLUMB_OK);
    free(scratch);
    plumb_regions_destroy(&regions);
    return 1.0 - (double)d.score;
}

static void close_to(double value, double integral, const scene *s, const char *what)
{
    /* The rim is seen by about 4 grid lines a crossing; each misses half a cell at most. */
    if (fabs(value - integral) > 0.02)
        fail_msg("%s of shape %d in %s: %.5f, integrated %.5f", what, (int)s->spec.shape,
                 plumb_space_name(s->spec.space), value, integral);
}

static void areas_agree(void **state)
{
    (void)state;
    random_state r = { 4711 };
    double total = 0.0;
    for (int round = 0; round < 400; round++) {
        scene s;
        random_scene(&r, &s);
        plumb_detection d = { 0 };
        bool has_angle = round % 3 == 0;
        d.box.x0 = (float)random_between(&r, 0, 180);
        d.box.y0 = (float)random_between(&r, 0, 160);
        d.box.x1 = d.box.x0 + (float)random_between(&r, 5, 120);
        d.box.y1 = d.box.y0 + (float)random_between(&r, 5, 120);
        d.angle = has_angle ? (float)random_between(&r, -1.5, 1.5) : 0.0f;
        double area = (double)(d.box.x1 - d.box.x0) * (d.box.y1 - d.box.y0);
        double overlap = integrate(&s, &d);
        double fraction = measured(&s, PLUMB_MEASURE_FRACTION_OF_BOX, d, has_angle);
        close_to(fraction, overlap / area, &s, "fraction of box");
        total += fabs(fraction - overlap / area);

        /* the whole region, by a box around everything */
        plumb_detection all = { 0 };
        all.box.x0 = all.box.y0 = -400.0f;
        all.box.x1 = all.box.y1 = 800.0f;
        if (round % 8 == 0 && overlap > 0.05 * area) {
            double region = measured(&s, PLUMB_MEASURE_FRACTION_OF_BOX, all, false) * 1200 * 1200;
            double of_region = measured(&s, PLUMB_MEASURE_FRACTION_OF_REGION, d, has_angle);
            close_to(of_region, fraction * area / region, &s, "fraction of region");
            double iou = measured(&s, PLUMB_MEASURE_IOU, d, has_angle);
            close_to(iou, overlap / (area + region - overlap), &s, "iou");
            close_to(region / (1200 * 1200), integrate(&s, &all) / (1200 * 1200), &s, "region");
        }
    }
    /* Errors of a grid are of both signs: on average far below the bound for one. */
    assert_true(total / 400 < 0.002);
}

static void centers_agree(void **state)
{
    (void)state;
    random_state r = { 815 };
    int inside = 0;
    for (int round = 0; round < 2000; round++) {
        scene s;
        random_scene(&r, &s);
        plumb_detection d = { 0 };
        d.box.x0 = (float)random_between(&r, 20, 220);
        d.box.y0 = (float)random_between(&r, 20, 200);
        d.box.x1 = d.box.x0 + 10;
        d.box.y1 = d.box.y0 + 20;
        bool bottom = round % 2;
        plumb_point p = { (d.box.x0 + d.box.x1) / 2.0,
                          bottom ? (double)d.box.y1 : (d.box.y0 + d.box.y1) / 2.0 };
        double expected = shape_holds(&s.spec, to_space(&s, p)) * 255.0 >= 128.0;
        /* the polygon of an ellipse is its neighbour by 0.1 % of the radius: off the rim only */
        plumb_region_measure m = bottom ? PLUMB_MEASURE_BOTTOM_CENTER : PLUMB_MEASURE_CENTER;
        if (s.spec.shape != PLUMB_SHAPE_ELLIPSE)
            assert_true(measured(&s, m, d, false) == expected);
        inside += expected > 0;
    }
    assert_true(inside > 400 && inside < 1600);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(areas_agree),
        cmocka_unit_test(centers_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
