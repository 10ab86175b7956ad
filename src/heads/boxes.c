/* SPDX-License-Identifier: Apache-2.0
 *
 * Networks that give boxes already: one tensor with declared columns, or boxes, scores and labels
 * apart, as torchvision and many exports do.
 */
#include "heads/families.h"

#include "base/diag.h"

static bool is_one_tensor(const plumb_head_spec *spec)
{
    return spec->box_column >= 0 || spec->score_column >= 0 || spec->class_column >= 0;
}

static plumb_status check_columns(const plumb_head *head, plumb_diag *diag)
{
    const plumb_head_spec *spec = &head->spec;
    int32_t columns[] = { spec->box_column, spec->score_column, spec->class_column };
    static const char *const fields[] = { "head.columns.box", "head.columns.score",
                                          "head.columns.class" };
    for (int i = 0; i < 3; i++)
        if (columns[i] < -1 || columns[i] > PLUMB_MAX_CLASSES)
            return plumb_fail(diag, PLUMB_E_VALUE, fields[i], "%d is not -1..%d", (int)columns[i],
                              PLUMB_MAX_CLASSES);
    if (is_one_tensor(spec) && spec->box_column < 0)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, fields[0],
                          "is missing, but other columns are declared");
    if (is_one_tensor(spec) && spec->output_count > 1)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "head.outputs",
                          "columns are declared, so one output is expected");
    if (!is_one_tensor(spec) && spec->output_count == 1)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "head.columns.box",
                          "one output is named, so its columns are needed");
    return PLUMB_OK;
}

static plumb_status compile(plumb_head *head, plumb_diag *diag)
{
    plumb_head_spec *spec = &head->spec;
    if (spec->format < PLUMB_BOX_XYXY || spec->format > PLUMB_BOX_YXYX)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "head.format",
                          "is missing: xyxy, xywh, cxcywh or yxyx");
    if (spec->units == PLUMB_UNITS_UNSET)
        spec->units = PLUMB_UNITS_PIXELS;
    if (spec->origin == PLUMB_ORIGIN_UNSET)
        spec->origin = PLUMB_ORIGIN_TOP_LEFT;
    if (spec->space == 0)
        spec->space = PLUMB_SPACE_INPUT;
    bool lower = spec->origin == PLUMB_ORIGIN_LOWER_LEFT;
    if (spec->space == PLUMB_SPACE_INPUT) {
        plumb_head_set_units(head, PLUMB_UNITS_PIXELS);
    } else if (spec->space != PLUMB_SPACE_UPRIGHT) {
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "head.space",
                          "%s, but input or upright is expected", plumb_space_name(spec->space));
    } else if (spec->units == PLUMB_UNITS_NORMALIZED) {
        head->space = lower ? PLUMB_SPACE_VISION : PLUMB_SPACE_NORMALIZED;
    } else if (lower) {
        return plumb_fail(diag, PLUMB_E_UNSUPPORTED, "head.origin",
                          "pixels from the lower left of an image whose height is not known here; "
                          "give normalized boxes");
    } else {
        head->space = PLUMB_SPACE_UPRIGHT;
    }
    plumb_status status = check_columns(head, diag);
    if (status)
        return status;
    return plumb_head_set_activation(head, PLUMB_ACTIVATION_NONE, false, diag);
}

/* A column that does not exist: every element is the same 1 or 0. */
static plumb_matrix constant(const float *value)
{
    plumb_matrix matrix = { .data = (const unsigned char *)value,
                            .dtype = PLUMB_DTYPE_FLOAT32,
                            .width = INT64_MAX };
    return matrix;
}

static const float one = 1.0f;

