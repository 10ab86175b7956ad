/* SPDX-License-Identifier: Apache-2.0
 *
 * NMS over any boxes: the kept ones are in order and, for the methods that only drop, among the
 * candidates; nothing is lost without an entry in the ledger, and the order of the candidates
 * does not matter.
 */
#include "fuzz.h"

#include <math.h>

#include "plumbline/postprocess.h"
#include "same_detections.h"

#define MOST 96

static float finite_score(fuzz_input *in)
{
    float score = (float)fuzz_byte(in) / 255.0f;
    return fuzz_byte(in) < 8 ? 0.5f : score;
}

/* Whole numbers on a small grid, so that boxes touch and tie, or any float at all. */
static float coordinate(fuzz_input *in, bool wild)
{
    return wild ? fuzz_float(in) : (float)fuzz_between(in, 0, 40);
}

static size_t read_boxes(fuzz_input *in, plumb_detection *items)
{
    size_t count = (size_t)fuzz_between(in, 0, MOST);
    bool wild = fuzz_bool(in);
    for (size_t i = 0; i < count; i++) {
        plumb_detection d = { .row = (int32_t)i, .keypoints = -1 };
        d.box.x0 = coordinate(in, wild);
        d.box.y0 = coordinate(in, wild);
        d.box.x1 = wild ? coordinate(in, wild) : d.box.x0 + coordinate(in, wild);
        d.box.y1 = wild ? coordinate(in, wild) : d.box.y0 + coordinate(in, wild);
        d.score = finite_score(in);
        d.class_id = fuzz_between(in, 0, 3);
        items[i] = d;
    }
    return count;
}

static plumb_nms_spec read_spec(fuzz_input *in)
{
    plumb_nms_spec spec = PLUMB_NMS_SPEC_INIT;
    spec.method = (plumb_nms_method)fuzz_between(in, 0, PLUMB_NMS_CENTER_DISTANCE + 1);
    spec.overlap = fuzz_bool(in) ? (plumb_overlap)fuzz_between(in, 0, 5) : PLUMB_OVERLAP_IOU;
    spec.compat = fuzz_bool(in) ? (plumb_nms_compat)fuzz_between(in, 0, 7) : PLUMB_COMPAT_NONE;
    spec.iou = fuzz_bool(in) ? (float)fuzz_between(in, 0, 10) / 10.0f : fuzz_float(in);
    spec.class_aware = fuzz_bool(in);
    spec.max_candidates = (size_t)fuzz_between(in, 0, 2 * MOST);
    spec.max_detections = (size_t)fuzz_between(in, 0, MOST);
    if (fuzz_bool(in)) {
        spec.sigma = fuzz_float(in);
        spec.min_score = fuzz_float(in);
        spec.distance = fuzz_float(in);
        spec.min_neighbours = fuzz_between(in, 0, 5);
    } else {
        spec.distance = (float)fuzz_between(in, 1, 30);
    }
    return spec;
}

static bool only_drops(plumb_nms_method method)
{
    return method == PLUMB_NMS_NONE || method == PLUMB_NMS_HARD ||
           method == PLUMB_NMS_CENTER_DISTANCE;
}

static void check_list(const plumb_detections *list, const plumb_detection *from,
                       plumb_nms_method method)
{
    for (size_t i = 0; i < list->count; i++) {
        const plumb_detection *d = &list->items[i];
        FUZZ_REQUIRE(isfinite(d->score) && d->row >= 0);
        if (method != PLUMB_NMS_NONE)
            FUZZ_REQUIRE(isfinite(d->box.x0) && isfinite(d->box.x1) && isfinite(d->box.y0) &&
                         isfinite(d->box.y1));
        FUZZ_REQUIRE(i == 0 || plumb_detection_order(d - 1, d) < 0);
        if (only_drops(method))
            FUZZ_REQUIRE(same_detections(d, &from[d->row], 1));
    }
}

static plumb_status run(plumb_nms *nms, plumb_detection *items, size_t count,
                        plumb_detections *list, plumb_ledger *ledger)
{
    plumb_diag diag = { 0 };
    *list = (plumb_detections){
        .items = items, .count = count, .capacity = count, .space = PLUMB_SPACE_UPRIGHT
    };
    *ledger = (plumb_ledger){ 0 };
    plumb_status status = plumb_nms_run(nms, list, NULL, ledger, &diag);
    FUZZ_REQUIRE(status == PLUMB_OK || diag.status == status);
    FUZZ_REQUIRE(list->count <= count);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input in = { data, size };
    plumb_nms_spec spec = read_spec(&in);
    plumb_nms *nms = NULL;
    plumb_diag diag = { 0 };
    plumb_status status = plumb_nms_create(NULL, &spec, &nms, &diag);
    if (status != PLUMB_OK) {
        FUZZ_REQUIRE(diag.status == status && !nms);
        return 0;
    }
    plumb_detection from[MOST], items[MOST], turned[MOST];
    memset(from, 0, sizeof(from));
    size_t count = read_boxes(&in, from);
    for (size_t i = 0; i < count; i++) {
        items[i] = from[i];
        turned[count - 1 - i] = from[i];
    }
    plumb_detections list, other;
    plumb_ledger ledger, other_ledger;
    status = run(nms, items, count, &list, &ledger);
    FUZZ_REQUIRE(run(nms, turned, count, &other, &other_ledger) == status);
    if (status == PLUMB_OK) {
        check_list(&list, from, spec.method);
        uint64_t dropped = 0;
        for (int fate = 0; fate < PLUMB_FATE_COUNT; fate++)
            if (fate != PLUMB_FATE_KEPT && fate != PLUMB_FATE_BELOW_CONFIDENCE)
                dropped += ledger.counts[fate];
        FUZZ_REQUIRE(list.count + dropped == count);
        FUZZ_REQUIRE(other.count == list.count);
        FUZZ_REQUIRE(same_detections(items, turned, list.count));
    }
    plumb_nms_destroy(&nms);
    return 0;
}
