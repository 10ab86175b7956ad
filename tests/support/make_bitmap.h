/* SPDX-License-Identifier: Apache-2.0
 *
 * PNG (stored, not compressed) and BMP files for tests, written from their specifications.
 */
#ifndef TESTS_SUPPORT_MAKE_BITMAP_H
#define TESTS_SUPPORT_MAKE_BITMAP_H

#include <stdint.h>
#include <string.h>

typedef struct test_bytes {
    uint8_t data[4096];
    size_t size;
} test_bytes;

static inline void put(test_bytes *b, const void *data, size_t size)
{
    memcpy(b->data + b->size, data, size);
    b->size += size;
}

static inline void put_big_32(test_bytes *b, uint32_t v)
{
    uint8_t bytes[4] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v };
    put(b, bytes, 4);
}

static inline void put_little(test_bytes *b, uint32_t v, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        uint8_t byte = (uint8_t)(v >> (8 * i));
        put(b, &byte, 1);
    }
}

static inline uint32_t crc_32(const uint8_t *data, size_t size)
{
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < size; i++) {
        crc ^= data[i];
        for (int k = 0; k < 8; k++)
            crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
    }
    return ~crc;
}

static inline void put_chunk(test_bytes *b, const char *type, const void *data, size_t size)
{
    put_big_32(b, (uint32_t)size);
    size_t start = b->size;
    put(b, type, 4);
    if (size > 0)
        put(b, data, size);
    put_big_32(b, crc_32(b->data + start, b->size - start));
}

/* `rows` holds height rows of row_size bytes each. */
static inline void make_png(test_bytes *b, uint32_t width, uint32_t height, int depth, int color,
                            const uint8_t *rows, size_t row_size, size_t row_count)
{
    test_bytes header = { .size = 0 }, packed = { .size = 0 }, raw = { .size = 0 };
    put_big_32(&header, width);
    put_big_32(&header, height);
    uint8_t tail[5] = { (uint8_t)depth, (uint8_t)color, 0, 0, 0 };
    put(&header, tail, 5);
    for (size_t y = 0; y < row_count; y++) {
        put(&raw, "\0", 1);
        put(&raw, rows + y * row_size, row_size);
    }
    put(&packed, "\x78\x01\x01", 3);
    put_little(&packed, (uint32_t)raw.size, 2);
    put_little(&packed, (uint32_t)raw.size ^ 0xffff, 2);
    put(&packed, raw.data, raw.size);
    uint32_t low = 1, high = 0;
    for (size_t i = 0; i < raw.size; i++) {
        low = (low + raw.data[i]) % 65521;
        high = (high + low) % 65521;
    }
    put_big_32(&packed, high << 16 | low);
    b->size = 0;
    put(b, "\x89PNG\r\n\x1a\n", 8);
    put_chunk(b, "IHDR", header.data, header.size);
    put_chunk(b, "IDAT", packed.data, packed.size);
    put_chunk(b, "IEND", NULL, 0);
}

/* `rows` as stored: from the bottom up where height is positive, each padded to four bytes. */
static inline void make_bmp(test_bytes *b, int32_t width, int32_t height, int bits, int compression,
                            const uint8_t *palette, uint32_t colors, const uint8_t *rows,
                            size_t rows_size)
{
    b->size = 0;
    uint32_t offset = 14 + 40 + 4 * colors;
    put(b, "BM", 2);
    put_little(b, offset + (uint32_t)rows_size, 4);
    put_little(b, 0, 4);
    put_little(b, offset, 4);
    put_little(b, 40, 4);
    put_little(b, (uint32_t)width, 4);
    put_little(b, (uint32_t)height, 4);
    put_little(b, 1, 2);
    put_little(b, (uint32_t)bits, 2);
    put_little(b, (uint32_t)compression, 4);
    put_little(b, (uint32_t)rows_size, 4);
    put_little(b, 0, 4);
    put_little(b, 0, 4);
    put_little(b, colors, 4);
    put_little(b, 0, 4);
    if (colors > 0)
        put(b, palette, 4 * colors);
    put(b, rows, rows_size);
}

#endif
