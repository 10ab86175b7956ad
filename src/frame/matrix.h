/* SPDX-License-Identifier: Apache-2.0
 *
 * YUV to RGB as integers. Two forms cover every matrix; the C kernels apply them exactly as
 * written here, and the chroma sample of a pixel is the one that covers it (no interpolation).
 *
 * Narrow, in units of 1/64 level so that 16-bit SIMD can do it; libyuv's integers are the case
 * where each product is exact, ours carry 13 fraction bits:
 *
 *     luma = ((y * y_unit * y_gain) >> 16) + y_bias       y_unit 257 for 8 bits, 64 for 10
 *     t(x, c) = (x * x_unit * c + 16384) >> 15            x = chroma - middle; 256, 64 for 10
 *     R = clip((luma + t(v, v_red)) >> 6)
 *     G = clip((luma - t(u, u_green) - t(v, v_green)) >> 6)
 *     B = clip((luma + t(u, u_blue)) >> 6)
 *
 * Wide, OpenCV's 20 bits: see plumb_opencv_* below.
 */
#ifndef PLUMB_FRAME_MATRIX_H
#define PLUMB_FRAME_MATRIX_H

#include "plumbline/frame.h"

typedef struct plumb_yuv_constants {
    bool wide; /* OpenCV's form, constants of its own */
    uint8_t bits;
    uint16_t y_gain;
    int16_t y_bias;
    int16_t u_blue, u_green, v_green, v_red;
} plumb_yuv_constants;

/* OpenCV's COLOR_YUV2RGB_NV12: y = max(0, Y - 16) * Y_GAIN; R = (y + 2^19 + V_RED*v) >> 20;
 * G = (y + 2^19 + V_GREEN*v + U_GREEN*u) >> 20; B = (y + 2^19 + U_BLUE*u) >> 20, clipped. */
enum {
    PLUMB_OPENCV_Y_GAIN = 1220542,
    PLUMB_OPENCV_U_BLUE = 2116026,
    PLUMB_OPENCV_U_GREEN = -409993,
    PLUMB_OPENCV_V_GREEN = -852492,
    PLUMB_OPENCV_V_RED = 1673527,
};

/* The range that a peer's matrix is for; UNSET for the standards, which have both. */
plumb_range plumb_matrix_fixed_range(plumb_matrix matrix);

/* The constants of a matrix and range that plumb_frame_validate accepts; bits is 8 or 10. */
plumb_yuv_constants plumb_matrix_constants(plumb_matrix matrix, plumb_range range, int bits);

#endif
