/* SPDX-License-Identifier: Apache-2.0 */
#include "image/bitmap.h"

#include <string.h>

#include "base/checked.h"
#include "base/diag.h"
#include "image/jpeg_markers.h"

#define SIGNATURE_SIZE 8
#define CHUNK_OVERHEAD 12 /* length, type, checksum */
#define HEADER_SIZE    13
#define FULL_PALETTE   (256 * 3)
/* No deflate stream expands more than this: a match of 258 bytes costs two bits. */
#define DEFLATE_MAX_RATIO 1032

enum { COLOR_GRAY = 0, COLOR_RGB = 2, COLOR_PALETTE = 3, COLOR_GRAY_ALPHA = 4, COLOR_RGBA = 6 };

typedef struct chunk {
    const uint8_t *type; /* four letters */
    const uint8_t *data;
    size_t size;
} chunk;

static uint32_t read_32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static bool is_type(const chunk *c, const char *type)
{
    return memcmp(c->type, type, 4) == 0;
}

/* False where the chunk at `*position` is not whole. */
static bool next_chunk(const uint8_t *data, size_t size, size_t *position, chunk *c)
{
    if (size - *position < CHUNK_OVERHEAD)
        return false;
    const uint8_t *p = data + *position;
    c->size = read_32(p);
    if (c->size > size - *position - CHUNK_OVERHEAD)
        return false;
    c->type = p + 4;
    c->data = p + 8;
    *position += c->size + CHUNK_OVERHEAD;
    return true;
}

/* Pixels of one row in bits are depth times this; 0 for a combination PNG does not have. */
static int channels_of(int color, int depth)
{
    bool small = depth == 1 || depth == 2 || depth == 4;
    bool byte = depth == 8, word = depth == 16;
    switch (color) {
    case COLOR_GRAY:
        return small || byte || word ? 1 : 0;
    case COLOR_PALETTE:
        return small || byte ? 1 : 0;
    case COLOR_RGB:
        return byte || word ? 3 : 0;
    case COLOR_GRAY_ALPHA:
        return byte || word ? 2 : 0;
    case COLOR_RGBA:
        return byte || word ? 4 : 0;
    default:
        return 0;
    }
}

static plumb_status truncated(plumb_diag *diag, size_t size)
{
    return plumb_fail(diag, PLUMB_E_TRUNCATED, "", "the PNG ends inside a chunk after %zu bytes",
                      size);
}

static plumb_status read_header(const uint8_t *data, size_t size, chunk *header, plumb_diag *diag)
{
    size_t position = SIGNATURE_SIZE;
    if (size < SIGNATURE_SIZE || !next_chunk(data, size, &position, header))
        return truncated(diag, size);
    if (is_type(header, "CgBI"))
        return plumb_fail(diag, PLUMB_E_UNSUPPORTED, "",
                          "a PNG repacked for iOS (CgBI); export a standard one");
    if (!is_type(header, "IHDR") || header->size != HEADER_SIZE ||
        !channels_of(header->data[9], header->data[8]))
        return plumb_fail(diag, PLUMB_E_CORRUPT, "", "the PNG has no valid header chunk");
    return PLUMB_OK;
}

plumb_status plumb_png_probe(const uint8_t *data, size_t size, plumb_image_info *info,
                             plumb_diag *diag)
{
    chunk c;
    plumb_status status = read_header(data, size, &c, diag);
    if (status != PLUMB_OK)
        return status;
    uint32_t width = read_32(c.data), height = read_32(c.data + 4);
    if (width > INT32_MAX || height > INT32_MAX)
        return plumb_fail(diag, PLUMB_E_CORRUPT, "", "a PNG side of more than 31 bits");
    int color = c.data[9];
    *info = (plumb_image_info){
        .format = PLUMB_IMAGE_PNG,
        .width = (int32_t)width,
        .height = (int32_t)height,
        .orientation = PLUMB_ORIENTATION_UP,
        .components = color == COLOR_GRAY || color == COLOR_GRAY_ALPHA ? 1 : 3,
    };
    for (size_t position = SIGNATURE_SIZE; next_chunk(data, size, &position, &c);)
        if (is_type(&c, "eXIf")) {
            info->orientation = plumb_tiff_orientation(c.data, c.size);
            break;
        }
    return PLUMB_OK;
}

