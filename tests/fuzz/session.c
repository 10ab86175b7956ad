/* SPDX-License-Identifier: Apache-2.0
 *
 * A whole pipeline around a detector that returns anything at all: tensors that fit the head, or
 * with wrong shapes, strides, sizes and types, or none. A run gives detections in order and a
 * ledger that adds up, or an error after which the session still works.
 */
#include "fuzz.h"

#include <math.h>

#include "head_shapes.h"
#include "plumbline/pipeline.h"

#define SIDE     40
#define ELEMENTS 40000

typedef struct hostile {
    plumb_outputs outputs;
    plumb_status status;
} hostile;

static float numbers[ELEMENTS];

static plumb_status infer(void *user, const plumb_tensor *inputs, size_t count,
                          plumb_outputs *outputs)
{
    const hostile *h = user;
    FUZZ_REQUIRE(count == 1 && inputs[0].rank == 4);
    (void)fuzz_read_all(inputs[0].data, inputs[0].size);
    *outputs = h->outputs;
    return h->status;
}

static void read_outputs(fuzz_input *in, const head_shapes *shapes, plumb_outputs *outputs)
{
    memset(outputs, 0, sizeof(*outputs));
    outputs->count = shapes->count;
    for (size_t i = 0; i < shapes->count; i++) {
        plumb_tensor *t = &outputs->tensors[i];
        t->data = numbers;
        t->dtype = PLUMB_DTYPE_FLOAT32;
        t->rank = shapes->rank[i];
        int64_t elements = 1;
        for (int d = 0; d < t->rank; d++) {
            t->shape[d] = shapes->shape[i][d];
            elements *= t->shape[d];
        }
        t->size = elements > ELEMENTS ? sizeof(numbers) : (size_t)elements * sizeof(float);
    }
    if (fuzz_byte(in) >= 64)
        return;
    plumb_tensor *t = &outputs->tensors[fuzz_between(in, 0, 12)];
    switch (fuzz_between(in, 0, 7)) {
    case 0:
        t->data = NULL;
        break;
    case 1:
        t->size = (size_t)fuzz_between(in, 0, 1000);
        break;
    case 2:
        t->dtype = (plumb_dtype)fuzz_between(in, 0, 9);
        break;
    case 3:
        t->rank = fuzz_between(in, -1, 8);
        break;
    case 4:
        t->shape[fuzz_between(in, 0, 5)] = (int64_t)fuzz_u32(in) << fuzz_between(in, 0, 31);
        break;
    case 5:
        t->strides[fuzz_between(in, 0, 5)] = (int64_t)fuzz_u32(in) - 1000;
        break;
    case 6:
        outputs->count = (size_t)fuzz_between(in, 0, 40);
        break;
    default:
        t->quantization.scale = fuzz_float(in);
        break;
    }
}

static void check_result(plumb_session *session, const plumb_result *result)
{
    const plumb_detections *list = result->detections;
    FUZZ_REQUIRE(list->space == PLUMB_SPACE_UPRIGHT);
    for (size_t i = 0; i < list->count; i++) {
        const plumb_detection *d = &list->items[i];
        FUZZ_REQUIRE(isfinite(d->score) && !isnan(d->box.x0) && !isnan(d->box.y1));
        FUZZ_REQUIRE(i == 0 || plumb_detection_order(d - 1, d) <= 0);
        plumb_trace_entry entry;
        FUZZ_REQUIRE(plumb_session_trace(session, d->row, &entry, NULL) == PLUMB_OK);
        FUZZ_REQUIRE(entry.row == d->row);
    }
    FUZZ_REQUIRE(result->ledger->counts[PLUMB_FATE_KEPT] == list->count);
    plumb_trace_entry entry;
    FUZZ_REQUIRE(plumb_session_trace(session, -1, &entry, NULL) != PLUMB_OK);
    FUZZ_REQUIRE(plumb_session_trace(session, INT64_MAX, &entry, NULL) != PLUMB_OK);
}

