/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/fit_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "geometry/orientation.h"
#include "preprocess/stream.h"

#define SAMPLES 24000 /* pixels of a pair that the search looks at */

plumb_preprocess_spec fit_plain_spec(const fit_target *target, const fit_trial *trial)
{
    plumb_preprocess_spec spec = PLUMB_PREPROCESS_SPEC_INIT;
    spec.mapping = trial->mapping;
    spec.resample = trial->resample;
    spec.jpeg = trial->jpeg;
    spec.channels = target->channels == 1 ? PLUMB_CHANNELS_GRAY : PLUMB_CHANNELS_RGB;
    spec.layout = PLUMB_LAYOUT_NCHW;
    spec.dtype = PLUMB_DTYPE_FLOAT32;
    return spec;
}

/* Where an upright region lies once the picture is turned. */
static plumb_irect turn_region(const plumb_irect *roi, plumb_size picture, plumb_orientation turn)
{
    plumb_axes axes = plumb_orientation_axes(turn);
    plumb_irect t = *roi;
    plumb_size size = picture;
    if (axes.swap) {
        t = (plumb_irect){ roi->y, roi->x, roi->height, roi->width };
        size = (plumb_size){ picture.height, picture.width };
    }
    if (axes.mirror_x)
        t.x = size.width - t.x - t.width;
    if (axes.mirror_y)
        t.y = size.height - t.y - t.height;
    return t;
}

plumb_frame fit_frame_of(const fit_trial *trial, const plumb_frame *frame)
{
    plumb_frame f = *frame;
    if (trial->matrix != PLUMB_MATRIX_UNSET) {
        f.matrix = trial->matrix;
        f.range = trial->range;
    }
    if (trial->orientation != 0)
        f.orientation = trial->orientation;
    if (trial->whole)
        f.roi = (plumb_irect){ 0, 0, 0, 0 };
    if (trial->turn != 0 && f.roi.width > 0)
        f.roi = turn_region(&f.roi, plumb_frame_upright_size(&f), trial->turn);
    if (trial->turn != 0)
        f.orientation = plumb_orientation_compose(f.orientation, trial->turn);
    return f;
}

static const uint8_t *row_of(void *user, int32_t row)
{
    const plumb_frame *frame = user;
    ptrdiff_t dense = (ptrdiff_t)frame->width * (frame->format == PLUMB_FORMAT_GRAY8 ? 1 : 3);
    ptrdiff_t stride = frame->planes[0].row_stride;
    return frame->planes[0].data + row * (stride ? stride : dense);
}

/* Through a stream, as a session decodes files. */
static plumb_status run_plan(const plumb_preprocess_plan *plan, fit_source *source, bool streamed,
                             plumb_tensor *view, plumb_diag *diag)
{
    size_t scratch_size = plumb_preprocess_plan_scratch(plan);
    void *scratch = NULL;
    if (posix_memalign(&scratch, 64, scratch_size + 1) != 0)
        return plumb_fail(diag, PLUMB_E_NOMEM, "", "out of memory");
    plumb_status status;
    source->halved = streamed && plumb_stream_plan_reduction(plan) == 2;
    if (streamed) {
        plumb_frame picture = source->halved ? *source->half : *source->frame;
        plumb_row_stream stream = { &picture, row_of };
        status = plumb_preprocess_run_stream(plan, &stream, view, scratch, scratch_size, diag);
    } else {
        status = plumb_preprocess_run(plan, source->frame, view, scratch, scratch_size, diag);
    }
    free(scratch);
    return status;
}

plumb_status fit_run(const plumb_preprocess_spec *spec, fit_source *source, void *tensor,
                     plumb_mapping *mapping, plumb_diag *diag)
{
    plumb_preprocess_plan *plan = NULL;
    bool streamed = spec->jpeg == PLUMB_JPEG_HALF_DCT && source->half && source->half->width > 0;
    plumb_status status =
        streamed ? plumb_stream_plan_create(NULL, spec, source->frame, &plan, diag)
                 : plumb_preprocess_plan_create(NULL, spec, source->frame, &plan, diag);
    if (status)
        return status;
    plumb_tensor_info info = plumb_preprocess_tensor_info(spec);
    plumb_tensor view = { .data = tensor, .dtype = info.dtype, .rank = info.rank };
    memcpy(view.shape, info.shape, sizeof(view.shape));
    view.size = (size_t)plumb_tensor_elements(&view) * plumb_dtype_size(info.dtype);
    status = run_plan(plan, source, streamed, &view, diag);
    if (mapping)
        *mapping = *plumb_preprocess_plan_mapping(plan);
    plumb_preprocess_plan_destroy(&plan);
    return status;
}

