/* SPDX-License-Identifier: Apache-2.0
 *
 * From a fitted line to the numbers somebody wrote into a notebook. Many recipes give nearly the same
 * values, but x/255 and x*(1/255) differ in the last bit for half of the levels, so candidates are
 * compared with the tensors' own bits, the plainest numbers first.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "qa/fit_values.h"

#define LAST_BITS  1e-4 /* levels */
#define ALL_DIGITS 7

float fit_chain(const fit_value_recipe *r, int c, float level)
{
    float v = level;
    if (r->divide != 1.0f)
        v /= r->divide;
    if (r->scale != 1.0f)
        v *= r->scale;
    if (r->mean[c] != 0.0f)
        v -= r->mean[c];
    if (r->std[c] != 1.0f)
        v /= r->std[c];
    return v;
}

/* As the tensor's type holds it. */
static float stored(plumb_dtype dtype, const fit_value_recipe *r, float value)
{
    bool quantized = r->quantization.scale > 0.0f;
    float whole = nearbyintf(quantized ? value / r->quantization.scale : value);
    whole += quantized ? (float)r->quantization.zero_point : 0.0f;
    switch (dtype) {
    case PLUMB_DTYPE_FLOAT16:
        return plumb_float_from_half(plumb_half_from_float(value));
    case PLUMB_DTYPE_UINT8:
        return fminf(fmaxf(whole, 0.0f), 255.0f);
    case PLUMB_DTYPE_INT8:
        return fminf(fmaxf(whole, -128.0f), 127.0f);
    default:
        return value;
    }
}

void fit_rate(const fit_search *search, const fit_trial *trial, const fit_observed *o,
              fit_value_recipe *r)
{
    r->wrong = 0;
    r->distance = 0.0;
    for (int c = 0; c < search->target.channels; c++) {
        for (size_t i = 0; i < o->count[c]; i++) {
            float value = stored(search->target.dtype, r, fit_chain(r, c, o->level[c][i]));
            r->wrong += value != o->value[c][i];
            r->distance = fmax(r->distance, fabs((double)value - o->value[c][i]) / trial->gain[c]);
        }
    }
}

static double rounded(double value, int decimals)
{
    double unit = pow(10.0, decimals);
    return nearbyint(value * unit) / unit;
}

/* Mean and std for a divisor and a factor, with so many decimals; false where that leaves none. */
static bool propose(const fit_trial *trial, int channels, float divide, float scale, int decimals,
                    fit_value_recipe *r)
{
    r->divide = divide;
    r->scale = scale;
    for (int c = 0; c < 3; c++) {
        int from = c < channels ? c : 0;
        double std = (double)scale / ((double)divide * trial->gain[from]);
        double mean = -trial->offset[from] * std;
        r->std[c] = (float)(decimals < 0 ? std : rounded(std, decimals));
        r->mean[c] = (float)(decimals < 0 ? mean : rounded(mean, decimals));
        if (!(r->std[c] > 0.0f) || !isfinite(r->std[c]) || !isfinite(r->mean[c]))
            return false;
        r->mean[c] += 0.0f; /* no negative zero on a card */
    }
    return true;
}

static fit_value_recipe plainest(const fit_search *search, const fit_trial *trial,
                                 const fit_observed *o, int most_decimals)
{
    static const float pairs[][2] = {
        { 255.0f, 1.0f },        { 1.0f, 1.0f },          { 127.5f, 1.0f },
        { 1.0f, 1.0f / 255.0f }, { 128.0f, 1.0f },        { 256.0f, 1.0f },
        { 1.0f, 1.0f / 127.5f }, { 1.0f, 1.0f / 128.0f }, { 1.0f, 1.0f / 256.0f },
    };
    fit_value_recipe best = { .wrong = UINT64_MAX, .distance = INFINITY }, plain = best;
    for (int decimals = 0; decimals <= most_decimals; decimals++) {
        for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
            fit_value_recipe r = { 0 };
            /* The last resort keeps every digit. */
            if (!propose(trial, search->target.channels, pairs[i][0], pairs[i][1],
                         decimals < ALL_DIGITS ? decimals : -1, &r))
                continue;
            fit_rate(search, trial, o, &r);
            if (r.wrong < best.wrong ||
                (r.wrong == best.wrong && r.distance < best.distance * 0.99))
                best = r;
            if (best.wrong == 0)
                return best;
            /* Another order of the operations moves last bits; round numbers are then the truth. */
            if (plain.wrong == UINT64_MAX && r.distance <= LAST_BITS)
                plain = r;
        }
    }
    return plain.wrong != UINT64_MAX ? plain : best;
}

/* A point for each level, or many for results that are not rounded. */
static void observe(const fit_search *search, const fit_trial *trial, const plumb_mapping *mapping,
                    size_t index, bool known[3][256], fit_observed *o)
{
    const fit_target *t = &search->target;
    size_t area = (size_t)t->size.width * (size_t)t->size.height;
    const plumb_irect *r = &mapping->placed;
    bool whole = fit_rounds(trial->resample);
    size_t placed = (size_t)r->width * (size_t)r->height, step = whole ? 1 : placed / 1000 + 1;
    for (size_t k = 0; k < placed; k += step) {
        size_t x = (size_t)r->x + k % (size_t)r->width, y = (size_t)r->y + k / (size_t)r->width;
        size_t at = y * (size_t)t->size.width + x;
        for (int c = 0; c < t->channels; c++) {
            int from = trial->reversed ? t->channels - 1 - c : c;
            float level = search->picture[(size_t)from * area + at];
            if (o->count[c] >= sizeof(o->level[c]) / sizeof(o->level[c][0]) ||
                (whole && known[c][(int)level]))
                continue;
            if (whole)
                known[c][(int)level] = true;
            o->level[c][o->count[c]] = level;
            o->value[c][o->count[c]++] = t->values[index][(size_t)c * area + at];
        }
    }
}

