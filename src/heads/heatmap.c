/* SPDX-License-Identifier: Apache-2.0
 *
 * Heads that mark cells of a map: CenterNet, whose peaks are the detections, and FOMO, whose
 * neighbouring cells are one object. Sources: CenterNet src/lib/models/decode.py; Edge Impulse
 * "FOMO: object detection for constrained devices".
 */
#include "heads/families.h"

#include <string.h>

#include "base/diag.h"
#include "geometry/ledger.h"

static plumb_status compile_map(plumb_head *head, int32_t stride, bool softmax, plumb_diag *diag)
{
    if (head->spec.stride_count > 1)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "head.strides", "%zu of them, one is expected",
                          head->spec.stride_count);
    plumb_head_set_scales(head, &stride, 1, 1);
    return plumb_head_set_activation(head, PLUMB_ACTIVATION_NONE, softmax, diag);
}

/* --- CenterNet --- */

static plumb_status compile_centernet(plumb_head *head, plumb_diag *diag)
{
    head->multi_label = true;
    return compile_map(head, 4, false, diag);
}

static plumb_status bind_pair_map(plumb_binding *binding, size_t position, const char *expected,
                                  plumb_matrix *matrix, plumb_diag *diag)
{
    plumb_slice slice;
    int64_t values = 0;
    plumb_status status = plumb_bind_slice(binding, position, 3, expected, &slice, diag);
    if (!status)
        status = plumb_bind_cells(binding, &slice, &binding->head->scales[0], 2, expected, matrix,
                                  &values, diag);
    if (!status && values != 2)
        status = plumb_bind_misfit(&slice, expected, diag);
    return status;
}

static plumb_status bind_centernet(plumb_binding *binding, plumb_diag *diag)
{
    static const char shape[] = "[C,H,W] of head.strides";
    const plumb_scale *scale = &binding->head->scales[0];
    plumb_slice slice;
    plumb_block *block;
    int64_t values = 0;
    plumb_status status =
        plumb_bind_block(binding, (int64_t)scale->width * scale->height, &block, diag);
    if (!status)
        status = plumb_bind_slice(binding, 0, 3, shape, &slice, diag);
    if (!status)
        status = plumb_bind_cells(binding, &slice, scale, 1, shape, &block->scores, &values, diag);
    if (!status)
        status = plumb_bind_classes(binding, &slice, values, shape, &block->classes, diag);
    if (!status)
        status = bind_pair_map(binding, 1, "[2,H,W] sizes", &block->boxes, diag);
    if (!status && plumb_bind_has(binding, 2))
        status = bind_pair_map(binding, 2, "[2,H,W] offsets", &block->extra, diag);
    return status;
}

/* No neighbour of the same class is greater: equal to its own 3x3 maximum. */
static bool is_peak(const plumb_binding *binding, const plumb_block *block, int64_t row,
                    int32_t column, float value)
{
    const plumb_scale *scale = &binding->head->scales[0];
    int64_t x = row % scale->width, y = row / scale->width;
    for (int64_t j = y > 0 ? y - 1 : 0; j <= y + 1 && j < scale->height; j++)
        for (int64_t i = x > 0 ? x - 1 : 0; i <= x + 1 && i < scale->width; i++)
            if (plumb_matrix_at(&block->scores, j * scale->width + i, column) > value)
                return false;
    return true;
}

static plumb_box box_centernet(const plumb_binding *binding, const plumb_block *block, int64_t row)
{
    const plumb_scale *scale = &binding->head->scales[0];
    double offset[2] = { 0.5, 0.5 };
    if (block->extra.data)
        for (int i = 0; i < 2; i++)
            offset[i] = plumb_matrix_at(&block->extra, row, i);
    double x = (double)(row % scale->width) + offset[0];
    double y = (double)(row / scale->width) + offset[1];
    return plumb_box_centered(x * scale->stride, y * scale->stride,
                              (double)plumb_matrix_at(&block->boxes, row, 0) * scale->stride,
                              (double)plumb_matrix_at(&block->boxes, row, 1) * scale->stride);
}

/* --- FOMO --- */

static plumb_status compile_fomo(plumb_head *head, plumb_diag *diag)
{
    head->background =
        head->spec.background == PLUMB_BACKGROUND_DEFAULT ? 0 : head->spec.background;
    return compile_map(head, 8, true, diag);
}

static plumb_status bind_fomo(plumb_binding *binding, plumb_diag *diag)
{
    static const char shape[] = "[H,W,1+C] of head.strides";
    const plumb_scale *scale = &binding->head->scales[0];
    plumb_slice slice;
    plumb_block *block;
    plumb_status status = plumb_bind_slice(binding, 0, 3, shape, &slice, diag);
    if (status)
        return status;
    int64_t columns = slice.shape[2];
    if (slice.shape[0] != scale->height || slice.shape[1] != scale->width ||
        columns < (binding->head->background == 0 ? 2 : 1))
        return plumb_bind_misfit(&slice, shape, diag);
    if (binding->head->spec.class_count > 0 && columns != binding->head->spec.class_count + 1)
        return plumb_bind_misfit(&slice, shape, diag);
    status = plumb_bind_block(binding, (int64_t)scale->width * scale->height, &block, diag);
    if (status)
        return status;
    if (columns > PLUMB_MAX_CLASSES)
        return plumb_bind_misfit(&slice, shape, diag);
    block->scores = plumb_slice_cells(&slice, true);
    block->classes = (int32_t)columns;
    return PLUMB_OK;
}

