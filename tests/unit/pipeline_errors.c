/* SPDX-License-Identifier: Apache-2.0
 *
 * What goes wrong around the network: settings, frames, and detectors that fail or return what
 * they should not. After each error the session runs again.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fake_detector.h"
#include "test_allocator.h"

#define SIDE 64

static uint8_t pixels[SIDE * SIDE * 3];
static float good_rows[2][FAKE_COLUMNS] = { { 10, 10, 20, 20, 0.5f, 0 },
                                            { 40, 10, 50, 30, 0.8f, 2 } };

static void assert_starts(const char *text, const char *beginning)
{
    if (strncmp(text, beginning, strlen(beginning)) != 0)
        fail_msg("\"%s\" does not begin with \"%s\"", text, beginning);
}

/* --- settings --- */

static void refuse(const plumb_pipeline_spec *spec, plumb_status status, const char *field)
{
    plumb_pipeline *pipeline = NULL;
    plumb_diag diag = { 0 };
    assert_int_equal(plumb_pipeline_create(NULL, spec, &pipeline, &diag), status);
    assert_null(pipeline);
    assert_string_equal(diag.field, field);
    assert_int_not_equal(diag.message[0], 0);
    assert_int_equal(plumb_pipeline_create(NULL, spec, &pipeline, NULL), status);
}

static void test_settings(void **state)
{
    (void)state;
    plumb_pipeline_spec spec = fake_spec();
    spec.preprocess.mapping.mode = PLUMB_CROP_UNSET;
    refuse(&spec, PLUMB_E_ARGUMENT, "preprocess.mode");
    spec = fake_spec();
    spec.threshold.confidence = 1.5f;
    refuse(&spec, PLUMB_E_VALUE, "postprocess.confidence");
    spec.threshold.confidence = NAN;
    refuse(&spec, PLUMB_E_VALUE, "postprocess.confidence");
    spec = fake_spec();
    const float per_class[3] = { NAN, 0.5f, 2.0f };
    spec.threshold.per_class = per_class;
    spec.threshold.per_class_count = 3;
    refuse(&spec, PLUMB_E_VALUE, "postprocess.confidence_per_class");
    spec.threshold.per_class_count = PLUMB_MAX_CLASSES + 1;
    refuse(&spec, PLUMB_E_LIMIT, "postprocess.confidence_per_class");
    spec = fake_spec();
    const uint8_t allowed[1] = { 1 };
    spec.threshold.allowed = allowed;
    spec.threshold.allowed_count = PLUMB_MAX_CLASSES + 1;
    refuse(&spec, PLUMB_E_LIMIT, "postprocess.classes");
    spec = fake_spec();
    spec.nms.iou = -1.0f;
    refuse(&spec, PLUMB_E_ARGUMENT, "postprocess.nms.iou");
    spec = fake_spec();
    spec.nms.method = PLUMB_NMS_UNSET; /* boxes may overlap: no silent choice */
    refuse(&spec, PLUMB_E_ARGUMENT, "postprocess.nms");
    spec = fake_spec();
    spec.regions_when = (plumb_regions_when)7;
    refuse(&spec, PLUMB_E_ARGUMENT, "postprocess.regions_when");
    spec = fake_spec();
    spec.head.type = PLUMB_HEAD_UNSET;
    refuse(&spec, PLUMB_E_ARGUMENT, "head.type");
}

static void test_extra_settings(void **state)
{
    (void)state;
    const plumb_extra_input size = {
        "size", PLUMB_EXTRA_UPRIGHT_SIZE, PLUMB_DTYPE_INT64, { 0 }, 0
    };
    plumb_extra_input extras[2] = { size, size };
    plumb_pipeline_spec spec = fake_spec();
    spec.extra_inputs = extras;
    spec.extra_input_count = 2;
    refuse(&spec, PLUMB_E_ARGUMENT, "extra_inputs[1].name");
    extras[1].name = "input"; /* the image's */
    refuse(&spec, PLUMB_E_ARGUMENT, "extra_inputs[1].name");
    extras[1].name = "";
    refuse(&spec, PLUMB_E_ARGUMENT, "extra_inputs[1].name");
    extras[1].name = NULL;
    refuse(&spec, PLUMB_E_ARGUMENT, "extra_inputs[1].name");
    extras[1].name = "other";
    extras[1].value = (plumb_extra_value)9;
    refuse(&spec, PLUMB_E_ARGUMENT, "extra_inputs[1].value");
    extras[1].value = PLUMB_EXTRA_CONSTANT;
    refuse(&spec, PLUMB_E_ARGUMENT, "extra_inputs[1].constants");
    extras[1].constant_count = 1;
    extras[1].constants[0] = 0.5; /* not an int64 */
    refuse(&spec, PLUMB_E_VALUE, "extra_inputs[1].constants");
    extras[1].constants[0] = NAN;
    extras[1].dtype = PLUMB_DTYPE_FLOAT64;
    refuse(&spec, PLUMB_E_VALUE, "extra_inputs[1].constants");
    extras[1].dtype = PLUMB_DTYPE_UINT8;
    refuse(&spec, PLUMB_E_DTYPE, "extra_inputs[1].dtype");
    spec.extra_input_count = PLUMB_MAX_EXTRA_INPUTS + 1;
    refuse(&spec, PLUMB_E_ARGUMENT, "extra_inputs");
    spec.extra_input_count = 1;
    spec.extra_inputs = NULL;
    refuse(&spec, PLUMB_E_ARGUMENT, "extra_inputs");
}

