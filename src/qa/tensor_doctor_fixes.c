/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/tensor_doctor_parts.h"

#include <stdio.h>

#define SET(field, ...) ((void)snprintf((field), sizeof(field), __VA_ARGS__))

static const char *const orders[TENSOR_ORDERS] = { "[C,H,W]", "[H,W,C]", "[C,W,H]", "[W,H,C]" };

static void describe_layout(const tensor_exam *exam, const tensor_explanation *e,
                            qa_tensor_fault *f)
{
    SET(f->detail, "memory holds %s, its shape says %s, the card expects %s", orders[e->order],
        orders[exam->declared], orders[exam->expected]);
    SET(f->edit, "{\"preprocess\":{\"layout\":\"%s\"}}",
        e->order == TENSOR_HWC || e->order == TENSOR_WHC ? "nhwc" : "nchw");
    SET(f->fix, "%s",
        e->order == exam->expected
            ? "the bytes are right, but their shape is declared in another order: give the card's"
            : "transpose the picture to the card's order before it is fed, a reshape is not "
              "enough");
}

static void describe_channels(const tensor_exam *exam, const tensor_explanation *e,
                              qa_tensor_fault *f)
{
    bool bgr = e->trial.reversed;
    bool card_bgr = exam->card->channels == PLUMB_CHANNELS_BGR;
    bool pixels = e->trial.color_seen && bgr != card_bgr;
    if (pixels)
        SET(f->detail, "the channels are %s, the card expects %s", bgr ? "bgr" : "rgb",
            card_bgr ? "bgr" : "rgb");
    else
        SET(f->detail, "the pixels are in order, but mean and std are in the other one");
    SET(f->edit, "{\"preprocess\":{\"channels\":\"%s\"}}", bgr ? "bgr" : "rgb");
    SET(f->fix, "%s",
        pixels ? "swap red and blue before the network"
               : "give mean and std in the order of the channels");
}

static void describe_values(const tensor_exam *exam, const tensor_explanation *e,
                            qa_tensor_fault *f)
{
    const tensor_values *v = &e->values;
    double mean[3], std[3];
    for (int c = 0; c < 3; c++) {
        int k = c < exam->search.target.channels ? c : 0;
        std[c] = 1.0 / v->gain[k];
        mean[c] = -v->offset[k] / v->gain[k];
    }
    SET(f->detail, "%s", v->detail);
    SET(f->edit,
        "{\"preprocess\":{\"divide\":1,\"scale\":1,\"mean\":[%.7g,%.7g,%.7g],"
        "\"std\":[%.7g,%.7g,%.7g]}}",
        mean[0], mean[1], mean[2], std[0], std[1], std[2]);
    const plumb_preprocess_spec *s = exam->card;
    SET(f->fix, "make values as the card says: (level / %.7g * %.7g - mean) / std",
        (double)s->divide, (double)s->scale);
}

static void describe_colors(const tensor_exam *exam, const tensor_explanation *e,
                            qa_tensor_fault *f)
{
    const plumb_frame *frame = &exam->decoded[TENSOR_DECODER_USUAL][0].frame;
    SET(f->detail, "converted with %s %s, the frame says %s %s", plumb_matrix_name(e->trial.matrix),
        plumb_range_name(e->trial.range), plumb_matrix_name(frame->matrix),
        plumb_range_name(frame->range));
    SET(f->edit, "{\"frame\":{\"matrix\":\"%s\",\"range\":\"%s\"}}",
        plumb_matrix_name(e->trial.matrix), plumb_range_name(e->trial.range));
    SET(f->fix, "convert YUV to RGB with the %s that the camera declares (%s)",
        f->code == QA_TENSOR_MATRIX_MIXUP ? "matrix" : "range",
        f->code == QA_TENSOR_MATRIX_MIXUP ? plumb_matrix_name(frame->matrix)
                                          : plumb_range_name(frame->range));
}

