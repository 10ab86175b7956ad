/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/diag.h"
#include "qa/detections_io.h"

static bool touched(const plumb_detection *d, size_t region)
{
    return (d->regions[region / 64] >> (region % 64) & 1) != 0;
}

static bool copy_regions(const plumb_detection *d, const plumb_pipeline_spec *spec, qa_pool *pool,
                         qa_detection *item)
{
    size_t count = 0;
    for (size_t i = 0; i < spec->region_count && i < PLUMB_MAX_REGIONS; i++)
        count += touched(d, i);
    if (count == 0)
        return true;
    const char **names = qa_pool_take(pool, count, sizeof(*names));
    if (!names)
        return false;
    for (size_t i = 0; i < spec->region_count && i < PLUMB_MAX_REGIONS; i++)
        if (touched(d, i))
            names[item->region_count++] = spec->regions[i].name;
    item->regions = names;
    return true;
}

static bool copy_items(const plumb_detections *list, const plumb_card *card, qa_frame *frame)
{
    frame->items = qa_pool_take(&frame->pool, list->count, sizeof(*frame->items));
    if (!frame->items)
        return false;
    frame->count = list->count;
    for (size_t i = 0; i < list->count; i++) {
        const plumb_detection *d = &list->items[i];
        qa_detection *item = &frame->items[i];
        item->box = d->box;
        item->score = d->score;
        item->angle = d->angle;
        item->class_id = d->class_id;
        item->row = d->row;
        if (d->keypoints >= 0) {
            item->keypoints =
                list->keypoints + (size_t)d->keypoints * list->keypoints_per_detection;
            item->keypoint_count = list->keypoints_per_detection;
        }
        if (card) {
            item->label = plumb_card_label(card, d->class_id);
            if (!copy_regions(d, plumb_card_spec(card), &frame->pool, item))
                return false;
        }
    }
    return true;
}

/* A list of our own, since the session's is const and mapping changes it. */
static plumb_status copy_list(const plumb_detections *from, qa_pool *pool, plumb_detections *list,
                              plumb_diag *diag)
{
    *list = *from;
    list->capacity = from->count;
    list->items = qa_pool_take(pool, from->count, sizeof(*list->items));
    size_t points = from->keypoint_slots * from->keypoints_per_detection;
    list->keypoints = qa_pool_take(pool, points, sizeof(*list->keypoints));
    if (!list->items || !list->keypoints)
        return plumb_fail(diag, PLUMB_E_NOMEM, "detections", "no memory for %zu", from->count);
    if (from->count > 0)
        memcpy(list->items, from->items, from->count * sizeof(*list->items));
    if (points > 0)
        memcpy(list->keypoints, from->keypoints, points * sizeof(*list->keypoints));
    return PLUMB_OK;
}

plumb_status qa_frame_from_result(const plumb_result *result, const plumb_card *card,
                                  const char *name, plumb_space space, qa_frame *frame,
                                  plumb_diag *diag)
{
    qa_frame made = { 0 };
    plumb_detections list;
    plumb_status status = copy_list(result->detections, &made.pool, &list, diag);
    if (!status && list.space != space)
        status = plumb_detections_map(&list, result->mapping, list.space, space, diag);
    if (!status) {
        made.name = qa_pool_text(&made.pool, name);
        made.size = result->mapping->upright;
        made.orientation = result->mapping->orientation;
        made.space = space;
        made.has_angle = list.has_angle;
        if (!made.name || !copy_items(&list, card, &made))
            status = plumb_fail(diag, PLUMB_E_NOMEM, "detections", "no memory for %zu", list.count);
    }
    if (status)
        qa_frame_release(&made);
    *frame = made;
    return status;
}
