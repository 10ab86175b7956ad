/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/kernels.h"

static const struct {
    uint8_t input, output;
    bool is_float;
} steps[PLUMB_STEPS] = {
    [PLUMB_STEP_PICK] = { 1, 1, false },         [PLUMB_STEP_PILLOW] = { 1, 1, false },
    [PLUMB_STEP_LINEAR_FIRST] = { 1, 2, false }, [PLUMB_STEP_LINEAR_SECOND] = { 2, 1, false },
    [PLUMB_STEP_EXACT_FIRST] = { 1, 2, false },  [PLUMB_STEP_EXACT_SECOND] = { 2, 1, false },
    [PLUMB_STEP_MEAN] = { 1, 1, false },         [PLUMB_STEP_FLOAT_FIRST] = { 1, 4, true },
    [PLUMB_STEP_FLOAT_SECOND] = { 4, 4, true },  [PLUMB_STEP_FLOAT_ROUND] = { 4, 1, true },
};

size_t plumb_step_input_size(plumb_step step)
{
    return steps[step].input;
}

size_t plumb_step_output_size(plumb_step step)
{
    return steps[step].output;
}

bool plumb_step_is_float(plumb_step step)
{
    return steps[step].is_float;
}

void plumb_kernels_init(plumb_kernels *kernels, uint32_t cpu)
{
    plumb_kernels_init_c_color(kernels);
    plumb_kernels_init_c_steps(kernels);
    plumb_kernels_init_c_store(kernels);
#ifdef PLUMB_HAVE_LIBYUV
    if (!(cpu & PLUMB_CPU_NONE))
        plumb_kernels_init_libyuv(kernels);
#endif
#ifdef PLUMB_HAVE_AVX2
    if (cpu & PLUMB_CPU_AVX2) {
        plumb_kernels_init_avx2_color(kernels);
        plumb_kernels_init_avx2_along(kernels);
        plumb_kernels_init_avx2_floats(kernels);
        plumb_kernels_init_avx2_pick(kernels);
        plumb_kernels_init_avx2_words(kernels);
        plumb_kernels_init_avx2_mean(kernels);
        plumb_kernels_init_avx2_across(kernels);
        plumb_kernels_init_avx2_store(kernels);
    }
    if (cpu & PLUMB_CPU_AVX512) {
        plumb_kernels_init_avx512(kernels);
        plumb_kernels_init_avx512_words(kernels);
    }
    if (cpu & PLUMB_CPU_AVX512_VBMI) {
        plumb_kernels_init_vbmi_along(kernels);
        plumb_kernels_init_vbmi_pick(kernels);
        plumb_kernels_init_vbmi_split(kernels);
    }
#else
    (void)cpu;
#endif
}
