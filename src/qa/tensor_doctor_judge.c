/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/tensor_doctor_parts.h"

#include <math.h>
#include <stdlib.h>

#define BIT(code)  ((uint32_t)1 << (code))
#define PRICE      0.4  /* of a code: it has to lower the residual to two thirds */
#define ARITHMETIC 0.1  /* of another library's form of the same colour matrix */
#define TURNED     0.2  /* of a turn by the mode */
#define SHIFTED    0.2  /* what the card's own filter costs less than another one */
#define UNUSUAL    1.0  /* of values that no usual recipe has */
#define EXACT      0.01 /* levels that an exact explanation counts as */

static uint32_t layout_codes(const tensor_exam *exam, const tensor_explanation *e)
{
    bool same = e->order == exam->expected && exam->declared == exam->expected;
    return same ? 0 : BIT(QA_TENSOR_LAYOUT_MIXUP);
}

static uint32_t orientation_codes(const fit_trial *t)
{
    uint32_t codes = t->orientation != 0 ? BIT(QA_TENSOR_ORIENTATION_IGNORED) : 0;
    if (t->turn == PLUMB_ORIENTATION_UP_MIRRORED || t->turn == PLUMB_ORIENTATION_DOWN_MIRRORED)
        codes |= BIT(QA_TENSOR_MIRRORED);
    else if (t->turn != 0)
        codes |= BIT(QA_TENSOR_ORIENTATION_IGNORED);
    return codes;
}

static bool is_letterbox(const plumb_mapping_spec *spec)
{
    return spec->mode == PLUMB_CROP_SCALE_FIT || spec->mode == PLUMB_CROP_SCALE_FIT_ROTATE_90_CCW;
}

/* The same letterbox elsewhere; rules round its size differently by a few pixels. */
static bool only_moved(const tensor_exam *exam, const fit_trial *card, const fit_trial *made)
{
    plumb_mapping a, b;
    const plumb_frame *frame = &exam->search.pairs[0].frame;
    if (!is_letterbox(&card->mapping) || card->mapping.mode != made->mapping.mode ||
        !fit_mapping(card, frame, &a) || !fit_mapping(made, frame, &b))
        return false;
    int dx = abs(a.placed.x - b.placed.x), dy = abs(a.placed.y - b.placed.y);
    bool same_size = a.scaled.width == b.scaled.width && a.scaled.height == b.scaled.height;
    return (dx > 0 || dy > 0) && (same_size || dx > 2 || dy > 2);
}

/* Turned by its mode, although the card's does not: an orientation says the same more plainly. */
static bool turned_by_mode(const tensor_exam *exam, const fit_trial *made)
{
    return made->mapping.mode != exam->card->mapping.mode &&
           (made->mapping.mode == PLUMB_CROP_SCALE_FIT_ROTATE_90_CCW ||
            made->mapping.mode == PLUMB_CROP_SCALE_FILL_ROTATE_90_CCW);
}

static uint32_t geometry_codes(tensor_exam *exam, const tensor_explanation *e)
{
    fit_trial card = e->trial;
    card.mapping = exam->card->mapping;
    card.placement = FIT_PLACED_BY_RULE;
    if (e->trial.whole)
        return BIT(QA_TENSOR_WRONG_CROP_MODE);
    tensor_use(exam, e->order, e->decoder);
    if (fit_same_geometry(&exam->search, &card, &e->trial))
        return 0;
    return only_moved(exam, &card, &e->trial) ? BIT(QA_TENSOR_PAD_PLACEMENT)
                                              : BIT(QA_TENSOR_WRONG_CROP_MODE);
}

tensor_grid tensor_grid_of(plumb_resampler resampler)
{
    switch (resampler) {
    case PLUMB_RESAMPLE_TF1_LEGACY:
    case PLUMB_RESAMPLE_OPENCV_NEAREST:
        return TENSOR_GRID_LEGACY;
    case PLUMB_RESAMPLE_TORCH_BILINEAR_CORNERS:
        return TENSOR_GRID_CORNERS;
    default:
        return TENSOR_GRID_CENTRES;
    }
}

/* Taps where no filter is stretched over what an output covers; 0: it is. */
static int taps_of(plumb_resampler resampler)
{
    switch (resampler) {
    case PLUMB_RESAMPLE_OPENCV_NEAREST:
    case PLUMB_RESAMPLE_OPENCV_NEAREST_EXACT:
        return 1;
    case PLUMB_RESAMPLE_TF1_LEGACY:
    case PLUMB_RESAMPLE_TF2_BILINEAR:
    case PLUMB_RESAMPLE_TORCH_BILINEAR:
    case PLUMB_RESAMPLE_TORCH_BILINEAR_CORNERS:
    case PLUMB_RESAMPLE_OPENCV_LINEAR:
    case PLUMB_RESAMPLE_OPENCV_LINEAR_EXACT:
        return 2;
    default:
        return 0;
    }
}

/* The same filter on another grid is a shift. */
static uint32_t resampler_codes(plumb_resampler card, plumb_resampler made)
{
    if (card == made)
        return 0;
    bool shift = taps_of(card) > 0 && taps_of(card) == taps_of(made) &&
                 tensor_grid_of(card) != tensor_grid_of(made);
    return shift ? BIT(QA_TENSOR_HALF_PIXEL_SHIFT) : BIT(QA_TENSOR_WRONG_RESAMPLER);
}

