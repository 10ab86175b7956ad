/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/reports.h"

#include <stdlib.h>
#include <string.h>

static const cli_option options[] = {
    { "junit", "FILE", "write the outcome as JUnit XML" },
    { "html", "FOLDER",
      "write FOLDER/index.html: a table of the frames, the worst first, and\n"
      "each frame with its boxes as layers; one file, needs no network" },
};

static int set(void *user, const char *name, const char *value)
{
    cli_reports *reports = user;
    if (strcmp(name, "junit") == 0)
        reports->junit = value;
    else
        reports->html = value;
    return CLI_OK;
}

cli_group cli_reports_group(cli_reports *reports)
{
    cli_group group = { "Reports", options, sizeof(options) / sizeof(options[0]), set, reports };
    return group;
}

int cli_reports_start(const cli_reports *reports)
{
    return reports->html ? cli_make_folder(reports->html) : CLI_OK;
}

int cli_write_text(const char *path, qa_text *text)
{
    int code = text->failed ? cli_out_of_memory()
                            : cli_write_file(path, text->data ? text->data : "", text->size);
    qa_text_release(text);
    return code;
}

/* A name holds no end of a line, so no two keys are the same text. */
static bool add_key(qa_text *key, const char *suite, const char *frame)
{
    qa_text_clear(key);
    qa_text_format(key, "%s\n%s", suite, frame);
    return !key->failed;
}

bool cli_reports_add_figure(cli_reports *reports, const char *suite, const char *frame,
                            const char *figure)
{
    qa_text key = { 0 };
    bool added = add_key(&key, suite, frame) && cli_lines_add(&reports->figures, key.data, figure);
    qa_text_release(&key);
    return added;
}

size_t cli_reports_bad(const cli_reports *reports)
{
    size_t bad = 0;
    for (size_t i = 0; i < reports->outcomes.count; i++)
        bad += reports->outcomes.items[i].verdict != QA_SAME;
    return bad;
}

static int write_html(cli_reports *reports, const char *title)
{
    size_t count = reports->outcomes.count;
    qa_report_entry *entries = calloc(count + 1, sizeof(*entries));
    qa_text key = { 0 }, path = { 0 }, page = { 0 };
    if (!entries)
        return cli_out_of_memory();
    cli_lines_sort(&reports->figures);
    for (size_t i = 0; i < count; i++) {
        entries[i].outcome = reports->outcomes.items[i];
        if (add_key(&key, entries[i].outcome.suite, entries[i].outcome.frame))
            entries[i].figure = cli_lines_find(&reports->figures, key.data);
    }
    qa_report_write(&page, title, entries, count);
    qa_text_format(&path, "%s/index.html", reports->html);
    int code = path.failed ? cli_out_of_memory() : cli_write_text(path.data, &page);
    qa_text_release(&page);
    qa_text_release(&path);
    qa_text_release(&key);
    free(entries);
    return code;
}

int cli_reports_write(cli_reports *reports, const char *title)
{
    plumb_diag diag = { 0 };
    plumb_status status = qa_outcomes_merge(&reports->outcomes, &diag);
    int code = status ? cli_report(NULL, status, &diag) : CLI_OK;
    if (!code && reports->junit) {
        qa_text text = { 0 };
        qa_write_junit(&text, &reports->outcomes);
        code = cli_write_text(reports->junit, &text);
    }
    return !code && reports->html ? write_html(reports, title) : code;
}

void cli_reports_release(cli_reports *reports)
{
    qa_outcomes_release(&reports->outcomes);
    cli_lines_release(&reports->figures);
}
