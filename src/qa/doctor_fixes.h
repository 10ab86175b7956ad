/* SPDX-License-Identifier: Apache-2.0
 *
 * The cure for each code, as a merge patch of the card and as one line of prose.
 */
#ifndef QA_DOCTOR_FIXES_H
#define QA_DOCTOR_FIXES_H

#include "qa/doctor_steps.h"
#include "qa/doctor_surplus.h"

/* Fill detail, edit and fix of a geometric fault. `image` is a frame's size. */
void qa_fix_geometry(const qa_doctor_step *step, plumb_size image, qa_doctor_fault *fault);

void qa_fix_classes(int32_t offset, qa_doctor_fault *fault);
void qa_fix_scores(qa_score_state state, qa_doctor_fault *fault);
void qa_fix_surplus(qa_doctor_code code, const qa_surplus_finding *surplus, qa_doctor_fault *fault);

#endif
