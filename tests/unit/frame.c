/* SPDX-License-Identifier: Apache-2.0
 *
 * Which frames are accepted, which are refused and how the error is named, and where the planes of a
 * dense buffer begin.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "plumbline/frame.h"

static const uint8_t memory[1 << 16];

static plumb_frame nv12(int32_t width, int32_t height)
{
    plumb_frame f = PLUMB_FRAME_INIT;
    f.format = PLUMB_FORMAT_NV12;
    f.width = width;
    f.height = height;
    f.matrix = PLUMB_MATRIX_BT601;
    f.range = PLUMB_RANGE_FULL;
    f.planes[0].data = f.planes[1].data = memory;
    f.planes[0].size = f.planes[1].size = sizeof(memory);
    return f;
}

static void refused(const plumb_frame *frame, plumb_status status, const char *field)
{
    plumb_diag diag = { 0 };
    assert_int_equal(plumb_frame_validate(frame, &diag), status);
    assert_int_equal(diag.status, status);
    assert_string_equal(diag.field, field);
    assert_true(diag.message[0] != '\0');
    assert_int_equal(plumb_frame_validate(frame, NULL), status);
}

static void name_what_is_missing(void **state)
{
    (void)state;
    plumb_frame f = nv12(5, 3);
    assert_int_equal(plumb_frame_validate(&f, NULL), PLUMB_OK);
    f.format = PLUMB_FORMAT_UNSET;
    refused(&f, PLUMB_E_ARGUMENT, "format");
    f = nv12(5, 3);
    f.matrix = PLUMB_MATRIX_UNSET;
    refused(&f, PLUMB_E_ARGUMENT, "matrix");
    f = nv12(5, 3);
    f.range = PLUMB_RANGE_UNSET;
    refused(&f, PLUMB_E_ARGUMENT, "range");
    f.matrix = PLUMB_MATRIX_OPENCV;
    f.range = PLUMB_RANGE_FULL;
    refused(&f, PLUMB_E_ARGUMENT, "range");
    f = nv12(5, 3);
    f.orientation = (plumb_orientation)9;
    refused(&f, PLUMB_E_ARGUMENT, "orientation");
    f = nv12(5, 3);
    f.planes[1].data = NULL;
    refused(&f, PLUMB_E_ARGUMENT, "planes[1].data");
    f = nv12(5, 3);
    f.struct_size = 8;
    refused(&f, PLUMB_E_ARGUMENT, "struct_size");
    refused(NULL, PLUMB_E_ARGUMENT, "frame");
    f = nv12(0, 3);
    refused(&f, PLUMB_E_SIZE, "width");
    f = nv12(3, PLUMB_MAX_SIDE + 1);
    refused(&f, PLUMB_E_SIZE, "height");
    f = nv12(4, 4);
    f.format = PLUMB_FORMAT_P010;
    f.matrix = PLUMB_MATRIX_LIBYUV_JPEG;
    refused(&f, PLUMB_E_UNSUPPORTED, "matrix");
}

/* A 5x3 NV12 frame: luma 5 bytes a row, chroma 3 pairs, 2 rows. */
static void count_bytes(void **state)
{
    (void)state;
    plumb_frame f = nv12(5, 3);
    f.planes[0].size = 15;
    f.planes[1].size = 12;
    assert_int_equal(plumb_frame_validate(&f, NULL), PLUMB_OK);
    f.planes[1].size = 11;
    refused(&f, PLUMB_E_BUFFER, "planes[1].size");
    f.planes[0].row_stride = 8;
    f.planes[1].row_stride = 8;
    f.planes[0].size = 8 * 2 + 5; /* the last row ends early */
    f.planes[1].size = 8 + 6;
    assert_int_equal(plumb_frame_validate(&f, NULL), PLUMB_OK);
    f.planes[0].size--;
    refused(&f, PLUMB_E_BUFFER, "planes[0].size");
    f = nv12(5, 3);
    f.planes[1].row_stride = 5;
    refused(&f, PLUMB_E_STRIDE, "planes[1].row_stride");
    f.planes[1].row_stride = -6;
    refused(&f, PLUMB_E_STRIDE, "planes[1].row_stride");
    f.planes[1].row_stride = PTRDIFF_MAX;
    f.planes[1].size = SIZE_MAX;
    f.height = 9;
    refused(&f, PLUMB_E_STRIDE, "planes[1].row_stride");
    f = nv12(5, 3);
    f.planes[0].pixel_stride = -1;
    refused(&f, PLUMB_E_STRIDE, "planes[0].pixel_stride");
    f.planes[0].pixel_stride = INT32_MAX;
    refused(&f, PLUMB_E_STRIDE, "planes[0].pixel_stride");
    f = nv12(5, 3);
    f.planes[1].pixel_stride = 1; /* a pair has two bytes */
    refused(&f, PLUMB_E_STRIDE, "planes[1].pixel_stride");
}

