/* SPDX-License-Identifier: Apache-2.0 */
#include "postprocess/nms.h"

#include <string.h>

#include "base/allocator.h"
#include "base/checked.h"
#include "base/diag.h"
#include "geometry/ledger.h"
#include "postprocess/sort.h"

static bool reserve(plumb_nms *nms)
{
    const plumb_context *c = &nms->context;
    size_t n = nms->spec.max_candidates;
    nms->records = plumb_alloc_array(c, n, 2 * sizeof(nms->records[0]));
    nms->spare = plumb_alloc_array(c, n, 2 * sizeof(nms->spare[0]));
    nms->digits = plumb_alloc_array(c, PLUMB_SORT_DIGITS, sizeof(nms->digits[0]));
    nms->winner = plumb_alloc_array(c, n, sizeof(nms->winner[0]));
    nms->work = plumb_alloc_array(c, n, sizeof(nms->work[0]));
    nms->ranks = plumb_alloc_array(c, n, (nms->copies ? 3 : 1) * sizeof(nms->ranks[0]));
    if (!nms->records || !nms->spare || !nms->digits || !nms->winner || !nms->work || !nms->ranks)
        return false;
    if (nms->copies) {
        nms->numbers = plumb_alloc_array(c, n, sizeof(nms->numbers[0]));
        return nms->numbers;
    }
    if (nms->spec.method == PLUMB_NMS_HARD) {
        nms->boxes = plumb_alloc_array(c, n, sizeof(nms->boxes[0]));
        return nms->boxes && plumb_kept_reserve(&nms->kept, c, n, nms->spec.iou);
    }
    if (nms->spec.method == PLUMB_NMS_CENTER_DISTANCE) {
        nms->centers = plumb_alloc_array(c, n, sizeof(nms->centers[0]));
        nms->heads = plumb_alloc_array(c, n + 4, 4 * sizeof(nms->heads[0]));
        return nms->centers && nms->heads;
    }
    return true;
}

/* The fast paths decide by rank; all other methods move the candidates first. */
static bool works_on_copies(const plumb_nms_spec *s)
{
    bool by_iou = s->overlap == PLUMB_OVERLAP_IOU &&
                  (s->compat == PLUMB_COMPAT_NONE || s->compat == PLUMB_COMPAT_TORCHVISION ||
                   s->compat == PLUMB_COMPAT_TFLITE);
    if (s->method == PLUMB_NMS_HARD)
        return !by_iou;
    return s->method != PLUMB_NMS_NONE && s->method != PLUMB_NMS_CENTER_DISTANCE;
}

plumb_status plumb_nms_create(const plumb_context *context, const plumb_nms_spec *spec,
                              plumb_nms **nms, plumb_diag *diag)
{
    if (!spec || !nms)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, spec ? "nms" : "spec", "is NULL");
    plumb_nms_spec s = PLUMB_NMS_SPEC_INIT;
    plumb_copy_struct(&s, sizeof(s), spec, spec->struct_size);
    plumb_status status = plumb_nms_check(&s, diag);
    if (status)
        return status;
    plumb_context full = plumb_context_resolve(context);
    plumb_nms *made = plumb_alloc_zeroed(&full, 1, sizeof(*made));
    if (!made)
        return plumb_fail(diag, PLUMB_E_NOMEM, "nms", "no memory for a plan");
    made->context = full;
    made->spec = s;
    made->overlap = plumb_overlap_select(s.overlap, s.compat);
    made->copies = works_on_copies(&s);
    if (!reserve(made)) {
        plumb_nms_destroy(&made);
        return plumb_fail(diag, PLUMB_E_NOMEM, "nms.max_candidates", "no memory for %zu candidates",
                          s.max_candidates);
    }
    *nms = made;
    return PLUMB_OK;
}

void plumb_nms_destroy(plumb_nms **nms)
{
    if (!nms || !*nms)
        return;
    plumb_nms *n = *nms;
    void *const arrays[] = { n->records, n->spare, n->digits, n->winner,  n->work,
                             n->centers, n->heads, n->ranks,  n->numbers, n->boxes };
    plumb_context context = n->context;
    for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++)
        plumb_release(&context, arrays[i]);
    plumb_kept_release(&n->kept, &context);
    plumb_release(&context, n);
    *nms = NULL;
}

static plumb_fate fate_of(const plumb_nms *nms, uint32_t winner)
{
    if (winner == PLUMB_RANK_ALONE)
        return PLUMB_FATE_NEIGHBOURS;
    bool merges = nms->spec.method == PLUMB_NMS_WEIGHTED || nms->spec.method == PLUMB_NMS_MERGE ||
                  nms->spec.method == PLUMB_NMS_CLUSTER;
    return merges ? PLUMB_FATE_MERGED : PLUMB_FATE_SUPPRESSED;
}

