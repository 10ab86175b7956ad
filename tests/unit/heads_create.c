/* SPDX-License-Identifier: Apache-2.0
 *
 * Head specifications: defaults, settings without effect, values out of range, memory that runs
 * out, names, and suggestions from shapes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>

#include "heads.h"
#include "test_allocator.h"

static void refuse(const plumb_head_spec *spec, plumb_status expected, const char *field)
{
    plumb_diag diag = { 0 };
    plumb_head *head = (plumb_head *)&diag;
    plumb_status status = plumb_head_create(NULL, spec, test_input, &head, &diag);
    if (status != expected || strcmp(diag.field, field) != 0 || head != NULL)
        fail_msg("%s: status %d, field \"%s\", expected %d, \"%s\"",
                 plumb_head_type_name(spec->type), (int)status, diag.field, (int)expected, field);
}

static void names_go_both_ways(void **state)
{
    (void)state;
    for (int i = 1; i < PLUMB_HEAD_COUNT; i++) {
        plumb_head_type type = PLUMB_HEAD_UNSET;
        assert_true(plumb_head_type_parse(plumb_head_type_name((plumb_head_type)i), &type));
        assert_int_equal(type, i);
    }
    for (int i = PLUMB_BOX_XYXY; i <= PLUMB_BOX_YXYX; i++) {
        plumb_box_format format = PLUMB_BOX_FORMAT_UNSET;
        assert_true(plumb_box_format_parse(plumb_box_format_name((plumb_box_format)i), &format));
        assert_int_equal(format, i);
    }
    plumb_head_type type;
    assert_false(plumb_head_type_parse("yolov9000", &type));
    assert_false(plumb_head_type_parse(NULL, &type));
    assert_string_equal(plumb_head_type_name((plumb_head_type)999), "?");
}

static void what_heads_say_of_themselves(void **state)
{
    (void)state;
    static const bool ends[PLUMB_HEAD_COUNT] = {
        [PLUMB_HEAD_YOLOV10] = true,
        [PLUMB_HEAD_DETR] = true,
        [PLUMB_HEAD_TFLITE_DETECTION] = true,
        [PLUMB_HEAD_DETECTION_OUTPUT] = true,
        [PLUMB_HEAD_COREML] = true,
        [PLUMB_HEAD_CENTERNET] = true,
        [PLUMB_HEAD_FOMO] = true,
    };
    static const size_t points[PLUMB_HEAD_COUNT] = {
        [PLUMB_HEAD_YOLOV8_POSE] = 2, /* as spec_for asks */
        [PLUMB_HEAD_BLAZEFACE] = 6,
        [PLUMB_HEAD_YUNET] = 5,
        [PLUMB_HEAD_SCRFD] = 5,
    };
    for (plumb_head_type type = PLUMB_HEAD_BOXES; type < PLUMB_HEAD_COUNT; type++) {
        plumb_head_spec spec = spec_for(type);
        plumb_head *head;
        assert_int_equal(plumb_head_create(NULL, &spec, test_input, &head, NULL), PLUMB_OK);
        assert_int_equal(plumb_head_wants_nms(head), !ends[type]);
        assert_int_equal(plumb_head_keypoints(head), points[type]);
        assert_int_equal(plumb_head_space(head), PLUMB_SPACE_INPUT);
        plumb_head_destroy(&head);
        assert_null(head);
        plumb_head_destroy(&head);
    }
}

static void boxes_say_their_space(void **state)
{
    (void)state;
    static const struct {
        plumb_box_units units;
        plumb_box_origin origin;
        plumb_space space, result; /* 0: refused */
    } cases[] = {
        { PLUMB_UNITS_UNSET, PLUMB_ORIGIN_UNSET, 0, PLUMB_SPACE_INPUT },
        { PLUMB_UNITS_NORMALIZED, PLUMB_ORIGIN_LOWER_LEFT, PLUMB_SPACE_INPUT, PLUMB_SPACE_INPUT },
        { PLUMB_UNITS_NORMALIZED, PLUMB_ORIGIN_LOWER_LEFT, PLUMB_SPACE_UPRIGHT,
          PLUMB_SPACE_VISION },
        { PLUMB_UNITS_NORMALIZED, PLUMB_ORIGIN_TOP_LEFT, PLUMB_SPACE_UPRIGHT,
          PLUMB_SPACE_NORMALIZED },
        { PLUMB_UNITS_PIXELS, PLUMB_ORIGIN_TOP_LEFT, PLUMB_SPACE_UPRIGHT, PLUMB_SPACE_UPRIGHT },
        { PLUMB_UNITS_PIXELS, PLUMB_ORIGIN_LOWER_LEFT, PLUMB_SPACE_UPRIGHT, 0 },
        { PLUMB_UNITS_PIXELS, PLUMB_ORIGIN_TOP_LEFT, PLUMB_SPACE_ROI, 0 },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        plumb_head_spec spec = spec_for(PLUMB_HEAD_BOXES);
        spec.units = cases[i].units;
        spec.origin = cases[i].origin;
        spec.space = cases[i].space;
        plumb_head *head;
        plumb_status status = plumb_head_create(NULL, &spec, test_input, &head, NULL);
        assert_int_equal(status == PLUMB_OK, cases[i].result != 0);
        if (!status)
            assert_int_equal(plumb_head_space(head), cases[i].result);
        plumb_head_destroy(&head);
    }
}

