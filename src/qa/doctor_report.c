/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/doctor_report.h"

#include <math.h>

static void add_number(qa_text *text, const char *key, double value)
{
    qa_text_format(text, ",\"%s\":", key);
    /* Four digits after the point are more than the evidence holds. */
    qa_text_double(text, round(value * 1e4) / 1e4);
}

static void add_count(qa_text *text, const char *key, size_t value)
{
    qa_text_format(text, ",\"%s\":%zu", key, value);
}

static void add_fault(qa_text *text, const qa_doctor_report *report, const qa_doctor_fault *fault)
{
    qa_text_format(text, "{\"code\":\"%s\"", qa_doctor_code_name(fault->code));
    add_number(text, "confidence", fault->confidence);
    qa_text_format(text, ",\"evidence\":{\"frames\":%zu", report->frame_count);
    add_count(text, "matched", report->matched);
    add_count(text, "count", fault->count);
    add_number(text, "mean_iou_before", report->mean_iou_before);
    add_number(text, "mean_iou_after", report->mean_iou_after);
    qa_text_format(text, ",\"measure\":\"%s\"", fault->measure);
    add_number(text, "before", fault->before);
    add_number(text, "after", fault->after);
    qa_text_add(text, ",\"detail\":");
    qa_text_json(text, fault->detail);
    qa_text_format(text, "},\"edit\":%s,\"fix\":", fault->edit);
    qa_text_json(text, fault->fix);
    qa_text_add(text, "}");
}

static void add_rival(qa_text *text, const qa_doctor_rival *rival)
{
    qa_text_add(text, "{\"codes\":[");
    const char *comma = "";
    for (int i = 0; i < QA_DOCTOR_CODE_COUNT; i++) {
        if (!(rival->codes >> i & 1))
            continue;
        qa_text_format(text, "%s\"%s\"", comma, qa_doctor_code_name((qa_doctor_code)i));
        comma = ",";
    }
    qa_text_add(text, "]");
    add_number(text, "score", rival->score);
    add_number(text, "mean_iou", rival->mean_iou);
    qa_text_add(text, "}");
}

void qa_doctor_report_json(qa_text *text, const qa_doctor_report *report)
{
    qa_text_format(text, "{\"verdict\":\"%s\",\"faults\":[",
                   qa_doctor_verdict_name(report->verdict));
    for (size_t i = 0; i < report->fault_count; i++) {
        qa_text_add(text, i ? "," : "");
        add_fault(text, report, &report->faults[i]);
    }
    qa_text_add(text, "],\"rivals\":[");
    for (size_t i = 0; i < report->rival_count; i++) {
        qa_text_add(text, i ? "," : "");
        add_rival(text, &report->rivals[i]);
    }
    qa_text_add(text, "]");
    add_count(text, "frames", report->frame_count);
    add_count(text, "true_boxes", report->truth_count);
    add_count(text, "observed_boxes", report->observed_count);
    add_count(text, "matched", report->matched);
    add_number(text, "mean_iou_before", report->mean_iou_before);
    add_number(text, "mean_iou_after", report->mean_iou_after);
    add_number(text, "score", report->score);
    qa_text_add(text, ",\"reason\":");
    qa_text_json(text, report->reason);
    if (report->settle[0]) {
        qa_text_add(text, ",\"settle\":");
        qa_text_json(text, report->settle);
    }
    qa_text_add(text, "}\n");
}

static void add_rival_line(qa_text *text, const qa_doctor_rival *rival)
{
    qa_text_add(text, "  ");
    const char *with = "";
    for (int i = 0; i < QA_DOCTOR_CODE_COUNT; i++) {
        if (!(rival->codes >> i & 1))
            continue;
        qa_text_format(text, "%s%s", with, qa_doctor_code_name((qa_doctor_code)i));
        with = " + ";
    }
    qa_text_format(text, "%s: evidence %.1f, mean IoU %.2f\n",
                   rival->codes ? "" : "no geometric fault", rival->score, rival->mean_iou);
}

void qa_doctor_report_text(qa_text *text, const qa_doctor_report *report)
{
    qa_text_format(text, "%s: %s\n", qa_doctor_verdict_name(report->verdict), report->reason);
    qa_text_format(text,
                   "  %zu frame%s, %zu true and %zu observed boxes, %zu matched; mean IoU %.2f "
                   "as observed, %.2f after the fix\n",
                   report->frame_count, report->frame_count == 1 ? "" : "s", report->truth_count,
                   report->observed_count, report->matched, report->mean_iou_before,
                   report->mean_iou_after);
    for (size_t i = 0; i < report->fault_count; i++) {
        const qa_doctor_fault *f = &report->faults[i];
        qa_text_format(text, "\n%s (confidence %.2f)%s%s\n", qa_doctor_code_name(f->code),
                       f->confidence, f->detail[0] ? ": " : "", f->detail);
        qa_text_format(text, "  evidence  %s %.2f before, %.2f after, %zu boxes\n", f->measure,
                       f->before, f->after, f->count);
        qa_text_format(text, "  fix       %s\n  card      %s\n", f->fix, f->edit);
    }
    if (report->settle[0])
        qa_text_format(text, "\nto settle it: %s\n", report->settle);
    /* Explanations differ in geometry: they are of interest where that is in question. */
    bool geometry = report->verdict == QA_DOCTOR_UNKNOWN ||
                    (report->fault_count > 0 && report->faults[0].code < QA_DOCTOR_CLASS_OFFSET);
    if (report->rival_count > 0 && geometry) {
        qa_text_add(text, report->verdict == QA_DOCTOR_UNKNOWN ? "\nexplanations"
                                                               : "\nother explanations");
        qa_text_format(text, " (evidence in nats%s; 2 more make one 7 times as likely)\n",
                       report->verdict == QA_DOCTOR_UNKNOWN ? "" : ", less than above");
        for (size_t i = 0; i < report->rival_count; i++)
            add_rival_line(text, &report->rivals[i]);
    }
}
