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

/* A new folder beside `out`, with frames/ and outputs/ in it; `out` itself must not exist. `*made`
 * is to be freed. */
int cli_suite_make_folder(const char *out, char **made);
void cli_suite_remove_folder(const char *folder);

/* The card as FOLDER/card.json, and the files it names beside it. */
int cli_suite_copy_card(const char *card, const char *folder);

/* The frame in FOLDER/frames, and the planes of a .frame.json. */
int cli_suite_copy_frame(const char *path, const char *folder);

#endif
