/* SPDX-License-Identifier: Apache-2.0
 *
 * A tensor from pixels that come row by row, such as those of a JPEG while it is decoded. The
 * invariant: rows are asked for top to bottom, each at most once, and only inside the part of the
 * buffer that the plan names, so that the stream never holds a frame.
 */
#ifndef PLUMB_PREPROCESS_STREAM_H
#define PLUMB_PREPROCESS_STREAM_H

#include "plumbline/preprocess.h"

/* `row` gives a pointer to column 0 of a buffer row in the plan's one-plane pixel format, valid
 * until the next call; only the columns of the plan's part are read. NULL ends the run: the rows
 * that follow count as black, and the stream knows why. */
typedef struct plumb_row_stream {
    void *user;
    const uint8_t *(*row)(void *user, int32_t row);
} plumb_row_stream;

/* plumb_preprocess_plan_create for pixels that will be streamed, as a JPEG's are: `like` has the
 * size and format of the whole picture. Such a plan fits streams only, and it decides with the
 * spec's `jpeg` whether the stream is to be one of a picture of half the size. */
plumb_status plumb_stream_plan_create(const plumb_context *context,
                                      const plumb_preprocess_spec *spec, const plumb_frame *like,
                                      plumb_preprocess_plan **plan, plumb_diag *diag);

/* True where the whole picture has the geometry the plan was made for. */
bool plumb_stream_plan_fits(const plumb_preprocess_plan *plan, const plumb_frame *frame);

/* 2: the stream is one of a picture of half the size, whose rows and columns all positions below
 * count; else 1. The mapping is that of the whole picture either way. */
int32_t plumb_stream_plan_reduction(const plumb_preprocess_plan *plan);

/* The rectangle of the buffer that runs of the plan read. */
plumb_irect plumb_stream_plan_part(const plumb_preprocess_plan *plan);

/* Row number `order` of those that runs of the plan read, from the top down; a row may come several
 * times in succession. One behind the part where there are no more. */
int32_t plumb_stream_plan_row(const plumb_preprocess_plan *plan, int32_t order);

/* plumb_preprocess_run for a stream; the plan's format has one plane. After a stream that ended
 * early the tensor holds nothing of use. */
plumb_status plumb_preprocess_run_stream(const plumb_preprocess_plan *plan,
                                         const plumb_row_stream *stream, plumb_tensor *tensor,
                                         void *scratch, size_t scratch_size, plumb_diag *diag);

#endif
