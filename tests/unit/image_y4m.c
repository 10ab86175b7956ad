/* SPDX-License-Identifier: Apache-2.0
 *
 * The header and frame lines of Y4M clips.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "plumbline/image.h"

static plumb_diag diag;

static plumb_status parse(const char *text, size_t size, plumb_y4m_info *info, size_t *consumed)
{
    char *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, text, size);
    diag = (plumb_diag){ 0 };
    plumb_status status = plumb_y4m_parse_header(copy, size, info, consumed, &diag);
    free(copy);
    return status;
}

static void headers(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        plumb_pixel_format format;
        int32_t width, height;
        plumb_matrix matrix;
        plumb_range range;
        size_t frame_size;
    } cases[] = {
        { "YUV4MPEG2 W4 H2", PLUMB_FORMAT_I420, 4, 2, PLUMB_MATRIX_BT601, PLUMB_RANGE_LIMITED, 12 },
        { "YUV4MPEG2 W5 H3 F30:1 Ip A1:1 C420jpeg", PLUMB_FORMAT_I420, 5, 3, PLUMB_MATRIX_BT601,
          PLUMB_RANGE_LIMITED, 15 + 2 * 6 },
        { "YUV4MPEG2 W5 H3 C420mpeg2 XYSCSS=420MPEG2 XCOLORRANGE=LIMITED", PLUMB_FORMAT_I420, 5, 3,
          PLUMB_MATRIX_BT601, PLUMB_RANGE_LIMITED, 27 },
        { "YUV4MPEG2 W1280 H720 C420paldv XCOLORRANGE=FULL", PLUMB_FORMAT_I420, 1280, 720,
          PLUMB_MATRIX_BT709, PLUMB_RANGE_FULL, 1280 * 720 * 3 / 2 },
        { "YUV4MPEG2 W5 H3 C422", PLUMB_FORMAT_I422, 5, 3, PLUMB_MATRIX_BT601, PLUMB_RANGE_LIMITED,
          15 + 2 * 9 },
        { "YUV4MPEG2 W5 H3 C444 Xanything", PLUMB_FORMAT_I444, 5, 3, PLUMB_MATRIX_BT601,
          PLUMB_RANGE_LIMITED, 45 },
        { "YUV4MPEG2 H3 W5 Cmono", PLUMB_FORMAT_GRAY8, 5, 3, PLUMB_MATRIX_BT601,
          PLUMB_RANGE_LIMITED, 15 },
        { "YUV4MPEG2 W5 H3 C420p10 XYSCSS=420P10", PLUMB_FORMAT_I010, 5, 3, PLUMB_MATRIX_BT601,
          PLUMB_RANGE_LIMITED, 54 },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char line[128];
        size_t length = strlen(cases[i].line);
        memcpy(line, cases[i].line, length);
        memcpy(line + length, "\nFRAME\n", 7);
        plumb_y4m_info info;
        size_t consumed = 0;
        for (size_t cut = 0; cut <= length; cut++)
            assert_int_equal(parse(line, cut, &info, &consumed), PLUMB_E_TRUNCATED);
        assert_int_equal(parse(line, length + 7, &info, &consumed), PLUMB_OK);
        assert_int_equal(consumed, length + 1);
        assert_int_equal(info.format, cases[i].format);
        assert_int_equal(info.width, cases[i].width);
        assert_int_equal(info.height, cases[i].height);
        assert_int_equal(info.matrix, cases[i].matrix);
        assert_int_equal(info.range, cases[i].range);
        assert_int_equal(info.frame_size, cases[i].frame_size);
        plumb_image_info facts;
        assert_int_equal(plumb_image_probe(line, length + 7, &facts, NULL), PLUMB_OK);
        assert_int_equal(facts.format, PLUMB_IMAGE_Y4M);
        assert_int_equal(facts.width, cases[i].width);
    }
}

static void rate(void **state)
{
    (void)state;
    plumb_y4m_info info;
    size_t consumed;
    const char line[] = "YUV4MPEG2 W2 H2 F30000:1001\n";
    assert_int_equal(parse(line, sizeof(line) - 1, &info, &consumed), PLUMB_OK);
    assert_int_equal(info.rate_numerator, 30000);
    assert_int_equal(info.rate_denominator, 1001);
}

static void refused(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        plumb_status status;
        const char *field;
    } cases[] = {
        { "YUV4MPEG3 W4 H2\n", PLUMB_E_SYNTAX, "" },
        { "YUV4MPEG2W4 H2\n", PLUMB_E_SYNTAX, "" },
        { "YUV4MPEG2\n", PLUMB_E_SIZE, "width" },
        { "YUV4MPEG2 W4\n", PLUMB_E_SIZE, "height" },
        { "YUV4MPEG2 W-4 H2\n", PLUMB_E_SYNTAX, "W" },
        { "YUV4MPEG2 W4 H\n", PLUMB_E_SYNTAX, "H" },
        { "YUV4MPEG2 W99999999999 H2\n", PLUMB_E_SYNTAX, "W" },
        { "YUV4MPEG2 W16385 H2\n", PLUMB_E_LIMIT, "width" },
        { "YUV4MPEG2 W4 H2 C411\n", PLUMB_E_UNSUPPORTED, "C" },
        { "YUV4MPEG2 W4 H2 C\n", PLUMB_E_UNSUPPORTED, "C" },
        { "YUV4MPEG2 W4 H2 F30\n", PLUMB_E_SYNTAX, "F" },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        plumb_y4m_info info;
        size_t consumed;
        plumb_status status = parse(cases[i].line, strlen(cases[i].line), &info, &consumed);
        if (status != cases[i].status || strcmp(diag.field, cases[i].field) != 0)
            fail_msg("%s: %d, field \"%s\"", cases[i].line, (int)status, diag.field);
    }
    char endless[5000];
    memset(endless, ' ', sizeof(endless));
    memcpy(endless, "YUV4MPEG2", 9);
    plumb_y4m_info info;
    size_t consumed;
    assert_int_equal(parse(endless, 4095, &info, &consumed), PLUMB_E_TRUNCATED);
    assert_int_equal(parse(endless, sizeof(endless), &info, &consumed), PLUMB_E_SYNTAX);
}

static void frame_lines(void **state)
{
    (void)state;
    size_t consumed = 0;
    assert_int_equal(plumb_y4m_parse_frame("FRAME\nabc", 9, &consumed, NULL), PLUMB_OK);
    assert_int_equal(consumed, 6);
    assert_int_equal(plumb_y4m_parse_frame("FRAME Ip Xa\nabc", 15, &consumed, NULL), PLUMB_OK);
    assert_int_equal(consumed, 12);
    assert_int_equal(plumb_y4m_parse_frame("FRAM", 4, &consumed, NULL), PLUMB_E_TRUNCATED);
    assert_int_equal(plumb_y4m_parse_frame("", 0, &consumed, NULL), PLUMB_E_TRUNCATED);
    assert_int_equal(plumb_y4m_parse_frame("FRAMES\n", 7, &consumed, NULL), PLUMB_E_SYNTAX);
    assert_int_equal(plumb_y4m_parse_frame("frame\n", 6, &consumed, NULL), PLUMB_E_SYNTAX);
    assert_int_equal(plumb_y4m_parse_frame("FRAME\n", 6, NULL, NULL), PLUMB_E_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers),
        cmocka_unit_test(rate),
        cmocka_unit_test(refused),
        cmocka_unit_test(frame_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
