/* SPDX-License-Identifier: Apache-2.0
 *
 * What the parts of the tensor doctor share. An explanation is a way to have made the tensors: an
 * order of memory, a decoder, a trial of the recipe search, and values. Its codes are the ways in
 * which it departs from the card.
 */
#ifndef QA_TENSOR_DOCTOR_PARTS_H
#define QA_TENSOR_DOCTOR_PARTS_H

#include "plumbline/image.h"
#include "qa/fit_parts.h"
#include "qa/tensor_doctor.h"

/* Levels: libraries that compute one formula in float32 differ by less. */
#define TENSOR_SAME 0.05

/* What lies outermost first; of the last two height and width are exchanged. */
typedef enum tensor_order {
    TENSOR_CHW,
    TENSOR_HWC,
    TENSOR_CWH,
    TENSOR_WHC,
    TENSOR_ORDERS,
} tensor_order;

typedef enum tensor_decoder {
    TENSOR_DECODER_USUAL,
    TENSOR_DECODER_PLAIN_UPSAMPLING,
    TENSOR_DECODER_FAST_DCT,
    TENSOR_DECODER_FAST_BOTH,
    TENSOR_DECODER_HALF_DCT, /* as the card's field says: sampled where the full picture would be */
    TENSOR_DECODER_HALF, /* a picture of its own, as Pillow's draft and OpenCV's IMREAD_REDUCED make */
    TENSOR_DECODER_QUARTER,
    TENSOR_DECODER_EIGHTH,
    TENSOR_DECODERS,
} tensor_decoder;

/* tensor = gain * level + offset, by tensor channel. */
typedef struct tensor_values {
    double gain[3], offset[3];
    uint32_t codes;
    bool usual; /* the card's, or a mistake that has a name */
    char detail[120];
} tensor_values;

typedef struct tensor_pad {
    bool wrong;
    double value[3]; /* as fed */
    double level[3]; /* the level that has this value */
} tensor_pad;

typedef struct tensor_explanation {
    fit_trial trial;
    tensor_order order;
    tensor_decoder decoder;
    bool redecoded; /* by a decoder that is none of these */
    tensor_values values;
    tensor_pad pad;
    uint32_t codes; /* bit i: qa_tensor_code i */
    double cost;    /* lower is better: log of the residual, and a price for each code */
} tensor_explanation;

typedef struct tensor_exam {
    const plumb_preprocess_spec *card;
    const qa_fit_pair *given;
    size_t count;
    tensor_decoder decoder; /* the card's */
    tensor_order expected;  /* the card's */
    tensor_order declared;  /* as the shape of the tensors has it */
    fit_search search;      /* its target and pairs are those of `order` and `decoder` below */
    fit_target targets[TENSOR_ORDERS];
    qa_fit_pair decoded[TENSOR_DECODERS][QA_FIT_MAX_PAIRS];
    fit_pictures pictures;
    uint8_t *pixels[TENSOR_DECODERS][QA_FIT_MAX_PAIRS];
    double spread[TENSOR_ORDERS]; /* standard deviation of the elements */
    double residual_before, equal_before;
} tensor_exam;

/* --- tensor_doctor_input.c --- */

/* Frames decoded, shapes checked, the tensors in the card's order. */
plumb_status tensor_exam_open(tensor_exam *exam, plumb_diag *diag);
void tensor_exam_close(tensor_exam *exam);

/* Read the tensors in an order of memory; at once where it was done before. */
plumb_status tensor_exam_read(tensor_exam *exam, tensor_order order, plumb_diag *diag);

/* Mean difference of neighbours along both axes; the true order is the smoothest. */
double tensor_roughness(const tensor_exam *exam, tensor_order order);

/* --- tensor_doctor_jpeg.c --- */

/* What a decoder divides the sides by: 1, 2, 4, 8. */
int32_t tensor_decoder_divisor(tensor_decoder decoder);

/* Decode with another DCT, upsampling or size into `pixels`, malloc'ed. `frame` is what the usual
 * decoder makes, and becomes what this one does. False where that is not possible. */
bool tensor_decode(const plumb_frame *jpeg, tensor_decoder decoder, plumb_frame *frame,
                   uint8_t **pixels);

/* --- tensor_doctor_chroma.c --- */

/* Is what an explanation leaves over like what another JPEG decoder leaves? */
bool tensor_is_redecoded(tensor_exam *exam, const tensor_explanation *e);

/* --- tensor_doctor_search.c --- */

/* What comes near, each with a look at every pixel. */
#define TENSOR_MAX_EXPLANATIONS 512
typedef struct tensor_list {
    tensor_explanation *items;
    size_t count;
} tensor_list;

plumb_status tensor_search(tensor_exam *exam, tensor_list *list, plumb_diag *diag);
fit_trial tensor_card_trial(const tensor_exam *exam);
void tensor_use(tensor_exam *exam, tensor_order order, tensor_decoder decoder);

/* Is the picture of the frame recognisable in what a trial explains? */
bool tensor_near(const tensor_exam *exam, const fit_trial *trial, tensor_order order);

/* --- tensor_doctor_values.c --- */

/* What the card says of the values of channel c of the tensor, as stored. */
void tensor_card_values(const plumb_preprocess_spec *card, int c, double *gain, double *offset);

/* Decide between the card's values and the usual mistakes. */
void tensor_judge_values(const tensor_exam *exam, const fit_trial *trial, tensor_values *values);

/* Compare what lies outside the picture with the card's pad. */
void tensor_judge_pad(tensor_exam *exam, tensor_explanation *e);

/* --- tensor_doctor_judge.c --- */

/* Fill values, pad, codes and cost. */
void tensor_judge(tensor_exam *exam, tensor_explanation *e);

/* Where the centres of output pixels lie in the source: on its pixel grid's own centres, at output
 * times ratio (half a pixel off), or from the first source pixel to the last (align_corners). */
typedef enum tensor_grid {
    TENSOR_GRID_CENTRES,
    TENSOR_GRID_LEGACY,
    TENSOR_GRID_CORNERS,
} tensor_grid;

tensor_grid tensor_grid_of(plumb_resampler resampler);

int tensor_count_codes(uint32_t codes);

/* Residual over all pairs and the share of equal elements, of the explanation as a whole. */
void tensor_residual(tensor_exam *exam, const tensor_explanation *e, double *rms, double *equal);

/* --- tensor_doctor_fixes.c --- */

void tensor_describe(const tensor_exam *exam, const tensor_explanation *e, qa_tensor_code code,
                     qa_tensor_fault *fault);

#endif
