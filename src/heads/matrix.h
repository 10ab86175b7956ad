/* SPDX-License-Identifier: Apache-2.0
 *
 * One output of a network as rows and columns, wherever its strides put them, and the question
 * "which rows may pass". The invariant: a matrix is made only from a tensor whose every element
 * was checked to lie in its memory, so that reading a row and column inside it needs no check.
 */
#ifndef PLUMB_HEADS_MATRIX_H
#define PLUMB_HEADS_MATRIX_H

#include <string.h>

#include "kernels/scores.h"
#include "plumbline/tensor.h"

/* Rows lie `width` to a line: cells of a feature map whose lines are padded. Strides in bytes. */
typedef struct plumb_matrix {
    const unsigned char *data; /* NULL: the head has no such output */
    plumb_dtype dtype;
    plumb_quantization quantization;
    int64_t width;
    int64_t line_stride, row_stride, column_stride;
} plumb_matrix;

static inline const unsigned char *plumb_matrix_row(const plumb_matrix *matrix, int64_t row)
{
    if (row < matrix->width)
        return matrix->data + row * matrix->row_stride;
    int64_t line = row / matrix->width;
    return matrix->data + line * matrix->line_stride +
           (row - line * matrix->width) * matrix->row_stride;
}

static inline bool plumb_matrix_is_byte(const plumb_matrix *matrix)
{
    return matrix->dtype == PLUMB_DTYPE_UINT8 || matrix->dtype == PLUMB_DTYPE_INT8;
}

/* The real number of a stored byte. */
static inline float plumb_matrix_dequantise(const plumb_matrix *matrix, int32_t stored)
{
    double value = stored;
    if (matrix->quantization.scale > 0.0f)
        value = (value - matrix->quantization.zero_point) * (double)matrix->quantization.scale;
    return (float)value;
}

/* One element of any type, dequantised. */
float plumb_matrix_load_any(const plumb_matrix *matrix, const unsigned char *at);

static inline float plumb_matrix_load(const plumb_matrix *matrix, const unsigned char *at)
{
    if (matrix->dtype == PLUMB_DTYPE_INT8)
        return plumb_matrix_dequantise(matrix, (int8_t)*at);
    if (matrix->dtype == PLUMB_DTYPE_FLOAT16) {
        uint16_t half;
        memcpy(&half, at, sizeof(half));
        return plumb_half_value(half);
    }
    if (matrix->dtype != PLUMB_DTYPE_FLOAT32)
        return plumb_matrix_load_any(matrix, at);
    float value;
    memcpy(&value, at, sizeof(value));
    return value;
}

static inline float plumb_matrix_at(const plumb_matrix *matrix, int64_t row, int64_t column)
{
    return plumb_matrix_load(matrix,
                             plumb_matrix_row(matrix, row) + column * matrix->column_stride);
}

/* The first four columns of a row, most often a box. Single numbers instead of an array, which would
 * go through memory. */
typedef struct plumb_four {
    float a, b, c, d;
} plumb_four;

static inline plumb_four plumb_matrix_four(const plumb_matrix *matrix, int64_t row)
{
    plumb_four four;
    int64_t stride = matrix->column_stride;
    const unsigned char *at = plumb_matrix_row(matrix, row);
    if (matrix->dtype == PLUMB_DTYPE_FLOAT32) { /* asked once, not four times */
        memcpy(&four.a, at, sizeof(float));
        memcpy(&four.b, at + stride, sizeof(float));
        memcpy(&four.c, at + 2 * stride, sizeof(float));
        memcpy(&four.d, at + 3 * stride, sizeof(float));
        return four;
    }
    four.a = plumb_matrix_load(matrix, at);
    four.b = plumb_matrix_load(matrix, at + stride);
    four.c = plumb_matrix_load(matrix, at + 2 * stride);
    four.d = plumb_matrix_load(matrix, at + 3 * stride);
    return four;
}

/* Ask for the first columns of a row that is read soon: for every line that holds one. */
static inline void plumb_matrix_prefetch(const plumb_matrix *matrix, int64_t row, int64_t columns)
{
    const unsigned char *at = plumb_matrix_row(matrix, row);
    int64_t step = matrix->column_stride, size = (columns - 1) * step;
    for (int64_t offset = 0; offset < size; offset += step < 64 ? 64 : step)
        PLUMB_PREFETCH(at + offset);
    PLUMB_PREFETCH(at + size); /* may lie across the end of the line before */
}

/* The same matrix from `columns` further on. */
plumb_matrix plumb_matrix_from(const plumb_matrix *matrix, int64_t column);

/* A limit in real numbers, moved once into the stored type: a stored value that does not pass is
 * certainly at or below the limit. */
typedef struct plumb_gate {
    const plumb_score_kernels *kernels;
    float limit;
    int32_t key;  /* half: plumb_half_key; bytes: the stored value. Passes when above it */
    bool open;    /* bytes: every value passes */
    bool aligned; /* the fast loops may read it */
} plumb_gate;

plumb_gate plumb_gate_make(const plumb_score_kernels *kernels, const plumb_matrix *matrix,
                           float limit);

/* The largest real number a matrix can hold: bounds products of quantised scores; 1 for floats,
 * which are probabilities where this is asked. */
float plumb_matrix_maximum(const plumb_matrix *matrix);

/* Do the rows of one column lie side by side, so that columns are the way to scan? */
bool plumb_gate_by_column(const plumb_gate *gate, const plumb_matrix *matrix);

#define PLUMB_COLUMN_BLOCKS 132
#define PLUMB_COLUMN_ROWS   ((int64_t)PLUMB_SCORE_BLOCK * PLUMB_COLUMN_BLOCKS)

/* What a scan by column found; bit i of word k is row PLUMB_SCORE_BLOCK * k + i. `value` and
 * `column` hold the greatest passing value and its first column, where a bit of `number` is set. */
typedef struct plumb_column_scan {
    uint64_t number[PLUMB_COLUMN_BLOCKS];  /* some number passes */
    uint64_t nan[PLUMB_COLUMN_BLOCKS];     /* a NaN was met */
    uint64_t several[PLUMB_COLUMN_BLOCKS]; /* more than one number passes */
    float value[PLUMB_COLUMN_ROWS];
    uint16_t column[PLUMB_COLUMN_ROWS];
} plumb_column_scan;

/* Rows first .. first+count-1 of one line; `skip` is left out. Words of the blocks that the rows
 * lie in are set. Only for matrices by column; 1 <= count <= PLUMB_COLUMN_ROWS. */
void plumb_gate_columns(const plumb_gate *gate, const plumb_matrix *matrix, int64_t first,
                        size_t count, int64_t columns, int64_t skip, plumb_column_scan *found);

#define PLUMB_ROW_TILE 256

/* For the others: set pass[i] where some column of row first+i may pass. False when none does; pass
 * is then not set. count <= PLUMB_ROW_TILE. */
bool plumb_gate_rows(const plumb_gate *gate, const plumb_matrix *matrix, int64_t first,
                     size_t count, int64_t columns, uint8_t *pass);

/* The first column, of those that pass the gate, with the greatest value, which is stored; -1 where
 * none does. `skip` is left out (-1: none). *has_nan is set when a NaN was met, and otherwise left
 * alone. */
int32_t plumb_gate_best(const plumb_gate *gate, const plumb_matrix *matrix, int64_t row,
                        int64_t columns, int64_t skip, float *value, bool *has_nan);

#endif
