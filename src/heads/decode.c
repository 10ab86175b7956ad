/* SPDX-License-Identifier: Apache-2.0 */
#include "heads/head.h"

#include "base/diag.h"

static plumb_status bind(const plumb_head *head, const plumb_outputs *outputs, size_t frame,
                         plumb_binding *binding, plumb_diag *diag)
{
    if (outputs->count > PLUMB_MAX_TENSORS)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "outputs", "%zu are more than %d", outputs->count,
                          PLUMB_MAX_TENSORS);
    binding->head = head;
    binding->outputs = outputs;
    binding->frame = frame;
    binding->batch = 0;
    binding->rows = 0;
    binding->block_count = 0;
    return head->family->bind(binding, diag);
}

static plumb_status check_threshold(const plumb_threshold *threshold, plumb_diag *diag)
{
    if (!(threshold->confidence >= 0.0f && threshold->confidence <= 1.0f))
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "postprocess.confidence", "%g is not in 0..1",
                          (double)threshold->confidence);
    for (size_t i = 0; threshold->per_class && i < threshold->per_class_count; i++)
        if (threshold->per_class[i] < 0.0f || threshold->per_class[i] > 1.0f)
            return plumb_fail_at(diag, PLUMB_E_ARGUMENT, "postprocess.confidence_per_class", i,
                                 NULL, "%g is not in 0..1", (double)threshold->per_class[i]);
    return PLUMB_OK;
}

static plumb_status check_list(const plumb_head *head, const plumb_detections *list,
                               plumb_diag *diag)
{
    if (list->capacity > 0 && !list->items)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "list.items", "is NULL");
    if (head->keypoint_count > 0 &&
        (list->keypoint_capacity < list->capacity || (list->capacity > 0 && !list->keypoints)))
        return plumb_fail(diag, PLUMB_E_CAPACITY, "list.keypoint_capacity",
                          "%zu slots of %zu keypoints, but %zu detections may need one",
                          list->keypoint_capacity, head->keypoint_count, list->capacity);
    return PLUMB_OK;
}

plumb_status plumb_head_decode(const plumb_head *head, const plumb_outputs *outputs, size_t frame,
                               const plumb_threshold *threshold, plumb_detections *list,
                               plumb_ledger *ledger, plumb_diag *diag)
{
    if (!list)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "list", "is NULL");
    list->count = 0;
    list->keypoint_slots = 0;
    if (!head || !outputs || !threshold)
        return plumb_fail(diag, PLUMB_E_ARGUMENT,
                          !head      ? "head"
                          : !outputs ? "outputs"
                                     : "threshold",
                          "is NULL");
    list->space = head->space;
    list->has_angle = head->has_angle;
    list->keypoints_per_detection = head->keypoint_count;
    plumb_status status = check_threshold(threshold, diag);
    if (!status)
        status = check_list(head, list, diag);
    plumb_binding binding;
    if (!status)
        status = bind(head, outputs, frame, &binding, diag);
    if (status)
        return status;
    plumb_scan(&binding, threshold, list, ledger);
    if (head->family->finish)
        head->family->finish(head, list, ledger);
    return PLUMB_OK;
}

plumb_status plumb_head_row(const plumb_head *head, const plumb_outputs *outputs, size_t frame,
                            int64_t row, plumb_detection *detection, plumb_diag *diag)
{
    if (!head || !outputs || !detection)
        return plumb_fail(diag, PLUMB_E_ARGUMENT,
                          !head      ? "head"
                          : !outputs ? "outputs"
                                     : "detection",
                          "is NULL");
    plumb_binding binding;
    plumb_status status = bind(head, outputs, frame, &binding, diag);
    if (status)
        return status;
    for (size_t i = 0; i < binding.block_count; i++) {
        const plumb_block *block = &binding.blocks[i];
        if (row < block->first_row || row >= block->first_row + block->rows)
            continue;
        plumb_scan_row(&binding, block, row - block->first_row, detection);
        return PLUMB_OK;
    }
    return plumb_fail(diag, PLUMB_E_ARGUMENT, "row", "%lld is not in 0..%lld", (long long)row,
                      (long long)binding.rows - 1);
}
