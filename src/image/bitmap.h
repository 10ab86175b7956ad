/* SPDX-License-Identifier: Apache-2.0
 *
 * PNG and BMP: our own walk over the headers, which decides what is refused and why, and stb_image
 * behind it for the pixels. Everything the decoder would have to guess (a size over the limits, a
 * file that ends early, a palette index without a colour) is refused before it is called.
 */
#ifndef PLUMB_IMAGE_BITMAP_H
#define PLUMB_IMAGE_BITMAP_H

#include "plumbline/image.h"

/* Header facts; sizes as they stand, not checked against limits. */
plumb_status plumb_png_probe(const uint8_t *data, size_t size, plumb_image_info *info,
                             plumb_diag *diag);
plumb_status plumb_bmp_probe(const uint8_t *data, size_t size, plumb_image_info *info,
                             plumb_diag *diag);

/* Is the file whole, and can its bytes fill the pixels the header declares? */
plumb_status plumb_png_check(const uint8_t *data, size_t size, plumb_diag *diag);
plumb_status plumb_bmp_check(const uint8_t *data, size_t size, plumb_diag *diag);

/* Decode into `pixels`, dense, width * height * components of `info` bytes; one component or
 * three, other channels are converted. Uses the C library's memory while it runs. */
plumb_status plumb_stb_decode(const uint8_t *data, size_t size, const plumb_image_info *info,
                              uint8_t *pixels);

#endif
