/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/model.h"

#include <string.h>

int cli_model_open(const char *card, cli_model *model)
{
    plumb_diag diag = { 0 };
    memset(model, 0, sizeof(*model));
    plumb_status status = plumb_card_open(NULL, card, &model->card, &diag);
    if (!status)
        status = plumb_pipeline_create(NULL, plumb_card_spec(model->card), &model->pipeline, &diag);
    if (!status)
        return CLI_OK;
    int code = cli_report(card, status, &diag);
    cli_model_close(model);
    return code;
}

void cli_model_close(cli_model *model)
{
    plumb_pipeline_destroy(&model->pipeline);
    plumb_card_destroy(&model->card);
}

int cli_session_open(const cli_model *model, const cli_backend_choice *choice, cli_session *session)
{
    memset(session, 0, sizeof(*session));
    session->model = model;
    bool live = choice && choice->name;
    if (live) {
        int code = cli_backend_open(choice, &session->backend);
        if (code)
            return code;
    }
    plumb_diag diag = { 0 };
    plumb_status status = plumb_session_create(
        model->pipeline, live ? &session->backend.detector : NULL, &session->session, &diag);
    if (!status)
        return CLI_OK;
    if (live)
        cli_backend_release(&session->backend);
    cli_backend_close(&session->backend);
    return cli_report(live ? choice->name : NULL, status, &diag);
}

void cli_session_close(cli_session *session)
{
    plumb_session_destroy(&session->session);
    cli_backend_close(&session->backend);
}

plumb_status cli_session_run(cli_session *session, const plumb_frame *frame, const char *name,
                             double read_ms, const plumb_run_options *options, plumb_result *result,
                             plumb_diag *diag)
{
    plumb_status status = cli_backend_frame(&session->backend, name, diag);
    if (status)
        return status;
    plumb_session_note(session->session, PLUMB_STAGE_DECODE_IMAGE, read_ms);
    return plumb_session_run(session->session, frame, options, result, diag);
}
