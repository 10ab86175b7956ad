/* SPDX-License-Identifier: Apache-2.0
 *
 * The search for geometric explanations: none, one fault, two faults in either order. All on a
 * small sample, the best on a larger one, the finalists on a large one. The invariant: what comes
 * out holds at most one explanation for each set of codes, judged on the large sample, best first,
 * and "no geometric fault" is always among them.
 */
#ifndef QA_DOCTOR_SEARCH_H
#define QA_DOCTOR_SEARCH_H

#include "qa/doctor_catalogue.h"
#include "qa/doctor_sample.h"

#define QA_MAX_FINALISTS 48

typedef struct qa_doctor_search {
    qa_doctor_catalogue catalogue;
    plumb_size typical;     /* of the frames */
    qa_doctor_step *fitted; /* each belongs to one explanation */
    size_t fitted_count, fitted_capacity;
    qa_explanation *tried;
    size_t tried_count, tried_capacity;
    qa_explanation finalists[QA_MAX_FINALISTS];
    size_t finalist_count;
    qa_doctor_sample large; /* kept for what comes after */
} qa_doctor_search;

PLUMB_NODISCARD plumb_status qa_search_run(const plumb_context *context,
                                           const qa_doctor_frame *frames, size_t count,
                                           const qa_doctor_options *options,
                                           qa_doctor_search *search, plumb_diag *diag);
void qa_search_release(qa_doctor_search *search);

#endif
