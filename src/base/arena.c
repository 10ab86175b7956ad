/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <string.h>

#include "base/checked.h"

/* The header takes one whole alignment unit, so that what follows it is aligned as well. */
#define HEADER_SIZE 64

struct plumb_arena_block {
    plumb_arena_block *previous;
};

plumb_arena plumb_arena_make(const plumb_context *context)
{
    plumb_arena arena = { *context, NULL };
    return arena;
}

void plumb_arena_clear(plumb_arena *arena)
{
    while (arena->last) {
        plumb_arena_block *block = arena->last;
        arena->last = block->previous;
        plumb_release(&arena->context, block);
    }
}

void *plumb_arena_array(plumb_arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (!plumb_mul_size(count, size, &bytes) || !plumb_add_size(bytes, HEADER_SIZE, &bytes))
        return NULL;
    plumb_arena_block *block = plumb_alloc_zeroed(&arena->context, bytes, 1);
    if (!block)
        return NULL;
    block->previous = arena->last;
    arena->last = block;
    return (char *)block + HEADER_SIZE;
}

void *plumb_arena_copy(plumb_arena *arena, const void *data, size_t count, size_t size)
{
    void *copy = plumb_arena_array(arena, count, size);
    if (copy && count * size > 0)
        memcpy(copy, data, count * size);
    return copy;
}

char *plumb_arena_text(plumb_arena *arena, const char *text, size_t length)
{
    char *copy = length < SIZE_MAX ? plumb_arena_array(arena, length + 1, 1) : NULL;
    if (copy)
        memcpy(copy, text, length);
    return copy;
}
