/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>

#include "glyphs.h"
#include "scene.h"
#include "target.h"

#define SAMPLES 3 /* per pixel, each way */

struct color {
    double r, g, b;
};

static const struct color paper = { 0.90, 0.88, 0.83 };
static const struct color ink = { 0.10, 0.10, 0.11 };
static const struct color torn = { 0.11, 0.10, 0.09 };
static const struct color wall = { 0.09, 0.12, 0.16 };

/* What lies behind the card, by the light that gets there. */
static struct color inside_color(const struct hole *hole)
{
    return (struct color){ hole->shade, 0.98 * hole->shade, 0.94 * hole->shade };
}

/* Radius of the torn edge towards (dx, dy), between the two nearest corners. The direction is
 * measured along the square around the hole, which needs no arc tangent. */
static double edge_radius(const struct hole *hole, double dx, double dy)
{
    double ax = fabs(dx), ay = fabs(dy), sum = ax + ay;
    if (sum == 0)
        return hole->edge[0];
    double turn =
        dy >= 0 ? (dx >= 0 ? ay / sum : 1 + ax / sum) : (dx < 0 ? 2 + ay / sum : 3 + ax / sum);
    double place = turn * (SCENE_RIM_CORNERS / 4.0);
    int corner = (int)place;
    double share = place - corner;
    double here = hole->edge[corner % SCENE_RIM_CORNERS];
    return here + share * (hole->edge[(corner + 1) % SCENE_RIM_CORNERS] - here);
}

/* Colour of the hole at a point of the card; false outside all of them. The inside of one hole
 * wins over the torn rim of another. */
static bool hole_color(const struct scene *scene, double x, double y, struct color *color)
{
    bool found = false;
    for (size_t i = 0; i < scene->hole_count; i++) {
        const struct hole *hole = &scene->holes[i];
        double dx = x - hole->center.x, dy = y - hole->center.y;
        double square = dx * dx + dy * dy;
        if (square > PELLET_MM * PELLET_MM)
            continue;
        double depth = edge_radius(hole, dx, dy) - sqrt(square);
        if (depth <= 0)
            continue;
        found = true;
        *color = torn;
        if (depth > hole->rim) {
            *color = inside_color(hole);
            return true;
        }
    }
    return found;
}

static bool on_mark(double x, double y)
{
    return fabs(fabs(x) - TARGET_MARK_OFFSET) < TARGET_MARK_MM / 2 &&
           fabs(fabs(y) - TARGET_MARK_OFFSET) < TARGET_MARK_MM / 2;
}

static bool on_numeral(double x, double y, double radius)
{
    double off_axis = fabs(x) < fabs(y) ? fabs(x) : fabs(y);
    if (off_axis > NUMERAL_HEIGHT_MM || radius > target_ring_radius(1))
        return false;
    for (size_t i = 0; i < TARGET_NUMERALS; i++) {
        struct target_numeral numeral = target_numeral(i);
        double dx = x - numeral.center.x, dy = y - numeral.center.y;
        if (fabs(dx) < NUMERAL_WIDTH_MM && fabs(dy) < NUMERAL_HEIGHT_MM)
            return glyph_distance(numeral.value, dx + NUMERAL_WIDTH_MM / 2,
                                  dy + NUMERAL_HEIGHT_MM / 2, NUMERAL_WIDTH_MM,
                                  NUMERAL_HEIGHT_MM) < NUMERAL_STROKE_MM / 2;
    }
    return false;
}

static bool on_ring_line(double radius)
{
    if (fabs(radius - INNER_TEN_MM / 2) < RING_LINE_MM / 2)
        return true;
    for (int ring = 1; ring <= 10; ring++) {
        if (fabs(radius - target_ring_radius(ring)) < RING_LINE_MM / 2)
            return true;
    }
    return false;
}

