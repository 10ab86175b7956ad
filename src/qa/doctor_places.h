/* SPDX-License-Identifier: Apache-2.0
 *
 * Places where surplus boxes come back frame after frame, in the picture or on an object that
 * moves through it. The invariant: a place is only reported when chance would not bring boxes
 * there as often.
 */
#ifndef QA_DOCTOR_PLACES_H
#define QA_DOCTOR_PLACES_H

#include "plumbline/geometry.h"

/* A box of one frame. */
typedef struct qa_place_box {
    uint32_t frame;
    bool surplus; /* false: a found true box, which only shows where boxes lie */
    bool recurring;
    plumb_rect rect; /* in units that are the same in all frames */
} qa_place_box;

/* Mark the surplus boxes of `boxes`, ordered by frame, that lie at recurring places: places with a
 * box in at least `share` of the frames and in three. Returns how many there are. O(n^2). */
size_t qa_places_in_picture(qa_place_box *boxes, size_t count, size_t frame_count, double share);

/* The same on an object that may shift, turn and change its size from frame to frame: rectangles
 * are moved to where they lie in the frame with the most surplus boxes, and frames in which the
 * object is not found take no part. Units have to keep squares square. */
size_t qa_places_on_object(qa_place_box *boxes, size_t count, size_t frame_count);

#endif
