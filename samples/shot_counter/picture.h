/* SPDX-License-Identifier: Apache-2.0
 *
 * The picture a person looks at: the frame turned upright, what was counted, what was not, and
 * why.
 */
#ifndef SHOT_COUNTER_PICTURE_H
#define SHOT_COUNTER_PICTURE_H

#include "plumbline/pipeline.h"
#include "shots.h"

struct picture_input {
    const plumb_frame *frame;
    const plumb_result *result;   /* of a run with a trace */
    const plumb_regions *regions; /* may be NULL */
    const plumb_homography *upright_from_plane;
    const struct tally *tally;
};

/* Write a PNG file. False, with a message on stderr, where that fails. */
bool picture_write(const struct picture_input *input, const char *path);

#endif
