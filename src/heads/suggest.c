/* SPDX-License-Identifier: Apache-2.0
 *
 * Which heads fit these shapes. Hints for a human who writes a card: several heads share a shape,
 * so nothing here decides. Batch dimensions of 1 are dropped first.
 */
#include "heads/head.h"

typedef struct shape {
    int rank;
    int64_t side[PLUMB_MAX_RANK];
} shape;

typedef struct guess {
    shape outputs[PLUMB_MAX_TENSORS];
    size_t count;
    int64_t cells;    /* of strides 8, 16, 32; 0 while the input is unknown */
    plumb_size input; /* 0x0: unknown */
    plumb_head_suggestion *suggestions;
    size_t capacity, found;
} guess;

static void suggest(guess *g, plumb_head_type type, int64_t classes, const char *reason)
{
    if (classes < 0 || classes > PLUMB_MAX_CLASSES)
        return;
    if (g->found < g->capacity) {
        g->suggestions[g->found].type = type;
        g->suggestions[g->found].class_count = (int32_t)classes;
        g->suggestions[g->found].reason = reason;
    }
    g->found++;
}

static int64_t cells_of(plumb_size input, int stride)
{
    return (int64_t)((input.width + stride - 1) / stride) * ((input.height + stride - 1) / stride);
}

/* Is `rows` the number of cells of strides 8, 16 and 32, `each` times over? Inputs have sides that
 * are multiples of 32, and 32x32 pixels hold 16 + 4 + 1 cells: that is what an unknown input is
 * held against. */
static bool are_cells(const guess *g, int64_t rows, int64_t each)
{
    return g->cells > 0 ? rows == each * g->cells : rows >= 21 * each && rows % (21 * each) == 0;
}

static bool is_rows(const shape *s, int64_t columns)
{
    return s->rank == 2 && s->side[1] == columns;
}

static bool is_map(const shape *s, int64_t channels)
{
    return s->rank == 3 && (channels == 0 || s->side[0] == channels);
}

static bool same_map(const shape *a, const shape *b)
{
    return a->rank == 3 && b->rank == 3 && a->side[1] == b->side[1] && a->side[2] == b->side[2];
}

static void suggest_channels(guess *g, int64_t values)
{
    if (values == 56)
        suggest(g, PLUMB_HEAD_YOLOV8_POSE, 1, "56 channels: 4, one class and 17 keypoints of 3");
    if (values > 4)
        suggest(g, PLUMB_HEAD_YOLOV8, values - 4, "channels by cells of strides 8, 16, 32");
    if (values > 5)
        suggest(g, PLUMB_HEAD_YOLOV8_OBB, values - 5,
                "channels by cells of strides 8, 16, 32, if the last is an angle");
}

static void suggest_rows(guess *g, int64_t rows, int64_t values)
{
    if (values == 6 && rows <= 1000)
        suggest(g, PLUMB_HEAD_YOLOV10, 0, "rows of 6: corners, score, class");
    if (values == 7)
        suggest(g, PLUMB_HEAD_DETECTION_OUTPUT, 0, "rows of 7: image, label, score, corners");
    if (are_cells(g, rows, 3) && values > 5)
        suggest(g, PLUMB_HEAD_YOLOV5, values - 5, "rows for 3 anchors of strides 8, 16, 32");
    if (are_cells(g, rows, 1) && values > 5) {
        suggest(g, PLUMB_HEAD_YOLOX, values - 5,
                "rows for the cells of strides 8, 16, 32, undecoded");
        suggest(g, PLUMB_HEAD_YOLOV6, values - 5,
                "rows for the cells of strides 8, 16, 32, decoded");
    }
    if (are_cells(g, rows, 1) && values > 4)
        suggest(g, PLUMB_HEAD_YOLOV8, values - 4,
                "rows for the cells of strides 8, 16, 32, no objectness");
    bool four = g->cells > 0 && rows == g->cells + cells_of(g->input, 64);
    if ((are_cells(g, rows, 1) || four) && values > 32)
        suggest(g, PLUMB_HEAD_NANODET, values - 32, "rows for the cells, with 4 times 8 bins");
    if (values >= 5)
        suggest(g, PLUMB_HEAD_BOXES, 0, "rows, if they hold boxes in declared columns");
}

static void suggest_one(guess *g)
{
    const shape *s = &g->outputs[0];
    bool channels = g->cells > 0 ? s->side[0] != s->side[1] : s->side[0] < s->side[1];
    if (s->rank == 2 && are_cells(g, s->side[1], 1) && channels)
        suggest_channels(g, s->side[0]);
    else if (s->rank == 2)
        suggest_rows(g, s->side[0], s->side[1]);
    if (s->rank == 3 && g->cells > 0 && s->side[0] == (g->input.height + 7) / 8 &&
        s->side[1] == (g->input.width + 7) / 8 && s->side[2] > 1)
        suggest(g, PLUMB_HEAD_FOMO, s->side[2] - 1, "a map of an eighth of the input");
}

