/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "preprocess/plan.h"

static float value_of(const plumb_preprocess_plan *plan, int c, float pixel)
{
    float value;
    plan->kernels.values(&value, &pixel, &plan->chain[c], 1);
    return value;
}

/* Round half to even and clamp; NaN cannot come from a validated spec. */
static int32_t quantized(const plumb_preprocess_spec *spec, float value)
{
    bool is_signed = spec->dtype == PLUMB_DTYPE_INT8;
    float low = is_signed ? -128.0f : 0.0f, high = is_signed ? 127.0f : 255.0f;
    if (spec->quantization.scale != 0.0f)
        value = rintf(value / spec->quantization.scale) + (float)spec->quantization.zero_point;
    else
        value = rintf(value);
    return (int32_t)fminf(fmaxf(value, low), high);
}

/* Whether computing, or copying, gives what the tables hold. */
static void find_shortcuts(plumb_preprocess_plan *plan)
{
    uint8_t pixels[256];
    uint32_t words[256];
    uint16_t halves[256];
    for (int p = 0; p < 256; p++)
        pixels[p] = (uint8_t)p;
    size_t size = plumb_dtype_size(plan->spec.dtype);
    plan->computed = size > 1;
    plan->copied = size == 1;
    plan->uniform = true;
    for (int c = 0; c < plan->channels; c++) {
        const plumb_value_chain *chain = &plan->chain[c];
        plan->kernels.compute4((float *)(void *)words, 0, pixels, 0, chain, 256, 1);
        plan->kernels.compute2(halves, 0, pixels, 0, chain, 256, 1);
        bool same = size == 4 ? memcmp(words, plan->tables.word[c], sizeof(words)) == 0
                              : memcmp(halves, plan->tables.half[c], sizeof(halves)) == 0;
        plan->computed = plan->computed && same;
        plan->copied = plan->copied && memcmp(pixels, plan->tables.byte[c], sizeof(pixels)) == 0;
        plan->uniform = plan->uniform && memcmp(chain, &plan->chain[0], sizeof(*chain)) == 0;
    }
}

void plumb_values_init(plumb_preprocess_plan *plan)
{
    const plumb_preprocess_spec *spec = &plan->spec;
    for (int c = 0; c < plan->channels; c++) {
        plumb_value_chain chain = { spec->divide, spec->scale, spec->mean[c], spec->std[c] };
        plan->chain[c] = chain;
        for (int p = 0; p < 256; p++) {
            float value = value_of(plan, c, (float)p);
            memcpy(&plan->tables.word[c][p], &value, sizeof(value));
            plan->tables.half[c][p] = plumb_half_from_float(value);
            plan->tables.byte[c][p] = (uint8_t)quantized(spec, value);
        }
    }
    find_shortcuts(plan);
}

/* Address and element step of pixel (x, y) of channel c. */
static uint8_t *place(const plumb_preprocess_plan *plan, uint8_t *tensor, int c, int32_t x,
                      int32_t y, ptrdiff_t *step)
{
    size_t w = (size_t)plan->mapping.input.width, h = (size_t)plan->mapping.input.height;
    size_t element = plumb_dtype_size(plan->spec.dtype), channels = (size_t)plan->channels;
    bool packed = plan->spec.layout == PLUMB_LAYOUT_NHWC;
    size_t pixel = (size_t)y * w + (size_t)x;
    *step = packed ? plan->channels : 1;
    return tensor + (packed ? pixel * channels + (size_t)c : (size_t)c * w * h + pixel) * element;
}

static void store_floats(const plumb_preprocess_plan *plan, int c, uint8_t *to, ptrdiff_t step,
                         const float *from, int32_t n, float *values)
{
    plan->kernels.values(values, from, &plan->chain[c], n);
    for (int32_t i = 0; i < n; i++) {
        if (plan->spec.dtype == PLUMB_DTYPE_FLOAT32)
            ((float *)(void *)to)[i * step] = values[i];
        else if (plan->spec.dtype == PLUMB_DTYPE_FLOAT16)
            ((uint16_t *)(void *)to)[i * step] = plumb_half_from_float(values[i]);
        else
            to[i * step] = (uint8_t)quantized(&plan->spec, values[i]);
    }
}

static void store_table(const plumb_preprocess_plan *plan, int c, uint8_t *to, ptrdiff_t step,
                        const uint8_t *from, int32_t n)
{
    const plumb_kernels *k = &plan->kernels;
    switch (plumb_dtype_size(plan->spec.dtype)) {
    case 1:
        if (plan->copied && step == 1)
            memcpy(to, from, (size_t)n);
        else
            k->store1(to, step, from, plan->tables.byte[c], n);
        break;
    case 2:
        k->store2((uint16_t *)(void *)to, step, from, plan->tables.half[c], n);
        break;
    default:
        k->store4((uint32_t *)(void *)to, step, from, plan->tables.word[c], n);
    }
}

/* `n` by `rows` values by computation; strides in elements. */
static void store_computed(const plumb_preprocess_plan *plan, int c, uint8_t *to,
                           ptrdiff_t to_stride, const uint8_t *from, ptrdiff_t from_stride,
                           int32_t n, int32_t rows)
{
    const plumb_value_chain *chain = &plan->chain[c];
    if (plan->spec.dtype == PLUMB_DTYPE_FLOAT32)
        plan->kernels.compute4((float *)(void *)to, to_stride, from, from_stride, chain, n, rows);
    else
        plan->kernels.compute2((uint16_t *)(void *)to, to_stride, from, from_stride, chain, n,
                               rows);
}

