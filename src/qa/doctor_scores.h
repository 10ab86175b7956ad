/* SPDX-License-Identifier: Apache-2.0
 *
 * What the scores say: an activation that is missing or applied twice. The invariant: a score is
 * only ever read as a probability through qa_score_probability, after the fault is known.
 */
#ifndef QA_DOCTOR_SCORES_H
#define QA_DOCTOR_SCORES_H

#include "qa/doctor_sample.h"

typedef enum qa_score_state {
    QA_SCORES_NONE, /* no scores were given */
    QA_SCORES_FINE,
    QA_SCORES_LOGITS, /* sigmoid-missing */
    QA_SCORES_TWICE,  /* sigmoid-twice */
    QA_SCORES_ODD,    /* neither probabilities nor logits, e.g. percent */
} qa_score_state;

typedef struct qa_score_finding {
    qa_score_state state;
    size_t count;     /* scores seen */
    size_t outside;   /* of them outside 0..1 */
    size_t squeezed;  /* of them within sigmoid(0)..sigmoid(1) */
    double low, high; /* the range */
} qa_score_finding;

/* `sample` with the pairs of the chosen explanation noted: where the true boxes carry scores
 * too, pairs decide what the range alone leaves open. */
qa_score_finding qa_scores_examine(const qa_doctor_frame *frames, size_t count,
                                   const qa_doctor_sample *sample);

/* The probability behind an observed score; NaN for NaN. */
double qa_score_probability(qa_score_state state, double score);

#endif
