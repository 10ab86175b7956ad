/* SPDX-License-Identifier: Apache-2.0
 *
 * Sniffing, PNG and BMP: hand-made files, what they decode to, and how broken ones are refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "make_bitmap.h"
#include "plumbline/image.h"
#include "test_allocator.h"

static plumb_image_decoder *decoder;
static plumb_frame frame;
static plumb_diag diag;

static int open_decoder(void **state)
{
    (void)state;
    return plumb_image_decoder_create(NULL, &decoder, NULL);
}

static int close_decoder(void **state)
{
    (void)state;
    plumb_image_decoder_destroy(&decoder);
    return 0;
}

static plumb_status decode(const void *data, size_t size)
{
    void *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, data, size);
    frame = (plumb_frame)PLUMB_FRAME_INIT;
    diag = (plumb_diag){ 0 };
    plumb_status status = plumb_image_decode(decoder, copy, size, &frame, &diag);
    free(copy);
    return status;
}

static void need_stb(void)
{
#ifndef PLUMB_HAVE_STB
    skip();
#endif
}

static void expect_pixels(plumb_pixel_format format, int32_t width, int32_t height,
                          const char *pixels)
{
    assert_int_equal(frame.format, format);
    assert_int_equal(frame.width, width);
    assert_int_equal(frame.height, height);
    size_t size = (size_t)width * (size_t)height * (format == PLUMB_FORMAT_GRAY8 ? 1 : 3);
    assert_int_equal(frame.planes[0].size, size);
    assert_memory_equal(frame.planes[0].data, pixels, size);
}

static void sniffing(void **state)
{
    (void)state;
    assert_int_equal(plumb_image_sniff("\xff\xd8\xff\xe0", 4), PLUMB_IMAGE_JPEG);
    assert_int_equal(plumb_image_sniff("\x89PNG\r\n\x1a\n", 8), PLUMB_IMAGE_PNG);
    assert_int_equal(plumb_image_sniff("\x89PNG\r\n\x1a", 7), PLUMB_IMAGE_UNKNOWN);
    assert_int_equal(plumb_image_sniff("BM", 2), PLUMB_IMAGE_BMP);
    assert_int_equal(plumb_image_sniff("YUV4MPEG2 W1", 12), PLUMB_IMAGE_Y4M);
    assert_int_equal(plumb_image_sniff("GIF89a", 6), PLUMB_IMAGE_UNKNOWN);
    assert_int_equal(plumb_image_sniff("", 0), PLUMB_IMAGE_UNKNOWN);
    assert_int_equal(plumb_image_sniff(NULL, 0), PLUMB_IMAGE_UNKNOWN);
    assert_int_equal(decode("GIF89a", 6), PLUMB_E_UNSUPPORTED);
    assert_int_equal(decode("", 0), PLUMB_E_UNSUPPORTED);
}

static void png_kinds(void **state)
{
    (void)state;
    need_stb();
    test_bytes png;
    make_png(&png, 2, 2, 8, 2, (const uint8_t *)"abcdefghijkl", 6, 2);
    assert_int_equal(decode(png.data, png.size), PLUMB_OK);
    expect_pixels(PLUMB_FORMAT_RGB24, 2, 2, "abcdefghijkl");
    make_png(&png, 2, 2, 8, 6, (const uint8_t *)"abc!def?ghi\0jkl\xff", 8, 2);
    assert_int_equal(decode(png.data, png.size), PLUMB_OK);
    expect_pixels(PLUMB_FORMAT_RGB24, 2, 2, "abcdefghijkl");
    make_png(&png, 3, 1, 8, 0, (const uint8_t *)"xyz", 3, 1);
    assert_int_equal(decode(png.data, png.size), PLUMB_OK);
    expect_pixels(PLUMB_FORMAT_GRAY8, 3, 1, "xyz");
    make_png(&png, 2, 1, 8, 4, (const uint8_t *)"x\0y\x80", 4, 1);
    assert_int_equal(decode(png.data, png.size), PLUMB_OK);
    expect_pixels(PLUMB_FORMAT_GRAY8, 2, 1, "xy");
    make_png(&png, 1, 1, 16, 2,
             (const uint8_t *)"a\xff"
                              "b\xff"
                              "c\xff",
             6, 1);
    assert_int_equal(decode(png.data, png.size), PLUMB_OK);
    expect_pixels(PLUMB_FORMAT_RGB24, 1, 1, "abc");
    make_png(&png, 9, 1, 1, 0, (const uint8_t *)"\xa5\x80", 2, 1);
    assert_int_equal(decode(png.data, png.size), PLUMB_OK);
    expect_pixels(PLUMB_FORMAT_GRAY8, 9, 1, "\xff\0\xff\0\0\xff\0\xff\xff");
}

/* A pixel whose index has no colour is black, as Pillow shows it, and not what was in memory. */
static void png_short_palette(void **state)
{
    (void)state;
    need_stb();
    test_bytes png, whole = { .size = 0 };
    make_png(&png, 3, 1, 8, 3, (const uint8_t *)"\1\200\0", 3, 1);
    put(&whole, png.data, 8 + 25); /* signature and header */
    put_chunk(&whole, "PLTE", "abcdef", 6);
    put(&whole, png.data + 33, png.size - 33);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(decode(whole.data, whole.size), PLUMB_OK);
        expect_pixels(PLUMB_FORMAT_RGB24, 3, 1, "def\0\0\0abc");
    }
}

