/* SPDX-License-Identifier: Apache-2.0 */
#include "plumbline/postprocess.h"

#include "geometry/ledger.h"

static void sift_down(plumb_detection *items, size_t root, size_t count)
{
    plumb_detection item = items[root];
    for (;;) {
        size_t child = 2 * root + 1;
        if (child >= count)
            break;
        if (child + 1 < count && plumb_detection_order(&items[child], &items[child + 1]) < 0)
            child++;
        if (plumb_detection_order(&item, &items[child]) >= 0)
            break;
        items[root] = items[child];
        root = child;
    }
    items[root] = item;
}

static bool is_ordered(const plumb_detections *list)
{
    for (size_t i = 1; i < list->count; i++)
        if (plumb_detection_order(&list->items[i - 1], &list->items[i]) > 0)
            return false;
    return true;
}

/* A heap sort: in place and never slow. Lists mostly come in order already. */
void plumb_detections_keep_best(plumb_detections *list, size_t limit, plumb_fate fate,
                                plumb_ledger *ledger)
{
    plumb_detection *items = list->items;
    if (!is_ordered(list)) {
        for (size_t i = list->count / 2; i-- > 0;)
            sift_down(items, i, list->count);
        for (size_t end = list->count; end-- > 1;) {
            plumb_detection worst = items[0];
            items[0] = items[end];
            items[end] = worst;
            sift_down(items, 0, end);
        }
    }
    for (size_t i = limit; i < list->count; i++)
        plumb_ledger_drop(ledger, fate, &items[i], -1, list->space);
    if (list->count > limit)
        list->count = limit;
}
