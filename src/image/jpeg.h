/* SPDX-License-Identifier: Apache-2.0
 *
 * One JPEG read row by row, so that a caller may consume strips and never hold the whole picture.
 * The order of calls is open, start, read_rows until the last row, finish; open may follow at any
 * point and drops what was under way. After an error only open and destroy do anything useful.
 *
 * What a decode of a part must know: jpeg_crop_scanline() and jpeg_skip_scanlines() give the pixels
 * of the whole decode only away from the cut, because fancy upsampling of a subsampled chroma
 * sample looks at its neighbours. A crop that starts and ends one MCU outside the wanted columns is
 * exact. So is a skip, which keeps the rows of chroma that the next row leans on, but only from
 * where plumb_jpeg_skip_rows lets it begin.
 */
#ifndef PLUMB_IMAGE_JPEG_H
#define PLUMB_IMAGE_JPEG_H

#include "plumbline/image.h"

typedef struct plumb_jpeg plumb_jpeg;

/* NULL when memory ran out. */
plumb_jpeg *plumb_jpeg_create(const plumb_context *context);
void plumb_jpeg_destroy(const plumb_context *context, plumb_jpeg *jpeg); /* accepts NULL */

/* Read the header. `data` is borrowed until finish or the next open. `info` is written on success;
 * its size is within the library's limits. */
plumb_status plumb_jpeg_open(plumb_jpeg *jpeg, const uint8_t *data, size_t size,
                             plumb_image_info *info, plumb_diag *diag);

/* Bytes of a pixel of the open image: 1 or 3. */
int32_t plumb_jpeg_components(const plumb_jpeg *jpeg);

/* Begin to decode: GRAY8 for one component, RGB24 for three. A progressive image is read whole
 * here. With `reduction` 2 the rows and columns are those of a picture of half the size, rounded
 * up, whose pixel (x, y) stands for (2x..2x+1, 2y..2y+1); with 1 those of the image. */
plumb_status plumb_jpeg_start(plumb_jpeg *jpeg, int32_t reduction, plumb_diag *diag);

/* Of what is being decoded. */
plumb_size plumb_jpeg_size(const plumb_jpeg *jpeg);

/* Between start and the first row: decode only the columns that contain [x, x+width) with one MCU
 * on each side, which keeps them exact. `left` and `columns` say which ones come. */
plumb_status plumb_jpeg_crop(plumb_jpeg *jpeg, int32_t x, int32_t width, int32_t *left,
                             int32_t *columns, plumb_diag *diag);

/* Pass over the next `count` rows, at most to the end: entropy decoding only, where that leaves
 * the rows behind exact. */
plumb_status plumb_jpeg_skip_rows(plumb_jpeg *jpeg, int32_t count, plumb_diag *diag);

/* The next `count` rows; no more than the image still has. */
plumb_status plumb_jpeg_read_rows(plumb_jpeg *jpeg, uint8_t *rows, size_t row_stride, int32_t count,
                                  plumb_diag *diag);

/* Read to the end of the image, which is where a cut-off file shows. */
plumb_status plumb_jpeg_finish(plumb_jpeg *jpeg, plumb_diag *diag);

#endif
