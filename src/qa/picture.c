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
#ifdef PLUMB_HAVE_LIBJPEG
#include <setjmp.h>
#include <stdio.h>

#include <jpeglib.h>
#endif

/* The preprocessor is the one place that turns and converts pictures; stretched to its own size
 * a picture stays as it is. */
static plumb_preprocess_spec upright_spec(plumb_size size, bool same)
{
    plumb_preprocess_spec spec = PLUMB_PREPROCESS_SPEC_INIT;
    spec.mapping.input = size;
    spec.mapping.mode = PLUMB_CROP_SCALE_FILL;
    spec.resample = same ? PLUMB_RESAMPLE_OPENCV_NEAREST : PLUMB_RESAMPLE_OPENCV_AREA;
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

static plumb_size fit(plumb_size size, int32_t longest)
{
    int32_t longer = size.width > size.height ? size.width : size.height;
    if (longest <= 0 || longer <= longest)
        return size;
    plumb_size smaller = { (int32_t)((int64_t)size.width * longest / longer),
                           (int32_t)((int64_t)size.height * longest / longer) };
    smaller.width = smaller.width > 0 ? smaller.width : 1;
    smaller.height = smaller.height > 0 ? smaller.height : 1;
    return smaller;
}

plumb_status qa_picture_from_frame(const plumb_frame *frame, int32_t longest, qa_picture *picture,
                                   plumb_diag *diag)
{
    memset(picture, 0, sizeof(*picture));
    plumb_status status = plumb_frame_validate(frame, diag);
    if (status)
        return status;
    plumb_frame whole = *frame;
    memset(&whole.roi, 0, sizeof(whole.roi));
    plumb_size upright = plumb_frame_upright_size(&whole), size = fit(upright, longest);
    plumb_preprocess_spec spec =
        upright_spec(size, size.width == upright.width && size.height == upright.height);
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

#ifdef PLUMB_HAVE_LIBJPEG
typedef struct jpeg_errors {
    struct jpeg_error_mgr manager;
    jmp_buf back;
    char message[JMSG_LENGTH_MAX];
} jpeg_errors;

static void give_up(j_common_ptr common)
{
    jpeg_errors *errors = (jpeg_errors *)(void *)common->err;
    errors->manager.format_message(common, errors->message);
    longjmp(errors->back, 1);
}

static void write_rows(struct jpeg_compress_struct *jpeg, const qa_picture *picture)
{
    jpeg->image_width = (JDIMENSION)picture->width;
    jpeg->image_height = (JDIMENSION)picture->height;
    jpeg->input_components = 3;
    jpeg->in_color_space = JCS_RGB;
    jpeg_set_defaults(jpeg);
    jpeg_set_quality(jpeg, 88, TRUE);
    jpeg_start_compress(jpeg, TRUE);
    while (jpeg->next_scanline < jpeg->image_height) {
        JSAMPROW row = picture->rgb + (size_t)jpeg->next_scanline * (size_t)picture->width * 3;
        jpeg_write_scanlines(jpeg, &row, 1);
    }
    jpeg_finish_compress(jpeg);
}

plumb_status qa_picture_jpeg(const qa_picture *picture, qa_text *file, plumb_diag *diag)
{
    struct jpeg_compress_struct jpeg;
    jpeg_errors errors;
    /* The library reallocates behind this pointer; on the heap it survives the jump back. */
    struct written {
        unsigned char *data;
        unsigned long size;
    } *out = calloc(1, sizeof(*out));
    if (!out)
        return plumb_fail(diag, PLUMB_E_NOMEM, "", "no memory for a picture");
    plumb_status status = PLUMB_OK;
    memset(&jpeg, 0, sizeof(jpeg)); /* so that it can be destroyed before it was created */
    jpeg.err = jpeg_std_error(&errors.manager);
    errors.manager.error_exit = give_up;
    if (setjmp(errors.back) == 0) {
        jpeg_create_compress(&jpeg);
        jpeg_mem_dest(&jpeg, &out->data, &out->size);
        write_rows(&jpeg, picture);
        qa_text_bytes(file, out->data, out->size);
    } else {
        status = plumb_fail(diag, PLUMB_E_NOMEM, "", "libjpeg: %s", errors.message);
    }
    jpeg_destroy_compress(&jpeg);
    free(out->data);
    free(out);
    if (!status && file->failed)
        status = plumb_fail(diag, PLUMB_E_NOMEM, "", "no memory for a picture");
    return status;
}
#else
plumb_status qa_picture_jpeg(const qa_picture *picture, qa_text *file, plumb_diag *diag)
{
    (void)picture;
    (void)file;
    return plumb_fail(diag, PLUMB_E_DISABLED, "", "JPEG pictures need a build with libjpeg");
}
#endif
