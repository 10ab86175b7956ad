/* SPDX-License-Identifier: Apache-2.0 */
#include "geometry/rules.h"

#include <math.h>

/* Round half to even, as Python's round() and cvRound() do; the library never changes the
 * rounding mode. */
static double half_even(double x)
{
    return nearbyint(x);
}

static plumb_rect whole(plumb_size size)
{
    plumb_rect rect = { 0.0, 0.0, size.width, size.height };
    return rect;
}

/* The whole picture, resampled to integer sizes that lie at integer offsets. */
static void place(plumb_mapping *m, double width, double height, double left, double top)
{
    m->source = whole(m->picture);
    m->scaled.width = (int32_t)width;
    m->scaled.height = (int32_t)height;
    m->scale_x = (double)m->scaled.width / m->picture.width;
    m->scale_y = (double)m->scaled.height / m->picture.height;
    m->offset_x = left;
    m->offset_y = top;
}

static double fit_ratio(const plumb_mapping *m)
{
    return fmin((double)m->input.height / m->picture.height,
                (double)m->input.width / m->picture.width);
}

static void fit_exact(plumb_mapping *m)
{
    double r = fit_ratio(m);
    m->source = whole(m->picture);
    m->scale_x = m->scale_y = r;
    m->offset_x = (m->input.width - m->picture.width * r) / 2.0;
    m->offset_y = (m->input.height - m->picture.height * r) / 2.0;
    m->scaled.width = (int32_t)fmax(half_even(m->picture.width * r), 1.0);
    m->scaled.height = (int32_t)fmax(half_even(m->picture.height * r), 1.0);
}

static void fit_ultralytics(plumb_mapping *m)
{
    double r = fit_ratio(m);
    double width = half_even(m->picture.width * r), height = half_even(m->picture.height * r);
    place(m, width, height, half_even((m->input.width - width) / 2.0 - 0.1),
          half_even((m->input.height - height) / 2.0 - 0.1));
}

/* YOLOX takes boxes back with `boxes /= r`, also where the resized picture was cut to whole pixels,
 * and its published results were made that way. */
static void fit_yolox(plumb_mapping *m)
{
    double r = fit_ratio(m);
    place(m, trunc(m->picture.width * r), trunc(m->picture.height * r), 0, 0);
    m->scale_x = m->scale_y = r;
}

static void fit_opencv(plumb_mapping *m)
{
    float rx = (float)m->input.width / (float)m->picture.width;
    float ry = (float)m->input.height / (float)m->picture.height;
    float r = rx < ry ? rx : ry;
    float fw = (float)m->picture.width * r, fh = (float)m->picture.height * r;
    double width = trunc(fw), height = trunc(fh);
    place(m, width, height, trunc((m->input.width - width) / 2.0),
          trunc((m->input.height - height) / 2.0));
}

static void fit_rknn(plumb_mapping *m)
{
    float rx = (float)m->input.width / (float)m->picture.width;
    float ry = (float)m->input.height / (float)m->picture.height;
    int32_t width = m->input.width, height = m->input.height;
    /* Only the side that is not filled is computed; both are then aligned. */
    if (rx < ry)
        height = (int32_t)((float)m->picture.height * rx);
    else
        width = (int32_t)((float)m->picture.width * ry);
    width -= width % 4;
    height -= height % 2;
    int32_t left = 0, top = 0;
    if (rx < ry)
        top = (m->input.height - height) / 2;
    else
        left = (m->input.width - width) / 2;
    place(m, width, height, left - left % 2, top - top % 2);
}

static bool scale_fit(const plumb_mapping_spec *spec, plumb_mapping *m)
{
    double r = fit_ratio(m);
    switch (spec->rule) {
    case PLUMB_RULE_EXACT:
        fit_exact(m);
        return true;
    case PLUMB_RULE_ULTRALYTICS:
        fit_ultralytics(m);
        return true;
    case PLUMB_RULE_YOLOX:
        fit_yolox(m);
        return true;
    case PLUMB_RULE_OPENCV_DNN:
        fit_opencv(m);
        return true;
    case PLUMB_RULE_RKNN:
        fit_rknn(m);
        return true;
    case PLUMB_RULE_MMDET:
        place(m, trunc(m->picture.width * r + 0.5), trunc(m->picture.height * r + 0.5), 0, 0);
        return true;
    default:
        return false;
    }
}

