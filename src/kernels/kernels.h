/* SPDX-License-Identifier: Apache-2.0
 *
 * The inner loops behind one table. C fills every entry and is the definition of each result; an
 * architecture overlays entries it can do faster with the same bits. Rows are planar: one 8-bit
 * row per colour. Camera memory is read inside [0, n) and the tensor written inside [0, n) only;
 * rows of our own, which go into and come out of the steps, have PLUMB_ROW_SLACK bytes behind them
 * that a kernel may read or overwrite.
 */
#ifndef PLUMB_KERNELS_KERNELS_H
#define PLUMB_KERNELS_KERNELS_H

#include "frame/matrix.h"

#define PLUMB_ROW_SLACK 64

/* Result columns that are turned into rows together, at most; of them so many rows at a time, whose
 * bytes are a cache line of each column. */
#define PLUMB_TILE      128
#define PLUMB_TILE_ROWS 64

/* One weighted sum along or across rows. A resampler is two of them: the first is over the upright
 * picture's x, the second over its y, and what lies between has the type of the first's result. */
typedef enum plumb_step {
    PLUMB_STEP_PICK,          /* u8 to u8: one tap of weight 1 */
    PLUMB_STEP_PILLOW,        /* u8 to u8: (2^21 + sum) >> 22, weights in 22 bits */
    PLUMB_STEP_LINEAR_FIRST,  /* u8 to i16: sum >> 4, weights in 11 bits (OpenCV) */
    PLUMB_STEP_LINEAR_SECOND, /* i16 to u8: (sum of (w*h >> 16) + 2) >> 2 */
    PLUMB_STEP_EXACT_FIRST,   /* u8 to u16: sum, weights add up to 256 (OpenCV's exact bilinear) */
    PLUMB_STEP_EXACT_SECOND,  /* u16 to u8: (sum + 2^15) >> 16 */
    PLUMB_STEP_MEAN,          /* u8 to u8: (sum + 64) >> 7, weights add up to 128, none below 0 */
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
    const void *program;    /* what plumb_kernels.program made of the rest, or NULL */
} plumb_taps;

/* One row of each plane: planes share their tables. */
typedef void (*plumb_along_fn)(void *const to[], const void *const from[], int planes,
                               const plumb_taps *taps);

/* Output `output` of `taps`, for `n` columns; rows[j] is the row of its tap j. PLUMB_STEP_MEAN reads
 * camera memory, rows without slack. */
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

    /* Rows without gaps, from an even pixel on: pixel i has chroma sample i / 2. */
    void (*yuv8_half)(uint8_t *const rgb[3], const uint8_t *y, const uint8_t *u, const uint8_t *v,
                      ptrdiff_t chroma_stride, int32_t n, const plumb_yuv_constants *constants);
    /* The same for words of ten bits, in the low bits or `high`; strides in bytes. */
    void (*yuv10_half)(uint8_t *const rgb[3], const uint8_t *y, const uint8_t *u, const uint8_t *v,
                       ptrdiff_t chroma_stride, bool high, int32_t n,
                       const plumb_yuv_constants *constants);
    /* Bytes of pixels of `size` 2, 3 or 4 into rows; to[k] may be NULL. */
    void (*split)(uint8_t *const to[4], const uint8_t *from, int size, int32_t n);
    void (*reverse)(uint8_t *to, const uint8_t *from, int32_t n);

    /* Bytes that along[step] wants for tables of its own, and the tables, into memory of zeros. */
    struct {
        size_t (*size)(plumb_step step, const plumb_taps *taps);
        void (*make)(plumb_step step, const plumb_taps *taps, void *program);
    } program[PLUMB_STEPS];

    plumb_along_fn along[PLUMB_STEPS];
    plumb_across_fn across[PLUMB_STEPS];

    /* 8-bit results to values: to[i * step] = table[from[i]], elements of 1, 2 or 4 bytes; `step`
     * counts elements. */
    void (*store1)(uint8_t *to, ptrdiff_t step, const uint8_t *from, const uint8_t *table,
                   int32_t n);
    void (*store2)(uint16_t *to, ptrdiff_t step, const uint8_t *from, const uint16_t *table,
                   int32_t n);
    void (*store4)(uint32_t *to, ptrdiff_t step, const uint8_t *from, const uint32_t *table,
                   int32_t n);
    /* to[i] = pattern[i % 8]. */
    void (*fill)(uint8_t *to, const uint8_t pattern[8], size_t bytes);
    /* Three rows of bytes to pixels of three bytes. */
    void (*interleave3)(uint8_t *to, const uint8_t *const from[3], int32_t n);

    /* The same values computed. Division is by a reciprocal and a correction, which is exact for
     * nearly all divisors; whoever uses these compares all 256 values with the table first.
     * Strides count elements. */
    void (*compute4)(float *to, ptrdiff_t to_stride, const uint8_t *from, ptrdiff_t from_stride,
                     const plumb_value_chain *chain, int32_t n, int32_t rows);
    void (*compute2)(uint16_t *to, ptrdiff_t to_stride, const uint8_t *from, ptrdiff_t from_stride,
                     const plumb_value_chain *chain, int32_t n, int32_t rows);

    /* to[y * PLUMB_TILE + x] = from[x * from_stride + y]: up to PLUMB_TILE columns become up to
     * PLUMB_TILE_ROWS rows. Other parts of `to`, which holds a whole tile of so many rows, may be
     * overwritten, and columns behind `columns` read, up to a multiple of 16. */
    void (*turn8)(uint8_t *to, const uint8_t *from, ptrdiff_t from_stride, int32_t columns,
                  int32_t rows);

    /* The value chain on float results. */
    void (*values)(float *to, const float *from, const plumb_value_chain *chain, int32_t n);
} plumb_kernels;

/* Fill the table for the PLUMB_CPU_* bits of a resolved context. libyuv, where it is built in,
 * chooses its own instructions; PLUMB_CPU_NONE leaves it out. */
void plumb_kernels_init(plumb_kernels *kernels, uint32_t cpu);

void plumb_kernels_init_c_color(plumb_kernels *kernels);
void plumb_kernels_init_c_steps(plumb_kernels *kernels);
void plumb_kernels_init_c_store(plumb_kernels *kernels);
void plumb_kernels_init_libyuv(plumb_kernels *kernels);
void plumb_kernels_init_avx2_color(plumb_kernels *kernels);
void plumb_kernels_init_avx2_along(plumb_kernels *kernels);
void plumb_kernels_init_avx2_floats(plumb_kernels *kernels);
void plumb_kernels_init_avx2_mean(plumb_kernels *kernels);
void plumb_kernels_init_avx2_pick(plumb_kernels *kernels);
void plumb_kernels_init_avx2_words(plumb_kernels *kernels);
void plumb_kernels_init_avx2_across(plumb_kernels *kernels);
void plumb_kernels_init_avx2_store(plumb_kernels *kernels);
void plumb_kernels_init_avx512(plumb_kernels *kernels);
void plumb_kernels_init_avx512_words(plumb_kernels *kernels);
void plumb_kernels_init_vbmi_along(plumb_kernels *kernels);
void plumb_kernels_init_vbmi_pick(plumb_kernels *kernels);
void plumb_kernels_init_vbmi_split(plumb_kernels *kernels);

#endif