/* The picture from one place of the input to another; what lies outside is not looked at. */
static void move_picture(fit_search *search, const plumb_irect *from, const plumb_irect *to)
{
    const fit_target *t = &search->target;
    size_t width = (size_t)t->size.width, area = width * (size_t)t->size.height;
    for (int c = 0; c < t->channels; c++) {
        float *plane = search->picture + (size_t)c * area;
        for (int32_t i = 0; i < from->height; i++) {
            int32_t row = to->y > from->y ? from->height - 1 - i : i;
            memmove(plane + (size_t)(to->y + row) * width + (size_t)to->x,
                    plane + (size_t)(from->y + row) * width + (size_t)from->x,
                    (size_t)from->width * sizeof(*plane));
        }
    }
}

plumb_status fit_render(fit_search *search, const fit_trial *trial, size_t index,
                        plumb_mapping *mapping, bool *halved)
{
    plumb_preprocess_spec spec = fit_plain_spec(&search->target, trial);
    plumb_frame frame = fit_frame_of(trial, &search->pairs[index].frame);
    fit_source source = { &frame, search->halves ? &search->halves[index] : NULL, false };
    plumb_status status = fit_run(&spec, &source, search->picture, mapping, NULL);
    if (status)
        return status;
    if (halved)
        *halved = source.halved;
    const plumb_irect made = mapping->placed;
    fit_place(trial, mapping);
    if (mapping->placed.x != made.x || mapping->placed.y != made.y)
        move_picture(search, &made, &mapping->placed);
    return PLUMB_OK;
}

bool fit_is_whole(plumb_dtype dtype)
{
    return dtype == PLUMB_DTYPE_UINT8 || dtype == PLUMB_DTYPE_INT8;
}

double fit_clamp(plumb_dtype dtype, double value)
{
    double lowest = dtype == PLUMB_DTYPE_INT8 ? -128.0 : 0.0;
    return fit_is_whole(dtype) ? fmin(fmax(value, lowest), lowest + 255.0) : value;
}

bool fit_rounds(plumb_resampler resampler)
{
    return resampler != PLUMB_RESAMPLE_TORCH_BILINEAR &&
           resampler != PLUMB_RESAMPLE_TORCH_BILINEAR_AA &&
           resampler != PLUMB_RESAMPLE_TORCH_BILINEAR_CORNERS &&
           resampler != PLUMB_RESAMPLE_TF2_BILINEAR && resampler != PLUMB_RESAMPLE_TF1_LEGACY;
}

/* Sums over picture pixels, for tensor channel c against picture channel c and its mirror image;
 * and over the pixels outside the picture, which have to hold one value. */
typedef struct sums {
    double n[3], p[3], pp[3], q[3], qq[3], t[3], tt[3], same[3], swapped[3]; /* q: mirror image */
    double outside, u[3], uu[3];
} sums;

static bool inside(const plumb_irect *r, int32_t x, int32_t y)
{
    return x >= r->x && y >= r->y && x < r->x + r->width && y < r->y + r->height;
}

static void add_pixel(sums *s, const fit_target *target, const float *picture, const float *values,
                      size_t at, bool placed)
{
    int channels = target->channels;
    size_t area = (size_t)target->size.width * (size_t)target->size.height;
    for (int c = 0; c < channels; c++) {
        double t = values[(size_t)c * area + at];
        if (!placed) {
            s->u[c] += t;
            s->uu[c] += t * t;
            continue;
        }
        if (t <= target->lowest || t >= target->highest)
            continue;
        double p = picture[(size_t)c * area + at];
        double q = picture[(size_t)(channels - 1 - c) * area + at];
        s->n[c] += 1.0;
        s->p[c] += p;
        s->pp[c] += p * p;
        s->q[c] += q;
        s->qq[c] += q * q;
        s->t[c] += t;
        s->tt[c] += t * t;
        s->same[c] += p * t;
        s->swapped[c] += q * t;
    }
    s->outside += !placed;
}

