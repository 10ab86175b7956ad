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

static void store_values(const plumb_preprocess_plan *plan, uint8_t *to, ptrdiff_t step,
                         const float *values, int32_t n)
{
    for (int32_t i = 0; i < n; i++) {
        if (plan->spec.dtype == PLUMB_DTYPE_FLOAT32)
            ((float *)(void *)to)[i * step] = values[i];
        else if (plan->spec.dtype == PLUMB_DTYPE_FLOAT16)
            ((uint16_t *)(void *)to)[i * step] = plumb_half_from_float(values[i]);
        else
            to[i * step] = (uint8_t)quantized(&plan->spec, values[i]);
    }
}

void plumb_store_pixels(const plumb_preprocess_plan *plan, uint8_t *tensor, int32_t x, int32_t y,
                        const void *const planes[3], int32_t n, float *values)
{
    const plumb_kernels *k = &plan->kernels;
    bool floats =
        !plan->arithmetic.pick && plumb_step_output_size(plan->arithmetic.second) == sizeof(float);
    for (int c = 0; c < plan->channels; c++) {
        ptrdiff_t step;
        uint8_t *to = place(plan, tensor, c, x, y, &step);
        const void *from = planes[plan->plane_of[c]];
        if (floats) {
            k->values(values, from, &plan->chain[c], n);
            store_values(plan, to, step, values, n);
            continue;
        }
        switch (plumb_dtype_size(plan->spec.dtype)) {
        case 1:
            k->store1(to, step, from, plan->tables.byte[c], n);
            break;
        case 2:
            k->store2((uint16_t *)(void *)to, step, from, plan->tables.half[c], n);
            break;
        default:
            k->store4((uint32_t *)(void *)to, step, from, plan->tables.word[c], n);
        }
    }
}

/* One element of `size` bytes, `n` times. */
static void fill(uint8_t *to, const void *element, size_t size, ptrdiff_t step, int32_t n)
{
    if (size == 1 && step == 1) {
        memset(to, *(const uint8_t *)element, (size_t)n);
        return;
    }
    for (int32_t i = 0; i < n; i++)
        memcpy(to + (size_t)(i * step) * size, element, size);
}

static void pad_row(const plumb_preprocess_plan *plan, uint8_t *tensor, int32_t x, int32_t y,
                    int32_t n)
{
    size_t size = plumb_dtype_size(plan->spec.dtype);
    for (int c = 0; c < plan->channels && n > 0; c++) {
        ptrdiff_t step;
        uint8_t *to = place(plan, tensor, c, x, y, &step);
        uint8_t pad = plan->spec.pad[c];
        const void *element = size == 1   ? (const void *)&plan->tables.byte[c][pad]
                              : size == 2 ? (const void *)&plan->tables.half[c][pad]
                                          : (const void *)&plan->tables.word[c][pad];
        fill(to, element, size, step, n);
    }
}

void plumb_store_padding(const plumb_preprocess_plan *plan, uint8_t *tensor)
{
    const plumb_mapping *m = &plan->mapping;
    int32_t right = m->placed.x + m->placed.width, bottom = m->placed.y + m->placed.height;
    for (int32_t y = 0; y < m->input.height; y++) {
        bool inside = y >= m->placed.y && y < bottom;
        pad_row(plan, tensor, 0, y, inside ? m->placed.x : m->input.width);
        if (inside)
            pad_row(plan, tensor, right, y, m->input.width - right);
    }
}
