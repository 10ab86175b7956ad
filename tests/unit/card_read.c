/* SPDX-License-Identifier: Apache-2.0
 *
 * What a card says arrives in the spec: every field once, files it names, profiles under explicit
 * fields.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plumbline/card.h"
#include "test_allocator.h"

/* --- files in memory --- */

typedef struct shelf_file {
    const char *name;
    const void *data;
    size_t size;
} shelf_file;

static plumb_status read_shelf(void *user, const char *name, void **data, size_t *size,
                               const plumb_context *context)
{
    for (const shelf_file *file = user; file->name; file++) {
        if (strcmp(file->name, name) != 0)
            continue;
        *data = context->allocator.allocate(context->allocator.user, file->size + 1, 64);
        if (!*data)
            return PLUMB_E_NOMEM;
        memcpy(*data, file->data, file->size);
        *size = file->size;
        return PLUMB_OK;
    }
    return PLUMB_E_IO;
}

#define TEXT(string) (string), sizeof(string) - 1

/* A 2 x 2 BMP: 24 bits, rows from the bottom, each padded to 4 bytes. */
#define BMP(blue_of_last)                                                                          \
    "BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x02\0\0\0\x02\0\0\0\x01\0\x18\0\0\0\0\0\x10\0\0\0"   \
    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"                                                             \
    "\x10\x10\x10\xff\xff\xff\0\0" blue_of_last "\x80\x80\0\0\0\0\0"

static const shelf_file shelf[] = {
    { "two.txt", TEXT("hole\r\nnumeral\r\n") },
    { "bom.txt", TEXT("\xef\xbb\xbfhole\nnum\xc3\xa9ral") },
    { "latin.txt", TEXT("hole\nnum\xe9ral\n") },
    { "nul.txt", TEXT("ho\0le\n") },
    { "empty.txt", TEXT("\r\n\n") },
    { "gap.txt", TEXT("hole\n\nnumeral\n") },
    { "priors.npy",
      TEXT("\x93NUMPY\x01\0\x46\0{'descr': '<f4', 'fortran_order': False, 'shape': (2, 4), }"
           "          \n"
           "\0\0\0\x3f\0\0\0\x3f\0\0\x80\x3e\0\0\x80\x3e\0\0\0\x3f\0\0\0\x3f\0\0\x80\x3f\0\0\x80"
           "\x3f") },
    { "flat.npy",
      TEXT("\x93NUMPY\x01\0\x37\0{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}"
           "\0\0\0\x3f") },
    { "gray.bmp", TEXT(BMP("\x80")) },
    { "blue.bmp", TEXT(BMP("\xff")) },
    { NULL, NULL, 0 },
};

static const plumb_card_files files = { (void *)(uintptr_t)shelf, read_shelf };

static plumb_card *read_card(const char *text)
{
    plumb_card *card = NULL;
    plumb_diag diag = { 0 };
    plumb_status status = plumb_card_parse(NULL, text, strlen(text), &files, &card, &diag);
    if (status)
        fail_msg("%d %u:%u %s: %s", status, diag.line, diag.column, diag.field, diag.message);
    return card;
}

static void refuse(const char *text, plumb_status status, const char *field, const char *words)
{
    plumb_card *card = NULL;
    plumb_diag diag = { 0 };
    assert_int_equal(plumb_card_parse(NULL, text, strlen(text), &files, &card, &diag), status);
    assert_null(card);
    assert_string_equal(diag.field, field);
    assert_int_not_equal(diag.line, 0);
    if (!strstr(diag.message, words))
        fail_msg("\"%s\" does not hold \"%s\"", diag.message, words);
}

/* A card around a head and other parts. */
#define CARD(parts)                                                                                \
    "{\"plumbline\": 1, \"preprocess\": {\"width\": 64, \"height\": 64, \"mode\": \"scale_fill\"," \
    " \"resample\": \"opencv-linear\", \"channels\": \"rgb\", \"layout\": \"nchw\","               \
    " \"dtype\": \"float32\"}, " parts "}"