static void png_refused(void **state)
{
    (void)state;
    test_bytes png;
    make_png(&png, 2, 2, 8, 2, (const uint8_t *)"abcdefghijkl", 6, 2);
    for (size_t size = 8; size < png.size; size++)
        assert_int_equal(decode(png.data, size), PLUMB_E_TRUNCATED);
    png.data[png.size - 12 - 5]++; /* in the checksum of the pixels */
    assert_int_equal(decode(png.data, png.size), PLUMB_E_CORRUPT);
    png.data[24] = 3; /* a depth that no colour has */
    assert_int_equal(decode(png.data, png.size), PLUMB_E_CORRUPT);
    make_png(&png, 65500, 65500, 8, 2, (const uint8_t *)"abcdef", 6, 1);
    assert_int_equal(decode(png.data, png.size), PLUMB_E_LIMIT);
    assert_string_equal(diag.field, "width");
    make_png(&png, 16384, 16384, 16, 6, (const uint8_t *)"abcdef", 6, 1);
    assert_int_equal(decode(png.data, png.size), PLUMB_E_TRUNCATED);
    make_png(&png, 0, 2, 8, 2, (const uint8_t *)"abcdef", 6, 1);
    assert_int_equal(decode(png.data, png.size), PLUMB_E_SIZE);
    png.size = 0;
    put(&png, "\x89PNG\r\n\x1a\n", 8);
    put_chunk(&png, "CgBI", "\x50\0\x20\6", 4);
    put_chunk(&png, "IHDR", "\0\0\0\1\0\0\0\1\x08\x06\0\0\0", 13);
    assert_int_equal(decode(png.data, png.size), PLUMB_E_UNSUPPORTED);
}

static void png_too_few_rows(void **state)
{
    (void)state;
    need_stb();
    test_bytes png;
    make_png(&png, 2, 3, 8, 2, (const uint8_t *)"abcdefghijkl", 6, 2);
    assert_int_equal(decode(png.data, png.size), PLUMB_E_CORRUPT);
}

static void png_exif(void **state)
{
    (void)state;
    test_bytes png = { .size = 0 };
    put(&png, "\x89PNG\r\n\x1a\n", 8);
    put_chunk(&png, "IHDR", "\0\0\0\3\0\0\0\2\x08\x02\0\0\0", 13);
    put_chunk(&png, "eXIf", "MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x08\0\0", 22);
    plumb_image_info info;
    assert_int_equal(plumb_image_probe(png.data, png.size, &info, NULL), PLUMB_OK);
    assert_int_equal(info.format, PLUMB_IMAGE_PNG);
    assert_int_equal(info.width, 3);
    assert_int_equal(info.height, 2);
    assert_int_equal(info.components, 3);
    assert_int_equal(info.orientation, 8);
}

static void bmp_kinds(void **state)
{
    (void)state;
    need_stb();
    test_bytes bmp;
    make_bmp(&bmp, 2, 2, 24, 0, NULL, 0, (const uint8_t *)"ihglkj\0\0cbafed\0\0", 16);
    assert_int_equal(decode(bmp.data, bmp.size), PLUMB_OK);
    expect_pixels(PLUMB_FORMAT_RGB24, 2, 2, "abcdefghijkl");
    make_bmp(&bmp, 2, -2, 24, 0, NULL, 0, (const uint8_t *)"cbafed\0\0ihglkj\0\0", 16);
    assert_int_equal(decode(bmp.data, bmp.size), PLUMB_OK);
    expect_pixels(PLUMB_FORMAT_RGB24, 2, 2, "abcdefghijkl");
    make_bmp(&bmp, 2, 1, 32, 0, NULL, 0, (const uint8_t *)"cba!fed?", 8);
    assert_int_equal(decode(bmp.data, bmp.size), PLUMB_OK);
    expect_pixels(PLUMB_FORMAT_RGB24, 2, 1, "abcdef");
    make_bmp(&bmp, 3, 1, 8, 0, (const uint8_t *)"cba\0fed\0", 2, (const uint8_t *)"\1\0\1\0", 4);
    assert_int_equal(decode(bmp.data, bmp.size), PLUMB_OK);
    expect_pixels(PLUMB_FORMAT_RGB24, 3, 1, "defabcdef");
}

