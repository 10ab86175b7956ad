/* SPDX-License-Identifier: Apache-2.0
 *
 * What a verb says of many frames, as files: JUnit XML for machines, and a page of HTML for
 * people. The invariant: both are written from the same sorted outcomes.
 */
#ifndef CLI_REPORTS_H
#define CLI_REPORTS_H

#include "cli/lines.h"
#include "qa/report.h"

typedef struct cli_reports {
    const char *junit, *html;
    qa_outcomes outcomes;
    cli_lines figures; /* of the page, by suite and frame */
} cli_reports;

/* --junit and --html. */
cli_group cli_reports_group(cli_reports *reports);

/* Make the folder of --html before any work is done. CLI_OK, or an exit code after a message. */
int cli_reports_start(const cli_reports *reports);

/* Keep the figure of a frame; false when memory ran out. */
bool cli_reports_add_figure(cli_reports *reports, const char *suite, const char *frame,
                            const char *figure);

/* Sort and merge the outcomes, then write what was asked for. CLI_OK, or an exit code after a
 * message. */
int cli_reports_write(cli_reports *reports, const char *title);
void cli_reports_release(cli_reports *reports);

/* Frames that are not as expected. */
size_t cli_reports_bad(const cli_reports *reports);

/* Write and release a text. CLI_OK, or CLI_RESOURCE after a message. */
int cli_write_text(const char *path, qa_text *text);

#endif
