/* SPDX-License-Identifier: Apache-2.0
 *
 * compare: two files of detections side by side.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/pictures.h"
#include "cli/reports.h"
#include "cli/verbs.h"
#include "qa/findings.h"
#include "qa/frame_name.h"

typedef struct choice {
    qa_tolerances tolerances;
    const char *frames; /* folder; NULL: no pictures */
    const char *name;   /* of the second file, which stands for the suite */
    cli_reports reports;
} choice;

static const cli_option own_options[] = {
    { "score", "T", "scores may be off by T; 0 where it is left out, as for the others" },
    { "box", "T", "edges may be off by T, in the units of the files" },
    { "keypoints", "T", "keypoints may be off by T" },
    { "angle", "T", "angles may be off by T radians" },
};
static const cli_option picture_options[] = {
    { "frames", "FOLDER", "for --html: where the files of the frames lie" },
};

static int set_own(void *user, const char *name, const char *value)
{
    qa_tolerances *t = &((choice *)user)->tolerances;
    double *target = strcmp(name, "score") == 0       ? &t->score
                     : strcmp(name, "box") == 0       ? &t->box
                     : strcmp(name, "keypoints") == 0 ? &t->keypoints
                                                      : &t->angle;
    char *end;
    *target = strtod(value, &end);
    if (end != value && *end == '\0' && *target >= 0.0)
        return CLI_OK;
    return cli_usage_error("compare", "--%s '%s' has to be a number from 0", name, value);
}

static int set_frames(void *user, const char *name, const char *value)
{
    (void)name;
    ((choice *)user)->frames = value;
    return CLI_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const qa_frame *)a)->name, ((const qa_frame *)b)->name);
}

static int read_frames(const char *path, qa_frames *frames)
{
    plumb_diag diag = { 0 };
    qa_bytes bytes = { 0 };
    plumb_status status = qa_read_file(path, QA_MAX_FILE, &bytes, &diag);
    int code = status ? cli_report(NULL, status, &diag) : CLI_OK;
    if (!code) {
        status = qa_parse_frames((const char *)bytes.data, bytes.size, frames, &diag);
        code = status ? cli_report(path, status, &diag) : CLI_OK;
    }
    qa_bytes_release(&bytes);
    if (!code && frames->count > 0)
        qsort(frames->items, frames->count, sizeof(*frames->items), by_name);
    return code;
}

/* `a` or `b` may be NULL, as may the comparison then. */
static int add_figure(choice *c, const cli_pictures *p, const qa_frame *a, const qa_frame *b,
                      const qa_comparison *comparison)
{
    const qa_frame *frame = a ? a : b;
    const cli_picture *found = cli_pictures_find(p, frame->name);
    qa_report_frame figure = { .expected = a, .got = b, .comparison = comparison };
    if (found) {
        figure.picture = found->file.data;
        figure.picture_size = found->file.size;
        figure.picture_is_png = found->is_png;
    }
    qa_text text = { 0 };
    qa_report_add_frame(&text, &figure);
    bool added = !text.failed && (text.size == 0 || cli_reports_add_figure(&c->reports, c->name,
                                                                           frame->name, text.data));
    qa_text_release(&text);
    return added ? CLI_OK : cli_out_of_memory();
}

static void add_lines(qa_text *text, const qa_outcome *o)
{
    qa_text_format(text, "%s: %zu difference%s, worst IoU %.4f, worst score change %.4g\n",
                   o->frame, o->note_count, o->note_count == 1 ? "" : "s", o->worst_iou,
                   o->worst_score);
    for (size_t i = 0; i < o->note_count; i++)
        qa_text_format(text, "  %s\n", o->notes[i]);
}

