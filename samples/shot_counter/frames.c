/* SPDX-License-Identifier: Apache-2.0 */
#include "frames.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FILE ((long)1 << 28)

static char *read_stream(FILE *file, size_t *size)
{
    if (fseek(file, 0, SEEK_END) != 0)
        return NULL;
    long length = ftell(file);
    if (length < 0 || length > MAX_FILE || fseek(file, 0, SEEK_SET) != 0)
        return NULL;
    char *data = malloc((size_t)length + 1);
    if (data && fread(data, 1, (size_t)length, file) != (size_t)length) {
        free(data);
        return NULL;
    }
    if (data) {
        data[length] = '\0';
        *size = (size_t)length;
    }
    return data;
}

char *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    char *data = read_stream(file, size);
    fclose(file);
    return data;
}

static plumb_status fail(plumb_diag *diag, plumb_status status, const char *path,
                         const char *message)
{
    diag->status = status;
    snprintf(diag->field, sizeof(diag->field), "%s", path);
    snprintf(diag->message, sizeof(diag->message), "%s", message);
    return status;
}

/* The file `name` beside `path`. */
static char *read_beside(const char *path, const char *name, size_t *size)
{
    char beside[4096];
    const char *slash = strrchr(path, '/');
    int folder = slash ? (int)(slash - path) + 1 : 0;
    int length = snprintf(beside, sizeof(beside), "%.*s%s", folder, path, name);
    return length < (int)sizeof(beside) ? read_file(beside, size) : NULL;
}

static plumb_status read_planes(struct frame_reader *reader, const char *path,
                                const plumb_plane_source *sources, size_t count, plumb_frame *frame,
                                plumb_diag *diag)
{
    for (size_t i = 0; i < count; i++) {
        size_t size = 0;
        reader->planes[i] = (uint8_t *)read_beside(path, sources[i].file, &size);
        if (!reader->planes[i])
            return fail(diag, PLUMB_E_IO, sources[i].file, "this file of planes cannot be read");
        if (sources[i].offset > size)
            return fail(diag, PLUMB_E_TRUNCATED, sources[i].file, "ends before the plane begins");
        frame->planes[i].data = reader->planes[i] + sources[i].offset;
        frame->planes[i].size = size - (size_t)sources[i].offset;
    }
    return plumb_frame_validate(frame, diag);
}

static plumb_status read_raw(struct frame_reader *reader, const char *path, const char *text,
                             size_t size, plumb_frame *frame, plumb_diag *diag)
{
    plumb_frame_description *description = NULL;
    plumb_plane_source sources[3];
    size_t count = 0;
    plumb_status status =
        plumb_frame_description_parse(NULL, text, size, &description, frame, sources, &count, diag);
    if (status == PLUMB_OK)
        status = read_planes(reader, path, sources, count, frame, diag);
    plumb_frame_description_destroy(&description);
    return status;
}

static plumb_status read_image(struct frame_reader *reader, const char *data, size_t size,
                               plumb_frame *frame, plumb_diag *diag)
{
    plumb_status status = PLUMB_OK;
    if (!reader->decoder)
        status = plumb_image_decoder_create(NULL, &reader->decoder, diag);
    return status ? status : plumb_image_decode(reader->decoder, data, size, frame, diag);
}

static void release_planes(struct frame_reader *reader)
{
    for (size_t i = 0; i < 3; i++) {
        free(reader->planes[i]);
        reader->planes[i] = NULL;
    }
}

plumb_status frame_read(struct frame_reader *reader, const char *path, plumb_frame *frame,
                        plumb_diag *diag)
{
    size_t size = 0;
    char *data = read_file(path, &size);
    if (!data)
        return fail(diag, PLUMB_E_IO, path, "cannot be read");
    *frame = (plumb_frame)PLUMB_FRAME_INIT;
    release_planes(reader);
    plumb_status status = data[0] == '{' ? read_raw(reader, path, data, size, frame, diag)
                                         : read_image(reader, data, size, frame, diag);
    free(data);
    return status;
}

void frame_reader_release(struct frame_reader *reader)
{
    release_planes(reader);
    plumb_image_decoder_destroy(&reader->decoder);
}
