/* SPDX-License-Identifier: Apache-2.0
 *
 * Inference plug-ins: finding, loading and opening them. The invariant: one instance belongs to
 * one thread, and its library stays loaded until the instance is closed.
 */
#ifndef CLI_BACKEND_H
#define CLI_BACKEND_H

#include "cli/cli.h"

typedef struct cli_backend_choice {
    const char *name;    /* NAME or FILE.so; NULL: none was asked for */
    const char *model;   /* may be NULL */
    const char *options; /* may be NULL */
} cli_backend_choice;

/* --backend, --model, --backend-options; `user` of the group is a cli_backend_choice. */
cli_group cli_backend_group(cli_backend_choice *choice);

typedef struct cli_backend {
    void *library;
    plumb_detector detector;      /* taken over by plumb_session_create */
    plumb_backend_frame_fn frame; /* NULL where the plug-in does not ask for names */
    char *path;
} cli_backend;

/* CLI_OK, or an exit code after a message. */
int cli_backend_open(const cli_backend_choice *choice, cli_backend *backend);

/* Load a plug-in without opening it. */
int cli_backend_probe(const char *name, bool *wants_names);

/* Tell the plug-in which frame comes next. */
plumb_status cli_backend_frame(const cli_backend *backend, const char *name, plumb_diag *diag);

/* Unload the library; the detector has to be released before, by the session or by
 * cli_backend_release when no session took it. */
void cli_backend_close(cli_backend *backend);
void cli_backend_release(cli_backend *backend);

#endif
