/* SPDX-License-Identifier: Apache-2.0
 *
 * Putting the folder of a suite together. All functions give CLI_OK, or an exit code after a
 * message.
 */
#ifndef CLI_SUITE_FILES_H
#define CLI_SUITE_FILES_H

#include "cli/cli.h"

/* Frames are told apart by their names without folders and endings. */
int cli_suite_check_names(char **paths, size_t count);

/* A folder while it is filled: OUT.part, which one process at a time may work in. */
typedef struct cli_suite_folder {
    char *path;
    int lock; /* held until the process ends or the folder is closed */
} cli_suite_folder;

/* Make OUT.part with frames/ and outputs/ in it, or with `resume` go on with one that is there;
 * OUT itself must not exist. */
int cli_suite_make_folder(const char *out, bool resume, cli_suite_folder *folder);

/* Give it its name, without what an interrupted run left half-written. */
int cli_suite_finish_folder(const cli_suite_folder *folder, const char *out);
void cli_suite_remove_folder(const cli_suite_folder *folder);
void cli_suite_close_folder(cli_suite_folder *folder);

/* The card as FOLDER/card.json, and the files it names beside it. */
int cli_suite_copy_card(const char *card, const char *folder);

/* The frame in FOLDER/frames, and the planes of a .frame.json. */
int cli_suite_copy_frame(const char *path, const char *folder);

#endif
