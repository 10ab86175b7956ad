/* SPDX-License-Identifier: Apache-2.0
 *
 * Exact suppression against the textbook loop, and the bookkeeping around it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "plumbline/postprocess.h"
#include "boxes.h"

#define MOST 4000

static plumb_nms *make_nms(const plumb_nms_spec *spec)
{
    plumb_nms *nms = NULL;
    plumb_diag diag = { 0 };
    plumb_status status = plumb_nms_create(NULL, spec, &nms, &diag);
    if (status)
        fail_msg("%s: %s", diag.field, diag.message);
    return nms;
}

static plumb_detections list_of(plumb_detection *items, size_t count)
{
    plumb_detections list = { 0 };
    list.items = items;
    list.count = list.capacity = count;
    list.space = PLUMB_SPACE_UPRIGHT;
    return list;
}

static plumb_detection detection(float x0, float y0, float x1, float y1, float score, int row)
{
    plumb_detection d = { 0 };
    plumb_box box = { x0, y0, x1, y1 };
    d.box = box;
    d.score = score;
    d.row = row;
    d.keypoints = -1;
    return d;
}

static void shuffle(random_state *r, plumb_detection *items, int count)
{
    for (int i = count - 1; i > 0; i--) {
        int j = random_below(r, i + 1);
        plumb_detection t = items[i];
        items[i] = items[j];
        items[j] = t;
    }
}

/* What random sets alone do not have: ties, whole numbers, other scales. */
static void season(random_state *r, plumb_detection *d, int count, int round)
{
    static const float scales[] = { 1.0f / 640, 100.0f, 1e12f, 1e18f, 1e-18f };
    float scale = round % 5 == 0 ? scales[random_below(r, 5)] : 1.0f;
    float offset = round % 7 == 0 ? 4e6f : 0.0f; /* where floats are half a pixel apart */
    for (int i = 0; i < count; i++) {
        float *b = &d[i].box.x0;
        for (int k = 0; k < 4; k++)
            b[k] = (round % 3 == 0 ? roundf(b[k]) : b[k] + offset) * scale;
        if (round % 4 == 0)
            d[i].score = floorf(d[i].score * 20) / 20;
    }
}

static size_t drop_empty(plumb_detection *d, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (d[i].box.x1 > d[i].box.x0 && d[i].box.y1 > d[i].box.y0)
            d[kept++] = d[i];
    return kept;
}

/* Mostly small sets, some long enough for the cells and, at a time, for all of their pool. */
static int count_of(random_state *r, int round)
{
    if (round % 200 == 0)
        return 1 + random_below(r, MOST);
    return 1 + random_below(r, round % 10 == 0 ? 500 : 60);
}

static void compare_once(random_state *r, int round, plumb_detection *items, int32_t *rows,
                         int32_t *winners, plumb_trace_entry *entries)
{
    box_kind kind = (box_kind)random_below(r, BOXES_KINDS);
    int count = count_of(r, round);
    make_boxes(r, kind, items, count, 1 + random_below(r, 8));
    season(r, items, count, random_below(r, 60));
    if (random_below(r, 2))
        shuffle(r, items, count);
    plumb_nms_spec spec = PLUMB_NMS_SPEC_INIT;
    spec.method = PLUMB_NMS_HARD;
    static const float rare[] = { 0.0f, 0.005f, 0.02f, 0.99f, 0.9999f, 1.0f };
    spec.iou =
        random_below(r, 20) ? (float)(0.05 * (1 + random_below(r, 19))) : rare[random_below(r, 6)];
    spec.class_aware = random_below(r, 2);
    spec.max_candidates = (size_t)count;
    spec.max_detections = 1;
    size_t usable = drop_empty(items, (size_t)count);
    size_t kept = textbook_nms(items, usable, spec.iou, spec.class_aware, rows, winners);

    plumb_detection *copy = malloc((usable + 1) * sizeof(*copy));
    for (int i = 0; i < 2; i++) {
        plumb_context context = PLUMB_CONTEXT_INIT;
        context.cpu = i ? PLUMB_CPU_NONE : PLUMB_CPU_AUTO;
        plumb_nms *nms = NULL;
        assert_int_equal(plumb_nms_create(&context, &spec, &nms, NULL), PLUMB_OK);
        memcpy(copy, items, usable * sizeof(*copy));
        plumb_detections list = list_of(copy, usable);
        plumb_ledger ledger = { 0 };
        ledger.entries = random_below(r, 3) ? NULL : entries;
        ledger.entry_capacity = MOST;
        assert_int_equal(plumb_nms_run(nms, &list, NULL, &ledger, NULL), PLUMB_OK);
        plumb_nms_destroy(&nms);
        assert_int_equal(list.count, kept);
        for (size_t k = 0; k < kept; k++)
            assert_int_equal(copy[k].row, rows[k]);
        assert_int_equal(ledger.counts[PLUMB_FATE_SUPPRESSED], usable - kept);
        for (size_t k = 0; k < ledger.entry_count; k++) {
            assert_int_equal(entries[k].fate, PLUMB_FATE_SUPPRESSED);
            assert_int_equal(entries[k].other, winners[entries[k].row]);
        }
    }
    free(copy);
}

