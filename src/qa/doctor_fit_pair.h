/* SPDX-License-Identifier: Apache-2.0
 *
 * One true and one observed box as a step with unknown constants sees them: in the units of the
 * step, with the other fault of the explanation taken out of the way. The invariant: both boxes of
 * a pair have positive sides.
 */
#ifndef QA_DOCTOR_FIT_PAIR_H
#define QA_DOCTOR_FIT_PAIR_H

#include "qa/doctor_sample.h"

/* A pair of boxes as intervals on both axes, in the units of the step: p true, q observed. */
typedef struct qa_fit_pair {
    double p[2][2], q[2][2];
    double weight[2];
} qa_fit_pair;

/* A step before `step` changes the true boxes, one after it is undone in the observed ones. `truth`
 * and `observed` are places in the frame. */
bool qa_fit_make_pair(const qa_doctor_sample *sample, const qa_explanation *explanation,
                      const qa_doctor_step *step, const qa_sample_frame *frame, size_t truth,
                      size_t observed, qa_fit_pair *pair);

/* How much larger the boxes of a crowd are observed than they are: of two lists that hold mostly
 * the same boxes, the medians of their sides. */
void qa_fit_crowd_scale(qa_doctor_sample *sample, const qa_explanation *explanation,
                        const qa_doctor_step *step, const qa_sample_frame *frame, double scale[2]);

/* How far the sizes of a pair are from what the crowd says. */
double qa_fit_misfit(const qa_fit_pair *pair, const double scale[2]);

#endif
