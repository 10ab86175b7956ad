/* SPDX-License-Identifier: Apache-2.0
 *
 * replay: suites again without the network, and what is different.
 */
#include "cli/replay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/verbs.h"

static const cli_option own_options[] = {
    { "out", "FILE", "write the outcome of each frame as NDJSON, for plumbline merge" },
    { "resume", NULL,
      "pass over frames that FILE of --out already has, also after a run\n"
      "that was cut short" },
    { "shard", "i/n",
      "only the frames whose name's FNV-1a hash modulo n is i; without it,\n"
      "SLURM_ARRAY_TASK_ID and _COUNT, or JOB_COMPLETION_INDEX and\n"
      "JOB_COMPLETIONS are used where they are set" },
    { "jobs", "N", "work on N frames at a time" },
    { "update", NULL, "make what came out the new expectation; refused where CI is set" },
    { "force", NULL, "with --update: also where CI is set" },
};

static int set_own(void *user, const char *name, const char *value)
{
    cli_replay *r = user;
    if (strcmp(name, "out") == 0)
        r->out = value;
    else if (strcmp(name, "resume") == 0)
        r->resume = true;
    else if (strcmp(name, "update") == 0)
        r->update = true;
    else if (strcmp(name, "force") == 0)
        r->force = true;
    else if (strcmp(name, "shard") == 0) {
        r->shard_given = true;
        return cli_shard_parse("replay", value, &r->shard);
    } else if (!cli_parse_count("replay", name, value, 1, 256, &r->jobs))
        return CLI_USAGE;
    return CLI_OK;
}

int cli_replay_keep(cli_replay *replay, const qa_outcome *outcome)
{
    plumb_diag diag = { 0 };
    qa_text text = { 0 };
    qa_text_format(&text, "%sok %zu - %s/%s\n", outcome->verdict == QA_SAME ? "" : "not ",
                   ++replay->shown, outcome->suite, outcome->frame);
    for (size_t i = 0; i < outcome->note_count; i++)
        qa_text_format(&text, "#   %s\n", outcome->notes[i]);
    bool good = !text.failed && cli_write_stdout(text.data, text.size);
    qa_text_clear(&text);
    if (good && replay->journal) {
        qa_write_outcome(&text, outcome);
        good =
            !text.failed && fputs(text.data, replay->journal) >= 0 && fflush(replay->journal) == 0;
        if (!good)
            cli_message("%s: %s", replay->out, strerror(errno));
    }
    qa_text_release(&text);
    plumb_status status =
        good ? qa_outcomes_add(&replay->reports.outcomes, outcome, &diag) : PLUMB_OK;
    return !good || status ? CLI_RESOURCE : CLI_OK;
}

/* Lines of --out that are not in it yet lie beside it until the end. */
static bool journal_path(const cli_replay *replay, qa_text *path)
{
    qa_text_format(path, "%s.part", replay->out);
    return !path->failed;
}

static int load_done(cli_replay *replay, const char *path, bool torn)
{
    if (access(path, F_OK) != 0)
        return CLI_OK;
    plumb_diag diag = { 0 };
    qa_bytes bytes = { 0 };
    plumb_status status = qa_read_file(path, QA_MAX_FILE, &bytes, &diag);
    int code = status ? cli_report(NULL, status, &diag) : CLI_OK;
    if (!code) {
        status =
            qa_outcomes_parse(&replay->done, (const char *)bytes.data, bytes.size, torn, &diag);
        code = status ? cli_report(path, status, &diag) : CLI_OK;
    }
    qa_bytes_release(&bytes);
    return code;
}

/* What was kept goes into the new journal, without a torn last line. */
static int start_journal(cli_replay *replay, const char *path)
{
    qa_text text = { 0 };
    qa_text_add(&text, "");
    for (size_t i = 0; i < replay->done.count; i++)
        qa_write_outcome(&text, &replay->done.items[i]);
    int code = text.failed ? CLI_RESOURCE : cli_write_file(path, text.data, text.size);
    qa_text_release(&text);
    if (code)
        return code;
    replay->journal = fopen(path, "ab");
    if (replay->journal)
        return CLI_OK;
    cli_message("%s: %s", path, strerror(errno));
    return CLI_RESOURCE;
}

int cli_replay_start(cli_replay *replay)
{
    int code = cli_reports_start(&replay->reports);
    if (code || !replay->out)
        return code;
    qa_text path = { 0 };
    if (!journal_path(replay, &path)) {
        qa_text_release(&path);
        return CLI_RESOURCE;
    }
    if (replay->resume) {
        code = load_done(replay, replay->out, false);
        if (!code)
            code = load_done(replay, path.data, true);
        plumb_diag diag = { 0 };
        plumb_status status = code ? PLUMB_OK : qa_outcomes_merge(&replay->done, &diag);
        if (status)
            code = cli_report(replay->out, status, &diag);
    }
    if (!code)
        code = start_journal(replay, path.data);
    qa_text_release(&path);
    return code;
}

