/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "qa/detections_io.h"
#include "qa/json_number.h"

/* The shapes are those of ECMAScript's Number::toString, the digits those of Python's repr. */
static void doubles_have_the_fewest_digits(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        { 0.0, "0" },
        { -0.0, "0" },
        { 1.0, "1" },
        { -1.5, "-1.5" },
        { 0.1, "0.1" },
        { 0.1 + 0.2, "0.30000000000000004" },
        { 1.0 / 3.0, "0.3333333333333333" },
        { 123456789.0, "123456789" },
        { 100.0, "100" },
        { 1e17, "100000000000000000" },
        { 1e18, "1e+18" },
        { 1.5e300, "1.5e+300" },
        { 1e-6, "0.000001" },
        { 1e-7, "1e-7" },
        { 1.25e-9, "1.25e-9" },
        { 5e-324, "5e-324" },
        { 1.7976931348623157e308, "1.7976931348623157e+308" },
        { 5.684341886080802e-14, "5.684341886080802e-14" }, /* 2^-44: the nearest 16 digits fail */
        { 9007199254740993.0, "9007199254740992" },
        { NAN, "null" },
        { INFINITY, "null" },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[QA_NUMBER_SIZE];
        size_t length = qa_format_double(text, cases[i].value);
        assert_string_equal(text, cases[i].text);
        assert_int_equal(length, strlen(cases[i].text));
    }
}

static void floats_are_shorter_than_doubles(void **state)
{
    (void)state;
    static const struct {
        float value;
        const char *text;
    } cases[] = {
        { 0.1f, "0.1" },
        { 0.855f, "0.855" },
        { 1.0f / 3.0f, "0.33333334" },
        { 16777216.0f, "16777216" },
        { 3.4028235e38f, "3.4028235e+38" },
        { 1e-45f, "1e-45" },
        { -192.9009f, "-192.9009" },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[QA_NUMBER_SIZE];
        qa_format_float(text, cases[i].value);
        assert_string_equal(text, cases[i].text);
    }
}

static uint32_t next(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 4;
}

static void every_float_reads_back(void **state)
{
    (void)state;
    uint32_t seed = 1;
    for (int i = 0; i < 200000; i++) {
        uint32_t bits = next(&seed) ^ next(&seed) << 8;
        float value;
        memcpy(&value, &bits, sizeof(value));
        if (!isfinite(value))
            continue;
        char text[QA_NUMBER_SIZE];
        qa_format_float(text, value);
        assert_true(strtof(text, NULL) == value);
    }
}

static void an_extent_gives_the_far_edge_back(void **state)
{
    (void)state;
    uint32_t seed = 2;
    for (int i = 0; i < 100000; i++) {
        float start = (float)(int32_t)(next(&seed) % 400000u - 100000u) / 97.0f;
        float end = start + (float)(next(&seed) % 300000u) / 89.0f;
        char text[QA_NUMBER_SIZE];
        qa_format_extent(text, start, end);
        assert_true((float)((double)start + strtod(text, NULL)) == end);
        assert_true(strlen(text) <= 14);
    }
}

static const char full_line[] =
    "{\"frame\":\"a \\\"b\\\".jpg\",\"width\":640,\"height\":480,\"orientation\":6,"
    "\"space\":\"upright\",\"detections\":[{\"class\":3,\"label\":\"caf\xc3\xa9\",\"score\":0.25,"
    "\"box\":[1.5,2,30,40.125],\"row\":7,\"keypoints\":[[1,2,1],[3.5,4,0.5]],\"angle\":0.5,"
    "\"regions\":[\"numeral 8, left\",\"rim\"]},{\"class\":0,\"label\":null,\"score\":1,"
    "\"box\":[0,0,0,0],\"row\":-1,\"angle\":0}]}\n";

static void a_line_is_written_as_it_was_read(void **state)
{
    (void)state;
    qa_frame frame;
    plumb_diag diag = { 0 };
    assert_int_equal(qa_parse_ndjson(full_line, strlen(full_line) - 1, 1, &frame, &diag), PLUMB_OK);
    assert_string_equal(frame.name, "a \"b\".jpg");
    assert_int_equal(frame.orientation, 6);
    assert_int_equal(frame.count, 2);
    assert_true(frame.items[0].box.x1 == 31.5f && frame.items[0].box.y1 == 42.125f);
    assert_string_equal(frame.items[0].regions[1], "rim");
    assert_int_equal(frame.items[0].keypoint_count, 2);
    qa_text text = { 0 };
    qa_write_ndjson(&text, &frame);
    assert_string_equal(text.data, full_line);
    qa_text_release(&text);
    qa_frame_release(&frame);
}

static void strings_are_escaped(void **state)
{
    (void)state;
    qa_text text = { 0 };
    qa_text_json(&text, "a\"\\\n\t\x01\xff\xc3\xa9\xed\xa0\x80/");
    assert_string_equal(text.data,
                        "\"a\\\"\\\\\\n\\t\\u0001\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd"
                        "\xef\xbf\xbd/\"");
    qa_text_release(&text);
}

