/* SPDX-License-Identifier: Apache-2.0 */
#include "plumbline/geometry.h"

#include <math.h>

#include "base/checked.h"
#include "base/diag.h"
#include "base/names.h"
#include "geometry/orientation.h"
#include "geometry/rules.h"

static const plumb_name spaces[] = {
    { PLUMB_SPACE_BUFFER, "buffer" },
    { PLUMB_SPACE_UPRIGHT, "upright" },
    { PLUMB_SPACE_ROI, "roi" },
    { PLUMB_SPACE_INPUT, "input" },
    { PLUMB_SPACE_NORMALIZED, "normalized" },
    { PLUMB_SPACE_VISION, "vision" },
    { PLUMB_SPACE_PLANE, "plane" },
};

static const plumb_name modes[] = {
    { PLUMB_CROP_CENTER, "center_crop" },
    { PLUMB_CROP_SCALE_FIT, "scale_fit" },
    { PLUMB_CROP_SCALE_FILL, "scale_fill" },
    { PLUMB_CROP_SCALE_FIT_ROTATE_90_CCW, "scale_fit_rotate_90_ccw" },
    { PLUMB_CROP_SCALE_FILL_ROTATE_90_CCW, "scale_fill_rotate_90_ccw" },
};

static const plumb_name rules[] = {
    { PLUMB_RULE_EXACT, "exact" },
    { PLUMB_RULE_ULTRALYTICS, "ultralytics" },
    { PLUMB_RULE_YOLOX, "yolox" },
    { PLUMB_RULE_OPENCV_DNN, "opencv-dnn" },
    { PLUMB_RULE_RKNN, "rknn" },
    { PLUMB_RULE_MMDET, "mmdet" },
    { PLUMB_RULE_TORCHVISION, "torchvision" },
    { PLUMB_RULE_TORCHVISION_0_7, "torchvision-0.7" },
    { PLUMB_RULE_TF_CENTRAL, "tf-central" },
};

PLUMB_DEFINE_NAMES(plumb_space, plumb_space, spaces)
PLUMB_DEFINE_NAMES(plumb_crop_mode, plumb_crop_mode, modes)
PLUMB_DEFINE_NAMES(plumb_rule, plumb_rule, rules)

static plumb_status check_size(plumb_size size, const char *width, const char *height,
                               plumb_diag *diag)
{
    if (size.width < 1 || size.width > PLUMB_MAX_SIDE)
        return plumb_fail(diag, PLUMB_E_SIZE, width, "%d is not in 1..%d", (int)size.width,
                          PLUMB_MAX_SIDE);
    if (size.height < 1 || size.height > PLUMB_MAX_SIDE)
        return plumb_fail(diag, PLUMB_E_SIZE, height, "%d is not in 1..%d", (int)size.height,
                          PLUMB_MAX_SIDE);
    return PLUMB_OK;
}

static plumb_status check_spec(const plumb_mapping_spec *spec, plumb_diag *diag)
{
    plumb_status status = check_size(spec->input, "width", "height", diag);
    if (status)
        return status;
    if (plumb_crop_mode_name(spec->mode)[0] == '?')
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "mode",
                          "a crop mode is required, there is no default; %d is none",
                          (int)spec->mode);
    bool fill =
        spec->mode == PLUMB_CROP_SCALE_FILL || spec->mode == PLUMB_CROP_SCALE_FILL_ROTATE_90_CCW;
    if (plumb_rule_name(spec->rule)[0] == '?' && !(fill && spec->rule == PLUMB_RULE_UNSET))
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "rule", "a rounding rule is required for mode %s",
                          plumb_crop_mode_name(spec->mode));
    if (spec->resize_short < 0 || spec->resize_short > PLUMB_MAX_SIDE)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "resize_short", "%d is not in 0..%d",
                          (int)spec->resize_short, PLUMB_MAX_SIDE);
    if (!(spec->central_fraction >= 0.0 && spec->central_fraction <= 1.0))
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "central_fraction", "%g is not in (0,1]",
                          spec->central_fraction);
    return PLUMB_OK;
}

