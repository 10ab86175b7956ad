/* SPDX-License-Identifier: Apache-2.0
 *
 * Ranking the candidates: (score key, index) records are sorted in a buffer of twice the limit.
 * When it is full it is sorted and its worse half forgotten, so that one pass over any number of
 * detections selects and orders the best in memory that is linear in the limit.
 */
#include "postprocess/nms.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "geometry/ledger.h"
#include "postprocess/sort.h"

/* Ascending keys are descending scores; the two zeros are one score. */
static uint32_t score_key(float score)
{
    uint32_t bits;
    score += 0.0f;
    memcpy(&bits, &score, sizeof(bits));
    bits = bits >> 31 ? ~bits : bits | 0x80000000u;
    return ~bits;
}

static int compare(const plumb_detections *list, uint64_t a, uint64_t b)
{
    return plumb_detection_order(&list->items[(uint32_t)a], &list->items[(uint32_t)b]);
}

static void sift_down(const plumb_detections *list, uint64_t *records, size_t root, size_t count)
{
    uint64_t record = records[root];
    for (;;) {
        size_t child = 2 * root + 1;
        if (child >= count)
            break;
        if (child + 1 < count && compare(list, records[child], records[child + 1]) < 0)
            child++;
        if (compare(list, record, records[child]) >= 0)
            break;
        records[root] = records[child];
        root = child;
    }
    records[root] = record;
}

/* A heap sort: in place, and no input makes it slow. */
static void sort_run(const plumb_detections *list, uint64_t *records, size_t count)
{
    for (size_t i = count / 2; i-- > 0;)
        sift_down(list, records, i, count);
    for (size_t end = count; end-- > 1;) {
        uint64_t best = records[0];
        records[0] = records[end];
        records[end] = best;
        sift_down(list, records, 0, end);
    }
}

/* Equal scores are ordered by row and class. Lists come from the heads in that order, and then
 * the stable sort has left it so. */
static void order_ties(const plumb_detections *list, uint64_t *records, size_t count)
{
    for (size_t at = 1; at < count; at++) {
        uint32_t key = plumb_record_key(records[at]);
        if (key != plumb_record_key(records[at - 1]))
            continue;
        size_t first = at - 1;
        bool ordered = true;
        for (; at < count && plumb_record_key(records[at]) == key; at++)
            ordered = ordered && compare(list, records[at - 1], records[at]) <= 0;
        if (!ordered)
            sort_run(list, records + first, at - first);
    }
}

static void sort_records(plumb_nms *nms, const plumb_detections *list, size_t count,
                         plumb_key_range range)
{
    uint64_t *sorted = plumb_sort_records(nms->records, nms->spare, nms->digits, count, range);
    if (sorted != nms->records) {
        nms->spare = nms->records;
        nms->records = sorted;
    }
    order_ties(list, nms->records, count);
}

/* Usable at first sight, as nearly all are: a finite area above 0 has finite corners, unless both
 * sides are negative. */
static inline bool is_plain(const plumb_detection *d, float area, bool has_angle)
{
    return d->box.x1 > d->box.x0 && area > 0.0f && area <= FLT_MAX && fabsf(d->score) <= FLT_MAX &&
           (!has_angle || fabsf(d->angle) <= FLT_MAX);
}

/* True, and counted, where a detection cannot be ranked or has no area; but peers keep those. */
static bool unusable(const plumb_nms *nms, const plumb_detections *list, const plumb_detection *d,
                     plumb_ledger *ledger)
{
    const plumb_box *b = &d->box;
    bool finite = fabsf(d->score) <= FLT_MAX && fabsf(b->x0) <= FLT_MAX &&
                  fabsf(b->y0) <= FLT_MAX && fabsf(b->x1) <= FLT_MAX && fabsf(b->y1) <= FLT_MAX &&
                  (!list->has_angle || fabsf(d->angle) <= FLT_MAX);
    if (finite && (plumb_nms_has_area(b) || nms->spec.compat != PLUMB_COMPAT_NONE))
        return false;
    plumb_ledger_drop(ledger, finite ? PLUMB_FATE_EMPTY : PLUMB_FATE_NONFINITE, d, -1, list->space);
    return true;
}

