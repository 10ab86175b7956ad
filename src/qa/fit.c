/* SPDX-License-Identifier: Apache-2.0
 *
 * The search: first the geometry, with two resamplers that stand for the antialiased and the two-tap
 * family; then every resampler for the geometries that come near; then a look at every pixel of what
 * is left. Each step throws out what is clearly worse, none decides on a small difference.
 */
#include "qa/fit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "qa/fit_parts.h"

#define MAX_GEOMETRIES 512
#define MAX_TRIALS     1024
#define FAR            4.0  /* levels: more than another resampler can explain */
#define ROUNDED        2.0  /* levels that other roundings of YUV and of the resampler leave */
#define MOSTLY         0.05 /* levels, on average */

/* Common ones first: of several that fit exactly, the first is the answer. */
const plumb_resampler fit_resamplers[FIT_RESAMPLERS] = {
    PLUMB_RESAMPLE_OPENCV_LINEAR,
    PLUMB_RESAMPLE_PILLOW_BILINEAR,
    PLUMB_RESAMPLE_OPENCV_AREA,
    PLUMB_RESAMPLE_PILLOW_BICUBIC,
    PLUMB_RESAMPLE_TORCH_BILINEAR,
    PLUMB_RESAMPLE_TORCH_BILINEAR_AA,
    PLUMB_RESAMPLE_TF2_BILINEAR,
    PLUMB_RESAMPLE_TF1_LEGACY,
    PLUMB_RESAMPLE_OPENCV_NEAREST,
    PLUMB_RESAMPLE_PILLOW_LANCZOS,
    PLUMB_RESAMPLE_OPENCV_CUBIC,
    PLUMB_RESAMPLE_OPENCV_LINEAR_EXACT,
    PLUMB_RESAMPLE_PILLOW_BOX,
    PLUMB_RESAMPLE_OPENCV_NEAREST_EXACT,
    PLUMB_RESAMPLE_TORCH_BILINEAR_CORNERS,
};

const fit_color fit_colors[FIT_COLORS] = {
    { PLUMB_MATRIX_BT601, PLUMB_RANGE_LIMITED },
    { PLUMB_MATRIX_BT709, PLUMB_RANGE_LIMITED },
    { PLUMB_MATRIX_BT601, PLUMB_RANGE_FULL },
    { PLUMB_MATRIX_BT709, PLUMB_RANGE_FULL },
    { PLUMB_MATRIX_BT2020, PLUMB_RANGE_LIMITED },
    { PLUMB_MATRIX_BT2020, PLUMB_RANGE_FULL },
    { PLUMB_MATRIX_OPENCV, PLUMB_RANGE_LIMITED },
    { PLUMB_MATRIX_LIBYUV_I601, PLUMB_RANGE_LIMITED },
    { PLUMB_MATRIX_LIBYUV_JPEG, PLUMB_RANGE_FULL },
    { PLUMB_MATRIX_LIBYUV_H709, PLUMB_RANGE_LIMITED },
    { PLUMB_MATRIX_LIBYUV_F709, PLUMB_RANGE_FULL },
};

typedef struct trial_list {
    fit_trial *items;
    size_t count;
} trial_list;

static double best_of(const trial_list *list)
{
    double best = INFINITY;
    for (size_t i = 0; i < list->count; i++)
        best = fmin(best, list->items[i].rms);
    return best;
}

/* Forget what is clearly worse than the best. */
static void keep_near(trial_list *list, double factor, double slack)
{
    double limit = best_of(list) * factor + slack;
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].rms <= limit)
            list->items[kept++] = list->items[i];
    list->count = kept;
}

static void try_one(fit_search *search, trial_list *list, fit_trial trial)
{
    if (list->count >= MAX_TRIALS)
        return;
    fit_match(search, &trial);
    if (isfinite(trial.rms))
        list->items[list->count++] = trial;
}

