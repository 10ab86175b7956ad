/* SPDX-License-Identifier: Apache-2.0
 *
 * What may have made the tensors, in stages: first the card's own geometry with every resampler,
 * colour matrix and decoder; when none of these is exact, every order of memory, orientation, mode
 * and placement with three resamplers that stand for their families; then again resamplers,
 * matrices and decoders for what comes near.
 */
#include "qa/tensor_doctor_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FAR         4.0  /* levels: more than a resampler or a decoder can explain */
#define DECODED     8.0  /* levels: more than another JPEG decoder of full size can explain */
#define REDUCED     40.0 /* levels: more than one of a smaller size can */
#define UNLIKE      0.15 /* of the spread: no better than chance for smooth pictures */
#define MAX_NEAR    10   /* geometries that go on to the later stages */
#define MAX_CHOICES 256

void tensor_use(tensor_exam *exam, tensor_order order, tensor_decoder decoder)
{
    exam->search.target = exam->targets[order];
    exam->search.pairs = exam->decoded[decoder];
}

static plumb_jpeg_decoding decoding_of(tensor_decoder decoder)
{
    return decoder == TENSOR_DECODER_HALF_DCT ? PLUMB_JPEG_HALF_DCT : PLUMB_JPEG_TURBO_ISLOW_FANCY;
}

/* What the card says, as far as a trial does; not yet its orientation or matrix. */
static tensor_explanation card_explanation(const tensor_exam *exam, tensor_order order)
{
    tensor_explanation e = { .order = order,
                             .decoder = exam->decoder,
                             .trial = tensor_card_trial(exam) };
    return e;
}

fit_trial tensor_card_trial(const tensor_exam *exam)
{
    fit_trial trial = { .mapping = exam->card->mapping,
                        .resample = exam->card->resample,
                        .jpeg = decoding_of(exam->decoder) };
    return trial;
}

bool tensor_near(const tensor_exam *exam, const fit_trial *trial, tensor_order order)
{
    double gain = 0.0;
    for (int c = 0; c < exam->targets[order].channels; c++)
        gain = fmax(gain, trial->gain[c]);
    return trial->rms < FAR && trial->rms * gain < UNLIKE * exam->spread[order];
}

static void try_one(tensor_exam *exam, tensor_list *list, tensor_explanation e)
{
    if (list->count >= TENSOR_MAX_EXPLANATIONS)
        return;
    tensor_use(exam, e.order, e.decoder);
    e.trial.exact = false;
    fit_match(&exam->search, &e.trial);
    if (isfinite(e.trial.rms))
        list->items[list->count++] = e;
}

static int by_rms(const void *a, const void *b)
{
    const tensor_explanation *x = a, *y = b;
    return (x->trial.rms > y->trial.rms) - (x->trial.rms < y->trial.rms);
}

static void keep_near(tensor_list *list, double factor, double slack, size_t most)
{
    qsort(list->items, list->count, sizeof(*list->items), by_rms);
    size_t kept = 0;
    while (kept < list->count && kept < most &&
           list->items[kept].trial.rms <= list->items[0].trial.rms * factor + slack)
        kept++;
    list->count = kept;
}

/* A look at every pixel of what is not clearly worse than the best. */
static bool check(tensor_exam *exam, tensor_list *list, size_t from)
{
    double best = INFINITY;
    bool exact = false;
    for (size_t i = from; i < list->count; i++)
        best = fmin(best, list->items[i].trial.rms);
    for (size_t i = from; i < list->count; i++) {
        tensor_explanation *e = &list->items[i];
        if (e->trial.rms > best * 1.5 + 0.1)
            continue;
        tensor_use(exam, e->order, e->decoder);
        fit_check(&exam->search, &e->trial);
        /* Outside the picture there has to be one value, too. */
        e->trial.exact = (e->trial.exact || e->trial.worst <= TENSOR_SAME) &&
                         e->trial.rms < 1.0 + 0.5 / e->trial.gain[0] &&
                         tensor_near(exam, &e->trial, e->order);
        exact = exact || e->trial.exact;
    }
    return exact;
}

static bool is_yuv(const tensor_exam *exam)
{
    return plumb_pixel_format_is_yuv(exam->decoded[TENSOR_DECODER_USUAL][0].frame.format);
}

/* `e` as it is and with every other matrix. */
static void try_colors(tensor_exam *exam, tensor_list *list, tensor_explanation e)
{
    try_one(exam, list, e);
    for (size_t c = 0; is_yuv(exam) && c < FIT_COLORS; c++) {
        e.trial.matrix = fit_colors[c].matrix;
        e.trial.range = fit_colors[c].range;
        try_one(exam, list, e);
    }
}

