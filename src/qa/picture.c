/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/picture.h"

#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/diag.h"
#include "plumbline/preprocess.h"

#ifdef PLUMB_HAVE_PNG
#include <png.h>
#endif

/* The preprocessor is the one place that turns and converts pictures; stretched to its own size
 * a picture stays as it is. */
static plumb_preprocess_spec upright_spec(plumb_size size)
{
    plumb_preprocess_spec spec = PLUMB_PREPROCESS_SPEC_INIT;
    spec.mapping.input = size;
    spec.mapping.mode = PLUMB_CROP_SCALE_FILL;
    spec.resample = PLUMB_RESAMPLE_OPENCV_NEAREST;
    spec.channels = PLUMB_CHANNELS_RGB;
    spec.layout = PLUMB_LAYOUT_NHWC;
    spec.dtype = PLUMB_DTYPE_UINT8;
    return spec;
}

static plumb_status run_plan(const plumb_preprocess_plan *plan, const plumb_preprocess_spec *spec,
                             const plumb_frame *frame, uint8_t *rgb, size_t size, plumb_diag *diag)
{
    plumb_tensor_info info = plumb_preprocess_tensor_info(spec);
    plumb_tensor tensor = { 0 };
    tensor.data = rgb;
    tensor.size = size;
    tensor.dtype = info.dtype;
    tensor.rank = info.rank;
    memcpy(tensor.shape, info.shape, sizeof(tensor.shape));
    plumb_status status = plumb_tensor_validate(&tensor, diag);
    if (status)
        return status;
    size_t scratch_size = plumb_preprocess_plan_scratch(plan), padded;
    if (!plumb_add_size(scratch_size, 127, &padded))
        return plumb_fail(diag, PLUMB_E_NOMEM, "", "no memory for a picture");
    void *scratch = aligned_alloc(64, padded - padded % 64);
    if (!scratch)
        return plumb_fail(diag, PLUMB_E_NOMEM, "", "no memory for a picture");
    status = plumb_preprocess_run(plan, frame, &tensor, scratch, padded - padded % 64, diag);
    free(scratch);
    return status;
}

plumb_status qa_picture_from_frame(const plumb_frame *frame, qa_picture *picture, plumb_diag *diag)
{
    memset(picture, 0, sizeof(*picture));
    plumb_status status = plumb_frame_validate(frame, diag);
    if (status)
        return status;
    plumb_frame whole = *frame;
    memset(&whole.roi, 0, sizeof(whole.roi));
    plumb_size size = plumb_frame_upright_size(&whole);
    plumb_preprocess_spec spec = upright_spec(size);
    plumb_preprocess_plan *plan = NULL;
    status = plumb_preprocess_plan_create(NULL, &spec, &whole, &plan, diag);
    if (status)
        return status;
    size_t pixels, bytes;
    uint8_t *rgb = NULL;
    if (plumb_mul_size((size_t)size.width, (size_t)size.height, &pixels) &&
        plumb_mul_size(pixels, 3, &bytes))
        rgb = malloc(bytes);
    status = rgb ? run_plan(plan, &spec, &whole, rgb, bytes, diag)
                 : plumb_fail(diag, PLUMB_E_NOMEM, "", "no memory for a picture");
    plumb_preprocess_plan_destroy(&plan);
    if (status) {
        free(rgb);
        return status;
    }
    picture->width = size.width;
    picture->height = size.height;
    picture->rgb = rgb;
    return PLUMB_OK;
}

void qa_picture_release(qa_picture *picture)
{
    free(picture->rgb);
    memset(picture, 0, sizeof(*picture));
}

plumb_status qa_picture_png(const qa_picture *picture, qa_text *file, plumb_diag *diag)
{
#ifdef PLUMB_HAVE_PNG
    png_image image;
    memset(&image, 0, sizeof(image));
    image.version = PNG_IMAGE_VERSION;
    image.width = (png_uint_32)picture->width;
    image.height = (png_uint_32)picture->height;
    image.format = PNG_FORMAT_RGB;
    png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
    void *memory = malloc(size);
    if (!memory)
        return plumb_fail(diag, PLUMB_E_NOMEM, "", "no memory for a PNG file");
    plumb_status status = PLUMB_OK;
    if (png_image_write_to_memory(&image, memory, &size, 0, picture->rgb, 0, NULL))
        qa_text_bytes(file, memory, size);
    else
        status = plumb_fail(diag, PLUMB_E_IO, "", "libpng: %s", image.message);
    png_image_free(&image);
    free(memory);
    if (!status && file->failed)
        status = plumb_fail(diag, PLUMB_E_NOMEM, "", "no memory for a PNG file");
    return status;
#else
    (void)picture;
    (void)file;
    return plumb_fail(diag, PLUMB_E_DISABLED, "", "pictures need a build with libpng");
#endif
}
