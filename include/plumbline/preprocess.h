/* SPDX-License-Identifier: Apache-2.0
 *
 * Frame to tensor, as in training. The invariant: for every pixel format, orientation and CPU
 * the bytes equal those of the plain way: convert the frame to 8-bit RGB, turn it upright, cut
 * the region of interest, resize with the named arithmetic, pad, normalise, pack (`fast` excepted,
 * which has its own order, see below). No full-frame RGB copy is made on the way. Next: heads.h;
 * the mapping that a run returns belongs to the boxes of that frame.
 */
#ifndef PLUMBLINE_PREPROCESS_H
#define PLUMBLINE_PREPROCESS_H

#include "plumbline/frame.h"
#include "plumbline/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Named arithmetic, not a family: "bilinear" of Pillow and of OpenCV differ by up to 88 levels.
 * The promise against the peer is bit-exact unless it says otherwise. */
typedef enum plumb_resampler {
    PLUMB_RESAMPLE_UNSET = 0,
    PLUMB_RESAMPLE_PILLOW_BILINEAR, /* antialiased; horizontal first, rounded, then vertical */
    PLUMB_RESAMPLE_PILLOW_BICUBIC,  /* a = -0.5 */
    PLUMB_RESAMPLE_PILLOW_LANCZOS,
    PLUMB_RESAMPLE_PILLOW_BOX,
    PLUMB_RESAMPLE_OPENCV_LINEAR, /* the scalar / x86 reference; 2x down both ways is area */
    PLUMB_RESAMPLE_OPENCV_LINEAR_EXACT,
    PLUMB_RESAMPLE_OPENCV_AREA,
    PLUMB_RESAMPLE_OPENCV_NEAREST,
    PLUMB_RESAMPLE_OPENCV_NEAREST_EXACT,
    PLUMB_RESAMPLE_OPENCV_CUBIC,      /* within 1 level */
    PLUMB_RESAMPLE_TORCH_BILINEAR,    /* within 1e-4 of a level; results are not rounded */
    PLUMB_RESAMPLE_TORCH_BILINEAR_AA, /* within 1e-4 of a level; results are not rounded */
    PLUMB_RESAMPLE_TF2_BILINEAR,      /* within 1e-4 of a level; results are not rounded */
    PLUMB_RESAMPLE_TF1_LEGACY,        /* within 1e-4 of a level; results are not rounded */
    PLUMB_RESAMPLE_VISION,            /* antialiased, our choice: Apple's filter is not public */
    PLUMB_RESAMPLE_FAST,              /* antialiased, our choice, see below */
    PLUMB_RESAMPLE_TORCH_BILINEAR_CORNERS, /* align_corners=True, also of TensorFlow 1: the centres
                                              of the outermost pixels fall together; within 1e-4 of
                                              a level; results are not rounded */
} plumb_resampler;

/* `fast` is not what any library trains with, but close to an area mean, and near the speed of
 * reading the frame. Samples are averaged as they are stored: luma, and chroma on its own grid, or
 * R, G and B. An output is the mean of what it covers, at least the width of one sample (so it
 * interpolates where the picture is scaled up), weights in 128ths: first across the buffer's rows,
 * rounded to 8 bits, then along them, rounded again. Colours are converted, and turned into gray,
 * after that, and last the result is turned upright, so that orientation never changes a value.
 * Formats whose samples are no bytes (P010, I010, RGB565) become 8-bit colours first. Scaled down it
 * is within 4 levels of opencv-area on the same bytes, 0.3 in the mean; YUV differs more
 * where colours are out of gamut. The same bytes on every CPU, as with all resamplers. */

PLUMB_API const char *plumb_resampler_name(plumb_resampler resampler); /* "pillow-bilinear" */
PLUMB_API bool plumb_resampler_parse(const char *name, plumb_resampler *resampler);

typedef enum plumb_channels {
    PLUMB_CHANNELS_UNSET = 0,
    PLUMB_CHANNELS_RGB,
    PLUMB_CHANNELS_BGR,
    PLUMB_CHANNELS_GRAY, /* converted before the resize, with the formula of the resampler's
                            library: OpenCV's 15 bits for opencv-*, Pillow's 16 bits otherwise */
} plumb_channels;

PLUMB_API const char *plumb_channels_name(plumb_channels channels);
PLUMB_API bool plumb_channels_parse(const char *name, plumb_channels *channels);

typedef enum plumb_layout {
    PLUMB_LAYOUT_UNSET = 0,
    PLUMB_LAYOUT_NCHW,
    PLUMB_LAYOUT_NHWC,
} plumb_layout;

PLUMB_API const char *plumb_layout_name(plumb_layout layout);
PLUMB_API bool plumb_layout_parse(const char *name, plumb_layout *layout);

/* How JPEG frames become pixels. Frames of other formats, decoded images among them, do not know
 * the field. */
typedef enum plumb_jpeg_decoding {
    /* libjpeg-turbo's slow integer DCT with fancy upsampling: the pixels that Pillow and OpenCV
     * decode, and so what nearly every network was trained on. */
    PLUMB_JPEG_TURBO_ISLOW_FANCY = 0,

    /* An approximation for speed, not what training saw: 4x4 of each block's 8x8 coefficients are
     * transformed, which gives a picture of half the size, as Pillow's draft mode and OpenCV's
     * IMREAD_REDUCED_COLOR_2 do. It is taken where a frame is scaled to half its size or less on
     * both axes, so that no pixel is made up; other frames are decoded as above. The mapping stays
     * that of the full picture, to the last integer; only the samples are read from the small one,
     * at the same places.
     *
     * Photographs at 3:1 differ by 1 level on average with resamplers that average what an output
     * pixel covers (pillow-*, opencv-area), by 4 and up to 140 at edges with those that pick single
     * pixels (opencv-linear, opencv-nearest), since the small picture is an average already. */
    PLUMB_JPEG_HALF_DCT,
} plumb_jpeg_decoding;

