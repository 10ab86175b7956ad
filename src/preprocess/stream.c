/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/stream.h"

#include <string.h>

#include "base/diag.h"
#include "preprocess/plan.h"

typedef struct streamed_rows {
    plumb_frame_rows rows; /* a view of the one row at hand: its row strides are 0 */
    const plumb_row_stream *stream;
    bool ended;
} streamed_rows;

static void extent_of(const plumb_axis *axis, int32_t *first, int32_t *count)
{
    int32_t low = axis->source[0], high = axis->source[0];
    for (int32_t s = 1; s < axis->taps.slots; s++) {
        low = axis->source[s] < low ? axis->source[s] : low;
        high = axis->source[s] > high ? axis->source[s] : high;
    }
    *first = low;
    *count = high - low + 1;
}

int32_t plumb_stream_plan_reduction(const plumb_preprocess_plan *plan)
{
    return plan->reduction;
}

plumb_irect plumb_stream_plan_part(const plumb_preprocess_plan *plan)
{
    plumb_irect part;
    extent_of(&plan->along, &part.x, &part.width);
    extent_of(&plan->across, &part.y, &part.height);
    return part;
}

int32_t plumb_stream_plan_row(const plumb_preprocess_plan *plan, int32_t order)
{
    const plumb_axis *across = &plan->across;
    int32_t last = across->taps.slots - 1, behind = order > last;
    bool backwards = plan->mirror_across && !plan->stored;
    order = behind ? last : order;
    return across->source[backwards ? last - order : order] + behind;
}

static const uint8_t *next_pixels(void *user, int32_t row)
{
    streamed_rows *s = user;
    const uint8_t *pixels = s->ended ? NULL : s->stream->row(s->stream->user, row);
    s->ended = !pixels;
    return pixels;
}

static void fetch(void *user, int32_t row, uint8_t *const planes[3])
{
    streamed_rows *s = user;
    const plumb_preprocess_plan *plan = s->rows.plan;
    const uint8_t *pixels = next_pixels(user, row);
    if (!pixels) {
        for (int c = 0; c < plan->planes; c++)
            memset(planes[c], 0, (size_t)plan->along.taps.slots);
        return;
    }
    for (int c = 0; c < 3; c++)
        s->rows.view.component[c].data = pixels + plan->info->component[c].offset;
    plumb_frame_rows_fetch(&s->rows, row, planes);
}

plumb_status plumb_preprocess_run_stream(const plumb_preprocess_plan *plan,
                                         const plumb_row_stream *stream, plumb_tensor *tensor,
                                         void *scratch, size_t scratch_size, plumb_diag *diag)
{
    if (plan->info->planes != 1)
        return plumb_fail(diag, PLUMB_E_UNSUPPORTED, "frame.format",
                          "%s has several planes, a stream has one", plan->info->name);
    plumb_status status = plumb_preprocess_check_run(plan, tensor, scratch, scratch_size, diag);
    if (status)
        return status;
    plumb_frame one_row = plan->like;
    one_row.planes[0].data = scratch; /* for as long as there is no row */
    streamed_rows rows = { { plan, plumb_view_of(&one_row), scratch }, stream, false };
    for (int c = 0; c < 3; c++)
        rows.rows.view.component[c].row_stride = 0;
    plumb_row_source source = { &rows, fetch, next_pixels, NULL };
    plumb_preprocess_resample(plan, &source, tensor->data, scratch);
    return PLUMB_OK;
}
