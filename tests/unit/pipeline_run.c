/* SPDX-License-Identifier: Apache-2.0
 *
 * From a frame to detections with a detector that returns prepared rows. A frame of 128 x 96 goes
 * into 64 x 64 with rule yolox: scale 0.5, offset 0, so upright = 2 * input.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fake_detector.h"
#include "test_allocator.h"

#define WIDTH  128
#define HEIGHT 96

static uint8_t pixels[WIDTH * HEIGHT * 3];

typedef struct bench {
    fake_detector fake;
    plumb_pipeline *pipeline;
    plumb_session *session;
    plumb_frame frame;
    plumb_result result;
    plumb_diag diag;
} bench;

static void start(bench *b, const plumb_pipeline_spec *spec, float (*rows)[FAKE_COLUMNS],
                  int64_t count)
{
    memset(b, 0, sizeof(*b));
    if (rows)
        fake_rows(&b->fake, rows, count);
    plumb_detector detector = fake_interface(&b->fake);
    assert_int_equal(plumb_pipeline_create(NULL, spec, &b->pipeline, &b->diag), PLUMB_OK);
    assert_int_equal(plumb_session_create(b->pipeline, &detector, &b->session, &b->diag), PLUMB_OK);
    b->frame = fake_frame(pixels, WIDTH, HEIGHT);
}

static plumb_status run(bench *b)
{
    return plumb_session_run(b->session, &b->frame, NULL, &b->result, &b->diag);
}

static void stop(bench *b)
{
    plumb_session_destroy(&b->session);
    plumb_pipeline_destroy(&b->pipeline);
}

static void assert_box(const plumb_detection *d, float x0, float y0, float x1, float y1, int row)
{
    assert_float_equal(d->box.x0, x0, 0);
    assert_float_equal(d->box.y0, y0, 0);
    assert_float_equal(d->box.x1, x1, 0);
    assert_float_equal(d->box.y1, y1, 0);
    assert_int_equal(d->row, row);
}

static void test_frame_to_detections(void **state)
{
    (void)state;
    float rows[5][FAKE_COLUMNS] = {
        { 10, 10, 20, 20, 0.5f, 0 }, /* loses to row 2 */
        { 30, 5, 40, 15, 0.25f, 1 }, /* at the threshold, which is strict */
        { 10, 10, 20, 21, 0.9f, 0 }, /* kept */
        { 10, 10, 20, 20, 0.7f, 1 }, /* kept: another class */
        { 60, 40, 70, 47, 0.3f, 0 }, /* kept, and sticks out */
    };
    plumb_pipeline_spec spec = fake_spec();
    bench b;
    start(&b, &spec, rows, 5);
    assert_int_equal(run(&b), PLUMB_OK);
    const plumb_detections *list = b.result.detections;
    assert_int_equal(list->count, 3);
    assert_int_equal(list->space, PLUMB_SPACE_UPRIGHT);
    assert_box(&list->items[0], 20, 20, 40, 42, 2);
    assert_box(&list->items[1], 20, 20, 40, 40, 3);
    assert_box(&list->items[2], 120, 80, 140, 94, 4);
    assert_int_equal(b.result.mapping->upright.width, WIDTH);
    assert_float_equal(b.result.mapping->scale_x, 0.5, 0);
    assert_int_equal(b.result.ledger->rows, 5);
    assert_int_equal(b.result.ledger->counts[PLUMB_FATE_SUPPRESSED], 1);
    assert_int_equal(b.result.ledger->counts[PLUMB_FATE_BELOW_CONFIDENCE], 1);
    assert_int_equal(b.result.ledger->counts[PLUMB_FATE_KEPT], 3);
    assert_int_equal(b.result.outputs->count, 1);
    assert_ptr_equal(b.result.tensor->data, b.fake.inputs[0].data);
    stop(&b);
    assert_null(b.session);
    assert_int_equal(b.fake.released, 1);
}

