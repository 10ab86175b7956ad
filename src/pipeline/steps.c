/* SPDX-License-Identifier: Apache-2.0
 *
 * The fixed order after the network: decode with the threshold, map to upright, suppress, apply
 * regions (or the other way round), clip, keep the best.
 */
#include <math.h>
#include <string.h>

#include "base/diag.h"
#include "geometry/ledger.h"
#include "pipeline/pipeline.h"

plumb_status plumb_stage_failed(plumb_diag *diag, plumb_status status, plumb_stage stage)
{
    const char *name = plumb_stage_name(stage);
    size_t length = strlen(name);
    if (status == PLUMB_OK || !diag)
        return status;
    if (strncmp(diag->field, name, length) != 0 ||
        (diag->field[length] != '.' && diag->field[length] != '\0'))
        plumb_diag_prefix(diag, name);
    return status;
}

void plumb_session_observe(plumb_session *session, plumb_session_observer observer, void *user)
{
    session->observer = observer;
    session->observer_user = user;
}

/* The list is what `stage` has made of it. */
static plumb_status behind(plumb_session *session, plumb_stage stage, plumb_status status,
                           plumb_diag *diag)
{
    plumb_stopwatch_lap(&session->watch, stage);
    if (status == PLUMB_OK && session->observer)
        session->observer(session->observer_user, stage, &session->list);
    return plumb_stage_failed(diag, status, stage);
}

static plumb_status decode(plumb_session *session, plumb_diag *diag)
{
    const plumb_pipeline *pipeline = session->pipeline;
    plumb_detections *list = &session->list;
    plumb_status status =
        plumb_head_decode(pipeline->head, &session->outputs, 0, &pipeline->spec.threshold, list,
                          &session->ledger, diag);
    if (status == PLUMB_OK && list->space != PLUMB_SPACE_UPRIGHT)
        status =
            plumb_detections_map(list, &session->mapping, list->space, PLUMB_SPACE_UPRIGHT, diag);
    return behind(session, PLUMB_STAGE_DECODE, status, diag);
}

static plumb_status suppress(plumb_session *session, const plumb_run_options *options,
                             plumb_diag *diag)
{
    plumb_homography inverse;
    const plumb_homography *plane_from_upright = NULL;
    if (session->pipeline->spec.nms.distance_in_plane) {
        if (!options->upright_from_plane ||
            !plumb_homography_invert(options->upright_from_plane, &inverse))
            return plumb_fail(diag, PLUMB_E_ARGUMENT, "nms.distance_in_plane",
                              "the frame needs a homography that can be inverted");
        plane_from_upright = &inverse;
    }
    plumb_status status =
        plumb_nms_run(session->nms, &session->list, plane_from_upright, &session->ledger, diag);
    return behind(session, PLUMB_STAGE_NMS, status, diag);
}

static plumb_status apply_regions(plumb_session *session, const plumb_run_options *options,
                                  plumb_diag *diag)
{
    const plumb_pipeline *pipeline = session->pipeline;
    if (!pipeline->regions)
        return PLUMB_OK;
    const plumb_threshold *threshold = &pipeline->spec.threshold;
    plumb_status status = plumb_regions_run_placed(
        pipeline->regions, &session->list, &session->mapping, options->upright_from_plane,
        threshold->confidence, threshold->per_class, threshold->per_class_count,
        session->regions_scratch, &session->placement, &session->ledger, diag);
    return behind(session, PLUMB_STAGE_REGIONS, status, diag);
}

static plumb_status run_steps(plumb_session *session, const plumb_run_options *options,
                              plumb_diag *diag)
{
    const plumb_pipeline_spec *spec = &session->pipeline->spec;
    bool before = spec->regions_when == PLUMB_REGIONS_BEFORE_NMS;
    plumb_ledger_reset(&session->ledger);
    plumb_status status = decode(session, diag);
    if (status == PLUMB_OK && before)
        status = apply_regions(session, options, diag);
    if (status == PLUMB_OK)
        status = suppress(session, options, diag);
    if (status == PLUMB_OK && !before)
        status = apply_regions(session, options, diag);
    if (status == PLUMB_OK && spec->clip)
        status = plumb_detections_clip(&session->list, &session->mapping, &session->ledger, diag);
    if (status)
        return status;
    plumb_detections_keep_best(&session->list, spec->nms.max_detections, PLUMB_FATE_DETECTIONS,
                               &session->ledger);
    plumb_ledger_close(&session->ledger, &session->list);
    if (session->observer)
        session->observer(session->observer_user, PLUMB_STAGE_TOTAL, &session->list);
    return PLUMB_OK;
}

