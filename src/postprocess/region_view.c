/* SPDX-License-Identifier: Apache-2.0
 *
 * A region in one frame, and what it measures of one box.
 */
#include "postprocess/region.h"

#include <math.h>

#include "base/diag.h"
#include "geometry/affine.h"

#define FAR   1e9   /* upright pixels; further corners come from a horizon only */
#define NOISE 1e-12 /* of the box's area: what rounding may leave where nothing overlaps */
#define SLACK 1e-12 /* of all lengths involved: more than a few roundings of them */

static double scale_of(const plumb_affine *a)
{
    return fabs(a->m[0] * a->m[4] - a->m[1] * a->m[3]);
}

/* Edge i ends in corner i: a group begins with the last corner of the one before. The reach is a
 * sum so that one corner that is not finite makes it so. */
static void set_bounds(plumb_region_view *view)
{
    const double *m = view->upright_from_space.m;
    plumb_edge_group all = { INFINITY, -INFINITY, INFINITY, -INFINITY };
    plumb_point last =
        plumb_affine_send(&view->upright_from_space, view->points[view->point_count - 1]);
    view->reach = 0.0;
    for (size_t i = 0; i < view->point_count; i += PLUMB_EDGE_GROUP) {
        plumb_edge_group group = { last.x, last.x, last.y, last.y };
        for (size_t j = i; j < view->point_count && j < i + PLUMB_EDGE_GROUP; j++) {
            plumb_point p = view->points[j];
            last = plumb_affine_send(&view->upright_from_space, p);
            group.left = plumb_least(last.x, group.left);
            group.right = plumb_most(last.x, group.right);
            group.upper = plumb_least(last.y, group.upper);
            group.lower = plumb_most(last.y, group.lower);
            all.left = plumb_least(last.x, all.left);
            all.right = plumb_most(last.x, all.right);
            all.lower = plumb_most(last.y, all.lower);
            all.upper = plumb_least(last.y, all.upper);
            view->reach += (fabs(m[0]) + fabs(m[3])) * fabs(p.x) +
                           (fabs(m[1]) + fabs(m[4])) * fabs(p.y) + fabs(m[2]) + fabs(m[5]);
        }
        if (view->groups)
            view->groups[i / PLUMB_EDGE_GROUP] = group;
    }
    plumb_rect bounds = { all.left, all.upper, all.right - all.left, all.lower - all.upper };
    view->bounds = bounds;
}

/* Straight lines stay straight, so the corners say everything, unless the horizon of the plane
 * runs through the region: then a part of it would lie behind the camera. */
static plumb_status place_on_plane(const plumb_region *r, size_t index, const plumb_homography *h,
                                   plumb_point *points, plumb_region_view *view, plumb_diag *diag)
{
    const plumb_affine identity = { { 1, 0, 0, 0, 1, 0 } };
    bool negative = false;
    for (size_t i = 0; i < r->point_count; i++) {
        plumb_point p = r->points[i];
        double w = h->h[6] * p.x + h->h[7] * p.y + h->h[8];
        negative = i == 0 ? w < 0.0 : negative;
        points[i] = plumb_homography_point(h, p);
        if ((w < 0.0) != negative || !(fabs(points[i].x) < FAR) || !(fabs(points[i].y) < FAR))
            return plumb_fail(diag, PLUMB_E_ARGUMENT, "upright_from_plane",
                              "corner %zu of regions[%zu] \"%s\" is at or beyond the horizon of "
                              "the plane: this homography cannot be that of the frame",
                              i, index, r->name);
    }
    view->upright_from_space = view->space_from_upright = identity;
    view->points = points;
    view->area = plumb_polygon_area(points, r->point_count);
    return PLUMB_OK;
}

static plumb_rect whole_of(plumb_space space, const plumb_mapping *mapping)
{
    plumb_rect whole = { 0, 0, 1, 1 };
    plumb_size size = space == PLUMB_SPACE_INPUT ? mapping->input : mapping->upright;
    if (space != PLUMB_SPACE_NORMALIZED) {
        whole.width = size.width;
        whole.height = size.height;
    }
    return whole;
}