static void describe_turn(const tensor_exam *exam, const tensor_explanation *e, qa_tensor_fault *f)
{
    const plumb_frame *frame = &exam->decoded[TENSOR_DECODER_USUAL][0].frame;
    plumb_frame used = fit_frame_of(&e->trial, frame);
    SET(f->detail, "the buffer was taken for orientation %d, the frame says %d",
        (int)used.orientation, (int)frame->orientation);
    SET(f->edit, "{\"frame\":{\"orientation\":%d}}", (int)used.orientation);
    if (f->code == QA_TENSOR_MIRRORED)
        SET(f->fix, "the picture is mirrored %s: leave the flip out",
            e->trial.turn == PLUMB_ORIENTATION_DOWN_MIRRORED ? "top to bottom" : "left to right");
    else
        SET(f->fix, "turn the buffer upright by its orientation (%d) before it is scaled",
            (int)frame->orientation);
}

static void describe_geometry(const tensor_exam *exam, const tensor_explanation *e,
                              qa_tensor_fault *f)
{
    const plumb_mapping_spec *m = &e->trial.mapping, *card = &exam->card->mapping;
    bool fill = m->mode == PLUMB_CROP_SCALE_FILL || m->mode == PLUMB_CROP_SCALE_FILL_ROTATE_90_CCW;
    plumb_mapping placed = { 0 };
    (void)fit_mapping(&e->trial, &exam->decoded[e->decoder][0].frame, &placed);
    const plumb_irect *r = &placed.placed;
    SET(f->detail, "%s%s%s%s: the picture covers %dx%d at %d, %d",
        e->trial.whole ? "the whole frame instead of its region, " : "",
        plumb_crop_mode_name(m->mode), fill ? "" : " ", fill ? "" : plumb_rule_name(m->rule),
        (int)r->width, (int)r->height, (int)r->x, (int)r->y);
    if (e->trial.whole) {
        SET(f->edit, "{\"frame\":{\"roi\":null}}");
        SET(f->fix,
            "cut the frame's region of interest out before it is fitted to the input with "
            "%s%s%s",
            plumb_crop_mode_name(card->mode), card->rule ? ", rule " : "",
            card->rule ? plumb_rule_name(card->rule) : "");
        return;
    }
    /* No rule puts a picture at the lower right or anywhere: a card cannot say that. */
    const char *rule = plumb_rule_name(m->rule);
    if (e->trial.placement == FIT_PLACED_TOP_LEFT)
        rule = plumb_rule_name(PLUMB_RULE_YOLOX);
    else if (e->trial.placement == FIT_PLACED_CENTER || e->trial.placement == FIT_PLACED_CENTER_UP)
        rule = plumb_rule_name(PLUMB_RULE_ULTRALYTICS);
    char more[64] = "";
    if (m->resize_short > 0)
        SET(more, ",\"resize_short\":%d", (int)m->resize_short);
    if (m->rule == PLUMB_RULE_TF_CENTRAL)
        SET(more, ",\"central_fraction\":%g", m->central_fraction);
    if (e->trial.placement == FIT_PLACED_BOTTOM_RIGHT || e->trial.placement == FIT_PLACED_AT)
        SET(f->edit, "{}");
    else if (fill)
        SET(f->edit, "{\"preprocess\":{\"mode\":\"%s\"}}", plumb_crop_mode_name(m->mode));
    else
        SET(f->edit, "{\"preprocess\":{\"mode\":\"%s\",\"rule\":\"%s\"%s}}",
            plumb_crop_mode_name(m->mode), rule, more);
    if (f->code == QA_TENSOR_PAD_PLACEMENT)
        SET(f->fix, "put the padding where rule %s puts it", plumb_rule_name(card->rule));
    else
        SET(f->fix, "fit the picture to the input with %s%s%s, as in training",
            plumb_crop_mode_name(card->mode), card->rule ? ", rule " : "",
            card->rule ? plumb_rule_name(card->rule) : "");
}

static void describe_resampler(const tensor_exam *exam, const tensor_explanation *e,
                               qa_tensor_fault *f)
{
    const char *made = plumb_resampler_name(e->trial.resample);
    const char *card = plumb_resampler_name(exam->card->resample);
    SET(f->detail, "resized as %s does, the card says %s", made, card);
    SET(f->edit, "{\"preprocess\":{\"resample\":\"%s\"}}", made);
    static const char *const grids[] = {
        "with half-pixel centres (align_corners=False)",
        "without half-pixel centres (sample i at i * ratio)",
        "with align_corners=True",
    };
    if (f->code == QA_TENSOR_HALF_PIXEL_SHIFT)
        SET(f->fix, "samples are taken up to half a pixel off: resize %s, as %s does",
            grids[tensor_grid_of(exam->card->resample)], card);
    else
        SET(f->fix, "resize with the arithmetic of %s", card);
}

