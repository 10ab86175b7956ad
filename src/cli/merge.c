/* SPDX-License-Identifier: Apache-2.0
 *
 * merge: the outcomes of a replay that was divided, put together again.
 */
#include <string.h>

#include "cli/reports.h"
#include "cli/verbs.h"
#include "qa/file.h"

static const cli_option own_options[] = {
    { "out", "FILE", "write here instead of standard output" },
};

static int set_own(void *user, const char *name, const char *value)
{
    (void)name;
    *(const char **)user = value;
    return CLI_OK;
}

static int add_file(const char *path, qa_outcomes *outcomes)
{
    plumb_diag diag = { 0 };
    qa_bytes bytes = { 0 };
    plumb_status status = qa_read_file(path, QA_MAX_FILE, &bytes, &diag);
    int code = status ? cli_report(NULL, status, &diag) : CLI_OK;
    if (!code) {
        status = qa_outcomes_parse(outcomes, (const char *)bytes.data, bytes.size, false, &diag);
        code = status ? cli_report(path, status, &diag) : CLI_OK;
    }
    qa_bytes_release(&bytes);
    return code;
}

static int write_whole(const char *out, const qa_outcomes *outcomes)
{
    qa_text text = { 0 };
    qa_text_add(&text, "");
    for (size_t i = 0; i < outcomes->count; i++)
        qa_write_outcome(&text, &outcomes->items[i]);
    if (out)
        return cli_write_text(out, &text);
    bool good = !text.failed && cli_write_stdout(text.data, text.size);
    qa_text_release(&text);
    return good ? CLI_OK : CLI_RESOURCE;
}

int cli_verb_merge(int argc, char **argv)
{
    const char *out = NULL;
    cli_reports reports = { 0 };
    cli_group groups[] = {
        { "Results", own_options, sizeof(own_options) / sizeof(own_options[0]), set_own, &out },
        cli_reports_group(&reports),
    };
    cli_command command = {
        "merge",
        "FILE... [options]",
        "Puts the outcomes that replay --out wrote together: the union by suite and frame, "
        "sorted.\n"
        "It does not matter how the work was divided, in which order the files are given, or\n"
        "whether some were merged before. One frame with two different outcomes is an error. The\n"
        "exit code is 1 when any frame is different.",
        groups,
        sizeof(groups) / sizeof(groups[0]),
        "Example:\n"
        "  plumbline merge part.* --out all.ndjson --junit junit.xml\n",
    };
    cli_arguments arguments;
    int code;
    if (!cli_parse(&command, argc, argv, &arguments, &code))
        return code;
    if (arguments.count == 0)
        return cli_usage_error("merge", "merge needs a file");
    code = cli_reports_start(&reports);
    for (size_t i = 0; i < arguments.count && !code; i++)
        code = add_file(arguments.items[i], &reports.outcomes);
    if (!code)
        code = cli_reports_write(&reports, "Plumbline merge");
    if (!code)
        code = write_whole(out, &reports.outcomes);
    size_t count = reports.outcomes.count, bad = cli_reports_bad(&reports);
    if (!code) {
        cli_message("%zu of %zu frames as expected", count - bad, count);
        code = bad > 0 ? CLI_DIFFERENT : CLI_OK;
    }
    cli_reports_release(&reports);
    return code;
}
