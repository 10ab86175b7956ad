/* SPDX-License-Identifier: Apache-2.0
 *
 * Kernels are written once and specialised by constant arguments, which works only if the compiler
 * does inline them.
 */
#ifndef PLUMB_KERNELS_X86_INLINE_H
#define PLUMB_KERNELS_X86_INLINE_H

#define PLUMB_INLINE static inline __attribute__((always_inline))

#endif
