/* SPDX-License-Identifier: Apache-2.0 */
#include "plumbline/postprocess.h"

#include "base/names.h"

static const plumb_name methods[] = {
    { PLUMB_NMS_NONE, "none" },
    { PLUMB_NMS_HARD, "hard" },
    { PLUMB_NMS_SOFT_LINEAR, "soft-linear" },
    { PLUMB_NMS_SOFT_GAUSSIAN, "soft-gaussian" },
    { PLUMB_NMS_WEIGHTED, "weighted" },
    { PLUMB_NMS_MERGE, "merge" },
    { PLUMB_NMS_MATRIX, "matrix" },
    { PLUMB_NMS_CLUSTER, "cluster" },
    { PLUMB_NMS_CENTER_DISTANCE, "center-distance" },
};

static const plumb_name overlaps[] = {
    { PLUMB_OVERLAP_IOU, "iou" },         { PLUMB_OVERLAP_IOS, "ios" },
    { PLUMB_OVERLAP_DIOU, "diou" },       { PLUMB_OVERLAP_ROTATED, "rotated" },
    { PLUMB_OVERLAP_PROBIOU, "probiou" },
};

static const plumb_name compats[] = {
    { PLUMB_COMPAT_NONE, "none" },           { PLUMB_COMPAT_TORCHVISION, "torchvision" },
    { PLUMB_COMPAT_OPENCV, "opencv" },       { PLUMB_COMPAT_TFLITE, "tflite" },
    { PLUMB_COMPAT_MEDIAPIPE, "mediapipe" }, { PLUMB_COMPAT_NNSTREAMER, "nnstreamer" },
    { PLUMB_COMPAT_RKNN, "rknn" },
};

static const plumb_name measures[] = {
    { PLUMB_MEASURE_CENTER, "center" },
    { PLUMB_MEASURE_BOTTOM_CENTER, "bottom_center" },
    { PLUMB_MEASURE_FRACTION_OF_BOX, "fraction_of_box" },
    { PLUMB_MEASURE_FRACTION_OF_REGION, "fraction_of_region" },
    { PLUMB_MEASURE_IOU, "iou" },
};

static const plumb_name effects[] = {
    { PLUMB_EFFECT_REJECT, "reject" },
    { PLUMB_EFFECT_SCALE, "scale" },
    { PLUMB_EFFECT_SCALE_BY_OVERLAP, "scale_by_overlap" },
    { PLUMB_EFFECT_KEEP_ONLY, "keep_only" },
};

PLUMB_DEFINE_NAMES(plumb_nms_method, plumb_nms_method, methods)
PLUMB_DEFINE_NAMES(plumb_overlap, plumb_overlap, overlaps)
PLUMB_DEFINE_NAMES(plumb_nms_compat, plumb_nms_compat, compats)
PLUMB_DEFINE_NAMES(plumb_region_measure, plumb_region_measure, measures)
PLUMB_DEFINE_NAMES(plumb_region_effect, plumb_region_effect, effects)
