/* SPDX-License-Identifier: Apache-2.0
 *
 * The families, one file each, and the geometry they share. Boxes are computed in double and
 * rounded to float once.
 */
#ifndef PLUMB_HEADS_FAMILIES_H
#define PLUMB_HEADS_FAMILIES_H

#include "heads/bind.h"

extern const plumb_head_family plumb_family_boxes;
extern const plumb_head_family plumb_family_yolov5, plumb_family_yolox, plumb_family_yolov6;
extern const plumb_head_family plumb_family_yolov8, plumb_family_yolov8_obb,
    plumb_family_yolov8_pose;
extern const plumb_head_family plumb_family_yolov10, plumb_family_tflite_detection,
    plumb_family_detection_output;
extern const plumb_head_family plumb_family_detr, plumb_family_coreml;
extern const plumb_head_family plumb_family_ssd, plumb_family_ultraface;

/* Four numbers of a row, in the order of `format`, to corners in units of 1. */
plumb_box plumb_box_from(plumb_box_format format, const double values[4], double unit_x,
                         double unit_y);

static inline plumb_box plumb_box_centered(double x, double y, double width, double height)
{
    plumb_box box = { (float)(x - width / 2.0), (float)(y - height / 2.0), (float)(x + width / 2.0),
                      (float)(y + height / 2.0) };
    return box;
}

/* unit_x and unit_y from units; PIXELS where they are unset. */
void plumb_head_set_units(plumb_head *head, plumb_box_units when_unset);

/* The activation of the class values and of the objectness, `own` where the spec leaves it open.
 * PLUMB_E_ARGUMENT for a softmax that the head does not have. */
plumb_status plumb_head_set_activation(plumb_head *head, plumb_activation own, bool softmax,
                                       plumb_diag *diag);

/* The feature maps of the spec's strides, or of `strides` where it has none: sides are rounded up,
 * as convolutions with padding do; every cell has `anchors` rows. */
void plumb_head_set_scales(plumb_head *head, const int32_t *strides, size_t count, int32_t anchors);

/* The scale and the cell of a row of all scales together. */
const plumb_scale *plumb_head_cell(const plumb_head *head, int64_t row, int32_t *x, int32_t *y);

#endif
