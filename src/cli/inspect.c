/* SPDX-License-Identifier: Apache-2.0
 *
 * inspect: what a file is.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/backend.h"
#include "cli/frames.h"
#include "cli/model.h"
#include "cli/tensor_file.h"
#include "cli/verbs.h"
#include "qa/detections_io.h"
#include "qa/suite.h"

static bool has_suffix(const char *text, const char *suffix)
{
    size_t length = strlen(text), wanted = strlen(suffix);
    return length >= wanted && strcmp(text + length - wanted, suffix) == 0;
}

static void row(qa_text *text, const char *key, const char *format, ...) CLI_PRINTF(3, 4);

static void row(qa_text *text, const char *key, const char *format, ...)
{
    char value[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(value, sizeof(value), format, arguments);
    va_end(arguments);
    qa_text_format(text, "%-16s%s\n", key, value);
}

/* --- tensors --- */

static void add_shape(qa_text *text, const plumb_tensor *tensor)
{
    char shape[160] = "";
    size_t used = 0;
    for (int32_t i = 0; i < tensor->rank; i++)
        used += (size_t)snprintf(shape + used, sizeof(shape) - used, "%s%lld", i ? " x " : "",
                                 (long long)tensor->shape[i]);
    row(text, "shape", "%s", shape);
}

static void add_statistics(qa_text *text, const plumb_tensor *tensor)
{
    int64_t count = plumb_tensor_elements(tensor), strange = 0;
    double low = INFINITY, high = -INFINITY, sum = 0.0;
    int64_t size = (int64_t)plumb_dtype_size(tensor->dtype);
    for (int64_t i = 0; i < count; i++) {
        double value = (double)plumb_tensor_load(tensor, i * size);
        if (!isfinite(value)) {
            strange++;
            continue;
        }
        low = value < low ? value : low;
        high = value > high ? value : high;
        sum += value;
    }
    if (count > strange)
        row(text, "values", "%g to %g, mean %g", low, high, sum / (double)(count - strange));
    if (strange > 0)
        row(text, "not finite", "%lld of %lld", (long long)strange, (long long)count);
}

/* Heads that the shapes fit; the network's input size is not known here. */
static void add_suggestions(qa_text *text, const plumb_outputs *outputs)
{
    const plumb_size unknown = { 0, 0 };
    plumb_head_suggestion heads[8];
    size_t capacity = sizeof(heads) / sizeof(heads[0]);
    size_t count = plumb_head_suggest(outputs, unknown, heads, capacity);
    for (size_t i = 0; i < count && i < capacity; i++) {
        char classes[32] = "";
        if (heads[i].class_count > 0)
            snprintf(classes, sizeof(classes), " with %d class%s", (int)heads[i].class_count,
                     heads[i].class_count == 1 ? "" : "es");
        row(text, i ? "" : "could be", "%s%s: %s", plumb_head_type_name(heads[i].type), classes,
            heads[i].reason);
    }
    if (count == 0)
        row(text, "could be", "no head that is known by its shape");
}

static int inspect_tensor(const char *path, qa_text *text)
{
    qa_bytes bytes = { 0 };
    plumb_outputs outputs = { .count = 1 };
    int code = cli_read_tensor(path, &bytes, &outputs.tensors[0]);
    if (!code) {
        row(text, "tensor", "%s", plumb_dtype_name(outputs.tensors[0].dtype));
        add_shape(text, &outputs.tensors[0]);
        add_statistics(text, &outputs.tensors[0]);
        add_suggestions(text, &outputs);
    }
    qa_bytes_release(&bytes);
    return code;
}

/* Several tensors may be the outputs of one head. */
static int inspect_together(char *const *paths, size_t count, qa_text *text)
{
    qa_bytes bytes[PLUMB_MAX_TENSORS] = { { 0 } };
    plumb_outputs outputs = { .count = count };
    int code = CLI_OK;
    for (size_t i = 0; i < count && !code; i++)
        code = cli_read_tensor(paths[i], &bytes[i], &outputs.tensors[i]);
    if (!code) {
        qa_text_add(text, "\ntogether, in this order:\n");
        add_suggestions(text, &outputs);
    }
    for (size_t i = 0; i < count; i++)
        qa_bytes_release(&bytes[i]);
    return code;
}

/* --- cards --- */

