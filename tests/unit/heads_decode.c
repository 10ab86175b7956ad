/* SPDX-License-Identifier: Apache-2.0
 *
 * Decoding small outputs whose results were worked out by hand: what passes a threshold, what is
 * dropped and how it is counted, and which candidates stay when there are too many.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>

#include "geometry/ledger.h"
#include "heads.h"
#include "random.h"

#define CAPACITY 64

static plumb_detection items[CAPACITY];
static plumb_keypoint keypoints[CAPACITY * 8];
static plumb_detections list;
static plumb_ledger ledger;
static plumb_head *head;
static plumb_diag diag;

static void make(const plumb_head_spec *spec)
{
    plumb_head_destroy(&head);
    memset(&diag, 0, sizeof(diag));
    plumb_status status = plumb_head_create(NULL, spec, test_input, &head, &diag);
    if (status)
        fail_msg("%s: %s", diag.field, diag.message);
    memset(&list, 0, sizeof(list));
    memset(&ledger, 0, sizeof(ledger));
    list.items = items;
    list.capacity = CAPACITY;
    list.keypoints = keypoints;
    list.keypoint_capacity = CAPACITY;
}

static void decode(const plumb_outputs *outputs, const plumb_threshold *threshold)
{
    plumb_ledger_reset(&ledger);
    plumb_status status = plumb_head_decode(head, outputs, 0, threshold, &list, &ledger, &diag);
    if (status)
        fail_msg("%s: %s", diag.field, diag.message);
    plumb_ledger_close(&ledger, &list);
}

static int finish(void **state)
{
    (void)state;
    plumb_head_destroy(&head);
    return 0;
}

static plumb_outputs one(plumb_tensor tensor)
{
    plumb_outputs outputs = { .count = 1 };
    outputs.tensors[0] = tensor;
    return outputs;
}

/* Rows of cx cy w h score score, [N,6] as yolov8 by rows with two classes. */
static void make_rows(void)
{
    plumb_head_spec spec = spec_for(PLUMB_HEAD_YOLOV8);
    spec.layout = PLUMB_ROWS_ROWS;
    make(&spec);
}

static plumb_outputs rows_of(float *values, int64_t rows)
{
    plumb_tensor tensor = { .data = values,
                            .size = (size_t)rows * 24,
                            .dtype = PLUMB_DTYPE_FLOAT32,
                            .rank = 2,
                            .shape = { rows, 6 } };
    return one(tensor);
}

/* The same, transposed, so that both ways of scanning are seen. */
static plumb_outputs channels_of(const float *values, int64_t rows, float *memory)
{
    for (int64_t i = 0; i < rows; i++)
        for (int64_t k = 0; k < 6; k++)
            memory[k * rows + i] = values[i * 6 + k];
    plumb_outputs outputs = rows_of(memory, rows);
    outputs.tensors[0].shape[0] = 6;
    outputs.tensors[0].shape[1] = rows;
    return outputs;
}

static void assert_box(const plumb_detection *d, float x0, float y0, float x1, float y1)
{
    assert_float_equal(d->box.x0, x0, 1e-4);
    assert_float_equal(d->box.y0, y0, 1e-4);
    assert_float_equal(d->box.x1, x1, 1e-4);
    assert_float_equal(d->box.y1, y1, 1e-4);
}

static void a_score_must_exceed_the_threshold(void **state)
{
    (void)state;
    float values[] = { 10, 10, 4, 4, 0.5f, 0.1f, 20, 10, 4, 4, 0.1f, nextafterf(0.5f, 1) };
    make_rows();
    plumb_outputs outputs = rows_of(values, 2);
    plumb_threshold threshold = { .confidence = 0.5f };
    decode(&outputs, &threshold);
    assert_int_equal(list.count, 1);
    assert_int_equal(items[0].row, 1);
    assert_int_equal(items[0].class_id, 1);
    assert_box(&items[0], 18, 8, 22, 12);
    assert_int_equal(ledger.rows, 2);
    assert_int_equal(ledger.counts[PLUMB_FATE_BELOW_CONFIDENCE], 1);
    assert_int_equal(ledger.counts[PLUMB_FATE_KEPT], 1);
}

