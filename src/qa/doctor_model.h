/* SPDX-License-Identifier: Apache-2.0
 *
 * Is it the model? Boxes missed, boxes that nothing accounts for, classes confused, scores that
 * belong to other boxes. The invariant: a model is called bad only when a healthy one would do as
 * badly less than once in five thousand runs, and when the rate itself is nearer to that of a bad
 * one; short of that it is said how many boxes would decide.
 */
#ifndef QA_DOCTOR_MODEL_H
#define QA_DOCTOR_MODEL_H

#include "qa/doctor_sample.h"
#include "qa/doctor_scores.h"

/* What is left of a run when every fault found is undone. */
typedef struct qa_model_counts {
    size_t boxes;           /* true ones */
    size_t found;           /* of them, with an observed box that overlaps well */
    size_t extras;          /* observed boxes without a shape that plumbing makes */
    size_t classed, agreed; /* pairs with two classes, and with the same one */
} qa_model_counts;

typedef struct qa_model_finding {
    bool bad;
    bool suspect;        /* it looks bad, but so few boxes may be bad luck */
    bool only_extras;    /* the true boxes are found; it is the others */
    size_t boxes_needed; /* suspect: with so many true boxes, at the same rates, it would be sure */
    char reason[200];    /* one line; empty unless bad or suspect */
} qa_model_finding;

/* `sample` holds all frames with the pairs of the chosen explanation noted. PLUMB_E_NOMEM. */
PLUMB_NODISCARD plumb_status qa_model_examine(const qa_doctor_frame *frames,
                                              const qa_doctor_sample *sample,
                                              const qa_model_counts *counts, qa_score_state scores,
                                              qa_model_finding *finding, plumb_diag *diag);

/* Nats that a bad detector explains the missed and extra boxes better than a healthy one. */
double qa_model_evidence(const qa_model_counts *counts);

#endif
