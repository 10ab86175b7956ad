/* SPDX-License-Identifier: Apache-2.0 */
#include "heads/sink.h"

#include "geometry/ledger.h"

/* Does a come after b? The last of all is on top. */
static bool worse(const plumb_detection *a, const plumb_detection *b)
{
    return plumb_detection_order(a, b) > 0;
}

static void sift_down(plumb_detection *items, size_t count, size_t hole)
{
    plumb_detection moving = items[hole];
    for (size_t child = 2 * hole + 1; child < count; child = 2 * hole + 1) {
        if (child + 1 < count && worse(&items[child + 1], &items[child]))
            child++;
        if (!worse(&items[child], &moving))
            break;
        items[hole] = items[child];
        hole = child;
    }
    items[hole] = moving;
}

bool plumb_sink_admit_full(plumb_sink *sink, plumb_detection *detection)
{
    plumb_detections *list = sink->list;
    detection->keypoints = -1;
    if (!sink->heap) {
        for (size_t i = list->count / 2; i > 0; i--)
            sift_down(list->items, list->count, i - 1);
        sink->heap = true;
    }
    if (list->count == 0 || !worse(&list->items[0], detection)) {
        plumb_ledger_drop(sink->ledger, PLUMB_FATE_CANDIDATES, detection, -1, list->space);
        return false;
    }
    plumb_ledger_drop(sink->ledger, PLUMB_FATE_CANDIDATES, &list->items[0], -1, list->space);
    detection->keypoints = list->items[0].keypoints;
    return true;
}

void plumb_sink_put_full(plumb_sink *sink, const plumb_detection *detection)
{
    plumb_detections *list = sink->list;
    list->items[0] = *detection;
    sift_down(list->items, list->count, 0);
}
