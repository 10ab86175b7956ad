/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/tensor_doctor.h"

#include <math.h>
#include <string.h>

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

static void add_line(qa_text *text, const char *what, double equal, double residual)
{
    qa_text_format(text, "  %-12s%.1f %% of the elements equal, %.3g level%s off (rms)\n", what,
                   100.0 * equal, residual < 1e-3 ? 0.0 : residual, residual == 1.0 ? "" : "s");
}

void qa_tensor_report_text(qa_text *text, const qa_tensor_report *report)
{
    qa_text_format(text, "%s: %s\n", qa_doctor_verdict_name(report->verdict), report->reason);
    qa_text_format(text, "  %zu frame%s\n", report->frame_count,
                   report->frame_count == 1 ? "" : "s");
    add_line(text, "the card", report->equal_before, report->residual_before);
    if (report->fault_count > 0)
        add_line(text, "with faults", report->equal_after, report->residual_after);
    for (size_t i = 0; i < report->fault_count; i++) {
        const qa_tensor_fault *f = &report->faults[i];
        qa_text_format(text, "\n%s (confidence %.2f)\n  found     %s\n  fix       %s\n",
                       qa_tensor_code_name(f->code), f->confidence, f->detail, f->fix);
        if (strcmp(f->edit, "{}") != 0)
            qa_text_format(text, "  card      %s\n", f->edit);
    }
    if (report->settle[0])
        qa_text_format(text, "\nto settle it: %s\n", report->settle);
}
