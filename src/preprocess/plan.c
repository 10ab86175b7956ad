/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/checked.h"
#include "base/diag.h"
#include "geometry/orientation.h"
#include "preprocess/plan.h"
#include "preprocess/stream.h"

/* Sums of whole ratios are exact in float32 up to 2^24 = 255 * 65793. */
#define MAX_WHOLE_AREA 65536

/* Rule `exact` has no integer sizes: output 0 is the first one whose centre shows picture. */
static plumb_axis_request exact_request(double source, double extent, int32_t side, double scale,
                                        double offset, int32_t placed, int32_t count)
{
    plumb_axis_request r = { side, count, 0, count, 0.0, 1.0 / scale, scale, false };
    if (extent < side) { /* a crop: Pillow's box, which is float32 */
        float from = (float)source, to = (float)(source + extent);
        r.origin = from;
        r.scale = (double)(to - from) / count;
    } else if (offset == 0.0) {
        r.scale = (double)side / count;
    } else {
        r.origin = (placed - offset) / scale;
    }
    return r;
}

static plumb_axis_request request_of(const plumb_mapping *m, const plumb_mapping_spec *spec, bool y)
{
    double source = y ? m->source.y : m->source.x;
    double extent = y ? m->source.height : m->source.width;
    double scale = y ? m->scale_y : m->scale_x, offset = y ? m->offset_y : m->offset_x;
    int32_t side = y ? m->picture.height : m->picture.width;
    int32_t placed = y ? m->placed.y : m->placed.x;
    int32_t count = y ? m->placed.height : m->placed.width;
    int32_t scaled = y ? m->scaled.height : m->scaled.width;
    plumb_axis_request r;
    if (spec->rule == PLUMB_RULE_EXACT) {
        r = exact_request(source, extent, side, scale, offset, placed, count);
    } else { /* a crop of this kind comes before the resize: nothing outside it is seen */
        bool by_factor = spec->rule == PLUMB_RULE_OPENCV_DNN && spec->mode == PLUMB_CROP_CENTER;
        int32_t length = (int32_t)extent;
        plumb_axis_request whole = { .side = length,
                                     .scaled = scaled,
                                     .begin = placed - (int32_t)offset,
                                     .count = count,
                                     .scale = (double)length / scaled,
                                     .inverse = by_factor ? scale : (double)scaled / length };
        r = whole;
    }
    r.is_y = y;
    return r;
}

/* A request and where it lies in the buffer. */
typedef struct placed_request {
    plumb_axis_request request;
    int32_t begin; /* buffer column or row of its lowest sample */
    bool mirror;   /* the picture's axis runs against the buffer's */
} placed_request;

static plumb_irect roi_in_buffer(const plumb_mapping *m)
{
    plumb_affine to_buffer = { { 1, 0, 0, 0, 1, 0 } };
    plumb_rect roi = { m->roi.x, m->roi.y, m->roi.width, m->roi.height };
    if (plumb_mapping_affine(m, PLUMB_SPACE_UPRIGHT, PLUMB_SPACE_BUFFER, &to_buffer) == PLUMB_OK)
        roi = plumb_affine_rect(&to_buffer, roi);
    plumb_irect r = { (int32_t)(roi.x + 0.5), (int32_t)(roi.y + 0.5), (int32_t)(roi.width + 0.5),
                      (int32_t)(roi.height + 0.5) };
    return r;
}

static placed_request place_request(const plumb_mapping *m, const plumb_mapping_spec *spec,
                                    const plumb_axes *axes, bool y)
{
    plumb_irect roi = roi_in_buffer(m);
    int32_t side = y ? m->picture.height : m->picture.width;
    int32_t base = (int32_t)(y ? m->source.y : m->source.x);
    placed_request p = { request_of(m, spec, y), y == axes->swap ? roi.x : roi.y,
                         y ? axes->mirror_y : axes->mirror_x };
    if (spec->rule != PLUMB_RULE_EXACT) /* there the request begins with the picture */
        p.begin += p.mirror ? side - base - p.request.side : base;
    return p;
}

/* Sample a buffer of half the size at the same places. Its pixel k stands for 2k and 2k + 1 of the
 * full one, so either end of the request may lie in the middle of a pixel, and the last pixel
 * reaches out of a picture with an odd side. */
