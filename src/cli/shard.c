/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/shard.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qa/suite.h"

static bool number(const char *text, const char **end, uint64_t *value)
{
    if (!text || *text < '0' || *text > '9')
        return false;
    char *stop;
    errno = 0;
    unsigned long long n = strtoull(text, &stop, 10);
    *end = stop;
    *value = n;
    return errno == 0;
}

int cli_shard_parse(const char *verb, const char *text, cli_shard *shard)
{
    const char *at;
    cli_shard found;
    if (number(text, &at, &found.index) && *at == '/' && number(at + 1, &at, &found.count) &&
        *at == '\0' && found.index < found.count) {
        *shard = found;
        return CLI_OK;
    }
    return cli_usage_error(verb, "--shard '%s' has to be i/n with i from 0 to n-1", text);
}

int cli_shard_from_scheduler(const char *verb, cli_shard *shard)
{
    const char *index = getenv("SLURM_ARRAY_TASK_ID"), *count = getenv("SLURM_ARRAY_TASK_COUNT");
    const char *first = getenv("SLURM_ARRAY_TASK_MIN"), *end;
    if (!index || !count) {
        index = getenv("JOB_COMPLETION_INDEX");
        count = getenv("JOB_COMPLETIONS");
        first = NULL;
    }
    if (!index || !count)
        return CLI_OK;
    cli_shard found;
    uint64_t start = 0;
    if (!number(index, &end, &found.index) || *end || !number(count, &end, &found.count) || *end ||
        (first && (!number(first, &end, &start) || *end)) || found.index < start ||
        found.index - start >= found.count)
        return cli_usage_error(verb, "the scheduler's share %s of %s makes no sense; give --shard",
                               index, count);
    found.index -= start;
    *shard = found;
    return CLI_OK;
}

bool cli_shard_has(const cli_shard *shard, const char *frame)
{
    return shard->count == 0 || qa_hash(frame, strlen(frame)) % shard->count == shard->index;
}
