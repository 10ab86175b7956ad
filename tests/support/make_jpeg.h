/* SPDX-License-Identifier: Apache-2.0
 *
 * JPEG files for tests, made with libjpeg's compressor, and the cuts that tests make into them.
 * Only in builds with libjpeg.
 */
#ifndef TESTS_SUPPORT_MAKE_JPEG_H
#define TESTS_SUPPORT_MAKE_JPEG_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#define MAKE_JPEG_SUBSAMPLINGS 10

typedef struct make_jpeg {
    unsigned width, height;
    int components;  /* 1, 3, or 4 for CMYK */
    int subsampling; /* 0 4:4:4, 1 4:2:2, 2 4:2:0, and what hardly any encoder writes: below */
    int quality;
    int restart_rows;
    int progressive, optimize;
    int separate_scans; /* one for each component */
} make_jpeg;

typedef struct test_file {
    unsigned char *data; /* free() it */
    size_t size;
} test_file;

static inline void make_jpeg_row(const make_jpeg *spec, unsigned y, unsigned char *row)
{
    for (unsigned i = 0; i < spec->width * (unsigned)spec->components; i++)
        row[i] = (unsigned char)(i * 7 + y * 13 + (i * y) % 31);
}

static inline test_file make_jpeg_file(const make_jpeg *spec)
{
    struct jpeg_compress_struct info;
    struct jpeg_error_mgr errors;
    unsigned char *data = NULL;
    unsigned long size = 0;
    info.err = jpeg_std_error(&errors);
    jpeg_create_compress(&info);
    jpeg_mem_dest(&info, &data, &size);
    info.image_width = spec->width;
    info.image_height = spec->height;
    info.input_components = spec->components;
    info.in_color_space = spec->components == 1   ? JCS_GRAYSCALE
                          : spec->components == 3 ? JCS_RGB
                                                  : JCS_CMYK;
    jpeg_set_defaults(&info);
    jpeg_set_quality(&info, spec->quality ? spec->quality : 75, TRUE);
    static const int across[] = { 1, 2, 2, 1, 4, 4, 3, 1, 2, 1 };
    static const int down[] = { 1, 1, 2, 2, 1, 2, 1, 3, 4, 4 };
    if (spec->components == 3) {
        info.comp_info[0].h_samp_factor = across[spec->subsampling];
        info.comp_info[0].v_samp_factor = down[spec->subsampling];
    }
    info.optimize_coding = spec->optimize ? TRUE : FALSE;
    info.restart_in_rows = spec->restart_rows;
    if (spec->progressive)
        jpeg_simple_progression(&info);
    static const jpeg_scan_info scans[3] = { { 1, { 0 }, 0, 63, 0, 0 },
                                             { 1, { 1 }, 0, 63, 0, 0 },
                                             { 1, { 2 }, 0, 63, 0, 0 } };
    if (spec->separate_scans) {
        info.scan_info = scans;
        info.num_scans = spec->components;
    }
    jpeg_start_compress(&info, TRUE);
    unsigned char *row = malloc((size_t)spec->width * (size_t)spec->components);
    while (info.next_scanline < info.image_height) {
        make_jpeg_row(spec, info.next_scanline, row);
        (void)jpeg_write_scanlines(&info, &row, 1);
    }
    free(row);
    jpeg_finish_compress(&info);
    jpeg_destroy_compress(&info);
    return (test_file){ data, size };
}

/* Take out all segments with `marker`, as UVC cameras leave out the Huffman tables (0xc4). */
static inline void remove_segments(test_file *file, unsigned char marker)
{
    size_t at = 2;
    while (at + 4 <= file->size && file->data[at] == 0xff && file->data[at + 1] != 0xda) {
        size_t length = 2 + ((size_t)file->data[at + 2] << 8 | file->data[at + 3]);
        if (file->data[at + 1] == marker) {
            memmove(file->data + at, file->data + at + length, file->size - at - length);
            file->size -= length;
        } else {
            at += length;
        }
    }
}

/* Put a segment behind the start of the image. */
static inline void insert_segment(test_file *file, unsigned char marker, const void *data,
                                  size_t size)
{
    unsigned char *grown = malloc(file->size + size + 4);
    memcpy(grown, file->data, 2);
    grown[2] = 0xff;
    grown[3] = marker;
    grown[4] = (unsigned char)((size + 2) >> 8);
    grown[5] = (unsigned char)(size + 2);
    memcpy(grown + 6, data, size);
    memcpy(grown + 6 + size, file->data + 2, file->size - 2);
    free(file->data);
    file->data = grown;
    file->size += size + 4;
}

#endif
