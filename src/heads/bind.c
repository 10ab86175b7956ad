/* SPDX-License-Identifier: Apache-2.0 */
#include "heads/families.h"

#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/diag.h"

static void describe(const int64_t *shape, int32_t rank, char *text, size_t size)
{
    size_t used = 0;
    for (int32_t i = 0; i < rank && used < size; i++) {
        int wrote =
            snprintf(text + used, size - used, "%s%lld", i ? "," : "[", (long long)shape[i]);
        used += wrote > 0 ? (size_t)wrote : 0;
    }
    if (used < size)
        snprintf(text + used, size - used, "]");
}

/* The names there are, as many as fit, for who mistook one. */
static plumb_status fail_name(const plumb_outputs *outputs, const char *wanted, plumb_diag *diag)
{
    char names[160] = "";
    size_t used = 0;
    for (size_t i = 0; i < outputs->count && used < sizeof(names); i++) {
        const char *name = outputs->tensors[i].name;
        int wrote = snprintf(names + used, sizeof(names) - used, "%s\"%s\"", used ? ", " : "",
                             name ? name : "");
        used += wrote > 0 ? (size_t)wrote : 0;
    }
    return plumb_fail(diag, PLUMB_E_ARGUMENT, "outputs", "no output is named \"%s\"; there is %s",
                      wanted, names[0] ? names : "none");
}

/* NULL when there is none. */
static const plumb_tensor *find(const plumb_binding *binding, size_t position, size_t *index)
{
    const plumb_head_spec *spec = &binding->head->spec;
    size_t count = binding->outputs->count;
    if (!spec->outputs) {
        *index = position;
        return position < count ? &binding->outputs->tensors[position] : NULL;
    }
    if (position >= spec->output_count)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        const char *name = binding->outputs->tensors[i].name;
        if (name && strcmp(name, spec->outputs[position]) == 0) {
            *index = i;
            return &binding->outputs->tensors[i];
        }
    }
    return NULL;
}

bool plumb_bind_has(const plumb_binding *binding, size_t position)
{
    if (binding->head->spec.outputs)
        return position < binding->head->spec.output_count;
    return position < binding->outputs->count;
}

int32_t plumb_bind_rank(const plumb_binding *binding, size_t position)
{
    size_t index;
    const plumb_tensor *tensor = find(binding, position, &index);
    return tensor ? tensor->rank : 0;
}

int32_t plumb_bind_shape(const plumb_binding *binding, size_t position,
                         int64_t shape[PLUMB_MAX_RANK])
{
    size_t index;
    const plumb_tensor *tensor = find(binding, position, &index);
    if (!tensor || tensor->rank < 1 || tensor->rank > PLUMB_MAX_RANK)
        return 0;
    memcpy(shape, tensor->shape, sizeof(tensor->shape));
    return tensor->rank;
}

static plumb_status check_batch(plumb_binding *binding, const plumb_tensor *tensor, size_t index,
                                bool batched, plumb_diag *diag)
{
    int64_t batch = batched ? tensor->shape[0] : -1;
    if (binding->batch == 0)
        binding->batch = batch;
    /* Outputs without a batch dimension go with a batch of one. */
    int64_t frames = batch < 0 ? 1 : batch;
    int64_t others = binding->batch < 0 ? 1 : binding->batch;
    if (frames != others)
        return plumb_fail_at(diag, PLUMB_E_SHAPE, "outputs", index, "shape",
                             "a batch of %lld, but another output has %lld", (long long)frames,
                             (long long)others);
    if (binding->frame >= (uint64_t)frames)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "frame", "%zu is not below the batch of %lld",
                          binding->frame, (long long)frames);
    return PLUMB_OK;
}

/* An empty output may lack an address, which the columns of a row are counted from. */
static const unsigned char no_data[1];

