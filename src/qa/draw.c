/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qa/picture.h"

#ifdef PLUMB_HAVE_EASY_FONT
#include <stb_easy_font.h>
#endif

static double clamp(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

static void blend(qa_picture *picture, int32_t x, int32_t y, qa_color color, double coverage)
{
    uint8_t *p = picture->rgb + ((size_t)y * (size_t)picture->width + (size_t)x) * 3;
    double a = coverage * (double)color.alpha;
    p[0] = (uint8_t)(p[0] + (color.r - p[0]) * a + 0.5);
    p[1] = (uint8_t)(p[1] + (color.g - p[1]) * a + 0.5);
    p[2] = (uint8_t)(p[2] + (color.b - p[2]) * a + 0.5);
}

/* Pixels that a shape may touch, inside the picture; false where there are none. */
typedef struct extent {
    int32_t x0, y0, x1, y1;
} extent;

static bool touched(const qa_picture *picture, double x0, double y0, double x1, double y1,
                    extent *e)
{
    if (!isfinite(x0) || !isfinite(y0) || !isfinite(x1) || !isfinite(y1))
        return false;
    e->x0 = (int32_t)clamp(floor(x0), 0, picture->width);
    e->y0 = (int32_t)clamp(floor(y0), 0, picture->height);
    e->x1 = (int32_t)clamp(ceil(x1), 0, picture->width);
    e->y1 = (int32_t)clamp(ceil(y1), 0, picture->height);
    return e->x0 < e->x1 && e->y0 < e->y1;
}

static double share(double low, double high, int32_t pixel)
{
    return clamp(high, pixel, pixel + 1.0) - clamp(low, pixel, pixel + 1.0);
}

void qa_fill_rect(qa_picture *picture, plumb_rect r, qa_color color)
{
    extent e;
    if (!touched(picture, r.x, r.y, r.x + r.width, r.y + r.height, &e))
        return;
    for (int32_t y = e.y0; y < e.y1; y++) {
        double rows = share(r.y, r.y + r.height, y);
        for (int32_t x = e.x0; x < e.x1; x++)
            blend(picture, x, y, color, rows * share(r.x, r.x + r.width, x));
    }
}

void qa_draw_line(qa_picture *picture, plumb_point from, plumb_point to, double width, double dash,
                  qa_color color)
{
    double dx = to.x - from.x, dy = to.y - from.y, length = sqrt(dx * dx + dy * dy);
    double reach = width / 2.0 + 1.0;
    extent e;
    if (!touched(picture, fmin(from.x, to.x) - reach, fmin(from.y, to.y) - reach,
                 fmax(from.x, to.x) + reach, fmax(from.y, to.y) + reach, &e))
        return;
    double ux = length > 0.0 ? dx / length : 1.0, uy = length > 0.0 ? dy / length : 0.0;
    for (int32_t y = e.y0; y < e.y1; y++) {
        for (int32_t x = e.x0; x < e.x1; x++) {
            double px = x + 0.5 - from.x, py = y + 0.5 - from.y;
            double along = px * ux + py * uy;
            double nearest = clamp(along, 0.0, length);
            double distance = hypot(px - nearest * ux, py - nearest * uy);
            double coverage = clamp(width / 2.0 + 0.5 - distance, 0.0, 1.0);
            if (dash > 0.0 && fmod(fmax(along, 0.0), 2.0 * dash) >= dash)
                continue;
            if (coverage > 0.0)
                blend(picture, x, y, color, coverage);
        }
    }
}

void qa_draw_polygon(qa_picture *picture, const plumb_point *points, size_t count, double width,
                     double dash, qa_color color)
{
    for (size_t i = 0; i < count; i++)
        qa_draw_line(picture, points[i], points[(i + 1) % count], width, dash, color);
}

static bool inside(const plumb_point *points, size_t count, double x, double y)
{
    bool in = false;
    for (size_t i = 0, j = count - 1; i < count; j = i++) {
        if ((points[i].y > y) != (points[j].y > y) &&
            x < (points[j].x - points[i].x) * (y - points[i].y) / (points[j].y - points[i].y) +
                    points[i].x)
            in = !in;
    }
    return in;
}

void qa_hatch_polygon(qa_picture *picture, const plumb_point *points, size_t count, double period,
                      double width, qa_color color)
{
    if (count < 3)
        return;
    double x0 = points[0].x, y0 = points[0].y, x1 = x0, y1 = y0;
    for (size_t i = 1; i < count; i++) {
        x0 = fmin(x0, points[i].x);
        y0 = fmin(y0, points[i].y);
        x1 = fmax(x1, points[i].x);
        y1 = fmax(y1, points[i].y);
    }
    extent e;
    if (!touched(picture, x0, y0, x1, y1, &e))
        return;
    for (int32_t y = e.y0; y < e.y1; y++) {
        for (int32_t x = e.x0; x < e.x1; x++) {
            double phase = fmod((double)x + (double)y, period) - period / 2.0;
            double coverage = clamp(width / 2.0 + 0.5 - fabs(phase) * 0.7071, 0.0, 1.0);
            if (coverage > 0.0 && inside(points, count, x + 0.5, y + 0.5))
                blend(picture, x, y, color, coverage);
        }
    }
}

void qa_draw_disc(qa_picture *picture, plumb_point center, double radius, qa_color color)
{
    qa_draw_line(picture, center, center, 2.0 * radius, 0.0, color);
}

#ifdef PLUMB_HAVE_EASY_FONT
/* The font knows printable ASCII; one character for each code point keeps widths honest. */
static void to_ascii(const char *string, char *ascii, size_t capacity)
{
    size_t size = 0;
    for (const unsigned char *s = (const unsigned char *)string; *s && size + 1 < capacity; s++) {
        if ((*s & 0xc0) == 0x80)
            continue;
        ascii[size++] = *s >= 0x20 && *s < 0x7f ? (char)*s : '?';
    }
    ascii[size] = '\0';
}

#define MOST_CHARACTERS 128

int32_t qa_text_width(const char *string, int32_t scale)
{
    char ascii[MOST_CHARACTERS];
    to_ascii(string, ascii, sizeof(ascii));
    return stb_easy_font_width(ascii) * scale;
}

void qa_draw_text(qa_picture *picture, int32_t x, int32_t y, int32_t scale, const char *string,
                  qa_color color)
{
    /* Four corners of x, y, z, colour for each stroke; a character has fewer than 16. */
    struct corner {
        float x, y, z;
        unsigned char color[4];
    };
    char ascii[MOST_CHARACTERS];
    to_ascii(string, ascii, sizeof(ascii));
    size_t capacity = sizeof(struct corner) * 4 * 16 * MOST_CHARACTERS;
    struct corner *corners = malloc(capacity);
    if (!corners)
        return;
    int quads = stb_easy_font_print(0.0f, 0.0f, ascii, NULL, corners, (int)capacity);
    for (int i = 0; i < quads; i++) {
        const struct corner *c = corners + 4 * (size_t)i;
        plumb_rect stroke = { x + (double)c[0].x * scale, y + (double)c[0].y * scale,
                              ((double)c[2].x - c[0].x) * scale,
                              ((double)c[2].y - c[0].y) * scale };
        qa_fill_rect(picture, stroke, color);
    }
    free(corners);
}
#else
int32_t qa_text_width(const char *string, int32_t scale)
{
    (void)string;
    return 4 * scale;
}

void qa_draw_text(qa_picture *picture, int32_t x, int32_t y, int32_t scale, const char *string,
                  qa_color color)
{
    (void)picture;
    (void)x;
    (void)y;
    (void)scale;
    (void)string;
    (void)color;
}
#endif
