/* SPDX-License-Identifier: Apache-2.0
 *
 * The two halves of replay: running the frames of one suite, and keeping and reporting what came
 * of all of them.
 */
#ifndef CLI_REPLAY_H
#define CLI_REPLAY_H

#include "cli/model.h"
#include "cli/reports.h"
#include "cli/shard.h"
#include "qa/suite.h"

typedef struct cli_replay {
    long jobs;
    bool update, force, resume;
    bool shard_given;
    cli_shard shard;
    const char *out;

    cli_reports reports; /* of this run */
    qa_outcomes done;    /* by an earlier run that is resumed */
    size_t shown;        /* test points so far */
    FILE *journal;       /* lines of `out` that are not sorted yet */
} cli_replay;

/* Run one suite, print its test points and add to the outcomes. */
int cli_replay_suite(cli_replay *replay, const char *path);

/* Print the test point of an outcome, keep it, and write it to the journal. */
int cli_replay_keep(cli_replay *replay, const qa_outcome *outcome);

/* --out with its journal, --junit and --html. */
int cli_replay_start(cli_replay *replay);
int cli_replay_finish(cli_replay *replay, int code);

#endif
