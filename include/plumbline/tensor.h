/* SPDX-License-Identifier: Apache-2.0
 *
 * Tensors as views: element type, shape, byte strides, affine quantisation, and the .npy format.
 * The invariant: plumb_tensor_validate accepts a view only if every element its shape and
 * strides name lies in its memory. Next: preprocess.h makes them, heads.h reads them.
 */
#ifndef PLUMBLINE_TENSOR_H
#define PLUMBLINE_TENSOR_H

#include "plumbline/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PLUMB_MAX_RANK         6
#define PLUMB_MAX_TENSORS      32 /* inputs or outputs of one detector */
#define PLUMB_MAX_TENSOR_BYTES ((int64_t)1 << 31)

typedef enum plumb_dtype {
    PLUMB_DTYPE_UNSET = 0,
    PLUMB_DTYPE_FLOAT32,
    PLUMB_DTYPE_FLOAT16,
    PLUMB_DTYPE_FLOAT64,
    PLUMB_DTYPE_UINT8,
    PLUMB_DTYPE_INT8,
    PLUMB_DTYPE_INT32,
    PLUMB_DTYPE_INT64,
} plumb_dtype;

PLUMB_API const char *plumb_dtype_name(plumb_dtype dtype); /* "float32" */
PLUMB_API bool plumb_dtype_parse(const char *name, plumb_dtype *dtype);
PLUMB_API size_t plumb_dtype_size(plumb_dtype dtype); /* bytes; 0 for UNSET */

/* real = (stored - zero_point) * scale. scale 0: not quantised. */
typedef struct plumb_quantization {
    float scale;
    int32_t zero_point;
} plumb_quantization;

/* A view. Dimensions in row-major order, strides in bytes; a stride of 0 stands for the dense
 * one. `name` is borrowed and may be NULL. */
typedef struct plumb_tensor {
    const char *name;
    void *data;
    size_t size; /* bytes from data */
    plumb_dtype dtype;
    int32_t rank;
    int64_t shape[PLUMB_MAX_RANK];
    int64_t strides[PLUMB_MAX_RANK];
    plumb_quantization quantization;
} plumb_tensor;

/* What a detector is told before the first frame. */
typedef struct plumb_tensor_info {
    const char *name;
    plumb_dtype dtype;
    int32_t rank;
    int64_t shape[PLUMB_MAX_RANK];
    plumb_quantization quantization;
} plumb_tensor_info;

/* Raw outputs of one call of a detector: views into memory that the detector owns and keeps
 * until its next call. */
typedef struct plumb_outputs {
    size_t count;
    plumb_tensor tensors[PLUMB_MAX_TENSORS];
} plumb_outputs;

/* Check rank, shape (every side >= 0), strides (>= 0) and that the last element ends inside
 * `size`; fill zero strides with the dense ones. A tensor with a side of 0 is empty: its data may
 * be NULL. Errors: PLUMB_E_ARGUMENT (no data),
 * PLUMB_E_DTYPE, PLUMB_E_SHAPE, PLUMB_E_STRIDE, PLUMB_E_BUFFER, PLUMB_E_LIMIT,
 * PLUMB_E_VALUE (a quantisation scale that is negative or not finite). Thread-safe, O(rank). */
PLUMB_API PLUMB_NODISCARD plumb_status plumb_tensor_validate(plumb_tensor *tensor,
                                                             plumb_diag *diag);

/* Product of the shape, -1 where it overflows or a side is negative. */
PLUMB_API int64_t plumb_tensor_elements(const plumb_tensor *tensor);

/* True where the strides are the dense row-major ones. */
PLUMB_API bool plumb_tensor_is_dense(const plumb_tensor *tensor);

/* Element `index` of a dense run starting at `data`, as float32: quantised values are
 * dequantised, integers converted. */
PLUMB_API float plumb_tensor_load(const plumb_tensor *tensor, int64_t byte_offset);

/* IEEE half precision, round to nearest even; NaN stays NaN. */
PLUMB_API float plumb_float_from_half(uint16_t half);
PLUMB_API uint16_t plumb_half_from_float(float value);

/* The .npy format, versions 1 to 3, little-endian, C order, of the types above. */

/* Parse a whole file in memory; `tensor` becomes a view into `data` (its `data` pointer is not
 * written through). Errors: PLUMB_E_SYNTAX (magic, header), PLUMB_E_DTYPE, PLUMB_E_UNSUPPORTED
 * (Fortran order, big-endian), PLUMB_E_SHAPE, PLUMB_E_TRUNCATED, PLUMB_E_CORRUPT (bytes after
 * the end). A scalar array has rank 0 and is refused with PLUMB_E_SHAPE. */
PLUMB_API PLUMB_NODISCARD plumb_status plumb_npy_parse(const void *data, size_t size,
                                                       plumb_tensor *tensor, plumb_diag *diag);

/* Write the header of a dense tensor as numpy.save would: `header` gets at most `capacity`
 * bytes, `*size` the length needed, a multiple of 64. PLUMB_E_CAPACITY when it did not fit. */
PLUMB_API PLUMB_NODISCARD plumb_status plumb_npy_header(const plumb_tensor *tensor, void *header,
                                                        size_t capacity, size_t *size);

#ifdef __cplusplus
}
#endif

#endif
