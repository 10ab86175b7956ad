/* SPDX-License-Identifier: Apache-2.0 */
#include "canvas.h"

#include <math.h>

#include "glyphs.h"

static void blend(struct canvas *canvas, int x, int y, const struct pen *pen, double cover)
{
    uint8_t *pixel = canvas->pixels + 3 * ((size_t)y * (size_t)canvas->size.width + (size_t)x);
    double share = cover * pen->opacity;
    for (int c = 0; c < 3; c++)
        pixel[c] = (uint8_t)(pixel[c] + share * (pen->color[c] - pixel[c]) + 0.5);
}

static double distance_to_segment(plumb_point p, plumb_point a, plumb_point b)
{
    double dx = b.x - a.x, dy = b.y - a.y, square = dx * dx + dy * dy;
    double along = square > 0 ? ((p.x - a.x) * dx + (p.y - a.y) * dy) / square : 0;
    along = along < 0 ? 0 : along > 1 ? 1 : along;
    return hypot(p.x - a.x - along * dx, p.y - a.y - along * dy);
}

static double distance_to_line(plumb_point p, const plumb_point *points, size_t count, bool closed)
{
    double nearest = INFINITY;
    for (size_t i = closed ? 0 : 1; i < count; i++)
        nearest = fmin(nearest, distance_to_segment(p, points[i ? i - 1 : count - 1], points[i]));
    return nearest;
}

static int inside(double value, int limit)
{
    return value < 0 ? 0 : value > limit ? limit : (int)value;
}

void canvas_line(struct canvas *canvas, const plumb_point *points, size_t count, bool closed,
                 const struct pen *pen)
{
    double x0 = INFINITY, y0 = INFINITY, x1 = -INFINITY, y1 = -INFINITY;
    for (size_t i = 0; i < count; i++) {
        x0 = fmin(x0, points[i].x);
        x1 = fmax(x1, points[i].x);
        y0 = fmin(y0, points[i].y);
        y1 = fmax(y1, points[i].y);
    }
    double reach = pen->width / 2 + 1;
    for (int y = inside(y0 - reach, canvas->size.height);
         y < inside(y1 + reach + 1, canvas->size.height); y++) {
        for (int x = inside(x0 - reach, canvas->size.width);
             x < inside(x1 + reach + 1, canvas->size.width); x++) {
            plumb_point at = { x + 0.5, y + 0.5 };
            double cover = pen->width / 2 + 0.5 - distance_to_line(at, points, count, closed);
            if (cover > 0)
                blend(canvas, x, y, pen, cover > 1 ? 1 : cover);
        }
    }
}

void canvas_fill(struct canvas *canvas, plumb_rect rect, const struct pen *pen)
{
    for (int y = inside(rect.y, canvas->size.height);
         y < inside(rect.y + rect.height, canvas->size.height); y++) {
        for (int x = inside(rect.x, canvas->size.width);
             x < inside(rect.x + rect.width, canvas->size.width); x++)
            blend(canvas, x, y, pen, 1);
    }
}

double canvas_number(struct canvas *canvas, const char *text, plumb_point at, double height,
                     const struct pen *pen)
{
    double x = at.x, width = 0.58 * height, gap = 0.32 * height;
    for (; *text; text++) {
        plumb_point points[16];
        size_t count = 1;
        if (*text == '.') {
            points[0] = (plumb_point){ x, at.y + height };
        } else {
            const plumb_point *unit = glyph_points(*text - '0', &count);
            for (size_t i = 0; i < count; i++)
                points[i] = (plumb_point){ x + unit[i].x * width, at.y + unit[i].y * height };
        }
        if (canvas)
            canvas_line(canvas, points, count, count == 1, pen);
        x += (*text == '.' ? 0 : width) + gap;
    }
    return x - gap - at.x;
}
