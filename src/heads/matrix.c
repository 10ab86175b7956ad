/* SPDX-License-Identifier: Apache-2.0 */
#include "heads/matrix.h"

#include <math.h>
#include <string.h>

#include "kernels/scores.h"

static inline float load(const plumb_matrix *matrix, const unsigned char *at)
{
    plumb_tensor element = { .data = (void *)(uintptr_t)at,
                             .dtype = matrix->dtype,
                             .quantization = matrix->quantization };
    return plumb_tensor_load(&element, 0);
}

float plumb_matrix_at(const plumb_matrix *matrix, int64_t row, int64_t column)
{
    return load(matrix, plumb_matrix_row(matrix, row) + column * matrix->column_stride);
}

plumb_matrix plumb_matrix_from(const plumb_matrix *matrix, int64_t column)
{
    plumb_matrix rest = *matrix;
    rest.data += column * matrix->column_stride;
    return rest;
}

static bool is_byte(plumb_dtype dtype)
{
    return dtype == PLUMB_DTYPE_UINT8 || dtype == PLUMB_DTYPE_INT8;
}

static float byte_value(const plumb_matrix *matrix, int32_t stored)
{
    unsigned char byte = (unsigned char)stored; /* two's complement of an int8_t too */
    return load(matrix, &byte);
}

float plumb_matrix_maximum(const plumb_matrix *matrix)
{
    if (!is_byte(matrix->dtype))
        return 1.0f;
    return byte_value(matrix, matrix->dtype == PLUMB_DTYPE_INT8 ? INT8_MAX : UINT8_MAX);
}

/* The largest stored byte whose value is at or below the limit. */
static void make_byte_key(plumb_gate *gate, const plumb_matrix *matrix)
{
    int32_t low = matrix->dtype == PLUMB_DTYPE_INT8 ? INT8_MIN : 0, high = low + 256;
    int32_t lowest = low;
    while (low < high) { /* the first that is above it */
        int32_t middle = low + (high - low) / 2;
        if (byte_value(matrix, middle) > gate->limit)
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
    else if (is_byte(matrix->dtype))
        make_byte_key(&gate, matrix);
    int64_t size = (int64_t)plumb_dtype_size(matrix->dtype);
    gate.aligned = (matrix->dtype == PLUMB_DTYPE_FLOAT32 || matrix->dtype == PLUMB_DTYPE_FLOAT16 ||
                    is_byte(matrix->dtype)) &&
                   ((uintptr_t)matrix->data | (uintptr_t)matrix->row_stride |
                    (uintptr_t)matrix->line_stride | (uintptr_t)matrix->column_stride) %
                           (uintptr_t)size ==
                       0;
    return gate;
}

/* One element against the gate, in the stored type: 1 passes, 0 does not. */
static inline bool passes(const plumb_gate *gate, const plumb_matrix *matrix,
                          const unsigned char *at)
{
    return !(load(matrix, at) <= gate->limit);
}

static bool rows_any_stride(const plumb_gate *gate, const plumb_matrix *matrix, int64_t first,
                            size_t count, int64_t columns, uint8_t *pass)
{
    const unsigned char *row = plumb_matrix_row(matrix, first);
    bool any = false;
    for (size_t i = 0; i < count; i++, row += matrix->row_stride) {
        pass[i] = 0;
        for (int64_t column = 0; column < columns && !pass[i]; column++)
            pass[i] = passes(gate, matrix, row + column * matrix->column_stride);
        any |= pass[i] != 0;
    }
    return any;
}

/* Elements of adjacent rows follow one another: by channel; those of adjacent columns: by row. */
static bool rows_float(const plumb_gate *gate, const plumb_matrix *matrix,
                       const unsigned char *start, size_t count, size_t columns, uint8_t *pass)
{
    const void *data = start;
    const ptrdiff_t row = (ptrdiff_t)(matrix->row_stride / 4);
    if (row == 1)
        return plumb_columns_float(data, (ptrdiff_t)(matrix->column_stride / 4), columns, count,
                                   gate->limit, pass);
    return plumb_rows_float(data, row, count, columns, gate->limit, pass);
}

static bool rows_half(const plumb_gate *gate, const plumb_matrix *matrix,
                      const unsigned char *start, size_t count, size_t columns, uint8_t *pass)
{
    const void *data = start;
    const ptrdiff_t row = (ptrdiff_t)(matrix->row_stride / 2);
    if (row == 1)
        return plumb_columns_half(data, (ptrdiff_t)(matrix->column_stride / 2), columns, count,
                                  gate->key, pass);
    return plumb_rows_half(data, row, count, columns, gate->key, pass);
}

static bool rows_byte(const plumb_gate *gate, const plumb_matrix *matrix,
                      const unsigned char *start, size_t count, size_t columns, uint8_t *pass)
{
    if (gate->open) {
        memset(pass, 1, count);
        return true;
    }
    bool is_signed = matrix->dtype == PLUMB_DTYPE_INT8;
    uint8_t flip = is_signed ? 0 : 0x80;
    int8_t limit = (int8_t)(is_signed ? gate->key : gate->key - 128);
    if (matrix->row_stride == 1)
        return plumb_columns_byte(start, (ptrdiff_t)matrix->column_stride, columns, count, flip,
                                  limit, pass);
    return plumb_rows_byte(start, (ptrdiff_t)matrix->row_stride, count, columns, flip, limit, pass);
}

bool plumb_gate_rows(const plumb_gate *gate, const plumb_matrix *matrix, int64_t first,
                     size_t count, int64_t columns, uint8_t *pass)
{
    int64_t size = (int64_t)plumb_dtype_size(matrix->dtype);
    bool adjacent = matrix->row_stride == size || matrix->column_stride == size || columns == 1;
    if (!gate->aligned || !adjacent)
        return rows_any_stride(gate, matrix, first, count, columns, pass);
    const unsigned char *start = plumb_matrix_row(matrix, first);
    if (matrix->dtype == PLUMB_DTYPE_FLOAT32)
        return rows_float(gate, matrix, start, count, (size_t)columns, pass);
    if (matrix->dtype == PLUMB_DTYPE_FLOAT16)
        return rows_half(gate, matrix, start, count, (size_t)columns, pass);
    return rows_byte(gate, matrix, start, count, (size_t)columns, pass);
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
        float value = load(matrix, at);
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