static void classes_have_thresholds_and_may_be_refused(void **state)
{
    (void)state;
    float values[] = { 10, 10, 4, 4, .6f, .1f, 10, 10, 4, 4, .1f, .6f, 10, 10, 4, 4, .1f, .3f };
    const float per_class[] = { NAN, 0.2f };
    const uint8_t first_only[] = { 1, 0 };
    make_rows();
    plumb_outputs outputs = rows_of(values, 3);
    plumb_threshold threshold = { .confidence = 0.7f,
                                  .per_class = per_class,
                                  .per_class_count = 2 };
    decode(&outputs, &threshold);
    assert_int_equal(list.count, 2); /* both of class 1; class 0 needs 0.7 */
    threshold.confidence = 0.5f;
    threshold.allowed = first_only;
    threshold.allowed_count = 2;
    decode(&outputs, &threshold);
    assert_int_equal(list.count, 1);
    assert_int_equal(items[0].class_id, 0);
    assert_int_equal(ledger.counts[PLUMB_FATE_CLASS], 2);
    threshold.allowed_count = 0; /* ids beyond the list are not on it */
    decode(&outputs, &threshold);
    assert_int_equal(list.count, 0);
    assert_int_equal(ledger.counts[PLUMB_FATE_CLASS], 3);
}

static void equal_scores_go_to_the_first_class(void **state)
{
    (void)state;
    float values[] = { 10, 10, 4, 4, 0.8f, 0.8f }, memory[6];
    plumb_threshold threshold = { .confidence = 0.5f };
    make_rows();
    plumb_outputs outputs = rows_of(values, 1);
    decode(&outputs, &threshold);
    assert_int_equal(items[0].class_id, 0);
    plumb_head_spec spec = spec_for(PLUMB_HEAD_YOLOV8);
    spec.layout = PLUMB_ROWS_CHANNELS;
    make(&spec);
    outputs = channels_of(values, 1, memory);
    decode(&outputs, &threshold);
    assert_int_equal(list.count, 1);
    assert_int_equal(items[0].class_id, 0);
}

/* Row by row: fine; NaN and low; NaN beside a good class; negative NaN; infinite score; NaN box;
 * infinite box; no width; negative height; fine. */
static void what_is_no_number_is_counted_and_spares_its_neighbours(void **state)
{
    (void)state;
    float values[] = {
        10, 10, 4, 4,   .9f,       .1f, 10, 10, 4, 4,        NAN, .1f,
        10, 10, 4, 4,   NAN,       .8f, 10, 10, 4, 4,        .1f, copysignf(NAN, -1),
        10, 10, 4, 4,   INFINITY,  .1f, 10, 10, 4, NAN,      .9f, .1f,
        10, 10, 4, 4,   -INFINITY, .1f, 10, 10, 0, 4,        .9f, .1f,
        10, 10, 4, -4,  .9f,       .1f, 10, 10, 4, INFINITY, .9f, .1f,
        10, 10, 4, NAN, .1f,       .1f, 10, 10, 4, 4,        .1f, .7f,
    };
    float memory[72];
    for (int by_channel = 0; by_channel < 2; by_channel++) {
        plumb_head_spec spec = spec_for(PLUMB_HEAD_YOLOV8);
        spec.layout = by_channel ? PLUMB_ROWS_CHANNELS : PLUMB_ROWS_ROWS;
        make(&spec);
        plumb_outputs outputs = by_channel ? channels_of(values, 12, memory) : rows_of(values, 12);
        plumb_threshold threshold = { .confidence = 0.5f };
        decode(&outputs, &threshold);
        assert_int_equal(list.count, 3);
        assert_int_equal(items[0].row, 0);
        assert_int_equal(items[1].row, 2);
        assert_int_equal(items[1].class_id, 1);
        assert_int_equal(items[2].row, 11);
        assert_int_equal(ledger.counts[PLUMB_FATE_NONFINITE], 5); /* rows 1 3 4 5 9 */
        assert_int_equal(ledger.counts[PLUMB_FATE_EMPTY], 2);     /* rows 7 8 */
        assert_int_equal(ledger.counts[PLUMB_FATE_BELOW_CONFIDENCE], 2);
    }
}

