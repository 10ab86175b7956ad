/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows and columns of a JPEG read alone are those of the whole decode, wherever the cut lies.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/allocator.h"
#include "image/jpeg.h"
#include "make_jpeg.h"
#include "random.h"

#define SEED 20

typedef struct part {
    int32_t row, rows, x, width;
} part;

/* `info` is given the size of what is decoded. */
static void begin(plumb_jpeg *jpeg, const test_file *file, int32_t reduction,
                  plumb_image_info *info)
{
    assert_int_equal(plumb_jpeg_open(jpeg, file->data, file->size, info, NULL), PLUMB_OK);
    assert_int_equal(plumb_jpeg_start(jpeg, reduction, NULL), PLUMB_OK);
    plumb_size size = plumb_jpeg_size(jpeg);
    assert_int_equal(size.width, (info->width + reduction - 1) / reduction);
    assert_int_equal(size.height, (info->height + reduction - 1) / reduction);
    info->width = size.width;
    info->height = size.height;
}

static void check_rows(const uint8_t *rows, size_t stride, int32_t left,
                       const plumb_image_info *info, const uint8_t *whole, part p)
{
    size_t components = (size_t)info->components;
    for (int32_t y = 0; y < p.rows; y++) {
        const uint8_t *expected =
            whole + ((size_t)(p.row + y) * (size_t)info->width + (size_t)p.x) * components;
        assert_memory_equal(rows + (size_t)y * stride + (size_t)(p.x - left) * components, expected,
                            (size_t)p.width * components);
    }
}

/* Read the part alone, pass over the rest, and compare with the whole. */
static void check_part(plumb_jpeg *jpeg, const test_file *file, int32_t reduction,
                       const uint8_t *whole, part p)
{
    plumb_image_info info;
    begin(jpeg, file, reduction, &info);
    int32_t left = -1, columns = -1;
    assert_int_equal(plumb_jpeg_crop(jpeg, p.x, p.width, &left, &columns, NULL), PLUMB_OK);
    assert_true(left >= 0 && left <= p.x && left + columns >= p.x + p.width);
    assert_true(left + columns <= info.width);
    size_t components = (size_t)info.components, stride = (size_t)columns * components;
    uint8_t *rows = malloc(stride * (size_t)p.rows);
    assert_int_equal(plumb_jpeg_skip_rows(jpeg, p.row, NULL), PLUMB_OK);
    assert_int_equal(plumb_jpeg_read_rows(jpeg, rows, stride, p.rows, NULL), PLUMB_OK);
    assert_int_equal(plumb_jpeg_skip_rows(jpeg, info.height - p.row - p.rows, NULL), PLUMB_OK);
    assert_int_equal(plumb_jpeg_finish(jpeg, NULL), PLUMB_OK);
    check_rows(rows, stride, left, &info, whole, p);
    free(rows);
}

/* Read and pass over runs of rows at random, of one row up to more than two MCU rows. */
static void check_runs(plumb_jpeg *jpeg, const test_file *file, int32_t reduction,
                       const uint8_t *whole, part p, int32_t longest, random_state *random)
{
    plumb_image_info info;
    int32_t left, columns;
    begin(jpeg, file, reduction, &info);
    assert_int_equal(plumb_jpeg_crop(jpeg, p.x, p.width, &left, &columns, NULL), PLUMB_OK);
    size_t components = (size_t)info.components, stride = (size_t)columns * components;
    uint8_t *rows = malloc(stride * (size_t)info.height);
    int32_t row = 0;
    while (row < info.height) {
        bool skip = random_below(random, 2) == 0;
        int32_t count = 1 + random_below(random, longest);
        count = count < info.height - row ? count : info.height - row;
        if (skip) {
            assert_int_equal(plumb_jpeg_skip_rows(jpeg, count, NULL), PLUMB_OK);
        } else {
            part read = { row, count, p.x, p.width };
            assert_int_equal(plumb_jpeg_read_rows(jpeg, rows, stride, count, NULL), PLUMB_OK);
            check_rows(rows, stride, left, &info, whole, read);
        }
        row += count;
    }
    assert_int_equal(plumb_jpeg_finish(jpeg, NULL), PLUMB_OK);
    free(rows);
}

