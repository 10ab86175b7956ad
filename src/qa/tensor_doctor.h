/* SPDX-License-Identifier: Apache-2.0
 *
 * The doctor, tensor side: from a frame, the card and the tensor that was really fed to the network
 * it names the plumbing faults in front of the network. The invariant: a fault is named only when
 * making the tensor with it explains what was fed better than the card does; of explanations that do
 * equally well the one with the fewest faults is taken, and two of the same size leave the verdict
 * unknown.
 */
#ifndef QA_TENSOR_DOCTOR_H
#define QA_TENSOR_DOCTOR_H

#include "plumbline/pipeline.h"
#include "qa/doctor.h"
#include "qa/fit.h"

typedef enum qa_tensor_code {
    QA_TENSOR_CHANNEL_ORDER = 0,
    QA_TENSOR_RANGE_0_255,
    QA_TENSOR_RANGE_0_1,
    QA_TENSOR_MEAN_STD_MISSING,
    QA_TENSOR_MATRIX_MIXUP,
    QA_TENSOR_RANGE_MIXUP,
    QA_TENSOR_ORIENTATION_IGNORED,
    QA_TENSOR_MIRRORED,
    QA_TENSOR_WRONG_CROP_MODE,
    QA_TENSOR_PAD_COLOR,
    QA_TENSOR_PAD_PLACEMENT,
    QA_TENSOR_WRONG_RESAMPLER,
    QA_TENSOR_LAYOUT_MIXUP,
    QA_TENSOR_HALF_PIXEL_SHIFT,
    QA_TENSOR_JPEG_DECODER,
    QA_TENSOR_CODE_COUNT
} qa_tensor_code;

const char *qa_tensor_code_name(qa_tensor_code code); /* "channel-order" */

typedef struct qa_tensor_fault {
    qa_tensor_code code;
    double confidence; /* 0..1 */
    char detail[200];  /* what was found in the tensor */
    char edit[300]; /* merge patch that makes the card describe the tensor; `frame`: of the frame */
    char fix[200];  /* what to change in the app, one line of prose */
} qa_tensor_fault;

#define QA_TENSOR_MAX_FAULTS 8

typedef struct qa_tensor_report {
    qa_doctor_verdict verdict;
    qa_tensor_fault faults[QA_TENSOR_MAX_FAULTS];
    size_t fault_count, frame_count;
    double residual_before, residual_after; /* root mean square, 8-bit levels: of the card's tensor,
                                               and of the one made with the faults */
    double equal_before, equal_after;       /* share of elements within the type's precision */
    char reason[320];
    char settle[240]; /* unknown: the frame that would tell; else empty */
} qa_tensor_report;

/* Examine pairs of a frame, which may be JPEG, and its tensor, as many elements as the card says in
 * float32, float16, float64, uint8 or int8. `progress` may be NULL.
 *
 * Errors: PLUMB_E_ARGUMENT (no pairs, more than QA_FIT_MAX_PAIRS), PLUMB_E_SHAPE, PLUMB_E_DTYPE,
 * PLUMB_E_NONFINITE, those of the frames and of decoding them, PLUMB_E_NOMEM. Cost: one run of the
 * preprocessor for a healthy pair, some hundred otherwise. */
PLUMB_NODISCARD plumb_status qa_tensor_examine(const plumb_pipeline_spec *card,
                                               const qa_fit_pair *pairs, size_t count,
                                               void (*progress)(void *user, size_t done),
                                               void *user, qa_tensor_report *report,
                                               plumb_diag *diag);

/* In the manner of doctor_report.h:
 *
 *     {"verdict":"plumbing","faults":[{"code":"range-0-255","confidence":0.99,"evidence":{"frames":1,
 *      "residual_before":31.2,"residual_after":0,"equal_before":0,"equal_after":1,"detail":".."},
 *      "edit":{..},"fix":".."}],"frames":1,"residual_before":31.2, ... ,"reason":"..","settle":".."} */
void qa_tensor_report_json(qa_text *text, const qa_tensor_report *report);
void qa_tensor_report_text(qa_text *text, const qa_tensor_report *report);

#endif
