/* SPDX-License-Identifier: Apache-2.0
 *
 * What the preprocessor refuses and how it says so, profiles, and that a plan allocates nothing at
 * run time and leaves the tensor alone on errors. The values are in tests/golden.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "plumbline/preprocess.h"

static uint8_t pixels[64 * 48 * 3];

static plumb_preprocess_spec good_spec(void)
{
    plumb_preprocess_spec s;
    assert_int_equal(plumb_preprocess_profile("ultralytics", &s), PLUMB_OK);
    s.mapping.input.width = 20;
    s.mapping.input.height = 16;
    return s;
}

static plumb_frame rgb_frame(void)
{
    plumb_frame f = PLUMB_FRAME_INIT;
    f.format = PLUMB_FORMAT_RGB24;
    f.width = 64;
    f.height = 48;
    assert_int_equal(plumb_frame_from_buffer(&f, pixels, sizeof(pixels), 0, NULL), PLUMB_OK);
    return f;
}

static void refused(const plumb_preprocess_spec *s, plumb_status status, const char *field)
{
    plumb_diag diag = { 0 };
    assert_int_equal(plumb_preprocess_validate(s, &diag), status);
    assert_string_equal(diag.field, field);
    plumb_frame frame = rgb_frame();
    plumb_preprocess_plan *plan = NULL;
    assert_int_equal(plumb_preprocess_plan_create(NULL, s, &frame, &plan, NULL), status);
    assert_null(plan);
}

static void name_bad_fields(void **state)
{
    (void)state;
    plumb_preprocess_spec s = good_spec();
    assert_int_equal(plumb_preprocess_validate(&s, NULL), PLUMB_OK);
    refused(NULL, PLUMB_E_ARGUMENT, "preprocess");
#define REFUSED(CHANGE, STATUS, FIELD)                                                             \
    s = good_spec();                                                                               \
    CHANGE;                                                                                        \
    refused(&s, STATUS, "preprocess." FIELD)
    REFUSED(s.mapping.mode = PLUMB_CROP_UNSET, PLUMB_E_ARGUMENT, "mode");
    REFUSED(s.mapping.rule = PLUMB_RULE_UNSET, PLUMB_E_ARGUMENT, "rule");
    REFUSED(s.mapping.rule = PLUMB_RULE_TORCHVISION, PLUMB_E_UNSUPPORTED, "rule");
    REFUSED(s.mapping.input.width = 0, PLUMB_E_SIZE, "width");
    REFUSED(s.mapping.input.height = PLUMB_MAX_SIDE + 1, PLUMB_E_SIZE, "height");
    REFUSED(s.resample = PLUMB_RESAMPLE_UNSET, PLUMB_E_ARGUMENT, "resample");
    REFUSED(s.channels = PLUMB_CHANNELS_UNSET, PLUMB_E_ARGUMENT, "channels");
    REFUSED(s.layout = PLUMB_LAYOUT_UNSET, PLUMB_E_ARGUMENT, "layout");
    REFUSED(s.dtype = PLUMB_DTYPE_UNSET, PLUMB_E_ARGUMENT, "dtype");
    REFUSED(s.dtype = PLUMB_DTYPE_INT64, PLUMB_E_DTYPE, "dtype");
    REFUSED(s.divide = 0.0f, PLUMB_E_ARGUMENT, "divide");
    REFUSED(s.std[2] = 0.0f, PLUMB_E_ARGUMENT, "std");
    REFUSED(s.mean[1] = 1.0f / 0.0f, PLUMB_E_NONFINITE, "mean");
    REFUSED(s.scale = 0.0f / 0.0f, PLUMB_E_NONFINITE, "scale");
    REFUSED(s.quantization.scale = -1.0f, PLUMB_E_VALUE, "quantization.scale");
    REFUSED(s.dtype = PLUMB_DTYPE_UINT8;
            s.quantization.zero_point = 256, PLUMB_E_VALUE, "quantization.zero_point");
    REFUSED(s.dtype = PLUMB_DTYPE_INT8;
            s.quantization.zero_point = -129, PLUMB_E_VALUE, "quantization.zero_point");
#undef REFUSED
}

static void know_profiles(void **state)
{
    (void)state;
    size_t count = 0;
    for (const char *name; (name = plumb_preprocess_profile_name(count)) != NULL; count++) {
        plumb_preprocess_spec s;
        assert_int_equal(plumb_preprocess_profile(name, &s), PLUMB_OK);
        assert_int_equal(s.mapping.input.width, 0);
        s.mapping.input.width = s.mapping.input.height = 224;
        if (s.mapping.mode == PLUMB_CROP_UNSET)
            s.mapping.mode = PLUMB_CROP_SCALE_FILL;
        plumb_diag diag = { 0 };
        assert_int_equal(plumb_preprocess_validate(&s, &diag), PLUMB_OK);
    }
    assert_true(count >= 10);
    plumb_preprocess_spec s = good_spec(), before = s;
    assert_int_equal(plumb_preprocess_profile("yolo", &s), PLUMB_E_VALUE);
    assert_int_equal(plumb_preprocess_profile(NULL, &s), PLUMB_E_ARGUMENT);
    assert_memory_equal(&s, &before, sizeof(s));
}

typedef struct counted {
    int allocated, live;
} counted;

static void *count_allocate(void *user, size_t size, size_t alignment)
{
    counted *c = user;
    void *memory = NULL;
    if (posix_memalign(&memory, alignment, size) != 0)
        return NULL;
    c->allocated++;
    c->live++;
    return memory;
}

static void count_release(void *user, void *memory)
{
    counted *c = user;
    if (memory)
        c->live--;
    free(memory);
}

typedef struct ready {
    counted count;
    plumb_preprocess_plan *plan;
    plumb_tensor tensor;
    float data[3 * 16 * 20];
    void *scratch;
    size_t scratch_size;
} ready;

static void make_ready(ready *r, const plumb_frame *frame)
{
    memset(r, 0, sizeof(*r));
    plumb_context context = PLUMB_CONTEXT_INIT;
    context.allocator = (plumb_allocator){ &r->count, count_allocate, count_release };
    plumb_preprocess_spec spec = good_spec();
    assert_int_equal(plumb_preprocess_plan_create(&context, &spec, frame, &r->plan, NULL),
                     PLUMB_OK);
    plumb_tensor_info info = plumb_preprocess_tensor_info(&spec);
    r->tensor.data = r->data;
    r->tensor.size = sizeof(r->data);
    r->tensor.dtype = info.dtype;
    r->tensor.rank = info.rank;
    memcpy(r->tensor.shape, info.shape, sizeof(info.shape));
    r->scratch_size = plumb_preprocess_plan_scratch(r->plan);
    assert_int_equal(posix_memalign(&r->scratch, 64, r->scratch_size), 0);
}

static void untouched(ready *r, const plumb_frame *frame, plumb_status status, const char *field)
{
    static float before[sizeof(r->data) / sizeof(float)];
    memset(r->data, 0x7b, sizeof(r->data));
    memcpy(before, r->data, sizeof(before));
    plumb_diag diag = { 0 };
    assert_int_equal(
        plumb_preprocess_run(r->plan, frame, &r->tensor, r->scratch, r->scratch_size, &diag),
        status);
    assert_string_equal(diag.field, field);
    assert_memory_equal(r->data, before, sizeof(before));
}

static void refuse_before_writing(void **state)
{
    (void)state;
    plumb_frame frame = rgb_frame(), other = frame;
    static ready r;
    make_ready(&r, &frame);
    int allocated = r.count.allocated;
    other.orientation = PLUMB_ORIENTATION_DOWN;
    assert_false(plumb_preprocess_plan_fits(r.plan, &other));
    untouched(&r, &other, PLUMB_E_ARGUMENT, "frame");
    other = frame;
    other.planes[0].size--;
    assert_true(plumb_preprocess_plan_fits(r.plan, &other));
    untouched(&r, &other, PLUMB_E_BUFFER, "planes[0].size");
    r.tensor.shape[3]--;
    untouched(&r, &frame, PLUMB_E_SHAPE, "tensor.shape");
    r.tensor.shape[3]++;
    r.tensor.dtype = PLUMB_DTYPE_FLOAT16;
    untouched(&r, &frame, PLUMB_E_DTYPE, "tensor.dtype");
    r.tensor.dtype = PLUMB_DTYPE_FLOAT32;
    r.scratch_size--;
    untouched(&r, &frame, PLUMB_E_ARGUMENT, "scratch");
    r.scratch_size++;
    assert_int_equal(
        plumb_preprocess_run(r.plan, &frame, &r.tensor, r.scratch, r.scratch_size, NULL), PLUMB_OK);
    assert_int_equal(r.count.allocated, allocated);
    free(r.scratch);
    plumb_preprocess_plan_destroy(&r.plan);
    assert_null(r.plan);
    plumb_preprocess_plan_destroy(&r.plan);
    plumb_preprocess_plan_destroy(NULL);
    assert_int_equal(r.count.live, 0);
}

/* One of the pixels that no rule hides: white stays white, and the pad is the pad. */
static void hand_made_values(void **state)
{
    (void)state;
    memset(pixels, 255, sizeof(pixels));
    plumb_frame frame = rgb_frame();
    static ready r;
    make_ready(&r, &frame);
    assert_int_equal(
        plumb_preprocess_run(r.plan, &frame, &r.tensor, r.scratch, r.scratch_size, NULL), PLUMB_OK);
    const plumb_mapping *m = plumb_preprocess_plan_mapping(r.plan);
    for (int y = 0; y < 16; y++) {
        for (int x = 0; x < 20; x++) {
            bool inside = x >= m->placed.x && x < m->placed.x + m->placed.width &&
                          y >= m->placed.y && y < m->placed.y + m->placed.height;
            for (int c = 0; c < 3; c++)
                assert_true(r.data[(c * 16 + y) * 20 + x] == (inside ? 1.0f : 114.0f / 255.0f));
        }
    }
    free(r.scratch);
    plumb_preprocess_plan_destroy(&r.plan);
}

