/* SPDX-License-Identifier: Apache-2.0
 *
 * The doctor on cases computed by hand: numbers that stand in the code table's own formulas.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "qa/doctor.h"
#include "random.h"

#define BOX(x, y, w, h, s, c)                                                                      \
    {                                                                                              \
        { x, y, w, h }, s, c                                                                       \
    }

static const qa_doctor_box four[] = {
    BOX(20, 30, 100, 60, NAN, 0),
    BOX(300, 50, 120, 200, NAN, 1),
    BOX(90, 300, 80, 90, NAN, 2),
    BOX(500, 380, 60, 70, NAN, 0),
};

static qa_doctor_report examine_sized(plumb_size image, const qa_doctor_box *truth, size_t count,
                                      const qa_doctor_box *seen, size_t seen_count)
{
    qa_doctor_frame frame = { "a", image, truth, count, seen, seen_count };
    qa_doctor_report report;
    plumb_diag diag = { 0 };
    plumb_status status = qa_doctor_examine(NULL, &frame, 1, NULL, &report, &diag);
    if (status)
        fail_msg("%s: %s", diag.field, diag.message);
    return report;
}

static qa_doctor_report examine(const qa_doctor_box *truth, size_t count, const qa_doctor_box *seen,
                                size_t seen_count)
{
    return examine_sized((plumb_size){ 640, 480 }, truth, count, seen, seen_count);
}

static void assert_only(const qa_doctor_report *report, qa_doctor_code code)
{
    assert_int_equal(report->verdict, QA_DOCTOR_PLUMBING);
    assert_int_equal(report->fault_count, 1);
    assert_string_equal(qa_doctor_code_name(report->faults[0].code), qa_doctor_code_name(code));
    assert_true(report->faults[0].fix[0] && report->faults[0].edit[0] == '{');
}

static void exact_boxes_are_healthy(void **state)
{
    (void)state;
    qa_doctor_report report = examine(four, 4, four, 4);
    assert_int_equal(report.verdict, QA_DOCTOR_HEALTHY);
    assert_int_equal(report.fault_count, 0);
    assert_int_equal(report.matched, 4);
    assert_float_equal((float)report.mean_iou_after, 1.0f, 1e-6f);
}

/* y' = 480 - y - h */
static void a_flip_uses_the_far_edge(void **state)
{
    (void)state;
    const qa_doctor_box seen[] = {
        BOX(20, 390, 100, 60, 0.9, 0),
        BOX(300, 230, 120, 200, 0.8, 1),
        BOX(90, 90, 80, 90, 0.7, 2),
        BOX(500, 30, 60, 70, 0.95, 0),
    };
    qa_doctor_report report = examine(four, 4, seen, 4);
    assert_only(&report, QA_DOCTOR_FLIP_Y);
    assert_true(report.mean_iou_before < 0.2 && report.mean_iou_after > 0.99);
    assert_string_equal(report.faults[0].edit, "{\"head\":{\"origin\":\"lower_left\"}}");
}

/* A 640x480 picture at the top left of a 416x416 input: scale 0.65. */
static void input_pixels_are_recognised(void **state)
{
    (void)state;
    const qa_doctor_box seen[] = {
        BOX(13, 19.5, 65, 39, 0.9, 0),
        BOX(195, 32.5, 78, 130, 0.8, 1),
        BOX(58.5, 195, 52, 58.5, 0.7, 2),
        BOX(325, 247, 39, 45.5, 0.95, 0),
    };
    qa_doctor_report report = examine(four, 4, seen, 4);
    assert_only(&report, QA_DOCTOR_INPUT_SPACE_NOT_UNMAPPED);
    assert_non_null(strstr(report.faults[0].detail, "416x416"));
}

static void corners_as_size_and_a_class_offset_come_together(void **state)
{
    (void)state;
    const qa_doctor_box seen[] = {
        BOX(20, 30, 120, 90, 0.9, 1),
        BOX(300, 50, 420, 250, 0.8, 2),
        BOX(90, 300, 170, 390, 0.7, 3),
        BOX(500, 380, 560, 450, 0.95, 1),
    };
    qa_doctor_report report = examine(four, 4, seen, 4);
    assert_int_equal(report.fault_count, 2);
    assert_int_equal(report.faults[0].code, QA_DOCTOR_CORNERS_AS_SIZE);
    assert_int_equal(report.faults[1].code, QA_DOCTOR_CLASS_OFFSET);
    assert_string_equal(report.faults[1].edit, "{\"head\":{\"class_offset\":-1}}");
}

