/* SPDX-License-Identifier: Apache-2.0 */
#include "frame/format.h"

#include <string.h>

#include "base/names.h"

/* clang-format off */
#define YUV PLUMB_FAMILY_YUV
#define RGB PLUMB_FAMILY_RGB
#define GRAY PLUMB_FAMILY_GRAY
static const plumb_format_info formats[] = {
    /* format, name, family, planes, sample bytes, bits, shift, chroma x, y, pixel bytes, components */
    { PLUMB_FORMAT_NV12, "nv12", YUV, 2, 1, 8, 0, 1, 1, { 1, 2, 0 }, { { 0, 0, 1 }, { 1, 0, 1 }, { 1, 1, 1 } } },
    { PLUMB_FORMAT_NV21, "nv21", YUV, 2, 1, 8, 0, 1, 1, { 1, 2, 0 }, { { 0, 0, 1 }, { 1, 1, 1 }, { 1, 0, 1 } } },
    { PLUMB_FORMAT_I420, "i420", YUV, 3, 1, 8, 0, 1, 1, { 1, 1, 1 }, { { 0, 0, 1 }, { 1, 0, 1 }, { 2, 0, 1 } } },
    { PLUMB_FORMAT_YV12, "yv12", YUV, 3, 1, 8, 0, 1, 1, { 1, 1, 1 }, { { 0, 0, 1 }, { 2, 0, 1 }, { 1, 0, 1 } } },
    { PLUMB_FORMAT_I422, "i422", YUV, 3, 1, 8, 0, 1, 0, { 1, 1, 1 }, { { 0, 0, 1 }, { 1, 0, 1 }, { 2, 0, 1 } } },
    { PLUMB_FORMAT_I444, "i444", YUV, 3, 1, 8, 0, 0, 0, { 1, 1, 1 }, { { 0, 0, 1 }, { 1, 0, 1 }, { 2, 0, 1 } } },
    { PLUMB_FORMAT_YUYV, "yuyv", YUV, 1, 1, 8, 0, 1, 0, { 2, 0, 0 }, { { 0, 0, 1 }, { 0, 1, 2 }, { 0, 3, 2 } } },
    { PLUMB_FORMAT_UYVY, "uyvy", YUV, 1, 1, 8, 0, 1, 0, { 2, 0, 0 }, { { 0, 1, 1 }, { 0, 0, 2 }, { 0, 2, 2 } } },
    { PLUMB_FORMAT_P010, "p010", YUV, 2, 2, 10, 6, 1, 1, { 2, 4, 0 }, { { 0, 0, 1 }, { 1, 0, 1 }, { 1, 2, 1 } } },
    { PLUMB_FORMAT_I010, "i010", YUV, 3, 2, 10, 0, 1, 1, { 2, 2, 2 }, { { 0, 0, 1 }, { 1, 0, 1 }, { 2, 0, 1 } } },
    { PLUMB_FORMAT_BGRA, "bgra", RGB, 1, 1, 8, 0, 0, 0, { 4, 0, 0 }, { { 0, 2, 1 }, { 0, 1, 1 }, { 0, 0, 1 } } },
    { PLUMB_FORMAT_RGBA, "rgba", RGB, 1, 1, 8, 0, 0, 0, { 4, 0, 0 }, { { 0, 0, 1 }, { 0, 1, 1 }, { 0, 2, 1 } } },
    { PLUMB_FORMAT_RGB24, "rgb24", RGB, 1, 1, 8, 0, 0, 0, { 3, 0, 0 }, { { 0, 0, 1 }, { 0, 1, 1 }, { 0, 2, 1 } } },
    { PLUMB_FORMAT_BGR24, "bgr24", RGB, 1, 1, 8, 0, 0, 0, { 3, 0, 0 }, { { 0, 2, 1 }, { 0, 1, 1 }, { 0, 0, 1 } } },
    { PLUMB_FORMAT_RGB565, "rgb565", RGB, 1, 2, 16, 0, 0, 0, { 2, 0, 0 }, { { 0, 0, 1 }, { 0, 0, 1 }, { 0, 0, 1 } } },
    { PLUMB_FORMAT_GRAY8, "gray8", GRAY, 1, 1, 8, 0, 0, 0, { 1, 0, 0 }, { { 0, 0, 1 }, { 0, 0, 1 }, { 0, 0, 1 } } },
    /* The high byte is the 8-bit value, so it is read as an 8-bit format with a wide pixel. */
    { PLUMB_FORMAT_GRAY16, "gray16", GRAY, 1, 1, 8, 0, 0, 0, { 2, 0, 0 }, { { 0, 1, 1 }, { 0, 1, 1 }, { 0, 1, 1 } } },
    { PLUMB_FORMAT_JPEG, "jpeg", PLUMB_FAMILY_FILE, 1, 1, 8, 0, 0, 0, { 1, 0, 0 }, { { 0, 0, 1 }, { 0, 0, 1 }, { 0, 0, 1 } } },
};
#undef YUV
#undef RGB
#undef GRAY
/* clang-format on */

