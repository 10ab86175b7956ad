/* SPDX-License-Identifier: Apache-2.0
 *
 * Areas, exact up to the rounding of double.
 */
#include "postprocess/region.h"

#include <math.h>

static inline double least(double a, double b)
{
    return a < b ? a : b;
}

static inline double most(double a, double b)
{
    return a > b ? a : b;
}

/* Mean of clamp(y, 0, height) while y goes evenly from a to b. */
static double mean_clamped(double a, double b, double height)
{
    double low = least(a, b), high = most(a, b);
    if (high <= 0.0)
        return 0.0;
    if (low >= height)
        return height;
    if (low == high)
        return low;
    double from = most(low, 0.0), to = least(high, height);
    return ((from + to) * 0.5 * (to - from) + (high - to) * height) / (high - low);
}

/* The part of an edge over 0 <= x <= width, weighted with its clamped height; negative when the
 * edge goes to the left. */
static inline double edge_term(plumb_point a, plumb_point b, double width, double height)
{
    if (a.y <= 0.0 && b.y <= 0.0)
        return 0.0;
    double left = most(least(a.x, b.x), 0.0), right = least(most(a.x, b.x), width);
    double weight = a.x < b.x ? right - left : left - right;
    if (a.y >= height && b.y >= height)
        return weight * height;
    double slope = (b.y - a.y) / (b.x - a.x);
    /* From the end that is nearer, so that an end inside is met exactly. */
    double from = a.x < b.x ? a.y : b.y, to = a.x < b.x ? b.y : a.y;
    if (left > least(a.x, b.x))
        from -= slope * least(a.x, b.x);
    if (right < most(a.x, b.x))
        to += slope * (width - most(a.x, b.x));
    return weight * mean_clamped(from, to, height);
}

/* On a vertical line the inside of a polygon is a sum of its crossings with alternating signs, and
 * that stays true when every crossing is clamped to 0..height. Integrated over 0..width this is a
 * sum over edges: no clipped polygon has to be built, and concave ones are no special case. Most
 * edges lie beside the box and are known by x alone. */
double plumb_polygon_overlap(const plumb_point *points, size_t count, const plumb_affine *affine,
                             double width, double height)
{
    const double *m = affine->m;
    double sum = 0.0;
    const plumb_point *last = &points[count - 1];
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

/* The integral from the corner to (x, y); within a pixel it is bilinear, so this is exact. */
static double corner_sum(const plumb_region *region, double x, double y)
{
    x = fmin(fmax(x, 0.0), region->mask_width);
    y = fmin(fmax(y, 0.0), region->mask_height);
    size_t column = (size_t)fmin(x, region->mask_width - 1);
    size_t row = (size_t)fmin(y, region->mask_height - 1);
    double u = x - (double)column, v = y - (double)row;
    size_t stride = (size_t)region->mask_width + 1;
    const uint64_t *above = region->sums + row * stride + column, *below = above + stride;
    double top = (double)above[0] + u * (double)(above[1] - above[0]);
    double bottom = (double)below[0] + u * (double)(below[1] - below[0]);
    return top + v * (bottom - top);
}

double plumb_mask_sum(const plumb_region *region, double x0, double y0, double x1, double y1)
{
    return (corner_sum(region, x1, y1) - corner_sum(region, x0, y1)) -
           (corner_sum(region, x1, y0) - corner_sum(region, x0, y0));
}
