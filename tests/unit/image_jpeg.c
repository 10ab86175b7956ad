/* SPDX-License-Identifier: Apache-2.0
 *
 * JPEG files that are whole, cut short, too large, or of a kind that is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "make_jpeg.h"
#include "plumbline/image.h"
#include "test_allocator.h"

static test_allocator allocator;
static plumb_image_decoder *decoder;

static int open_decoder(void **state)
{
    (void)state;
    allocator = (test_allocator){ 0 };
    plumb_context context = test_context(&allocator);
    return plumb_image_decoder_create(&context, &decoder, NULL);
}

static int close_decoder(void **state)
{
    (void)state;
    plumb_image_decoder_destroy(&decoder);
    return allocator.live != 0; /* something leaked */
}

static void reopen(void **state)
{
    assert_int_equal(close_decoder(state), 0);
    assert_int_equal(open_decoder(state), 0);
}

/* Decode a copy that has not a byte to spare. */
static plumb_status decode(const unsigned char *data, size_t size, plumb_frame *frame,
                           plumb_diag *diag)
{
    unsigned char *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, data, size);
    plumb_status status = plumb_image_decode(decoder, copy, size, frame, diag);
    free(copy);
    return status;
}

static uint64_t sum_of(const plumb_frame *frame)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < frame->planes[0].size; i++)
        sum = sum * 31 + frame->planes[0].data[i];
    return sum;
}

static const make_jpeg kinds[] = {
    { 65, 43, 3, 2, 80, 0, 0, 0, 0 }, { 65, 43, 3, 1, 80, 0, 1, 0, 0 },
    { 65, 43, 3, 0, 80, 1, 0, 1, 0 }, { 65, 43, 1, 0, 80, 0, 0, 0, 0 },
    { 65, 43, 1, 0, 80, 0, 1, 0, 0 },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static void whole_files(void **state)
{
    (void)state;
    for (size_t i = 0; i < KINDS; i++) {
        test_file file = make_jpeg_file(&kinds[i]);
        plumb_frame frame = PLUMB_FRAME_INIT;
        assert_int_equal(decode(file.data, file.size, &frame, NULL), PLUMB_OK);
        assert_int_equal(frame.width, 65);
        assert_int_equal(frame.height, 43);
        assert_int_equal(frame.orientation, 1);
        assert_int_equal(frame.format,
                         kinds[i].components == 1 ? PLUMB_FORMAT_GRAY8 : PLUMB_FORMAT_RGB24);
        assert_int_equal(frame.planes[0].size, 65 * 43 * kinds[i].components);
        plumb_image_info info;
        assert_int_equal(plumb_image_probe(file.data, file.size, &info, NULL), PLUMB_OK);
        assert_int_equal(info.format, PLUMB_IMAGE_JPEG);
        assert_int_equal(info.width, 65);
        assert_int_equal(info.height, 43);
        assert_int_equal(info.components, kinds[i].components);
        free(file.data);
    }
}

/* libjpeg's own memory included. */
static void a_stream_allocates_once(void **state)
{
    (void)state;
    for (size_t k = 0; k < KINDS; k++) {
        reopen(state);
        test_file file = make_jpeg_file(&kinds[k]);
        plumb_frame frame = PLUMB_FRAME_INIT;
        assert_int_equal(decode(file.data, file.size, &frame, NULL), PLUMB_OK);
        uint64_t calls = allocator.calls, sum = sum_of(&frame);
        for (int i = 0; i < 5; i++) {
            assert_int_equal(decode(file.data, file.size, &frame, NULL), PLUMB_OK);
            assert_true(sum_of(&frame) == sum);
        }
        assert_int_equal(allocator.calls, calls);
        free(file.data);
    }
}

/* Images of many sizes one after the other do not pile memory up. */
static void many_sizes(void **state)
{
    (void)state;
    for (unsigned side = 8; side < 1200; side = side * 5 / 4) {
        make_jpeg spec = { .width = side, .height = side, .components = 3, .progressive = 1 };
        test_file file = make_jpeg_file(&spec);
        plumb_frame frame = PLUMB_FRAME_INIT;
        assert_int_equal(decode(file.data, file.size, &frame, NULL), PLUMB_OK);
        assert_true(allocator.live < 40);
        free(file.data);
    }
}

static void cut_files_are_never_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < KINDS; i++) {
        test_file file = make_jpeg_file(&kinds[i]);
        for (size_t part = 0; part < 50; part++) {
            size_t size = file.size * part / 50;
            plumb_frame frame = PLUMB_FRAME_INIT;
            plumb_diag diag = { 0 };
            plumb_status status = decode(file.data, size, &frame, &diag);
            plumb_status expected = size < 3 ? PLUMB_E_UNSUPPORTED : PLUMB_E_TRUNCATED;
            if (status != expected)
                fail_msg("kind %zu, %zu of %zu bytes: %d, %s", i, size, file.size, (int)status,
                         diag.message);
            assert_int_equal(frame.format, PLUMB_FORMAT_UNSET);
        }
        for (size_t missing = 1; missing <= 40; missing++) {
            plumb_frame frame = PLUMB_FRAME_INIT;
            assert_int_equal(decode(file.data, file.size - missing, &frame, NULL),
                             PLUMB_E_TRUNCATED);
        }
        free(file.data);
    }
}

