/* SPDX-License-Identifier: Apache-2.0
 *
 * Every head against outputs that do not fit it: each must be refused with a status, a field and a
 * reason, whatever is wrong with it. Run under a sanitizer this also shows that nothing is read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>

#include "heads.h"

static plumb_detection items[512];
static plumb_keypoint keypoints[512 * 32];

static plumb_status decode(plumb_head_type type, const plumb_outputs *outputs, plumb_diag *diag)
{
    plumb_head_spec spec = spec_for(type);
    plumb_head *head = NULL;
    assert_int_equal(plumb_head_create(NULL, &spec, test_input, &head, diag), PLUMB_OK);
    plumb_detections list = { .items = items,
                              .capacity = 512,
                              .count = 7,
                              .keypoints = keypoints,
                              .keypoint_capacity = 512 };
    plumb_threshold threshold = { .confidence = 0.5f };
    memset(diag, 0, sizeof(*diag));
    plumb_status status = plumb_head_decode(head, outputs, 0, &threshold, &list, NULL, diag);
    if (status)
        assert_int_equal(list.count, 0);
    plumb_head_destroy(&head);
    return status;
}

static void refuse(plumb_head_type type, const plumb_outputs *outputs, const char *what)
{
    plumb_diag diag;
    plumb_status status = decode(type, outputs, &diag);
    if (status == PLUMB_OK || diag.field[0] == '\0' || diag.message[0] == '\0')
        fail_msg("%s, %s: status %d, field \"%s\", message \"%s\"", plumb_head_type_name(type),
                 what, (int)status, diag.field, diag.message);
    assert_int_equal(status, diag.status);
}

/* Rows of zero: a list of what was found may be empty, a grid of cells may not. */
static bool is_list(plumb_head_type type)
{
    return type == PLUMB_HEAD_BOXES || type == PLUMB_HEAD_YOLOV10 || type == PLUMB_HEAD_COREML ||
           type == PLUMB_HEAD_TFLITE_DETECTION || type == PLUMB_HEAD_DETECTION_OUTPUT;
}

#define EACH_HEAD(type)                                                                            \
    for (plumb_head_type type = PLUMB_HEAD_BOXES; type < PLUMB_HEAD_COUNT; type++)

static void fits_with_and_without_a_batch(void **state)
{
    (void)state;
    EACH_HEAD(type)
    {
        plumb_outputs outputs = outputs_for(type);
        plumb_diag diag;
        assert_true(outputs.count > 0);
        if (decode(type, &outputs, &diag))
            fail_msg("%s: %s %s", plumb_head_type_name(type), diag.field, diag.message);
        for (size_t i = 0; i < outputs.count; i++) {
            plumb_tensor *t = &outputs.tensors[i];
            memmove(t->shape + 1, t->shape, sizeof(t->shape) - sizeof(t->shape[0]));
            t->shape[0] = 1;
            t->rank++;
        }
        if (decode(type, &outputs, &diag))
            fail_msg("%s: %s %s", plumb_head_type_name(type), diag.field, diag.message);
        free_outputs(&outputs);
    }
}

static void no_rows(void **state)
{
    (void)state;
    EACH_HEAD(type)
    {
        plumb_outputs outputs = outputs_for(type), empty = outputs;
        for (size_t i = 0; i < outputs.count; i++) {
            plumb_tensor *t = &empty.tensors[i];
            if (type == PLUMB_HEAD_TFLITE_DETECTION && i == 3)
                continue; /* the count */
            t->shape[t->rank == 4 ? 2 : 0] = 0;
            t->data = NULL;
            t->size = 0;
        }
        plumb_diag diag;
        if (!is_list(type))
            refuse(type, &empty, "no rows");
        else if (decode(type, &empty, &diag))
            fail_msg("%s: %s %s", plumb_head_type_name(type), diag.field, diag.message);
        free_outputs(&outputs);
    }
}