static plumb_status set_roi(plumb_mapping *m, const plumb_irect *roi, plumb_diag *diag)
{
    plumb_irect all = { 0, 0, m->upright.width, m->upright.height };
    m->roi = roi ? *roi : all;
    if (m->roi.width < 1 || m->roi.height < 1 || m->roi.x < 0 || m->roi.y < 0 ||
        m->roi.width > m->upright.width - m->roi.x || m->roi.height > m->upright.height - m->roi.y)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "roi",
                          "%d,%d %dx%d does not lie inside the upright image of %dx%d",
                          (int)m->roi.x, (int)m->roi.y, (int)m->roi.width, (int)m->roi.height,
                          (int)m->upright.width, (int)m->upright.height);
    return PLUMB_OK;
}

/* Pixels first..last-1 whose centres lie in [from, to), cut to 0..limit. */
static void covered(double from, double to, int32_t limit, int32_t *first, int32_t *count)
{
    double a = fmin(fmax(ceil(from - 0.5), 0.0), limit);
    double b = fmin(fmax(ceil(to - 0.5), 0.0), limit);
    *first = (int32_t)a;
    *count = b > a ? (int32_t)(b - a) : 0;
}

static plumb_status set_placed(const plumb_mapping_spec *spec, plumb_mapping *m, plumb_diag *diag)
{
    if (m->scaled.width < 1 || m->scaled.height < 1 || m->scaled.width > PLUMB_MAX_SIDE ||
        m->scaled.height > PLUMB_MAX_SIDE)
        return plumb_fail(diag, PLUMB_E_LIMIT, "width",
                          "a picture of %dx%d scales to %dx%d in an input of %dx%d with rule %s; "
                          "sides of 1..%d are possible",
                          (int)m->picture.width, (int)m->picture.height, (int)m->scaled.width,
                          (int)m->scaled.height, (int)m->input.width, (int)m->input.height,
                          plumb_rule_name(spec->rule), PLUMB_MAX_SIDE);
    bool exact = spec->rule == PLUMB_RULE_EXACT;
    double width = exact ? m->source.width * m->scale_x : m->scaled.width;
    double height = exact ? m->source.height * m->scale_y : m->scaled.height;
    covered(m->offset_x, m->offset_x + width, m->input.width, &m->placed.x, &m->placed.width);
    covered(m->offset_y, m->offset_y + height, m->input.height, &m->placed.y, &m->placed.height);
    if (m->placed.width < 1 || m->placed.height < 1)
        return plumb_fail(diag, PLUMB_E_LIMIT, "width",
                          "a picture of %dx%d covers no pixel centre of an input of %dx%d",
                          (int)m->picture.width, (int)m->picture.height, (int)m->input.width,
                          (int)m->input.height);
    return PLUMB_OK;
}

plumb_status plumb_mapping_make(const plumb_mapping_spec *spec, plumb_size buffer,
                                plumb_orientation orientation, const plumb_irect *roi,
                                plumb_mapping *mapping, plumb_diag *diag)
{
    if (!spec || !mapping)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, spec ? "mapping" : "spec", "is NULL");
    plumb_mapping_spec s = PLUMB_MAPPING_SPEC_INIT;
    plumb_copy_struct(&s, sizeof(s), spec, spec->struct_size);
    plumb_status status = check_spec(&s, diag);
    if (status)
        return status;
    status = check_size(buffer, "frame.width", "frame.height", diag);
    if (status)
        return status;
    if (!plumb_orientation_valid((int)orientation))
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "orientation", "%d is not in 1..8",
                          (int)orientation);

    plumb_mapping m = { 0 };
    m.buffer = buffer;
    m.orientation = orientation;
    m.upright = buffer;
    if (plumb_orientation_swaps(orientation)) {
        m.upright.width = buffer.height;
        m.upright.height = buffer.width;
    }
    status = set_roi(&m, roi, diag);
    if (status)
        return status;
    m.input = s.input;
    m.turned = s.mode == PLUMB_CROP_SCALE_FIT_ROTATE_90_CCW ||
               s.mode == PLUMB_CROP_SCALE_FILL_ROTATE_90_CCW;
    m.picture.width = m.turned ? m.roi.height : m.roi.width;
    m.picture.height = m.turned ? m.roi.width : m.roi.height;
    if (!plumb_rule_apply(&s, &m))
        return plumb_fail(diag, PLUMB_E_UNSUPPORTED, "rule", "rule %s does not define mode %s",
                          plumb_rule_name(s.rule), plumb_crop_mode_name(s.mode));
    m.offset_x += 0.0; /* rules round to -0, which would be printed */
    m.offset_y += 0.0;
    status = set_placed(&s, &m, diag);
    if (status == PLUMB_OK)
        *mapping = m;
    return status;
}

