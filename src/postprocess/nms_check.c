/* SPDX-License-Identifier: Apache-2.0 */
#include "postprocess/nms.h"

#include <math.h>

#include "base/diag.h"

#define MAX_CANDIDATES 1000000

/* A preset says how overlap is measured and is defined for what its peer does. */
static plumb_status check_preset(const plumb_nms_spec *s, plumb_diag *diag)
{
    if (s->compat == PLUMB_COMPAT_NONE)
        return PLUMB_OK;
    const char *name = plumb_nms_compat_name(s->compat);
    bool weighted = s->method == PLUMB_NMS_WEIGHTED && s->compat == PLUMB_COMPAT_MEDIAPIPE;
    if (s->method != PLUMB_NMS_HARD && !weighted)
        return plumb_fail(diag, PLUMB_E_UNSUPPORTED, "nms.compat",
                          "preset %s goes with method hard, mediapipe also with weighted, not %s",
                          name, plumb_nms_method_name(s->method));
    if (s->overlap != PLUMB_OVERLAP_IOU)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "nms.overlap",
                          "%s, but preset %s has a measure of its own",
                          plumb_overlap_name(s->overlap), name);
    if (s->compat == PLUMB_COMPAT_NNSTREAMER && s->class_aware)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "nms.class_aware",
                          "is true, but nnstreamer suppresses across classes");
    return PLUMB_OK;
}

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
    return check_preset(s, diag);
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

plumb_status plumb_nms_check(const plumb_nms_spec *spec, plumb_diag *diag)
{
    plumb_status status = check_names(spec, diag);
    return status ? status : check_numbers(spec, diag);
}
