/* SPDX-License-Identifier: Apache-2.0
 *
 * Exact greedy suppression by IoU: candidates in order, each against what has been kept. Classes
 * that do not concern each other are done one after the other, each with a kept list of its own.
 */
#include "postprocess/nms.h"
#include "postprocess/sort.h"

#define AHEAD 8 /* candidates between the prefetch of a box and its use */

static void prefetch(const plumb_nms *nms, const plumb_detections *list, size_t rank)
{
#if defined(__GNUC__) || defined(__clang__)
    __builtin_prefetch(plumb_nms_candidate(nms, list, rank));
#else
    (void)nms, (void)list, (void)rank;
#endif
}

static void visit(plumb_nms *nms, const plumb_detections *list, size_t rank, size_t to_come)
{
    const plumb_box *box = &plumb_nms_candidate(nms, list, rank)->box;
    uint32_t winner = (uint32_t)rank; /* by somebody, nobody asked */
    if (plumb_kept_strikes(&nms->kept, box, nms->traced ? &winner : NULL)) {
        nms->winner[rank] = winner;
    } else {
        nms->winner[rank] = PLUMB_RANK_KEPT;
        plumb_kept_add(&nms->kept, box, (uint32_t)rank, to_come);
    }
}

/* Ranks by class, in order within each. Uses the upper halves of the sort's arrays. */
static const uint64_t *group(plumb_nms *nms, const plumb_detections *list)
{
    uint64_t *groups = nms->records + nms->spec.max_candidates;
    plumb_key_range range = PLUMB_KEY_RANGE_INIT;
    for (size_t rank = 0; rank < nms->count; rank++) {
        uint32_t key = (uint32_t)plumb_nms_candidate(nms, list, rank)->class_id ^ 0x80000000u;
        groups[rank] = (uint64_t)key << 32 | rank;
        plumb_key_range_add(&range, key);
    }
    return plumb_sort_records(groups, nms->spare + nms->spec.max_candidates, nms->digits,
                              nms->count, range);
}

void plumb_nms_hard(plumb_nms *nms, const plumb_detections *list)
{
    size_t count = nms->count;
    plumb_kept_clear(&nms->kept, nms->smallest_area);
    if (!nms->spec.class_aware) {
        for (size_t rank = 0; rank < count; rank++) {
            if (rank + AHEAD < count)
                prefetch(nms, list, rank + AHEAD);
            visit(nms, list, rank, count - rank - 1);
        }
        return;
    }
    const uint64_t *groups = group(nms, list);
    for (size_t first = 0; first < count;) {
        size_t end = first + 1;
        while (end < count && plumb_record_key(groups[end]) == plumb_record_key(groups[first]))
            end++;
        plumb_kept_clear(&nms->kept, nms->smallest_area);
        for (size_t i = first; i < end; i++) {
            if (i + AHEAD < count)
                prefetch(nms, list, (uint32_t)groups[i + AHEAD]);
            visit(nms, list, (uint32_t)groups[i], end - i - 1);
        }
        first = end;
    }
}
