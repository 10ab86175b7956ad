/* SPDX-License-Identifier: Apache-2.0
 *
 * Buffers that end right before a page without access, so that one byte too far is a crash.
 */
#ifndef TESTS_SUPPORT_FENCE_H
#define TESTS_SUPPORT_FENCE_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

typedef struct fence {
    void *map;
    size_t map_size;
    uint8_t *data;
} fence;

static inline fence fence_make(size_t size)
{
    fence f;
    size_t page = (size_t)sysconf(_SC_PAGESIZE), room = (size + page - 1) / page * page;
    f.map_size = room + page;
    f.map = mmap(NULL, f.map_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (f.map == MAP_FAILED || mprotect((uint8_t *)f.map + room, page, PROT_NONE) != 0)
        abort();
    f.data = (uint8_t *)f.map + room - size;
    return f;
}

static inline void fence_free(fence *f)
{
    munmap(f->map, f->map_size);
}

#endif
