/* SPDX-License-Identifier: Apache-2.0
 *
 * A frame in, detections out, with the "network" behind one callback: here a few lines that put a
 * box around the bright pixels of the tensor. The camera buffer is 160 x 120 and lies on its side
 * (orientation 6), the model input 64 x 64 with padding; the box that is printed is in the upright
 * picture all the same.
 */
#include <plumbline/plumbline.h>
#include <stdio.h>

static float row[6]; /* x0 y0 x1 y1 score class, in pixels of the model input */

static plumb_status find_bright(void *user, const plumb_tensor *inputs, size_t count,
                                plumb_outputs *outputs)
{
    (void)user, (void)count;
    const float *gray = inputs[0].data; /* [1,1,64,64], 0..1 */
    float x0 = 64, y0 = 64, x1 = 0, y1 = 0;
    for (int y = 0; y < 64; y++) {
        for (int x = 0; x < 64; x++) {
            if (gray[y * 64 + x] < 0.5f)
                continue;
            x0 = x < x0 ? x : x0, x1 = x + 1 > x1 ? x + 1 : x1;
            y0 = y < y0 ? y : y0, y1 = y + 1 > y1 ? y + 1 : y1;
        }
    }
    row[0] = x0, row[1] = y0, row[2] = x1, row[3] = y1, row[4] = 0.9f;
    plumb_tensor *rows = &outputs->tensors[outputs->count++];
    rows->name = "rows";
    rows->data = row, rows->size = sizeof(row);
    rows->dtype = PLUMB_DTYPE_FLOAT32;
    rows->rank = 2, rows->shape[0] = 1, rows->shape[1] = 6;
    return PLUMB_OK;
}

static plumb_pipeline_spec describe(void)
{
    plumb_pipeline_spec spec = PLUMB_PIPELINE_SPEC_INIT;
    plumb_preprocess_spec *p = &spec.preprocess;
    p->mapping.input.width = p->mapping.input.height = 64;
    p->mapping.mode = PLUMB_CROP_SCALE_FIT;
    p->mapping.rule = PLUMB_RULE_ULTRALYTICS;
    p->resample = PLUMB_RESAMPLE_OPENCV_LINEAR;
    p->channels = PLUMB_CHANNELS_GRAY;
    p->layout = PLUMB_LAYOUT_NCHW;
    p->dtype = PLUMB_DTYPE_FLOAT32;
    p->divide = 255.0f;
    spec.head.type = PLUMB_HEAD_BOXES;
    spec.head.format = PLUMB_BOX_XYXY;
    spec.head.units = PLUMB_UNITS_PIXELS;
    spec.head.origin = PLUMB_ORIGIN_TOP_LEFT;
    spec.head.space = PLUMB_SPACE_INPUT;
    spec.head.box_column = 0, spec.head.score_column = 4, spec.head.class_column = 5;
    spec.threshold.confidence = 0.5f;
    spec.nms.method = PLUMB_NMS_HARD;
    spec.nms.iou = 0.5f;
    return spec;
}

int main(void)
{
    static uint8_t camera[120][160];
    for (int y = 30; y < 60; y++) /* a bright patch, 40 x 30 */
        for (int x = 100; x < 140; x++)
            camera[y][x] = 255;
    plumb_frame frame = PLUMB_FRAME_INIT;
    frame.format = PLUMB_FORMAT_GRAY8;
    frame.width = 160, frame.height = 120;
    frame.planes[0].data = camera[0], frame.planes[0].size = sizeof(camera);
    frame.orientation = PLUMB_ORIENTATION_RIGHT;

    plumb_detector detector = PLUMB_DETECTOR_INIT;
    detector.infer = find_bright;
    plumb_pipeline_spec spec = describe();
    plumb_pipeline *pipeline = NULL;
    plumb_session *session = NULL;
    plumb_result result;
    plumb_diag diag = { 0 };
    plumb_status status = plumb_pipeline_create(NULL, &spec, &pipeline, &diag);
    if (!status)
        status = plumb_session_create(pipeline, &detector, &session, &diag);
    if (!status)
        status = plumb_session_run(session, &frame, NULL, &result, &diag);
    if (status)
        fprintf(stderr, "%s: %s (%s)\n", diag.field, diag.message, plumb_status_text(status));
    for (size_t i = 0; !status && i < result.detections->count; i++) {
        const plumb_detection *d = &result.detections->items[i];
        printf("class %d, score %.2f, box %.1f %.1f %.1f %.1f of %dx%d\n", (int)d->class_id,
               d->score, d->box.x0, d->box.y0, d->box.x1 - d->box.x0, d->box.y1 - d->box.y0,
               (int)result.mapping->upright.width, (int)result.mapping->upright.height);
    }
    plumb_session_destroy(&session);
    plumb_pipeline_destroy(&pipeline);
    return status ? 1 : 0;
}