/* What is printed on black is left white. */
static struct color print_color(double x, double y)
{
    double radius = sqrt(x * x + y * y);
    bool black = radius < BLACK_MM / 2;
    bool drawn = on_ring_line(radius) || on_numeral(x, y, radius) || on_mark(x, y);
    return drawn != black ? ink : paper;
}

static struct color scene_color(const struct scene *scene, double x, double y)
{
    struct color color;
    if (fabs(x) > CARD_SIDE_MM / 2 || fabs(y) > CARD_SIDE_MM / 2)
        return wall;
    return hole_color(scene, x, y, &color) ? color : print_color(x, y);
}

/* One pixel: the mean of its samples, in the light that falls there. */
static void expose(const struct scene *scene, int px, int py, float *pixel)
{
    struct color sum = { 0, 0, 0 };
    for (int i = 0; i < SAMPLES * SAMPLES; i++) {
        plumb_point at = { px + (i % SAMPLES + 0.5) / SAMPLES, py + (i / SAMPLES + 0.5) / SAMPLES };
        plumb_point card = plumb_homography_point(&scene->plane_from_upright, at);
        struct color color = scene_color(scene, card.x, card.y);
        sum.r += color.r;
        sum.g += color.g;
        sum.b += color.b;
    }
    double u = (px + 0.5) / scene->upright.width - 0.5,
           v = (py + 0.5) / scene->upright.height - 0.5;
    double light = 1.0 + scene->light_x * u + scene->light_y * v;
    light -= scene->light_falloff * (u * u + v * v) * 2;
    light *= 255.0 / (SAMPLES * SAMPLES);
    pixel[0] = (float)(sum.r * light);
    pixel[1] = (float)(sum.g * light);
    pixel[2] = (float)(sum.b * light);
}

static int clamp(int value, int limit)
{
    return value < 0 ? 0 : value >= limit ? limit - 1 : value;
}

/* The lens: binomial weights 1 4 6 4 1 along `step` floats, over `count` pixels of one line. */
static void blur_line(float *line, size_t step, int count, float *copy)
{
    for (int i = 0; i < count; i++) {
        for (int c = 0; c < 3; c++)
            copy[3 * i + c] = line[(size_t)i * step + (size_t)c];
    }
    for (int i = 0; i < count; i++) {
        const float *a = copy + 3 * clamp(i - 2, count), *b = copy + 3 * clamp(i - 1, count);
        const float *d = copy + 3 * clamp(i + 1, count), *e = copy + 3 * clamp(i + 2, count);
        for (int c = 0; c < 3; c++) {
            float sides = a[c] + e[c] + 4.0f * (b[c] + d[c]);
            line[(size_t)i * step + (size_t)c] = (sides + 6.0f * copy[3 * i + c]) / 16.0f;
        }
    }
}

static uint8_t develop(double level)
{
    return level <= 0 ? 0 : level >= 255 ? 255 : (uint8_t)(level + 0.5);
}

bool scene_render(const struct scene *scene, uint8_t *rgb)
{
    int width = scene->upright.width, height = scene->upright.height;
    size_t row = 3 * (size_t)width, longest = (size_t)(width > height ? width : height);
    float *picture = malloc(row * (size_t)height * sizeof(*picture));
    float *copy = malloc(3 * longest * sizeof(*copy));
    if (!picture || !copy) {
        free(picture);
        free(copy);
        return false;
    }
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++)
            expose(scene, x, y, picture + (size_t)y * row + 3 * (size_t)x);
        for (int i = 0; i < scene->softness; i++)
            blur_line(picture + (size_t)y * row, 3, width, copy);
    }
    for (int x = 0; x < width; x++) {
        for (int i = 0; i < scene->softness; i++)
            blur_line(picture + 3 * (size_t)x, row, height, copy);
    }

    struct random random = { scene->noise_seed };
    for (size_t i = 0; i < row * (size_t)height; i++)
        rgb[i] = develop(picture[i] + scene->noise * random_normal(&random));
    free(picture);
    free(copy);
    return true;
}
