/* SPDX-License-Identifier: Apache-2.0 */
#include "plumbline/detections.h"

#include <math.h>

#include "base/diag.h"
#include "geometry/ledger.h"

#define HALF_TURN 3.14159265358979323846

/* As fmin and fmax, which not every build makes instructions of: a NaN gives way. */
static inline double lesser(double a, double b)
{
    return a < b || b != b ? a : b;
}

static inline double greater(double a, double b)
{
    return a > b || b != b ? a : b;
}

/* plumb_affine_point for both corners, written out: a call and a struct for each of thousands of
 * boxes cost more than the arithmetic. */
static inline plumb_box map_box(const double *m, plumb_box box)
{
    double px = m[0] * box.x0 + m[1] * box.y0 + m[2], py = m[3] * box.x0 + m[4] * box.y0 + m[5];
    double qx = m[0] * box.x1 + m[1] * box.y1 + m[2], qy = m[3] * box.x1 + m[4] * box.y1 + m[5];
    plumb_box mapped = { (float)lesser(px, qx), (float)lesser(py, qy), (float)greater(px, qx),
                         (float)greater(py, qy) };
    return mapped;
}

/* A turned rectangle: the centre moves, each side takes the length of its mapped direction. Exact
 * where the scales of x and y agree; otherwise a rectangle of the right sides for a shape that is
 * really a slightly skewed parallelogram. */
static void map_turned(const plumb_affine *a, plumb_detection *d)
{
    const double *m = a->m;
    double c = cos(d->angle), s = sin(d->angle);
    double ux = m[0] * c + m[1] * s, uy = m[3] * c + m[4] * s;
    double vx = -m[0] * s + m[1] * c, vy = -m[3] * s + m[4] * c;
    double width = ((double)d->box.x1 - d->box.x0) * sqrt(ux * ux + uy * uy);
    double height = ((double)d->box.y1 - d->box.y0) * sqrt(vx * vx + vy * vy);
    plumb_point center = { ((double)d->box.x0 + d->box.x1) / 2.0,
                           ((double)d->box.y0 + d->box.y1) / 2.0 };
    center = plumb_affine_point(a, center);
    double angle = atan2(uy, ux);
    /* A rectangle looks the same after half a turn: (-90, 90] degrees names each once. */
    if (angle > HALF_TURN / 2.0)
        angle -= HALF_TURN;
    else if (angle <= -HALF_TURN / 2.0)
        angle += HALF_TURN;
    d->angle = (float)angle;
    d->box.x0 = (float)(center.x - width / 2.0);
    d->box.x1 = (float)(center.x + width / 2.0);
    d->box.y0 = (float)(center.y - height / 2.0);
    d->box.y1 = (float)(center.y + height / 2.0);
}

plumb_status plumb_detections_map(plumb_detections *list, const plumb_mapping *mapping,
                                  plumb_space from, plumb_space to, plumb_diag *diag)
{
    if (!list || !mapping)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, list ? "mapping" : "list", "is NULL");
    if (list->space != from)
        return plumb_fail(diag, PLUMB_E_SPACE, "space",
                          "the boxes are in %s space, not in %s: they were mapped already, or not "
                          "at all",
                          plumb_space_name(list->space), plumb_space_name(from));
    plumb_affine affine;
    plumb_status status = plumb_mapping_affine(mapping, from, to, &affine);
    if (status)
        return plumb_fail(diag, status, "space", "there is no affine way from %s to %s",
                          plumb_space_name(from), plumb_space_name(to));
    for (size_t i = 0; i < list->count; i++) {
        plumb_detection *d = &list->items[i];
        if (list->has_angle)
            map_turned(&affine, d);
        else
            d->box = map_box(affine.m, d->box);
    }
    size_t keypoints = list->keypoint_slots * list->keypoints_per_detection;
    for (size_t i = 0; i < keypoints; i++) {
        plumb_point p = { list->keypoints[i].x, list->keypoints[i].y };
        p = plumb_affine_point(&affine, p);
        list->keypoints[i].x = (float)p.x;
        list->keypoints[i].y = (float)p.y;
    }
    list->space = to;
    return PLUMB_OK;
}

/* The extent of a turned rectangle reaches into 0..width, 0..height. */
static bool turned_reaches(const plumb_detection *d, float width, float height)
{
    double c = fabs(cos(d->angle)), s = fabs(sin(d->angle));
    double w = ((double)d->box.x1 - d->box.x0) / 2.0, h = ((double)d->box.y1 - d->box.y0) / 2.0;
    double x = ((double)d->box.x0 + d->box.x1) / 2.0, y = ((double)d->box.y0 + d->box.y1) / 2.0;
    double rx = w * c + h * s, ry = w * s + h * c;
    return x + rx > 0.0 && x - rx < width && y + ry > 0.0 && y - ry < height;
}

plumb_status plumb_detections_clip(plumb_detections *list, const plumb_mapping *mapping,
                                   plumb_ledger *ledger, plumb_diag *diag)
{
    if (!list || !mapping)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, list ? "mapping" : "list", "is NULL");
    float width = 1.0f, height = 1.0f;
    if (list->space == PLUMB_SPACE_UPRIGHT) {
        width = (float)mapping->upright.width;
        height = (float)mapping->upright.height;
    } else if (list->space != PLUMB_SPACE_NORMALIZED && list->space != PLUMB_SPACE_VISION) {
        return plumb_fail(diag, PLUMB_E_SPACE, "space", "boxes in %s space cannot be clipped",
                          plumb_space_name(list->space));
    }
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        plumb_detection d = list->items[i];
        if (!list->has_angle) {
            d.box.x0 = fmaxf(d.box.x0, 0.0f);
            d.box.y0 = fmaxf(d.box.y0, 0.0f);
            d.box.x1 = fminf(d.box.x1, width);
            d.box.y1 = fminf(d.box.y1, height);
        }
        bool inside = d.box.x1 > d.box.x0 && d.box.y1 > d.box.y0;
        if (inside && (!list->has_angle || turned_reaches(&d, width, height)))
            list->items[kept++] = d;
        else
            plumb_ledger_drop(ledger, PLUMB_FATE_CLIPPED, &list->items[i], -1, list->space);
    }
    list->count = kept;
    return PLUMB_OK;
}

int plumb_detection_order(const plumb_detection *a, const plumb_detection *b)
{
    if (a->score != b->score)
        return a->score > b->score ? -1 : 1;
    if (a->row != b->row)
        return a->row < b->row ? -1 : 1;
    return (a->class_id > b->class_id) - (a->class_id < b->class_id);
}
