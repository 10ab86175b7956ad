/* SPDX-License-Identifier: Apache-2.0
 *
 * Greedy methods with any measure of overlap: suppression, the score-weighted mean of what was
 * suppressed, and the hull of it. All go by the best that is left and what overlaps it.
 */
#include "postprocess/nms.h"

#include <math.h>

/* Each candidate against the kept ones in order: stops at the first that strikes. */
void plumb_nms_greedy(plumb_nms *nms)
{
    uint32_t *kept = nms->ranks;
    size_t kept_count = 0;
    for (size_t rank = 0; rank < nms->count; rank++) {
        const plumb_detection *d = &nms->work[rank];
        nms->winner[rank] = PLUMB_RANK_KEPT;
        for (size_t k = 0; k < kept_count; k++) {
            const plumb_detection *best = &nms->work[kept[k]];
            if (plumb_nms_related(nms, best, d) && nms->overlap(best, d) > nms->spec.iou) {
                nms->winner[rank] = kept[k];
                break;
            }
        }
        if (nms->winner[rank] == PLUMB_RANK_KEPT)
            kept[kept_count++] = (uint32_t)rank;
    }
}

/* Sums of a blend, in double; rounded once at the end. */
typedef struct blend {
    double weight;
    double box[4];
} blend;

static void add_box(blend *sum, const plumb_box *b, double weight)
{
    sum->weight += weight;
    sum->box[0] += weight * b->x0;
    sum->box[1] += weight * b->y0;
    sum->box[2] += weight * b->x1;
    sum->box[3] += weight * b->y1;
}

/* Keypoint `index` of `members`, into that of the first. */
static void blend_keypoint(const plumb_nms *nms, const plumb_detections *list,
                           const uint32_t *members, size_t count, size_t index)
{
    double weight = 0.0, x = 0.0, y = 0.0;
    size_t step = list->keypoints_per_detection;
    for (size_t i = 0; i < count; i++) {
        const plumb_detection *d = &nms->work[members[i]];
        if (d->keypoints < 0 || (size_t)d->keypoints >= list->keypoint_slots)
            continue;
        const plumb_keypoint *k = &list->keypoints[(size_t)d->keypoints * step + index];
        weight += d->score;
        x += (double)d->score * k->x;
        y += (double)d->score * k->y;
    }
    plumb_keypoint *first =
        &list->keypoints[(size_t)nms->work[members[0]].keypoints * step + index];
    if (weight > 0.0) {
        first->x = (float)(x / weight);
        first->y = (float)(y / weight);
    }
}

void plumb_nms_blend(plumb_nms *nms, const plumb_detections *list, const uint32_t *members,
                     size_t count)
{
    blend sum = { 0 };
    plumb_detection *best = &nms->work[members[0]];
    for (size_t i = 0; i < count; i++)
        add_box(&sum, &nms->work[members[i]].box, nms->work[members[i]].score);
    if (!(sum.weight > 0.0) || count < 2)
        return;
    if (list->keypoints && best->keypoints >= 0 && (size_t)best->keypoints < list->keypoint_slots)
        for (size_t k = 0; k < list->keypoints_per_detection; k++)
            blend_keypoint(nms, list, members, count, k);
    plumb_box box = { (float)(sum.box[0] / sum.weight), (float)(sum.box[1] / sum.weight),
                      (float)(sum.box[2] / sum.weight), (float)(sum.box[3] / sum.weight) };
    best->box = box;
}

static void merge_hull(plumb_nms *nms, const uint32_t *members, size_t count)
{
    plumb_box *hull = &nms->work[members[0]].box;
    for (size_t i = 1; i < count; i++) {
        const plumb_box *b = &nms->work[members[i]].box;
        hull->x0 = fminf(hull->x0, b->x0);
        hull->y0 = fminf(hull->y0, b->y0);
        hull->x1 = fmaxf(hull->x1, b->x1);
        hull->y1 = fmaxf(hull->y1, b->y1);
    }
}

/* Groups are found with the boxes as they came: the best of a group still has its own box. */
void plumb_nms_group(plumb_nms *nms, const plumb_detections *list)
{
    uint32_t *left = nms->ranks, *members = nms->ranks + nms->spec.max_candidates;
    size_t left_count = nms->count;
    for (size_t rank = 0; rank < nms->count; rank++)
        left[rank] = (uint32_t)rank;
    while (left_count > 0) {
        const plumb_detection *best = &nms->work[left[0]];
        size_t remaining = 0, count = 0;
        members[count++] = left[0];
        nms->winner[left[0]] = PLUMB_RANK_KEPT;
        for (size_t i = 1; i < left_count; i++) {
            const plumb_detection *d = &nms->work[left[i]];
            if (plumb_nms_related(nms, best, d) && nms->overlap(best, d) > nms->spec.iou) {
                nms->winner[left[i]] = left[0];
                members[count++] = left[i];
            } else {
                left[remaining++] = left[i];
            }
        }
        if (nms->spec.method == PLUMB_NMS_WEIGHTED)
            plumb_nms_blend(nms, list, members, count);
        else
            merge_hull(nms, members, count);
        left_count = remaining;
    }
}
