/* SPDX-License-Identifier: Apache-2.0
 *
 * Frame to detections. The invariant: the order is fixed, decode and threshold, map to upright,
 * NMS, regions, clip if asked, sort, and the same mapping object serves the tensor and the boxes.
 * A pipeline is immutable and shared; each thread has a session, which after its first frame
 * allocates nothing. Next: card.h, which makes a pipeline spec from a file.
 */
#ifndef PLUMBLINE_PIPELINE_H
#define PLUMBLINE_PIPELINE_H

#include "plumbline/heads.h"
#include "plumbline/image.h"
#include "plumbline/postprocess.h"
#include "plumbline/preprocess.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --- the network --- */

/* The callback. The session calls it on the thread that calls the session, one call at a time;
 * it must not call the session in turn.
 *
 * prepare  once, before the first frame: names, types and shapes of what infer will be given.
 *          May be NULL. Timed as the cold call, with the first infer.
 * infer    run the network. `outputs` comes zeroed with count 0; fill count and views into memory
 *          that stays valid until the next call. Every view is validated on return: as by
 *          plumb_tensor_validate, its address and strides are multiples of its element, and no
 *          two outputs have one name.
 * release  when the session is destroyed; may be NULL. Called once also when prepare failed.
 * explain  after prepare or infer failed: why, in a line of words that stays valid until the next
 *          call. The session puts it into its diag. May be NULL, and may return NULL.
 *
 * A non-zero return of prepare or infer is passed through unchanged by the session; a failed
 * prepare is not called again, every later run returns its code. */
typedef struct plumb_detector {
    uint32_t struct_size;
    void *user;
    plumb_status (*prepare)(void *user, const plumb_tensor_info *inputs, size_t count);
    plumb_status (*infer)(void *user, const plumb_tensor *inputs, size_t input_count,
                          plumb_outputs *outputs);
    void (*release)(void *user);
    const char *(*explain)(void *user);
} plumb_detector;

/* clang-format off */
#define PLUMB_DETECTOR_INIT { sizeof(plumb_detector), NULL, NULL, NULL, NULL, NULL }
/* clang-format on */

/* What a shared object exports to be a backend of the command-line tool. `model` is the --model
 * argument or NULL, `options` the text of --backend-options or NULL. On success `detector` is
 * filled and owns what it needs until release; on failure nothing is kept and `diag` says why.
 * `detector` comes as PLUMB_DETECTOR_INIT of the tool's header: a backend that is built with a newer
 * one sets members only where struct_size says that they are there. */
typedef struct plumb_backend_request {
    uint32_t struct_size;
    const char *model;
    const char *options;
} plumb_backend_request;

typedef plumb_status (*plumb_backend_open_fn)(const plumb_backend_request *request,
                                              plumb_detector *detector, plumb_diag *diag);
#define PLUMB_BACKEND_OPEN_SYMBOL "plumb_backend_open"

/* What a backend exports besides, if it wants to know which frame comes next, such as one that
 * plays back recorded outputs: called before each infer on the same thread. `user` is that of the
 * detector, `name` as in the results: "dog.jpg", "clip.y4m#12". */
typedef plumb_status (*plumb_backend_frame_fn)(void *user, const char *name, plumb_diag *diag);
#define PLUMB_BACKEND_FRAME_SYMBOL "plumb_backend_frame"

/* --- the specification --- */

typedef enum plumb_extra_value {
    PLUMB_EXTRA_UPRIGHT_SIZE = 1, /* width, height of the upright image */
    PLUMB_EXTRA_INPUT_SIZE,       /* width, height of the model input */
    PLUMB_EXTRA_SCALE_FACTOR,     /* scale_y, scale_x of the mapping (Paddle exports) */
    PLUMB_EXTRA_CONSTANT,         /* `constants` */
} plumb_extra_value;

#define PLUMB_MAX_EXTRA_INPUTS    4
#define PLUMB_MAX_EXTRA_CONSTANTS 16

typedef struct plumb_extra_input {
    const char *name;
    plumb_extra_value value;
    plumb_dtype dtype; /* float32, float64, int32 or int64; the shape is [1,n] */
    double constants[PLUMB_MAX_EXTRA_CONSTANTS];
    size_t constant_count;
} plumb_extra_input;

typedef enum plumb_regions_when {
    PLUMB_REGIONS_AFTER_NMS = 0,
    PLUMB_REGIONS_BEFORE_NMS, /* a box on a numeral then cannot suppress the hole beside it */
} plumb_regions_when;