#define POST "\"postprocess\": {\"confidence\": 0.5, \"nms\": {\"method\": \"hard\", \"iou\": 0.5}}"

static void test_preprocess(void **state)
{
    (void)state;
    plumb_card *card = read_card(
        "{\"plumbline\": 1, \"name\": \"all\", \"preprocess\": {\"input_name\": \"images\","
        "\"width\": 320, \"height\": 240, \"mode\": \"center_crop\", \"rule\": \"tf-central\","
        "\"central_fraction\": 0.75, \"resample\": \"pillow-bicubic\", \"pad\": [1, 2, 3],"
        "\"channels\": \"bgr\", \"layout\": \"nhwc\", \"dtype\": \"uint8\", \"divide\": 255,"
        "\"scale\": 2.0, \"mean\": [0.5, 0.25, 0.125], \"std\": [1, 2, 4],"
        "\"jpeg\": \"half-dct\", \"quantization\": {\"scale\": 0.0078125, \"zero_point\": 128}},"
        "\"head\": {\"type\": \"yolov8\", \"labels\": [\"a\", \"b\"], \"units\": \"normalized\"},"
        "\"postprocess\": {\"confidence\": 0.4, \"clip\": true, \"regions_when\": \"before_nms\","
        "\"confidence_per_class\": {\"b\": 0.75}, \"classes\": [1],"
        "\"nms\": {\"method\": \"hard\", \"iou\": 0.25, \"class_aware\": true,"
        "\"max_candidates\": 100, \"max_detections\": 10}},"
        "\"extra_inputs\": [{\"name\": \"c\", \"value\": \"constant\", \"dtype\": \"float32\","
        "\"constants\": [1, 2.5]}, {\"name\": \"s\", \"value\": \"upright_size\", \"dtype\": "
        "\"int64\"}]}");
    const plumb_pipeline_spec *spec = plumb_card_spec(card);
    const plumb_preprocess_spec *p = &spec->preprocess;
    assert_string_equal(plumb_card_name(card), "all");
    assert_string_equal(plumb_card_profile(card), "");
    assert_string_equal(spec->input_name, "images");
    assert_int_equal(p->mapping.input.width, 320);
    assert_int_equal(p->mapping.input.height, 240);
    assert_int_equal(p->mapping.mode, PLUMB_CROP_CENTER);
    assert_int_equal(p->mapping.rule, PLUMB_RULE_TF_CENTRAL);
    assert_float_equal(p->mapping.central_fraction, 0.75, 0);
    assert_int_equal(p->resample, PLUMB_RESAMPLE_PILLOW_BICUBIC);
    assert_int_equal(p->pad[2], 3);
    assert_int_equal(p->channels, PLUMB_CHANNELS_BGR);
    assert_int_equal(p->layout, PLUMB_LAYOUT_NHWC);
    assert_int_equal(p->dtype, PLUMB_DTYPE_UINT8);
    assert_float_equal(p->divide, 255.0f, 0);
    assert_float_equal(p->scale, 2.0f, 0);
    assert_float_equal(p->mean[2], 0.125f, 0);
    assert_float_equal(p->std[2], 4.0f, 0);
    assert_float_equal(p->quantization.scale, 0.0078125f, 0);
    assert_int_equal(p->quantization.zero_point, 128);
    assert_int_equal(p->jpeg, PLUMB_JPEG_HALF_DCT);
    assert_int_equal(spec->head.type, PLUMB_HEAD_YOLOV8);
    assert_int_equal(spec->head.units, PLUMB_UNITS_NORMALIZED);
    assert_int_equal(plumb_card_label_count(card), 2);
    assert_string_equal(plumb_card_label(card, 1), "b");
    assert_null(plumb_card_label(card, 2));
    assert_null(plumb_card_label(card, -1));
    assert_float_equal(spec->threshold.confidence, 0.4f, 0);
    assert_int_equal(spec->threshold.per_class_count, 2);
    assert_true(isnan(spec->threshold.per_class[0]));
    assert_float_equal(spec->threshold.per_class[1], 0.75f, 0);
    assert_int_equal(spec->threshold.allowed_count, 2);
    assert_int_equal(spec->threshold.allowed[0], 0);
    assert_int_equal(spec->threshold.allowed[1], 1);
    assert_true(spec->clip);
    assert_int_equal(spec->regions_when, PLUMB_REGIONS_BEFORE_NMS);
    assert_float_equal(spec->nms.iou, 0.25f, 0);
    assert_true(spec->nms.class_aware);
    assert_int_equal(spec->nms.max_candidates, 100);
    assert_int_equal(spec->nms.max_detections, 10);
    assert_int_equal(spec->extra_input_count, 2);
    assert_int_equal(spec->extra_inputs[0].value, PLUMB_EXTRA_CONSTANT);
    assert_float_equal(spec->extra_inputs[0].constants[1], 2.5, 0);
    assert_int_equal(spec->extra_inputs[1].dtype, PLUMB_DTYPE_INT64);
    plumb_card_destroy(&card);
    assert_null(card);
}

