/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/frames.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/progress.h"
#include "qa/file.h"

#define HELD_PER_THREAD 4 /* finished frames that may wait for an earlier one */

typedef struct slot {
    cli_output output;
    bool ready;
} slot;

/* Two locks, since reading may wait for a camera while results are ready to be given out. `lock`
 * may be taken while `reading` is held, never the other way round. */
typedef struct shared {
    const cli_crew *crew;
    atomic_bool stop;

    pthread_mutex_t reading;
    size_t next_path, next_index;
    qa_source *clip; /* a file of several frames, read by whoever comes next */

    pthread_mutex_t lock;
    pthread_cond_t moved; /* a result was given out, or the run ended */
    size_t claimed;       /* frames that were asked for; no index is above it */
    size_t given;
    slot *slots;
    size_t slot_count;
    cli_progress progress;
    int code;
} shared;

/* One thread's frame: of a source of its own, or copied out of a clip. */
typedef struct taken {
    qa_source *source;
    plumb_frame frame;
    uint8_t *copy;
    size_t capacity;
    char name[512];
    size_t index;
    double read_ms;
} taken;

static const cli_option frame_options[] = {
    { "orientation", "1..8", "how the buffer is stored, the EXIF value; overrides the file's" },
    { "roi", "X,Y,W,H", "region of interest in upright pixels" },
    { "matrix", "NAME", "YUV frames: bt601, bt709, bt2020, ...; overrides the file's" },
    { "range", "NAME", "YUV frames: limited or full" },
};

static int set_frame(void *user, const char *name, const char *value)
{
    cli_frame_choice *choice = user;
    if (strcmp(name, "orientation") == 0) {
        long number;
        if (!cli_parse_count(choice->verb, name, value, 1, 8, &number))
            return CLI_USAGE;
        choice->orientation = (plumb_orientation)number;
    } else if (strcmp(name, "roi") == 0) {
        choice->has_roi = cli_parse_roi(choice->verb, name, value, &choice->roi);
        return choice->has_roi ? CLI_OK : CLI_USAGE;
    } else if (strcmp(name, "matrix") == 0) {
        if (!plumb_matrix_parse(value, &choice->matrix))
            return cli_usage_error(choice->verb, "--matrix: '%s' is not known", value);
    } else if (!plumb_range_parse(value, &choice->range)) {
        return cli_usage_error(choice->verb, "--range '%s' has to be limited or full", value);
    }
    return CLI_OK;
}

cli_group cli_frame_group(cli_frame_choice *choice)
{
    cli_group group = { "Frames", frame_options, sizeof(frame_options) / sizeof(frame_options[0]),
                        set_frame, choice };
    return group;
}

void cli_frame_apply(const cli_frame_choice *choice, plumb_frame *frame)
{
    if (!choice)
        return;
    if (choice->orientation)
        frame->orientation = choice->orientation;
    if (choice->has_roi)
        frame->roi = choice->roi;
    if (choice->matrix && plumb_pixel_format_is_yuv(frame->format))
        frame->matrix = choice->matrix;
    if (choice->range && plumb_pixel_format_is_yuv(frame->format))
        frame->range = choice->range;
}

int cli_first_frame(const char *path, qa_source_jpeg jpeg, qa_source **source, plumb_frame *frame,
                    const char **name)
{
    plumb_diag diag = { 0 };
    bool more = false;
    plumb_status status = qa_source_open(path, jpeg, source, &diag);
    if (!status)
        status = qa_source_next(*source, frame, name, &more, &diag);
    if (status)
        return cli_report(NULL, status, &diag);
    if (more)
        return CLI_OK;
    cli_message("%s: holds no frame", path);
    return CLI_BAD_INPUT;
}

static bool copy_frame(taken *t, const plumb_frame *frame, const char *name)
{
    size_t total = 0;
    int planes = plumb_pixel_format_planes(frame->format);
    for (int i = 0; i < planes; i++)
        total += frame->planes[i].size;
    if (total > t->capacity) {
        uint8_t *memory = realloc(t->copy, total);
        if (!memory)
            return false;
        t->copy = memory;
        t->capacity = total;
    }
    t->frame = *frame;
    uint8_t *at = t->copy;
    for (int i = 0; i < planes; i++) {
        memcpy(at, frame->planes[i].data, frame->planes[i].size);
        t->frame.planes[i].data = at;
        at += frame->planes[i].size;
    }
    snprintf(t->name, sizeof(t->name), "%s", name);
    return true;
}

