/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/checked.h"
#include "base/diag.h"
#include "image/jpeg.h"
#include "pipeline/jpeg.h"
#include "preprocess/stream.h"

/* --- making and ending --- */

static void *count_allocate(void *user, size_t size, size_t alignment)
{
    plumb_counted *counted = user;
    counted->allocations++;
    return counted->inner.allocate(counted->inner.user, size, alignment);
}

static void count_release(void *user, void *memory)
{
    plumb_counted *counted = user;
    counted->inner.release(counted->inner.user, memory);
}

static plumb_status allocate(plumb_session *session, plumb_diag *diag)
{
    const plumb_pipeline *pipeline = session->pipeline;
    const plumb_context *context = &session->context;
    size_t candidates = pipeline->spec.nms.max_candidates;
    size_t keypoints = plumb_head_keypoints(pipeline->head);
    plumb_status status = plumb_nms_create(context, &pipeline->spec.nms, &session->nms, diag);
    if (status)
        return status;
    plumb_detections *list = &session->list;
    list->items = plumb_alloc_array(context, candidates, sizeof(*list->items));
    list->capacity = candidates;
    bool complete = list->items != NULL;
    if (keypoints > 0) {
        list->keypoints =
            plumb_alloc_array(context, candidates, keypoints * sizeof(*list->keypoints));
        list->keypoint_capacity = candidates;
        list->keypoints_per_detection = keypoints;
        complete = complete && list->keypoints;
    }
    if (pipeline->regions && plumb_regions_scratch(pipeline->regions) > 0) {
        session->regions_scratch =
            plumb_alloc_array(context, plumb_regions_scratch(pipeline->regions), 1);
        complete = complete && session->regions_scratch;
    }
    if (complete)
        complete = plumb_session_allocate_inputs(session) == PLUMB_OK &&
                   plumb_stopwatch_create(context, &session->watch) == PLUMB_OK;
    return complete ? PLUMB_OK : plumb_fail(diag, PLUMB_E_NOMEM, "", "out of memory");
}

static void destroy(plumb_session *session)
{
    const plumb_context *context = &session->context;
    plumb_jpeg_destroy(context, session->jpeg);
    plumb_release(context, session->strip);
    for (size_t i = 0; i < PLUMB_CACHED_PLANS; i++)
        plumb_preprocess_plan_destroy(&session->plans[i]);
    plumb_nms_destroy(&session->nms);
    for (size_t i = 0; i < session->pipeline->input_count; i++)
        plumb_release(context, session->inputs[i].data);
    plumb_release(context, session->scratch);
    plumb_release(context, session->regions_scratch);
    plumb_release(context, session->list.items);
    plumb_release(context, session->list.keypoints);
    plumb_release(context, session->entries);
    plumb_stopwatch_destroy(context, &session->watch);
    plumb_release(&session->pipeline->arena.context, session);
}

plumb_status plumb_session_create(const plumb_pipeline *pipeline, const plumb_detector *detector,
                                  plumb_session **session, plumb_diag *diag)
{
    if (!pipeline || !session)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, pipeline ? "session" : "pipeline", "is NULL");
    plumb_detector full = PLUMB_DETECTOR_INIT;
    plumb_copy_struct(&full, sizeof(full), detector, detector ? detector->struct_size : 0);
    if (detector && !full.infer)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "detector.infer", "is NULL");
    plumb_session *made = plumb_alloc_zeroed(&pipeline->arena.context, 1, sizeof(*made));
    if (!made)
        return plumb_fail(diag, PLUMB_E_NOMEM, "", "out of memory");
    made->pipeline = pipeline;
    made->context = pipeline->arena.context;
    made->counted.inner = made->context.allocator;
    made->context.allocator.user = &made->counted;
    made->context.allocator.allocate = count_allocate;
    made->context.allocator.release = count_release;
    plumb_status status = allocate(made, diag);
    if (status) {
        destroy(made);
        return status;
    }
    made->detector = full;
    made->counted.allocations = 0;
    *session = made;
    return PLUMB_OK;
}

void plumb_session_destroy(plumb_session **session)
{
    if (!session || !*session)
        return;
    plumb_detector detector = (*session)->detector;
    destroy(*session);
    *session = NULL;
    if (detector.release)
        detector.release(detector.user);
}

uint64_t plumb_session_allocations(const plumb_session *session)
{
    return session->counted.allocations;
}

/* --- frame to tensor --- */

/* The plan for frames like this one, made when it is new; it comes to the front. */
static plumb_status find_plan(plumb_session *session, const plumb_frame *frame, bool streamed,
                              plumb_preprocess_plan **found, plumb_diag *diag)
{
    bool (*fits)(const plumb_preprocess_plan *, const plumb_frame *) =
        streamed ? plumb_stream_plan_fits : plumb_preprocess_plan_fits;
    plumb_preprocess_plan **plans = session->plans;
    plumb_preprocess_plan *plan = NULL;
    size_t at = 0;
    while (at < PLUMB_CACHED_PLANS && plans[at] && !fits(plans[at], frame))
        at++;
    if (at < PLUMB_CACHED_PLANS && plans[at]) {
        plan = plans[at];
    } else {
        const plumb_preprocess_spec *spec = &session->pipeline->spec.preprocess;
        plumb_status status =
            streamed ? plumb_stream_plan_create(&session->context, spec, frame, &plan, diag)
                     : plumb_preprocess_plan_create(&session->context, spec, frame, &plan, diag);
        if (status)
            return status;
        if (at == PLUMB_CACHED_PLANS)
            plumb_preprocess_plan_destroy(&plans[--at]);
    }
    memmove(plans + 1, plans, at * sizeof(*plans));
    plans[0] = plan;
    size_t needed = plumb_preprocess_plan_scratch(plan);
    if (needed > session->scratch_size) {
        plumb_release(&session->context, session->scratch);
        session->scratch_size = 0;
        session->scratch = plumb_alloc_array(&session->context, needed, 1);
        if (!session->scratch)
            return plumb_fail(diag, PLUMB_E_NOMEM, "", "out of memory");
        session->scratch_size = needed;
    }
    *found = plan;
    return PLUMB_OK;
}