static void add_preprocess(qa_text *text, const plumb_card *card)
{
    const plumb_preprocess_spec *p = &plumb_card_spec(card)->preprocess;
    plumb_tensor_info info = plumb_preprocess_tensor_info(p);
    row(text, "profile", "%s", plumb_card_profile(card)[0] ? plumb_card_profile(card) : "-");
    row(text, "input", "%d x %d, %s, %s, %s", (int)p->mapping.input.width,
        (int)p->mapping.input.height, plumb_channels_name(p->channels),
        plumb_layout_name(p->layout), plumb_dtype_name(info.dtype));
    row(text, "crop and scale", "%s, rule %s, %s", plumb_crop_mode_name(p->mapping.mode),
        p->mapping.rule ? plumb_rule_name(p->mapping.rule) : "-",
        plumb_resampler_name(p->resample));
    row(text, "values", "((pixel / %g) * %g - [%g %g %g]) / [%g %g %g], pad %d %d %d",
        (double)p->divide, (double)p->scale, (double)p->mean[0], (double)p->mean[1],
        (double)p->mean[2], (double)p->std[0], (double)p->std[1], (double)p->std[2], p->pad[0],
        p->pad[1], p->pad[2]);
    row(text, "jpeg", "%s%s", plumb_jpeg_decoding_name(p->jpeg),
        p->jpeg == PLUMB_JPEG_HALF_DCT ? ", not as in training: frames scaled to half or less are "
                                         "decoded at half size"
                                       : "");
}

static int inspect_card(const char *path, qa_text *text)
{
    cli_model model;
    int code = cli_model_open(path, &model);
    if (code)
        return code;
    const plumb_pipeline_spec *spec = plumb_card_spec(model.card);
    row(text, "card", "%s", plumb_card_name(model.card));
    add_preprocess(text, model.card);
    row(text, "head", "%s", plumb_head_type_name(spec->head.type));
    for (size_t i = 0; i < spec->head.output_count; i++)
        row(text, i ? "" : "outputs", "%s", spec->head.outputs[i]);
    row(text, "labels", "%zu", plumb_card_label_count(model.card));
    row(text, "confidence", "%g", (double)spec->threshold.confidence);
    row(text, "nms", "%s, %s %g, %s, at most %zu of %zu", plumb_nms_method_name(spec->nms.method),
        plumb_overlap_name(spec->nms.overlap), (double)spec->nms.iou,
        spec->nms.class_aware ? "class by class" : "across classes", spec->nms.max_detections,
        spec->nms.max_candidates);
    for (size_t i = 0; i < spec->region_count; i++) {
        const plumb_region_spec *r = &spec->regions[i];
        row(text, i ? "" : "regions", "%s: %s when %s >= %g, %s space", r->name,
            plumb_region_effect_name(r->effect), plumb_region_measure_name(r->measure),
            (double)r->at_least, plumb_space_name(r->space));
    }
    cli_model_close(&model);
    return CLI_OK;
}

/* --- frames, plug-ins, detections --- */

static int inspect_frame(const char *path, qa_text *text)
{
    qa_source *source = NULL;
    plumb_frame frame = PLUMB_FRAME_INIT;
    const char *name = path;
    int code = cli_first_frame(path, QA_SOURCE_JPEG_AS_IS, &source, &frame, &name);
    if (!code) {
        plumb_size upright = plumb_frame_upright_size(&frame);
        row(text, "frame", "%s", plumb_pixel_format_name(frame.format));
        row(text, "stored", "%d x %d", (int)frame.width, (int)frame.height);
        row(text, "orientation", "%d", (int)frame.orientation);
        row(text, "upright", "%d x %d", (int)upright.width, (int)upright.height);
        if (frame.roi.width > 0)
            row(text, "region", "%d,%d %dx%d", (int)frame.roi.x, (int)frame.roi.y,
                (int)frame.roi.width, (int)frame.roi.height);
        if (plumb_pixel_format_is_yuv(frame.format))
            row(text, "colour", "%s, %s range", plumb_matrix_name(frame.matrix),
                plumb_range_name(frame.range));
        bool whole_file = frame.format == PLUMB_FORMAT_JPEG;
        if (whole_file)
            row(text, "size", "%zu bytes", frame.planes[0].size);
        for (int i = 0; i < plumb_pixel_format_planes(frame.format) && !whole_file; i++)
            row(text, i ? "" : "planes", "%zu bytes, row stride %td", frame.planes[i].size,
                frame.planes[i].row_stride);
        if (qa_source_count(source) >= 0)
            row(text, "frames", "%lld", (long long)qa_source_count(source));
    }
    qa_source_close(&source);
    return code;
}