static void test_clip_and_limit(void **state)
{
    (void)state;
    float rows[3][FAKE_COLUMNS] = {
        { 60, 40, 70, 50, 0.3f, 0 },
        { 70, 50, 80, 60, 0.9f, 0 }, /* nothing of it lies inside */
        { 1, 1, 5, 5, 0.4f, 0 },
    };
    plumb_pipeline_spec spec = fake_spec();
    spec.clip = true;
    bench b;
    start(&b, &spec, rows, 3);
    assert_int_equal(run(&b), PLUMB_OK);
    assert_int_equal(b.result.detections->count, 2);
    assert_box(&b.result.detections->items[1], 120, 80, 128, 96, 0);
    assert_int_equal(b.result.ledger->counts[PLUMB_FATE_CLIPPED], 1);
    stop(&b);
    spec.nms.max_detections = 1;
    start(&b, &spec, rows, 3);
    assert_int_equal(run(&b), PLUMB_OK);
    assert_int_equal(b.result.detections->count, 1);
    assert_int_equal(b.result.detections->items[0].row, 2);
    assert_int_equal(b.result.ledger->counts[PLUMB_FATE_DETECTIONS], 1);
    stop(&b);
}

/* A strong box on a numeral, which a region rejects, over a weaker one beside it. */
static void test_regions_before_and_after(void **state)
{
    (void)state;
    float rows[2][FAKE_COLUMNS] = { { 0, 0, 20, 20, 0.9f, 0 }, { 2, 0, 22, 20, 0.6f, 0 } };
    plumb_region_spec region = PLUMB_REGION_SPEC_INIT;
    plumb_rect rect = { 0, 0, 41, 96 }; /* upright: holds the centre 20,20 and not 24,20 */
    region.name = "numeral";
    region.space = PLUMB_SPACE_UPRIGHT;
    region.shape = PLUMB_SHAPE_RECT;
    region.rect = rect;
    region.rect.width = 22;
    region.measure = PLUMB_MEASURE_CENTER;
    region.effect = PLUMB_EFFECT_REJECT;
    plumb_pipeline_spec spec = fake_spec();
    spec.regions = &region;
    spec.region_count = 1;
    bench b;
    start(&b, &spec, rows, 2);
    assert_int_equal(run(&b), PLUMB_OK);
    assert_int_equal(b.result.detections->count, 0);
    assert_int_equal(b.result.ledger->counts[PLUMB_FATE_SUPPRESSED], 1);
    assert_int_equal(b.result.ledger->counts[PLUMB_FATE_REGION], 1);
    assert_int_equal(plumb_regions_count(plumb_pipeline_regions(b.pipeline)), 1);
    stop(&b);
    spec.regions_when = PLUMB_REGIONS_BEFORE_NMS;
    start(&b, &spec, rows, 2);
    assert_int_equal(run(&b), PLUMB_OK);
    assert_int_equal(b.result.detections->count, 1);
    assert_int_equal(b.result.detections->items[0].row, 1);
    assert_int_equal(b.result.ledger->counts[PLUMB_FATE_SUPPRESSED], 0);
    stop(&b);
}

static void test_nan_rows(void **state)
{
    (void)state;
    float rows[4][FAKE_COLUMNS] = { { 1, 1, 5, 5, NAN, 0 },
                                    { NAN, 1, 5, 5, 0.9f, 0 },
                                    { 1, 1, INFINITY, 5, 0.9f, 0 },
                                    { 1, 1, 5, 5, 0.9f, 0 } };
    plumb_pipeline_spec spec = fake_spec();
    bench b;
    start(&b, &spec, rows, 4);
    assert_int_equal(run(&b), PLUMB_OK);
    assert_int_equal(b.result.detections->count, 1);
    assert_int_equal(b.result.detections->items[0].row, 3);
    const uint64_t *counts = b.result.ledger->counts;
    assert_int_equal(counts[PLUMB_FATE_NONFINITE] + counts[PLUMB_FATE_BELOW_CONFIDENCE], 3);
    stop(&b);
}