/* Android's YUV_420_888: chroma two bytes apart, and the planes overlap but for one byte. */
static void accept_android(void **state)
{
    (void)state;
    plumb_frame f = nv12(6, 4);
    f.format = PLUMB_FORMAT_I420;
    for (int i = 1; i < 3; i++) {
        f.planes[i].data = memory + 64 + (i == 1 ? 1 : 0);
        f.planes[i].pixel_stride = 2;
        f.planes[i].row_stride = 8;
        f.planes[i].size = 8 + 5;
    }
    assert_int_equal(plumb_frame_validate(&f, NULL), PLUMB_OK);
    f.planes[2].size--;
    refused(&f, PLUMB_E_BUFFER, "planes[2].size");
}

static void accept_packed_pairs(void **state)
{
    (void)state;
    plumb_frame f = nv12(5, 2);
    f.format = PLUMB_FORMAT_YUYV;
    f.planes[0].size = 24; /* three pairs of four bytes a row */
    assert_int_equal(plumb_frame_validate(&f, NULL), PLUMB_OK);
    f.planes[0].pixel_stride = 2;
    assert_int_equal(plumb_frame_validate(&f, NULL), PLUMB_OK);
    f.planes[0].size = 23;
    refused(&f, PLUMB_E_BUFFER, "planes[0].size");
    f.planes[0].pixel_stride = 4;
    refused(&f, PLUMB_E_STRIDE, "planes[0].pixel_stride");
}

static void accept_files(void **state)
{
    (void)state;
    plumb_frame f = PLUMB_FRAME_INIT;
    f.format = PLUMB_FORMAT_JPEG;
    assert_int_equal(plumb_frame_from_buffer(&f, memory, 100, 0, NULL), PLUMB_OK);
    assert_int_equal(plumb_frame_validate(&f, NULL), PLUMB_OK);
    f.planes[0].size = 0;
    refused(&f, PLUMB_E_BUFFER, "planes[0].size");
}

typedef struct dense_case {
    plumb_pixel_format format;
    ptrdiff_t stride;
    size_t size, offsets[3];
    ptrdiff_t strides[3];
} dense_case;

/* 5 by 3 pixels, by hand. */
static const dense_case dense_cases[] = {
    { PLUMB_FORMAT_NV12, 0, 27, { 0, 15, 0 }, { 5, 6, 0 } },
    { PLUMB_FORMAT_NV12, 8, 24 + 8 + 6, { 0, 24, 0 }, { 8, 8, 0 } },
    { PLUMB_FORMAT_I420, 0, 27, { 0, 15, 21 }, { 5, 3, 3 } },
    { PLUMB_FORMAT_I420, 8, 24 + 8 + 4 + 3, { 0, 24, 32 }, { 8, 4, 4 } },
    { PLUMB_FORMAT_I422, 0, 33, { 0, 15, 24 }, { 5, 3, 3 } },
    { PLUMB_FORMAT_I444, 7, 21 + 21 + 19, { 0, 21, 42 }, { 7, 7, 7 } },
    { PLUMB_FORMAT_P010, 0, 54, { 0, 30, 0 }, { 10, 12, 0 } },
    { PLUMB_FORMAT_P010, 16, 48 + 16 + 12, { 0, 48, 0 }, { 16, 16, 0 } },
    { PLUMB_FORMAT_YUYV, 0, 36, { 0, 0, 0 }, { 12, 0, 0 } },
    { PLUMB_FORMAT_BGRA, 32, 64 + 20, { 0, 0, 0 }, { 32, 0, 0 } },
    { PLUMB_FORMAT_GRAY16, 0, 30, { 0, 0, 0 }, { 10, 0, 0 } },
};

