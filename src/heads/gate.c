/* SPDX-License-Identifier: Apache-2.0 */
#include "heads/matrix.h"

/* The largest stored byte whose value is at or below the limit. */
static void make_byte_key(plumb_gate *gate, const plumb_matrix *matrix)
{
    int32_t low = matrix->dtype == PLUMB_DTYPE_INT8 ? INT8_MIN : 0, high = low + 256;
    int32_t lowest = low;
    while (low < high) { /* the first that is above it */
        int32_t middle = low + (high - low) / 2;
        if (plumb_matrix_dequantise(matrix, middle) > gate->limit)
            high = middle;
        else
            low = middle + 1;
    }
    gate->open = low == lowest;
    gate->key = low - 1;
}

/* The largest half at or below the limit: rounding may have gone up. */
static int32_t make_half_key(float limit)
{
    uint16_t half = plumb_half_from_float(limit);
    int32_t key = plumb_half_key(half);
    return plumb_float_from_half(half) > limit ? key - 1 : key;
}

plumb_gate plumb_gate_make(const plumb_matrix *matrix, float limit)
{
    plumb_gate gate = { .limit = limit };
    if (matrix->dtype == PLUMB_DTYPE_FLOAT16)
        gate.key = make_half_key(limit);
    else if (plumb_matrix_is_byte(matrix))
        make_byte_key(&gate, matrix);
    int64_t size = (int64_t)plumb_dtype_size(matrix->dtype);
    gate.aligned = (matrix->dtype == PLUMB_DTYPE_FLOAT32 || matrix->dtype == PLUMB_DTYPE_FLOAT16 ||
                    plumb_matrix_is_byte(matrix)) &&
                   ((uintptr_t)matrix->data | (uintptr_t)matrix->row_stride |
                    (uintptr_t)matrix->line_stride | (uintptr_t)matrix->column_stride) %
                           (uintptr_t)size ==
                       0;
    return gate;
}

bool plumb_gate_by_column(const plumb_gate *gate, const plumb_matrix *matrix)
{
    return gate->aligned && matrix->row_stride == (int64_t)plumb_dtype_size(matrix->dtype);
}

static uint8_t byte_flip(const plumb_matrix *matrix)
{
    return matrix->dtype == PLUMB_DTYPE_INT8 ? 0 : 0x80;
}

static int8_t byte_limit(const plumb_gate *gate, const plumb_matrix *matrix)
{
    return (int8_t)(matrix->dtype == PLUMB_DTYPE_INT8 ? gate->key : gate->key - 128);
}

static size_t passing_blocks(const plumb_gate *gate, const plumb_matrix *matrix,
                             const unsigned char *start, size_t planes, size_t count,
                             uint16_t *blocks)
{
    const void *data = start;
    ptrdiff_t stride = (ptrdiff_t)matrix->column_stride;
    if (matrix->dtype == PLUMB_DTYPE_FLOAT32)
        return plumb_columns_float(data, stride / 4, planes, count, gate->limit, blocks);
    if (matrix->dtype == PLUMB_DTYPE_FLOAT16)
        return plumb_columns_half(data, stride / 2, planes, count, gate->key, blocks);
    if (!gate->open)
        return plumb_columns_byte(start, stride, planes, count, byte_flip(matrix),
                                  byte_limit(gate, matrix), blocks);
    size_t all = (count + PLUMB_SCORE_BLOCK - 1) / PLUMB_SCORE_BLOCK;
    for (size_t i = 0; i < all; i++)
        blocks[i] = (uint16_t)i;
    return all;
}

/* One element against the gate: at or below it, and no NaN. */
static inline bool stays(const plumb_gate *gate, const plumb_matrix *matrix,
                         const unsigned char *at)
{
    switch (matrix->dtype) {
    case PLUMB_DTYPE_FLOAT16: {
        uint16_t half;
        memcpy(&half, at, sizeof(half));
        return plumb_half_key(half) <= gate->key && (half & 0x7fff) <= 0x7c00;
    }
    case PLUMB_DTYPE_INT8:
        return (int8_t)*at <= gate->key;
    case PLUMB_DTYPE_UINT8:
        return *at <= gate->key;
    default:
        return plumb_matrix_load(matrix, at) <= gate->limit;
    }
}

