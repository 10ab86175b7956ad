/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/allocator.h"
#include "base/diag.h"
#include "card/reader.h"
#include "plumbline/card.h"

PLUMB_DEFINE_CHOICES(formats, plumb_pixel_format, plumb_pixel_format)
PLUMB_DEFINE_CHOICES(matrices, plumb_matrix, plumb_matrix)
PLUMB_DEFINE_CHOICES(ranges, plumb_range, plumb_range)

struct plumb_frame_description {
    plumb_arena arena;
    plumb_frame frame;
    plumb_plane_source sources[3];
    size_t source_count;
    bool has_plane;
    plumb_homography upright_from_plane;
};

/* One plane while it is read. */
typedef struct plane_target {
    plumb_plane plane;
    plumb_plane_source source;
    int64_t offset, row_stride;
} plane_target;

static const plumb_field plane_fields[] = {
    { PLUMB_READ(plane_target, "file", PLUMB_FIELD_TEXT, source.file), .required = true },
    { PLUMB_READ_RANGE(plane_target, "offset", PLUMB_FIELD_INT64, offset, 0.0,
                       9007199254740992.0) },
    { PLUMB_READ_RANGE(plane_target, "row_stride", PLUMB_FIELD_INT64, row_stride, 1, INT32_MAX) },
    { PLUMB_READ_RANGE(plane_target, "pixel_stride", PLUMB_FIELD_INT32, plane.pixel_stride, 1,
                       64) },
};

static plumb_status read_plane(plumb_reader *reader, json_t *value, void *target)
{
    plane_target *plane = target;
    plumb_status status = plumb_reader_object(
        reader, value, plane_fields, sizeof(plane_fields) / sizeof(plane_fields[0]), plane);
    plane->source.offset = (uint64_t)plane->offset;
    plane->plane.row_stride = (ptrdiff_t)plane->row_stride;
    return status;
}

static plumb_status read_planes(plumb_reader *reader, json_t *value, void *target)
{
    plumb_frame_description *description = target;
    size_t wanted = (size_t)plumb_pixel_format_planes(description->frame.format), count = 0;
    void *memory = NULL;
    plumb_status status =
        plumb_reader_array(reader, value, 1, 3, sizeof(plane_target), read_plane, &memory, &count);
    if (status)
        return status;
    if (count != wanted && count != 1) {
        char expected[80];
        snprintf(expected, sizeof(expected), "%zu planes, or one file that holds all,", wanted);
        return plumb_reader_expected(reader, value, expected);
    }
    const plane_target *planes = memory;
    for (size_t i = 0; i < count; i++) {
        description->frame.planes[i] = planes[i].plane;
        description->sources[i] = planes[i].source;
    }
    description->source_count = count;
    return PLUMB_OK;
}

static plumb_status read_orientation(plumb_reader *reader, json_t *value, void *target)
{
    plumb_frame_description *description = target;
    int64_t orientation = 0;
    plumb_status status = plumb_reader_integer(reader, value, 1, 8, &orientation);
    if (status == PLUMB_OK)
        description->frame.orientation = (plumb_orientation)orientation;
    return status;
}

static plumb_status read_roi(plumb_reader *reader, json_t *value, void *target)
{
    plumb_frame_description *description = target;
    int64_t sides[4] = { 0, 0, 0, 0 };
    if (!json_is_array(value) || json_array_size(value) != 4)
        return plumb_reader_expected(reader, value, "[x, y, width, height]");
    for (size_t i = 0; i < 4; i++) {
        size_t before = plumb_reader_enter_index(reader, i);
        plumb_status status = plumb_reader_integer(reader, json_array_get(value, i), i < 2 ? 0 : 1,
                                                   PLUMB_MAX_SIDE, &sides[i]);
        if (status)
            return status;
        plumb_reader_leave(reader, before);
    }
    plumb_irect roi = { (int32_t)sides[0], (int32_t)sides[1], (int32_t)sides[2],
                        (int32_t)sides[3] };
    description->frame.roi = roi;
    return PLUMB_OK;
}

static plumb_status read_plane_transform(plumb_reader *reader, json_t *value, void *target)
{
    plumb_frame_description *description = target;
    plumb_status status =
        plumb_reader_numbers(reader, value, 9, -1e9, 1e9, description->upright_from_plane.h);
    if (status)
        return status;
    plumb_homography inverse;
    if (!plumb_homography_invert(&description->upright_from_plane, &inverse))
        return plumb_reader_expected(reader, value, "a homography that can be inverted");
    description->has_plane = true;
    return PLUMB_OK;
}