static void equals_the_textbook_loop(void **state)
{
    (void)state;
    random_state r = { 20261120 };
    plumb_detection *items = malloc(MOST * sizeof(*items));
    int32_t *rows = malloc(MOST * sizeof(*rows)), *winners = malloc(MOST * sizeof(*winners));
    plumb_trace_entry *entries = malloc(MOST * sizeof(*entries));
    for (int round = 0; round < 20000; round++)
        compare_once(&r, round, items, rows, winners, entries);
    free(items);
    free(rows);
    free(winners);
    free(entries);
}

static void threshold_is_strict(void **state)
{
    (void)state;
    /* 5x10 inside 10x10: IoU exactly 0.5. */
    plumb_detection items[] = { detection(0, 0, 10, 10, 0.9f, 0), detection(0, 0, 5, 10, 0.8f, 1) };
    plumb_nms_spec spec = PLUMB_NMS_SPEC_INIT;
    spec.method = PLUMB_NMS_HARD;
    spec.iou = 0.5f;
    plumb_nms *nms = make_nms(&spec);
    plumb_detections list = list_of(items, 2);
    assert_int_equal(plumb_nms_run(nms, &list, NULL, NULL, NULL), PLUMB_OK);
    assert_int_equal(list.count, 2);
    plumb_nms_destroy(&nms);
    spec.iou = nextafterf(0.5f, 0.0f);
    nms = make_nms(&spec);
    assert_int_equal(plumb_nms_run(nms, &list, NULL, NULL, NULL), PLUMB_OK);
    assert_int_equal(list.count, 1);
    assert_int_equal(list.items[0].row, 0);
    plumb_nms_destroy(&nms);
}

static void drops_what_cannot_be_ranked(void **state)
{
    (void)state;
    plumb_detection items[] = {
        detection(0, 0, 10, 10, NAN, 0),        detection(0, 0, NAN, 10, 0.9f, 1),
        detection(0, 0, INFINITY, 10, 0.9f, 2), detection(5, 5, 5, 10, 0.9f, 3),
        detection(5, 5, 10, 4, 0.9f, 4),        detection(0, 0, 10, 10, 0.5f, 5),
    };
    plumb_nms_spec spec = PLUMB_NMS_SPEC_INIT;
    spec.method = PLUMB_NMS_NONE;
    plumb_nms *nms = make_nms(&spec);
    plumb_detections list = list_of(items, 6);
    plumb_ledger ledger = { 0 };
    assert_int_equal(plumb_nms_run(nms, &list, NULL, &ledger, NULL), PLUMB_OK);
    assert_int_equal(list.count, 1);
    assert_int_equal(list.items[0].row, 5);
    assert_int_equal(ledger.counts[PLUMB_FATE_NONFINITE], 3);
    assert_int_equal(ledger.counts[PLUMB_FATE_EMPTY], 2);
    plumb_nms_destroy(&nms);
}

/* The best max_candidates of any list, whatever its length and order. */
static void selects_the_best_candidates(void **state)
{
    (void)state;
    random_state r = { 7 };
    static plumb_detection items[MOST], sorted[MOST];
    static plumb_trace_entry entries[MOST];
    for (int round = 0; round < 60; round++) {
        int count = 1 + random_below(&r, MOST);
        make_boxes(&r, BOXES_UNIFORM, items, count, 3);
        for (int i = 0; i < count && round % 3; i++)
            items[i].score = round % 3 == 1 ? 0.5f : (float)i / MOST;
        if (round % 2)
            shuffle(&r, items, count);
        memcpy(sorted, items, sizeof(items));
        qsort(sorted, (size_t)count, sizeof(sorted[0]), compare_detections);
        plumb_nms_spec spec = PLUMB_NMS_SPEC_INIT;
        spec.method = PLUMB_NMS_NONE;
        spec.max_candidates = 1 + (size_t)random_below(&r, 700);
        spec.max_detections = 1;
        plumb_nms *nms = make_nms(&spec);
        plumb_detections list = list_of(items, (size_t)count);
        plumb_ledger ledger = { 0 };
        ledger.entries = entries;
        ledger.entry_capacity = MOST;
        assert_int_equal(plumb_nms_run(nms, &list, NULL, &ledger, NULL), PLUMB_OK);
        size_t expected = spec.max_candidates < (size_t)count ? spec.max_candidates : (size_t)count;
        assert_int_equal(list.count, expected);
        for (size_t i = 0; i < expected; i++)
            assert_int_equal(list.items[i].row, sorted[i].row);
        assert_int_equal(ledger.counts[PLUMB_FATE_CANDIDATES], (size_t)count - expected);
        assert_int_equal(ledger.entry_count, (size_t)count - expected);
        plumb_nms_destroy(&nms);
    }
}

