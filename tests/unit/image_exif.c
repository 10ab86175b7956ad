/* SPDX-License-Identifier: Apache-2.0
 *
 * The EXIF orientation: both byte orders, the values of TIFF, and blocks that lie.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "image/jpeg_markers.h"
#include "plumbline/image.h"

typedef struct tiff_case {
    const char *what;
    int expected;
    size_t size;
    const char *bytes;
} tiff_case;

#define CASE(what, expected, bytes)                                                                \
    {                                                                                              \
        what, expected, sizeof(bytes) - 1, bytes                                                   \
    }

static const tiff_case tiffs[] = {
    CASE("little endian 6", 6, "II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"),
    CASE("big endian 8", 8, "MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x08\0\0\0\0\0\0"),
    CASE("behind another entry", 3,
         "II*\0\x08\0\0\0\x02\0\x0f\x01\x02\0\x01\0\0\0\x41\0\0\0"
         "\x12\x01\x03\0\x01\0\0\0\x03\0\0\0"),
    CASE("directory not at 8", 5,
         "II*\0\x0c\0\0\0\0\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x05\0\0\0"),
    CASE("first of two", 2,
         "II*\0\x08\0\0\0\x02\0\x12\x01\x03\0\x01\0\0\0\x02\0\0\0"
         "\x12\x01\x03\0\x01\0\0\0\x07\0\0\0"),
    CASE("value 0", 1, "II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x00\0\0\0"),
    CASE("value 9", 1, "II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x09\0\0\0"),
    CASE("type LONG", 6, "II*\0\x08\0\0\0\x01\0\x12\x01\x04\0\x01\0\0\0\x06\0\0\0"),
    CASE("type LONG, big endian", 6, "MM\0*\0\0\0\x08\0\x01\x01\x12\0\x04\0\0\0\x01\0\0\0\x06"),
    CASE("type LONG, above 16 bits", 1,
         "II*\0\x08\0\0\0\x01\0\x12\x01\x04\0\x01\0\0\0\x06\0\x01\0"),
    CASE("type BYTE", 1, "II*\0\x08\0\0\0\x01\0\x12\x01\x01\0\x01\0\0\0\x06\0\0\0"),
    CASE("count 2", 1, "II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x02\0\0\0\x06\0\x06\0"),
    CASE("count 0", 1, "II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x00\0\0\0\x06\0\0\0"),
    CASE("no such tag", 1, "II*\0\x08\0\0\0\x01\0\x13\x01\x03\0\x01\0\0\0\x06\0\0\0"),
    CASE("entry cut short", 1, "II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0"),
    CASE("count of entries a lie", 6, "II*\0\x08\0\0\0\xff\xff\x12\x01\x03\0\x01\0\0\0\x06\0\0\0"),
    CASE("directory behind the end", 1, "II*\0\xff\xff\xff\xff\x01\0\x12\x01"),
    CASE("directory at the last byte", 1, "II*\0\x0b\0\0\0\0\0\0\x01"),
    CASE("directory inside the header", 1, "II*\0\x02\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0"),
    CASE("no entries", 1, "II*\0\x08\0\0\0\0\0"),
    CASE("mixed byte order", 1, "IM*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0"),
    CASE("not 42", 1, "II+\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0"),
    CASE("header only", 1, "II*\0\x08\0\0\0"),
    CASE("seven bytes", 1, "II*\0\x08\0\0"),
    CASE("empty", 1, ""),
};

/* A copy without a byte to spare, so that a sanitizer sees any read past the end. */
static void *exact_copy(const void *data, size_t size)
{
    void *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, data, size);
    return copy;
}

static void tiff_blocks(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(tiffs) / sizeof(tiffs[0]); i++) {
        void *copy = exact_copy(tiffs[i].bytes, tiffs[i].size);
        int got = (int)plumb_tiff_orientation(copy, tiffs[i].size);
        free(copy);
        if (got != tiffs[i].expected)
            fail_msg("%s: %d instead of %d", tiffs[i].what, got, tiffs[i].expected);
    }
}

static const char tiff_6[] = "II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0";

static size_t put_segment(uint8_t *out, uint8_t marker, const char *prefix, size_t prefix_size,
                          const char *data, size_t size)
{
    size_t length = prefix_size + size + 2;
    out[0] = 0xff;
    out[1] = marker;
    out[2] = (uint8_t)(length >> 8);
    out[3] = (uint8_t)length;
    memcpy(out + 4, prefix, prefix_size);
    memcpy(out + 4 + prefix_size, data, size);
    return length + 2;
}

static int orientation_of(const uint8_t *data, size_t size)
{
    void *copy = exact_copy(data, size);
    int got = (int)plumb_exif_orientation(copy, size);
    free(copy);
    return got;
}

static void in_a_jpeg(void **state)
{
    (void)state;
    uint8_t jpeg[256] = { 0xff, 0xd8 };
    size_t size = 2;
    size += put_segment(jpeg + size, 0xe0, "JFIF", 5, "\1\1\0\0\1\0\1\0\0", 9);
    size += put_segment(jpeg + size, 0xe1, "http://ns.adobe.com/xap/1.0/", 29, "<x/>", 4);
    memcpy(jpeg + size, "\xff\xff\xff", 3); /* fill bytes */
    size += 3;
    size_t exif = size;
    size += put_segment(jpeg + size, 0xe1, "Exif\0", 6, tiff_6, sizeof(tiff_6) - 1);
    assert_int_equal(orientation_of(jpeg, size), 6);
    /* Whatever is cut off, the answer is 6 or 1 and nothing is read behind the end. */
    for (size_t cut = 0; cut < size; cut++)
        assert_int_equal(orientation_of(jpeg, cut), 1);
    /* Only the first Exif block counts. */
    size += put_segment(jpeg + size, 0xe1, "Exif\0", 6, "II*\0\x08\0\0\0\0\0", 10);
    assert_int_equal(orientation_of(jpeg, size), 6);
    jpeg[exif + 4 + 6 + 18] = 77;
    assert_int_equal(orientation_of(jpeg, size), 1);
}

static void not_in_the_scan(void **state)
{
    (void)state;
    uint8_t jpeg[128] = { 0xff, 0xd8, 0xff, 0xda, 0, 2, 1, 2, 3 };
    size_t size = 9;
    size += put_segment(jpeg + size, 0xe1, "Exif\0", 6, tiff_6, sizeof(tiff_6) - 1);
    assert_int_equal(orientation_of(jpeg, size), 1);
}

static void no_jpeg(void **state)
{
    (void)state;
    assert_int_equal(plumb_exif_orientation(NULL, 0), 1);
    assert_int_equal(orientation_of((const uint8_t *)"Exif", 4), 1);
    assert_int_equal(orientation_of((const uint8_t *)"\xff\xd8\xff\xe1\0\1", 6), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tiff_blocks),
        cmocka_unit_test(in_a_jpeg),
        cmocka_unit_test(not_in_the_scan),
        cmocka_unit_test(no_jpeg),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