static plumb_status bind_one(plumb_binding *binding, plumb_diag *diag)
{
    static const char shape[] = "[N,V] with all declared columns";
    const plumb_head_spec *spec = &binding->head->spec;
    plumb_slice slice;
    plumb_block *block;
    plumb_status status = plumb_bind_slice(binding, 0, 2, shape, &slice, diag);
    if (status)
        return status;
    bool channels = spec->layout == PLUMB_ROWS_CHANNELS;
    int64_t columns = slice.shape[channels ? 0 : 1];
    if (spec->box_column + 4 > columns || spec->score_column >= columns ||
        spec->class_column >= columns)
        return plumb_bind_misfit(&slice, shape, diag);
    status = plumb_bind_block(binding, slice.shape[channels ? 1 : 0], &block, diag);
    if (status)
        return status;
    plumb_matrix matrix = plumb_slice_rows(&slice, channels);
    block->boxes = plumb_matrix_from(&matrix, spec->box_column);
    block->scores =
        spec->score_column >= 0 ? plumb_matrix_from(&matrix, spec->score_column) : constant(&one);
    block->classes = 1;
    if (spec->class_column >= 0)
        block->labels = plumb_matrix_from(&matrix, spec->class_column);
    return PLUMB_OK;
}

/* [N] or [N,C], with a batch dimension where the boxes have one. */
static plumb_status bind_scores(plumb_binding *binding, int64_t rows, plumb_block *block,
                                plumb_diag *diag)
{
    static const char shape[] = "[N] or [N,C]";
    plumb_slice slice;
    int32_t rank = plumb_bind_rank(binding, 1) - (binding->batch > 0 ? 1 : 0);
    plumb_status status = plumb_bind_slice(binding, 1, rank == 1 ? 1 : 2, shape, &slice, diag);
    if (status)
        return status;
    int64_t classes = slice.rank == 2 ? slice.shape[1] : 1;
    if (slice.shape[0] != rows)
        return plumb_bind_misfit(&slice, "one score row for each box", diag);
    status = plumb_bind_classes(binding, &slice, classes, shape, &block->classes, diag);
    if (!status)
        block->scores = plumb_slice_rows(&slice, false);
    return status;
}

static plumb_status bind_labels(plumb_binding *binding, int64_t rows, plumb_block *block,
                                plumb_diag *diag)
{
    plumb_slice slice;
    plumb_status status = plumb_bind_numbers(binding, 2, 1, "[N] class labels", &slice, diag);
    if (status)
        return status;
    if (slice.shape[0] != rows || block->classes != 1)
        return plumb_bind_misfit(&slice, "one label for each box, and one score", diag);
    block->labels = plumb_slice_rows(&slice, false);
    return PLUMB_OK;
}

static plumb_status bind(plumb_binding *binding, plumb_diag *diag)
{
    if (is_one_tensor(&binding->head->spec))
        return bind_one(binding, diag);
    plumb_slice slice;
    plumb_block *block = NULL;
    plumb_status status = plumb_bind_slice(binding, 0, 2, "[N,4] boxes", &slice, diag);
    if (status)
        return status;
    if (slice.shape[1] != 4)
        return plumb_bind_misfit(&slice, "[N,4] boxes", diag);
    int64_t rows = slice.shape[0];
    status = plumb_bind_block(binding, rows, &block, diag);
    if (status)
        return status;
    block->boxes = plumb_slice_rows(&slice, false);
    status = bind_scores(binding, rows, block, diag);
    if (!status && plumb_bind_has(binding, 2))
        status = bind_labels(binding, rows, block, diag);
    return status;
}

static plumb_box box(const plumb_binding *binding, const plumb_block *block, int64_t row)
{
    const plumb_head *head = binding->head;
    plumb_box made = plumb_box_read(head, block, row, head->spec.format);
    if (head->spec.origin == PLUMB_ORIGIN_LOWER_LEFT && head->space == PLUMB_SPACE_INPUT) {
        float top = (float)((double)head->input.height - made.y1);
        made.y1 = (float)((double)head->input.height - made.y0);
        made.y0 = top;
    }
    return made;
}

const plumb_head_family plumb_family_boxes = {
    .uses = PLUMB_USES_LAYOUT | PLUMB_USES_ACTIVATION | PLUMB_USES_FORMAT | PLUMB_USES_UNITS |
            PLUMB_USES_PLACE,
    .least_outputs = 1,
    .most_outputs = 3,
    .wants_nms = true,
    .may_be_empty = true,
    .compile = compile,
    .bind = bind,
    .box = box,
};