/* Of geometries that place every pair alike one is enough for the search. */
static size_t distinct(const fit_search *search, plumb_mapping_spec *specs, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        fit_trial trial = { .mapping = specs[i] };
        bool seen = false;
        for (size_t k = 0; k < kept && !seen; k++) {
            fit_trial earlier = { .mapping = specs[k] };
            seen = fit_same_geometry(search, &trial, &earlier);
        }
        if (!seen)
            specs[kept++] = specs[i];
    }
    return kept;
}

/* Each geometry with both kinds of resampler; the better one counts. */
static void try_geometries(fit_search *search, trial_list *list, fit_family family,
                           plumb_orientation orientation)
{
    plumb_mapping_spec specs[MAX_GEOMETRIES];
    size_t count = fit_geometries(&search->target, family, specs, MAX_GEOMETRIES);
    count = distinct(search, specs, count);
    for (size_t g = 0; g < count; g++) {
        fit_trial trial = { .mapping = specs[g],
                            .resample = PLUMB_RESAMPLE_OPENCV_LINEAR,
                            .orientation = orientation };
        fit_match(search, &trial);
        fit_trial other = trial;
        other.resample = PLUMB_RESAMPLE_PILLOW_BILINEAR;
        fit_match(search, &other);
        if (other.rms < trial.rms)
            trial = other;
        if (isfinite(trial.rms) && list->count < MAX_TRIALS)
            list->items[list->count++] = trial;
    }
}

static bool any_turned(const fit_search *search)
{
    for (size_t i = 0; i < search->pair_count; i++)
        if (search->pairs[i].frame.orientation != PLUMB_ORIENTATION_UP)
            return true;
    return false;
}

/* The likely explanations first; a later family is looked at only while nothing comes near. */
static void find_geometry(fit_search *search, trial_list *list)
{
    const plumb_orientation own = (plumb_orientation)0;
    try_geometries(search, list, FIT_USUAL, own);
    if (best_of(list) > FAR && any_turned(search))
        try_geometries(search, list, FIT_USUAL, PLUMB_ORIENTATION_UP);
    if (best_of(list) > FAR)
        try_geometries(search, list, FIT_TURNED, own);
    if (best_of(list) > FAR)
        try_geometries(search, list, FIT_UNUSUAL, own);
    keep_near(list, 1.6, 0.5);
}

/* The matrices for the geometries at hand. */
static void find_colors(fit_search *search, trial_list *list)
{
    size_t count = list->count < 8 ? list->count : 8;
    fit_trial first[8];
    memcpy(first, list->items, count * sizeof(first[0]));
    list->count = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t c = 0; c < FIT_COLORS; c++) {
            fit_trial trial = first[i];
            trial.matrix = fit_colors[c].matrix;
            trial.range = fit_colors[c].range;
            try_one(search, list, trial);
        }
    }
    keep_near(list, 1.3, 0.3);
}

/* Every resampler for the geometries at hand; true where something is exact. */
static bool try_resamplers(fit_search *search, trial_list *list, const fit_trial *first,
                           size_t count, plumb_jpeg_decoding jpeg)
{
    bool exact = false;
    for (size_t r = 0; r < FIT_RESAMPLERS; r++) {
        for (size_t i = 0; i < count; i++) {
            fit_trial trial = first[i];
            trial.resample = fit_resamplers[r];
            trial.jpeg = jpeg;
            try_one(search, list, trial);
        }
    }
    keep_near(list, 1.5, 0.1);
    for (size_t i = 0; i < list->count; i++) {
        fit_check(search, &list->items[i]);
        exact = exact || list->items[i].exact;
    }
    return exact;
}

/* Files at half size only where nothing is exact in full: few are made of that. */
static void find_resampler(fit_search *search, trial_list *list, fit_pictures *pictures)
{
    size_t count = list->count < MAX_TRIALS / 2 / FIT_RESAMPLERS ? list->count
                                                                 : MAX_TRIALS / 2 / FIT_RESAMPLERS;
    fit_trial *first = malloc((count + 1) * sizeof(*first));
    if (!first)
        return;
    memcpy(first, list->items, count * sizeof(*first));
    list->count = 0;
    if (!try_resamplers(search, list, first, count, PLUMB_JPEG_TURBO_ISLOW_FANCY) &&
        fit_pictures_halve(pictures))
        (void)try_resamplers(search, list, first, count, PLUMB_JPEG_HALF_DCT);
    free(first);
}

