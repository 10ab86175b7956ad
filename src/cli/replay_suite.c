/* SPDX-License-Identifier: Apache-2.0
 *
 * Replaying one suite: every frame through the whole pipeline, the network replaced by the
 * outputs that were recorded.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/drawing.h"
#include "cli/frames.h"
#include "cli/replay.h"
#include "qa/findings.h"
#include "qa/stages.h"

typedef struct replay {
    cli_replay *options;
    const char *name; /* of the suite */
    qa_suite suite;
    cli_model model;
    bool *seen;                          /* by expected frame */
    cli_lines expected, tensors, stages; /* for --update */
} replay;

typedef struct worker {
    replay *replay;
    cli_session session;
    qa_stages *stages; /* only for --update */
    qa_recorded recorded;
} worker;

static plumb_status give_outputs(void *user, const plumb_tensor *inputs, size_t count,
                                 plumb_outputs *outputs)
{
    (void)inputs;
    (void)count;
    *outputs = ((const worker *)user)->recorded.outputs;
    return PLUMB_OK;
}

static int open_worker(void *user, void **made)
{
    replay *r = user;
    worker *w = calloc(1, sizeof(*w));
    if (!w)
        return cli_out_of_memory();
    w->replay = r;
    w->session.model = &r->model;
    plumb_detector detector = PLUMB_DETECTOR_INIT;
    detector.user = w;
    detector.infer = give_outputs;
    plumb_diag diag = { 0 };
    plumb_status status =
        plumb_session_create(r->model.pipeline, &detector, &w->session.session, &diag);
    if (!status && r->options->update)
        status = qa_stages_create(r->model.card, &w->stages, &diag);
    if (status) {
        plumb_session_destroy(&w->session.session);
        free(w);
        return cli_report(r->suite.path, status, &diag);
    }
    *made = w;
    return CLI_OK;
}

static void close_worker(void *user)
{
    worker *w = user;
    plumb_session_destroy(&w->session.session);
    qa_stages_destroy(&w->stages);
    qa_recorded_release(&w->recorded);
    free(w);
}

static int add_figure(const worker *w, const cli_item *item, const plumb_result *result,
                      const qa_frame *expected, const qa_comparison *comparison, qa_text *text)
{
    cli_scene scene;
    int code = cli_scene_make(&w->session, result, item->name, item->plane, &scene);
    if (code)
        return code;
    qa_text picture = { 0 };
    qa_report_frame figure = { .expected = expected,
                               .got = &scene.frame,
                               .comparison = comparison,
                               .regions = scene.overlay.regions,
                               .region_count = scene.overlay.region_count,
                               .drops = scene.overlay.drops,
                               .drop_count = scene.overlay.drop_count };
    cli_encode_picture(item->frame, &picture, &figure.picture_is_png);
    figure.picture = picture.size > 0 ? picture.data : NULL;
    figure.picture_size = picture.size;
    qa_report_add_frame(text, &figure);
    qa_text_release(&picture);
    qa_frame_release(&scene.frame);
    return text->failed ? CLI_RESOURCE : CLI_OK;
}

/* Lines of tensors.txt, stages.txt and expected.ndjson, for --update. */
static int add_lines(worker *w, const cli_item *item, uint64_t hash, const qa_frame *got,
                     qa_text *lines)
{
    plumb_diag diag = { 0 };
    qa_stage_hashes hashes;
    plumb_status status =
        qa_stages_run(w->stages, item->frame, item->plane, &w->recorded.outputs, &hashes, &diag);
    if (status)
        return cli_report(item->name, status, &diag);
    qa_suite_add_tensor_line(lines, hash, item->name);
    qa_stages_add_line(lines, &hashes, item->name);
    qa_write_ndjson(lines, got);
    return CLI_OK;
}

