/* SPDX-License-Identifier: Apache-2.0
 *
 * One case for each kind of mistake in a card: a small edit of a valid card, and the status, line,
 * column, key path and words that the error must have.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plumbline/card.h"

static const char *const valid_card =
    "{\n"                                                          /* 1 */
    "  \"plumbline\": 1,\n"                                        /* 2 */
    "  \"name\": \"test\",\n"                                      /* 3 */
    "  \"preprocess\": {\n"                                        /* 4 */
    "    \"width\": 64, \"height\": 64,\n"                         /* 5 */
    "    \"mode\": \"scale_fit\",\n"                               /* 6 */
    "    \"rule\": \"yolox\",\n"                                   /* 7 */
    "    \"resample\": \"opencv-linear\",\n"                       /* 8 */
    "    \"channels\": \"bgr\",\n"                                 /* 9 */
    "    \"layout\": \"nchw\",\n"                                  /* 10 */
    "    \"dtype\": \"float32\"\n"                                 /* 11 */
    "  },\n"                                                       /* 12 */
    "  \"head\": {\n"                                              /* 13 */
    "    \"type\": \"yolox\",\n"                                   /* 14 */
    "    \"labels\": [\"hole\", \"numeral\", \"edge.of[card]\"]\n" /* 15 */
    "  },\n"                                                       /* 16 */
    "  \"postprocess\": {\n"                                       /* 17 */
    "    \"confidence\": 0.25,\n"                                  /* 18 */
    "    \"nms\": { \"method\": \"hard\", \"iou\": 0.5 }\n"        /* 19 */
    "  },\n"                                                       /* 20 */
    "  \"regions\": [\n"                                           /* 21 */
    "    { \"name\": \"left\", \"space\": \"normalized\", \"shape\": { "
    "\"rect\": [0, 0, 1, 1] },\n"                               /* 22 */
    "      \"measure\": \"center\", \"effect\": \"reject\" }\n" /* 23 */
    "  ]\n"                                                     /* 24 */
    "}\n";

typedef struct mistake {
    const char *from, *to; /* the edit; `from` occurs once */
    plumb_status status;
    uint32_t line, column;
    const char *field;
    const char *words; /* part of the message */
} mistake;