PLUMB_API const char *plumb_jpeg_decoding_name(plumb_jpeg_decoding decoding); /* "half-dct" */
PLUMB_API bool plumb_jpeg_decoding_parse(const char *name, plumb_jpeg_decoding *decoding);

/* The complete recipe. A value is made of an 8-bit pixel p as
 *
 *     ((p / divide) * scale - mean[c]) / std[c]
 *
 * each step in float32, in this order, neutral steps left out, so that divide = 255 equals the
 * notebook's x/255 bit for bit. For uint8 and int8 with a quantisation scale the value is stored
 * as clamp(round_half_even(value / quantization.scale) + zero_point); without one it is rounded
 * half to even and clamped. Arrays are in the order of `channels`. */
typedef struct plumb_preprocess_spec {
    uint32_t struct_size;
    plumb_mapping_spec mapping; /* size, mode, rule */
    plumb_resampler resample;
    plumb_channels channels;
    plumb_layout layout;
    plumb_dtype dtype; /* float32, float16, uint8, int8 */
    uint8_t pad[3];    /* pixel value 0..255 around the picture, normalised like a pixel */
    float divide, scale, mean[3], std[3];
    plumb_quantization quantization;
    plumb_jpeg_decoding jpeg; /* of JPEG frames that a session decodes */
} plumb_preprocess_spec;

/* clang-format off */
#define PLUMB_PREPROCESS_SPEC_INIT                                                                 \
    { sizeof(plumb_preprocess_spec), PLUMB_MAPPING_SPEC_INIT, PLUMB_RESAMPLE_UNSET,                 \
      PLUMB_CHANNELS_UNSET, PLUMB_LAYOUT_UNSET, PLUMB_DTYPE_UNSET, { 0, 0, 0 }, 1.0f, 1.0f,         \
      { 0.0f, 0.0f, 0.0f }, { 1.0f, 1.0f, 1.0f }, { 0.0f, 0 }, PLUMB_JPEG_TURBO_ISLOW_FANCY }
/* clang-format on */

/* Fill a spec from a named profile: "ultralytics", "yolox", "torchvision", "tf-ssd",
 * "mediapipe-face", "opencv-dnn", "vision", "coreml", "ultraface" ... The input size and, for
 * "vision" and "coreml", the mode stay unset. PLUMB_E_VALUE for an unknown name. */
PLUMB_API PLUMB_NODISCARD plumb_status plumb_preprocess_profile(const char *name,
                                                                plumb_preprocess_spec *spec);

/* Name of profile `index`, NULL past the last. */
PLUMB_API const char *plumb_preprocess_profile_name(size_t index);

/* Check every field. Errors name the field as on a card: "preprocess.mode". */
PLUMB_API PLUMB_NODISCARD plumb_status plumb_preprocess_validate(const plumb_preprocess_spec *spec,
                                                                 plumb_diag *diag);

/* A spec compiled for one geometry: pixel format, size, orientation, region of interest, matrix
 * and range. Immutable: any number of threads may run one plan with distinct scratch and output. */
typedef struct plumb_preprocess_plan plumb_preprocess_plan;

/* Make a plan for frames like `like`, whose plane pointers are not looked at. JPEG frames have to
 * be decoded first. Errors: those of plumb_preprocess_validate, plumb_mapping_make and of the
 * frame; PLUMB_E_UNSUPPORTED for JPEG; PLUMB_E_LIMIT (a ratio beyond the limits); PLUMB_E_NOMEM. */
PLUMB_API PLUMB_NODISCARD plumb_status plumb_preprocess_plan_create(
    const plumb_context *context, const plumb_preprocess_spec *spec, const plumb_frame *like,
    plumb_preprocess_plan **plan, plumb_diag *diag);
PLUMB_API void plumb_preprocess_plan_destroy(plumb_preprocess_plan **plan);

/* True where `frame` has the geometry the plan was made for. */
PLUMB_API bool plumb_preprocess_plan_fits(const plumb_preprocess_plan *plan,
                                          const plumb_frame *frame);

/* The mapping of every frame that fits the plan; borrowed from it. */
PLUMB_API const plumb_mapping *plumb_preprocess_plan_mapping(const plumb_preprocess_plan *plan);

/* Type and shape of the tensor: [1,C,H,W] or [1,H,W,C]. */
PLUMB_API plumb_tensor_info plumb_preprocess_tensor_info(const plumb_preprocess_spec *spec);

/* Bytes of scratch that a run needs, at most a few rows of the frame. */
PLUMB_API size_t plumb_preprocess_plan_scratch(const plumb_preprocess_plan *plan);

/* Make the tensor of one frame.
 *
 * frame    must fit the plan, and is validated.
 * tensor   dense, of the type and shape of plumb_preprocess_tensor_info; its memory is the
 *          caller's, aligned to its element.
 * scratch  at least plumb_preprocess_plan_scratch() bytes, aligned to 64.
 *
 * Errors: PLUMB_E_ARGUMENT (the frame does not fit, scratch too small), PLUMB_E_SHAPE,
 * PLUMB_E_DTYPE, PLUMB_E_BUFFER, and those of plumb_frame_validate; the tensor is then
 * untouched. Allocates nothing. Thread-safe with distinct tensor and scratch. */
PLUMB_API PLUMB_NODISCARD plumb_status plumb_preprocess_run(const plumb_preprocess_plan *plan,
                                                            const plumb_frame *frame,
                                                            plumb_tensor *tensor, void *scratch,
                                                            size_t scratch_size, plumb_diag *diag);

#ifdef __cplusplus
}
#endif

#endif