/* --- detectors --- */

typedef struct bench {
    fake_detector fake;
    plumb_pipeline *pipeline;
    plumb_session *session;
    plumb_result result;
    plumb_diag diag;
} bench;

static void start(bench *b)
{
    memset(b, 0, sizeof(*b));
    fake_rows(&b->fake, good_rows, 2);
    plumb_pipeline_spec spec = fake_spec();
    plumb_detector detector = fake_interface(&b->fake);
    assert_int_equal(plumb_pipeline_create(NULL, &spec, &b->pipeline, &b->diag), PLUMB_OK);
    assert_int_equal(plumb_session_create(b->pipeline, &detector, &b->session, &b->diag), PLUMB_OK);
}

static plumb_status run(bench *b)
{
    plumb_frame frame = fake_frame(pixels, SIDE, SIDE);
    return plumb_session_run(b->session, &frame, NULL, &b->result, &b->diag);
}

/* The outputs as they are now are refused; good ones pass afterwards. */
static void refuse_outputs(bench *b, plumb_status status, const char *field)
{
    assert_int_equal(run(b), status);
    assert_string_equal(b->diag.field, field);
    assert_int_equal(b->diag.status, status);
    fake_rows(&b->fake, good_rows, 2);
    assert_int_equal(run(b), PLUMB_OK);
    assert_int_equal(b->result.detections->count, 2);
}

static void stop(bench *b)
{
    plumb_session_destroy(&b->session);
    plumb_pipeline_destroy(&b->pipeline);
}

static void test_bad_outputs(void **state)
{
    (void)state;
    bench b;
    start(&b);
    plumb_tensor *t = b.fake.outputs.tensors;
    b.fake.outputs.count = 0;
    refuse_outputs(&b, PLUMB_E_ARGUMENT, "infer.outputs");
    b.fake.outputs.count = PLUMB_MAX_TENSORS + 1;
    refuse_outputs(&b, PLUMB_E_ARGUMENT, "infer.outputs");
    t->data = NULL;
    refuse_outputs(&b, PLUMB_E_ARGUMENT, "infer.outputs[0].data");
    t->rank = 0;
    refuse_outputs(&b, PLUMB_E_SHAPE, "infer.outputs[0].rank");
    t->rank = PLUMB_MAX_RANK + 1;
    refuse_outputs(&b, PLUMB_E_SHAPE, "infer.outputs[0].rank");
    t->shape[0] = -1;
    refuse_outputs(&b, PLUMB_E_SHAPE, "infer.outputs[0].shape[0]");
    t->shape[0] = 3; /* one row more than there is memory */
    refuse_outputs(&b, PLUMB_E_BUFFER, "infer.outputs[0].size");
    t->shape[0] = INT64_MAX;
    refuse_outputs(&b, PLUMB_E_LIMIT, "infer.outputs[0].shape");
    t->dtype = (plumb_dtype)99;
    refuse_outputs(&b, PLUMB_E_DTYPE, "infer.outputs[0].dtype");
    t->strides[0] = -24;
    refuse_outputs(&b, PLUMB_E_STRIDE, "infer.outputs[0].strides[0]");
    t->strides[0] = 22;
    refuse_outputs(&b, PLUMB_E_STRIDE, "infer.outputs[0].strides");
    t->data = (char *)good_rows + 2;
    t->size -= 2;
    t->shape[0] = 1;
    refuse_outputs(&b, PLUMB_E_ARGUMENT, "infer.outputs[0].data");
    t->quantization.scale = NAN;
    refuse_outputs(&b, PLUMB_E_VALUE, "infer.outputs[0].quantization.scale");
    b.fake.outputs.count = 2;
    t[1] = t[0];
    refuse_outputs(&b, PLUMB_E_ARGUMENT, "infer.outputs[1].name");
    assert_int_equal(b.fake.prepared, 1);
    stop(&b);
}

