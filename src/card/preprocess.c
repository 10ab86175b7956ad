/* SPDX-License-Identifier: Apache-2.0 */
#include <float.h>

#include "card/parts.h"
#include "card/suggest.h"

PLUMB_DEFINE_CHOICES(crop_modes, plumb_crop_mode, plumb_crop_mode)
PLUMB_DEFINE_CHOICES(rules, plumb_rule, plumb_rule)
PLUMB_DEFINE_CHOICES(resamplers, plumb_resampler, plumb_resampler)
PLUMB_DEFINE_CHOICES(channel_orders, plumb_channels, plumb_channels)
PLUMB_DEFINE_CHOICES(layouts, plumb_layout, plumb_layout)
PLUMB_DEFINE_CHOICES(jpeg_decodings, plumb_jpeg_decoding, plumb_jpeg_decoding)
PLUMB_DEFINE_CHOICES(dtypes, plumb_dtype, plumb_dtype)

static plumb_status read_profile(plumb_reader *reader, json_t *value, void *target)
{
    plumb_card *card = target;
    plumb_status status = plumb_reader_text(reader, value, &card->profile);
    if (status)
        return status;
    if (plumb_preprocess_profile(card->profile, &card->spec.preprocess) == PLUMB_OK)
        return PLUMB_OK;
    plumb_suggestion suggestion = plumb_suggest(card->profile);
    const char *name;
    for (size_t i = 0; (name = plumb_preprocess_profile_name(i)) != NULL; i++)
        plumb_suggest_offer(&suggestion, name);
    char shown[PLUMB_SHOWN_TEXT];
    if (suggestion.nearest)
        return plumb_reader_fail(reader, PLUMB_E_VALUE,
                                 "\"%s\" is no profile; did you mean \"%s\"?",
                                 plumb_reader_shown(card->profile, shown), suggestion.nearest);
    return plumb_reader_fail(reader, PLUMB_E_VALUE, "\"%s\" is no profile",
                             plumb_reader_shown(card->profile, shown));
}

/* One number for each channel; the order of channels is read before. */
static plumb_status read_channels(plumb_reader *reader, json_t *value, const plumb_card *card,
                                  double low, double high, double numbers[3])
{
    size_t count = card->spec.preprocess.channels == PLUMB_CHANNELS_GRAY ? 1 : 3;
    return plumb_reader_numbers(reader, value, count, low, high, numbers);
}

static plumb_status read_pad(plumb_reader *reader, json_t *value, void *target)
{
    plumb_card *card = target;
    double numbers[3] = { 0.0, 0.0, 0.0 };
    plumb_status status = read_channels(reader, value, card, 0.0, 255.0, numbers);
    for (size_t i = 0; i < 3 && status == PLUMB_OK; i++) {
        card->spec.preprocess.pad[i] = (uint8_t)numbers[i];
        if (numbers[i] != card->spec.preprocess.pad[i])
            status = plumb_reader_expected(reader, json_array_get(value, i),
                                           "a whole pixel value in 0..255");
    }
    return status;
}

static plumb_status read_floats(plumb_reader *reader, json_t *value, const plumb_card *card,
                                float floats[3])
{
    double numbers[3] = { floats[0], floats[1], floats[2] };
    plumb_status status =
        read_channels(reader, value, card, -(double)FLT_MAX, (double)FLT_MAX, numbers);
    for (size_t i = 0; i < 3 && status == PLUMB_OK; i++)
        floats[i] = (float)numbers[i];
    return status;
}

static plumb_status read_mean(plumb_reader *reader, json_t *value, void *target)
{
    plumb_card *card = target;
    return read_floats(reader, value, card, card->spec.preprocess.mean);
}

static plumb_status read_std(plumb_reader *reader, json_t *value, void *target)
{
    plumb_card *card = target;
    return read_floats(reader, value, card, card->spec.preprocess.std);
}

static const plumb_field quantization_fields[] = {
    { PLUMB_READ_RANGE(plumb_quantization, "scale", PLUMB_FIELD_FLOAT, scale, FLT_MIN, FLT_MAX),
      .required = true },
    { PLUMB_READ_RANGE(plumb_quantization, "zero_point", PLUMB_FIELD_INT32, zero_point, INT32_MIN,
                       INT32_MAX) },
};

static plumb_status read_quantization(plumb_reader *reader, json_t *value, void *target)
{
    plumb_card *card = target;
    return plumb_reader_object(reader, value, quantization_fields,
                               sizeof(quantization_fields) / sizeof(quantization_fields[0]),
                               &card->spec.preprocess.quantization);
}

