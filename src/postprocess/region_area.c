/* SPDX-License-Identifier: Apache-2.0
 *
 * Areas, exact up to the rounding of double.
 */
#include "postprocess/region.h"

#include <math.h>

/* Mean of clamp(y, 0, height) while y goes evenly from a to b. */
static double mean_clamped(double a, double b, double height)
{
    double low = plumb_least(a, b), high = plumb_most(a, b);
    if (high <= 0.0)
        return 0.0;
    if (low >= height)
        return height;
    if (low == high)
        return low;
    double from = plumb_most(low, 0.0), to = plumb_least(high, height);
    return ((from + to) * 0.5 * (to - from) + (high - to) * height) / (high - low);
}

/* The part of an edge over 0 <= x <= width, weighted with its clamped height; negative when the
 * edge goes to the left. */
static inline double edge_term(plumb_point a, plumb_point b, double width, double height)
{
    if (a.y <= 0.0 && b.y <= 0.0)
        return 0.0;
    double left = plumb_most(plumb_least(a.x, b.x), 0.0),
           right = plumb_least(plumb_most(a.x, b.x), width);
    double weight = a.x < b.x ? right - left : left - right;
    if (a.y >= height && b.y >= height)
        return weight * height;
    double first = plumb_least(a.x, b.x), last = plumb_most(a.x, b.x);
    /* From the end that is nearer, so that an end inside is met exactly. */
    double from = a.x < b.x ? a.y : b.y, to = a.x < b.x ? b.y : a.y;
    if (left > first || right < last) {
        double slope = (b.y - a.y) / (b.x - a.x);
        if (left > first)
            from -= slope * first;
        if (right < last)
            to += slope * (width - last);
    }
    return weight * mean_clamped(from, to, height);
}

/* Adds the edges from `last` through `points[0..count)`. Most lie beside the box and are known by x
 * alone. */
static inline double add_edges(double sum, const plumb_point *last, const plumb_point *points,
                               size_t count, const plumb_affine *affine, double width,
                               double height)
{
    const double *m = affine->m;
    double last_x = m[0] * last->x + m[1] * last->y + m[2];
    for (size_t i = 0; i < count; i++) {
        const plumb_point *next = &points[i];
        double next_x = m[0] * next->x + m[1] * next->y + m[2];
        bool beside = (last_x <= 0.0 && next_x <= 0.0) || (last_x >= width && next_x >= width);
        if (!beside && last_x != next_x) {
            plumb_point a = { last_x, m[3] * last->x + m[4] * last->y + m[5] };
            plumb_point b = { next_x, m[3] * next->x + m[4] * next->y + m[5] };
            sum += edge_term(a, b, width, height);
        }
        last = next;
        last_x = next_x;
    }
    return sum;
}

/* On a vertical line the inside of a polygon is a sum of its crossings with alternating signs, and
 * that stays true when every crossing is clamped to 0..height. Integrated over 0..width this is a
 * sum over edges: no clipped polygon has to be built, and concave ones are no special case. */
double plumb_polygon_overlap(const plumb_point *points, size_t count, const plumb_affine *affine,
                             double width, double height)
{
    return fabs(add_edges(0.0, &points[count - 1], points, count, affine, width, height));
}

static double x_within(const plumb_affine *a, const plumb_point *p, double width)
{
    return plumb_least(plumb_most(a->m[0] * p->x + a->m[1] * p->y + a->m[2], 0.0), width);
}

double plumb_polygon_overlap_near(const plumb_point *points, size_t count,
                                  const plumb_edge_group *groups, plumb_edge_group near,
                                  const plumb_affine *affine, double width, double height)
{
    double sum = 0.0;
    const plumb_point *last = &points[count - 1];
    for (size_t i = 0; i < count; i += PLUMB_EDGE_GROUP, groups++) {
        size_t edges = count - i < PLUMB_EDGE_GROUP ? count - i : PLUMB_EDGE_GROUP;
        const plumb_point *end = &points[i + edges - 1];
        if (groups->upper > near.lower) /* to and fro cancel out */
            sum += (x_within(affine, end, width) - x_within(affine, last, width)) * height;
        else if (!(groups->right < near.left || groups->left > near.right ||
                   groups->lower < near.upper))
            sum = add_edges(sum, last, points + i, edges, affine, width, height);
        last = end;
    }
    return fabs(sum);
}

double plumb_polygon_area(const plumb_point *points, size_t count)
{
    double sum = 0.0;
    for (size_t i = 1; i + 1 < count; i++)
        sum += (points[i].x - points[0].x) * (points[i + 1].y - points[0].y) -
               (points[i].y - points[0].y) * (points[i + 1].x - points[0].x);
    return fabs(sum) * 0.5;
}

/* Crossings of a ray to the right. Edges own their upper end only, so neighbouring polygons share
 * no point. */
bool plumb_polygon_contains(const plumb_point *points, size_t count, plumb_point p)
{
    bool inside = false;
    for (size_t i = 0, j = count - 1; i < count; j = i++) {
        plumb_point a = points[j], b = points[i];
        if ((a.y > p.y) != (b.y > p.y) && p.x < a.x + (b.x - a.x) * (p.y - a.y) / (b.y - a.y))
            inside = !inside;
    }
    return inside;
}

/* A coordinate in mask pixels, kept inside. */
typedef struct mask_position {
    size_t pixel;
    double share; /* of the pixel */
} mask_position;

static inline mask_position position_in(double value, int32_t side)
{
    value = plumb_least(plumb_most(value, 0.0), side);
    mask_position p = { (size_t)plumb_least(value, side - 1), 0.0 };
    p.share = value - (double)p.pixel;
    return p;
}

/* The integral from the corner to (x, y); within a pixel it is bilinear, so this is exact. */
static inline double corner_sum(const plumb_region *region, mask_position x, mask_position y)
{
    size_t stride = (size_t)region->mask_width + 1;
    const uint64_t *above = region->sums + y.pixel * stride + x.pixel, *below = above + stride;
    double top = (double)above[0] + x.share * (double)(above[1] - above[0]);
    double bottom = (double)below[0] + x.share * (double)(below[1] - below[0]);
    return top + y.share * (bottom - top);
}

double plumb_mask_sum(const plumb_region *region, double x0, double y0, double x1, double y1)
{
    mask_position left = position_in(x0, region->mask_width);
    mask_position right = position_in(x1, region->mask_width);
    mask_position upper = position_in(y0, region->mask_height);
    mask_position lower = position_in(y1, region->mask_height);
    return (corner_sum(region, right, lower) - corner_sum(region, left, lower)) -
           (corner_sum(region, right, upper) - corner_sum(region, left, upper));
}
