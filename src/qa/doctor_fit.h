/* SPDX-License-Identifier: Apache-2.0
 *
 * Faults with constants that nobody has told us: a region of interest, the size of a preview. The
 * invariant: constants are voted for by single pairs of boxes, in a crowd by those whose sizes
 * agree with the crowd's, and then fitted to all of them by reweighted least squares, and a fit is
 * only kept when its constants make sense for its fault.
 */
#ifndef QA_DOCTOR_FIT_H
#define QA_DOCTOR_FIT_H

#include "qa/doctor_sample.h"

/* The kinds of fit, each a step of kind FREE with shape and units. `one_size`: all images have
 * the same size, and units do not matter. Returns how many were written to `kinds`. */
#define QA_FIT_KINDS 7
size_t qa_fit_kinds(bool one_size, qa_doctor_step kinds[QA_FIT_KINDS]);

/* Fit the constants of `step`. `explanation` holds `step` itself, alone or before or after
 * another. False where nothing sensible fits. */
bool qa_fit_search(qa_doctor_sample *sample, qa_explanation *explanation, qa_doctor_step *step);

/* Improve constants that are already near, on another sample. */
void qa_fit_refine(qa_doctor_sample *sample, qa_explanation *explanation, qa_doctor_step *step);

/* Do the constants make sense for a region of interest, a size? */
bool qa_fit_sensible(const qa_doctor_step *step, plumb_size image);

/* Price of the constants after `matched` pairs. */
double qa_fit_price(const qa_doctor_step *step, size_t matched);

#endif
