/* SPDX-License-Identifier: Apache-2.0 */
#include "image/jpeg.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

#include "base/allocator.h"
#include "base/diag.h"
#include "image/jpeg_markers.h"
#include "image/jpeg_memory.h"
#include "image/image_size.h"

#define ROWS_AT_ONCE 16
#define MAX_SCANS    100                /* encoders write about 10 */
#define MEMORY_BASE  ((size_t)16 << 20) /* for libjpeg's rows and tables */
#define MEMORY_PIXEL 8                  /* coefficients of a progressive image take 6 */

struct plumb_jpeg {
    struct jpeg_decompress_struct info;
    struct jpeg_decompress_struct blank; /* as created: without tables, with libjpeg's own memory */
    plumb_jpeg_memory memory;
    struct jpeg_error_mgr errors;
    struct jpeg_source_mgr source;
    struct jpeg_progress_mgr progress;
    jmp_buf escape;
    bool open;
    bool skipped;     /* no row was read since rows were passed over */
    JSAMPARRAY spare; /* a row that is read for nothing; NULL until there is one */
    size_t size;
    plumb_status status;
    char message[JMSG_LENGTH_MAX];
};

static plumb_jpeg *owner(j_common_ptr info)
{
    return info->client_data;
}

static void escape_with(j_common_ptr info, plumb_status status)
{
    plumb_jpeg *jpeg = owner(info);
    jpeg->status = status;
    info->err->format_message(info, jpeg->message);
    longjmp(jpeg->escape, 1);
}

static plumb_status status_of_error(int code)
{
    switch (code) {
    case JERR_OUT_OF_MEMORY:
        return PLUMB_E_NOMEM;
    case JERR_IMAGE_TOO_BIG:
    case JERR_WIDTH_OVERFLOW:
        return PLUMB_E_LIMIT;
    case JERR_BAD_PRECISION:
    case JERR_SOF_UNSUPPORTED:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_ARITH_NOTIMPL:
    case JERR_NOT_COMPILED:
    case JERR_FRACT_SAMPLE_NOTIMPL:
    case JERR_CCIR601_NOTIMPL:
        return PLUMB_E_UNSUPPORTED;
    default:
        return PLUMB_E_CORRUPT;
    }
}

/* End the decode with a reason of our own. */
static void escape_limit(plumb_jpeg *jpeg, const char *message)
{
    jpeg->status = PLUMB_E_LIMIT;
    (void)snprintf(jpeg->message, sizeof(jpeg->message), "%s", message);
    longjmp(jpeg->escape, 1);
}

static void on_error(j_common_ptr info)
{
    if (info->err->msg_code == JERR_NO_BACKING_STORE)
        escape_limit(owner(info), "it needs more memory than an image of its size should");
    escape_with(info, status_of_error(info->err->msg_code));
}

/* libjpeg fills in gray for data that is missing or wrong and goes on. A frame with invented
 * pixels is worse than no frame, so these warnings end the decode. Bytes between segments and
 * odd version numbers, which cameras do write, change no pixel and pass. */
static void on_message(j_common_ptr info, int level)
{
    if (level >= 0)
        return;
    switch (info->err->msg_code) {
    case JWRN_JPEG_EOF:
    case JWRN_HIT_MARKER:
        escape_with(info, PLUMB_E_TRUNCATED);
        break;
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC:
    case JWRN_BOGUS_PROGRESSION:
    case JWRN_NOT_SEQUENTIAL:
        escape_with(info, PLUMB_E_CORRUPT);
        break;
    default:
        break;
    }
}

static void ignore_output(j_common_ptr info)
{
    (void)info;
}

static void on_progress(j_common_ptr info)
{
    plumb_jpeg *jpeg = owner(info);
    if (jpeg->info.input_scan_number <= MAX_SCANS)
        return;
    escape_limit(jpeg, "more scans than any encoder writes");
}

static void source_nothing(j_decompress_ptr info)
{
    (void)info;
}