/* Under `lock`. */
static void fail(shared *s, int code)
{
    s->code = cli_worse(s->code, code);
    if (code == CLI_RESOURCE)
        atomic_store(&s->stop, true);
    pthread_cond_broadcast(&s->moved);
}

/* Without `lock`. */
static void report_failure(shared *s, plumb_status status, const plumb_diag *diag)
{
    pthread_mutex_lock(&s->lock);
    cli_progress_clear(&s->progress);
    fail(s, cli_report(NULL, status, diag));
    pthread_mutex_unlock(&s->lock);
}

/* The next frame of the open clip; false where the clip has ended. */
static bool take_from_clip(shared *s, taken *t)
{
    plumb_diag diag = { 0 };
    plumb_frame frame = PLUMB_FRAME_INIT;
    const char *name;
    bool more;
    double start = cli_now_ms();
    plumb_status status = qa_source_next(s->clip, &frame, &name, &more, &diag);
    if (!status && more && !copy_frame(t, &frame, name))
        status = PLUMB_E_NOMEM;
    t->read_ms = cli_now_ms() - start;
    if (status)
        report_failure(s, status, &diag);
    if (!status && more)
        return true;
    qa_source_close(&s->clip);
    return false;
}

static void open_next(shared *s, taken *t)
{
    const cli_crew *crew = s->crew;
    plumb_diag diag = { 0 };
    qa_source *source;
    plumb_status status = qa_source_open(crew->paths[s->next_path++], crew->jpeg, &source, &diag);
    if (status) {
        report_failure(s, status, &diag);
        return;
    }
    int64_t frames = qa_source_count(source);
    if (frames == 1) {
        t->source = source;
        return;
    }
    s->clip = source;
    pthread_mutex_lock(&s->lock);
    s->progress.total =
        frames < 0 || s->progress.total == 0 ? 0 : s->progress.total + (size_t)frames - 1;
    pthread_mutex_unlock(&s->lock);
}

/* Under `reading`: an index, and either a source to read alone or a copied frame. */
static bool take(shared *s, taken *t)
{
    while (!atomic_load(&s->stop)) {
        if (s->clip) {
            if (take_from_clip(s, t))
                break;
        } else if (s->next_path < s->crew->count) {
            open_next(s, t);
            if (t->source)
                break;
        } else {
            return false;
        }
    }
    if (atomic_load(&s->stop)) {
        qa_source_close(&t->source);
        return false;
    }
    t->index = s->next_index++;
    return true;
}

/* Without any lock. */
static plumb_status read_own(taken *t, bool *more, plumb_diag *diag)
{
    const char *name;
    double start = cli_now_ms();
    plumb_frame frame = PLUMB_FRAME_INIT;
    plumb_status status = qa_source_next(t->source, &frame, &name, more, diag);
    t->read_ms = cli_now_ms() - start;
    if (!status && *more) {
        t->frame = frame;
        snprintf(t->name, sizeof(t->name), "%s", name);
    }
    return status;
}

static void release_output(cli_output *output)
{
    qa_text_release(&output->results);
    qa_text_release(&output->messages);
    qa_text_release(&output->extra[0]);
    qa_text_release(&output->extra[1]);
}

/* Under `lock`: keep the result and give out all that are next in order. */
static void hand_in(shared *s, cli_output *output)
{
    slot *mine = &s->slots[output->index % s->slot_count];
    mine->output = *output;
    mine->ready = true;
    for (slot *first = &s->slots[s->given % s->slot_count]; first->ready;
         first = &s->slots[s->given % s->slot_count]) {
        if (first->output.messages.size > 0)
            cli_progress_clear(&s->progress);
        int code = CLI_OK;
        if (s->crew->give && !atomic_load(&s->stop))
            code = s->crew->give(s->crew->user, &first->output);
        release_output(&first->output);
        first->ready = false;
        s->given++;
        if (code) {
            atomic_store(&s->stop, true);
            fail(s, code);
        }
    }
    cli_progress_show(&s->progress, s->given);
    pthread_cond_broadcast(&s->moved);
}