static void halves_that_are_no_numbers(void **state)
{
    (void)state;
    /* cx cy w h and two classes: 1, NaN, negative NaN, infinity, 0.5, -0 */
    static const uint16_t scores[2][6] = { { 0x3c00, 0x7e00, 0xfe00, 0x7c00, 0x3800, 0x8000 },
                                           { 0, 0, 0x3a00, 0, 0x3800, 0x3801 } };
    uint16_t memory[6][6];
    for (int i = 0; i < 6; i++) {
        memory[0][i] = memory[1][i] = plumb_half_from_float(20);
        memory[2][i] = memory[3][i] = plumb_half_from_float(4);
        memory[4][i] = scores[0][i];
        memory[5][i] = scores[1][i];
    }
    plumb_head_spec spec = spec_for(PLUMB_HEAD_YOLOV8);
    spec.layout = PLUMB_ROWS_CHANNELS;
    make(&spec);
    plumb_tensor tensor = { .data = memory,
                            .size = sizeof(memory),
                            .dtype = PLUMB_DTYPE_FLOAT16,
                            .rank = 2,
                            .shape = { 6, 6 } };
    plumb_outputs outputs = one(tensor);
    plumb_threshold threshold = { .confidence = 0.5f };
    decode(&outputs, &threshold);
    assert_int_equal(list.count, 3); /* rows 0, 2 (0.75 beside a NaN) and 5 (just above 0.5) */
    assert_int_equal(items[1].row, 2);
    assert_float_equal(items[1].score, 0.75, 0);
    assert_int_equal(items[2].row, 5);
    assert_int_equal(ledger.counts[PLUMB_FATE_NONFINITE], 2);
}

/* Every stored byte, against a comparison of its value. */
static void bytes_pass_as_their_values_do(void **state)
{
    (void)state;
    uint8_t memory[5 * 256];
    random_state r = { 11 };
    for (int trial = 0; trial < 400; trial++) {
        bool is_signed = trial & 1;
        plumb_tensor tensor = { .data = memory,
                                .size = sizeof(memory),
                                .dtype = is_signed ? PLUMB_DTYPE_INT8 : PLUMB_DTYPE_UINT8,
                                .rank = 2,
                                .shape = { 5, 256 } };
        tensor.quantization.scale = (float)random_between(&r, 1e-3, 2e-2);
        tensor.quantization.zero_point = random_below(&r, 300) - 150;
        for (int i = 0; i < 256; i++) {
            memory[i] = memory[256 + i] = is_signed ? 127 : 255;
            memory[512 + i] = memory[768 + i] = memory[i];
            memory[1024 + i] = (uint8_t)i;
        }
        plumb_threshold threshold = { .confidence = (float)random_unit(&r) };
        int expected = 0;
        for (int i = 0; i < 256; i++) {
            float value = plumb_tensor_load(&tensor, 1024 + i);
            float side = plumb_tensor_load(&tensor, 0);
            expected += value > threshold.confidence && side > 0;
        }
        plumb_head_spec spec = spec_for(PLUMB_HEAD_YOLOV8);
        spec.layout = PLUMB_ROWS_CHANNELS;
        make(&spec);
        list.capacity = list.keypoint_capacity = 0; /* they are counted, not kept */
        plumb_outputs outputs = one(tensor);
        decode(&outputs, &threshold);
        assert_int_equal(ledger.counts[PLUMB_FATE_CANDIDATES], expected);
    }
}

static int compare(const void *a, const void *b)
{
    return plumb_detection_order(a, b);
}

static void the_best_stay_when_there_are_too_many(void **state)
{
    (void)state;
    enum { ROWS = 3000 };
    float *values = malloc(ROWS * 6 * sizeof(float));
    plumb_detection *all = calloc(ROWS, sizeof(plumb_detection));
    random_state r = { 5 };
    for (int i = 0; i < ROWS; i++) {
        const float row[] = { 10, 10, 4, 4, (float)random_below(&r, 50) / 50, 0 };
        memcpy(values + i * 6, row, sizeof(row));
        all[i].row = i;
        all[i].score = row[4];
    }
    qsort(all, ROWS, sizeof(*all), compare);
    make_rows();
    plumb_outputs outputs = rows_of(values, ROWS);
    plumb_threshold threshold = { .confidence = 0.25f };
    size_t passing = 0;
    while (all[passing].score > 0.25f)
        passing++;
    for (size_t capacity = 0; capacity <= CAPACITY; capacity += 7) {
        list.capacity = capacity;
        decode(&outputs, &threshold);
        assert_int_equal(list.count, capacity);
        assert_int_equal(ledger.counts[PLUMB_FATE_CANDIDATES], passing - capacity);
        qsort(list.items, list.count, sizeof(*list.items), compare);
        for (size_t i = 0; i < capacity; i++)
            assert_int_equal(list.items[i].row, all[i].row);
    }
    free(values);
    free(all);
}

