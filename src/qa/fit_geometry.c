/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/fit_parts.h"

#include <math.h>

typedef struct list {
    plumb_mapping_spec *specs;
    size_t count, capacity;
    plumb_size input;
} list;

static void add(list *l, plumb_crop_mode mode, plumb_rule rule, int32_t resize_short,
                double fraction)
{
    plumb_mapping_spec spec = PLUMB_MAPPING_SPEC_INIT;
    spec.input = l->input;
    spec.mode = mode;
    spec.rule = rule;
    spec.resize_short = resize_short;
    spec.central_fraction = fraction;
    if (l->count < l->capacity)
        l->specs[l->count] = spec;
    l->count++;
}

static void add_fits(list *l, plumb_crop_mode mode)
{
    static const plumb_rule rules[] = { PLUMB_RULE_ULTRALYTICS, PLUMB_RULE_YOLOX,
                                        PLUMB_RULE_OPENCV_DNN,  PLUMB_RULE_MMDET,
                                        PLUMB_RULE_RKNN,        PLUMB_RULE_EXACT };
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        add(l, mode, rules[i], 0, 0.0);
}

/* Resize and CenterCrop: the presets' short sides, and the usual crop fractions. */
static void add_crops(list *l)
{
    static const int32_t sizes[] = { 232, 235, 236, 240, 246, 248, 256, 272, 288, 292, 320,
                                     342, 352, 384, 400, 416, 438, 480, 512, 518, 544, 600 };
    static const double fractions[] = { 0.875, 0.9, 0.95, 0.965 };
    static const plumb_rule rules[] = { PLUMB_RULE_TORCHVISION, PLUMB_RULE_TORCHVISION_0_7 };
    int32_t side = l->input.width > l->input.height ? l->input.width : l->input.height;
    for (size_t r = 0; r < sizeof(rules) / sizeof(rules[0]); r++) {
        add(l, PLUMB_CROP_CENTER, rules[r], 0, 0.0);
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
            if (sizes[i] > side && sizes[i] < 2 * side)
                add(l, PLUMB_CROP_CENTER, rules[r], sizes[i], 0.0);
        for (size_t i = 0; i < sizeof(fractions) / sizeof(fractions[0]); i++)
            add(l, PLUMB_CROP_CENTER, rules[r], (int32_t)floor(side / fractions[i]), 0.0);
    }
    add(l, PLUMB_CROP_CENTER, PLUMB_RULE_OPENCV_DNN, 0, 0.0);
    add(l, PLUMB_CROP_CENTER, PLUMB_RULE_EXACT, 0, 0.0);
    add(l, PLUMB_CROP_CENTER, PLUMB_RULE_TF_CENTRAL, 0, 0.875);
}

static void add_unusual(list *l)
{
    int32_t side = l->input.width > l->input.height ? l->input.width : l->input.height;
    for (int32_t size = side + 1; size <= side + side / 2; size++)
        add(l, PLUMB_CROP_CENTER, PLUMB_RULE_TORCHVISION, size, 0.0);
    for (int percent = 50; percent < 100; percent++)
        add(l, PLUMB_CROP_CENTER, PLUMB_RULE_TF_CENTRAL, 0, percent / 100.0);
}

size_t fit_geometries(const fit_target *target, fit_family family, plumb_mapping_spec *specs,
                      size_t capacity)
{
    list l = { specs, 0, capacity, target->size };
    switch (family) {
    case FIT_USUAL:
        add_fits(&l, PLUMB_CROP_SCALE_FIT);
        add(&l, PLUMB_CROP_SCALE_FILL, PLUMB_RULE_UNSET, 0, 0.0);
        add_crops(&l);
        break;
    case FIT_TURNED:
        add_fits(&l, PLUMB_CROP_SCALE_FIT_ROTATE_90_CCW);
        add(&l, PLUMB_CROP_SCALE_FILL_ROTATE_90_CCW, PLUMB_RULE_UNSET, 0, 0.0);
        break;
    case FIT_UNUSUAL:
        add_unusual(&l);
        break;
    }
    return l.count < capacity ? l.count : capacity;
}

void fit_place(const fit_trial *trial, plumb_mapping *mapping)
{
    fit_placement placement = trial->placement;
    plumb_irect *placed = &mapping->placed;
    int32_t x = mapping->input.width - placed->width, y = mapping->input.height - placed->height;
    bool whole = placed->width == mapping->scaled.width && placed->height == mapping->scaled.height;
    if (placement == FIT_PLACED_BY_RULE || !whole)
        return;
    if (placement == FIT_PLACED_TOP_LEFT)
        x = y = 0;
    int32_t up = placement == FIT_PLACED_CENTER_UP;
    if (placement == FIT_PLACED_CENTER || up) {
        x = (x + up) / 2;
        y = (y + up) / 2;
    }
    if (placement == FIT_PLACED_AT) {
        if (trial->place_x < 0 || trial->place_x > x || trial->place_y < 0 || trial->place_y > y)
            return;
        x = trial->place_x;
        y = trial->place_y;
    }
    mapping->offset_x += x - placed->x;
    mapping->offset_y += y - placed->y;
    placed->x = x;
    placed->y = y;
}

bool fit_mapping(const fit_trial *trial, const plumb_frame *frame, plumb_mapping *mapping)
{
    plumb_frame f = fit_frame_of(trial, frame);
    plumb_size size = { f.width, f.height };
    bool whole = f.roi.width == 0 && f.roi.height == 0;
    if (plumb_mapping_make(&trial->mapping, size, f.orientation, whole ? NULL : &f.roi, mapping,
                           NULL) != PLUMB_OK)
        return false;
    fit_place(trial, mapping);
    return true;
}

/* Rules that resample by a factor; for the others the integer sizes say all about the pixels. */
static bool by_factor(const plumb_mapping_spec *spec)
{
    return spec->rule == PLUMB_RULE_EXACT ||
           (spec->rule == PLUMB_RULE_OPENCV_DNN && spec->mode == PLUMB_CROP_CENTER);
}

static bool same_mapping(const plumb_mapping *a, const plumb_mapping *b, bool factors)
{
    const double x[] = { a->source.x, a->source.y, a->source.width, a->source.height,
                         a->offset_x, a->offset_y, a->scale_x,      a->scale_y };
    const double y[] = { b->source.x, b->source.y, b->source.width, b->source.height,
                         b->offset_x, b->offset_y, b->scale_x,      b->scale_y };
    for (int i = 0; i < (factors ? 8 : 6); i++)
        if (x[i] != y[i])
            return false;
    return a->turned == b->turned && a->orientation == b->orientation &&
           a->scaled.width == b->scaled.width && a->scaled.height == b->scaled.height &&
           a->placed.x == b->placed.x && a->placed.y == b->placed.y &&
           a->placed.width == b->placed.width && a->placed.height == b->placed.height;
}

bool fit_same_geometry(const fit_search *search, const fit_trial *a, const fit_trial *b)
{
    bool factors = by_factor(&a->mapping) || by_factor(&b->mapping);
    for (size_t i = 0; i < search->pair_count; i++) {
        plumb_mapping m, n;
        if (!fit_mapping(a, &search->pairs[i].frame, &m) ||
            !fit_mapping(b, &search->pairs[i].frame, &n) || !same_mapping(&m, &n, factors))
            return false;
    }
    return true;
}
