/* SPDX-License-Identifier: Apache-2.0
 *
 * The pixel-format table and the view that makes nearly all formats one: three components, each a
 * pointer with a row stride and a pixel stride, and a chroma subsampling. The invariant: a
 * view is made of a validated frame only, so whoever reads component samples inside its columns
 * and rows stays inside the caller's memory.
 */
#ifndef PLUMB_FRAME_FORMAT_H
#define PLUMB_FRAME_FORMAT_H

#include "plumbline/frame.h"

typedef enum plumb_family {
    PLUMB_FAMILY_FILE, /* JPEG: no samples to look at */
    PLUMB_FAMILY_YUV,
    PLUMB_FAMILY_RGB,
    PLUMB_FAMILY_GRAY,
} plumb_family;

/* Where one component lives: byte `offset` of a pixel of `plane`, every `step` pixels. */
typedef struct plumb_component_place {
    uint8_t plane, offset, step;
} plumb_component_place;

typedef struct plumb_format_info {
    plumb_pixel_format format;
    const char *name;
    plumb_family family;
    uint8_t planes;
    uint8_t sample_bytes;
    uint8_t bits;               /* of a sample after `shift`: 8, 10, or 16 for a packed RGB565 */
    uint8_t shift;              /* bits below the value in a 16-bit sample */
    uint8_t chroma_x, chroma_y; /* log2 of the subsampling */
    uint8_t pixel_bytes[3];     /* of one pixel (for interleaved chroma: one pair) of each plane */
    plumb_component_place component[3]; /* Y U V, R G B, or gray three times */
} plumb_format_info;

/* NULL for UNSET and unknown values. */
const plumb_format_info *plumb_format_info_of(plumb_pixel_format format);

typedef struct plumb_component {
    const uint8_t *data;
    ptrdiff_t row_stride;
    ptrdiff_t pixel_stride;
} plumb_component;

typedef struct plumb_view {
    const plumb_format_info *info;
    plumb_component component[3];
} plumb_view;

/* Format, size, orientation, matrix and range only: what a plan is made from. */
plumb_status plumb_frame_validate_kind(const plumb_frame *frame, plumb_diag *diag);

/* Columns and rows of a plane, and the bytes that one row spans with `pixel_stride` (0: the
 * format's own). YUYV and UYVY count pairs of pixels as columns. */
typedef struct plumb_plane_extent {
    int32_t columns, rows;
    size_t pixel_bytes, pixel_stride, span, dense_stride;
} plumb_plane_extent;

plumb_plane_extent plumb_plane_extent_of(const plumb_format_info *info, int32_t width,
                                         int32_t height, int plane, int32_t pixel_stride);

/* The components of a frame that plumb_frame_validate has accepted. */
plumb_view plumb_view_of(const plumb_frame *frame);

#endif
