/* SPDX-License-Identifier: Apache-2.0 */
#include "geometry/ledger.h"

#include <string.h>

#include "base/names.h"

static const plumb_name fates[] = {
    { PLUMB_FATE_BELOW_CONFIDENCE, "below_confidence" },
    { PLUMB_FATE_KEPT, "kept" },
    { PLUMB_FATE_NONFINITE, "nonfinite" },
    { PLUMB_FATE_EMPTY, "empty" },
    { PLUMB_FATE_CLASS, "class" },
    { PLUMB_FATE_CANDIDATES, "max_candidates" },
    { PLUMB_FATE_SUPPRESSED, "suppressed" },
    { PLUMB_FATE_MERGED, "merged" },
    { PLUMB_FATE_REGION, "region" },
    { PLUMB_FATE_REGION_PENALTY, "region_penalty" },
    { PLUMB_FATE_NEIGHBOURS, "neighbours" },
    { PLUMB_FATE_DETECTIONS, "max_detections" },
    { PLUMB_FATE_CLIPPED, "clipped" },
};

const char *plumb_fate_name(plumb_fate fate)
{
    return plumb_name_of(fates, sizeof(fates) / sizeof(fates[0]), (int)fate);
}

void plumb_ledger_reset(plumb_ledger *ledger)
{
    ledger->rows = 0;
    memset(ledger->counts, 0, sizeof(ledger->counts));
    ledger->entry_count = 0;
}

void plumb_ledger_drop(plumb_ledger *ledger, plumb_fate fate, const plumb_detection *detection,
                       int32_t other, plumb_space space)
{
    if (!ledger)
        return;
    ledger->counts[fate]++;
    if (!ledger->entries || ledger->entry_count >= ledger->entry_capacity)
        return;
    plumb_trace_entry *entry = &ledger->entries[ledger->entry_count++];
    entry->row = detection->row;
    entry->class_id = detection->class_id;
    entry->fate = fate;
    entry->other = other;
    entry->score = detection->score;
    entry->box = detection->box;
    entry->space = space;
}

void plumb_ledger_count(plumb_ledger *ledger, plumb_fate fate, uint64_t count)
{
    if (ledger)
        ledger->counts[fate] += count;
}

void plumb_ledger_close(plumb_ledger *ledger, const plumb_detections *kept)
{
    if (!ledger)
        return;
    for (size_t i = 0; i < kept->count; i++)
        plumb_ledger_drop(ledger, PLUMB_FATE_KEPT, &kept->items[i], -1, kept->space);
    uint64_t known = 0;
    for (int fate = 1; fate < PLUMB_FATE_COUNT; fate++)
        known += ledger->counts[fate];
    ledger->counts[PLUMB_FATE_BELOW_CONFIDENCE] = ledger->rows > known ? ledger->rows - known : 0;
}

const plumb_trace_entry *plumb_ledger_find(const plumb_ledger *ledger, int64_t row)
{
    const plumb_trace_entry *best = NULL;
    for (size_t i = 0; ledger->entries && i < ledger->entry_count; i++) {
        const plumb_trace_entry *entry = &ledger->entries[i];
        if (entry->row == row && (!best || entry->fate == PLUMB_FATE_KEPT ||
                                  (best->fate != PLUMB_FATE_KEPT && entry->score > best->score)))
            best = entry;
    }
    return best;
}