static void halve_request(placed_request *p, plumb_resampler resampler)
{
    plumb_axis_request *r = &p->request;
    int32_t end = p->begin + r->side, first = p->begin / 2, behind = (end + 1) / 2;
    r->origin = r->origin / 2.0 + (p->mirror ? behind - end / 2.0 : p->begin / 2.0 - first);
    r->side = behind - first;
    r->scale /= 2.0;
    bool corners = resampler == PLUMB_RESAMPLE_TORCH_BILINEAR_CORNERS;
    if (resampler == PLUMB_RESAMPLE_TF1_LEGACY || corners)
        r->origin -= 0.25; /* their positions count from pixel centres, not from edges */
    if (corners)
        r->scale += 0.5 / r->scaled; /* and the outermost centres are those of full pixels */
    r->inverse *= 2.0;
    p->begin = first;
}

/* From positions of the request to buffer columns or rows. */
static void turn_axis(plumb_axis *axis, const placed_request *p)
{
    for (int32_t s = 0; s < axis->taps.slots; s++) {
        int32_t position = axis->source[s];
        axis->source[s] = p->begin + (p->mirror ? p->request.side - 1 - position : position);
    }
}

static bool may_halve(const plumb_preprocess_plan *plan, const placed_request *x,
                      const placed_request *y)
{
    return plan->streamed && plan->spec.jpeg == PLUMB_JPEG_HALF_DCT && x->request.scale >= 2.0 &&
           y->request.scale >= 2.0;
}

/* The samples of an axis as they are stored: positions are counted along the buffer, in units of
 * 2^shift pixels from the first sample of the part that is seen. */
static plumb_status build_stored(plumb_preprocess_plan *plan, const placed_request *p, int shift,
                                 bool along, plumb_axis *axis)
{
    const plumb_axis_request *r = &p->request;
    double unit = 1 << shift, end = r->origin + (r->begin + r->count) * r->scale;
    double from = p->begin + (p->mirror ? r->side - end : r->origin + r->begin * r->scale);
    int32_t first = p->begin >> shift;
    plumb_axis_request stored = *r;
    stored.side = ((p->begin + r->side + (1 << shift) - 1) >> shift) - first;
    stored.scaled = r->count;
    stored.begin = 0;
    stored.origin = from / unit - first;
    stored.scale = r->scale / unit;
    stored.inverse = 1.0 / stored.scale;
    plumb_status status = plumb_axis_build(&plan->context, &plan->kernels, &stored,
                                           &plan->arithmetic, PLUMB_STEP_MEAN, along, axis);
    for (int32_t s = 0; status == PLUMB_OK && s < axis->taps.slots; s++)
        axis->source[s] += first;
    return status;
}

static plumb_status build_stored_axes(plumb_preprocess_plan *plan, const placed_request *along,
                                      const placed_request *across)
{
    const plumb_format_info *info = plan->info;
    plumb_status status = build_stored(plan, along, 0, true, &plan->along);
    if (status == PLUMB_OK)
        status = build_stored(plan, across, 0, false, &plan->across);
    if (status || info->family != PLUMB_FAMILY_YUV)
        return status;
    status = build_stored(plan, along, info->chroma_x, true, &plan->chroma_along);
    if (status == PLUMB_OK)
        status = build_stored(plan, across, info->chroma_y, false, &plan->chroma_across);
    return status;
}

/* From here on axes follow the buffer. */
static void begin_stored(plumb_preprocess_plan *plan)
{
    plan->stored = true;
    plan->reversed = plan->mirror_along;
    plan->mirror_along = false;
}

/* One axis and that of its chroma in place of a table that picks pixels. */
static plumb_status pick_stored(plumb_preprocess_plan *plan, int shift, bool mirror, bool along,
                                plumb_axis *axis, plumb_axis *chroma)
{
    const plumb_context *context = &plan->context;
    plumb_axis pixels = *axis;
    int32_t count = pixels.taps.outputs;
    int32_t *positions = plumb_alloc_array(context, (size_t)count, sizeof(*positions));
    if (!positions)
        return PLUMB_E_NOMEM;
    for (int32_t i = 0; i < count; i++)
        positions[i] = pixels.source[pixels.taps.first[mirror ? count - 1 - i : i]];
    memset(axis, 0, sizeof(*axis));
    plumb_status status = plumb_axis_pick(context, &plan->kernels, positions, count, along, axis);
    for (int32_t i = 0; i < count; i++)
        positions[i] >>= shift;
    if (status == PLUMB_OK)
        status = plumb_axis_pick(context, &plan->kernels, positions, count, along, chroma);
    plumb_axis_release(context, &pixels);
    plumb_release(context, positions);
    return status;
}

