/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/doctor_suite.h"

#include <stdlib.h>
#include <string.h>

#include "cli/frames.h"
#include "cli/model.h"
#include "qa/stages.h"
#include "qa/suite.h"

#define MOST_NAMES 5 /* of frames in the text report */

/* What was recorded of one frame, and the first stage that differs now. */
typedef struct entry {
    const char *frame; /* into `lines` */
    qa_stage_hashes recorded;
    qa_stage first; /* QA_STAGE_COUNT: none */
    bool seen, failed;
    bool edited; /* every stage is as recorded, but the expectation is another */
} entry;

typedef struct examination {
    const char *path;
    qa_suite suite;
    cli_model model;
    qa_stages *stages;
    qa_recorded outputs;
    qa_bytes lines;
    entry *entries;
    size_t count;
} examination;

static int read_entries(examination *e)
{
    qa_text path = { 0 };
    plumb_diag diag = { 0 };
    qa_text_format(&path, "%s/stages.txt", e->path);
    plumb_status status =
        path.failed ? PLUMB_E_NOMEM : qa_read_file(path.data, QA_MAX_FILE, &e->lines, &diag);
    if (!status)
        status = qa_bytes_reserve(&e->lines, e->lines.size + 1, &diag);
    qa_text_release(&path);
    if (status)
        return cli_report(e->path, status, &diag);
    e->lines.data[e->lines.size] = '\0';
    size_t lines = 1;
    for (size_t i = 0; i < e->lines.size; i++)
        lines += e->lines.data[i] == '\n';
    e->entries = calloc(lines + 1, sizeof(*e->entries));
    if (!e->entries)
        return cli_out_of_memory();
    char *rest = NULL;
    for (char *line = strtok_r((char *)e->lines.data, "\n", &rest); line;
         line = strtok_r(NULL, "\n", &rest)) {
        entry *next = &e->entries[e->count];
        if (!qa_stages_read_line(line, &next->recorded, &next->frame)) {
            cli_message("%s/stages.txt: line %zu is not %d hashes and the name of a frame; record "
                        "the suite again, or replay it with --update",
                        e->path, e->count + 1, QA_STAGE_COUNT);
            return CLI_BAD_INPUT;
        }
        next->first = QA_STAGE_COUNT;
        e->count++;
    }
    return CLI_OK;
}

static entry *find(examination *e, const char *frame)
{
    for (size_t i = 0; i < e->count; i++)
        if (strcmp(e->entries[i].frame, frame) == 0)
            return &e->entries[i];
    return NULL;
}

static int work(void *worker, const cli_item *item, cli_output *output)
{
    examination *e = worker;
    (void)output;
    entry *known = find(e, item->name);
    if (!known)
        return CLI_OK;
    plumb_diag diag = { 0 };
    qa_stage_hashes now = { { 0 } };
    known->seen = true;
    plumb_status status = qa_suite_outputs(&e->suite, item->name, &e->outputs, &diag);
    if (!status)
        status =
            qa_stages_run(e->stages, item->frame, item->plane, &e->outputs.outputs, &now, &diag);
    /* What was hashed before an error may already tell why. */
    known->first = qa_stages_compare(&known->recorded, &now);
    ptrdiff_t index = qa_suite_find(&e->suite, item->name);
    known->edited =
        !status && known->first == QA_STAGE_COUNT && index >= 0 &&
        now.hash[QA_STAGE_REGIONS] != 0 &&
        qa_stages_hash_frame(&e->suite.expected.items[index]) != now.hash[QA_STAGE_REGIONS];
    if (status && known->first == QA_STAGE_COUNT) {
        known->failed = true;
        cli_report(item->name, status, &diag);
    }
    return CLI_OK;
}

static bool was_run(const entry *e)
{
    return e->seen && !e->failed;
}

static size_t count_first(const examination *e, qa_stage stage)
{
    size_t count = 0;
    for (size_t i = 0; i < e->count; i++)
        count += was_run(&e->entries[i]) && e->entries[i].first == stage;
    return count;
}

static size_t count_unrun(const examination *e)
{
    size_t count = 0;
    for (size_t i = 0; i < e->count; i++)
        count += !was_run(&e->entries[i]);
    return count;
}

static size_t count_edited(const examination *e)
{
    size_t count = 0;
    for (size_t i = 0; i < e->count; i++)
        count += e->entries[i].edited;
    return count;
}

/* "healthy", "plumbing" where a stage differs, "unknown" where nothing but the suite itself does. */
static const char *verdict_of(const examination *e)
{
    size_t same = count_first(e, QA_STAGE_COUNT), unrun = count_unrun(e);
    if (same + unrun < e->count)
        return "plumbing";
    return unrun > 0 || count_edited(e) > 0 ? "unknown" : "healthy";
}

