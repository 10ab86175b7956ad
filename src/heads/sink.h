/* SPDX-License-Identifier: Apache-2.0
 *
 * Where decoders put what passed. The invariant: the list holds the best `capacity` detections by
 * plumb_detection_order of all that were offered, whatever their order, and each of the others is
 * counted. Until the list is full it is in the order of the rows; then it is a heap with the worst
 * on top, O(log capacity) for each that enters.
 */
#ifndef PLUMB_HEADS_SINK_H
#define PLUMB_HEADS_SINK_H

#include "plumbline/detections.h"

typedef struct plumb_sink {
    plumb_detections *list;
    plumb_ledger *ledger; /* may be NULL */
    bool heap;
} plumb_sink;

/* Where to write the next detection: its place in the list while there is room, `elsewhere` when
 * there is not. What is not put is overwritten by the next. */
static inline plumb_detection *plumb_sink_place(const plumb_sink *sink, plumb_detection *elsewhere)
{
    plumb_detections *list = sink->list;
    return list->count < list->capacity ? &list->items[list->count] : elsewhere;
}

/* The two below when the list is full. */
bool plumb_sink_admit_full(plumb_sink *sink, plumb_detection *detection);
void plumb_sink_put_full(plumb_sink *sink, const plumb_detection *detection);

/* Would it enter? If not, it is counted. If so, a slot for its keypoints is in
 * detection->keypoints (-1 where the list has none), and plumb_sink_put must follow. */
static inline bool plumb_sink_admit(plumb_sink *sink, plumb_detection *detection)
{
    plumb_detections *list = sink->list;
    if (list->count == list->capacity)
        return plumb_sink_admit_full(sink, detection);
    detection->keypoints = -1;
    if (list->keypoints_per_detection > 0)
        detection->keypoints = (int32_t)list->keypoint_slots++;
    return true;
}

static inline void plumb_sink_put(plumb_sink *sink, const plumb_detection *detection)
{
    plumb_detections *list = sink->list;
    if (sink->heap) {
        plumb_sink_put_full(sink, detection);
        return;
    }
    if (detection != &list->items[list->count])
        list->items[list->count] = *detection;
    list->count++;
}

#endif
