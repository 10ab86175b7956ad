/* SPDX-License-Identifier: Apache-2.0
 *
 * Class values and normalized centre boxes in two tensors: the DETR family and Core ML. Sources:
 * RT-DETR rtdetr_postprocessor.py, coremltools NonMaximumSuppression.proto.
 */
#include "heads/families.h"

#include "base/diag.h"

static plumb_status compile_coreml(plumb_head *head, plumb_diag *diag)
{
    (void)diag;
    plumb_head_set_units(head, PLUMB_UNITS_NORMALIZED);
    return PLUMB_OK;
}

/* The two kinds differ in what a row means, and the shapes do not tell. */
static plumb_status compile_detr(plumb_head *head, plumb_diag *diag)
{
    if (head->spec.activation == PLUMB_ACTIVATION_UNSET)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "head.activation",
                          "is missing: softmax for DETR, sigmoid for RT-DETR and later ones");
    plumb_head_set_units(head, PLUMB_UNITS_NORMALIZED);
    plumb_status status = plumb_head_set_activation(head, PLUMB_ACTIVATION_NONE, true, diag);
    head->multi_label = head->activation != PLUMB_ACTIVATION_SOFTMAX;
    if (head->spec.background >= 0)
        head->background = head->spec.background;
    return status;
}

static plumb_status bind(plumb_binding *binding, plumb_diag *diag)
{
    const plumb_head *head = binding->head;
    plumb_slice classes, boxes;
    plumb_block *block;
    plumb_status status = plumb_bind_slice(binding, 0, 2, "[N,C] class values", &classes, diag);
    if (!status)
        status = plumb_bind_slice(binding, 1, 2, "[N,4] boxes", &boxes, diag);
    if (status)
        return status;
    if (boxes.shape[1] != 4 || boxes.shape[0] != classes.shape[0])
        return plumb_bind_misfit(&boxes, "[N,4] boxes, N as the class values", diag);
    status = plumb_bind_block(binding, boxes.shape[0], &block, diag);
    if (!status)
        status = plumb_bind_classes(binding, &classes, classes.shape[1],
                                    "[N,C] with C of head.class_count", &block->classes, diag);
    if (status)
        return status;
    if (head->activation == PLUMB_ACTIVATION_SOFTMAX &&
        head->spec.background == PLUMB_BACKGROUND_DEFAULT)
        block->background = block->classes - 1;
    if (block->background >= 0 && block->classes < 2)
        return plumb_bind_misfit(&classes, "a class besides \"no object\"", diag);
    block->scores = plumb_slice_rows(&classes, false);
    block->boxes = plumb_slice_rows(&boxes, false);
    return PLUMB_OK;
}

const plumb_head_family plumb_family_coreml = {
    .least_outputs = 2,
    .most_outputs = 2,
    .may_be_empty = true,
    .compile = compile_coreml,
    .bind = bind,
    .format = PLUMB_BOX_CXCYWH,
};

const plumb_head_family plumb_family_detr = {
    .uses = PLUMB_USES_ACTIVATION | PLUMB_USES_BACKGROUND,
    .least_outputs = 2,
    .most_outputs = 2,
    .compile = compile_detr,
    .bind = bind,
    .format = PLUMB_BOX_CXCYWH,
};
