/* SPDX-License-Identifier: Apache-2.0
 *
 * From the line between levels and tensor values to the step that was left out. A value is made of a
 * unit (what a level is multiplied by), a mean and a std; a mistake changes the unit, or takes other
 * means and stds, or both.
 */
#include "qa/tensor_doctor_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define BIT(code) ((uint32_t)1 << (code))

typedef struct normalisation {
    const char *what; /* NULL: the card's */
    uint32_t codes;
    double mean[3], std[3]; /* by tensor channel */
} normalisation;

/* A std that all channels share, without a mean, is a part of the unit. */
static double unit_of(const plumb_preprocess_spec *card, bool *folded)
{
    double unit = (double)card->scale / (double)card->divide;
    *folded = true;
    for (int c = 0; c < 3; c++)
        *folded = *folded && card->mean[c] == 0.0f && card->std[c] == card->std[0];
    return *folded ? unit / (double)card->std[0] : unit;
}

static void store(const plumb_preprocess_spec *card, double *gain, double *offset)
{
    if (card->quantization.scale > 0.0f) {
        *gain /= (double)card->quantization.scale;
        *offset = *offset / (double)card->quantization.scale + card->quantization.zero_point;
    }
}

void tensor_card_values(const plumb_preprocess_spec *card, int c, double *gain, double *offset)
{
    *gain = (double)card->scale / (double)card->divide / (double)card->std[c];
    *offset = -(double)card->mean[c] / (double)card->std[c];
    store(card, gain, offset);
}

static size_t list_normalisations(const plumb_preprocess_spec *card, bool folded, normalisation *n)
{
    size_t count = 0;
    normalisation own = { NULL, 0, { 0, 0, 0 }, { 1, 1, 1 } };
    for (int c = 0; c < 3 && !folded; c++) {
        own.mean[c] = (double)card->mean[c];
        own.std[c] = (double)card->std[c];
    }
    n[count++] = own;
    if (folded)
        return count;
    normalisation none = {
        "mean and std are left out", BIT(QA_TENSOR_MEAN_STD_MISSING), { 0, 0, 0 }, { 1, 1, 1 }
    };
    n[count++] = none;
    normalisation part = none;
    memcpy(part.mean, own.mean, sizeof(part.mean));
    part.what = "std is left out";
    n[count++] = part;
    part = none;
    memcpy(part.std, own.std, sizeof(part.std));
    part.what = "the mean is left out";
    n[count++] = part;
    normalisation other = own;
    other.what = "mean and std are in the other channel order";
    other.codes = BIT(QA_TENSOR_CHANNEL_ORDER);
    for (int c = 0; c < 3; c++) {
        other.mean[c] = own.mean[2 - c];
        other.std[c] = own.std[2 - c];
    }
    n[count++] = other;
    return count;
}

/* Largest difference in levels between two lines over what the pictures show, seen from the one that
 * was fed. */
static double distance(const double gain[3], const double offset[3], const fit_trial *trial,
                       int channels)
{
    double worst = 0.0;
    for (int c = 0; c < channels; c++)
        for (int end = 0; end < 2; end++) {
            /* Without a look at every pixel: any level. */
            bool looked = trial->seen[c][0] < trial->seen[c][1];
            double level = looked ? trial->seen[c][end] : 255.0 * end;
            double fed = trial->gain[c] * level + trial->offset[c];
            double made = gain[c] * level + offset[c];
            worst = fmax(worst, fabs(fed - made) / fmin(fabs(gain[c]), fabs(trial->gain[c])));
        }
    return worst;
}

typedef struct choice {
    double distance, allowed;
    bool found;
} choice;

/* A range from -1 to 1 and the like: the mean is a part of the range, not of the pictures. */
static bool is_centred(const plumb_preprocess_spec *card)
{
    double middle = 127.5 * (double)card->scale / (double)card->divide;
    bool centred = true;
    for (int c = 0; c < 3; c++)
        centred =
            centred && card->std[c] == 1.0f && fabs((double)card->mean[c] / middle - 1.0) < 0.01;
    return centred;
}

static void offer(const tensor_exam *exam, const fit_trial *trial, const char *unit_text,
                  uint32_t codes, double unit, const normalisation *n, choice *best,
                  tensor_values *values)
{
    tensor_values made = { .codes = codes | n->codes, .usual = true };
    int channels = exam->search.target.channels;
    for (int c = 0; c < channels; c++) {
        made.gain[c] = unit / n->std[c];
        made.offset[c] = -n->mean[c] / n->std[c];
        store(exam->card, &made.gain[c], &made.offset[c]);
    }
    if (codes && is_centred(exam->card))
        made.codes &= ~BIT(QA_TENSOR_MEAN_STD_MISSING);
    double d = distance(made.gain, made.offset, trial, channels);
    int price = tensor_count_codes(made.codes), known = tensor_count_codes(values->codes);
    if (d > best->allowed)
        return;
    if (best->found && (price > known || (price == known && d >= best->distance)))
        return;
    (void)snprintf(made.detail, sizeof(made.detail), "%s%s%s", unit_text ? unit_text : "",
                   unit_text && n->what ? "; " : "", n->what ? n->what : "");
    *values = made;
    best->found = true;
    best->distance = d;
}

