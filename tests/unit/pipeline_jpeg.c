/* SPDX-License-Identifier: Apache-2.0
 *
 * JPEG frames through a session: the same tensor as decoding first, the orientation of the EXIF
 * block or of the frame, files without Huffman tables, and no allocation once a size was seen.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fake_detector.h"
#include "make_jpeg.h"
#include "test_allocator.h"

static float rows[1][FAKE_COLUMNS] = { { 16, 0, 32, 16, 0.9f, 0 } };

/* A little-endian TIFF block with one entry: tag 0x112, SHORT, 1 value. */
static void add_orientation(test_file *file, unsigned char orientation)
{
    unsigned char exif[] = { 'E',  'x', 'i', 'f', 0, 0, 'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0,
                             0x12, 1,   3,   0,   1, 0, 0,   0,   0,  0, 0, 0, 0, 0, 0, 0 };
    exif[24] = orientation;
    insert_segment(file, 0xe1, exif, sizeof(exif));
}

static test_file make_file(unsigned width, unsigned height)
{
    make_jpeg spec = { 0 };
    spec.width = width;
    spec.height = height;
    spec.components = 3;
    spec.subsampling = 2;
    return make_jpeg_file(&spec);
}

static plumb_frame frame_of(const test_file *file)
{
    plumb_frame frame = PLUMB_FRAME_INIT;
    frame.format = PLUMB_FORMAT_JPEG;
    frame.planes[0].data = file->data;
    frame.planes[0].size = file->size;
    return frame;
}

typedef struct bench {
    test_allocator allocator;
    fake_detector fake;
    plumb_pipeline *pipeline;
    plumb_session *session;
    plumb_result result;
    plumb_diag diag;
} bench;

static int start_with(void **state, plumb_jpeg_decoding decoding)
{
    bench *b = calloc(1, sizeof(*b));
    plumb_context context = test_context(&b->allocator);
    plumb_pipeline_spec spec = fake_spec();
    spec.preprocess.jpeg = decoding;
    fake_rows(&b->fake, rows, 1);
    plumb_detector detector = fake_interface(&b->fake);
    *state = b;
    return plumb_pipeline_create(&context, &spec, &b->pipeline, NULL) ||
           plumb_session_create(b->pipeline, &detector, &b->session, NULL);
}

static int start(void **state)
{
    return start_with(state, PLUMB_JPEG_TURBO_ISLOW_FANCY);
}

static int start_half(void **state)
{
    return start_with(state, PLUMB_JPEG_HALF_DCT);
}

static int stop(void **state)
{
    bench *b = *state;
    plumb_session_destroy(&b->session);
    plumb_pipeline_destroy(&b->pipeline);
    int leaked = b->allocator.live != 0;
    free(b);
    return leaked;
}

static plumb_status run(bench *b, const plumb_frame *frame)
{
    return plumb_session_run(b->session, frame, NULL, &b->result, &b->diag);
}

static void test_same_as_decoded(void **state)
{
    bench *b = *state;
    test_file file = make_file(128, 96);
    plumb_frame frame = frame_of(&file);
    assert_int_equal(run(b, &frame), PLUMB_OK);
    assert_float_equal(b->result.detections->items[0].box.x0, 32, 0); /* upright = 2 * input */
    float *tensor = malloc(b->result.tensor->size);
    assert_non_null(tensor);
    memcpy(tensor, b->result.tensor->data, b->result.tensor->size);

    plumb_image_decoder *decoder = NULL;
    plumb_frame decoded = PLUMB_FRAME_INIT;
    assert_int_equal(plumb_image_decoder_create(NULL, &decoder, NULL), PLUMB_OK);
    assert_int_equal(plumb_image_decode(decoder, file.data, file.size, &decoded, NULL), PLUMB_OK);
    assert_int_equal(run(b, &decoded), PLUMB_OK);
    assert_memory_equal(tensor, b->result.tensor->data, b->result.tensor->size);
    plumb_image_decoder_destroy(&decoder);

    remove_segments(&file, 0xc4); /* as UVC cameras send it */
    frame = frame_of(&file);
    assert_int_equal(run(b, &frame), PLUMB_OK);
    assert_memory_equal(tensor, b->result.tensor->data, b->result.tensor->size);
    assert_int_equal(plumb_session_timing(b->session, PLUMB_STAGE_DECODE_IMAGE).count, 1);
    assert_int_equal(plumb_session_timing(b->session, PLUMB_STAGE_PREPROCESS).count, 2);
    free(tensor);
    free(file.data);
}

