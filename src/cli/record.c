/* SPDX-License-Identifier: Apache-2.0
 *
 * record: make a suite of frames, the network's raw outputs and the detections they give.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/frames.h"
#include "cli/model.h"
#include "cli/record_journal.h"
#include "cli/suite_files.h"
#include "cli/verbs.h"
#include "qa/detections_io.h"
#include "qa/frame_name.h"
#include "qa/stages.h"
#include "qa/suite.h"

typedef struct recording {
    cli_backend_choice backend;
    const char *out;
    long jobs;
    cli_model model;
    bool resume;
    cli_suite_folder folder; /* written here, then renamed to `out` */
    cli_record_lines lines;
    qa_text outputs; /* outputs.txt, the same for every frame; empty before the first */
} recording;

typedef struct worker {
    recording *recording;
    cli_session session;
    qa_stages *stages;
    qa_bytes file;
} worker;

static const cli_option own_options[] = {
    { "out", "SUITE", "the folder to make; it must not be there yet" },
    { "jobs", "N", "work on N frames at a time" },
    { "resume", NULL,
      "go on in SUITE.part, which a record that was cut short left; the\n"
      "frames that it had finished are not run again" },
};

static int set_own(void *user, const char *name, const char *value)
{
    recording *r = user;
    if (strcmp(name, "out") == 0)
        r->out = value;
    else if (strcmp(name, "resume") == 0)
        r->resume = true;
    else if (!cli_parse_count("record", name, value, 1, 256, &r->jobs))
        return CLI_USAGE;
    return CLI_OK;
}

static int open_worker(void *user, void **made)
{
    recording *r = user;
    worker *w = calloc(1, sizeof(*w));
    if (!w)
        return cli_out_of_memory();
    w->recording = r;
    plumb_diag diag = { 0 };
    plumb_status status = qa_stages_create(r->model.card, &w->stages, &diag);
    int code = status ? cli_report(NULL, status, &diag)
                      : cli_session_open(&r->model, &r->backend, &w->session);
    if (code) {
        qa_stages_destroy(&w->stages);
        free(w);
    } else {
        *made = w;
    }
    return code;
}

static int write_output(worker *w, const char *frame, const plumb_tensor *output, size_t index)
{
    char room[32];
    plumb_diag diag = { 0 };
    qa_text path = { 0 };
    qa_text_format(&path, "%s/outputs/", w->recording->folder.path);
    qa_add_output_name(&path, frame, qa_suite_output_name(output, index, room));
    plumb_status status = qa_tensor_npy(output, &w->file, &diag);
    int code = CLI_RESOURCE;
    if (status)
        code = cli_report(frame, status, &diag);
    else if (!path.failed)
        code = cli_write_file(path.data, w->file.data, w->file.size);
    qa_text_release(&path);
    return code;
}

/* results: the line of expected.ndjson; extra: the lines of tensors.txt and stages.txt, and
 * outputs.txt. */
static int work(void *user, const cli_item *item, cli_output *output)
{
    worker *w = user;
    if (cli_record_has(&w->recording->lines, item->name))
        return CLI_OK;
    plumb_run_options options = PLUMB_RUN_OPTIONS_INIT;
    options.upright_from_plane = item->plane;
    plumb_result result;
    plumb_diag diag = { 0 };
    qa_frame frame;
    plumb_status status = cli_session_run(&w->session, item->frame, item->name, item->read_ms,
                                          &options, &result, &diag);
    if (!status)
        status = qa_frame_from_result(&result, w->recording->model.card, item->name,
                                      PLUMB_SPACE_UPRIGHT, &frame, &diag);
    if (status)
        return cli_report(item->name, status, &diag);
    qa_stage_hashes hashes;
    status = qa_stages_run(w->stages, item->frame, item->plane, result.outputs, &hashes, &diag);
    int code = status ? cli_report(item->name, status, &diag) : CLI_OK;
    for (size_t i = 0; i < result.outputs->count && !code; i++) {
        qa_suite_add_output_line(&output->extra[1], &result.outputs->tensors[i], i);
        code = write_output(w, item->name, &result.outputs->tensors[i], i);
    }
    uint64_t hash = qa_hash(result.tensor->data, result.tensor->size);
    qa_write_ndjson(&output->results, &frame);
    qa_suite_add_tensor_line(&output->extra[0], hash, item->name);
    qa_stages_add_line(&output->extra[0], &hashes, item->name);
    qa_frame_release(&frame);
    return code;
}

static int write_text(const recording *r, const char *name, const qa_text *text)
{
    qa_text path = { 0 };
    qa_text_format(&path, "%s/%s", r->folder.path, name);
    int code = path.failed ? CLI_RESOURCE
                           : cli_write_file(path.data, text->data ? text->data : "", text->size);
    qa_text_release(&path);
    return code;
}

/* Known from the first frame on, and by a run that is resumed. */
static int check_outputs(recording *r, const char *frame, const char *outputs)
{
    if (r->outputs.size > 0 && strcmp(r->outputs.data, outputs) != 0) {
        cli_message("%s: the network gave other outputs than for the first frame", frame);
        return CLI_RESOURCE;
    }
    if (r->outputs.size > 0)
        return CLI_OK;
    qa_text_add(&r->outputs, outputs);
    return write_text(r, "outputs/outputs.txt", &r->outputs);
}