static void settings_without_effect_are_errors(void **state)
{
    (void)state;
    plumb_head_spec spec = spec_for(PLUMB_HEAD_YOLOV10);
    spec.activation = PLUMB_ACTIVATION_SIGMOID;
    refuse(&spec, PLUMB_E_ARGUMENT, "head.activation");
    spec = spec_for(PLUMB_HEAD_YOLOX);
    spec.units = PLUMB_UNITS_NORMALIZED;
    refuse(&spec, PLUMB_E_ARGUMENT, "head.units");
    spec = spec_for(PLUMB_HEAD_YOLOV8);
    spec.anchors = spec.variances;
    spec.anchor_count = 2;
    refuse(&spec, PLUMB_E_ARGUMENT, "head.anchors");
    spec = spec_for(PLUMB_HEAD_YOLOV8);
    spec.score_column = 4;
    refuse(&spec, PLUMB_E_ARGUMENT, "head.columns.score");
    spec = spec_for(PLUMB_HEAD_YUNET);
    spec.keypoint_dimensions = 3;
    refuse(&spec, PLUMB_E_ARGUMENT, "head.keypoint_dimensions");
    spec = spec_for(PLUMB_HEAD_ULTRAFACE);
    spec.strides[0] = 8;
    spec.stride_count = 1;
    refuse(&spec, PLUMB_E_ARGUMENT, "head.raw");
}

static void values_out_of_range_are_errors(void **state)
{
    (void)state;
    static const float bad[] = { 1, 2, NAN, 4 };
    plumb_head_spec spec = spec_for(PLUMB_HEAD_UNSET);
    refuse(&spec, PLUMB_E_ARGUMENT, "head.type");
    spec = spec_for(PLUMB_HEAD_YOLOX);
    spec.strides[1] = 0;
    spec.strides[0] = 8;
    spec.stride_count = 2;
    refuse(&spec, PLUMB_E_VALUE, "head.strides[1]");
    spec.stride_count = PLUMB_MAX_SCALES + 1;
    refuse(&spec, PLUMB_E_LIMIT, "head.strides");
    spec = spec_for(PLUMB_HEAD_YOLOV3);
    spec.anchors = bad;
    spec.anchor_count = 4;
    refuse(&spec, PLUMB_E_VALUE, "head.anchors[2]");
    spec.anchor_count = 0;
    spec.anchors = NULL;
    refuse(&spec, PLUMB_E_ARGUMENT, "head.anchors");
    spec = spec_for(PLUMB_HEAD_YOLOV3);
    spec.anchor_count = 8; /* four pairs for three scales */
    refuse(&spec, PLUMB_E_ARGUMENT, "head.anchors");
    spec = spec_for(PLUMB_HEAD_SSD);
    spec.prior_count = 0;
    spec.priors = NULL;
    refuse(&spec, PLUMB_E_ARGUMENT, "head.priors");
    spec = spec_for(PLUMB_HEAD_SSD);
    spec.format = PLUMB_BOX_XYXY;
    refuse(&spec, PLUMB_E_ARGUMENT, "head.format");
    spec = spec_for(PLUMB_HEAD_SSD);
    spec.variances[0] = -1;
    refuse(&spec, PLUMB_E_VALUE, "head.variances[0]");
    spec = spec_for(PLUMB_HEAD_DETR);
    spec.activation = PLUMB_ACTIVATION_UNSET;
    refuse(&spec, PLUMB_E_ARGUMENT, "head.activation");
    spec = spec_for(PLUMB_HEAD_BOXES);
    spec.format = PLUMB_BOX_FORMAT_UNSET;
    refuse(&spec, PLUMB_E_ARGUMENT, "head.format");
    spec = spec_for(PLUMB_HEAD_BOXES);
    spec.score_column = 4;
    refuse(&spec, PLUMB_E_ARGUMENT, "head.columns.box");
    spec = spec_for(PLUMB_HEAD_YOLOV8);
    spec.activation = PLUMB_ACTIVATION_SOFTMAX;
    refuse(&spec, PLUMB_E_ARGUMENT, "head.activation");
    spec = spec_for(PLUMB_HEAD_YOLOV8);
    spec.class_count = -1;
    refuse(&spec, PLUMB_E_VALUE, "head.class_count");
    spec = spec_for(PLUMB_HEAD_YOLOV8_SPLIT);
    spec.distance_bins = 257;
    refuse(&spec, PLUMB_E_VALUE, "head.distance_bins");
    static const char *const names[] = { "a", "b", NULL };
    spec = spec_for(PLUMB_HEAD_YOLOV8);
    spec.outputs = names;
    spec.output_count = 2;
    refuse(&spec, PLUMB_E_ARGUMENT, "head.outputs");
    spec = spec_for(PLUMB_HEAD_CENTERNET);
    spec.outputs = names;
    spec.output_count = 3;
    refuse(&spec, PLUMB_E_ARGUMENT, "head.outputs[2]");
    plumb_head *head;
    plumb_size none = { 0, 32 };
    spec = spec_for(PLUMB_HEAD_YOLOV8);
    assert_int_equal(plumb_head_create(NULL, &spec, none, &head, NULL), PLUMB_E_SIZE);
}

