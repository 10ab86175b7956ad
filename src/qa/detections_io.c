/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/detections_io.h"

#include <stdlib.h>
#include <string.h>

void qa_frame_release(qa_frame *frame)
{
    qa_pool_release(&frame->pool);
    memset(frame, 0, sizeof(*frame));
}

void qa_frames_release(qa_frames *frames)
{
    for (size_t i = 0; i < frames->count; i++)
        qa_frame_release(&frames->items[i]);
    free(frames->items);
    memset(frames, 0, sizeof(*frames));
}
