/* SPDX-License-Identifier: Apache-2.0
 *
 * A detector behind the callback of the pipeline. It stands where a network will: everything
 * around it, from camera buffer to score, stays the same when a trained model takes its place.
 *
 * It answers "how much does this place look like a grey disc of a hole's size" and knows nothing
 * of cards. Like a network it gives more than was asked for: several boxes for one hole, weak
 * ones along edges, and firm ones on the printed numerals, which in a soft picture are grey
 * blobs of nearly the right size. Threshold, suppression and regions are there to deal with that.
 *
 * Input: uint8 [1,1,H,W], about four pixels per millimetre. Output "holes": float32
 * [BLOBS_ROWS,6], x0 y0 x1 y1 in input pixels, score 0..1, class 0; unused rows score 0.
 */
#ifndef SHOT_COUNTER_BLOBS_H
#define SHOT_COUNTER_BLOBS_H

#include "plumbline/pipeline.h"

#define BLOBS_ROWS 2048

/* Fill `detector`; what it allocates it frees in release. */
plumb_status blobs_open(plumb_detector *detector);

#endif
