/* SPDX-License-Identifier: Apache-2.0
 *
 * How far a long run is, on standard error: one line that is rewritten ten times a second on a
 * terminal, otherwise a line each five seconds. The invariant: a run of less than a second shows
 * nothing, and the terminal's line is gone at the end.
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct cli_progress {
    const char *what; /* "frames" */
    size_t total;     /* 0: not known */
    double started_ms, shown_ms;
    bool terminal, shown;
} cli_progress;

cli_progress cli_progress_start(const char *what, size_t total);
void cli_progress_show(cli_progress *progress, size_t done);

/* Clear the terminal's line, before a message and at the end. */
void cli_progress_clear(cli_progress *progress);

#endif