static void bmp_refused(void **state)
{
    (void)state;
    test_bytes bmp;
    make_bmp(&bmp, 2, 2, 24, 0, NULL, 0, (const uint8_t *)"ihglkj\0\0cbafed\0\0", 16);
    for (size_t size = 2; size < bmp.size; size++)
        assert_int_equal(decode(bmp.data, size), PLUMB_E_TRUNCATED);
    make_bmp(&bmp, 2, 2, 8, 1, NULL, 0, (const uint8_t *)"\0\0\0\1", 4);
    assert_int_equal(decode(bmp.data, bmp.size), PLUMB_E_UNSUPPORTED);
    make_bmp(&bmp, 65500, 65500, 24, 0, NULL, 0, (const uint8_t *)"abcd", 4);
    assert_int_equal(decode(bmp.data, bmp.size), PLUMB_E_LIMIT);
    make_bmp(&bmp, 16384, INT32_MIN, 24, 0, NULL, 0, (const uint8_t *)"abcd", 4);
    assert_int_not_equal(decode(bmp.data, bmp.size), PLUMB_OK);
    make_bmp(&bmp, -2, 2, 24, 0, NULL, 0, (const uint8_t *)"abcd", 4);
    assert_int_equal(decode(bmp.data, bmp.size), PLUMB_E_CORRUPT);
    make_bmp(&bmp, 2, 0, 24, 0, NULL, 0, (const uint8_t *)"abcd", 4);
    assert_int_equal(decode(bmp.data, bmp.size), PLUMB_E_SIZE);
    /* A pixel without a colour in the palette, in each depth. */
    make_bmp(&bmp, 3, 1, 8, 0, (const uint8_t *)"cba\0fed\0", 2, (const uint8_t *)"\1\2\1\0", 4);
    assert_int_equal(decode(bmp.data, bmp.size), PLUMB_E_CORRUPT);
    make_bmp(&bmp, 3, 1, 4, 0, (const uint8_t *)"cba\0fed\0", 2, (const uint8_t *)"\x10\x20\0\0",
             4);
    assert_int_equal(decode(bmp.data, bmp.size), PLUMB_E_CORRUPT);
    make_bmp(&bmp, 3, 1, 1, 0, (const uint8_t *)"cba\0", 1, (const uint8_t *)"\x20\0\0\0", 4);
    assert_int_equal(decode(bmp.data, bmp.size), PLUMB_E_CORRUPT);
}

static void left_out(void **state)
{
    (void)state;
#if defined(PLUMB_HAVE_STB) && defined(PLUMB_HAVE_LIBJPEG)
    skip(); /* nothing is left out of this build */
#endif
#ifndef PLUMB_HAVE_STB
    test_bytes png;
    make_png(&png, 3, 1, 8, 0, (const uint8_t *)"xyz", 3, 1);
    assert_int_equal(decode(png.data, png.size), PLUMB_E_DISABLED);
#endif
#ifndef PLUMB_HAVE_LIBJPEG
    assert_int_equal(decode("\xff\xd8\xff\xe0", 4), PLUMB_E_DISABLED);
#endif
}

static void out_of_memory(void **state)
{
    (void)state;
    test_allocator allocator = { 0 };
    plumb_context context = test_context(&allocator);
    for (uint64_t n = 1; n <= 2; n++) {
        allocator.calls = 0;
        allocator.fail_at = n;
        plumb_image_decoder *none = NULL;
        assert_int_equal(plumb_image_decoder_create(&context, &none, &diag), PLUMB_E_NOMEM);
        assert_null(none);
        assert_int_equal(allocator.live, 0);
    }
}

static void handles(void **state)
{
    (void)state;
    plumb_image_decoder_destroy(NULL);
    plumb_image_decoder *none = NULL;
    plumb_image_decoder_destroy(&none);
    assert_int_equal(plumb_image_decode(NULL, "BM", 2, &frame, &diag), PLUMB_E_ARGUMENT);
    assert_int_equal(plumb_image_decode(decoder, NULL, 2, &frame, &diag), PLUMB_E_ARGUMENT);
    assert_int_equal(plumb_image_decode(decoder, "BM", 2, NULL, &diag), PLUMB_E_ARGUMENT);
    assert_int_equal(plumb_image_probe("BM", 2, NULL, &diag), PLUMB_E_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sniffing),          cmocka_unit_test(png_kinds),
        cmocka_unit_test(png_short_palette), cmocka_unit_test(png_refused),
        cmocka_unit_test(png_too_few_rows),  cmocka_unit_test(png_exif),
        cmocka_unit_test(bmp_kinds),         cmocka_unit_test(bmp_refused),
        cmocka_unit_test(left_out),          cmocka_unit_test(out_of_memory),
        cmocka_unit_test(handles),
    };
    return cmocka_run_group_tests(tests, open_decoder, close_decoder);
}
