/* SPDX-License-Identifier: Apache-2.0
 *
 * Every head over outputs that fit it, or nearly: any numbers, types, strides and shapes. What is
 * decoded is finite, ordered, above its threshold, and the same when decoded again; fewer places
 * keep the best.
 */
#include "fuzz.h"

#include <math.h>

#include "head_shapes.h"
#include "same_detections.h"

#define MOST      64
#define KEYPOINTS 20

typedef struct outputs_memory {
    plumb_outputs outputs;
    fuzz_guarded data[PLUMB_MAX_TENSORS];
} outputs_memory;

static head_choice read_choice(fuzz_input *in)
{
    head_choice c;
    c.type = (plumb_head_type)fuzz_between(in, 1, PLUMB_HEAD_COUNT - 1);
    c.classes = fuzz_between(in, 1, 9);
    c.rows = fuzz_between(in, 1, 70);
    c.cells_x = fuzz_between(in, 1, 2);
    c.cells_y = fuzz_between(in, 1, 2);
    c.keypoints = fuzz_between(in, 0, 6);
    c.variant = fuzz_bool(in);
    return c;
}

static void break_spec(fuzz_input *in, plumb_head_spec *spec)
{
    switch (fuzz_between(in, 0, 9)) {
    case 0:
        spec->class_count = fuzz_between(in, -1, 100);
        break;
    case 1:
        spec->layout = (plumb_row_layout)fuzz_between(in, 0, 3);
        break;
    case 2:
        spec->activation = (plumb_activation)fuzz_between(in, 0, 4);
        break;
    case 3:
        spec->background = fuzz_between(in, -3, 9);
        break;
    case 4:
        spec->class_offset = (int32_t)fuzz_u32(in);
        break;
    case 5:
        spec->stride_count = (size_t)fuzz_between(in, 0, PLUMB_MAX_SCALES + 1);
        for (int i = 0; i < PLUMB_MAX_SCALES; i++)
            spec->strides[i] = fuzz_between(in, -1, 64);
        break;
    case 6:
        spec->keypoint_count = fuzz_between(in, -1, 30);
        spec->keypoint_dimensions = fuzz_between(in, 0, 4);
        break;
    case 7:
        spec->distance_bins = fuzz_between(in, -1, 40);
        break;
    case 8:
        for (int i = 0; i < 4; i++)
            spec->variances[i] = fuzz_float(in);
        break;
    default:
        spec->units = (plumb_box_units)fuzz_between(in, 0, 3);
        spec->box_column = fuzz_between(in, -2, 8);
        spec->score_column = fuzz_between(in, -2, 8);
        break;
    }
}

static void break_shapes(fuzz_input *in, head_shapes *s)
{
    size_t i = (size_t)fuzz_between(in, 0, (int32_t)s->count - 1);
    switch (fuzz_between(in, 0, 3)) {
    case 0:
        s->shape[i][fuzz_between(in, 0, 3)] = fuzz_between(in, 1, 90);
        break;
    case 1:
        s->rank[i] = fuzz_between(in, 1, PLUMB_MAX_RANK);
        for (int d = 0; d < s->rank[i]; d++)
            if (s->shape[i][d] == 0)
                s->shape[i][d] = 1;
        break;
    case 2:
        s->count = (size_t)fuzz_between(in, 1, 13);
        for (size_t k = 0; k < s->count; k++)
            if (s->rank[k] == 0) {
                s->rank[k] = 1;
                s->shape[k][0] = 1;
            }
        break;
    default:
        s->shape[i][0] = fuzz_between(in, 1, 3); /* a batch */
        break;
    }
}

static void store(uint8_t *at, plumb_dtype dtype, float value, uint32_t bits)
{
    uint16_t half = plumb_half_from_float(value);
    double wide = (double)value;
    switch (dtype) {
    case PLUMB_DTYPE_FLOAT32:
        memcpy(at, &value, 4);
        break;
    case PLUMB_DTYPE_FLOAT16:
        memcpy(at, &half, 2);
        break;
    case PLUMB_DTYPE_FLOAT64:
        memcpy(at, &wide, 8);
        break;
    default:
        for (size_t i = 0; i < plumb_dtype_size(dtype); i++)
            at[i] = i == 0 ? (uint8_t)bits : fabsf(value) > 1.0f ? (uint8_t)(bits >> 8) : 0;
        break;
    }
}