static void try_resamplers(tensor_exam *exam, tensor_list *list, tensor_explanation e)
{
    e.trial.resample = exam->card->resample;
    try_one(exam, list, e);
    for (size_t r = 0; r < FIT_RESAMPLERS; r++) {
        e.trial.resample = fit_resamplers[r];
        if (fit_resamplers[r] != exam->card->resample)
            try_one(exam, list, e);
    }
}

/* All frames with another decoder; false where libjpeg cannot. */
static bool decode_again(tensor_exam *exam, tensor_decoder decoder)
{
    if (decoder == TENSOR_DECODER_USUAL)
        return true;
    if (decoder == TENSOR_DECODER_HALF_DCT)
        return fit_pictures_halve(&exam->pictures);
    for (size_t i = 0; i < exam->count; i++) {
        qa_fit_pair *pair = &exam->decoded[decoder][i];
        if (exam->pixels[decoder][i])
            continue;
        *pair = exam->decoded[TENSOR_DECODER_USUAL][i];
        if (exam->given[i].frame.format == PLUMB_FORMAT_JPEG &&
            !tensor_decode(&exam->given[i].frame, decoder, &pair->frame, &exam->pixels[decoder][i]))
            return false;
    }
    return true;
}

static bool is_full(tensor_decoder decoder)
{
    return tensor_decoder_divisor(decoder) == 1;
}

/* Decoders of full size differ by less than resamplers do: what was best with one is with another. */
static void try_full(tensor_exam *exam, tensor_list *list, tensor_decoder decoder, size_t near)
{
    for (size_t i = 0; i < near && list->items[i].trial.rms < DECODED; i++) {
        tensor_explanation e = list->items[i];
        e.decoder = decoder;
        try_one(exam, list, e);
    }
}

/* Between sizes nothing is known of the resampler. */
static void try_sizes(tensor_exam *exam, tensor_list *list, tensor_decoder decoder, size_t most)
{
    for (size_t i = 0; i < most && list->items[i].trial.rms < REDUCED; i++) {
        tensor_explanation e = list->items[i];
        e.decoder = decoder;
        e.trial.jpeg = decoding_of(decoder);
        try_resamplers(exam, list, e);
    }
}

/* The best explanations so far, which come first, with other decoders. */
static bool try_decoders(tensor_exam *exam, tensor_list *list, size_t most)
{
    size_t from = list->count, near = from < MAX_NEAR ? from : MAX_NEAR;
    most = most < from ? most : from;
    for (int d = 0; exam->pictures.jpeg && d < TENSOR_DECODERS; d++) {
        tensor_decoder decoder = (tensor_decoder)d;
        if (decoder == exam->decoder || !decode_again(exam, decoder))
            continue;
        if (is_full(decoder) && is_full(exam->decoder))
            try_full(exam, list, decoder, near);
        else
            try_sizes(exam, list, decoder, most);
    }
    return list->count > from && check(exam, list, from);
}

/* --- geometry --- */

static bool is_fit(plumb_crop_mode mode)
{
    return mode == PLUMB_CROP_SCALE_FIT || mode == PLUMB_CROP_SCALE_FIT_ROTATE_90_CCW;
}

static bool known(tensor_exam *exam, const tensor_explanation *choices, size_t count,
                  const fit_trial *trial)
{
    for (size_t i = 0; i < count; i++)
        if (fit_same_geometry(&exam->search, &choices[i].trial, trial))
            return true;
    return false;
}

/* Do all elements of a line along one axis have the value of the first corner? */
static bool is_pad(const fit_target *t, bool row, int32_t at)
{
    size_t width = (size_t)t->size.width, area = width * (size_t)t->size.height;
    int32_t length = row ? t->size.width : t->size.height;
    for (int c = 0; c < t->channels; c++)
        for (int32_t i = 0; i < length; i++) {
            int32_t x = row ? i : at, y = row ? at : i;
            const float *plane = t->values[0] + (size_t)c * area;
            if (plane[(size_t)y * width + (size_t)x] != plane[0])
                return false;
        }
    return true;
}

/* Where the first tensor's padding ends, from the top left. */
static void find_place(const fit_target *t, fit_trial *trial)
{
    trial->place_x = trial->place_y = 0;
    while (trial->place_x + 1 < t->size.width && is_pad(t, false, trial->place_x))
        trial->place_x++;
    while (trial->place_y + 1 < t->size.height && is_pad(t, true, trial->place_y))
        trial->place_y++;
}