/* The profile fills what is left out, wherever it stands; explicit fields win. */
static void test_profile(void **state)
{
    (void)state;
    plumb_card *card = read_card(
        "{\"plumbline\": 1, \"preprocess\": {\"pad\": [9, 9, 9], \"width\": 416, \"height\": 416,"
        "\"profile\": \"yolox\"}, \"head\": {\"type\": \"yolox\"}, " POST "}");
    plumb_preprocess_spec wanted = PLUMB_PREPROCESS_SPEC_INIT;
    assert_int_equal(plumb_preprocess_profile("yolox", &wanted), PLUMB_OK);
    const plumb_preprocess_spec *p = &plumb_card_spec(card)->preprocess;
    assert_string_equal(plumb_card_profile(card), "yolox");
    assert_int_equal(p->mapping.mode, wanted.mapping.mode);
    assert_int_equal(p->mapping.rule, wanted.mapping.rule);
    assert_int_equal(p->resample, wanted.resample);
    assert_int_equal(p->channels, wanted.channels);
    assert_int_equal(p->pad[0], 9);
    assert_int_equal(p->mapping.input.width, 416);
    assert_string_equal(plumb_card_name(card), "");
    plumb_card_destroy(&card);
    /* A profile that leaves the mode open does not make one up. */
    refuse("{\"plumbline\": 1, \"preprocess\": {\"profile\": \"vision\", \"width\": 8,"
           "\"height\": 8}, \"head\": {\"type\": \"coreml\"}, " POST "}",
           PLUMB_E_KEY, "preprocess.mode", "center_crop, scale_fit, scale_fill");
}

static void test_gray(void **state)
{
    (void)state;
    plumb_card *card = read_card(
        "{\"plumbline\": 1, \"preprocess\": {\"width\": 8, \"height\": 8, \"mode\": \"scale_fill\","
        "\"resample\": \"opencv-linear\", \"channels\": \"gray\", \"layout\": \"nchw\","
        "\"dtype\": \"float32\", \"mean\": [0.5], \"std\": [2], \"pad\": [7]},"
        "\"head\": {\"type\": \"yolox\"}, " POST "}");
    assert_float_equal(plumb_card_spec(card)->preprocess.mean[0], 0.5f, 0);
    assert_int_equal(plumb_card_spec(card)->preprocess.pad[0], 7);
    plumb_card_destroy(&card);
}

