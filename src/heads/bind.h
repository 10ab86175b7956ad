/* SPDX-License-Identifier: Apache-2.0
 *
 * From raw outputs to checked slices and matrices. Everything that can be wrong with an output is
 * found and named here.
 */
#ifndef PLUMB_HEADS_BIND_H
#define PLUMB_HEADS_BIND_H

#include "heads/head.h"

/* One frame of one output: its shape without the batch dimension. */
typedef struct plumb_slice {
    size_t index; /* in plumb_outputs, for messages */
    const char *name;
    const unsigned char *data;
    plumb_dtype dtype;
    plumb_quantization quantization;
    int32_t rank;
    int64_t shape[PLUMB_MAX_RANK];
    int64_t strides[PLUMB_MAX_RANK];
} plumb_slice;

/* Output number `position` of the head, by its name in the spec or else by position. It must have
 * `rank` dimensions, or one more for the batch. `expected` is shown in messages: "[N,4]". Real
 * numbers only: float16/32/64, or quantised bytes with a scale. */
plumb_status plumb_bind_slice(plumb_binding *binding, size_t position, int32_t rank,
                              const char *expected, plumb_slice *slice, plumb_diag *diag);

/* The same for numbers of any type, such as class labels; bytes need no scale. */
plumb_status plumb_bind_numbers(plumb_binding *binding, size_t position, int32_t rank,
                                const char *expected, plumb_slice *slice, plumb_diag *diag);

/* Is there an output at this position, and what is its rank, batch dimension included? 0: none. */
bool plumb_bind_has(const plumb_binding *binding, size_t position);
int32_t plumb_bind_rank(const plumb_binding *binding, size_t position);

/* Its rank and its whole shape, where the rank alone does not tell. */
int32_t plumb_bind_shape(const plumb_binding *binding, size_t position,
                         int64_t shape[PLUMB_MAX_RANK]);

/* PLUMB_E_SHAPE for this slice, with its shape in the message. */
plumb_status plumb_bind_misfit(const plumb_slice *slice, const char *expected, plumb_diag *diag);

/* [N,V], or [V,N] when `channels`. */
plumb_matrix plumb_slice_rows(const plumb_slice *slice, bool channels);

/* [V,H,W]: cells are rows, V columns. [H,W,V] when `last`. */
plumb_matrix plumb_slice_cells(const plumb_slice *slice, bool last);

/* Is a two-dimensional output [V,N]? From the spec, else from the number of values V = `fixed` +
 * classes and of rows, when either tells the sides apart; otherwise PLUMB_E_SHAPE. `cells` 0 is
 * unknown. */
plumb_status plumb_bind_layout(const plumb_binding *binding, const plumb_slice *slice,
                               int64_t fixed, int64_t cells, const char *expected, bool *channels,
                               plumb_diag *diag);

/* Number of classes of a shape against the spec: `found` must be 1..PLUMB_MAX_CLASSES and equal to
 * class_count where that is set. */
plumb_status plumb_bind_classes(const plumb_binding *binding, const plumb_slice *slice,
                                int64_t found, const char *expected, int32_t *classes,
                                plumb_diag *diag);

/* The next block, zeroed, with first_row and rows set. PLUMB_E_LIMIT when all blocks together have
 * more than PLUMB_MAX_HEAD_ROWS rows. */
plumb_status plumb_bind_block(plumb_binding *binding, int64_t rows, plumb_block **block,
                              plumb_diag *diag);

#endif
