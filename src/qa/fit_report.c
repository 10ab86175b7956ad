/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/fit.h"

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
        qa_text_format(text, "%s, rule %s", plumb_crop_mode_name(n->mode),
                       plumb_rule_name(n->rule));
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
    qa_text_format(text, "\n%*s}", indent, "");
}

static void add_frame_notes(qa_text *text, const qa_fit_recipe *best)
{
    if (best->matrix != PLUMB_MATRIX_UNSET)
        qa_text_format(text, "frame           matrix %s, range %s\n",
                       plumb_matrix_name(best->matrix), plumb_range_name(best->range));
    if (best->orientation != 0)
        qa_text_add(text, "orientation     the picture was NOT turned upright before: the frame's "
                          "orientation was ignored\n");
}

static void add_residual(qa_text *text, const qa_fit_result *r)
{
    if (r->differing == 0)
        qa_text_format(text, "residual        0: all %llu elements, bit for bit\n",
                       (unsigned long long)r->elements);
    else
        qa_text_format(text,
                       "residual        at most %.3g, on average %.3g of a level; %llu of %llu "
                       "elements differ in some bit\n",
                       r->max_error, r->mean_error, (unsigned long long)r->differing,
                       (unsigned long long)r->elements);
    if (r->pad_seen && !r->pad_exact)
        qa_text_add(text, "pad             no pixel level gives its value: it was put in after the "
                          "values were normalised\n");
}

void qa_fit_write_text(qa_text *text, const qa_fit_result *result)
{
    qa_text_add(text, "\"preprocess\": ");
    qa_fit_write_card(text, &result->best, 0);
    qa_text_add(text, "\n\n");
    add_frame_notes(text, &result->best);
    add_residual(text, result);
    if (!result->color_seen)
        qa_text_add(text, "undecided       channels: rgb or bgr; a frame with colours tells\n");
    if (!result->pad_seen && pads(&result->best.spec.mapping))
        qa_text_add(text,
                    "undecided       pad: no frame left any; one of another shape shows it\n");
    for (size_t i = 0; i < result->alternative_count; i++) {
        const qa_fit_alternative *a = &result->alternatives[i];
        qa_text value = { 0 };
        const char *field = add_difference(&value, &result->best, &a->also);
        qa_text_format(text, "undecided       %s: %s fits as well; ", field,
                       value.data ? value.data : "");
        qa_text_release(&value);
        if (a->frame.width > 0)
            qa_text_format(text, "a frame of %dx%d tells\n", (int)a->frame.width,
                           (int)a->frame.height);
        else
            qa_text_add(text, "no usual frame size tells them apart\n");
    }
}

void qa_fit_write_json(qa_text *text, const qa_fit_result *result)
{
    const qa_fit_recipe *best = &result->best;
    qa_text_add(text, "{\"preprocess\":");
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
