/* SPDX-License-Identifier: Apache-2.0
 *
 * Places where surplus boxes come back frame after frame, in the picture or on an object that
 * moves through it. The invariant: a place is only reported when chance would not bring boxes
 * there as often.
 */
#ifndef QA_DOCTOR_PLACES_H
#define QA_DOCTOR_PLACES_H

#include "plumbline/geometry.h"

/* A box of one frame, in picture units that keep squares square: x over W, y over W. */
typedef struct qa_place_box {
    uint32_t frame;
    bool surplus; /* false: a found true box, which helps to follow a moving object */
    bool recurring;
    plumb_rect rect;
} qa_place_box;

/* Mark the surplus boxes of `boxes`, ordered by frame, that lie at recurring places of the
 * picture. Returns how many there are. O(n^2) in the boxes of at most 64 frames. */
size_t qa_places_in_picture(qa_place_box *boxes, size_t count, size_t frame_count);

/* The same on an object that may shift, turn and change its size from frame to frame. */
size_t qa_places_on_object(qa_place_box *boxes, size_t count, size_t frame_count);

#endif
