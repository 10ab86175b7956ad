/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/jpeg.h"

#include "base/checked.h"
#include "base/diag.h"
#include "image/jpeg.h"
#include "preprocess/stream.h"

#define STRIP_ROWS 16 /* one MCU row of 4:2:0 */

/* libjpeg-turbo writes rows that begin at a whole vector past the caches, from where they would be
 * read back at once. So every row begins beside one. */
#define VECTOR 32
#define BESIDE 8

typedef struct jpeg_rows {
    plumb_session *session;
    const plumb_preprocess_plan *plan;
    uint8_t *strip;
    size_t stride, cut; /* bytes of a row, and of those left of the columns that are decoded */
    int32_t begin, end; /* rows the strip holds, but for those that nobody asks for */
    int32_t last;       /* row that is needed */
    int32_t order;      /* of the next needed row in the plan */
    plumb_status status;
    plumb_diag *diag;
} jpeg_rows;

plumb_status plumb_session_open_jpeg(plumb_session *session, plumb_frame *frame, plumb_diag *diag)
{
    plumb_status status = plumb_frame_validate(frame, diag);
    if (status == PLUMB_OK && !session->jpeg) {
        session->jpeg = plumb_jpeg_create(&session->context);
        if (!session->jpeg)
            return plumb_fail(diag, PLUMB_E_NOMEM, "", "out of memory");
    }
    plumb_image_info info;
    if (status == PLUMB_OK)
        status = plumb_jpeg_open(session->jpeg, frame->planes[0].data, frame->planes[0].size, &info,
                                 diag);
    if (status)
        return status;
    if ((frame->width != 0 && frame->width != info.width) ||
        (frame->height != 0 && frame->height != info.height))
        return plumb_fail(diag, PLUMB_E_SIZE, "width", "the frame says %dx%d, its JPEG %dx%d",
                          (int)frame->width, (int)frame->height, (int)info.width, (int)info.height);
    plumb_frame picture = PLUMB_FRAME_INIT;
    picture.format = info.components == 1 ? PLUMB_FORMAT_GRAY8 : PLUMB_FORMAT_RGB24;
    picture.width = info.width;
    picture.height = info.height;
    picture.orientation =
        frame->orientation == PLUMB_ORIENTATION_UP ? info.orientation : frame->orientation;
    picture.roi = frame->roi;
    picture.timestamp_ns = frame->timestamp_ns;
    *frame = picture;
    return PLUMB_OK;
}

/* The first row from `row` on that is needed, or the one behind the last. */
static int32_t needed_from(jpeg_rows *r, int32_t row)
{
    int32_t found = plumb_stream_plan_row(r->plan, r->order);
    while (found < row && found <= r->last)
        found = plumb_stream_plan_row(r->plan, ++r->order);
    return found;
}

/* The next rows, of which the first is needed. Those between them that no output reads are passed
 * over: few rows then save their conversion to RGB, many their transform as well. */
static void fill_strip(jpeg_rows *r, int32_t first)
{
    plumb_jpeg *jpeg = r->session->jpeg;
    int32_t stop = first + STRIP_ROWS;
    stop = stop < r->last + 1 ? stop : r->last + 1;
    r->begin = first;
    for (int32_t row = first; r->status == PLUMB_OK && row < stop; row = needed_from(r, r->end)) {
        int32_t behind = row + 1;
        while (behind < stop && needed_from(r, behind) == behind)
            behind++;
        uint8_t *to = r->strip + (size_t)(row - first) * r->stride + r->cut;
        r->status = plumb_jpeg_skip_rows(jpeg, row - r->end, r->diag);
        if (r->status == PLUMB_OK)
            r->status = plumb_jpeg_read_rows(jpeg, to, r->stride, behind - row, r->diag);
        r->end = behind;
    }
}