static int write_out(cli_replay *replay)
{
    qa_text path = { 0 }, text = { 0 };
    for (size_t i = 0; i < replay->reports.outcomes.count; i++)
        qa_write_outcome(&text, &replay->reports.outcomes.items[i]);
    int code = cli_write_text(replay->out, &text);
    fclose(replay->journal);
    replay->journal = NULL;
    if (!code && journal_path(replay, &path))
        unlink(path.data);
    qa_text_release(&path);
    return code;
}

static int write_reports(cli_replay *replay)
{
    plumb_diag diag = { 0 };
    plumb_status status = PLUMB_OK;
    for (size_t i = 0; i < replay->done.count && !status; i++)
        status = qa_outcomes_add(&replay->reports.outcomes, &replay->done.items[i], &diag);
    if (status)
        return cli_report(NULL, status, &diag);
    int code = cli_reports_write(&replay->reports, "Plumbline replay");
    return !code && replay->out ? write_out(replay) : code;
}

int cli_replay_finish(cli_replay *replay, int code)
{
    size_t bad = 0;
    if (code != CLI_RESOURCE) {
        code = cli_worse(code, write_reports(replay));
        bad = cli_reports_bad(&replay->reports);
    }
    if (replay->journal)
        fclose(replay->journal);
    char plan[64];
    int length = snprintf(plan, sizeof(plan), "1..%zu\n", replay->shown);
    if (code != CLI_RESOURCE && !cli_write_stdout(plan, (size_t)length))
        code = CLI_RESOURCE;
    qa_outcomes_release(&replay->done);
    cli_reports_release(&replay->reports);
    if (bad > 0 && !replay->update)
        code = cli_worse(code, CLI_DIFFERENT);
    return code;
}

static bool in_ci(void)
{
    const char *ci = getenv("CI");
    return ci && *ci && strcmp(ci, "0") != 0 && strcmp(ci, "false") != 0;
}

static int check(cli_replay *r)
{
    if (!r->shard_given) {
        int code = cli_shard_from_scheduler("replay", &r->shard);
        if (code)
            return code;
    }
    if (r->resume && !r->out)
        return cli_usage_error("replay", "--resume needs the FILE of --out");
    if (r->update && (r->resume || r->shard.count > 0))
        return cli_usage_error("replay", "--update needs all frames: not with --shard, --resume");
    if (r->update && !r->force && in_ci())
        return cli_usage_error("replay", "--update where CI is set would make every difference "
                                         "pass; --force does it nevertheless");
    return CLI_OK;
}

int cli_verb_replay(int argc, char **argv)
{
    cli_replay r = { .jobs = 1 };
    cli_group groups[] = {
        { "Replay", own_options, sizeof(own_options) / sizeof(own_options[0]), set_own, &r },
        cli_reports_group(&r.reports),
    };
    cli_command command = {
        "replay",
        "SUITE... [options]",
        "Runs the frames of suites through the pipeline with the recorded outputs of the network\n"
        "and compares tensors and detections with what was recorded. Prints one test point a\n"
        "frame; the exit code is 1 when any frame is different.",
        groups,
        sizeof(groups) / sizeof(groups[0]),
        "Everything has to be exactly equal unless SUITE/tolerances.json allows more:\n"
        "  {\"score\": 0.001, \"box\": 0.5, \"keypoints\": 0.5, \"angle\": 0.01}\n"
        "box is the distance of an edge in pixels, angle in radians.\n\n"
        "Examples:\n"
        "  plumbline replay suites/* --jobs 4 --html report --junit junit.xml\n"
        "  plumbline replay suites/street --update\n"
        "  sbatch --array=0-15 --wrap 'plumbline replay suites/* --out part.$SLURM_ARRAY_TASK_ID'\n"
        "  plumbline merge part.* --out all.ndjson\n",
    };
    cli_arguments arguments;
    int code;
    if (!cli_parse(&command, argc, argv, &arguments, &code))
        return code;
    if (arguments.count == 0)
        return cli_usage_error("replay", "replay needs a suite");
    code = check(&r);
    if (!code)
        code = cli_replay_start(&r);
    if (code)
        return code;
    for (size_t i = 0; i < arguments.count && code != CLI_RESOURCE; i++)
        code = cli_worse(code, cli_replay_suite(&r, arguments.items[i]));
    return cli_replay_finish(&r, code);
}
