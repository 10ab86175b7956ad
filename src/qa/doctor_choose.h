/* SPDX-License-Identifier: Apache-2.0
 *
 * Choosing among the finalists of the search. The invariant: a geometric fault is chosen only when
 * it beats "no geometric fault" and every explanation that predicts other boxes by a margin.
 */
#ifndef QA_DOCTOR_CHOOSE_H
#define QA_DOCTOR_CHOOSE_H

#include "qa/doctor_search.h"

/* Nats by which one explanation has to beat another, about 7 to 1. */
#define QA_DOCTOR_MARGIN 2.0

typedef struct qa_doctor_choice {
    const qa_explanation *best;     /* never NULL */
    const qa_explanation *identity; /* "no geometric fault" */
    const qa_explanation *tie;      /* explains as well and predicts otherwise; or NULL */
    double lead;                    /* of the best over the next that predicts other boxes */
    plumb_rect settle_box; /* a true box that would tell best and tie apart, and its image */
    plumb_size settle_image;
} qa_doctor_choice;

/* Do two explanations predict the same boxes, in frames of the size at hand and of others? */
bool qa_doctor_same(const qa_explanation *a, const qa_explanation *b, plumb_size at_hand);

qa_doctor_choice qa_doctor_choose(const qa_doctor_search *search);

#endif
