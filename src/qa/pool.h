/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory that is released all at once: the strings and arrays of what was read from one file.
 * The invariant: nothing taken from a pool is ever moved.
 */
#ifndef QA_POOL_H
#define QA_POOL_H

#include <stddef.h>

typedef struct qa_pool_block qa_pool_block;

typedef struct qa_pool {
    qa_pool_block *blocks;
    size_t used, capacity; /* of the newest block */
} qa_pool;

/* `count` elements of `size` bytes, zeroed, aligned to 16; NULL when memory ran out. A product of
 * 0 gives a valid pointer. */
void *qa_pool_take(qa_pool *pool, size_t count, size_t size);
char *qa_pool_text(qa_pool *pool, const char *text);
void qa_pool_release(qa_pool *pool);

#endif