/* clang-format off */
static const mistake mistakes[] = {
    /* keys */
    { "\"mode\"", "\"mod\"", PLUMB_E_KEY, 6, 5, "preprocess.mod", "did you mean \"mode\"?" },
    { "\"name\": \"test\"", "\"flavour\": 3", PLUMB_E_KEY, 3, 3, "flavour", "\"flavour\" is no key here" },
    { "\"iou\": 0.5", "\"iou\": 0.5, \"iuo\": 1", PLUMB_E_KEY, 19, 44, "postprocess.nms.iuo", "did you mean \"iou\"?" },
    { "\"rule\": \"yolox\"", "\"mode\": \"scale_fit\"", PLUMB_E_KEY, 7, 5, "preprocess.mode", "duplicate" },
    { "    \"mode\": \"scale_fit\",\n", "", PLUMB_E_KEY, 4, 17, "preprocess.mode",
      "one of center_crop, scale_fit, scale_fill, scale_fit_rotate_90_ccw, scale_fill_rotate_90_ccw" },
    { "    \"rule\": \"yolox\",\n", "", PLUMB_E_KEY, 4, 17, "preprocess.rule", "one of exact, ultralytics" },
    { "    \"resample\": \"opencv-linear\",\n", "", PLUMB_E_KEY, 4, 17, "preprocess.resample", "pillow-bilinear" },
    { "\"width\": 64, ", "", PLUMB_E_KEY, 4, 17, "preprocess.width", "missing" },
    { "\"type\": \"yolox\",\n", "", PLUMB_E_KEY, 13, 11, "head.type", "missing" },
    { "\"confidence\": 0.25,\n", "", PLUMB_E_KEY, 17, 18, "postprocess.confidence", "missing" },
    { ", \"iou\": 0.5", "", PLUMB_E_KEY, 19, 12, "postprocess.nms.iou", "missing" },
    { "\"plumbline\": 1,", "", PLUMB_E_KEY, 1, 1, "plumbline", "missing" },
    { "\"measure\": \"center\", ", "", PLUMB_E_KEY, 22, 5, "regions[0].measure", "fraction_of_box" },
    { "\"effect\": \"reject\"", "\"effect\": \"scale\"", PLUMB_E_KEY, 22, 5, "regions[0].factor", "missing" },
    { "\"effect\": \"reject\"", "\"effect\": \"reject\", \"factor\": 0.5", PLUMB_E_KEY, 23, 58, "regions[0].factor", "does not use" },
    { "\"rect\": [0, 0, 1, 1]", "\"rect\": [0, 0, 1, 1], \"ellipse\": {}", PLUMB_E_KEY, 22, 90, "regions[0].shape.ellipse", "one shape" },

    /* types */
    { "\"width\": 64", "\"width\": \"64\"", PLUMB_E_VALUE, 5, 14, "preprocess.width", "an integer in 1..16384 is expected, not \"64\"" },
    { "\"width\": 64", "\"width\": 64.5", PLUMB_E_VALUE, 5, 14, "preprocess.width", "not 64.5" },
    { "\"mode\": \"scale_fit\"", "\"mode\": 1", PLUMB_E_VALUE, 6, 13, "preprocess.mode", "scale_fill" },
    { "\"mode\": \"scale_fit\"", "\"mode\": null", PLUMB_E_VALUE, 6, 13, "preprocess.mode", "not null" },
    { "\"confidence\": 0.25", "\"confidence\": true", PLUMB_E_VALUE, 18, 19, "postprocess.confidence", "not true" },
    { "\"nms\": { \"method\": \"hard\", \"iou\": 0.5 }", "\"nms\": []", PLUMB_E_VALUE, 19, 12, "postprocess.nms", "an object is expected, not an array of 0" },
    { "\"method\": \"hard\"", "\"method\": \"hard\", \"class_aware\": 1", PLUMB_E_VALUE, 19, 47, "postprocess.nms.class_aware", "true or false" },
    { "[\"hole\", \"numeral\", ", "[\"hole\", 7, ", PLUMB_E_VALUE, 15, 24, "head.labels[1]", "a text" },
    { "\"name\": \"test\"", "\"name\": \"\"", PLUMB_E_VALUE, 3, 11, "name", "not empty" },
    { "[0, 0, 1, 1]", "[0, 0, 1]", PLUMB_E_VALUE, 22, 65, "regions[0].shape.rect", "an array of 4 numbers" },
    { "[0, 0, 1, 1]", "[0, \"0\", 1, 1]", PLUMB_E_VALUE, 22, 69, "regions[0].shape.rect[1]", "a number" },
    { "\"rect\": [0, 0, 1, 1]", "\"polygon\": [[0, 0], [1, 1]]", PLUMB_E_VALUE, 22, 68, "regions[0].shape.polygon", "3 to 1024" },
    { "{ \"rect\": [0, 0, 1, 1] }", "{}", PLUMB_E_VALUE, 22, 55, "regions[0].shape", "one of rect, polygon, ellipse, mask" },

    /* ranges */
    { "\"width\": 64", "\"width\": 0", PLUMB_E_VALUE, 5, 14, "preprocess.width", "1..16384" },
    { "\"width\": 64", "\"width\": 16385", PLUMB_E_VALUE, 5, 14, "preprocess.width", "1..16384" },
    { "\"width\": 64", "\"width\": 9223372036854775807", PLUMB_E_VALUE, 5, 14, "preprocess.width", "1..16384" },
    { "\"confidence\": 0.25", "\"confidence\": 1.25", PLUMB_E_VALUE, 18, 19, "postprocess.confidence", "a number in 0..1 is expected, not 1.25" },
    { "\"confidence\": 0.25", "\"confidence\": -0.0001", PLUMB_E_VALUE, 18, 19, "postprocess.confidence", "0..1" },
    { "\"iou\": 0.5", "\"iou\": 45", PLUMB_E_VALUE, 19, 39, "postprocess.nms.iou", "0..1" },
    { "\"plumbline\": 1", "\"plumbline\": 2", PLUMB_E_VALUE, 2, 16, "plumbline", "version 1" },
    { "\"dtype\": \"float32\"", "\"dtype\": \"float32\", \"pad\": [0, 0, 256]", PLUMB_E_VALUE, 11, 39, "preprocess.pad[2]", "0..255" },
    { "\"dtype\": \"float32\"", "\"dtype\": \"float32\", \"pad\": [0, 0.5, 0]", PLUMB_E_VALUE, 11, 32, "preprocess.pad", "whole" },
    { "\"type\": \"yolox\"", "\"type\": \"yolox\", \"strides\": [8, 0]", PLUMB_E_VALUE, 14, 37, "head.strides[1]", "1..16384" },
    { "[0, 0, 1, 1]", "[0, 0, 0, 1]", PLUMB_E_VALUE, 22, 65, "regions[0].shape.rect", "over 0" },

    { "\"type\": \"yolox\"", "\"type\": \"yolox\", \"strides\": []", PLUMB_E_VALUE, 14, 33, "head.strides", "1 to 8" },
    { "\"type\": \"yolox\"", "\"type\": \"yolov3\", \"anchors\": 9", PLUMB_E_VALUE, 14, 34, "head.anchors", "scales" },
    { "\"confidence\": 0.25", "\"confidence\": 0.25, \"confidence_per_class\": []", PLUMB_E_VALUE, 18, 49, "postprocess.confidence_per_class", "an object" },
    { "\"plumbline\": 1,", "\"plumbline\": 1, \"extra_inputs\": [{\"name\": \"a\", \"value\": \"constant\", \"dtype\": \"int64\", \"constants\": []}],", PLUMB_E_VALUE, 2, 102, "extra_inputs[0].constants", "1 to 16" },
    { "\"plumbline\": 1,", "\"plumbline\": 1, \"extra_inputs\": [{\"name\": \"a\", \"value\": \"size\", \"dtype\": \"int64\"}],", PLUMB_E_VALUE, 2, 59, "extra_inputs[0].value", "one of upright_size, input_size, scale_factor, constant" },
    { "    \"channels\": \"bgr\",\n", "", PLUMB_E_KEY, 4, 17, "preprocess.channels", "one of rgb, bgr, gray" },
    { "    \"layout\": \"nchw\",\n", "", PLUMB_E_KEY, 4, 17, "preprocess.layout", "one of nchw, nhwc" },
    { "\"layout\": \"nchw\",\n    \"dtype\": \"float32\"", "\"layout\": \"nchw\"", PLUMB_E_KEY, 4, 17, "preprocess.dtype", "float32" },
    { "\"hard\", \"iou\": 0.5", "\"center-distance\"", PLUMB_E_KEY, 19, 12, "postprocess.nms.distance", "missing" },
    { "\"iou\": 0.5", "\"iou\": 0.5, \"overlap\": \"iuo\"", PLUMB_E_VALUE, 19, 55, "postprocess.nms.overlap", "did you mean \"iou\"?" },
    { "\"iou\": 0.5", "\"iou\": 0.5, \"max_candidates\": 10", PLUMB_OK, 0, 0, NULL, NULL },

    /* names */
    { "\"scale_fit\"", "\"scale_fti\"", PLUMB_E_VALUE, 6, 13, "preprocess.mode", "did you mean \"scale_fit\"?" },
    { "\"scale_fit\"", "\"letterbox\"", PLUMB_E_VALUE, 6, 13, "preprocess.mode", "one of center_crop" },
    { "\"opencv-linear\"", "\"opencv-linear\", \"jpeg\": \"half_dct\"", PLUMB_E_VALUE, 8, 42, "preprocess.jpeg", "did you mean \"half-dct\"?" },
    { "\"opencv-linear\"", "\"opencv_linear\"", PLUMB_E_VALUE, 8, 17, "preprocess.resample", "did you mean \"opencv-linear\"?" },
    { "\"type\": \"yolox\"", "\"type\": \"yolo8\"", PLUMB_E_VALUE, 14, 13, "head.type", "did you mean \"yolo" },
    { "\"hard\"", "\"Hard\"", PLUMB_E_VALUE, 19, 24, "postprocess.nms.method", "did you mean \"hard\"?" },
    { "\"width\": 64", "\"profile\": \"yolo-x\", \"width\": 64", PLUMB_E_VALUE, 5, 16, "preprocess.profile", "did you mean \"yolox\"?" },

    /* classes */
    { "\"measure\"", "\"classes\": [\"holes\"], \"measure\"", PLUMB_E_VALUE, 23, 19, "regions[0].classes[0]", "did you mean \"hole\"?" },
    { "\"measure\"", "\"classes\": [3], \"measure\"", PLUMB_E_VALUE, 23, 19, "regions[0].classes[0]", "0..2" },
    { "\"measure\"", "\"classes\": [], \"measure\"", PLUMB_E_VALUE, 23, 18, "regions[0].classes", "not empty" },
    { "\"confidence\": 0.25", "\"confidence\": 0.25, \"confidence_per_class\": {\"hole\": 2}", PLUMB_E_VALUE, 18, 58,
      "postprocess.confidence_per_class.hole", "0..1" },
    { "\"confidence\": 0.25", "\"confidence\": 0.25, \"confidence_per_class\": {\"edge.of[card]\": 2}", PLUMB_E_VALUE, 18, 67,
      "postprocess.confidence_per_class.edge.of[card]", "0..1" },
    { "\"confidence\": 0.25", "\"confidence\": 0.25, \"confidence_per_class\": {\"hole\": 1, \"0\": 1}", PLUMB_E_KEY, 18, 66,
      "postprocess.confidence_per_class.0", "already" },
    { "\"confidence\": 0.25", "\"confidence\": 0.25, \"classes\": [\"Hole\"]", PLUMB_E_VALUE, 18, 37, "postprocess.classes[0]", "did you mean \"hole\"?" },
    { "\"confidence\": 0.25", "\"confidence\": 0.25, \"classes\": [\"zebra crossing\"]", PLUMB_E_VALUE, 18, 37, "postprocess.classes[0]", "is no label" },
    { "\"confidence\": 0.25", "\"confidence\": 0.25, \"classes\": [true]", PLUMB_E_VALUE, 18, 37, "postprocess.classes[0]", "a label or a class id" },
    { "    \"labels\": [\"hole\", \"numeral\", \"edge.of[card]\"]\n  },\n  \"postprocess\": {\n",
      "    \"class_count\": 2 },\n  \"postprocess\": {\n \"classes\": [\"hole\"],\n", PLUMB_E_VALUE, 17, 14, "postprocess.classes[0]", "no head.labels" },
    { "    \"labels\": [\"hole\", \"numeral\", \"edge.of[card]\"]\n  },\n  \"postprocess\": {\n",
      "    \"class_count\": 2 },\n  \"postprocess\": {\n \"classes\": [2],\n", PLUMB_E_VALUE, 17, 14, "postprocess.classes[0]", "0..1" },
    { "\"width\": 64", "\"profile\": \"something else\", \"width\": 64", PLUMB_E_VALUE, 5, 16, "preprocess.profile", "is no profile" },
    { "\"name\": \"test\"", "\"na\\u0007me\": \"test\"", PLUMB_E_KEY, 1, 1, "na?me", "\"na?me\" is no key here" },
    { "\"numeral\"", "\"hole\"", PLUMB_OK, 0, 0, NULL, NULL },
    { "\"numeral\", \"edge.of[card]\"]\n  },\n  \"postprocess\": {\n",
      "\"hole\"]\n  },\n  \"postprocess\": {\n    \"classes\": [\"hole\"],\n", PLUMB_E_VALUE, 18, 17, "postprocess.classes[0]",
      "classes 0 and 1 both" },

    /* what only the whole shows */
    { "\"scale_fit\"", "\"center_crop\"", PLUMB_E_UNSUPPORTED, 7, 13, "preprocess.rule", "yolox" },
    { "    \"nms\": { \"method\": \"hard\", \"iou\": 0.5 }\n", "    \"clip\": false\n", PLUMB_E_ARGUMENT, 17, 18, "postprocess.nms", "a method is required" },
    { "\"dtype\": \"float32\"", "\"dtype\": \"float32\", \"std\": [1, 1, 0]", PLUMB_E_ARGUMENT, 11, 32, "preprocess.std", "divided" },

    { "\"type\": \"yolox\"", "\"type\": \"yolox\", \"raw\": true", PLUMB_E_ARGUMENT, 14, 29, "head.raw", "not a setting of the yolox head" },
    { "\"type\": \"yolox\"", "\"type\": \"yolox\", \"columns\": { \"box\": 0 }", PLUMB_E_ARGUMENT, 14, 42, "head.columns.box", "yolox" },
    { "\"type\": \"yolox\"", "\"type\": \"yolox\", \"keypoints\": 5", PLUMB_E_ARGUMENT, 14, 35, "head.keypoints", "yolox" },
    { "\"iou\": 0.5", "\"iou\": 0.5, \"max_candidates\": 10, \"max_detections\": 11", PLUMB_E_LIMIT, 19, 84, "postprocess.nms.max_detections", "" },
    { "\"name\": \"left\", ", "\"name\": \"left\", \"classes\": [0], ", PLUMB_OK, 0, 0, NULL, NULL },

    /* files */
    { "[\"hole\", \"numeral\", \"edge.of[card]\"]", "\"coco.txt\"", PLUMB_E_IO, 15, 15, "head.labels", "coco.txt" },

    /* JSON itself */
    { "\"name\": \"test\",", "\"name\": \"test\"", PLUMB_E_SYNTAX, 4, 3, "name", "not valid JSON" },
    { "\"confidence\": 0.25", "\"confidence\": NaN", PLUMB_E_SYNTAX, 18, 19, "postprocess.confidence", "NaN" },
    { "\"confidence\": 0.25", "\"confidence\": 1e999", PLUMB_E_VALUE, 18, 19, "postprocess.confidence", "overflow" },
    { "\"confidence\": 0.25", "\"confidence\": 01", PLUMB_E_SYNTAX, 18, 19, "postprocess.confidence", "not valid JSON" },
    { "\"width\": 64", "\"width\": 123456789012345678901234567890", PLUMB_E_VALUE, 5, 14, "preprocess.width", "too big" },
    { "\"test\"", "\"te\xffst\"", PLUMB_E_SYNTAX, 3, 11, "name", "unable to decode byte 0xff" },
    { "\"name\": \"test\"", "\"na\xffme\": \"test\"", PLUMB_E_SYNTAX, 3, 3, "na?me", "unable to decode byte 0xff" },
    { "\"hard\"", "\"x\"", PLUMB_E_VALUE, 19, 24, "postprocess.nms.method", "\"x\" is unknown; one of" },
    { "\"test\"", "\"te\nst\"", PLUMB_E_SYNTAX, 3, 11, "name", "" },
    { "\"test\"", "\"te\\u0000st\"", PLUMB_E_SYNTAX, 3, 11, "name", "" },
    { "  ]\n}\n", "  ]\n", PLUMB_E_SYNTAX, 25, 1, "regions", "" },
    { "  ]\n}\n", "  ]\n} true\n", PLUMB_E_SYNTAX, 25, 3, "", "" },
};
/* clang-format on */