static void a_missing_output(void **state)
{
    (void)state;
    EACH_HEAD(type)
    {
        plumb_outputs outputs = outputs_for(type);
        size_t count = outputs.count;
        for (size_t left = 0; left < count; left++) {
            /* These may be left out. */
            bool optional = (type == PLUMB_HEAD_BOXES && left == 2) ||
                            (type == PLUMB_HEAD_CENTERNET && left == 2) ||
                            (type == PLUMB_HEAD_TFLITE_DETECTION && left == 3);
            outputs.count = left;
            if (!optional)
                refuse(type, &outputs, "an output too few");
        }
        outputs.count = count;
        free_outputs(&outputs);
    }
}

/* One side of one output, three longer or one shorter (one row more would fit NanoDet-Plus). Some outputs may have any number of rows or
 * classes: what passes then must agree with the others. */
static bool is_free_side(plumb_head_type type, size_t output, int32_t side)
{
    switch (type) {
    case PLUMB_HEAD_YOLOV5:
    case PLUMB_HEAD_YOLOV6:
        return true; /* rows and classes from the shape */
    case PLUMB_HEAD_YOLOX:
    case PLUMB_HEAD_NANODET:
        return side == 1;
    case PLUMB_HEAD_YOLOV8:
    case PLUMB_HEAD_YOLOV8_OBB:
    case PLUMB_HEAD_YOLOV8_POSE:
        return side == 0;
    case PLUMB_HEAD_YOLOV8_SPLIT:
        return output % 2 == 1 && side == 0;
    case PLUMB_HEAD_YOLOV10:
    case PLUMB_HEAD_DETECTION_OUTPUT:
        return side == 0;
    case PLUMB_HEAD_DETR:
    case PLUMB_HEAD_COREML:
        return output == 0 && side == 1;
    case PLUMB_HEAD_SSD:
        return output == 1 && side == 1;
    case PLUMB_HEAD_CENTERNET:
        return output == 0 && side == 0;
    case PLUMB_HEAD_FOMO:
        return side == 2;
    case PLUMB_HEAD_YOLOV3:
    case PLUMB_HEAD_YOLOV5_RAW:
        return side == 0;
    case PLUMB_HEAD_BLAZEFACE:
        return output == 0 && side == 1; /* further regressors are not read */
    default:
        return false;
    }
}

static void a_wrong_side(void **state)
{
    (void)state;
    EACH_HEAD(type)
    {
        plumb_outputs outputs = outputs_for(type);
        for (size_t i = 0; i < outputs.count; i++)
            for (int32_t side = 0; side < outputs.tensors[i].rank; side++) {
                plumb_tensor *t = &outputs.tensors[i], saved = *t;
                if (is_free_side(type, i, side))
                    continue;
                for (int64_t wrong = saved.shape[side] - 1; wrong <= saved.shape[side] + 3;
                     wrong += 4) {
                    t->shape[side] = wrong;
                    t->size = (size_t)-1 / 4;
                    if (wrong > saved.shape[side]) {
                        int64_t elements = plumb_tensor_elements(t);
                        t->size = (size_t)elements * plumb_dtype_size(t->dtype);
                        t->data = calloc(t->size, 1);
                    }
                    refuse(type, &outputs, "a wrong side");
                    if (wrong > saved.shape[side])
                        free(t->data);
                    *t = saved;
                }
            }
        free_outputs(&outputs);
    }
}

static void a_wrong_rank(void **state)
{
    (void)state;
    EACH_HEAD(type)
    {
        plumb_outputs outputs = outputs_for(type);
        for (size_t i = 0; i < outputs.count; i++) {
            plumb_tensor *t = &outputs.tensors[i], saved = *t;
            for (int32_t rank = -1; rank <= PLUMB_MAX_RANK + 1; rank++) {
                bool batched = rank == saved.rank + 1;
                bool twice = type == PLUMB_HEAD_DETECTION_OUTPUT && rank == 4;
                if (rank == saved.rank || batched || twice)
                    continue;
                t->rank = rank;
                for (int32_t side = 0; side < rank && side < PLUMB_MAX_RANK; side++)
                    t->shape[side] = side < rank - saved.rank ? 1 : 2;
                refuse(type, &outputs, "a wrong rank");
            }
            *t = saved;
        }
        free_outputs(&outputs);
    }
}