static void describe_pad(const tensor_exam *exam, const tensor_explanation *e, qa_tensor_fault *f)
{
    const double *v = e->pad.value, *l = e->pad.level;
    int channels = exam->search.target.channels;
    bool levels = true;
    for (int c = 0; c < channels; c++)
        levels = levels && l[c] > -0.5 && l[c] < 255.5;
    if (channels == 1)
        SET(f->detail, "outside the picture the tensor holds %.6g, which is level %.4g", v[0],
            l[0]);
    else
        SET(f->detail,
            "outside the picture the tensor holds %.6g, %.6g, %.6g, which are levels %.4g, %.4g, "
            "%.4g",
            v[0], v[1], v[2], l[0], l[1], l[2]);
    if (levels && channels == 3)
        SET(f->edit, "{\"preprocess\":{\"pad\":[%.0f,%.0f,%.0f]}}", l[0], l[1], l[2]);
    else
        SET(f->edit, "{}");
    SET(f->fix, "fill with level %d, %d, %d before the values are normalised",
        (int)exam->card->pad[0], (int)exam->card->pad[1], (int)exam->card->pad[2]);
}

static void describe_decoder(const tensor_exam *exam, const tensor_explanation *e,
                             qa_tensor_fault *f)
{
    static const char *const what[TENSOR_DECODERS] = {
        "decoded at full size, the card says half-dct",
        "chroma is repeated instead of interpolated",
        "the fast DCT was used",
        "the fast DCT was used, and chroma repeated",
        "decoded at half size, and sampled where the full picture would be",
        "decoded at half size",
        "decoded at a quarter of its size",
        "decoded at an eighth of its size",
    };
    SET(f->edit, "{}");
    if (e->redecoded)
        SET(f->detail,
            "%.2g levels are left, more in chroma than in luma: another decoder, or the file was "
            "encoded again",
            e->trial.rms);
    else
        SET(f->detail, "%s", what[e->decoder]);
    bool usual = e->decoder == TENSOR_DECODER_USUAL, half = e->decoder == TENSOR_DECODER_HALF_DCT;
    if (!e->redecoded && (usual || half))
        SET(f->edit, "{\"preprocess\":{\"jpeg\":\"%s\"}}",
            plumb_jpeg_decoding_name(half ? PLUMB_JPEG_HALF_DCT : PLUMB_JPEG_TURBO_ISLOW_FANCY));
    if (exam->decoder == TENSOR_DECODER_HALF_DCT)
        SET(f->fix, "decode JPEG at half size, as the card says%s",
            usual && !e->redecoded ? ", or leave \"jpeg\": \"half-dct\" out of the card" : "");
    else
        SET(f->fix,
            "decode JPEG as Pillow and OpenCV do: full size, the exact DCT (islow), fancy "
            "upsampling%s",
            half && !e->redecoded ? "; or give the card \"jpeg\": \"half-dct\"" : "");
}

void tensor_describe(const tensor_exam *exam, const tensor_explanation *e, qa_tensor_code code,
                     qa_tensor_fault *f)
{
    switch (code) {
    case QA_TENSOR_LAYOUT_MIXUP:
        describe_layout(exam, e, f);
        break;
    case QA_TENSOR_CHANNEL_ORDER:
        describe_channels(exam, e, f);
        break;
    case QA_TENSOR_MATRIX_MIXUP:
    case QA_TENSOR_RANGE_MIXUP:
        describe_colors(exam, e, f);
        break;
    case QA_TENSOR_ORIENTATION_IGNORED:
    case QA_TENSOR_MIRRORED:
        describe_turn(exam, e, f);
        break;
    case QA_TENSOR_WRONG_CROP_MODE:
    case QA_TENSOR_PAD_PLACEMENT:
        describe_geometry(exam, e, f);
        break;
    case QA_TENSOR_WRONG_RESAMPLER:
    case QA_TENSOR_HALF_PIXEL_SHIFT:
        describe_resampler(exam, e, f);
        break;
    case QA_TENSOR_PAD_COLOR:
        describe_pad(exam, e, f);
        break;
    case QA_TENSOR_JPEG_DECODER:
        describe_decoder(exam, e, f);
        break;
    default:
        describe_values(exam, e, f);
        break;
    }
}