/* How many entries the run would have needed. */
static uint64_t wanted_entries(const plumb_ledger *ledger)
{
    uint64_t wanted = 0;
    for (int fate = 1; fate < PLUMB_FATE_COUNT; fate++)
        wanted += ledger->counts[fate];
    return wanted;
}

static plumb_status grow_entries(plumb_session *session, uint64_t wanted, plumb_diag *diag)
{
    plumb_trace_entry *entries =
        wanted <= SIZE_MAX ? plumb_alloc_array(&session->context, (size_t)wanted, sizeof(*entries))
                           : NULL;
    if (!entries)
        return plumb_fail(diag, PLUMB_E_NOMEM, "trace", "no memory for %llu entries",
                          (unsigned long long)wanted);
    plumb_release(&session->context, session->entries);
    session->entries = entries;
    session->entry_capacity = (size_t)wanted;
    return PLUMB_OK;
}

plumb_status plumb_session_detect(plumb_session *session, const plumb_run_options *options,
                                  plumb_diag *diag)
{
    plumb_ledger *ledger = &session->ledger;
    ledger->entries = options->trace ? session->entries : NULL;
    ledger->entry_capacity = options->trace ? session->entry_capacity : 0;
    plumb_status status = run_steps(session, options, diag);
    /* How many drops there are is known only afterwards; the result of a second turn is the
     * same, with room for all of them. */
    if (status == PLUMB_OK && options->trace && wanted_entries(ledger) > session->entry_capacity) {
        status = grow_entries(session, wanted_entries(ledger), diag);
        ledger->entries = session->entries;
        ledger->entry_capacity = session->entry_capacity;
        if (status == PLUMB_OK)
            status = run_steps(session, options, diag);
    }
    session->traced = status == PLUMB_OK && options->trace;
    return status;
}

/* --- what became of a row --- */

static plumb_fate fate_of(const plumb_threshold *threshold, const plumb_detection *d)
{
    if (!isfinite(d->score) || !isfinite(d->box.x0) || !isfinite(d->box.y0) ||
        !isfinite(d->box.x1) || !isfinite(d->box.y1))
        return PLUMB_FATE_NONFINITE;
    size_t id = d->class_id >= 0 ? (size_t)d->class_id : SIZE_MAX;
    float least = threshold->confidence;
    if (threshold->per_class && id < threshold->per_class_count && !isnan(threshold->per_class[id]))
        least = threshold->per_class[id];
    if (!(d->score > least))
        return PLUMB_FATE_BELOW_CONFIDENCE;
    if (threshold->allowed && (id >= threshold->allowed_count || !threshold->allowed[id]))
        return PLUMB_FATE_CLASS;
    return PLUMB_FATE_CANDIDATES;
}

static plumb_status trace_silent_row(plumb_session *session, int64_t row, plumb_trace_entry *entry,
                                     plumb_diag *diag)
{
    const plumb_pipeline *pipeline = session->pipeline;
    plumb_detection d = { 0 };
    plumb_status status = plumb_head_row(pipeline->head, &session->outputs, 0, row, &d, diag);
    if (status)
        return status;
    entry->row = (int32_t)row;
    entry->class_id = d.class_id;
    entry->fate = fate_of(&pipeline->spec.threshold, &d);
    entry->other = -1;
    entry->score = d.score;
    entry->box = d.box;
    entry->space = plumb_head_space(pipeline->head);
    return PLUMB_OK;
}

plumb_status plumb_session_trace(plumb_session *session, int64_t row, plumb_trace_entry *entry,
                                 plumb_diag *diag)
{
    if (!session || !entry)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, session ? "entry" : "session", "is NULL");
    if (!session->traced)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "trace", "the last run was not traced");
    plumb_trace_entry found = { 0 };
    const plumb_trace_entry *known = plumb_ledger_find(&session->ledger, row);
    plumb_status status = PLUMB_OK;
    if (known)
        found = *known;
    else
        status = trace_silent_row(session, row, &found, diag);
    plumb_affine affine;
    if (status == PLUMB_OK && found.space != PLUMB_SPACE_UPRIGHT &&
        plumb_mapping_affine(&session->mapping, found.space, PLUMB_SPACE_UPRIGHT, &affine) ==
            PLUMB_OK) {
        plumb_rect box = { found.box.x0, found.box.y0, (double)found.box.x1 - found.box.x0,
                           (double)found.box.y1 - found.box.y0 };
        box = plumb_affine_rect(&affine, box);
        plumb_box upright = { (float)box.x, (float)box.y, (float)(box.x + box.width),
                              (float)(box.y + box.height) };
        found.box = upright;
        found.space = PLUMB_SPACE_UPRIGHT;
    }
    if (status == PLUMB_OK)
        *entry = found;
    return status;
}
