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

/* CRC-32 of ISO 3309, as PNG uses it. stb_image does not look at checksums. */
typedef struct plumb_crc_table {
    uint32_t of_byte[256];
} plumb_crc_table;

void plumb_crc_make(plumb_crc_table *table);
uint32_t plumb_crc(const plumb_crc_table *table, const uint8_t *data, size_t size);

/* Is the file whole and undamaged, and can its bytes fill the pixels the header declares? */
plumb_status plumb_png_check(const uint8_t *data, size_t size, const plumb_crc_table *crc,
                             plumb_diag *diag);
plumb_status plumb_bmp_check(const uint8_t *data, size_t size, plumb_diag *diag);

/* stb_image reads colours of a short PNG palette from memory it never wrote. The bytes of `data`
 * with the palette filled up to 256 colours with black, which is what Pillow shows for such an
 * index: the size of that file, 0 where `data` needs no filling, and the file itself. */
size_t plumb_png_filled_size(const uint8_t *data, size_t size);
void plumb_png_fill_palette(const uint8_t *data, size_t size, uint8_t *filled);

/* Decode into `pixels`, dense, width * height * components of `info` bytes; one component or
 * three, other channels are converted. Uses the C library's memory while it runs. */
plumb_status plumb_stb_decode(const uint8_t *data, size_t size, const plumb_image_info *info,
                              uint8_t *pixels);

#endif
