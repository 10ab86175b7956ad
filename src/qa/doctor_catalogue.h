/* SPDX-License-Identifier: Apache-2.0
 *
 * The single faults that are tried, with their prices. The invariant: a price is the negative
 * logarithm of how often we expect the fault with just these parameters, so that a fault with many
 * possible parameters pays for having been searched.
 */
#ifndef QA_DOCTOR_CATALOGUE_H
#define QA_DOCTOR_CATALOGUE_H

#include "qa/doctor_steps.h"

/* What naming one fault costs before its parameters are counted. */
#define QA_DOCTOR_BASE_PRICE 5.0

typedef struct qa_doctor_catalogue {
    qa_doctor_step *steps; /* first the plain ones, which need no mapping, then the others */
    size_t plain, count, capacity;
} qa_doctor_catalogue;

/* `options->mapping` narrows the mapping faults to that of the card. PLUMB_E_NOMEM. */
PLUMB_NODISCARD plumb_status qa_doctor_catalogue_make(const plumb_context *context,
                                                      const qa_doctor_options *options,
                                                      qa_doctor_catalogue *catalogue,
                                                      plumb_diag *diag);
void qa_doctor_catalogue_release(const plumb_context *context, qa_doctor_catalogue *catalogue);

#endif
