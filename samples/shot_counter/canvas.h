/* SPDX-License-Identifier: Apache-2.0
 *
 * Smooth lines and digits on a dense RGB picture. Coordinates are pixels, pixel centres at +0.5.
 */
#ifndef SHOT_COUNTER_CANVAS_H
#define SHOT_COUNTER_CANVAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plumbline/geometry.h"

struct canvas {
    uint8_t *pixels;
    plumb_size size;
};

struct pen {
    uint8_t color[3];
    double width;   /* pixels */
    double opacity; /* 0..1 */
};

/* A line through all points, and back to the first where `closed`. Every pixel gets ink once, also
 * where the line crosses itself. */
void canvas_line(struct canvas *canvas, const plumb_point *points, size_t count, bool closed,
                 const struct pen *pen);

/* A filled rectangle. */
void canvas_fill(struct canvas *canvas, plumb_rect rect, const struct pen *pen);

/* Write digits and points, `height` pixels tall, with the top left corner at `at`. Returns the
 * width that it takes; with a NULL canvas nothing is drawn. */
double canvas_number(struct canvas *canvas, const char *text, plumb_point at, double height,
                     const struct pen *pen);

#endif
