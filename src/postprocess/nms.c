/* SPDX-License-Identifier: Apache-2.0 */
#include "postprocess/nms.h"

#include <math.h>
#include <string.h>

#include "base/allocator.h"
#include "base/checked.h"
#include "base/diag.h"
#include "geometry/ledger.h"
#include "postprocess/sort.h"

#define MAX_CANDIDATES 1000000

static plumb_status check_names(const plumb_nms_spec *s, plumb_diag *diag)
{
    if (plumb_nms_method_name(s->method)[0] == '?')
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "nms.method",
                          "a method is required, there is no default; %d is none", (int)s->method);
    if (plumb_overlap_name(s->overlap)[0] == '?')
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "nms.overlap", "%d is no overlap measure",
                          (int)s->overlap);
    if (plumb_nms_compat_name(s->compat)[0] == '?')
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "nms.compat", "%d is no preset", (int)s->compat);
    if (s->method != PLUMB_NMS_NONE && s->method != PLUMB_NMS_HARD &&
        s->method != PLUMB_NMS_CENTER_DISTANCE)
        return plumb_fail(diag, PLUMB_E_UNSUPPORTED, "nms.method", "%s is not in this version",
                          plumb_nms_method_name(s->method));
    if (s->overlap != PLUMB_OVERLAP_IOU || s->compat != PLUMB_COMPAT_NONE)
        return plumb_fail(diag, PLUMB_E_UNSUPPORTED,
                          s->overlap != PLUMB_OVERLAP_IOU ? "nms.overlap" : "nms.compat",
                          "is not in this version");
    return PLUMB_OK;
}

/* Comparisons are written so that NaN fails them. */
static plumb_status check_numbers(const plumb_nms_spec *s, plumb_diag *diag)
{
    if (!(s->iou >= 0.0f && s->iou <= 1.0f))
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "nms.iou", "%g is not in 0..1", (double)s->iou);
    if (s->max_candidates < 1 || s->max_candidates > MAX_CANDIDATES)
        return plumb_fail(diag, PLUMB_E_LIMIT, "nms.max_candidates", "%zu is not in 1..%d",
                          s->max_candidates, MAX_CANDIDATES);
    if (s->max_detections < 1 || s->max_detections > s->max_candidates)
        return plumb_fail(diag, PLUMB_E_LIMIT, "nms.max_detections",
                          "%zu is not in 1..%zu (max_candidates)", s->max_detections,
                          s->max_candidates);
    if (!(s->sigma > 0.0f && s->sigma < INFINITY))
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "nms.sigma", "%g is not above 0",
                          (double)s->sigma);
    if (!(s->min_score >= 0.0f && s->min_score <= 1.0f))
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "nms.min_score", "%g is not in 0..1",
                          (double)s->min_score);
    if (s->method == PLUMB_NMS_CENTER_DISTANCE && !(s->distance > 0.0f && s->distance < INFINITY))
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "nms.distance",
                          "%g is not above 0, which method center-distance needs",
                          (double)s->distance);
    if (s->min_neighbours < 1)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "nms.min_neighbours", "%d is not at least 1",
                          (int)s->min_neighbours);
    return PLUMB_OK;
}

static bool reserve(plumb_nms *nms)
{
    const plumb_context *c = &nms->context;
    size_t n = nms->spec.max_candidates;
    nms->records = plumb_alloc_array(c, n, 2 * sizeof(nms->records[0]));
    nms->spare = plumb_alloc_array(c, n, 2 * sizeof(nms->spare[0]));
    nms->digits = plumb_alloc_array(c, PLUMB_SORT_DIGITS, sizeof(nms->digits[0]));
    nms->winner = plumb_alloc_array(c, n, sizeof(nms->winner[0]));
    nms->work = plumb_alloc_array(c, n, sizeof(nms->work[0]));
    if (!nms->records || !nms->spare || !nms->digits || !nms->winner || !nms->work)
        return false;
    if (nms->spec.method == PLUMB_NMS_HARD)
        return plumb_kept_reserve(&nms->kept, c, n, nms->spec.iou);
    if (nms->spec.method == PLUMB_NMS_CENTER_DISTANCE) {
        nms->centers = plumb_alloc_array(c, n, sizeof(nms->centers[0]));
        nms->heads = plumb_alloc_array(c, n + 4, 4 * sizeof(nms->heads[0]));
        return nms->centers && nms->heads;
    }
    return true;
}

plumb_status plumb_nms_create(const plumb_context *context, const plumb_nms_spec *spec,
                              plumb_nms **nms, plumb_diag *diag)
{
    if (!spec || !nms)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, spec ? "nms" : "spec", "is NULL");
    plumb_nms_spec s = PLUMB_NMS_SPEC_INIT;
    plumb_copy_struct(&s, sizeof(s), spec, spec->struct_size);
    plumb_status status = check_names(&s, diag);
    if (status == PLUMB_OK)
        status = check_numbers(&s, diag);
    if (status)
        return status;
    plumb_context full = plumb_context_resolve(context);
    plumb_nms *made = plumb_alloc_zeroed(&full, 1, sizeof(*made));
    if (!made)
        return plumb_fail(diag, PLUMB_E_NOMEM, "nms", "no memory for a plan");
    made->context = full;
    made->spec = s;
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
    void *const arrays[] = { n->records, n->spare,   n->digits, n->winner,
                             n->work,    n->centers, n->heads };
    plumb_context context = n->context;
    for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++)
        plumb_release(&context, arrays[i]);
    plumb_kept_release(&n->kept, &context);
    plumb_release(&context, n);
    *nms = NULL;
}

/* Copy the kept candidates over the list, in order; report the others. */
static void finish(plumb_nms *nms, plumb_detections *list, plumb_ledger *ledger)
{
    size_t kept = 0;
    for (size_t rank = 0; rank < nms->count; rank++) {
        uint32_t winner = nms->winner[rank];
        if (winner == PLUMB_RANK_KEPT)
            nms->work[kept++] = *plumb_nms_candidate(nms, list, rank);
        else if (nms->traced)
            plumb_ledger_drop(ledger, PLUMB_FATE_SUPPRESSED, plumb_nms_candidate(nms, list, rank),
                              plumb_nms_candidate(nms, list, winner)->row, list->space);
    }
    if (!nms->traced)
        plumb_ledger_count(ledger, PLUMB_FATE_SUPPRESSED, nms->count - kept);
    if (kept > 0)
        memcpy(list->items, nms->work, kept * sizeof(nms->work[0]));
    list->count = kept;
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
    if (nms->spec.method == PLUMB_NMS_HARD)
        plumb_nms_hard(nms, list);
    else if (nms->spec.method == PLUMB_NMS_CENTER_DISTANCE)
        plumb_nms_center_distance(nms, list, plane_from_list);
    else
        memset(nms->winner, 0xff, nms->count * sizeof(nms->winner[0]));
    finish(nms, list, ledger);
    return PLUMB_OK;
}
