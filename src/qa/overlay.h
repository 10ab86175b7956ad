/* SPDX-License-Identifier: Apache-2.0
 *
 * Detections drawn on their picture: boxes and plates with label and score, keypoints, regions
 * hatched under them, and, dashed, what was dropped and why. The invariant: everything is given
 * in upright pixels, and line widths and text follow the size of the picture.
 */
#ifndef QA_OVERLAY_H
#define QA_OVERLAY_H

#include "qa/detections_io.h"
#include "qa/picture.h"

typedef struct qa_overlay_region {
    const char *name;
    const plumb_point *outline;
    size_t count;
} qa_overlay_region;

typedef struct qa_overlay_drop {
    plumb_box box;
    float score;
    plumb_fate fate;
    const char *region; /* of the drops that a region made, else NULL */
} qa_overlay_drop;

typedef struct qa_overlay {
    const qa_frame *frame; /* UPRIGHT space */
    const qa_overlay_region *regions;
    size_t region_count;
    const qa_overlay_drop *drops;
    size_t drop_count;
} qa_overlay;

/* A colour for each class; neighbours in number are far apart in hue. */
qa_color qa_class_color(int32_t class_id);

void qa_overlay_draw(qa_picture *picture, const qa_overlay *overlay);

#endif
