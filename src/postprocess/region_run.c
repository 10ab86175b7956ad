/* SPDX-License-Identifier: Apache-2.0
 *
 * Regions applied to a list. Bounding boxes first: where a detection meets that of a region, and
 * only there, an area is computed.
 */
#include "postprocess/region.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/diag.h"
#include "geometry/ledger.h"
#include "kernels/scores.h"
#include "postprocess/region_index.h"
#include "postprocess/region_run.h"

/* What a run needs of one frame; lives in the caller's scratch. */
typedef struct region_frame {
    plumb_region_index
        index; /* bounds slightly wider than the regions, in the float of the boxes */
    plumb_region_view views[];
} region_frame;

typedef struct thresholds {
    float confidence;
    const float *per_class;
    size_t count;
} thresholds;

static float threshold_of(const thresholds *t, int32_t class_id)
{
    if (t->per_class && class_id >= 0 && (size_t)class_id < t->count &&
        !isnan(t->per_class[class_id]))
        return t->per_class[class_id];
    return t->confidence;
}

static size_t points_offset(const plumb_regions *regions)
{
    return sizeof(region_frame) + regions->count * sizeof(plumb_region_view);
}

static size_t groups_offset(const plumb_regions *regions)
{
    return points_offset(regions) + regions->plane_points * sizeof(plumb_point);
}

size_t plumb_regions_scratch(const plumb_regions *regions)
{
    if (!regions || regions->count == 0)
        return 0;
    return groups_offset(regions) + regions->edge_groups * sizeof(plumb_edge_group);
}

/* Bytes that agree mean the same; padding that differs costs a placement. */
static bool is_placed(const plumb_regions *regions, const plumb_mapping *mapping,
                      const plumb_homography *upright_from_plane, const plumb_region_placement *at)
{
    return at->valid && memcmp(&at->mapping, mapping, sizeof(*mapping)) == 0 &&
           (regions->plane_points == 0 ||
            memcmp(&at->plane, upright_from_plane, sizeof(at->plane)) == 0);
}

static plumb_status place_all(const plumb_regions *regions, const plumb_mapping *mapping,
                              const plumb_homography *upright_from_plane, region_frame *frame,
                              plumb_diag *diag)
{
    plumb_point *points = (plumb_point *)(void *)((char *)frame + points_offset(regions));
    plumb_edge_group *groups = (plumb_edge_group *)(void *)((char *)frame + groups_offset(regions));
    for (size_t i = 0; i < regions->count; i++) {
        plumb_region_view *view = &frame->views[i];
        const plumb_region *region = &regions->items[i];
        view->groups = region->shape == PLUMB_SHAPE_MASK ? NULL : groups;
        groups += plumb_edge_groups(region->point_count);
        plumb_status status =
            plumb_region_place(region, i, mapping, upright_from_plane, points, view, diag);
        if (status)
            return status;
        if (region->space == PLUMB_SPACE_PLANE)
            points += region->point_count;
        plumb_box *b = &frame->index.bounds[i];
        b->x0 = nextafterf((float)view->bounds.x, -INFINITY);
        b->y0 = nextafterf((float)view->bounds.y, -INFINITY);
        b->x1 = nextafterf((float)(view->bounds.x + view->bounds.width), INFINITY);
        b->y1 = nextafterf((float)(view->bounds.y + view->bounds.height), INFINITY);
    }
    plumb_region_index_build(&frame->index, regions->count);
    return PLUMB_OK;
}

static plumb_status place_where_new(const plumb_regions *regions, const plumb_mapping *mapping,
                                    const plumb_homography *upright_from_plane, region_frame *frame,
                                    plumb_region_placement *placement, plumb_diag *diag)
{
    if (is_placed(regions, mapping, upright_from_plane, placement))
        return PLUMB_OK;
    placement->valid = false;
    plumb_status status = place_all(regions, mapping, upright_from_plane, frame, diag);
    if (status)
        return status;
    memcpy(&placement->mapping, mapping, sizeof(*mapping));
    if (regions->plane_points > 0)
        placement->plane = *upright_from_plane;
    placement->valid = true;
    return PLUMB_OK;
}