/* Does any of `count` adjacent values pass? */
static bool run_passes(const plumb_gate *gate, const plumb_matrix *matrix, const unsigned char *at,
                       size_t count)
{
    const void *data = at;
    if (matrix->dtype == PLUMB_DTYPE_FLOAT32)
        return plumb_run_float(data, count, gate->limit);
    if (matrix->dtype == PLUMB_DTYPE_FLOAT16)
        return plumb_run_half(data, count, gate->key);
    return gate->open || plumb_run_byte(at, count, byte_flip(matrix), byte_limit(gate, matrix));
}

/* A value that passes, against the one entered before. */
static void enter(const plumb_matrix *matrix, const unsigned char *at, int64_t column,
                  int32_t *best)
{
    float value = plumb_matrix_load(matrix, at);
    int32_t before = *best & ~PLUMB_COLUMN_NAN, nan = *best & PLUMB_COLUMN_NAN;
    if (value != value)
        *best |= PLUMB_COLUMN_NAN;
    else if (before == 0 ||
             value > plumb_matrix_load(matrix, at + (before - 1 - column) * matrix->column_stride))
        *best = (int32_t)(column + 1) | nan;
}

/* Enter `column` where its value passes and exceeds that of the column entered before. */
static void enter_column(const plumb_gate *gate, const plumb_matrix *matrix,
                         const unsigned char *start, int64_t column, size_t count, int32_t *best)
{
    const unsigned char *at = start + column * matrix->column_stride;
    if (!run_passes(gate, matrix, at, count))
        return;
    if (matrix->dtype == PLUMB_DTYPE_FLOAT32) {
        const float limit = gate->limit;
        for (size_t i = 0; i < count; i++, at += sizeof(float)) {
            float value;
            memcpy(&value, at, sizeof(value));
            if (!(value <= limit))
                enter(matrix, at, column, &best[i]);
        }
        return;
    }
    for (size_t i = 0; i < count; i++, at += matrix->row_stride)
        if (!stays(gate, matrix, at))
            enter(matrix, at, column, &best[i]);
}

bool plumb_gate_columns(const plumb_gate *gate, const plumb_matrix *matrix, int64_t first,
                        size_t count, int64_t columns, int64_t skip, int32_t *best)
{
    uint16_t blocks[PLUMB_SCORE_BLOCKS + 1];
    const unsigned char *start = plumb_matrix_row(matrix, first);
    bool any = false;
    memset(best, 0, count * sizeof(best[0]));
    for (int64_t column = 0; column < columns; column += PLUMB_SCORE_PLANES) {
        int64_t planes = columns - column;
        planes = planes < PLUMB_SCORE_PLANES ? planes : PLUMB_SCORE_PLANES;
        size_t found = passing_blocks(gate, matrix, start + column * matrix->column_stride,
                                      (size_t)planes, count, blocks);
        any |= found > 0;
        for (size_t i = 0; i < found; i++) {
            size_t from = (size_t)blocks[i] * PLUMB_SCORE_BLOCK, length = count - from;
            length = length < PLUMB_SCORE_BLOCK ? length : PLUMB_SCORE_BLOCK;
            for (int64_t plane = column; plane < column + planes; plane++)
                if (plane != skip)
                    enter_column(gate, matrix, start + (int64_t)from * matrix->row_stride, plane,
                                 length, best + from);
        }
    }
    return any;
}

