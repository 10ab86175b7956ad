/* SPDX-License-Identifier: Apache-2.0
 *
 * What some heads give besides boxes, on its way through a session: keypoints, angles, results
 * that need no suppression, several classes in one row.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fake_detector.h"

static uint8_t pixels[128 * 96 * 3]; /* upright = 2 * input */

typedef struct bench {
    fake_detector fake;
    plumb_pipeline *pipeline;
    plumb_session *session;
    plumb_result result;
    plumb_diag diag;
} bench;

/* A head of one tensor [first, second]; the boxes settings of the spec go away. */
static void start(bench *b, plumb_pipeline_spec *spec, plumb_head_type type, float *data,
                  int64_t first, int64_t second)
{
    const plumb_head_spec plain = PLUMB_HEAD_SPEC_INIT;
    int32_t keypoints = spec->head.keypoint_count;
    spec->head = plain;
    spec->head.type = type;
    spec->head.keypoint_count = keypoints;
    if (type != PLUMB_HEAD_YOLOV10) /* too few rows here to tell it from the shape */
        spec->head.layout = PLUMB_ROWS_CHANNELS;
    memset(b, 0, sizeof(*b));
    fake_rows(&b->fake, NULL, 0);
    plumb_tensor *t = &b->fake.outputs.tensors[0];
    t->data = data;
    t->size = (size_t)(first * second) * sizeof(float);
    t->shape[0] = first;
    t->shape[1] = second;
    plumb_detector detector = fake_interface(&b->fake);
    if (plumb_pipeline_create(NULL, spec, &b->pipeline, &b->diag) ||
        plumb_session_create(b->pipeline, &detector, &b->session, &b->diag))
        fail_msg("%s: %s", b->diag.field, b->diag.message);
}

static void run(bench *b, const plumb_run_options *options)
{
    plumb_frame frame = fake_frame(pixels, 128, 96);
    if (plumb_session_run(b->session, &frame, options, &b->result, &b->diag))
        fail_msg("%s: %s", b->diag.field, b->diag.message);
}

static void stop(bench *b)
{
    plumb_session_destroy(&b->session);
    plumb_pipeline_destroy(&b->pipeline);
}

static void test_keypoints(void **state)
{
    (void)state;
    /* [4+1+3*2, 3]: columns are detections; the second is weak, the third loses to the first. */
    float data[11][3] = { { 20, 40, 20 }, { 20, 40, 21 },        { 10, 10, 10 },
                          { 10, 10, 10 }, { 0.75f, 0.1f, 0.5f }, { 18, 0, 1 },
                          { 16, 0, 2 },   { 0.5f, 0, 0.25f },    { 23, 0, 3 },
                          { 24, 0, 4 },   { 1.0f, 0, 0.125f } };
    plumb_pipeline_spec spec = fake_spec();
    spec.head.keypoint_count = 2;
    bench b;
    start(&b, &spec, PLUMB_HEAD_YOLOV8_POSE, data[0], 11, 3);
    run(&b, NULL);
    const plumb_detections *list = b.result.detections;
    assert_int_equal(list->count, 1);
    assert_int_equal(list->keypoints_per_detection, 2);
    assert_int_equal(list->items[0].row, 0);
    const plumb_keypoint *k = list->keypoints + 2 * list->items[0].keypoints;
    assert_float_equal(k[0].x, 36, 0);
    assert_float_equal(k[0].y, 32, 0);
    assert_float_equal(k[0].score, 0.5f, 0);
    assert_float_equal(k[1].x, 46, 0);
    assert_float_equal(k[1].y, 48, 0);
    stop(&b);
}

static void test_angles(void **state)
{
    (void)state;
    float data[6][1] = { { 30 }, { 20 }, { 20 }, { 10 }, { 0.75f }, { 0.5f } };
    plumb_pipeline_spec spec = fake_spec();
    spec.nms.method = PLUMB_NMS_NONE;
    bench b;
    start(&b, &spec, PLUMB_HEAD_YOLOV8_OBB, data[0], 6, 1);
    run(&b, NULL);
    const plumb_detections *list = b.result.detections;
    assert_int_equal(list->count, 1);
    assert_true(list->has_angle);
    assert_float_equal(list->items[0].angle, 0.5f, 1e-6);
    assert_float_equal(list->items[0].box.x0, 40, 1e-4); /* centre 60,40, sides 40 x 20 */
    assert_float_equal(list->items[0].box.y1, 50, 1e-4);
    stop(&b);
}

/* An end-to-end head needs no method; overlapping boxes of it all stay. */
static void test_without_suppression(void **state)
{
    (void)state;
    float data[2][6] = { { 10, 10, 20, 20, 0.9f, 1 }, { 10, 10, 20, 20, 0.8f, 1 } };
    plumb_pipeline_spec spec = fake_spec();
    spec.nms.method = PLUMB_NMS_UNSET;
    bench b;
    start(&b, &spec, PLUMB_HEAD_YOLOV10, data[0], 2, 6);
    run(&b, NULL);
    assert_int_equal(b.result.detections->count, 2);
    stop(&b);
}

/* Rows that only their own threshold or class keeps away are told apart from weak ones. */
static void test_trace_of_classes(void **state)
{
    (void)state;
    const float per_class[3] = { NAN, 0.9f, NAN };
    const uint8_t allowed[3] = { 1, 1, 0 };
    /* [4+3, 3] */
    float data[7][3] = { { 20, 30, 40 }, { 20, 30, 40 }, { 8, 8, 8 },   { 8, 8, 8 },
                         { 0.5f, 0, 0 }, { 0, 0.8f, 0 }, { 0, 0, 0.8f } };
    plumb_pipeline_spec spec = fake_spec();
    spec.threshold.per_class = per_class;
    spec.threshold.per_class_count = 3;
    spec.threshold.allowed = allowed;
    spec.threshold.allowed_count = 3;
    bench b;
    start(&b, &spec, PLUMB_HEAD_YOLOV8, data[0], 7, 3);
    plumb_run_options options = PLUMB_RUN_OPTIONS_INIT;
    options.trace = true;
    run(&b, &options);
    const plumb_fate fates[3] = { PLUMB_FATE_KEPT, PLUMB_FATE_BELOW_CONFIDENCE, PLUMB_FATE_CLASS };
    for (int row = 0; row < 3; row++) {
        plumb_trace_entry entry;
        assert_int_equal(plumb_session_trace(b.session, row, &entry, &b.diag), PLUMB_OK);
        if (entry.fate != fates[row])
            fail_msg("row %d: %s", row, plumb_fate_name(entry.fate));
        assert_int_equal(entry.class_id, row);
        assert_int_equal(entry.space, PLUMB_SPACE_UPRIGHT);
        assert_float_equal(entry.box.x0, 2 * (20 + 10 * row - 4), 1e-4);
    }
    stop(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keypoints),
        cmocka_unit_test(test_angles),
        cmocka_unit_test(test_without_suppression),
        cmocka_unit_test(test_trace_of_classes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
