/* SPDX-License-Identifier: Apache-2.0
 *
 * The 10 m air-pistol card in millimetres, and how a shot on it is scored. The origin is the
 * centre of the ten, x to the right, y down. One step of ring radius is 8 mm. Rings, black
 * and scoring are those of the ISSF rules for 10 m air pistol and for paper target scoring; the size
 * of the numerals and the corner marks are this sample's own.
 */
#ifndef SHOT_COUNTER_TARGET_H
#define SHOT_COUNTER_TARGET_H

#include <stdbool.h>
#include <stddef.h>

#include "plumbline/geometry.h"

#define CARD_SIDE_MM       170.0
#define PELLET_MM          4.5
#define BLACK_MM           59.5
#define RING_STEP_MM       8.0
#define RING_LINE_MM       0.2
#define INNER_TEN_MM       5.0
#define NUMERAL_HEIGHT_MM  4.0
#define NUMERAL_WIDTH_MM   2.6
#define NUMERAL_STROKE_MM  0.80
#define TARGET_NUMERALS    32 /* 1 to 8, on four arms */
#define TARGET_MARKS       4
#define TARGET_MARK_MM     6.0
#define TARGET_MARK_OFFSET 78.5

/* Radius of the outer edge of a ring, 1..10. */
double target_ring_radius(int ring);

/* A printed numeral: its value, and its centre in the middle of its scoring zone. The nine has
 * none, and the ten is not printed either. */
struct target_numeral {
    int value;
    plumb_point center;
};

struct target_numeral target_numeral(size_t index);

/* Centre of a corner mark, a black square: top left, top right, bottom right, bottom left. */
plumb_point target_mark(size_t index);

/* The score of a shot at `radius` millimetres. A hole that touches the outer edge of a ring has
 * that ring's value, so the ring counts out to half a pellet beyond it; the decimal value falls
 * by one per ring step and is cut, not rounded, to tenths. */
struct target_score {
    int ring;
    int tenths;     /* 109 for 10.9; 0 for a shot that scores nothing */
    bool inner_ten; /* breaks ties */
};

struct target_score target_score(double radius);

#endif
