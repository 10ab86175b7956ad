/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/kernels.h"

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

void plumb_kernels_init_c_store(plumb_kernels *kernels)
{
    kernels->store1 = store1;
    kernels->store2 = store2;
    kernels->store4 = store4;
    kernels->values = values;
}