static void add_pair(fit_search *search, size_t index, const plumb_mapping *mapping, sums *s)
{
    const fit_target *t = &search->target;
    size_t area = (size_t)t->size.width * (size_t)t->size.height;
    /* A step that shares no factor with the width visits all columns. */
    size_t step = area > SAMPLES ? area / SAMPLES : 1;
    while (step > 1 && ((size_t)t->size.width % step == 0 || step % 2 == 0))
        step++;
    for (size_t at = 0; at < area; at += step) {
        int32_t x = (int32_t)(at % (size_t)t->size.width);
        int32_t y = (int32_t)(at / (size_t)t->size.width);
        add_pixel(s, t, search->picture, t->values[index], at, inside(&mapping->placed, x, y));
    }
}

/* Squared error in levels of the best line for each channel; INFINITY without one that rises. */
static double fit_lines(const sums *s, int channels, bool reversed, double gain[3],
                        double offset[3])
{
    double error = 0.0;
    for (int c = 0; c < channels; c++) {
        double n = s->n[c], product = reversed ? s->swapped[c] : s->same[c];
        double p = reversed ? s->q[c] : s->p[c], pp = reversed ? s->qq[c] : s->pp[c];
        double spp = pp - p * p / n, spt = product - p * s->t[c] / n;
        double stt = s->tt[c] - s->t[c] * s->t[c] / n;
        if (!(n > 0.0) || !(spp > 0.0) || !(spt > 0.0))
            return INFINITY;
        gain[c] = spt / spp;
        offset[c] = (s->t[c] - gain[c] * p) / n;
        double outside = s->outside > 0.0 ? s->uu[c] - s->u[c] * s->u[c] / s->outside : 0.0;
        error += (fmax(stt - spt * gain[c], 0.0) + fmax(outside, 0.0)) / (gain[c] * gain[c]);
    }
    return error;
}

/* What rounding to whole numbers adds to the mean square of a resampler that does not round. */
static double rounding_of(const fit_search *search, const fit_trial *trial)
{
    double sum = 0.0;
    if (!fit_is_whole(search->target.dtype) || fit_rounds(trial->resample))
        return 0.0;
    for (int c = 0; c < search->target.channels; c++)
        sum += 1.0 / (12.0 * trial->gain[c] * trial->gain[c]);
    return sum / search->target.channels;
}

void fit_match(fit_search *search, fit_trial *trial)
{
    sums s = { 0 };
    int channels = search->target.channels;
    bool any = trial->jpeg != PLUMB_JPEG_HALF_DCT;
    trial->rms = INFINITY;
    for (size_t i = 0; i < search->pair_count; i++) {
        plumb_mapping mapping;
        bool halved = false;
        if (fit_render(search, trial, i, &mapping, &halved) != PLUMB_OK)
            return;
        add_pair(search, i, &mapping, &s);
        any = any || halved;
    }
    if (!any)
        return;
    search->done++;
    if (search->progress)
        search->progress(search->user, search->done);
    double gain[2][3] = { { 0 } }, offset[2][3] = { { 0 } }, error[2] = { INFINITY, INFINITY };
    for (int order = 0; order < (channels == 3 ? 2 : 1); order++)
        error[order] = fit_lines(&s, channels, order == 1, gain[order], offset[order]);
    trial->reversed = error[1] < error[0];
    double less = fmin(error[0], error[1]);
    trial->color_seen = channels == 3 && fabs(error[1] - error[0]) > 1e-9 * (1.0 + less);
    memcpy(trial->gain, gain[trial->reversed], sizeof(trial->gain));
    memcpy(trial->offset, offset[trial->reversed], sizeof(trial->offset));
    double seen = channels * s.outside;
    for (int c = 0; c < channels; c++)
        seen += s.n[c];
    double mean = less / seen;
    trial->rms = sqrt(fmax(mean - rounding_of(search, trial), 0.0));
}

/* --- every pixel --- */

/* What the tensors hold for each level; or, where levels are not whole but the tensors are, between
 * which levels each value lies. */
typedef struct level_values {
    bool known[3][256];
    float value[3][256];
    float lowest[3][256], highest[3][256];
} level_values;

static void check_level(fit_trial *trial, level_values *levels, int c, float p, float t)
{
    int level = (int)p;
    if (!levels->known[c][level]) {
        levels->known[c][level] = true;
        levels->value[c][level] = t;
    } else if (levels->value[c][level] != t) {
        trial->exact = false;
    }
}

