/* SPDX-License-Identifier: Apache-2.0
 *
 * Named recipes, each as its source file has it.
 */
#include <string.h>

#include "plumbline/preprocess.h"

typedef struct profile {
    const char *name;
    plumb_crop_mode mode;
    plumb_rule rule;
    int32_t resize_short;
    plumb_resampler resample;
    plumb_channels channels;
    plumb_layout layout;
    plumb_dtype dtype;
    uint8_t pad[3];
    float divide, scale, mean[3], std[3];
} profile;

#define IMAGENET                                                                                   \
    { 0.485f, 0.456f, 0.406f },                                                                    \
    {                                                                                              \
        0.229f, 0.224f, 0.225f                                                                     \
    }
#define NEUTRAL                                                                                    \
    { 0.0f, 0.0f, 0.0f },                                                                          \
    {                                                                                              \
        1.0f, 1.0f, 1.0f                                                                           \
    }
#define GRAY_114                                                                                   \
    {                                                                                              \
        114, 114, 114                                                                              \
    }
#define BLACK                                                                                      \
    {                                                                                              \
        0, 0, 0                                                                                    \
    }

/* clang-format off */
static const profile profiles[] = {
    /* ultralytics data/augment.py LetterBox, then x/255 (engine/predictor.py); also YOLOv5, v8, v10 */
    { "ultralytics", PLUMB_CROP_SCALE_FIT, PLUMB_RULE_ULTRALYTICS, 0, PLUMB_RESAMPLE_OPENCV_LINEAR,
      PLUMB_CHANNELS_RGB, PLUMB_LAYOUT_NCHW, PLUMB_DTYPE_FLOAT32, GRAY_114, 255.0f, 1.0f, NEUTRAL },
    /* YOLOX yolox/data/data_augment.py preproc: BGR, 0..255 */
    { "yolox", PLUMB_CROP_SCALE_FIT, PLUMB_RULE_YOLOX, 0, PLUMB_RESAMPLE_OPENCV_LINEAR,
      PLUMB_CHANNELS_BGR, PLUMB_LAYOUT_NCHW, PLUMB_DTYPE_FLOAT32, GRAY_114, 1.0f, 1.0f, NEUTRAL },
    /* torchvision transforms: Resize and CenterCrop of a PIL image, ToTensor, Normalize */
    { "torchvision", PLUMB_CROP_CENTER, PLUMB_RULE_TORCHVISION, 0, PLUMB_RESAMPLE_PILLOW_BILINEAR,
      PLUMB_CHANNELS_RGB, PLUMB_LAYOUT_NCHW, PLUMB_DTYPE_FLOAT32, BLACK, 255.0f, 1.0f, IMAGENET },
    /* torchvision transforms/_presets.py ImageClassification: the short side to 256 first */
    { "imagenet", PLUMB_CROP_CENTER, PLUMB_RULE_TORCHVISION, 256, PLUMB_RESAMPLE_PILLOW_BILINEAR,
      PLUMB_CHANNELS_RGB, PLUMB_LAYOUT_NCHW, PLUMB_DTYPE_FLOAT32, BLACK, 255.0f, 1.0f, IMAGENET },
    /* TensorFlow Object Detection API fixed_shape_resizer, TF1 resize_bilinear; quantised input */
    { "tf-ssd", PLUMB_CROP_SCALE_FILL, PLUMB_RULE_UNSET, 0, PLUMB_RESAMPLE_TF1_LEGACY,
      PLUMB_CHANNELS_RGB, PLUMB_LAYOUT_NHWC, PLUMB_DTYPE_UINT8, BLACK, 1.0f, 1.0f, NEUTRAL },
    /* MediaPipe face_detection_short_range: letterbox of a float region, black, -1..1; the warp of
     * image_to_tensor_converter_opencv.cc has no half-pixel shift, like TF1's resize */
    { "mediapipe-face", PLUMB_CROP_SCALE_FIT, PLUMB_RULE_EXACT, 0, PLUMB_RESAMPLE_TF1_LEGACY,
      PLUMB_CHANNELS_RGB, PLUMB_LAYOUT_NHWC, PLUMB_DTYPE_FLOAT32, BLACK, 1.0f, 2.0f / 255.0f,
      { 1.0f, 1.0f, 1.0f }, { 1.0f, 1.0f, 1.0f } },
    /* OpenCV dnn blobFromImage(image, 1/255, size, 0, swapRB, no crop) */
    { "opencv-dnn", PLUMB_CROP_SCALE_FILL, PLUMB_RULE_OPENCV_DNN, 0, PLUMB_RESAMPLE_OPENCV_LINEAR,
      PLUMB_CHANNELS_RGB, PLUMB_LAYOUT_NCHW, PLUMB_DTYPE_FLOAT32, BLACK, 1.0f, 1.0f / 255.0f, NEUTRAL },
    /* Vision scales for the model; Core ML's own scale and bias are inside it. The mode is
     * VNCoreMLRequest.imageCropAndScaleOption */
    { "vision", PLUMB_CROP_UNSET, PLUMB_RULE_EXACT, 0, PLUMB_RESAMPLE_VISION,
      PLUMB_CHANNELS_RGB, PLUMB_LAYOUT_NCHW, PLUMB_DTYPE_FLOAT32, BLACK, 1.0f, 1.0f, NEUTRAL },
    /* the same with coremltools ImageType(scale=1/255) applied here */
    { "coreml", PLUMB_CROP_UNSET, PLUMB_RULE_EXACT, 0, PLUMB_RESAMPLE_VISION,
      PLUMB_CHANNELS_RGB, PLUMB_LAYOUT_NCHW, PLUMB_DTYPE_FLOAT32, BLACK, 1.0f, 1.0f / 255.0f, NEUTRAL },
    /* Ultra-Light-Fast-Generic-Face-Detector-1MB run_video_face_detect_onnx.py */
    { "ultraface", PLUMB_CROP_SCALE_FILL, PLUMB_RULE_UNSET, 0, PLUMB_RESAMPLE_OPENCV_LINEAR,
      PLUMB_CHANNELS_RGB, PLUMB_LAYOUT_NCHW, PLUMB_DTYPE_FLOAT32, BLACK, 1.0f, 1.0f,
      { 127.0f, 127.0f, 127.0f }, { 128.0f, 128.0f, 128.0f } },
    /* insightface detection/scrfd/tools/scrfd.py: top left, black, (x - 127.5) / 128 */
    { "scrfd", PLUMB_CROP_SCALE_FIT, PLUMB_RULE_YOLOX, 0, PLUMB_RESAMPLE_OPENCV_LINEAR,
      PLUMB_CHANNELS_RGB, PLUMB_LAYOUT_NCHW, PLUMB_DTYPE_FLOAT32, BLACK, 1.0f, 1.0f,
      { 127.5f, 127.5f, 127.5f }, { 128.0f, 128.0f, 128.0f } },
    /* rknn_model_zoo utils/image_utils.c, pad of its YOLO demos; the NPU input is uint8 */
    { "rknn", PLUMB_CROP_SCALE_FIT, PLUMB_RULE_RKNN, 0, PLUMB_RESAMPLE_OPENCV_LINEAR,
      PLUMB_CHANNELS_RGB, PLUMB_LAYOUT_NHWC, PLUMB_DTYPE_UINT8, GRAY_114, 1.0f, 1.0f, NEUTRAL },
};
/* clang-format on */

plumb_status plumb_preprocess_profile(const char *name, plumb_preprocess_spec *spec)
{
    if (!name || !spec)
        return PLUMB_E_ARGUMENT;
    for (size_t i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++) {
        const profile *p = &profiles[i];
        if (strcmp(p->name, name) != 0)
            continue;
        plumb_preprocess_spec s = PLUMB_PREPROCESS_SPEC_INIT;
        s.mapping.mode = p->mode;
        s.mapping.rule = p->rule;
        s.mapping.resize_short = p->resize_short;
        s.resample = p->resample;
        s.channels = p->channels;
        s.layout = p->layout;
        s.dtype = p->dtype;
        s.divide = p->divide;
        s.scale = p->scale;
        memcpy(s.pad, p->pad, sizeof(s.pad));
        memcpy(s.mean, p->mean, sizeof(s.mean));
        memcpy(s.std, p->std, sizeof(s.std));
        *spec = s;
        return PLUMB_OK;
    }
    return PLUMB_E_VALUE;
}

const char *plumb_preprocess_profile_name(size_t index)
{
    return index < sizeof(profiles) / sizeof(profiles[0]) ? profiles[index].name : NULL;
}