/* The card's geometry first; every whole picture also at the other places. */
static size_t list_geometries(tensor_exam *exam, const tensor_explanation *like, fit_family family,
                              tensor_explanation *choices, size_t capacity)
{
    plumb_mapping_spec specs[MAX_CHOICES];
    specs[0] = exam->card->mapping;
    size_t found = 1 + fit_geometries(&exam->search.target, family, specs + 1, MAX_CHOICES - 1);
    size_t count = 0;
    fit_trial at = like->trial;
    find_place(&exam->search.target, &at);
    for (int placement = 0; placement < FIT_PLACEMENTS; placement++)
        for (size_t i = 0; i < found && count < capacity; i++) {
            tensor_explanation e = *like;
            e.trial.mapping = specs[i];
            e.trial.placement = (fit_placement)placement;
            e.trial.place_x = at.place_x;
            e.trial.place_y = at.place_y;
            plumb_mapping m;
            if ((placement != FIT_PLACED_BY_RULE && !is_fit(specs[i].mode)) ||
                !fit_mapping(&e.trial, &exam->search.pairs[0].frame, &m) ||
                known(exam, choices, count, &e.trial))
                continue;
            choices[count++] = e;
        }
    return count;
}

/* Each geometry with one resampler of each kind; the best one counts. */
static void try_geometries(tensor_exam *exam, tensor_list *list, const tensor_explanation *like,
                           fit_family family)
{
    const plumb_resampler kinds[] = { PLUMB_RESAMPLE_OPENCV_LINEAR, PLUMB_RESAMPLE_PILLOW_BILINEAR,
                                      PLUMB_RESAMPLE_OPENCV_NEAREST, exam->card->resample };
    const size_t kind_count = sizeof(kinds) / sizeof(kinds[0]);
    tensor_explanation choices[MAX_CHOICES];
    size_t count = list_geometries(exam, like, family, choices, MAX_CHOICES);
    for (size_t i = 0; i < count && list->count + kind_count < TENSOR_MAX_EXPLANATIONS; i++) {
        size_t first = list->count;
        for (size_t k = 0; k < kind_count; k++) {
            choices[i].trial.resample = kinds[k];
            try_one(exam, list, choices[i]);
        }
        for (; list->count > first + 1; list->count--)
            if (list->items[list->count - 1].trial.rms < list->items[first].trial.rms)
                list->items[first] = list->items[list->count - 1];
    }
}

static bool best_is_near(const tensor_exam *exam, const tensor_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (tensor_near(exam, &list->items[i].trial, list->items[i].order))
            return true;
    return false;
}

static bool any_turned(const tensor_exam *exam)
{
    for (size_t i = 0; i < exam->count; i++)
        if (exam->given[i].frame.orientation != PLUMB_ORIENTATION_UP)
            return true;
    return false;
}

static bool any_region(const tensor_exam *exam)
{
    for (size_t i = 0; i < exam->count; i++)
        if (exam->given[i].frame.roi.width > 0)
            return true;
    return false;
}

/* What else may have been done to the frame before it was fitted to the input. */
typedef struct turn_choice {
    bool ignored; /* the frame's own orientation */
    bool whole;   /* and its region */
    plumb_orientation turn;
} turn_choice;

/* Own; ignored; the whole frame; mirrored; then two faults at once, and turns the wrong way. */
static const turn_choice turns[] = {
    { false, false, (plumb_orientation)0 },
    { true, false, (plumb_orientation)0 },
    { false, true, (plumb_orientation)0 },
    { false, false, PLUMB_ORIENTATION_UP_MIRRORED },
    { false, false, PLUMB_ORIENTATION_DOWN_MIRRORED },
    { true, true, (plumb_orientation)0 },
    { false, true, PLUMB_ORIENTATION_UP_MIRRORED },
    { false, true, PLUMB_ORIENTATION_DOWN_MIRRORED },
    { true, false, PLUMB_ORIENTATION_UP_MIRRORED },
    { true, false, PLUMB_ORIENTATION_DOWN_MIRRORED },
    { false, false, PLUMB_ORIENTATION_DOWN },
    { false, false, PLUMB_ORIENTATION_RIGHT },
    { false, false, PLUMB_ORIENTATION_LEFT },
};
#define PLAIN_TURNS  2
#define LIKELY_TURNS 5

