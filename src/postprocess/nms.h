/* SPDX-License-Identifier: Apache-2.0
 *
 * What the suppression methods share. A run first ranks: `records[0..count)` are the candidates
 * in plumb_detection_order, the item's index in the low half of each. A method then writes the
 * rank of the winner, or PLUMB_RANK_KEPT, to `winner` for every rank. The invariant: nothing a
 * method reads depends on the order of the caller's list.
 */
#ifndef PLUMB_POSTPROCESS_NMS_H
#define PLUMB_POSTPROCESS_NMS_H

#include "plumbline/postprocess.h"
#include "postprocess/kept.h"
#include "postprocess/overlap.h"

#define PLUMB_RANK_KEPT  UINT32_MAX
#define PLUMB_RANK_ALONE (UINT32_MAX - 1) /* dropped for want of neighbours */

typedef struct plumb_center {
    plumb_point point;
    int32_t class_id; /* 0 unless class-aware */
    uint32_t next;    /* in the same slot of the hash */
} plumb_center;

/* Arrays hold max_candidates entries unless said otherwise; those a method does not use are NULL. */
struct plumb_nms {
    plumb_context context;
    plumb_nms_spec spec;
    plumb_overlap_fn overlap;
    uint64_t *records;                 /* 2*max_candidates: score key above, index below */
    uint64_t *spare;                   /* the same, for sorting */
    uint32_t *digits;                  /* of the sort */
    size_t count;                      /* candidates of this run */
    float smallest_area, largest_area; /* of those that have one */
    bool traced;                       /* who struck whom is wanted */
    uint32_t *winner;
    plumb_detection *work; /* what is given back; with `copies` all candidates, by rank */
    bool copies;           /* the method works on copies, whose boxes and scores it may change */
    plumb_kept kept;       /* hard by IoU */
    plumb_box *boxes;      /* hard by IoU: class after class */
    plumb_center *centers; /* center-distance, by rank */
    uint32_t *heads;       /* center-distance: slots of the hash, a power of two >= 2*count */
    uint32_t *ranks;       /* with `copies` 3*max_candidates */
    float *numbers;        /* matrix */
};

static inline const plumb_detection *plumb_nms_candidate(const plumb_nms *nms,
                                                         const plumb_detections *list, size_t rank)
{
    return &list->items[(uint32_t)nms->records[rank]];
}

static inline bool plumb_nms_has_area(const plumb_box *box)
{
    return box->x1 > box->x0 && box->y1 > box->y0;
}

/* Fill `records` with the best max_candidates of the list, in order; drop and count boxes that
 * are empty or not finite and those beyond the limit. */
void plumb_nms_rank(plumb_nms *nms, const plumb_detections *list, plumb_ledger *ledger);

/* May these two suppress each other at all? */
static inline bool plumb_nms_related(const plumb_nms *nms, const plumb_detection *a,
                                     const plumb_detection *b)
{
    return !nms->spec.class_aware || a->class_id == b->class_id;
}

plumb_status plumb_nms_check(const plumb_nms_spec *spec, plumb_diag *diag);

void plumb_nms_hard(plumb_nms *nms, const plumb_detections *list);
void plumb_nms_center_distance(plumb_nms *nms, const plumb_detections *list,
                               const plumb_homography *plane_from_list);

/* Methods on copies. */
void plumb_nms_greedy(plumb_nms *nms); /* hard, by any overlap */
void plumb_nms_soft(plumb_nms *nms);
void plumb_nms_matrix(plumb_nms *nms);
void plumb_nms_group(plumb_nms *nms, const plumb_detections *list); /* weighted, merge */
void plumb_nms_cluster(plumb_nms *nms, const plumb_detections *list);

/* Score-weighted mean of the boxes and keypoints of `members`, into the first of them. Keypoint
 * scores stay the first's. */
void plumb_nms_blend(plumb_nms *nms, const plumb_detections *list, const uint32_t *members,
                     size_t count);

#endif