static plumb_affine buffer_to_upright(const plumb_mapping *m)
{
    plumb_axes axes = plumb_orientation_axes(m->orientation);
    double sx = axes.mirror_x ? -1.0 : 1.0, sy = axes.mirror_y ? -1.0 : 1.0;
    plumb_affine a = { { axes.swap ? 0.0 : sx, axes.swap ? sx : 0.0,
                         axes.mirror_x ? m->upright.width : 0.0, axes.swap ? sy : 0.0,
                         axes.swap ? 0.0 : sy, axes.mirror_y ? m->upright.height : 0.0 } };
    return a;
}

static plumb_affine input_to_upright(const plumb_mapping *m)
{
    double kx = 1.0 / m->scale_x, ky = 1.0 / m->scale_y;
    double tx = m->source.x - m->offset_x / m->scale_x;
    double ty = m->source.y - m->offset_y / m->scale_y;
    if (m->turned) { /* picture (x,y) came from roi (W - y, x) */
        plumb_affine a = { { 0.0, -ky, m->roi.x + m->roi.width - ty, kx, 0.0, m->roi.y + tx } };
        return a;
    }
    plumb_affine a = { { kx, 0.0, m->roi.x + tx, 0.0, ky, m->roi.y + ty } };
    return a;
}

/* Each space is defined by its way to upright. */
static bool to_upright(const plumb_mapping *m, plumb_space space, plumb_affine *affine)
{
    double w = m->upright.width, h = m->upright.height;
    plumb_affine a = { { 1, 0, 0, 0, 1, 0 } };
    switch (space) {
    case PLUMB_SPACE_BUFFER:
        a = buffer_to_upright(m);
        break;
    case PLUMB_SPACE_UPRIGHT:
        break;
    case PLUMB_SPACE_ROI:
        a.m[2] = m->roi.x;
        a.m[5] = m->roi.y;
        break;
    case PLUMB_SPACE_INPUT:
        a = input_to_upright(m);
        break;
    case PLUMB_SPACE_NORMALIZED:
        a.m[0] = w;
        a.m[4] = h;
        break;
    case PLUMB_SPACE_VISION:
        a.m[0] = w;
        a.m[4] = -h;
        a.m[5] = h;
        break;
    default:
        return false;
    }
    *affine = a;
    return true;
}

plumb_status plumb_mapping_affine(const plumb_mapping *mapping, plumb_space from, plumb_space to,
                                  plumb_affine *affine)
{
    if (!mapping || !affine)
        return PLUMB_E_ARGUMENT;
    plumb_affine a, b, inverse;
    if (!to_upright(mapping, from, &a) || !to_upright(mapping, to, &b))
        return PLUMB_E_SPACE;
    if (from == to) {
        plumb_affine identity = { { 1, 0, 0, 0, 1, 0 } };
        *affine = identity;
        return PLUMB_OK;
    }
    if (!plumb_affine_invert(&b, &inverse))
        return PLUMB_E_ARGUMENT;
    *affine = plumb_affine_compose(&a, &inverse);
    return PLUMB_OK;
}
