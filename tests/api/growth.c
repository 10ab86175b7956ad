/* SPDX-License-Identifier: Apache-2.0
 *
 * Structs of an older, smaller header: what lies past their end is never read and has its default.
 * The tail is filled with bytes that would be refused or would change the result.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_detector.h"

/* A copy of `from` that ends where `size` says: a read past it is seen by a sanitizer. */
static void *shortened(const void *from, size_t size)
{
    unsigned char *copy = malloc(size);
    assert_non_null(copy);
    memcpy(copy, from, size);
    uint32_t struct_size = (uint32_t)size;
    memcpy(copy, &struct_size, sizeof(struct_size));
    return copy;
}

#define SHORTENED(value, member) shortened(&(value), offsetof(__typeof__(value), member))

static uint8_t pixels[64 * 64 * 3];
static float rows[2][FAKE_COLUMNS] = { { 10, 10, 20, 20, 0.5f, 0 }, { 60, 10, 70, 30, 0.8f, 2 } };

static void test_older_structs(void **state)
{
    (void)state;
    plumb_context context = PLUMB_CONTEXT_INIT;
    plumb_pipeline_spec spec = fake_spec();
    plumb_run_options options = PLUMB_RUN_OPTIONS_INIT;
    plumb_frame frame = fake_frame(pixels, 64, 64);
    fake_detector fake = { 0 };
    fake_rows(&fake, rows, 2);
    plumb_detector detector = fake_interface(&fake);
    spec.clip = true; /* lies in the tail that is cut off: the default is false */

    plumb_context *old_context = SHORTENED(context, log_user);
    plumb_pipeline_spec *old_spec = SHORTENED(spec, regions_when);
    plumb_run_options *old_options = SHORTENED(options, trace);
    plumb_frame *old_frame = SHORTENED(frame, timestamp_ns);
    plumb_detector *old_detector = SHORTENED(detector, release);
    plumb_pipeline *pipeline = NULL;
    plumb_session *session = NULL;
    plumb_result result;
    assert_int_equal(plumb_pipeline_create(old_context, old_spec, &pipeline, NULL), PLUMB_OK);
    assert_int_equal(plumb_session_create(pipeline, old_detector, &session, NULL), PLUMB_OK);
    assert_int_equal(plumb_session_run(session, old_frame, old_options, &result, NULL), PLUMB_OK);
    assert_int_equal(result.detections->count, 2);
    assert_float_equal(result.detections->items[0].box.x1, 70.0f, 0); /* not clipped */
    plumb_session_destroy(&session);
    plumb_pipeline_destroy(&pipeline);
    assert_int_equal(fake.released, 0); /* an older detector has no release */
    free(old_context);
    free(old_spec);
    free(old_options);
    free(old_frame);
    free(old_detector);
}

/* The parts take older structs on their own as well. */
static void test_older_parts(void **state)
{
    (void)state;
    plumb_pipeline_spec spec = fake_spec();
    plumb_diag diag = { 0 };

    plumb_preprocess_spec *old_preprocess = SHORTENED(spec.preprocess, quantization);
    assert_int_equal(plumb_preprocess_validate(old_preprocess, &diag), PLUMB_OK);
    free(old_preprocess);

    plumb_size input = { 64, 64 };
    plumb_head *head = NULL;
    plumb_head_spec *old_head = SHORTENED(spec.head, distance_bins);
    assert_int_equal(plumb_head_create(NULL, old_head, input, &head, &diag), PLUMB_OK);
    plumb_head_destroy(&head);
    free(old_head);

    plumb_nms *nms = NULL;
    plumb_nms_spec *old_nms = SHORTENED(spec.nms, min_neighbours);
    assert_int_equal(plumb_nms_create(NULL, old_nms, &nms, &diag), PLUMB_OK);
    plumb_nms_destroy(&nms);
    free(old_nms);

    plumb_region_spec region = PLUMB_REGION_SPEC_INIT;
    plumb_rect rect = { 0, 0, 1, 1 };
    region.name = "all";
    region.space = PLUMB_SPACE_NORMALIZED;
    region.shape = PLUMB_SHAPE_RECT;
    region.rect = rect;
    region.measure = PLUMB_MEASURE_CENTER;
    region.effect = PLUMB_EFFECT_REJECT;
    plumb_regions *regions = NULL;
    plumb_region_spec *old_region = SHORTENED(region, factor);
    assert_int_equal(plumb_regions_create(NULL, old_region, 1, &regions, &diag), PLUMB_OK);
    plumb_regions_destroy(&regions);
    free(old_region);

    plumb_frame frame = fake_frame(pixels, 64, 64);
    plumb_frame *old_frame = SHORTENED(frame, timestamp_ns);
    plumb_preprocess_plan *plan = NULL;
    assert_int_equal(plumb_frame_validate(old_frame, &diag), PLUMB_OK);
    assert_int_equal(plumb_preprocess_plan_create(NULL, &spec.preprocess, old_frame, &plan, &diag),
                     PLUMB_OK);
    assert_true(plumb_preprocess_plan_fits(plan, old_frame));
    plumb_preprocess_plan_destroy(&plan);
    free(old_frame);
}

/* A struct that was never initialised has size 0: it is refused, not taken for the defaults. */
static void test_no_size(void **state)
{
    (void)state;
    plumb_pipeline_spec spec = fake_spec();
    plumb_pipeline *pipeline = NULL;
    plumb_diag diag = { 0 };
    spec.struct_size = 0;
    assert_int_not_equal(plumb_pipeline_create(NULL, &spec, &pipeline, &diag), PLUMB_OK);
    assert_null(pipeline);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_older_structs),
        cmocka_unit_test(test_older_parts),
        cmocka_unit_test(test_no_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
