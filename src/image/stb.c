/* SPDX-License-Identifier: Apache-2.0
 *
 * stb_image compiled for two formats, from memory only, and without its failure text, which is
 * its only global state. This file is a library of its own because the header does not compile
 * under the warnings of the tree.
 */
#include "image/bitmap.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* A broken deflate stream may copy bytes that were never written. With memory that starts as zeros
 * its picture is at least always the same, and never holds what was in memory before. */
static void *grow_zeroed(void *old, size_t old_size, size_t new_size)
{
    unsigned char *grown = realloc(old, new_size);
    if (grown && new_size > old_size)
        memset(grown + old_size, 0, new_size - old_size);
    return grown;
}

#define STBI_MALLOC(size)                       calloc(1, size)
#define STBI_REALLOC_SIZED(old, old_size, size) grow_zeroed(old, old_size, size)
#define STBI_FREE(memory)                       free(memory)
#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_NO_STDIO
#define STBI_NO_FAILURE_STRINGS
#define STBI_NO_LINEAR
#define STBI_NO_HDR
#define STBI_ONLY_PNG
#define STBI_ONLY_BMP
#define STBI_MAX_DIMENSIONS PLUMB_MAX_SIDE
#include <stb_image.h>

plumb_status plumb_stb_decode(const uint8_t *data, size_t size, const plumb_image_info *info,
                              uint8_t *pixels)
{
    if (size > INT_MAX)
        return PLUMB_E_LIMIT;
    int width, height, stored;
    stbi_uc *decoded =
        stbi_load_from_memory(data, (int)size, &width, &height, &stored, info->components);
    if (!decoded)
        return PLUMB_E_CORRUPT;
    bool same = width == info->width && height == info->height;
    if (same)
        memcpy(pixels, decoded, (size_t)width * height * info->components);
    stbi_image_free(decoded);
    return same ? PLUMB_OK : PLUMB_E_CORRUPT;
}