/* Picking a pixel is picking its samples: few colours are then made of many. */
static plumb_status pick_stored_axes(plumb_preprocess_plan *plan)
{
    const plumb_format_info *info = plan->info;
    plumb_status status = pick_stored(plan, info->chroma_x, plan->mirror_along, true, &plan->along,
                                      &plan->chroma_along);
    begin_stored(plan);
    if (status == PLUMB_OK)
        status = pick_stored(plan, info->chroma_y, plan->mirror_across, false, &plan->across,
                             &plan->chroma_across);
    return status;
}

static plumb_status build_tables(plumb_preprocess_plan *plan, const placed_request *x,
                                 const placed_request *y)
{
    const plumb_context *context = &plan->context;
    plumb_axis *ax = plan->exchanged ? &plan->across : &plan->along;
    plumb_axis *ay = plan->exchanged ? &plan->along : &plan->across;
    plumb_arithmetic *arithmetic = &plan->arithmetic;
    plumb_status status =
        plumb_arithmetic_select(context, plan->spec.resample, &x->request, &y->request, arithmetic);
    if (status == PLUMB_OK && arithmetic->first == PLUMB_STEP_MEAN) {
        begin_stored(plan);
        return build_stored_axes(plan, plan->exchanged ? y : x, plan->exchanged ? x : y);
    }
    if (status == PLUMB_OK)
        status = plumb_axis_build(context, &plan->kernels, &x->request, arithmetic,
                                  arithmetic->first, !plan->exchanged, ax);
    if (status == PLUMB_OK)
        status = plumb_axis_build(context, &plan->kernels, &y->request, arithmetic,
                                  arithmetic->second, plan->exchanged, ay);
    if (status)
        return status;
    turn_axis(ax, x);
    turn_axis(ay, y);
    if (arithmetic->first == PLUMB_STEP_PICK && plan->along.dense &&
        plan->info->family == PLUMB_FAMILY_YUV && plan->info->sample_bytes == 1)
        return pick_stored_axes(plan);
    bool whole = arithmetic->filter == PLUMB_FILTER_CV_AREA_WHOLE;
    return whole && (int64_t)ax->taps.taps * ay->taps.taps > MAX_WHOLE_AREA ? PLUMB_E_LIMIT
                                                                            : PLUMB_OK;
}

static plumb_status build_axes(plumb_preprocess_plan *plan, plumb_diag *diag)
{
    const plumb_mapping *m = &plan->mapping;
    const plumb_mapping_spec *spec = &plan->spec.mapping;
    plumb_orientation turn = m->turned ? PLUMB_ORIENTATION_LEFT : PLUMB_ORIENTATION_UP;
    plumb_axes axes = plumb_orientation_axes(plumb_orientation_compose(m->orientation, turn));
    placed_request x = place_request(m, spec, &axes, false);
    placed_request y = place_request(m, spec, &axes, true);
    plan->exchanged = axes.swap;
    plan->mirror_across = axes.swap ? axes.mirror_x : axes.mirror_y;
    plan->mirror_along = axes.swap ? axes.mirror_y : axes.mirror_x;
    plan->reduction = may_halve(plan, &x, &y) ? 2 : 1;
    if (plan->reduction == 2) {
        halve_request(&x, plan->spec.resample);
        halve_request(&y, plan->spec.resample);
    }
    plumb_status status = build_tables(plan, &x, &y);
    if (status)
        return plumb_fail(diag, status, "preprocess.resample",
                          status == PLUMB_E_LIMIT ? "%dx%d to %dx%d is beyond the ratios of %s"
                                                  : "out of memory for %dx%d to %dx%d with %s",
                          (int)m->picture.width, (int)m->picture.height, (int)m->scaled.width,
                          (int)m->scaled.height, plumb_resampler_name(plan->spec.resample));
    const plumb_axis *along = &plan->along;
    plan->column = along->source[plan->mirror_along ? along->taps.slots - 1 : 0];
    return PLUMB_OK;
}

