/* SPDX-License-Identifier: Apache-2.0
 *
 * A plan: tap tables in buffer terms, look-up tables of values, and the layout of the scratch
 * memory. The invariant: whatever a run needs was decided and checked here; a run only reads it.
 *
 * The buffer is resampled as it lies, so that camera rows are read in order; only the small
 * result is turned. The peer's first sum is over the upright picture's x. Where the orientation
 * exchanges the axes that is the buffer's y, so the first sum then goes across rows:
 *
 *     straight:  fetch row -> first step along the row -> ring -> second step across -> store row
 *     exchanged: fetch row -> ring -> first step across -> second step along -> store column
 *
 * `fast` is free to take the samples of the frame as they are stored, whole rows at a time, and to
 * make colours of the few that are left; so is every filter that picks single pixels:
 *
 *     stored:    camera rows -> across -> split -> along -> colours -> store row or column
 */
#ifndef PLUMB_PREPROCESS_PLAN_H
#define PLUMB_PREPROCESS_PLAN_H

#include "base/allocator.h"
#include "frame/format.h"
#include "kernels/kernels.h"
#include "preprocess/axis.h"

/* Where each part of the scratch memory begins, and row sizes in bytes. */
typedef struct plumb_scratch_layout {
    size_t samples, sample_row; /* 3 component rows as fetched */
    size_t colors, color_row;   /* 3 rows of R, G, B when they become gray */
    size_t rows;                /* row pointers: taps per plane */
    size_t ring, ring_row;      /* ring_rows times the planes */
    size_t single, single_row;  /* one row of each plane between the steps */
    size_t result, result_row;  /* one row, or a tile of columns, of each plane */
    size_t turned, turned_row;  /* some rows of a tile of each plane, turned */
    size_t values, value_row;   /* one row of values of three channels */
    size_t own, own_row;        /* stored: rows that are not in camera memory, taps per line */
    size_t means, mean_row;     /* stored: 3 component rows of the result, and 3 as colours */
    size_t total;
} plumb_scratch_layout;

/* Values of 8-bit results, one table a channel, elements of the tensor's type. */
typedef struct plumb_value_tables {
    uint32_t word[3][256];
    uint16_t half[3][256];
    uint8_t byte[3][256];
} plumb_value_tables;

struct plumb_preprocess_plan {
    plumb_context context;
    plumb_preprocess_spec spec;
    plumb_frame like;  /* planes cleared */
    bool streamed;     /* its pixels come row by row */
    int32_t reduction; /* 2: they are those of a picture of half the size; else 1 */
    plumb_mapping mapping;
    plumb_kernels kernels;
    const plumb_format_info *info;
    plumb_yuv_constants constants;
    plumb_gray_weights gray;
    plumb_arithmetic arithmetic;
    bool exchanged;     /* the buffer's rows are the picture's columns */
    bool mirror_across; /* buffer rows run against the picture's axis */
    int32_t tile;       /* exchanged: columns of a tile at most */
    int planes;         /* 1 for gray sources or gray output, else 3 */
    int channels;       /* of the tensor */
    int plane_of[3];    /* of each channel */
    plumb_axis along;   /* sources are buffer columns */
    plumb_axis across;  /* sources are buffer rows */
    int32_t column;     /* lowest buffer column of dense slots */
    bool mirror_along;  /* buffer columns run against the picture's axis */
    bool stored;        /* samples are resampled as stored; axes then follow the buffer, */
    bool reversed;      /* whose columns may run against the picture's axis */
    plumb_axis chroma_along, chroma_across; /* stored: of the chroma samples */
    plumb_value_chain chain[3];
    plumb_value_tables tables;
    bool computed; /* the chains give the same values as the tables */
    bool copied;   /* the tensor holds the 8-bit results themselves */
    bool uniform;  /* all channels have one chain */
    plumb_scratch_layout scratch;
};

/* A chain of rows in planar 8 bits: the picture columns that plan->along names, of buffer row
 * `row`. A frame is one source; anything that yields rows top to bottom can be another. */
typedef struct plumb_row_source {
    void *user;
    void (*fetch)(void *user, int32_t row, uint8_t *const planes[3]);
    /* Column 0 of a row as it is stored, NULL for a black one; for sources without a view. */
    const uint8_t *(*pixels)(void *user, int32_t row);
    const plumb_view *view; /* of a frame in memory, or NULL */
} plumb_row_source;

/* Does the tensor fit the plan, and is the scratch memory large enough? */
plumb_status plumb_preprocess_check_run(const plumb_preprocess_plan *plan,
                                        const plumb_tensor *tensor, const void *scratch,
                                        size_t scratch_size, plumb_diag *diag);

/* Resample what `source` yields and fill the whole tensor. */
void plumb_preprocess_resample(const plumb_preprocess_plan *plan, const plumb_row_source *source,
                               uint8_t *tensor, uint8_t *scratch);

/* The same from samples as they are stored. */
void plumb_preprocess_resample_stored(const plumb_preprocess_plan *plan,
                                      const plumb_row_source *source, uint8_t *tensor,
                                      uint8_t *scratch);

/* Where buffer rows are picture columns, those of output `k` on go into one tile: so many that tiles
 * meet between cache lines of the tensor. */
int32_t plumb_tile_columns(const plumb_preprocess_plan *plan, int32_t k);

/* Turn a tile of result columns into rows and store them; column 0 belongs to picture x `x`. */
void plumb_store_tile(const plumb_preprocess_plan *plan, uint8_t *tensor, uint8_t *scratch,
                      int32_t x, int32_t columns);

/* The row source of a validated frame that fits the plan. */
typedef struct plumb_frame_rows {
    const plumb_preprocess_plan *plan;
    plumb_view view;
    uint8_t *scratch;
} plumb_frame_rows;

void plumb_frame_rows_fetch(void *user, int32_t row, uint8_t *const planes[3]);

/* Value tables and chains of a validated spec. */
void plumb_values_init(plumb_preprocess_plan *plan);

/* Store a block of `n` by `rows` pixels at (x, y) of the tensor: 8-bit results through the tables or
 * what equals them, float results (one row only) through the chains. Rows of a plane are `stride`
 * bytes apart; `values` is the scratch area of that name. */
void plumb_store_block(const plumb_preprocess_plan *plan, uint8_t *tensor, int32_t x, int32_t y,
                       const void *const planes[3], ptrdiff_t stride, int32_t n, int32_t rows,
                       void *values);

/* Pad everything outside mapping.placed. */
void plumb_store_padding(const plumb_preprocess_plan *plan, uint8_t *tensor);

#endif