/* A network with its own suppression gives no rows where it found nothing. */
static void test_no_rows(void **state)
{
    (void)state;
    bench b;
    start(&b);
    b.fake.outputs.tensors[0].shape[0] = 0;
    b.fake.outputs.tensors[0].data = NULL;
    b.fake.outputs.tensors[0].size = 0;
    assert_int_equal(run(&b), PLUMB_OK);
    assert_int_equal(b.result.detections->count, 0);
    stop(&b);
}

/* Valid views that the head cannot read are the decoder's to refuse. */
static void test_outputs_for_another_head(void **state)
{
    (void)state;
    bench b;
    start(&b);
    b.fake.outputs.tensors[0].shape[0] = 3;
    b.fake.outputs.tensors[0].shape[1] = 4; /* no column 4 and 5 */
    assert_int_equal(run(&b), PLUMB_E_SHAPE);
    assert_starts(b.diag.field, "decode.outputs[0]");
    stop(&b);
}

static void test_failing_detector(void **state)
{
    (void)state;
    bench b;
    start(&b);
    b.fake.infer_status = 4711; /* a code of its own */
    assert_int_equal(run(&b), 4711);
    assert_int_equal(b.diag.status, 4711);
    assert_string_equal(b.diag.field, "infer");
    plumb_trace_entry entry;
    assert_int_equal(plumb_session_trace(b.session, 0, &entry, NULL), PLUMB_E_ARGUMENT);
    b.fake.infer_status = PLUMB_E_NOMEM;
    assert_int_equal(run(&b), PLUMB_E_NOMEM);
    b.fake.infer_status = PLUMB_OK;
    assert_int_equal(run(&b), PLUMB_OK);
    assert_int_equal(b.result.detections->count, 2);
    assert_int_equal(b.fake.prepared, 1);
    stop(&b);
    assert_int_equal(b.fake.released, 1);

    start(&b);
    b.fake.prepare_status = -77;
    assert_int_equal(run(&b), -77);
    assert_string_equal(b.diag.field, "infer");
    assert_int_equal(run(&b), -77); /* asked once */
    assert_int_equal(b.fake.prepared, 1);
    assert_int_equal(b.fake.inferred, 0);
    stop(&b);
    assert_int_equal(b.fake.released, 1);
}

static void test_optional_callbacks(void **state)
{
    (void)state;
    plumb_pipeline_spec spec = fake_spec();
    fake_detector fake = { 0 };
    fake_rows(&fake, good_rows, 2);
    plumb_detector detector = fake_interface(&fake);
    plumb_pipeline *pipeline = NULL;
    plumb_session *session = NULL;
    plumb_result result;
    plumb_diag diag = { 0 };
    assert_int_equal(plumb_pipeline_create(NULL, &spec, &pipeline, NULL), PLUMB_OK);
    detector.infer = NULL;
    assert_int_equal(plumb_session_create(pipeline, &detector, &session, &diag), PLUMB_E_ARGUMENT);
    assert_string_equal(diag.field, "detector.infer");
    assert_int_equal(fake.released, 0); /* still the caller's */
    detector.infer = fake_infer;
    detector.prepare = NULL;
    detector.release = NULL;
    assert_int_equal(plumb_session_create(pipeline, &detector, &session, &diag), PLUMB_OK);
    plumb_frame frame = fake_frame(pixels, SIDE, SIDE);
    assert_int_equal(plumb_session_run(session, &frame, NULL, &result, &diag), PLUMB_OK);
    assert_int_equal(plumb_session_run(session, NULL, NULL, &result, &diag), PLUMB_E_ARGUMENT);
    assert_string_equal(diag.field, "frame");
    assert_int_equal(plumb_session_run(session, &frame, NULL, NULL, &diag), PLUMB_E_ARGUMENT);
    assert_int_equal(plumb_session_run(NULL, &frame, NULL, &result, &diag), PLUMB_E_ARGUMENT);
    plumb_session_destroy(&session);
    plumb_session_destroy(&session);
    plumb_session_destroy(NULL);
    plumb_pipeline_destroy(&pipeline);
    plumb_pipeline_destroy(&pipeline);
    plumb_pipeline_destroy(NULL);
}