/* Two boxes that a left-right mirror exchanges: flip-y and a half turn say the same. */
static void symmetric_evidence_is_unknown(void **state)
{
    (void)state;
    const qa_doctor_box truth[] = { BOX(40, 20, 160, 100, NAN, 0), BOX(440, 20, 160, 100, NAN, 0) };
    const qa_doctor_box seen[] = { BOX(40, 360, 160, 100, 0.9, 0),
                                   BOX(440, 360, 160, 100, 0.9, 0) };
    qa_doctor_report report = examine(truth, 2, seen, 2);
    assert_int_equal(report.verdict, QA_DOCTOR_UNKNOWN);
    assert_int_equal(report.fault_count, 0);
    assert_true(report.rival_count >= 2);
    uint32_t both = report.rivals[0].codes | report.rivals[1].codes;
    assert_true(both & 1u << QA_DOCTOR_FLIP_Y && both & 1u << QA_DOCTOR_ROTATE_180);
    assert_true(report.settle[0] != '\0');
}

static void logits_are_recognised(void **state)
{
    (void)state;
    qa_doctor_box seen[4];
    const double logits[4] = { 2.2, 1.4, 0.8, 2.9 };
    for (int i = 0; i < 4; i++) {
        seen[i] = four[i];
        seen[i].score = logits[i];
    }
    qa_doctor_report report = examine(four, 4, seen, 4);
    assert_only(&report, QA_DOCTOR_SIGMOID_MISSING);
}

static void copies_are_not_low_scores(void **state)
{
    (void)state;
    qa_doctor_box seen[12];
    for (int i = 0; i < 12; i++) {
        seen[i] = four[i % 4];
        seen[i].rect.x += 2.0 * (i / 4);
        seen[i].score = 0.9 - 0.1 * (i / 4);
    }
    qa_doctor_report report = examine(four, 4, seen, 12);
    assert_only(&report, QA_DOCTOR_NMS_MISSING);
    assert_int_equal(report.faults[0].count, 8);
}

static void boxes_in_other_places_are_the_model(void **state)
{
    (void)state;
    const qa_doctor_box seen[] = {
        BOX(400, 300, 55, 140, 0.9, 0),
        BOX(10, 150, 220, 40, 0.3, 1),
        BOX(250, 260, 31, 160, 0.7, 1),
        BOX(560, 10, 70, 33, 0.95, 2),
    };
    qa_doctor_report report = examine(four, 4, seen, 4);
    assert_int_equal(report.verdict, QA_DOCTOR_MODEL);
    assert_int_equal(report.fault_count, 0);
}

static void what_cannot_be_examined_is_named(void **state)
{
    (void)state;
    qa_doctor_report report;
    plumb_diag diag = { 0 };
    qa_doctor_frame frame = { "a", { 640, 480 }, four, 4, four, 0 };
    assert_int_equal(qa_doctor_examine(NULL, &frame, 0, NULL, &report, &diag), PLUMB_E_ARGUMENT);
    assert_int_equal(qa_doctor_examine(NULL, &frame, 1, NULL, &report, &diag), PLUMB_E_ARGUMENT);
    assert_string_equal(diag.field, "observed");
    frame.image.width = 0;
    assert_int_equal(qa_doctor_examine(NULL, &frame, 1, NULL, &report, &diag), PLUMB_E_SIZE);
    assert_string_equal(diag.field, "frames[0].width");
}

static void hostile_numbers_do_no_harm(void **state)
{
    (void)state;
    const double odd[] = { NAN, INFINITY, -INFINITY, 0.0, -1e300, 1e300, 1e-300 };
    qa_doctor_box seen[28];
    for (int i = 0; i < 28; i++)
        seen[i] = (qa_doctor_box)BOX(odd[i % 7], odd[i / 4], odd[(i * 3) % 7], odd[(i * 5) % 7],
                                     odd[i % 5], i);
    qa_doctor_frame frame = { "a", { 640, 480 }, seen, 28, seen, 28 };
    qa_doctor_report report;
    assert_int_equal(qa_doctor_examine(NULL, &frame, 1, NULL, &report, NULL), PLUMB_OK);
    frame.truth = four;
    frame.truth_count = 4;
    assert_int_equal(qa_doctor_examine(NULL, &frame, 1, NULL, &report, NULL), PLUMB_OK);
    assert_int_equal(report.matched, 0);
}