static void choose_planes(plumb_preprocess_plan *plan)
{
    bool gray = plan->spec.channels == PLUMB_CHANNELS_GRAY;
    plan->channels = gray ? 1 : 3;
    plan->planes = gray || plan->info->family == PLUMB_FAMILY_GRAY ? 1 : 3;
    for (int c = 0; c < plan->channels && plan->planes == 3; c++)
        plan->plane_of[c] = plan->spec.channels == PLUMB_CHANNELS_BGR ? 2 - c : c;
    static const plumb_gray_weights opencv = { 9798, 19235, 3735, 15 };
    static const plumb_gray_weights pillow = { 19595, 38470, 7471, 16 };
    bool cv = plan->spec.resample >= PLUMB_RESAMPLE_OPENCV_LINEAR &&
              plan->spec.resample <= PLUMB_RESAMPLE_OPENCV_CUBIC;
    plan->gray = cv ? opencv : pillow;
    if (plan->info->family == PLUMB_FAMILY_YUV)
        plan->constants =
            plumb_matrix_constants(plan->like.matrix, plan->like.range, plan->info->bits);
}

/* Room for `count` rows of `bytes` and their slack, each on its own cache lines. */
static bool reserve(size_t *total, size_t count, size_t bytes, size_t *offset, size_t *row)
{
    size_t size;
    *offset = *total;
    *row = (bytes + PLUMB_ROW_SLACK + 63) / 64 * 64;
    return plumb_mul_size(*row, count, &size) && plumb_add_size(*total, size, total);
}

/* Lines of bytes, parts of them and means; see stored.c. Lines in pairs of pixels and chroma reach a
 * few samples further than luma. */
static bool lay_out_stored(plumb_preprocess_plan *plan)
{
    plumb_scratch_layout *s = &plan->scratch;
    size_t slots = (size_t)plan->along.taps.slots + 8, outputs = (size_t)plan->along.taps.outputs;
    size_t planes = (size_t)plan->planes, taps = (size_t)plan->across.taps.taps;
    size_t chroma = (size_t)plan->chroma_across.taps.taps, unused, own;
    taps = taps > chroma ? taps : chroma;
    bool turned = plan->exchanged;
    size_t lines = plan->info->planes == 1 ? 4 : 3; /* one of four bytes a pixel, or three of one */
    return plumb_mul_size(taps, lines, &own) &&
           reserve(&s->total, 3, slots * 2, &s->samples, &s->sample_row) &&
           reserve(&s->total, 3, slots, &s->colors, &s->color_row) &&
           reserve(&s->total, 1, taps * sizeof(void *), &s->rows, &unused) &&
           reserve(&s->total, own, slots, &s->own, &s->own_row) &&
           reserve(&s->total, 1, 4 * slots, &s->single, &s->single_row) &&
           reserve(&s->total, 6, outputs, &s->means, &s->mean_row) &&
           reserve(&s->total, planes * (turned ? (size_t)plan->tile : 1), outputs, &s->result,
                   &s->result_row) &&
           reserve(&s->total, planes, turned ? PLUMB_TILE_ROWS * PLUMB_TILE : 0, &s->turned,
                   &s->turned_row) &&
           reserve(&s->total, 1, 3 * (outputs + PLUMB_TILE) * sizeof(float), &s->values,
                   &s->value_row);
}

static bool lay_out_scratch(plumb_preprocess_plan *plan)
{
    /* Results of four bytes would make a wide tile larger than the caches. */
    plan->tile = plumb_step_output_size(plan->arithmetic.second) == 1 ? PLUMB_TILE : PLUMB_TILE / 2;
    if (plan->stored)
        return lay_out_stored(plan);
    plumb_scratch_layout *s = &plan->scratch;
    size_t slots = (size_t)plan->along.taps.slots, outputs = (size_t)plan->along.taps.outputs;
    size_t planes = (size_t)plan->planes, taps = (size_t)plan->across.taps.taps, ring, unused;
    size_t between = plumb_step_output_size(plan->arithmetic.first);
    size_t result = plumb_step_output_size(plan->arithmetic.second);
    if (!plumb_mul_size(taps, planes, &ring))
        return false;
    bool turned = plan->exchanged;
    return reserve(&s->total, 3, (slots + 2) * 2, &s->samples, &s->sample_row) &&
           reserve(&s->total, 3, slots + 2, &s->colors, &s->color_row) &&
           reserve(&s->total, 1, taps * sizeof(void *), &s->rows, &unused) &&
           reserve(&s->total, ring, turned ? slots : outputs * between, &s->ring, &s->ring_row) &&
           reserve(&s->total, planes, slots * (turned ? between : 1), &s->single, &s->single_row) &&
           reserve(&s->total, planes * (turned ? (size_t)plan->tile : 1), outputs * result,
                   &s->result, &s->result_row) &&
           reserve(&s->total, planes, turned ? PLUMB_TILE_ROWS * PLUMB_TILE * result : 0,
                   &s->turned, &s->turned_row) &&
           reserve(&s->total, 1, 3 * (outputs + PLUMB_TILE) * sizeof(float), &s->values,
                   &s->value_row);
}

