/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/doctor_places.h"

#include <math.h>

#include "qa/matching.h"

/* Boxes at one place overlap at least so much. */
#define SAME_PLACE 0.3
/* So rarely may chance alone bring about one of the places reported. */
#define CHANCE 0.01

/* P(at least `hits` of `trials`) at probability `p` each. */
static double binomial_tail(size_t trials, size_t hits, double p)
{
    double sum = 0.0, term = pow(1.0 - p, (double)trials);
    for (size_t k = 0; k < hits; k++) {
        sum += term;
        term *= (double)(trials - k) / (double)(k + 1) * p / (1.0 - p);
    }
    return fmax(1.0 - sum, 0.0);
}

static size_t least_frames(size_t frame_count)
{
    size_t share = (size_t)ceil(0.4 * (double)frame_count);
    return share > 3 ? share : 3;
}

/* Boxes of one size overlap by SAME_PLACE when their corners differ by less than half a side or
 * so: an area like that of the box itself. Half the boxes have another size. */
static double coincidence(plumb_rect r)
{
    return fmin(0.6 * r.width * r.height, 0.5);
}

size_t qa_places_in_picture(qa_place_box *boxes, size_t count, size_t frame_count)
{
    size_t surplus = 0, marked = 0, needed = least_frames(frame_count);
    for (size_t i = 0; i < count; i++) {
        boxes[i].recurring = false;
        surplus += boxes[i].surplus;
    }
    for (size_t i = 0; i < count; i++) {
        if (!boxes[i].surplus)
            continue;
        size_t hits = 0;
        uint32_t last = boxes[i].frame;
        bool seen_own = false;
        for (size_t j = 0; j < count; j++) {
            if (!boxes[j].surplus || boxes[j].frame == boxes[i].frame ||
                (boxes[j].frame == last && seen_own))
                continue;
            if (qa_rect_iou(boxes[i].rect, boxes[j].rect) < SAME_PLACE)
                continue;
            hits++;
            last = boxes[j].frame;
            seen_own = true;
        }
        /* Boxes in one frame, those that came back left out: what chance has to work with. */
        double crowd = (double)(surplus - hits) / (double)frame_count;
        double p = 1.0 - exp(-crowd * coincidence(boxes[i].rect));
        if (hits + 1 >= needed &&
            binomial_tail(frame_count - 1, hits, p) * (double)surplus < CHANCE) {
            boxes[i].recurring = true;
            marked++;
        }
    }
    return marked;
}