static boolean source_exhausted(j_decompress_ptr info)
{
    info->err->msg_code = JWRN_JPEG_EOF;
    escape_with((j_common_ptr)info, PLUMB_E_TRUNCATED);
    return FALSE;
}

static void source_skip(j_decompress_ptr info, long count)
{
    if (count <= 0)
        return;
    if ((size_t)count > info->src->bytes_in_buffer)
        source_exhausted(info);
    info->src->next_input_byte += count;
    info->src->bytes_in_buffer -= (size_t)count;
}

static plumb_status report(const plumb_jpeg *jpeg, plumb_diag *diag)
{
    return plumb_fail(diag, jpeg->status, "", "JPEG: %s", jpeg->message);
}

plumb_jpeg *plumb_jpeg_create(const plumb_context *context)
{
    plumb_jpeg *jpeg = plumb_alloc_zeroed(context, 1, sizeof(plumb_jpeg));
    if (!jpeg)
        return NULL;
    struct jpeg_decompress_struct *info = &jpeg->blank;
    info->err = jpeg_std_error(&jpeg->errors);
    jpeg->errors.error_exit = on_error;
    jpeg->errors.emit_message = on_message;
    jpeg->errors.output_message = ignore_output;
    info->client_data = jpeg;
    if (setjmp(jpeg->escape)) { /* the only error here: no memory for it */
        jpeg_destroy_decompress(&jpeg->blank);
        plumb_release(context, jpeg);
        return NULL;
    }
    jpeg_create_decompress(&jpeg->blank);
    plumb_jpeg_memory_init(&jpeg->memory, context);
    return jpeg;
}

void plumb_jpeg_destroy(const plumb_context *context, plumb_jpeg *jpeg)
{
    if (!jpeg)
        return;
    jpeg_destroy_decompress(&jpeg->blank);
    plumb_jpeg_memory_release(&jpeg->memory);
    plumb_release(context, jpeg);
}

/* Each image starts from the blank object: one that is used as the last image left it keeps
 * Huffman and quantisation tables, and the pixels of a file without tables would depend on it. */
static void start_image(plumb_jpeg *jpeg, const uint8_t *data, size_t size)
{
    struct jpeg_decompress_struct *info = &jpeg->info;
    *info = jpeg->blank;
    plumb_jpeg_memory_reset(&jpeg->memory);
    jpeg->memory.limit = MEMORY_BASE;
    info->mem = &jpeg->memory.manager;
    jpeg->progress.progress_monitor = on_progress;
    info->progress = &jpeg->progress;
    jpeg->source = (struct jpeg_source_mgr){
        .next_input_byte = data,
        .bytes_in_buffer = size,
        .init_source = source_nothing,
        .fill_input_buffer = source_exhausted,
        .skip_input_data = source_skip,
        .resync_to_restart = jpeg_resync_to_restart,
        .term_source = source_nothing,
    };
    info->src = &jpeg->source;
    jpeg->size = size;
    jpeg->open = true;
    jpeg->skipped = false;
    jpeg->spare = NULL;
}

/* A Huffman code has at least one bit, so each block of the widest component costs one: a file
 * shorter than that cannot be whole, and nothing is allocated for it. */
static bool long_enough(const plumb_jpeg *jpeg)
{
    const struct jpeg_decompress_struct *info = &jpeg->info;
    if (info->arith_code)
        return true;
    uint64_t blocks = (uint64_t)((info->image_width + 7) / 8) * ((info->image_height + 7) / 8);
    return blocks / 8 <= jpeg->size;
}

/* Everything that can be refused before libjpeg sees a byte. */
static plumb_status check_facts(const plumb_image_info *info, plumb_diag *diag)
{
    plumb_status status = plumb_image_check_size(info->width, info->height, diag);
    if (status == PLUMB_OK && info->components != 1 && info->components != 3)
        return plumb_fail(diag, PLUMB_E_UNSUPPORTED, "components",
                          "a JPEG of %d components (CMYK); expected gray or colour",
                          info->components);
    return status;
}

