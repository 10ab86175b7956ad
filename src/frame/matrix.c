/* SPDX-License-Identifier: Apache-2.0 */
#include "frame/matrix.h"

#include <math.h>

#include "base/names.h"

static const plumb_name matrices[] = {
    { PLUMB_MATRIX_BT601, "bt601" },
    { PLUMB_MATRIX_BT709, "bt709" },
    { PLUMB_MATRIX_BT2020, "bt2020" },
    { PLUMB_MATRIX_OPENCV, "opencv-nv12" },
    { PLUMB_MATRIX_LIBYUV_I601, "libyuv-i601" },
    { PLUMB_MATRIX_LIBYUV_JPEG, "libyuv-jpeg" },
    { PLUMB_MATRIX_LIBYUV_H709, "libyuv-h709" },
    { PLUMB_MATRIX_LIBYUV_F709, "libyuv-f709" },
};

static const plumb_name ranges[] = {
    { PLUMB_RANGE_LIMITED, "limited" },
    { PLUMB_RANGE_FULL, "full" },
};

PLUMB_DEFINE_NAMES(plumb_matrix, plumb_matrix, matrices)
PLUMB_DEFINE_NAMES(plumb_range, plumb_range, ranges)

/* libyuv's 6-bit integers times 128, which makes t() exact. */
static const struct {
    plumb_matrix matrix;
    plumb_range range;
    plumb_yuv_constants constants;
} peers[] = {
    { PLUMB_MATRIX_OPENCV, PLUMB_RANGE_LIMITED, { true, 8, 0, 0, 0, 0, 0, 0 } },
    { PLUMB_MATRIX_LIBYUV_I601,
      PLUMB_RANGE_LIMITED,
      { false, 8, 18997, -1160, 128 * 128, 25 * 128, 52 * 128, 102 * 128 } },
    { PLUMB_MATRIX_LIBYUV_JPEG,
      PLUMB_RANGE_FULL,
      { false, 8, 16320, 32, 113 * 128, 22 * 128, 46 * 128, 90 * 128 } },
    { PLUMB_MATRIX_LIBYUV_H709,
      PLUMB_RANGE_LIMITED,
      { false, 8, 18997, -1160, 128 * 128, 14 * 128, 34 * 128, 115 * 128 } },
    { PLUMB_MATRIX_LIBYUV_F709,
      PLUMB_RANGE_FULL,
      { false, 8, 16320, 32, 119 * 128, 12 * 128, 30 * 128, 101 * 128 } },
};

#define PEERS (sizeof(peers) / sizeof(peers[0]))

plumb_range plumb_matrix_fixed_range(plumb_matrix matrix)
{
    for (size_t i = 0; i < PEERS; i++)
        if (peers[i].matrix == matrix)
            return peers[i].range;
    return PLUMB_RANGE_UNSET;
}

static int16_t rounded(double x)
{
    return (int16_t)floor(x + 0.5);
}

/* From the luma weights of red and blue, in double precision: Rec. ITU-R BT.601, BT.709 and
 * BT.2020 (non-constant luminance). */
static plumb_yuv_constants derive(double kr, double kb, bool limited, int bits)
{
    double scale = bits == 10 ? 4.0 : 1.0, full = bits == 10 ? 1023.0 : 255.0;
    double luma = 255.0 / (limited ? 219.0 * scale : full);
    double chroma = 255.0 / (limited ? 224.0 * scale : full);
    double y_unit = bits == 10 ? 64.0 : 257.0, x_unit = bits == 10 ? 64.0 : 256.0;
    double product = 64.0 * 32768.0 / x_unit * chroma; /* a coefficient of 1 */
    double kg = 1.0 - kr - kb;
    plumb_yuv_constants c = { false, (uint8_t)bits, 0, 0, 0, 0, 0, 0 };
    c.y_gain = (uint16_t)floor(64.0 * 65536.0 / y_unit * luma + 0.5);
    /* Half a level for rounding, and half a unit because the product is cut off. */
    c.y_bias = rounded(32.5 - (limited ? 64.0 * 16.0 * scale * luma : 0.0));
    c.u_blue = rounded(product * 2.0 * (1.0 - kb));
    c.v_red = rounded(product * 2.0 * (1.0 - kr));
    c.u_green = rounded(product * 2.0 * (1.0 - kb) * kb / kg);
    c.v_green = rounded(product * 2.0 * (1.0 - kr) * kr / kg);
    return c;
}

plumb_yuv_constants plumb_matrix_constants(plumb_matrix matrix, plumb_range range, int bits)
{
    for (size_t i = 0; i < PEERS; i++)
        if (peers[i].matrix == matrix)
            return peers[i].constants;
    bool limited = range == PLUMB_RANGE_LIMITED;
    switch (matrix) {
    case PLUMB_MATRIX_BT709:
        return derive(0.2126, 0.0722, limited, bits);
    case PLUMB_MATRIX_BT2020:
        return derive(0.2627, 0.0593, limited, bits);
    default:
        return derive(0.299, 0.114, limited, bits);
    }
}
