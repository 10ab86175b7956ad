/* SPDX-License-Identifier: Apache-2.0 */
#include "heads/matrix.h"

#include <math.h>

/* The largest stored byte whose value is at or below the limit: a division says nearly which. */
static void make_byte_key(plumb_gate *gate, const plumb_matrix *matrix)
{
    int32_t lowest = matrix->dtype == PLUMB_DTYPE_INT8 ? INT8_MIN : 0, highest = lowest + 255;
    double scale = matrix->quantization.scale > 0.0f ? (double)matrix->quantization.scale : 1.0;
    double near = (double)gate->limit / scale + matrix->quantization.zero_point;
    int32_t key = !(near >= lowest) ? lowest - 1 : near > highest ? highest : (int32_t)floor(near);
    while (key < highest && plumb_matrix_dequantise(matrix, key + 1) <= gate->limit)
        key++;
    while (key >= lowest && plumb_matrix_dequantise(matrix, key) > gate->limit)
        key--;
    gate->open = key < lowest;
    gate->key = key;
}

/* The largest half at or below the limit: rounding may have gone up. */
static int32_t make_half_key(float limit)
{
    uint16_t half = plumb_half_from_float(limit);
    int32_t key = plumb_half_key(half);
    return plumb_float_from_half(half) > limit ? key - 1 : key;
}

