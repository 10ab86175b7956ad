/* SPDX-License-Identifier: Apache-2.0
 *
 * What a build without stb_image has in the place of stb.c.
 */
#include "image/bitmap.h"

plumb_status plumb_stb_decode(const uint8_t *data, size_t size, const plumb_image_info *info,
                              uint8_t *pixels)
{
    (void)data, (void)size, (void)info, (void)pixels;
    return PLUMB_E_DISABLED;
}
