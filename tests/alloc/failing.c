/* SPDX-License-Identifier: Apache-2.0
 *
 * Every allocation of every public function that allocates fails once: as the first of many, and
 * alone. The function then says so, leaves nothing behind, and works when there is memory again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "fake_detector.h"
#include "head_shapes.h"
#include "make_bitmap.h"
#include "plumbline/plumbline.h"
#include "test_allocator.h"
#ifdef PLUMB_HAVE_LIBJPEG
#include "make_jpeg.h"
#endif

#define SIDE 48

static uint8_t pixels[SIDE * SIDE * 3];

/* One use of the library, from create to destroy; the status is that of the first failure. */
typedef plumb_status (*attempt)(const plumb_context *context, void *user);

static void expect_nomem(attempt use, void *user, test_allocator *allocator)
{
    plumb_context context = test_context(allocator);
    plumb_status status = use(&context, user);
    if (status != PLUMB_E_NOMEM)
        fail_msg("allocation %llu failed, and the status is %d",
                 (unsigned long long)allocator->fail_at, (int)status);
    if (allocator->live != 0)
        fail_msg("allocation %llu failed, and %lld others were not released",
                 (unsigned long long)allocator->fail_at, (long long)allocator->live);
}

/* Returns the number of allocations. */
static uint64_t fail_each(attempt use, void *user)
{
    test_allocator plenty = { 0 };
    plumb_context context = test_context(&plenty);
    assert_int_equal(use(&context, user), PLUMB_OK);
    assert_int_equal(plenty.live, 0);
    for (uint64_t n = 1; n <= plenty.calls; n++)
        for (int once = 0; once < 2; once++) {
            test_allocator allocator = { .fail_at = n, .fail_once = once };
            expect_nomem(use, user, &allocator);
        }
    return plenty.calls;
}

static plumb_status use_nms(const plumb_context *context, void *user)
{
    plumb_nms_spec spec = PLUMB_NMS_SPEC_INIT;
    spec.method = *(plumb_nms_method *)user;
    spec.iou = 0.5f;
    spec.distance = 3.0f;
    spec.max_candidates = 100;
    spec.max_detections = 10;
    plumb_nms *nms = NULL;
    plumb_status status = plumb_nms_create(context, &spec, &nms, NULL);
    assert_true((status == PLUMB_OK) == (nms != NULL));
    plumb_nms_destroy(&nms);
    return status;
}

static void nms(void **state)
{
    (void)state;
    for (plumb_nms_method method = PLUMB_NMS_NONE; method <= PLUMB_NMS_CENTER_DISTANCE; method++)
        assert_true(fail_each(use_nms, &method) > 0);
}

static plumb_status use_head(const plumb_context *context, void *user)
{
    const head_shapes *shapes = user;
    plumb_head *head = NULL;
    plumb_diag diag = { 0 };
    plumb_status status = plumb_head_create(context, &shapes->spec, shapes->input, &head, &diag);
    assert_true((status == PLUMB_OK) == (head != NULL));
    if (status != PLUMB_OK && status != PLUMB_E_NOMEM)
        print_message("%s: %s %s\n", plumb_head_type_name(shapes->spec.type), diag.field,
                      diag.message);
    plumb_head_destroy(&head);
    return status;
}

static void heads(void **state)
{
    (void)state;
    static float priors[4 * 12];
    for (size_t i = 0; i < 4 * 12; i++)
        priors[i] = 0.5f;
    static const char *const names[] = {
        "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"
    };
    for (int type = 1; type < PLUMB_HEAD_COUNT; type++)
        for (int variant = 0; variant < 2; variant++) {
            head_choice choice = { (plumb_head_type)type, 3, 12, 1, 1, 2, variant };
            head_shapes shapes;
            head_shapes_make(&choice, &shapes);
            shapes.spec.priors = shapes.spec.prior_count > 0 ? priors : NULL;
            shapes.spec.outputs = names;
            shapes.spec.output_count = shapes.count;
            assert_true(fail_each(use_head, &shapes) > 0);
        }
}

static plumb_status use_regions(const plumb_context *context, void *user)
{
    (void)user;
    static const plumb_point corners[4] = {
        { 0.1, 0.1 }, { 0.9, 0.2 }, { 0.5, 0.5 }, { 0.2, 0.8 }
    };
    static const uint8_t mask[4] = { 0, 255, 128, 0 };
    static const int32_t classes[2] = { 0, 3 };
    plumb_region_spec specs[4];
    static const char *const names[4] = { "a", "b", "c", "d" };
    for (int i = 0; i < 4; i++) {
        specs[i] = (plumb_region_spec)PLUMB_REGION_SPEC_INIT;
        specs[i].name = names[i];
        specs[i].space = PLUMB_SPACE_NORMALIZED;
        specs[i].shape = (plumb_region_shape)(PLUMB_SHAPE_RECT + i);
        specs[i].rect = (plumb_rect){ 0.1, 0.1, 0.5, 0.5 };
        specs[i].center = (plumb_point){ 0.5, 0.5 };
        specs[i].radius_x = specs[i].radius_y = 0.2;
        specs[i].measure = PLUMB_MEASURE_FRACTION_OF_BOX;
        specs[i].at_least = 0.5f;
        specs[i].effect = PLUMB_EFFECT_REJECT;
        specs[i].classes = classes;
        specs[i].class_count = 2;
    }
    specs[1].points = corners;
    specs[1].point_count = 4;
    specs[3].mask = mask;
    specs[3].mask_width = specs[3].mask_height = 2;
    plumb_regions *regions = NULL;
    plumb_diag diag = { 0 };
    plumb_status status = plumb_regions_create(context, specs, 4, &regions, &diag);
    if (status != PLUMB_OK && status != PLUMB_E_NOMEM)
        print_message("%s %s\n", diag.field, diag.message);
    assert_true((status == PLUMB_OK) == (regions != NULL));
    plumb_regions_destroy(&regions);
    return status;
}