static void suggest_two(guess *g)
{
    const shape *a = &g->outputs[0], *b = &g->outputs[1];
    if (a->rank != 2 || b->rank != 2 || a->side[0] != b->side[0])
        return;
    if (a->side[1] == 16 && b->side[1] == 1)
        suggest(g, PLUMB_HEAD_BLAZEFACE, 1, "16 regressors and a score for each anchor");
    if (a->side[1] == 2 && b->side[1] == 4)
        suggest(g, PLUMB_HEAD_ULTRAFACE, 2, "two scores, then boxes");
    if (a->side[1] == 4)
        suggest(g, PLUMB_HEAD_SSD, b->side[1], "boxes, then scores for each prior");
    if (b->side[1] == 4 && a->side[0] <= 1000)
        suggest(g, PLUMB_HEAD_DETR, a->side[1], "classes, then boxes for each query");
    if (b->side[1] == 4)
        suggest(g, PLUMB_HEAD_COREML, a->side[1], "confidence, then coordinates");
    if (a->side[1] == 4)
        suggest(g, PLUMB_HEAD_BOXES, b->side[1], "boxes, then scores");
}

static bool are_grids(const guess *g)
{
    int64_t channels = g->outputs[0].side[0];
    for (size_t i = 0; i < g->count; i++)
        if (!is_map(&g->outputs[i], channels))
            return false;
    return channels % 3 == 0 && channels / 3 > 5;
}

static void suggest_three(guess *g)
{
    const shape *o = g->outputs;
    if (is_map(&o[0], 0) && is_map(&o[1], 2) && is_map(&o[2], 2) && same_map(&o[0], &o[1]) &&
        same_map(&o[0], &o[2]))
        suggest(g, PLUMB_HEAD_CENTERNET, o[0].side[0], "a heat map, sizes and offsets");
    if (are_grids(g)) {
        suggest(g, PLUMB_HEAD_YOLOV5_RAW, o[0].side[0] / 3 - 5, "three maps of 3 * (5+C) channels");
        suggest(g, PLUMB_HEAD_YOLOV3, o[0].side[0] / 3 - 5, "three maps of 3 * (5+C) channels");
    }
    if (is_rows(&o[0], 4) && o[1].rank == 1 && o[2].rank == 1)
        suggest(g, PLUMB_HEAD_BOXES, 0, "boxes, scores and labels");
}

static void suggest_many(guess *g)
{
    const shape *o = g->outputs;
    if (g->count == 4 && is_rows(&o[0], 4) && o[1].rank == 1 && o[2].rank == 1 &&
        o[1].side[0] == o[2].side[0])
        suggest(g, PLUMB_HEAD_TFLITE_DETECTION, 0, "boxes, classes, scores and a count");
    if (g->count == 6 && is_map(&o[0], 64) && same_map(&o[0], &o[1]))
        suggest(g, PLUMB_HEAD_YOLOV8_SPLIT, o[1].side[0], "three pairs of distances and classes");
    if (g->count == 9 && is_map(&o[0], 64) && same_map(&o[0], &o[1]))
        suggest(g, PLUMB_HEAD_YOLOV8_SPLIT, o[1].side[0],
                "three times distances, classes and their sum");
    if ((g->count == 6 || g->count == 9) && is_rows(&o[0], 1))
        suggest(g, PLUMB_HEAD_SCRFD, 1, "scores, boxes and keypoints for three strides");
    if (g->count == 12)
        suggest(g, PLUMB_HEAD_YUNET, 1, "12 outputs: cls, obj, bbox, kps for three strides");
}

size_t plumb_head_suggest(const plumb_outputs *outputs, plumb_size input,
                          plumb_head_suggestion *suggestions, size_t capacity)
{
    guess g = { .input = input,
                .suggestions = suggestions,
                .capacity = suggestions ? capacity : 0 };
    if (!outputs || outputs->count < 1 || outputs->count > PLUMB_MAX_TENSORS || input.width < 0 ||
        input.height < 0 || input.width > PLUMB_MAX_SIDE || input.height > PLUMB_MAX_SIDE)
        return 0;
    g.count = outputs->count;
    if (input.width > 0 && input.height > 0)
        g.cells = cells_of(input, 8) + cells_of(input, 16) + cells_of(input, 32);
    for (size_t i = 0; i < g.count; i++) {
        const plumb_tensor *tensor = &outputs->tensors[i];
        if (tensor->rank < 1 || tensor->rank > PLUMB_MAX_RANK)
            return 0;
        int32_t first = 0;
        while (first + 1 < tensor->rank && tensor->shape[first] == 1 && first < 2)
            first++;
        for (int32_t side = first; side < tensor->rank; side++)
            g.outputs[i].side[g.outputs[i].rank++] = tensor->shape[side];
    }
    if (g.count == 1)
        suggest_one(&g);
    else if (g.count == 2)
        suggest_two(&g);
    else if (g.count == 3)
        suggest_three(&g);
    else
        suggest_many(&g);
    return g.found;
}