static void place_mask(const plumb_region *r, const plumb_mapping *mapping, plumb_region_view *view)
{
    plumb_rect e = r->extent.width == 0.0 ? whole_of(r->space, mapping) : r->extent;
    for (int i = 0; i < 4; i++) {
        view->corners[i].x = e.x + (i == 1 || i == 2 ? e.width : 0.0);
        view->corners[i].y = e.y + (i >= 2 ? e.height : 0.0);
    }
    view->extent = e;
    view->points = view->corners;
    view->point_count = 4;
    view->area = r->area * e.width * e.height * scale_of(&view->upright_from_space);
}

plumb_status plumb_region_place(const plumb_region *region, size_t index,
                                const plumb_mapping *mapping,
                                const plumb_homography *upright_from_plane,
                                plumb_point *plane_points, plumb_region_view *view,
                                plumb_diag *diag)
{
    view->region = region;
    view->points = region->points;
    view->point_count = region->point_count;
    plumb_status status = PLUMB_OK;
    if (region->space == PLUMB_SPACE_PLANE) {
        status = place_on_plane(region, index, upright_from_plane, plane_points, view, diag);
    } else {
        status = plumb_mapping_affine(mapping, region->space, PLUMB_SPACE_UPRIGHT,
                                      &view->upright_from_space);
        if (status || !plumb_affine_invert(&view->upright_from_space, &view->space_from_upright))
            return plumb_fail(diag, status ? status : PLUMB_E_ARGUMENT, "mapping",
                              "has no way from %s to upright", plumb_space_name(region->space));
        view->area = region->area * scale_of(&view->upright_from_space);
        if (region->shape == PLUMB_SHAPE_MASK)
            place_mask(region, mapping, view);
    }
    if (status == PLUMB_OK)
        set_bounds(view);
    return status;
}

plumb_region_box plumb_region_box_of(const plumb_detection *d, bool has_angle)
{
    double width = (double)d->box.x1 - d->box.x0, height = (double)d->box.y1 - d->box.y0;
    double x = d->box.x0, y = d->box.y0, c = 1.0, s = 0.0;
    if (has_angle && d->angle != 0.0f) {
        c = cos(d->angle);
        s = sin(d->angle);
        x += width / 2 - (c * width - s * height) / 2;
        y += height / 2 - (s * width + c * height) / 2;
    }
    plumb_region_box box = { { { c, s, -(c * x + s * y), -s, c, s * x - c * y } },
                             { { c, -s, x, s, c, y } },
                             width,
                             height };
    return box;
}

/* Mask pixels from the box's frame. */
static plumb_affine mask_from_box(const plumb_region_view *view, const plumb_region_box *box)
{
    double kx = view->region->mask_width / view->extent.width;
    double ky = view->region->mask_height / view->extent.height;
    plumb_affine mask_from_space = { { kx, 0, -view->extent.x * kx, 0, ky, -view->extent.y * ky } };
    plumb_affine space_from_box =
        plumb_affine_compose(&box->upright_from_box, &view->space_from_upright);
    return plumb_affine_compose(&space_from_box, &mask_from_space);
}

/* A turned box: its part of every mask pixel it may touch. */
static double turned_mask_sum(const plumb_region *r, const plumb_point corners[4])
{
    double x0 = INFINITY, y0 = INFINITY, x1 = -INFINITY, y1 = -INFINITY, sum = 0.0;
    for (int i = 0; i < 4; i++) {
        x0 = fmin(x0, corners[i].x);
        y0 = fmin(y0, corners[i].y);
        x1 = fmax(x1, corners[i].x);
        y1 = fmax(y1, corners[i].y);
    }
    int32_t left = (int32_t)fmin(fmax(floor(x0), 0.0), r->mask_width);
    int32_t right = (int32_t)fmin(fmax(ceil(x1), 0.0), r->mask_width);
    int32_t top = (int32_t)fmin(fmax(floor(y0), 0.0), r->mask_height);
    int32_t bottom = (int32_t)fmin(fmax(ceil(y1), 0.0), r->mask_height);
    for (int32_t y = top; y < bottom; y++) {
        for (int32_t x = left; x < right; x++) {
            double level = plumb_mask_sum(r, x, y, x + 1, y + 1);
            plumb_affine to_pixel = { { 1, 0, -x, 0, 1, -y } };
            if (level > 0.0)
                sum += level * plumb_polygon_overlap(corners, 4, &to_pixel, 1.0, 1.0);
        }
    }
    return sum;
}

