/* SPDX-License-Identifier: Apache-2.0 */
#include "plumbline/frame.h"

#include "base/checked.h"
#include "base/diag.h"
#include "frame/format.h"
#include "frame/matrix.h"
#include "geometry/orientation.h"

/* More than any camera or graphics library uses for a pixel; keeps products of strides small. */
#define MAX_PIXEL_STRIDE 64

static plumb_status check_side(int32_t side, const char *field, bool file, plumb_diag *diag)
{
    if (side < (file ? 0 : 1) || side > PLUMB_MAX_SIDE)
        return plumb_fail(diag, PLUMB_E_SIZE, field, "%d is not in 1..%d", (int)side,
                          PLUMB_MAX_SIDE);
    return PLUMB_OK;
}

static plumb_status check_color(const plumb_frame *frame, const plumb_format_info *info,
                                plumb_diag *diag)
{
    if (plumb_matrix_name(frame->matrix)[0] == '?')
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "matrix",
                          "format %s needs a matrix, e.g. bt601 or bt709; there is no default",
                          info->name);
    if (plumb_range_name(frame->range)[0] == '?')
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "range",
                          "format %s needs a range, limited or full; there is no default",
                          info->name);
    plumb_range fixed = plumb_matrix_fixed_range(frame->matrix);
    if (fixed != PLUMB_RANGE_UNSET && fixed != frame->range)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "range", "matrix %s is for %s range only",
                          plumb_matrix_name(frame->matrix), plumb_range_name(fixed));
    if (fixed != PLUMB_RANGE_UNSET && info->bits != 8)
        return plumb_fail(diag, PLUMB_E_UNSUPPORTED, "matrix",
                          "matrix %s is for 8-bit formats only", plumb_matrix_name(frame->matrix));
    return PLUMB_OK;
}

plumb_status plumb_frame_validate_kind(const plumb_frame *frame, plumb_diag *diag)
{
    if (!frame)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "frame", "is NULL");
    /* The timestamp is carried along and not read: all that is lies before it. */
    if (frame->struct_size < offsetof(plumb_frame, timestamp_ns))
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "struct_size", "%u, expected %u",
                          (unsigned)frame->struct_size, (unsigned)sizeof(plumb_frame));
    const plumb_format_info *info = plumb_format_info_of(frame->format);
    if (!info)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "format", "%d is not a pixel format",
                          (int)frame->format);
    bool file = info->family == PLUMB_FAMILY_FILE;
    plumb_status status = check_side(frame->width, "width", file, diag);
    if (status == PLUMB_OK)
        status = check_side(frame->height, "height", file, diag);
    if (status)
        return status;
    if (!plumb_orientation_valid((int)frame->orientation))
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "orientation", "%d is not in 1..8",
                          (int)frame->orientation);
    return info->family == PLUMB_FAMILY_YUV ? check_color(frame, info, diag) : PLUMB_OK;
}

static plumb_status check_plane(const plumb_frame *frame, const plumb_format_info *info, int index,
                                plumb_diag *diag)
{
    const plumb_plane *plane = &frame->planes[index];
    size_t i = (size_t)index;
    if (!plane->data)
        return plumb_fail_at(diag, PLUMB_E_ARGUMENT, "planes", i, "data", "is NULL");
    if (info->family == PLUMB_FAMILY_FILE)
        return plane->size > 0 ? PLUMB_OK
                               : plumb_fail_at(diag, PLUMB_E_BUFFER, "planes", i, "size",
                                               "0 bytes, expected a whole file");
    if (plane->pixel_stride != 0 &&
        (plane->pixel_stride < info->pixel_bytes[index] || plane->pixel_stride > MAX_PIXEL_STRIDE))
        return plumb_fail_at(diag, PLUMB_E_STRIDE, "planes", i, "pixel_stride",
                             "%d, expected %d..%d or 0", (int)plane->pixel_stride,
                             (int)info->pixel_bytes[index], MAX_PIXEL_STRIDE);
    bool pairs = info->family == PLUMB_FAMILY_YUV && info->planes == 1;
    if (pairs && plane->pixel_stride > info->pixel_bytes[index])
        return plumb_fail_at(diag, PLUMB_E_STRIDE, "planes", i, "pixel_stride",
                             "%d, expected 2 or 0 for %s", (int)plane->pixel_stride, info->name);
    plumb_plane_extent e =
        plumb_plane_extent_of(info, frame->width, frame->height, index, plane->pixel_stride);
    if (plane->row_stride < 0 || (plane->row_stride > 0 && (size_t)plane->row_stride < e.span))
        return plumb_fail_at(diag, PLUMB_E_STRIDE, "planes", i, "row_stride",
                             "%lld, expected at least %zu or 0", (long long)plane->row_stride,
                             e.span);
    size_t stride = plane->row_stride ? (size_t)plane->row_stride : e.dense_stride;
    size_t needed;
    if (!plumb_mul_size(stride, (size_t)e.rows - 1, &needed) ||
        !plumb_add_size(needed, e.span, &needed) || needed > PTRDIFF_MAX)
        return plumb_fail_at(diag, PLUMB_E_STRIDE, "planes", i, "row_stride",
                             "%lld times %d rows overflows", (long long)plane->row_stride,
                             (int)e.rows);
    if (plane->size < needed)
        return plumb_fail_at(diag, PLUMB_E_BUFFER, "planes", i, "size",
                             "%zu bytes, expected at least %zu", plane->size, needed);
    return PLUMB_OK;
}

