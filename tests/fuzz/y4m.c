/* SPDX-License-Identifier: Apache-2.0
 *
 * The text lines of a Y4M clip, and the frames behind them as views.
 */
#include "fuzz.h"

#include "plumbline/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    plumb_y4m_info info = { 0 };
    plumb_diag diag = { 0 };
    size_t at = 0, consumed = 0;
    plumb_status status = plumb_y4m_parse_header(data, size, &info, &consumed, &diag);
    if (status != PLUMB_OK) {
        FUZZ_REQUIRE(diag.status == status);
        return 0;
    }
    FUZZ_REQUIRE(consumed > 0 && consumed <= size && data[consumed - 1] == '\n');
    FUZZ_REQUIRE(info.width >= 1 && info.height >= 1 && info.frame_size > 0);
    for (at = consumed; plumb_y4m_parse_frame(data + at, size - at, &consumed, NULL) == PLUMB_OK;) {
        FUZZ_REQUIRE(consumed > 0 && consumed <= size - at);
        at += consumed;
        plumb_frame frame = PLUMB_FRAME_INIT;
        frame.format = info.format;
        frame.width = info.width;
        frame.height = info.height;
        frame.matrix = info.matrix;
        frame.range = info.range;
        status = plumb_frame_from_buffer(&frame, data + at, size - at, 0, NULL);
        FUZZ_REQUIRE((status == PLUMB_OK) == (size - at >= info.frame_size));
        if (status != PLUMB_OK)
            break;
        FUZZ_REQUIRE(plumb_frame_validate(&frame, NULL) == PLUMB_OK);
        for (int i = 0; i < plumb_pixel_format_planes(frame.format); i++)
            (void)fuzz_read_all(frame.planes[i].data, frame.planes[i].size);
        at += info.frame_size;
    }
    return 0;
}
