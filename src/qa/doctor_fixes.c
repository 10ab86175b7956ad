/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/doctor_fixes.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/diag.h"

#define SET(field, ...) ((void)snprintf((field), sizeof(field), __VA_ARGS__))

static const char *sides(const qa_layout_guess *layout)
{
    bool fit = layout->spec.mode == PLUMB_CROP_SCALE_FIT ||
               layout->spec.mode == PLUMB_CROP_SCALE_FIT_ROTATE_90_CCW;
    bool corner = layout->spec.rule == PLUMB_RULE_YOLOX || layout->spec.rule == PLUMB_RULE_MMDET;
    if (!fit)
        return "";
    if (layout->anchor == QA_ANCHOR_TOP_LEFT || (layout->anchor == QA_ANCHOR_RULE && corner))
        return ", picture at the top left";
    return layout->anchor == QA_ANCHOR_BOTTOM_RIGHT ? ", picture at the bottom right"
                                                    : ", picture centred";
}

static const char *rule_of(const qa_layout_guess *layout)
{
    if (layout->anchor == QA_ANCHOR_RULE)
        return plumb_rule_name(layout->spec.rule);
    return layout->anchor == QA_ANCHOR_TOP_LEFT ? "yolox" : "ultralytics";
}

/* The preprocess fields that describe how the picture was really put into the input. */
static void edit_mapping(const qa_layout_guess *made, bool size, qa_doctor_fault *fault)
{
    const char *mode = plumb_crop_mode_name(made->spec.mode);
    char rule[48] = "", input[64] = "";
    if (made->spec.mode != PLUMB_CROP_SCALE_FILL)
        SET(rule, ",\"rule\":\"%s\"",
            made->spec.mode == PLUMB_CROP_CENTER ? "exact" : rule_of(made));
    if (size)
        SET(input, "\"width\":%d,\"height\":%d,", (int)made->spec.input.width,
            (int)made->spec.input.height);
    SET(fault->edit, "{\"preprocess\":{%s\"mode\":\"%s\"%s}}", input, mode, rule);
}

static void fix_turn(const qa_doctor_step *step, qa_doctor_fault *fault)
{
    /* What has to be done to the boxes is the inverse of what was done. */
    int undo = (int)plumb_orientation_inverse(step->orientation);
    SET(fault->edit, "{\"frame\":{\"orientation\":%d}}", undo);
    if (step->code == QA_DOCTOR_FLIP_X) {
        SET(fault->fix,
            "boxes are mirrored left to right: x = W - (x + w). A front camera mirrors its "
            "preview, not its frames: mirror both or neither");
        return;
    }
    SET(fault->fix,
        "boxes belong to the picture turned by a %s: tell the frame its buffer's orientation, "
        "once; "
        "EXIF orientation %d turns these boxes back",
        step->code == QA_DOCTOR_ROTATE_180 ? "half" : "quarter", undo);
}

static void fix_format(qa_doctor_code code, qa_doctor_fault *fault)
{
    const char *format = code == QA_DOCTOR_CENTER_AS_CORNER   ? "cxcywh"
                         : code == QA_DOCTOR_CORNER_AS_CENTER ? "xywh"
                                                              : "xyxy";
    const char *really = code == QA_DOCTOR_CENTER_AS_CORNER   ? "centre and size"
                         : code == QA_DOCTOR_CORNER_AS_CENTER ? "corner and size"
                                                              : "two corners";
    SET(fault->edit, "{\"head\":{\"format\":\"%s\"}}", format);
    SET(fault->fix, "the head gives %s: read its boxes as %s", really, format);
}

