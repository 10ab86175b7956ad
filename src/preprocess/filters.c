/* SPDX-License-Identifier: Apache-2.0
 *
 * Positions and weights of each peer, in the peer's own arithmetic. Sources: Pillow's Resample.c,
 * OpenCV's resize.cpp, PyTorch's UpSampleKernel.cpp, TensorFlow's resize_bilinear_op.cc and
 * image_resizer_state.h.
 */
#include <float.h>
#include <math.h>

#include "preprocess/axis.h"

#define PI 3.14159265358979323846

/* sin(pi*x)/(pi*x), the same on every C library: exact reduction of x to [-1/2, 1/2], then the Taylor
 * series, whose next term is below the last bit there. */
static double sinc(double x)
{
    if (x == 0.0)
        return 1.0;
    double turns = nearbyint(x);
    double r = (x - turns) * PI, r2 = r * r, term = r, sum = r;
    for (int k = 1; k <= 12; k++) {
        term *= -r2 / (double)(2 * k * (2 * k + 1));
        sum += term;
    }
    return (fmod(turns, 2.0) != 0.0 ? -sum : sum) / (x * PI);
}

static double kernel_box(double x)
{
    return x > -0.5 && x <= 0.5 ? 1.0 : 0.0;
}

static double kernel_bilinear(double x)
{
    x = fabs(x);
    return x < 1.0 ? 1.0 - x : 0.0;
}

static double kernel_bicubic(double x)
{
    const double a = -0.5;
    x = fabs(x);
    if (x < 1.0)
        return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
    if (x < 2.0)
        return (((x - 5) * x + 8) * x - 4) * a;
    return 0.0;
}

static double kernel_lanczos(double x)
{
    return x >= -3.0 && x < 3.0 ? sinc(x) * sinc(x / 3) : 0.0;
}

typedef struct pillow_filter {
    double (*kernel)(double x);
    double support;
} pillow_filter;

static pillow_filter pillow_of(plumb_filter filter)
{
    switch (filter) {
    case PLUMB_FILTER_PILLOW_BOX:
        return (pillow_filter){ kernel_box, 0.5 };
    case PLUMB_FILTER_PILLOW_BICUBIC:
        return (pillow_filter){ kernel_bicubic, 2.0 };
    case PLUMB_FILTER_PILLOW_LANCZOS:
        return (pillow_filter){ kernel_lanczos, 3.0 };
    default:
        return (pillow_filter){ kernel_bilinear, 1.0 };
    }
}

static int32_t pillow_taps(plumb_filter filter, const plumb_axis_request *r, int32_t i,
                           int32_t *first, double *weights)
{
    pillow_filter f = pillow_of(filter);
    double stretch = r->scale > 1.0 ? r->scale : 1.0;
    double support = f.support * stretch, inverse = 1.0 / stretch;
    double center = r->origin + (i + 0.5) * r->scale;
    int32_t begin = (int32_t)(center - support + 0.5), end = (int32_t)(center + support + 0.5);
    begin = begin < 0 ? 0 : begin > r->side - 1 ? r->side - 1 : begin;
    end = end > r->side ? r->side : end <= begin ? begin + 1 : end;
    double sum = 0.0;
    for (int32_t j = 0; j < end - begin; j++) {
        weights[j] = f.kernel((j + begin - center + 0.5) * inverse);
        sum += weights[j];
    }
    for (int32_t j = 0; j < end - begin; j++) {
        double w = (sum != 0.0 ? weights[j] / sum : weights[j]) * (1 << 22);
        weights[j] = w < 0 ? (int32_t)(w - 0.5) : (int32_t)(w + 0.5);
    }
    *first = begin;
    return end - begin;
}

static double to_11_bits(float weight)
{
    return nearbyintf(weight * 2048.0f);
}

static int32_t two(int32_t position, double w0, double w1, int32_t *first, double *weights)
{
    *first = position;
    weights[0] = w0;
    weights[1] = w1;
    return 2;
}

static int32_t cv_linear_taps(const plumb_axis_request *r, float f, int32_t position,
                              int32_t *first, double *weights)
{
    if (!r->is_y && position < 0) {
        position = 0;
        f = 0.0f;
    }
    if (!r->is_y && position >= r->side - 1) {
        position = r->side - 1;
        f = 0.0f;
    }
    return two(position, to_11_bits(1.0f - f), to_11_bits(f), first, weights);
}