/* The peers' forms of a matrix are the matrix within a level or two. */
static plumb_matrix family_of(plumb_matrix matrix)
{
    switch (matrix) {
    case PLUMB_MATRIX_OPENCV:
    case PLUMB_MATRIX_LIBYUV_I601:
    case PLUMB_MATRIX_LIBYUV_JPEG:
        return PLUMB_MATRIX_BT601;
    case PLUMB_MATRIX_LIBYUV_H709:
    case PLUMB_MATRIX_LIBYUV_F709:
        return PLUMB_MATRIX_BT709;
    default:
        return matrix;
    }
}

static uint32_t color_codes(const plumb_frame *frame, const fit_trial *t)
{
    if (t->matrix == PLUMB_MATRIX_UNSET)
        return 0;
    return (family_of(t->matrix) != family_of(frame->matrix) ? BIT(QA_TENSOR_MATRIX_MIXUP) : 0) |
           (t->range != frame->range ? BIT(QA_TENSOR_RANGE_MIXUP) : 0);
}

int tensor_count_codes(uint32_t codes)
{
    int count = 0;
    for (; codes; codes &= codes - 1)
        count++;
    return count;
}

void tensor_judge(tensor_exam *exam, tensor_explanation *e)
{
    const plumb_frame *frame = &exam->decoded[TENSOR_DECODER_USUAL][0].frame;
    const fit_trial *t = &e->trial;
    e->codes = layout_codes(exam, e) | orientation_codes(t) | geometry_codes(exam, e) |
               resampler_codes(exam->card->resample, t->resample) | color_codes(frame, t);
    if (e->decoder != exam->decoder)
        e->codes |= BIT(QA_TENSOR_JPEG_DECODER);
    tensor_judge_values(exam, t, &e->values);
    e->codes |= e->values.codes;
    if (t->color_seen && t->reversed != (exam->card->channels == PLUMB_CHANNELS_BGR))
        e->codes |= BIT(QA_TENSOR_CHANNEL_ORDER);
    tensor_judge_pad(exam, e);
    /* A card without padding has no say about its colour. */
    if (e->pad.wrong && is_letterbox(&exam->card->mapping))
        e->codes |= BIT(QA_TENSOR_PAD_COLOR);
    e->cost = log(t->exact ? EXACT : fmax(t->rms, TENSOR_SAME));
    for (int i = 0; i < QA_TENSOR_CODE_COUNT; i++)
        e->cost += e->codes >> i & 1 ? PRICE : 0.0;
    /* At some ratios a shifted grid gives what another filter does. */
    if (e->codes & BIT(QA_TENSOR_HALF_PIXEL_SHIFT))
        e->cost -= SHIFTED;
    if (turned_by_mode(exam, t))
        e->cost += TURNED;
    if (!e->values.usual)
        e->cost += UNUSUAL;
    if (t->matrix != PLUMB_MATRIX_UNSET && t->matrix != frame->matrix)
        e->cost += ARITHMETIC;
}

typedef struct tally {
    double squares;
    size_t count, equal;
} tally;

/* Half the distance of neighbouring values, in the tensor's own units. */
static double precision_of(plumb_dtype dtype, double value)
{
    switch (dtype) {
    case PLUMB_DTYPE_FLOAT16:
        return fabs(value) * 0x1p-10;
    case PLUMB_DTYPE_UINT8:
    case PLUMB_DTYPE_INT8:
        return 0.51;
    default:
        return fabs(value) * 0x1p-21;
    }
}

static void add_element(const tensor_explanation *e, plumb_dtype dtype, int c, float level,
                        float value, tally *t)
{
    double precision = precision_of(dtype, (double)value);
    double made = fit_clamp(dtype, e->values.gain[c] * (double)level + e->values.offset[c]);
    double error = (made - (double)value) / e->values.gain[c];
    t->squares += error * error;
    t->equal += fabs(error) < TENSOR_SAME || fabs(error * e->values.gain[c]) <= precision;
    t->count++;
}

void tensor_residual(tensor_exam *exam, const tensor_explanation *e, double *rms, double *equal)
{
    const fit_target *target = &exam->targets[e->order];
    size_t width = (size_t)target->size.width, area = width * (size_t)target->size.height;
    tally t = { 0 };
    tensor_use(exam, e->order, e->decoder);
    for (size_t i = 0; i < exam->count; i++) {
        plumb_mapping m;
        if (fit_render(&exam->search, &e->trial, i, &m, NULL) != PLUMB_OK)
            continue;
        for (int c = 0; c < target->channels; c++) {
            int from = e->trial.reversed ? target->channels - 1 - c : c;
            for (size_t k = 0; k < area; k++) {
                int32_t x = (int32_t)(k % width), y = (int32_t)(k / width);
                bool placed = x >= m.placed.x && y >= m.placed.y &&
                              x < m.placed.x + m.placed.width && y < m.placed.y + m.placed.height;
                float level =
                    placed ? exam->search.picture[(size_t)from * area + k] : (float)e->pad.level[c];
                float value = target->values[i][(size_t)c * area + k];
                add_element(e, target->dtype, c, level, value, &t);
            }
        }
    }
    *rms = t.count ? sqrt(t.squares / (double)t.count) : 0.0;
    *equal = t.count ? (double)t.equal / (double)t.count : 0.0;
}
