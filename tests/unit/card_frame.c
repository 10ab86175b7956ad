/* SPDX-License-Identifier: Apache-2.0
 *
 * Frame descriptions: what they say arrives in the frame, and what is wrong is named.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plumbline/card.h"

typedef struct described {
    plumb_frame_description *description;
    plumb_frame frame;
    plumb_plane_source sources[3];
    size_t count;
    plumb_diag diag;
} described;

static plumb_status describe(described *d, const char *text)
{
    memset(d, 0, sizeof(*d));
    return plumb_frame_description_parse(NULL, text, strlen(text), &d->description, &d->frame,
                                         d->sources, &d->count, &d->diag);
}

static void test_frame_description(void **state)
{
    (void)state;
    described d;
    assert_int_equal(
        describe(&d,
                 "{\"format\": \"nv12\", \"width\": 1920, \"height\": 1080, \"matrix\": \"bt709\","
                 "\"range\": \"limited\", \"orientation\": 6, \"roi\": [1, 2, 30, 40],"
                 "\"timestamp_ns\": 1795211712924123457, \"planes\": ["
                 "{\"file\": \"a.y\", \"row_stride\": 1984},"
                 "{\"file\": \"a.uv\", \"offset\": 4294967296, \"row_stride\": 2048,"
                 " \"pixel_stride\": 2}]}"),
        PLUMB_OK);
    assert_int_equal(d.count, 2);
    assert_string_equal(d.sources[1].file, "a.uv");
    assert_true(d.sources[1].offset == 4294967296u);
    assert_int_equal(d.sources[0].offset, 0);
    assert_int_equal(d.frame.format, PLUMB_FORMAT_NV12);
    assert_int_equal(d.frame.width, 1920);
    assert_int_equal(d.frame.matrix, PLUMB_MATRIX_BT709);
    assert_int_equal(d.frame.range, PLUMB_RANGE_LIMITED);
    assert_int_equal(d.frame.orientation, PLUMB_ORIENTATION_RIGHT);
    assert_int_equal(d.frame.roi.height, 40);
    assert_true(d.frame.timestamp_ns == 1795211712924123457);
    assert_int_equal(d.frame.planes[0].row_stride, 1984);
    assert_int_equal(d.frame.planes[1].pixel_stride, 2);
    assert_null(d.frame.planes[0].data);
    assert_int_equal(d.frame.struct_size, sizeof(plumb_frame));
    plumb_frame_description_destroy(&d.description);
    assert_null(d.description);
    plumb_frame_description_destroy(&d.description);
    plumb_frame_description_destroy(NULL);
    /* One file that holds all planes; a JPEG knows its own size. */
    assert_int_equal(describe(&d,
                              "{\"format\": \"i420\", \"width\": 5, \"height\": 3, \"matrix\":"
                              "\"bt601\", \"range\": \"full\", \"planes\": [{\"file\": \"a\"}]}"),
                     PLUMB_OK);
    assert_int_equal(d.count, 1);
    plumb_frame_description_destroy(&d.description);
    assert_int_equal(describe(&d, "{\"format\": \"jpeg\", \"planes\": [{\"file\": \"a.jpg\"}]}"),
                     PLUMB_OK);
    assert_int_equal(d.frame.width, 0);
    plumb_frame_description_destroy(&d.description);
}

static void test_frame_mistakes(void **state)
{
    (void)state;
    const struct {
        const char *text;
        plumb_status status;
        const char *field;
    } cases[] = {
        { "{\"width\": 1}", PLUMB_E_KEY, "format" },
        { "{\"format\": \"nv21x\"}", PLUMB_E_VALUE, "format" },
        { "{\"format\": \"rgb24\", \"width\": 1, \"height\": 1}", PLUMB_E_KEY, "planes" },
        { "{\"format\": \"rgb24\", \"height\": 1, \"planes\": [{\"file\": \"a\"}]}", PLUMB_E_KEY,
          "width" },
        { "{\"format\": \"rgb24\", \"width\": 1, \"planes\": [{\"file\": \"a\"}]}", PLUMB_E_KEY,
          "height" },
        { "{\"format\": \"rgb24\", \"width\": 1, \"height\": 1, \"planes\": [{}]}", PLUMB_E_KEY,
          "planes[0].file" },
        { "{\"format\": \"rgb24\", \"width\": 1, \"height\": 1, \"planes\": []}", PLUMB_E_VALUE,
          "planes" },
        { "{\"format\": \"i420\", \"width\": 1, \"height\": 1, \"planes\": [{\"file\": \"a\"},"
          "{\"file\": \"b\"}]}",
          PLUMB_E_VALUE, "planes" },
        { "{\"format\": \"nv12\", \"width\": 1, \"height\": 1, \"planes\": [{\"file\": \"a\"}]}",
          PLUMB_E_KEY, "matrix" },
        { "{\"format\": \"nv12\", \"width\": 1, \"height\": 1, \"matrix\": \"bt709\","
          "\"planes\": [{\"file\": \"a\"}]}",
          PLUMB_E_KEY, "range" },
        { "{\"format\": \"rgb24\", \"width\": 1, \"height\": 1, \"matrix\": \"bt709\","
          "\"planes\": [{\"file\": \"a\"}]}",
          PLUMB_E_KEY, "matrix" },
        { "{\"format\": \"gray8\", \"orientation\": 0}", PLUMB_E_VALUE, "orientation" },
        { "{\"format\": \"gray8\", \"orientation\": 9}", PLUMB_E_VALUE, "orientation" },
        { "{\"format\": \"gray8\", \"roi\": [0, 0, 0, 1]}", PLUMB_E_VALUE, "roi[2]" },
        { "{\"format\": \"gray8\", \"roi\": [0, 0, 1]}", PLUMB_E_VALUE, "roi" },
        { "{\"format\": \"gray8\", \"timestamp_ns\": 1.5}", PLUMB_E_VALUE, "timestamp_ns" },
        { "{\"format\": \"gray8\", \"planes\": [{\"file\": \"a\", \"offset\": -1}]}", PLUMB_E_VALUE,
          "planes[0].offset" },
        { "{\"format\": \"gray8\", \"planes\": [{\"file\": \"a\", \"rowstride\": 1}]}", PLUMB_E_KEY,
          "planes[0].rowstride" },
        { "[]", PLUMB_E_VALUE, "" },
        { "", PLUMB_E_SYNTAX, "" },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        described d;
        plumb_status status = describe(&d, cases[i].text);
        if (status != cases[i].status || strcmp(d.diag.field, cases[i].field) != 0)
            fail_msg("%s: %d %s: %s", cases[i].text, status, d.diag.field, d.diag.message);
        assert_int_equal(d.diag.line, 1);
        assert_int_not_equal(d.diag.column, 0);
        assert_null(d.description);
    }
}

int main(void)
{
    plumb_card *card = NULL;
    if (plumb_card_parse(NULL, "", 0, NULL, &card, NULL) == PLUMB_E_DISABLED)
        return 77; /* built without jansson */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frame_description),
        cmocka_unit_test(test_frame_mistakes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
