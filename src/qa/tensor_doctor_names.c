/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/tensor_doctor.h"

#include "base/names.h"

static const plumb_name codes[] = {
    { QA_TENSOR_CHANNEL_ORDER, "channel-order" },
    { QA_TENSOR_RANGE_0_255, "range-0-255" },
    { QA_TENSOR_RANGE_0_1, "range-0-1" },
    { QA_TENSOR_MEAN_STD_MISSING, "mean-std-missing" },
    { QA_TENSOR_MATRIX_MIXUP, "matrix-mixup" },
    { QA_TENSOR_RANGE_MIXUP, "range-mixup" },
    { QA_TENSOR_ORIENTATION_IGNORED, "orientation-ignored" },
    { QA_TENSOR_MIRRORED, "mirrored" },
    { QA_TENSOR_WRONG_CROP_MODE, "wrong-crop-mode" },
    { QA_TENSOR_PAD_COLOR, "pad-color" },
    { QA_TENSOR_PAD_PLACEMENT, "pad-placement" },
    { QA_TENSOR_WRONG_RESAMPLER, "wrong-resampler" },
    { QA_TENSOR_LAYOUT_MIXUP, "layout-mixup" },
    { QA_TENSOR_HALF_PIXEL_SHIFT, "half-pixel-shift" },
    { QA_TENSOR_JPEG_DECODER, "jpeg-decoder" },
};

const char *qa_tensor_code_name(qa_tensor_code code)
{
    return plumb_name_of(codes, sizeof(codes) / sizeof(codes[0]), (int)code);
}
