/* SPDX-License-Identifier: Apache-2.0
 *
 * One output of a network as rows and columns, wherever its strides put them, and the question
 * "which rows may pass". The invariant: a matrix is made only from a tensor whose every element
 * was checked to lie in its memory, so that reading a row and column inside it needs no check.
 */
#ifndef PLUMB_HEADS_MATRIX_H
#define PLUMB_HEADS_MATRIX_H

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
    int64_t line = row / matrix->width;
    return matrix->data + line * matrix->line_stride +
           (row - line * matrix->width) * matrix->row_stride;
}

/* Dequantised. */
float plumb_matrix_at(const plumb_matrix *matrix, int64_t row, int64_t column);

/* The same matrix from `columns` further on. */
plumb_matrix plumb_matrix_from(const plumb_matrix *matrix, int64_t column);

/* A limit in real numbers, moved once into the stored type: a stored value that does not pass is
 * certainly at or below the limit. */
typedef struct plumb_gate {
    float limit;
    int32_t key;  /* half: plumb_half_key; bytes: the stored value. Passes when above it */
    bool open;    /* bytes: every value passes */
    bool aligned; /* the fast loops may read it */
} plumb_gate;

plumb_gate plumb_gate_make(const plumb_matrix *matrix, float limit);

/* The largest real number a matrix can hold: bounds products of quantised scores; 1 for floats,
 * which are probabilities where this is asked. */
float plumb_matrix_maximum(const plumb_matrix *matrix);

/* Set pass[i] for rows first .. first+count-1 in which some of `columns` columns may pass. The rows
 * must be in one line; count <= PLUMB_SCORE_TILE. False when none does (pass is then not set). */
bool plumb_gate_rows(const plumb_gate *gate, const plumb_matrix *matrix, int64_t first,
                     size_t count, int64_t columns, uint8_t *pass);

/* The first column, of those that pass the gate, with the greatest value; -1 where none does.
 * `skip` is left out (-1: none). *has_nan is set when a NaN was met, and otherwise left alone. */
int32_t plumb_gate_best(const plumb_gate *gate, const plumb_matrix *matrix, int64_t row,
                        int64_t columns, int64_t skip, bool *has_nan);

#endif
