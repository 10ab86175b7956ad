/* SPDX-License-Identifier: Apache-2.0
 *
 * The tap tables of one axis of the upright picture. The invariant: weights and positions are the
 * named peer's own double or float arithmetic, and every tap names a slot that exists; slots name
 * source samples inside the picture, and only those that some output needs.
 */
#ifndef PLUMB_PREPROCESS_AXIS_H
#define PLUMB_PREPROCESS_AXIS_H

#include "kernels/kernels.h"
#include "plumbline/preprocess.h"

/* A resampler with what the sizes decide already decided. */
typedef enum plumb_filter {
    PLUMB_FILTER_NEAREST,
    PLUMB_FILTER_NEAREST_EXACT,
    PLUMB_FILTER_PILLOW_BOX,
    PLUMB_FILTER_PILLOW_BILINEAR,
    PLUMB_FILTER_PILLOW_BICUBIC,
    PLUMB_FILTER_PILLOW_LANCZOS,
    PLUMB_FILTER_CV_LINEAR,
    PLUMB_FILTER_CV_LINEAR_EXACT,
    PLUMB_FILTER_CV_CUBIC,
    PLUMB_FILTER_CV_HALF,        /* exactly 2x down both ways */
    PLUMB_FILTER_CV_AREA_WHOLE,  /* integer ratios both ways */
    PLUMB_FILTER_CV_AREA,        /* other ratios down */
    PLUMB_FILTER_CV_AREA_LINEAR, /* up on one axis at least */
    PLUMB_FILTER_TORCH,
    PLUMB_FILTER_TORCH_AA,
    PLUMB_FILTER_TORCH_CORNERS,
    PLUMB_FILTER_TF2,
    PLUMB_FILTER_TF1,
    PLUMB_FILTER_FAST,
} plumb_filter;

/* One axis: output i of `scaled` covers [origin + i*scale, origin + (i+1)*scale) of `side`
 * source samples; `count` outputs from `begin` are wanted. */
typedef struct plumb_axis_request {
    int32_t side, scaled, begin, count;
    double origin;
    double scale;   /* source samples per output: side/scaled as one division */
    double inverse; /* outputs per source sample, as the peer is given it; OpenCV inverts it */
    bool is_y;      /* OpenCV treats borders of x and y differently */
} plumb_axis_request;

/* Sources are positions of the upright picture until the plan turns them into buffer columns or
 * rows. Dense slots follow one another without gaps, but for copies of the first and last source
 * that stand for a border. */
typedef struct plumb_axis {
    plumb_taps taps;
    int32_t *source; /* of each slot */
    bool dense;
    int32_t lead, trail; /* copies before and behind dense slots */
    void *memory, *program;
} plumb_axis;

/* What the resampler becomes for these two axes. */
plumb_filter plumb_filter_select(plumb_resampler resampler, const plumb_axis_request *x,
                                 const plumb_axis_request *y);

/* The two steps of a filter, and the factor of the last. Where each output is one source sample, both
 * steps are PLUMB_STEP_PICK. */
typedef struct plumb_arithmetic {
    plumb_filter filter;
    plumb_step first, second;
    float factor;
} plumb_arithmetic;

plumb_status plumb_arithmetic_select(const plumb_context *context, plumb_resampler resampler,
                                     const plumb_axis_request *x, const plumb_axis_request *y,
                                     plumb_arithmetic *arithmetic);

/* Taps that an output can have at most. */
int32_t plumb_filter_capacity(plumb_filter filter, const plumb_axis_request *request);

/* The contributions to output `i`: returns their number, at least 1, sets the position of the first
 * (outside the side where the peer replicates its border) and the weights, in the unit of the
 * steps. */
int32_t plumb_filter_taps(plumb_filter filter, const plumb_axis_request *request, int32_t i,
                          int32_t *first, double *weights);

/* Build the tables. With `along` the slots may be dense where whole rows are faster to convert than
 * picked samples, and the kernels make their own tables for `step`. PLUMB_E_NOMEM and
 * PLUMB_E_LIMIT leave nothing behind. */
plumb_status plumb_axis_build(const plumb_context *context, const plumb_kernels *kernels,
                              const plumb_axis_request *request, const plumb_arithmetic *arithmetic,
                              plumb_step step, bool along, plumb_axis *axis);
/* Tables that take one sample an output, at `positions`, which never fall, of some buffer: dense
 * slots along it, one a row across it. */
plumb_status plumb_axis_pick(const plumb_context *context, const plumb_kernels *kernels,
                             const int32_t *positions, int32_t count, bool along, plumb_axis *axis);
void plumb_axis_release(const plumb_context *context, plumb_axis *axis);

#endif
