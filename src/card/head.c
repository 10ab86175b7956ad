/* SPDX-License-Identifier: Apache-2.0 */
#include <float.h>
#include <string.h>

#include "card/parts.h"

PLUMB_DEFINE_CHOICES(types, plumb_head_type, plumb_head_type)
PLUMB_DEFINE_CHOICES(formats, plumb_box_format, plumb_box_format)
PLUMB_DEFINE_CHOICES(spaces, plumb_space, plumb_space)

static const plumb_name layout_names[] = {
    { PLUMB_ROWS_ROWS, "rows" },
    { PLUMB_ROWS_CHANNELS, "channels" },
};
static const plumb_name activation_names[] = {
    { PLUMB_ACTIVATION_NONE, "none" },
    { PLUMB_ACTIVATION_SIGMOID, "sigmoid" },
    { PLUMB_ACTIVATION_SOFTMAX, "softmax" },
};
static const plumb_name unit_names[] = {
    { PLUMB_UNITS_PIXELS, "pixels" },
    { PLUMB_UNITS_NORMALIZED, "normalized" },
};
static const plumb_name origin_names[] = {
    { PLUMB_ORIGIN_TOP_LEFT, "top_left" },
    { PLUMB_ORIGIN_LOWER_LEFT, "lower_left" },
};
PLUMB_DEFINE_TABLE_CHOICES(layouts, layout_names)
PLUMB_DEFINE_TABLE_CHOICES(activations, activation_names)
PLUMB_DEFINE_TABLE_CHOICES(units, unit_names)
PLUMB_DEFINE_TABLE_CHOICES(origins, origin_names)

static plumb_status read_name(plumb_reader *reader, json_t *value, void *target)
{
    return plumb_reader_text(reader, value, target);
}

static plumb_status read_outputs(plumb_reader *reader, json_t *value, void *target)
{
    plumb_head_spec *head = &((plumb_card *)target)->spec.head;
    void *names = NULL;
    plumb_status status =
        plumb_reader_array(reader, value, 1, PLUMB_MAX_TENSORS, sizeof(const char *), read_name,
                           &names, &head->output_count);
    head->outputs = names;
    return status;
}

static plumb_status read_strides(plumb_reader *reader, json_t *value, void *target)
{
    plumb_head_spec *head = &((plumb_card *)target)->spec.head;
    size_t count = json_array_size(value);
    if (!json_is_array(value) || count < 1 || count > PLUMB_MAX_SCALES)
        return plumb_reader_expected(reader, value, "an array of 1 to 8 strides");
    for (size_t i = 0; i < count; i++) {
        int64_t stride;
        size_t before = plumb_reader_enter_index(reader, i);
        plumb_status status =
            plumb_reader_integer(reader, json_array_get(value, i), 1, PLUMB_MAX_SIDE, &stride);
        if (status)
            return status;
        plumb_reader_leave(reader, before);
        head->strides[i] = (int32_t)stride;
    }
    head->stride_count = count;
    return PLUMB_OK;
}

/* An anchor is a pair [w, h], or for heads with square priors a single side. */
static plumb_status read_anchor(plumb_reader *reader, json_t *value, size_t width, float *anchor)
{
    double numbers[2];
    plumb_status status =
        width == 1 ? plumb_reader_number(reader, value, 0.0, PLUMB_MAX_SIDE, numbers)
                   : plumb_reader_numbers(reader, value, width, 0.0, PLUMB_MAX_SIDE, numbers);
    for (size_t i = 0; i < width && status == PLUMB_OK; i++)
        anchor[i] = (float)numbers[i];
    return status;
}

static plumb_status count_anchors(plumb_reader *reader, json_t *value, size_t *total)
{
    if (!json_is_array(value) || json_array_size(value) < 1 ||
        json_array_size(value) > PLUMB_MAX_SCALES)
        return plumb_reader_expected(reader, value,
                                     "an array of 1 to 8 scales, each an array of anchors,");
    *total = 0;
    for (size_t i = 0; i < json_array_size(value); i++) {
        json_t *scale = json_array_get(value, i);
        if (!json_is_array(scale) || json_array_size(scale) < 1 || json_array_size(scale) > 64) {
            plumb_reader_enter_index(reader, i);
            return plumb_reader_expected(reader, scale, "an array of 1 to 64 anchors");
        }
        *total += json_array_size(scale);
    }
    return PLUMB_OK;
}