static void refuse_files_and_ratios(void **state)
{
    (void)state;
    plumb_preprocess_spec s = good_spec();
    plumb_preprocess_plan *plan = NULL;
    plumb_diag diag = { 0 };
    plumb_frame f = PLUMB_FRAME_INIT;
    f.format = PLUMB_FORMAT_JPEG;
    assert_int_equal(plumb_preprocess_plan_create(NULL, &s, &f, &plan, &diag), PLUMB_E_UNSUPPORTED);
    f.format = PLUMB_FORMAT_GRAY8;
    f.width = f.height = PLUMB_MAX_SIDE;
    s.mapping.mode = PLUMB_CROP_SCALE_FILL;
    s.mapping.input.width = s.mapping.input.height = 1;
    s.resample = PLUMB_RESAMPLE_OPENCV_AREA; /* sums of 2^28 pixels */
    assert_int_equal(plumb_preprocess_plan_create(NULL, &s, &f, &plan, &diag), PLUMB_E_LIMIT);
    assert_string_equal(diag.field, "preprocess.resample");
    s.resample = PLUMB_RESAMPLE_PILLOW_LANCZOS;
    assert_int_equal(plumb_preprocess_plan_create(NULL, &s, &f, &plan, &diag), PLUMB_OK);
    plumb_preprocess_plan_destroy(&plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(name_bad_fields),         cmocka_unit_test(know_profiles),
        cmocka_unit_test(refuse_before_writing),   cmocka_unit_test(hand_made_values),
        cmocka_unit_test(refuse_files_and_ratios),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
