/* SPDX-License-Identifier: Apache-2.0 */
#include "plumbline/base.h"

static uint32_t machine_flags(void)
{
#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
    uint32_t flags = PLUMB_CPU_SSE2;
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) /* with F16C */
        flags |= PLUMB_CPU_AVX2;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni"))
        flags |= PLUMB_CPU_AVX512;
    if ((flags & PLUMB_CPU_AVX512) && __builtin_cpu_supports("avx512vbmi"))
        flags |= PLUMB_CPU_AVX512_VBMI;
    return flags;
#elif defined(__aarch64__)
    return PLUMB_CPU_NEON;
#else
    return 0;
#endif
}

uint32_t plumb_cpu_detect(const plumb_context *context)
{
    uint32_t allowed = PLUMB_CPU_AUTO;
    if (context && context->struct_size >= offsetof(plumb_context, cpu) + sizeof(context->cpu))
        allowed = context->cpu;
    if (allowed & PLUMB_CPU_NONE)
        return PLUMB_CPU_NONE;
    uint32_t flags = machine_flags();
    if (allowed != PLUMB_CPU_AUTO)
        flags &= allowed;
    return flags ? flags : PLUMB_CPU_NONE;
}