static void test_extra_inputs(void **state)
{
    (void)state;
    float rows[1][FAKE_COLUMNS] = { { 1, 1, 5, 5, 0.9f, 0 } };
    plumb_extra_input extras[4] = {
        { "size", PLUMB_EXTRA_UPRIGHT_SIZE, PLUMB_DTYPE_INT64, { 0 }, 0 },
        { "input_shape", PLUMB_EXTRA_INPUT_SIZE, PLUMB_DTYPE_INT32, { 0 }, 0 },
        { "scale_factor", PLUMB_EXTRA_SCALE_FACTOR, PLUMB_DTYPE_FLOAT32, { 0 }, 0 },
        { "limits", PLUMB_EXTRA_CONSTANT, PLUMB_DTYPE_FLOAT64, { 0.5, -3.0, 7.25 }, 3 },
    };
    char names[2][8] = { "size", "image" };
    extras[0].name = names[0];
    plumb_pipeline_spec spec = fake_spec();
    spec.extra_inputs = extras;
    spec.extra_input_count = 4;
    spec.input_name = names[1];
    bench b;
    start(&b, &spec, rows, 1);
    memset(names, 'x', sizeof(names)); /* what the spec points to was copied */
    memset(extras, 0, sizeof(extras));
    b.frame.orientation = PLUMB_ORIENTATION_RIGHT; /* upright: 96 x 128 */
    assert_int_equal(run(&b), PLUMB_OK);
    assert_int_equal(b.fake.input_count, 5);
    assert_string_equal(b.fake.infos[0].name, "image");
    assert_string_equal(b.fake.infos[1].name, "size");
    assert_int_equal(b.fake.infos[4].shape[1], 3);
    const int64_t *size = b.fake.inputs[1].data;
    assert_int_equal(size[0], 96);
    assert_int_equal(size[1], 128);
    const int32_t *shape = b.fake.inputs[2].data;
    assert_int_equal(shape[0], 64);
    assert_int_equal(shape[1], 64);
    const float *factor = b.fake.inputs[3].data;
    assert_float_equal(factor[0], 0.5f, 0);
    assert_float_equal(factor[1], 0.5f, 0);
    const double *limits = b.fake.inputs[4].data;
    assert_float_equal(limits[2], 7.25, 0);
    stop(&b);
}

static void test_postprocess_alone(void **state)
{
    (void)state;
    float rows[2][FAKE_COLUMNS] = { { 10, 10, 20, 20, 0.5f, 0 }, { 40, 10, 50, 30, 0.8f, 2 } };
    plumb_pipeline_spec spec = fake_spec();
    bench b;
    start(&b, &spec, rows, 2);
    b.frame.orientation = PLUMB_ORIENTATION_LEFT_MIRRORED;
    plumb_irect roi = { 8, 16, 80, 100 };
    b.frame.roi = roi;
    assert_int_equal(run(&b), PLUMB_OK);
    plumb_session *second = NULL;
    plumb_result result;
    assert_int_equal(plumb_session_create(b.pipeline, NULL, &second, &b.diag), PLUMB_OK);
    plumb_size buffer = { WIDTH, HEIGHT };
    assert_int_equal(plumb_session_postprocess(second, buffer, b.frame.orientation, &roi,
                                               &b.fake.outputs, NULL, &result, &b.diag),
                     PLUMB_OK);
    assert_null(result.tensor);
    assert_int_equal(result.detections->count, 2);
    for (size_t i = 0; i < 2; i++) {
        const plumb_detection *d = &b.result.detections->items[i];
        assert_box(&result.detections->items[i], d->box.x0, d->box.y0, d->box.x1, d->box.y1,
                   d->row);
        assert_float_equal(result.detections->items[i].score, d->score, 0);
    }
    assert_memory_equal(result.mapping, b.result.mapping, sizeof(*result.mapping));
    assert_int_equal(plumb_session_run(second, &b.frame, NULL, &result, &b.diag), PLUMB_E_ARGUMENT);
    assert_string_equal(b.diag.field, "detector");
    assert_int_equal(plumb_session_preprocess(second, &b.frame, &result, &b.diag), PLUMB_OK);
    assert_int_equal(result.detections->count, 0);
    assert_null(result.outputs);
    assert_memory_equal(result.tensor->data, b.result.tensor->data, result.tensor->size);
    plumb_session_destroy(&second);
    stop(&b);
}

