/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/tensor_doctor_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Half size where the card asks for it and some frame is scaled to half or less. */
static void find_decoder(tensor_exam *exam)
{
    exam->decoder = TENSOR_DECODER_USUAL;
    if (exam->card->jpeg != PLUMB_JPEG_HALF_DCT || !fit_pictures_halve(&exam->pictures))
        return;
    fit_trial card = tensor_card_trial(exam);
    for (size_t i = 0; i < exam->count; i++) {
        plumb_mapping m;
        if (exam->pictures.halves[i].width > 0 &&
            fit_mapping(&card, &exam->decoded[TENSOR_DECODER_USUAL][i].frame, &m) &&
            m.scale_x <= 0.5 && m.scale_y <= 0.5)
            exam->decoder = TENSOR_DECODER_HALF_DCT;
    }
}

static plumb_status decode_frames(tensor_exam *exam, plumb_diag *diag)
{
    plumb_status status = fit_pictures_open(&exam->pictures, exam->given, exam->count, diag);
    if (status)
        return status;
    memcpy(exam->decoded[TENSOR_DECODER_USUAL], exam->pictures.pairs, sizeof(exam->pictures.pairs));
    memcpy(exam->decoded[TENSOR_DECODER_HALF_DCT], exam->pictures.pairs,
           sizeof(exam->pictures.pairs));
    exam->search.halves = exam->pictures.halves;
    find_decoder(exam);
    return PLUMB_OK;
}

/* The sides without a batch of one; NULL for other ranks. */
static const int64_t *sides_of(const plumb_tensor *tensor)
{
    if (tensor->rank == 3)
        return tensor->shape;
    return tensor->rank == 4 && tensor->shape[0] == 1 ? tensor->shape + 1 : NULL;
}

/* The card's order first, since sides may be equal. */
static plumb_status find_declared(tensor_exam *exam, const plumb_tensor *tensor, plumb_diag *diag)
{
    const int64_t c = exam->card->channels == PLUMB_CHANNELS_GRAY ? 1 : 3;
    const int64_t h = exam->card->mapping.input.height, w = exam->card->mapping.input.width;
    const int64_t shapes[TENSOR_ORDERS][3] = { { c, h, w }, { h, w, c }, { c, w, h }, { w, h, c } };
    const int64_t *sides = sides_of(tensor);
    for (int i = 0; sides && i < TENSOR_ORDERS; i++) {
        tensor_order order = (tensor_order)((i + (int)exam->expected) % TENSOR_ORDERS);
        if (memcmp(sides, shapes[order], sizeof(shapes[order])) == 0) {
            exam->declared = order;
            return PLUMB_OK;
        }
    }
    const int64_t *e = shapes[exam->expected];
    return plumb_fail(diag, PLUMB_E_SHAPE, "tensor",
                      "has rank %d and %lld elements; the card makes [1,%lld,%lld,%lld]",
                      (int)tensor->rank, (long long)plumb_tensor_elements(tensor), (long long)e[0],
                      (long long)e[1], (long long)e[2]);
}

static plumb_status check_tensors(tensor_exam *exam, plumb_diag *diag)
{
    exam->expected = exam->card->layout == PLUMB_LAYOUT_NHWC ? TENSOR_HWC : TENSOR_CHW;
    for (size_t i = 0; i < exam->count; i++) {
        const plumb_tensor *t = &exam->given[i].tensor;
        if (t->dtype != PLUMB_DTYPE_FLOAT32 && t->dtype != PLUMB_DTYPE_FLOAT16 &&
            t->dtype != PLUMB_DTYPE_FLOAT64 && t->dtype != PLUMB_DTYPE_UINT8 &&
            t->dtype != PLUMB_DTYPE_INT8)
            return plumb_fail(diag, PLUMB_E_DTYPE, "tensor",
                              "%s; float32, float16, float64, uint8 or int8 is expected",
                              plumb_dtype_name(t->dtype));
        if (t->dtype != exam->given[0].tensor.dtype || !plumb_tensor_is_dense(t))
            return plumb_fail(diag, PLUMB_E_DTYPE, "tensor",
                              "tensor %zu has another type than the first", i + 1);
        plumb_status status = find_declared(exam, t, diag);
        if (status)
            return status;
    }
    return PLUMB_OK;
}

static size_t place_of(tensor_order order, size_t channels, plumb_size size, size_t c, size_t y,
                       size_t x)
{
    size_t width = (size_t)size.width, height = (size_t)size.height;
    switch (order) {
    case TENSOR_CHW:
        return (c * height + y) * width + x;
    case TENSOR_HWC:
        return (y * width + x) * channels + c;
    case TENSOR_CWH:
        return (c * width + x) * height + y;
    default:
        return (x * height + y) * channels + c;
    }
}