#define FORMATS (sizeof(formats) / sizeof(formats[0]))

const plumb_format_info *plumb_format_info_of(plumb_pixel_format format)
{
    for (size_t i = 0; i < FORMATS; i++)
        if (formats[i].format == format)
            return &formats[i];
    return NULL;
}

const char *plumb_pixel_format_name(plumb_pixel_format format)
{
    const plumb_format_info *info = plumb_format_info_of(format);
    return info ? info->name : "?";
}

bool plumb_pixel_format_parse(const char *name, plumb_pixel_format *format)
{
    for (size_t i = 0; name && i < FORMATS; i++) {
        if (strcmp(formats[i].name, name) == 0) {
            *format = formats[i].format;
            return true;
        }
    }
    return false;
}

int plumb_pixel_format_planes(plumb_pixel_format format)
{
    const plumb_format_info *info = plumb_format_info_of(format);
    return info ? info->planes : 0;
}

bool plumb_pixel_format_is_yuv(plumb_pixel_format format)
{
    const plumb_format_info *info = plumb_format_info_of(format);
    return info && info->family == PLUMB_FAMILY_YUV;
}

static bool packed_pairs(const plumb_format_info *info)
{
    return info->family == PLUMB_FAMILY_YUV && info->planes == 1;
}

plumb_plane_extent plumb_plane_extent_of(const plumb_format_info *info, int32_t width,
                                         int32_t height, int plane, int32_t pixel_stride)
{
    bool chroma = info->family == PLUMB_FAMILY_YUV && (plane > 0 || packed_pairs(info));
    int sx = chroma ? info->chroma_x : 0, sy = chroma ? info->chroma_y : 0;
    size_t unit = packed_pairs(info) ? 2 : 1;
    plumb_plane_extent e;
    e.columns = (width + (1 << sx) - 1) >> sx;
    e.rows = (height + (1 << sy) - 1) >> sy;
    e.pixel_bytes = info->pixel_bytes[plane] * unit;
    e.pixel_stride = pixel_stride > 0 ? (size_t)pixel_stride * unit : e.pixel_bytes;
    e.span = e.pixel_stride * ((size_t)e.columns - 1) + e.pixel_bytes;
    e.dense_stride = e.pixel_stride * (size_t)e.columns;
    return e;
}

plumb_view plumb_view_of(const plumb_frame *frame)
{
    plumb_view view = { plumb_format_info_of(frame->format), { { NULL, 0, 0 } } };
    for (int c = 0; c < 3; c++) {
        plumb_component_place place = view.info->component[c];
        const plumb_plane *plane = &frame->planes[place.plane];
        plumb_plane_extent e = plumb_plane_extent_of(view.info, frame->width, frame->height,
                                                     place.plane, plane->pixel_stride);
        size_t pixel = packed_pairs(view.info) ? e.pixel_stride / 2 : e.pixel_stride;
        view.component[c].data = plane->data + place.offset;
        view.component[c].row_stride =
            plane->row_stride ? plane->row_stride : (ptrdiff_t)e.dense_stride;
        view.component[c].pixel_stride = (ptrdiff_t)(pixel * place.step);
    }
    return view;
}
