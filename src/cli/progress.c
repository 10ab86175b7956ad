/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "cli/cli.h"

cli_progress cli_progress_start(const char *what, size_t total)
{
    double now = cli_now_ms();
    cli_progress progress = { what, total, now, now, isatty(STDERR_FILENO) == 1, false };
    return progress;
}

void cli_progress_show(cli_progress *progress, size_t done)
{
    double now = cli_now_ms(), seconds = (now - progress->started_ms) / 1e3;
    if (seconds < 1.0 || now - progress->shown_ms < (progress->terminal ? 100.0 : 5000.0))
        return;
    progress->shown_ms = now;
    double rate = (double)done / seconds;
    char left[64] = "";
    if (progress->total >= done && progress->total > 0 && rate > 0.0)
        snprintf(left, sizeof(left), ", %.0f s left", (double)(progress->total - done) / rate);
    char of[32] = "";
    if (progress->total > 0)
        snprintf(of, sizeof(of), " of %zu", progress->total);
    fprintf(stderr, "%s%zu%s %s, %.1f a second%s%s",
            progress->terminal ? "\r" : "plumbline: ", done, of, progress->what, rate, left,
            progress->terminal ? "\033[K" : "\n");
    progress->shown = true;
}

void cli_progress_clear(cli_progress *progress)
{
    if (progress->terminal && progress->shown)
        fputs("\r\033[K", stderr);
    progress->shown = false;
}
