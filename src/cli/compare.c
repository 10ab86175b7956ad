/* SPDX-License-Identifier: Apache-2.0
 *
 * compare: two files of detections side by side.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/verbs.h"
#include "qa/compare.h"

typedef struct choice {
    qa_tolerances tolerances;
} choice;

static const cli_option own_options[] = {
    { "score", "T", "scores may be off by T; 0 where it is left out, as for the others" },
    { "box", "T", "edges may be off by T, in the units of the files" },
    { "keypoints", "T", "keypoints may be off by T" },
    { "angle", "T", "angles may be off by T radians" },
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

/* Returns CLI_DIFFERENT where there is a difference; its lines are added to `text`. */
static int compare_frame(const choice *c, const qa_frame *a, const qa_frame *b, qa_text *text)
{
    plumb_diag diag = { 0 };
    qa_comparison comparison;
    plumb_status status = qa_compare(a, b, &c->tolerances, &comparison, &diag);
    if (status)
        return cli_report(a->name, status, &diag);
    if (comparison.count > 0)
        qa_text_format(text, "%s: %zu difference%s, worst IoU %.4f, worst score change %.4g\n",
                       a->name, comparison.count, comparison.count == 1 ? "" : "s",
                       comparison.worst_iou, comparison.worst_score);
    for (size_t i = 0; i < comparison.count; i++) {
        qa_text_add(text, "  ");
        qa_describe(text, a, b, &comparison.items[i]);
        qa_text_add(text, "\n");
    }
    int code = comparison.count > 0 ? CLI_DIFFERENT : CLI_OK;
    qa_comparison_release(&comparison);
    return code;
}

static int compare_all(const choice *c, const qa_frames *a, const qa_frames *b, qa_text *text)
{
    size_t i = 0, k = 0, same = 0, total = 0;
    int code = CLI_OK;
    for (; (i < a->count || k < b->count) && code != CLI_RESOURCE; total++) {
        int order = i == a->count ? 1 : k == b->count ? -1 : by_name(&a->items[i], &b->items[k]);
        int one = CLI_DIFFERENT;
        if (order < 0)
            qa_text_format(text, "%s: only in the first file\n", a->items[i].name);
        else if (order > 0)
            qa_text_format(text, "%s: only in the second file\n", b->items[k].name);
        else
            one = compare_frame(c, &a->items[i], &b->items[k], text);
        i += order <= 0;
        k += order >= 0;
        same += one == CLI_OK;
        code = cli_worse(code, one);
    }
    qa_text_format(text, "%zu of %zu frames agree\n", same, total);
    return code;
}

int cli_verb_compare(int argc, char **argv)
{
    choice c = { { 0 } };
    cli_group groups[] = {
        { "Tolerances", own_options, sizeof(own_options) / sizeof(own_options[0]), set_own, &c },
    };
    cli_command command = {
        "compare",
        "A B [options]",
        "Compares two files of detections (NDJSON) frame by frame: A is what is expected. Prints\n"
        "only what is different; the exit code is 1 when anything is.",
        groups,
        sizeof(groups) / sizeof(groups[0]),
        "Example:\n"
        "  plumbline compare suites/street/expected.ndjson phone.ndjson --box 1 --score 0.01\n",
    };
    cli_arguments arguments;
    int code;
    if (!cli_parse(&command, argc, argv, &arguments, &code))
        return code;
    if (arguments.count != 2)
        return cli_usage_error("compare", "compare needs two files of detections");
    qa_frames a = { 0 }, b = { 0 };
    qa_text text = { 0 };
    code = read_frames(arguments.items[0], &a);
    if (!code)
        code = read_frames(arguments.items[1], &b);
    if (!code) {
        code = compare_all(&c, &a, &b, &text);
        if (text.failed || !cli_write_stdout(text.data, text.size))
            code = CLI_RESOURCE;
    }
    qa_text_release(&text);
    qa_frames_release(&a);
    qa_frames_release(&b);
    return code;
}
