/* SPDX-License-Identifier: Apache-2.0
 *
 * What the two halves of the doctor share: one gathers what is known about a run, the other says
 * what to call it. The invariant: the second half looks at no box, only at what was gathered.
 */
#ifndef QA_DOCTOR_PARTS_H
#define QA_DOCTOR_PARTS_H

#include "qa/doctor_choose.h"
#include "qa/doctor_model.h"
#include "qa/doctor_scores.h"
#include "qa/doctor_surplus.h"

/* Everything known about one run while it is examined. */
typedef struct qa_examination {
    const qa_doctor_frame *frames;
    size_t count;
    const qa_doctor_options *options;
    qa_doctor_search search;
    qa_doctor_choice choice;
    qa_doctor_sample all;
    qa_score_finding scores;
    qa_surplus_finding surplus;
    qa_model_finding model;
    size_t classed;                   /* pairs that overlap well and have classes on both sides */
    size_t agree_before, agree_after; /* of them, with the same */
    size_t found;                     /* pairs that overlap well */
    qa_doctor_report *report;
} qa_examination;

/* Fill in the verdict, its faults and its reason. */
void qa_doctor_decide(qa_examination *x);

#endif
