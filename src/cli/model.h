/* SPDX-License-Identifier: Apache-2.0
 *
 * A card and what is made from it: one pipeline for all threads, and for each thread a session
 * with its own backend instance.
 */
#ifndef CLI_MODEL_H
#define CLI_MODEL_H

#include "cli/backend.h"

typedef struct cli_model {
    plumb_card *card;
    plumb_pipeline *pipeline;
} cli_model;

/* CLI_OK, or an exit code after a message. */
int cli_model_open(const char *card, cli_model *model);
void cli_model_close(cli_model *model);

typedef struct cli_session {
    const cli_model *model;
    cli_backend backend;
    plumb_session *session;
} cli_session;

/* `choice` NULL, or without a name: a session for the halves that need no network. */
int cli_session_open(const cli_model *model, const cli_backend_choice *choice,
                     cli_session *session);
void cli_session_close(cli_session *session);

/* One frame from start to end; the diag's field begins with the name of the frame. */
plumb_status cli_session_run(cli_session *session, const plumb_frame *frame, const char *name,
                             double read_ms, const plumb_run_options *options, plumb_result *result,
                             plumb_diag *diag);

#endif