/* Keypoints follow their detection when others are pushed out. */
static void keypoints_keep_to_their_detection(void **state)
{
    (void)state;
    plumb_head_spec spec = spec_for(PLUMB_HEAD_YOLOV8_POSE);
    spec.layout = PLUMB_ROWS_ROWS;
    make(&spec);
    assert_int_equal(plumb_head_keypoints(head), 2);
    enum { ROWS = 200 };
    float values[ROWS][11];
    random_state r = { 8 };
    for (int i = 0; i < ROWS; i++) {
        float row[] = { 10,  10, 4,        4,   (float)random_between(&r, .3, .9), (float)i, 1,
                        .5f, 2,  (float)i, .25f };
        memcpy(values[i], row, sizeof(row));
    }
    values[17][4] = 0.99f;
    values[17][6] = NAN;
    plumb_tensor tensor = { .data = values,
                            .size = sizeof(values),
                            .dtype = PLUMB_DTYPE_FLOAT32,
                            .rank = 2,
                            .shape = { ROWS, 11 } };
    plumb_outputs outputs = one(tensor);
    plumb_threshold threshold = { .confidence = 0.25f };
    list.capacity = 20;
    list.keypoint_capacity = 19;
    assert_int_equal(plumb_head_decode(head, &outputs, 0, &threshold, &list, NULL, &diag),
                     PLUMB_E_CAPACITY);
    list.keypoint_capacity = 20;
    decode(&outputs, &threshold);
    assert_int_equal(list.count, 20);
    assert_int_equal(list.keypoint_slots, 20);
    assert_int_equal(list.keypoints_per_detection, 2);
    assert_int_equal(ledger.counts[PLUMB_FATE_NONFINITE], 1);
    for (size_t i = 0; i < 20; i++) {
        const plumb_keypoint *k = &keypoints[items[i].keypoints * 2];
        assert_float_equal(k[0].x, items[i].row, 0);
        assert_float_equal(k[1].y, items[i].row, 0);
        assert_float_equal(k[1].score, 0.25, 0);
    }
}

static void yolox_cells_by_hand(void **state)
{
    (void)state;
    plumb_head_spec spec = spec_for(PLUMB_HEAD_YOLOX);
    make(&spec);
    plumb_outputs outputs = outputs_for(PLUMB_HEAD_YOLOX);
    float(*rows)[8] = outputs.tensors[0].data;
    /* Row 32+3: stride 16, cell (3,0). x = (0.5+3)16, w = e^0 16, h = e^ln2 16. */
    const float row[] = { .5f, .25f, 0, 0.69314718f, .8f, .1f, .9f, .2f };
    memcpy(rows[35], row, sizeof(row));
    plumb_threshold threshold = { .confidence = 0.5f };
    decode(&outputs, &threshold);
    assert_int_equal(list.count, 1);
    assert_int_equal(items[0].row, 35);
    assert_int_equal(items[0].class_id, 1);
    assert_float_equal(items[0].score, 0.72, 1e-6);
    assert_box(&items[0], 48, -12, 64, 20);
    free_outputs(&outputs);
}

static void every_class_of_a_query(void **state)
{
    (void)state;
    plumb_head_spec spec = spec_for(PLUMB_HEAD_DETR);
    make(&spec);
    assert_false(plumb_head_wants_nms(head));
    plumb_outputs outputs = outputs_for(PLUMB_HEAD_DETR);
    float(*logits)[3] = outputs.tensors[0].data, (*boxes)[4] = outputs.tensors[1].data;
    const float row[] = { 1, -1, 2 }, box[] = { .5f, .5f, .5f, .25f };
    for (int i = 0; i < 6; i++)
        memset(logits[i], 0xff, sizeof(logits[i])); /* NaN */
    memcpy(logits[4], row, sizeof(row));
    memcpy(boxes[4], box, sizeof(box));
    plumb_threshold threshold = { .confidence = 0.5f };
    decode(&outputs, &threshold);
    assert_int_equal(list.count, 2);
    assert_int_equal(items[0].class_id, 0);
    assert_float_equal(items[0].score, 0.7310586, 1e-6);
    assert_int_equal(items[1].class_id, 2);
    assert_box(&items[1], 16, 12, 48, 20);
    assert_int_equal(ledger.counts[PLUMB_FATE_NONFINITE], 5);
    free_outputs(&outputs);
}

