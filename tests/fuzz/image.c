/* SPDX-License-Identifier: Apache-2.0
 *
 * Probe and decode of JPEG, PNG and BMP. A decoder that has failed must go on working, and what
 * probe says must be what decode gives. A JPEG that a session takes apart while it is decoded gives
 * the tensor of the whole picture, or both give an error; at half size it does so twice.
 */
#include "fuzz.h"

#include "fake_detector.h"
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

/* Made once: a session that met any file goes on working. */
static plumb_session *session_for(plumb_jpeg_decoding jpeg)
{
    static plumb_pipeline *pipelines[2];
    static plumb_session *sessions[2];
    int half = jpeg == PLUMB_JPEG_HALF_DCT;
    if (sessions[half])
        return sessions[half];
    plumb_pipeline_spec spec = fake_spec(); /* a crop, and rows that are passed over */
    spec.preprocess.mapping.input = (plumb_size){ 7, 5 };
    spec.preprocess.mapping.mode = PLUMB_CROP_CENTER;
    spec.preprocess.mapping.rule = PLUMB_RULE_TF_CENTRAL;
    spec.preprocess.jpeg = jpeg;
    FUZZ_REQUIRE(plumb_pipeline_create(NULL, &spec, &pipelines[half], NULL) == PLUMB_OK);
    FUZZ_REQUIRE(plumb_session_create(pipelines[half], NULL, &sessions[half], NULL) == PLUMB_OK);
    return sessions[half];
}

/* Sum of the tensor; 0 and `*failed` where there is none. */
static uint64_t tensor_of(plumb_session *session, const plumb_frame *frame, bool *failed)
{
    plumb_result result;
    *failed = plumb_session_preprocess(session, frame, &result, NULL) != PLUMB_OK;
    return *failed ? 0 : fuzz_read_all(result.tensor->data, result.tensor->size);
}

static void stream(const uint8_t *data, size_t size)
{
    plumb_image_info info = { 0 };
    if (plumb_image_probe(data, size, &info, NULL) != PLUMB_OK ||
        (int64_t)info.width * info.height > MAX_PIXELS)
        return;
    plumb_frame jpeg = PLUMB_FRAME_INIT, whole = PLUMB_FRAME_INIT;
    jpeg.format = PLUMB_FORMAT_JPEG;
    jpeg.planes[0].data = data;
    jpeg.planes[0].size = size;
    plumb_image_decoder *decoder = NULL;
    FUZZ_REQUIRE(plumb_image_decoder_create(NULL, &decoder, NULL) == PLUMB_OK);
    bool decoded = plumb_image_decode(decoder, data, size, &whole, NULL) == PLUMB_OK;
    for (int half = 0; half < 2; half++) {
        plumb_session *session =
            session_for(half ? PLUMB_JPEG_HALF_DCT : PLUMB_JPEG_TURBO_ISLOW_FANCY);
        bool failed[2], refused = false;
        uint64_t one = tensor_of(session, &jpeg, &failed[0]);
        uint64_t two = tensor_of(session, &jpeg, &failed[1]), three = 0;
        FUZZ_REQUIRE(one == two && failed[0] == failed[1]);
        if (decoded)
            three = tensor_of(session, &whole, &refused);
        FUZZ_REQUIRE(failed[0] == (!decoded || refused));
        FUZZ_REQUIRE(half || one == three);
    }
    plumb_image_decoder_destroy(&decoder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    decode_twice(data, size);
    if (plumb_image_sniff(data, size) == PLUMB_IMAGE_JPEG)
        stream(data, size);
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
