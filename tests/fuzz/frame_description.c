/* SPDX-License-Identifier: Apache-2.0
 *
 * Descriptions of raw frames: what is accepted names a format, its planes and their files.
 */
#include "fuzz.h"

#include "plumbline/card.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    plumb_frame_description *description = NULL;
    plumb_frame frame = PLUMB_FRAME_INIT;
    plumb_plane_source sources[3];
    size_t count = 0;
    plumb_diag diag = { 0 };
    plumb_status status = plumb_frame_description_parse(
        NULL, (const char *)data, size, &description, &frame, sources, &count, &diag);
    if (status != PLUMB_OK) {
        FUZZ_REQUIRE(!description && diag.status == status && diag.message[0]);
        return 0;
    }
    int planes = plumb_pixel_format_planes(frame.format);
    FUZZ_REQUIRE(planes >= 1 && (count == 1 || count == (size_t)planes));
    for (size_t i = 0; i < count; i++)
        FUZZ_REQUIRE(sources[i].file && !frame.planes[i].data);
    static uint8_t pixels[4096];
    plumb_frame view = frame;
    (void)!plumb_frame_from_buffer(&view, pixels, sizeof(pixels), frame.planes[0].row_stride, NULL);
    (void)!plumb_frame_validate(&view, NULL);
    plumb_frame_description_destroy(&description);
    FUZZ_REQUIRE(!description);
    return 0;
}