static plumb_status bind(plumb_binding *binding, size_t position, int32_t rank,
                         const char *expected, plumb_slice *slice, plumb_diag *diag)
{
    size_t index = position;
    const plumb_tensor *found = find(binding, position, &index);
    if (!found && binding->head->spec.outputs && position < binding->head->spec.output_count)
        return fail_name(binding->outputs, binding->head->spec.outputs[position], diag);
    if (!found)
        return plumb_fail_at(diag, PLUMB_E_ARGUMENT, "outputs", position, NULL,
                             "missing, %s is expected", expected);
    plumb_tensor tensor = *found; /* validation fills in strides */
    plumb_status status = plumb_tensor_validate(&tensor, diag);
    if (status) {
        char field[32];
        snprintf(field, sizeof(field), "outputs[%zu]", index);
        plumb_diag_prefix(diag, field);
        return status;
    }
    slice->index = index;
    slice->name = tensor.name;
    slice->data = tensor.data ? tensor.data : no_data;
    slice->dtype = tensor.dtype;
    slice->quantization = tensor.quantization;
    slice->rank = tensor.rank;
    memcpy(slice->shape, tensor.shape, sizeof(slice->shape));
    memcpy(slice->strides, tensor.strides, sizeof(slice->strides));
    bool batched = tensor.rank == rank + 1, empty = plumb_tensor_elements(&tensor) == 0;
    if ((tensor.rank != rank && !batched) || (empty && !binding->head->family->may_be_empty))
        return plumb_bind_misfit(slice, expected, diag);
    status = check_batch(binding, &tensor, index, batched, diag);
    if (status || !batched)
        return status;
    slice->data += (int64_t)binding->frame * tensor.strides[0];
    slice->rank = rank;
    memmove(slice->shape, slice->shape + 1, (size_t)rank * sizeof(slice->shape[0]));
    memmove(slice->strides, slice->strides + 1, (size_t)rank * sizeof(slice->strides[0]));
    return PLUMB_OK;
}

plumb_status plumb_bind_numbers(plumb_binding *binding, size_t position, int32_t rank,
                                const char *expected, plumb_slice *slice, plumb_diag *diag)
{
    return bind(binding, position, rank, expected, slice, diag);
}

plumb_status plumb_bind_slice(plumb_binding *binding, size_t position, int32_t rank,
                              const char *expected, plumb_slice *slice, plumb_diag *diag)
{
    plumb_status status = bind(binding, position, rank, expected, slice, diag);
    if (status)
        return status;
    switch (slice->dtype) {
    case PLUMB_DTYPE_FLOAT16:
    case PLUMB_DTYPE_FLOAT32:
    case PLUMB_DTYPE_FLOAT64:
        /* A scale on a float tensor would be applied by some readers and not by others. */
        slice->quantization.scale = 0.0f;
        return PLUMB_OK;
    case PLUMB_DTYPE_UINT8:
    case PLUMB_DTYPE_INT8:
        if (slice->quantization.scale > 0.0f)
            return PLUMB_OK;
        return plumb_fail_at(diag, PLUMB_E_DTYPE, "outputs", slice->index, "quantization.scale",
                             "is 0, but %s values mean nothing without a scale",
                             plumb_dtype_name(slice->dtype));
    default:
        return plumb_fail_at(diag, PLUMB_E_DTYPE, "outputs", slice->index, "dtype",
                             "%s, but float32, float16, float64, uint8 or int8 is expected",
                             plumb_dtype_name(slice->dtype));
    }
}

plumb_status plumb_bind_misfit(const plumb_slice *slice, const char *expected, plumb_diag *diag)
{
    char shape[128];
    describe(slice->shape, slice->rank, shape, sizeof(shape));
    return plumb_fail_at(diag, PLUMB_E_SHAPE, "outputs", slice->index, "shape",
                         "%s%s%s%s does not fit, %s is expected", slice->name ? "\"" : "",
                         slice->name ? slice->name : "", slice->name ? "\" " : "", shape, expected);
}

static plumb_matrix matrix_of(const plumb_slice *slice)
{
    plumb_matrix matrix = { .data = slice->data,
                            .dtype = slice->dtype,
                            .quantization = slice->quantization };
    return matrix;
}

plumb_matrix plumb_slice_rows(const plumb_slice *slice, bool channels)
{
    plumb_matrix matrix = matrix_of(slice);
    if (slice->rank < 2) {
        matrix.width = slice->rank ? slice->shape[0] : 1;
        matrix.row_stride = slice->rank ? slice->strides[0] : 0;
        matrix.column_stride = (int64_t)plumb_dtype_size(slice->dtype);
        return matrix;
    }
    int rows = channels ? 1 : 0;
    matrix.width = slice->shape[rows];
    matrix.row_stride = slice->strides[rows];
    matrix.column_stride = slice->strides[1 - rows];
    return matrix;
}

plumb_matrix plumb_slice_cells(const plumb_slice *slice, bool last)
{
    plumb_matrix matrix = matrix_of(slice);
    int lines = last ? 0 : 1;
    matrix.width = slice->shape[lines + 1];
    matrix.line_stride = slice->strides[lines];
    matrix.row_stride = slice->strides[lines + 1];
    matrix.column_stride = slice->strides[last ? 2 : 0];
    if (matrix.line_stride == matrix.width * matrix.row_stride)
        matrix.width *= slice->shape[lines]; /* lines without a gap are one long line */
    return matrix;
}

