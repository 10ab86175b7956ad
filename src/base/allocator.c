/* SPDX-License-Identifier: Apache-2.0 */
#include "base/allocator.h"

#include <stdlib.h>
#include <string.h>

#include "base/checked.h"

#define ALIGNMENT 64

static void *default_allocate(void *user, size_t size, size_t alignment)
{
    (void)user;
    void *memory = NULL;
    return posix_memalign(&memory, alignment, size) == 0 ? memory : NULL;
}

static void default_release(void *user, void *memory)
{
    (void)user;
    free(memory);
}

plumb_context plumb_context_resolve(const plumb_context *context)
{
    plumb_context full = PLUMB_CONTEXT_INIT;
    plumb_copy_struct(&full, sizeof(full), context, context ? context->struct_size : 0);
    if (!full.allocator.allocate || !full.allocator.release) {
        full.allocator.user = NULL;
        full.allocator.allocate = default_allocate;
        full.allocator.release = default_release;
    }
    full.cpu = plumb_cpu_detect(&full);
    return full;
}

void *plumb_alloc_array(const plumb_context *context, size_t count, size_t size)
{
    size_t bytes;
    if (!plumb_mul_size(count, size, &bytes) || bytes > PTRDIFF_MAX - ALIGNMENT)
        return NULL;
    return context->allocator.allocate(context->allocator.user, bytes ? bytes : 1, ALIGNMENT);
}

void *plumb_alloc_zeroed(const plumb_context *context, size_t count, size_t size)
{
    void *memory = plumb_alloc_array(context, count, size);
    if (memory)
        memset(memory, 0, count * size);
    return memory;
}

void *plumb_copy_memory(const plumb_context *context, const void *data, size_t count, size_t size)
{
    void *memory = plumb_alloc_array(context, count, size);
    if (memory && count * size > 0)
        memcpy(memory, data, count * size);
    return memory;
}

char *plumb_copy_text(const plumb_context *context, const char *text)
{
    return plumb_copy_memory(context, text, strlen(text) + 1, 1);
}

void plumb_release(const plumb_context *context, void *memory)
{
    if (memory)
        context->allocator.release(context->allocator.user, memory);
}

void plumb_log_message(const plumb_context *context, plumb_log_level level, const char *message)
{
    if (context->log)
        context->log(context->log_user, level, message);
}