static const plumb_field fields[] = {
    { PLUMB_READ_CHOICE(plumb_frame_description, "format", frame.format, formats),
      .required = true },
    { PLUMB_READ_RANGE(plumb_frame_description, "width", PLUMB_FIELD_INT32, frame.width, 1,
                       PLUMB_MAX_SIDE) },
    { PLUMB_READ_RANGE(plumb_frame_description, "height", PLUMB_FIELD_INT32, frame.height, 1,
                       PLUMB_MAX_SIDE) },
    { PLUMB_READ_CHOICE(plumb_frame_description, "matrix", frame.matrix, matrices) },
    { PLUMB_READ_CHOICE(plumb_frame_description, "range", frame.range, ranges) },
    { PLUMB_READ_CUSTOM("orientation", read_orientation) },
    { PLUMB_READ_CUSTOM("roi", read_roi) },
    { PLUMB_READ_RANGE(plumb_frame_description, "timestamp_ns", PLUMB_FIELD_INT64,
                       frame.timestamp_ns, -9223372036854775808.0, 9223372036854775808.0) },
    { PLUMB_READ_CUSTOM("upright_from_plane", read_plane_transform) },
    { PLUMB_READ_CUSTOM("planes", read_planes), .required = true },
};

/* What a format needs, asked for by name. */
static plumb_status check_format(plumb_reader *reader, const plumb_frame *frame)
{
    bool yuv = plumb_pixel_format_is_yuv(frame->format);
    if (frame->format != PLUMB_FORMAT_JPEG && frame->width == 0)
        return plumb_reader_missing(reader, "width", "the width as stored");
    if (frame->format != PLUMB_FORMAT_JPEG && frame->height == 0)
        return plumb_reader_missing(reader, "height", "the height as stored");
    if (yuv && frame->matrix == PLUMB_MATRIX_UNSET)
        return plumb_reader_missing_choice(reader, "matrix", &matrices);
    if (yuv && frame->range == PLUMB_RANGE_UNSET)
        return plumb_reader_missing_choice(reader, "range", &ranges);
    if (!yuv && (frame->matrix != PLUMB_MATRIX_UNSET || frame->range != PLUMB_RANGE_UNSET)) {
        plumb_reader_enter_key(reader, frame->matrix != PLUMB_MATRIX_UNSET ? "matrix" : "range");
        return plumb_reader_fail(reader, PLUMB_E_KEY, "format %s does not use it",
                                 plumb_pixel_format_name(frame->format));
    }
    return PLUMB_OK;
}

static plumb_status read_description(plumb_reader *reader, plumb_frame_description *description)
{
    json_t *root = NULL;
    plumb_status status = plumb_reader_open(reader, &root);
    if (status)
        return status;
    status =
        plumb_reader_object(reader, root, fields, sizeof(fields) / sizeof(fields[0]), description);
    json_decref(root);
    return status ? status : check_format(reader, &description->frame);
}

plumb_status plumb_frame_description_parse(const plumb_context *context, const char *text,
                                           size_t size, plumb_frame_description **description,
                                           plumb_frame *frame, plumb_plane_source sources[3],
                                           size_t *source_count, plumb_diag *diag)
{
    if (!text || !description || !frame || !sources || !source_count)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "", "an argument is NULL");
    plumb_context full = plumb_context_resolve(context);
    plumb_frame_description *made = plumb_alloc_zeroed(&full, 1, sizeof(*made));
    if (!made)
        return plumb_fail(diag, PLUMB_E_NOMEM, "", "out of memory");
    const plumb_frame initial = PLUMB_FRAME_INIT;
    made->arena = plumb_arena_make(&full);
    made->frame = initial;
    plumb_reader reader = { &made->arena, NULL, NULL, text, size, diag, "" };
    plumb_status status = read_description(&reader, made);
    if (status) {
        plumb_frame_description_destroy(&made);
        return status;
    }
    *description = made;
    *frame = made->frame;
    *source_count = made->source_count;
    for (size_t i = 0; i < made->source_count; i++)
        sources[i] = made->sources[i];
    return PLUMB_OK;
}

bool plumb_frame_description_plane(const plumb_frame_description *description,
                                   plumb_homography *upright_from_plane)
{
    if (!description || !description->has_plane || !upright_from_plane)
        return false;
    *upright_from_plane = description->upright_from_plane;
    return true;
}

void plumb_frame_description_destroy(plumb_frame_description **description)
{
    if (!description || !*description)
        return;
    plumb_context context = (*description)->arena.context;
    plumb_arena_clear(&(*description)->arena);
    plumb_release(&context, *description);
    *description = NULL;
}
