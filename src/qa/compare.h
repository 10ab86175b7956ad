/* SPDX-License-Identifier: Apache-2.0
 *
 * Two lists of detections of one frame: what is missing, what is new, what has changed and by how
 * much. The invariant: without tolerances a comparison is empty exactly when both lists would be
 * written as the same line.
 */
#ifndef QA_COMPARE_H
#define QA_COMPARE_H

#include "qa/suite.h"

typedef enum qa_change {
    QA_CHANGE_MISSING, /* expected and not there */
    QA_CHANGE_EXTRA,   /* there and not expected */
    QA_CHANGE_CLASS,
    QA_CHANGE_SCORE,
    QA_CHANGE_BOX,
    QA_CHANGE_KEYPOINTS,
    QA_CHANGE_ANGLE,
    QA_CHANGE_REGIONS,
    QA_CHANGE_ROW,   /* another row of the output; only counted where nothing else changed */
    QA_CHANGE_ORDER, /* the same detections in another order */
    QA_CHANGE_FRAME, /* size, orientation or space of the frame itself */
} qa_change;

const char *qa_change_name(qa_change change); /* "missing" */

typedef struct qa_difference {
    qa_change change;
    ptrdiff_t expected, got; /* indices, -1 where there is none */
    double amount;           /* of scores, edges in pixels, radians; else 0 */
} qa_difference;

typedef struct qa_comparison {
    qa_difference *items;
    size_t count;
    size_t matched;     /* pairs */
    double worst_iou;   /* of the pairs; 1 where there are none */
    double worst_score; /* largest change of a score */
    double badness;     /* to sort by: 1 for each missing or extra box, less for changes */
} qa_comparison;

/* Detections are paired by row and class, then by overlap. PLUMB_E_NOMEM. */
PLUMB_NODISCARD plumb_status qa_compare(const qa_frame *expected, const qa_frame *got,
                                        const qa_tolerances *tolerances, qa_comparison *comparison,
                                        plumb_diag *diag);
void qa_comparison_release(qa_comparison *comparison);

/* One line without its end: "score of dog 0.76, expected 0.85 (row 3050)". */
void qa_describe(qa_text *text, const qa_frame *expected, const qa_frame *got,
                 const qa_difference *difference);

#endif