void plumb_crc_make(plumb_crc_table *table)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
        table->of_byte[byte] = crc;
    }
}

uint32_t plumb_crc(const plumb_crc_table *table, const uint8_t *data, size_t size)
{
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < size; i++)
        crc = crc >> 8 ^ table->of_byte[(crc ^ data[i]) & 0xff];
    return ~crc;
}

/* Chunks that a decoder may skip have a small first letter; nothing depends on them. */
static bool undamaged(const chunk *c, const plumb_crc_table *crc)
{
    bool needed = c->type[0] >= 'A' && c->type[0] <= 'Z';
    return !needed || plumb_crc(crc, c->type, c->size + 4) == read_32(c->data + c->size);
}

plumb_status plumb_png_check(const uint8_t *data, size_t size, const plumb_crc_table *crc,
                             plumb_diag *diag)
{
    chunk header, c;
    plumb_status status = read_header(data, size, &header, diag);
    if (status != PLUMB_OK)
        return status;
    uint64_t width = read_32(header.data), height = read_32(header.data + 4);
    int depth = header.data[8];
    uint64_t row = (width * (uint64_t)(depth * channels_of(header.data[9], depth)) + 7) / 8;
    uint64_t packed = 0;
    size_t position = SIGNATURE_SIZE;
    do {
        if (!next_chunk(data, size, &position, &c))
            return truncated(diag, size);
        if (!undamaged(&c, crc))
            return plumb_fail(diag, PLUMB_E_CORRUPT, "", "a chunk of the PNG has a wrong checksum");
        if (is_type(&c, "IDAT"))
            packed += c.size;
    } while (!is_type(&c, "IEND"));
    if (packed * DEFLATE_MAX_RATIO < row * height)
        return plumb_fail(diag, PLUMB_E_TRUNCATED, "",
                          "%llu bytes of data cannot hold the pixels of this PNG",
                          (unsigned long long)packed);
    return PLUMB_OK;
}

/* False where there is no palette that is too short. */
static bool find_short_palette(const uint8_t *data, size_t size, chunk *palette)
{
    chunk header;
    size_t position = SIGNATURE_SIZE;
    if (read_header(data, size, &header, NULL) != PLUMB_OK || header.data[9] != COLOR_PALETTE)
        return false;
    while (next_chunk(data, size, &position, palette))
        if (is_type(palette, "PLTE"))
            return palette->size < FULL_PALETTE && palette->size % 3 == 0;
    return false;
}

size_t plumb_png_filled_size(const uint8_t *data, size_t size)
{
    chunk palette;
    size_t filled;
    if (!find_short_palette(data, size, &palette) ||
        !plumb_add_size(size, FULL_PALETTE - palette.size, &filled))
        return 0;
    return filled;
}

/* The checksum of the chunk stays the old one: stb_image does not look at it. */
void plumb_png_fill_palette(const uint8_t *data, size_t size, uint8_t *filled)
{
    static const uint8_t length[4] = { 0, 0, FULL_PALETTE >> 8, FULL_PALETTE & 255 };
    chunk palette;
    if (!find_short_palette(data, size, &palette))
        return;
    size_t head = (size_t)(palette.data - data) + palette.size;
    size_t missing = FULL_PALETTE - palette.size;
    memcpy(filled, data, head);
    memcpy(filled + (palette.type - data) - sizeof(length), length, sizeof(length));
    memset(filled + head, 0, missing);
    memcpy(filled + head + missing, data + head, size - head);
}
