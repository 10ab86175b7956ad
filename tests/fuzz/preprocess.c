/* SPDX-License-Identifier: Apache-2.0
 *
 * Small frames of any format, strides and recipe. Planes, tensor and scratch end at an unreadable
 * page; the tensor is the same with C only and with whatever the CPU has.
 */
#include "fuzz.h"

#include "plumbline/preprocess.h"

#define MOST_PIXELS 48

static plumb_preprocess_spec read_spec(fuzz_input *in)
{
    plumb_preprocess_spec spec = PLUMB_PREPROCESS_SPEC_INIT;
    static const plumb_crop_mode modes[] = { PLUMB_CROP_CENTER,
                                             PLUMB_CROP_SCALE_FIT,
                                             PLUMB_CROP_SCALE_FILL,
                                             PLUMB_CROP_SCALE_FIT_ROTATE_90_CCW,
                                             PLUMB_CROP_SCALE_FILL_ROTATE_90_CCW,
                                             PLUMB_CROP_UNSET };
    spec.mapping.input =
        (plumb_size){ fuzz_between(in, 0, MOST_PIXELS), fuzz_between(in, 0, MOST_PIXELS) };
    spec.mapping.mode = modes[fuzz_between(in, 0, 5)];
    spec.mapping.rule = (plumb_rule)fuzz_between(in, 0, PLUMB_RULE_TF_CENTRAL + 1);
    spec.resample = (plumb_resampler)fuzz_between(in, 0, PLUMB_RESAMPLE_TORCH_BILINEAR_CORNERS + 1);
    spec.channels = (plumb_channels)fuzz_between(in, 1, 3);
    spec.layout = (plumb_layout)fuzz_between(in, 1, 2);
    spec.dtype = (plumb_dtype)fuzz_between(in, 1, 5);
    for (int i = 0; i < 3; i++)
        spec.pad[i] = fuzz_byte(in);
    if (fuzz_bool(in)) {
        spec.divide = fuzz_float(in);
        spec.scale = fuzz_float(in);
        for (int i = 0; i < 3; i++) {
            spec.mean[i] = fuzz_float(in);
            spec.std[i] = fuzz_float(in);
        }
        spec.quantization.scale = fuzz_float(in);
        spec.quantization.zero_point = fuzz_between(in, -128, 255);
    }
    return spec;
}

/* The fewest bytes that plane `i` may declare: that is what finds reads past the end. */
static void fit_exactly(plumb_frame *frame, int i, const fuzz_guarded *plane)
{
    char field[32];
    (void)snprintf(field, sizeof(field), "planes[%d].size", i);
    size_t low = 0, high = plane->size;
    while (low < high) {
        plumb_diag diag = { 0 };
        frame->planes[i].size = low + (high - low) / 2;
        bool short_of =
            plumb_frame_validate(frame, &diag) != PLUMB_OK && strcmp(diag.field, field) == 0;
        if (short_of)
            low = frame->planes[i].size + 1;
        else
            high = frame->planes[i].size;
    }
    frame->planes[i].data = plane->data + plane->size - low;
    frame->planes[i].size = low;
}

