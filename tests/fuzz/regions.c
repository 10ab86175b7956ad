/* SPDX-License-Identifier: Apache-2.0
 *
 * Regions of any shape over any boxes: no score rises, what stays keeps its box and its place in
 * the order, and a second run gives the same.
 */
#include "fuzz.h"

#include <math.h>

#include "plumbline/postprocess.h"
#include "same_detections.h"

#define MOST_REGIONS 3
#define MOST_POINTS  12
#define MOST_BOXES   24

typedef struct region_memory {
    plumb_point points[MOST_POINTS];
    uint8_t mask[64];
    int32_t classes[2];
} region_memory;

static double number(fuzz_input *in)
{
    if (fuzz_byte(in) < 16)
        return (double)fuzz_float(in);
    return fuzz_between(in, -20, 220) / 100.0;
}

static plumb_region_spec read_region(fuzz_input *in, region_memory *m, const char *name)
{
    plumb_region_spec spec = PLUMB_REGION_SPEC_INIT;
    spec.name = name;
    spec.space = (plumb_space)fuzz_between(in, 1, 7);
    spec.shape = (plumb_region_shape)fuzz_between(in, 0, 5);
    spec.rect = (plumb_rect){ number(in), number(in), number(in), number(in) };
    spec.point_count = (size_t)fuzz_between(in, 0, MOST_POINTS);
    for (size_t i = 0; i < spec.point_count; i++)
        m->points[i] = (plumb_point){ number(in), number(in) };
    spec.points = m->points;
    spec.center = (plumb_point){ number(in), number(in) };
    spec.radius_x = number(in);
    spec.radius_y = number(in);
    spec.angle = number(in);
    for (size_t i = 0; i < sizeof(m->mask); i++)
        m->mask[i] = fuzz_byte(in);
    spec.mask = m->mask;
    spec.mask_width = fuzz_between(in, 0, 8);
    spec.mask_height = fuzz_between(in, 0, 8);
    m->classes[0] = fuzz_between(in, 0, 3);
    spec.classes = fuzz_bool(in) ? m->classes : NULL;
    spec.class_count = spec.classes ? 1 : 0;
    spec.measure = (plumb_region_measure)fuzz_between(in, 0, 6);
    spec.at_least = fuzz_between(in, 0, 10) / 10.0f;
    spec.effect = (plumb_region_effect)fuzz_between(in, 0, 5);
    spec.factor = fuzz_between(in, 0, 10) / 10.0f;
    if (spec.space != PLUMB_SPACE_NORMALIZED && fuzz_bool(in))
        for (size_t i = 0; i < spec.point_count; i++) {
            m->points[i].x *= 100.0;
            m->points[i].y *= 100.0;
        }
    return spec;
}

static bool read_mapping(fuzz_input *in, plumb_mapping *mapping)
{
    plumb_mapping_spec spec = PLUMB_MAPPING_SPEC_INIT;
    spec.input = (plumb_size){ fuzz_between(in, 1, 200), fuzz_between(in, 1, 200) };
    spec.mode = PLUMB_CROP_SCALE_FIT;
    spec.rule = PLUMB_RULE_EXACT;
    plumb_size buffer = { fuzz_between(in, 1, 200), fuzz_between(in, 1, 200) };
    return plumb_mapping_make(&spec, buffer, (plumb_orientation)fuzz_between(in, 1, 8), NULL,
                              mapping, NULL) == PLUMB_OK;
}

static size_t read_boxes(fuzz_input *in, plumb_detection *items)
{
    size_t count = (size_t)fuzz_between(in, 0, MOST_BOXES);
    for (size_t i = 0; i < count; i++) {
        plumb_detection d = { .row = (int32_t)i, .keypoints = -1 };
        float side = fuzz_byte(in) < 16 ? fuzz_float(in) : (float)fuzz_between(in, 0, 90);
        d.box.x0 = (float)number(in) * 100.0f;
        d.box.y0 = (float)number(in) * 100.0f;
        d.box.x1 = d.box.x0 + side;
        d.box.y1 = d.box.y0 + (float)fuzz_between(in, 0, 90);
        d.score = (float)fuzz_byte(in) / 255.0f;
        d.class_id = fuzz_between(in, 0, 3);
        d.angle = (float)number(in);
        items[i] = d;
    }
    return count;
}