static void widen(level_values *levels, int c, float p, int value)
{
    bool first = !levels->known[c][value];
    levels->known[c][value] = true;
    levels->lowest[c][value] = first ? p : fminf(levels->lowest[c][value], p);
    levels->highest[c][value] = first ? p : fmaxf(levels->highest[c][value], p);
}

/* A row of one channel. These are the loops over every pixel: plain comparisons, no calls. */
static void check_row(const fit_target *target, fit_trial *trial, level_values *levels, int c,
                      const float *p, const float *t, int32_t count)
{
    const bool rounds = fit_rounds(trial->resample), whole = fit_is_whole(target->dtype);
    const int zero = target->dtype == PLUMB_DTYPE_INT8 ? 128 : 0;
    const double lowest = whole ? -zero : -INFINITY, highest = whole ? 255 - zero : INFINITY;
    const double gain = trial->gain[c], offset = trial->offset[c];
    double worst = 0.0, low = trial->seen[c][0], high = trial->seen[c][1];
    for (int32_t i = 0; i < count; i++) {
        double level = p[i], made = gain * level + offset;
        made = made < lowest ? lowest : made > highest ? highest : made;
        double error = fabs(made - (double)t[i]);
        worst = error > worst ? error : worst;
        low = level < low ? level : low;
        high = level > high ? level : high;
    }
    trial->worst = fmax(trial->worst, worst / gain);
    trial->seen[c][0] = low;
    trial->seen[c][1] = high;
    for (int32_t i = 0; i < count && rounds; i++)
        check_level(trial, levels, c, p[i], t[i]);
    for (int32_t i = 0; i < count && whole && !rounds; i++)
        widen(levels, c, p[i], (int)t[i] + zero);
}

/* Rounding a rising line keeps the order: levels of a higher value are nowhere lower. */
static bool in_order(const level_values *levels, int channels)
{
    for (int c = 0; c < channels; c++) {
        float below = -INFINITY;
        for (int value = 0; value < 256; value++) {
            if (!levels->known[c][value])
                continue;
            if (levels->lowest[c][value] < below - 3e-4f)
                return false;
            below = levels->highest[c][value];
        }
    }
    return true;
}

/* Half the distance of neighbouring values of the tensor's type, in levels. The line through rounded
 * values is not the one they were made with, so whole numbers get twice that. */
static double precision_of(const fit_search *search, const fit_trial *trial)
{
    double gain = trial->gain[0], largest = 0.0;
    for (int c = 0; c < search->target.channels; c++) {
        gain = fmin(gain, trial->gain[c]);
        largest = fmax(
            largest, fmax(fabs(trial->offset[c]), fabs(trial->offset[c] + 255.0 * trial->gain[c])));
    }
    switch (search->target.dtype) {
    case PLUMB_DTYPE_FLOAT32:
        return 3e-4 + largest * 0x1p-22 / gain;
    case PLUMB_DTYPE_FLOAT16:
        return 3e-4 + largest * 0x1p-10 / gain;
    default:
        return 1.0 / gain;
    }
}

void fit_check(fit_search *search, fit_trial *trial)
{
    const fit_target *target = &search->target;
    size_t area = (size_t)target->size.width * (size_t)target->size.height;
    level_values levels;
    memset(&levels, 0, sizeof(levels));
    trial->worst = 0.0;
    trial->exact = true;
    for (int c = 0; c < 3; c++) {
        trial->seen[c][0] = 255.0;
        trial->seen[c][1] = 0.0;
    }
    for (size_t i = 0; i < search->pair_count; i++) {
        plumb_mapping mapping;
        if (fit_render(search, trial, i, &mapping, NULL) != PLUMB_OK) {
            trial->exact = false;
            return;
        }
        const plumb_irect *r = &mapping.placed;
        for (int c = 0; c < target->channels; c++) {
            int from = trial->reversed ? target->channels - 1 - c : c;
            const float *p = search->picture + (size_t)from * area;
            const float *t = target->values[i] + (size_t)c * area;
            for (int32_t y = r->y; y < r->y + r->height; y++) {
                size_t at = (size_t)y * (size_t)target->size.width + (size_t)r->x;
                check_row(target, trial, &levels, c, p + at, t + at, r->width);
            }
        }
    }
    if (!fit_rounds(trial->resample))
        trial->exact =
            trial->worst <= precision_of(search, trial) && in_order(&levels, target->channels);
}