static plumb_status fill_plan(plumb_preprocess_plan *plan, plumb_diag *diag)
{
    const plumb_frame *like = &plan->like;
    plumb_size size = { like->width, like->height };
    bool whole = like->roi.width == 0 && like->roi.height == 0;
    plumb_status status = plumb_mapping_make(&plan->spec.mapping, size, like->orientation,
                                             whole ? NULL : &like->roi, &plan->mapping, diag);
    if (status)
        return status;
    plan->info = plumb_format_info_of(like->format);
    plumb_kernels_init(&plan->kernels, plan->context.cpu);
    choose_planes(plan);
    plumb_values_init(plan);
    status = build_axes(plan, diag);
    if (status == PLUMB_OK && !lay_out_scratch(plan))
        status = plumb_fail(diag, PLUMB_E_LIMIT, "preprocess", "scratch memory overflows");
    return status;
}

static plumb_status create(const plumb_context *context, const plumb_preprocess_spec *spec,
                           const plumb_frame *like, bool streamed, plumb_preprocess_plan **plan,
                           plumb_diag *diag)
{
    if (!plan)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "plan", "is NULL");
    plumb_status status = plumb_preprocess_validate(spec, diag);
    if (status == PLUMB_OK)
        status = plumb_frame_validate_kind(like, diag);
    if (status)
        return status;
    if (like->format == PLUMB_FORMAT_JPEG)
        return plumb_fail(diag, PLUMB_E_UNSUPPORTED, "format", "jpeg has to be decoded first");
    plumb_context full = plumb_context_resolve(context);
    plumb_preprocess_plan *p = plumb_alloc_zeroed(&full, 1, sizeof(*p));
    if (!p)
        return plumb_fail(diag, PLUMB_E_NOMEM, "", "out of memory");
    plumb_preprocess_spec defaults = PLUMB_PREPROCESS_SPEC_INIT;
    p->context = full;
    p->spec = defaults;
    plumb_copy_struct(&p->spec, sizeof(p->spec), spec, spec->struct_size);
    plumb_copy_struct(&p->like, sizeof(p->like), like, like->struct_size);
    memset(p->like.planes, 0, sizeof(p->like.planes));
    p->streamed = streamed;
    status = fill_plan(p, diag);
    if (status)
        plumb_preprocess_plan_destroy(&p);
    else
        *plan = p;
    return status;
}

plumb_status plumb_preprocess_plan_create(const plumb_context *context,
                                          const plumb_preprocess_spec *spec,
                                          const plumb_frame *like, plumb_preprocess_plan **plan,
                                          plumb_diag *diag)
{
    return create(context, spec, like, false, plan, diag);
}

plumb_status plumb_stream_plan_create(const plumb_context *context,
                                      const plumb_preprocess_spec *spec, const plumb_frame *like,
                                      plumb_preprocess_plan **plan, plumb_diag *diag)
{
    return create(context, spec, like, true, plan, diag);
}

void plumb_preprocess_plan_destroy(plumb_preprocess_plan **plan)
{
    if (!plan || !*plan)
        return;
    plumb_context context = (*plan)->context;
    plumb_axis_release(&context, &(*plan)->along);
    plumb_axis_release(&context, &(*plan)->across);
    plumb_axis_release(&context, &(*plan)->chroma_along);
    plumb_axis_release(&context, &(*plan)->chroma_across);
    plumb_release(&context, *plan);
    *plan = NULL;
}