static plumb_box box_fomo(const plumb_binding *binding, const plumb_block *block, int64_t row)
{
    const plumb_scale *scale = &binding->head->scales[0];
    (void)block;
    double x = (double)(row % scale->width), y = (double)(row / scale->width);
    plumb_box box = { (float)(x * scale->stride), (float)(y * scale->stride),
                      (float)((x + 1) * scale->stride), (float)((y + 1) * scale->stride) };
    return box;
}

/* The index of the cell at `row` among items sorted by row; `count` where there is none. */
static size_t find_row(const plumb_detection *items, size_t count, int64_t row)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (items[middle].row < row)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && items[low].row == row ? low : count;
}

/* The cells of one object form a tree while they are merged: regions[0] of a cell is its parent.
 * Regions come after the decoder, which leaves the field zero. */
static size_t root_of(plumb_detection *items, size_t index)
{
    while (items[index].regions[0] != index) {
        items[index].regions[0] = items[items[index].regions[0]].regions[0];
        index = (size_t)items[index].regions[0];
    }
    return index;
}

static void join(plumb_detection *items, size_t a, size_t b)
{
    a = root_of(items, a);
    b = root_of(items, b);
    if (a < b)
        items[b].regions[0] = a;
    else
        items[a].regions[0] = b;
}

static void sort_by_row(plumb_detection *items, size_t count)
{
    for (size_t gap = count / 2; gap > 0; gap /= 2) /* Shell's: the list is nearly sorted */
        for (size_t i = gap; i < count; i++) {
            plumb_detection moving = items[i];
            size_t hole = i;
            for (; hole >= gap && items[hole - gap].row > moving.row; hole -= gap)
                items[hole] = items[hole - gap];
            items[hole] = moving;
        }
}

static void join_neighbours(const plumb_scale *scale, plumb_detection *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int64_t row = items[i].row, x = row % scale->width;
        /* Those before it in the order of rows: left, and the three above. */
        const int64_t steps[4] = { -1, -scale->width - 1, -scale->width, -scale->width + 1 };
        for (int n = 0; n < 4; n++) {
            bool outside = (x == 0 && (n == 0 || n == 1)) || (x == scale->width - 1 && n == 3);
            size_t other = outside ? count : find_row(items, i, row + steps[n]);
            if (!outside && other < i && items[other].class_id == items[i].class_id)
                join(items, i, other);
        }
    }
}

static void grow(plumb_box *box, const plumb_box *part)
{
    if (part->x0 < box->x0)
        box->x0 = part->x0;
    if (part->y0 < box->y0)
        box->y0 = part->y0;
    if (part->x1 > box->x1)
        box->x1 = part->x1;
    if (part->y1 > box->y1)
        box->y1 = part->y1;
}

/* Cells of one class that touch, at a side or a corner, are one object: the box around them, with
 * the score and the row of the best cell. */
static void merge_cells(const plumb_head *head, plumb_detections *list, plumb_ledger *ledger)
{
    plumb_detection *items = list->items;
    sort_by_row(items, list->count);
    for (size_t i = 0; i < list->count; i++)
        items[i].regions[0] = i;
    join_neighbours(&head->scales[0], items, list->count);
    /* A root has the smallest index of its tree. First the winners, then the boxes: a drop is
     * reported with the row that won. regions[1] of a root is its best cell. */
    for (size_t i = 0; i < list->count; i++) {
        size_t root = root_of(items, i);
        if (root == i)
            items[i].regions[1] = i;
        else if (items[i].score > items[items[root].regions[1]].score)
            items[root].regions[1] = i;
    }
    for (size_t i = 0; i < list->count; i++) {
        size_t best = (size_t)items[root_of(items, i)].regions[1];
        if (best == i)
            continue;
        plumb_ledger_drop(ledger, PLUMB_FATE_MERGED, &items[i], items[best].row, list->space);
        grow(&items[best].box, &items[i].box);
    }
    for (size_t i = 0; i < list->count; i++)
        items[i].regions[2] = items[root_of(items, i)].regions[1] == i;
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (!items[i].regions[2])
            continue;
        items[kept] = items[i];
        memset(items[kept].regions, 0, sizeof(items[kept].regions));
        kept++;
    }
    list->count = kept;
}

const plumb_head_family plumb_family_centernet = {
    .uses = PLUMB_USES_LAYOUT | PLUMB_USES_ACTIVATION | PLUMB_USES_STRIDES,
    .least_outputs = 2,
    .most_outputs = 3,
    .compile = compile_centernet,
    .bind = bind_centernet,
    .box = box_centernet,
    .admits = is_peak,
};

const plumb_head_family plumb_family_fomo = {
    .uses = PLUMB_USES_ACTIVATION | PLUMB_USES_BACKGROUND | PLUMB_USES_STRIDES,
    .least_outputs = 1,
    .most_outputs = 1,
    .compile = compile_fomo,
    .bind = bind_fomo,
    .box = box_fomo,
    .finish = merge_cells,
};
