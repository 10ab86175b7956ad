/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/source_kinds.h"

/* Show the file in `bytes` as a frame that somebody else decodes. */
static plumb_status show_jpeg(const qa_source *source, plumb_frame *frame, plumb_diag *diag)
{
    plumb_image_info info;
    plumb_status status = plumb_image_probe(source->bytes.data, source->bytes.size, &info, diag);
    if (status != PLUMB_OK)
        return status;
    plumb_frame made = PLUMB_FRAME_INIT;
    made.format = PLUMB_FORMAT_JPEG;
    made.width = info.width;
    made.height = info.height;
    made.orientation = info.orientation;
    made.planes[0].data = source->bytes.data;
    made.planes[0].size = source->bytes.size;
    status = plumb_frame_validate(&made, diag);
    if (status == PLUMB_OK)
        *frame = made;
    return status;
}

plumb_status qa_image_show(qa_source *source, plumb_frame *frame, plumb_diag *diag)
{
    const qa_bytes *bytes = &source->bytes;
    if (source->jpeg == QA_SOURCE_JPEG_AS_IS &&
        plumb_image_sniff(bytes->data, bytes->size) == PLUMB_IMAGE_JPEG)
        return show_jpeg(source, frame, diag);
    plumb_status status = PLUMB_OK;
    if (!source->decoder)
        status = plumb_image_decoder_create(NULL, &source->decoder, diag);
    if (status == PLUMB_OK)
        status = plumb_image_decode(source->decoder, bytes->data, bytes->size, frame, diag);
    return status;
}

plumb_status qa_image_next(qa_source *source, plumb_frame *frame, bool *more, plumb_diag *diag)
{
    *more = source->index == 0;
    if (!*more)
        return PLUMB_OK;
    plumb_status status;
    if (source->file)
        status = qa_read_rest(source->file, source->path, QA_MAX_FILE, &source->bytes, diag);
    else
        status = qa_read_file(source->path, QA_MAX_FILE, &source->bytes, diag);
    qa_source_close_file(source);
    if (status != PLUMB_OK)
        return status;
    return qa_image_show(source, frame, diag);
}
