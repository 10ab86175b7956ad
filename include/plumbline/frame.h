/* SPDX-License-Identifier: Apache-2.0
 *
 * A frame: a borrowed view of one camera buffer. The invariant: after plumb_frame_validate
 * has accepted a frame, every pixel that its format, size and strides name lies inside the
 * memory its planes declare. Next: image.h, which makes frames from files, and preprocess.h.
 */
#ifndef PLUMBLINE_FRAME_H
#define PLUMBLINE_FRAME_H

#include "plumbline/geometry.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Named in memory byte order, first byte first. 16-bit samples are little-endian.
 *
 * Subsampled chroma is taken as it is: each pixel uses the chroma sample that covers it, as OpenCV
 * and libyuv do for camera frames (a JPEG decoder interpolates; use image.h for JPEG).
 *
 * Planes: NV12, NV21, P010: Y, then interleaved chroma. I420, I422, I444, I010: Y, U, V.
 * YV12: Y, V, U. All others: one. Chroma planes of odd sizes are rounded up.
 * Android's YUV_420_888 is I420 with its pixel strides (1 or 2) as reported. */
typedef enum plumb_pixel_format {
    PLUMB_FORMAT_UNSET = 0,
    PLUMB_FORMAT_NV12, /* Y; U V U V ... at half size */
    PLUMB_FORMAT_NV21, /* Y; V U V U ... */
    PLUMB_FORMAT_I420, /* Y; U; V at half size both ways */
    PLUMB_FORMAT_YV12, /* Y; V; U */
    PLUMB_FORMAT_I422, /* Y; U; V at half width */
    PLUMB_FORMAT_I444, /* Y; U; V */
    PLUMB_FORMAT_YUYV, /* Y U Y V, 4:2:2 */
    PLUMB_FORMAT_UYVY, /* U Y V Y, 4:2:2 */
    PLUMB_FORMAT_P010, /* NV12 with 16-bit words, 10 bits in the HIGH bits */
    PLUMB_FORMAT_I010, /* I420 with 16-bit words, 10 bits in the LOW bits */
    PLUMB_FORMAT_BGRA, /* alpha is ignored, also below */
    PLUMB_FORMAT_RGBA,
    PLUMB_FORMAT_RGB24,
    PLUMB_FORMAT_BGR24,
    PLUMB_FORMAT_RGB565, /* little-endian word, red in the high five bits; 5 and 6 bits widen to 8
                            by repeating their high bits */
    PLUMB_FORMAT_GRAY8,
    PLUMB_FORMAT_GRAY16, /* little-endian; the high byte is the 8-bit value */
    PLUMB_FORMAT_JPEG,   /* planes[0] is a whole file, also MJPEG without Huffman tables; width and
                            height may be 0, the file has its own */
} plumb_pixel_format;

PLUMB_API const char *plumb_pixel_format_name(plumb_pixel_format format); /* "nv12" */
PLUMB_API bool plumb_pixel_format_parse(const char *name, plumb_pixel_format *format);

/* 1..3; 0 for UNSET. */
PLUMB_API int plumb_pixel_format_planes(plumb_pixel_format format);

/* True where a matrix and a range are needed: all YUV formats. */
PLUMB_API bool plumb_pixel_format_is_yuv(plumb_pixel_format format);

/* YUV to RGB. There is no default: a wrong matrix moves every pixel by 4 to 6 levels on
 * average. bt601, bt709 and bt2020 (non-constant luminance) are within one level of the matrix
 * in double precision; the peers' names reproduce those libraries bit for bit, for models that
 * were trained on them, and fix the range as well. */
typedef enum plumb_matrix {
    PLUMB_MATRIX_UNSET = 0,
    PLUMB_MATRIX_BT601,
    PLUMB_MATRIX_BT709,
    PLUMB_MATRIX_BT2020,
    PLUMB_MATRIX_OPENCV,      /* "opencv-nv12": COLOR_YUV2RGB_NV12, 601 limited, 20 bits */
    PLUMB_MATRIX_LIBYUV_I601, /* limited */
    PLUMB_MATRIX_LIBYUV_JPEG, /* 601 full */
    PLUMB_MATRIX_LIBYUV_H709, /* limited */
    PLUMB_MATRIX_LIBYUV_F709, /* full */
} plumb_matrix;

