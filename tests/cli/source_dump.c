/* SPDX-License-Identifier: Apache-2.0
 *
 * What a frame source gives, for source.py: one line a frame, "name format width height
 * orientation matrix range" and the planes as hexadecimal rows without padding; then "count N",
 * or "error STATUS field: message". With "as-is" JPEG is not decoded; with "twice" the source is
 * rewound once.
 */
#include <stdio.h>
#include <string.h>

#include "qa/source.h"

/* Rows and columns of samples of a plane of the formats that the test uses. */
static void plane_size(const plumb_frame *frame, int plane, int *rows, int *bytes)
{
    bool half_y = frame->format == PLUMB_FORMAT_NV12 || frame->format == PLUMB_FORMAT_I420;
    *rows = plane > 0 && half_y ? (frame->height + 1) / 2 : frame->height;
    *bytes = frame->width;
    if (frame->format == PLUMB_FORMAT_RGB24)
        *bytes = 3 * frame->width;
    else if (frame->format == PLUMB_FORMAT_NV12 && plane > 0)
        *bytes = (frame->width + 1) / 2 * 2;
    else if (frame->format != PLUMB_FORMAT_I444 && plane > 0)
        *bytes = (frame->width + 1) / 2;
}

static void print_planes(const plumb_frame *frame)
{
    for (int plane = 0; plane < plumb_pixel_format_planes(frame->format); plane++) {
        int rows, bytes;
        plane_size(frame, plane, &rows, &bytes);
        const plumb_plane *p = &frame->planes[plane];
        ptrdiff_t stride = p->row_stride ? p->row_stride : bytes;
        for (int y = 0; y < rows; y++)
            for (int i = 0; i < bytes; i++)
                printf("%02x", p->data[y * stride + i]);
    }
}

static void print_frame(const plumb_frame *frame, const char *name)
{
    printf("%s %s %d %d %d %s %s ", name, plumb_pixel_format_name(frame->format), (int)frame->width,
           (int)frame->height, (int)frame->orientation, plumb_matrix_name(frame->matrix),
           plumb_range_name(frame->range));
    if (frame->format == PLUMB_FORMAT_JPEG)
        printf("%zu", frame->planes[0].size);
    else
        print_planes(frame);
    printf("\n");
}

static plumb_status print_all(qa_source *source, plumb_diag *diag)
{
    for (;;) {
        plumb_frame frame = PLUMB_FRAME_INIT;
        const char *name = NULL;
        bool more;
        plumb_status status = qa_source_next(source, &frame, &name, &more, diag);
        if (status != PLUMB_OK || !more)
            return status;
        print_frame(&frame, name);
    }
}

int main(int argc, char **argv)
{
    qa_source *source = NULL;
    plumb_diag diag = { 0 };
    bool as_is = argc > 2 && strcmp(argv[2], "as-is") == 0;
    bool twice = argc > 2 && strcmp(argv[2], "twice") == 0;
    if (argc < 2)
        return 2;
    plumb_status status = qa_source_open(
        argv[1], as_is ? QA_SOURCE_JPEG_AS_IS : QA_SOURCE_JPEG_DECODED, &source, &diag);
    if (status == PLUMB_OK)
        status = print_all(source, &diag);
    if (status == PLUMB_OK && twice)
        status = qa_source_rewind(source, &diag);
    if (status == PLUMB_OK && twice)
        status = print_all(source, &diag);
    if (status != PLUMB_OK)
        printf("error %d %s: %s\n", (int)status, diag.field, diag.message);
    else
        printf("count %lld\n", (long long)qa_source_count(source));
    qa_source_close(&source);
    return 0;
}
