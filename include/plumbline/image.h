/* SPDX-License-Identifier: Apache-2.0
 *
 * Files in memory to frames: JPEG with its EXIF orientation through libjpeg-turbo, PNG and BMP
 * through stb_image, Y4M clips. The invariant: sizes are read from the header and checked
 * against the limits before anything is allocated, so a hundred bytes cannot ask for gigabytes.
 * Nothing here opens a file. Next: preprocess.h.
 */
#ifndef PLUMBLINE_IMAGE_H
#define PLUMBLINE_IMAGE_H

#include "plumbline/frame.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PLUMB_MAX_IMAGE_PIXELS ((int64_t)1 << 28)

typedef enum plumb_image_format {
    PLUMB_IMAGE_UNKNOWN = 0,
    PLUMB_IMAGE_JPEG,
    PLUMB_IMAGE_PNG,
    PLUMB_IMAGE_BMP,
    PLUMB_IMAGE_Y4M,
} plumb_image_format;

/* By the first bytes; never reads past `size`. */
PLUMB_API plumb_image_format plumb_image_sniff(const void *data, size_t size);

/* Header facts without decoding. */
typedef struct plumb_image_info {
    plumb_image_format format;
    int32_t width, height;         /* as stored */
    plumb_orientation orientation; /* from EXIF; 1 where there is none or it is damaged */
    int32_t components;            /* 1 gray, 3 colour (alpha does not count), 4 CMYK */
} plumb_image_info;

/* Read the header facts. `info` is written on success only. Errors: PLUMB_E_UNSUPPORTED (unknown
 * format), PLUMB_E_TRUNCATED, PLUMB_E_CORRUPT, PLUMB_E_LIMIT. Thread-safe; cost: the header. */
PLUMB_API PLUMB_NODISCARD plumb_status plumb_image_probe(const void *data, size_t size,
                                                         plumb_image_info *info, plumb_diag *diag);

/* The orientation in a JPEG's EXIF block (IFD0 only), 1 where it is absent or damaged. */
PLUMB_API plumb_orientation plumb_exif_orientation(const void *jpeg, size_t size);

/* Decodes images into memory that it owns and reuses, so that a stream of JPEG frames of one kind
 * allocates for its first only, libjpeg's own memory included. stb_image, behind PNG and BMP, uses
 * the C library's allocator while it runs. One decoder serves one thread at a time. */
typedef struct plumb_image_decoder plumb_image_decoder;

/* A decoder without any memory yet. PLUMB_E_NOMEM. */
PLUMB_API PLUMB_NODISCARD plumb_status plumb_image_decoder_create(const plumb_context *context,
                                                                  plumb_image_decoder **decoder,
                                                                  plumb_diag *diag);
PLUMB_API void plumb_image_decoder_destroy(plumb_image_decoder **decoder);

/* Decode a whole JPEG, PNG or BMP file.
 *
 * frame   written on success: RGB24 (GRAY8 for one-component JPEG and PNG), orientation from
 *         EXIF, region of interest unset. Its planes belong to the decoder and stay valid until
 *         the next call or destroy.
 *
 * JPEG is decoded with the slow integer DCT and fancy upsampling, which is what Pillow and
 * OpenCV give; CMYK is refused. A JPEG without Huffman tables gets the standard ones. PNG alpha
 * is dropped, not blended; 16-bit PNG keeps the high byte; an index without a colour is black.
 *
 * No pixel is invented: a file that ends early, a code that does not exist and a wrong checksum
 * are errors, where other decoders fill in gray.
 *
 * Errors: PLUMB_E_UNSUPPORTED (unknown format, CMYK), PLUMB_E_TRUNCATED, PLUMB_E_CORRUPT,
 * PLUMB_E_LIMIT (sides or pixels over the limits), PLUMB_E_DISABLED (built without the library),
 * PLUMB_E_NOMEM. Cost: one decode; allocates when an image needs more than all before. */
PLUMB_API PLUMB_NODISCARD plumb_status plumb_image_decode(plumb_image_decoder *decoder,
                                                          const void *data, size_t size,
                                                          plumb_frame *frame, plumb_diag *diag);

/* What a .y4m stream says in its first line, and where the frames lie.
 * Frame k of a clip in memory starts at header_size + k * (its FRAME line + frame_size). */
typedef struct plumb_y4m_info {
    plumb_pixel_format format; /* I420, I422, I444 or GRAY8; 10-bit 4:2:0 is I010 */
    int32_t width, height;
    int32_t rate_numerator, rate_denominator; /* 0/0 where unknown */
    plumb_matrix matrix; /* from XCOLORRANGE and size where the stream does not say: see y4m.c */
    plumb_range range;
    size_t frame_size; /* bytes of pixel data of one frame */
} plumb_y4m_info;

/* Parse the stream header in `data`. `*consumed` is the length of the header line with its
 * newline. PLUMB_E_TRUNCATED if there is no newline within `size`: call again with more, up to
 * 4096 bytes. The matrix is not carried by y4m: it is bt709 from 720 rows on and bt601 below,
 * the range limited unless the stream says XCOLORRANGE=FULL; override what you know better. */
PLUMB_API PLUMB_NODISCARD plumb_status plumb_y4m_parse_header(const void *data, size_t size,
                                                              plumb_y4m_info *info,
                                                              size_t *consumed, plumb_diag *diag);

/* Parse one FRAME line; `*consumed` is its length with the newline. */
PLUMB_API PLUMB_NODISCARD plumb_status plumb_y4m_parse_frame(const void *data, size_t size,
                                                             size_t *consumed, plumb_diag *diag);

#ifdef __cplusplus
}
#endif

#endif
