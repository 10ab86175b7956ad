/* SPDX-License-Identifier: Apache-2.0 */
#include "heads/head.h"

#include <math.h>

#include "base/allocator.h"
#include "base/checked.h"
#include "base/diag.h"
#include "heads/families.h"

static const struct {
    plumb_head_type type;
    const plumb_head_family *family;
} families[] = {
    { PLUMB_HEAD_BOXES, &plumb_family_boxes },
    { PLUMB_HEAD_YOLOV3, &plumb_family_yolov3 },
    { PLUMB_HEAD_YOLOV5, &plumb_family_yolov5 },
    { PLUMB_HEAD_YOLOV5_RAW, &plumb_family_yolov5_raw },
    { PLUMB_HEAD_YOLOX, &plumb_family_yolox },
    { PLUMB_HEAD_YOLOV6, &plumb_family_yolov6 },
    { PLUMB_HEAD_YOLOV8, &plumb_family_yolov8 },
    { PLUMB_HEAD_YOLOV8_SPLIT, &plumb_family_yolov8_split },
    { PLUMB_HEAD_YOLOV8_OBB, &plumb_family_yolov8_obb },
    { PLUMB_HEAD_YOLOV8_POSE, &plumb_family_yolov8_pose },
    { PLUMB_HEAD_YOLOV10, &plumb_family_yolov10 },
    { PLUMB_HEAD_DETR, &plumb_family_detr },
    { PLUMB_HEAD_SSD, &plumb_family_ssd },
    { PLUMB_HEAD_TFLITE_DETECTION, &plumb_family_tflite_detection },
    { PLUMB_HEAD_DETECTION_OUTPUT, &plumb_family_detection_output },
    { PLUMB_HEAD_COREML, &plumb_family_coreml },
    { PLUMB_HEAD_NANODET, &plumb_family_nanodet },
    { PLUMB_HEAD_CENTERNET, &plumb_family_centernet },
    { PLUMB_HEAD_FOMO, &plumb_family_fomo },
    { PLUMB_HEAD_BLAZEFACE, &plumb_family_blazeface },
    { PLUMB_HEAD_YUNET, &plumb_family_yunet },
    { PLUMB_HEAD_SCRFD, &plumb_family_scrfd },
    { PLUMB_HEAD_ULTRAFACE, &plumb_family_ultraface },
};

const plumb_head_family *plumb_head_family_of(plumb_head_type type)
{
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
        if (families[i].type == type)
            return families[i].family;
    return NULL;
}

static bool has_stride(const plumb_head_spec *spec)
{
    return spec->stride_count > 0;
}

static bool has_variances(const plumb_head_spec *spec)
{
    return spec->variances[0] != 0.0f || spec->variances[1] != 0.0f || spec->variances[2] != 0.0f ||
           spec->variances[3] != 0.0f;
}

/* A field that the head does not read would be a setting without effect. */
static plumb_status check_unused(const plumb_head_spec *spec, uint32_t uses, plumb_diag *diag)
{
    const struct {
        uint32_t use;
        bool set;
        const char *field;
    } fields[] = {
        { PLUMB_USES_LAYOUT, spec->layout != PLUMB_ROWS_UNSET, "head.layout" },
        { PLUMB_USES_ACTIVATION, spec->activation != PLUMB_ACTIVATION_UNSET, "head.activation" },
        { PLUMB_USES_BACKGROUND, spec->background != PLUMB_BACKGROUND_DEFAULT, "head.background" },
        { PLUMB_USES_STRIDES, has_stride(spec), "head.strides" },
        { PLUMB_USES_ANCHORS, spec->anchors || spec->anchor_count > 0, "head.anchors" },
        { PLUMB_USES_PRIORS, spec->priors || spec->prior_count > 0, "head.priors" },
        { PLUMB_USES_VARIANCES, has_variances(spec), "head.variances" },
        { PLUMB_USES_LINEAR, spec->linear_sizes, "head.linear_sizes" },
        { PLUMB_USES_RAW, spec->raw, "head.raw" },
        { PLUMB_USES_FORMAT, spec->format != PLUMB_BOX_FORMAT_UNSET, "head.format" },
        { PLUMB_USES_UNITS, spec->units != PLUMB_UNITS_UNSET, "head.units" },
        { PLUMB_USES_PLACE, spec->origin != PLUMB_ORIGIN_UNSET, "head.origin" },
        { PLUMB_USES_PLACE, spec->space != 0, "head.space" },
        { PLUMB_USES_PLACE, spec->box_column != -1, "head.columns.box" },
        { PLUMB_USES_PLACE, spec->score_column != -1, "head.columns.score" },
        { PLUMB_USES_PLACE, spec->class_column != -1, "head.columns.class" },
        { PLUMB_USES_KEYPOINTS, spec->keypoint_count != 0, "head.keypoints" },
        { PLUMB_USES_DIMENSIONS, spec->keypoint_dimensions != 0, "head.keypoint_dimensions" },
        { PLUMB_USES_BINS, spec->distance_bins != 0, "head.distance_bins" },
    };
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        if (fields[i].set && !(uses & fields[i].use))
            return plumb_fail(diag, PLUMB_E_ARGUMENT, fields[i].field,
                              "is not a setting of the %s head", plumb_head_type_name(spec->type));
    return PLUMB_OK;
}