/* Everything a card says; pointers are copied by plumb_pipeline_create. */
typedef struct plumb_pipeline_spec {
    uint32_t struct_size;
    const char *input_name; /* of the image tensor; NULL: "input" */
    plumb_preprocess_spec preprocess;
    const plumb_extra_input *extra_inputs;
    size_t extra_input_count;
    plumb_head_spec head;
    plumb_threshold threshold;
    plumb_nms_spec nms; /* method UNSET: none, for heads that need none; else an error */
    const plumb_region_spec *regions;
    size_t region_count;
    plumb_regions_when regions_when;
    bool clip; /* intersect boxes with the image at the end */
} plumb_pipeline_spec;

/* clang-format off */
#define PLUMB_PIPELINE_SPEC_INIT                                                                   \
    { sizeof(plumb_pipeline_spec), NULL, PLUMB_PREPROCESS_SPEC_INIT, NULL, 0,                       \
      PLUMB_HEAD_SPEC_INIT, { 0.0f, NULL, 0, NULL, 0 }, PLUMB_NMS_SPEC_INIT, NULL, 0,               \
      PLUMB_REGIONS_AFTER_NMS, false }
/* clang-format on */

typedef struct plumb_pipeline plumb_pipeline;

/* Validate and compile. Immutable afterwards: any number of threads, each with its session.
 * Errors: those of the parts, with fields named as on a card. */
PLUMB_API PLUMB_NODISCARD plumb_status plumb_pipeline_create(const plumb_context *context,
                                                             const plumb_pipeline_spec *spec,
                                                             plumb_pipeline **pipeline,
                                                             plumb_diag *diag);

/* Sessions must be gone before. */
PLUMB_API void plumb_pipeline_destroy(plumb_pipeline **pipeline);

/* The regions of the spec, for drawing them; NULL where it has none. Borrowed. Thread-safe. */
/* Borrowed; NULL where the spec has none. */
PLUMB_API const plumb_regions *plumb_pipeline_regions(const plumb_pipeline *pipeline);

/* --- running --- */

typedef struct plumb_session plumb_session; /* one thread at a time */

/* `detector` is taken over: on success its release is called by destroy; on failure it is still
 * the caller's. NULL makes a session for plumb_session_postprocess and _preprocess only. */
PLUMB_API PLUMB_NODISCARD plumb_status plumb_session_create(const plumb_pipeline *pipeline,
                                                            const plumb_detector *detector,
                                                            plumb_session **session,
                                                            plumb_diag *diag);
PLUMB_API void plumb_session_destroy(plumb_session **session);

typedef struct plumb_run_options {
    uint32_t struct_size;
    const plumb_homography *upright_from_plane; /* of this frame; NULL: none */
    bool trace; /* record every drop for plumb_session_trace; slower, may allocate */
} plumb_run_options;

/* clang-format off */
#define PLUMB_RUN_OPTIONS_INIT { sizeof(plumb_run_options), NULL, false }
/* clang-format on */

/* What a run gives. Borrowed from the session until its next run or destroy. */
typedef struct plumb_result {
    const plumb_detections *detections; /* UPRIGHT, sorted by plumb_detection_order */
    const plumb_mapping *mapping;
    const plumb_ledger *ledger;
    const plumb_tensor *tensor;   /* the image tensor; NULL after plumb_session_postprocess */
    const plumb_outputs *outputs; /* the raw outputs */
} plumb_result;

/* One frame, start to end. JPEG frames are decoded on the way (the EXIF orientation inside is
 * used where the frame's own is 1; a width and height of the frame that are not 0 must be those
 * of the file). `options` may be NULL. `result` is written on success only.
 *
 * Errors: those of every stage with the stage before the field ("infer.outputs[0].shape"); the
 * detector's own codes unchanged. After an error the session can be used again. Nothing is
 * allocated for a frame of a geometry among the last four, once its first frame is done. */
PLUMB_API PLUMB_NODISCARD plumb_status plumb_session_run(plumb_session *session,
                                                         const plumb_frame *frame,
                                                         const plumb_run_options *options,
                                                         plumb_result *result, plumb_diag *diag);

/* The first half: frame to tensor and mapping (result->detections is empty). */
PLUMB_API PLUMB_NODISCARD plumb_status plumb_session_preprocess(plumb_session *session,
                                                                const plumb_frame *frame,
                                                                plumb_result *result,
                                                                plumb_diag *diag);

/* The second half, for outputs that were computed elsewhere, of a frame with this geometry. The
 * outputs are borrowed; with options.trace they must stay until the last plumb_session_trace.
 * Errors as for a run, and those of plumb_mapping_make. */