/* The level outside the picture: the one whose value is that of a corner that shows none. */
static void find_pad(const fit_search *search, const fit_value_recipe *values,
                     const plumb_mapping *mapping, size_t index, qa_fit_result *result)
{
    const fit_target *t = &search->target;
    const plumb_irect *r = &mapping->placed;
    size_t width = (size_t)t->size.width, area = width * (size_t)t->size.height, at = SIZE_MAX;
    if (r->x > 0 || r->y > 0)
        at = 0;
    else if (r->width < t->size.width || r->height < t->size.height)
        at = area - 1;
    if (at == SIZE_MAX || result->pad_seen)
        return;
    result->pad_seen = result->pad_exact = true;
    for (int c = 0; c < t->channels; c++) {
        float value = t->values[index][(size_t)c * area + at];
        int best = 0;
        double nearest = INFINITY;
        for (int level = 0; level < 256; level++) {
            double distance =
                fabs((double)stored(t->dtype, values, fit_chain(values, c, (float)level)) - value);
            if (distance < nearest) {
                nearest = distance;
                best = level;
            }
        }
        result->best.spec.pad[c] = (uint8_t)best;
        result->pad_exact = result->pad_exact && nearest == 0.0;
    }
}

plumb_status fit_values(fit_search *search, const fit_trial *trial, qa_fit_result *result,
                        plumb_diag *diag)
{
    fit_observed *o = calloc(1, sizeof(*o));
    if (!o)
        return plumb_fail(diag, PLUMB_E_NOMEM, "", "out of memory");
    plumb_mapping mappings[QA_FIT_MAX_PAIRS];
    bool known[3][256] = { { false } };
    plumb_status status = PLUMB_OK;
    for (size_t i = 0; i < search->pair_count && status == PLUMB_OK; i++) {
        status = fit_render(search, trial, i, &mappings[i], NULL);
        if (status == PLUMB_OK)
            observe(search, trial, &mappings[i], i, known, o);
    }
    if (status) {
        free(o);
        return plumb_fail(diag, status, "", "the recipe does not run on every frame");
    }
    bool whole = fit_is_whole(search->target.dtype);
    fit_value_recipe values = plainest(search, trial, o, whole ? 2 : ALL_DIGITS);
    if (whole && values.wrong > 0 && !fit_quantize(search, trial, o, &values))
        values = plainest(search, trial, o, ALL_DIGITS);
    plumb_preprocess_spec *spec = &result->best.spec;
    spec->quantization = values.quantization;
    spec->divide = values.divide;
    spec->scale = values.scale;
    memcpy(spec->mean, values.mean, sizeof(values.mean));
    memcpy(spec->std, values.std, sizeof(values.std));
    for (size_t i = 0; i < search->pair_count; i++)
        find_pad(search, &values, &mappings[i], i, result);
    free(o);
    return PLUMB_OK;
}

/* Bits, or values in float32 where a notebook saved the tensor as float64. */
static bool same_element(const plumb_tensor *made, int64_t at, const plumb_tensor *given,
                         int64_t given_at)
{
    if (made->dtype != given->dtype)
        return plumb_tensor_load(made, at) == plumb_tensor_load(given, given_at);
    return memcmp((const char *)made->data + at, (const char *)given->data + given_at,
                  plumb_dtype_size(made->dtype)) == 0;
}

plumb_status fit_verify(fit_search *search, qa_fit_result *result, plumb_diag *diag)
{
    const fit_target *t = &search->target;
    const plumb_preprocess_spec *spec = &result->best.spec;
    size_t count = (size_t)t->size.width * (size_t)t->size.height * (size_t)t->channels;
    size_t element = plumb_dtype_size(t->dtype);
    plumb_tensor made = { .dtype = t->dtype };
    made.data = malloc(count * element);
    if (!made.data)
        return plumb_fail(diag, PLUMB_E_NOMEM, "", "out of memory");
    fit_trial trial = { .matrix = result->best.matrix,
                        .range = result->best.range,
                        .orientation = result->best.orientation };
    const double step = spec->quantization.scale > 0.0f ? (double)spec->quantization.scale : 1.0;
    plumb_status status = PLUMB_OK;
    double sum = 0.0;
    for (size_t i = 0; i < search->pair_count && status == PLUMB_OK; i++) {
        plumb_frame frame = fit_frame_of(&trial, &search->pairs[i].frame);
        const plumb_tensor *given = &search->pairs[i].tensor;
        fit_source source = { &frame, search->halves ? &search->halves[i] : NULL, false };
        status = fit_run(spec, &source, made.data, NULL, diag);
        for (size_t k = 0; k < count && status == PLUMB_OK; k++) {
            int64_t at = (int64_t)(k * element);
            int64_t given_at = (int64_t)(k * plumb_dtype_size(given->dtype));
            size_t c = t->layout == PLUMB_LAYOUT_NCHW ? k / (count / (size_t)t->channels)
                                                      : k % (size_t)t->channels;
            double gain = (double)spec->scale / ((double)spec->divide * spec->std[c]) / step;
            double error = fabs((double)plumb_tensor_load(&made, at) -
                                (double)plumb_tensor_load(given, given_at)) /
                           gain;
            result->differing += !same_element(&made, at, given, given_at);
            result->max_error = fmax(result->max_error, error);
            sum += error;
        }
        result->elements += count;
    }
    result->mean_error = result->elements ? sum / (double)result->elements : 0.0;
    free(made.data);
    return status;
}
