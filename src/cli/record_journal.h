/* SPDX-License-Identifier: Apache-2.0
 *
 * What a record has finished, so that it can be resumed: a file in the folder that is being
 * filled, with three lines a frame. The invariant: a frame is in it only when its outputs are
 * whole on the disk, and three lines of which the last is cut short do not count.
 */
#ifndef CLI_RECORD_JOURNAL_H
#define CLI_RECORD_JOURNAL_H

#include "cli/lines.h"

/* Lines of the suite's files, and the frames that an earlier run finished. */
typedef struct cli_record_lines {
    cli_lines tensors, stages, expected;
    cli_lines done; /* sorted */
    FILE *journal;
} cli_record_lines;

/* Read what FOLDER has and go on writing behind it. */
int cli_record_start(cli_record_lines *lines, const char *folder);

/* Keep the three lines of a frame, each with its end. */
int cli_record_add(cli_record_lines *lines, const char *frame, const char *tensor,
                   const char *stages, const char *expected);

bool cli_record_has(const cli_record_lines *lines, const char *frame);

/* Write the suite's files and remove the journal. */
int cli_record_finish(cli_record_lines *lines, const char *folder);
void cli_record_release(cli_record_lines *lines);

#endif
