/* SPDX-License-Identifier: Apache-2.0
 *
 * Exact greedy suppression by IoU.
 */
#include "postprocess/nms.h"

static float area_of(const plumb_box *b)
{
    return (b->x1 - b->x0) * (b->y1 - b->y0);
}

static float iou_of(const plumb_box *a, const plumb_box *b)
{
    float width = (a->x1 < b->x1 ? a->x1 : b->x1) - (a->x0 > b->x0 ? a->x0 : b->x0);
    float height = (a->y1 < b->y1 ? a->y1 : b->y1) - (a->y0 > b->y0 ? a->y0 : b->y0);
    width = width > 0.0f ? width : 0.0f;
    height = height > 0.0f ? height : 0.0f;
    float intersection = width * height;
    return intersection / (area_of(a) + area_of(b) - intersection);
}

void plumb_nms_hard(plumb_nms *nms, const plumb_detections *list)
{
    uint32_t *kept = nms->kept;
    size_t kept_count = 0;
    for (size_t rank = 0; rank < nms->count; rank++) {
        const plumb_detection *d = plumb_nms_candidate(nms, list, rank);
        nms->boxes[rank] = d->box;
        nms->classes[rank] = nms->spec.class_aware ? d->class_id : 0;
        nms->winner[rank] = PLUMB_RANK_KEPT;
        for (size_t k = 0; k < kept_count; k++) {
            if (nms->classes[kept[k]] == nms->classes[rank] &&
                iou_of(&nms->boxes[kept[k]], &nms->boxes[rank]) > nms->spec.iou) {
                nms->winner[rank] = kept[k];
                break;
            }
        }
        if (nms->winner[rank] == PLUMB_RANK_KEPT)
            kept[kept_count++] = (uint32_t)rank;
    }
}