static void test_labels(void **state)
{
    (void)state;
    plumb_card *card =
        read_card(CARD("\"head\": {\"type\": \"yolox\", \"labels\": \"two.txt\"}, " POST));
    assert_int_equal(plumb_card_label_count(card), 2);
    assert_string_equal(plumb_card_label(card, 0), "hole");
    assert_string_equal(plumb_card_label(card, 1), "numeral");
    plumb_card_destroy(&card);
    card = read_card(CARD("\"head\": {\"type\": \"yolox\", \"labels\": \"bom.txt\"}, " POST));
    assert_string_equal(plumb_card_label(card, 0), "hole");
    assert_string_equal(plumb_card_label(card, 1), "num\xc3\xa9ral");
    plumb_card_destroy(&card);
    card = read_card(CARD("\"head\": {\"type\": \"yolox\", \"labels\": \"gap.txt\"}, " POST));
    assert_int_equal(plumb_card_label_count(card), 3); /* ids are line numbers */
    assert_string_equal(plumb_card_label(card, 2), "numeral");
    plumb_card_destroy(&card);
    refuse(CARD("\"head\": {\"type\": \"yolox\", \"labels\": \"latin.txt\"}, " POST), PLUMB_E_VALUE,
           "head.labels", "line 2 of the file");
    refuse(CARD("\"head\": {\"type\": \"yolox\", \"labels\": \"nul.txt\"}, " POST), PLUMB_E_VALUE,
           "head.labels", "line 1 of");
    refuse(CARD("\"head\": {\"type\": \"yolox\", \"labels\": \"empty.txt\"}, " POST), PLUMB_E_VALUE,
           "head.labels", "no label");
    refuse(CARD("\"head\": {\"type\": \"yolox\", \"labels\": \"none.txt\"}, " POST), PLUMB_E_IO,
           "head.labels", "none.txt");
    refuse(CARD("\"head\": {\"type\": \"yolox\", \"labels\": 3}, " POST), PLUMB_E_VALUE,
           "head.labels", "a file name or an array");
}

static void test_head(void **state)
{
    (void)state;
    plumb_card *card = read_card(
        CARD("\"head\": {\"type\": \"ssd\", \"outputs\": [\"loc\", \"conf\"], \"class_count\": 3,"
             "\"priors\": \"priors.npy\", \"scales\": [10, 10, 5, 5], \"background\": 0,"
             "\"class_offset\": -1, \"linear_sizes\": true, \"activation\": \"sigmoid\"}, " POST));
    const plumb_head_spec *head = &plumb_card_spec(card)->head;
    assert_int_equal(head->output_count, 2);
    assert_string_equal(head->outputs[1], "conf");
    assert_int_equal(head->class_count, 3);
    assert_int_equal(head->prior_count, 2);
    assert_float_equal(head->priors[2], 0.25f, 0);
    assert_float_equal(head->priors[7], 1.0f, 0);
    assert_float_equal(head->variances[0], 0.1f, 0);
    assert_float_equal(head->variances[3], 0.2f, 0);
    assert_int_equal(head->background, 0);
    assert_int_equal(head->class_offset, -1);
    assert_true(head->linear_sizes);
    assert_int_equal(head->activation, PLUMB_ACTIVATION_SIGMOID);
    plumb_card_destroy(&card);
    refuse(CARD("\"head\": {\"type\": \"ssd\", \"priors\": \"flat.npy\"}, " POST), PLUMB_E_VALUE,
           "head.priors", "[N,4]");
    refuse(CARD("\"head\": {\"type\": \"ssd\", \"priors\": \"two.txt\"}, " POST), PLUMB_E_SYNTAX,
           "head.priors", ".npy");
    refuse(CARD("\"head\": {\"type\": \"ssd\", \"scales\": [1,1,1,1], \"variances\": "
                "[1,1,1,1]}, " POST),
           PLUMB_E_KEY, "head.scales", "only one");

    card = read_card(CARD(
        "\"head\": {\"type\": \"boxes\", \"format\": \"cxcywh\", \"units\": \"normalized\","
        "\"origin\": \"lower_left\", \"space\": \"upright\","
        "\"columns\": {\"box\": 2, \"score\": 0, \"class\": 1}, \"layout\": \"rows\"}, " POST));
    head = &plumb_card_spec(card)->head;
    assert_int_equal(head->format, PLUMB_BOX_CXCYWH);
    assert_int_equal(head->origin, PLUMB_ORIGIN_LOWER_LEFT);
    assert_int_equal(head->space, PLUMB_SPACE_UPRIGHT);
    assert_int_equal(head->box_column, 2);
    assert_int_equal(head->score_column, 0);
    assert_int_equal(head->class_column, 1);
    assert_int_equal(head->layout, PLUMB_ROWS_ROWS);
    plumb_card_destroy(&card);

    card = read_card(
        CARD("\"head\": {\"type\": \"ultraface\", \"raw\": true, \"strides\": [8, 16],"
             "\"anchors\": [[10, 16, 24], [32, 48]], \"variances\": [0.1, 0.1, 0.2, 0.2]}," POST));
    head = &plumb_card_spec(card)->head;
    assert_int_equal(head->anchor_count, 5);
    assert_int_equal(head->anchors_per_scale[0], 3);
    assert_int_equal(head->anchors_per_scale[1], 2);
    assert_float_equal(head->anchors[4], 48.0f, 0);
    assert_int_equal(head->stride_count, 2);
    assert_true(head->raw);
    plumb_card_destroy(&card);
    refuse(CARD("\"head\": {\"type\": \"yolox\", \"anchors\": [[10, 16]]}, " POST), PLUMB_E_VALUE,
           "head.anchors[0][0]", "an array of 2 numbers");
    refuse(CARD("\"head\": {\"type\": \"yolox\", \"anchors\": [[]]}, " POST), PLUMB_E_VALUE,
           "head.anchors[0]", "1 to 64");
    refuse(CARD("\"head\": {\"type\": \"ultraface\", \"anchors\": [10]}, " POST), PLUMB_E_VALUE,
           "head.anchors[0]", "anchors");
}