/* Exact before close; of several exact ones the first, since common recipes come first. */
static const fit_trial *choose(const trial_list *list)
{
    const fit_trial *best = NULL;
    for (size_t i = 0; i < list->count; i++) {
        const fit_trial *t = &list->items[i];
        if (!best || (t->exact && !best->exact) ||
            (t->exact == best->exact && !t->exact && t->rms < best->rms))
            best = t;
    }
    return best;
}

static qa_fit_recipe recipe_of(const fit_search *search, const fit_trial *trial)
{
    const fit_target *t = &search->target;
    qa_fit_recipe recipe = { .matrix = trial->matrix,
                             .range = trial->range,
                             .orientation = trial->orientation,
                             .rms = trial->rms };
    recipe.spec = fit_plain_spec(t, trial);
    recipe.spec.layout = t->layout;
    recipe.spec.dtype = t->dtype;
    if (t->channels == 3)
        recipe.spec.channels = trial->reversed ? PLUMB_CHANNELS_BGR : PLUMB_CHANNELS_RGB;
    return recipe;
}

static bool same_spec(const plumb_mapping_spec *a, const plumb_mapping_spec *b)
{
    return a->mode == b->mode && a->rule == b->rule && a->resize_short == b->resize_short &&
           a->central_fraction == b->central_fraction;
}

static bool same_recipe(const qa_fit_recipe *a, const qa_fit_recipe *b)
{
    return a->matrix == b->matrix && a->range == b->range && a->spec.resample == b->spec.resample &&
           same_spec(&a->spec.mapping, &b->spec.mapping);
}

static void add_alternative(const fit_search *search, const fit_trial *best, const fit_trial *also,
                            qa_fit_result *result)
{
    qa_fit_recipe recipe = recipe_of(search, also);
    for (size_t i = 0; i < result->alternative_count; i++)
        if (same_recipe(&result->alternatives[i].also, &recipe))
            return;
    bool same = also->resample == best->resample && also->matrix == best->matrix &&
                also->range == best->range && same_spec(&also->mapping, &best->mapping);
    if (same || result->alternative_count >= QA_FIT_MAX_ALTERNATIVES)
        return;
    qa_fit_alternative *a = &result->alternatives[result->alternative_count++];
    a->also = recipe;
    a->frame = fit_deciding_size(&search->target, best, also);
}

/* What else is exact, and the rules that place these frames alike. */
static void list_alternatives(const fit_search *search, const trial_list *list,
                              const fit_trial *best, qa_fit_result *result)
{
    for (size_t i = 0; i < list->count; i++)
        if (&list->items[i] != best && list->items[i].exact == best->exact &&
            list->items[i].rms <= best->rms * (1.0 + 1e-9) + 1e-9)
            add_alternative(search, best, &list->items[i], result);
    plumb_mapping_spec specs[MAX_GEOMETRIES];
    size_t count = fit_geometries(&search->target, FIT_USUAL, specs, MAX_GEOMETRIES);
    count += fit_geometries(&search->target, FIT_TURNED, specs + count, MAX_GEOMETRIES - count);
    for (size_t i = 0; i < count; i++) {
        fit_trial also = *best;
        also.mapping = specs[i];
        if (fit_same_geometry(search, best, &also))
            add_alternative(search, best, &also, result);
    }
}

static plumb_status search_layout(fit_search *search, trial_list *list, fit_pictures *pictures,
                                  plumb_layout layout, plumb_diag *diag)
{
    plumb_status status =
        fit_target_read(&search->target, search->pairs, search->pair_count, layout, diag);
    if (status)
        return status;
    const fit_target *t = &search->target;
    size_t area = (size_t)t->size.width * (size_t)t->size.height;
    search->picture = malloc(area * (size_t)t->channels * sizeof(float));
    if (!search->picture)
        return plumb_fail(diag, PLUMB_E_NOMEM, "", "out of memory");
    list->count = 0;
    find_geometry(search, list);
    if (list->count > 0 && plumb_pixel_format_is_yuv(search->pairs[0].frame.format))
        find_colors(search, list);
    if (list->count > 0)
        find_resampler(search, list, pictures);
    if (list->count == 0)
        return plumb_fail(diag, PLUMB_E_VALUE, "tensor",
                          "has nothing in common with the frames: is it theirs, and do they show "
                          "more than one colour?");
    return PLUMB_OK;
}

