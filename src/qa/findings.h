/* SPDX-License-Identifier: Apache-2.0
 *
 * The outcome of one frame while it is put together: each difference becomes a note, and counts
 * towards how bad the frame is. The invariant: a verdict is never made better by a later finding.
 */
#ifndef QA_FINDINGS_H
#define QA_FINDINGS_H

#include "qa/compare.h"
#include "qa/outcome.h"

#define QA_MOST_NOTES 64 /* of one frame; the last one says how many more there are */

typedef struct qa_findings {
    qa_outcome outcome; /* its notes belong to the findings */
    const char *notes[QA_MOST_NOTES];
    size_t left_out;
    qa_pool pool;
} qa_findings;

/* `suite` and `frame` are borrowed. */
qa_findings qa_findings_start(const char *suite, const char *frame);
void qa_findings_release(qa_findings *findings);

void qa_findings_note(qa_findings *findings, const char *text);

/* One more difference, with its note. */
void qa_findings_differ(qa_findings *findings, double badness, const char *text);

/* The frame could not be run. */
void qa_findings_fail(qa_findings *findings, plumb_status status, const plumb_diag *diag);

/* All that a comparison says. */
void qa_findings_describe(qa_findings *findings, const qa_frame *expected, const qa_frame *got,
                          const qa_comparison *comparison);

#endif