plumb_status plumb_frame_validate(const plumb_frame *frame, plumb_diag *diag)
{
    plumb_status status = plumb_frame_validate_kind(frame, diag);
    if (status)
        return status;
    const plumb_format_info *info = plumb_format_info_of(frame->format);
    for (int i = 0; status == PLUMB_OK && i < info->planes; i++)
        status = check_plane(frame, info, i, diag);
    return status;
}

plumb_size plumb_frame_upright_size(const plumb_frame *frame)
{
    plumb_size size = { frame->width, frame->height };
    if (plumb_orientation_swaps(frame->orientation)) {
        size.width = frame->height;
        size.height = frame->width;
    }
    return size;
}

/* The row stride of a plane when the first has `first`: chroma rows hold as many samples as fit
 * beside the luma row, padding included. */
static size_t plane_stride(const plumb_format_info *info, const plumb_plane_extent *e, int index,
                           size_t first)
{
    if (first == 0)
        return e->dense_stride;
    if (index == 0)
        return first;
    size_t samples = first / info->pixel_bytes[0];
    size_t columns = (samples + ((size_t)1 << info->chroma_x) - 1) >> info->chroma_x;
    return columns * e->pixel_bytes;
}

plumb_status plumb_frame_from_buffer(plumb_frame *frame, const void *data, size_t size,
                                     ptrdiff_t row_stride, plumb_diag *diag)
{
    if (!frame || !data)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, frame ? "data" : "frame", "is NULL");
    const plumb_format_info *info = plumb_format_info_of(frame->format);
    if (!info)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "format", "%d is not a pixel format",
                          (int)frame->format);
    plumb_plane planes[3] = { { NULL, 0, 0, 0 }, { NULL, 0, 0, 0 }, { NULL, 0, 0, 0 } };
    if (info->family == PLUMB_FAMILY_FILE) {
        planes[0].data = data;
        planes[0].size = size;
        memcpy(frame->planes, planes, sizeof(planes));
        return PLUMB_OK;
    }
    plumb_status status = check_side(frame->width, "width", false, diag);
    if (status == PLUMB_OK)
        status = check_side(frame->height, "height", false, diag);
    if (status)
        return status;
    size_t offset = 0;
    for (int i = 0; i < info->planes; i++) {
        plumb_plane_extent e = plumb_plane_extent_of(info, frame->width, frame->height, i, 0);
        if (row_stride < 0 || row_stride > INT32_MAX ||
            (row_stride > 0 && i == 0 && (size_t)row_stride < e.span))
            return plumb_fail(diag, PLUMB_E_STRIDE, "row_stride",
                              "%lld, expected at least %zu or 0", (long long)row_stride, e.span);
        size_t stride = plane_stride(info, &e, i, (size_t)row_stride), needed, end;
        if (!plumb_mul_size(stride, (size_t)e.rows - 1, &needed) ||
            !plumb_add_size(needed, e.span, &needed) || !plumb_add_size(offset, needed, &end))
            return plumb_fail(diag, PLUMB_E_STRIDE, "row_stride", "%lld overflows",
                              (long long)row_stride);
        if (end > size)
            return plumb_fail(diag, PLUMB_E_BUFFER, "size", "%zu bytes, plane %d ends at %zu", size,
                              i, end);
        planes[i].data = (const uint8_t *)data + offset;
        planes[i].row_stride = (ptrdiff_t)stride;
        size_t whole = stride * (size_t)e.rows;
        planes[i].size = whole < size - offset ? whole : size - offset;
        offset += whole;
    }
    memcpy(frame->planes, planes, sizeof(planes));
    return PLUMB_OK;
}