static plumb_status check_header(plumb_jpeg *jpeg, const plumb_image_info *facts, plumb_diag *diag)
{
    struct jpeg_decompress_struct *info = &jpeg->info;
    /* libjpeg forgives more than the walk over the markers does. What the two do not agree about
     * was not checked. */
    if (info->image_width != (JDIMENSION)facts->width ||
        info->image_height != (JDIMENSION)facts->height ||
        info->num_components != facts->components)
        return plumb_fail(diag, PLUMB_E_CORRUPT, "", "a JPEG with two frame headers");
    if (!long_enough(jpeg))
        return plumb_fail(diag, PLUMB_E_TRUNCATED, "", "%zu bytes cannot hold a JPEG of %u x %u",
                          jpeg->size, info->image_width, info->image_height);
    jpeg->memory.limit += MEMORY_PIXEL * (size_t)info->image_width * info->image_height;
    return PLUMB_OK;
}

plumb_status plumb_jpeg_open(plumb_jpeg *jpeg, const uint8_t *data, size_t size,
                             plumb_image_info *info, plumb_diag *diag)
{
    jpeg->open = false;
    plumb_image_info facts;
    plumb_status status = plumb_jpeg_probe(data, size, &facts, diag);
    if (status == PLUMB_OK)
        status = check_facts(&facts, diag);
    if (status != PLUMB_OK)
        return status;
    if (setjmp(jpeg->escape)) {
        jpeg->open = false;
        return report(jpeg, diag);
    }
    start_image(jpeg, data, size);
    (void)jpeg_read_header(&jpeg->info, TRUE);
    status = check_header(jpeg, &facts, diag);
    if (status != PLUMB_OK)
        jpeg->open = false;
    else
        *info = facts;
    return status;
}

int32_t plumb_jpeg_components(const plumb_jpeg *jpeg)
{
    return jpeg->info.num_components;
}

plumb_status plumb_jpeg_start(plumb_jpeg *jpeg, int32_t reduction, plumb_diag *diag)
{
    if (!jpeg->open)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "", "no JPEG is open");
    if (setjmp(jpeg->escape)) {
        jpeg->open = false;
        return report(jpeg, diag);
    }
    jpeg->info.out_color_space = jpeg->info.num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg->info.dct_method = JDCT_ISLOW;
    jpeg->info.do_fancy_upsampling = TRUE;
    jpeg->info.scale_num = 1;
    jpeg->info.scale_denom = (unsigned)reduction;
    (void)jpeg_start_decompress(&jpeg->info);
    return PLUMB_OK;
}

plumb_size plumb_jpeg_size(const plumb_jpeg *jpeg)
{
    return (plumb_size){ (int32_t)jpeg->info.output_width, (int32_t)jpeg->info.output_height };
}

plumb_status plumb_jpeg_crop(plumb_jpeg *jpeg, int32_t x, int32_t width, int32_t *left,
                             int32_t *columns, plumb_diag *diag)
{
    struct jpeg_decompress_struct *info = &jpeg->info;
    if (!jpeg->open || x < 0 || width < 1 || (uint32_t)x + (uint32_t)width > info->output_width)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "width", "columns that the image does not have");
    if (setjmp(jpeg->escape)) {
        jpeg->open = false;
        return report(jpeg, diag);
    }
    JDIMENSION mcu = (JDIMENSION)info->max_h_samp_factor * DCTSIZE / info->scale_denom;
    JDIMENSION from = (JDIMENSION)x > mcu ? (JDIMENSION)x - mcu : 0;
    JDIMENSION to = (JDIMENSION)x + (JDIMENSION)width + mcu;
    /* libjpeg-turbo's crop miscounts where chroma is reduced less than luma and yet upsampled. */
    bool whole =
        info->scale_denom > 1 && (info->max_h_samp_factor > 2 || info->max_v_samp_factor > 2);
    from = whole ? 0 : from;
    to = whole || to > info->output_width ? info->output_width : to;
    JDIMENSION count = to - from;
    if (count < info->output_width)
        jpeg_crop_scanline(info, &from, &count);
    *left = (int32_t)from;
    *columns = (int32_t)count;
    return PLUMB_OK;
}

