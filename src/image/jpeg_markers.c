/* SPDX-License-Identifier: Apache-2.0 */
#include "image/jpeg_markers.h"

#include "base/diag.h"

enum {
    MARKER_TEM = 0x01,
    MARKER_SOF0 = 0xc0,
    MARKER_DHT = 0xc4,
    MARKER_JPG = 0xc8,
    MARKER_DAC = 0xcc,
    MARKER_SOF15 = 0xcf,
    MARKER_RST0 = 0xd0,
    MARKER_SOI = 0xd8,
    MARKER_EOI = 0xd9,
    MARKER_SOS = 0xda,
};

static bool stands_alone(uint8_t marker)
{
    return marker == MARKER_TEM || (marker >= MARKER_RST0 && marker <= MARKER_SOI);
}

bool plumb_jpeg_next_segment(const uint8_t *data, size_t size, size_t *position,
                             plumb_jpeg_segment *segment)
{
    size_t at = *position;
    if (at == 0) {
        if (!data || size < 2 || data[0] != 0xff || data[1] != MARKER_SOI)
            return false;
        at = 2;
    }
    for (;;) {
        /* Bytes between segments are skipped, and 0xff may be repeated. */
        while (at < size && data[at] != 0xff)
            at++;
        while (at < size && data[at] == 0xff)
            at++;
        if (at >= size)
            return false;
        uint8_t marker = data[at++];
        if (marker == 0 || stands_alone(marker))
            continue;
        if (marker == MARKER_EOI || marker == MARKER_SOS || size - at < 2)
            return false;
        size_t length = (size_t)data[at] << 8 | data[at + 1];
        if (length < 2 || length > size - at)
            return false;
        segment->marker = marker;
        segment->data = data + at + 2;
        segment->size = length - 2;
        *position = at + length;
        return true;
    }
}

static bool is_frame_header(uint8_t marker)
{
    return marker >= MARKER_SOF0 && marker <= MARKER_SOF15 && marker != MARKER_DHT &&
           marker != MARKER_JPG && marker != MARKER_DAC;
}

plumb_status plumb_jpeg_probe(const uint8_t *data, size_t size, plumb_image_info *info,
                              plumb_diag *diag)
{
    size_t position = 0;
    plumb_jpeg_segment segment;
    do {
        if (!plumb_jpeg_next_segment(data, size, &position, &segment))
            return plumb_fail(diag, PLUMB_E_TRUNCATED, "", "no whole JPEG frame header before %s",
                              position < size ? "the first scan" : "the end");
    } while (!is_frame_header(segment.marker));
    if (segment.size < 6)
        return plumb_fail(diag, PLUMB_E_CORRUPT, "", "a JPEG frame header of %zu bytes",
                          segment.size);
    const uint8_t *header = segment.data;
    int components = header[5];
    if (header[0] != 8)
        return plumb_fail(diag, PLUMB_E_UNSUPPORTED, "precision",
                          "JPEG samples of %d bits; 8 are supported", header[0]);
    if (components != 1 && components != 3 && components != 4)
        return plumb_fail(diag, PLUMB_E_UNSUPPORTED, "components",
                          "a JPEG of %d components; expected 1, 3 or 4", components);
    *info = (plumb_image_info){
        .format = PLUMB_IMAGE_JPEG,
        .width = header[3] << 8 | header[4],
        .height = header[1] << 8 | header[2],
        .orientation = plumb_exif_orientation(data, size),
        .components = components,
    };
    return PLUMB_OK;
}
