/* SPDX-License-Identifier: Apache-2.0
 *
 * Whole numbers of a network with integer inputs: round(value / scale) + zero point, clamped, of a
 * value that somebody normalised. The normalisation is one of those in use; each level then says
 * between which bounds the scale lies, and the plainest number between them is the answer.
 */
#include <math.h>
#include <string.h>

#include "qa/fit_values.h"

#define SLACK 1e-6 /* of a bound: the values are float32 */

/* Means and stds in the order R, G, B. */
typedef struct normalisation {
    float divide, mean[3], std[3];
} normalisation;

static const normalisation usual[] = {
    { 255.0f, { 0.0f, 0.0f, 0.0f }, { 1.0f, 1.0f, 1.0f } },
    { 127.5f, { 1.0f, 1.0f, 1.0f }, { 1.0f, 1.0f, 1.0f } },
    { 255.0f, { 0.485f, 0.456f, 0.406f }, { 0.229f, 0.224f, 0.225f } },
    { 1.0f, { 123.675f, 116.28f, 103.53f }, { 58.395f, 57.12f, 57.375f } },
    { 1.0f, { 127.5f, 127.5f, 127.5f }, { 128.0f, 128.0f, 128.0f } },
    { 1.0f, { 0.0f, 0.0f, 0.0f }, { 1.0f, 1.0f, 1.0f } },
    { 1.0f, { 123.68f, 116.779f, 103.939f }, { 1.0f, 1.0f, 1.0f } },
    { 1.0f, { 123.0f, 117.0f, 104.0f }, { 1.0f, 1.0f, 1.0f } },
    { 255.0f, { 0.48145466f, 0.4578275f, 0.40821073f }, { 0.26862954f, 0.26130258f, 0.27577711f } },
};

typedef struct line {
    double gain, offset;
} line;

typedef struct bounds {
    double low, high;
} bounds;

static void limits_of(plumb_dtype dtype, float *lowest, float *highest)
{
    *lowest = dtype == PLUMB_DTYPE_INT8 ? -128.0f : 0.0f;
    *highest = dtype == PLUMB_DTYPE_INT8 ? 127.0f : 255.0f;
}

/* Value against level of what is not clamped; false where that is less than two levels. */
static bool find_line(plumb_dtype dtype, const fit_observed *o, int c, line *l)
{
    double n = 0.0, sx = 0.0, sy = 0.0, sxx = 0.0, sxy = 0.0;
    float lowest, highest;
    limits_of(dtype, &lowest, &highest);
    for (size_t i = 0; i < o->count[c]; i++) {
        double x = (double)o->level[c][i], y = (double)o->value[c][i];
        if (o->value[c][i] <= lowest || o->value[c][i] >= highest)
            continue;
        n += 1.0;
        sx += x;
        sy += y;
        sxx += x * x;
        sxy += x * y;
    }
    double spread = n * sxx - sx * sx;
    if (!(spread > 0.0))
        return false;
    l->gain = (n * sxy - sx * sy) / spread;
    l->offset = (sy - l->gain * sx) / n;
    return l->gain > 0.0;
}

/* low <= value / scale <= high. */
static void narrow(double value, double low, double high, bounds *b)
{
    if (value < 0.0) {
        double swapped = -low;
        low = -high;
        high = swapped;
        value = -value;
    }
    if (low > 0.0)
        b->high = fmin(b->high, value / low);
    if (high > 0.0)
        b->low = fmax(b->low, value / high);
    if (high < 0.0 || (high == 0.0 && value > 0.0))
        b->high = -INFINITY;
}

static bounds bounds_of(plumb_dtype dtype, int channels, const fit_observed *o,
                        const fit_value_recipe *r)
{
    bounds b = { 0.0, INFINITY };
    float lowest, highest;
    limits_of(dtype, &lowest, &highest);
    for (int c = 0; c < channels; c++)
        for (size_t i = 0; i < o->count[c]; i++) {
            float stored = o->value[c][i];
            double steps = (double)stored - r->quantization.zero_point;
            narrow((double)fit_chain(r, c, o->level[c][i]),
                   stored <= lowest ? -INFINITY : steps - 0.5,
                   stored >= highest ? INFINITY : steps + 0.5, &b);
        }
    return b;
}

/* A number somebody would write, or the shortest between the bounds. */
static float plainest_scale(const bounds *b)
{
    static const double known[] = { 1.0 / 255.0, 2.0 / 255.0, 1.0 / 127.5, 1.0 / 127.0,
                                    1.0 / 128.0, 1.0 / 256.0, 1.0 / 64.0,  1.0 };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (known[i] >= b->low && known[i] <= b->high)
            return (float)known[i];
    double middle = 0.5 * (b->low + b->high), plain = middle;
    for (int digits = 1; digits <= 9; digits++) {
        double unit = pow(10.0, digits - 1 - floor(log10(middle)));
        plain = nearbyint(middle * unit) / unit;
        if (plain >= b->low && plain <= b->high)
            break;
    }
    return (float)plain;
}

static bool try_normalisation(const fit_search *search, const fit_trial *trial,
                              const fit_observed *o, const normalisation *n, const line lines[3],
                              fit_value_recipe *r)
{
    int channels = search->target.channels;
    double scale = 0.0, zero = 0.0;
    r->divide = n->divide;
    r->scale = 1.0f;
    for (int c = 0; c < channels; c++) {
        int from = trial->reversed ? channels - 1 - c : c;
        r->mean[c] = n->mean[from];
        r->std[c] = n->std[from];
        scale += 1.0 / ((double)n->divide * (double)n->std[from] * lines[c].gain) / channels;
    }
    for (int c = 0; c < channels; c++)
        zero += (lines[c].offset + (double)r->mean[c] / (double)r->std[c] / scale) / channels;
    for (int nudge = 0; nudge < 3; nudge++) {
        r->quantization.zero_point = (int32_t)nearbyint(zero) + (nudge == 2 ? -1 : nudge);
        bounds b = bounds_of(search->target.dtype, channels, o, r);
        if (b.low > b.high * (1.0 + SLACK) || !isfinite(b.high) || !(b.low > 0.0))
            continue;
        r->quantization.scale = plainest_scale(&b);
        fit_rate(search, trial, o, r);
        if (r->wrong == 0)
            return true;
    }
    return false;
}

bool fit_quantize(const fit_search *search, const fit_trial *trial, const fit_observed *o,
                  fit_value_recipe *values)
{
    line lines[3] = { { 0 } };
    for (int c = 0; c < search->target.channels; c++)
        if (!find_line(search->target.dtype, o, c, &lines[c]))
            return false;
    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
        fit_value_recipe r = { 0 };
        for (int c = 0; c < 3; c++)
            r.std[c] = 1.0f;
        if (!try_normalisation(search, trial, o, &usual[i], lines, &r))
            continue;
        *values = r;
        return true;
    }
    return false;
}