static int32_t cv_exact_taps(const plumb_axis_request *r, int32_t i, int32_t *first,
                             double *weights)
{
    double f = 1.0 / r->inverse * (i + 0.5) - 0.5 + r->origin;
    int32_t position = (int32_t)floor(f);
    double w = nearbyint((f - position) * 256);
    if (position < 0 || position >= r->side - 1) {
        position = position < 0 ? 0 : r->side - 1;
        w = 0.0;
    }
    return two(position, 256 - w, w, first, weights);
}

static int32_t cv_cubic_taps(const plumb_axis_request *r, int32_t i, int32_t *first,
                             double *weights)
{
    const float a = -0.75f;
    float f = (float)((i + 0.5) * (1.0 / r->inverse) - 0.5 + r->origin);
    int32_t position = (int32_t)floorf(f);
    float x = f - (float)position, y = 1.0f - x, c[4];
    c[0] = ((a * (x + 1) - 5 * a) * (x + 1) + 8 * a) * (x + 1) - 4 * a;
    c[1] = ((a + 2) * x - (a + 3)) * x * x + 1;
    c[2] = ((a + 2) * y - (a + 3)) * y * y + 1;
    c[3] = 1.0f - c[0] - c[1] - c[2];
    /* The second sum is float32, with the factor 2^-22 of both axes in its weights. */
    float factor = r->is_y ? 1.0f / (2048.0f * 2048.0f) : 1.0f;
    for (int k = 0; k < 4; k++)
        weights[k] = (float)to_11_bits(c[k]) * factor;
    *first = position - 1;
    return 4;
}

static int32_t cv_area_taps(const plumb_axis_request *r, int32_t i, int32_t *first, double *weights)
{
    double scale = 1.0 / r->inverse;
    double from = r->origin + i * scale, to = from + scale;
    double cell = fmin(from < 0.0 ? to : scale, r->side - fmax(from, 0.0));
    from = fmax(from, 0.0);
    int32_t begin = (int32_t)ceil(from), end = (int32_t)floor(to), n = 0;
    end = end < r->side - 1 ? end : r->side - 1;
    begin = begin < end ? begin : end;
    *first = begin;
    if (begin - from > 1e-3) {
        *first = begin - 1;
        weights[n++] = (float)((begin - from) / cell);
    }
    for (int32_t s = begin; s < end; s++)
        weights[n++] = (float)(1.0 / cell);
    if (to - end > 1e-3)
        weights[n++] = (float)(fmin(fmin(to - end, 1.0), cell) / cell);
    if (n == 0)
        weights[n++] = 1.0;
    return n;
}

static int32_t cv_area_linear_taps(const plumb_axis_request *r, int32_t i, int32_t *first,
                                   double *weights)
{
    double scale = 1.0 / r->inverse;
    int32_t position = (int32_t)floor(i * scale + r->origin);
    float f = (float)((i + 1) - (position + 1 - r->origin) * r->inverse);
    f = f <= 0 ? 0.0f : f - floorf(f);
    return cv_linear_taps(r, f, position, first, weights);
}

static int32_t torch_taps(const plumb_axis_request *r, double x, int32_t *first, double *weights)
{
    x = fmax(x, 0.0);
    int32_t position = (int32_t)fmin(x, r->side - 1);
    float f = (float)(x - position);
    f = f > 1.0f ? 1.0f : f;
    return two(position, 1.0f - f, f, first, weights);
}

static double torch_centre(const plumb_axis_request *r, int32_t i)
{
    return (double)(float)r->scale * (i + 0.5) - 0.5 + r->origin;
}

/* The first and last output lie on the centres of the first and last source sample. */
static double torch_corner(const plumb_axis_request *r, int32_t i)
{
    double covered = r->scale * r->scaled;
    float step = r->scaled > 1 ? (float)((covered - 1.0) / (r->scaled - 1)) : 0.0f;
    return (double)step * i + r->origin;
}

static int32_t torch_aa_taps(const plumb_axis_request *r, int32_t i, int32_t *first,
                             double *weights)
{
    float scale = (float)r->scale;
    float support = scale >= 1.0f ? scale : 1.0f, inverse = scale >= 1.0f ? 1.0f / scale : 1.0f;
    float center = (float)((double)scale * (i + 0.5) + r->origin);
    int32_t begin = (int32_t)((double)(center - support) + 0.5);
    int32_t end = (int32_t)((double)(center + support) + 0.5);
    begin = begin < 0 ? 0 : begin > r->side - 1 ? r->side - 1 : begin;
    end = end > r->side ? r->side : end <= begin ? begin + 1 : end;
    float sum = 0.0f;
    for (int32_t j = 0; j < end - begin; j++) {
        double distance = (double)(float)(j + begin) - (double)center + 0.5;
        float w = (float)kernel_bilinear((float)(distance * (double)inverse));
        weights[j] = w;
        sum += w;
    }
    for (int32_t j = 0; j < end - begin; j++)
        weights[j] = sum != 0.0f ? (float)weights[j] / sum : 1.0f / (float)(end - begin);
    *first = begin;
    return end - begin;
}