/* Runs the frame and fills the findings; extra[0]: the figure, extra[1]: the lines of --update. */
static int examine(worker *w, const cli_item *item, const qa_frame *expected, uint64_t recorded,
                   qa_findings *f, cli_output *output)
{
    const cli_replay *options = w->replay->options;
    plumb_diag diag = { 0 };
    plumb_run_options run = PLUMB_RUN_OPTIONS_INIT;
    run.trace = options->reports.html != NULL;
    run.upright_from_plane = item->plane;
    plumb_result result;
    qa_frame got;
    qa_comparison comparison;
    plumb_status status = qa_suite_outputs(&w->replay->suite, item->name, &w->recorded, &diag);
    if (!status)
        status = cli_session_run(&w->session, item->frame, item->name, item->read_ms, &run, &result,
                                 &diag);
    if (!status)
        status = qa_frame_from_result(&result, w->replay->model.card, item->name,
                                      PLUMB_SPACE_UPRIGHT, &got, &diag);
    if (status) {
        qa_findings_fail(f, status, &diag);
        return CLI_OK;
    }
    status = qa_compare(expected, &got, &w->replay->suite.tolerances, &comparison, &diag);
    int code = status ? cli_report(item->name, status, &diag) : CLI_OK;
    if (!code) {
        uint64_t hash = qa_hash(result.tensor->data, result.tensor->size);
        f->outcome.got = got.count;
        if (recorded != 0 && recorded != hash)
            qa_findings_differ(f, 0.5, "input tensor: not the one that was recorded");
        qa_findings_describe(f, expected, &got, &comparison);
        if (options->reports.html)
            code = add_figure(w, item, &result, expected, &comparison, &output->extra[0]);
        if (options->update && !code)
            code = add_lines(w, item, hash, &got, &output->extra[1]);
        qa_comparison_release(&comparison);
    }
    qa_frame_release(&got);
    return code;
}

/* results: the line of the outcome; empty for frames that another machine or run has. */
static int work(void *user, const cli_item *item, cli_output *output)
{
    worker *w = user;
    replay *r = w->replay;
    if (!cli_shard_has(&r->options->shard, item->name) ||
        qa_outcomes_find(&r->options->done, r->name, item->name))
        return CLI_OK;
    ptrdiff_t index = qa_suite_find(&r->suite, item->name);
    qa_findings f = qa_findings_start(r->name, item->name);
    int code = CLI_OK;
    if (index < 0) {
        qa_findings_differ(&f, 1.0, "a frame that expected.ndjson does not name");
    } else {
        const qa_frame *expected = &r->suite.expected.items[index];
        f.outcome.expected = expected->count;
        code = examine(w, item, expected, r->suite.tensor_hashes[index], &f, output);
    }
    qa_write_outcome(&output->results, &f.outcome);
    qa_findings_release(&f);
    return code;
}

static int keep_lines(replay *r, const cli_output *output)
{
    if (output->extra[1].size == 0)
        return CLI_OK;
    char *tensor = output->extra[1].data, *stages = strchr(tensor, '\n') + 1;
    char *expected = strchr(stages, '\n') + 1;
    bool kept = cli_lines_add(&r->expected, output->frame, expected);
    *expected = '\0';
    kept = kept && cli_lines_add(&r->stages, output->frame, stages);
    *stages = '\0';
    if (kept && cli_lines_add(&r->tensors, output->frame, tensor))
        return CLI_OK;
    return cli_out_of_memory();
}

static int give(void *user, cli_output *output)
{
    replay *r = user;
    if (output->results.size == 0)
        return CLI_OK;
    plumb_diag diag = { 0 };
    qa_outcomes one = { 0 };
    plumb_status status =
        qa_outcomes_parse(&one, output->results.data, output->results.size, false, &diag);
    int code =
        status ? cli_report(NULL, status, &diag) : cli_replay_keep(r->options, &one.items[0]);
    ptrdiff_t index = qa_suite_find(&r->suite, output->frame);
    if (index >= 0)
        r->seen[index] = true;
    if (!code && output->extra[0].size > 0 &&
        !cli_reports_add_figure(&r->options->reports, r->name, output->frame,
                                output->extra[0].data))
        code = CLI_RESOURCE;
    if (!code)
        code = keep_lines(r, output);
    qa_outcomes_release(&one);
    return code;
}

