/* SPDX-License-Identifier: Apache-2.0 */
#include "postprocess/region.h"

#include <math.h>

#include "base/diag.h"

#define MAX_CORNERS    1024
#define MAX_COORDINATE 1e9

/* NaN fails it. */
static bool in_range(double value)
{
    return fabs(value) <= MAX_COORDINATE;
}

static bool rect_in_range(const plumb_rect *r)
{
    return in_range(r->x) && in_range(r->y) && in_range(r->width) && in_range(r->height);
}

static double turn(plumb_point a, plumb_point b, plumb_point c)
{
    return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
}

/* Do the open segments ab and cd cross in one point? Touching is no crossing. */
static bool cross(plumb_point a, plumb_point b, plumb_point c, plumb_point d)
{
    double abc = turn(a, b, c), abd = turn(a, b, d), cda = turn(c, d, a), cdb = turn(c, d, b);
    return ((abc > 0 && abd < 0) || (abc < 0 && abd > 0)) &&
           ((cda > 0 && cdb < 0) || (cda < 0 && cdb > 0));
}

static bool same_point(plumb_point a, plumb_point b)
{
    return a.x == b.x && a.y == b.y;
}

/* Does b lie on the way from p through a? */
static bool same_way(plumb_point p, plumb_point a, plumb_point b)
{
    return turn(p, a, b) == 0.0 && (a.x - p.x) * (b.x - p.x) + (a.y - p.y) * (b.y - p.y) > 0.0;
}

/* The other points a path comes from and goes to where it passes p. */
typedef struct passage {
    plumb_point from, to;
} passage;

/* On which side of a passage through p a point lies: 0 on the path itself. */
static int side_of(plumb_point p, passage path, plumb_point v)
{
    if (same_way(p, path.from, v) || same_way(p, path.to, v) || same_way(p, path.from, path.to))
        return 0;
    bool after = turn(p, path.from, v) > 0.0, before = turn(p, v, path.to) > 0.0;
    bool between = turn(p, path.from, path.to) > 0.0 ? after && before : after || before;
    return between ? 1 : -1;
}

/* Two passages through p cross, or run on together. A bridge to a hole, which is walked to and
 * fro, does neither. */
static bool conflict(plumb_point p, passage a, passage b)
{
    return same_way(p, a.to, b.to) || side_of(p, a, b.from) * side_of(p, a, b.to) < 0;
}

static passage passage_at(const plumb_point *points, size_t count, size_t corner)
{
    size_t before = corner, after = corner;
    do
        before = (before + count - 1) % count;
    while (before != corner && same_point(points[before], points[corner]));
    do
        after = (after + 1) % count;
    while (after != corner && same_point(points[after], points[corner]));
    passage path = { points[before], points[after] };
    return path;
}

/* A corner at which the polygon meets an edge or another corner and goes across; `count` if
 * there is none. */
static size_t crossed_corner(const plumb_point *points, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        plumb_point p = points[i];
        if (same_point(p, points[(i + count - 1) % count]))
            continue; /* seen already */
        passage here = passage_at(points, count, i);
        for (size_t j = 0; j < count; j++) {
            plumb_point a = points[j], b = points[(j + 1) % count];
            passage edge = { a, b };
            bool on_edge =
                !same_point(p, a) && !same_point(p, b) && same_way(a, p, b) && same_way(b, p, a);
            bool on_corner = j > i && same_point(p, a) && !same_point(p, points[j - 1]);
            if ((on_edge && conflict(p, here, edge)) ||
                (on_corner && conflict(p, here, passage_at(points, count, j))))
                return i;
        }
    }
    return count;
}

static plumb_status check_polygon(const plumb_region_spec *s, size_t index, plumb_diag *diag)
{
    const char *const field = "shape.polygon";
    size_t n = s->point_count;
    if (!s->points || n < 3 || n > MAX_CORNERS)
        return plumb_fail_at(diag, PLUMB_E_ARGUMENT, "regions", index, field,
                             "%zu corners where 3..%d are needed", s->points ? n : 0, MAX_CORNERS);
    for (size_t i = 0; i < n; i++)
        if (!in_range(s->points[i].x) || !in_range(s->points[i].y))
            return plumb_fail_at(diag, PLUMB_E_NONFINITE, "regions", index, field,
                                 "corner %zu is not finite or beyond %g", i, MAX_COORDINATE);
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++)
            if (cross(s->points[i], s->points[(i + 1) % n], s->points[j], s->points[(j + 1) % n]))
                return plumb_fail_at(diag, PLUMB_E_ARGUMENT, "regions", index, field,
                                     "the edges after corners %zu and %zu cross; split it into "
                                     "simple polygons",
                                     i, j);
    size_t corner = crossed_corner(s->points, n);
    if (corner < n)
        return plumb_fail_at(diag, PLUMB_E_ARGUMENT, "regions", index, field,
                             "it crosses itself at corner %zu; split it into simple polygons",
                             corner);
    if (!(plumb_polygon_area(s->points, n) > 0.0))
        return plumb_fail_at(diag, PLUMB_E_ARGUMENT, "regions", index, field, "has no area");
    return PLUMB_OK;
}

