/* SPDX-License-Identifier: Apache-2.0
 *
 * What a replay says of each frame, as lines of NDJSON that machines can share out and put
 * together again. The invariant: merging is a union by suite and frame, sorted, so it does not
 * matter how a run was divided, in which order its parts are merged, or how often.
 */
#ifndef QA_OUTCOME_H
#define QA_OUTCOME_H

#include "qa/pool.h"
#include "qa/text.h"

typedef enum qa_verdict {
    QA_SAME = 0,
    QA_DIFFERENT,
    QA_FAILED, /* the frame or its outputs could not be run */
} qa_verdict;

const char *qa_verdict_name(qa_verdict verdict); /* "same" */

typedef struct qa_outcome {
    const char *suite, *frame;
    qa_verdict verdict;
    size_t expected, got; /* detections */
    double worst_iou, worst_score, badness;
    const char *const *notes; /* one a difference */
    size_t note_count;
} qa_outcome;

/* {"suite":..,"frame":..,"result":..,"expected":..,"got":..,"worst_iou":..,"worst_score":..,
 * "badness":..,"notes":[..]} and a newline. */
void qa_write_outcome(qa_text *text, const qa_outcome *outcome);

typedef struct qa_outcomes {
    qa_outcome *items;
    size_t count, capacity;
    qa_pool pool;
} qa_outcomes;

void qa_outcomes_release(qa_outcomes *outcomes);

/* Copies what the outcome points to. PLUMB_E_NOMEM. */
PLUMB_NODISCARD plumb_status qa_outcomes_add(qa_outcomes *outcomes, const qa_outcome *outcome,
                                             plumb_diag *diag);

/* Add all lines of a file. Where `torn` is true a last line without its end is left out: it was
 * being written when the machine stopped. */
PLUMB_NODISCARD plumb_status qa_outcomes_parse(qa_outcomes *outcomes, const char *data, size_t size,
                                               bool torn, plumb_diag *diag);

/* Sort by suite and frame and keep one of equal ones. PLUMB_E_VALUE where one frame has two
 * different outcomes. */
PLUMB_NODISCARD plumb_status qa_outcomes_merge(qa_outcomes *outcomes, plumb_diag *diag);

/* NULL where it is not there; needs a merged list. */
const qa_outcome *qa_outcomes_find(const qa_outcomes *outcomes, const char *suite,
                                   const char *frame);

/* JUnit XML: a test suite a suite, a test case a frame. */
void qa_write_junit(qa_text *text, const qa_outcomes *outcomes);

/* Text inside XML and HTML, also in attributes: markup escaped, control characters dropped. */
void qa_add_escaped(qa_text *text, const char *string);

#endif
