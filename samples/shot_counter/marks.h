/* SPDX-License-Identifier: Apache-2.0
 *
 * Finds the four black squares in the corners of the card, and with them where the card lies in
 * the picture: the homography that turns millimetres into pixels of the upright image.
 */
#ifndef SHOT_COUNTER_MARKS_H
#define SHOT_COUNTER_MARKS_H

#include <stdbool.h>

#include "plumbline/geometry.h"
#include "plumbline/tensor.h"

/* The level that shines brightest without being a speck: white paper. At least 1. */
int marks_paper_level(const plumb_tensor *gray);

/* `gray` is a dense uint8 tensor [1,1,H,W], the model input, and `mapping` its mapping. False
 * where the four marks are not all seen, or memory ran out. */
bool marks_find_card(const plumb_tensor *gray, const plumb_mapping *mapping,
                     plumb_homography *upright_from_plane);

#endif