static void check_reduction(const make_jpeg *kind, int32_t reduction)
{
    plumb_context context = plumb_context_resolve(NULL);
    plumb_jpeg *jpeg = plumb_jpeg_create(&context);
    test_file file = make_jpeg_file(kind);
    plumb_image_info info;
    begin(jpeg, &file, reduction, &info);
    size_t stride = (size_t)info.width * (size_t)info.components;
    uint8_t *whole = malloc(stride * (size_t)info.height);
    assert_int_equal(plumb_jpeg_read_rows(jpeg, whole, stride, info.height, NULL), PLUMB_OK);
    assert_int_equal(plumb_jpeg_finish(jpeg, NULL), PLUMB_OK);
    random_state random = { SEED };
    for (int32_t row = 0; row < info.height; row++) {
        int32_t x = (int32_t)(random_unit(&random) * info.width);
        part p = { row, 1 + (int32_t)(random_unit(&random) * (info.height - row)), x,
                   1 + (int32_t)(random_unit(&random) * (info.width - x)) };
        check_part(jpeg, &file, reduction, whole, p);
        check_runs(jpeg, &file, reduction, whole, p, 1 + row % 40, &random);
    }
    free(whole);
    free(file.data);
    plumb_jpeg_destroy(&context, jpeg);
}

static void check_kind(const make_jpeg *kind)
{
    check_reduction(kind, 1);
    check_reduction(kind, 2);
}

static void parts_are_exact(void **state)
{
    (void)state;
    for (int subsampling = 0; subsampling < MAKE_JPEG_SUBSAMPLINGS; subsampling++) {
        for (int progressive = 0; progressive < 2; progressive++) {
            make_jpeg color = { 141, 83, 3, subsampling, 80, 0, progressive, 0, 0 };
            check_kind(&color);
            make_jpeg restarts = { 97, 66, 3, subsampling, 90, progressive, 0, 1, 0 };
            check_kind(&restarts);
        }
    }
    make_jpeg narrow = { 3, 50, 3, 2, 80, 0, 0, 0, 0 };
    check_kind(&narrow);
    make_jpeg gray = { 75, 41, 1, 0, 80, 0, 0, 0, 0 };
    check_kind(&gray);
}

static void wrong_parts_are_refused(void **state)
{
    (void)state;
    plumb_context context = plumb_context_resolve(NULL);
    plumb_jpeg *jpeg = plumb_jpeg_create(&context);
    make_jpeg kind = { 40, 30, 3, 2, 80, 0, 0, 0, 0 };
    test_file file = make_jpeg_file(&kind);
    plumb_image_info info;
    int32_t left, columns;
    assert_int_equal(plumb_jpeg_skip_rows(jpeg, 1, NULL), PLUMB_E_ARGUMENT);
    begin(jpeg, &file, 1, &info);
    assert_int_equal(plumb_jpeg_crop(jpeg, -1, 4, &left, &columns, NULL), PLUMB_E_ARGUMENT);
    assert_int_equal(plumb_jpeg_crop(jpeg, 0, 0, &left, &columns, NULL), PLUMB_E_ARGUMENT);
    assert_int_equal(plumb_jpeg_crop(jpeg, 30, 11, &left, &columns, NULL), PLUMB_E_ARGUMENT);
    assert_int_equal(plumb_jpeg_crop(jpeg, 30, INT32_MAX, &left, &columns, NULL), PLUMB_E_ARGUMENT);
    assert_int_equal(plumb_jpeg_skip_rows(jpeg, -1, NULL), PLUMB_E_ARGUMENT);
    assert_int_equal(plumb_jpeg_skip_rows(jpeg, 31, NULL), PLUMB_E_ARGUMENT);
    assert_int_equal(plumb_jpeg_skip_rows(jpeg, 30, NULL), PLUMB_OK);
    assert_int_equal(plumb_jpeg_finish(jpeg, NULL), PLUMB_OK);
    free(file.data);
    plumb_jpeg_destroy(&context, jpeg);
}

/* The rows that are passed over are read all the same: a file that ends among them is cut off. */
static void a_cut_behind_the_part_shows(void **state)
{
    (void)state;
    plumb_context context = plumb_context_resolve(NULL);
    plumb_jpeg *jpeg = plumb_jpeg_create(&context);
    make_jpeg kind = { 160, 160, 3, 2, 90, 0, 0, 0, 0 };
    test_file file = make_jpeg_file(&kind);
    plumb_image_info info;
    uint8_t rows[160 * 3 * 16];
    file.size = file.size * 9 / 10;
    begin(jpeg, &file, 1, &info);
    assert_int_equal(plumb_jpeg_read_rows(jpeg, rows, 480, 16, NULL), PLUMB_OK);
    assert_int_equal(plumb_jpeg_skip_rows(jpeg, 144, NULL), PLUMB_E_TRUNCATED);
    free(file.data);
    plumb_jpeg_destroy(&context, jpeg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_exact),
        cmocka_unit_test(wrong_parts_are_refused),
        cmocka_unit_test(a_cut_behind_the_part_shows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
