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

/* Which of `count` adjacent values pass? */
static uint64_t run_passes(const plumb_gate *gate, const plumb_matrix *matrix,
                           const unsigned char *at, size_t count)
{
    const void *data = at;
    if (matrix->dtype == PLUMB_DTYPE_FLOAT32)
        return plumb_run_float(data, count, gate->limit);
    if (matrix->dtype == PLUMB_DTYPE_FLOAT16)
        return plumb_run_half(data, count, gate->key);
    if (gate->open)
        return UINT64_MAX >> (PLUMB_SCORE_BLOCK - count);
    return plumb_run_byte(at, count, byte_flip(matrix), byte_limit(gate, matrix));
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

/* Enter `column` in the rows of one block where its value passes and exceeds that of the column
 * entered before. */
static void enter_column(const plumb_gate *gate, const plumb_matrix *matrix,
                         const unsigned char *start, int64_t column, size_t count,
                         uint64_t *passing, int32_t *best)
{
    const unsigned char *at = start + column * matrix->column_stride;
    uint64_t rows = run_passes(gate, matrix, at, count), rest = rows & ~*passing;
    for (; rest != 0; rest &= rest - 1)
        best[plumb_lowest_bit(rest)] = 0;
    *passing |= rows;
    for (; rows != 0; rows &= rows - 1) {
        unsigned row = plumb_lowest_bit(rows);
        enter(matrix, at + (int64_t)row * matrix->row_stride, column, &best[row]);
    }
}

void plumb_gate_columns(const plumb_gate *gate, const plumb_matrix *matrix, int64_t first,
                        size_t count, int64_t columns, int64_t skip, const plumb_matrix *boxes,
                        plumb_column_scan *found)
{
    uint16_t blocks[PLUMB_SCORE_BLOCKS + 1];
    const unsigned char *start = plumb_matrix_row(matrix, first);
    memset(found->passing, 0, sizeof(found->passing));
    for (int64_t column = 0; column < columns; column += PLUMB_SCORE_PLANES) {
        int64_t planes = columns - column;
        planes = planes < PLUMB_SCORE_PLANES ? planes : PLUMB_SCORE_PLANES;
        size_t some = passing_blocks(gate, matrix, start + column * matrix->column_stride,
                                     (size_t)planes, count, blocks);
        for (size_t i = 0; i < some; i++) {
            size_t from = (size_t)blocks[i] * PLUMB_SCORE_BLOCK, length = count - from;
            uint64_t *passing = &found->passing[blocks[i]], before = *passing;
            length = length < PLUMB_SCORE_BLOCK ? length : PLUMB_SCORE_BLOCK;
            for (int64_t plane = column; plane < column + planes; plane++)
                if (plane != skip)
                    enter_column(gate, matrix, start + (int64_t)from * matrix->row_stride, plane,
                                 length, passing, found->best + from);
            if (boxes->data)
                plumb_matrix_prefetch_rows(boxes, first + (int64_t)from, *passing & ~before, 4);
        }
    }
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

/* Which of the columns from `at` on pass, as bits? */
static uint64_t passing_columns(const plumb_gate *gate, const plumb_matrix *matrix,
                                const unsigned char *at, int64_t count)
{
    int64_t stride = matrix->column_stride;
    if (gate->aligned && stride == (int64_t)plumb_dtype_size(matrix->dtype))
        return run_passes(gate, matrix, at, (size_t)count);
    uint64_t passing = 0;
    for (int64_t i = 0; i < count; i++)
        passing |= (uint64_t)!stays(gate, matrix, at + i * stride) << i;
    return passing;
}

/* Few columns pass, so that all are asked at once and only those are compared one by one. The last
 * run overlaps the one before: whole ones are the fastest. */
int32_t plumb_gate_best(const plumb_gate *gate, const plumb_matrix *matrix, int64_t row,
                        int64_t columns, int64_t skip, bool *has_nan)
{
    const unsigned char *at = plumb_matrix_row(matrix, row);
    int32_t best = -1;
    float greatest = 0.0f;
    for (int64_t seen = 0; seen < columns; seen += PLUMB_SCORE_BLOCK) {
        int64_t first = seen, count = columns < PLUMB_SCORE_BLOCK ? columns : PLUMB_SCORE_BLOCK;
        if (first > columns - count)
            first = columns - count;
        uint64_t passing = passing_columns(gate, matrix, at + first * matrix->column_stride, count);
        passing = passing >> (seen - first) << (seen - first);
        for (; passing != 0; passing &= passing - 1) {
            int64_t column = first + plumb_lowest_bit(passing);
            float value = plumb_matrix_load(matrix, at + column * matrix->column_stride);
            if (column == skip)
                continue;
            if (value != value) {
                *has_nan = true;
            } else if (best < 0 || value > greatest) {
                greatest = value;
                best = (int32_t)column;
            }
        }
    }
    return best;
}