static void one_frame(shared *s, taken *t, void *worker)
{
    plumb_diag diag = { 0 };
    cli_output output = { .index = t->index };
    bool more = true;
    plumb_status status = t->source ? read_own(t, &more, &diag) : PLUMB_OK;
    int code = CLI_OK;
    if (!status && more) {
        cli_frame_apply(s->crew->choice, &t->frame);
        memcpy(output.frame, t->name, sizeof(output.frame));
        const plumb_homography *plane = t->source ? qa_source_plane(t->source) : NULL;
        cli_item item = { &t->frame, t->name, t->index, t->read_ms, plane };
        code = s->crew->work(worker, &item, &output);
    }
    qa_source_close(&t->source);
    if (status)
        report_failure(s, status, &diag);
    pthread_mutex_lock(&s->lock);
    if (code)
        fail(s, code);
    hand_in(s, &output);
    pthread_mutex_unlock(&s->lock);
}

/* Wait until there is room for another result; false when the run has ended. */
static bool claim(shared *s)
{
    pthread_mutex_lock(&s->lock);
    while (!atomic_load(&s->stop) && s->claimed - s->given >= s->slot_count)
        pthread_cond_wait(&s->moved, &s->lock);
    s->claimed++;
    pthread_mutex_unlock(&s->lock);
    return !atomic_load(&s->stop);
}

static void work_on(shared *s, taken *t, void *worker)
{
    while (claim(s)) {
        pthread_mutex_lock(&s->reading);
        bool found = take(s, t);
        pthread_mutex_unlock(&s->reading);
        if (!found)
            return;
        one_frame(s, t, worker);
    }
}

static void *thread(void *user)
{
    shared *s = user;
    taken *t = calloc(1, sizeof(*t));
    void *worker = s->crew->user;
    int code = t ? CLI_OK : cli_out_of_memory();
    if (!code && s->crew->open)
        code = s->crew->open(s->crew->user, &worker);
    if (!code)
        work_on(s, t, worker);
    pthread_mutex_lock(&s->lock);
    if (code) {
        atomic_store(&s->stop, true);
        fail(s, code);
    } else {
        cli_progress_clear(&s->progress);
        if (s->crew->close)
            s->crew->close(worker);
    }
    pthread_mutex_unlock(&s->lock);
    if (t)
        free(t->copy);
    free(t);
    return NULL;
}

static int run_threads(shared *s, size_t jobs)
{
    pthread_t *threads = calloc(jobs, sizeof(*threads));
    size_t started = 0;
    while (threads && started < jobs && pthread_create(&threads[started], NULL, thread, s) == 0)
        started++;
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    free(threads);
    if (started > 0)
        return s->code;
    cli_message("no thread could be started");
    return CLI_RESOURCE;
}

static int by_base_name(const void *a, const void *b)
{
    return strcmp(qa_base_name(*(char *const *)a), qa_base_name(*(char *const *)b));
}

/* Results name frames without their folders. */
static void warn_of_twins(const cli_crew *crew)
{
    char **sorted = malloc((crew->count + 1) * sizeof(*sorted));
    if (!sorted)
        return;
    memcpy(sorted, crew->paths, crew->count * sizeof(*sorted));
    qsort(sorted, crew->count, sizeof(*sorted), by_base_name);
    for (size_t i = 1; i < crew->count; i++) {
        if (by_base_name(&sorted[i - 1], &sorted[i]) == 0) {
            cli_message("several frames are called '%s': results cannot tell them apart",
                        qa_base_name(sorted[i]));
            break;
        }
    }
    free(sorted);
}

int cli_each_frame(const cli_crew *crew)
{
    shared s = { .crew = crew };
    warn_of_twins(crew);
    size_t jobs = crew->jobs > 1 ? (size_t)crew->jobs : 1;
    s.slot_count = jobs * HELD_PER_THREAD;
    s.slots = calloc(s.slot_count, sizeof(*s.slots));
    if (!s.slots)
        return cli_out_of_memory();
    pthread_mutex_init(&s.reading, NULL);
    pthread_mutex_init(&s.lock, NULL);
    pthread_cond_init(&s.moved, NULL);
    s.progress = cli_progress_start("frames", crew->count);
    if (jobs == 1)
        thread(&s);
    else
        s.code = cli_worse(s.code, run_threads(&s, jobs));
    cli_progress_clear(&s.progress);
    qa_source_close(&s.clip);
    for (size_t i = 0; i < s.slot_count; i++)
        release_output(&s.slots[i].output);
    free(s.slots);
    pthread_cond_destroy(&s.moved);
    pthread_mutex_destroy(&s.lock);
    pthread_mutex_destroy(&s.reading);
    return s.code;
}
