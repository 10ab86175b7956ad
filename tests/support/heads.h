/* SPDX-License-Identifier: Apache-2.0
 *
 * Heads and outputs for tests: small tensors of floats, and outputs that fit every head for an
 * input of 64 x 32 pixels.
 */
#ifndef TESTS_SUPPORT_HEADS_H
#define TESTS_SUPPORT_HEADS_H

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "plumbline/heads.h"

static const plumb_size test_input = { 64, 32 };
/* Cells of strides 8, 16, 32: 8x4, 4x2, 2x1. */
#define TEST_CELLS 42

static inline plumb_head_spec spec_for(plumb_head_type type)
{
    static const float anchors[] = { 10, 13, 16, 30, 30, 61, 62, 45, 116, 90, 156, 198 };
    static const float priors[] = { .2f, .2f, .1f, .1f, .5f, .5f, .2f, .4f, .7f, .6f, .2f, .2f };
    plumb_head_spec spec = PLUMB_HEAD_SPEC_INIT;
    spec.type = type;
    if (type == PLUMB_HEAD_BOXES)
        spec.format = PLUMB_BOX_XYXY;
    if (type == PLUMB_HEAD_YOLOV3 || type == PLUMB_HEAD_YOLOV5_RAW) {
        spec.anchors = anchors;
        spec.anchor_count = sizeof(anchors) / sizeof(anchors[0]);
    }
    if (type == PLUMB_HEAD_DETR)
        spec.activation = PLUMB_ACTIVATION_SIGMOID;
    if (type == PLUMB_HEAD_SSD) {
        spec.priors = priors;
        spec.prior_count = 3;
    }
    if (type == PLUMB_HEAD_YOLOV8_POSE)
        spec.keypoint_count = 2;
    return spec;
}

/* A tensor of zeros; release with free(tensor.data). */
static inline plumb_tensor zero_tensor(plumb_dtype dtype, int32_t rank, ...)
{
    plumb_tensor tensor = { .dtype = dtype, .rank = rank };
    va_list sides;
    va_start(sides, rank);
    for (int32_t i = 0; i < rank; i++)
        tensor.shape[i] = va_arg(sides, int);
    va_end(sides);
    tensor.size = (size_t)plumb_tensor_elements(&tensor) * plumb_dtype_size(dtype);
    tensor.data = calloc(tensor.size, 1);
    return tensor;
}

static inline void add_output(plumb_outputs *outputs, plumb_tensor tensor)
{
    outputs->tensors[outputs->count++] = tensor;
}

static inline void free_outputs(plumb_outputs *outputs)
{
    for (size_t i = 0; i < outputs->count; i++)
        free(outputs->tensors[i].data);
    outputs->count = 0;
}

#define F32 PLUMB_DTYPE_FLOAT32

/* Outputs of zeros that fit the head of spec_for, without a batch dimension. */
static inline plumb_outputs outputs_for(plumb_head_type type)
{
    static const int w[] = { 8, 4, 2 }, h[] = { 4, 2, 1 };
    plumb_outputs o = { 0 };
    switch (type) {
    case PLUMB_HEAD_BOXES:
        add_output(&o, zero_tensor(F32, 2, 5, 4));
        add_output(&o, zero_tensor(F32, 1, 5));
        add_output(&o, zero_tensor(PLUMB_DTYPE_INT32, 1, 5));
        break;
    case PLUMB_HEAD_YOLOV3:
    case PLUMB_HEAD_YOLOV5_RAW:
        for (int i = 0; i < 3; i++)
            add_output(&o, zero_tensor(F32, 3, 2 * 8, h[i], w[i]));
        break;
    case PLUMB_HEAD_YOLOV5:
        add_output(&o, zero_tensor(F32, 2, 3 * TEST_CELLS, 8));
        break;
    case PLUMB_HEAD_YOLOX:
    case PLUMB_HEAD_YOLOV6:
        add_output(&o, zero_tensor(F32, 2, TEST_CELLS, 8));
        break;
    case PLUMB_HEAD_YOLOV8:
    case PLUMB_HEAD_YOLOV8_OBB:
        add_output(&o, zero_tensor(F32, 2, 8, TEST_CELLS));
        break;
    case PLUMB_HEAD_YOLOV8_POSE:
        add_output(&o, zero_tensor(F32, 2, 5 + 6, TEST_CELLS));
        break;
    case PLUMB_HEAD_YOLOV8_SPLIT:
        for (int i = 0; i < 3; i++) {
            add_output(&o, zero_tensor(F32, 3, 64, h[i], w[i]));
            add_output(&o, zero_tensor(F32, 3, 3, h[i], w[i]));
        }
        break;
    case PLUMB_HEAD_YOLOV10:
        add_output(&o, zero_tensor(F32, 2, 7, 6));
        break;
    case PLUMB_HEAD_DETR:
    case PLUMB_HEAD_COREML:
        add_output(&o, zero_tensor(F32, 2, 6, 3));
        add_output(&o, zero_tensor(F32, 2, 6, 4));
        break;
    case PLUMB_HEAD_SSD:
        add_output(&o, zero_tensor(F32, 2, 3, 4));
        add_output(&o, zero_tensor(F32, 2, 3, 5));
        break;
    case PLUMB_HEAD_ULTRAFACE:
        add_output(&o, zero_tensor(F32, 2, 9, 2));
        add_output(&o, zero_tensor(F32, 2, 9, 4));
        break;
    case PLUMB_HEAD_TFLITE_DETECTION:
        add_output(&o, zero_tensor(F32, 2, 6, 4));
        add_output(&o, zero_tensor(F32, 1, 6));
        add_output(&o, zero_tensor(F32, 1, 6));
        add_output(&o, zero_tensor(F32, 1, 1));
        break;
    case PLUMB_HEAD_DETECTION_OUTPUT:
        add_output(&o, zero_tensor(F32, 2, 6, 7));
        break;
    case PLUMB_HEAD_NANODET:
        add_output(&o, zero_tensor(F32, 2, TEST_CELLS, 3 + 32));
        break;
    case PLUMB_HEAD_CENTERNET:
        add_output(&o, zero_tensor(F32, 3, 3, 8, 16));
        add_output(&o, zero_tensor(F32, 3, 2, 8, 16));
        add_output(&o, zero_tensor(F32, 3, 2, 8, 16));
        break;
    case PLUMB_HEAD_FOMO:
        add_output(&o, zero_tensor(F32, 3, 4, 8, 4));
        break;
    case PLUMB_HEAD_BLAZEFACE: /* 8x4 cells of 2 anchors and 4x2 of 6 */
        add_output(&o, zero_tensor(F32, 2, 64 + 48, 16));
        add_output(&o, zero_tensor(F32, 2, 64 + 48, 1));
        break;
    case PLUMB_HEAD_YUNET:
        for (int i = 0; i < 3; i++) {
            add_output(&o, zero_tensor(F32, 2, w[i] * h[i], 1));
            add_output(&o, zero_tensor(F32, 2, w[i] * h[i], 1));
            add_output(&o, zero_tensor(F32, 2, w[i] * h[i], 4));
            add_output(&o, zero_tensor(F32, 2, w[i] * h[i], 10));
        }
        break;
    case PLUMB_HEAD_SCRFD:
        for (int i = 0; i < 3; i++) {
            add_output(&o, zero_tensor(F32, 2, 2 * w[i] * h[i], 1));
            add_output(&o, zero_tensor(F32, 2, 2 * w[i] * h[i], 4));
            add_output(&o, zero_tensor(F32, 2, 2 * w[i] * h[i], 10));
        }
        break;
    default:
        break;
    }
    return o;
}

#endif