/* Read one row that nobody wants. */
static void discard_row(plumb_jpeg *jpeg)
{
    struct jpeg_decompress_struct *info = &jpeg->info;
    if (!jpeg->spare)
        jpeg->spare =
            info->mem->alloc_sarray((j_common_ptr)info, JPOOL_IMAGE,
                                    info->output_width * (JDIMENSION)info->output_components, 1);
    (void)jpeg_read_scanlines(info, jpeg->spare, 1);
}

/* A skip may begin at multiples of this. Rows of one sample of the coarsest component are made
 * together, and libjpeg-turbo's skip forgets those of them that were not given out yet, except where
 * upsampling looks at the rows around: there it reads, without converting to RGB. */
static JDIMENSION skip_step(const struct jpeg_decompress_struct *info)
{
    bool looks_around = info->scale_denom == 1 && info->num_components == 3 &&
                        info->max_h_samp_factor == 2 && info->max_v_samp_factor == 2 &&
                        info->image_width > 4;
    for (int i = 1; i < info->num_components; i++)
        looks_around = looks_around && info->comp_info[i].h_samp_factor == 1 &&
                       info->comp_info[i].v_samp_factor == 1;
    return looks_around ? 1 : (JDIMENSION)info->max_v_samp_factor;
}

plumb_status plumb_jpeg_skip_rows(plumb_jpeg *jpeg, int32_t count, plumb_diag *diag)
{
    struct jpeg_decompress_struct *info = &jpeg->info;
    if (!jpeg->open || count < 0 || (uint32_t)count > info->output_height - info->output_scanline)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "count", "more rows than the image has left");
    if (setjmp(jpeg->escape)) {
        jpeg->open = false;
        return report(jpeg, diag);
    }
    /* A skip to the very end would not look at the data any more, and a file that is cut off
     * would pass for whole: the last row is read. */
    JDIMENSION behind = info->output_scanline + (JDIMENSION)count, step = skip_step(info);
    JDIMENSION to = behind == info->output_height && count > 0 ? behind - 1 : behind;
    /* Nor does a skip right behind another one know that its rows were not decoded yet. */
    while (info->output_scanline < to && (jpeg->skipped || info->output_scanline % step != 0)) {
        discard_row(jpeg);
        jpeg->skipped = false;
    }
    if (info->output_scanline < to) {
        (void)jpeg_skip_scanlines(info, to - info->output_scanline);
        jpeg->skipped = true;
    }
    if (to < behind)
        discard_row(jpeg);
    return PLUMB_OK;
}

plumb_status plumb_jpeg_read_rows(plumb_jpeg *jpeg, uint8_t *rows, size_t row_stride, int32_t count,
                                  plumb_diag *diag)
{
    struct jpeg_decompress_struct *info = &jpeg->info;
    if (!jpeg->open || count < 0 || (uint32_t)count > info->output_height - info->output_scanline)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "count", "more rows than the image has left");
    if (setjmp(jpeg->escape)) {
        jpeg->open = false;
        return report(jpeg, diag);
    }
    jpeg->skipped = jpeg->skipped && count == 0;
    JSAMPROW pointers[ROWS_AT_ONCE];
    JDIMENSION first = info->output_scanline, end = first + (JDIMENSION)count;
    while (info->output_scanline < end) {
        JDIMENSION wanted = end - info->output_scanline;
        if (wanted > ROWS_AT_ONCE)
            wanted = ROWS_AT_ONCE;
        for (JDIMENSION i = 0; i < wanted; i++)
            pointers[i] = rows + (info->output_scanline - first + i) * row_stride;
        (void)jpeg_read_scanlines(info, pointers, wanted);
    }
    return PLUMB_OK;
}

plumb_status plumb_jpeg_finish(plumb_jpeg *jpeg, plumb_diag *diag)
{
    if (!jpeg->open)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "", "no JPEG is open");
    if (setjmp(jpeg->escape)) {
        jpeg->open = false;
        return report(jpeg, diag);
    }
    (void)jpeg_finish_decompress(&jpeg->info);
    jpeg->open = false;
    return PLUMB_OK;
}
