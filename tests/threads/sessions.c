/* SPDX-License-Identifier: Apache-2.0
 *
 * Eight threads, one pipeline, a session each: every thread gets what one thread alone gets. Run
 * it under ThreadSanitizer as well.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fake_detector.h"

#define THREADS 8
#define FRAMES  200
#define WIDTH   97
#define HEIGHT  61
#define ROWS    64

static uint8_t pixels[WIDTH * HEIGHT * 3];
static float rows[ROWS][FAKE_COLUMNS];

/* FNV-1a */
static uint64_t mix(uint64_t hash, const void *data, size_t size)
{
    const unsigned char *bytes = data;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * 1099511628211u;
    return hash;
}

typedef struct worker {
    const plumb_pipeline *pipeline;
    plumb_status status;
    uint64_t hash;
} worker;

static plumb_status run_frames(worker *w, plumb_session *session)
{
    for (int i = 0; i < FRAMES; i++) {
        plumb_frame frame = PLUMB_FRAME_INIT;
        frame = fake_frame(pixels, WIDTH, HEIGHT);
        frame.orientation = (plumb_orientation)(1 + i % 8);
        plumb_result result;
        plumb_run_options options = PLUMB_RUN_OPTIONS_INIT;
        options.trace = i % 16 == 0;
        plumb_status status = plumb_session_run(session, &frame, &options, &result, NULL);
        if (status)
            return status;
        w->hash = mix(w->hash, result.tensor->data, result.tensor->size);
        for (size_t k = 0; k < result.detections->count; k++) {
            const plumb_detection *d = &result.detections->items[k];
            w->hash = mix(w->hash, &d->box, sizeof(d->box));
            w->hash = mix(w->hash, &d->score, sizeof(d->score));
            w->hash = mix(w->hash, &d->row, sizeof(d->row));
        }
    }
    return PLUMB_OK;
}

static void *work(void *argument)
{
    worker *w = argument;
    fake_detector fake = { 0 };
    fake_rows(&fake, rows, ROWS);
    plumb_detector detector = fake_interface(&fake);
    plumb_session *session = NULL;
    w->hash = 14695981039346656037u;
    w->status = plumb_session_create(w->pipeline, &detector, &session, NULL);
    if (w->status == PLUMB_OK)
        w->status = run_frames(w, session);
    plumb_session_destroy(&session);
    return NULL;
}

static void test_equal_results(void **state)
{
    (void)state;
    plumb_pipeline_spec spec = fake_spec();
    plumb_region_spec region = PLUMB_REGION_SPEC_INIT;
    plumb_rect rect = { 0.1, 0.1, 0.5, 0.5 };
    region.name = "corner";
    region.space = PLUMB_SPACE_NORMALIZED;
    region.shape = PLUMB_SHAPE_RECT;
    region.rect = rect;
    region.measure = PLUMB_MEASURE_FRACTION_OF_BOX;
    region.at_least = 0.25f;
    region.effect = PLUMB_EFFECT_SCALE;
    region.factor = 0.5f;
    spec.regions = &region;
    spec.region_count = 1;
    plumb_pipeline *pipeline = NULL;
    assert_int_equal(plumb_pipeline_create(NULL, &spec, &pipeline, NULL), PLUMB_OK);
    worker alone = { pipeline, PLUMB_OK, 0 };
    work(&alone);
    assert_int_equal(alone.status, PLUMB_OK);
    worker workers[THREADS];
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        worker fresh = { pipeline, PLUMB_OK, 0 };
        workers[i] = fresh;
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(workers[i].status, PLUMB_OK);
        assert_true(workers[i].hash == alone.hash);
    }
    plumb_pipeline_destroy(&pipeline);
}

int main(void)
{
    for (size_t i = 0; i < sizeof(pixels); i++)
        pixels[i] = (uint8_t)(i * 31 + i / 97);
    for (int i = 0; i < ROWS; i++) {
        rows[i][0] = (float)(i * 7 % 50);
        rows[i][1] = (float)(i * 11 % 40);
        rows[i][2] = rows[i][0] + 9.0f;
        rows[i][3] = rows[i][1] + 8.0f;
        rows[i][4] = (float)(i * 13 % 64) / 64.0f;
        rows[i][5] = (float)(i % 3);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_results),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
