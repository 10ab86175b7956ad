/* SPDX-License-Identifier: Apache-2.0
 *
 * What pipelines and sessions hold. The invariant: a session owns every buffer of a run before
 * the run needs it, so a run with a geometry it has seen allocates nothing; and what a run needs
 * from the pipeline is const.
 */
#ifndef PLUMB_PIPELINE_PIPELINE_H
#define PLUMB_PIPELINE_PIPELINE_H

#include "base/arena.h"
#include "plumbline/pipeline.h"
#include "postprocess/region_run.h"

#define PLUMB_TIMING_WINDOW 4096
#define PLUMB_CACHED_PLANS  4 /* portrait and landscape, full and cropped */

struct plumb_pipeline {
    plumb_arena arena;        /* names, constants and thresholds */
    plumb_pipeline_spec spec; /* head and regions keep their own copies: those pointers are NULL */
    plumb_head *head;
    plumb_regions *regions; /* NULL without any */
    plumb_tensor_info inputs[1 + PLUMB_MAX_EXTRA_INPUTS];
    size_t input_count;
};

/* One stage; see plumb_timing. */
typedef struct plumb_stage_times {
    bool started; /* the cold call is behind */
    double cold, low, high;
    uint64_t count;                     /* steady calls */
    double window[PLUMB_TIMING_WINDOW]; /* of the last, at count % PLUMB_TIMING_WINDOW */
} plumb_stage_times;

typedef struct plumb_stopwatch {
    plumb_stage_times *stages;          /* PLUMB_STAGE_COUNT of them */
    double *sorted;                     /* PLUMB_TIMING_WINDOW */
    double noted[PLUMB_STAGE_COUNT];    /* by the caller, for the next run */
    double measured[PLUMB_STAGE_COUNT]; /* in this run; negative: the stage did not run */
    double run_start, lap_start;
} plumb_stopwatch;

plumb_status plumb_stopwatch_create(const plumb_context *context, plumb_stopwatch *watch);
void plumb_stopwatch_destroy(const plumb_context *context, plumb_stopwatch *watch);
void plumb_stopwatch_start(plumb_stopwatch *watch); /* of a run, and of its first stage */
/* The stage ends now and the next one begins. */
void plumb_stopwatch_lap(plumb_stopwatch *watch, plumb_stage stage);
/* The run succeeded: its times count, with what the caller noted. */
void plumb_stopwatch_finish(plumb_stopwatch *watch);
plumb_timing plumb_stopwatch_read(const plumb_stopwatch *watch, plumb_stage stage);

/* The pipeline's allocator, counted. */
typedef struct plumb_counted {
    plumb_allocator inner;
    uint64_t allocations;
} plumb_counted;

/* Shown the list behind a stage: DECODE (upright, as the head gives it), REGIONS and NMS in the
 * order of the spec, TOTAL at the end. A run that is traced may take its steps twice. */
typedef void (*plumb_session_observer)(void *user, plumb_stage stage, const plumb_detections *list);

struct plumb_session {
    const plumb_pipeline *pipeline;
    plumb_counted counted;
    plumb_context context; /* allocates through `counted` */

    plumb_detector detector; /* infer is NULL without one */
    bool prepared;
    plumb_status prepare_status;

    struct plumb_jpeg *jpeg; /* made with the first JPEG */
    uint8_t *strip;          /* of its rows */
    size_t strip_size;
    plumb_preprocess_plan *plans[PLUMB_CACHED_PLANS]; /* the latest used first */
    void *scratch;
    size_t scratch_size;
    plumb_tensor inputs[1 + PLUMB_MAX_EXTRA_INPUTS];
    plumb_outputs outputs;
    bool has_outputs, traced; /* of the last run */

    plumb_mapping mapping;
    plumb_nms *nms;
    void *regions_scratch;
    plumb_region_placement placement; /* of what is in it */
    plumb_detections list;
    plumb_ledger ledger;
    plumb_trace_entry *entries;
    size_t entry_capacity;
    plumb_stopwatch watch;
    plumb_session_observer observer; /* may be NULL */
    void *observer_user;
};

/* Have the steps of the runs that follow shown to `observer`; NULL: no more. */
void plumb_session_observe(plumb_session *session, plumb_session_observer observer, void *user);

/* detector.c: prepare once, fill the extra inputs, infer, validate what came back. */
plumb_status plumb_session_infer(plumb_session *session, plumb_diag *diag);
/* Validate `outputs` and make them those of the session. */
plumb_status plumb_session_accept(plumb_session *session, const plumb_outputs *outputs,
                                  plumb_diag *diag);
/* Names, types and shapes of all inputs; memory for them. */
plumb_status plumb_pipeline_describe(plumb_pipeline *pipeline, plumb_diag *diag);
plumb_status plumb_session_allocate_inputs(plumb_session *session);

/* steps.c: the session's list from its outputs and mapping. */
plumb_status plumb_session_detect(plumb_session *session, const plumb_run_options *options,
                                  plumb_diag *diag);

/* An error of `stage`: put its name before the field, unless it is there. */
plumb_status plumb_stage_failed(plumb_diag *diag, plumb_status status, plumb_stage stage);

#endif
