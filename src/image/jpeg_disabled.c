/* SPDX-License-Identifier: Apache-2.0
 *
 * What a build without libjpeg-turbo has in the place of jpeg.c.
 */
#include "image/jpeg.h"

#include "base/allocator.h"
#include "base/diag.h"

struct plumb_jpeg {
    char unused;
};

plumb_jpeg *plumb_jpeg_create(const plumb_context *context)
{
    return plumb_alloc_zeroed(context, 1, sizeof(plumb_jpeg));
}

void plumb_jpeg_destroy(const plumb_context *context, plumb_jpeg *jpeg)
{
    plumb_release(context, jpeg);
}

static plumb_status disabled(plumb_diag *diag)
{
    return plumb_fail(diag, PLUMB_E_DISABLED, "", "this build has no JPEG decoder");
}

plumb_status plumb_jpeg_open(plumb_jpeg *jpeg, const uint8_t *data, size_t size,
                             plumb_image_info *info, plumb_diag *diag)
{
    (void)jpeg, (void)data, (void)size, (void)info;
    return disabled(diag);
}

int32_t plumb_jpeg_components(const plumb_jpeg *jpeg)
{
    (void)jpeg;
    return 3;
}

plumb_status plumb_jpeg_start(plumb_jpeg *jpeg, int32_t reduction, plumb_diag *diag)
{
    (void)jpeg, (void)reduction;
    return disabled(diag);
}

plumb_size plumb_jpeg_size(const plumb_jpeg *jpeg)
{
    (void)jpeg;
    return (plumb_size){ 0, 0 };
}

plumb_status plumb_jpeg_crop(plumb_jpeg *jpeg, int32_t x, int32_t width, int32_t *left,
                             int32_t *columns, plumb_diag *diag)
{
    (void)jpeg, (void)x, (void)width, (void)left, (void)columns;
    return disabled(diag);
}

plumb_status plumb_jpeg_skip_rows(plumb_jpeg *jpeg, int32_t count, plumb_diag *diag)
{
    (void)jpeg, (void)count;
    return disabled(diag);
}

plumb_status plumb_jpeg_read_rows(plumb_jpeg *jpeg, uint8_t *rows, size_t row_stride, int32_t count,
                                  plumb_diag *diag)
{
    (void)jpeg, (void)rows, (void)row_stride, (void)count;
    return disabled(diag);
}

plumb_status plumb_jpeg_finish(plumb_jpeg *jpeg, plumb_diag *diag)
{
    (void)jpeg;
    return disabled(diag);
}