static void crop_exact(plumb_mapping *m)
{
    double s = fmax((double)m->input.width / m->picture.width,
                    (double)m->input.height / m->picture.height);
    m->source.width = m->input.width / s;
    m->source.height = m->input.height / s;
    m->source.x = (m->picture.width - m->source.width) / 2.0;
    m->source.y = (m->picture.height - m->source.height) / 2.0;
    m->scaled = m->input;
    m->scale_x = m->scale_y = s;
    m->offset_x = m->offset_y = 0.0;
}

/* cv::resize is called with factors, not sizes: the factor itself is the scale. */
static void crop_opencv(plumb_mapping *m)
{
    float fx = (float)m->input.width / (float)m->picture.width;
    float fy = (float)m->input.height / (float)m->picture.height;
    double f = fx > fy ? fx : fy;
    m->source = whole(m->picture);
    m->scaled.width = (int32_t)half_even(m->picture.width * f);
    m->scaled.height = (int32_t)half_even(m->picture.height * f);
    m->scale_x = m->scale_y = f;
    m->offset_x = -trunc(0.5 * (m->scaled.width - m->input.width));
    m->offset_y = -trunc(0.5 * (m->scaled.height - m->input.height));
}

static double crop_offset(int32_t scaled, int32_t input, bool old)
{
    int32_t surplus = scaled - input;
    if (surplus < 0) /* CenterCrop pads what is too small, the odd pixel behind */
        return -surplus / 2;
    return old ? -trunc((surplus + 1) * 0.5) : -half_even(surplus / 2.0);
}

static void crop_torchvision(const plumb_mapping_spec *spec, plumb_mapping *m, bool old)
{
    int32_t size = spec->resize_short;
    if (size == 0)
        size = m->input.width > m->input.height ? m->input.width : m->input.height;
    int32_t w = m->picture.width, h = m->picture.height;
    double width = size, height = size;
    if (w <= h)
        height = trunc((double)size * h / w);
    else
        width = trunc((double)size * w / h);
    if (width > PLUMB_MAX_SIDE || height > PLUMB_MAX_SIDE)
        width = height = 0; /* reported as a limit by the caller */
    place(m, width, height, crop_offset((int32_t)width, m->input.width, old),
          crop_offset((int32_t)height, m->input.height, old));
}

static void crop_tf_central(const plumb_mapping_spec *spec, plumb_mapping *m)
{
    double fraction = spec->central_fraction > 0.0 ? spec->central_fraction : 0.875;
    double w = m->picture.width, h = m->picture.height;
    double left = trunc((w - w * fraction) / 2.0), top = trunc((h - h * fraction) / 2.0);
    plumb_rect source = { left, top, w - 2 * left, h - 2 * top };
    m->source = source;
    m->scaled = m->input;
    m->scale_x = m->input.width / source.width;
    m->scale_y = m->input.height / source.height;
    m->offset_x = m->offset_y = 0.0;
}

static bool center_crop(const plumb_mapping_spec *spec, plumb_mapping *m)
{
    switch (spec->rule) {
    case PLUMB_RULE_EXACT:
        crop_exact(m);
        return true;
    case PLUMB_RULE_OPENCV_DNN:
        crop_opencv(m);
        return true;
    case PLUMB_RULE_ULTRALYTICS:
    case PLUMB_RULE_TORCHVISION:
        crop_torchvision(spec, m, false);
        return true;
    case PLUMB_RULE_TORCHVISION_0_7:
        crop_torchvision(spec, m, true);
        return true;
    case PLUMB_RULE_TF_CENTRAL:
        crop_tf_central(spec, m);
        return true;
    default:
        return false;
    }
}

bool plumb_rule_apply(const plumb_mapping_spec *spec, plumb_mapping *mapping)
{
    switch (spec->mode) {
    case PLUMB_CROP_SCALE_FIT:
    case PLUMB_CROP_SCALE_FIT_ROTATE_90_CCW:
        return scale_fit(spec, mapping);
    case PLUMB_CROP_SCALE_FILL:
    case PLUMB_CROP_SCALE_FILL_ROTATE_90_CCW:
        place(mapping, mapping->input.width, mapping->input.height, 0, 0);
        return true;
    case PLUMB_CROP_CENTER:
        return center_crop(spec, mapping);
    default:
        return false;
    }
}