static char *edited(const char *from, const char *to)
{
    const char *at = strstr(valid_card, from);
    assert_non_null(at);
    assert_null(strstr(at + 1, from));
    size_t before = (size_t)(at - valid_card);
    size_t size = strlen(valid_card) - strlen(from) + strlen(to) + 1;
    char *text = malloc(size);
    assert_non_null(text);
    snprintf(text, size, "%.*s%s%s", (int)before, valid_card, to, at + strlen(from));
    return text;
}

static bool matches(const mistake *m, plumb_status status, const plumb_diag *diag)
{
    if (status != m->status)
        return false;
    return status == PLUMB_OK ||
           (diag->status == status && diag->line == m->line && diag->column == m->column &&
            strcmp(diag->field, m->field) == 0 && strstr(diag->message, m->words));
}

static void test_mistakes(void **state)
{
    (void)state;
    int wrong = 0;
    for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
        const mistake *m = &mistakes[i];
        char *text = edited(m->from, m->to);
        plumb_card *card = NULL;
        plumb_diag diag = { 0 };
        plumb_status status = plumb_card_parse(NULL, text, strlen(text), NULL, &card, &diag);
        free(text);
        if (status)
            assert_null(card);
        plumb_card_destroy(&card);
        if (matches(m, status, &diag))
            continue;
        wrong++;
        print_message("%s -> %s\n  got    %d %u:%u \"%s\": %s\n  wanted %d %u:%u \"%s\": %s\n",
                      m->from, m->to, status, diag.line, diag.column, diag.field, diag.message,
                      m->status, m->line, m->column, m->field ? m->field : "",
                      m->words ? m->words : "");
    }
    assert_int_equal(wrong, 0);
}

