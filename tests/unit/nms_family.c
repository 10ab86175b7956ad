/* SPDX-License-Identifier: Apache-2.0
 *
 * What holds for every method: no dependence on the order of the list or on the CPU, books that
 * balance, and settings that contradict each other are named.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "plumbline/postprocess.h"
#include "boxes.h"

#define MOST 600

typedef struct arrangement {
    plumb_nms_method method;
    plumb_overlap overlap;
    plumb_nms_compat compat;
} arrangement;

static const arrangement arrangements[] = {
    { PLUMB_NMS_NONE, PLUMB_OVERLAP_IOU, PLUMB_COMPAT_NONE },
    { PLUMB_NMS_HARD, PLUMB_OVERLAP_IOU, PLUMB_COMPAT_NONE },
    { PLUMB_NMS_HARD, PLUMB_OVERLAP_IOS, PLUMB_COMPAT_NONE },
    { PLUMB_NMS_HARD, PLUMB_OVERLAP_DIOU, PLUMB_COMPAT_NONE },
    { PLUMB_NMS_HARD, PLUMB_OVERLAP_ROTATED, PLUMB_COMPAT_NONE },
    { PLUMB_NMS_HARD, PLUMB_OVERLAP_PROBIOU, PLUMB_COMPAT_NONE },
    { PLUMB_NMS_HARD, PLUMB_OVERLAP_IOU, PLUMB_COMPAT_MEDIAPIPE },
    { PLUMB_NMS_HARD, PLUMB_OVERLAP_IOU, PLUMB_COMPAT_NNSTREAMER },
    { PLUMB_NMS_SOFT_LINEAR, PLUMB_OVERLAP_IOU, PLUMB_COMPAT_NONE },
    { PLUMB_NMS_SOFT_GAUSSIAN, PLUMB_OVERLAP_ROTATED, PLUMB_COMPAT_NONE },
    { PLUMB_NMS_WEIGHTED, PLUMB_OVERLAP_IOU, PLUMB_COMPAT_NONE },
    { PLUMB_NMS_WEIGHTED, PLUMB_OVERLAP_IOU, PLUMB_COMPAT_MEDIAPIPE },
    { PLUMB_NMS_MERGE, PLUMB_OVERLAP_IOS, PLUMB_COMPAT_NONE },
    { PLUMB_NMS_MATRIX, PLUMB_OVERLAP_IOU, PLUMB_COMPAT_NONE },
    { PLUMB_NMS_CLUSTER, PLUMB_OVERLAP_IOU, PLUMB_COMPAT_NONE },
    { PLUMB_NMS_CENTER_DISTANCE, PLUMB_OVERLAP_IOU, PLUMB_COMPAT_NONE },
};

#define ARRANGEMENTS (sizeof(arrangements) / sizeof(arrangements[0]))

static plumb_nms_spec spec_of(const arrangement *a, bool class_aware)
{
    plumb_nms_spec spec = PLUMB_NMS_SPEC_INIT;
    spec.method = a->method;
    spec.overlap = a->overlap;
    spec.compat = a->compat;
    spec.iou = 0.4f;
    spec.class_aware = class_aware && a->compat != PLUMB_COMPAT_NNSTREAMER;
    spec.min_score = 0.2f;
    spec.distance = 9.0f;
    spec.min_neighbours = 3;
    return spec;
}

static size_t run(const plumb_nms_spec *spec, uint32_t cpu, plumb_detection *items, size_t count,
                  plumb_ledger *ledger)
{
    plumb_context context = PLUMB_CONTEXT_INIT;
    plumb_nms *nms = NULL;
    plumb_diag diag = { 0 };
    context.cpu = cpu;
    if (plumb_nms_create(&context, spec, &nms, &diag))
        fail_msg("%s: %s", diag.field, diag.message);
    plumb_detections list = { 0 };
    list.items = items;
    list.count = list.capacity = count;
    list.has_angle = true;
    list.space = PLUMB_SPACE_UPRIGHT;
    assert_int_equal(plumb_nms_run(nms, &list, NULL, ledger, NULL), PLUMB_OK);
    plumb_nms_destroy(&nms);
    return list.count;
}

static int make(random_state *r, int round, plumb_detection *items)
{
    int count = 1 + random_below(r, MOST);
    make_boxes(r, (box_kind)(round % BOXES_KINDS), items, count, 3);
    for (int i = 0; i < count; i++) {
        items[i].angle = (float)random_between(r, -1.5, 1.5);
        if (round % 2)
            items[i].score = floorf(items[i].score * 10) / 10;
    }
    return count;
}

static void order_and_cpu_change_nothing(void **state)
{
    (void)state;
    random_state r = { 31 };
    static plumb_detection items[MOST], first[MOST], other[MOST];
    for (int round = 0; round < 24; round++) {
        int count = make(&r, round, items);
        for (size_t a = 0; a < ARRANGEMENTS; a++) {
            plumb_nms_spec spec = spec_of(&arrangements[a], round % 3);
            memcpy(first, items, sizeof(items));
            memcpy(other, items, sizeof(items));
            size_t kept = run(&spec, PLUMB_CPU_AUTO, first, (size_t)count, NULL);
            for (int i = count - 1; i > 0; i--) {
                int j = random_below(&r, i + 1);
                plumb_detection t = other[i];
                other[i] = other[j];
                other[j] = t;
            }
            assert_int_equal(run(&spec, PLUMB_CPU_NONE, other, (size_t)count, NULL), kept);
            assert_memory_equal(first, other, kept * sizeof(first[0]));
            for (size_t i = 1; i < kept; i++)
                assert_true(plumb_detection_order(&first[i - 1], &first[i]) < 0);
        }
    }
}

static void books_balance(void **state)
{
    (void)state;
    random_state r = { 32 };
    static plumb_detection items[MOST], copy[MOST];
    static plumb_trace_entry entries[MOST];
    for (int round = 0; round < 14; round++) {
        int count = make(&r, round, items);
        for (size_t a = 0; a < ARRANGEMENTS; a++) {
            plumb_nms_spec spec = spec_of(&arrangements[a], round % 2);
            plumb_ledger counted = { 0 }, traced = { 0 };
            traced.entries = entries;
            traced.entry_capacity = MOST;
            memcpy(copy, items, sizeof(items));
            size_t kept = run(&spec, PLUMB_CPU_AUTO, copy, (size_t)count, &counted);
            memcpy(copy, items, sizeof(items));
            assert_int_equal(run(&spec, PLUMB_CPU_AUTO, copy, (size_t)count, &traced), kept);
            uint64_t dropped = 0;
            for (int fate = 0; fate < PLUMB_FATE_COUNT; fate++) {
                assert_int_equal(counted.counts[fate], traced.counts[fate]);
                dropped += traced.counts[fate];
            }
            assert_int_equal(dropped + kept, count);
            assert_int_equal(traced.entry_count, dropped);
            for (size_t i = 0; i < traced.entry_count; i++)
                assert_in_range(entries[i].other + 1, 0, count);
        }
    }
}

static plumb_detection square(float x, float side, float score, int row)
{
    plumb_detection d = { 0 };
    plumb_box box = { x, 0, x + side, side };
    d.box = box;
    d.score = score;
    d.row = row;
    d.keypoints = -1;
    return d;
}

/* Three in a chain, each overlapping its neighbour by 6/14, and one alone. */
static void fates_by_hand(void **state)
{
    (void)state;
    const plumb_detection chain[4] = { square(0, 10, 0.8f, 0), square(4, 10, 0.6f, 1),
                                       square(8, 10, 0.2f, 2), square(50, 10, 0.5f, 3) };
    plumb_trace_entry entries[4];
    plumb_detection items[4];
    plumb_nms_spec spec = PLUMB_NMS_SPEC_INIT;
    spec.iou = 0.4f;

    spec.method = PLUMB_NMS_CLUSTER; /* 0 and 2 join the core 1: one mean of all three */
    spec.min_neighbours = 3;
    plumb_ledger ledger = { 0 };
    ledger.entries = entries;
    ledger.entry_capacity = 4;
    memcpy(items, chain, sizeof(items));
    assert_int_equal(run(&spec, 0, items, 4, &ledger), 1);
    assert_true(fabsf(items[0].box.x0 - (0.6f * 4 + 0.2f * 8) / 1.6f) < 1e-5f);
    assert_int_equal(ledger.counts[PLUMB_FATE_MERGED], 2);
    assert_int_equal(ledger.counts[PLUMB_FATE_NEIGHBOURS], 1);
    assert_int_equal(entries[0].other, 0);
    assert_int_equal(entries[1].fate, PLUMB_FATE_NEIGHBOURS);
    assert_int_equal(entries[1].row, 3);
    assert_int_equal(entries[1].other, -1);

    spec.method = PLUMB_NMS_WEIGHTED; /* 2 does not overlap 0 enough and stays itself */
    plumb_ledger_reset(&ledger);
    memcpy(items, chain, sizeof(items));
    assert_int_equal(run(&spec, 0, items, 4, &ledger), 3);
    assert_true(fabsf(items[0].box.x0 - 0.6f * 4 / 1.4f) < 1e-5f);
    assert_int_equal(ledger.counts[PLUMB_FATE_MERGED], 1);

    spec.method = PLUMB_NMS_MERGE;
    memcpy(items, chain, sizeof(items));
    assert_int_equal(run(&spec, 0, items, 4, NULL), 3);
    assert_true(items[0].box.x0 == 0 && items[0].box.x1 == 14 && items[0].score == 0.8f);

    spec.method = PLUMB_NMS_SOFT_LINEAR; /* 1 falls to 0.6 * 8/14 = 0.343; 2 then to 0.2 * 8/14 */
    spec.min_score = 0.15f;
    plumb_ledger_reset(&ledger);
    memcpy(items, chain, sizeof(items));
    assert_int_equal(run(&spec, 0, items, 4, &ledger), 3);
    assert_int_equal(items[1].row, 3);
    assert_true(fabsf(items[2].score - 0.6f * 8 / 14) < 1e-6f);
    assert_int_equal(ledger.counts[PLUMB_FATE_SUPPRESSED], 1);
    assert_int_equal(entries[0].row, 2);
    assert_int_equal(entries[0].other, 1);
}