static plumb_frame read_frame(fuzz_input *in)
{
    static uint8_t pixels[SIDE * SIDE * 3];
    plumb_frame frame = PLUMB_FRAME_INIT;
    frame.format = PLUMB_FORMAT_RGB24;
    frame.width = fuzz_between(in, 1, SIDE);
    frame.height = fuzz_between(in, 1, SIDE);
    frame.planes[0].data = pixels;
    frame.planes[0].size = sizeof(pixels);
    frame.orientation = (plumb_orientation)fuzz_between(in, 1, 8);
    if (fuzz_byte(in) < 64)
        frame.roi = (plumb_irect){ fuzz_between(in, 0, 9), fuzz_between(in, 0, 9),
                                   fuzz_between(in, 1, SIDE), fuzz_between(in, 1, SIDE) };
    return frame;
}

static void run(fuzz_input *in, const plumb_pipeline *pipeline, const head_shapes *shapes)
{
    hostile detector = { .status = fuzz_byte(in) < 4 ? 7 : PLUMB_OK };
    plumb_detector interface = PLUMB_DETECTOR_INIT;
    interface.user = &detector;
    interface.infer = infer;
    plumb_session *session = NULL;
    FUZZ_REQUIRE(plumb_session_create(pipeline, &interface, &session, NULL) == PLUMB_OK);
    plumb_run_options options = PLUMB_RUN_OPTIONS_INIT;
    options.trace = true;
    for (int i = 0; i < 3; i++) {
        plumb_frame frame = read_frame(in);
        read_outputs(in, shapes, &detector.outputs);
        plumb_result result;
        plumb_diag diag = { 0 };
        plumb_status status = plumb_session_run(session, &frame, &options, &result, &diag);
        if (status == PLUMB_OK)
            check_result(session, &result);
        else
            FUZZ_REQUIRE(status == detector.status || diag.status == status);
    }
    plumb_session_destroy(&session);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input in = { data, size };
    head_choice choice = { .type = (plumb_head_type)fuzz_between(&in, 1, PLUMB_HEAD_COUNT - 1),
                           .classes = fuzz_between(&in, 1, 5),
                           .rows = fuzz_between(&in, 1, 60),
                           .cells_x = 1,
                           .cells_y = 1,
                           .keypoints = fuzz_between(&in, 0, 3),
                           .variant = fuzz_bool(&in) };
    uint32_t noise = fuzz_u32(&in);
    for (size_t i = 0; i < ELEMENTS; i++) {
        noise = noise * 1664525u + 1013904223u;
        numbers[i] = (float)(noise >> 8) / (float)(1 << 24) * (noise % 5 == 0 ? 30.0f : 1.0f);
        if (noise % 997 == 0)
            numbers[i] = fuzz_float(&in);
    }
    static float priors[4 * 60];
    for (size_t i = 0; i < 4 * 60; i++)
        priors[i] = (float)(i % 9 + 1) / 10.0f;
    head_shapes shapes;
    head_shapes_make(&choice, &shapes);
    shapes.spec.priors = shapes.spec.prior_count > 0 ? priors : NULL;
    plumb_pipeline_spec spec = PLUMB_PIPELINE_SPEC_INIT;
    FUZZ_REQUIRE(plumb_preprocess_profile("yolox", &spec.preprocess) == PLUMB_OK);
    spec.preprocess.mapping.input = shapes.input;
    spec.head = shapes.spec;
    spec.threshold.confidence = fuzz_between(&in, 0, 9) / 10.0f;
    spec.nms.method = (plumb_nms_method)fuzz_between(&in, 1, PLUMB_NMS_CENTER_DISTANCE);
    spec.nms.iou = 0.5f;
    spec.nms.distance = 4.0f;
    spec.nms.max_candidates = (size_t)fuzz_between(&in, 1, 200);
    spec.nms.max_detections = (size_t)fuzz_between(&in, 1, (int32_t)spec.nms.max_candidates);
    spec.clip = fuzz_bool(&in);
    plumb_pipeline *pipeline = NULL;
    if (plumb_pipeline_create(NULL, &spec, &pipeline, NULL) == PLUMB_OK)
        run(&in, pipeline, &shapes);
    plumb_pipeline_destroy(&pipeline);
    return 0;
}