static void test_without_diag(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
        char *text = edited(mistakes[i].from, mistakes[i].to);
        plumb_card *card = NULL;
        assert_int_equal(plumb_card_parse(NULL, text, strlen(text), NULL, &card, NULL),
                         mistakes[i].status);
        plumb_card_destroy(&card);
        free(text);
    }
}

/* Cut anywhere, a card is an error and not a crash; the text is exactly as long as it says. */
static void test_truncated(void **state)
{
    (void)state;
    size_t length = strlen(valid_card) - 2; /* the last brace and its newline */
    for (size_t size = 0; size <= length; size++) {
        char *text = malloc(size + 1);
        assert_non_null(text);
        char *tail = text + 1; /* the first byte stands guard */
        memcpy(tail, valid_card, size);
        plumb_card *card = NULL;
        plumb_diag diag = { 0 };
        assert_int_not_equal(plumb_card_parse(NULL, tail, size, NULL, &card, &diag), PLUMB_OK);
        assert_int_not_equal(diag.line, 0);
        assert_int_not_equal(diag.column, 0);
        free(text);
    }
}

static void test_deep_and_large(void **state)
{
    (void)state;
    size_t size = ((size_t)16 << 20) + 1;
    char *text = malloc(size);
    assert_non_null(text);
    memset(text, '[', size);
    plumb_card *card = NULL;
    plumb_diag diag = { 0 };
    assert_int_equal(plumb_card_parse(NULL, text, size, NULL, &card, &diag), PLUMB_E_LIMIT);
    assert_int_equal(plumb_card_parse(NULL, text, 100000, NULL, &card, &diag), PLUMB_E_LIMIT);
    assert_int_not_equal(diag.line, 0);
    for (size_t i = 0; i < 1000; i++) {
        memcpy(text + 4 * i, "{\"\":", 4);
        text[4000 + i] = '}';
    }
    assert_int_equal(plumb_card_parse(NULL, text, 5000, NULL, &card, &diag), PLUMB_E_SYNTAX);
    free(text);
}

static void test_arguments(void **state)
{
    (void)state;
    plumb_card *card = NULL;
    plumb_diag diag = { 0 };
    assert_int_equal(plumb_card_parse(NULL, NULL, 0, NULL, &card, &diag), PLUMB_E_ARGUMENT);
    assert_int_equal(plumb_card_parse(NULL, "{}", 2, NULL, NULL, &diag), PLUMB_E_ARGUMENT);
    assert_int_equal(plumb_card_open(NULL, "no-such-file.json", &card, &diag), PLUMB_E_IO);
    plumb_card_destroy(&card);
    plumb_card_destroy(NULL);
}

int main(void)
{
    plumb_card *card = NULL;
    if (plumb_card_parse(NULL, "", 0, NULL, &card, NULL) == PLUMB_E_DISABLED)
        return 77; /* built without jansson */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mistakes),  cmocka_unit_test(test_without_diag),
        cmocka_unit_test(test_truncated), cmocka_unit_test(test_deep_and_large),
        cmocka_unit_test(test_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