/* Planes of their own mappings; `frame` may be invalid in every way but its pointers. */
static void read_frame(fuzz_input *in, plumb_frame *frame, fuzz_guarded *planes)
{
    plumb_frame made = PLUMB_FRAME_INIT;
    made.format = (plumb_pixel_format)fuzz_between(in, 0, PLUMB_FORMAT_JPEG);
    made.width = fuzz_between(in, 0, MOST_PIXELS);
    made.height = fuzz_between(in, 0, MOST_PIXELS);
    made.matrix = (plumb_matrix)fuzz_between(in, 0, PLUMB_MATRIX_LIBYUV_F709);
    made.range = (plumb_range)fuzz_between(in, 0, 2);
    made.orientation = (plumb_orientation)fuzz_between(in, 1, 8);
    if (fuzz_bool(in))
        made.roi = (plumb_irect){ fuzz_between(in, 0, 20), fuzz_between(in, 0, 20),
                                  fuzz_between(in, 0, 30), fuzz_between(in, 0, 30) };
    for (int i = 0; i < 3; i++) {
        bool odd = fuzz_byte(in) < 64;
        size_t size = odd ? (size_t)fuzz_between(in, 0, 4000) : 4 * 4 * MOST_PIXELS * MOST_PIXELS;
        planes[i] = fuzz_guard(size);
        made.planes[i].data = planes[i].data;
        made.planes[i].size = size;
        if (fuzz_byte(in) < 96)
            made.planes[i].row_stride = fuzz_between(in, -2, 250);
        if (fuzz_byte(in) < 64)
            made.planes[i].pixel_stride = fuzz_between(in, -1, 10);
    }
    *frame = made;
    if (fuzz_byte(in) < 160)
        for (int i = 0; i < plumb_pixel_format_planes(made.format); i++)
            fit_exactly(frame, i, &planes[i]);
    uint32_t noise = fuzz_u32(in) | 1;
    for (int i = 0; i < 3; i++)
        for (size_t k = 0; k < planes[i].size; k++) {
            noise = noise * 1664525u + 1013904223u;
            planes[i].data[k] = (uint8_t)(noise >> 24);
        }
}

static plumb_status run(const plumb_preprocess_spec *spec, const plumb_frame *frame, uint32_t cpu,
                        uint64_t *sum)
{
    plumb_context context = PLUMB_CONTEXT_INIT;
    context.cpu = cpu;
    plumb_preprocess_plan *plan = NULL;
    plumb_diag diag = { 0 };
    plumb_status status = plumb_preprocess_plan_create(&context, spec, frame, &plan, &diag);
    FUZZ_REQUIRE(status == PLUMB_OK || (diag.status == status && !plan));
    if (status != PLUMB_OK)
        return status;
    FUZZ_REQUIRE(plumb_preprocess_plan_fits(plan, frame));
    plumb_tensor_info info = plumb_preprocess_tensor_info(spec);
    plumb_tensor tensor = { .dtype = info.dtype,
                            .rank = info.rank,
                            .quantization = info.quantization };
    size_t bytes = plumb_dtype_size(info.dtype);
    for (int i = 0; i < info.rank; i++) {
        tensor.shape[i] = info.shape[i];
        bytes *= (size_t)info.shape[i];
    }
    fuzz_guarded out = fuzz_guard(bytes);
    fuzz_guarded scratch = fuzz_guard((plumb_preprocess_plan_scratch(plan) + 63) / 64 * 64);
    tensor.data = out.data;
    tensor.size = bytes;
    memset(out.data, 0x5a, bytes);
    status = plumb_preprocess_run(plan, frame, &tensor, scratch.data, scratch.size, &diag);
    FUZZ_REQUIRE(status == PLUMB_OK || diag.status == status);
    *sum = fuzz_read_all(out.data, bytes);
    fuzz_unguard(&scratch);
    fuzz_unguard(&out);
    plumb_preprocess_plan_destroy(&plan);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input in = { data, size };
    plumb_preprocess_spec spec = read_spec(&in);
    plumb_frame frame;
    fuzz_guarded planes[3];
    read_frame(&in, &frame, planes);
    uint64_t plain = 0, simd = 0;
    plumb_status first = run(&spec, &frame, PLUMB_CPU_NONE, &plain);
    plumb_status second = run(&spec, &frame, PLUMB_CPU_AUTO, &simd);
    FUZZ_REQUIRE(first == second && plain == simd);
    if (first == PLUMB_OK)
        FUZZ_REQUIRE(plumb_frame_validate(&frame, NULL) == PLUMB_OK);
    for (int i = 0; i < 3; i++)
        fuzz_unguard(&planes[i]);
    return 0;
}