/* Who is beyond the limit is known at the end only: everyone behind the last candidate. */
static void report_beyond(const plumb_nms *nms, const plumb_detections *list, uint64_t beyond,
                          plumb_ledger *ledger)
{
    if (!ledger || beyond == 0)
        return;
    if (!ledger->entries) {
        plumb_ledger_count(ledger, PLUMB_FATE_CANDIDATES, beyond);
        return;
    }
    const plumb_detection *last = plumb_nms_candidate(nms, list, nms->count - 1);
    for (size_t i = 0; i < list->count; i++) {
        const plumb_detection *d = &list->items[i];
        if (!unusable(nms, list, d, NULL) && plumb_detection_order(d, last) > 0)
            plumb_ledger_drop(ledger, PLUMB_FATE_CANDIDATES, d, -1, list->space);
    }
}

/* What has been selected so far. */
typedef struct selection {
    uint64_t *records;
    size_t count, room;
    const uint64_t *worst; /* the last of the best, once there are enough; NULL before */
    plumb_key_range range;
    float smallest, largest; /* areas, of boxes that have one */
} selection;

static inline void measure(selection *s, float area)
{
    s->smallest = area < s->smallest ? area : s->smallest;
    s->largest = area > s->largest ? area : s->largest;
}

static inline void enter(selection *s, uint32_t key, size_t index)
{
    s->records[s->count++] = (uint64_t)key << 32 | (uint32_t)index;
    plumb_key_range_add(&s->range, key);
}

/* Select among the detections from `at` on while that is plain; returns the first that needs a
 * closer look, or for which there is no room. It calls nothing, so that all of the selection stays
 * in registers. */
static size_t enter_plain(selection *selected, const plumb_detections *list, size_t at)
{
    selection s = *selected;
    const plumb_detection *items = list->items;
    size_t end = list->count;
    bool has_angle = list->has_angle;
    uint32_t worst = s.worst ? plumb_record_key(*s.worst) : UINT32_MAX;
    for (; at < end && s.count < s.room; at++) {
        const plumb_detection *d = &items[at];
        uint32_t key = score_key(d->score);
        float area = plumb_kept_area(&d->box);
        if (!is_plain(d, area, has_angle) || key == worst)
            break;
        if (key < worst) {
            measure(&s, area);
            enter(&s, key, at);
        }
    }
    *selected = s;
    return at;
}

void plumb_nms_rank(plumb_nms *nms, const plumb_detections *list, plumb_ledger *ledger)
{
    size_t limit = nms->spec.max_candidates, dropped = 0;
    selection s = { nms->records, 0, 2 * limit, NULL, PLUMB_KEY_RANGE_INIT, INFINITY, 0.0f };
    for (size_t at = enter_plain(&s, list, 0); at < list->count; at = enter_plain(&s, list, at)) {
        if (s.count == s.room) {
            sort_records(nms, list, s.count, s.range);
            s.records = nms->records;
            s.count = limit;
            s.worst = &s.records[limit - 1];
            continue;
        }
        const plumb_detection *d = &list->items[at];
        if (unusable(nms, list, d, ledger)) {
            dropped++;
        } else if (!s.worst || compare(list, at, *s.worst) < 0) {
            if (plumb_nms_has_area(&d->box))
                measure(&s, plumb_kept_area(&d->box));
            enter(&s, score_key(d->score), at);
        }
        at++;
    }
    sort_records(nms, list, s.count, s.range);
    nms->count = s.count < limit ? s.count : limit;
    nms->smallest_area = s.smallest;
    nms->largest_area = s.largest;
    report_beyond(nms, list, list->count - dropped - nms->count, ledger);
}
