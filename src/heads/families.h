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
extern const plumb_head_family plumb_family_ssd, plumb_family_ultraface, plumb_family_blazeface;
extern const plumb_head_family plumb_family_yolov3, plumb_family_yolov5_raw;
extern const plumb_head_family plumb_family_yolov8_split, plumb_family_nanodet;
extern const plumb_head_family plumb_family_centernet, plumb_family_fomo;
extern const plumb_head_family plumb_family_yunet, plumb_family_scrfd;

/* The box columns of a row, in the order of `format` and the head's units, as corners in input
 * pixels. */
plumb_box plumb_box_read(const plumb_head *head, const plumb_block *block, int64_t row,
                         plumb_box_format format);

static inline plumb_box plumb_box_centered(double x, double y, double width, double height)
{
    plumb_box box = { (float)(x - width / 2.0), (float)(y - height / 2.0), (float)(x + width / 2.0),
                      (float)(y + height / 2.0) };
    return box;
}

/* How far the four sides lie from a point, each the mean of a softmax over `bins`: the distribution
 * focal loss of Generalized Focal Loss; with one bin the distance itself. In cells; left, top, right,
 * bottom. */
void plumb_read_distances(const plumb_matrix *matrix, int64_t row, int64_t column, int32_t bins,
                          double distances[4]);

/* unit_x and unit_y from units; PIXELS where they are unset. */
void plumb_head_set_units(plumb_head *head, plumb_box_units when_unset);

/* The activation of the class values and of the objectness, `own` where the spec leaves it open.
 * PLUMB_E_ARGUMENT for a softmax that the head does not have. */
plumb_status plumb_head_set_activation(plumb_head *head, plumb_activation own, bool softmax,
                                       plumb_diag *diag);

/* The feature maps of the spec's strides, or of `strides` where it has none: sides are rounded up,
 * as convolutions with padding do; every cell has `anchors` rows. */
void plumb_head_set_scales(plumb_head *head, const int32_t *strides, size_t count, int32_t anchors);

/* Give each scale its share of `count` anchors, equal where `shares` has 0, and number the rows
 * anew. */
plumb_status plumb_head_share_anchors(plumb_head *head, const size_t *shares, size_t count,
                                      plumb_diag *diag);

/* keypoint_count from the spec: 0 is the head's own, -1 none. */
void plumb_head_set_keypoints(plumb_head *head, size_t own);

/* Scales and priors from the spec's strides, or the published ones. */
plumb_status plumb_make_ultraface_priors(plumb_head *head, plumb_diag *diag);
plumb_status plumb_make_blazeface_priors(plumb_head *head, plumb_diag *diag);

/* Are the named outputs, if any, `least` to `most` for each scale? */
plumb_status plumb_head_check_names(const plumb_head *head, size_t least, size_t most,
                                    plumb_diag *diag);

/* One output for each scale and each of `kinds`: scale by scale, or kind by kind, whichever the
 * shapes say. */
size_t plumb_bind_position(const plumb_binding *binding, size_t kinds, size_t scale, size_t kind);

/* A slice of rank 3 as the cells of a scale, [V,H,W] or [H,W,V] with V a multiple of `multiple`:
 * whichever fits, or as head.layout says where both do. */
plumb_status plumb_bind_cells(const plumb_binding *binding, const plumb_slice *slice,
                              const plumb_scale *scale, int64_t multiple, const char *expected,
                              plumb_matrix *cells, int64_t *values, plumb_diag *diag);

/* The scale and the cell of a row of all scales together. */
const plumb_scale *plumb_head_cell(const plumb_head *head, int64_t row, int32_t *x, int32_t *y);

#endif
