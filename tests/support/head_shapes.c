/* SPDX-License-Identifier: Apache-2.0 */
#include "head_shapes.h"

static const int strides[3] = { 8, 16, 32 };

static const float anchors[18] = { 10, 13, 16,  30,  33, 23,  30,  61,  62,
                                   45, 59, 119, 116, 90, 156, 198, 373, 326 };

static const float sizes[6] = { 10, 16, 32, 48, 64, 128 };

static void add(head_shapes *s, int32_t rank, int64_t a, int64_t b, int64_t c, int64_t d)
{
    int64_t dims[4] = { a, b, c, d };
    s->rank[s->count] = rank;
    for (int32_t i = 0; i < rank; i++)
        s->shape[s->count][i] = dims[i];
    s->count++;
}

static int64_t cells(const head_shapes *s, int scale)
{
    return (int64_t)(s->input.width / strides[scale]) * (s->input.height / strides[scale]);
}

static int64_t all_cells(const head_shapes *s)
{
    return cells(s, 0) + cells(s, 1) + cells(s, 2);
}

static void make_boxes(const head_choice *c, head_shapes *s)
{
    plumb_head_spec *spec = &s->spec;
    spec->format = (plumb_box_format)(1 + c->classes % 4);
    spec->units = (plumb_box_units)(1 + c->classes / 4 % 2);
    spec->origin = (plumb_box_origin)(1 + c->keypoints % 2);
    spec->space = c->keypoints / 2 % 2 ? PLUMB_SPACE_UPRIGHT : PLUMB_SPACE_INPUT;
    if (c->variant) {
        spec->box_column = 0;
        spec->score_column = 4;
        spec->class_column = 5;
        add(s, 2, c->rows, 6, 0, 0);
    } else {
        add(s, 3, 1, c->rows, 4, 0);
        add(s, 2, 1, c->rows, 0, 0);
        add(s, 2, 1, c->rows, 0, 0);
    }
}

static void make_anchored(const head_choice *c, head_shapes *s)
{
    s->spec.anchors = anchors;
    s->spec.anchor_count = 18;
    for (int i = 0; i < 3; i++) {
        int64_t w = s->input.width / strides[i], h = s->input.height / strides[i];
        if (c->variant)
            add(s, 4, 3, h, w, 5 + c->classes);
        else
            add(s, 4, 1, 3 * (5 + c->classes), h, w);
    }
}

static void make_split(const head_choice *c, head_shapes *s)
{
    for (int i = 0; i < 3; i++) {
        int64_t w = s->input.width / strides[i], h = s->input.height / strides[i];
        add(s, 4, 1, 4 * 16, h, w);
        add(s, 4, 1, c->classes, h, w);
        if (c->variant)
            add(s, 4, 1, 1, h, w);
    }
}

static void make_priors(const head_choice *c, head_shapes *s)
{
    s->spec.prior_count = (size_t)c->rows;
    if (s->spec.type == PLUMB_HEAD_SSD) {
        s->spec.format = c->variant ? PLUMB_BOX_YXYX : PLUMB_BOX_CXCYWH;
        add(s, 3, 1, c->rows, 4, 0);
        add(s, 3, 1, c->rows, c->classes + 1, 0);
    } else {
        s->spec.keypoint_count = c->keypoints;
        add(s, 3, 1, c->rows, 4 + 2 * c->keypoints, 0);
        add(s, 3, 1, c->rows, 1, 0);
    }
}

static void make_ultraface(const head_choice *c, head_shapes *s)
{
    int64_t rows = c->rows;
    if (c->variant) {
        s->spec.raw = true;
        s->spec.anchors = sizes;
        s->spec.anchor_count = 6;
        rows = 2 * all_cells(s);
        for (int i = 0; i < 3; i++) {
            s->spec.strides[i] = strides[i];
            s->spec.anchors_per_scale[i] = 2;
        }
        s->spec.stride_count = 3;
    }
    add(s, 3, 1, rows, 2, 0);
    add(s, 3, 1, rows, 4, 0);
}

/* Three or four maps a scale, grouped by what they hold. */
static void make_faces(const head_choice *c, head_shapes *s)
{
    bool yunet = s->spec.type == PLUMB_HEAD_YUNET;
    static const int32_t yunet_columns[4] = { 1, 1, 4, 10 }, scrfd_columns[3] = { 1, 4, 10 };
    const int32_t *columns = yunet ? yunet_columns : scrfd_columns;
    for (int part = 0; part < (yunet ? 4 : 3); part++)
        for (int i = 0; i < 3; i++) {
            int64_t rows = cells(s, i) * (yunet ? 1 : 2);
            if (c->variant)
                add(s, 3, 1, rows, columns[part], 0);
            else
                add(s, 2, rows, columns[part], 0, 0);
        }
}

