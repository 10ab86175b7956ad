/* SPDX-License-Identifier: Apache-2.0
 *
 * fit: the preprocessing recipe that made a tensor.
 */
#include <string.h>

#include "cli/frames.h"
#include "cli/progress.h"
#include "cli/tensor_file.h"
#include "cli/verbs.h"
#include "qa/fit.h"

typedef struct choice {
    const char *pairs[QA_FIT_MAX_PAIRS];
    size_t count;
    bool json;
    cli_frame_choice frame;
} choice;

/* A pair and what keeps it alive. */
typedef struct loaded_pair {
    qa_source *source;
    qa_bytes bytes;
} loaded_pair;

static const cli_option own_options[] = {
    { "pair", "FRAME=T.npy",
      "a frame and the tensor that was made of it; give several, of different\n"
      "sizes, since one frame may not tell recipes apart" },
    { "json", NULL, "print JSON instead of text" },
};

static int set_own(void *user, const char *name, const char *value)
{
    choice *c = user;
    if (strcmp(name, "json") == 0) {
        c->json = true;
        return CLI_OK;
    }
    if (!strchr(value, '='))
        return cli_usage_error("fit", "--pair wants FRAME=TENSOR.npy, not %s", value);
    if (c->count == QA_FIT_MAX_PAIRS)
        return cli_usage_error("fit", "at most %d pairs", QA_FIT_MAX_PAIRS);
    c->pairs[c->count++] = value;
    return CLI_OK;
}

/* The last '=' divides, since paths of frames may hold one. */
static int load_pair(const choice *c, const char *text, loaded_pair *loaded, qa_fit_pair *pair)
{
    char path[4096];
    const char *divide = strrchr(text, '=');
    size_t length = (size_t)(divide - text);
    if (length >= sizeof(path))
        return cli_usage_error("fit", "the name of a frame is too long");
    memcpy(path, text, length);
    path[length] = '\0';
    plumb_frame empty = PLUMB_FRAME_INIT;
    pair->frame = empty;
    const char *name;
    int code = cli_first_frame(path, QA_SOURCE_JPEG_AS_IS, &loaded->source, &pair->frame, &name);
    cli_frame_apply(&c->frame, &pair->frame);
    return code ? code : cli_read_tensor(divide + 1, &loaded->bytes, &pair->tensor);
}

/* How many there will be depends on what is found. */
static void show_progress(void *user, size_t done)
{
    cli_progress_show(user, done);
}

static int fit(const choice *c, const qa_fit_pair *pairs)
{
    plumb_diag diag = { 0 };
    qa_fit_result result;
    cli_progress progress = cli_progress_start("recipes", 0);
    plumb_status status = qa_fit(pairs, c->count, show_progress, &progress, &result, &diag);
    cli_progress_clear(&progress);
    if (status)
        return cli_report(NULL, status, &diag);
    qa_text text = { 0 };
    if (c->json)
        qa_fit_write_json(&text, &result);
    else
        qa_fit_write_text(&text, &result);
    int code = result.verdict == QA_FIT_NEAREST ? CLI_DIFFERENT : CLI_OK;
    if (text.failed || !cli_write_stdout(text.data, text.size))
        code = CLI_RESOURCE;
    qa_text_release(&text);
    return code;
}

int cli_verb_fit(int argc, char **argv)
{
    choice c = { .frame = { .verb = "fit" } };
    cli_group groups[] = {
        { "Input", own_options, sizeof(own_options) / sizeof(own_options[0]), set_own, &c },
        cli_frame_group(&c.frame),
    };
    cli_command command = {
        "fit",
        "--pair FRAME=TENSOR.npy [--pair ...] [--json]",
        "Finds the recipe that made a tensor of a frame: size, mode, rule, resampler, pad,\n"
        "channels, layout, type, values and the colour matrix of YUV frames, and prints it as the\n"
        "fields of a card. The recipe is run again on every pair; a residual of 0 means that "
        "every\n"
        "element has the same bits. What the pairs cannot decide is said, with a frame size that\n"
        "would. JPEG files are decoded in full and, where nothing is exact, at half size. The\n"
        "exit code is 1 when no recipe that is known gives the tensors.",
        groups,
        sizeof(groups) / sizeof(groups[0]),
        "Example:\n"
        "  plumbline fit --pair dog.jpg=dog.npy --pair street.png=street.npy\n",
    };
    cli_arguments arguments;
    int code;
    if (!cli_parse(&command, argc, argv, &arguments, &code))
        return code;
    if (arguments.count != 0)
        return cli_usage_error("fit", "%s is not expected; pairs are given with --pair",
                               arguments.items[0]);
    if (c.count == 0)
        return cli_usage_error("fit", "fit needs at least one --pair");
    loaded_pair loaded[QA_FIT_MAX_PAIRS] = { { NULL, { 0 } } };
    qa_fit_pair pairs[QA_FIT_MAX_PAIRS];
    for (size_t i = 0; i < c.count && !code; i++)
        code = load_pair(&c, c.pairs[i], &loaded[i], &pairs[i]);
    if (!code)
        code = fit(&c, pairs);
    for (size_t i = 0; i < c.count; i++) {
        qa_source_close(&loaded[i].source);
        qa_bytes_release(&loaded[i].bytes);
    }
    return code;
}
