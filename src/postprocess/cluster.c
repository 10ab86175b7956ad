/* SPDX-License-Identifier: Apache-2.0
 *
 * Density clustering (Ester et al., "DBSCAN", KDD 1996) with overlap as nearness: a box with
 * enough neighbours, itself included, is a core; cores that are neighbours are one cluster; any
 * other box joins the cluster of the best core next to it or is dropped. The clusters do not
 * depend on an order. Each becomes the score-weighted mean of its boxes, with the best's score.
 */
#include "postprocess/nms.h"

static bool neighbours(const plumb_nms *nms, size_t a, size_t b)
{
    return plumb_nms_related(nms, &nms->work[a], &nms->work[b]) &&
           nms->overlap(&nms->work[a], &nms->work[b]) > nms->spec.iou;
}

/* The best rank of a cluster so far, shortening the way for the next search. */
static uint32_t root_of(uint32_t *parent, uint32_t rank)
{
    while (parent[rank] != rank) {
        parent[rank] = parent[parent[rank]];
        rank = parent[rank];
    }
    return rank;
}

static void join(uint32_t *parent, uint32_t a, uint32_t b)
{
    a = root_of(parent, a);
    b = root_of(parent, b);
    parent[a > b ? a : b] = a > b ? b : a;
}

/* winner[] of every rank: the root of its cluster, or PLUMB_RANK_ALONE. */
static void find_clusters(plumb_nms *nms, uint32_t *near, uint32_t *parent)
{
    uint32_t count = (uint32_t)nms->count, wanted = (uint32_t)nms->spec.min_neighbours;
    for (uint32_t i = 0; i < count; i++) {
        parent[i] = i;
        near[i] = 1;
    }
    for (uint32_t j = 1; j < count; j++)
        for (uint32_t i = 0; i < j; i++)
            if (neighbours(nms, i, j)) {
                near[i]++;
                near[j]++;
            }
    for (uint32_t j = 1; j < count; j++)
        for (uint32_t i = 0; i < j && near[j] >= wanted; i++)
            if (near[i] >= wanted && neighbours(nms, i, j))
                join(parent, i, j);
    for (uint32_t j = 0; j < count; j++) {
        nms->winner[j] = PLUMB_RANK_ALONE;
        if (near[j] >= wanted)
            nms->winner[j] = root_of(parent, j);
        for (uint32_t i = 0; i < count && nms->winner[j] == PLUMB_RANK_ALONE && near[j] > 1; i++)
            if (i != j && near[i] >= wanted && neighbours(nms, i < j ? i : j, i < j ? j : i))
                nms->winner[j] = root_of(parent, i);
    }
}

void plumb_nms_cluster(plumb_nms *nms, const plumb_detections *list)
{
    size_t limit = nms->spec.max_candidates;
    uint32_t *near = nms->ranks, *parent = near + limit, *members = parent + limit;
    uint32_t count = (uint32_t)nms->count;
    find_clusters(nms, near, parent);
    /* Chain the members of each cluster behind its best: a border box may be better than the
     * root, so the best is the first met. */
    for (uint32_t rank = 0; rank < count; rank++)
        parent[rank] = PLUMB_RANK_ALONE;
    for (uint32_t rank = 0; rank < count; rank++) {
        uint32_t root = nms->winner[rank];
        if (root == PLUMB_RANK_ALONE || parent[root] != PLUMB_RANK_ALONE)
            continue;
        parent[root] = rank;
        size_t member_count = 0;
        for (uint32_t other = rank; other < count; other++)
            if (nms->winner[other] == root)
                members[member_count++] = other;
        plumb_nms_blend(nms, list, members, member_count);
    }
    for (uint32_t rank = 0; rank < count; rank++)
        if (nms->winner[rank] != PLUMB_RANK_ALONE) {
            uint32_t best = parent[nms->winner[rank]];
            nms->winner[rank] = best == rank ? PLUMB_RANK_KEPT : best;
        }
}
