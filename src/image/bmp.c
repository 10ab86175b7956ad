/* SPDX-License-Identifier: Apache-2.0 */
#include "image/bitmap.h"

#include "base/diag.h"

#define FILE_HEADER   14
#define CORE_HEADER   12 /* OS/2: 16-bit sides, palette entries of three bytes */
#define NORMAL_HEADER 40

enum { COMPRESSION_NONE = 0, COMPRESSION_BITFIELDS = 3 };

typedef struct bmp {
    uint32_t offset, header, compression, bits;
    int64_t width, height;
} bmp;

static uint32_t read_16(const uint8_t *p)
{
    return (uint32_t)p[1] << 8 | p[0];
}

static uint32_t read_32(const uint8_t *p)
{
    return read_16(p + 2) << 16 | read_16(p);
}

static plumb_status read_header(const uint8_t *data, size_t size, bmp *b, plumb_diag *diag)
{
    if (size < FILE_HEADER + 4)
        return plumb_fail(diag, PLUMB_E_TRUNCATED, "", "the BMP ends in its header");
    b->offset = read_32(data + 10);
    b->header = read_32(data + 14);
    if (b->header != CORE_HEADER && b->header < NORMAL_HEADER)
        return plumb_fail(diag, PLUMB_E_UNSUPPORTED, "", "a BMP header of %u bytes", b->header);
    if (size - FILE_HEADER < b->header)
        return plumb_fail(diag, PLUMB_E_TRUNCATED, "", "the BMP ends in its header");
    const uint8_t *p = data + FILE_HEADER + 4;
    if (b->header == CORE_HEADER) {
        b->width = read_16(p);
        b->height = read_16(p + 2);
        b->bits = read_16(p + 6);
        b->compression = COMPRESSION_NONE;
    } else {
        b->width = (int32_t)read_32(p);
        b->height = (int32_t)read_32(p + 4);
        b->bits = read_16(p + 10);
        b->compression = read_32(p + 12);
    }
    if (b->height < 0) /* rows from top to bottom */
        b->height = -b->height;
    if (b->compression != COMPRESSION_NONE && b->compression != COMPRESSION_BITFIELDS)
        return plumb_fail(diag, PLUMB_E_UNSUPPORTED, "", "a BMP with compression %u",
                          b->compression);
    return PLUMB_OK;
}

plumb_status plumb_bmp_probe(const uint8_t *data, size_t size, plumb_image_info *info,
                             plumb_diag *diag)
{
    bmp b = { 0 };
    plumb_status status = read_header(data, size, &b, diag);
    if (status != PLUMB_OK)
        return status;
    if (b.width < 0 || b.width > INT32_MAX || b.height > INT32_MAX)
        return plumb_fail(diag, PLUMB_E_CORRUPT, "", "a BMP side that is negative");
    *info = (plumb_image_info){
        .format = PLUMB_IMAGE_BMP,
        .width = (int32_t)b.width,
        .height = (int32_t)b.height,
        .orientation = PLUMB_ORIENTATION_UP,
        .components = 3,
    };
    return PLUMB_OK;
}

static uint32_t index_at(const uint8_t *row, uint64_t x, uint32_t bits)
{
    uint64_t bit = x * bits;
    return row[bit / 8] >> (8 - bits - bit % 8) & ((1u << bits) - 1);
}

/* Every index must have a colour; what lies behind a short palette is not ours to show. */
static bool indices_fit(const uint8_t *rows, const bmp *b, uint64_t row_size, uint64_t colors)
{
    if (colors >= (uint64_t)1 << b->bits)
        return true;
    for (int64_t y = 0; y < b->height; y++)
        for (int64_t x = 0; x < b->width; x++)
            if (index_at(rows + (uint64_t)y * row_size, (uint64_t)x, b->bits) >= colors)
                return false;
    return true;
}

plumb_status plumb_bmp_check(const uint8_t *data, size_t size, plumb_diag *diag)
{
    bmp b = { 0 };
    plumb_status status = read_header(data, size, &b, diag);
    if (status != PLUMB_OK)
        return status;
    bool indexed = b.bits == 1 || b.bits == 4 || b.bits == 8;
    if (!indexed && b.bits != 16 && b.bits != 24 && b.bits != 32)
        return plumb_fail(diag, PLUMB_E_UNSUPPORTED, "", "a BMP of %u bits a pixel", b.bits);
    uint64_t row = ((uint64_t)b.width * b.bits + 31) / 32 * 4;
    uint64_t start = FILE_HEADER + (uint64_t)b.header;
    if (b.offset < start)
        return plumb_fail(diag, PLUMB_E_CORRUPT, "", "BMP pixels that start inside the header");
    if (b.offset > size || row * (uint64_t)b.height > size - b.offset)
        return plumb_fail(diag, PLUMB_E_TRUNCATED, "",
                          "the BMP ends after %zu bytes, before its "
                          "last row",
                          size);
    uint64_t colors = (b.offset - start) / (b.header == CORE_HEADER ? 3 : 4);
    if (indexed && !indices_fit(data + b.offset, &b, row, colors))
        return plumb_fail(diag, PLUMB_E_CORRUPT, "", "a BMP pixel with no colour in the palette");
    return PLUMB_OK;
}