bool plumb_gate_rows(const plumb_gate *gate, const plumb_matrix *matrix, int64_t first,
                     size_t count, int64_t columns, uint8_t *pass)
{
    const unsigned char *row = plumb_matrix_row(matrix, first);
    const void *data = row;
    int64_t size = (int64_t)plumb_dtype_size(matrix->dtype), stride = matrix->row_stride;
    if (gate->aligned && !gate->open && (matrix->column_stride == size || columns == 1)) {
        if (matrix->dtype == PLUMB_DTYPE_FLOAT32)
            return plumb_rows_float(data, stride / 4, count, (size_t)columns, gate->limit, pass);
        if (matrix->dtype == PLUMB_DTYPE_FLOAT16)
            return plumb_rows_half(data, stride / 2, count, (size_t)columns, gate->key, pass);
        return plumb_rows_byte(row, stride, count, (size_t)columns, byte_flip(matrix),
                               byte_limit(gate, matrix), pass);
    }
    bool any = false;
    for (size_t i = 0; i < count; i++, row += stride) {
        pass[i] = 0;
        for (int64_t column = 0; column < columns && !pass[i]; column++)
            pass[i] = !stays(gate, matrix, row + column * matrix->column_stride);
        any |= pass[i] != 0;
    }
    return any;
}

/* What is compared below only ever exceeds the gate or the best so far, so that the branch is
 * nearly never taken. */
static int32_t best_float(float limit, const unsigned char *at, int64_t stride, int64_t columns,
                          int64_t skip, bool *has_nan)
{
    int32_t best = -1;
    for (int64_t column = 0; column < columns; column++, at += stride) {
        float value;
        memcpy(&value, at, sizeof(value));
        if (value <= limit || column == skip)
            continue;
        if (value != value) {
            *has_nan = true;
            continue;
        }
        limit = value;
        best = (int32_t)column;
    }
    return best;
}

static int32_t best_half(int32_t limit, const unsigned char *at, int64_t stride, int64_t columns,
                         int64_t skip, bool *has_nan)
{
    int32_t best = -1;
    for (int64_t column = 0; column < columns; column++, at += stride) {
        uint16_t half;
        memcpy(&half, at, sizeof(half));
        int32_t key = plumb_half_key(half);
        bool nan = (half & 0x7fff) > 0x7c00;
        if ((key <= limit && !nan) || column == skip)
            continue;
        if (nan) {
            *has_nan = true;
            continue;
        }
        limit = key;
        best = (int32_t)column;
    }
    return best;
}

static int32_t best_byte(int32_t limit, const unsigned char *at, int64_t stride, int64_t columns,
                         int64_t skip, bool is_signed)
{
    int32_t best = -1;
    for (int64_t column = 0; column < columns; column++, at += stride) {
        int32_t value = is_signed ? (int8_t)*at : *at;
        if (value <= limit || column == skip)
            continue;
        limit = value;
        best = (int32_t)column;
    }
    return best;
}

static int32_t best_any(float limit, const plumb_matrix *matrix, const unsigned char *at,
                        int64_t columns, int64_t skip, bool *has_nan)
{
    int32_t best = -1;
    for (int64_t column = 0; column < columns; column++, at += matrix->column_stride) {
        float value = plumb_matrix_load(matrix, at);
        if (value <= limit || column == skip)
            continue;
        if (value != value) {
            *has_nan = true;
            continue;
        }
        limit = value;
        best = (int32_t)column;
    }
    return best;
}

int32_t plumb_gate_best(const plumb_gate *gate, const plumb_matrix *matrix, int64_t row,
                        int64_t columns, int64_t skip, bool *has_nan)
{
    const unsigned char *at = plumb_matrix_row(matrix, row);
    int64_t stride = matrix->column_stride;
    switch (matrix->dtype) {
    case PLUMB_DTYPE_FLOAT32:
        return best_float(gate->limit, at, stride, columns, skip, has_nan);
    case PLUMB_DTYPE_FLOAT16:
        return best_half(gate->key, at, stride, columns, skip, has_nan);
    case PLUMB_DTYPE_INT8:
    case PLUMB_DTYPE_UINT8:
        return best_byte(gate->key, at, stride, columns, skip, matrix->dtype == PLUMB_DTYPE_INT8);
    default:
        return best_any(gate->limit, matrix, at, columns, skip, has_nan);
    }
}