static plumb_box bounds_of(const plumb_detection *d, bool has_angle)
{
    if (!has_angle)
        return d->box;
    plumb_region_box turned = plumb_region_box_of(d, true);
    plumb_rect all = { 0, 0, turned.width, turned.height };
    plumb_rect r = plumb_affine_rect(&turned.upright_from_box, all);
    plumb_box box = { nextafterf((float)r.x, -INFINITY), nextafterf((float)r.y, -INFINITY),
                      nextafterf((float)(r.x + r.width), INFINITY),
                      nextafterf((float)(r.y + r.height), INFINITY) };
    return box;
}

static bool applies_to(const plumb_region *r, int32_t class_id)
{
    if (!r->classes)
        return true;
    size_t low = 0, high = r->class_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (r->classes[middle] < class_id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < r->class_count && r->classes[low] == class_id;
}

/* What the regions make of one detection. */
typedef struct outcome {
    plumb_fate fate; /* KEPT, REGION or REGION_PENALTY */
    int32_t region;
    bool kept_by_region;
} outcome;

static outcome apply(const plumb_region_view *view, size_t index, const plumb_region_box *box,
                     const thresholds *limits, plumb_detection *d, outcome so_far)
{
    const plumb_region *r = view->region;
    if (!applies_to(r, d->class_id))
        return so_far;
    double measure = plumb_region_measure_of(view, box);
    if (!(measure > 0.0 && (float)measure >= r->at_least))
        return so_far;
    if (r->effect == PLUMB_EFFECT_KEEP_ONLY) {
        so_far.kept_by_region = true;
        return so_far;
    }
    so_far.region = (int32_t)index;
    if (r->effect == PLUMB_EFFECT_REJECT) {
        so_far.fate = PLUMB_FATE_REGION;
        return so_far;
    }
    double share = r->effect == PLUMB_EFFECT_SCALE ? r->factor : 1.0 - r->factor * measure;
    d->score = (float)(d->score * share);
    d->regions[index / 64] |= (uint64_t)1 << (index % 64);
    if (!(d->score > threshold_of(limits, d->class_id)))
        so_far.fate = PLUMB_FATE_REGION_PENALTY;
    return so_far;
}

/* The first keep_only region that a detection of this class should have been in; -1: none. */
static int32_t missed_keeper(const plumb_regions *regions, int32_t class_id)
{
    for (size_t i = 0; i < regions->count; i++)
        if (regions->items[i].effect == PLUMB_EFFECT_KEEP_ONLY &&
            applies_to(&regions->items[i], class_id))
            return (int32_t)i;
    return -1;
}

static bool is_finite(const plumb_box *b)
{
    return isfinite(b->x0) && isfinite(b->y0) && isfinite(b->x1) && isfinite(b->y1);
}

/* The regions that the detection meets, in order, until one drops it. */
static outcome apply_all(const region_frame *frame, bool has_angle, const thresholds *limits,
                         plumb_detection *d)
{
    outcome result = { PLUMB_FATE_KEPT, -1, false };
    const plumb_region_index *index = &frame->index;
    plumb_box bounds = bounds_of(d, has_angle);
    plumb_region_search search = plumb_region_search_for(index, &bounds);
    for (size_t word = 0; word < index->words; word++) {
        uint64_t bits = plumb_region_search_word(&search, word);
        if (bits == 0)
            continue;
        plumb_region_box box = plumb_region_box_of(d, has_angle);
        for (; bits && result.fate == PLUMB_FATE_KEPT; bits &= bits - 1) {
            size_t i = word * 64 + plumb_lowest_bit(bits);
            if (plumb_region_meets(index, i, &bounds))
                result = apply(&frame->views[i], i, &box, limits, d, result);
        }
    }
    return result;
}

static outcome judge(const plumb_regions *regions, const region_frame *frame, bool has_angle,
                     const thresholds *limits, plumb_detection *d)
{
    outcome result = { PLUMB_FATE_KEPT, -1, false };
    if (is_finite(&d->box) && (!has_angle || isfinite(d->angle)))
        result = apply_all(frame, has_angle, limits, d);
    if (result.fate == PLUMB_FATE_KEPT && regions->keeps && !result.kept_by_region) {
        result.region = missed_keeper(regions, d->class_id);
        if (result.region >= 0)
            result.fate = PLUMB_FATE_REGION;
    }
    return result;
}

plumb_status plumb_regions_run(const plumb_regions *regions, plumb_detections *list,
                               const plumb_mapping *mapping,
                               const plumb_homography *upright_from_plane, float confidence,
                               const float *per_class, size_t per_class_count, void *scratch,
                               plumb_ledger *ledger, plumb_diag *diag)
{
    plumb_region_placement nowhere = { .valid = false };
    return plumb_regions_run_placed(regions, list, mapping, upright_from_plane, confidence,
                                    per_class, per_class_count, scratch, &nowhere, ledger, diag);
}

plumb_status plumb_regions_run_placed(const plumb_regions *regions, plumb_detections *list,
                                      const plumb_mapping *mapping,
                                      const plumb_homography *upright_from_plane, float confidence,
                                      const float *per_class, size_t per_class_count, void *scratch,
                                      plumb_region_placement *placement, plumb_ledger *ledger,
                                      plumb_diag *diag)
{
    if (!regions || !list || !mapping)
        return plumb_fail(diag, PLUMB_E_ARGUMENT,
                          !regions ? "regions"
                          : !list  ? "list"
                                   : "mapping",
                          "is NULL");
    if (list->space != PLUMB_SPACE_UPRIGHT)
        return plumb_fail(diag, PLUMB_E_SPACE, "space", "regions act in upright, not in %s space",
                          plumb_space_name(list->space));
    if (regions->count == 0)
        return PLUMB_OK;
    if (!scratch)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "scratch", "is NULL, %zu bytes are needed",
                          plumb_regions_scratch(regions));
    if (plumb_regions_need_plane(regions) && !upright_from_plane)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "upright_from_plane",
                          "is NULL, but a region lies on a plane");
    region_frame *frame = scratch;
    plumb_status status =
        place_where_new(regions, mapping, upright_from_plane, frame, placement, diag);
    if (status)
        return status;
    const thresholds limits = { confidence, per_class, per_class_count };
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        plumb_detection *d = &list->items[i];
        outcome result = judge(regions, frame, list->has_angle, &limits, d);
        if (result.fate != PLUMB_FATE_KEPT)
            plumb_ledger_drop(ledger, result.fate, d, result.region, list->space);
        else if (kept++ != i)
            list->items[kept - 1] = *d;
    }
    list->count = kept;
    return PLUMB_OK;
}

size_t plumb_regions_outline(const plumb_regions *regions, size_t index,
                             const plumb_mapping *mapping,
                             const plumb_homography *upright_from_plane, plumb_point *points,
                             size_t capacity)
{
    if (!regions || !mapping || index >= regions->count)
        return 0;
    const plumb_region *r = &regions->items[index];
    plumb_region_view view;
    plumb_point plane[1024];
    view.groups = NULL;
    if ((r->space == PLUMB_SPACE_PLANE && !upright_from_plane) ||
        plumb_region_place(r, index, mapping, upright_from_plane, plane, &view, NULL))
        return 0;
    for (size_t i = 0; points && i < view.point_count && i < capacity; i++)
        points[i] = plumb_affine_point(&view.upright_from_space, view.points[i]);
    return view.point_count;
}