static int give(void *user, cli_output *output)
{
    recording *r = user;
    if (output->results.size == 0)
        return CLI_OK;
    const char *frame = output->frame;
    const char *outputs = output->extra[1].data ? output->extra[1].data : "";
    int code = check_outputs(r, frame, outputs);
    char *tensor = output->extra[0].data, *stages = tensor ? strchr(tensor, '\n') : NULL;
    if (code)
        return code;
    if (!stages || output->results.failed)
        return cli_out_of_memory();
    qa_text first = { 0 };
    qa_text_bytes(&first, tensor, (size_t)(stages + 1 - tensor));
    code = first.failed
               ? CLI_RESOURCE
               : cli_record_add(&r->lines, frame, first.data, stages + 1, output->results.data);
    qa_text_release(&first);
    return code;
}

static void close_worker(void *user)
{
    worker *w = user;
    cli_session_close(&w->session);
    qa_stages_destroy(&w->stages);
    qa_bytes_release(&w->file);
    free(w);
}

/* What the run that is resumed had found out. */
static int read_outputs(recording *r)
{
    qa_text path = { 0 };
    plumb_diag diag = { 0 };
    qa_text_format(&path, "%s/outputs/outputs.txt", r->folder.path);
    qa_bytes bytes = { 0 };
    plumb_status status = path.failed ? PLUMB_E_NOMEM : PLUMB_OK;
    if (!status && access(path.data, F_OK) == 0)
        status = qa_read_file(path.data, QA_MAX_FILE, &bytes, &diag);
    qa_text_bytes(&r->outputs, bytes.data ? bytes.data : (const uint8_t *)"", bytes.size);
    qa_bytes_release(&bytes);
    qa_text_release(&path);
    return status ? cli_report(NULL, status, &diag) : CLI_OK;
}

static int fill_folder(recording *r, const char *card, char **paths, size_t count)
{
    int code = cli_suite_copy_card(card, r->folder.path);
    for (size_t i = 0; i < count && !code; i++)
        code = cli_suite_copy_frame(paths[i], r->folder.path);
    if (!code)
        code = cli_record_start(&r->lines, r->folder.path);
    if (!code)
        code = read_outputs(r);
    if (code)
        return code;
    size_t left = 0;
    for (size_t i = 0; i < count; i++)
        if (!cli_record_has(&r->lines, qa_base_name(paths[i])))
            paths[left++] = paths[i];
    cli_crew crew = { .paths = paths,
                      .count = left,
                      .jobs = r->jobs,
                      .jpeg = QA_SOURCE_JPEG_AS_IS,
                      .user = r,
                      .open = open_worker,
                      .work = work,
                      .give = give,
                      .close = close_worker };
    code = left > 0 ? cli_each_frame(&crew) : CLI_OK;
    if (!code) /* also where no frame was found */
        code = write_text(r, "outputs/outputs.txt", &r->outputs);
    return code ? code : cli_record_finish(&r->lines, r->folder.path);
}

static int make_suite(recording *r, const char *card, char **paths, size_t count)
{
    int code = cli_suite_make_folder(r->out, r->resume, &r->folder);
    if (code)
        return code;
    code = cli_model_open(card, &r->model);
    if (!code)
        code = fill_folder(r, card, paths, count);
    cli_model_close(&r->model);
    size_t frames = r->lines.expected.count, earlier = r->lines.done.count;
    cli_record_release(&r->lines);
    if (!code)
        code = cli_suite_finish_folder(&r->folder, r->out);
    if (!code && earlier > 0)
        cli_message("%s: %zu frames recorded, %zu of them before", r->out, frames, earlier);
    else if (!code)
        cli_message("%s: %zu frames recorded", r->out, frames);
    else if (!r->resume)
        cli_suite_remove_folder(&r->folder);
    cli_suite_close_folder(&r->folder);
    qa_text_release(&r->outputs);
    return code;
}

int cli_verb_record(int argc, char **argv)
{
    recording r = { .jobs = 1 };
    cli_group groups[] = {
        { "Suite", own_options, sizeof(own_options) / sizeof(own_options[0]), set_own, &r },
        cli_backend_group(&r.backend),
    };
    cli_command command = {
        "record",
        "CARD FRAME... --backend NAME|FILE.so --out SUITE [options]",
        "Runs frames and keeps everything that a replay needs: the card with the files it names,\n"
        "the frames, the network's raw outputs and the detections. The suite appears whole or\n"
        "not at all; while it is made it is SUITE.part. Frames of one suite need different\n"
        "names.",
        groups,
        sizeof(groups) / sizeof(groups[0]),
        "SUITE holds card.json, frames/, outputs/<stem>.<output>.npy, expected.ndjson,\n"
        "outputs/outputs.txt (order and quantisation of the outputs), tensors.txt (a hash of each\n"
        "input tensor) and stages.txt (a hash of every stage, for `doctor`). tolerances.json may\n"
        "be added by hand, see plumbline replay --help.\n\n"
        "Example:\n"
        "  plumbline record card.json photos/*.jpg --backend opencv-dnn --model m.onnx \\\n"
        "      --out suites/street\n",
    };
    cli_arguments arguments;
    int code;
    if (!cli_parse(&command, argc, argv, &arguments, &code))
        return code;
    if (arguments.count < 2)
        return cli_usage_error("record", "record needs a card and at least one frame");
    if (!r.backend.name || !r.out)
        return cli_usage_error("record", "record needs --backend and --out");
    code = cli_suite_check_names(arguments.items + 1, arguments.count - 1);
    return code ? code
                : make_suite(&r, arguments.items[0], arguments.items + 1, arguments.count - 1);
}
