/* SPDX-License-Identifier: Apache-2.0
 *
 * Digits as polylines in the unit square, for printing on the card and for writing on the picture.
 */
#ifndef SHOT_COUNTER_GLYPHS_H
#define SHOT_COUNTER_GLYPHS_H

#include <stddef.h>

#include "plumbline/geometry.h"

/* Corners of the polyline of a digit 0..9; a glyph has at most 16. */
const plumb_point *glyph_points(int digit, size_t *count);

/* Distance from a point of the unit square, scaled to `width` by `height`, to the polyline. */
double glyph_distance(int digit, double x, double y, double width, double height);

#endif
