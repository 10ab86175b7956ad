/* SPDX-License-Identifier: Apache-2.0
 *
 * Truth and observation brought together, frame by frame, as the doctor takes them. The invariant:
 * both lists of a frame are in pixels of one image size, and class ids of both sides come from one
 * list of labels or are left out.
 */
#ifndef QA_PAIRING_H
#define QA_PAIRING_H

#include "plumbline/card.h"
#include "qa/doctor.h"
#include "qa/imports.h"

typedef struct qa_pairing {
    qa_doctor_frame *frames; /* names are those of the truth */
    size_t count;
    size_t truth_alone, observed_alone; /* frames that have no partner */
    qa_doctor_box *boxes;
} qa_pairing;

/* Frames are partners when their names are equal, or their base names, or these without the
 * ending of a picture or label file; COCO results also by image id. A true frame that an observed
 * list of results does not mention has no observed boxes.
 *
 * size  of frames whose files do not give one; 0x0: there are none such.
 * card  for labels, may be NULL.
 *
 * The imports have to outlive the pairing. PLUMB_E_VALUE where no frame is shared or a size is
 * missing, PLUMB_E_NOMEM. */
PLUMB_NODISCARD plumb_status qa_pair(const qa_import *truth, const qa_import *observed,
                                     plumb_size size, const plumb_card *card, qa_pairing *pairing,
                                     plumb_diag *diag);
void qa_pairing_release(qa_pairing *pairing);

#endif