static void a_wrong_type(void **state)
{
    (void)state;
    static const plumb_dtype wrong[] = { PLUMB_DTYPE_UNSET, PLUMB_DTYPE_INT64, PLUMB_DTYPE_INT32,
                                         PLUMB_DTYPE_UINT8, PLUMB_DTYPE_INT8,  (plumb_dtype)77 };
    EACH_HEAD(type)
    {
        plumb_outputs outputs = outputs_for(type);
        for (size_t i = 0; i < outputs.count; i++) {
            /* Labels and counts are numbers of any type. */
            bool labels = (type == PLUMB_HEAD_BOXES && i == 2) ||
                          (type == PLUMB_HEAD_TFLITE_DETECTION && (i == 1 || i == 3));
            plumb_tensor *t = &outputs.tensors[i], saved = *t;
            for (size_t k = 0; k < sizeof(wrong) / sizeof(wrong[0]); k++) {
                if (labels && k >= 1 && k <= 4)
                    continue;
                t->dtype = wrong[k];
                t->size = (size_t)1 << 20;
                refuse(type, &outputs, "a wrong element type");
            }
            *t = saved;
            t->dtype = PLUMB_DTYPE_INT8;
            t->quantization.scale = NAN;
            refuse(type, &outputs, "a scale that is no number");
            *t = saved;
        }
        free_outputs(&outputs);
    }
}

static void bad_memory(void **state)
{
    (void)state;
    EACH_HEAD(type)
    {
        plumb_outputs outputs = outputs_for(type);
        for (size_t i = 0; i < outputs.count; i++) {
            plumb_tensor *t = &outputs.tensors[i], saved = *t;
            t->size--;
            refuse(type, &outputs, "a byte too few");
            *t = saved;
            t->data = NULL;
            refuse(type, &outputs, "no data");
            *t = saved;
            t->strides[0] = INT64_MAX / 2;
            if (t->shape[0] > 1)
                refuse(type, &outputs, "a stride that overflows");
            *t = saved;
            t->strides[0] = -4;
            refuse(type, &outputs, "a negative stride");
            *t = saved;
            t->shape[0] = 0;
            if (!is_list(type) || outputs.count > 1)
                refuse(type, &outputs, "an empty side");
            *t = saved;
            t->shape[0] = INT64_MAX;
            refuse(type, &outputs, "an endless side");
            *t = saved;
        }
        size_t count = outputs.count;
        outputs.count = SIZE_MAX;
        refuse(type, &outputs, "endless outputs");
        outputs.count = count;
        free_outputs(&outputs);
    }
}

/* Two frames in one output, one in another. */
static void batches_that_differ(void **state)
{
    (void)state;
    EACH_HEAD(type)
    {
        plumb_outputs outputs = outputs_for(type);
        for (size_t i = 1; i < outputs.count; i++) {
            plumb_tensor *t = &outputs.tensors[i], saved = *t;
            memmove(t->shape + 1, t->shape, sizeof(t->shape) - sizeof(t->shape[0]));
            t->shape[0] = 2;
            t->rank++;
            t->size *= 2;
            t->data = calloc(t->size, 1);
            refuse(type, &outputs, "batches that differ");
            free(t->data);
            *t = saved;
        }
        free_outputs(&outputs);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fits_with_and_without_a_batch),
        cmocka_unit_test(no_rows),
        cmocka_unit_test(a_missing_output),
        cmocka_unit_test(a_wrong_side),
        cmocka_unit_test(a_wrong_rank),
        cmocka_unit_test(a_wrong_type),
        cmocka_unit_test(bad_memory),
        cmocka_unit_test(batches_that_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
