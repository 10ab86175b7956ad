/* SPDX-License-Identifier: Apache-2.0
 *
 * C kernels that SIMD falls back to: remainders of rows, and tables it has no form for.
 */
#ifndef PLUMB_KERNELS_C_REFERENCE_H
#define PLUMB_KERNELS_C_REFERENCE_H

#include "kernels/kernels.h"

void plumb_yuv8_half_c(uint8_t *const rgb[3], const uint8_t *y, const uint8_t *u, const uint8_t *v,
                       ptrdiff_t chroma_stride, int32_t n, const plumb_yuv_constants *constants);
void plumb_yuv8_c(uint8_t *const rgb[3], const uint8_t *y, const uint8_t *u, const uint8_t *v,
                  int32_t n, const plumb_yuv_constants *constants);
void plumb_yuv10_half_c(uint8_t *const rgb[3], const uint8_t *y, const uint8_t *u, const uint8_t *v,
                        ptrdiff_t chroma_stride, bool high, int32_t n,
                        const plumb_yuv_constants *constants);
void plumb_along_c(plumb_step step, void *const to[], const void *const from[], int planes,
                   const plumb_taps *taps);
void plumb_across_c(plumb_step step, void *to, const void *const *rows, const plumb_taps *taps,
                    int32_t output, int32_t n);

#endif
