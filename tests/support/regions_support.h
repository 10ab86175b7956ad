/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of regions share: mappings, regions and detections in one line each, a run, and
 * a measure that can be compared with one worked out on paper. Include after cmocka.h.
 */
#ifndef TESTS_SUPPORT_REGIONS_SUPPORT_H
#define TESTS_SUPPORT_REGIONS_SUPPORT_H

#include <math.h>
#include <stdlib.h>

#include "plumbline/postprocess.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static inline plumb_mapping mapping_of(int width, int height, plumb_orientation orientation,
                                       plumb_crop_mode mode, int input_width, int input_height)
{
    plumb_mapping_spec spec = PLUMB_MAPPING_SPEC_INIT;
    plumb_size buffer = { width, height };
    plumb_mapping mapping;
    spec.input.width = input_width;
    spec.input.height = input_height;
    spec.mode = mode;
    spec.rule = PLUMB_RULE_EXACT;
    assert_int_equal(plumb_mapping_make(&spec, buffer, orientation, NULL, &mapping, NULL),
                     PLUMB_OK);
    return mapping;
}

static inline plumb_mapping plain_mapping(void)
{
    return mapping_of(200, 100, PLUMB_ORIENTATION_UP, PLUMB_CROP_SCALE_FIT, 100, 100);
}

static inline plumb_region_spec region(const char *name, plumb_space space,
                                       plumb_region_measure measure, plumb_region_effect effect)
{
    plumb_region_spec spec = PLUMB_REGION_SPEC_INIT;
    spec.name = name;
    spec.space = space;
    spec.measure = measure;
    spec.effect = effect;
    return spec;
}

static inline plumb_region_spec rect_region(const char *name, plumb_space space, double x, double y,
                                            double w, double h, plumb_region_measure measure,
                                            plumb_region_effect effect)
{
    plumb_region_spec spec = region(name, space, measure, effect);
    plumb_rect rect = { x, y, w, h };
    spec.shape = PLUMB_SHAPE_RECT;
    spec.rect = rect;
    return spec;
}

static inline plumb_detection detection(float x0, float y0, float x1, float y1, float score,
                                        int row)
{
    plumb_detection d = { 0 };
    plumb_box box = { x0, y0, x1, y1 };
    d.box = box;
    d.score = score;
    d.row = row;
    d.keypoints = -1;
    return d;
}

/* A call with everything in it. */
typedef struct call {
    plumb_mapping mapping;
    const plumb_homography *plane;
    float confidence;
    const float *per_class;
    size_t per_class_count;
    bool has_angle;
    plumb_ledger *ledger;
} call;

static inline size_t run(const call *c, const plumb_region_spec *specs, size_t count,
                         plumb_detection *items, size_t item_count)
{
    plumb_regions *regions = NULL;
    plumb_diag diag = { 0 };
    plumb_status status = plumb_regions_create(NULL, specs, count, &regions, &diag);
    if (status)
        fail_msg("%s: %s", diag.field, diag.message);
    plumb_detections list = { 0 };
    list.items = items;
    list.count = list.capacity = item_count;
    list.space = PLUMB_SPACE_UPRIGHT;
    list.has_angle = c->has_angle;
    void *scratch = malloc(plumb_regions_scratch(regions));
    status = plumb_regions_run(regions, &list, &c->mapping, c->plane, c->confidence, c->per_class,
                               c->per_class_count, scratch, c->ledger, &diag);
    if (status)
        fail_msg("%s: %s", diag.field, diag.message);
    free(scratch);
    plumb_regions_destroy(&regions);
    return list.count;
}

/* The measure itself: a score of 1 loses exactly that share. */
static inline double measured(const call *c, plumb_region_spec spec, plumb_detection d)
{
    spec.effect = PLUMB_EFFECT_SCALE_BY_OVERLAP;
    spec.factor = 1.0f;
    call open = *c;
    open.confidence = -1.0f;
    d.score = 1.0f;
    assert_int_equal(run(&open, &spec, 1, &d, 1), 1);
    return 1.0 - (double)d.score;
}

static inline void expect_measures(const call *c, plumb_region_spec spec, plumb_detection d,
                                   double center, double bottom, double of_box, double of_region,
                                   double iou)
{
    const double expected[] = { center, bottom, of_box, of_region, iou };
    for (int i = 0; i < 5; i++) {
        spec.measure = (plumb_region_measure)(PLUMB_MEASURE_CENTER + i);
        double value = measured(c, spec, d);
        if (fabs(value - expected[i]) > 1e-6)
            fail_msg("%s: %.9f, by hand %.9f", plumb_region_measure_name(spec.measure), value,
                     expected[i]);
    }
}

#endif
