/* SPDX-License-Identifier: Apache-2.0
 *
 * The doctor's findings as JSON and for people. The invariant: both say the same, and the keys and
 * codes of the JSON are stable.
 */
#ifndef QA_DOCTOR_REPORT_H
#define QA_DOCTOR_REPORT_H

#include "qa/doctor.h"
#include "qa/text.h"

/* One object and a newline:
 *
 *     {"verdict":"plumbing","faults":[{"code":"flip-y","confidence":0.99,"evidence":{"frames":8,
 *      "matched":23,"count":23,"measure":"mean_iou","before":0.02,"after":0.91,"detail":".."},
 *      "edit":{..},"fix":".."}],"rivals":[{"codes":["flip-x"],"score":12.1,"mean_iou":0.3}],
 *      "frames":8,"true_boxes":25,"observed_boxes":26,"matched":23,"mean_iou_before":0.02,
 *      "mean_iou_after":0.91,"score":301.2,"reason":"..","settle":".."}
 *
 * `edit` is a merge patch of the card (RFC 7396); its member `frame` is for the frame description
 * or the code that hands frames over, not for the card. `settle` is there only when verdict is
 * unknown or there is more to say. */
void qa_doctor_report_json(qa_text *text, const qa_doctor_report *report);

void qa_doctor_report_text(qa_text *text, const qa_doctor_report *report);

#endif