/* Scores and box sizes as networks give them, and a few values from the input in between. */
static void fill(fuzz_input *in, uint32_t *noise, plumb_tensor *t)
{
    size_t element = plumb_dtype_size(t->dtype);
    bool large = fuzz_bool(in);
    for (size_t at = 0; at + element <= t->size; at += element) {
        *noise = *noise * 1664525u + 1013904223u;
        uint32_t bits = *noise >> 8;
        float value = (float)(bits % 2048) / 1024.0f - 0.5f;
        if (large || bits % 7 == 0)
            value *= 60.0f;
        if (bits % 61 == 0)
            value = fuzz_float(in);
        store((uint8_t *)t->data + at, t->dtype, value, bits);
    }
}

static plumb_dtype read_dtype(fuzz_input *in)
{
    uint8_t kind = fuzz_byte(in);
    return kind < 128 ? PLUMB_DTYPE_FLOAT32 : (plumb_dtype)(1 + kind % 7);
}

/* False where the shape asks for too much or the view is not valid. */
static bool make_tensor(fuzz_input *in, const head_shapes *s, size_t i, plumb_tensor *t,
                        fuzz_guarded *memory)
{
    *t = (plumb_tensor){ .dtype = read_dtype(in), .rank = s->rank[i] };
    size_t element = plumb_dtype_size(t->dtype);
    size_t pad = fuzz_byte(in) < 48 ? element * (size_t)fuzz_between(in, 1, 3) : 0;
    size_t bytes = element;
    for (int d = t->rank - 1; d >= 0; d--) {
        t->shape[d] = s->shape[i][d];
        t->strides[d] = (int64_t)bytes;
        bytes = bytes * (size_t)t->shape[d] + (d > 0 ? pad : 0);
        if (bytes > 1 << 18)
            return false;
    }
    if (fuzz_byte(in) < 96)
        t->quantization = (plumb_quantization){ fabsf(fuzz_float(in)), fuzz_between(in, -3, 3) };
    *memory = fuzz_guard(bytes);
    t->data = memory->data;
    t->size = bytes;
    return true;
}

static bool make_outputs(fuzz_input *in, const head_shapes *s, outputs_memory *m)
{
    uint32_t noise = fuzz_u32(in);
    bool valid = true;
    for (size_t i = 0; i < s->count && valid; i++) {
        plumb_tensor *t = &m->outputs.tensors[i];
        valid = make_tensor(in, s, i, t, &m->data[i]);
        if (!valid)
            break;
        m->outputs.count++;
        fill(in, &noise, t);
        valid = plumb_tensor_validate(t, NULL) == PLUMB_OK;
    }
    return valid;
}

typedef struct decoded {
    plumb_detection items[MOST];
    plumb_keypoint keypoints[MOST * KEYPOINTS];
    plumb_detections list;
    plumb_ledger ledger;
} decoded;

static plumb_status decode(const plumb_head *head, const plumb_outputs *outputs, size_t frame,
                           const plumb_threshold *threshold, size_t capacity, decoded *d)
{
    plumb_diag diag = { 0 };
    memset(d, 0, sizeof(*d));
    d->list.items = d->items;
    d->list.capacity = capacity;
    d->list.keypoints = d->keypoints;
    d->list.keypoint_capacity = capacity;
    plumb_status status =
        plumb_head_decode(head, outputs, frame, threshold, &d->list, &d->ledger, &diag);
    FUZZ_REQUIRE(status == PLUMB_OK || (diag.status == status && d->list.count == 0));
    FUZZ_REQUIRE(d->list.count <= capacity);
    return status;
}

static float threshold_of(const plumb_threshold *t, int32_t class_id)
{
    if (class_id < 0 || (size_t)class_id >= t->per_class_count || isnan(t->per_class[class_id]))
        return t->confidence;
    return t->per_class[class_id];
}

static void check(const plumb_head *head, const plumb_outputs *outputs, size_t frame,
                  const plumb_threshold *threshold, const decoded *d)
{
    FUZZ_REQUIRE(d->list.space == plumb_head_space(head));
    FUZZ_REQUIRE(d->list.keypoints_per_detection == plumb_head_keypoints(head));
    for (size_t i = 0; i < d->list.count; i++) {
        const plumb_detection *item = &d->items[i];
        FUZZ_REQUIRE(isfinite(item->score) &&
                     item->score > threshold_of(threshold, item->class_id));
        FUZZ_REQUIRE(isfinite(item->box.x0) && isfinite(item->box.y0));
        FUZZ_REQUIRE(item->box.x1 >= item->box.x0 && isfinite(item->box.x1));
        FUZZ_REQUIRE(item->box.y1 >= item->box.y0 && isfinite(item->box.y1));
        FUZZ_REQUIRE(item->keypoints < (int32_t)d->list.keypoint_slots);
        plumb_detection row;
        plumb_diag diag = { 0 };
        plumb_status status = plumb_head_row(head, outputs, frame, item->row, &row, &diag);
        if (status != PLUMB_OK)
            (void)fprintf(stderr, "row %d: %s %s\n", (int)item->row, diag.field, diag.message);
        FUZZ_REQUIRE(status == PLUMB_OK && row.row == item->row);
    }
}

