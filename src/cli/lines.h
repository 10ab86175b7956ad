/* SPDX-License-Identifier: Apache-2.0
 *
 * Lines that belong to frames and are written sorted by the frame's name, so that a file does not
 * depend on the order of the work.
 */
#ifndef CLI_LINES_H
#define CLI_LINES_H

#include <stdio.h>

#include "cli/cli.h"
#include "qa/pool.h"
#include "qa/text.h"

typedef struct cli_line {
    const char *frame, *text;
} cli_line;

typedef struct cli_lines {
    cli_line *items;
    size_t count, capacity;
    qa_pool pool;
} cli_lines;

bool cli_lines_add(cli_lines *lines, const char *frame, const char *text);

/* By the frame's name; a list that is sorted can be searched. NULL where the name is not there. */
void cli_lines_sort(cli_lines *lines);
const char *cli_lines_find(const cli_lines *lines, const char *frame);

/* Sort and write FOLDER/NAME. CLI_OK, or CLI_RESOURCE after a message. */
int cli_lines_write(cli_lines *lines, const char *folder, const char *name);
void cli_lines_release(cli_lines *lines);

#endif
