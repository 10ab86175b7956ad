/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/pool.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"

#define ALIGNMENT  16
#define BLOCK_SIZE ((size_t)16 * 1024)

struct qa_pool_block {
    alignas(ALIGNMENT) qa_pool_block *next;
    alignas(ALIGNMENT) unsigned char bytes[];
};

void *qa_pool_take(qa_pool *pool, size_t count, size_t size)
{
    size_t bytes, padded;
    if (!plumb_mul_size(count, size, &bytes) || !plumb_add_size(bytes, ALIGNMENT - 1, &padded))
        return NULL;
    padded -= padded % ALIGNMENT;
    if (!pool->blocks || padded > pool->capacity - pool->used) {
        size_t capacity = padded > BLOCK_SIZE ? padded : BLOCK_SIZE, total;
        if (!plumb_add_size(capacity, sizeof(qa_pool_block), &total))
            return NULL;
        qa_pool_block *block = calloc(1, total);
        if (!block)
            return NULL;
        block->next = pool->blocks;
        pool->blocks = block;
        pool->used = 0;
        pool->capacity = capacity;
    }
    void *memory = pool->blocks->bytes + pool->used;
    pool->used += padded;
    return memory;
}

char *qa_pool_text(qa_pool *pool, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = qa_pool_take(pool, size, 1);
    if (copy)
        memcpy(copy, text, size);
    return copy;
}

void qa_pool_release(qa_pool *pool)
{
    qa_pool_block *block = pool->blocks;
    while (block) {
        qa_pool_block *next = block->next;
        free(block);
        block = next;
    }
    memset(pool, 0, sizeof(*pool));
}
