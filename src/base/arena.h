/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory that lives and dies with one handle: what a deep copy or a parser collects piece by
 * piece. The invariant: one plumb_arena_clear frees all of it, whatever had succeeded before.
 */
#ifndef PLUMB_BASE_ARENA_H
#define PLUMB_BASE_ARENA_H

#include "base/allocator.h"

typedef struct plumb_arena_block plumb_arena_block;

typedef struct plumb_arena {
    plumb_context context; /* resolved */
    plumb_arena_block *last;
} plumb_arena;

/* `context` must be resolved. */
plumb_arena plumb_arena_make(const plumb_context *context);
void plumb_arena_clear(plumb_arena *arena);

/* `count` elements of `size` bytes filled with zeros, aligned to 64; NULL when memory ran out. */
void *plumb_arena_array(plumb_arena *arena, size_t count, size_t size);

/* Copies; NULL when memory ran out. */
void *plumb_arena_copy(plumb_arena *arena, const void *data, size_t count, size_t size);
char *plumb_arena_text(plumb_arena *arena, const char *text, size_t length);

#endif
