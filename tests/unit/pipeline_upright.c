/* SPDX-License-Identifier: Apache-2.0
 *
 * One scene stored in all eight orientations: the tensor is the same to the bit, and so are the
 * boxes, with and without a region of interest, in every crop mode.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fake_detector.h"

#define WIDTH  75 /* of the upright picture, odd on purpose */
#define HEIGHT 53

static uint8_t upright[HEIGHT][WIDTH][3], stored[HEIGHT * WIDTH * 3];
static float rows[2][FAKE_COLUMNS] = { { 10, 10, 30, 20, 0.9f, 0 }, { 33, 40, 50, 61, 0.8f, 1 } };

/* Where the centre of a stored pixel lies in the upright picture, from the EXIF table as text. */
static plumb_frame store(int orientation)
{
    static const char *const table[9] = { "", "uv", "Uv", "UV", "uV", "vu", "Vu", "VU", "vU" };
    const char *way = table[orientation];
    int w = orientation >= 5 ? HEIGHT : WIDTH, h = orientation >= 5 ? WIDTH : HEIGHT;
    for (int v = 0; v < h; v++) {
        for (int u = 0; u < w; u++) {
            int at[2];
            for (int i = 0; i < 2; i++)
                at[i] = way[i] == 'u'   ? u
                        : way[i] == 'U' ? w - 1 - u
                        : way[i] == 'v' ? v
                                        : h - 1 - v;
            memcpy(&stored[(v * w + u) * 3], upright[at[1]][at[0]], 3);
        }
    }
    plumb_frame frame = fake_frame(stored, w, h);
    frame.orientation = (plumb_orientation)orientation;
    return frame;
}

static void compare(const plumb_result *got, const plumb_result *first, const float *tensor)
{
    assert_memory_equal(got->tensor->data, tensor, got->tensor->size);
    assert_int_equal(got->detections->count, 2);
    assert_int_equal(got->mapping->upright.width, WIDTH);
    assert_int_equal(got->mapping->upright.height, HEIGHT);
    for (size_t i = 0; i < 2; i++)
        assert_memory_equal(&got->detections->items[i].box, &first->detections->items[i].box,
                            sizeof(plumb_box));
}

static void check(const plumb_pipeline_spec *spec, const plumb_irect *roi)
{
    fake_detector fake = { 0 };
    fake_rows(&fake, rows, 2);
    plumb_detector detector = fake_interface(&fake);
    plumb_pipeline *pipeline = NULL;
    plumb_session *sessions[2] = { NULL, NULL };
    plumb_result first, got;
    assert_int_equal(plumb_pipeline_create(NULL, spec, &pipeline, NULL), PLUMB_OK);
    for (int i = 0; i < 2; i++)
        assert_int_equal(plumb_session_create(pipeline, &detector, &sessions[i], NULL), PLUMB_OK);
    plumb_frame frame = store(1);
    if (roi)
        frame.roi = *roi;
    assert_int_equal(plumb_session_run(sessions[0], &frame, NULL, &first, NULL), PLUMB_OK);
    for (int orientation = 2; orientation <= 8; orientation++) {
        frame = store(orientation);
        if (roi)
            frame.roi = *roi;
        assert_int_equal(plumb_session_run(sessions[1], &frame, NULL, &got, NULL), PLUMB_OK);
        compare(&got, &first, first.tensor->data);
    }
    plumb_session_destroy(&sessions[0]);
    plumb_session_destroy(&sessions[1]);
    plumb_pipeline_destroy(&pipeline);
}

static void test_all_orientations(void **state)
{
    (void)state;
    static const struct {
        plumb_crop_mode mode;
        plumb_rule rule;
    } ways[] = { { PLUMB_CROP_SCALE_FIT, PLUMB_RULE_ULTRALYTICS },
                 { PLUMB_CROP_CENTER, PLUMB_RULE_TORCHVISION },
                 { PLUMB_CROP_SCALE_FILL, PLUMB_RULE_EXACT },
                 { PLUMB_CROP_SCALE_FIT_ROTATE_90_CCW, PLUMB_RULE_YOLOX },
                 { PLUMB_CROP_SCALE_FILL_ROTATE_90_CCW, PLUMB_RULE_EXACT } };
    static const plumb_resampler resamplers[] = { PLUMB_RESAMPLE_OPENCV_LINEAR,
                                                  PLUMB_RESAMPLE_PILLOW_BILINEAR,
                                                  PLUMB_RESAMPLE_OPENCV_AREA };
    const plumb_irect roi = { 11, 6, 50, 41 };
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        for (size_t k = 0; k < sizeof(resamplers) / sizeof(resamplers[0]); k++) {
            plumb_pipeline_spec spec = fake_spec();
            spec.preprocess.mapping.mode = ways[i].mode;
            spec.preprocess.mapping.rule = ways[i].rule;
            spec.preprocess.resample = resamplers[k];
            check(&spec, NULL);
            check(&spec, &roi);
        }
    }
}

int main(void)
{
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            for (int c = 0; c < 3; c++)
                upright[y][x][c] = (uint8_t)(x * 3 + y * 5 + c * 70 + (x * y) % 17);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_orientations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
