/* SPDX-License-Identifier: Apache-2.0
 *
 * Suppression by the distance of centres, for objects of one known size such as shot holes: two
 * real holes may overlap far more than any IoU threshold allows, but a hole is not found twice
 * at centres further apart than a fraction of its size. Centres are taken in double, and on a
 * plane if asked. Kept centres hang in a hash of square cells a little wider than the distance, so
 * a candidate looks at nine cells, which hold few centres because those are that far apart.
 */
#include "postprocess/nms.h"

#include <math.h>

#define CELL_SLACK 1.001           /* far above the rounding of a division */
#define CELL_LIMIT 1099511627776.0 /* 2^40 cells: there the slack still holds */
#define NO_RANK    UINT32_MAX

static plumb_point center_of(const plumb_box *box)
{
    plumb_point center = { ((double)box->x0 + box->x1) / 2.0, ((double)box->y0 + box->y1) / 2.0 };
    return center;
}

static int64_t cell_of(double coordinate, double side)
{
    return (int64_t)floor(fmin(fmax(coordinate / side, -CELL_LIMIT), CELL_LIMIT));
}

static size_t slot_of(int64_t x, int64_t y, int32_t class_id, size_t mask)
{
    uint64_t hash = (uint64_t)x * 0x9e3779b97f4a7c15u;
    hash = (hash ^ hash >> 29 ^ (uint64_t)y) * 0xbf58476d1ce4e5b9u;
    hash = (hash ^ hash >> 32 ^ (uint32_t)class_id) * 0x94d049bb133111ebu;
    return (size_t)(hash >> 32) & mask;
}

/* The best rank among the kept centres of one slot that are near enough, or `best`. */
static uint32_t search_slot(const plumb_nms *nms, uint32_t head, plumb_point p, int32_t class_id,
                            uint32_t best)
{
    double limit = (double)nms->spec.distance * nms->spec.distance;
    for (uint32_t rank = head; rank != NO_RANK; rank = nms->centers[rank].next) {
        const plumb_center *c = &nms->centers[rank];
        double dx = c->point.x - p.x, dy = c->point.y - p.y;
        if (rank < best && c->class_id == class_id && dx * dx + dy * dy < limit)
            best = rank;
    }
    return best;
}

static void visit(plumb_nms *nms, uint32_t rank, plumb_point p, int32_t class_id, size_t mask)
{
    plumb_center center = { p, class_id, NO_RANK };
    nms->winner[rank] = PLUMB_RANK_KEPT;
    if (!isfinite(p.x) || !isfinite(p.y))
        return; /* on the horizon of the plane: near to nothing */
    double side = (double)nms->spec.distance * CELL_SLACK;
    int64_t x = cell_of(p.x, side), y = cell_of(p.y, side);
    uint32_t best = NO_RANK;
    for (int64_t i = -1; i <= 1; i++)
        for (int64_t j = -1; j <= 1; j++)
            best = search_slot(nms, nms->heads[slot_of(x + i, y + j, class_id, mask)], p, class_id,
                               best);
    if (best != NO_RANK) {
        nms->winner[rank] = best;
        return;
    }
    uint32_t *head = &nms->heads[slot_of(x, y, class_id, mask)];
    center.next = *head;
    nms->centers[rank] = center;
    *head = rank;
}

void plumb_nms_center_distance(plumb_nms *nms, const plumb_detections *list,
                               const plumb_homography *plane_from_list)
{
    size_t slots = 16;
    while (slots < nms->count * 2)
        slots *= 2;
    for (size_t i = 0; i < slots; i++)
        nms->heads[i] = NO_RANK;
    for (size_t rank = 0; rank < nms->count; rank++) {
        const plumb_detection *d = plumb_nms_candidate(nms, list, rank);
        plumb_point p = center_of(&d->box);
        if (nms->spec.distance_in_plane)
            p = plumb_homography_point(plane_from_list, p);
        visit(nms, (uint32_t)rank, p, nms->spec.class_aware ? d->class_id : 0, slots - 1);
    }
}