PLUMB_API PLUMB_NODISCARD plumb_status
plumb_session_postprocess(plumb_session *session, plumb_size buffer, plumb_orientation orientation,
                          const plumb_irect *roi, const plumb_outputs *outputs,
                          const plumb_run_options *options, plumb_result *result, plumb_diag *diag);

/* Where did a raw row of the last run go? Needs a run with options.trace. Rows that no stage
 * reported are decoded again to say what they held. For heads that give one row several classes
 * the entry is that of the best score. The box is in UPRIGHT. PLUMB_E_ARGUMENT for a row that
 * does not exist. */
PLUMB_API PLUMB_NODISCARD plumb_status plumb_session_trace(plumb_session *session, int64_t row,
                                                           plumb_trace_entry *entry,
                                                           plumb_diag *diag);

/* --- timing --- */

typedef enum plumb_stage {
    PLUMB_STAGE_DECODE_IMAGE = 0, /* JPEG to RGB, and whatever plumb_session_note adds */
    PLUMB_STAGE_PREPROCESS,
    PLUMB_STAGE_INFER,
    PLUMB_STAGE_DECODE, /* head, threshold, mapping to upright */
    PLUMB_STAGE_NMS,
    PLUMB_STAGE_REGIONS,
    PLUMB_STAGE_TOTAL,
    PLUMB_STAGE_COUNT
} plumb_stage;

PLUMB_API const char *plumb_stage_name(plumb_stage stage); /* "decode_image" */

/* Milliseconds. The first call stands apart as `cold_ms` and is in none of the other figures;
 * percentiles are those of the last 4096 steady calls, by nearest rank. */
typedef struct plumb_timing {
    double cold_ms;
    uint64_t count; /* steady calls */
    double min_ms, median_ms, p95_ms, p99_ms, max_ms;
} plumb_timing;

/* All zero where a stage never ran. Thread: that of the session. O(n log n) in 4096. */
PLUMB_API plumb_timing plumb_session_timing(const plumb_session *session, plumb_stage stage);

/* Add time the caller spent on a stage, such as reading and decoding a file; it is part of the
 * stage and of the total of the next run. A run that fails counts nowhere, nor does what was
 * noted for it. */
PLUMB_API void plumb_session_note(plumb_session *session, plumb_stage stage, double milliseconds);

/* Forget all calls so far; the next one is not cold again. */
PLUMB_API void plumb_session_reset_timing(plumb_session *session);

/* Allocations made through the context since the session was created. */
PLUMB_API uint64_t plumb_session_allocations(const plumb_session *session);

/* --- live mode --- */

/* A slot that keeps only the newest frame. The camera thread offers, the worker takes; a frame
 * that is replaced before it was taken is given back and counted as dropped. No thread is made.
 *
 * Thread-safety: offer and take may be called from any threads at the same time; lock-free. */
typedef struct plumb_live plumb_live;

typedef struct plumb_live_frame {
    plumb_frame frame;
    uint64_t sequence; /* 0, 1, 2 ... in the order of the offers */
    void *user;        /* the caller's, for give_back */
} plumb_live_frame;

/* `give_back` returns a buffer to the camera, for dropped frames from within offer or destroy, and
 * for taken ones from plumb_live_done. It must not call the slot. */
PLUMB_API PLUMB_NODISCARD plumb_status plumb_live_create(
    const plumb_context *context, void (*give_back)(void *camera, const plumb_live_frame *frame),
    void *camera, plumb_live **live, plumb_diag *diag);
PLUMB_API void plumb_live_destroy(plumb_live **live);

/* Offer the newest frame; an older one that still waits is dropped. PLUMB_E_LIMIT, and the frame
 * stays the caller's, when more than 8 frames are out at the same time. */
PLUMB_API PLUMB_NODISCARD plumb_status plumb_live_offer(plumb_live *live, const plumb_frame *frame,
                                                        void *user);

/* Take the newest frame; false when there is none. Each taken frame needs a plumb_live_done. */
PLUMB_API bool plumb_live_take(plumb_live *live, plumb_live_frame *frame);
PLUMB_API void plumb_live_done(plumb_live *live, const plumb_live_frame *frame);

/* Frames offered, and frames replaced before they were taken, since create. Thread-safe. */
PLUMB_API uint64_t plumb_live_offered(const plumb_live *live);
PLUMB_API uint64_t plumb_live_dropped(const plumb_live *live);

#ifdef __cplusplus
}
#endif

#endif