#define REGION(parts)                                                                              \
    CARD("\"head\": {\"type\": \"yolox\", \"labels\": \"two.txt\"}, " POST                         \
         ", \"regions\": [{\"name\": \"r\", " parts "}]")
#define REJECT "\"measure\": \"center\", \"effect\": \"reject\""

static void test_regions(void **state)
{
    (void)state;
    plumb_card *card = read_card(
        REGION("\"space\": \"normalized\", \"shape\": {\"polygon\": [[0.1, 0.4], [0.2, 0.4],"
               "[0.15, 0.5]]}, \"classes\": [\"numeral\", 0], \"measure\": \"fraction_of_box\","
               "\"at_least\": 0.25, \"effect\": \"scale\", \"factor\": 0.125"));
    const plumb_region_spec *region = plumb_card_spec(card)->regions;
    assert_int_equal(plumb_card_spec(card)->region_count, 1);
    assert_string_equal(region->name, "r");
    assert_int_equal(region->space, PLUMB_SPACE_NORMALIZED);
    assert_int_equal(region->shape, PLUMB_SHAPE_POLYGON);
    assert_int_equal(region->point_count, 3);
    assert_float_equal(region->points[2].y, 0.5, 0);
    assert_int_equal(region->class_count, 2);
    assert_int_equal(region->classes[0], 1);
    assert_int_equal(region->classes[1], 0);
    assert_int_equal(region->measure, PLUMB_MEASURE_FRACTION_OF_BOX);
    assert_float_equal(region->at_least, 0.25f, 0);
    assert_int_equal(region->effect, PLUMB_EFFECT_SCALE);
    assert_float_equal(region->factor, 0.125f, 0);
    plumb_card_destroy(&card);

    card = read_card(REGION("\"space\": \"plane\", \"shape\": {\"ellipse\": {\"center\": [-5, 8],"
                            "\"radius\": [2, 3.5], \"angle\": 0.5}}, " REJECT));
    region = plumb_card_spec(card)->regions;
    assert_int_equal(region->shape, PLUMB_SHAPE_ELLIPSE);
    assert_float_equal(region->center.x, -5.0, 0);
    assert_float_equal(region->radius_x, 2.0, 0);
    assert_float_equal(region->radius_y, 3.5, 0);
    assert_float_equal(region->angle, 0.5, 0);
    plumb_card_destroy(&card);
    card = read_card(REGION("\"space\": \"plane\", \"shape\": {\"ellipse\": {\"center\": [0, 0],"
                            "\"radius\": 2}}, " REJECT));
    assert_float_equal(plumb_card_spec(card)->regions[0].radius_y, 2.0, 0);
    plumb_card_destroy(&card);
    refuse(REGION("\"space\": \"plane\", \"shape\": {\"ellipse\": {\"radius\": 2}}, " REJECT),
           PLUMB_E_KEY, "regions[0].shape.ellipse.center", "missing");
    refuse(REGION("\"space\": \"buffer\", \"shape\": {\"rect\": [0, 0, 1, 1]}, " REJECT),
           PLUMB_E_ARGUMENT, "regions[0].space", "");
}

