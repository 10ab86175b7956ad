/* SPDX-License-Identifier: Apache-2.0 */
#include "camera.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#define JPEG_QUALITY 92

uint8_t *camera_turn(const uint8_t *upright, plumb_size size, plumb_orientation orientation,
                     plumb_size *buffer)
{
    bool swaps = plumb_orientation_swaps(orientation);
    *buffer = swaps ? (plumb_size){ size.height, size.width } : size;
    plumb_mapping_spec spec = PLUMB_MAPPING_SPEC_INIT;
    plumb_mapping mapping;
    plumb_affine turn;
    spec.input = size;
    spec.mode = PLUMB_CROP_SCALE_FILL;
    if (plumb_mapping_make(&spec, *buffer, orientation, NULL, &mapping, NULL) != PLUMB_OK ||
        plumb_mapping_affine(&mapping, PLUMB_SPACE_BUFFER, PLUMB_SPACE_UPRIGHT, &turn) != PLUMB_OK)
        return NULL;
    uint8_t *turned = malloc(3 * (size_t)size.width * (size_t)size.height);
    for (int y = 0; turned && y < buffer->height; y++) {
        for (int x = 0; x < buffer->width; x++) {
            plumb_point from = plumb_affine_point(&turn, (plumb_point){ x + 0.5, y + 0.5 });
            size_t pixel = (size_t)from.y * (size_t)size.width + (size_t)from.x;
            memcpy(turned + 3 * ((size_t)y * (size_t)buffer->width + (size_t)x),
                   upright + 3 * pixel, 3);
        }
    }
    return turned;
}

static FILE *create(const char *stem, const char *ending)
{
    char path[4096];
    int length = snprintf(path, sizeof(path), "%s%s", stem, ending);
    FILE *file = length < (int)sizeof(path) ? fopen(path, "wb") : NULL;
    if (!file)
        fprintf(stderr, "%s%s: %s\n", stem, ending, strerror(errno));
    return file;
}

static bool finish(FILE *file, const char *stem)
{
    bool failed = ferror(file) != 0;
    if (fclose(file) != 0 || failed) {
        fprintf(stderr, "%s: could not be written\n", stem);
        return false;
    }
    return true;
}

/* An EXIF block with one entry, little-endian: tag 0x0112, type SHORT, count 1. */
static void write_exif(struct jpeg_compress_struct *jpeg, plumb_orientation orientation)
{
    uint8_t exif[] = { 'E', 'x', 'i',  'f',  0, 0, 'I', 'I', 42, 0, 8, 0, 0, 0, /* first IFD at 8 */
                       1,   0,   0x12, 0x01, 3, 0, 1,   0,   0,  0, 0, 0, 0, 0, /* its one entry */
                       0,   0,   0,    0 };
    exif[24] = (uint8_t)orientation;
    jpeg_write_marker(jpeg, JPEG_APP0 + 1, exif, sizeof(exif));
}

bool camera_write_jpeg(const char *stem, const uint8_t *rgb, plumb_size size,
                       plumb_orientation orientation)
{
    FILE *file = create(stem, ".jpg");
    if (!file)
        return false;
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr error;
    jpeg.err = jpeg_std_error(&error);
    jpeg_create_compress(&jpeg);
    jpeg_stdio_dest(&jpeg, file);
    jpeg.image_width = (JDIMENSION)size.width;
    jpeg.image_height = (JDIMENSION)size.height;
    jpeg.input_components = 3;
    jpeg.in_color_space = JCS_RGB;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, JPEG_QUALITY, TRUE);
    jpeg.dct_method = JDCT_ISLOW;
    jpeg_start_compress(&jpeg, TRUE);
    write_exif(&jpeg, orientation);
    while (jpeg.next_scanline < jpeg.image_height) {
        JSAMPROW row = (JSAMPROW)(rgb + 3 * (size_t)jpeg.next_scanline * (size_t)size.width);
        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    return finish(file, stem);
}

static double luma(const uint8_t *p)
{
    return 0.2126 * p[0] + 0.7152 * p[1] + 0.0722 * p[2];
}

static void write_luma(FILE *file, const uint8_t *rgb, plumb_size size)
{
    size_t count = (size_t)size.width * (size_t)size.height;
    for (size_t i = 0; i < count; i++)
        fputc((int)(16.5 + luma(rgb + 3 * i) * 219.0 / 255.0), file);
}

/* One pair of chroma samples for a block of two by two pixels; width and height are even. */
static void write_chroma(FILE *file, const uint8_t *rgb, plumb_size size)
{
    size_t row = 3 * (size_t)size.width;
    for (int y = 0; y < size.height; y += 2) {
        for (int x = 0; x < size.width; x += 2) {
            const uint8_t *block = rgb + (size_t)y * row + 3 * (size_t)x;
            double u = 0, v = 0;
            for (int i = 0; i < 4; i++) {
                const uint8_t *p = block + (size_t)(i / 2) * row + 3 * (size_t)(i % 2);
                u += (p[2] - luma(p)) / 1.8556;
                v += (p[0] - luma(p)) / 1.5748;
            }
            fputc((int)(128.5 + u / 4 * 224.0 / 255.0), file);
            fputc((int)(128.5 + v / 4 * 224.0 / 255.0), file);
        }
    }
}

bool camera_write_nv12(const char *stem, const uint8_t *rgb, plumb_size size,
                       plumb_orientation orientation)
{
    FILE *planes = create(stem, ".nv12");
    if (!planes)
        return false;
    write_luma(planes, rgb, size);
    write_chroma(planes, rgb, size);
    if (!finish(planes, stem))
        return false;

    FILE *description = create(stem, ".frame.json");
    if (!description)
        return false;
    const char *slash = strrchr(stem, '/');
    const char *name = slash ? slash + 1 : stem;
    int chroma = size.width * size.height;
    fprintf(description,
            "{\n  \"format\": \"nv12\", \"width\": %d, \"height\": %d,\n"
            "  \"matrix\": \"bt709\", \"range\": \"limited\", \"orientation\": %d,\n"
            "  \"planes\": [\n"
            "    { \"file\": \"%s.nv12\", \"offset\": 0, \"row_stride\": %d },\n"
            "    { \"file\": \"%s.nv12\", \"offset\": %d, \"row_stride\": %d }\n  ]\n}\n",
            size.width, size.height, (int)orientation, name, size.width, name, chroma, size.width);
    return finish(description, stem);
}