static void regions(void **state)
{
    (void)state;
    assert_true(fail_each(use_regions, NULL) > 0);
}

static plumb_status use_plan(const plumb_context *context, void *user)
{
    plumb_preprocess_spec spec = fake_spec().preprocess;
    spec.resample = *(plumb_resampler *)user;
    plumb_frame frame = fake_frame(pixels, SIDE, SIDE);
    plumb_preprocess_plan *plan = NULL;
    plumb_status status = plumb_preprocess_plan_create(context, &spec, &frame, &plan, NULL);
    assert_true((status == PLUMB_OK) == (plan != NULL));
    plumb_preprocess_plan_destroy(&plan);
    return status;
}

static void plans(void **state)
{
    (void)state;
    for (plumb_resampler r = PLUMB_RESAMPLE_PILLOW_BILINEAR;
         r <= PLUMB_RESAMPLE_TORCH_BILINEAR_CORNERS; r++)
        assert_true(fail_each(use_plan, &r) > 0);
}

static plumb_status use_pipeline(const plumb_context *context, void *user)
{
    const plumb_frame *frame = user;
    static float rows[2][FAKE_COLUMNS] = { { 1, 1, 9, 9, 0.9f, 0 }, { 20, 20, 30, 30, 0.8f, 1 } };
    plumb_pipeline_spec spec = fake_spec();
    plumb_extra_input extra = { .name = "size",
                                .value = PLUMB_EXTRA_UPRIGHT_SIZE,
                                .dtype = PLUMB_DTYPE_INT64 };
    spec.extra_inputs = &extra;
    spec.extra_input_count = 1;
    fake_detector fake = { 0 };
    fake_rows(&fake, rows, 2);
    plumb_detector detector = fake_interface(&fake);
    plumb_pipeline *pipeline = NULL;
    plumb_session *session = NULL;
    plumb_diag diag = { 0 };
    plumb_status status = plumb_pipeline_create(context, &spec, &pipeline, &diag);
    if (status == PLUMB_OK)
        status = plumb_session_create(pipeline, &detector, &session, &diag);
    plumb_result result;
    plumb_run_options options = PLUMB_RUN_OPTIONS_INIT;
    options.trace = true;
    plumb_frame turned = *frame;
    turned.orientation = PLUMB_ORIENTATION_RIGHT;
    if (status == PLUMB_OK)
        status = plumb_session_run(session, frame, &options, &result, &diag);
    if (status == PLUMB_OK) /* another geometry needs another plan */
        status = plumb_session_run(session, &turned, &options, &result, &diag);
    assert_true(status == PLUMB_OK || diag.status == status);
    if (status != PLUMB_OK && status != PLUMB_E_NOMEM)
        print_message("%s %s\n", diag.field, diag.message);
    plumb_session_destroy(&session);
    plumb_pipeline_destroy(&pipeline);
    return status;
}

static void pipelines(void **state)
{
    (void)state;
    plumb_frame frame = fake_frame(pixels, SIDE, SIDE);
    assert_true(fail_each(use_pipeline, &frame) > 0);
}

static void jpeg_frames(void **state)
{
    (void)state;
#ifdef PLUMB_HAVE_LIBJPEG
    make_jpeg spec = { .width = SIDE, .height = SIDE, .components = 3, .subsampling = 2 };
    test_file file = make_jpeg_file(&spec);
    plumb_frame frame = PLUMB_FRAME_INIT;
    frame.format = PLUMB_FORMAT_JPEG;
    frame.width = frame.height = SIDE;
    frame.planes[0].data = file.data;
    frame.planes[0].size = file.size;
    assert_true(fail_each(use_pipeline, &frame) > 0);
    free(file.data);
#else
    skip();
#endif
}

#ifdef PLUMB_HAVE_STB
static plumb_status use_decoder(const plumb_context *context, void *user)
{
    const test_bytes *file = user;
    plumb_image_decoder *decoder = NULL;
    plumb_frame frame = PLUMB_FRAME_INIT;
    plumb_status status = plumb_image_decoder_create(context, &decoder, NULL);
    assert_true((status == PLUMB_OK) == (decoder != NULL));
    if (status == PLUMB_OK)
        status = plumb_image_decode(decoder, file->data, file->size, &frame, NULL);
    plumb_image_decoder_destroy(&decoder);
    return status;
}
#endif

