/* SPDX-License-Identifier: Apache-2.0 */
#include "plumbline/image.h"

#include <string.h>

#include "base/allocator.h"
#include "base/checked.h"
#include "base/diag.h"
#include "image/bitmap.h"
#include "image/jpeg.h"
#include "image/jpeg_markers.h"
#include "image/image_size.h"

/* Memory that is used again; it grows when it must and never shrinks. */
typedef struct buffer {
    uint8_t *data;
    size_t capacity;
} buffer;

struct plumb_image_decoder {
    plumb_context context;
    plumb_jpeg *jpeg;
    buffer pixels;
    plumb_crc_table crc;
    buffer file; /* a PNG whose palette had to be filled up */
};

static bool starts_with(const void *data, size_t size, const char *prefix, size_t length)
{
    return size >= length && memcmp(data, prefix, length) == 0;
}

plumb_image_format plumb_image_sniff(const void *data, size_t size)
{
    if (!data)
        return PLUMB_IMAGE_UNKNOWN;
    if (starts_with(data, size, "\xff\xd8\xff", 3))
        return PLUMB_IMAGE_JPEG;
    if (starts_with(data, size, "\x89PNG\r\n\x1a\n", 8))
        return PLUMB_IMAGE_PNG;
    if (starts_with(data, size, "BM", 2))
        return PLUMB_IMAGE_BMP;
    if (starts_with(data, size, "YUV4MPEG2", 9))
        return PLUMB_IMAGE_Y4M;
    return PLUMB_IMAGE_UNKNOWN;
}

plumb_status plumb_image_check_size(int64_t width, int64_t height, plumb_diag *diag)
{
    if (width < 1 || height < 1)
        return plumb_fail(diag, PLUMB_E_SIZE, width < 1 ? "width" : "height",
                          "an image of %lld x %lld", (long long)width, (long long)height);
    if (width > PLUMB_MAX_SIDE || height > PLUMB_MAX_SIDE)
        return plumb_fail(diag, PLUMB_E_LIMIT, width > PLUMB_MAX_SIDE ? "width" : "height",
                          "an image of %lld x %lld; a side may have %d pixels", (long long)width,
                          (long long)height, PLUMB_MAX_SIDE);
    if (width * height > PLUMB_MAX_IMAGE_PIXELS)
        return plumb_fail(diag, PLUMB_E_LIMIT, "width", "%lld pixels; at most %lld are decoded",
                          (long long)(width * height), (long long)PLUMB_MAX_IMAGE_PIXELS);
    return PLUMB_OK;
}

static plumb_status probe_y4m(const void *data, size_t size, plumb_image_info *info,
                              plumb_diag *diag)
{
    plumb_y4m_info clip;
    size_t consumed;
    plumb_status status = plumb_y4m_parse_header(data, size, &clip, &consumed, diag);
    if (status != PLUMB_OK)
        return status;
    *info = (plumb_image_info){
        .format = PLUMB_IMAGE_Y4M,
        .width = clip.width,
        .height = clip.height,
        .orientation = PLUMB_ORIENTATION_UP,
        .components = clip.format == PLUMB_FORMAT_GRAY8 ? 1 : 3,
    };
    return PLUMB_OK;
}

plumb_status plumb_image_probe(const void *data, size_t size, plumb_image_info *info,
                               plumb_diag *diag)
{
    if (!info)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "info", "NULL");
    switch (plumb_image_sniff(data, size)) {
    case PLUMB_IMAGE_JPEG:
        return plumb_jpeg_probe(data, size, info, diag);
    case PLUMB_IMAGE_PNG:
        return plumb_png_probe(data, size, info, diag);
    case PLUMB_IMAGE_BMP:
        return plumb_bmp_probe(data, size, info, diag);
    case PLUMB_IMAGE_Y4M:
        return probe_y4m(data, size, info, diag);
    case PLUMB_IMAGE_UNKNOWN:
        break;
    }
    return plumb_fail(diag, PLUMB_E_UNSUPPORTED, "", "neither JPEG, PNG, BMP nor Y4M");
}

plumb_status plumb_image_decoder_create(const plumb_context *context, plumb_image_decoder **decoder,
                                        plumb_diag *diag)
{
    if (!decoder)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "decoder", "NULL");
    *decoder = NULL;
    plumb_context full = plumb_context_resolve(context);
    plumb_image_decoder *made = plumb_alloc_zeroed(&full, 1, sizeof(*made));
    if (!made)
        return plumb_fail(diag, PLUMB_E_NOMEM, "", "no memory for an image decoder");
    made->context = full;
    plumb_crc_make(&made->crc);
    made->jpeg = plumb_jpeg_create(&full);
    if (!made->jpeg) {
        plumb_image_decoder_destroy(&made);
        return plumb_fail(diag, PLUMB_E_NOMEM, "", "no memory for an image decoder");
    }
    *decoder = made;
    return PLUMB_OK;
}

void plumb_image_decoder_destroy(plumb_image_decoder **decoder)
{
    if (!decoder || !*decoder)
        return;
    plumb_context context = (*decoder)->context;
    plumb_jpeg_destroy(&context, (*decoder)->jpeg);
    plumb_release(&context, (*decoder)->pixels.data);
    plumb_release(&context, (*decoder)->file.data);
    plumb_release(&context, *decoder);
    *decoder = NULL;
}

