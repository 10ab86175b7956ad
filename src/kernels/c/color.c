/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/c/reference.h"

static inline uint8_t clip(int32_t x)
{
    return (uint8_t)(x < 0 ? 0 : x > 255 ? 255 : x);
}

static void pick8(uint8_t *to, const uint8_t *from, ptrdiff_t stride, const int32_t *columns,
                  int shift, int32_t n)
{
    for (int32_t i = 0; i < n; i++)
        to[i] = from[(columns[i] >> shift) * stride];
}

static void pick16(uint16_t *to, const uint8_t *from, ptrdiff_t stride, const int32_t *columns,
                   int shift, int32_t n)
{
    for (int32_t i = 0; i < n; i++) {
        const uint8_t *p = from + (columns[i] >> shift) * stride;
        to[i] = (uint16_t)(p[0] | p[1] << 8);
    }
}

/* Where the colours go, and that they do not overlap what they are made of. */
typedef struct colors {
    uint8_t *restrict red, *restrict green, *restrict blue;
} colors;

/* The narrow form of frame/matrix.h; u and v are around 0, times their unit. */
static inline void narrow(colors to, int32_t i, int32_t y, int32_t u, int32_t v,
                          plumb_yuv_constants k)
{
    int32_t luma = (int32_t)(((uint32_t)y * k.y_gain) >> 16) + k.y_bias;
    to.red[i] = clip((luma + ((v * k.v_red + 16384) >> 15)) >> 6);
    to.green[i] =
        clip((luma - ((u * k.u_green + 16384) >> 15) - ((v * k.v_green + 16384) >> 15)) >> 6);
    to.blue[i] = clip((luma + ((u * k.u_blue + 16384) >> 15)) >> 6);
}

static inline void wide(colors to, int32_t i, int32_t y, int32_t u, int32_t v)
{
    int32_t luma = (y > 16 ? y - 16 : 0) * PLUMB_OPENCV_Y_GAIN + (1 << 19);
    to.red[i] = clip((luma + v * PLUMB_OPENCV_V_RED) >> 20);
    to.green[i] = clip((luma + v * PLUMB_OPENCV_V_GREEN + u * PLUMB_OPENCV_U_GREEN) >> 20);
    to.blue[i] = clip((luma + u * PLUMB_OPENCV_U_BLUE) >> 20);
}

void plumb_yuv8_c(uint8_t *const rgb[3], const uint8_t *y, const uint8_t *u, const uint8_t *v,
                  int32_t n, const plumb_yuv_constants *constants)
{
    colors to = { rgb[0], rgb[1], rgb[2] };
    plumb_yuv_constants k = *constants;
    if (k.wide) {
        for (int32_t i = 0; i < n; i++)
            wide(to, i, y[i], u[i] - 128, v[i] - 128);
        return;
    }
    for (int32_t i = 0; i < n; i++)
        narrow(to, i, y[i] * 257, (u[i] - 128) * 256, (v[i] - 128) * 256, k);
}

void plumb_yuv8_half_c(uint8_t *const rgb[3], const uint8_t *y, const uint8_t *u, const uint8_t *v,
                       ptrdiff_t chroma_stride, int32_t n, const plumb_yuv_constants *constants)
{
    colors to = { rgb[0], rgb[1], rgb[2] };
    plumb_yuv_constants k = *constants;
    for (int32_t i = 0; i < n; i++) {
        ptrdiff_t at = (i >> 1) * chroma_stride;
        if (k.wide)
            wide(to, i, y[i], u[at] - 128, v[at] - 128);
        else
            narrow(to, i, y[i] * 257, (u[at] - 128) * 256, (v[at] - 128) * 256, k);
    }
}

static void yuv10(uint8_t *const rgb[3], const uint16_t *y, const uint16_t *u, const uint16_t *v,
                  int32_t n, const plumb_yuv_constants *constants)
{
    colors to = { rgb[0], rgb[1], rgb[2] };
    plumb_yuv_constants k = *constants;
    for (int32_t i = 0; i < n; i++)
        narrow(to, i, y[i] * 64, (u[i] - 512) * 64, (v[i] - 512) * 64, k);
}

/* Ten bits in the high bits of a word. */
static inline int32_t high_bits(const uint8_t *from, bool high)
{
    int32_t word = from[0] | from[1] << 8;
    return high ? word & 0xffc0 : (word & 0x3ff) << 6;
}

void plumb_yuv10_half_c(uint8_t *const rgb[3], const uint8_t *y, const uint8_t *u, const uint8_t *v,
                        ptrdiff_t chroma_stride, bool high, int32_t n,
                        const plumb_yuv_constants *constants)
{
    colors to = { rgb[0], rgb[1], rgb[2] };
    plumb_yuv_constants k = *constants;
    for (int32_t i = 0; i < n; i++) {
        ptrdiff_t at = (i >> 1) * chroma_stride;
        narrow(to, i, high_bits(y + 2 * i, high), high_bits(u + at, high) - 32768,
               high_bits(v + at, high) - 32768, k);
    }
}

static void split(uint8_t *const to[4], const uint8_t *from, int size, int32_t n)
{
    for (int k = 0; k < size; k++)
        for (int32_t i = 0; to[k] && i < n; i++)
            to[k][i] = from[i * size + k];
}

static void reverse(uint8_t *to, const uint8_t *from, int32_t n)
{
    for (int32_t i = 0; i < n; i++)
        to[i] = from[n - 1 - i];
}

static void rgb565(uint8_t *const rgb[3], const uint16_t *from, int32_t n)
{
    for (int32_t i = 0; i < n; i++) {
        int r = from[i] >> 11, g = from[i] >> 5 & 63, b = from[i] & 31;
        rgb[0][i] = (uint8_t)(r << 3 | r >> 2);
        rgb[1][i] = (uint8_t)(g << 2 | g >> 4);
        rgb[2][i] = (uint8_t)(b << 3 | b >> 2);
    }
}

static void gray(uint8_t *to, const uint8_t *const rgb[3], int32_t n,
                 const plumb_gray_weights *weights)
{
    int32_t half = 1 << (weights->shift - 1);
    for (int32_t i = 0; i < n; i++)
        to[i] = (uint8_t)((rgb[0][i] * weights->red + rgb[1][i] * weights->green +
                           rgb[2][i] * weights->blue + half) >>
                          weights->shift);
}

void plumb_kernels_init_c_color(plumb_kernels *kernels)
{
    kernels->pick8 = pick8;
    kernels->pick16 = pick16;
    kernels->yuv8 = plumb_yuv8_c;
    kernels->yuv8_half = plumb_yuv8_half_c;
    kernels->yuv10 = yuv10;
    kernels->yuv10_half = plumb_yuv10_half_c;
    kernels->split = split;
    kernels->reverse = reverse;
    kernels->rgb565 = rgb565;
    kernels->gray = gray;
}
