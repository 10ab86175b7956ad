/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/results.h"

#include <stdatomic.h>
#include <string.h>

#include "qa/file.h"
#include "qa/frame_name.h"

static const cli_option result_options[] = {
    { "format", "FORMAT",
      "ndjson (default): one JSON object a frame\n"
      "coco: a COCO result array, upright pixels\n"
      "yolo: class cx cy w h score, normalized\n"
      "table: for people" },
    { "space", "SPACE",
      "of the boxes of ndjson and table: upright (default),\n"
      "normalized, vision (origin lower left), input, buffer, roi" },
    { "out", "PATH",
      "write here instead of standard output: a file, or for yolo a\n"
      "folder that gets one .txt a frame" },
};

static const char *const format_names[] = { "ndjson", "coco", "yolo", "table" };

static int set_result(void *user, const char *name, const char *value)
{
    cli_results *results = user;
    if (strcmp(name, "out") == 0) {
        results->out = value;
        return CLI_OK;
    }
    if (strcmp(name, "space") == 0) {
        if (plumb_space_parse(value, &results->space) && results->space != PLUMB_SPACE_PLANE)
            return CLI_OK;
        return cli_usage_error(results->verb,
                               "--space '%s' has to be upright, normalized, vision, input, buffer "
                               "or roi",
                               value);
    }
    for (size_t i = 0; i < sizeof(format_names) / sizeof(format_names[0]); i++) {
        if (strcmp(format_names[i], value) == 0) {
            results->format = (cli_format)i;
            return CLI_OK;
        }
    }
    return cli_usage_error(results->verb, "--format '%s' has to be ndjson, coco, yolo or table",
                           value);
}

cli_group cli_results_group(cli_results *results)
{
    cli_group group = { "Results", result_options,
                        sizeof(result_options) / sizeof(result_options[0]), set_result, results };
    return group;
}

int cli_results_start(cli_results *results)
{
    plumb_space own =
        results->format == CLI_FORMAT_YOLO ? PLUMB_SPACE_NORMALIZED : PLUMB_SPACE_UPRIGHT;
    bool fixed = results->format == CLI_FORMAT_COCO || results->format == CLI_FORMAT_YOLO;
    if (results->space == 0)
        results->space = own;
    if (fixed && results->space != own)
        return cli_usage_error(results->verb, "--format %s has its own space, %s",
                               format_names[results->format], plumb_space_name(own));
    if (results->format == CLI_FORMAT_YOLO && results->out)
        return cli_make_folder(results->out);
    return CLI_OK;
}

static int write_yolo_file(const cli_results *results, const char *name, const qa_text *text)
{
    qa_text path = { 0 };
    qa_text_format(&path, "%s/", results->out);
    qa_add_stem(&path, name);
    qa_text_add(&path, ".txt");
    int code = path.failed ? CLI_RESOURCE
                           : cli_write_file(path.data, text->data ? text->data : "", text->size);
    qa_text_release(&path);
    return code;
}

/* More classes than labels: the labels, or the head, are those of another network. Said once. */
static void tell_of_labels(const qa_frame *frame, const plumb_card *card)
{
    static atomic_flag told = ATOMIC_FLAG_INIT;
    size_t labels = plumb_card_label_count(card);
    for (size_t i = 0; i < frame->count && labels > 0; i++) {
        if (frame->items[i].label || atomic_flag_test_and_set(&told))
            continue;
        cli_message("%s: class %d, but the card has %zu labels: head.type or head.labels may be "
                    "another network's",
                    frame->name, (int)frame->items[i].class_id, labels);
    }
}

int cli_results_format(const cli_results *results, const plumb_result *result,
                       const plumb_card *card, const char *name, size_t index, qa_text *text)
{
    plumb_diag diag = { 0 };
    qa_frame frame;
    /* The writer of yolo divides by the size itself, from exact pixels. */
    plumb_space space = results->format == CLI_FORMAT_YOLO ? PLUMB_SPACE_UPRIGHT : results->space;
    plumb_status status = qa_frame_from_result(result, card, name, space, &frame, &diag);
    if (status)
        return cli_report(name, status, &diag);
    tell_of_labels(&frame, card);
    size_t written = 0;
    int code = CLI_OK;
    switch (results->format) {
    case CLI_FORMAT_NDJSON:
        qa_write_ndjson(text, &frame);
        break;
    case CLI_FORMAT_COCO:
        qa_write_coco(text, &frame, index, &written);
        break;
    case CLI_FORMAT_TABLE:
        qa_write_table(text, &frame);
        break;
    case CLI_FORMAT_YOLO:
        qa_write_yolo(text, &frame);
        if (!text->failed && results->out) {
            code = write_yolo_file(results, name, text);
            qa_text_clear(text);
        }
        break;
    }
    qa_frame_release(&frame);
    if (!text->failed)
        return code;
    return cli_out_of_memory();
}

static int put(cli_results *results, const char *data, size_t size)
{
    if (results->out) {
        qa_text_bytes(&results->whole, data, size);
        return results->whole.failed ? CLI_RESOURCE : CLI_OK;
    }
    return cli_write_stdout(data, size) ? CLI_OK : CLI_RESOURCE;
}

int cli_results_give(cli_results *results, const qa_text *text)
{
    bool yolo = results->format == CLI_FORMAT_YOLO;
    if (yolo && !results->out && results->frames++ > 0) {
        return cli_usage_error(results->verb,
                               "yolo text does not name its frame: several frames need --out "
                               "FOLDER");
    }
    int code = CLI_OK;
    if (results->format == CLI_FORMAT_COCO && text->size > 0) {
        code = put(results, results->any ? "," : "[", 1);
        results->any = true;
    }
    if (!code && text->size > 0)
        code = put(results, text->data, text->size);
    return code;
}

int cli_results_finish(cli_results *results, int code)
{
    if (results->format == CLI_FORMAT_COCO && code != CLI_RESOURCE)
        code = cli_worse(code, put(results, results->any ? "\n]\n" : "[]\n", 3));
    if (results->out && results->format != CLI_FORMAT_YOLO && code != CLI_RESOURCE)
        code = cli_worse(code, cli_write_file(results->out,
                                              results->whole.data ? results->whole.data : "",
                                              results->whole.size));
    qa_text_release(&results->whole);
    return code;
}
