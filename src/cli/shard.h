/* SPDX-License-Identifier: Apache-2.0
 *
 * Dividing frames among machines by a hash of their names, so that a list may grow without moving
 * frames that are there already.
 */
#ifndef CLI_SHARD_H
#define CLI_SHARD_H

#include "cli/cli.h"

typedef struct cli_shard {
    uint64_t index, count; /* count 0: not divided */
} cli_shard;

/* "i/n", 0-based. */
int cli_shard_parse(const char *verb, const char *text, cli_shard *shard);

/* Without --shard: SLURM_ARRAY_TASK_ID of SLURM_ARRAY_TASK_COUNT (counted from
 * SLURM_ARRAY_TASK_MIN), or JOB_COMPLETION_INDEX of JOB_COMPLETIONS. */
int cli_shard_from_scheduler(const char *verb, cli_shard *shard);

bool cli_shard_has(const cli_shard *shard, const char *frame);

#endif