static int32_t tf_taps(const plumb_axis_request *r, bool half_pixel, int32_t i, int32_t *first,
                       double *weights)
{
    float scale = (float)r->scale, origin = (float)r->origin;
    float x = half_pixel ? ((float)i + 0.5f) * scale - 0.5f + origin : (float)i * scale + origin;
    float floor_x = floorf(x), f = x - floor_x;
    return two((int32_t)floor_x, 1.0f - f, f, first, weights);
}

/* What the output covers, in 128ths: each sample by how much of it is inside, and at least the width of
 * one sample, which interpolates where the picture is scaled up. */
static int32_t fast_taps(const plumb_axis_request *r, int32_t i, int32_t *first, double *weights)
{
    double center = r->origin + (i + 0.5) * r->scale, half = fmax(r->scale, 1.0) / 2;
    double from = fmin(fmax(center - half, 0.0), r->side - 0.5);
    double to = fmax(fmin(center + half, r->side), from + 0.5);
    int32_t begin = (int32_t)floor(from), end = (int32_t)ceil(to);
    double before = 0.0;
    for (int32_t j = begin; j < end; j++) {
        /* a little below one half, so that ties do not depend on the last bit of a position */
        double until = floor(128.0 * (fmin(j + 1, to) - from) / (to - from) + 0.4999);
        weights[j - begin] = until - before;
        before = until;
    }
    *first = begin;
    return end - begin;
}

static int32_t one(int64_t position, const plumb_axis_request *r, int32_t *first, double *weights)
{
    *first = (int32_t)(position < 0 ? 0 : position > r->side - 1 ? r->side - 1 : position);
    weights[0] = 1 << 22;
    return 1;
}

static int32_t nearest_exact_taps(const plumb_axis_request *r, int32_t i, int32_t *first,
                                  double *weights)
{
    bool whole = r->origin == 0.0 && fabs(r->scale * r->scaled - r->side) < 0.25;
    if (!whole)
        return one((int64_t)floor(r->origin + (i + 0.5) * r->scale), r, first, weights);
    int64_t step = (((int64_t)r->side << 16) + r->scaled / 2) / r->scaled;
    return one((step * i + step / 2 - 1) >> 16, r, first, weights);
}

static int32_t whole_taps(plumb_filter filter, const plumb_axis_request *r, int32_t i,
                          int32_t *first, double *weights)
{
    int32_t ratio = (int32_t)nearbyint(1.0 / r->inverse);
    *first = (int32_t)r->origin + i * ratio;
    for (int32_t j = 0; j < ratio; j++)
        weights[j] = filter == PLUMB_FILTER_CV_HALF ? 128 : 1;
    return ratio;
}

int32_t plumb_filter_capacity(plumb_filter filter, const plumb_axis_request *r)
{
    double scale = fmax(r->scale, 1.0 / r->inverse), stretch = scale > 1.0 ? scale : 1.0;
    switch (filter) {
    case PLUMB_FILTER_PILLOW_BOX:
    case PLUMB_FILTER_PILLOW_BILINEAR:
    case PLUMB_FILTER_PILLOW_BICUBIC:
    case PLUMB_FILTER_PILLOW_LANCZOS:
    case PLUMB_FILTER_TORCH_AA:
        return (int32_t)ceil(pillow_of(filter).support * stretch) * 2 + 2;
    default:
        return (int32_t)ceil(stretch) + 4;
    }
}