static void fix_free(const qa_doctor_step *step, plumb_size image, qa_doctor_fault *fault)
{
    double w = image.width, h = image.height, kx = step->scale[0], ky = step->scale[1];
    double tx = step->shift[0], ty = step->shift[1];
    if (step->units == QA_FREE_TO_FRACTION || step->units == QA_FREE_NORMALIZED) {
        tx *= w;
        ty *= h;
    }
    if (step->units == QA_FREE_TO_FRACTION) {
        kx *= w;
        ky *= h;
    } else if (step->units == QA_FREE_FROM_FRACTION) {
        kx /= w;
        ky /= h;
    }
    if (step->code == QA_DOCTOR_ROI_NOT_APPLIED) {
        bool scaled = step->shape == QA_FREE_AFFINE;
        SET(fault->detail, "region of interest at %.0f,%.0f%s", -tx / kx, -ty / ky,
            scaled ? "" : ", size not visible in the boxes");
        if (scaled)
            SET(fault->detail, "region of interest %.0f,%.0f %.0fx%.0f", -tx / kx, -ty / ky, w / kx,
                h / ky);
        SET(fault->edit, "{\"frame\":{\"roi\":[%.0f,%.0f,%.0f,%.0f]}}", -tx / kx, -ty / ky,
            scaled ? w / kx : w + tx, scaled ? h / ky : h + ty);
        SET(fault->fix,
            "boxes are relative to the region of interest, not to the image: add its corner%s, "
            "or map them from roi to upright",
            scaled ? " after scaling by its size" : "");
        return;
    }
    SET(fault->detail, "scaled to %.0fx%.0f instead of %dx%d", kx * w, ky * h, (int)image.width,
        (int)image.height);
    SET(fault->edit, "{\"frame\":{\"width\":%d,\"height\":%d}}", (int)image.width,
        (int)image.height);
    SET(fault->fix, "scale boxes by the size of the image, %dx%d, not by that of a preview or view",
        (int)image.width, (int)image.height);
}

static void fix_mapping(const qa_doctor_step *step, qa_doctor_fault *fault)
{
    const qa_layout_guess *made = &step->made, *read = &step->read;
    const char *mode = plumb_crop_mode_name(made->spec.mode);
    int width = made->spec.input.width, height = made->spec.input.height;
    switch (step->code) {
    case QA_DOCTOR_INPUT_SPACE_NOT_UNMAPPED:
        SET(fault->detail, "input %dx%d, %s%s", width, height, mode, sides(made));
        SET(fault->edit, "{\"head\":{\"space\":\"input\"}}");
        SET(fault->fix,
            "boxes are in pixels of the model's %dx%d input: undo scale and padding, or map them "
            "from input to upright",
            width, height);
        return;
    case QA_DOCTOR_UNMAPPED_TWICE:
        SET(fault->detail, "input %dx%d, %s%s", width, height, mode, sides(made));
        SET(fault->edit, "{\"head\":{\"space\":\"upright\"}}");
        SET(fault->fix, "boxes came back in the image already: do not undo the mapping again");
        return;
    case QA_DOCTOR_PAD_PLACEMENT:
        SET(fault->detail, "padded with%s, unmapped with%s", sides(made) + 1, sides(read) + 1);
        edit_mapping(made, false, fault);
        SET(fault->fix, "unmap with the padding where it was put%s: use rule %s on both ways",
            sides(made), rule_of(made));
        return;
    default:
        SET(fault->detail, "made with %s%s, unmapped with %s%s, input aspect %d:%d", mode,
            sides(made), plumb_crop_mode_name(read->spec.mode), sides(read), width, height);
        edit_mapping(made, false, fault);
        SET(fault->fix, "the picture went into the model by %s: take boxes back by the same mode",
            mode);
        return;
    }
}

void qa_fix_geometry(const qa_doctor_step *step, plumb_size image, qa_doctor_fault *fault)
{
    switch (step->code) {
    case QA_DOCTOR_FLIP_Y:
        SET(fault->edit, "{\"head\":{\"origin\":\"lower_left\"}}");
        SET(fault->fix, "boxes have their origin at the lower left: y = H - (y + h), the far edge");
        return;
    case QA_DOCTOR_XY_SWAPPED:
        SET(fault->edit, "{\"head\":{\"format\":\"yxyx\"}}");
        SET(fault->fix, "x and y are exchanged: read boxes as y first (yxyx), or turn the picture "
                        "by its orientation (5) if it is stored transposed");
        return;
    case QA_DOCTOR_NORMALIZED_AS_PIXELS:
        SET(fault->edit, "{\"head\":{\"units\":\"normalized\"}}");
        SET(fault->fix,
            "boxes are normalized to 0..1: multiply x by the width and y by the height");
        return;
    case QA_DOCTOR_PIXELS_AS_NORMALIZED:
        SET(fault->edit, "{\"head\":{\"units\":\"pixels\"}}");
        SET(fault->fix, "boxes are in pixels already: do not multiply them by the image size");
        return;
    case QA_DOCTOR_CENTER_AS_CORNER:
    case QA_DOCTOR_CORNER_AS_CENTER:
    case QA_DOCTOR_CORNERS_AS_SIZE:
        fix_format(step->code, fault);
        return;
    case QA_DOCTOR_ROI_NOT_APPLIED:
    case QA_DOCTOR_WRONG_IMAGE_SIZE:
        fix_free(step, image, fault);
        return;
    default:
        break;
    }
    if (step->kind == QA_STEP_TURN)
        fix_turn(step, fault);
    else
        fix_mapping(step, fault);
}