static void contradictions_are_named(void **state)
{
    (void)state;
    const struct {
        arrangement a;
        bool class_aware;
        plumb_status status;
        const char *field;
    } wrong[] = {
        { { PLUMB_NMS_SOFT_LINEAR, PLUMB_OVERLAP_IOU, PLUMB_COMPAT_OPENCV },
          false,
          PLUMB_E_UNSUPPORTED,
          "nms.compat" },
        { { PLUMB_NMS_WEIGHTED, PLUMB_OVERLAP_IOU, PLUMB_COMPAT_RKNN },
          false,
          PLUMB_E_UNSUPPORTED,
          "nms.compat" },
        { { PLUMB_NMS_HARD, PLUMB_OVERLAP_IOS, PLUMB_COMPAT_TFLITE },
          false,
          PLUMB_E_ARGUMENT,
          "nms.overlap" },
        { { PLUMB_NMS_HARD, PLUMB_OVERLAP_IOU, PLUMB_COMPAT_NNSTREAMER },
          true,
          PLUMB_E_ARGUMENT,
          "nms.class_aware" },
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        plumb_nms_spec spec = spec_of(&wrong[i].a, false);
        plumb_nms *nms = NULL;
        plumb_diag diag = { 0 };
        spec.class_aware = wrong[i].class_aware;
        assert_int_equal(plumb_nms_create(NULL, &spec, &nms, &diag), wrong[i].status);
        assert_string_equal(diag.field, wrong[i].field);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_and_cpu_change_nothing),
        cmocka_unit_test(books_balance),
        cmocka_unit_test(fates_by_hand),
        cmocka_unit_test(contradictions_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
