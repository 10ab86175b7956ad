/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/tensor_doctor_parts.h"

#include <stdio.h>
#include <stdlib.h>

int32_t tensor_decoder_divisor(tensor_decoder decoder)
{
    switch (decoder) {
    case TENSOR_DECODER_HALF_DCT:
    case TENSOR_DECODER_HALF:
        return 2;
    case TENSOR_DECODER_QUARTER:
        return 4;
    case TENSOR_DECODER_EIGHTH:
        return 8;
    default:
        return 1;
    }
}

#if PLUMB_HAVE_LIBJPEG

#include <setjmp.h>

#include <jpeglib.h>

#include "base/checked.h"

typedef struct escape {
    struct jpeg_error_mgr errors;
    jmp_buf back;
} escape;

static void on_error(j_common_ptr info)
{
    escape *e = (escape *)(void *)info->err;
    longjmp(e->back, 1);
}

static void keep_quiet(j_common_ptr info)
{
    (void)info;
}

static bool read_rows(struct jpeg_decompress_struct *info, escape *e, const plumb_frame *jpeg,
                      tensor_decoder decoder, plumb_frame *frame, uint8_t *pixels)
{
    bool fast_dct = decoder == TENSOR_DECODER_FAST_DCT || decoder == TENSOR_DECODER_FAST_BOTH;
    bool plain = decoder == TENSOR_DECODER_PLAIN_UPSAMPLING || decoder == TENSOR_DECODER_FAST_BOTH;
    if (setjmp(e->back))
        return false;
    jpeg_mem_src(info, jpeg->planes[0].data, (unsigned long)jpeg->planes[0].size);
    jpeg_read_header(info, TRUE);
    info->out_color_space = frame->format == PLUMB_FORMAT_GRAY8 ? JCS_GRAYSCALE : JCS_RGB;
    info->dct_method = fast_dct ? JDCT_IFAST : JDCT_ISLOW;
    info->do_fancy_upsampling = !plain;
    info->scale_num = 1;
    info->scale_denom = (unsigned)tensor_decoder_divisor(decoder);
    jpeg_start_decompress(info);
    if (info->output_width > (JDIMENSION)frame->width ||
        info->output_height > (JDIMENSION)frame->height)
        return false;
    frame->width = (int32_t)info->output_width;
    frame->height = (int32_t)info->output_height;
    frame->planes[0].row_stride = (ptrdiff_t)frame->width * info->output_components;
    while (info->output_scanline < info->output_height) {
        JSAMPROW row = pixels + (size_t)info->output_scanline * (size_t)frame->planes[0].row_stride;
        jpeg_read_scanlines(info, &row, 1);
    }
    return true;
}

bool tensor_decode(const plumb_frame *jpeg, tensor_decoder decoder, plumb_frame *frame,
                   uint8_t **pixels)
{
    size_t size = 0;
    size_t components = frame->format == PLUMB_FORMAT_GRAY8 ? 1 : 3;
    if (!plumb_mul_size((size_t)frame->width * components, (size_t)frame->height, &size))
        return false;
    uint8_t *memory = malloc(size);
    if (!memory)
        return false;
    struct jpeg_decompress_struct info;
    escape e;
    info.err = jpeg_std_error(&e.errors);
    e.errors.error_exit = on_error;
    e.errors.output_message = keep_quiet;
    jpeg_create_decompress(&info);
    bool done = read_rows(&info, &e, jpeg, decoder, frame, memory);
    jpeg_destroy_decompress(&info);
    if (!done) {
        free(memory);
        return false;
    }
    int32_t divisor = tensor_decoder_divisor(decoder);
    frame->roi.x /= divisor;
    frame->roi.y /= divisor;
    frame->roi.width /= divisor;
    frame->roi.height /= divisor;
    frame->planes[0].data = memory;
    frame->planes[0].size = size;
    *pixels = memory;
    return true;
}

#else

bool tensor_decode(const plumb_frame *jpeg, tensor_decoder decoder, plumb_frame *frame,
                   uint8_t **pixels)
{
    (void)jpeg;
    (void)decoder;
    (void)frame;
    (void)pixels;
    return false;
}

#endif