/* Eight places on a card that shifts, grows and turns a little; the hits differ each time. */
static void places_on_a_moving_object_are_followed(void **state)
{
    (void)state;
    static const double places[8][2] = {
        { -300, -300 }, { 310, -280 }, { -290, 305 }, { 280, 290 },
        { 0, -350 },    { 20, 340 },   { -345, 15 },  { 355, -10 }
    };
    static qa_doctor_box truth[5][3], seen[5][11];
    qa_doctor_frame frames[5];
    for (int f = 0; f < 5; f++) {
        double scale = 1.0 + 0.06 * f, angle = 0.05 * (f - 2), x = 900.0 + 37.0 * f,
               y = 600.0 - 29.0 * f;
        double c = scale * cos(angle), s = scale * sin(angle);
        for (int i = 0; i < 11; i++) {
            double u = i < 8 ? places[i][0] : -150.0 + 130.0 * (i - 8) + 41.0 * f;
            double v = i < 8 ? places[i][1] : 120.0 - 77.0 * (i - 8) + 23.0 * f;
            double size = 40.0 * scale;
            qa_doctor_box box = BOX(x + c * u - s * v - size / 2, y + s * u + c * v - size / 2,
                                    size, size, 0.6 + 0.03 * i, 0);
            seen[f][i] = box;
            if (i >= 8)
                truth[f][i - 8] = box;
        }
        frames[f] = (qa_doctor_frame){ "a", { 1920, 1200 }, truth[f], 3, seen[f], 11 };
    }
    qa_doctor_report report;
    assert_int_equal(qa_doctor_examine(NULL, frames, 5, NULL, &report, NULL), PLUMB_OK);
    assert_only(&report, QA_DOCTOR_REGION_MISSING);
    assert_int_equal(report.faults[0].count, 40);
    assert_non_null(strstr(report.faults[0].detail, "object"));
}

/* A row of boxes; every `step`-th is found, with the score that `scores` says. */
static qa_doctor_report examine_row(int count, int step, bool scored, bool shuffled)
{
    static qa_doctor_box truth[200], seen[200];
    size_t found = 0;
    for (int i = 0; i < count; i++) {
        double score = 0.3 + 0.6 * (double)(i * 37 % count) / count;
        double other = 0.3 + 0.6 * (double)(i * 53 % count) / count;
        truth[i] = (qa_doctor_box)BOX(31.0 * (i % 20), 40.0 * (i / 20) + 3.0 * (i % 7), 24 + i % 5,
                                      28 + i % 3, scored ? score : NAN, 0);
        if (i % step)
            continue;
        seen[found] = truth[i];
        seen[found++].score = shuffled ? other : score;
    }
    return examine(truth, (size_t)count, seen, found);
}

static void half_of_many_missed_is_the_model(void **state)
{
    (void)state;
    qa_doctor_report report = examine_row(120, 2, false, false);
    assert_int_equal(report.verdict, QA_DOCTOR_MODEL);
    assert_int_equal(report.fault_count, 0);
    assert_non_null(strstr(report.reason, "60 of 120"));
}

/* 6 of 12 missed at one in five: about one chance in fifty. */
static void half_of_few_missed_may_be_bad_luck(void **state)
{
    (void)state;
    qa_doctor_report report = examine_row(12, 2, false, false);
    assert_int_equal(report.verdict, QA_DOCTOR_HEALTHY);
    assert_non_null(strstr(report.settle, "true boxes in all"));
}

static void shuffled_scores_are_the_model(void **state)
{
    (void)state;
    qa_doctor_report report = examine_row(60, 1, true, false);
    assert_int_equal(report.verdict, QA_DOCTOR_HEALTHY);
    report = examine_row(60, 1, true, true);
    assert_int_equal(report.verdict, QA_DOCTOR_MODEL);
    assert_non_null(strstr(report.reason, "scores"));
    report = examine_row(60, 1, false, true);
    assert_int_equal(report.verdict, QA_DOCTOR_HEALTHY);
}

/* One class, read as the one before it. */
static void a_class_may_be_off_below_zero(void **state)
{
    (void)state;
    qa_doctor_box truth[4], seen[4];
    for (int i = 0; i < 4; i++) {
        truth[i] = seen[i] = four[i];
        truth[i].class_id = 0;
        seen[i].class_id = -1;
        seen[i].score = 0.5 + 0.1 * i;
    }
    qa_doctor_report report = examine(truth, 4, seen, 4);
    assert_only(&report, QA_DOCTOR_CLASS_OFFSET);
    for (int i = 0; i < 4; i++)
        seen[i].class_id = QA_NO_CLASS;
    report = examine(truth, 4, seen, 4);
    assert_int_equal(report.verdict, QA_DOCTOR_HEALTHY);
}