/* Adds the outcome, the figure and the lines of one frame. */
static int compare_frame(choice *c, const cli_pictures *p, const qa_frame *a, const qa_frame *b,
                         qa_text *text)
{
    plumb_diag diag = { 0 };
    qa_comparison comparison = { 0 };
    qa_findings f = qa_findings_start(c->name, a ? a->name : b->name);
    f.outcome.expected = a ? a->count : 0;
    f.outcome.got = b ? b->count : 0;
    plumb_status status = a && b ? qa_compare(a, b, &c->tolerances, &comparison, &diag) : PLUMB_OK;
    if (!a || !b) {
        const char *where = a ? "only in the first file" : "only in the second file";
        qa_findings_differ(&f, 1.0 + (double)(f.outcome.expected + f.outcome.got), where);
        qa_text_format(text, "%s: %s\n", f.outcome.frame, where);
    } else if (!status) {
        qa_findings_describe(&f, a, b, &comparison);
        if (f.outcome.verdict != QA_SAME)
            add_lines(text, &f.outcome);
    }
    if (!status)
        status = qa_outcomes_add(&c->reports.outcomes, &f.outcome, &diag);
    int code = status ? cli_report(f.outcome.frame, status, &diag) : CLI_OK;
    if (!code && c->reports.html)
        code = add_figure(c, p, a, b, a && b ? &comparison : NULL);
    qa_comparison_release(&comparison);
    qa_findings_release(&f);
    return code;
}

static int compare_all(choice *c, const qa_frames *a, const qa_frames *b, qa_text *text)
{
    size_t i = 0, k = 0;
    cli_pictures p = { 0 };
    int code = c->frames ? cli_pictures_read(&p, c->frames, a, b) : CLI_OK;
    while ((i < a->count || k < b->count) && code != CLI_RESOURCE) {
        int order = i == a->count ? 1 : k == b->count ? -1 : by_name(&a->items[i], &b->items[k]);
        const qa_frame *first = order <= 0 ? &a->items[i++] : NULL;
        const qa_frame *second = order >= 0 ? &b->items[k++] : NULL;
        code = cli_worse(code, compare_frame(c, &p, first, second, text));
    }
    cli_pictures_release(&p);
    if (code != CLI_RESOURCE)
        code = cli_worse(code, cli_reports_write(&c->reports, "Plumbline compare"));
    size_t total = c->reports.outcomes.count, bad = cli_reports_bad(&c->reports);
    qa_text_format(text, "%zu of %zu frames agree\n", total - bad, total);
    return bad > 0 ? cli_worse(code, CLI_DIFFERENT) : code;
}

int cli_verb_compare(int argc, char **argv)
{
    choice c = { .name = NULL };
    cli_group groups[] = {
        { "Tolerances", own_options, sizeof(own_options) / sizeof(own_options[0]), set_own, &c },
        cli_reports_group(&c.reports),
        { "Pictures", picture_options, 1, set_frames, &c },
    };
    cli_command command = {
        "compare",
        "A B [options]",
        "Compares two files of detections (NDJSON) frame by frame: A is what is expected. Prints\n"
        "only what is different; the exit code is 1 when anything is.",
        groups,
        sizeof(groups) / sizeof(groups[0]),
        "Examples:\n"
        "  plumbline compare suites/street/expected.ndjson phone.ndjson --box 1 --score 0.01\n"
        "  plumbline compare lab.ndjson phone.ndjson --frames photos --html report\n",
    };
    cli_arguments arguments;
    int code;
    if (!cli_parse(&command, argc, argv, &arguments, &code))
        return code;
    if (arguments.count != 2)
        return cli_usage_error("compare", "compare needs two files of detections");
    if (c.frames && !c.reports.html)
        return cli_usage_error("compare", "--frames is for the page of --html");
    c.name = qa_base_name(arguments.items[1]);
    qa_frames a = { 0 }, b = { 0 };
    qa_text text = { 0 };
    code = read_frames(arguments.items[0], &a);
    if (!code)
        code = read_frames(arguments.items[1], &b);
    if (!code)
        code = cli_reports_start(&c.reports);
    if (!code) {
        code = compare_all(&c, &a, &b, &text);
        if (text.failed || !cli_write_stdout(text.data, text.size))
            code = CLI_RESOURCE;
    }
    cli_reports_release(&c.reports);
    qa_text_release(&text);
    qa_frames_release(&a);
    qa_frames_release(&b);
    return code;
}