/* Frames that no file gave. */
static int report_unseen(replay *r)
{
    int code = CLI_OK;
    for (size_t i = 0; i < r->suite.expected.count && !code; i++) {
        const char *frame = r->suite.expected.items[i].name;
        if (r->seen[i] || !cli_shard_has(&r->options->shard, frame) ||
            qa_outcomes_find(&r->options->done, r->name, frame))
            continue;
        plumb_diag diag = { .message = "its file gives no such frame" };
        qa_findings f = qa_findings_start(r->name, frame);
        f.outcome.expected = r->suite.expected.items[i].count;
        qa_findings_fail(&f, PLUMB_E_IO, &diag);
        code = cli_replay_keep(r->options, &f.outcome);
        qa_findings_release(&f);
    }
    return code;
}

/* Files whose only frame belongs to another machine are not even opened. */
static size_t choose_files(const replay *r, char **paths)
{
    size_t count = 0;
    for (size_t i = 0; i < r->suite.frame_file_count; i++) {
        char *path = r->suite.frame_files[i];
        const char *name = qa_base_name(path);
        bool single = qa_suite_find(&r->suite, name) >= 0;
        if (!single || (cli_shard_has(&r->options->shard, name) &&
                        !qa_outcomes_find(&r->options->done, r->name, name)))
            paths[count++] = path;
    }
    return count;
}

static int run_frames(replay *r)
{
    char **paths = calloc(r->suite.frame_file_count + 1, sizeof(*paths));
    r->seen = calloc(r->suite.expected.count + 1, sizeof(*r->seen));
    if (!paths || !r->seen) {
        free(paths);
        return cli_out_of_memory();
    }
    cli_crew crew = { .paths = paths,
                      .count = choose_files(r, paths),
                      .jobs = r->options->jobs,
                      /* The report needs pixels. */
                      .jpeg =
                          r->options->reports.html ? QA_SOURCE_JPEG_DECODED : QA_SOURCE_JPEG_AS_IS,
                      .user = r,
                      .open = open_worker,
                      .work = work,
                      .give = give,
                      .close = close_worker };
    int code = cli_each_frame(&crew);
    free(paths);
    if (code != CLI_RESOURCE)
        code = cli_worse(code, report_unseen(r));
    return code;
}

static int update(replay *r, int code)
{
    if (code || r->expected.count != r->suite.expected.count) {
        cli_message("%s: not updated, since not every frame could be run", r->suite.path);
        return cli_worse(code, CLI_BAD_INPUT);
    }
    code = cli_lines_write(&r->tensors, r->suite.path, "tensors.txt");
    if (!code)
        code = cli_lines_write(&r->stages, r->suite.path, "stages.txt");
    return code ? code : cli_lines_write(&r->expected, r->suite.path, "expected.ndjson");
}

int cli_replay_suite(cli_replay *options, const char *path)
{
    plumb_diag diag = { 0 };
    replay r = { .options = options };
    plumb_status status = qa_suite_open(path, &r.suite, &diag);
    if (status)
        return cli_report(path, status, &diag);
    if (r.suite.unexpected > 0)
        cli_message("%s: %zu of the recorded frames are not in expected.ndjson: not replayed", path,
                    r.suite.unexpected);
    qa_text card_path = { 0 }, name = { 0 };
    qa_text_format(&card_path, "%s/card.json", path);
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/')
        end--;
    size_t start = end;
    while (start > 0 && path[start - 1] != '/')
        start--;
    qa_text_bytes(&name, path + start, end - start);
    int code = CLI_RESOURCE;
    if (!card_path.failed && !name.failed) {
        r.name = name.data;
        code = cli_model_open(card_path.data, &r.model);
    }
    if (!code) {
        code = run_frames(&r);
        if (options->update)
            code = update(&r, code);
    }
    cli_model_close(&r.model);
    cli_lines_release(&r.expected);
    cli_lines_release(&r.tensors);
    cli_lines_release(&r.stages);
    qa_text_release(&card_path);
    qa_text_release(&name);
    free(r.seen);
    qa_suite_release(&r.suite);
    return code;
}
