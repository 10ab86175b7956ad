/* SPDX-License-Identifier: Apache-2.0
 *
 * A JPEG that goes through the pipeline strip by strip gives the tensor of the same file decoded
 * whole by plumb_image_decode (which is held against Pillow and OpenCV elsewhere).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fake_detector.h"
#include "make_jpeg.h"
#include "plumbline/plumbline.h"
#include "random.h"

typedef struct choice {
    plumb_crop_mode mode;
    plumb_rule rule;
    plumb_resampler resample;
} choice;

static const choice choices[] = {
    { PLUMB_CROP_SCALE_FIT, PLUMB_RULE_ULTRALYTICS, PLUMB_RESAMPLE_OPENCV_LINEAR },
    { PLUMB_CROP_SCALE_FIT, PLUMB_RULE_YOLOX, PLUMB_RESAMPLE_OPENCV_AREA },
    { PLUMB_CROP_SCALE_FIT_ROTATE_90_CCW, PLUMB_RULE_EXACT, PLUMB_RESAMPLE_PILLOW_BILINEAR },
    { PLUMB_CROP_SCALE_FILL, PLUMB_RULE_UNSET, PLUMB_RESAMPLE_OPENCV_NEAREST },
    { PLUMB_CROP_CENTER, PLUMB_RULE_TORCHVISION, PLUMB_RESAMPLE_PILLOW_BILINEAR },
    { PLUMB_CROP_CENTER, PLUMB_RULE_TF_CENTRAL, PLUMB_RESAMPLE_OPENCV_LINEAR },
    { PLUMB_CROP_CENTER, PLUMB_RULE_TORCHVISION, PLUMB_RESAMPLE_FAST },
    { PLUMB_CROP_SCALE_FIT, PLUMB_RULE_EXACT, PLUMB_RESAMPLE_FAST },
};
#define CHOICES (sizeof(choices) / sizeof(choices[0]))

static plumb_session *session_for(const choice *c, plumb_channels channels,
                                  plumb_pipeline **pipeline)
{
    plumb_pipeline_spec spec = fake_spec();
    plumb_preprocess_spec *p = &spec.preprocess;
    p->mapping.input = (plumb_size){ 48, 37 };
    p->mapping.mode = c->mode;
    p->mapping.rule = c->rule;
    p->resample = c->resample;
    p->channels = channels;
    p->layout = PLUMB_LAYOUT_NHWC;
    p->dtype = PLUMB_DTYPE_UINT8;
    plumb_session *session = NULL;
    assert_int_equal(plumb_pipeline_create(NULL, &spec, pipeline, NULL), PLUMB_OK);
    assert_int_equal(plumb_session_create(*pipeline, NULL, &session, NULL), PLUMB_OK);
    return session;
}

static plumb_irect random_roi(random_state *random, plumb_size size)
{
    plumb_irect roi = { 0, 0, 0, 0 };
    if (random_below(random, 3) == 0)
        return roi;
    roi.x = random_below(random, size.width - 8);
    roi.y = random_below(random, size.height - 8);
    roi.width = 8 + random_below(random, size.width - roi.x - 7);
    roi.height = 8 + random_below(random, size.height - roi.y - 7);
    return roi;
}

static void same_tensor(plumb_session *streamed, plumb_session *whole, const test_file *file,
                        plumb_frame decoded, plumb_orientation orientation, plumb_irect roi)
{
    plumb_frame jpeg = PLUMB_FRAME_INIT;
    jpeg.format = PLUMB_FORMAT_JPEG;
    jpeg.width = decoded.width;
    jpeg.height = decoded.height;
    jpeg.planes[0].data = file->data;
    jpeg.planes[0].size = file->size;
    jpeg.orientation = decoded.orientation = orientation;
    jpeg.roi = decoded.roi = roi;
    plumb_result a, b;
    plumb_diag diag = { 0 };
    if (plumb_session_preprocess(streamed, &jpeg, &a, &diag) != PLUMB_OK)
        fail_msg("%s: %s", diag.field, diag.message);
    assert_int_equal(plumb_session_preprocess(whole, &decoded, &b, NULL), PLUMB_OK);
    assert_memory_equal(a.tensor->data, b.tensor->data, a.tensor->size);
}

static void check_kind(const make_jpeg *kind)
{
    test_file file = make_jpeg_file(kind);
    plumb_image_decoder *decoder = NULL;
    plumb_frame decoded;
    assert_int_equal(plumb_image_decoder_create(NULL, &decoder, NULL), PLUMB_OK);
    assert_int_equal(plumb_image_decode(decoder, file.data, file.size, &decoded, NULL), PLUMB_OK);
    random_state random = { 7 };
    for (size_t c = 0; c < CHOICES; c++) {
        plumb_pipeline *pipelines[2];
        plumb_channels channels = c % 2 ? PLUMB_CHANNELS_BGR : PLUMB_CHANNELS_GRAY;
        plumb_session *streamed = session_for(&choices[c], channels, &pipelines[0]);
        plumb_session *whole = session_for(&choices[c], channels, &pipelines[1]);
        for (int i = 0; i < 24; i++) {
            plumb_orientation orientation = (plumb_orientation)(i % 8 + 1);
            plumb_frame turned = decoded;
            turned.orientation = orientation;
            plumb_irect roi = random_roi(&random, plumb_frame_upright_size(&turned));
            same_tensor(streamed, whole, &file, decoded, orientation, roi);
        }
        plumb_session_destroy(&streamed);
        plumb_session_destroy(&whole);
        plumb_pipeline_destroy(&pipelines[0]);
        plumb_pipeline_destroy(&pipelines[1]);
    }
    plumb_image_decoder_destroy(&decoder);
    free(file.data);
}

static void strips_equal_the_whole(void **state)
{
    (void)state;
    static const make_jpeg kinds[] = {
        { 173, 119, 3, 2, 85, 0, 0, 0, 0 }, { 119, 90, 3, 1, 85, 0, 1, 0, 0 },
        { 64, 131, 3, 0, 85, 1, 0, 1, 0 },  { 90, 77, 1, 0, 85, 0, 0, 0, 0 },
        { 17, 300, 3, 2, 85, 0, 0, 0, 1 },
    };
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        check_kind(&kinds[i]);
}

/* Also when the rows behind the crop are the ones that are missing. */
static void a_cut_file_is_an_error(void **state)
{
    (void)state;
    choice crop = { PLUMB_CROP_SCALE_FIT, PLUMB_RULE_YOLOX, PLUMB_RESAMPLE_OPENCV_LINEAR };
    plumb_pipeline *pipeline;
    plumb_session *session = session_for(&crop, PLUMB_CHANNELS_RGB, &pipeline);
    make_jpeg kind = { 128, 256, 3, 2, 90, 0, 0, 0, 0 };
    test_file file = make_jpeg_file(&kind);
    plumb_frame frame = PLUMB_FRAME_INIT;
    frame.format = PLUMB_FORMAT_JPEG;
    frame.width = 128;
    frame.height = 256;
    frame.planes[0].data = file.data;
    frame.roi = (plumb_irect){ 0, 0, 128, 40 };
    plumb_result result;
    plumb_diag diag = { 0 };
    for (size_t cut = 1; cut < 20; cut++) {
        frame.planes[0].size = file.size * cut / 20;
        assert_int_not_equal(plumb_session_preprocess(session, &frame, &result, &diag), PLUMB_OK);
        assert_int_equal(strncmp(diag.field, "decode_image", 12), 0);
    }
    frame.planes[0].size = file.size;
    assert_int_equal(plumb_session_preprocess(session, &frame, &result, &diag), PLUMB_OK);
    plumb_session_destroy(&session);
    plumb_pipeline_destroy(&pipeline);
    free(file.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strips_equal_the_whole),
        cmocka_unit_test(a_cut_file_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
