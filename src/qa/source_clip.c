/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/source_kinds.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/diag.h"

/* Add bytes up to and with the next newline, `QA_Y4M_LINE` in all at most. */
static plumb_status read_line(qa_source *source, plumb_diag *diag)
{
    qa_bytes *bytes = &source->bytes;
    plumb_status status = qa_bytes_reserve(bytes, QA_Y4M_LINE, diag);
    if (status != PLUMB_OK)
        return status;
    while (bytes->size < QA_Y4M_LINE) {
        int c = getc(source->file);
        if (c == EOF)
            return ferror(source->file) ? qa_fail_io(diag, source->path, "read", errno) : PLUMB_OK;
        bytes->data[bytes->size++] = (uint8_t)c;
        if (c == '\n')
            break;
    }
    return PLUMB_OK;
}

/* Frame lines without parameters, which is how everybody writes them, make all frames equally
 * long; where the length does not divide, the count is not known. */
static int64_t count_frames(const qa_source *source)
{
    struct stat facts;
    if (!source->seekable || fstat(fileno(source->file), &facts) != 0)
        return -1;
    int64_t frame = (int64_t)source->clip.frame_size + (int64_t)strlen("FRAME\n");
    int64_t rest = (int64_t)facts.st_size - source->first_frame;
    return rest >= 0 && rest % frame == 0 ? rest / frame : -1;
}

plumb_status qa_clip_open(qa_source *source, plumb_diag *diag)
{
    size_t consumed;
    plumb_status status = read_line(source, diag);
    if (status == PLUMB_OK)
        status = plumb_y4m_parse_header(source->bytes.data, source->bytes.size, &source->clip,
                                        &consumed, diag);
    if (status != PLUMB_OK)
        return status;
    source->first_frame = (off_t)consumed;
    source->count = count_frames(source);
    return PLUMB_OK;
}

static plumb_status read_clip_frame(qa_source *source, plumb_diag *diag)
{
    size_t consumed;
    size_t wanted = source->clip.frame_size;
    plumb_status status =
        plumb_y4m_parse_frame(source->bytes.data, source->bytes.size, &consumed, diag);
    if (status == PLUMB_OK)
        status = qa_bytes_reserve(&source->bytes, wanted, diag);
    if (status != PLUMB_OK)
        return status;
    source->bytes.size = fread(source->bytes.data, 1, wanted, source->file);
    if (source->bytes.size == wanted)
        return PLUMB_OK;
    if (ferror(source->file))
        return qa_fail_io(diag, source->path, "read", errno);
    return plumb_fail(diag, PLUMB_E_TRUNCATED, "", "the frame ends after %zu of %zu bytes",
                      source->bytes.size, wanted);
}

plumb_status qa_clip_next(qa_source *source, plumb_frame *frame, bool *more, plumb_diag *diag)
{
    source->bytes.size = 0;
    plumb_status status = read_line(source, diag);
    if (status != PLUMB_OK)
        return status;
    *more = source->bytes.size > 0;
    if (!*more)
        return PLUMB_OK;
    status = read_clip_frame(source, diag);
    if (status != PLUMB_OK)
        return status;
    plumb_frame made = PLUMB_FRAME_INIT;
    made.format = source->clip.format;
    made.width = source->clip.width;
    made.height = source->clip.height;
    if (plumb_pixel_format_is_yuv(made.format)) {
        made.matrix = source->clip.matrix;
        made.range = source->clip.range;
    }
    status = plumb_frame_from_buffer(&made, source->bytes.data, source->bytes.size, 0, diag);
    if (status == PLUMB_OK)
        *frame = made;
    return status;
}