/* Every buffer is there after the first frame of a geometry; four geometries are remembered. */
static void test_no_allocations(void **state)
{
    (void)state;
    float rows[2][FAKE_COLUMNS] = { { 10, 10, 20, 20, 0.5f, 0 }, { 40, 10, 50, 30, 0.8f, 2 } };
    test_allocator allocator = { 0 };
    plumb_context context = test_context(&allocator);
    plumb_pipeline_spec spec = fake_spec();
    fake_detector fake = { 0 };
    fake_rows(&fake, rows, 2);
    plumb_detector detector = fake_interface(&fake);
    plumb_pipeline *pipeline = NULL;
    plumb_session *session = NULL;
    plumb_result result;
    plumb_run_options options = PLUMB_RUN_OPTIONS_INIT;
    assert_int_equal(plumb_pipeline_create(&context, &spec, &pipeline, NULL), PLUMB_OK);
    assert_int_equal(plumb_session_create(pipeline, &detector, &session, NULL), PLUMB_OK);
    uint64_t before = allocator.calls;
    for (int round = 0; round < 3; round++) {
        for (int orientation = 5; orientation <= 8; orientation++) {
            plumb_frame frame = fake_frame(pixels, WIDTH, HEIGHT);
            frame.orientation = (plumb_orientation)orientation;
            options.trace = orientation == 6;
            assert_int_equal(plumb_session_run(session, &frame, &options, &result, NULL), PLUMB_OK);
            assert_int_equal(plumb_session_allocations(session), allocator.calls - before);
        }
        if (round == 0)
            before = allocator.calls - plumb_session_allocations(session);
        else
            assert_int_equal(allocator.calls, before + plumb_session_allocations(session));
    }
    uint64_t settled = allocator.calls;
    for (int i = 0; i < 50; i++) {
        plumb_frame frame = fake_frame(pixels, WIDTH, HEIGHT);
        frame.orientation = (plumb_orientation)(5 + i % 4);
        assert_int_equal(plumb_session_run(session, &frame, NULL, &result, NULL), PLUMB_OK);
    }
    assert_int_equal(allocator.calls, settled);
    plumb_session_destroy(&session);
    plumb_pipeline_destroy(&pipeline);
    assert_int_equal(allocator.live, 0);
}

/* Where did row r go? Answered for each row of a head, also for those no stage has seen. */
static void test_trace_every_row(void **state)
{
    (void)state;
    float rows[8][FAKE_COLUMNS] = {
        { 10, 10, 20, 20, 0.9f, 0 },  /* kept */
        { 10, 10, 20, 21, 0.8f, 0 },  /* suppressed by 0 */
        { 30, 30, 40, 40, 0.1f, 0 },  /* below confidence */
        { 30, 30, 40, 40, 0.8f, 1 },  /* class not allowed */
        { 50, 5, 60, 15, 0.7f, 0 },   /* rejected by the region */
        { 5, 40, 4, 41, 0.7f, 0 },    /* empty */
        { 30, 10, NAN, 20, 0.7f, 0 }, /* not a number */
        { 30, 10, 40, 20, 0.3f, 0 },  /* over the limit of detections */
    };
    const plumb_fate fates[8] = {
        PLUMB_FATE_KEPT,   PLUMB_FATE_SUPPRESSED, PLUMB_FATE_BELOW_CONFIDENCE, PLUMB_FATE_CLASS,
        PLUMB_FATE_REGION, PLUMB_FATE_EMPTY,      PLUMB_FATE_NONFINITE,        PLUMB_FATE_DETECTIONS
    };
    const uint8_t allowed[1] = { 1 };
    plumb_region_spec region = PLUMB_REGION_SPEC_INIT;
    plumb_rect rect = { 100, 0, 28, 40 };
    region.name = "edge";
    region.space = PLUMB_SPACE_UPRIGHT;
    region.shape = PLUMB_SHAPE_RECT;
    region.rect = rect;
    region.measure = PLUMB_MEASURE_CENTER;
    region.effect = PLUMB_EFFECT_REJECT;
    plumb_pipeline_spec spec = fake_spec();
    spec.threshold.allowed = allowed;
    spec.threshold.allowed_count = 1;
    spec.regions = &region;
    spec.region_count = 1;
    spec.nms.max_detections = 1;
    bench b;
    start(&b, &spec, rows, 8);
    plumb_run_options options = PLUMB_RUN_OPTIONS_INIT;
    plumb_trace_entry entry;
    assert_int_equal(run(&b), PLUMB_OK);
    assert_int_equal(plumb_session_trace(b.session, 0, &entry, &b.diag), PLUMB_E_ARGUMENT);
    options.trace = true;
    assert_int_equal(plumb_session_run(b.session, &b.frame, &options, &b.result, &b.diag),
                     PLUMB_OK);
    for (int row = 0; row < 8; row++) {
        assert_int_equal(plumb_session_trace(b.session, row, &entry, &b.diag), PLUMB_OK);
        assert_int_equal(entry.row, row);
        assert_int_equal(entry.space, PLUMB_SPACE_UPRIGHT);
        if (entry.fate != fates[row])
            fail_msg("row %d: %s", row, plumb_fate_name(entry.fate));
        if (row == 1)
            assert_int_equal(entry.other, 0);
        if (row == 2) {
            assert_float_equal(entry.score, 0.1f, 0);
            assert_float_equal(entry.box.x0, 60.0f, 0);
        }
    }
    assert_int_equal(plumb_session_trace(b.session, 8, &entry, &b.diag), PLUMB_E_ARGUMENT);
    assert_int_equal(plumb_session_trace(b.session, -1, &entry, &b.diag), PLUMB_E_ARGUMENT);
    stop(&b);
}

