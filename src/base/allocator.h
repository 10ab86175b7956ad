/* SPDX-License-Identifier: Apache-2.0
 *
 * The context as handles keep it, and the only way the library gets memory.
 */
#ifndef PLUMB_BASE_ALLOCATOR_H
#define PLUMB_BASE_ALLOCATOR_H

#include "plumbline/base.h"

/* A full copy of `context` with defaults filled in: allocator set, cpu resolved. */
plumb_context plumb_context_resolve(const plumb_context *context);

/* `count` elements of `size` bytes, aligned to 64, not zeroed. NULL when the product overflows,
 * when it is over PTRDIFF_MAX, or when memory ran out; a product of 0 gives a valid pointer. */
void *plumb_alloc_array(const plumb_context *context, size_t count, size_t size);

/* The same, filled with zeros. */
void *plumb_alloc_zeroed(const plumb_context *context, size_t count, size_t size);

/* A copy of `text`, of `size` bytes; NULL when memory ran out. */
char *plumb_copy_text(const plumb_context *context, const char *text);
void *plumb_copy_memory(const plumb_context *context, const void *data, size_t count, size_t size);

/* Accepts NULL. */
void plumb_release(const plumb_context *context, void *memory);

void plumb_log_message(const plumb_context *context, plumb_log_level level, const char *message);

#endif