static void split_buffers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(dense_cases) / sizeof(dense_cases[0]); i++) {
        const dense_case *c = &dense_cases[i];
        plumb_frame f = nv12(5, 3);
        f.format = c->format;
        plumb_diag diag = { 0 };
        assert_int_equal(plumb_frame_from_buffer(&f, memory, c->size, c->stride, &diag), PLUMB_OK);
        for (int p = 0; p < plumb_pixel_format_planes(c->format); p++) {
            assert_int_equal(f.planes[p].data - memory, c->offsets[p]);
            assert_int_equal(f.planes[p].row_stride, c->strides[p]);
        }
        assert_int_equal(plumb_frame_validate(&f, NULL), PLUMB_OK);
        plumb_frame before = f;
        assert_int_equal(plumb_frame_from_buffer(&f, memory, c->size - 1, c->stride, &diag),
                         PLUMB_E_BUFFER);
        assert_string_equal(diag.field, "size");
        assert_memory_equal(&f, &before, sizeof(f));
        assert_int_equal(plumb_frame_from_buffer(&f, memory, c->size, 4, &diag), PLUMB_E_STRIDE);
    }
}

static void know_names(void **state)
{
    (void)state;
    for (int i = PLUMB_FORMAT_NV12; i <= PLUMB_FORMAT_JPEG; i++) {
        plumb_pixel_format format = PLUMB_FORMAT_UNSET;
        assert_true(
            plumb_pixel_format_parse(plumb_pixel_format_name((plumb_pixel_format)i), &format));
        assert_int_equal(format, i);
        assert_in_range(plumb_pixel_format_planes(format), 1, 3);
    }
    plumb_pixel_format format = PLUMB_FORMAT_NV21;
    assert_false(plumb_pixel_format_parse("NV12", &format));
    assert_false(plumb_pixel_format_parse(NULL, &format));
    assert_int_equal(format, PLUMB_FORMAT_NV21);
    assert_int_equal(plumb_pixel_format_planes(PLUMB_FORMAT_UNSET), 0);
    assert_true(plumb_pixel_format_is_yuv(PLUMB_FORMAT_UYVY));
    assert_false(plumb_pixel_format_is_yuv(PLUMB_FORMAT_JPEG));
    plumb_matrix matrix;
    assert_true(plumb_matrix_parse("opencv-nv12", &matrix));
    assert_int_equal(matrix, PLUMB_MATRIX_OPENCV);
    plumb_range range;
    assert_true(plumb_range_parse("full", &range));
    assert_string_equal(plumb_range_name(range), "full");
}

static void swap_sides(void **state)
{
    (void)state;
    plumb_frame f = nv12(5, 3);
    for (int orientation = 1; orientation <= 8; orientation++) {
        f.orientation = (plumb_orientation)orientation;
        plumb_size size = plumb_frame_upright_size(&f);
        assert_int_equal(size.width, orientation < 5 ? 5 : 3);
        assert_int_equal(size.height, orientation < 5 ? 3 : 5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(name_what_is_missing), cmocka_unit_test(count_bytes),
        cmocka_unit_test(accept_android),       cmocka_unit_test(accept_packed_pairs),
        cmocka_unit_test(accept_files),         cmocka_unit_test(split_buffers),
        cmocka_unit_test(know_names),           cmocka_unit_test(swap_sides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