static plumb_status read_anchors(plumb_reader *reader, json_t *value, void *target)
{
    plumb_head_spec *head = &((plumb_card *)target)->spec.head;
    size_t width = head->type == PLUMB_HEAD_ULTRAFACE ? 1 : 2, total = 0;
    plumb_status status = count_anchors(reader, value, &total);
    if (status)
        return status;
    float *anchors = plumb_arena_array(reader->arena, total, width * sizeof(float));
    if (!anchors)
        return plumb_reader_no_memory(reader);
    head->anchors = anchors;
    head->anchor_count = total * width;
    for (size_t i = 0; i < json_array_size(value); i++) {
        json_t *scale = json_array_get(value, i);
        size_t outer = plumb_reader_enter_index(reader, i);
        head->anchors_per_scale[i] = json_array_size(scale);
        for (size_t k = 0; k < json_array_size(scale); k++, anchors += width) {
            size_t inner = plumb_reader_enter_index(reader, k);
            status = read_anchor(reader, json_array_get(scale, k), width, anchors);
            if (status)
                return status;
            plumb_reader_leave(reader, inner);
        }
        plumb_reader_leave(reader, outer);
    }
    return PLUMB_OK;
}

/* An array [N,4], or with a leading 1. */
static plumb_status use_priors(plumb_reader *reader, const void *data, size_t size, void *target)
{
    plumb_head_spec *head = target;
    plumb_tensor tensor;
    plumb_diag inner = { 0 };
    plumb_status status = plumb_npy_parse(data, size, &tensor, &inner);
    if (status)
        return plumb_reader_fail(reader, status, "the file: %s %s", inner.field, inner.message);
    bool fits = (tensor.rank == 2 || (tensor.rank == 3 && tensor.shape[0] == 1)) &&
                tensor.shape[tensor.rank - 1] == 4 && tensor.shape[tensor.rank - 2] > 0;
    if (!fits)
        return plumb_reader_fail(reader, PLUMB_E_VALUE,
                                 "an array of shape [N,4] is expected in the file");
    int64_t elements = plumb_tensor_elements(&tensor);
    int64_t step = (int64_t)plumb_dtype_size(tensor.dtype);
    float *priors = plumb_arena_array(reader->arena, (size_t)elements, sizeof(float));
    if (!priors)
        return plumb_reader_no_memory(reader);
    for (int64_t i = 0; i < elements; i++)
        priors[i] = plumb_tensor_load(&tensor, i * step);
    head->priors = priors;
    head->prior_count = (size_t)elements / 4;
    return PLUMB_OK;
}

static plumb_status read_priors(plumb_reader *reader, json_t *value, void *target)
{
    return plumb_reader_file(reader, value, "the name of a .npy file", use_priors,
                             &((plumb_card *)target)->spec.head);
}

static plumb_status read_variances(plumb_reader *reader, json_t *value, void *target)
{
    plumb_head_spec *head = &((plumb_card *)target)->spec.head;
    double numbers[4];
    plumb_status status = plumb_reader_numbers(reader, value, 4, 1e-6, 1e6, numbers);
    for (size_t i = 0; i < 4 && status == PLUMB_OK; i++)
        head->variances[i] = (float)numbers[i];
    return status;
}

/* What TensorFlow calls scales: 10, 10, 5, 5 stands for the variances 0.1, 0.1, 0.2, 0.2. */
static plumb_status read_scales(plumb_reader *reader, json_t *value, void *target)
{
    plumb_head_spec *head = &((plumb_card *)target)->spec.head;
    if (head->variances[0] != 0.0f)
        return plumb_reader_fail(reader, PLUMB_E_KEY,
                                 "\"scales\" are 1/\"variances\"; only one may be given");
    double numbers[4];
    plumb_status status = plumb_reader_numbers(reader, value, 4, 1e-6, 1e6, numbers);
    for (size_t i = 0; i < 4 && status == PLUMB_OK; i++)
        head->variances[i] = (float)(1.0 / numbers[i]);
    return status;
}