/* What a detector says of its failure. */
static const char *words;

static const char *explain(void *user)
{
    assert_non_null(user);
    return words;
}

static void test_explained_failures(void **state)
{
    (void)state;
    bench b;
    start(&b);
    plumb_session_destroy(&b.session);
    plumb_detector detector = fake_interface(&b.fake);
    detector.explain = explain;
    assert_int_equal(plumb_session_create(b.pipeline, &detector, &b.session, NULL), PLUMB_OK);
    b.fake.infer_status = PLUMB_E_BACKEND;
    words = "layer 3 has no kernel\nat file.cpp:7";
    assert_int_equal(run(&b), PLUMB_E_BACKEND);
    assert_string_equal(b.diag.field, "infer");
    assert_non_null(strstr(b.diag.message, "infer returned -502"));
    const char *end = b.diag.message + strlen(b.diag.message) - strlen(": layer 3 has no kernel");
    assert_string_equal(end, ": layer 3 has no kernel"); /* a line, not more */
    words = NULL;
    assert_int_equal(run(&b), PLUMB_E_BACKEND);
    assert_null(strstr(b.diag.message, "layer"));
    b.fake.infer_status = PLUMB_OK;
    words = "not asked";
    assert_int_equal(run(&b), PLUMB_OK);
    stop(&b);

    start(&b);
    plumb_session_destroy(&b.session);
    b.fake.prepare_status = -77;
    words = "no such device";
    assert_int_equal(plumb_session_create(b.pipeline, &detector, &b.session, NULL), PLUMB_OK);
    assert_int_equal(run(&b), -77);
    assert_non_null(strstr(b.diag.message, "prepare returned -77"));
    assert_non_null(strstr(b.diag.message, "no such device"));
    stop(&b);

    /* A detector of an older header ends before it: what lies behind is not called. */
    start(&b);
    plumb_session_destroy(&b.session);
    detector.struct_size = offsetof(plumb_detector, explain);
    assert_int_equal(plumb_session_create(b.pipeline, &detector, &b.session, NULL), PLUMB_OK);
    b.fake.infer_status = PLUMB_E_BACKEND;
    assert_int_equal(run(&b), PLUMB_E_BACKEND);
    assert_null(strstr(b.diag.message, "no such device"));
    stop(&b);
}

/* --- frames --- */

static void test_bad_frames(void **state)
{
    (void)state;
    bench b;
    start(&b);
    plumb_frame frame = fake_frame(pixels, SIDE, SIDE);
    frame.planes[0].size--;
    assert_int_equal(plumb_session_run(b.session, &frame, NULL, &b.result, &b.diag),
                     PLUMB_E_BUFFER);
    assert_starts(b.diag.field, "preprocess.");
    frame = fake_frame(pixels, SIDE, SIDE);
    frame.orientation = (plumb_orientation)9;
    assert_int_equal(plumb_session_run(b.session, &frame, NULL, &b.result, &b.diag),
                     PLUMB_E_ARGUMENT);
    frame = fake_frame(pixels, SIDE, SIDE);
    plumb_irect outside = { 60, 0, 10, 10 };
    frame.roi = outside;
    assert_int_equal(plumb_session_run(b.session, &frame, NULL, &b.result, &b.diag),
                     PLUMB_E_ARGUMENT);
    frame = fake_frame(pixels, SIDE, SIDE);
    frame.format = PLUMB_FORMAT_JPEG; /* but the bytes are none */
    assert_int_not_equal(plumb_session_run(b.session, &frame, NULL, &b.result, &b.diag), PLUMB_OK);
    assert_starts(b.diag.field, "decode_image");
    assert_int_equal(b.fake.inferred, 0);
    assert_int_equal(run(&b), PLUMB_OK);
    stop(&b);
}

