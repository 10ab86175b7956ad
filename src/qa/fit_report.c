/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/fit.h"

#include <string.h>

/* The card field in which `also` differs first; its value goes to `text`. */
static const char *add_difference(qa_text *text, const qa_fit_recipe *best,
                                  const qa_fit_recipe *also)
{
    const plumb_mapping_spec *m = &best->spec.mapping, *n = &also->spec.mapping;
    if (best->matrix != also->matrix || best->range != also->range) {
        qa_text_format(text, "%s %s", plumb_matrix_name(also->matrix),
                       plumb_range_name(also->range));
        return "matrix";
    }
    if (m->mode != n->mode) {
        qa_text_add(text, plumb_crop_mode_name(n->mode));
        if (n->rule != PLUMB_RULE_UNSET)
            qa_text_format(text, " (%s)", plumb_rule_name(n->rule));
        return "mode";
    }
    if (m->rule != n->rule) {
        qa_text_add(text, plumb_rule_name(n->rule));
        return "rule";
    }
    if (m->resize_short != n->resize_short) {
        qa_text_format(text, "%d", (int)n->resize_short);
        return "resize_short";
    }
    if (m->central_fraction != n->central_fraction) {
        qa_text_double(text, n->central_fraction);
        return "central_fraction";
    }
    qa_text_add(text, plumb_resampler_name(also->spec.resample));
    return "resample";
}

static void add_floats(qa_text *text, const char *key, const float *values, int count)
{
    qa_text_format(text, ", \"%s\": [", key);
    for (int i = 0; i < count; i++) {
        qa_text_add(text, i ? ", " : "");
        qa_text_float(text, values[i]);
    }
    qa_text_add(text, "]");
}

/* Stretching and exact crops leave nothing to pad. */
static bool pads(const plumb_mapping_spec *m)
{
    return m->mode == PLUMB_CROP_SCALE_FIT || m->mode == PLUMB_CROP_SCALE_FIT_ROTATE_90_CCW;
}

void qa_fit_write_card(qa_text *text, const qa_fit_recipe *recipe, int indent)
{
    const plumb_preprocess_spec *s = &recipe->spec;
    const plumb_mapping_spec *m = &s->mapping;
    int channels = s->channels == PLUMB_CHANNELS_GRAY ? 1 : 3;
    qa_text_format(text, "{\n%*s\"width\": %d, \"height\": %d, \"mode\": \"%s\"", indent + 2, "",
                   (int)m->input.width, (int)m->input.height, plumb_crop_mode_name(m->mode));
    if (m->rule != PLUMB_RULE_UNSET)
        qa_text_format(text, ", \"rule\": \"%s\"", plumb_rule_name(m->rule));
    if (m->resize_short > 0)
        qa_text_format(text, ", \"resize_short\": %d", (int)m->resize_short);
    if (m->central_fraction > 0.0) {
        qa_text_add(text, ", \"central_fraction\": ");
        qa_text_double(text, m->central_fraction);
    }
    qa_text_format(text, ",\n%*s\"resample\": \"%s\"", indent + 2, "",
                   plumb_resampler_name(s->resample));
    for (int c = 0; c < channels && pads(m); c++)
        qa_text_format(text, "%s%d%s", c ? ", " : ", \"pad\": [", (int)s->pad[c],
                       c + 1 < channels ? "" : "]");
    qa_text_format(text, ",\n%*s\"channels\": \"%s\", \"layout\": \"%s\", \"dtype\": \"%s\"",
                   indent + 2, "", plumb_channels_name(s->channels), plumb_layout_name(s->layout),
                   plumb_dtype_name(s->dtype));
    qa_text_format(text, ",\n%*s\"divide\": ", indent + 2, "");
    qa_text_float(text, s->divide);
    qa_text_add(text, ", \"scale\": ");
    qa_text_float(text, s->scale);
    add_floats(text, "mean", s->mean, channels);
    add_floats(text, "std", s->std, channels);
    if (s->quantization.scale > 0.0f) {
        qa_text_format(text, ",\n%*s\"quantization\": { \"scale\": ", indent + 2, "");
        qa_text_float(text, s->quantization.scale);
        qa_text_format(text, ", \"zero_point\": %d }", (int)s->quantization.zero_point);
    }
    if (s->jpeg != PLUMB_JPEG_TURBO_ISLOW_FANCY)
        qa_text_format(text, ",\n%*s\"jpeg\": \"%s\"", indent + 2, "",
                       plumb_jpeg_decoding_name(s->jpeg));
    qa_text_format(text, "\n%*s}", indent, "");
}

static const char *const verdicts[] = { "exact", "rounding", "nearest" };

static void add_verdict(qa_text *text, const qa_fit_result *r)
{
    switch (r->verdict) {
    case QA_FIT_EXACT:
        qa_text_format(text, "exact: the recipe gives all %llu elements, bit for bit\n",
                       (unsigned long long)r->elements);
        break;
    case QA_FIT_ROUNDING:
        qa_text_format(
            text,
            "within rounding: the recipe gives all %llu elements within %.2g of a level, "
            "%.1f %% of them bit for bit\n",
            (unsigned long long)r->elements, r->max_error,
            100.0 * (double)(r->elements - r->differing) / (double)r->elements);
        break;
    case QA_FIT_NEAREST:
        qa_text_format(text,
                       "not found: no recipe that is known gives these tensors; the nearest one is "
                       "off by up to %.3g levels, %.2g on average\n",
                       r->max_error, r->mean_error);
        break;
    }
}