static void test_orientation(void **state)
{
    bench *b = *state;
    test_file file = make_file(128, 96);
    add_orientation(&file, 6);
    plumb_frame frame = frame_of(&file);
    assert_int_equal(run(b, &frame), PLUMB_OK);
    assert_int_equal(b->result.mapping->orientation, 6);
    assert_int_equal(b->result.mapping->upright.width, 96);
    /* The frame knows better: a file that a camera rotated without telling it. */
    frame.orientation = PLUMB_ORIENTATION_DOWN;
    assert_int_equal(run(b, &frame), PLUMB_OK);
    assert_int_equal(b->result.mapping->orientation, 3);
    assert_int_equal(b->result.mapping->upright.width, 128);
    /* The region of interest is one of the upright picture. */
    frame.orientation = PLUMB_ORIENTATION_UP;
    plumb_irect roi = { 10, 20, 64, 64 };
    frame.roi = roi;
    assert_int_equal(run(b, &frame), PLUMB_OK);
    assert_int_equal(b->result.mapping->roi.y, 20);
    assert_float_equal(b->result.detections->items[0].box.x0, 26, 0);
    free(file.data);
}

static void test_wrong_files(void **state)
{
    bench *b = *state;
    test_file file = make_file(128, 96);
    plumb_frame frame = frame_of(&file);
    frame.width = 640;
    frame.height = 480;
    assert_int_equal(run(b, &frame), PLUMB_E_SIZE);
    assert_string_equal(b->diag.field, "decode_image.width");
    frame.width = 128;
    frame.height = 96;
    assert_int_equal(run(b, &frame), PLUMB_OK);
    frame.planes[0].size = file.size / 2;
    assert_int_not_equal(run(b, &frame), PLUMB_OK);
    frame.planes[0].size = 0;
    assert_int_equal(run(b, &frame), PLUMB_E_BUFFER);
    frame = frame_of(&file);
    frame.planes[0].data = NULL;
    assert_int_equal(run(b, &frame), PLUMB_E_ARGUMENT);
    frame = frame_of(&file);
    assert_int_equal(run(b, &frame), PLUMB_OK);
    free(file.data);
}

static void test_no_allocations(void **state)
{
    bench *b = *state;
    test_file file = make_file(128, 96), smaller = make_file(64, 48);
    plumb_frame frames[2] = { frame_of(&file), frame_of(&smaller) };
    for (int i = 0; i < 2; i++)
        assert_int_equal(run(b, &frames[i]), PLUMB_OK);
    uint64_t settled = b->allocator.calls;
    for (int i = 0; i < 20; i++)
        assert_int_equal(run(b, &frames[i % 2]), PLUMB_OK);
    assert_int_equal(b->allocator.calls, settled);
    free(file.data);
    free(smaller.data);
}

/* A frame of the same size that was decoded by the caller is another matter: the two do not take
 * each other's plan. */
static void test_half(void **state)
{
    bench *b = *state;
    test_file file = make_file(128, 96);
    plumb_image_decoder *decoder = NULL;
    plumb_frame frames[2] = { frame_of(&file), PLUMB_FRAME_INIT };
    assert_int_equal(plumb_image_decoder_create(NULL, &decoder, NULL), PLUMB_OK);
    assert_int_equal(plumb_image_decode(decoder, file.data, file.size, &frames[1], NULL), PLUMB_OK);
    void *tensors[2] = { NULL, NULL };
    plumb_mapping mappings[2];
    uint64_t settled = 0;
    for (int i = 0; i < 8; i++) {
        assert_int_equal(run(b, &frames[i % 2]), PLUMB_OK);
        size_t size = b->result.tensor->size;
        if (i < 2) {
            tensors[i] = malloc(size);
            assert_non_null(tensors[i]);
            memcpy(tensors[i], b->result.tensor->data, size);
            mappings[i] = *b->result.mapping;
            settled = b->allocator.calls;
        }
        assert_memory_equal(tensors[i % 2], b->result.tensor->data, size);
    }
    assert_int_equal(b->allocator.calls, settled);
    assert_memory_equal(&mappings[0], &mappings[1], sizeof(mappings[0]));
    assert_memory_not_equal(tensors[0], tensors[1], b->result.tensor->size);
    assert_int_equal(run(b, &frames[0]), PLUMB_OK);
    remove_segments(&file, 0xc4); /* as UVC cameras send it */
    frames[0] = frame_of(&file);
    assert_int_equal(run(b, &frames[0]), PLUMB_OK);
    assert_memory_equal(tensors[0], b->result.tensor->data, b->result.tensor->size);
    frames[0].planes[0].size = file.size / 2;
    assert_int_equal(run(b, &frames[0]), PLUMB_E_TRUNCATED);
    plumb_image_decoder_destroy(&decoder);
    free(tensors[0]);
    free(tensors[1]);
    free(file.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_same_as_decoded, start, stop),
        cmocka_unit_test_setup_teardown(test_orientation, start, stop),
        cmocka_unit_test_setup_teardown(test_wrong_files, start, stop),
        cmocka_unit_test_setup_teardown(test_no_allocations, start, stop),
        cmocka_unit_test_setup_teardown(test_half, start_half, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