static void images(void **state)
{
    (void)state;
#ifdef PLUMB_HAVE_STB
    test_bytes plain, file = { .size = 0 };
    make_png(&plain, 3, 1, 8, 3, (const uint8_t *)"\1\0\1", 3, 1);
    put(&file, plain.data, 33);
    put_chunk(&file, "PLTE", "abcdef", 6); /* short, so the file is copied */
    put(&file, plain.data + 33, plain.size - 33);
    assert_true(fail_each(use_decoder, &file) >= 4);
#else
    skip();
#endif
}

static plumb_status read_labels(void *user, const char *name, void **data, size_t *size,
                                const plumb_context *context)
{
    (void)user, (void)name;
    *size = 10;
    *data = context->allocator.allocate(context->allocator.user, *size, 64);
    if (*data)
        memcpy(*data, "hole\ndog\n\n", *size);
    return *data ? PLUMB_OK : PLUMB_E_NOMEM;
}

static plumb_status use_card(const plumb_context *context, void *user)
{
    const char *text = user;
    const plumb_card_files files = { NULL, read_labels };
    plumb_card *card = NULL;
    plumb_diag diag = { 0 };
    plumb_status status = plumb_card_parse(context, text, strlen(text), &files, &card, &diag);
    assert_true((status == PLUMB_OK) == (card != NULL));
    if (status != PLUMB_OK && status != PLUMB_E_NOMEM)
        print_message("%s %s\n", diag.field, diag.message);
    plumb_card_destroy(&card);
    return status;
}

static void cards(void **state)
{
    (void)state;
    static char text[] =
        "{\"plumbline\":1,\"name\":\"n\","
        "\"preprocess\":{\"profile\":\"ultralytics\",\"width\":64,\"height\":64},"
        "\"extra_inputs\":[{\"name\":\"s\",\"value\":\"upright_size\",\"dtype\":\"int64\"}],"
        "\"head\":{\"type\":\"yolov8\",\"labels\":\"l.txt\",\"outputs\":[\"o\"]},"
        "\"postprocess\":{\"confidence\":0.25,\"confidence_per_class\":{\"dog\":0.5},"
        "\"classes\":[\"hole\",\"dog\"],\"nms\":{\"method\":\"hard\",\"iou\":0.7}},"
        "\"regions\":[{\"name\":\"r\",\"space\":\"normalized\","
        "\"shape\":{\"polygon\":[[0.1,0.4],[0.2,0.4],[0.15,0.5]]},\"classes\":[\"hole\"],"
        "\"measure\":\"fraction_of_box\",\"at_least\":0.3,\"effect\":\"scale\",\"factor\":0.2}]}";
#ifdef PLUMB_HAVE_JANSSON
    assert_true(fail_each(use_card, text) > 0);
#else
    (void)use_card, (void)text;
    skip();
#endif
}

static plumb_status use_description(const plumb_context *context, void *user)
{
    const char *text = user;
    plumb_frame_description *description = NULL;
    plumb_frame frame = PLUMB_FRAME_INIT;
    plumb_plane_source sources[3];
    size_t count;
    plumb_status status = plumb_frame_description_parse(context, text, strlen(text), &description,
                                                        &frame, sources, &count, NULL);
    assert_true((status == PLUMB_OK) == (description != NULL));
    plumb_frame_description_destroy(&description);
    return status;
}

static void descriptions(void **state)
{
    (void)state;
    static char text[] = "{\"format\":\"i420\",\"width\":4,\"height\":4,\"matrix\":\"bt601\","
                         "\"range\":\"full\",\"planes\":[{\"file\":\"y\"},{\"file\":\"u\"},"
                         "{\"file\":\"v\"}]}";
#ifdef PLUMB_HAVE_JANSSON
    assert_true(fail_each(use_description, text) > 0);
#else
    (void)use_description, (void)text;
    skip();
#endif
}

static void ignore_frame(void *camera, const plumb_live_frame *frame)
{
    (void)camera, (void)frame;
}

static plumb_status use_live(const plumb_context *context, void *user)
{
    (void)user;
    plumb_live *live = NULL;
    plumb_status status = plumb_live_create(context, ignore_frame, NULL, &live, NULL);
    assert_true((status == PLUMB_OK) == (live != NULL));
    plumb_live_destroy(&live);
    return status;
}

static void live(void **state)
{
    (void)state;
    assert_true(fail_each(use_live, NULL) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nms),    cmocka_unit_test(heads),     cmocka_unit_test(regions),
        cmocka_unit_test(plans),  cmocka_unit_test(pipelines), cmocka_unit_test(jpeg_frames),
        cmocka_unit_test(images), cmocka_unit_test(cards),     cmocka_unit_test(descriptions),
        cmocka_unit_test(live),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
