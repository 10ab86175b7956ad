/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/doctor_tensor.h"

#include <string.h>

#include "cli/frames.h"
#include "cli/progress.h"
#include "cli/tensor_file.h"
#include "qa/tensor_doctor.h"

/* A pair and what keeps it alive. */
typedef struct loaded_pair {
    qa_source *source;
    qa_bytes bytes;
} loaded_pair;

static const cli_option options[] = {
    { "frame", "FRAME", "the frame that the tensor was made of; may be given several times" },
    { "tensor", "T.npy", "what the network was really fed, one for each --frame, in order" },
};

static int set_option(void *user, const char *name, const char *value)
{
    cli_tensor_pairs *pairs = user;
    bool frame = strcmp(name, "frame") == 0;
    size_t *count = frame ? &pairs->frame_count : &pairs->tensor_count;
    if (*count == QA_FIT_MAX_PAIRS)
        return cli_usage_error("doctor", "doctor: at most %d frames and tensors", QA_FIT_MAX_PAIRS);
    (frame ? pairs->frames : pairs->tensors)[(*count)++] = value;
    return CLI_OK;
}

cli_group cli_tensor_group(cli_tensor_pairs *pairs)
{
    cli_group group = { "Tensors, with --card", options, sizeof(options) / sizeof(options[0]),
                        set_option, pairs };
    return group;
}

static void show_progress(void *user, size_t done)
{
    cli_progress_show(user, done);
}

static int give(const qa_tensor_report *report, bool json)
{
    qa_text text = { 0 };
    if (json)
        qa_tensor_report_json(&text, report);
    else
        qa_tensor_report_text(&text, report);
    int code = report->verdict == QA_DOCTOR_HEALTHY ? CLI_OK : CLI_DIFFERENT;
    if (text.failed || !cli_write_stdout(text.data, text.size))
        code = CLI_RESOURCE;
    qa_text_release(&text);
    return code;
}

static int examine(const plumb_card *card, const qa_fit_pair *pairs, size_t count, bool json)
{
    plumb_diag diag = { 0 };
    qa_tensor_report report;
    cli_progress progress = cli_progress_start("recipes", 0);
    plumb_status status = qa_tensor_examine(plumb_card_spec(card), pairs, count, show_progress,
                                            &progress, &report, &diag);
    cli_progress_clear(&progress);
    return status ? cli_report(NULL, status, &diag) : give(&report, json);
}

static int load_and_examine(const plumb_card *card, const cli_tensor_pairs *names, bool json)
{
    loaded_pair loaded[QA_FIT_MAX_PAIRS] = { { NULL, { 0 } } };
    qa_fit_pair pairs[QA_FIT_MAX_PAIRS];
    int code = CLI_OK;
    for (size_t i = 0; i < names->frame_count && !code; i++) {
        const char *name = names->frames[i];
        plumb_frame empty = PLUMB_FRAME_INIT;
        pairs[i].frame = empty;
        code =
            cli_first_frame(name, QA_SOURCE_JPEG_AS_IS, &loaded[i].source, &pairs[i].frame, &name);
        if (!code)
            code = cli_read_tensor(names->tensors[i], &loaded[i].bytes, &pairs[i].tensor);
    }
    if (!code)
        code = examine(card, pairs, names->frame_count, json);
    for (size_t i = 0; i < names->frame_count; i++) {
        qa_source_close(&loaded[i].source);
        qa_bytes_release(&loaded[i].bytes);
    }
    return code;
}

int cli_doctor_tensor(const char *path, const cli_tensor_pairs *pairs, bool json)
{
    if (!path || pairs->frame_count == 0 || pairs->frame_count != pairs->tensor_count)
        return cli_usage_error("doctor", "doctor needs a --tensor for each --frame, and --card");
    plumb_card *card = NULL;
    plumb_diag diag = { 0 };
    plumb_status status = plumb_card_open(NULL, path, &card, &diag);
    if (status)
        return cli_report(path, status, &diag);
    int code = load_and_examine(card, pairs, json);
    plumb_card_destroy(&card);
    return code;
}
