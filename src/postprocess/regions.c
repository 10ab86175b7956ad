/* SPDX-License-Identifier: Apache-2.0 */
#include "postprocess/region.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/allocator.h"
#include "base/checked.h"
#include "base/diag.h"

#define ELLIPSE_CORNERS 128
#define PI              3.14159265358979323846

static int compare_ids(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

static void corners_of(const plumb_rect *r, plumb_point corners[4])
{
    plumb_point p[4] = { { r->x, r->y },
                         { r->x + r->width, r->y },
                         { r->x + r->width, r->y + r->height },
                         { r->x, r->y + r->height } };
    memcpy(corners, p, sizeof(p));
}

/* Corners a little outside the ellipse, so that the polygon has the ellipse's area. */
static void ellipse_points(const plumb_region_spec *s, plumb_point *points)
{
    double step = 2.0 * PI / ELLIPSE_CORNERS;
    double swell = sqrt(step / sin(step));
    double c = cos(s->angle), n = sin(s->angle);
    for (int i = 0; i < ELLIPSE_CORNERS; i++) {
        double x = s->radius_x * swell * cos(i * step), y = s->radius_y * swell * sin(i * step);
        points[i].x = s->center.x + c * x - n * y;
        points[i].y = s->center.y + n * x + c * y;
    }
}

static bool make_polygon(const plumb_context *context, const plumb_region_spec *s, plumb_region *r)
{
    r->point_count = s->shape == PLUMB_SHAPE_POLYGON   ? s->point_count
                     : s->shape == PLUMB_SHAPE_ELLIPSE ? ELLIPSE_CORNERS
                                                       : 4;
    r->points = plumb_alloc_array(context, r->point_count, sizeof(r->points[0]));
    if (!r->points)
        return false;
    if (s->shape == PLUMB_SHAPE_POLYGON)
        memcpy(r->points, s->points, r->point_count * sizeof(r->points[0]));
    else if (s->shape == PLUMB_SHAPE_ELLIPSE)
        ellipse_points(s, r->points);
    else
        corners_of(&s->rect, r->points);
    r->area = plumb_polygon_area(r->points, r->point_count);
    return true;
}

static bool make_mask(const plumb_context *context, const plumb_region_spec *s, plumb_region *r)
{
    size_t width = (size_t)s->mask_width, height = (size_t)s->mask_height;
    size_t stride = s->mask_stride ? s->mask_stride : width;
    r->extent = s->rect;
    r->mask_width = s->mask_width;
    r->mask_height = s->mask_height;
    r->sums = plumb_alloc_zeroed(context, height + 1, (width + 1) * sizeof(r->sums[0]));
    if (!r->sums)
        return false;
    for (size_t y = 0; y < height; y++) {
        const uint64_t *above = r->sums + y * (width + 1);
        uint64_t *below = r->sums + (y + 1) * (width + 1), sum = 0;
        for (size_t x = 0; x < width; x++) {
            sum += s->mask[y * stride + x];
            below[x + 1] = above[x + 1] + sum;
        }
    }
    r->area =
        (double)r->sums[(width + 1) * (height + 1) - 1] / 255.0 / ((double)width * (double)height);
    return true;
}

static bool make_region(const plumb_context *context, const plumb_region_spec *s, plumb_region *r)
{
    r->space = s->space;
    r->shape = s->shape;
    r->measure = s->measure;
    r->effect = s->effect;
    r->at_least = s->at_least;
    r->factor = s->factor;
    r->name = plumb_copy_text(context, s->name);
    if (!r->name)
        return false;
    if (s->classes) {
        r->class_count = s->class_count;
        r->classes = plumb_copy_memory(context, s->classes, s->class_count, sizeof(int32_t));
        if (!r->classes)
            return false;
        qsort(r->classes, r->class_count, sizeof(int32_t), compare_ids);
    }
    return s->shape == PLUMB_SHAPE_MASK ? make_mask(context, s, r) : make_polygon(context, s, r);
}

/* Copy spec `index` out of an array whose element size is the caller's. */
static plumb_status read_spec(const plumb_region_spec *specs, size_t index, plumb_region_spec *spec,
                              plumb_diag *diag)
{
    const plumb_region_spec defaults = PLUMB_REGION_SPEC_INIT;
    uint32_t size, first;
    const char *bytes = (const char *)specs;
    memcpy(&first, bytes, sizeof(first));
    memcpy(&size, bytes + index * first, sizeof(size));
    if (first < sizeof(uint32_t) || size != first)
        return plumb_fail_at(diag, PLUMB_E_ARGUMENT, "regions", index, "struct_size",
                             "%u where the first region has %u", size, first);
    *spec = defaults;
    plumb_copy_struct(spec, sizeof(*spec), bytes + index * first, size);
    return plumb_region_check(spec, index, diag);
}

static plumb_status add_region(plumb_regions *regions, const plumb_region_spec *specs, size_t index,
                               plumb_diag *diag)
{
    plumb_region_spec spec;
    plumb_status status = read_spec(specs, index, &spec, diag);
    if (status)
        return status;
    for (size_t i = 0; i < index; i++)
        if (strcmp(regions->items[i].name, spec.name) == 0)
            return plumb_fail_at(diag, PLUMB_E_ARGUMENT, "regions", index, "name",
                                 "\"%s\" is the name of regions[%zu] as well", spec.name, i);
    plumb_region *r = &regions->items[index];
    regions->count = index + 1; /* from here on destroy has something to release */
    if (!make_region(&regions->context, &spec, r))
        return plumb_fail_at(diag, PLUMB_E_NOMEM, "regions", index, NULL, "no memory");
    if (spec.shape == PLUMB_SHAPE_MASK && r->area <= 0.0)
        return plumb_fail_at(diag, PLUMB_E_ARGUMENT, "regions", index, "shape.mask",
                             "is 0 everywhere");
    if (spec.space == PLUMB_SPACE_PLANE)
        regions->plane_points += r->point_count;
    regions->edge_groups += plumb_edge_groups(r->point_count);
    regions->keeps = regions->keeps || spec.effect == PLUMB_EFFECT_KEEP_ONLY;
    return PLUMB_OK;
}

plumb_status plumb_regions_create(const plumb_context *context, const plumb_region_spec *specs,
                                  size_t count, plumb_regions **regions, plumb_diag *diag)
{
    if (!regions || (!specs && count > 0))
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "regions", "is NULL");
    if (count > PLUMB_MAX_REGIONS)
        return plumb_fail(diag, PLUMB_E_LIMIT, "regions", "%zu are more than %d", count,
                          PLUMB_MAX_REGIONS);
    plumb_context full = plumb_context_resolve(context);
    plumb_regions *made = plumb_alloc_zeroed(&full, 1, sizeof(*made));
    if (!made)
        return plumb_fail(diag, PLUMB_E_NOMEM, "regions", "no memory");
    made->context = full;
    made->items = plumb_alloc_zeroed(&full, count, sizeof(made->items[0]));
    plumb_status status = PLUMB_OK;
    if (!made->items)
        status = plumb_fail(diag, PLUMB_E_NOMEM, "regions", "no memory for %zu", count);
    for (size_t i = 0; i < count && status == PLUMB_OK; i++)
        status = add_region(made, specs, i, diag);
    if (status)
        plumb_regions_destroy(&made);
    else
        *regions = made;
    return status;
}

void plumb_regions_destroy(plumb_regions **regions)
{
    if (!regions || !*regions)
        return;
    plumb_context context = (*regions)->context;
    for (size_t i = 0; i < (*regions)->count; i++) {
        plumb_region *r = &(*regions)->items[i];
        plumb_release(&context, r->name);
        plumb_release(&context, r->classes);
        plumb_release(&context, r->points);
        plumb_release(&context, r->sums);
    }
    plumb_release(&context, (*regions)->items);
    plumb_release(&context, *regions);
    *regions = NULL;
}

size_t plumb_regions_count(const plumb_regions *regions)
{
    return regions ? regions->count : 0;
}

const char *plumb_regions_name(const plumb_regions *regions, size_t index)
{
    return regions && index < regions->count ? regions->items[index].name : NULL;
}

bool plumb_regions_need_plane(const plumb_regions *regions)
{
    return regions && regions->plane_points > 0;
}