/* Upright pixels covered by the mask inside the box. */
static double mask_overlap(const plumb_region_view *view, const plumb_region_box *box)
{
    const plumb_region *r = view->region;
    plumb_affine a = mask_from_box(view, box);
    double pixel = 1.0 / scale_of(&a); /* upright area of a mask pixel */
    if ((a.m[1] == 0.0 && a.m[3] == 0.0) || (a.m[0] == 0.0 && a.m[4] == 0.0)) {
        plumb_rect all = { 0, 0, box->width, box->height };
        plumb_rect m = plumb_affine_rect(&a, all);
        return plumb_mask_sum(r, m.x, m.y, m.x + m.width, m.y + m.height) / 255.0 * pixel;
    }
    plumb_point corners[4] = {
        { 0, 0 }, { box->width, 0 }, { box->width, box->height }, { 0, box->height }
    };
    for (int i = 0; i < 4; i++)
        corners[i] = plumb_affine_send(&a, corners[i]);
    return turned_mask_sum(r, corners) / 255.0 * pixel;
}

/* Unless the box is turned, its frame is that of the groups, moved. What roundings may differ is
 * far below the slack; a slack that is not finite passes no edge. */
static double overlap_of(const plumb_region_view *view, const plumb_region_box *box)
{
    if (view->region->shape == PLUMB_SHAPE_MASK)
        return mask_overlap(view, box);
    plumb_affine a = plumb_affine_compose(&view->upright_from_space, &box->box_from_upright);
    const double *m = box->upright_from_box.m;
    if (!view->groups || m[0] != 1.0 || m[1] != 0.0)
        return plumb_polygon_overlap(view->points, view->point_count, &a, box->width, box->height);
    double slack =
        SLACK * (view->reach + fabs(m[2]) + fabs(m[5]) + fabs(box->width) + fabs(box->height));
    plumb_edge_group near = { m[2] - slack, m[2] + box->width + slack, m[5] - slack,
                              m[5] + box->height + slack };
    return plumb_polygon_overlap_near(view->points, view->point_count, view->groups, near, &a,
                                      box->width, box->height);
}

/* Is the point further outside the bounds than roundings reach? No, where that is not finite. */
static bool is_beside(const plumb_region_view *view, plumb_point p)
{
    const plumb_rect *b = &view->bounds;
    double slack = SLACK * (view->reach + fabs(p.x) + fabs(p.y));
    return p.x < b->x - slack || p.y < b->y - slack || p.x > b->x + b->width + slack ||
           p.y > b->y + b->height + slack;
}

/* A mask holds a point when the pixel around it is at least half covered. */
static bool contains(const plumb_region_view *view, const plumb_region_box *box, double x, double y)
{
    plumb_point p = { x, y };
    if (view->region->shape == PLUMB_SHAPE_MASK) {
        plumb_affine a = mask_from_box(view, box);
        p = plumb_affine_send(&a, p);
        if (!(p.x >= 0.0 && p.x < view->region->mask_width && p.y >= 0.0 &&
              p.y < view->region->mask_height))
            return false;
        p.x = floor(p.x);
        p.y = floor(p.y);
        return plumb_mask_sum(view->region, p.x, p.y, p.x + 1, p.y + 1) >= 128.0;
    }
    p = plumb_affine_send(&box->upright_from_box, p);
    /* The few corners of most polygons are asked as soon as the bounds. */
    if (view->point_count > PLUMB_EDGE_GROUP && is_beside(view, p))
        return false;
    p = plumb_affine_send(&view->space_from_upright, p);
    return plumb_polygon_contains(view->points, view->point_count, p);
}

double plumb_region_measure_of(const plumb_region_view *view, const plumb_region_box *box)
{
    plumb_region_measure measure = view->region->measure;
    if (measure == PLUMB_MEASURE_CENTER)
        return contains(view, box, box->width / 2, box->height / 2);
    if (measure == PLUMB_MEASURE_BOTTOM_CENTER)
        return contains(view, box, box->width / 2, box->height);
    double area = box->width * box->height;
    if (!(box->width > 0.0 && box->height > 0.0))
        return 0.0;
    double overlap = plumb_least(overlap_of(view, box), plumb_least(view->area, area));
    double whole = measure == PLUMB_MEASURE_FRACTION_OF_BOX      ? area
                   : measure == PLUMB_MEASURE_FRACTION_OF_REGION ? view->area
                                                                 : area + view->area - overlap;
    return overlap > NOISE * area && whole > 0.0 ? plumb_least(overlap / whole, 1.0) : 0.0;
}
