/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/checked.h"
#include "base/diag.h"
#include "base/names.h"
#include "plumbline/preprocess.h"

static const plumb_name resamplers[] = {
    { PLUMB_RESAMPLE_PILLOW_BILINEAR, "pillow-bilinear" },
    { PLUMB_RESAMPLE_PILLOW_BICUBIC, "pillow-bicubic" },
    { PLUMB_RESAMPLE_PILLOW_LANCZOS, "pillow-lanczos" },
    { PLUMB_RESAMPLE_PILLOW_BOX, "pillow-box" },
    { PLUMB_RESAMPLE_OPENCV_LINEAR, "opencv-linear" },
    { PLUMB_RESAMPLE_OPENCV_LINEAR_EXACT, "opencv-linear-exact" },
    { PLUMB_RESAMPLE_OPENCV_AREA, "opencv-area" },
    { PLUMB_RESAMPLE_OPENCV_NEAREST, "opencv-nearest" },
    { PLUMB_RESAMPLE_OPENCV_NEAREST_EXACT, "opencv-nearest-exact" },
    { PLUMB_RESAMPLE_OPENCV_CUBIC, "opencv-cubic" },
    { PLUMB_RESAMPLE_TORCH_BILINEAR, "torch-bilinear" },
    { PLUMB_RESAMPLE_TORCH_BILINEAR_AA, "torch-bilinear-aa" },
    { PLUMB_RESAMPLE_TORCH_BILINEAR_CORNERS, "torch-bilinear-corners" },
    { PLUMB_RESAMPLE_TF2_BILINEAR, "tf2-bilinear" },
    { PLUMB_RESAMPLE_TF1_LEGACY, "tf1-legacy" },
    { PLUMB_RESAMPLE_VISION, "vision" },
    { PLUMB_RESAMPLE_FAST, "fast" },
};

static const plumb_name channel_orders[] = {
    { PLUMB_CHANNELS_RGB, "rgb" },
    { PLUMB_CHANNELS_BGR, "bgr" },
    { PLUMB_CHANNELS_GRAY, "gray" },
};

static const plumb_name layouts[] = {
    { PLUMB_LAYOUT_NCHW, "nchw" },
    { PLUMB_LAYOUT_NHWC, "nhwc" },
};

static const plumb_name jpeg_decodings[] = {
    { PLUMB_JPEG_TURBO_ISLOW_FANCY, "turbo-islow-fancy" },
    { PLUMB_JPEG_HALF_DCT, "half-dct" },
};

PLUMB_DEFINE_NAMES(plumb_resampler, plumb_resampler, resamplers)
PLUMB_DEFINE_NAMES(plumb_channels, plumb_channels, channel_orders)
PLUMB_DEFINE_NAMES(plumb_layout, plumb_layout, layouts)
PLUMB_DEFINE_NAMES(plumb_jpeg_decoding, plumb_jpeg_decoding, jpeg_decodings)

static plumb_status check_names(const plumb_preprocess_spec *s, plumb_diag *diag)
{
    if (plumb_resampler_name(s->resample)[0] == '?')
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "preprocess.resample",
                          "a resampler is required, e.g. pillow-bilinear or opencv-linear");
    if (plumb_channels_name(s->channels)[0] == '?')
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "preprocess.channels",
                          "rgb, bgr or gray is required");
    if (plumb_layout_name(s->layout)[0] == '?')
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "preprocess.layout", "nchw or nhwc is required");
    if (s->dtype != PLUMB_DTYPE_FLOAT32 && s->dtype != PLUMB_DTYPE_FLOAT16 &&
        s->dtype != PLUMB_DTYPE_UINT8 && s->dtype != PLUMB_DTYPE_INT8)
        return plumb_fail(diag, s->dtype == PLUMB_DTYPE_UNSET ? PLUMB_E_ARGUMENT : PLUMB_E_DTYPE,
                          "preprocess.dtype", "float32, float16, uint8 or int8 is required");
    if (plumb_jpeg_decoding_name(s->jpeg)[0] == '?')
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "preprocess.jpeg",
                          "turbo-islow-fancy or half-dct is expected");
    return PLUMB_OK;
}