static void try_turns(tensor_exam *exam, tensor_list *list, tensor_order order, size_t from,
                      size_t to)
{
    for (size_t i = from; i < to && !best_is_near(exam, list); i++) {
        if ((turns[i].ignored && !any_turned(exam)) || (turns[i].whole && !any_region(exam)))
            continue;
        tensor_explanation e = card_explanation(exam, order);
        e.trial.orientation = turns[i].ignored ? PLUMB_ORIENTATION_UP : (plumb_orientation)0;
        e.trial.whole = turns[i].whole;
        e.trial.turn = turns[i].turn;
        try_geometries(exam, list, &e, FIT_USUAL);
        keep_near(list, 1.6, 0.5, 4 * MAX_NEAR);
    }
}

static void try_order(tensor_exam *exam, tensor_list *list, tensor_order order)
{
    tensor_use(exam, order, exam->decoder);
    list->count = 0;
    bool exchanged = order == TENSOR_CWH || order == TENSOR_WHC;
    try_turns(exam, list, order, 0, exchanged ? PLAIN_TURNS : LIKELY_TURNS);
    /* Height and width exchanged and turned as well would be a plain turn or mirror again. */
    if (exchanged) {
        keep_near(list, 1.6, 0.5, MAX_NEAR);
        return;
    }
    if (!best_is_near(exam, list)) {
        tensor_explanation e = card_explanation(exam, order);
        try_geometries(exam, list, &e, FIT_TURNED);
    }
    try_turns(exam, list, order, LIKELY_TURNS, sizeof(turns) / sizeof(turns[0]));
    keep_near(list, 1.6, 0.5, MAX_NEAR);
}

/* The card's order, then the others, smoothest first; rough ones are no picture. */
static plumb_status find_geometry(tensor_exam *exam, tensor_list *list, plumb_diag *diag)
{
    double roughness[TENSOR_ORDERS], smoothest = INFINITY;
    for (int o = 0; o < TENSOR_ORDERS; o++) {
        plumb_status status = tensor_exam_read(exam, (tensor_order)o, diag);
        if (status)
            return status;
        roughness[o] = tensor_roughness(exam, (tensor_order)o);
        smoothest = fmin(smoothest, roughness[o]);
    }
    tensor_list best = { malloc(MAX_NEAR * sizeof(tensor_explanation)), 0 };
    if (!best.items)
        return plumb_fail(diag, PLUMB_E_NOMEM, "", "out of memory");
    for (int i = 0; i < TENSOR_ORDERS; i++) {
        tensor_order order = (tensor_order)((i + (int)exam->expected) % TENSOR_ORDERS);
        if (roughness[order] > 1.2 * smoothest)
            continue;
        try_order(exam, list, order);
        /* The same picture may come of another order and turn, which is less likely. */
        bool better = list->count > 0 && (best.count == 0 || list->items[0].trial.rms <
                                                                 0.99 * best.items[0].trial.rms);
        if (better) {
            memcpy(best.items, list->items, list->count * sizeof(*best.items));
            best.count = list->count;
        }
        if (best_is_near(exam, &best))
            break;
    }
    if (best.count > 0)
        memcpy(list->items, best.items, best.count * sizeof(*best.items));
    list->count = best.count;
    free(best.items);
    return PLUMB_OK;
}

/* Replace what the list holds by all that `expand` makes of it. */
static void expand_all(tensor_exam *exam, tensor_list *list,
                       void (*expand)(tensor_exam *, tensor_list *, tensor_explanation),
                       double factor, double slack)
{
    tensor_explanation first[MAX_NEAR];
    size_t count = list->count < MAX_NEAR ? list->count : MAX_NEAR;
    memcpy(first, list->items, count * sizeof(first[0]));
    list->count = 0;
    for (size_t i = 0; i < count; i++)
        expand(exam, list, first[i]);
    keep_near(list, factor, slack, TENSOR_MAX_EXPLANATIONS / 4);
}

plumb_status tensor_search(tensor_exam *exam, tensor_list *list, plumb_diag *diag)
{
    tensor_explanation own = card_explanation(exam, exam->expected);
    list->count = 0;
    try_colors(exam, list, own);
    try_resamplers(exam, list, own);
    if (list->count > 0 && check(exam, list, 0))
        return PLUMB_OK;
    keep_near(list, 1.5, 0.1, MAX_NEAR);
    if (try_decoders(exam, list, 1))
        return PLUMB_OK;
    plumb_status status = find_geometry(exam, list, diag);
    if (status)
        return status;
    expand_all(exam, list, try_resamplers, 1.5, 0.1);
    if (is_yuv(exam))
        expand_all(exam, list, try_colors, 1.5, 0.1);
    if (list->count > 0 && !check(exam, list, 0))
        (void)try_decoders(exam, list, 3);
    return PLUMB_OK;
}