static void test_plane_regions_need_a_homography(void **state)
{
    (void)state;
    plumb_pipeline_spec spec = fake_spec();
    spec.nms.method = PLUMB_NMS_CENTER_DISTANCE;
    spec.nms.distance = 2.0f;
    spec.nms.distance_in_plane = true;
    fake_detector fake = { 0 };
    fake_rows(&fake, good_rows, 2);
    plumb_detector detector = fake_interface(&fake);
    plumb_pipeline *pipeline = NULL;
    plumb_session *session = NULL;
    plumb_result result;
    plumb_diag diag = { 0 };
    assert_int_equal(plumb_pipeline_create(NULL, &spec, &pipeline, &diag), PLUMB_OK);
    assert_int_equal(plumb_session_create(pipeline, &detector, &session, &diag), PLUMB_OK);
    plumb_frame frame = fake_frame(pixels, SIDE, SIDE);
    assert_int_equal(plumb_session_run(session, &frame, NULL, &result, &diag), PLUMB_E_ARGUMENT);
    assert_starts(diag.field, "nms");
    plumb_homography singular = { { 0 } };
    plumb_run_options options = PLUMB_RUN_OPTIONS_INIT;
    options.upright_from_plane = &singular;
    assert_int_equal(plumb_session_run(session, &frame, &options, &result, &diag),
                     PLUMB_E_ARGUMENT);
    plumb_homography tenth = { { 10, 0, 0, 0, 10, 0, 0, 0, 1 } };
    options.upright_from_plane = &tenth;
    assert_int_equal(plumb_session_run(session, &frame, &options, &result, &diag), PLUMB_OK);
    /* Centres 30,10 apart in upright pixels are 3.2 apart in the plane: both stay. */
    assert_int_equal(result.detections->count, 2);
    plumb_session_destroy(&session);
    plumb_pipeline_destroy(&pipeline);
}

/* --- memory --- */

/* The n-th allocation fails, for all n: an error, nothing leaked, and it works afterwards. */
static void test_failing_memory(void **state)
{
    (void)state;
    test_allocator allocator = { 0 };
    plumb_context context = test_context(&allocator);
    plumb_pipeline_spec spec = fake_spec();
    const float per_class[3] = { NAN, 0.5f, 0.1f };
    const uint8_t allowed[3] = { 1, 1, 1 };
    const plumb_extra_input size = {
        "size", PLUMB_EXTRA_UPRIGHT_SIZE, PLUMB_DTYPE_INT64, { 0 }, 0
    };
    spec.threshold.per_class = per_class;
    spec.threshold.per_class_count = 3;
    spec.threshold.allowed = allowed;
    spec.threshold.allowed_count = 3;
    spec.extra_inputs = &size;
    spec.extra_input_count = 1;
    spec.nms.max_candidates = spec.nms.max_detections = 100;
    plumb_status status = PLUMB_E_NOMEM;
    for (uint64_t n = 1; status == PLUMB_E_NOMEM; n++) {
        assert_true(n < 1000);
        allocator.calls = 0;
        allocator.fail_at = n;
        fake_detector fake = { 0 };
        fake_rows(&fake, good_rows, 2);
        plumb_detector detector = fake_interface(&fake);
        plumb_pipeline *pipeline = NULL;
        plumb_session *session = NULL;
        plumb_result result;
        plumb_diag diag = { 0 };
        plumb_run_options options = PLUMB_RUN_OPTIONS_INIT;
        options.trace = true;
        plumb_frame frame = fake_frame(pixels, SIDE, SIDE);
        status = plumb_pipeline_create(&context, &spec, &pipeline, &diag);
        if (status == PLUMB_OK)
            status = plumb_session_create(pipeline, &detector, &session, &diag);
        if (status == PLUMB_OK)
            status = plumb_session_run(session, &frame, &options, &result, &diag);
        if (status) {
            assert_int_equal(status, PLUMB_E_NOMEM);
            assert_int_equal(diag.status, PLUMB_E_NOMEM);
        }
        if (session) { /* memory is back: the same session runs */
            allocator.fail_at = 0;
            assert_int_equal(plumb_session_run(session, &frame, &options, &result, &diag),
                             PLUMB_OK);
            assert_int_equal(result.detections->count, 2);
        }
        plumb_session_destroy(&session);
        plumb_pipeline_destroy(&pipeline);
        assert_int_equal(allocator.live, 0);
    }
    assert_int_equal(status, PLUMB_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_extra_settings),
        cmocka_unit_test(test_bad_outputs),
        cmocka_unit_test(test_no_rows),
        cmocka_unit_test(test_outputs_for_another_head),
        cmocka_unit_test(test_failing_detector),
        cmocka_unit_test(test_optional_callbacks),
        cmocka_unit_test(test_explained_failures),
        cmocka_unit_test(test_bad_frames),
        cmocka_unit_test(test_plane_regions_need_a_homography),
        cmocka_unit_test(test_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