static int by_order(const void *a, const void *b)
{
    return plumb_detection_order(a, b);
}

static void check_best(decoded *all, decoded *few, size_t capacity)
{
    if (all->list.count == MOST)
        return;
    qsort(all->items, all->list.count, sizeof(all->items[0]), by_order);
    qsort(few->items, few->list.count, sizeof(few->items[0]), by_order);
    size_t expected = all->list.count < capacity ? all->list.count : capacity;
    FUZZ_REQUIRE(few->list.count == expected);
    for (size_t i = 0; i < expected; i++)
        FUZZ_REQUIRE(plumb_detection_order(&all->items[i], &few->items[i]) == 0);
}

/* A head that merges cells takes the best cells, not the best of what they become. */
static void run(fuzz_input *in, const plumb_head *head, bool merges, const plumb_outputs *outputs)
{
    static decoded all, again, few;
    float per_class[4] = { 0.1f, NAN, 0.9f, 0.0f };
    uint8_t allowed[4] = { 1, 1, 0, 1 };
    plumb_threshold threshold = { .confidence = fuzz_between(in, 0, 10) / 10.0f };
    if (fuzz_bool(in)) {
        threshold.per_class = per_class;
        threshold.per_class_count = 4;
    }
    if (fuzz_byte(in) < 64) {
        threshold.allowed = allowed;
        threshold.allowed_count = 4;
    }
    size_t frame = fuzz_byte(in) < 16 ? (size_t)fuzz_between(in, 0, 3) : 0;
    plumb_detection row;
    (void)!plumb_head_row(head, outputs, frame, fuzz_between(in, -2, 100), &row, NULL);
    plumb_status status = decode(head, outputs, frame, &threshold, MOST, &all);
    FUZZ_REQUIRE(decode(head, outputs, frame, &threshold, MOST, &again) == status);
    if (status != PLUMB_OK)
        return;
    FUZZ_REQUIRE(all.list.count == again.list.count);
    FUZZ_REQUIRE(same_detections(all.items, again.items, all.list.count));
    check(head, outputs, frame, &threshold, &all);
    size_t capacity = (size_t)fuzz_between(in, 0, 8);
    FUZZ_REQUIRE(decode(head, outputs, frame, &threshold, capacity, &few) == PLUMB_OK);
    if (!merges)
        check_best(&all, &few, capacity);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static float priors[4 * 70];
    static outputs_memory memory;
    memset(&memory, 0, sizeof(memory));
    fuzz_input in = { data, size };
    head_choice choice = read_choice(&in);
    head_shapes shapes;
    head_shapes_make(&choice, &shapes);
    for (size_t i = 0; i < 4 * 70; i++)
        priors[i] = fuzz_byte(&in) < 4 ? fuzz_float(&in) : (float)(i % 9 + 1) / 10.0f;
    shapes.spec.priors = shapes.spec.prior_count > 0 ? priors : NULL;
    for (int i = fuzz_byte(&in) < 64 ? fuzz_between(&in, 1, 3) : 0; i > 0; i--)
        break_spec(&in, &shapes.spec);
    for (int i = fuzz_byte(&in) < 64 ? fuzz_between(&in, 1, 3) : 0; i > 0; i--)
        break_shapes(&in, &shapes);
    plumb_head *head = NULL;
    plumb_diag diag = { 0 };
    plumb_status status = plumb_head_create(NULL, &shapes.spec, shapes.input, &head, &diag);
    FUZZ_REQUIRE(status == PLUMB_OK || (diag.status == status && !head));
    if (make_outputs(&in, &shapes, &memory)) {
        plumb_head_suggestion suggestions[4];
        (void)plumb_head_suggest(&memory.outputs, shapes.input, suggestions, 4);
        if (status == PLUMB_OK && plumb_head_keypoints(head) <= KEYPOINTS)
            run(&in, head, shapes.spec.type == PLUMB_HEAD_FOMO, &memory.outputs);
    }
    for (size_t i = 0; i < memory.outputs.count; i++)
        fuzz_unguard(&memory.data[i]);
    plumb_head_destroy(&head);
    return 0;
}