static void a_row_can_be_asked_for(void **state)
{
    (void)state;
    float values[] = { 10, 10, 4, 4, .01f, .02f, 20, 10, 4, 4, -3, NAN };
    make_rows();
    plumb_outputs outputs = rows_of(values, 2);
    plumb_detection d;
    assert_int_equal(plumb_head_row(head, &outputs, 0, 0, &d, &diag), PLUMB_OK);
    assert_int_equal(d.class_id, 1);
    assert_float_equal(d.score, 0.02, 1e-8);
    assert_box(&d, 8, 8, 12, 12);
    assert_int_equal(plumb_head_row(head, &outputs, 0, 1, &d, &diag), PLUMB_OK);
    assert_float_equal(d.score, -3, 0);
    assert_int_equal(plumb_head_row(head, &outputs, 0, 2, &d, &diag), PLUMB_E_ARGUMENT);
    assert_string_equal(diag.field, "row");
    assert_int_equal(plumb_head_row(head, &outputs, 0, -1, &d, &diag), PLUMB_E_ARGUMENT);
    assert_int_equal(plumb_head_row(head, &outputs, 1, 0, &d, &diag), PLUMB_E_ARGUMENT);
    assert_string_equal(diag.field, "frame");
}

static void outputs_are_found_by_name(void **state)
{
    (void)state;
    static const char *const names[] = { "pred_logits", "pred_boxes" };
    plumb_head_spec spec = spec_for(PLUMB_HEAD_DETR);
    spec.outputs = names;
    spec.output_count = 2;
    make(&spec);
    plumb_outputs outputs = outputs_for(PLUMB_HEAD_DETR);
    plumb_tensor logits = outputs.tensors[0];
    outputs.tensors[0] = outputs.tensors[1];
    outputs.tensors[1] = logits;
    outputs.tensors[0].name = "pred_boxes";
    outputs.tensors[1].name = "pred_logits";
    plumb_threshold threshold = { .confidence = 0.5f };
    decode(&outputs, &threshold);
    outputs.tensors[1].name = NULL;
    assert_int_equal(plumb_head_decode(head, &outputs, 0, &threshold, &list, NULL, &diag),
                     PLUMB_E_ARGUMENT);
    assert_non_null(strstr(diag.message, "pred_logits"));
    free_outputs(&outputs);
}

static void thresholds_are_checked(void **state)
{
    (void)state;
    static const float wrong[] = { -0.1f, 1.1f, NAN, INFINITY };
    float values[] = { 10, 10, 4, 4, .1f, .2f };
    make_rows();
    plumb_outputs outputs = rows_of(values, 1);
    for (int i = 0; i < 4; i++) {
        plumb_threshold threshold = { .confidence = wrong[i] };
        assert_int_equal(plumb_head_decode(head, &outputs, 0, &threshold, &list, NULL, &diag),
                         PLUMB_E_ARGUMENT);
        assert_string_equal(diag.field, "postprocess.confidence");
    }
    plumb_threshold none = { .confidence = 0.0f };
    decode(&outputs, &none);
    assert_int_equal(list.count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_score_must_exceed_the_threshold),
        cmocka_unit_test(classes_have_thresholds_and_may_be_refused),
        cmocka_unit_test(equal_scores_go_to_the_first_class),
        cmocka_unit_test(what_is_no_number_is_counted_and_spares_its_neighbours),
        cmocka_unit_test(halves_that_are_no_numbers),
        cmocka_unit_test(bytes_pass_as_their_values_do),
        cmocka_unit_test(the_best_stay_when_there_are_too_many),
        cmocka_unit_test(keypoints_keep_to_their_detection),
        cmocka_unit_test(yolox_cells_by_hand),
        cmocka_unit_test(every_class_of_a_query),
        cmocka_unit_test(a_row_can_be_asked_for),
        cmocka_unit_test(outputs_are_found_by_name),
        cmocka_unit_test(thresholds_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, finish);
}
