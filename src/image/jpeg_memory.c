/* SPDX-License-Identifier: Apache-2.0 */
#include "image/jpeg_memory.h"

#include <string.h>

#include <jerror.h>

#include "base/allocator.h"
#include "base/checked.h"

#define ALIGNMENT   64 /* libjpeg-turbo's vectors may run over a row's end up to here */
#define BLOCK_SIZE  65536
#define MOST_BLOCKS 16 /* kept between images */

struct plumb_jpeg_block {
    plumb_jpeg_block *next;
    size_t size, used; /* with this header, whose place is ALIGNMENT bytes */
};

/* libjpeg leaves these two to its memory manager. All of an array is in memory. */
struct jvirt_sarray_control {
    JSAMPARRAY rows;
    JDIMENSION samples_per_row, row_count;
    boolean zeroed;
    jvirt_sarray_ptr next;
};

struct jvirt_barray_control {
    JBLOCKARRAY rows;
    JDIMENSION blocks_per_row, row_count;
    boolean zeroed;
    jvirt_barray_ptr next;
};

static plumb_jpeg_memory *memory_of(j_common_ptr info)
{
    return (plumb_jpeg_memory *)(void *)info->mem;
}

static plumb_jpeg_block *new_block(plumb_jpeg_memory *memory, size_t size)
{
    size_t bytes = size < BLOCK_SIZE - ALIGNMENT ? BLOCK_SIZE : size + ALIGNMENT;
    plumb_jpeg_block *block = plumb_alloc_array(&memory->context, bytes, 1);
    if (!block)
        return NULL;
    *block = (plumb_jpeg_block){ NULL, bytes, ALIGNMENT };
    return block;
}

/* `count` times `size` bytes, aligned; does not return where there is no memory. */
static void *take(j_common_ptr info, size_t count, size_t size)
{
    plumb_jpeg_memory *memory = memory_of(info);
    size_t bytes = 0;
    if (!plumb_mul_size(count, size, &bytes) || bytes > memory->limit ||
        memory->used > memory->limit - bytes)
        ERREXIT(info, JERR_NO_BACKING_STORE);
    bytes = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    plumb_jpeg_block **at = &memory->blocks;
    while (*at && (*at)->size - (*at)->used < bytes)
        at = &(*at)->next;
    if (!*at)
        *at = new_block(memory, bytes);
    if (!*at)
        ERREXIT1(info, JERR_OUT_OF_MEMORY, 0);
    void *taken = (uint8_t *)*at + (*at)->used;
    (*at)->used += bytes;
    memory->used += bytes;
    return taken;
}

static void *alloc(j_common_ptr info, int pool, size_t size)
{
    (void)pool;
    return take(info, 1, size);
}

