/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/doctor_steps.h"

#include <math.h>

#include "geometry/orientation.h"

static bool is_fit(plumb_crop_mode mode)
{
    return mode == PLUMB_CROP_SCALE_FIT || mode == PLUMB_CROP_SCALE_FIT_ROTATE_90_CCW;
}

bool qa_layout_affine(const qa_layout_guess *layout, plumb_size image, plumb_affine *affine)
{
    plumb_mapping mapping;
    if (plumb_mapping_make(&layout->spec, image, PLUMB_ORIENTATION_UP, NULL, &mapping, NULL) ||
        plumb_mapping_affine(&mapping, PLUMB_SPACE_UPRIGHT, PLUMB_SPACE_INPUT, affine))
        return false;
    if (layout->anchor == QA_ANCHOR_RULE || !is_fit(layout->spec.mode))
        return true;
    double room_x = mapping.input.width - mapping.picture.width * mapping.scale_x;
    double room_y = mapping.input.height - mapping.picture.height * mapping.scale_y;
    double share = layout->anchor == QA_ANCHOR_TOP_LEFT ? 0.0
                   : layout->anchor == QA_ANCHOR_CENTER ? 0.5
                                                        : 1.0;
    affine->m[2] += share * room_x - mapping.offset_x;
    affine->m[5] += share * room_y - mapping.offset_y;
    return true;
}

static plumb_affine axes_affine(double sx, double tx, double sy, double ty)
{
    plumb_affine affine = { { sx, 0.0, tx, 0.0, sy, ty } };
    return affine;
}

static plumb_affine turn_affine(plumb_orientation orientation, plumb_size image)
{
    plumb_axes axes = plumb_orientation_axes(orientation);
    double w = image.width, h = image.height;
    double x = axes.mirror_x ? -1.0 : 1.0, y = axes.mirror_y ? -1.0 : 1.0;
    double from_other_x = axes.swap ? x * w / h : 0.0, from_other_y = axes.swap ? y * h / w : 0.0;
    plumb_affine affine = { { axes.swap ? 0.0 : x, from_other_x, axes.mirror_x ? w : 0.0,
                              from_other_y, axes.swap ? 0.0 : y, axes.mirror_y ? h : 0.0 } };
    return affine;
}

static plumb_affine free_affine(const qa_doctor_step *step, plumb_size image)
{
    bool from_fraction = step->units == QA_FREE_FROM_FRACTION || step->units == QA_FREE_NORMALIZED;
    bool to_fraction = step->units == QA_FREE_TO_FRACTION || step->units == QA_FREE_NORMALIZED;
    double w = image.width, h = image.height;
    double in_x = from_fraction ? 1.0 / w : 1.0, in_y = from_fraction ? 1.0 / h : 1.0;
    double out_x = to_fraction ? w : 1.0, out_y = to_fraction ? h : 1.0;
    return axes_affine(step->scale[0] * in_x * out_x, step->shift[0] * out_x,
                       step->scale[1] * in_y * out_y, step->shift[1] * out_y);
}

static bool other_inverse(const qa_doctor_step *step, plumb_size image, plumb_affine *affine)
{
    plumb_affine made, read, back;
    if (!qa_layout_affine(&step->made, image, &made) ||
        !qa_layout_affine(&step->read, image, &read) || !plumb_affine_invert(&read, &back))
        return false;
    *affine = plumb_affine_compose(&made, &back);
    return true;
}

static bool step_affine(const qa_doctor_step *step, plumb_size image, plumb_affine *affine)
{
    double w = image.width, h = image.height;
    plumb_affine made;
    switch (step->kind) {
    case QA_STEP_TURN:
        *affine = turn_affine(step->orientation, image);
        return true;
    case QA_STEP_SWAP_PIXELS: {
        plumb_affine swap = { { 0.0, 1.0, 0.0, 1.0, 0.0, 0.0 } };
        *affine = swap;
        return true;
    }
    case QA_STEP_NORMALIZE:
        *affine = axes_affine(1.0 / w, 0.0, 1.0 / h, 0.0);
        return true;
    case QA_STEP_DENORMALIZE:
        *affine = axes_affine(w, 0.0, h, 0.0);
        return true;
    case QA_STEP_TO_INPUT:
        return qa_layout_affine(&step->made, image, affine);
    case QA_STEP_FROM_INPUT:
        return qa_layout_affine(&step->made, image, &made) && plumb_affine_invert(&made, affine);
    case QA_STEP_OTHER_INVERSE:
        return other_inverse(step, image, affine);
    case QA_STEP_FREE:
        *affine = free_affine(step, image);
        return true;
    default:
        return false;
    }
}

static bool step_map(const qa_doctor_step *step, plumb_size image, bool backward, qa_box_map *map)
{
    switch (step->kind) {
    case QA_STEP_CENTER:
    case QA_STEP_CORNER:
        map->kind = QA_MAP_OFFSET;
        map->offset = (step->kind == QA_STEP_CENTER) != backward ? 0.5 : -0.5;
        return true;
    case QA_STEP_CORNERS:
        map->kind = backward ? QA_MAP_TAKE_CORNER : QA_MAP_ADD_CORNER;
        return true;
    default:
        break;
    }
    plumb_affine affine, inverse;
    if (!step_affine(step, image, &affine) || (backward && !plumb_affine_invert(&affine, &inverse)))
        return false;
    map->kind = QA_MAP_AFFINE;
    for (int i = 0; i < 6; i++)
        map->m[i] = backward ? inverse.m[i] : affine.m[i];
    return true;
}

bool qa_step_forward(const qa_doctor_step *step, plumb_size image, qa_box_map *map)
{
    return step_map(step, image, false, map);
}

bool qa_step_backward(const qa_doctor_step *step, plumb_size image, qa_box_map *map)
{
    return step_map(step, image, true, map);
}

/* One axis of a parallel affine: a scale below zero makes the far edge the near one. */
static void map_axis(double scale, double shift, double *position, double *length)
{
    double start = scale * *position + shift, extent = scale * *length;
    *position = scale < 0.0 ? start + extent : start;
    *length = fabs(scale) * *length;
}

plumb_rect qa_box_map_rect(const qa_box_map *map, plumb_rect r)
{
    const double *m = map->m;
    switch (map->kind) {
    case QA_MAP_OFFSET:
        r.x += map->offset * r.width;
        r.y += map->offset * r.height;
        return r;
    case QA_MAP_ADD_CORNER:
        r.width += r.x;
        r.height += r.y;
        return r;
    case QA_MAP_TAKE_CORNER:
        r.width -= r.x;
        r.height -= r.y;
        return r;
    default:
        break;
    }
    if (m[0] == 0.0 && m[4] == 0.0) {
        plumb_rect swapped = { r.y, r.x, r.height, r.width };
        map_axis(m[1], m[2], &swapped.x, &swapped.width);
        map_axis(m[3], m[5], &swapped.y, &swapped.height);
        return swapped;
    }
    map_axis(m[0], m[2], &r.x, &r.width);
    map_axis(m[4], m[5], &r.y, &r.height);
    return r;
}