static plumb_status read_one(const fit_target *t, tensor_order order, const plumb_tensor *tensor,
                             float *values, plumb_diag *diag)
{
    size_t channels = (size_t)t->channels, element = plumb_dtype_size(tensor->dtype), k = 0;
    for (size_t c = 0; c < channels; c++)
        for (size_t y = 0; y < (size_t)t->size.height; y++)
            for (size_t x = 0; x < (size_t)t->size.width; x++, k++) {
                size_t at = place_of(order, channels, t->size, c, y, x);
                values[k] = plumb_tensor_load(tensor, (int64_t)(at * element));
                if (!isfinite(values[k]))
                    return plumb_fail(diag, PLUMB_E_NONFINITE, "tensor",
                                      "element %zu is not a number", at);
            }
    return PLUMB_OK;
}

static double spread_of(const fit_target *t, size_t pairs)
{
    size_t area = (size_t)t->size.width * (size_t)t->size.height;
    double widest = 0.0;
    for (size_t i = 0; i < pairs; i++)
        for (size_t c = 0; c < (size_t)t->channels; c++) {
            double sum = 0.0, squares = 0.0;
            for (size_t k = 0; k < area; k++) {
                double v = (double)t->values[i][c * area + k];
                sum += v;
                squares += v * v;
            }
            double mean = sum / (double)area;
            widest = fmax(widest, squares / (double)area - mean * mean);
        }
    return sqrt(widest);
}

plumb_status tensor_exam_read(tensor_exam *exam, tensor_order order, plumb_diag *diag)
{
    fit_target *t = &exam->targets[order];
    if (t->values[0])
        return PLUMB_OK;
    plumb_dtype dtype = exam->given[0].tensor.dtype;
    t->size = exam->card->mapping.input;
    t->channels = exam->card->channels == PLUMB_CHANNELS_GRAY ? 1 : 3;
    t->layout = exam->card->layout;
    t->dtype = dtype == PLUMB_DTYPE_FLOAT64 ? PLUMB_DTYPE_FLOAT32 : dtype;
    size_t area = (size_t)t->size.width * (size_t)t->size.height;
    for (size_t i = 0; i < exam->count; i++) {
        t->values[i] = malloc(area * (size_t)t->channels * sizeof(float));
        if (!t->values[i])
            return plumb_fail(diag, PLUMB_E_NOMEM, "tensor", "no memory for its values");
        plumb_status status = read_one(t, order, &exam->given[i].tensor, t->values[i], diag);
        if (status)
            return status;
    }
    fit_target_limit(t, exam->count);
    exam->spread[order] = spread_of(t, exam->count);
    return PLUMB_OK;
}

double tensor_roughness(const tensor_exam *exam, tensor_order order)
{
    const fit_target *t = &exam->targets[order];
    size_t width = (size_t)t->size.width, height = (size_t)t->size.height;
    double sum = 0.0;
    for (size_t c = 0; c < (size_t)t->channels; c++)
        for (size_t y = 1; y < height; y++)
            for (size_t x = 1; x < width; x++) {
                const float *v = t->values[0] + (c * height + y) * width + x;
                sum +=
                    fabs((double)v[0] - (double)v[-1]) + fabs((double)v[0] - (double)*(v - width));
            }
    return sum;
}

plumb_status tensor_exam_open(tensor_exam *exam, plumb_diag *diag)
{
    plumb_status status = check_tensors(exam, diag);
    if (!status)
        status = decode_frames(exam, diag);
    if (!status)
        status = tensor_exam_read(exam, exam->expected, diag);
    if (status)
        return status;
    const fit_target *t = &exam->targets[exam->expected];
    size_t area = (size_t)t->size.width * (size_t)t->size.height;
    exam->search.pair_count = exam->count;
    exam->search.picture = malloc(area * (size_t)t->channels * sizeof(float));
    if (!exam->search.picture)
        return plumb_fail(diag, PLUMB_E_NOMEM, "", "out of memory");
    tensor_use(exam, exam->expected, TENSOR_DECODER_USUAL);
    return PLUMB_OK;
}

void tensor_exam_close(tensor_exam *exam)
{
    for (int order = 0; order < TENSOR_ORDERS; order++)
        fit_target_release(&exam->targets[order]);
    for (size_t i = 0; i < QA_FIT_MAX_PAIRS; i++) {
        for (int d = 0; d < TENSOR_DECODERS; d++)
            free(exam->pixels[d][i]);
    }
    fit_pictures_close(&exam->pictures);
    free(exam->search.picture);
}
