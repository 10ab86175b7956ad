/* SPDX-License-Identifier: Apache-2.0
 *
 * The check between an image header and the first allocation for its pixels.
 */
#ifndef PLUMB_IMAGE_SIZE_H
#define PLUMB_IMAGE_SIZE_H

#include "plumbline/image.h"

/* PLUMB_E_SIZE for a side below 1, PLUMB_E_LIMIT for one over PLUMB_MAX_SIDE or too many pixels. */
plumb_status plumb_image_check_size(int64_t width, int64_t height, plumb_diag *diag);

#endif