static void an_end_in_the_middle(void **state)
{
    (void)state;
    test_file file = make_jpeg_file(&kinds[0]);
    file.data[file.size / 2] = 0xff;
    file.data[file.size / 2 + 1] = 0xd9;
    plumb_frame frame = PLUMB_FRAME_INIT;
    assert_int_equal(decode(file.data, file.size, &frame, NULL), PLUMB_E_TRUNCATED);
    free(file.data);
}

/* Write a size into the frame header. */
static void declare_size(test_file *file, unsigned width, unsigned height)
{
    for (size_t i = 0; i + 9 < file->size; i++)
        if (file->data[i] == 0xff && (file->data[i + 1] == 0xc0 || file->data[i + 1] == 0xc2)) {
            file->data[i + 5] = (unsigned char)(height >> 8);
            file->data[i + 6] = (unsigned char)height;
            file->data[i + 7] = (unsigned char)(width >> 8);
            file->data[i + 8] = (unsigned char)width;
            return;
        }
    fail();
}

static void sizes_that_lie(void **state)
{
    (void)state;
    static const struct {
        unsigned width, height;
        plumb_status status;
        const char *field;
    } cases[] = {
        { 65500, 65500, PLUMB_E_LIMIT, "width" }, { 16385, 1, PLUMB_E_LIMIT, "width" },
        { 1, 16385, PLUMB_E_LIMIT, "height" },    { 16384, 16384, PLUMB_E_TRUNCATED, "" },
        { 4000, 3000, PLUMB_E_TRUNCATED, "" },
    };
    for (size_t k = 0; k < 2; k++) {
        test_file file = make_jpeg_file(&kinds[k]);
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
            reopen(state);
            declare_size(&file, cases[i].width, cases[i].height);
            plumb_frame frame = PLUMB_FRAME_INIT;
            plumb_diag diag = { 0 };
            assert_int_equal(decode(file.data, file.size, &frame, &diag), cases[i].status);
            assert_string_equal(diag.field, cases[i].field);
            assert_true(allocator.largest <= 65536);
        }
        free(file.data);
    }
}

static void no_size(void **state)
{
    (void)state;
    test_file file = make_jpeg_file(&kinds[0]);
    declare_size(&file, 0, 43);
    plumb_frame frame = PLUMB_FRAME_INIT;
    assert_int_not_equal(decode(file.data, file.size, &frame, NULL), PLUMB_OK);
    free(file.data);
}

static void cmyk_is_refused(void **state)
{
    (void)state;
    make_jpeg spec = { .width = 32, .height = 32, .components = 4 };
    test_file file = make_jpeg_file(&spec);
    plumb_frame frame = PLUMB_FRAME_INIT;
    plumb_diag diag = { 0 };
    assert_int_equal(decode(file.data, file.size, &frame, &diag), PLUMB_E_UNSUPPORTED);
    assert_string_equal(diag.field, "components");
    plumb_image_info info;
    assert_int_equal(plumb_image_probe(file.data, file.size, &info, NULL), PLUMB_OK);
    assert_int_equal(info.components, 4);
    free(file.data);
}

/* As UVC cameras send it. The decoder has seen a file with tables of its own just before, and
 * must not use them. */
static void without_huffman_tables(void **state)
{
    (void)state;
    test_file file = make_jpeg_file(&kinds[0]);
    plumb_frame frame = PLUMB_FRAME_INIT;
    assert_int_equal(decode(file.data, file.size, &frame, NULL), PLUMB_OK);
    uint64_t expected = sum_of(&frame);
    size_t before = file.size;
    remove_segments(&file, 0xc4);
    assert_true(file.size < before);
    test_file other = make_jpeg_file(&kinds[2]);
    assert_int_equal(decode(other.data, other.size, &frame, NULL), PLUMB_OK);
    assert_int_equal(decode(file.data, file.size, &frame, NULL), PLUMB_OK);
    assert_true(sum_of(&frame) == expected);
    free(other.data);
    free(file.data);
}