static void keeps_the_best(void **state)
{
    (void)state;
    random_state r = { 11 };
    static plumb_detection items[MOST], sorted[MOST];
    for (int round = 0; round < 50; round++) {
        int count = random_below(&r, 500);
        make_boxes(&r, BOXES_UNIFORM, items, count, 3);
        season(&r, items, count, 4);
        shuffle(&r, items, count);
        memcpy(sorted, items, sizeof(items));
        qsort(sorted, (size_t)count, sizeof(sorted[0]), compare_detections);
        size_t limit = (size_t)random_below(&r, 600);
        plumb_detections list = list_of(items, (size_t)count);
        plumb_ledger ledger = { 0 };
        plumb_detections_keep_best(&list, limit, PLUMB_FATE_DETECTIONS, &ledger);
        size_t expected = limit < (size_t)count ? limit : (size_t)count;
        assert_int_equal(list.count, expected);
        assert_int_equal(ledger.counts[PLUMB_FATE_DETECTIONS], (size_t)count - expected);
        for (size_t i = 0; i < expected; i++)
            assert_int_equal(list.items[i].row, sorted[i].row);
    }
}

static void expect_field(const plumb_nms_spec *spec, plumb_status status, const char *field)
{
    plumb_nms *nms = NULL;
    plumb_diag diag = { 0 };
    assert_int_equal(plumb_nms_create(NULL, spec, &nms, &diag), status);
    assert_string_equal(diag.field, field);
    assert_null(nms);
}

static void names_wrong_fields(void **state)
{
    (void)state;
    plumb_nms_spec good = PLUMB_NMS_SPEC_INIT, spec = good;
    expect_field(&spec, PLUMB_E_ARGUMENT, "nms.method");
    good.method = PLUMB_NMS_HARD;
    spec = good;
    spec.iou = NAN;
    expect_field(&spec, PLUMB_E_ARGUMENT, "nms.iou");
    spec.iou = 1.5f;
    expect_field(&spec, PLUMB_E_ARGUMENT, "nms.iou");
    spec = good;
    spec.overlap = (plumb_overlap)77;
    expect_field(&spec, PLUMB_E_ARGUMENT, "nms.overlap");
    spec = good;
    spec.max_candidates = 0;
    expect_field(&spec, PLUMB_E_LIMIT, "nms.max_candidates");
    spec.max_candidates = 1000001;
    expect_field(&spec, PLUMB_E_LIMIT, "nms.max_candidates");
    spec = good;
    spec.max_detections = 30001;
    expect_field(&spec, PLUMB_E_LIMIT, "nms.max_detections");
    spec = good;
    spec.method = PLUMB_NMS_CENTER_DISTANCE;
    expect_field(&spec, PLUMB_E_ARGUMENT, "nms.distance");
    spec.distance = 3;
    spec.distance_in_plane = true;
    plumb_nms *nms = make_nms(&spec);
    plumb_detection one = detection(0, 0, 1, 1, 0.5f, 0);
    plumb_detections list = list_of(&one, 1);
    plumb_diag diag = { 0 };
    assert_int_equal(plumb_nms_run(nms, &list, NULL, NULL, &diag), PLUMB_E_ARGUMENT);
    assert_string_equal(diag.field, "plane_from_list");
    list.space = PLUMB_SPACE_NORMALIZED;
    assert_int_equal(plumb_nms_run(nms, &list, NULL, NULL, &diag), PLUMB_E_SPACE);
    plumb_nms_destroy(&nms);
}

static void names_read_back(void **state)
{
    (void)state;
    for (int i = PLUMB_NMS_NONE; i <= PLUMB_NMS_CENTER_DISTANCE; i++) {
        plumb_nms_method method = PLUMB_NMS_UNSET;
        assert_true(plumb_nms_method_parse(plumb_nms_method_name((plumb_nms_method)i), &method));
        assert_int_equal(method, i);
    }
    plumb_overlap overlap;
    plumb_nms_compat compat;
    assert_true(plumb_overlap_parse("probiou", &overlap));
    assert_int_equal(overlap, PLUMB_OVERLAP_PROBIOU);
    assert_false(plumb_overlap_parse("giou", &overlap));
    assert_true(plumb_nms_compat_parse("mediapipe", &compat));
    assert_int_equal(compat, PLUMB_COMPAT_MEDIAPIPE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_the_textbook_loop),
        cmocka_unit_test(threshold_is_strict),
        cmocka_unit_test(drops_what_cannot_be_ranked),
        cmocka_unit_test(selects_the_best_candidates),
        cmocka_unit_test(keeps_the_best),
        cmocka_unit_test(names_wrong_fields),
        cmocka_unit_test(names_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
