/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/tensor_doctor.h"

#include <math.h>

static void add_number(qa_text *text, const char *key, double value)
{
    qa_text_format(text, ",\"%s\":", key);
    qa_text_double(text, round(value * 1e4) / 1e4);
}

static void add_measures(qa_text *text, const qa_tensor_report *report)
{
    qa_text_format(text, "\"frames\":%zu", report->frame_count);
    add_number(text, "residual_before", report->residual_before);
    add_number(text, "residual_after", report->residual_after);
    add_number(text, "equal_before", report->equal_before);
    add_number(text, "equal_after", report->equal_after);
}

void qa_tensor_report_json(qa_text *text, const qa_tensor_report *report)
{
    qa_text_format(text, "{\"verdict\":\"%s\",\"faults\":[",
                   qa_doctor_verdict_name(report->verdict));
    for (size_t i = 0; i < report->fault_count; i++) {
        const qa_tensor_fault *f = &report->faults[i];
        qa_text_format(text, "%s{\"code\":\"%s\"", i ? "," : "", qa_tensor_code_name(f->code));
        add_number(text, "confidence", f->confidence);
        qa_text_add(text, ",\"evidence\":{");
        add_measures(text, report);
        qa_text_add(text, ",\"detail\":");
        qa_text_json(text, f->detail);
        qa_text_format(text, "},\"edit\":%s,\"fix\":", f->edit);
        qa_text_json(text, f->fix);
        qa_text_add(text, "}");
    }
    qa_text_add(text, "],");
    add_measures(text, report);
    qa_text_add(text, ",\"reason\":");
    qa_text_json(text, report->reason);
    if (report->settle[0]) {
        qa_text_add(text, ",\"settle\":");
        qa_text_json(text, report->settle);
    }
    qa_text_add(text, "}\n");
}

void qa_tensor_report_text(qa_text *text, const qa_tensor_report *report)
{
    qa_text_format(text, "%s: %s\n", qa_doctor_verdict_name(report->verdict), report->reason);
    qa_text_format(text,
                   "  %zu frame%s; residual %.3g levels and %.1f %% of the elements equal as fed, "
                   "%.3g and %.1f %% with the faults undone\n",
                   report->frame_count, report->frame_count == 1 ? "" : "s",
                   report->residual_before, 100.0 * report->equal_before, report->residual_after,
                   100.0 * report->equal_after);
    for (size_t i = 0; i < report->fault_count; i++) {
        const qa_tensor_fault *f = &report->faults[i];
        qa_text_format(text, "\n%s (confidence %.2f): %s\n", qa_tensor_code_name(f->code),
                       f->confidence, f->detail);
        qa_text_format(text, "  fix       %s\n  card      %s\n", f->fix, f->edit);
    }
    if (report->settle[0])
        qa_text_format(text, "\nto settle it: %s\n", report->settle);
}