static void add_frame_notes(qa_text *text, const qa_fit_recipe *best)
{
    if (best->matrix != PLUMB_MATRIX_UNSET)
        qa_text_format(text, "frame       matrix %s, range %s\n", plumb_matrix_name(best->matrix),
                       plumb_range_name(best->range));
    if (best->orientation != 0)
        qa_text_add(text, "frame       was not turned upright: its orientation was ignored\n");
}

static bool same_frame(const qa_fit_alternative *a, const qa_fit_alternative *b)
{
    return a->frame.width == b->frame.width && a->frame.height == b->frame.height;
}

/* Is `item` one of the comma-separated items? Alternatives may differ in a second field, too. */
static bool has_item(const qa_text *items, const char *item)
{
    size_t length = strlen(item);
    for (const char *at = items->data; at; at = strstr(at, ", ")) {
        at += at == items->data ? 0 : 2;
        if (strncmp(at, item, length) == 0 && (at[length] == '\0' || at[length] == ','))
            return true;
    }
    return false;
}

/* One line for all values of a field that the same frame would decide. */
static void add_undecided(qa_text *text, const qa_fit_result *r)
{
    bool said[QA_FIT_MAX_ALTERNATIVES] = { false };
    for (size_t i = 0; i < r->alternative_count; i++) {
        const qa_fit_alternative *a = &r->alternatives[i];
        qa_text values = { 0 };
        const char *field = NULL;
        for (size_t k = i; k < r->alternative_count; k++) {
            const qa_fit_alternative *b = &r->alternatives[k];
            qa_text value = { 0 };
            const char *other = add_difference(&value, &r->best, &b->also);
            if (!said[k] && (!field || strcmp(field, other) == 0) && same_frame(a, b)) {
                if (value.data && !has_item(&values, value.data))
                    qa_text_format(&values, "%s%s", field ? ", " : "", value.data);
                field = other;
                said[k] = true;
            }
            qa_text_release(&value);
        }
        if (field && a->frame.width > 0)
            qa_text_format(text, "undecided   %s: also %s; a frame of %dx%d tells\n", field,
                           values.data ? values.data : "", (int)a->frame.width,
                           (int)a->frame.height);
        else if (field)
            qa_text_format(text, "undecided   %s: also %s; no usual frame size tells\n", field,
                           values.data ? values.data : "");
        qa_text_release(&values);
    }
}

void qa_fit_write_text(qa_text *text, const qa_fit_result *result)
{
    add_verdict(text, result);
    qa_text_add(text, "\n\"preprocess\": ");
    qa_fit_write_card(text, &result->best, 0);
    qa_text_add(text, "\n");
    qa_text notes = { 0 };
    add_frame_notes(&notes, &result->best);
    if (result->pad_seen && !result->pad_exact)
        qa_text_add(&notes, "pad         no pixel level gives its value: it was put in after the "
                            "values were normalised\n");
    bool found = result->verdict != QA_FIT_NEAREST;
    if (found && !result->color_seen)
        qa_text_add(&notes, "undecided   channels: rgb or bgr; a frame with colours tells\n");
    if (found && !result->pad_seen && pads(&result->best.spec.mapping))
        qa_text_add(&notes, "undecided   pad: these frames left none; one of another shape shows "
                            "it\n");
    add_undecided(&notes, result);
    if (notes.data)
        qa_text_format(text, "\n%s", notes.data);
    text->failed = text->failed || notes.failed;
    qa_text_release(&notes);
}

void qa_fit_write_json(qa_text *text, const qa_fit_result *result)
{
    const qa_fit_recipe *best = &result->best;
    qa_text_format(text, "{\"verdict\":\"%s\",\"preprocess\":", verdicts[result->verdict]);
    qa_fit_write_card(text, best, 0);
    if (best->matrix != PLUMB_MATRIX_UNSET)
        qa_text_format(text, ",\"matrix\":\"%s\",\"range\":\"%s\"", plumb_matrix_name(best->matrix),
                       plumb_range_name(best->range));
    qa_text_format(text, ",\"orientation_ignored\":%s", best->orientation ? "true" : "false");
    qa_text_format(text, ",\"residual\":{\"elements\":%llu,\"differing\":%llu,\"max\":",
                   (unsigned long long)result->elements, (unsigned long long)result->differing);
    qa_text_double(text, result->max_error);
    qa_text_add(text, ",\"mean\":");
    qa_text_double(text, result->mean_error);
    qa_text_format(text, "},\"pad_seen\":%s,\"pad_exact\":%s,\"color_seen\":%s,\"undecided\":[",
                   result->pad_seen ? "true" : "false", result->pad_exact ? "true" : "false",
                   result->color_seen ? "true" : "false");
    for (size_t i = 0; i < result->alternative_count; i++) {
        const qa_fit_alternative *a = &result->alternatives[i];
        qa_text value = { 0 };
        const char *field = add_difference(&value, best, &a->also);
        qa_text_format(text, "%s{\"field\":\"%s\",\"also\":", i ? "," : "", field);
        qa_text_json(text, value.data);
        qa_text_format(text, ",\"frame\":[%d,%d]}", (int)a->frame.width, (int)a->frame.height);
        qa_text_release(&value);
    }
    qa_text_add(text, "]}\n");
}