plumb_status plumb_bind_layout(const plumb_binding *binding, const plumb_slice *slice,
                               int64_t fixed, int64_t cells, const char *expected, bool *channels,
                               plumb_diag *diag)
{
    const plumb_head_spec *spec = &binding->head->spec;
    *channels = spec->layout == PLUMB_ROWS_CHANNELS;
    if (spec->layout != PLUMB_ROWS_UNSET)
        return PLUMB_OK;
    bool fits[2];
    for (int side = 0; side < 2; side++) { /* which side holds the values */
        int64_t values = slice->shape[side], rows = slice->shape[1 - side];
        fits[side] = values > fixed &&
                     (spec->class_count == 0 || values == fixed + spec->class_count) &&
                     (cells == 0 || rows == cells);
    }
    /* The number of cells depends on the strides, which a decoded output need not share. */
    if (!fits[0] && !fits[1] && spec->class_count > 0)
        for (int side = 0; side < 2; side++)
            fits[side] = slice->shape[side] == fixed + spec->class_count;
    if (fits[0] == fits[1])
        return plumb_bind_misfit(
            slice, fits[0] ? "head.layout, since either side may be the rows," : expected, diag);
    *channels = fits[0];
    return PLUMB_OK;
}

plumb_status plumb_bind_classes(const plumb_binding *binding, const plumb_slice *slice,
                                int64_t found, const char *expected, int32_t *classes,
                                plumb_diag *diag)
{
    int32_t wanted = binding->head->spec.class_count;
    if (found < 1 || found > PLUMB_MAX_CLASSES || (wanted > 0 && found != wanted))
        return plumb_bind_misfit(slice, expected, diag);
    *classes = (int32_t)found;
    return PLUMB_OK;
}

plumb_status plumb_bind_block(plumb_binding *binding, int64_t rows, plumb_block **block,
                              plumb_diag *diag)
{
    int64_t total;
    if (!plumb_add_int64(binding->rows, rows, &total) || total > PLUMB_MAX_HEAD_ROWS ||
        binding->block_count >= PLUMB_MAX_BLOCKS)
        return plumb_fail(diag, PLUMB_E_LIMIT, "outputs", "more than %lld rows or %d blocks",
                          (long long)PLUMB_MAX_HEAD_ROWS, PLUMB_MAX_BLOCKS);
    *block = &binding->blocks[binding->block_count++];
    memset(*block, 0, sizeof(**block));
    (*block)->first_row = binding->rows;
    (*block)->rows = rows;
    (*block)->background = binding->head->background;
    (*block)->box_values = 4;
    binding->rows = total;
    return PLUMB_OK;
}

size_t plumb_bind_position(const plumb_binding *binding, size_t kinds, size_t scale, size_t kind)
{
    /* The side before the last is the rows, or a side of the map: the first two outputs agree in
     * it when they are of one scale. */
    int64_t first[PLUMB_MAX_RANK], second[PLUMB_MAX_RANK];
    int32_t one = plumb_bind_shape(binding, 0, first), two = plumb_bind_shape(binding, 1, second);
    bool by_scale = one < 2 || two < 2 || first[one - 2] == second[two - 2];
    return by_scale ? scale * kinds + kind : kind * binding->head->scale_count + scale;
}

plumb_status plumb_bind_cells(const plumb_binding *binding, const plumb_slice *slice,
                              const plumb_scale *scale, int64_t multiple, const char *expected,
                              plumb_matrix *cells, int64_t *values, plumb_diag *diag)
{
    const int64_t *shape = slice->shape;
    bool first = shape[1] == scale->height && shape[2] == scale->width && shape[0] % multiple == 0;
    bool last = shape[0] == scale->height && shape[1] == scale->width && shape[2] % multiple == 0;
    if (binding->head->spec.layout == PLUMB_ROWS_CHANNELS)
        last = false;
    if (binding->head->spec.layout == PLUMB_ROWS_ROWS)
        first = false;
    if (first == last)
        return plumb_bind_misfit(slice, first ? "head.layout, since both orders fit," : expected,
                                 diag);
    *cells = plumb_slice_cells(slice, last);
    *values = shape[last ? 2 : 0];
    return PLUMB_OK;
}