/* What was in the buffer need not be kept, so it makes way first and the peak stays low. */
static plumb_status grow(const plumb_context *context, buffer *b, size_t bytes, plumb_diag *diag)
{
    if (bytes <= b->capacity)
        return PLUMB_OK;
    plumb_release(context, b->data);
    b->capacity = 0;
    b->data = plumb_alloc_array(context, bytes, 1);
    if (!b->data)
        return plumb_fail(diag, PLUMB_E_NOMEM, "", "no memory for an image of %zu bytes", bytes);
    b->capacity = bytes;
    return PLUMB_OK;
}

/* Room for the pixels of `info`, whose sides are within the limits. */
static plumb_status reserve(plumb_image_decoder *decoder, const plumb_image_info *info,
                            size_t *row_size, plumb_diag *diag)
{
    size_t bytes;
    if (!plumb_mul_size((size_t)info->width, (size_t)info->components, row_size) ||
        !plumb_mul_size(*row_size, (size_t)info->height, &bytes))
        return plumb_fail(diag, PLUMB_E_LIMIT, "", "the image does not fit into memory");
    return grow(&decoder->context, &decoder->pixels, bytes, diag);
}

static plumb_status decode_jpeg(plumb_image_decoder *decoder, const uint8_t *data, size_t size,
                                plumb_image_info *info, plumb_diag *diag)
{
    size_t row_size;
    plumb_status status = plumb_jpeg_open(decoder->jpeg, data, size, info, diag);
    if (status == PLUMB_OK)
        status = reserve(decoder, info, &row_size, diag);
    if (status == PLUMB_OK)
        status = plumb_jpeg_start(decoder->jpeg, 1, diag);
    if (status == PLUMB_OK)
        status =
            plumb_jpeg_read_rows(decoder->jpeg, decoder->pixels.data, row_size, info->height, diag);
    if (status == PLUMB_OK)
        status = plumb_jpeg_finish(decoder->jpeg, diag);
    return status;
}

/* Point `data` to a copy with all colours, where the file has not all of them. */
static plumb_status fill_palette(plumb_image_decoder *decoder, const uint8_t **data, size_t *size,
                                 plumb_diag *diag)
{
    size_t filled = plumb_png_filled_size(*data, *size);
    if (filled == 0)
        return PLUMB_OK;
    plumb_status status = grow(&decoder->context, &decoder->file, filled, diag);
    if (status != PLUMB_OK)
        return status;
    plumb_png_fill_palette(*data, *size, decoder->file.data);
    *data = decoder->file.data;
    *size = filled;
    return PLUMB_OK;
}

static plumb_status decode_bitmap(plumb_image_decoder *decoder, const uint8_t *data, size_t size,
                                  plumb_image_info *info, plumb_diag *diag)
{
    bool png = plumb_image_sniff(data, size) == PLUMB_IMAGE_PNG;
    size_t row_size;
    plumb_status status =
        png ? plumb_png_probe(data, size, info, diag) : plumb_bmp_probe(data, size, info, diag);
    if (status == PLUMB_OK)
        status = plumb_image_check_size(info->width, info->height, diag);
    if (status == PLUMB_OK)
        status = png ? plumb_png_check(data, size, &decoder->crc, diag)
                     : plumb_bmp_check(data, size, diag);
    if (status == PLUMB_OK && png)
        status = fill_palette(decoder, &data, &size, diag);
    if (status == PLUMB_OK)
        status = reserve(decoder, info, &row_size, diag);
    if (status != PLUMB_OK)
        return status;
    status = plumb_stb_decode(data, size, info, decoder->pixels.data);
    if (status == PLUMB_E_DISABLED)
        return plumb_fail(diag, status, "", "this build has no PNG and BMP decoder");
    if (status != PLUMB_OK)
        return plumb_fail(diag, status, "", "the %s does not decode", png ? "PNG" : "BMP");
    return PLUMB_OK;
}

static void show(const plumb_image_decoder *decoder, const plumb_image_info *info,
                 plumb_frame *frame)
{
    plumb_frame made = PLUMB_FRAME_INIT;
    made.format = info->components == 1 ? PLUMB_FORMAT_GRAY8 : PLUMB_FORMAT_RGB24;
    made.width = info->width;
    made.height = info->height;
    made.orientation = info->orientation;
    made.planes[0].data = decoder->pixels.data;
    made.planes[0].pixel_stride = info->components;
    made.planes[0].row_stride = (ptrdiff_t)info->width * info->components;
    made.planes[0].size = (size_t)made.planes[0].row_stride * (size_t)info->height;
    *frame = made;
}

plumb_status plumb_image_decode(plumb_image_decoder *decoder, const void *data, size_t size,
                                plumb_frame *frame, plumb_diag *diag)
{
    if (!decoder || !frame || (!data && size > 0))
        return plumb_fail(diag, PLUMB_E_ARGUMENT,
                          !decoder ? "decoder"
                          : !frame ? "frame"
                                   : "data",
                          "NULL");
    plumb_image_info info;
    plumb_status status;
    switch (plumb_image_sniff(data, size)) {
    case PLUMB_IMAGE_JPEG:
        status = decode_jpeg(decoder, data, size, &info, diag);
        break;
    case PLUMB_IMAGE_PNG:
    case PLUMB_IMAGE_BMP:
        status = decode_bitmap(decoder, data, size, &info, diag);
        break;
    default:
        return plumb_fail(diag, PLUMB_E_UNSUPPORTED, "", "neither JPEG, PNG nor BMP");
    }
    if (status == PLUMB_OK)
        show(decoder, &info, frame);
    return status;
}
