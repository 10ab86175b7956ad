/* SPDX-License-Identifier: Apache-2.0
 *
 * run: frames to detections.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/drawing.h"
#include "cli/frames.h"
#include "cli/results.h"
#include "cli/timing.h"
#include "cli/trace.h"
#include "cli/verbs.h"

typedef struct run {
    cli_backend_choice backend;
    cli_frame_choice frame;
    cli_results results;
    cli_trace_choice trace;
    const char *overlay;
    bool timing;
    long jobs;
    cli_model model;
} run;

typedef struct worker {
    run *run;
    cli_session session;
} worker;

static const cli_option own_options[] = {
    { "overlay", "FOLDER",
      "write each frame with its boxes drawn as FOLDER/<stem>.png;\n"
      "with --trace also what was dropped, dashed" },
    { "jobs", "N",
      "work on N frames at a time, each with its own instance of the\n"
      "plug-in; the output keeps the order of the input" },
    { "timing", NULL, "latency of the stages, a table for each job, on standard error" },
};

static int set_own(void *user, const char *name, const char *value)
{
    run *r = user;
    if (strcmp(name, "overlay") == 0)
        r->overlay = value;
    else if (strcmp(name, "timing") == 0)
        r->timing = true;
    else if (!cli_parse_count("run", name, value, 1, 256, &r->jobs))
        return CLI_USAGE;
    return CLI_OK;
}

static int open_worker(void *user, void **made)
{
    run *r = user;
    worker *w = calloc(1, sizeof(*w));
    if (!w)
        return cli_out_of_memory();
    w->run = r;
    int code = cli_session_open(&r->model, &r->backend, &w->session);
    if (code)
        free(w);
    else
        *made = w;
    return code;
}

static int work(void *user, const cli_item *item, cli_output *output)
{
    worker *w = user;
    run *r = w->run;
    plumb_run_options options = PLUMB_RUN_OPTIONS_INIT;
    options.trace = cli_trace_wanted(&r->trace);
    options.upright_from_plane = item->plane;
    plumb_result result;
    plumb_diag diag = { 0 };
    plumb_status status = cli_session_run(&w->session, item->frame, item->name, item->read_ms,
                                          &options, &result, &diag);
    if (status)
        return cli_report(item->name, status, &diag);
    const plumb_card *card = r->model.card;
    int code =
        cli_results_format(&r->results, &result, card, item->name, item->index, &output->results);
    if (!code && options.trace)
        code = cli_trace_add(&r->trace, w->session.session, card, &result, item->name,
                             &output->messages);
    if (code != CLI_RESOURCE && r->overlay)
        code = cli_worse(code, cli_draw(r->overlay, &w->session, item->frame, item->name, &result,
                                        options.upright_from_plane));
    return code;
}

static int give(void *user, cli_output *output)
{
    run *r = user;
    if (output->messages.size > 0)
        fputs(output->messages.data, stderr);
    return cli_results_give(&r->results, &output->results);
}

static void close_worker(void *user)
{
    worker *w = user;
    if (w->run->timing) {
        qa_text text = { 0 };
        cli_timing_table(w->session.session, &text);
        if (!text.failed)
            fputs(text.data, stderr);
        qa_text_release(&text);
    }
    cli_session_close(&w->session);
    free(w);
}

static int run_frames(run *r, char **paths, size_t count)
{
    int code = cli_results_start(&r->results);
    if (!code && r->overlay)
        code = cli_make_folder(r->overlay);
    if (!code)
        code = cli_model_open(paths[0], &r->model);
    if (code)
        return code;
    cli_crew crew = { .paths = paths + 1,
                      .count = count - 1,
                      .jobs = r->jobs,
                      /* The pipeline decodes and times JPEG itself; an overlay needs the pixels. */
                      .jpeg = r->overlay ? QA_SOURCE_JPEG_DECODED : QA_SOURCE_JPEG_AS_IS,
                      .choice = &r->frame,
                      .user = r,
                      .open = open_worker,
                      .work = work,
                      .give = give,
                      .close = close_worker };
    code = cli_results_finish(&r->results, cli_each_frame(&crew));
    cli_model_close(&r->model);
    return code;
}

int cli_verb_run(int argc, char **argv)
{
    run r = { .frame = { .verb = "run" },
              .results = { .verb = "run" },
              .trace = { "run", false, -1 },
              .jobs = 1 };
    cli_group groups[] = {
        cli_backend_group(&r.backend),
        cli_results_group(&r.results),
        cli_frame_group(&r.frame),
        cli_trace_group(&r.trace),
        { "Running", own_options, sizeof(own_options) / sizeof(own_options[0]), set_own, &r },
    };
    cli_command command = {
        "run",
        "CARD FRAME... --backend NAME|FILE.so [options]",
        "Runs frames through preprocessing, the network and postprocessing, and writes the\n"
        "detections. FRAME is a JPEG, PNG or BMP file, a .y4m clip, a .frame.json beside raw\n"
        "planes, or - for an image or a clip on standard input. A frame that cannot be read is\n"
        "reported and passed over; the exit code is then 3.",
        groups,
        sizeof(groups) / sizeof(groups[0]),
        "Examples:\n"
        "  plumbline run yolox-nano.json dog.jpg --backend opencv-dnn --model yolox_nano.onnx\n"
        "  plumbline run card.json photos/*.jpg --backend opencv-dnn --model m.onnx \\\n"
        "      --jobs 4 --format coco --out results.json --overlay drawn\n"
        "  ffmpeg -f v4l2 -i /dev/video0 -pix_fmt yuv420p -f yuv4mpegpipe - |\n"
        "      plumbline run card.json - --backend opencv-dnn --model m.onnx\n",
    };
    cli_arguments arguments;
    int code;
    if (!cli_parse(&command, argc, argv, &arguments, &code))
        return code;
    if (arguments.count < 2)
        return cli_usage_error("run", "run needs a card and at least one frame");
    if (!r.backend.name)
        return cli_usage_error("run", "run needs --backend");
    return run_frames(&r, arguments.items, arguments.count);
}
