/* SPDX-License-Identifier: Apache-2.0
 *
 * Probe and decode of JPEG, PNG and BMP. A decoder that has failed must go on working, and what
 * probe says must be what decode gives.
 */
#include "fuzz.h"

#include "make_bitmap.h"
#include "plumbline/image.h"

/* The pixels a fuzzer may ask for; the library's own limit would make it crawl. */
#define MAX_PIXELS (1 << 20)

/* Checksums that fit, or no mutation would get behind them. */
static void repair_png(uint8_t *data, size_t size)
{
    for (size_t at = 8; at < size && size - at >= 12;) {
        size_t length =
            (size_t)data[at] << 24 | data[at + 1] << 16 | data[at + 2] << 8 | data[at + 3];
        if (length > size - at - 12)
            return;
        uint32_t crc = crc_32(data + at + 4, length + 4);
        for (int i = 0; i < 4; i++)
            data[at + 8 + length + (size_t)i] = (uint8_t)(crc >> (24 - 8 * i));
        at += length + 12;
    }
}

static void decode_twice(const uint8_t *data, size_t size)
{
    plumb_image_info info = { 0 };
    plumb_diag diag = { 0 };
    plumb_status probed = plumb_image_probe(data, size, &info, &diag);
    FUZZ_REQUIRE(probed == PLUMB_OK || diag.status == probed);
    if (probed != PLUMB_OK && plumb_image_sniff(data, size) == PLUMB_IMAGE_UNKNOWN)
        return;
    if (probed == PLUMB_OK && (int64_t)info.width * info.height > MAX_PIXELS)
        return;
    plumb_image_decoder *decoder = NULL;
    FUZZ_REQUIRE(plumb_image_decoder_create(NULL, &decoder, NULL) == PLUMB_OK);
    uint64_t sums[2] = { 0, 0 };
    for (int i = 0; i < 2; i++) {
        plumb_frame frame = PLUMB_FRAME_INIT;
        plumb_status status = plumb_image_decode(decoder, data, size, &frame, &diag);
        FUZZ_REQUIRE(status == PLUMB_OK || diag.status == status);
        if (status != PLUMB_OK) {
            FUZZ_REQUIRE(frame.format == PLUMB_FORMAT_UNSET);
            continue;
        }
        FUZZ_REQUIRE(probed == PLUMB_OK);
        FUZZ_REQUIRE(frame.width == info.width && frame.height == info.height);
        FUZZ_REQUIRE(frame.orientation == info.orientation);
        FUZZ_REQUIRE((frame.format == PLUMB_FORMAT_GRAY8) == (info.components == 1));
        FUZZ_REQUIRE(plumb_frame_validate(&frame, NULL) == PLUMB_OK);
        sums[i] = fuzz_read_all(frame.planes[0].data, frame.planes[0].size);
    }
    FUZZ_REQUIRE(sums[0] == sums[1]);
    plumb_image_decoder_destroy(&decoder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    decode_twice(data, size);
    if (plumb_image_sniff(data, size) == PLUMB_IMAGE_PNG) {
        uint8_t *copy = malloc(size);
        FUZZ_REQUIRE(copy);
        memcpy(copy, data, size);
        repair_png(copy, size);
        decode_twice(copy, size);
        free(copy);
    }
    return 0;
}
