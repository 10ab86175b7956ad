/* SPDX-License-Identifier: Apache-2.0
 *
 * preprocess: a frame to the tensor that the network is given.
 */
#include <string.h>

#include "cli/frames.h"
#include "cli/model.h"
#include "cli/tensor_file.h"
#include "cli/verbs.h"

typedef struct choice {
    const char *out;
    bool mapping;
    cli_frame_choice frame;
} choice;

static const cli_option own_options[] = {
    { "out", "T.npy", "where the tensor goes, as numpy.save would write it" },
    { "mapping", NULL, "print the mapping of the frame to the input as JSON" },
};

static int set_own(void *user, const char *name, const char *value)
{
    choice *c = user;
    if (strcmp(name, "out") == 0)
        c->out = value;
    else
        c->mapping = true;
    return CLI_OK;
}

static void add_size(qa_text *text, const char *key, plumb_size size)
{
    qa_text_format(text, "\"%s\":[%d,%d]", key, (int)size.width, (int)size.height);
}

static void add_irect(qa_text *text, const char *key, plumb_irect rect)
{
    qa_text_format(text, ",\"%s\":[%d,%d,%d,%d]", key, (int)rect.x, (int)rect.y, (int)rect.width,
                   (int)rect.height);
}

static void add_numbers(qa_text *text, const char *key, const double *numbers, size_t count)
{
    qa_text_format(text, ",\"%s\":[", key);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            qa_text_add(text, ",");
        qa_text_double(text, numbers[i]);
    }
    qa_text_add(text, "]");
}

static int print_mapping(const plumb_mapping *m)
{
    qa_text text = { 0 };
    qa_text_add(&text, "{");
    add_size(&text, "buffer", m->buffer);
    qa_text_format(&text, ",\"orientation\":%d,", (int)m->orientation);
    add_size(&text, "upright", m->upright);
    add_irect(&text, "roi", m->roi);
    qa_text_format(&text, ",\"turned\":%s,", m->turned ? "true" : "false");
    add_size(&text, "picture", m->picture);
    double source[4] = { m->source.x, m->source.y, m->source.width, m->source.height };
    add_numbers(&text, "source", source, 4);
    qa_text_add(&text, ",");
    add_size(&text, "scaled", m->scaled);
    double scale[2] = { m->scale_x, m->scale_y }, offset[2] = { m->offset_x, m->offset_y };
    add_numbers(&text, "scale", scale, 2);
    add_numbers(&text, "offset", offset, 2);
    add_irect(&text, "placed", m->placed);
    qa_text_add(&text, ",");
    add_size(&text, "input", m->input);
    plumb_affine affine;
    if (plumb_mapping_affine(m, PLUMB_SPACE_UPRIGHT, PLUMB_SPACE_INPUT, &affine) == PLUMB_OK)
        add_numbers(&text, "input_from_upright", affine.m, 6);
    qa_text_add(&text, "}\n");
    int code = text.failed || !cli_write_stdout(text.data, text.size) ? CLI_RESOURCE : CLI_OK;
    qa_text_release(&text);
    return code;
}

static int make_tensor(const choice *c, cli_session *session, const char *path)
{
    qa_source *source = NULL;
    plumb_frame frame = PLUMB_FRAME_INIT;
    const char *name = path;
    int code = cli_first_frame(path, QA_SOURCE_JPEG_AS_IS, &source, &frame, &name);
    if (!code) {
        plumb_diag diag = { 0 };
        plumb_result result;
        cli_frame_apply(&c->frame, &frame);
        plumb_status status = plumb_session_preprocess(session->session, &frame, &result, &diag);
        code = status ? cli_report(name, status, &diag) : CLI_OK;
        if (!code && c->out)
            code = cli_write_tensor(c->out, result.tensor);
        if (!code && c->mapping)
            code = print_mapping(result.mapping);
    }
    qa_source_close(&source);
    return code;
}

int cli_verb_preprocess(int argc, char **argv)
{
    choice c = { .frame = { .verb = "preprocess" } };
    cli_group groups[] = {
        { "Results", own_options, sizeof(own_options) / sizeof(own_options[0]), set_own, &c },
        cli_frame_group(&c.frame),
    };
    cli_command command = {
        "preprocess",
        "CARD FRAME --out T.npy [--mapping]",
        "Makes the tensor of a frame exactly as in training. Of a clip the first frame is taken.",
        groups,
        sizeof(groups) / sizeof(groups[0]),
        "The mapping: input = (picture - source) * scale + offset, where the picture is the\n"
        "region of interest of the upright image, turned where the mode says so; placed is the\n"
        "part of the input that shows picture, the rest is padding.\n\n"
        "Example:\n"
        "  plumbline preprocess card.json dog.jpg --out dog.npy --mapping\n",
    };
    cli_arguments arguments;
    int code;
    if (!cli_parse(&command, argc, argv, &arguments, &code))
        return code;
    if (arguments.count != 2)
        return cli_usage_error("preprocess", "preprocess needs a card and one frame");
    if (!c.out && !c.mapping)
        return cli_usage_error("preprocess", "preprocess needs --out or --mapping");
    cli_model model;
    cli_session session;
    code = cli_model_open(arguments.items[0], &model);
    if (code)
        return code;
    code = cli_session_open(&model, NULL, &session);
    if (!code) {
        code = make_tensor(&c, &session, arguments.items[1]);
        cli_session_close(&session);
    }
    cli_model_close(&model);
    return code;
}
