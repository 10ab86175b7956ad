/* SPDX-License-Identifier: Apache-2.0
 *
 * The EXIF orientation of a JPEG and of a bare TIFF block.
 */
#include "fuzz.h"

#include "image/jpeg_markers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int jpeg = (int)plumb_exif_orientation(data, size);
    int tiff = (int)plumb_tiff_orientation(data, size);
    FUZZ_REQUIRE(jpeg >= 1 && jpeg <= 8);
    FUZZ_REQUIRE(tiff >= 1 && tiff <= 8);
    size_t position = 0, before = 0;
    plumb_jpeg_segment segment;
    while (plumb_jpeg_next_segment(data, size, &position, &segment)) {
        FUZZ_REQUIRE(position > before && position <= size);
        FUZZ_REQUIRE(segment.data >= data && segment.data + segment.size <= data + size);
        before = position;
    }
    return 0;
}
