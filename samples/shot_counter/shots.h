/* SPDX-License-Identifier: Apache-2.0
 *
 * From detections to a score. Every shot is measured on the card, in millimetres, so the angle of
 * the camera does not count.
 */
#ifndef SHOT_COUNTER_SHOTS_H
#define SHOT_COUNTER_SHOTS_H

#include "plumbline/pipeline.h"
#include "target.h"

#define MAX_SHOTS 1000

struct shot {
    plumb_point center; /* millimetres on the card */
    struct target_score score;
    bool touches; /* another hole is nearer than a calibre */
};

/* What one card shows. */
struct tally {
    struct shot shots[MAX_SHOTS];
    size_t count;
    int rings, tenths, inner_tens;
    bool needs_human; /* some holes run into each other: a third may hide in them */
};

/* False where the homography cannot be turned round. */
bool tally_shots(const plumb_detections *detections, const plumb_homography *upright_from_plane,
                 struct tally *tally);

/* What is known about a frame: the line of truth.ndjson that names it. False, and nothing
 * written, where there is none. */
bool truth_read(const char *path, const char *frame, struct tally *truth);

/* The greatest distance from a true shot to the nearest one found, in millimetres; negative when
 * the counts differ. */
double tally_worst_error(const struct tally *tally, const struct tally *truth);

#endif