static void without_quantization_tables(void **state)
{
    (void)state;
    test_file file = make_jpeg_file(&kinds[0]);
    plumb_frame frame = PLUMB_FRAME_INIT;
    assert_int_equal(decode(file.data, file.size, &frame, NULL), PLUMB_OK);
    remove_segments(&file, 0xdb);
    assert_int_equal(decode(file.data, file.size, &frame, NULL), PLUMB_E_CORRUPT);
    free(file.data);
}

/* The last scan of a file, many times over. */
static test_file repeat_last_scan(const make_jpeg *spec, size_t times)
{
    test_file file = make_jpeg_file(spec);
    size_t last = file.size - 2;
    while (!(file.data[last] == 0xff && file.data[last + 1] == 0xda))
        last--;
    size_t scan = file.size - 2 - last;
    size_t size = last + times * scan + 2;
    unsigned char *bomb = malloc(size);
    assert_non_null(bomb);
    memcpy(bomb, file.data, last);
    for (size_t i = 0; i < times; i++)
        memcpy(bomb + last + i * scan, file.data + last, scan);
    memcpy(bomb + size - 2, "\xff\xd9", 2);
    free(file.data);
    return (test_file){ bomb, size };
}

static void too_many_scans(void **state)
{
    (void)state;
    static const struct {
        make_jpeg spec;
        size_t times;
        plumb_status status;
    } cases[] = {
        { { .width = 65, .height = 43, .components = 3, .separate_scans = 1 }, 50, PLUMB_OK },
        { { .width = 65, .height = 43, .components = 3, .separate_scans = 1 }, 150, PLUMB_E_LIMIT },
        /* A refinement may not be sent twice. */
        { { .width = 65, .height = 43, .components = 1, .progressive = 1 }, 2, PLUMB_E_CORRUPT },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        test_file bomb = repeat_last_scan(&cases[i].spec, cases[i].times);
        plumb_frame frame = PLUMB_FRAME_INIT;
        assert_int_equal(decode(bomb.data, bomb.size, &frame, NULL), cases[i].status);
        free(bomb.data);
    }
}

static void exif_reaches_the_frame(void **state)
{
    (void)state;
    static const char exif[] = "Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0";
    test_file file = make_jpeg_file(&kinds[0]);
    insert_segment(&file, 0xe1, exif, sizeof(exif) - 1);
    plumb_frame frame = PLUMB_FRAME_INIT;
    assert_int_equal(decode(file.data, file.size, &frame, NULL), PLUMB_OK);
    assert_int_equal(frame.orientation, 6);
    assert_int_equal(frame.width, 65);
    free(file.data);
}

static void no_memory_for_pixels(void **state)
{
    (void)state;
    test_file file = make_jpeg_file(&kinds[0]);
    plumb_frame frame = PLUMB_FRAME_INIT;
    uint64_t before = allocator.calls;
    for (uint64_t n = 1; n <= 2; n++) { /* libjpeg's block, then the pixels */
        allocator.fail_at = allocator.calls + n;
        assert_int_equal(decode(file.data, file.size, &frame, NULL), PLUMB_E_NOMEM);
        allocator.fail_at = 0;
    }
    assert_int_equal(allocator.calls, before + 3);
    assert_int_equal(decode(file.data, file.size, &frame, NULL), PLUMB_OK);
    free(file.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(whole_files, open_decoder, close_decoder),
        cmocka_unit_test_setup_teardown(a_stream_allocates_once, open_decoder, close_decoder),
        cmocka_unit_test_setup_teardown(many_sizes, open_decoder, close_decoder),
        cmocka_unit_test_setup_teardown(cut_files_are_never_whole, open_decoder, close_decoder),
        cmocka_unit_test_setup_teardown(an_end_in_the_middle, open_decoder, close_decoder),
        cmocka_unit_test_setup_teardown(sizes_that_lie, open_decoder, close_decoder),
        cmocka_unit_test_setup_teardown(no_size, open_decoder, close_decoder),
        cmocka_unit_test_setup_teardown(cmyk_is_refused, open_decoder, close_decoder),
        cmocka_unit_test_setup_teardown(without_huffman_tables, open_decoder, close_decoder),
        cmocka_unit_test_setup_teardown(without_quantization_tables, open_decoder, close_decoder),
        cmocka_unit_test_setup_teardown(too_many_scans, open_decoder, close_decoder),
        cmocka_unit_test_setup_teardown(exif_reaches_the_frame, open_decoder, close_decoder),
        cmocka_unit_test_setup_teardown(no_memory_for_pixels, open_decoder, close_decoder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
