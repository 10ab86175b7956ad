/* SPDX-License-Identifier: Apache-2.0
 *
 * What the doctor is made of: steps and their way back, pairing, chances. By hand and by exact fractions.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/allocator.h"
#include "qa/chance.h"
#include "qa/doctor_steps.h"
#include "qa/matching.h"
#include "random.h"

/* Undoing is exact, for every kind of step. */
static void steps_undo_themselves(void **state)
{
    (void)state;
    const plumb_size image = { 773, 512 };
    plumb_mapping_spec spec = PLUMB_MAPPING_SPEC_INIT;
    spec.input = (plumb_size){ 416, 320 };
    spec.mode = PLUMB_CROP_SCALE_FIT;
    spec.rule = PLUMB_RULE_ULTRALYTICS;
    for (int kind = QA_STEP_TURN; kind <= QA_STEP_FREE; kind++) {
        for (int orientation = 1; orientation <= 8; orientation++) {
            qa_doctor_step step = { .kind = (qa_step_kind)kind,
                                    .orientation = (plumb_orientation)orientation,
                                    .made = { spec, QA_ANCHOR_TOP_LEFT },
                                    .read = { spec, QA_ANCHOR_BOTTOM_RIGHT },
                                    .units = (qa_free_units)(orientation % 4),
                                    .scale = { 0.7, 1.9 },
                                    .shift = { -3.0, 0.25 } };
            step.read.spec.mode = PLUMB_CROP_SCALE_FIT_ROTATE_90_CCW;
            qa_box_map ahead, back;
            assert_true(qa_step_forward(&step, image, &ahead));
            assert_true(qa_step_backward(&step, image, &back));
            plumb_rect r = { 11.5, 200.25, 98.0, 31.0 };
            plumb_rect same = qa_box_map_rect(&back, qa_box_map_rect(&ahead, r));
            assert_true(fabs(same.x - r.x) < 1e-8 && fabs(same.y - r.y) < 1e-8);
            assert_true(fabs(same.width - r.width) < 1e-8 && fabs(same.height - r.height) < 1e-8);
        }
    }
}

/* (u,v) -> (1-v, u): a box at the top left of a square goes to the top right. */
static void rotate_90_follows_the_table(void **state)
{
    (void)state;
    qa_doctor_step step = { .kind = QA_STEP_TURN, .orientation = PLUMB_ORIENTATION_RIGHT };
    qa_box_map map;
    assert_true(qa_step_forward(&step, (plumb_size){ 100, 100 }, &map));
    plumb_rect r = qa_box_map_rect(&map, (plumb_rect){ 10, 20, 5, 7 });
    assert_true(r.x == 73.0 && r.y == 10.0 && r.width == 7.0 && r.height == 5.0);
}

static void each_box_is_paired_once(void **state)
{
    (void)state;
    const plumb_size image = { 640, 480 };
    const plumb_rect seen[] = { { 100, 100, 52, 50 }, { 101, 99, 50, 50 } };
    qa_match_target targets[2] = {
        qa_match_prepare((plumb_rect){ 100, 100, 50, 50 }, image, 0.036, 0.3, 2),
        qa_match_prepare((plumb_rect){ 103, 100, 50, 50 }, image, 0.036, 0.3, 2),
    };
    qa_match_candidate scratch[2 * QA_MATCH_KEEP];
    uint8_t taken[2];
    qa_match matches[2];
    double sum = qa_match_pair(targets, 2, NULL, seen, 2, scratch, taken, matches);
    assert_true(matches[0].observed >= 0 && matches[1].observed >= 0);
    assert_int_not_equal(matches[0].observed, matches[1].observed);
    assert_true(fabs(sum - matches[0].worth - matches[1].worth) < 1e-12);
    assert_float_equal((float)qa_rect_iou(seen[0], (plumb_rect){ 100, 100, 50, 50 }),
                       2500.0f / 2600.0f, 1e-6f);
}

/* In a crowd, boxes of every size, some far outside and some not finite. */
static void the_grid_changes_no_pair(void **state)
{
    (void)state;
    enum { TRUE_BOXES = 300, SEEN = 500 };
    const plumb_size image = { 1280, 720 };
    const plumb_context context = plumb_context_resolve(NULL);
    static qa_match_target targets[QA_MATCH_JITTERS][TRUE_BOXES];
    static plumb_rect seen[SEEN];
    static qa_match_candidate scratch[TRUE_BOXES * QA_MATCH_KEEP];
    static uint8_t taken[SEEN];
    static qa_match plain[TRUE_BOXES], near[TRUE_BOXES];
    const qa_match_target *lists[QA_MATCH_JITTERS];
    random_state dice = { 5 };
    for (int i = 0; i < SEEN; i++) {
        double most = i % 20 == 0 ? 600.0 : 60.0;
        plumb_rect r = { 1280 * random_unit(&dice), 720 * random_unit(&dice),
                         1 + most * random_unit(&dice), 1 + most * random_unit(&dice) };
        for (int j = 0; j < QA_MATCH_JITTERS && i < TRUE_BOXES; j++)
            targets[j][i] = qa_match_prepare(r, image, qa_match_jitters[j], 0.3, SEEN);
        seen[i] = (plumb_rect){ r.x + 6 * random_unit(&dice), r.y, r.width, r.height * 1.05 };
    }
    seen[7].x = NAN;
    seen[8].width = INFINITY;
    seen[9].y = -1e30;
    seen[10].height = -3.0;
    for (int j = 0; j < QA_MATCH_JITTERS; j++)
        lists[j] = targets[j];
    qa_match_grid grid;
    assert_true(qa_match_grid_make(&context, lists, TRUE_BOXES, &grid));
    assert_true(grid.side > 1);
    for (int j = 0; j < QA_MATCH_JITTERS; j++) {
        double sum = qa_match_pair(targets[j], TRUE_BOXES, NULL, seen, SEEN, scratch, taken, plain);
        assert_true(sum > 100.0);
        assert_true(sum ==
                    qa_match_pair(targets[j], TRUE_BOXES, &grid, seen, SEEN, scratch, taken, near));
        for (int i = 0; i < TRUE_BOXES; i++)
            assert_int_equal(plain[i].observed, near[i].observed);
    }
    qa_match_grid_release(&context, &grid);
}

/* Sums of exact fractions. */
static void chances_are_those_of_the_binomial(void **state)
{
    (void)state;
    assert_float_equal(qa_chance_binomial(10, 5, 0.2), 0.0327934976, 1e-12);
    assert_float_equal(qa_chance_binomial(3, 2, 0.5), 0.5, 1e-12);
    assert_float_equal(qa_chance_binomial(40, 3, 0.2), 0.9920578627, 1e-8);
    assert_true(fabs(qa_chance_binomial(1000, 300, 0.2) / 3.811044687488596e-14 - 1.0) < 1e-6);
    assert_true(qa_chance_binomial(1000000, 500000, 0.2) == 0.0);
    assert_true(qa_chance_binomial(1000000, 100000, 0.2) == 1.0);
    assert_float_equal(qa_chance_poisson(3.0, 8), 0.0119045, 1e-7);
    assert_float_equal(qa_chance_poisson(20.0, 15), 0.8951357188920153, 1e-6);
    assert_true(qa_chance_binomial(5, 0, 0.2) == 1.0 && qa_chance_binomial(5, 6, 0.2) == 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_undo_themselves),
        cmocka_unit_test(rotate_90_follows_the_table),
        cmocka_unit_test(each_box_is_paired_once),
        cmocka_unit_test(the_grid_changes_no_pair),
        cmocka_unit_test(chances_are_those_of_the_binomial),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