plumb_gate plumb_gate_make(const plumb_score_kernels *kernels, const plumb_matrix *matrix,
                           float limit)
{
    plumb_gate gate = { .kernels = kernels, .limit = limit };
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

/* Which of `count` adjacent values pass? By blocks, as the kernels say it. */
static size_t scan_run(const plumb_gate *gate, const plumb_matrix *matrix, const unsigned char *at,
                       size_t count, ptrdiff_t ahead, plumb_passing *passing)
{
    const void *data = at;
    if (matrix->dtype == PLUMB_DTYPE_FLOAT32)
        return gate->kernels->run_float(data, count, gate->limit, ahead, passing);
    if (matrix->dtype == PLUMB_DTYPE_FLOAT16)
        return gate->kernels->run_half(data, count, gate->key, ahead, passing);
    if (!gate->open)
        return gate->kernels->run_byte(at, count, byte_flip(matrix), byte_limit(gate, matrix),
                                       ahead, passing);
    size_t blocks = (count + PLUMB_SCORE_BLOCK - 1) / PLUMB_SCORE_BLOCK;
    for (size_t i = 0; i < blocks; i++)
        passing[i] = (plumb_passing){ UINT64_MAX, i };
    if (count % PLUMB_SCORE_BLOCK)
        passing[blocks - 1].bits >>= PLUMB_SCORE_BLOCK - count % PLUMB_SCORE_BLOCK;
    return blocks;
}

/* --- by column --- */

/* One block of a scan: where its rows are, and what is known of them. */
typedef struct column_block {
    const plumb_matrix *matrix;
    const unsigned char *at; /* of this column */
    uint16_t column;
    float *value;
    uint16_t *best;
} column_block;

/* The rows of the bits one by one; returns which are NaN. */
static uint64_t enter_some(const column_block *b, uint64_t bits)
{
    uint64_t nan = 0;
    for (; bits != 0; bits &= bits - 1) {
        unsigned row = plumb_lowest_bit(bits);
        float value = plumb_matrix_load(b->matrix, b->at + (int64_t)row * b->matrix->row_stride);
        if (value > b->value[row]) {
            b->value[row] = value;
            b->best[row] = b->column;
        } else if (value != value) {
            nan |= UINT64_C(1) << row;
        }
    }
    return nan;
}

/* Beyond `count` they become -infinity, which passes nowhere. */
static void read_block(const plumb_gate *gate, const plumb_matrix *matrix, const unsigned char *at,
                       size_t count, float values[PLUMB_SCORE_BLOCK])
{
    const void *data = at;
    if (matrix->dtype == PLUMB_DTYPE_FLOAT32)
        memcpy(values, at, count * sizeof(float));
    else if (matrix->dtype == PLUMB_DTYPE_FLOAT16)
        gate->kernels->read_halves(data, count, values);
    else
        for (size_t i = 0; i < count; i++)
            values[i] = plumb_matrix_dequantise(matrix, matrix->dtype == PLUMB_DTYPE_INT8
                                                            ? (int32_t)(int8_t)at[i]
                                                            : (int32_t)at[i]);
    for (size_t i = count; i < PLUMB_SCORE_BLOCK; i++)
        values[i] = -INFINITY;
}

/* All rows of the block at once, which many bits are worth; returns which are NaN. */
static uint64_t enter_all(const plumb_gate *gate, const column_block *b, size_t count)
{
    float values[PLUMB_SCORE_BLOCK];
    uint64_t nan = 0;
    read_block(gate, b->matrix, b->at, count, values);
    bool any_nan = gate->kernels->keep_greatest(values, PLUMB_SCORE_BLOCK, gate->limit, b->column,
                                                b->value, b->best);
    for (size_t i = 0; any_nan && i < count; i++)
        nan |= (uint64_t)(values[i] != values[i]) << i;
    return nan;
}

static bool has_many(uint64_t bits)
{
    bits = (bits & UINT64_C(0x5555555555555555)) + (bits >> 1 & UINT64_C(0x5555555555555555));
    bits = (bits & UINT64_C(0x3333333333333333)) + (bits >> 2 & UINT64_C(0x3333333333333333));
    bits = (bits & UINT64_C(0x0f0f0f0f0f0f0f0f)) + (bits >> 4 & UINT64_C(0x0f0f0f0f0f0f0f0f));
    return bits * UINT64_C(0x0101010101010101) >> 56 > 8;
}

/* Values of one column that pass, against those of the columns before. */
static void enter_block(const plumb_gate *gate, const plumb_matrix *matrix,
                        const unsigned char *start, int64_t column, const plumb_passing *passing,
                        size_t count, plumb_column_scan *found)
{
    size_t from = passing->block * PLUMB_SCORE_BLOCK, length = count - from;
    uint64_t *number = &found->number[passing->block], *nan = &found->nan[passing->block];
    column_block b = { matrix,
                       start + column * matrix->column_stride + (int64_t)from * matrix->row_stride,
                       (uint16_t)column, found->value + from, found->column + from };
    length = length < PLUMB_SCORE_BLOCK ? length : PLUMB_SCORE_BLOCK;
    if (!*number)
        for (int i = 0; i < PLUMB_SCORE_BLOCK; i++)
            b.value[i] = -INFINITY; /* below whatever passes */
    uint64_t nans =
        has_many(passing->bits) ? enter_all(gate, &b, length) : enter_some(&b, passing->bits);
    uint64_t numbers = passing->bits & ~nans;
    found->several[passing->block] |= *number & numbers;
    *number |= numbers;
    *nan |= nans;
}

void plumb_gate_columns(const plumb_gate *gate, const plumb_matrix *matrix, int64_t first,
                        size_t count, int64_t columns, int64_t skip, plumb_column_scan *found)
{
    plumb_passing passing[PLUMB_COLUMN_BLOCKS];
    const unsigned char *start = plumb_matrix_row(matrix, first);
    size_t blocks = (count + PLUMB_SCORE_BLOCK - 1) / PLUMB_SCORE_BLOCK;
    memset(found->number, 0, blocks * sizeof(found->number[0]));
    memset(found->nan, 0, blocks * sizeof(found->nan[0]));
    memset(found->several, 0, blocks * sizeof(found->several[0]));
    /* Columns that follow one another without a gap are one run for the memory. */
    bool apart = matrix->column_stride != (int64_t)count * matrix->row_stride;
    for (int64_t column = 0; column < columns; column++) {
        if (column == skip)
            continue;
        ptrdiff_t ahead = apart && column + 1 < columns ? (ptrdiff_t)matrix->column_stride : 0;
        size_t some =
            scan_run(gate, matrix, start + column * matrix->column_stride, count, ahead, passing);
        for (size_t i = 0; i < some; i++)
            enter_block(gate, matrix, start, column, &passing[i], count, found);
    }
}

/* --- by row --- */

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

bool plumb_gate_rows(const plumb_gate *gate, const plumb_matrix *matrix, int64_t first,
                     size_t count, int64_t columns, uint8_t *pass)
{
    const unsigned char *row = plumb_matrix_row(matrix, first);
    const plumb_score_kernels *kernels = gate->kernels;
    const void *data = row;
    int64_t size = (int64_t)plumb_dtype_size(matrix->dtype), stride = matrix->row_stride;
    if (gate->aligned && !gate->open && (matrix->column_stride == size || columns == 1)) {
        if (matrix->dtype == PLUMB_DTYPE_FLOAT32)
            return kernels->rows_float(data, stride / 4, count, (size_t)columns, gate->limit, pass);
        if (matrix->dtype == PLUMB_DTYPE_FLOAT16)
            return kernels->rows_half(data, stride / 2, count, (size_t)columns, gate->key, pass);
        return kernels->rows_byte(row, stride, count, (size_t)columns, byte_flip(matrix),
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

/* Which of the columns from `at` on pass, as bits? At most PLUMB_SCORE_BLOCK. */
static uint64_t passing_columns(const plumb_gate *gate, const plumb_matrix *matrix,
                                const unsigned char *at, int64_t count)
{
    int64_t stride = matrix->column_stride;
    if (gate->aligned && stride == (int64_t)plumb_dtype_size(matrix->dtype)) {
        plumb_passing passing;
        return scan_run(gate, matrix, at, (size_t)count, 0, &passing) ? passing.bits : 0;
    }
    uint64_t passing = 0;
    for (int64_t i = 0; i < count; i++)
        passing |= (uint64_t)!stays(gate, matrix, at + i * stride) << i;
    return passing;
}

/* Few columns pass, so that all are asked at once and only those are compared one by one. The last
 * run overlaps the one before: whole ones are the fastest. */
int32_t plumb_gate_best(const plumb_gate *gate, const plumb_matrix *matrix, int64_t row,
                        int64_t columns, int64_t skip, float *value, bool *has_nan)
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
            float found = plumb_matrix_load(matrix, at + column * matrix->column_stride);
            if (column == skip)
                continue;
            if (found != found) {
                *has_nan = true;
            } else if (best < 0 || found > greatest) {
                greatest = found;
                best = (int32_t)column;
            }
        }
    }
    *value = greatest;
    return best;
}
