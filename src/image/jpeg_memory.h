/* SPDX-License-Identifier: Apache-2.0
 *
 * libjpeg's memory manager over the library's allocator. Everything libjpeg takes for one image
 * lies in blocks that are emptied, not released, before the next, so a stream of images of one kind
 * allocates only for its first. The invariant: one image never holds more than `limit` bytes.
 */
#ifndef PLUMB_IMAGE_JPEG_MEMORY_H
#define PLUMB_IMAGE_JPEG_MEMORY_H

#include <stddef.h>
#include <stdio.h>

#include <jpeglib.h>

#include "plumbline/base.h"

typedef struct plumb_jpeg_block plumb_jpeg_block;

typedef struct plumb_jpeg_memory {
    struct jpeg_memory_mgr manager; /* first: libjpeg holds a pointer to it */
    plumb_context context;
    plumb_jpeg_block *blocks;
    size_t used, limit;             /* bytes of this image */
    jvirt_sarray_ptr sample_arrays; /* asked for and not yet made */
    jvirt_barray_ptr block_arrays;
} plumb_jpeg_memory;

void plumb_jpeg_memory_init(plumb_jpeg_memory *memory, const plumb_context *context);
void plumb_jpeg_memory_release(plumb_jpeg_memory *memory);

/* Empty all blocks: nothing of the image before is needed any more. */
void plumb_jpeg_memory_reset(plumb_jpeg_memory *memory);

#endif