static const uint8_t *next_row(void *user, int32_t row)
{
    jpeg_rows *r = user;
    if (r->status == PLUMB_OK && row >= r->end) {
        plumb_stopwatch *watch = &r->session->watch;
        plumb_stopwatch_lap(watch, PLUMB_STAGE_PREPROCESS);
        fill_strip(r, row);
        plumb_stopwatch_lap(watch, PLUMB_STAGE_DECODE_IMAGE);
    }
    return r->status == PLUMB_OK ? r->strip + (size_t)(row - r->begin) * r->stride : NULL;
}

/* Room for a strip of whole rows; only the decoded columns of it are ever written or read. */
static plumb_status reserve_strip(jpeg_rows *r, plumb_diag *diag)
{
    plumb_session *session = r->session;
    size_t width = (size_t)plumb_jpeg_size(session->jpeg).width, bytes;
    if (!plumb_mul_size(width, (size_t)plumb_jpeg_components(session->jpeg), &r->stride) ||
        !plumb_add_size(r->stride, VECTOR - r->stride % VECTOR, &r->stride) ||
        !plumb_mul_size(r->stride, STRIP_ROWS + 1, &bytes))
        return plumb_fail(diag, PLUMB_E_LIMIT, "", "the image does not fit into memory");
    if (bytes > session->strip_size) {
        plumb_release(&session->context, session->strip);
        session->strip_size = 0;
        session->strip = plumb_alloc_array(&session->context, bytes, 1);
        if (!session->strip)
            return plumb_fail(diag, PLUMB_E_NOMEM, "", "out of memory");
        session->strip_size = bytes;
    }
    r->strip = session->strip;
    return PLUMB_OK;
}

static plumb_status start(jpeg_rows *r, plumb_irect part)
{
    plumb_jpeg *jpeg = r->session->jpeg;
    int32_t left = 0, columns = 0;
    plumb_status status = plumb_jpeg_start(jpeg, plumb_stream_plan_reduction(r->plan), r->diag);
    if (status == PLUMB_OK)
        status = reserve_strip(r, r->diag);
    if (status == PLUMB_OK)
        status = plumb_jpeg_crop(jpeg, part.x, part.width, &left, &columns, r->diag);
    if (status == PLUMB_OK)
        status = plumb_jpeg_skip_rows(jpeg, part.y, r->diag);
    r->cut = (size_t)left * (size_t)plumb_jpeg_components(jpeg);
    if (status == PLUMB_OK)
        r->strip += (VECTOR + BESIDE - ((uintptr_t)r->strip + r->cut) % VECTOR) % VECTOR;
    return status;
}

plumb_status plumb_session_stream_jpeg(plumb_session *session, const plumb_preprocess_plan *plan,
                                       plumb_diag *diag)
{
    plumb_irect part = plumb_stream_plan_part(plan);
    jpeg_rows rows = { .session = session,
                       .plan = plan,
                       .begin = part.y,
                       .end = part.y,
                       .last = part.y + part.height - 1,
                       .diag = diag };
    plumb_status status = start(&rows, part);
    plumb_stopwatch_lap(&session->watch, PLUMB_STAGE_DECODE_IMAGE);
    if (status)
        return plumb_stage_failed(diag, status, PLUMB_STAGE_DECODE_IMAGE);

    plumb_row_stream stream = { &rows, next_row };
    status = plumb_preprocess_run_stream(plan, &stream, &session->inputs[0], session->scratch,
                                         session->scratch_size, diag);
    plumb_stopwatch_lap(&session->watch, PLUMB_STAGE_PREPROCESS);
    if (status)
        return plumb_stage_failed(diag, status, PLUMB_STAGE_PREPROCESS);
    status = rows.status;
    if (status == PLUMB_OK) /* whether the file is whole shows at its end */
        status = plumb_jpeg_skip_rows(session->jpeg,
                                      plumb_jpeg_size(session->jpeg).height - rows.end, diag);
    if (status == PLUMB_OK)
        status = plumb_jpeg_finish(session->jpeg, diag);
    plumb_stopwatch_lap(&session->watch, PLUMB_STAGE_DECODE_IMAGE);
    return plumb_stage_failed(diag, status, PLUMB_STAGE_DECODE_IMAGE);
}
