/* SPDX-License-Identifier: Apache-2.0
 *
 * Reporting to a plumb_ledger. Every stage that removes a detection calls plumb_ledger_drop, so
 * that the counts add up to the rows of the head.
 */
#ifndef PLUMB_GEOMETRY_LEDGER_H
#define PLUMB_GEOMETRY_LEDGER_H

#include "plumbline/detections.h"

/* Count one drop and, when the ledger keeps entries, note where it happened. `other` is the
 * winning row or the region's index, -1 for neither. `ledger` may be NULL. */
void plumb_ledger_drop(plumb_ledger *ledger, plumb_fate fate, const plumb_detection *detection,
                       int32_t other, plumb_space space);

/* Count `count` drops whose rows are not known one by one. */
void plumb_ledger_count(plumb_ledger *ledger, plumb_fate fate, uint64_t count);

/* After the last stage: note what was kept, and set BELOW_CONFIDENCE to the rest of the rows (0
 * where a head gives a row several classes and more are known than rows). */
void plumb_ledger_close(plumb_ledger *ledger, const plumb_detections *kept);

/* The entry of `row` with the best score; NULL when no stage reported it. */
const plumb_trace_entry *plumb_ledger_find(const plumb_ledger *ledger, int64_t row);

#endif
