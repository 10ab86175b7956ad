/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/timing.h"

void cli_timing_table(const plumb_session *session, qa_text *text)
{
    qa_text_format(text, "%-13s %7s %9s %9s %9s %9s %9s %9s\n", "stage, ms", "count", "cold", "min",
                   "median", "p95", "p99", "max");
    for (int stage = 0; stage < PLUMB_STAGE_COUNT; stage++) {
        plumb_timing t = plumb_session_timing(session, (plumb_stage)stage);
        qa_text_format(text, "%-13s %7llu %9.3f", plumb_stage_name((plumb_stage)stage),
                       (unsigned long long)t.count, t.cold_ms);
        if (t.count > 0)
            qa_text_format(text, " %9.3f %9.3f %9.3f %9.3f %9.3f\n", t.min_ms, t.median_ms,
                           t.p95_ms, t.p99_ms, t.max_ms);
        else
            qa_text_format(text, " %9s %9s %9s %9s %9s\n", "-", "-", "-", "-", "-");
    }
}

static void add_ms(qa_text *text, const char *key, double value)
{
    /* Nanoseconds are as far as the clock goes. */
    qa_text_format(text, ",\"%s\":%.6f", key, value);
}

void cli_timing_json(const plumb_session *session, double allocations_per_frame, qa_text *text)
{
    qa_text_add(text, "{\"stages\":{");
    for (int stage = 0; stage < PLUMB_STAGE_COUNT; stage++) {
        plumb_timing t = plumb_session_timing(session, (plumb_stage)stage);
        qa_text_format(text, "%s\"%s\":{\"cold_ms\":%.6f,\"count\":%llu", stage ? "," : "",
                       plumb_stage_name((plumb_stage)stage), t.cold_ms,
                       (unsigned long long)t.count);
        add_ms(text, "min_ms", t.min_ms);
        add_ms(text, "median_ms", t.median_ms);
        add_ms(text, "p95_ms", t.p95_ms);
        add_ms(text, "p99_ms", t.p99_ms);
        qa_text_add(text, "}");
    }
    qa_text_add(text, "},\"allocations_per_frame\":");
    qa_text_double(text, allocations_per_frame);
    qa_text_add(text, "}\n");
}
