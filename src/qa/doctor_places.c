/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/doctor_places.h"

#include <math.h>
#include <stdlib.h>

#include "qa/chance.h"
#include "qa/matching.h"

/* Boxes at one place overlap at least so much. */
#define SAME_PLACE 0.3
/* So rarely may chance alone bring about one of the places reported. */
#define CHANCE 0.01
#define ROUNDS 4
/* Boxes that are looked at to see where boxes lie. */
#define SPREAD_BOXES 256

static size_t least_frames(size_t frame_count, double share)
{
    size_t frames = (size_t)ceil(share * (double)frame_count);
    return frames > 3 ? frames : 3;
}

static int ascending(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

/* The area over which boxes lie: a fault may have squeezed them into a band. */
static double spread_area(const qa_place_box *boxes, size_t count)
{
    double centres[SPREAD_BOXES], area = 1.0;
    size_t stride = count / SPREAD_BOXES + 1;
    for (int axis = 0; axis < 2; axis++) {
        size_t n = 0;
        for (size_t i = 0; i < count; i += stride, n++) {
            plumb_rect r = boxes[i].rect;
            centres[n] = axis ? r.y + r.height / 2.0 : r.x + r.width / 2.0;
        }
        qsort(centres, n, sizeof(*centres), ascending);
        /* Four fifths of them, and as if they were spread evenly. */
        area *= fmin(fmax(1.25 * (centres[n - 1 - n / 10] - centres[n / 10]), 0.05), 1.0);
    }
    return area;
}

/* Boxes of one size overlap by SAME_PLACE when their corners differ by less than half a side or
 * so: an area like that of the box itself. Half the boxes have another size. */
static double coincidence(plumb_rect r, double area)
{
    return fmin(0.6 * r.width * r.height / area, 0.5);
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
                   size_t surplus, size_t marked, double area)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        if (!boxes[i].surplus || boxes[i].recurring)
            continue;
        size_t hits = count_hits(boxes, count, i);
        double others = (double)(surplus - marked) - (double)hits - 1.0;
        double p =
            1.0 - exp(-fmax(others, 0.5) / (double)frame_count * coincidence(boxes[i].rect, area));
        if (hits + 1 >= needed &&
            qa_chance_binomial(frame_count - 1, hits, p) * (double)surplus < CHANCE) {
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
    if (surplus == 0)
        return 0;
    double area = spread_area(boxes, count);
    /* What is found in one round no longer counts as chance in the next. */
    for (int round = 0; round < ROUNDS; round++) {
        size_t found = mark(boxes, count, frame_count, needed, surplus, marked, area);
        marked += found;
        if (found == 0)
            break;
    }
    return marked;
}
