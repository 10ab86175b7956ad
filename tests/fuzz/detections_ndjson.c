/* SPDX-License-Identifier: Apache-2.0
 *
 * Lines of detections: what can be read is written and read again without a change.
 */
#include "fuzz.h"

#include "qa/detections_io.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    qa_frame frame = { 0 }, again = { 0 };
    qa_text first = { 0 }, second = { 0 };
    plumb_diag diag = { 0 };
    plumb_status status = qa_parse_ndjson((const char *)data, size, 7, &frame, &diag);
    FUZZ_REQUIRE(status == PLUMB_OK || diag.status == status);
    if (status == PLUMB_OK) {
        qa_write_ndjson(&first, &frame);
        FUZZ_REQUIRE(!first.failed && first.size > 0 && first.data[first.size - 1] == '\n');
        status = qa_parse_ndjson(first.data, first.size - 1, 1, &again, &diag);
        if (status != PLUMB_OK)
            (void)fprintf(stderr, "%s: %s\n%s", diag.field, diag.message, first.data);
        FUZZ_REQUIRE(status == PLUMB_OK);
        qa_write_ndjson(&second, &again);
        FUZZ_REQUIRE(first.size == second.size && memcmp(first.data, second.data, first.size) == 0);
        qa_write_table(&second, &frame);
        FUZZ_REQUIRE(!second.failed);
    }
    qa_frame_release(&frame);
    qa_frame_release(&again);
    qa_text_release(&first);
    qa_text_release(&second);
    return 0;
}
