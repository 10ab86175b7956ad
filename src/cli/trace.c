/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/trace.h"

#include <string.h>

static const cli_option trace_options[] = {
    { "trace", NULL,
      "on standard error, for each frame, how many raw rows were\n"
      "dropped for which reason" },
    { "trace-row", "N", "say for raw row N of each frame what it held and where it went" },
};

static int set_trace(void *user, const char *name, const char *value)
{
    cli_trace_choice *choice = user;
    if (strcmp(name, "trace") == 0) {
        choice->counts = true;
        return CLI_OK;
    }
    long row;
    if (!cli_parse_count(choice->verb, name, value, 0, INT32_MAX, &row))
        return CLI_USAGE;
    choice->row = row;
    return CLI_OK;
}

cli_group cli_trace_group(cli_trace_choice *choice)
{
    cli_group group = { "Tracing", trace_options, sizeof(trace_options) / sizeof(trace_options[0]),
                        set_trace, choice };
    return group;
}

bool cli_trace_wanted(const cli_trace_choice *choice)
{
    return choice->counts || choice->row >= 0;
}

static void add_counts(const plumb_result *result, const char *name, qa_text *text)
{
    const plumb_ledger *ledger = result->ledger;
    qa_text_format(text, "%s: %llu rows:", name, (unsigned long long)ledger->rows);
    qa_text_format(text, " %zu kept", result->detections->count);
    for (int fate = 0; fate < PLUMB_FATE_COUNT; fate++)
        if (fate != PLUMB_FATE_KEPT && ledger->counts[fate] > 0)
            qa_text_format(text, ", %llu %s", (unsigned long long)ledger->counts[fate],
                           plumb_fate_name((plumb_fate)fate));
    qa_text_add(text, "\n");
}

static void add_other(const plumb_trace_entry *e, const plumb_card *card, qa_text *text)
{
    if (e->other < 0)
        return;
    bool region = e->fate == PLUMB_FATE_REGION || e->fate == PLUMB_FATE_REGION_PENALTY;
    const plumb_pipeline_spec *spec = plumb_card_spec(card);
    if (region && (size_t)e->other < spec->region_count)
        qa_text_format(text, " by region '%s'", spec->regions[e->other].name);
    else
        qa_text_format(text, " by row %d", (int)e->other);
}

static void add_entry(const plumb_trace_entry *e, const plumb_card *card, const char *name,
                      qa_text *text)
{
    const char *label = plumb_card_label(card, e->class_id);
    qa_text_format(text, "%s: row %d: %s", name, (int)e->row, plumb_fate_name(e->fate));
    add_other(e, card, text);
    qa_text_format(text, "; class %d%s%s, score ", (int)e->class_id, label ? " " : "",
                   label ? label : "");
    qa_text_float(text, e->score);
    qa_text_add(text, ", box [");
    qa_text_float(text, e->box.x0);
    qa_text_add(text, ",");
    qa_text_float(text, e->box.y0);
    qa_text_add(text, ",");
    qa_text_extent(text, e->box.x0, e->box.x1);
    qa_text_add(text, ",");
    qa_text_extent(text, e->box.y0, e->box.y1);
    qa_text_format(text, "] in %s space\n", plumb_space_name(e->space));
}

int cli_trace_add(const cli_trace_choice *choice, plumb_session *session, const plumb_card *card,
                  const plumb_result *result, const char *name, qa_text *text)
{
    if (choice->counts)
        add_counts(result, name, text);
    if (choice->row < 0)
        return CLI_OK;
    plumb_trace_entry entry;
    plumb_diag diag = { 0 };
    plumb_status status = plumb_session_trace(session, choice->row, &entry, &diag);
    if (status)
        return cli_report(name, status, &diag);
    add_entry(&entry, card, name, text);
    return CLI_OK;
}