static int inspect_suite(const char *path, qa_text *text)
{
    plumb_diag diag = { 0 };
    qa_suite suite;
    plumb_status status = qa_suite_open(path, &suite, &diag);
    if (status)
        return cli_report(path, status, &diag);
    size_t detections = 0;
    for (size_t i = 0; i < suite.expected.count; i++)
        detections += suite.expected.items[i].count;
    row(text, "suite", "%zu frames in %zu files", suite.expected.count, suite.frame_file_count);
    row(text, "expected", "%zu detections", detections);
    for (size_t i = 0; i < suite.output_count; i++)
        row(text, i ? "" : "outputs", "%s", suite.output_names[i]);
    row(text, "tolerances", "score %g, box %g, keypoints %g, angle %g", suite.tolerances.score,
        suite.tolerances.box, suite.tolerances.keypoints, suite.tolerances.angle);
    qa_suite_release(&suite);
    qa_text card = { 0 };
    qa_text_format(&card, "%s/card.json", path);
    int code = card.failed ? CLI_RESOURCE : inspect_card(card.data, text);
    qa_text_release(&card);
    return code;
}

static int inspect_backend(const char *path, qa_text *text)
{
    bool names;
    int code = cli_backend_probe(path, &names);
    if (code)
        return code;
    row(text, "plug-in", "%s", path);
    row(text, "exports", "%s%s", PLUMB_BACKEND_OPEN_SYMBOL,
        names ? ", " PLUMB_BACKEND_FRAME_SYMBOL : "");
    return CLI_OK;
}

static int inspect_detections(const char *path, const qa_bytes *bytes, qa_text *text)
{
    plumb_diag diag = { 0 };
    qa_frames frames;
    plumb_status status = qa_parse_frames((const char *)bytes->data, bytes->size, &frames, &diag);
    if (status)
        return cli_report(path, status, &diag);
    size_t detections = 0;
    for (size_t i = 0; i < frames.count; i++)
        detections += frames.items[i].count;
    row(text, "detections", "%zu in %zu frames", detections, frames.count);
    if (frames.count > 0)
        row(text, "space", "%s", plumb_space_name(frames.items[0].space));
    qa_frames_release(&frames);
    return CLI_OK;
}

static bool is_detections(const qa_bytes *bytes)
{
    static const char start[] = "{\"frame\":";
    return bytes->size >= strlen(start) && memcmp(bytes->data, start, strlen(start)) == 0;
}

static int inspect_file(const char *path, qa_text *text)
{
    struct stat facts;
    if (stat(path, &facts) == 0 && S_ISDIR(facts.st_mode))
        return inspect_suite(path, text);
    if (has_suffix(path, ".so"))
        return inspect_backend(path, text);
    if (has_suffix(path, ".npy"))
        return inspect_tensor(path, text);
    if (has_suffix(path, ".frame.json") || strcmp(path, "-") == 0)
        return inspect_frame(path, text);
    qa_bytes bytes = { 0 };
    plumb_diag diag = { 0 };
    plumb_status status = qa_read_file(path, QA_MAX_FILE, &bytes, &diag);
    int code;
    if (status)
        code = cli_report(NULL, status, &diag);
    else if (is_detections(&bytes))
        code = inspect_detections(path, &bytes, text);
    else if (plumb_image_sniff(bytes.data, bytes.size) != PLUMB_IMAGE_UNKNOWN)
        code = inspect_frame(path, text);
    else if (bytes.size > 0 && memchr("{ \t\r\n", bytes.data[0], 5))
        code = inspect_card(path, text);
    else {
        cli_message("%s: neither a card, a frame, a tensor, detections, a plug-in nor a suite",
                    path);
        code = CLI_BAD_INPUT;
    }
    qa_bytes_release(&bytes);
    return code;
}

int cli_verb_inspect(int argc, char **argv)
{
    cli_command command = {
        "inspect",
        "FILE...",
        "Says what a file is: a card, a frame (JPEG, PNG, BMP, .y4m, .frame.json), a tensor\n"
        "(.npy, with the heads its shape would fit), detections (NDJSON), a plug-in (.so) or a\n"
        "suite (its folder).",
        NULL,
        0,
        NULL,
    };
    cli_arguments arguments;
    int code;
    if (!cli_parse(&command, argc, argv, &arguments, &code))
        return code;
    if (arguments.count == 0)
        return cli_usage_error("inspect", "inspect needs a file");
    size_t tensors = 0;
    for (size_t i = 0; i < arguments.count; i++) {
        qa_text text = { 0 };
        tensors += has_suffix(arguments.items[i], ".npy");
        if (arguments.count > 1)
            qa_text_format(&text, "%s%s:\n", i ? "\n" : "", arguments.items[i]);
        int one = inspect_file(arguments.items[i], &text);
        bool last = i + 1 == arguments.count;
        if (!one && last && tensors > 1 && tensors == arguments.count &&
            tensors <= PLUMB_MAX_TENSORS)
            one = inspect_together(arguments.items, tensors, &text);
        if (!one && (text.failed || !cli_write_stdout(text.data, text.size)))
            one = CLI_RESOURCE;
        qa_text_release(&text);
        code = cli_worse(code, one);
    }
    return code;
}
