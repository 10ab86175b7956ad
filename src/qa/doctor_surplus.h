/* SPDX-License-Identifier: Apache-2.0
 *
 * Observed boxes that no true box accounts for, sorted by what they look like: copies of a found
 * box, low scores, the same places again and again, or nothing in particular. The invariant: each
 * surplus box is counted under one heading, and the headings are tried in that order.
 */
#ifndef QA_DOCTOR_SURPLUS_H
#define QA_DOCTOR_SURPLUS_H

#include "qa/doctor_sample.h"
#include "qa/doctor_scores.h"

#define QA_MAX_PLACES 16

typedef struct qa_surplus_finding {
    size_t total;
    size_t copies;    /* lie on a found box */
    size_t low;       /* scores below `low_limit` */
    size_t recurring; /* at places that come back */
    size_t other;
    size_t matched; /* found boxes */
    double low_limit;
    bool threshold_missing, nms_missing, region_missing;
    bool places_move; /* the places are those of a moving object, not of the picture */
    plumb_rect places[QA_MAX_PLACES]; /* normalized; meaningless when they move */
    size_t place_count;
} qa_surplus_finding;

/* `sample` holds all frames, and the pairs of `explanation` are noted in it. `confidence` is the
 * threshold of the card or NaN. PLUMB_E_NOMEM. */
PLUMB_NODISCARD plumb_status qa_surplus_examine(const qa_doctor_frame *frames,
                                                qa_doctor_sample *sample,
                                                const qa_explanation *explanation,
                                                qa_score_state scores, double confidence,
                                                qa_surplus_finding *finding, plumb_diag *diag);

#endif