static void errors_name_line_and_key(void **state)
{
    (void)state;
#define FRAME "{\"frame\":\"a\",\"width\":4,\"height\":4,\"space\":\"upright\",\"detections\":["
    static const struct {
        const char *line;
        plumb_status status;
        const char *field;
    } cases[] = {
        { "[1]", PLUMB_E_VALUE, "" },
        { "{\"frame\":", PLUMB_E_SYNTAX, "" },
        { "{\"frame\":\"a\",\"frame\":\"b\"}", PLUMB_E_SYNTAX, "" },
        { "{\"frame\":\"\"}", PLUMB_E_VALUE, "frame" },
        { "{\"frame\":\"a\",\"with\":1}", PLUMB_E_KEY, "with" },
        { "{\"frame\":\"a\",\"width\":0}", PLUMB_E_VALUE, "width" },
        { "{\"frame\":\"a\",\"width\":4,\"height\":1.5}", PLUMB_E_VALUE, "height" },
        { "{\"frame\":\"a\",\"width\":4,\"height\":4,\"space\":\"up\"}", PLUMB_E_VALUE, "space" },
        { "{\"frame\":\"a\",\"width\":4,\"height\":4,\"orientation\":9}", PLUMB_E_VALUE,
          "orientation" },
        { FRAME "1]}", PLUMB_E_VALUE, "detections[0]" },
        { FRAME "{\"class\":0,\"score\":1,\"box\":[0,0,1,1]},{\"class\":-1}]}", PLUMB_E_VALUE,
          "detections[1].class" },
        { FRAME "{\"class\":0,\"score\":1e99,\"box\":[0,0,1,1]}]}", PLUMB_E_VALUE,
          "detections[0].score" },
        { FRAME "{\"class\":0,\"score\":1,\"box\":[0,0,-1,1]}]}", PLUMB_E_VALUE,
          "detections[0].box" },
        { FRAME "{\"class\":0,\"score\":1,\"box\":[0,0,1]}]}", PLUMB_E_VALUE, "detections[0].box" },
        { FRAME "{\"class\":0,\"score\":1,\"box\":[0,0,1,1],\"name\":\"x\"}]}", PLUMB_E_KEY,
          "detections[0].name" },
        { FRAME "{\"class\":0,\"score\":1,\"box\":[0,0,1,1],\"keypoints\":[[1,2]]}]}",
          PLUMB_E_VALUE, "detections[0].keypoints" },
        { FRAME "{\"class\":0,\"score\":1,\"box\":[0,0,1,1],\"regions\":[1]}]}", PLUMB_E_VALUE,
          "detections[0].regions" },
    };
#undef FRAME
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        qa_frame frame;
        plumb_diag diag = { 0 };
        plumb_status status =
            qa_parse_ndjson(cases[i].line, strlen(cases[i].line), 12, &frame, &diag);
        assert_int_equal(status, cases[i].status);
        assert_int_equal(diag.line, 12);
        assert_string_equal(diag.field, cases[i].field);
        assert_true(diag.message[0] != '\0');
        assert_int_equal(frame.count, 0);
    }
}

static void a_file_counts_its_lines_and_refuses_twins(void **state)
{
    (void)state;
#define LINE(name)                                                                                 \
    "{\"frame\":\"" name "\",\"width\":4,\"height\":4,\"space\":\"upright\",\"detections\":[]}\n"
    qa_frames frames;
    plumb_diag diag = { 0 };
    static const char good[] = LINE("a") "\n  \r\n" LINE("b");
    assert_int_equal(qa_parse_frames(good, strlen(good), &frames, &diag), PLUMB_OK);
    assert_int_equal(frames.count, 2);
    assert_string_equal(frames.items[1].name, "b");
    qa_frames_release(&frames);

    static const char bad[] = LINE("a") "\n{}\n";
    assert_int_equal(qa_parse_frames(bad, strlen(bad), &frames, &diag), PLUMB_E_VALUE);
    assert_int_equal(diag.line, 3);

    static const char twins[] = LINE("a") LINE("b") LINE("a");
    assert_int_equal(qa_parse_frames(twins, strlen(twins), &frames, &diag), PLUMB_E_VALUE);
    assert_string_equal(diag.field, "frame");
    assert_int_equal(qa_parse_frames("", 0, &frames, &diag), PLUMB_OK);
    assert_int_equal(frames.count, 0);
#undef LINE
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doubles_have_the_fewest_digits),
        cmocka_unit_test(floats_are_shorter_than_doubles),
        cmocka_unit_test(every_float_reads_back),
        cmocka_unit_test(an_extent_gives_the_far_edge_back),
        cmocka_unit_test(a_line_is_written_as_it_was_read),
        cmocka_unit_test(strings_are_escaped),
        cmocka_unit_test(errors_name_line_and_key),
        cmocka_unit_test(a_file_counts_its_lines_and_refuses_twins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
