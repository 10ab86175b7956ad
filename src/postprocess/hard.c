/* SPDX-License-Identifier: Apache-2.0
 *
 * Exact greedy suppression by IoU. Classes that do not concern each other are done one after the
 * other, each with a kept list of its own; a candidate's box is fetched from its record once.
 */
#include <string.h>

#include "postprocess/nms.h"
#include "postprocess/sort.h"

/* Candidates without area, which presets leave in, neither strike nor are struck. */
static inline bool stays_apart(plumb_nms *nms, const plumb_detection *d, size_t rank)
{
    if (nms->spec.compat == PLUMB_COMPAT_NONE || plumb_nms_has_area(&d->box))
        return false;
    nms->winner[rank] = PLUMB_RANK_KEPT;
    return true;
}

static void run_together(plumb_nms *nms, const plumb_detections *list)
{
    size_t count = 0;
    for (size_t rank = 0; rank < nms->count; rank++) {
        const plumb_detection *d = plumb_nms_candidate(nms, list, rank);
        if (stays_apart(nms, d, rank))
            continue;
        nms->ranks[count] = (uint32_t)rank;
        nms->boxes[count++] = d->box;
    }
    if (count > 0)
        plumb_kept_run(&nms->kept, 0, count);
}

/* Ranks by class, in order within each. Uses the upper halves of the sort's arrays. */
static const uint64_t *group(plumb_nms *nms, const plumb_detections *list, size_t *count)
{
    uint64_t *groups = nms->records + nms->spec.max_candidates;
    plumb_key_range range = PLUMB_KEY_RANGE_INIT;
    size_t grouped = 0;
    for (size_t rank = 0; rank < nms->count; rank++) {
        const plumb_detection *d = plumb_nms_candidate(nms, list, rank);
        if (stays_apart(nms, d, rank))
            continue;
        uint32_t key = (uint32_t)d->class_id ^ 0x80000000u;
        groups[grouped++] = (uint64_t)key << 32 | rank;
        plumb_key_range_add(&range, key);
    }
    *count = grouped;
    return plumb_sort_records(groups, nms->spare + nms->spec.max_candidates, nms->digits, grouped,
                              range);
}

static void run_by_class(plumb_nms *nms, const plumb_detections *list)
{
    size_t count;
    const uint64_t *groups = group(nms, list, &count);
    for (size_t i = 0; i < count; i++) {
        uint32_t rank = (uint32_t)groups[i];
        nms->ranks[i] = rank;
        nms->boxes[i] = plumb_nms_candidate(nms, list, rank)->box;
    }
    for (size_t first = 0, end; first < count; first = end) {
        uint32_t key = plumb_record_key(groups[first]);
        for (end = first + 1; end < count && plumb_record_key(groups[end]) == key; end++) {
        }
        plumb_kept_run(&nms->kept, first, end);
    }
}

void plumb_nms_hard(plumb_nms *nms, const plumb_detections *list)
{
    plumb_kept_begin(&nms->kept, nms->boxes, nms->ranks, nms->smallest_area, nms->largest_area,
                     nms->traced, nms->winner);
    memset(nms->winner, 0, nms->count * sizeof(nms->winner[0])); /* by somebody, nobody asked */
    if (nms->spec.class_aware)
        run_by_class(nms, list);
    else
        run_together(nms, list);
}