static void end_layout(fit_search *search)
{
    fit_target_release(&search->target);
    free(search->picture);
    search->picture = NULL;
}

static qa_fit_verdict judge(const qa_fit_result *r)
{
    const plumb_preprocess_spec *s = &r->best.spec;
    double step = s->quantization.scale > 0.0f ? (double)s->quantization.scale : 1.0;
    double widest = 0.0; /* a step of whole numbers, in levels */
    for (int c = 0; c < 3 && fit_is_whole(s->dtype); c++)
        widest = fmax(widest, step * (double)s->divide * (double)s->std[c] / (double)s->scale);
    if (r->differing == 0)
        return QA_FIT_EXACT;
    return r->max_error <= fmax(ROUNDED, 1.01 * widest) && r->mean_error <= MOSTLY ? QA_FIT_ROUNDING
                                                                                   : QA_FIT_NEAREST;
}

static plumb_status conclude(fit_search *search, const trial_list *list, qa_fit_result *result,
                             plumb_diag *diag)
{
    const fit_trial *best = choose(list);
    memset(result, 0, sizeof(*result));
    result->best = recipe_of(search, best);
    result->color_seen = best->color_seen || search->target.channels == 1;
    plumb_status status = fit_values(search, best, result, diag);
    if (status == PLUMB_OK)
        status = fit_verify(search, result, diag);
    if (status)
        return status;
    result->verdict = judge(result);
    if (result->verdict != QA_FIT_NEAREST)
        list_alternatives(search, list, best, result);
    return PLUMB_OK;
}

/* The layout whose shape fits; where both do, the one that is a picture. */
static plumb_status search_layouts(fit_search *search, trial_list *list, fit_pictures *pictures,
                                   plumb_diag *diag)
{
    plumb_status status = search_layout(search, list, pictures, PLUMB_LAYOUT_NCHW, diag);
    if (status != PLUMB_E_SHAPE && status != PLUMB_E_VALUE)
        return status;
    plumb_diag other = { 0 };
    end_layout(search);
    plumb_status second = search_layout(search, list, pictures, PLUMB_LAYOUT_NHWC, &other);
    /* A shape that fits one layout only leaves the word to that one. */
    if (second == PLUMB_E_SHAPE && status != PLUMB_E_SHAPE)
        return status;
    if (second && diag)
        *diag = other;
    return second;
}

plumb_status qa_fit(const qa_fit_pair *pairs, size_t count,
                    void (*progress)(void *user, size_t done), void *user, qa_fit_result *result,
                    plumb_diag *diag)
{
    if (count < 1 || count > QA_FIT_MAX_PAIRS)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "pairs", "%zu; 1 to %d are expected", count,
                          QA_FIT_MAX_PAIRS);
    fit_pictures pictures = { 0 };
    fit_search search = { .pairs = pictures.pairs,
                          .halves = pictures.halves,
                          .pair_count = count,
                          .progress = progress,
                          .user = user };
    trial_list list = { malloc(MAX_TRIALS * sizeof(fit_trial)), 0 };
    if (!list.items)
        return plumb_fail(diag, PLUMB_E_NOMEM, "", "out of memory");
    plumb_status status = fit_pictures_open(&pictures, pairs, count, diag);
    if (status == PLUMB_OK)
        status = search_layouts(&search, &list, &pictures, diag);
    if (status == PLUMB_OK)
        status = conclude(&search, &list, result, diag);
    end_layout(&search);
    fit_pictures_close(&pictures);
    free(list.items);
    return status;
}