void qa_fix_classes(int32_t offset, qa_doctor_fault *fault)
{
    SET(fault->detail, "class ids are off by %+d", (int)offset);
    SET(fault->edit, "{\"head\":{\"class_offset\":%d}}", (int)-offset);
    SET(fault->fix, "add %+d to every class id: the labels %s", (int)-offset,
        offset > 0 ? "lack the background entry" : "have an entry more than the model");
}

void qa_fix_scores(qa_score_state state, qa_doctor_fault *fault)
{
    bool missing = state == QA_SCORES_LOGITS;
    SET(fault->edit, "{\"head\":{\"activation\":\"%s\"}}", missing ? "sigmoid" : "none");
    SET(fault->fix, missing ? "scores are logits: apply the sigmoid before the threshold"
                            : "the sigmoid is in the model already: do not apply it again");
}

static void edit_regions(const qa_surplus_finding *surplus, qa_doctor_fault *fault)
{
    char *at = fault->edit, *end = fault->edit + sizeof(fault->edit);
    at += snprintf(at, (size_t)(end - at), "{\"regions\":[");
    for (size_t i = 0; i < surplus->place_count; i++) {
        plumb_rect r = surplus->places[i];
        char one[160];
        int n =
            snprintf(one, sizeof(one),
                     "%s{\"name\":\"place %zu\",\"space\":\"normalized\",\"shape\":{\"rect\":[%.3f,"
                     "%.3f,%.3f,%.3f]},\"measure\":\"center\",\"effect\":\"reject\"}",
                     i ? "," : "", i + 1, r.x, r.y, r.width, r.height);
        if (n < 0 || n + 3 > end - at)
            break;
        memcpy(at, one, (size_t)n);
        at += n;
    }
    memcpy(at, "]}", 3);
}

void qa_fix_surplus(qa_doctor_code code, const qa_surplus_finding *surplus, qa_doctor_fault *fault)
{
    double limit = fmax(surplus->low_limit, 0.01);
    switch (code) {
    case QA_DOCTOR_THRESHOLD_MISSING:
        SET(fault->detail, "%zu boxes with a score below %.2f", surplus->low, limit);
        SET(fault->edit, "{\"postprocess\":{\"confidence\":%.2f}}", limit);
        SET(fault->fix, "drop boxes with a score below %.2f", limit);
        return;
    case QA_DOCTOR_NMS_MISSING:
        SET(fault->detail, "%zu copies of %zu found boxes", surplus->copies, surplus->matched);
        SET(fault->edit, "{\"postprocess\":{\"nms\":{\"method\":\"hard\",\"iou\":0.45}}}");
        SET(fault->fix, "suppress overlapping boxes (NMS at IoU 0.45)");
        return;
    default:
        SET(fault->detail, "%zu boxes at %zu places that come back, %s", surplus->recurring,
            surplus->place_count,
            surplus->places_move ? "on an object that moves through the picture"
                                 : "of the picture");
        if (surplus->places_move)
            SET(fault->edit, "{\"regions\":[]}");
        else
            edit_regions(surplus, fault);
        SET(fault->fix, "reject boxes at these places with a region%s",
            surplus->places_move
                ? " for each, in plane space (millimetres on the object), with a homography a frame"
                : "");
        return;
    }
}
