/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/allocator.h"
#include "base/checked.h"
#include "image/jpeg.h"
#include "qa/fit_parts.h"

static plumb_status open_one(fit_pictures *pictures, const qa_fit_pair *given, size_t i,
                             plumb_diag *diag)
{
    qa_fit_pair *pair = &pictures->pairs[i];
    *pair = *given;
    plumb_status status = plumb_frame_validate(&given->frame, diag);
    if (status || given->frame.format != PLUMB_FORMAT_JPEG)
        return status;
    pictures->jpeg = true;
    status = plumb_image_decoder_create(NULL, &pictures->decoders[i], diag);
    if (!status)
        status = plumb_image_decode(pictures->decoders[i], given->frame.planes[0].data,
                                    given->frame.planes[0].size, &pair->frame, diag);
    /* The caller may know better than the file. */
    pair->frame.orientation = given->frame.orientation;
    pair->frame.roi = given->frame.roi;
    return status;
}

plumb_status fit_pictures_open(fit_pictures *pictures, const qa_fit_pair *given, size_t count,
                               plumb_diag *diag)
{
    plumb_status status = PLUMB_OK;
    pictures->given = given;
    pictures->count = count;
    for (size_t i = 0; i < count && !status; i++)
        status = open_one(pictures, &given[i], i, diag);
    return status;
}

/* The rows of a file at half size, one after the other. */
static plumb_status read_half(plumb_jpeg *jpeg, const plumb_frame *file, plumb_frame *half)
{
    plumb_image_info info;
    plumb_status status =
        plumb_jpeg_open(jpeg, file->planes[0].data, file->planes[0].size, &info, NULL);
    if (!status)
        status = plumb_jpeg_start(jpeg, 2, NULL);
    if (status)
        return status;
    plumb_size size = plumb_jpeg_size(jpeg);
    size_t row = (size_t)size.width * (size_t)plumb_jpeg_components(jpeg), bytes;
    uint8_t *pixels = plumb_mul_size(row, (size_t)size.height, &bytes) ? malloc(bytes) : NULL;
    if (!pixels)
        return PLUMB_E_NOMEM;
    status = plumb_jpeg_read_rows(jpeg, pixels, row, size.height, NULL);
    if (status) {
        free(pixels);
        return status;
    }
    half->width = size.width;
    half->height = size.height;
    half->planes[0].data = pixels;
    half->planes[0].row_stride = (ptrdiff_t)row;
    half->planes[0].size = bytes;
    return PLUMB_OK;
}

bool fit_pictures_halve(fit_pictures *pictures)
{
    plumb_context context = plumb_context_resolve(NULL);
    plumb_jpeg *jpeg = plumb_jpeg_create(&context);
    plumb_status status = jpeg && pictures->jpeg ? PLUMB_OK : PLUMB_E_UNSUPPORTED;
    for (size_t i = 0; i < pictures->count && !status; i++) {
        if (pictures->given[i].frame.format != PLUMB_FORMAT_JPEG || pictures->halves[i].width > 0)
            continue;
        plumb_frame half = pictures->pairs[i].frame;
        status = read_half(jpeg, &pictures->given[i].frame, &half);
        if (!status)
            pictures->halves[i] = half;
    }
    plumb_jpeg_destroy(&context, jpeg);
    return status == PLUMB_OK;
}

void fit_pictures_close(fit_pictures *pictures)
{
    for (size_t i = 0; i < QA_FIT_MAX_PAIRS; i++) {
        plumb_image_decoder_destroy(&pictures->decoders[i]);
        if (pictures->halves[i].width > 0)
            free((void *)pictures->halves[i].planes[0].data);
    }
}