static void make_maps(const head_choice *c, head_shapes *s)
{
    int64_t w = s->input.width / 4, h = s->input.height / 4;
    if (s->spec.type == PLUMB_HEAD_FOMO) {
        add(s, 4, 1, s->input.height / 8, s->input.width / 8, c->classes + 1);
        return;
    }
    add(s, 4, 1, c->classes, h, w);
    add(s, 4, 1, 2, h, w);
    add(s, 4, 1, 2, h, w);
}

static void make_short_lists(const head_choice *c, head_shapes *s)
{
    switch (s->spec.type) {
    case PLUMB_HEAD_TFLITE_DETECTION:
        add(s, 3, 1, c->rows, 4, 0);
        add(s, 2, 1, c->rows, 0, 0);
        add(s, 2, 1, c->rows, 0, 0);
        add(s, 1, 1, 0, 0, 0);
        break;
    case PLUMB_HEAD_DETECTION_OUTPUT:
        add(s, 4, 1, 1, c->rows, 7);
        break;
    case PLUMB_HEAD_COREML:
        add(s, 2, c->rows, c->classes, 0, 0);
        add(s, 2, c->rows, 4, 0, 0);
        break;
    default: /* detr */
        s->spec.activation = c->variant ? PLUMB_ACTIVATION_SIGMOID : PLUMB_ACTIVATION_SOFTMAX;
        add(s, 3, 1, c->rows, c->classes + 1, 0);
        add(s, 3, 1, c->rows, 4, 0);
        break;
    }
}

static void make_rows(const head_choice *c, head_shapes *s)
{
    int32_t before = 4, after = 0;
    int64_t rows = c->rows;
    bool channels = false;
    switch (s->spec.type) {
    case PLUMB_HEAD_YOLOX:
        rows = all_cells(s);
        before = 5;
        break;
    case PLUMB_HEAD_NANODET:
        rows = all_cells(s);
        before = 4 * 8;
        s->spec.distance_bins = 8;
        break;
    case PLUMB_HEAD_YOLOV8_OBB:
        after = 1;
        channels = true;
        break;
    case PLUMB_HEAD_YOLOV8_POSE:
        s->spec.keypoint_count = c->keypoints;
        after = 3 * c->keypoints;
        channels = true;
        break;
    case PLUMB_HEAD_YOLOV8:
        channels = true;
        break;
    case PLUMB_HEAD_YOLOV10:
        add(s, 3, 1, rows, 6, 0);
        return;
    default:
        before = 5;
        break;
    }
    int64_t values = before + c->classes + after;
    s->spec.layout = channels == c->variant ? PLUMB_ROWS_ROWS : PLUMB_ROWS_CHANNELS;
    if (s->spec.type == PLUMB_HEAD_NANODET || s->spec.type == PLUMB_HEAD_YOLOX)
        s->spec.layout = PLUMB_ROWS_UNSET;
    if (s->spec.layout == PLUMB_ROWS_CHANNELS)
        add(s, 3, 1, values, rows, 0);
    else
        add(s, 3, 1, rows, values, 0);
}

void head_shapes_make(const head_choice *c, head_shapes *s)
{
    *s = (head_shapes){ .spec = PLUMB_HEAD_SPEC_INIT };
    s->spec.type = c->type;
    s->spec.class_count = c->classes;
    s->input = (plumb_size){ 32 * c->cells_x, 32 * c->cells_y };
    switch (c->type) {
    case PLUMB_HEAD_BOXES:
        s->spec.class_count = 0;
        make_boxes(c, s);
        break;
    case PLUMB_HEAD_YOLOV3:
    case PLUMB_HEAD_YOLOV5_RAW:
        make_anchored(c, s);
        break;
    case PLUMB_HEAD_YOLOV8_SPLIT:
        make_split(c, s);
        break;
    case PLUMB_HEAD_BLAZEFACE:
        s->spec.class_count = 0;
        make_priors(c, s);
        break;
    case PLUMB_HEAD_SSD:
        make_priors(c, s);
        break;
    case PLUMB_HEAD_ULTRAFACE:
        s->spec.class_count = 0;
        make_ultraface(c, s);
        break;
    case PLUMB_HEAD_YUNET:
    case PLUMB_HEAD_SCRFD:
        s->spec.class_count = 0;
        make_faces(c, s);
        break;
    case PLUMB_HEAD_CENTERNET:
    case PLUMB_HEAD_FOMO:
        make_maps(c, s);
        break;
    case PLUMB_HEAD_TFLITE_DETECTION:
    case PLUMB_HEAD_DETECTION_OUTPUT:
        s->spec.class_count = 0;
        make_short_lists(c, s);
        break;
    case PLUMB_HEAD_COREML:
    case PLUMB_HEAD_DETR:
        make_short_lists(c, s);
        break;
    default:
        make_rows(c, s);
        break;
    }
}
