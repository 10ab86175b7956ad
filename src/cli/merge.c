/* SPDX-License-Identifier: Apache-2.0
 *
 * merge: the outcomes of a replay that was divided, put together again.
 */
#include <string.h>

#include "cli/cli.h"
#include "cli/verbs.h"
#include "qa/file.h"
#include "qa/outcome.h"

typedef struct choice {
    const char *out, *junit;
} choice;

static const cli_option own_options[] = {
    { "out", "FILE", "write here instead of standard output" },
    { "junit", "FILE", "write the whole as JUnit XML" },
};

static int set_own(void *user, const char *name, const char *value)
{
    choice *c = user;
    if (strcmp(name, "out") == 0)
        c->out = value;
    else
        c->junit = value;
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

static int write_whole(const choice *c, const qa_outcomes *outcomes)
{
    size_t bad = 0;
    qa_text text = { 0 };
    qa_text_add(&text, "");
    for (size_t i = 0; i < outcomes->count; i++) {
        qa_write_outcome(&text, &outcomes->items[i]);
        bad += outcomes->items[i].verdict != QA_SAME;
    }
    int code = CLI_RESOURCE;
    if (text.failed)
        cli_message("out of memory");
    else if (c->out)
        code = cli_write_file(c->out, text.data, text.size);
    else
        code = cli_write_stdout(text.data, text.size) ? CLI_OK : CLI_RESOURCE;
    qa_text_clear(&text);
    if (!code && c->junit) {
        qa_write_junit(&text, outcomes);
        code = text.failed ? CLI_RESOURCE : cli_write_file(c->junit, text.data, text.size);
    }
    qa_text_release(&text);
    cli_message("%zu of %zu frames as expected", outcomes->count - bad, outcomes->count);
    return code ? code : bad > 0 ? CLI_DIFFERENT : CLI_OK;
}

int cli_verb_merge(int argc, char **argv)
{
    choice c = { NULL, NULL };
    cli_group groups[] = {
        { "Results", own_options, sizeof(own_options) / sizeof(own_options[0]), set_own, &c },
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
    qa_outcomes outcomes = { 0 };
    for (size_t i = 0; i < arguments.count && !code; i++)
        code = add_file(arguments.items[i], &outcomes);
    if (!code) {
        plumb_diag diag = { 0 };
        plumb_status status = qa_outcomes_merge(&outcomes, &diag);
        code = status ? cli_report(NULL, status, &diag) : write_whole(&c, &outcomes);
    }
    qa_outcomes_release(&outcomes);
    return code;
}
