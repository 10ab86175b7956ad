/* SPDX-License-Identifier: Apache-2.0
 *
 * A detector without a network: it returns prepared tensors and counts how it is called. And the
 * spec of a small pipeline around it: 64 x 64 input, boxes in input pixels, one tensor of rows
 * x0 y0 x1 y1 score class.
 */
#ifndef TESTS_SUPPORT_FAKE_DETECTOR_H
#define TESTS_SUPPORT_FAKE_DETECTOR_H

#include <string.h>

#include "plumbline/pipeline.h"

#define FAKE_COLUMNS 6

typedef struct fake_detector {
    plumb_outputs outputs;
    plumb_status prepare_status, infer_status;
    int prepared, inferred, released;
    size_t input_count; /* as told to prepare */
    plumb_tensor_info infos[8];
    plumb_tensor inputs[8]; /* as given to infer */
} fake_detector;

static inline plumb_status fake_prepare(void *user, const plumb_tensor_info *inputs, size_t count)
{
    fake_detector *fake = user;
    fake->prepared++;
    fake->input_count = count;
    memcpy(fake->infos, inputs, count * sizeof(*inputs));
    return fake->prepare_status;
}

static inline plumb_status fake_infer(void *user, const plumb_tensor *inputs, size_t count,
                                      plumb_outputs *outputs)
{
    fake_detector *fake = user;
    fake->inferred++;
    memcpy(fake->inputs, inputs, count * sizeof(*inputs));
    *outputs = fake->outputs;
    return fake->infer_status;
}

static inline void fake_release(void *user)
{
    ((fake_detector *)user)->released++;
}

static inline plumb_detector fake_interface(fake_detector *fake)
{
    plumb_detector detector = PLUMB_DETECTOR_INIT;
    detector.user = fake;
    detector.prepare = fake_prepare;
    detector.infer = fake_infer;
    detector.release = fake_release;
    return detector;
}

/* One tensor over `rows`. */
static inline void fake_rows(fake_detector *fake, float (*rows)[FAKE_COLUMNS], int64_t count)
{
    plumb_tensor tensor = { 0 };
    tensor.name = "rows";
    tensor.data = rows;
    tensor.size = (size_t)count * sizeof(rows[0]);
    tensor.dtype = PLUMB_DTYPE_FLOAT32;
    tensor.rank = 2;
    tensor.shape[0] = count;
    tensor.shape[1] = FAKE_COLUMNS;
    fake->outputs.count = 1;
    fake->outputs.tensors[0] = tensor;
}

static inline plumb_pipeline_spec fake_spec(void)
{
    plumb_pipeline_spec spec = PLUMB_PIPELINE_SPEC_INIT;
    spec.preprocess.mapping.input.width = 64;
    spec.preprocess.mapping.input.height = 64;
    spec.preprocess.mapping.mode = PLUMB_CROP_SCALE_FIT;
    spec.preprocess.mapping.rule = PLUMB_RULE_YOLOX;
    spec.preprocess.resample = PLUMB_RESAMPLE_OPENCV_LINEAR;
    spec.preprocess.channels = PLUMB_CHANNELS_RGB;
    spec.preprocess.layout = PLUMB_LAYOUT_NCHW;
    spec.preprocess.dtype = PLUMB_DTYPE_FLOAT32;
    spec.head.type = PLUMB_HEAD_BOXES;
    spec.head.format = PLUMB_BOX_XYXY;
    spec.head.units = PLUMB_UNITS_PIXELS;
    spec.head.origin = PLUMB_ORIGIN_TOP_LEFT;
    spec.head.space = PLUMB_SPACE_INPUT;
    spec.head.box_column = 0;
    spec.head.score_column = 4;
    spec.head.class_column = 5;
    spec.threshold.confidence = 0.25f;
    spec.nms.method = PLUMB_NMS_HARD;
    spec.nms.iou = 0.5f;
    spec.nms.class_aware = true;
    return spec;
}

/* A dense RGB24 frame over `pixels`. */
static inline plumb_frame fake_frame(const uint8_t *pixels, int32_t width, int32_t height)
{
    plumb_frame frame = PLUMB_FRAME_INIT;
    frame.format = PLUMB_FORMAT_RGB24;
    frame.width = width;
    frame.height = height;
    frame.planes[0].data = pixels;
    frame.planes[0].size = (size_t)width * (size_t)height * 3;
    return frame;
}

#endif