static plumb_status check_counts(const plumb_head_spec *spec, plumb_diag *diag)
{
    if (spec->class_count < 0 || spec->class_count > PLUMB_MAX_CLASSES)
        return plumb_fail(diag, PLUMB_E_VALUE, "head.class_count", "%d is not in 0..%d",
                          (int)spec->class_count, PLUMB_MAX_CLASSES);
    if (spec->class_offset < -PLUMB_MAX_CLASSES || spec->class_offset > PLUMB_MAX_CLASSES)
        return plumb_fail(diag, PLUMB_E_VALUE, "head.class_offset", "%d is not in -%d..%d",
                          (int)spec->class_offset, PLUMB_MAX_CLASSES, PLUMB_MAX_CLASSES);
    if (spec->background < PLUMB_BACKGROUND_DEFAULT || spec->background >= PLUMB_MAX_CLASSES)
        return plumb_fail(diag, PLUMB_E_VALUE, "head.background", "%d is not a class column or -1",
                          (int)spec->background);
    if (spec->keypoint_count < -1 || spec->keypoint_count > PLUMB_MAX_KEYPOINTS)
        return plumb_fail(diag, PLUMB_E_VALUE, "head.keypoints", "%d is not in -1..%d",
                          (int)spec->keypoint_count, PLUMB_MAX_KEYPOINTS);
    if (spec->keypoint_dimensions != 0 && spec->keypoint_dimensions != 2 &&
        spec->keypoint_dimensions != 3)
        return plumb_fail(diag, PLUMB_E_VALUE, "head.keypoint_dimensions", "%d is not 2 or 3",
                          (int)spec->keypoint_dimensions);
    if (spec->distance_bins < 0 || spec->distance_bins > 256)
        return plumb_fail(diag, PLUMB_E_VALUE, "head.distance_bins", "%d is not in 0..256",
                          (int)spec->distance_bins);
    if (spec->stride_count > PLUMB_MAX_SCALES)
        return plumb_fail(diag, PLUMB_E_LIMIT, "head.strides", "%zu are more than %d",
                          spec->stride_count, PLUMB_MAX_SCALES);
    for (size_t i = 0; i < spec->stride_count; i++)
        if (spec->strides[i] < 1 || spec->strides[i] > PLUMB_MAX_SIDE)
            return plumb_fail_at(diag, PLUMB_E_VALUE, "head.strides", i, NULL, "%d is not in 1..%d",
                                 (int)spec->strides[i], PLUMB_MAX_SIDE);
    return PLUMB_OK;
}

static plumb_status check_numbers(const float *values, size_t count, const char *field,
                                  bool positive, plumb_diag *diag)
{
    if (count > 0 && !values)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, field, "is NULL");
    for (size_t i = 0; i < count; i++)
        if (!isfinite(values[i]) || (positive && !(values[i] > 0.0f)))
            return plumb_fail_at(diag, PLUMB_E_VALUE, field, i, NULL, "%g is not a %s number",
                                 (double)values[i], positive ? "positive" : "finite");
    return PLUMB_OK;
}

static plumb_status check_arrays(const plumb_head_spec *spec, plumb_diag *diag)
{
    if (spec->anchor_count > 4096 || spec->prior_count > (size_t)PLUMB_MAX_HEAD_ROWS)
        return plumb_fail(diag, PLUMB_E_LIMIT,
                          spec->anchor_count > 4096 ? "head.anchors" : "head.priors",
                          "too many of them");
    plumb_status status =
        check_numbers(spec->anchors, spec->anchor_count, "head.anchors", true, diag);
    if (!status)
        status = check_numbers(spec->priors, spec->prior_count * 4, "head.priors", false, diag);
    if (!status && has_variances(spec))
        status = check_numbers(spec->variances, 4, "head.variances", true, diag);
    if (status)
        return status;
    if (spec->output_count > PLUMB_MAX_TENSORS ||
        (spec->output_count > 0) != (spec->outputs != NULL))
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "head.outputs", "%zu names, 0..%d are expected",
                          spec->output_count, PLUMB_MAX_TENSORS);
    for (size_t i = 0; i < spec->output_count; i++)
        if (!spec->outputs[i])
            return plumb_fail_at(diag, PLUMB_E_ARGUMENT, "head.outputs", i, NULL, "is NULL");
    return PLUMB_OK;
}

