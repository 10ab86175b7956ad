/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/source_kinds.h"

#include <stdlib.h>

#include "base/diag.h"
#include "plumbline/card.h"

/* No plane needs more: three samples of at most four bytes a pixel, or what the stride says. */
static size_t plane_bound(const plumb_frame *frame, const plumb_plane *plane)
{
    uint64_t row = (uint64_t)frame->width * 4;
    if (plane->row_stride > 0 && (uint64_t)plane->row_stride > row)
        row = (uint64_t)plane->row_stride;
    uint64_t rows = (uint64_t)frame->height * 3;
    return row > QA_MAX_FILE / rows ? QA_MAX_FILE : (size_t)(row * rows);
}

static plumb_status read_plane(qa_source *source, const plumb_plane_source *from, size_t bound,
                               plumb_diag *diag)
{
    char *path = qa_path_beside(source->path, from->file);
    if (!path)
        return plumb_fail(diag, PLUMB_E_NOMEM, "", "no memory for a file name");
    plumb_status status = qa_read_part(path, from->offset, bound, &source->bytes, diag);
    free(path);
    return status;
}

/* `bytes` may move while it grows, so pointers are set when all planes are in. */
static plumb_status read_planes(qa_source *source, plumb_frame *frame,
                                const plumb_plane_source *from, size_t count, plumb_diag *diag)
{
    size_t starts[4] = { 0 };
    bool whole_file = frame->format == PLUMB_FORMAT_JPEG;
    source->bytes.size = 0;
    for (size_t i = 0; i < count; i++) {
        size_t bound = whole_file ? QA_MAX_FILE : plane_bound(frame, &frame->planes[i]);
        plumb_status status = read_plane(source, &from[i], bound, diag);
        if (status != PLUMB_OK)
            return status;
        starts[i + 1] = source->bytes.size;
    }
    plumb_status status = qa_bytes_reserve(&source->bytes, 1, diag);
    if (status != PLUMB_OK)
        return status;
    if (count == 1 && plumb_pixel_format_planes(frame->format) > 1) {
        status = plumb_frame_from_buffer(frame, source->bytes.data, source->bytes.size,
                                         frame->planes[0].row_stride, diag);
        return status != PLUMB_OK ? status : plumb_frame_validate(frame, diag);
    }
    for (size_t i = 0; i < count; i++) {
        frame->planes[i].data = source->bytes.data + starts[i];
        frame->planes[i].size = starts[i + 1] - starts[i];
    }
    return plumb_frame_validate(frame, diag);
}

/* A JPEG inside a description is decoded like a file, but the description's orientation and
 * region of interest stand. */
static plumb_status decode_described(qa_source *source, plumb_frame *frame, plumb_diag *diag)
{
    plumb_frame described = *frame;
    plumb_status status = qa_image_show(source, frame, diag);
    if (status != PLUMB_OK)
        return status;
    if (described.orientation != PLUMB_ORIENTATION_UP)
        frame->orientation = described.orientation;
    frame->roi = described.roi;
    frame->timestamp_ns = described.timestamp_ns;
    return PLUMB_OK;
}

plumb_status qa_raw_next(qa_source *source, plumb_frame *frame, bool *more, plumb_diag *diag)
{
    *more = source->index == 0;
    if (!*more)
        return PLUMB_OK;
    plumb_status status = qa_read_file(source->path, QA_MAX_FILE, &source->bytes, diag);
    if (status != PLUMB_OK)
        return status;
    plumb_frame_description *description = NULL;
    plumb_plane_source from[3];
    size_t count = 0;
    plumb_frame made = PLUMB_FRAME_INIT;
    status =
        plumb_frame_description_parse(NULL, (const char *)source->bytes.data, source->bytes.size,
                                      &description, &made, from, &count, diag);
    if (status == PLUMB_OK)
        status = read_planes(source, &made, from, count, diag);
    source->has_plane =
        status == PLUMB_OK && plumb_frame_description_plane(description, &source->plane);
    plumb_frame_description_destroy(&description);
    if (status == PLUMB_OK && made.format == PLUMB_FORMAT_JPEG)
        status = decode_described(source, &made, diag);
    if (status == PLUMB_OK)
        *frame = made;
    return status;
}
