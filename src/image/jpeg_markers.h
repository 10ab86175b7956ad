/* SPDX-License-Identifier: Apache-2.0
 *
 * The marker segments before a JPEG's first scan, and what Plumbline reads from them without a
 * decoder: size, components and the EXIF orientation. No read leaves the given bytes.
 */
#ifndef PLUMB_IMAGE_JPEG_MARKERS_H
#define PLUMB_IMAGE_JPEG_MARKERS_H

#include "plumbline/image.h"

typedef struct plumb_jpeg_segment {
    uint8_t marker;
    const uint8_t *data; /* after the length bytes */
    size_t size;
} plumb_jpeg_segment;

/* The segment at or after `*position`, which starts at 0 and is moved behind the segment. False
 * at the first scan, at the end of the image, or where the data is no JPEG or ends early. */
bool plumb_jpeg_next_segment(const uint8_t *data, size_t size, size_t *position,
                             plumb_jpeg_segment *segment);

/* Size, components and orientation from the frame header and EXIF. PLUMB_E_TRUNCATED where the
 * data ends before a frame header, PLUMB_E_UNSUPPORTED where the frame is not one, three or four
 * components of eight bits. Sizes are reported as they stand, not checked against limits. */
plumb_status plumb_jpeg_probe(const uint8_t *data, size_t size, plumb_image_info *info,
                              plumb_diag *diag);

/* The orientation in a TIFF block, as EXIF in JPEG and PNG carries it: IFD0 only, either byte
 * order; 1 for anything damaged. */
plumb_orientation plumb_tiff_orientation(const uint8_t *data, size_t size);

#endif
