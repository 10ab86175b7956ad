/* SPDX-License-Identifier: Apache-2.0
 *
 * --trace and --trace-row: what became of the raw rows, as text for standard error.
 */
#ifndef CLI_TRACE_H
#define CLI_TRACE_H

#include "cli/cli.h"
#include "qa/text.h"

typedef struct cli_trace_choice {
    const char *verb;
    bool counts;
    int64_t row; /* -1: none was asked for */
} cli_trace_choice;

#define CLI_TRACE_NONE                                                                             \
    {                                                                                              \
        NULL, false, -1                                                                            \
    }

cli_group cli_trace_group(cli_trace_choice *choice);
bool cli_trace_wanted(const cli_trace_choice *choice);

/* After a run with tracing. A row that does not exist is said so and is CLI_BAD_INPUT. */
int cli_trace_add(const cli_trace_choice *choice, plumb_session *session, const plumb_card *card,
                  const plumb_result *result, const char *name, qa_text *text);

#endif