/* Every allocation fails once: nothing leaks, and the status says so. */
static void memory_may_run_out(void **state)
{
    (void)state;
    static const char *const names[] = { "scores", "boxes" };
    for (plumb_head_type type = PLUMB_HEAD_BOXES; type < PLUMB_HEAD_COUNT; type++) {
        plumb_head_spec spec = spec_for(type);
        if (type == PLUMB_HEAD_ULTRAFACE) {
            spec.raw = true;
            spec.outputs = names;
            spec.output_count = 2;
        }
        plumb_status status = PLUMB_E_NOMEM;
        for (uint64_t fail_at = 1; status != PLUMB_OK; fail_at++) {
            test_allocator allocator = { .fail_at = fail_at };
            plumb_context context = PLUMB_CONTEXT_INIT;
            context.allocator.user = &allocator;
            context.allocator.allocate = test_allocate;
            context.allocator.release = test_release;
            plumb_head *head;
            status = plumb_head_create(&context, &spec, test_input, &head, NULL);
            assert_true(status == PLUMB_OK || status == PLUMB_E_NOMEM);
            plumb_head_destroy(&head);
            assert_int_equal(allocator.live, 0);
            assert_true(fail_at < 20);
        }
    }
}

static void each_head_is_among_its_suggestions(void **state)
{
    (void)state;
    for (plumb_head_type type = PLUMB_HEAD_BOXES; type < PLUMB_HEAD_COUNT; type++) {
        plumb_outputs outputs = outputs_for(type);
        if (type == PLUMB_HEAD_YOLOV3 || type == PLUMB_HEAD_YOLOV5_RAW) {
            for (int i = 0; i < 3; i++) /* three anchors, as published */
                outputs.tensors[i].shape[0] = 3 * 8;
        } else if (type == PLUMB_HEAD_YOLOV8_POSE) {
            outputs.tensors[0].shape[0] = 56;
        }
        plumb_head_suggestion suggestions[16];
        size_t count = plumb_head_suggest(&outputs, test_input, suggestions, 16);
        bool found = false;
        for (size_t i = 0; i < count; i++)
            found |= suggestions[i].type == type && suggestions[i].reason != NULL;
        if (!found)
            fail_msg("%s is not suggested", plumb_head_type_name(type));
        assert_int_equal(plumb_head_suggest(&outputs, test_input, NULL, 0), count);
        free_outputs(&outputs);
    }
    plumb_outputs none = { 0 };
    assert_int_equal(plumb_head_suggest(&none, test_input, NULL, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_go_both_ways),
        cmocka_unit_test(what_heads_say_of_themselves),
        cmocka_unit_test(boxes_say_their_space),
        cmocka_unit_test(settings_without_effect_are_errors),
        cmocka_unit_test(values_out_of_range_are_errors),
        cmocka_unit_test(memory_may_run_out),
        cmocka_unit_test(each_head_is_among_its_suggestions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
