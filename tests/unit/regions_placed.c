/* SPDX-License-Identifier: Apache-2.0
 *
 * Frame after frame with one scratch: regions stay where they were placed only while mapping and
 * plane are the same. Where the region lies in each frame is worked out by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "postprocess/region_run.h"
#include "regions_support.h"

typedef struct frames {
    plumb_regions *regions;
    void *scratch;
    plumb_region_placement placement;
} frames;

static void begin(frames *f, const plumb_region_spec *spec)
{
    const plumb_region_placement nowhere = { .valid = false };
    assert_int_equal(plumb_regions_create(NULL, spec, 1, &f->regions, NULL), PLUMB_OK);
    f->scratch = malloc(plumb_regions_scratch(f->regions));
    f->placement = nowhere;
}

static void end(frames *f)
{
    free(f->scratch);
    plumb_regions_destroy(&f->regions);
}

static plumb_status frame(frames *f, const plumb_mapping *mapping, const plumb_homography *plane,
                          plumb_detections *list)
{
    return plumb_regions_run_placed(f->regions, list, mapping, plane, 0, NULL, 0, f->scratch,
                                    &f->placement, NULL, NULL);
}

/* A box with the centre x,50: does the region reject it? */
static bool rejects(frames *f, const plumb_mapping *mapping, const plumb_homography *plane, float x)
{
    plumb_detection d = detection(x - 2, 48, x + 2, 52, 0.5f, 0);
    plumb_detections list = { &d, 1, 1, NULL, 0, 0, 0, false, PLUMB_SPACE_UPRIGHT };
    assert_int_equal(frame(f, mapping, plane, &list), PLUMB_OK);
    return list.count == 0;
}

static void moves_with_the_plane(void **state)
{
    (void)state;
    const plumb_homography tens = { { 10, 0, 0, 0, 10, 0, 0, 0, 1 } };
    const plumb_homography moved = { { 10, 0, 100, 0, 10, 0, 0, 0, 1 } };
    const plumb_homography horizon = { { 10, 0, 0, 0, 10, 0, 0.2, 0, -1 } }; /* at x = 5 */
    plumb_region_spec spec = rect_region("r", PLUMB_SPACE_PLANE, 0, 0, 10, 10, PLUMB_MEASURE_CENTER,
                                         PLUMB_EFFECT_REJECT);
    plumb_mapping mapping = plain_mapping();
    frames f;
    begin(&f, &spec);
    for (int turn = 0; turn < 2; turn++) {
        for (int i = 0; i < 2; i++) { /* 0..100 */
            assert_true(rejects(&f, &mapping, &tens, 50));
            assert_false(rejects(&f, &mapping, &tens, 150));
        }
        for (int i = 0; i < 2; i++) { /* 100..200 */
            assert_false(rejects(&f, &mapping, &moved, 50));
            assert_true(rejects(&f, &mapping, &moved, 150));
        }
    }
    /* A frame that fails leaves nothing behind that the next one takes for its own. */
    plumb_detection d = detection(48, 48, 52, 52, 0.5f, 0);
    plumb_detections list = { &d, 1, 1, NULL, 0, 0, 0, false, PLUMB_SPACE_UPRIGHT };
    assert_int_equal(frame(&f, &mapping, &horizon, &list), PLUMB_E_ARGUMENT);
    assert_int_equal(frame(&f, &mapping, &horizon, &list), PLUMB_E_ARGUMENT);
    assert_int_equal(frame(&f, &mapping, NULL, &list), PLUMB_E_ARGUMENT);
    assert_int_equal(list.count, 1);
    assert_true(rejects(&f, &mapping, &moved, 150));
    assert_true(rejects(&f, &mapping, &tens, 50));
    end(&f);
}

static void moves_with_the_mapping(void **state)
{
    (void)state;
    plumb_region_spec spec = rect_region("r", PLUMB_SPACE_NORMALIZED, 0, 0, 0.5, 1,
                                         PLUMB_MEASURE_CENTER, PLUMB_EFFECT_REJECT);
    plumb_mapping narrow =
        mapping_of(100, 100, PLUMB_ORIENTATION_UP, PLUMB_CROP_SCALE_FILL, 100, 100);
    plumb_mapping wide =
        mapping_of(400, 100, PLUMB_ORIENTATION_UP, PLUMB_CROP_SCALE_FILL, 100, 100);
    frames f;
    begin(&f, &spec);
    for (int turn = 0; turn < 2; turn++) {
        for (int i = 0; i < 2; i++) { /* 0..50 */
            assert_true(rejects(&f, &narrow, NULL, 40));
            assert_false(rejects(&f, &narrow, NULL, 60));
        }
        for (int i = 0; i < 2; i++) { /* 0..200 */
            assert_true(rejects(&f, &wide, NULL, 60));
            assert_false(rejects(&f, &wide, NULL, 240));
        }
    }
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moves_with_the_plane),
        cmocka_unit_test(moves_with_the_mapping),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