static void test_timing(void **state)
{
    (void)state;
    float rows[1][FAKE_COLUMNS] = { { 1, 1, 5, 5, 0.9f, 0 } };
    plumb_pipeline_spec spec = fake_spec();
    bench b;
    start(&b, &spec, rows, 1);
    plumb_timing none = plumb_session_timing(b.session, PLUMB_STAGE_TOTAL);
    assert_int_equal(none.count, 0);
    assert_float_equal(none.cold_ms, 0.0, 0);
    assert_int_equal(run(&b), PLUMB_OK);
    assert_int_equal(plumb_session_timing(b.session, PLUMB_STAGE_INFER).count, 0);
    assert_true(plumb_session_timing(b.session, PLUMB_STAGE_TOTAL).cold_ms > 0.0);
    /* Noted times of 10, 20 ... 1000 ms: nearest ranks of 100 values are the values themselves. */
    plumb_session_note(b.session, PLUMB_STAGE_DECODE_IMAGE, 5000.0);
    assert_int_equal(run(&b), PLUMB_OK); /* the first of this stage: its cold call */
    for (int i = 1; i <= 100; i++) {
        plumb_session_note(b.session, PLUMB_STAGE_DECODE_IMAGE, 10.0 * i);
        assert_int_equal(run(&b), PLUMB_OK);
    }
    plumb_timing t = plumb_session_timing(b.session, PLUMB_STAGE_DECODE_IMAGE);
    assert_int_equal(t.count, 100);
    assert_float_equal(t.cold_ms, 5000.0, 0);
    assert_float_equal(t.min_ms, 10.0, 0);
    assert_float_equal(t.median_ms, 500.0, 0);
    assert_float_equal(t.p95_ms, 950.0, 0);
    assert_float_equal(t.p99_ms, 990.0, 0);
    assert_float_equal(t.max_ms, 1000.0, 0);
    assert_true(plumb_session_timing(b.session, PLUMB_STAGE_TOTAL).max_ms >= 1000.0);
    assert_int_equal(plumb_session_timing(b.session, PLUMB_STAGE_REGIONS).count, 0);
    plumb_session_reset_timing(b.session);
    assert_int_equal(plumb_session_timing(b.session, PLUMB_STAGE_TOTAL).count, 0);
    assert_string_equal(plumb_stage_name(PLUMB_STAGE_DECODE_IMAGE), "decode_image");
    assert_string_equal(plumb_stage_name(PLUMB_STAGE_TOTAL), "total");
    stop(&b);
}

int main(void)
{
    for (size_t i = 0; i < sizeof(pixels); i++)
        pixels[i] = (uint8_t)(i * 7 + i / 384 * 13);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frame_to_detections),
        cmocka_unit_test(test_clip_and_limit),
        cmocka_unit_test(test_regions_before_and_after),
        cmocka_unit_test(test_nan_rows),
        cmocka_unit_test(test_extra_inputs),
        cmocka_unit_test(test_postprocess_alone),
        cmocka_unit_test(test_no_allocations),
        cmocka_unit_test(test_trace_every_row),
        cmocka_unit_test(test_timing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