static const plumb_field column_fields[] = {
    { PLUMB_READ_RANGE(plumb_head_spec, "box", PLUMB_FIELD_INT32, box_column, 0, PLUMB_MAX_CLASSES),
      .required = true },
    { PLUMB_READ_RANGE(plumb_head_spec, "score", PLUMB_FIELD_INT32, score_column, -1,
                       PLUMB_MAX_CLASSES) },
    { PLUMB_READ_RANGE(plumb_head_spec, "class", PLUMB_FIELD_INT32, class_column, -1,
                       PLUMB_MAX_CLASSES) },
};

static plumb_status read_columns(plumb_reader *reader, json_t *value, void *target)
{
    return plumb_reader_object(reader, value, column_fields,
                               sizeof(column_fields) / sizeof(column_fields[0]),
                               &((plumb_card *)target)->spec.head);
}

/* The type comes first: anchors are read by it. */
static const plumb_field fields[] = {
    { PLUMB_READ_CHOICE(plumb_card, "type", spec.head.type, types), .required = true },
    { PLUMB_READ_CUSTOM("labels", plumb_card_read_labels) },
    { PLUMB_READ_CUSTOM("outputs", read_outputs) },
    { PLUMB_READ_RANGE(plumb_card, "class_count", PLUMB_FIELD_INT32, spec.head.class_count, 1,
                       PLUMB_MAX_CLASSES) },
    { PLUMB_READ_CHOICE(plumb_card, "layout", spec.head.layout, layouts) },
    { PLUMB_READ_CHOICE(plumb_card, "activation", spec.head.activation, activations) },
    { PLUMB_READ_RANGE(plumb_card, "background", PLUMB_FIELD_INT32, spec.head.background, -1,
                       PLUMB_MAX_CLASSES - 1) },
    { PLUMB_READ_RANGE(plumb_card, "class_offset", PLUMB_FIELD_INT32, spec.head.class_offset,
                       -PLUMB_MAX_CLASSES, PLUMB_MAX_CLASSES) },
    { PLUMB_READ_CUSTOM("strides", read_strides) },
    { PLUMB_READ_CUSTOM("anchors", read_anchors) },
    { PLUMB_READ_CUSTOM("priors", read_priors) },
    { PLUMB_READ_CUSTOM("variances", read_variances) },
    { PLUMB_READ_CUSTOM("scales", read_scales) },
    { PLUMB_READ(plumb_card, "linear_sizes", PLUMB_FIELD_BOOL, spec.head.linear_sizes) },
    { PLUMB_READ(plumb_card, "raw", PLUMB_FIELD_BOOL, spec.head.raw) },
    { PLUMB_READ_CHOICE(plumb_card, "format", spec.head.format, formats) },
    { PLUMB_READ_CHOICE(plumb_card, "units", spec.head.units, units) },
    { PLUMB_READ_CHOICE(plumb_card, "origin", spec.head.origin, origins) },
    { PLUMB_READ_CHOICE(plumb_card, "space", spec.head.space, spaces) },
    { PLUMB_READ_CUSTOM("columns", read_columns) },
    { PLUMB_READ_RANGE(plumb_card, "keypoints", PLUMB_FIELD_INT32, spec.head.keypoint_count, 1,
                       256) },
    { PLUMB_READ_RANGE(plumb_card, "keypoint_dimensions", PLUMB_FIELD_INT32,
                       spec.head.keypoint_dimensions, 2, 3) },
    { PLUMB_READ_RANGE(plumb_card, "distance_bins", PLUMB_FIELD_INT32, spec.head.distance_bins, 1,
                       256) },
};

plumb_status plumb_card_read_head(plumb_reader *reader, json_t *value, void *target)
{
    return plumb_reader_object(reader, value, fields, sizeof(fields) / sizeof(fields[0]), target);
}
