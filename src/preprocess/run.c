/* SPDX-License-Identifier: Apache-2.0 */
#include "base/diag.h"
#include "preprocess/plan.h"
#include "preprocess/stream.h"

static bool fits(const plumb_preprocess_plan *plan, const plumb_frame *frame)
{
    const plumb_frame *like = &plan->like;
    bool same = frame->format == like->format && frame->width == like->width &&
                frame->height == like->height && frame->orientation == like->orientation &&
                frame->roi.x == like->roi.x && frame->roi.y == like->roi.y &&
                frame->roi.width == like->roi.width && frame->roi.height == like->roi.height;
    bool yuv = plumb_pixel_format_is_yuv(like->format);
    return same && (!yuv || (frame->matrix == like->matrix && frame->range == like->range));
}

bool plumb_preprocess_plan_fits(const plumb_preprocess_plan *plan, const plumb_frame *frame)
{
    return !plan->streamed && fits(plan, frame);
}

bool plumb_stream_plan_fits(const plumb_preprocess_plan *plan, const plumb_frame *frame)
{
    return plan->streamed && fits(plan, frame);
}

const plumb_mapping *plumb_preprocess_plan_mapping(const plumb_preprocess_plan *plan)
{
    return &plan->mapping;
}

size_t plumb_preprocess_plan_scratch(const plumb_preprocess_plan *plan)
{
    return plan->scratch.total;
}

static plumb_status check_tensor(const plumb_preprocess_plan *plan, const plumb_tensor *tensor,
                                 plumb_diag *diag)
{
    if (!tensor)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "tensor", "is NULL");
    plumb_tensor_info info = plumb_preprocess_tensor_info(&plan->spec);
    plumb_tensor view = *tensor;
    plumb_status status = plumb_tensor_validate(&view, diag);
    if (status)
        return status;
    if (view.dtype != info.dtype)
        return plumb_fail(diag, PLUMB_E_DTYPE, "tensor.dtype", "%s, expected %s",
                          plumb_dtype_name(view.dtype), plumb_dtype_name(info.dtype));
    bool same = view.rank == info.rank;
    for (int i = 0; same && i < info.rank; i++)
        same = view.shape[i] == info.shape[i];
    if (!same)
        return plumb_fail(diag, PLUMB_E_SHAPE, "tensor.shape", "expected [1,%d,%d,%d]",
                          (int)info.shape[1], (int)info.shape[2], (int)info.shape[3]);
    if (!plumb_tensor_is_dense(&view))
        return plumb_fail(diag, PLUMB_E_SHAPE, "tensor.strides", "expected a dense tensor");
    if ((uintptr_t)view.data % plumb_dtype_size(view.dtype) != 0)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "tensor.data", "is not aligned to its element");
    return PLUMB_OK;
}

plumb_status plumb_preprocess_check_run(const plumb_preprocess_plan *plan,
                                        const plumb_tensor *tensor, const void *scratch,
                                        size_t scratch_size, plumb_diag *diag)
{
    plumb_status status = check_tensor(plan, tensor, diag);
    if (status)
        return status;
    if (!scratch || (uintptr_t)scratch % 64 != 0 || scratch_size < plan->scratch.total)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "scratch",
                          "%zu bytes, expected %zu aligned to 64", scratch_size,
                          plan->scratch.total);
    return PLUMB_OK;
}

plumb_status plumb_preprocess_run(const plumb_preprocess_plan *plan, const plumb_frame *frame,
                                  plumb_tensor *tensor, void *scratch, size_t scratch_size,
                                  plumb_diag *diag)
{
    if (!plan)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "plan", "is NULL");
    plumb_status status = plumb_frame_validate(frame, diag);
    if (status)
        return status;
    if (!plumb_preprocess_plan_fits(plan, frame))
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "frame",
                          "%s %dx%d orientation %d does not fit a plan for %s %dx%d orientation %d",
                          plumb_pixel_format_name(frame->format), (int)frame->width,
                          (int)frame->height, (int)frame->orientation,
                          plumb_pixel_format_name(plan->like.format), (int)plan->like.width,
                          (int)plan->like.height, (int)plan->like.orientation);
    status = plumb_preprocess_check_run(plan, tensor, scratch, scratch_size, diag);
    if (status)
        return status;
    plumb_frame_rows rows = { plan, plumb_view_of(frame), scratch };
    plumb_row_source source = { &rows, plumb_frame_rows_fetch, NULL, &rows.view };
    plumb_preprocess_resample(plan, &source, tensor->data, scratch);
    return PLUMB_OK;
}