int32_t plumb_filter_taps(plumb_filter filter, const plumb_axis_request *r, int32_t i,
                          int32_t *first, double *weights)
{
    float f;
    switch (filter) {
    case PLUMB_FILTER_NEAREST:
        return one((int64_t)floor(i * (1.0 / r->inverse) + r->origin), r, first, weights);
    case PLUMB_FILTER_NEAREST_EXACT:
        return nearest_exact_taps(r, i, first, weights);
    case PLUMB_FILTER_CV_LINEAR:
        f = (float)((i + 0.5) * (1.0 / r->inverse) - 0.5 + r->origin);
        return cv_linear_taps(r, f - floorf(f), (int32_t)floorf(f), first, weights);
    case PLUMB_FILTER_CV_LINEAR_EXACT:
        return cv_exact_taps(r, i, first, weights);
    case PLUMB_FILTER_CV_CUBIC:
        return cv_cubic_taps(r, i, first, weights);
    case PLUMB_FILTER_CV_HALF:
    case PLUMB_FILTER_CV_AREA_WHOLE:
        return whole_taps(filter, r, i, first, weights);
    case PLUMB_FILTER_CV_AREA:
        return cv_area_taps(r, i, first, weights);
    case PLUMB_FILTER_CV_AREA_LINEAR:
        return cv_area_linear_taps(r, i, first, weights);
    case PLUMB_FILTER_TORCH:
        return torch_taps(r, torch_centre(r, i), first, weights);
    case PLUMB_FILTER_TORCH_CORNERS:
        return torch_taps(r, torch_corner(r, i), first, weights);
    case PLUMB_FILTER_TORCH_AA:
        return torch_aa_taps(r, i, first, weights);
    case PLUMB_FILTER_TF2:
        return tf_taps(r, true, i, first, weights);
    case PLUMB_FILTER_TF1:
        return tf_taps(r, false, i, first, weights);
    case PLUMB_FILTER_FAST:
        return fast_taps(r, i, first, weights);
    default:
        return pillow_taps(filter, r, i, first, weights);
    }
}

static bool whole_ratio(const plumb_axis_request *r, double *ratio)
{
    double scale = 1.0 / r->inverse;
    *ratio = nearbyint(scale);
    return fabs(scale - *ratio) < DBL_EPSILON && r->origin >= 0.0 &&
           r->origin == floor(r->origin) && r->origin + (r->begin + r->count) * *ratio <= r->side;
}

static plumb_filter select_area(const plumb_axis_request *x, const plumb_axis_request *y)
{
    double kx, ky;
    if (1.0 / x->inverse < 1.0 || 1.0 / y->inverse < 1.0)
        return PLUMB_FILTER_CV_AREA_LINEAR;
    if (!whole_ratio(x, &kx) || !whole_ratio(y, &ky))
        return PLUMB_FILTER_CV_AREA;
    return kx == 2.0 && ky == 2.0 ? PLUMB_FILTER_CV_HALF : PLUMB_FILTER_CV_AREA_WHOLE;
}

plumb_filter plumb_filter_select(plumb_resampler resampler, const plumb_axis_request *x,
                                 const plumb_axis_request *y)
{
    switch (resampler) {
    case PLUMB_RESAMPLE_PILLOW_BICUBIC:
        return PLUMB_FILTER_PILLOW_BICUBIC;
    case PLUMB_RESAMPLE_PILLOW_LANCZOS:
        return PLUMB_FILTER_PILLOW_LANCZOS;
    case PLUMB_RESAMPLE_PILLOW_BOX:
        return PLUMB_FILTER_PILLOW_BOX;
    case PLUMB_RESAMPLE_OPENCV_LINEAR:
        return select_area(x, y) == PLUMB_FILTER_CV_HALF ? PLUMB_FILTER_CV_HALF
                                                         : PLUMB_FILTER_CV_LINEAR;
    case PLUMB_RESAMPLE_OPENCV_LINEAR_EXACT:
        return select_area(x, y) == PLUMB_FILTER_CV_HALF ? PLUMB_FILTER_CV_HALF
                                                         : PLUMB_FILTER_CV_LINEAR_EXACT;
    case PLUMB_RESAMPLE_OPENCV_AREA:
        return select_area(x, y);
    case PLUMB_RESAMPLE_OPENCV_NEAREST:
        return PLUMB_FILTER_NEAREST;
    case PLUMB_RESAMPLE_OPENCV_NEAREST_EXACT:
        return PLUMB_FILTER_NEAREST_EXACT;
    case PLUMB_RESAMPLE_OPENCV_CUBIC:
        return PLUMB_FILTER_CV_CUBIC;
    case PLUMB_RESAMPLE_TORCH_BILINEAR:
        return PLUMB_FILTER_TORCH;
    case PLUMB_RESAMPLE_TORCH_BILINEAR_AA:
        return PLUMB_FILTER_TORCH_AA;
    case PLUMB_RESAMPLE_TORCH_BILINEAR_CORNERS:
        return PLUMB_FILTER_TORCH_CORNERS;
    case PLUMB_RESAMPLE_TF2_BILINEAR:
        return PLUMB_FILTER_TF2;
    case PLUMB_RESAMPLE_TF1_LEGACY:
        return PLUMB_FILTER_TF1;
    case PLUMB_RESAMPLE_FAST:
        return PLUMB_FILTER_FAST;
    default: /* pillow-bilinear and vision */
        return PLUMB_FILTER_PILLOW_BILINEAR;
    }
}
