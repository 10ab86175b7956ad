/* SPDX-License-Identifier: Apache-2.0
 *
 * postprocess: raw outputs of the network, computed elsewhere, to detections.
 */
#include <stdio.h>
#include <string.h>

#include "cli/model.h"
#include "cli/results.h"
#include "cli/tensor_file.h"
#include "cli/trace.h"
#include "cli/verbs.h"

typedef struct choice {
    plumb_size size;
    long orientation;
    plumb_irect roi;
    bool has_roi;
    plumb_homography plane;
    bool has_plane;
    const char *name;
    cli_output_list outputs;
    cli_results results;
    cli_trace_choice trace;
} choice;

static const cli_option own_options[] = {
    { "size", "WxH", "of the frame as stored, before orientation; required" },
    { "orientation", "1..8", "of the frame, the EXIF value; 1 where it is left out" },
    { "roi", "X,Y,W,H", "region of interest in upright pixels" },
    { "upright-from-plane", "A,B,...,I",
      "homography from a flat object, such as millimetres on a target,\n"
      "to the upright picture: nine numbers, row by row, as in a\n"
      ".frame.json; for regions and distances in `plane` space" },
    { "output", "NAME=T.npy", "an output of the network; once for each, in their order" },
    { "name", "NAME", "of the frame in the results; 'frame' where it is left out" },
};

static int set_own(void *user, const char *name, const char *value)
{
    choice *c = user;
    if (strcmp(name, "output") == 0)
        return cli_output_add("postprocess", &c->outputs, value);
    if (strcmp(name, "size") == 0)
        return cli_parse_size("postprocess", name, value, &c->size) ? CLI_OK : CLI_USAGE;
    if (strcmp(name, "orientation") == 0)
        return cli_parse_count("postprocess", name, value, 1, 8, &c->orientation) ? CLI_OK
                                                                                  : CLI_USAGE;
    if (strcmp(name, "roi") == 0) {
        c->has_roi = cli_parse_roi("postprocess", name, value, &c->roi);
        return c->has_roi ? CLI_OK : CLI_USAGE;
    }
    if (strcmp(name, "upright-from-plane") == 0) {
        c->has_plane = cli_parse_homography("postprocess", name, value, &c->plane);
        return c->has_plane ? CLI_OK : CLI_USAGE;
    }
    c->name = value;
    return CLI_OK;
}

static int decode(choice *c, const cli_model *model, cli_session *session, cli_outputs *loaded)
{
    plumb_run_options options = PLUMB_RUN_OPTIONS_INIT;
    options.trace = cli_trace_wanted(&c->trace);
    options.upright_from_plane = c->has_plane ? &c->plane : NULL;
    plumb_result result;
    plumb_diag diag = { 0 };
    plumb_status status = plumb_session_postprocess(
        session->session, c->size, (plumb_orientation)c->orientation, c->has_roi ? &c->roi : NULL,
        &loaded->outputs, &options, &result, &diag);
    if (status)
        return cli_report(c->name, status, &diag);
    qa_text text = { 0 }, messages = { 0 };
    int code = cli_results_format(&c->results, &result, model->card, c->name, 0, &text);
    if (!code && options.trace)
        code = cli_trace_add(&c->trace, session->session, model->card, &result, c->name, &messages);
    if (messages.size > 0)
        fputs(messages.data, stderr);
    if (code != CLI_RESOURCE)
        code = cli_worse(code, cli_results_give(&c->results, &text));
    code = cli_results_finish(&c->results, code);
    qa_text_release(&messages);
    qa_text_release(&text);
    return code;
}

static int run_model(choice *c, const char *card)
{
    static cli_outputs loaded; /* too large for a stack */
    cli_model model;
    cli_session session;
    int code = cli_results_start(&c->results);
    if (!code)
        code = cli_model_open(card, &model);
    if (code)
        return code;
    code = cli_session_open(&model, NULL, &session);
    if (!code) {
        code = cli_outputs_load("postprocess", &c->outputs, &loaded);
        if (!code)
            code = decode(c, &model, &session, &loaded);
        cli_outputs_release(&loaded);
        cli_session_close(&session);
    }
    cli_model_close(&model);
    return code;
}

int cli_verb_postprocess(int argc, char **argv)
{
    choice c = { .orientation = 1,
                 .name = "frame",
                 .results = { .verb = "postprocess" },
                 .trace = { "postprocess", false, -1 } };
    cli_group groups[] = {
        { "Frame and outputs", own_options, sizeof(own_options) / sizeof(own_options[0]), set_own,
          &c },
        cli_results_group(&c.results),
        cli_trace_group(&c.trace),
    };
    cli_command command = {
        "postprocess",
        "CARD --size WxH [--orientation N] --output NAME=T.npy... [options]",
        "Decodes raw outputs of the network that were computed elsewhere, maps the boxes back to\n"
        "the upright frame, and applies NMS and regions as the card says.",
        groups,
        sizeof(groups) / sizeof(groups[0]),
        "Example:\n"
        "  plumbline postprocess ultraface-320.json --size 1280x853 \\\n"
        "      --output scores=out0.npy --output boxes=out1.npy --format table\n",
    };
    cli_arguments arguments;
    int code;
    if (!cli_parse(&command, argc, argv, &arguments, &code))
        return code;
    if (arguments.count < 1)
        return cli_usage_error("postprocess", "postprocess needs a card");
    /* "--output a=1.npy b=2.npy" is read as it is meant. */
    for (size_t i = 1; i < arguments.count; i++) {
        code = cli_output_add("postprocess", &c.outputs, arguments.items[i]);
        if (code)
            return code;
    }
    if (c.size.width == 0 || c.outputs.count == 0)
        return cli_usage_error("postprocess", "postprocess needs --size and --output");
    return run_model(&c, arguments.items[0]);
}
