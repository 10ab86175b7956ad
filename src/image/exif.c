/* SPDX-License-Identifier: Apache-2.0 */
#include "image/jpeg_markers.h"

#include <string.h>

#define TAG_ORIENTATION 0x0112
#define TYPE_SHORT      3
#define TYPE_LONG       4
#define ENTRY_SIZE      12
#define MARKER_APP1     0xe1

typedef struct tiff {
    const uint8_t *data;
    size_t size;
    bool big_endian;
} tiff;

static uint32_t read_16(const tiff *t, size_t at)
{
    const uint8_t *p = t->data + at;
    return t->big_endian ? (uint32_t)(p[0] << 8 | p[1]) : (uint32_t)(p[1] << 8 | p[0]);
}

static uint32_t read_32(const tiff *t, size_t at)
{
    uint32_t first = read_16(t, at), second = read_16(t, at + 2);
    return t->big_endian ? first << 16 | second : second << 16 | first;
}

static bool read_header(const uint8_t *data, size_t size, tiff *t)
{
    if (size < 8)
        return false;
    t->data = data;
    t->size = size;
    if (data[0] == 'M' && data[1] == 'M')
        t->big_endian = true;
    else if (data[0] == 'I' && data[1] == 'I')
        t->big_endian = false;
    else
        return false;
    return read_16(t, 2) == 42;
}

/* The standard asks for a SHORT. Some writers store a LONG, and Pillow turns by it. */
static uint32_t read_single(const tiff *t, size_t entry)
{
    uint32_t type = read_16(t, entry + 2);
    if (read_32(t, entry + 4) != 1 || (type != TYPE_SHORT && type != TYPE_LONG))
        return 0;
    return type == TYPE_SHORT ? read_16(t, entry + 8) : read_32(t, entry + 8);
}

plumb_orientation plumb_tiff_orientation(const uint8_t *data, size_t size)
{
    tiff t;
    if (!read_header(data, size, &t))
        return PLUMB_ORIENTATION_UP;
    size_t ifd = read_32(&t, 4);
    if (ifd < 8 || ifd > size - 2)
        return PLUMB_ORIENTATION_UP;
    size_t count = read_16(&t, ifd);
    size_t fit = (size - ifd - 2) / ENTRY_SIZE;
    if (count > fit)
        count = fit;
    for (size_t i = 0; i < count; i++) {
        size_t entry = ifd + 2 + i * ENTRY_SIZE;
        if (read_16(&t, entry) != TAG_ORIENTATION)
            continue;
        uint32_t value = read_single(&t, entry);
        return value >= 1 && value <= 8 ? (plumb_orientation)value : PLUMB_ORIENTATION_UP;
    }
    return PLUMB_ORIENTATION_UP;
}

plumb_orientation plumb_exif_orientation(const void *jpeg, size_t size)
{
    static const uint8_t name[6] = { 'E', 'x', 'i', 'f', 0, 0 };
    size_t position = 0;
    plumb_jpeg_segment segment;
    while (plumb_jpeg_next_segment(jpeg, size, &position, &segment)) {
        if (segment.marker != MARKER_APP1 || segment.size < sizeof(name) ||
            memcmp(segment.data, name, sizeof(name)) != 0)
            continue;
        return plumb_tiff_orientation(segment.data + sizeof(name), segment.size - sizeof(name));
    }
    return PLUMB_ORIENTATION_UP;
}