/* Four of seven pairs are one class up, as the most frequent offset of classes at random may be:
 * the rest speak against it. */
static void classes_at_random_are_no_offset(void **state)
{
    (void)state;
    static const int known[7] = { 0, 1, 2, 0, 1, 2, 0 }, shown[7] = { 1, 2, 0, 1, 1, 2, 1 };
    qa_doctor_box truth[7], seen[7];
    for (int i = 0; i < 7; i++) {
        truth[i] = seen[i] = (qa_doctor_box)BOX(20 + 85 * i, 30 + (i * 37) % 300, 60, 80, NAN, 0);
        truth[i].class_id = known[i];
        seen[i].class_id = shown[i];
        seen[i].score = 0.6 + 0.03 * i;
    }
    qa_doctor_report report = examine(truth, 7, seen, 7);
    assert_int_equal(report.fault_count, 0);
    for (int i = 0; i < 7; i++)
        seen[i].class_id = known[i] + 1;
    report = examine(truth, 7, seen, 7);
    assert_only(&report, QA_DOCTOR_CLASS_OFFSET);
}

/* Half of the boxes missed, as a poor model does, and all that are found are two classes up. */
static void a_class_offset_shows_in_a_poor_model(void **state)
{
    (void)state;
    enum { TRUE_BOXES = 60, SEEN = 28 };
    qa_doctor_box truth[TRUE_BOXES], seen[SEEN];
    for (int i = 0; i < TRUE_BOXES; i++) {
        truth[i] = (qa_doctor_box)BOX(10 + 62 * (i % 10), 10 + 75 * (i / 10), 24 + i % 7,
                                      30 + i % 5, NAN, i % 3);
        if (i < SEEN) {
            seen[i] = truth[i];
            seen[i].score = 0.4 + 0.02 * i;
            seen[i].class_id += 2;
        }
    }
    qa_doctor_report report = examine(truth, TRUE_BOXES, seen, SEEN);
    assert_only(&report, QA_DOCTOR_CLASS_OFFSET);
}

/* x' = (x - 0.25 * 640) / 0.5, y' = (y - 0.1 * 480) / 0.4: more pairs than can be tried. */
static void a_region_is_found_in_a_crowd(void **state)
{
    (void)state;
    enum { BOXES = 300 };
    qa_doctor_box truth[BOXES], seen[BOXES];
    random_state dice = { 11 };
    for (int i = 0; i < BOXES; i++) {
        double w = 8 + 24 * random_unit(&dice), h = 8 + 20 * random_unit(&dice);
        double x = (640 - w) * random_unit(&dice), y = (480 - h) * random_unit(&dice);
        truth[i] = (qa_doctor_box)BOX(x, y, w, h, NAN, 0);
        seen[i] = (qa_doctor_box)BOX((x - 160) / 0.5, (y - 48) / 0.4, w / 0.5, h / 0.4,
                                     0.3 + 0.6 * random_unit(&dice), 0);
    }
    qa_doctor_report report = examine(truth, BOXES, seen, BOXES);
    assert_only(&report, QA_DOCTOR_ROI_NOT_APPLIED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_boxes_are_healthy),
        cmocka_unit_test(a_flip_uses_the_far_edge),
        cmocka_unit_test(input_pixels_are_recognised),
        cmocka_unit_test(corners_as_size_and_a_class_offset_come_together),
        cmocka_unit_test(symmetric_evidence_is_unknown),
        cmocka_unit_test(logits_are_recognised),
        cmocka_unit_test(copies_are_not_low_scores),
        cmocka_unit_test(boxes_in_other_places_are_the_model),
        cmocka_unit_test(what_cannot_be_examined_is_named),
        cmocka_unit_test(hostile_numbers_do_no_harm),
        cmocka_unit_test(places_on_a_moving_object_are_followed),
        cmocka_unit_test(half_of_many_missed_is_the_model),
        cmocka_unit_test(half_of_few_missed_may_be_bad_luck),
        cmocka_unit_test(shuffled_scores_are_the_model),
        cmocka_unit_test(a_class_may_be_off_below_zero),
        cmocka_unit_test(classes_at_random_are_no_offset),
        cmocka_unit_test(a_class_offset_shows_in_a_poor_model),
        cmocka_unit_test(a_region_is_found_in_a_crowd),
    };
    return cmocka_run_group_tests_name("doctor", tests, NULL, NULL);
}