static const plumb_detection *candidate(const plumb_nms *nms, const plumb_detections *list,
                                        size_t rank)
{
    return nms->copies ? &nms->work[rank] : plumb_nms_candidate(nms, list, rank);
}

static void report(const plumb_nms *nms, const plumb_detections *list, size_t rank,
                   plumb_ledger *ledger)
{
    uint32_t winner = nms->winner[rank];
    int32_t other = winner == PLUMB_RANK_ALONE || winner == rank
                        ? -1
                        : plumb_nms_candidate(nms, list, winner)->row;
    plumb_ledger_drop(ledger, fate_of(nms, winner), candidate(nms, list, rank), other, list->space);
}

/* Copy the kept candidates over the list, in order; report the others. */
static void finish(plumb_nms *nms, plumb_detections *list, plumb_ledger *ledger)
{
    uint32_t *ranks = nms->ranks;
    size_t kept = 0, alone = 0;
    for (size_t rank = 0; rank < nms->count; rank++) { /* no branch: nobody can foresee it */
        ranks[kept] = (uint32_t)rank;
        kept += nms->winner[rank] == PLUMB_RANK_KEPT;
        alone += nms->winner[rank] == PLUMB_RANK_ALONE;
    }
    for (size_t rank = 0; nms->traced && rank < nms->count; rank++)
        if (nms->winner[rank] != PLUMB_RANK_KEPT)
            report(nms, list, rank, ledger);
    if (!nms->traced) {
        plumb_ledger_count(ledger, PLUMB_FATE_NEIGHBOURS, alone);
        plumb_ledger_count(ledger, fate_of(nms, 0), nms->count - kept - alone);
    }
    for (size_t i = 0; i < kept; i++)
        nms->work[i] = *candidate(nms, list, ranks[i]);
    if (kept > 0)
        memcpy(list->items, nms->work, kept * sizeof(nms->work[0]));
    list->count = kept;
    if (nms->copies) /* scores may have changed the order */
        plumb_detections_keep_best(list, kept, PLUMB_FATE_DETECTIONS, NULL);
}

static void run_method(plumb_nms *nms, const plumb_detections *list,
                       const plumb_homography *plane_from_list)
{
    for (size_t rank = 0; nms->copies && rank < nms->count; rank++)
        nms->work[rank] = *plumb_nms_candidate(nms, list, rank);
    switch (nms->spec.method) {
    case PLUMB_NMS_HARD:
        if (nms->copies)
            plumb_nms_greedy(nms);
        else
            plumb_nms_hard(nms, list);
        break;
    case PLUMB_NMS_SOFT_LINEAR:
    case PLUMB_NMS_SOFT_GAUSSIAN:
        plumb_nms_soft(nms);
        break;
    case PLUMB_NMS_WEIGHTED:
    case PLUMB_NMS_MERGE:
        plumb_nms_group(nms, list);
        break;
    case PLUMB_NMS_MATRIX:
        plumb_nms_matrix(nms);
        break;
    case PLUMB_NMS_CLUSTER:
        plumb_nms_cluster(nms, list);
        break;
    case PLUMB_NMS_CENTER_DISTANCE:
        plumb_nms_center_distance(nms, list, plane_from_list);
        break;
    default: /* none */
        memset(nms->winner, 0xff, nms->count * sizeof(nms->winner[0]));
    }
}

static plumb_status check_run(const plumb_nms *nms, const plumb_detections *list,
                              const plumb_homography *plane_from_list, plumb_diag *diag)
{
    if (!nms || !list || (!list->items && list->count > 0))
        return plumb_fail(diag, PLUMB_E_ARGUMENT, nms ? "list" : "nms", "is NULL");
    if (list->count > UINT32_MAX)
        return plumb_fail(diag, PLUMB_E_LIMIT, "list", "%zu detections are more than %u",
                          list->count, UINT32_MAX);
    if (list->space == PLUMB_SPACE_NORMALIZED || list->space == PLUMB_SPACE_VISION)
        return plumb_fail(diag, PLUMB_E_SPACE, "space",
                          "the boxes are in %s space, whose units differ along x and y; map them "
                          "to upright first",
                          plumb_space_name(list->space));
    if (nms->spec.method == PLUMB_NMS_CENTER_DISTANCE && nms->spec.distance_in_plane &&
        !plane_from_list)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "plane_from_list",
                          "is NULL, but nms.distance is in units of the plane");
    return PLUMB_OK;
}

plumb_status plumb_nms_run(plumb_nms *nms, plumb_detections *list,
                           const plumb_homography *plane_from_list, plumb_ledger *ledger,
                           plumb_diag *diag)
{
    plumb_status status = check_run(nms, list, plane_from_list, diag);
    if (status)
        return status;
    nms->traced = ledger && ledger->entries;
    plumb_nms_rank(nms, list, ledger);
    run_method(nms, list, plane_from_list);
    finish(nms, list, ledger);
    return PLUMB_OK;
}
