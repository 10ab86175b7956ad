/* SPDX-License-Identifier: Apache-2.0
 *
 * stb_image compiled for two formats, from memory only, and without its failure text, which is
 * its only global state. This file is a library of its own because the header does not compile
 * under the warnings of the tree.
 */
#include "image/bitmap.h"

#include <limits.h>
#include <string.h>

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
