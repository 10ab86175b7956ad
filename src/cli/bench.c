/* SPDX-License-Identifier: Apache-2.0
 *
 * bench: latency of every stage, the cold first call apart.
 */
#include <string.h>

#include "cli/model.h"
#include "cli/frames.h"
#include "cli/tensor_file.h"
#include "cli/timing.h"
#include "cli/verbs.h"

typedef struct choice {
    cli_backend_choice backend;
    cli_frame_choice frame;
    cli_output_list outputs;
    long frames;
    bool json;
} choice;

static const cli_option own_options[] = {
    { "frames", "N",
      "steady calls to measure after the cold one; 100 where it is left\n"
      "out. A clip starts over at its end" },
    { "output", "NAME=T.npy",
      "instead of a plug-in: a network that gives this, at once;\n"
      "once for each output" },
    { "json", NULL, "JSON instead of a table" },
};

static int set_own(void *user, const char *name, const char *value)
{
    choice *c = user;
    if (strcmp(name, "output") == 0)
        return cli_output_add("bench", &c->outputs, value);
    if (strcmp(name, "json") == 0)
        c->json = true;
    else if (!cli_parse_count("bench", name, value, 1, 1000000, &c->frames))
        return CLI_USAGE;
    return CLI_OK;
}

/* The network of --output. */
static plumb_status give_outputs(void *user, const plumb_tensor *inputs, size_t count,
                                 plumb_outputs *outputs)
{
    (void)inputs;
    (void)count;
    *outputs = ((const cli_outputs *)user)->outputs;
    return PLUMB_OK;
}

static int open_session(const choice *c, const cli_model *model, cli_outputs *recorded,
                        cli_session *session)
{
    if (c->outputs.count == 0)
        return cli_session_open(model, &c->backend, session);
    memset(session, 0, sizeof(*session));
    session->model = model;
    plumb_detector detector = PLUMB_DETECTOR_INIT;
    detector.user = recorded;
    detector.infer = give_outputs;
    plumb_diag diag = { 0 };
    plumb_status status =
        plumb_session_create(model->pipeline, &detector, &session->session, &diag);
    return status ? cli_report(NULL, status, &diag) : CLI_OK;
}

/* The next frame of the source, from the start again behind its last. */
static plumb_status next_frame(qa_source *source, plumb_frame *frame, const char **name,
                               double *read_ms, plumb_diag *diag)
{
    bool more = false;
    double start = cli_now_ms();
    plumb_status status = qa_source_next(source, frame, name, &more, diag);
    if (!status && !more) {
        start = cli_now_ms();
        status = qa_source_rewind(source, diag);
        if (!status)
            status = qa_source_next(source, frame, name, &more, diag);
        if (!status && !more) {
            status = PLUMB_E_TRUNCATED;
            diag->status = status;
        }
    }
    *read_ms = cli_now_ms() - start;
    return status;
}

static int measure(const choice *c, cli_session *session, qa_source *source, double *allocations)
{
    bool network = c->backend.name || c->outputs.count > 0;
    uint64_t after_cold = 0;
    for (long i = 0; i <= c->frames; i++) {
        plumb_diag diag = { 0 };
        plumb_frame frame = PLUMB_FRAME_INIT;
        const char *name = NULL;
        double read_ms;
        plumb_status status = next_frame(source, &frame, &name, &read_ms, &diag);
        if (status)
            return cli_report(NULL, status, &diag);
        cli_frame_apply(&c->frame, &frame);
        plumb_result result;
        if (network) {
            plumb_run_options options = PLUMB_RUN_OPTIONS_INIT;
            options.upright_from_plane = qa_source_plane(source);
            status = cli_session_run(session, &frame, name, read_ms, &options, &result, &diag);
        } else {
            plumb_session_note(session->session, PLUMB_STAGE_DECODE_IMAGE, read_ms);
            status = plumb_session_preprocess(session->session, &frame, &result, &diag);
        }
        if (status)
            return cli_report(name, status, &diag);
        if (i == 0)
            after_cold = plumb_session_allocations(session->session);
    }
    uint64_t steady = plumb_session_allocations(session->session) - after_cold;
    *allocations = (double)steady / (double)c->frames;
    return CLI_OK;
}

static int print_timing(const choice *c, const cli_session *session, double allocations)
{
    qa_text text = { 0 };
    if (c->json) {
        cli_timing_json(session->session, allocations, &text);
    } else {
        cli_timing_table(session->session, &text);
        qa_text_add(&text, "allocations per frame: ");
        qa_text_double(&text, allocations);
        qa_text_add(&text, "\n");
    }
    int code = text.failed || !cli_write_stdout(text.data, text.size) ? CLI_RESOURCE : CLI_OK;
    qa_text_release(&text);
    return code;
}

static int bench_model(const choice *c, const cli_model *model, const char *path)
{
    static cli_outputs recorded; /* too large for a stack */
    int code = cli_outputs_load("bench", &c->outputs, &recorded);
    cli_session session;
    if (!code)
        code = open_session(c, model, &recorded, &session);
    if (code) {
        cli_outputs_release(&recorded);
        return code;
    }
    plumb_diag diag = { 0 };
    qa_source *source = NULL;
    double allocations = 0.0;
    plumb_status status = qa_source_open(path, QA_SOURCE_JPEG_AS_IS, &source, &diag);
    code = status ? cli_report(NULL, status, &diag) : measure(c, &session, source, &allocations);
    if (!code)
        code = print_timing(c, &session, allocations);
    qa_source_close(&source);
    cli_session_close(&session);
    cli_outputs_release(&recorded);
    return code;
}

int cli_verb_bench(int argc, char **argv)
{
    choice c = { .frame = { .verb = "bench" }, .frames = 100 };
    cli_group groups[] = {
        cli_backend_group(&c.backend),
        { "Measuring", own_options, sizeof(own_options) / sizeof(own_options[0]), set_own, &c },
        cli_frame_group(&c.frame),
    };
    cli_command command = {
        "bench",
        "CARD FRAME [--backend NAME|FILE.so] [options]",
        "Measures the latency of each stage of one frame. Without a plug-in and without --output\n"
        "only reading, decoding and preprocessing run.",
        groups,
        sizeof(groups) / sizeof(groups[0]),
        "The file is read and a JPEG decoded anew for each frame, as stage decode_image. The\n"
        "first call, with the plug-in's own preparation, is `cold` and in no other figure;\n"
        "percentiles are by nearest rank over the last 4096 steady calls.\n\n"
        "Example:\n"
        "  plumbline bench card.json dog.jpg --backend opencv-dnn --model m.onnx --frames 200\n",
    };
    cli_arguments arguments;
    int code;
    if (!cli_parse(&command, argc, argv, &arguments, &code))
        return code;
    if (arguments.count != 2)
        return cli_usage_error("bench", "bench needs a card and one frame");
    if (c.backend.name && c.outputs.count > 0)
        return cli_usage_error("bench", "bench takes --backend or --output, not both");
    cli_model model;
    code = cli_model_open(arguments.items[0], &model);
    if (code)
        return code;
    code = bench_model(&c, &model, arguments.items[1]);
    cli_model_close(&model);
    return code;
}