/* The profile comes first, so that what is written out wins over it. */
static const plumb_field fields[] = {
    { PLUMB_READ_CUSTOM("profile", read_profile) },
    { PLUMB_READ(plumb_card, "input_name", PLUMB_FIELD_TEXT, spec.input_name) },
    { PLUMB_READ_RANGE(plumb_card, "width", PLUMB_FIELD_INT32, spec.preprocess.mapping.input.width,
                       1, PLUMB_MAX_SIDE),
      .required = true },
    { PLUMB_READ_RANGE(plumb_card, "height", PLUMB_FIELD_INT32,
                       spec.preprocess.mapping.input.height, 1, PLUMB_MAX_SIDE),
      .required = true },
    { PLUMB_READ_CHOICE(plumb_card, "mode", spec.preprocess.mapping.mode, crop_modes) },
    { PLUMB_READ_CHOICE(plumb_card, "rule", spec.preprocess.mapping.rule, rules) },
    { PLUMB_READ_RANGE(plumb_card, "resize_short", PLUMB_FIELD_INT32,
                       spec.preprocess.mapping.resize_short, 1, PLUMB_MAX_SIDE) },
    { PLUMB_READ_RANGE(plumb_card, "central_fraction", PLUMB_FIELD_DOUBLE,
                       spec.preprocess.mapping.central_fraction, 0.01, 1.0) },
    { PLUMB_READ_CHOICE(plumb_card, "resample", spec.preprocess.resample, resamplers) },
    { PLUMB_READ_CHOICE(plumb_card, "channels", spec.preprocess.channels, channel_orders) },
    { PLUMB_READ_CHOICE(plumb_card, "layout", spec.preprocess.layout, layouts) },
    { PLUMB_READ_CHOICE(plumb_card, "dtype", spec.preprocess.dtype, dtypes) },
    { PLUMB_READ_CUSTOM("pad", read_pad) },
    { PLUMB_READ_RANGE(plumb_card, "divide", PLUMB_FIELD_FLOAT, spec.preprocess.divide, -FLT_MAX,
                       FLT_MAX) },
    { PLUMB_READ_RANGE(plumb_card, "scale", PLUMB_FIELD_FLOAT, spec.preprocess.scale, -FLT_MAX,
                       FLT_MAX) },
    { PLUMB_READ_CUSTOM("mean", read_mean) },
    { PLUMB_READ_CUSTOM("std", read_std) },
    { PLUMB_READ_CUSTOM("quantization", read_quantization) },
    { PLUMB_READ_CHOICE(plumb_card, "jpeg", spec.preprocess.jpeg, jpeg_decodings) },
};

plumb_status plumb_card_read_preprocess(plumb_reader *reader, json_t *value, void *target)
{
    const plumb_card *card = target;
    plumb_status status =
        plumb_reader_object(reader, value, fields, sizeof(fields) / sizeof(fields[0]), target);
    if (status)
        return status;
    /* What neither the card nor its profile says is asked for by name; there are no defaults. */
    const plumb_preprocess_spec *spec = &card->spec.preprocess;
    bool fill = spec->mapping.mode == PLUMB_CROP_SCALE_FILL ||
                spec->mapping.mode == PLUMB_CROP_SCALE_FILL_ROTATE_90_CCW;
    if (spec->mapping.mode == PLUMB_CROP_UNSET)
        return plumb_reader_missing_choice(reader, "mode", &crop_modes);
    if (spec->mapping.rule == PLUMB_RULE_UNSET && !fill)
        return plumb_reader_missing_choice(reader, "rule", &rules);
    if (spec->resample == PLUMB_RESAMPLE_UNSET)
        return plumb_reader_missing_choice(reader, "resample", &resamplers);
    if (spec->channels == PLUMB_CHANNELS_UNSET)
        return plumb_reader_missing_choice(reader, "channels", &channel_orders);
    if (spec->layout == PLUMB_LAYOUT_UNSET)
        return plumb_reader_missing_choice(reader, "layout", &layouts);
    if (spec->dtype == PLUMB_DTYPE_UNSET)
        return plumb_reader_missing_choice(reader, "dtype", &dtypes);
    return PLUMB_OK;
}

/* --- extra inputs --- */

static const plumb_name extra_value_names[] = {
    { PLUMB_EXTRA_UPRIGHT_SIZE, "upright_size" },
    { PLUMB_EXTRA_INPUT_SIZE, "input_size" },
    { PLUMB_EXTRA_SCALE_FACTOR, "scale_factor" },
    { PLUMB_EXTRA_CONSTANT, "constant" },
};
PLUMB_DEFINE_TABLE_CHOICES(extra_values, extra_value_names)

static plumb_status read_constants(plumb_reader *reader, json_t *value, void *target)
{
    plumb_extra_input *input = target;
    size_t count = json_array_size(value);
    if (!json_is_array(value) || count < 1 || count > PLUMB_MAX_EXTRA_CONSTANTS)
        return plumb_reader_expected(reader, value, "an array of 1 to 16 numbers");
    input->constant_count = count;
    return plumb_reader_numbers(reader, value, count, -DBL_MAX, DBL_MAX, input->constants);
}

static const plumb_field extra_fields[] = {
    { PLUMB_READ(plumb_extra_input, "name", PLUMB_FIELD_TEXT, name), .required = true },
    { PLUMB_READ_CHOICE(plumb_extra_input, "value", value, extra_values), .required = true },
    { PLUMB_READ_CHOICE(plumb_extra_input, "dtype", dtype, dtypes), .required = true },
    { PLUMB_READ_CUSTOM("constants", read_constants) },
};

static plumb_status read_extra_input(plumb_reader *reader, json_t *value, void *target)
{
    return plumb_reader_object(reader, value, extra_fields,
                               sizeof(extra_fields) / sizeof(extra_fields[0]), target);
}

plumb_status plumb_card_read_extra_inputs(plumb_reader *reader, json_t *value, void *target)
{
    plumb_card *card = target;
    void *inputs = NULL;
    plumb_status status =
        plumb_reader_array(reader, value, 0, PLUMB_MAX_EXTRA_INPUTS, sizeof(plumb_extra_input),
                           read_extra_input, &inputs, &card->spec.extra_input_count);
    card->spec.extra_inputs = inputs;
    return status;
}