static void run(const plumb_regions *regions, fuzz_input *in)
{
    plumb_detection from[MOST_BOXES], first[MOST_BOXES], second[MOST_BOXES];
    memset(from, 0, sizeof(from));
    plumb_mapping mapping;
    if (!read_mapping(in, &mapping))
        return;
    plumb_homography plane = { { 1, 0, 0, 0, 1, 0, 0, 0, 1 } };
    for (int i = 0; i < 9 && fuzz_bool(in); i++)
        plane.h[i] = number(in);
    bool with_plane = fuzz_bool(in), turned = fuzz_bool(in);
    float confidence = fuzz_between(in, 0, 10) / 10.0f;
    size_t count = read_boxes(in, from);
    fuzz_guarded scratch = fuzz_guard((plumb_regions_scratch(regions) + 15) / 16 * 16);
    plumb_detections lists[2];
    plumb_status status[2];
    for (int k = 0; k < 2; k++) {
        plumb_detection *items = k == 0 ? first : second;
        memcpy(items, from, sizeof(from));
        lists[k] = (plumb_detections){ .items = items,
                                       .count = count,
                                       .capacity = count,
                                       .has_angle = turned,
                                       .space = PLUMB_SPACE_UPRIGHT };
        plumb_ledger ledger = { 0 };
        plumb_diag diag = { 0 };
        status[k] = plumb_regions_run(regions, &lists[k], &mapping, with_plane ? &plane : NULL,
                                      confidence, NULL, 0, scratch.data, &ledger, &diag);
        FUZZ_REQUIRE(status[k] == PLUMB_OK || diag.status == status[k]);
    }
    FUZZ_REQUIRE(status[0] == status[1] && lists[0].count == lists[1].count);
    FUZZ_REQUIRE(same_detections(first, second, lists[0].count));
    FUZZ_REQUIRE(status[0] == PLUMB_OK || lists[0].count == count);
    int32_t row = -1;
    for (size_t i = 0; i < lists[0].count; i++) {
        const plumb_detection *d = &first[i], *was = &from[d->row];
        FUZZ_REQUIRE(d->row > row);
        row = d->row;
        FUZZ_REQUIRE(d->score <= was->score && d->score >= 0.0f);
        FUZZ_REQUIRE(memcmp(&d->box, &was->box, sizeof(d->box)) == 0);
    }
    plumb_point outline[160];
    for (size_t i = 0; i < plumb_regions_count(regions); i++) {
        size_t points =
            plumb_regions_outline(regions, i, &mapping, with_plane ? &plane : NULL, outline, 160);
        FUZZ_REQUIRE(points <= 1024);
    }
    fuzz_unguard(&scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[MOST_REGIONS] = { "a", "b", "c" };
    fuzz_input in = { data, size };
    region_memory memory[MOST_REGIONS];
    plumb_region_spec specs[MOST_REGIONS];
    size_t count = (size_t)fuzz_between(&in, 1, MOST_REGIONS);
    for (size_t i = 0; i < count; i++)
        specs[i] = read_region(&in, &memory[i], names[i]);
    plumb_regions *regions = NULL;
    plumb_diag diag = { 0 };
    plumb_status status = plumb_regions_create(NULL, specs, count, &regions, &diag);
    FUZZ_REQUIRE(status == PLUMB_OK || (diag.status == status && !regions));
    memset(memory, 0xff, sizeof(memory)); /* all of it was copied */
    if (status == PLUMB_OK)
        run(regions, &in);
    plumb_regions_destroy(&regions);
    return 0;
}