static plumb_status check_spec(const plumb_head_spec *spec, const plumb_head_family *family,
                               plumb_diag *diag)
{
    plumb_status status = check_unused(spec, family->uses, diag);
    if (!status)
        status = check_counts(spec, diag);
    if (!status)
        status = check_arrays(spec, diag);
    if (status)
        return status;
    if (spec->class_count > 0 && family->classes > 0 && spec->class_count != family->classes)
        return plumb_fail(diag, PLUMB_E_VALUE, "head.class_count", "%d, but the %s head has %d",
                          (int)spec->class_count, plumb_head_type_name(spec->type),
                          (int)family->classes);
    if (spec->outputs && (spec->output_count < family->least_outputs ||
                          (family->most_outputs && spec->output_count > family->most_outputs)))
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "head.outputs",
                          "%zu names, but the %s head has %d to %d outputs", spec->output_count,
                          plumb_head_type_name(spec->type), family->least_outputs,
                          family->most_outputs ? family->most_outputs : PLUMB_MAX_TENSORS);
    return PLUMB_OK;
}

/* Own copies of what the spec points to. */
static bool copy_arrays(plumb_head *head)
{
    const plumb_context *context = &head->context;
    plumb_head_spec *spec = &head->spec;
    if (spec->output_count > 0) {
        head->names = plumb_alloc_zeroed(context, spec->output_count, sizeof(char *));
        if (!head->names)
            return false;
        for (size_t i = 0; i < spec->output_count; i++)
            if (!(head->names[i] = plumb_copy_text(context, spec->outputs[i])))
                return false;
        spec->outputs = (const char *const *)head->names;
    }
    if (spec->anchor_count > 0) {
        head->anchors =
            plumb_copy_memory(context, spec->anchors, spec->anchor_count, sizeof(float));
        if (!head->anchors)
            return false;
        spec->anchors = head->anchors;
    }
    if (spec->prior_count > 0) {
        head->priors =
            plumb_copy_memory(context, spec->priors, spec->prior_count, 4 * sizeof(float));
        if (!head->priors)
            return false;
        spec->priors = head->priors;
    }
    return true;
}

plumb_status plumb_head_create(const plumb_context *context, const plumb_head_spec *spec,
                               plumb_size input, plumb_head **head, plumb_diag *diag)
{
    if (!spec || !head)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, spec ? "head" : "spec", "is NULL");
    *head = NULL;
    plumb_head_spec full = PLUMB_HEAD_SPEC_INIT;
    plumb_copy_struct(&full, sizeof(full), spec, spec->struct_size);
    const plumb_head_family *family = plumb_head_family_of(full.type);
    if (!family)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "head.type", "%d is not a head type",
                          (int)full.type);
    if (input.width < 1 || input.height < 1 || input.width > PLUMB_MAX_SIDE ||
        input.height > PLUMB_MAX_SIDE)
        return plumb_fail(diag, PLUMB_E_SIZE, "input", "%d x %d, sides of 1..%d are expected",
                          (int)input.width, (int)input.height, PLUMB_MAX_SIDE);
    plumb_status status = check_spec(&full, family, diag);
    if (status)
        return status;

    plumb_context resolved = plumb_context_resolve(context);
    plumb_head *made = plumb_alloc_zeroed(&resolved, 1, sizeof(*made));
    if (!made)
        return plumb_fail(diag, PLUMB_E_NOMEM, "head", "no memory");
    made->context = resolved;
    made->family = family;
    made->scores = plumb_scores_select(resolved.cpu);
    made->spec = full;
    made->input = input;
    made->space = PLUMB_SPACE_INPUT;
    made->unit_x = 1.0;
    made->unit_y = 1.0;
    made->background = -1;
    made->activation = PLUMB_ACTIVATION_NONE;
    made->objectness_activation = PLUMB_ACTIVATION_NONE;
    made->has_angle = family->angle != NULL;
    if (!copy_arrays(made))
        status = plumb_fail(diag, PLUMB_E_NOMEM, "head", "no memory");
    else
        status = family->compile(made, diag);
    if (status)
        plumb_head_destroy(&made);
    else
        *head = made;
    return status;
}

void plumb_head_destroy(plumb_head **head)
{
    if (!head || !*head)
        return;
    plumb_head *old = *head;
    plumb_context context = old->context;
    for (size_t i = 0; old->names && i < old->spec.output_count; i++)
        plumb_release(&context, old->names[i]);
    plumb_release(&context, old->names);
    plumb_release(&context, old->anchors);
    plumb_release(&context, old->priors);
    plumb_release(&context, old);
    *head = NULL;
}

plumb_space plumb_head_space(const plumb_head *head)
{
    return head->space;
}

size_t plumb_head_keypoints(const plumb_head *head)
{
    return head->keypoint_count;
}

bool plumb_head_wants_nms(const plumb_head *head)
{
    return head->family->wants_nms;
}