PLUMB_API const char *plumb_matrix_name(plumb_matrix matrix);
PLUMB_API bool plumb_matrix_parse(const char *name, plumb_matrix *matrix);

typedef enum plumb_range {
    PLUMB_RANGE_UNSET = 0,
    PLUMB_RANGE_LIMITED, /* Y 16..235, chroma 16..240 (times 4 for 10 bits); "video" */
    PLUMB_RANGE_FULL,    /* 0..255; JPEG, most Android cameras */
} plumb_range;

PLUMB_API const char *plumb_range_name(plumb_range range);
PLUMB_API bool plumb_range_parse(const char *name, plumb_range *range);

/* One plane. `size` counts bytes from `data`. A plane may end early on its last row: it must
 * hold row_stride*(rows-1) + pixel_stride*(columns-1) + bytes of one sample. */
typedef struct plumb_plane {
    const uint8_t *data;
    size_t size;
    ptrdiff_t row_stride; /* bytes between rows, positive; 0 = dense */
    int32_t pixel_stride; /* bytes between samples of a row; 0 = the format's own. Interleaved
                             chroma counts pairs: NV12's is 2, a YUYV's is 2 per pixel */
} plumb_plane;

typedef struct plumb_frame {
    uint32_t struct_size;
    plumb_pixel_format format;
    int32_t width, height; /* as stored, 1..PLUMB_MAX_SIDE */
    plumb_plane planes[3];
    plumb_matrix matrix; /* YUV formats only */
    plumb_range range;   /* YUV formats only */
    plumb_orientation orientation;
    plumb_irect roi;      /* upright pixels; width 0 and height 0: the whole image */
    int64_t timestamp_ns; /* carried along, not used */
} plumb_frame;

/* clang-format off */
#define PLUMB_FRAME_INIT                                                                           \
    { sizeof(plumb_frame), PLUMB_FORMAT_UNSET, 0, 0, { { NULL, 0, 0, 0 }, { NULL, 0, 0, 0 },        \
      { NULL, 0, 0, 0 } }, PLUMB_MATRIX_UNSET, PLUMB_RANGE_UNSET, PLUMB_ORIENTATION_UP,             \
      { 0, 0, 0, 0 }, 0 }
/* clang-format on */

/* Check a frame against the memory it declares; every entry point calls it.
 *
 * Errors: PLUMB_E_ARGUMENT (format, orientation, NULL plane, matrix or range missing for YUV,
 * a peer matrix with the wrong range), PLUMB_E_UNSUPPORTED (a peer matrix with 10 bits),
 * PLUMB_E_SIZE, PLUMB_E_STRIDE (negative, shorter than a row, overflow), PLUMB_E_BUFFER (a plane
 * too short: the diag says how many bytes are needed).
 * The field is named as in "planes[1].row_stride". Thread-safe, O(1). */
PLUMB_API PLUMB_NODISCARD plumb_status plumb_frame_validate(const plumb_frame *frame,
                                                            plumb_diag *diag);

/* Width and height after orientation. The frame's size and orientation must be valid. */
PLUMB_API plumb_size plumb_frame_upright_size(const plumb_frame *frame);

/* Point the planes of `frame` into one dense buffer, as files and V4L2 deliver them: format,
 * width and height must be set; `row_stride` 0 means dense. Chroma row strides follow from the
 * first. PLUMB_E_BUFFER where `size` is too small. */
PLUMB_API PLUMB_NODISCARD plumb_status plumb_frame_from_buffer(plumb_frame *frame, const void *data,
                                                               size_t size, ptrdiff_t row_stride,
                                                               plumb_diag *diag);

#ifdef __cplusplus
}
#endif

#endif