static plumb_status check_number(float value, bool divisor, const char *field, plumb_diag *diag)
{
    if (!isfinite(value))
        return plumb_fail(diag, PLUMB_E_NONFINITE, field, "is not finite");
    if (divisor && value == 0.0f)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, field, "is 0, and values are divided by it");
    return PLUMB_OK;
}

static plumb_status check_values(const plumb_preprocess_spec *s, plumb_diag *diag)
{
    plumb_status status = check_number(s->divide, true, "preprocess.divide", diag);
    if (status == PLUMB_OK)
        status = check_number(s->scale, false, "preprocess.scale", diag);
    for (int c = 0; c < (s->channels == PLUMB_CHANNELS_GRAY ? 1 : 3); c++) {
        if (status == PLUMB_OK)
            status = check_number(s->mean[c], false, "preprocess.mean", diag);
        if (status == PLUMB_OK)
            status = check_number(s->std[c], true, "preprocess.std", diag);
    }
    if (status)
        return status;
    const plumb_quantization *q = &s->quantization;
    if (!(q->scale >= 0.0f) || !isfinite(q->scale))
        return plumb_fail(diag, PLUMB_E_VALUE, "preprocess.quantization.scale",
                          "%g, expected a finite number of at least 0", (double)q->scale);
    int low = s->dtype == PLUMB_DTYPE_INT8 ? -128 : 0;
    bool integer = s->dtype == PLUMB_DTYPE_INT8 || s->dtype == PLUMB_DTYPE_UINT8;
    if (integer && (q->zero_point < low || q->zero_point > low + 255))
        return plumb_fail(diag, PLUMB_E_VALUE, "preprocess.quantization.zero_point",
                          "%d, expected %d..%d", (int)q->zero_point, low, low + 255);
    return PLUMB_OK;
}

/* A picture of the input's own size shows whether the mapping is complete; a limit that only such a
 * picture meets is not the spec's fault. */
static plumb_status check_mapping(const plumb_mapping_spec *mapping, plumb_diag *diag)
{
    plumb_mapping made;
    plumb_size size = mapping->input;
    plumb_diag inner = { 0 };
    plumb_status status =
        plumb_mapping_make(mapping, size, PLUMB_ORIENTATION_UP, NULL, &made, &inner);
    if (status == PLUMB_OK || status == PLUMB_E_LIMIT)
        return PLUMB_OK;
    if (diag) {
        *diag = inner;
        plumb_diag_prefix(diag, "preprocess");
    }
    return status;
}

plumb_status plumb_preprocess_validate(const plumb_preprocess_spec *spec, plumb_diag *diag)
{
    if (!spec)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "preprocess", "is NULL");
    plumb_preprocess_spec s = PLUMB_PREPROCESS_SPEC_INIT;
    plumb_copy_struct(&s, sizeof(s), spec, spec->struct_size);
    plumb_status status = check_mapping(&s.mapping, diag);
    if (status == PLUMB_OK)
        status = check_names(&s, diag);
    return status == PLUMB_OK ? check_values(&s, diag) : status;
}

plumb_tensor_info plumb_preprocess_tensor_info(const plumb_preprocess_spec *spec)
{
    plumb_tensor_info info = { NULL, spec->dtype, 4, { 1, 0, 0, 0 }, spec->quantization };
    int64_t channels = spec->channels == PLUMB_CHANNELS_GRAY ? 1 : 3;
    bool packed = spec->layout == PLUMB_LAYOUT_NHWC;
    info.shape[packed ? 3 : 1] = channels;
    info.shape[packed ? 1 : 2] = spec->mapping.input.height;
    info.shape[packed ? 2 : 3] = spec->mapping.input.width;
    return info;
}
