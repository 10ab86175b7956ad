/* SPDX-License-Identifier: Apache-2.0 */
#include "base/names.h"
#include "plumbline/heads.h"

static const plumb_name head_types[] = {
    { PLUMB_HEAD_BOXES, "boxes" },
    { PLUMB_HEAD_YOLOV3, "yolov3" },
    { PLUMB_HEAD_YOLOV5, "yolov5" },
    { PLUMB_HEAD_YOLOV5_RAW, "yolov5-raw" },
    { PLUMB_HEAD_YOLOX, "yolox" },
    { PLUMB_HEAD_YOLOV6, "yolov6" },
    { PLUMB_HEAD_YOLOV8, "yolov8" },
    { PLUMB_HEAD_YOLOV8_SPLIT, "yolov8-split" },
    { PLUMB_HEAD_YOLOV8_OBB, "yolov8-obb" },
    { PLUMB_HEAD_YOLOV8_POSE, "yolov8-pose" },
    { PLUMB_HEAD_YOLOV10, "yolov10" },
    { PLUMB_HEAD_DETR, "detr" },
    { PLUMB_HEAD_SSD, "ssd" },
    { PLUMB_HEAD_TFLITE_DETECTION, "tflite-detection" },
    { PLUMB_HEAD_DETECTION_OUTPUT, "detection-output" },
    { PLUMB_HEAD_COREML, "coreml" },
    { PLUMB_HEAD_NANODET, "nanodet" },
    { PLUMB_HEAD_CENTERNET, "centernet" },
    { PLUMB_HEAD_FOMO, "fomo" },
    { PLUMB_HEAD_BLAZEFACE, "blazeface" },
    { PLUMB_HEAD_YUNET, "yunet" },
    { PLUMB_HEAD_SCRFD, "scrfd" },
    { PLUMB_HEAD_ULTRAFACE, "ultraface" },
};

static const plumb_name box_formats[] = {
    { PLUMB_BOX_XYXY, "xyxy" },
    { PLUMB_BOX_XYWH, "xywh" },
    { PLUMB_BOX_CXCYWH, "cxcywh" },
    { PLUMB_BOX_YXYX, "yxyx" },
};

PLUMB_DEFINE_NAMES(plumb_head_type, plumb_head_type, head_types)
PLUMB_DEFINE_NAMES(plumb_box_format, plumb_box_format, box_formats)
