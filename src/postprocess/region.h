/* SPDX-License-Identifier: Apache-2.0
 *
 * Regions as a run sees them. The invariant: areas are compared in upright pixels only, in the
 * frame of the box: a polygon is carried there by one affine transform, so that a region in
 * another space and a turned box are one case. A plane region is made a polygon in upright
 * pixels first.
 */
#ifndef PLUMB_POSTPROCESS_REGION_H
#define PLUMB_POSTPROCESS_REGION_H

#include "plumbline/postprocess.h"

/* The second where the first is not a number. */
static inline double plumb_least(double a, double b)
{
    return a < b ? a : b;
}

static inline double plumb_most(double a, double b)
{
    return a > b ? a : b;
}

#define PLUMB_EDGE_GROUP 8 /* edges whose bounds are kept together */

/* How far a run of edges reaches, in upright pixels. */
typedef struct plumb_edge_group {
    double left, right, upper, lower;
} plumb_edge_group;

static inline size_t plumb_edge_groups(size_t edges)
{
    return (edges + PLUMB_EDGE_GROUP - 1) / PLUMB_EDGE_GROUP;
}

/* A region after create. Rectangles and ellipses are polygons as well; a mask has its extent. */
typedef struct plumb_region {
    char *name;
    plumb_space space;
    plumb_region_shape shape;
    plumb_region_measure measure;
    plumb_region_effect effect;
    float at_least, factor;
    int32_t *classes; /* ascending; NULL: all */
    size_t class_count;
    plumb_point *points; /* in `space`; a mask's are made per frame */
    size_t point_count;
    double area; /* of the polygon in `space`; of a mask as a share of its extent */
    plumb_rect extent;
    int32_t mask_width, mask_height;
    uint64_t *sums; /* (mask_width+1) x (mask_height+1): levels above and to the left */
} plumb_region;

struct plumb_regions {
    plumb_context context;
    size_t count;
    plumb_region *items;
    size_t plane_points; /* corners of all plane regions */
    size_t edge_groups;  /* of all regions but masks */
    bool keeps;          /* has a keep_only region */
};

/* A region in one frame. */
typedef struct plumb_region_view {
    const plumb_region *region;
    plumb_affine upright_from_space;
    plumb_affine space_from_upright;
    const plumb_point *points; /* to be sent through upright_from_space */
    size_t point_count;
    plumb_point corners[4];   /* of a mask's extent; `points` of a mask */
    double area;              /* upright pixels */
    plumb_rect bounds;        /* upright pixels */
    plumb_rect extent;        /* of a mask, in its space */
    plumb_edge_group *groups; /* of its edges; NULL where nobody needs them */
    double reach;             /* no corner, and no step on the way to one, is further out */
} plumb_region_view;

/* A box to be measured: its frame has the origin in the corner x0,y0 and axes along the sides. */
typedef struct plumb_region_box {
    plumb_affine box_from_upright;
    plumb_affine upright_from_box;
    double width, height;
} plumb_region_box;

/* Checks everything of `spec` but the uniqueness of its name. */
plumb_status plumb_region_check(const plumb_region_spec *spec, size_t index, plumb_diag *diag);

/* Area of a simple polygon, after `affine`, inside the rectangle 0..width x 0..height. */
double plumb_polygon_overlap(const plumb_point *points, size_t count, const plumb_affine *affine,
                             double width, double height);
/* The same, with little work for groups of edges that end left of `near.left`, begin right of
 * `near.right` or lie above `near.upper`, which add nothing to the sum, and for those that lie
 * below `near.lower`. These limits lie further out than the rectangle by more than roundings. */
double plumb_polygon_overlap_near(const plumb_point *points, size_t count,
                                  const plumb_edge_group *groups, plumb_edge_group near,
                                  const plumb_affine *affine, double width, double height);
double plumb_polygon_area(const plumb_point *points, size_t count);
bool plumb_polygon_contains(const plumb_point *points, size_t count, plumb_point point);

/* Levels of a mask inside a rectangle given in mask pixels, linear within a pixel; 255 times the
 * covered area. */
double plumb_mask_sum(const plumb_region *region, double x0, double y0, double x1, double y1);

/* Place `region` in a frame; a plane region writes its corners to `plane_points`. Fills
 * `view->groups`, which the caller sets, unless it is NULL. */
plumb_status plumb_region_place(const plumb_region *region, size_t index,
                                const plumb_mapping *mapping,
                                const plumb_homography *upright_from_plane,
                                plumb_point *plane_points, plumb_region_view *view,
                                plumb_diag *diag);

plumb_region_box plumb_region_box_of(const plumb_detection *detection, bool has_angle);

/* The measure of the region for a box, 0..1. */
double plumb_region_measure_of(const plumb_region_view *view, const plumb_region_box *box);

#endif
