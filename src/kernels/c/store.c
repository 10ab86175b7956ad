/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "kernels/kernels.h"
#include "plumbline/tensor.h"

static void store1(uint8_t *to, ptrdiff_t step, const uint8_t *from, const uint8_t *table,
                   int32_t n)
{
    for (int32_t i = 0; i < n; i++)
        to[i * step] = table[from[i]];
}

static void store2(uint16_t *to, ptrdiff_t step, const uint8_t *from, const uint16_t *table,
                   int32_t n)
{
    for (int32_t i = 0; i < n; i++)
        to[i * step] = table[from[i]];
}

static void store4(uint32_t *to, ptrdiff_t step, const uint8_t *from, const uint32_t *table,
                   int32_t n)
{
    for (int32_t i = 0; i < n; i++)
        to[i * step] = table[from[i]];
}

static void interleave3(uint8_t *to, const uint8_t *const from[3], int32_t n)
{
    for (int32_t i = 0; i < n; i++) {
        to[3 * i] = from[0][i];
        to[3 * i + 1] = from[1][i];
        to[3 * i + 2] = from[2][i];
    }
}

static void values(float *to, const float *from, const plumb_value_chain *chain, int32_t n)
{
    bool divide = chain->divide != 1.0f, scale = chain->scale != 1.0f;
    bool mean = chain->mean != 0.0f, std = chain->std != 1.0f;
    for (int32_t i = 0; i < n; i++) {
        float v = from[i];
        if (divide)
            v /= chain->divide;
        if (scale)
            v *= chain->scale;
        if (mean)
            v -= chain->mean;
        if (std)
            v /= chain->std;
        to[i] = v;
    }
}

static void compute4(float *to, ptrdiff_t to_stride, const uint8_t *from, ptrdiff_t from_stride,
                     const plumb_value_chain *chain, int32_t n, int32_t rows)
{
    for (int32_t y = 0; y < rows; y++) {
        for (int32_t i = 0; i < n; i++) {
            float pixel = from[y * from_stride + i];
            values(&to[y * to_stride + i], &pixel, chain, 1);
        }
    }
}

static void compute2(uint16_t *to, ptrdiff_t to_stride, const uint8_t *from, ptrdiff_t from_stride,
                     const plumb_value_chain *chain, int32_t n, int32_t rows)
{
    for (int32_t y = 0; y < rows; y++) {
        for (int32_t i = 0; i < n; i++) {
            float pixel = from[y * from_stride + i], value;
            values(&value, &pixel, chain, 1);
            to[y * to_stride + i] = plumb_half_from_float(value);
        }
    }
}

static void fill(uint8_t *to, const uint8_t pattern[8], size_t bytes)
{
    uint64_t word;
    size_t i = 0;
    memcpy(&word, pattern, sizeof(word));
    for (; i + sizeof(word) <= bytes; i += sizeof(word))
        memcpy(to + i, &word, sizeof(word));
    memcpy(to + i, &word, bytes - i);
}

static void turn8(uint8_t *to, const uint8_t *from, ptrdiff_t from_stride, int32_t columns,
                  int32_t rows)
{
    for (int32_t y = 0; y < rows; y++)
        for (int32_t x = 0; x < columns; x++)
            to[y * PLUMB_TILE + x] = from[x * from_stride + y];
}

void plumb_kernels_init_c_store(plumb_kernels *kernels)
{
    kernels->store1 = store1;
    kernels->store2 = store2;
    kernels->store4 = store4;
    kernels->interleave3 = interleave3;
    kernels->fill = fill;
    kernels->turn8 = turn8;
    kernels->compute4 = compute4;
    kernels->compute2 = compute2;
    kernels->values = values;
}