static void test_masks(void **state)
{
    (void)state;
    plumb_image_decoder *decoder = NULL;
    plumb_frame frame = PLUMB_FRAME_INIT;
    assert_int_equal(plumb_image_decoder_create(NULL, &decoder, NULL), PLUMB_OK);
    plumb_status status =
        plumb_image_decode(decoder, BMP("\x80"), sizeof(BMP("\x80")) - 1, &frame, NULL);
    plumb_image_decoder_destroy(&decoder);
    if (status == PLUMB_E_DISABLED)
        skip(); /* built without stb */
    assert_int_equal(status, PLUMB_OK);
    plumb_card *card =
        read_card(REGION("\"space\": \"normalized\", \"shape\": {\"mask\": {"
                         "\"file\": \"gray.bmp\", \"rect\": [0, 0, 0.5, 1]}}, " REJECT));
    const plumb_region_spec *region = plumb_card_spec(card)->regions;
    assert_int_equal(region->shape, PLUMB_SHAPE_MASK);
    assert_int_equal(region->mask_width, 2);
    assert_int_equal(region->mask_height, 2);
    const uint8_t upright[4] = { 0x80, 0x00, 0x10, 0xff };
    assert_memory_equal(region->mask, upright, 4);
    assert_float_equal(region->rect.width, 0.5, 0);
    plumb_card_destroy(&card);
    refuse(
        REGION(
            "\"space\": \"normalized\", \"shape\": {\"mask\": {\"file\": \"blue.bmp\"}}, " REJECT),
        PLUMB_E_VALUE, "regions[0].shape.mask.file", "coloured at 0,0");
    refuse(
        REGION(
            "\"space\": \"normalized\", \"shape\": {\"mask\": {\"file\": \"two.txt\"}}, " REJECT),
        PLUMB_E_UNSUPPORTED, "regions[0].shape.mask.file", "the mask");
    refuse(REGION("\"space\": \"normalized\", \"shape\": {\"mask\": {}}, " REJECT), PLUMB_E_KEY,
           "regions[0].shape.mask.file", "missing");
}

/* The n-th allocation fails, for all n: an error, and nothing is left behind. */
static void test_failing_memory(void **state)
{
    (void)state;
    static const char text[] =
        REGION("\"space\": \"normalized\", \"shape\": {\"polygon\": [[0.1, 0.4], [0.2, 0.4],"
               "[0.15, 0.5]]}, \"classes\": [\"numeral\", 0], " REJECT);
    test_allocator allocator = { 0 };
    plumb_context context = test_context(&allocator);
    plumb_status status = PLUMB_E_NOMEM;
    for (uint64_t n = 1; status == PLUMB_E_NOMEM; n++) {
        assert_true(n < 1000);
        allocator.calls = 0;
        allocator.fail_at = n;
        plumb_card *card = NULL;
        plumb_diag diag = { 0 };
        status = plumb_card_parse(&context, text, sizeof(text) - 1, &files, &card, &diag);
        assert_int_equal(diag.status, status);
        plumb_card_destroy(&card);
        assert_int_equal(allocator.live, 0);
    }
    assert_int_equal(status, PLUMB_OK);
}

int main(void)
{
    plumb_card *card = NULL;
    if (plumb_card_parse(NULL, "", 0, NULL, &card, NULL) == PLUMB_E_DISABLED)
        return 77; /* built without jansson */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_preprocess), cmocka_unit_test(test_profile),
        cmocka_unit_test(test_gray),       cmocka_unit_test(test_labels),
        cmocka_unit_test(test_head),       cmocka_unit_test(test_regions),
        cmocka_unit_test(test_masks),      cmocka_unit_test(test_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