static plumb_status check_mask(const plumb_region_spec *s, size_t index, plumb_diag *diag)
{
    if (!s->mask || s->mask_width < 1 || s->mask_width > PLUMB_MAX_SIDE || s->mask_height < 1 ||
        s->mask_height > PLUMB_MAX_SIDE)
        return plumb_fail_at(diag, PLUMB_E_SIZE, "regions", index, "shape.mask",
                             "%dx%d where an image with sides of 1..%d is needed",
                             (int)s->mask_width, (int)s->mask_height, PLUMB_MAX_SIDE);
    if (s->mask_stride != 0 && s->mask_stride < (size_t)s->mask_width)
        return plumb_fail_at(diag, PLUMB_E_STRIDE, "regions", index, "shape.mask",
                             "rows of %zu bytes are shorter than %d pixels", s->mask_stride,
                             (int)s->mask_width);
    if (s->space == PLUMB_SPACE_PLANE)
        return plumb_fail_at(diag, PLUMB_E_UNSUPPORTED, "regions", index, "shape.mask",
                             "a mask cannot lie on a plane; outline it with a polygon");
    bool whole = s->rect.width == 0.0;
    if (!rect_in_range(&s->rect) || (!whole && !(s->rect.width > 0.0 && s->rect.height > 0.0)))
        return plumb_fail_at(diag, PLUMB_E_ARGUMENT, "regions", index, "shape.rect",
                             "the mask's extent %g x %g is not a rectangle", s->rect.width,
                             s->rect.height);
    return PLUMB_OK;
}

static plumb_status check_shape(const plumb_region_spec *s, size_t index, plumb_diag *diag)
{
    switch (s->shape) {
    case PLUMB_SHAPE_RECT:
        if (!rect_in_range(&s->rect) || !(s->rect.width > 0.0 && s->rect.height > 0.0))
            return plumb_fail_at(diag, PLUMB_E_ARGUMENT, "regions", index, "shape.rect",
                                 "%g x %g has no area", s->rect.width, s->rect.height);
        return PLUMB_OK;
    case PLUMB_SHAPE_POLYGON:
        return check_polygon(s, index, diag);
    case PLUMB_SHAPE_ELLIPSE:
        if (!in_range(s->center.x) || !in_range(s->center.y) || !in_range(s->radius_x) ||
            !in_range(s->radius_y) || !isfinite(s->angle) || !(s->radius_x > 0.0) ||
            !(s->radius_y > 0.0))
            return plumb_fail_at(diag, PLUMB_E_ARGUMENT, "regions", index, "shape.ellipse",
                                 "radii %g and %g; both must be above 0 and everything finite",
                                 s->radius_x, s->radius_y);
        return PLUMB_OK;
    case PLUMB_SHAPE_MASK:
        return check_mask(s, index, diag);
    default:
        return plumb_fail_at(diag, PLUMB_E_ARGUMENT, "regions", index, "shape",
                             "a shape is required: rect, polygon, ellipse or mask");
    }
}

plumb_status plumb_region_check(const plumb_region_spec *s, size_t index, plumb_diag *diag)
{
    if (!s->name || !s->name[0])
        return plumb_fail_at(diag, PLUMB_E_ARGUMENT, "regions", index, "name", "is missing");
    if (s->space != PLUMB_SPACE_NORMALIZED && s->space != PLUMB_SPACE_UPRIGHT &&
        s->space != PLUMB_SPACE_INPUT && s->space != PLUMB_SPACE_PLANE)
        return plumb_fail_at(diag, PLUMB_E_ARGUMENT, "regions", index, "space",
                             "a space is required: normalized, upright, input or plane");
    if (plumb_region_measure_name(s->measure)[0] == '?')
        return plumb_fail_at(diag, PLUMB_E_ARGUMENT, "regions", index, "measure",
                             "a measure is required: center, bottom_center, fraction_of_box, "
                             "fraction_of_region or iou");
    if (plumb_region_effect_name(s->effect)[0] == '?')
        return plumb_fail_at(diag, PLUMB_E_ARGUMENT, "regions", index, "effect",
                             "an effect is required: reject, scale, scale_by_overlap or "
                             "keep_only");
    if (!(s->at_least >= 0.0f && s->at_least <= 1.0f))
        return plumb_fail_at(diag, PLUMB_E_ARGUMENT, "regions", index, "at_least",
                             "%g is not in 0..1", (double)s->at_least);
    if (!(s->factor >= 0.0f && s->factor <= 1.0f))
        return plumb_fail_at(diag, PLUMB_E_ARGUMENT, "regions", index, "factor",
                             "%g is not in 0..1", (double)s->factor);
    if (s->classes ? s->class_count == 0 || s->class_count > INT32_MAX : s->class_count > 0)
        return plumb_fail_at(diag, PLUMB_E_ARGUMENT, "regions", index, "classes",
                             "%zu classes; leave it out to mean all", s->class_count);
    return check_shape(s, index, diag);
}