/* Of the stage, or with QA_STAGE_COUNT of the frames whose expectation was edited. */
static void add_names(qa_text *text, const examination *e, qa_stage stage)
{
    size_t named = 0;
    for (size_t i = 0; i < e->count; i++) {
        const entry *one = &e->entries[i];
        if (!was_run(one) || one->first != stage || (stage == QA_STAGE_COUNT && !one->edited))
            continue;
        if (named == MOST_NAMES) {
            qa_text_add(text, ", ...");
            return;
        }
        qa_text_format(text, "%s%s", named++ ? ", " : "", one->frame);
    }
}

static void add_stage(qa_text *text, const examination *e, qa_stage stage)
{
    size_t count = count_first(e, stage);
    if (count == 0)
        return;
    qa_text_format(text, "\n%s is the first stage that differs in %zu frame%s\n  frames    ",
                   qa_stage_name(stage), count, count == 1 ? "" : "s");
    add_names(text, e, stage);
    qa_text_format(text, "\n  look at   %s\n", qa_stage_hint(stage));
}

static void write_text(qa_text *text, const examination *e)
{
    size_t unrun = count_unrun(e), edited = count_edited(e);
    size_t same = count_first(e, QA_STAGE_COUNT) - edited;
    if (same == e->count) {
        qa_text_format(text, "healthy: every stage of %zu frame%s gives what was recorded\n",
                       e->count, e->count == 1 ? "" : "s");
        return;
    }
    qa_text_format(text, "different: %zu of %zu frames are not as recorded\n", e->count - same,
                   e->count);
    for (int stage = 0; stage < QA_STAGE_COUNT; stage++)
        add_stage(text, e, (qa_stage)stage);
    if (edited > 0) {
        qa_text_format(text,
                       "\nevery stage of %zu frame%s gives what was recorded, but expected.ndjson "
                       "says something else\n  frames    ",
                       edited, edited == 1 ? "" : "s");
        add_names(text, e, QA_STAGE_COUNT);
        qa_text_add(text, "\n  look at   who edited it; replay --update writes what comes out\n");
    }
    if (unrun > 0)
        qa_text_format(text, "\n%zu frame%s could not be run\n", unrun, unrun == 1 ? "" : "s");
}

static void write_json(qa_text *text, const examination *e)
{
    qa_text_format(text,
                   "{\"verdict\":\"%s\",\"faults\":[],\"frames\":%zu,\"not_run\":%zu,"
                   "\"edited\":%zu,\"stages\":[",
                   verdict_of(e), e->count, count_unrun(e), count_edited(e));
    bool any = false;
    for (int stage = 0; stage < QA_STAGE_COUNT; stage++) {
        size_t count = count_first(e, (qa_stage)stage);
        if (count == 0)
            continue;
        qa_text_format(text, "%s{\"first\":\"%s\",\"frames\":%zu,\"look_at\":", any ? "," : "",
                       qa_stage_name((qa_stage)stage), count);
        qa_text_json(text, qa_stage_hint((qa_stage)stage));
        qa_text_add(text, "}");
        any = true;
    }
    qa_text_add(text, "]}\n");
}

static int examine(examination *e, bool json)
{
    cli_crew crew = { .paths = e->suite.frame_files,
                      .count = e->suite.frame_file_count,
                      .jobs = 1,
                      .jpeg = QA_SOURCE_JPEG_AS_IS,
                      .user = e,
                      .work = work };
    int code = cli_each_frame(&crew);
    if (code == CLI_RESOURCE)
        return code;
    qa_text text = { 0 };
    if (json)
        write_json(&text, e);
    else
        write_text(&text, e);
    code = strcmp(verdict_of(e), "healthy") == 0 ? CLI_OK : CLI_DIFFERENT;
    if (count_unrun(e) > 0)
        code = CLI_BAD_INPUT;
    if (text.failed || !cli_write_stdout(text.data, text.size))
        code = CLI_RESOURCE;
    qa_text_release(&text);
    return code;
}

static int open_and_examine(examination *e, bool json)
{
    plumb_diag diag = { 0 };
    qa_text card = { 0 };
    qa_text_format(&card, "%s/card.json", e->path);
    int code = card.failed ? CLI_RESOURCE : cli_model_open(card.data, &e->model);
    qa_text_release(&card);
    if (code)
        return code;
    plumb_status status = qa_stages_create(e->model.card, &e->stages, &diag);
    code = status ? cli_report(e->path, status, &diag) : read_entries(e);
    return code ? code : examine(e, json);
}

int cli_doctor_suite(const char *path, bool json)
{
    examination e = { .path = path };
    plumb_diag diag = { 0 };
    plumb_status status = qa_suite_open(path, &e.suite, &diag);
    if (status)
        return cli_report(path, status, &diag);
    int code = open_and_examine(&e, json);
    qa_stages_destroy(&e.stages);
    cli_model_close(&e.model);
    qa_recorded_release(&e.outputs);
    qa_bytes_release(&e.lines);
    qa_suite_release(&e.suite);
    free(e.entries);
    return code;
}