/* One row of three interleaved channels of bytes, or of values with one chain. */
static void store_packed(const plumb_preprocess_plan *plan, uint8_t *to,
                         const void *const planes[3], int32_t n, uint8_t *bytes)
{
    const uint8_t *from[3];
    for (int c = 0; c < 3; c++)
        from[c] = planes[plan->plane_of[c]];
    if (plan->copied) {
        plan->kernels.interleave3(to, from, n);
        return;
    }
    plan->kernels.interleave3(bytes, from, n);
    store_computed(plan, 0, to, 0, bytes, 0, 3 * n, 1);
}

void plumb_store_block(const plumb_preprocess_plan *plan, uint8_t *tensor, int32_t x, int32_t y,
                       const void *const planes[3], ptrdiff_t stride, int32_t n, int32_t rows,
                       void *values)
{
    bool floats = plumb_step_output_size(plan->arithmetic.second) == sizeof(float);
    bool packed = plan->spec.layout == PLUMB_LAYOUT_NHWC && plan->channels == 3;
    ptrdiff_t step;
    if (!packed && plan->computed && !floats) {
        for (int c = 0; c < plan->channels; c++) {
            uint8_t *to = place(plan, tensor, c, x, y, &step);
            store_computed(plan, c, to, plan->mapping.input.width, planes[plan->plane_of[c]],
                           stride, n, rows);
        }
        return;
    }
    for (int32_t r = 0; r < rows; r++) {
        const void *row[3] = { NULL, NULL, NULL };
        for (int p = 0; p < plan->planes; p++)
            row[p] = (const uint8_t *)planes[p] + r * stride;
        if (packed && !floats && (plan->copied || (plan->computed && plan->uniform))) {
            store_packed(plan, place(plan, tensor, 0, x, y + r, &step), row, n, values);
            continue;
        }
        for (int c = 0; c < plan->channels; c++) {
            uint8_t *to = place(plan, tensor, c, x, y + r, &step);
            if (floats)
                store_floats(plan, c, to, step, row[plan->plane_of[c]], n, values);
            else
                store_table(plan, c, to, step, row[plan->plane_of[c]], n);
        }
    }
}

/* The pad value of channel `c` in the tensor's type. */
static const void *pad_element(const plumb_preprocess_plan *plan, int c)
{
    uint8_t pad = plan->spec.pad[c];
    switch (plumb_dtype_size(plan->spec.dtype)) {
    case 1:
        return &plan->tables.byte[c][pad];
    case 2:
        return &plan->tables.half[c][pad];
    default:
        return &plan->tables.word[c][pad];
    }
}

/* Elements that follow one another in `n` pixels by `rows`, rows `row` bytes apart. */
static void pad_runs(const plumb_preprocess_plan *plan, uint8_t *to, const void *element,
                     size_t bytes, size_t row, int32_t rows)
{
    size_t size = plumb_dtype_size(plan->spec.dtype);
    uint8_t pattern[8];
    for (size_t i = 0; i < sizeof(pattern); i += size)
        memcpy(pattern + i, element, size);
    if (bytes == row) {
        plan->kernels.fill(to, pattern, bytes * (size_t)rows);
        return;
    }
    for (int32_t y = 0; y < rows; y++, to += row)
        plan->kernels.fill(to, pattern, bytes);
}

/* A block of pad values: whole runs where the elements of all channels lie together and are alike. */
static void pad_block(const plumb_preprocess_plan *plan, uint8_t *tensor, plumb_irect block)
{
    size_t size = plumb_dtype_size(plan->spec.dtype);
    ptrdiff_t step;
    bool alike = true;
    for (int c = 1; c < plan->channels; c++)
        alike = alike && memcmp(pad_element(plan, 0), pad_element(plan, c), size) == 0;
    if (block.width <= 0 || block.height <= 0)
        return;
    for (int c = 0; c < plan->channels; c++) {
        uint8_t *to = place(plan, tensor, c, block.x, block.y, &step);
        size_t pixel = (size_t)step * size;
        size_t row = (size_t)plan->mapping.input.width * pixel;
        if (step == 1 || alike) {
            pad_runs(plan, to, pad_element(plan, c), (size_t)block.width * pixel, row,
                     block.height);
            if (step != 1)
                return;
            continue;
        }
        for (int32_t y = 0; y < block.height; y++, to += row)
            for (int32_t x = 0; x < block.width; x++)
                memcpy(to + (size_t)x * pixel, pad_element(plan, c), size);
    }
}

void plumb_store_padding(const plumb_preprocess_plan *plan, uint8_t *tensor)
{
    const plumb_irect *in = &plan->mapping.placed;
    int32_t w = plan->mapping.input.width, h = plan->mapping.input.height;
    int32_t right = in->x + in->width, bottom = in->y + in->height;
    const plumb_irect blocks[4] = { { 0, 0, w, in->y },
                                    { 0, in->y, in->x, in->height },
                                    { right, in->y, w - right, in->height },
                                    { 0, bottom, w, h - bottom } };
    for (int b = 0; b < 4; b++)
        pad_block(plan, tensor, blocks[b]);
}