static JSAMPARRAY alloc_samples(j_common_ptr info, int pool, JDIMENSION samples_per_row,
                                JDIMENSION row_count)
{
    (void)pool;
    size_t row = ((size_t)samples_per_row + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    JSAMPARRAY rows = take(info, row_count, sizeof(*rows));
    JSAMPROW samples = take(info, row_count, row * sizeof(JSAMPLE));
    for (JDIMENSION i = 0; i < row_count; i++)
        rows[i] = samples + i * row;
    return rows;
}

static JBLOCKARRAY alloc_blocks(j_common_ptr info, int pool, JDIMENSION blocks_per_row,
                                JDIMENSION row_count)
{
    (void)pool;
    JBLOCKARRAY rows = take(info, row_count, sizeof(*rows));
    JBLOCKROW blocks = take(info, row_count, blocks_per_row * sizeof(JBLOCK));
    for (JDIMENSION i = 0; i < row_count; i++)
        rows[i] = blocks + (size_t)i * blocks_per_row;
    return rows;
}

static jvirt_sarray_ptr request_samples(j_common_ptr info, int pool, boolean zeroed,
                                        JDIMENSION samples_per_row, JDIMENSION row_count,
                                        JDIMENSION at_once)
{
    (void)pool, (void)at_once;
    plumb_jpeg_memory *memory = memory_of(info);
    jvirt_sarray_ptr array = take(info, 1, sizeof(*array));
    *array = (struct jvirt_sarray_control){ NULL, samples_per_row, row_count, zeroed,
                                            memory->sample_arrays };
    memory->sample_arrays = array;
    return array;
}

static jvirt_barray_ptr request_blocks(j_common_ptr info, int pool, boolean zeroed,
                                       JDIMENSION blocks_per_row, JDIMENSION row_count,
                                       JDIMENSION at_once)
{
    (void)pool, (void)at_once;
    plumb_jpeg_memory *memory = memory_of(info);
    jvirt_barray_ptr array = take(info, 1, sizeof(*array));
    *array = (struct jvirt_barray_control){ NULL, blocks_per_row, row_count, zeroed,
                                            memory->block_arrays };
    memory->block_arrays = array;
    return array;
}

static void realize(j_common_ptr info)
{
    plumb_jpeg_memory *memory = memory_of(info);
    for (jvirt_sarray_ptr a = memory->sample_arrays; a; a = a->next) {
        a->rows = alloc_samples(info, JPOOL_IMAGE, a->samples_per_row, a->row_count);
        for (JDIMENSION i = 0; a->zeroed && i < a->row_count; i++)
            memset(a->rows[i], 0, a->samples_per_row);
    }
    for (jvirt_barray_ptr a = memory->block_arrays; a; a = a->next) {
        a->rows = alloc_blocks(info, JPOOL_IMAGE, a->blocks_per_row, a->row_count);
        for (JDIMENSION i = 0; a->zeroed && i < a->row_count; i++)
            memset(a->rows[i], 0, a->blocks_per_row * sizeof(JBLOCK));
    }
    memory->sample_arrays = NULL;
    memory->block_arrays = NULL;
}

static JSAMPARRAY access_samples(j_common_ptr info, jvirt_sarray_ptr array, JDIMENSION start,
                                 JDIMENSION count, boolean writable)
{
    (void)writable;
    if (!array->rows || start > array->row_count || count > array->row_count - start)
        ERREXIT(info, JERR_BAD_VIRTUAL_ACCESS);
    return array->rows + start;
}

static JBLOCKARRAY access_blocks(j_common_ptr info, jvirt_barray_ptr array, JDIMENSION start,
                                 JDIMENSION count, boolean writable)
{
    (void)writable;
    if (!array->rows || start > array->row_count || count > array->row_count - start)
        ERREXIT(info, JERR_BAD_VIRTUAL_ACCESS);
    return array->rows + start;
}

/* The blocks outlive the image; plumb_jpeg_memory_reset empties them. */
static void free_pool(j_common_ptr info, int pool)
{
    (void)info, (void)pool;
}

static void self_destruct(j_common_ptr info)
{
    (void)info;
}

void plumb_jpeg_memory_init(plumb_jpeg_memory *memory, const plumb_context *context)
{
    *memory = (plumb_jpeg_memory){
        .manager = {
            .alloc_small = alloc,
            .alloc_large = alloc,
            .alloc_sarray = alloc_samples,
            .alloc_barray = alloc_blocks,
            .request_virt_sarray = request_samples,
            .request_virt_barray = request_blocks,
            .realize_virt_arrays = realize,
            .access_virt_sarray = access_samples,
            .access_virt_barray = access_blocks,
            .free_pool = free_pool,
            .self_destruct = self_destruct,
            .max_alloc_chunk = 1000000000L, /* libjpeg's own value; says nothing here */
        },
        .context = *context,
        .limit = PTRDIFF_MAX,
    };
}

void plumb_jpeg_memory_release(plumb_jpeg_memory *memory)
{
    while (memory->blocks) {
        plumb_jpeg_block *block = memory->blocks;
        memory->blocks = block->next;
        plumb_release(&memory->context, block);
    }
}

void plumb_jpeg_memory_reset(plumb_jpeg_memory *memory)
{
    int count = 0;
    for (plumb_jpeg_block *block = memory->blocks; block; block = block->next) {
        block->used = ALIGNMENT;
        count++;
    }
    if (count > MOST_BLOCKS) /* images of many sizes have left many that fit none */
        plumb_jpeg_memory_release(memory);
    memory->used = 0;
    memory->sample_arrays = NULL;
    memory->block_arrays = NULL;
}
