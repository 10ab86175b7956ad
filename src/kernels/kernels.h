/* SPDX-License-Identifier: Apache-2.0
 *
 * The inner loops behind one table. C fills every entry and is the definition of each result; an
 * architecture overlays entries it can do faster with the same bits. Rows are planar: one 8-bit
 * row per colour. No kernel reads outside [0, n) of its inputs or writes outside its output.
 */
#ifndef PLUMB_KERNELS_KERNELS_H
#define PLUMB_KERNELS_KERNELS_H

#include "frame/matrix.h"

/* One weighted sum along or across rows. A resampler is two of them: the first is over the upright
 * picture's x, the second over its y, and what lies between has the type of the first's result. */
typedef enum plumb_step {
    PLUMB_STEP_PILLOW,        /* u8 to u8: (2^21 + sum) >> 22, weights in 22 bits */
    PLUMB_STEP_LINEAR_FIRST,  /* u8 to i16: sum >> 4, weights in 11 bits (OpenCV) */
    PLUMB_STEP_LINEAR_SECOND, /* i16 to u8: (sum of (w*h >> 16) + 2) >> 2 */
    PLUMB_STEP_EXACT_FIRST,   /* u8 to u16: sum, weights in 8 bits (OpenCV's exact bilinear) */
    PLUMB_STEP_EXACT_SECOND,  /* u16 to u8: (sum + 2^15) >> 16 */
    PLUMB_STEP_FLOAT_FIRST,   /* u8 to f32: sum in the order of the taps */
    PLUMB_STEP_FLOAT_SECOND,  /* f32 to f32, the same */
    PLUMB_STEP_FLOAT_ROUND,   /* f32 to u8: sum * factor, to nearest even, clipped */
    PLUMB_STEPS,
} plumb_step;

size_t plumb_step_input_size(plumb_step step);
size_t plumb_step_output_size(plumb_step step);
bool plumb_step_is_float(plumb_step step); /* the weights are floats */

/* The taps of one axis: output i is made of slots first[i] .. first[i] + taps - 1, which exist,
 * with weights[i * taps ...], some of them 0. Slots are the source samples that some output
 * needs, in the order of the upright picture. */
typedef struct plumb_taps {
    int32_t outputs, taps, slots;
    const int32_t *first;
    const int32_t *integer; /* weights of the integer steps */
    const float *real;      /* weights of the float steps */
    float factor;           /* of PLUMB_STEP_FLOAT_ROUND */
} plumb_taps;

typedef void (*plumb_along_fn)(void *to, const void *from, const plumb_taps *taps);

/* Output `output` of `taps`, for `n` columns; rows[j] is the row of its tap j. */
typedef void (*plumb_across_fn)(void *to, const void *const *rows, const plumb_taps *taps,
                                int32_t output, int32_t n);

typedef struct plumb_gray_weights {
    int32_t red, green, blue, shift;
} plumb_gray_weights;

/* ((p / divide) * scale - mean) / std in float32, neutral steps left out. */
typedef struct plumb_value_chain {
    float divide, scale, mean, std;
} plumb_value_chain;

typedef struct plumb_kernels {
    /* to[i] = from[(columns[i] >> shift) * stride], bytes or little-endian words. */
    void (*pick8)(uint8_t *to, const uint8_t *from, ptrdiff_t stride, const int32_t *columns,
                  int shift, int32_t n);
    void (*pick16)(uint16_t *to, const uint8_t *from, ptrdiff_t stride, const int32_t *columns,
                   int shift, int32_t n);

    /* One chroma sample a pixel. 10-bit samples are in the low bits, higher bits are 0. */
    void (*yuv8)(uint8_t *const rgb[3], const uint8_t *y, const uint8_t *u, const uint8_t *v,
                 int32_t n, const plumb_yuv_constants *constants);
    void (*yuv10)(uint8_t *const rgb[3], const uint16_t *y, const uint16_t *u, const uint16_t *v,
                  int32_t n, const plumb_yuv_constants *constants);
    void (*rgb565)(uint8_t *const rgb[3], const uint16_t *from, int32_t n);
    void (*gray)(uint8_t *to, const uint8_t *const rgb[3], int32_t n,
                 const plumb_gray_weights *weights);

    plumb_along_fn along[PLUMB_STEPS];
    plumb_across_fn across[PLUMB_STEPS];

    /* Table look-up of 8-bit results: to[i * step] = table[from[i]], elements of 1, 2 or 4
     * bytes; `step` counts elements. */
    void (*store1)(uint8_t *to, ptrdiff_t step, const uint8_t *from, const uint8_t *table,
                   int32_t n);
    void (*store2)(uint16_t *to, ptrdiff_t step, const uint8_t *from, const uint16_t *table,
                   int32_t n);
    void (*store4)(uint32_t *to, ptrdiff_t step, const uint8_t *from, const uint32_t *table,
                   int32_t n);

    /* The value chain on float results. */
    void (*values)(float *to, const float *from, const plumb_value_chain *chain, int32_t n);
} plumb_kernels;

/* Fill the table for the PLUMB_CPU_* bits of a resolved context. */
void plumb_kernels_init(plumb_kernels *kernels, uint32_t cpu);

void plumb_kernels_init_c_color(plumb_kernels *kernels);
void plumb_kernels_init_c_steps(plumb_kernels *kernels);
void plumb_kernels_init_c_store(plumb_kernels *kernels);

#endif