static plumb_status preprocess(plumb_session *session, const plumb_frame *given, plumb_diag *diag)
{
    plumb_frame frame = PLUMB_FRAME_INIT;
    plumb_copy_struct(&frame, sizeof(frame), given, given->struct_size);
    bool jpeg = frame.format == PLUMB_FORMAT_JPEG;
    plumb_status status = PLUMB_OK;
    if (jpeg) {
        status = plumb_session_open_jpeg(session, &frame, diag);
        plumb_stopwatch_lap(&session->watch, PLUMB_STAGE_DECODE_IMAGE);
        if (status)
            return plumb_stage_failed(diag, status, PLUMB_STAGE_DECODE_IMAGE);
    }
    plumb_preprocess_plan *plan = NULL;
    status = find_plan(session, &frame, jpeg, &plan, diag);
    if (status == PLUMB_OK)
        session->mapping = *plumb_preprocess_plan_mapping(plan);
    if (status == PLUMB_OK && jpeg) {
        plumb_stopwatch_lap(&session->watch, PLUMB_STAGE_PREPROCESS);
        return plumb_session_stream_jpeg(session, plan, diag);
    }
    if (status == PLUMB_OK)
        status = plumb_preprocess_run(plan, &frame, &session->inputs[0], session->scratch,
                                      session->scratch_size, diag);
    plumb_stopwatch_lap(&session->watch, PLUMB_STAGE_PREPROCESS);
    return plumb_stage_failed(diag, status, PLUMB_STAGE_PREPROCESS);
}

/* --- the three ways to run --- */

static void begin(plumb_session *session)
{
    session->has_outputs = session->traced = false;
    session->list.count = session->list.keypoint_slots = 0;
    session->list.space = PLUMB_SPACE_UPRIGHT;
    session->ledger.entries = NULL;
    plumb_ledger_reset(&session->ledger);
    plumb_stopwatch_start(&session->watch);
}

/* After an error nothing of it is left to see, and the next run starts afresh. */
static plumb_status end(plumb_session *session, plumb_status status, bool tensor,
                        plumb_result *result)
{
    if (status) {
        memset(session->watch.noted, 0, sizeof(session->watch.noted));
        return status;
    }
    plumb_stopwatch_finish(&session->watch);
    plumb_result made = { &session->list, &session->mapping, &session->ledger,
                          tensor ? &session->inputs[0] : NULL,
                          session->has_outputs ? &session->outputs : NULL };
    *result = made;
    return PLUMB_OK;
}

static plumb_run_options read_options(const plumb_run_options *options)
{
    plumb_run_options full = PLUMB_RUN_OPTIONS_INIT;
    plumb_copy_struct(&full, sizeof(full), options, options ? options->struct_size : 0);
    return full;
}

static plumb_status check_arguments(const plumb_session *session, const void *input,
                                    const char *input_name, const plumb_result *result,
                                    plumb_diag *diag)
{
    if (session && input && result)
        return PLUMB_OK;
    return plumb_fail(diag, PLUMB_E_ARGUMENT,
                      !session ? "session"
                      : !input ? input_name
                               : "result",
                      "is NULL");
}

plumb_status plumb_session_run(plumb_session *session, const plumb_frame *frame,
                               const plumb_run_options *options, plumb_result *result,
                               plumb_diag *diag)
{
    plumb_status status = check_arguments(session, frame, "frame", result, diag);
    if (status)
        return status;
    if (!session->detector.infer)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "detector", "the session was made without one");
    plumb_run_options full = read_options(options);
    begin(session);
    status = preprocess(session, frame, diag);
    if (status == PLUMB_OK) {
        status = plumb_session_infer(session, diag);
        plumb_stopwatch_lap(&session->watch, PLUMB_STAGE_INFER);
    }
    if (status == PLUMB_OK)
        status = plumb_session_detect(session, &full, diag);
    return end(session, status, true, result);
}

plumb_status plumb_session_preprocess(plumb_session *session, const plumb_frame *frame,
                                      plumb_result *result, plumb_diag *diag)
{
    plumb_status status = check_arguments(session, frame, "frame", result, diag);
    if (status)
        return status;
    begin(session);
    return end(session, preprocess(session, frame, diag), true, result);
}

plumb_status plumb_session_postprocess(plumb_session *session, plumb_size buffer,
                                       plumb_orientation orientation, const plumb_irect *roi,
                                       const plumb_outputs *outputs,
                                       const plumb_run_options *options, plumb_result *result,
                                       plumb_diag *diag)
{
    plumb_status status = check_arguments(session, outputs, "outputs", result, diag);
    if (status)
        return status;
    plumb_run_options full = read_options(options);
    begin(session);
    status = plumb_mapping_make(&session->pipeline->spec.preprocess.mapping, buffer, orientation,
                                roi, &session->mapping, diag);
    if (status == PLUMB_OK)
        status = plumb_session_accept(session, outputs, diag);
    if (status == PLUMB_OK)
        status = plumb_session_detect(session, &full, diag);
    return end(session, status, false, result);
}
