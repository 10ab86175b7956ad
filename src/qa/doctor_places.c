/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/doctor_places.h"

#include <math.h>

#include "qa/matching.h"

/* Boxes at one place overlap at least so much. */
#define SAME_PLACE 0.3
/* So rarely may chance alone bring about one of the places reported. */
#define CHANCE 0.01
#define ROUNDS 4

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

static size_t least_frames(size_t frame_count, double share)
{
    size_t frames = (size_t)ceil(share * (double)frame_count);
    return frames > 3 ? frames : 3;
}

/* Boxes of one size overlap by SAME_PLACE when their corners differ by less than half a side or
 * so: an area like that of the box itself. Half the boxes have another size. */
static double coincidence(plumb_rect r)
{
    return fmin(0.6 * r.width * r.height, 0.5);
}

/* Frames, other than its own, with a surplus box at the place of this one. */
static size_t count_hits(const qa_place_box *boxes, size_t count, size_t index)
{
    size_t hits = 0;
    uint32_t last = boxes[index].frame;
    for (size_t j = 0; j < count; j++) {
        if (!boxes[j].surplus || boxes[j].frame == boxes[index].frame || boxes[j].frame == last ||
            qa_rect_iou(boxes[index].rect, boxes[j].rect) < SAME_PLACE)
            continue;
        hits++;
        last = boxes[j].frame;
    }
    return hits;
}

/* One round; `crowd` is the number of boxes in a frame that chance has to work with. */
static size_t mark(qa_place_box *boxes, size_t count, size_t frame_count, size_t needed,
                   size_t surplus, size_t marked)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        if (!boxes[i].surplus || boxes[i].recurring)
            continue;
        size_t hits = count_hits(boxes, count, i);
        double others = (double)(surplus - marked) - (double)hits - 1.0;
        double p = 1.0 - exp(-fmax(others, 0.5) / (double)frame_count * coincidence(boxes[i].rect));
        if (hits + 1 >= needed &&
            binomial_tail(frame_count - 1, hits, p) * (double)surplus < CHANCE) {
            boxes[i].recurring = true;
            found++;
        }
    }
    return found;
}

size_t qa_places_in_picture(qa_place_box *boxes, size_t count, size_t frame_count, double share)
{
    size_t surplus = 0, marked = 0, needed = least_frames(frame_count, share);
    for (size_t i = 0; i < count; i++) {
        boxes[i].recurring = false;
        surplus += boxes[i].surplus;
    }
    /* What is found in one round no longer counts as chance in the next. */
    for (int round = 0; round < ROUNDS; round++) {
        size_t found = mark(boxes, count, frame_count, needed, surplus, marked);
        marked += found;
        if (found == 0)
            break;
    }
    return marked;
}