/* Means and stds that are in use elsewhere, of x/255. */
static const normalisation foreign[] = {
    { "normalised with the means and stds of ImageNet",
      BIT(QA_TENSOR_MEAN_STD_MISSING),
      { 0.485, 0.456, 0.406 },
      { 0.229, 0.224, 0.225 } },
    { "normalised to -1..1",
      BIT(QA_TENSOR_MEAN_STD_MISSING),
      { 0.5, 0.5, 0.5 },
      { 0.5, 0.5, 0.5 } },
};

void tensor_judge_values(const tensor_exam *exam, const fit_trial *trial, tensor_values *values)
{
    bool folded = false;
    double unit = unit_of(exam->card, &folded);
    const struct {
        double unit;
        uint32_t codes;
        const char *text;
    } units[] = {
        { unit, 0, NULL },
        { 1.0, BIT(QA_TENSOR_RANGE_0_255), "levels 0..255 were not divided" },
        { 1.0 / 255.0, BIT(QA_TENSOR_RANGE_0_1), "levels were divided by 255" },
        { unit * 255.0, BIT(QA_TENSOR_RANGE_0_255), "levels are 255 times too large" },
        { unit / 255.0, BIT(QA_TENSOR_RANGE_0_1), "levels were divided by 255 once more" },
    };
    normalisation norms[6];
    size_t count = list_normalisations(exam->card, folded, norms);
    double step = 0.0;
    if (fit_is_whole(exam->search.target.dtype))
        step = 1.0 / trial->gain[0];
    choice best = { .allowed = (trial->exact ? 0.5 : 2.0 + 3.0 * trial->rms) + step };
    memset(values, 0, sizeof(*values));
    for (size_t n = 0; n < count; n++)
        for (size_t u = 0; u < sizeof(units) / sizeof(units[0]); u++)
            offer(exam, trial, units[u].text, units[u].codes, units[u].unit, &norms[n], &best,
                  values);
    for (size_t n = 0; n < sizeof(foreign) / sizeof(foreign[0]); n++)
        offer(exam, trial, NULL, 0, 1.0 / 255.0, &foreign[n], &best, values);
    if (best.found)
        return;
    memcpy(values->gain, trial->gain, sizeof(values->gain));
    memcpy(values->offset, trial->offset, sizeof(values->offset));
    values->codes = BIT(QA_TENSOR_MEAN_STD_MISSING);
    (void)snprintf(values->detail, sizeof(values->detail),
                   "the first channel holds %.6g * level %+.6g, which no usual mean and std gives",
                   trial->gain[0], trial->offset[0]);
}

/* --- outside the picture --- */

typedef struct outside {
    size_t count;
    double sum[3];
} outside;

static void add_outside(const fit_target *t, size_t index, const plumb_irect *r, outside *o)
{
    size_t width = (size_t)t->size.width, area = width * (size_t)t->size.height;
    for (int32_t y = 0; y < t->size.height; y++)
        for (int32_t x = 0; x < t->size.width; x++) {
            if (x >= r->x && y >= r->y && x < r->x + r->width && y < r->y + r->height)
                continue;
            for (int c = 0; c < t->channels; c++)
                o->sum[c] +=
                    (double)t->values[index][(size_t)c * area + (size_t)y * width + (size_t)x];
            o->count++;
        }
}

static double pad_distance(const tensor_exam *exam, const tensor_pad *pad, bool reversed)
{
    int channels = exam->search.target.channels;
    double worst = 0.0;
    for (int c = 0; c < channels; c++)
        worst = fmax(worst, fabs(pad->level[c] - exam->card->pad[reversed ? channels - 1 - c : c]));
    return worst;
}

void tensor_judge_pad(tensor_exam *exam, tensor_explanation *e)
{
    const fit_target *t = &exam->targets[e->order];
    outside o = { 0 };
    memset(&e->pad, 0, sizeof(e->pad));
    for (size_t i = 0; i < exam->count; i++) {
        plumb_mapping m;
        if (fit_mapping(&e->trial, &exam->decoded[e->decoder][i].frame, &m))
            add_outside(t, i, &m.placed, &o);
    }
    if (o.count == 0)
        return;
    double step = 0.0;
    for (int c = 0; c < t->channels; c++) {
        e->pad.value[c] = o.sum[c] / (double)o.count;
        e->pad.level[c] = (e->pad.value[c] - e->values.offset[c]) / e->values.gain[c];
        if (fit_is_whole(t->dtype))
            step = fmax(step, 0.5 / e->values.gain[c]);
    }
    double d = pad_distance(exam, &e->pad, false);
    if (e->codes & BIT(QA_TENSOR_CHANNEL_ORDER))
        d = fmin(d, pad_distance(exam, &e->pad, true));
    e->pad.wrong = d > 0.6 + step;
}
