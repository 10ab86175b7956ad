/* SPDX-License-Identifier: Apache-2.0 */
#include "glyphs.h"

#include <math.h>

struct glyph {
    size_t count;
    plumb_point points[16];
};

static const struct glyph glyphs[10] = {
    { 9,
      { { .5, 0 },
        { .1, .15 },
        { 0, .5 },
        { .1, .85 },
        { .5, 1 },
        { .9, .85 },
        { 1, .5 },
        { .9, .15 },
        { .5, 0 } } },
    { 3, { { .15, .25 }, { .55, 0 }, { .55, 1 } } },
    { 8,
      { { 0, .25 },
        { .2, .05 },
        { .5, 0 },
        { .8, .05 },
        { 1, .25 },
        { .9, .45 },
        { 0, 1 },
        { 1, 1 } } },
    { 11,
      { { 0, .1 },
        { .3, 0 },
        { .7, 0 },
        { 1, .2 },
        { .85, .42 },
        { .4, .48 },
        { .85, .54 },
        { 1, .78 },
        { .7, 1 },
        { .3, 1 },
        { 0, .9 } } },
    { 4, { { .75, 1 }, { .75, 0 }, { 0, .7 }, { 1, .7 } } },
    { 10,
      { { .95, 0 },
        { .1, 0 },
        { .05, .45 },
        { .5, .38 },
        { .9, .5 },
        { 1, .7 },
        { .85, .93 },
        { .5, 1 },
        { .1, .95 },
        { 0, .85 } } },
    { 12,
      { { .9, .08 },
        { .55, 0 },
        { .15, .25 },
        { 0, .65 },
        { .15, .93 },
        { .5, 1 },
        { .85, .93 },
        { 1, .7 },
        { .85, .48 },
        { .5, .42 },
        { .15, .5 },
        { .03, .65 } } },
    { 3, { { 0, 0 }, { 1, 0 }, { .35, 1 } } },
    { 13,
      { { .5, .46 },
        { .12, .3 },
        { .12, .12 },
        { .5, 0 },
        { .88, .12 },
        { .88, .3 },
        { .5, .46 },
        { .05, .68 },
        { .1, .92 },
        { .5, 1 },
        { .9, .92 },
        { .95, .68 },
        { .5, .46 } } },
    { 12,
      { { .1, .92 },
        { .45, 1 },
        { .85, .75 },
        { 1, .35 },
        { .85, .07 },
        { .5, 0 },
        { .15, .07 },
        { 0, .3 },
        { .15, .52 },
        { .5, .58 },
        { .85, .5 },
        { .97, .35 } } },
};

const plumb_point *glyph_points(int digit, size_t *count)
{
    *count = glyphs[digit].count;
    return glyphs[digit].points;
}

static double segment_distance(double x, double y, double ax, double ay, double bx, double by)
{
    double dx = bx - ax, dy = by - ay;
    double along = ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy);
    along = along < 0 ? 0 : along > 1 ? 1 : along;
    double ex = x - ax - along * dx, ey = y - ay - along * dy;
    return sqrt(ex * ex + ey * ey);
}

double glyph_distance(int digit, double x, double y, double width, double height)
{
    const struct glyph *glyph = &glyphs[digit];
    double nearest = width + height;
    for (size_t i = 1; i < glyph->count; i++) {
        plumb_point a = glyph->points[i - 1], b = glyph->points[i];
        double distance =
            segment_distance(x, y, a.x * width, a.y * height, b.x * width, b.y * height);
        nearest = distance < nearest ? distance : nearest;
    }
    return nearest;
}
