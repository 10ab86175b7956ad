/* SPDX-License-Identifier: Apache-2.0
 *
 * Decodes .npy outputs for the Python tests. Arguments are name=value: fields of plumb_head_spec,
 * input=WxH, confidence, frame, capacity, spread=1, and out=FILE[:scale:zero_point] in order.
 * Prints "space N", "nms N", one "det row class score x0 y0 x1 y1 angle [x y s]..." a detection
 * with exact floats, and the ledger as "count FATE N"; or "error CODE FIELD: MESSAGE".
 *
 * spread=1 moves every tensor to strides that no dense tensor has, with NaN or 0x7f between the
 * elements and an odd base address for the bytes; spread=2 stores the sides in reverse order, so
 * that what lay by row lies by column.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "geometry/ledger.h"
#include "plumbline/heads.h"

static float anchors[4096], priors[65536], per_class[512];
static uint8_t allowed[512];
static plumb_outputs outputs;
static int spread;

static size_t read_floats(const char *text, float *values, size_t capacity)
{
    size_t count = 0;
    if (*text == '@') {
        FILE *file = fopen(text + 1, "rb");
        count = file ? fread(values, sizeof(float), capacity, file) : 0;
        if (file)
            fclose(file);
        return count;
    }
    for (char *end; *text && count < capacity; text = *end ? end + 1 : end)
        values[count++] = strtof(text, &end);
    return count;
}

/* What lives until the end, within reach of a leak checker. */
static void *kept[2 * PLUMB_MAX_TENSORS];
static size_t kept_count;

static void *keep(size_t size)
{
    kept[kept_count] = malloc(size);
    return kept[kept_count++];
}

static void spread_tensor(plumb_tensor *tensor)
{
    int64_t size = (int64_t)plumb_dtype_size(tensor->dtype), stride = size;
    int64_t strides[PLUMB_MAX_RANK], count = plumb_tensor_elements(tensor);
    for (int32_t n = 0; n < tensor->rank; n++) {
        int32_t i = spread == 2 ? n : tensor->rank - 1 - n;
        strides[i] = spread == 2 ? stride : stride * 2 + size;
        stride = strides[i] * tensor->shape[i];
    }
    unsigned char *memory = keep((size_t)(stride + 8));
    memset(memory,
           tensor->dtype == PLUMB_DTYPE_FLOAT32 || tensor->dtype == PLUMB_DTYPE_FLOAT16 ? 0xff
                                                                                        : 0x7f,
           (size_t)(stride + 8));
    unsigned char *base = memory + (size == 1 ? 1 : 0);
    for (int64_t n = 0; n < count; n++) {
        int64_t rest = n, at = 0;
        for (int32_t i = tensor->rank - 1; i >= 0; i--) {
            at += rest % tensor->shape[i] * strides[i];
            rest /= tensor->shape[i];
        }
        memcpy(base + at, (unsigned char *)tensor->data + n * size, (size_t)size);
    }
    memcpy(tensor->strides, strides, sizeof(strides));
    tensor->data = base;
    tensor->size = (size_t)stride;
}

static void add_output(const char *text)
{
    char path[1024];
    float scale = 0;
    int zero = 0;
    snprintf(path, sizeof(path), "%s", text);
    char *colon = strchr(path, ':');
    if (colon) {
        *colon = '\0';
        sscanf(colon + 1, "%f:%d", &scale, &zero);
    }
    FILE *file = fopen(path, "rb");
    if (!file)
        exit(3);
    fseek(file, 0, SEEK_END);
    long length = ftell(file);
    rewind(file);
    char *data = keep((size_t)length);
    size_t size = fread(data, 1, (size_t)length, file);
    fclose(file);
    plumb_tensor *tensor = &outputs.tensors[outputs.count++];
    plumb_diag diag = { 0 };
    if (plumb_npy_parse(data, size, tensor, &diag)) {
        fprintf(stderr, "%s: %s %s\n", path, diag.field, diag.message);
        exit(3);
    }
    tensor->quantization.scale = scale;
    tensor->quantization.zero_point = zero;
    if (spread)
        spread_tensor(tensor);
}

static struct {
    plumb_head_spec spec;
    plumb_size input;
    plumb_threshold threshold;
    size_t frame, capacity;
    long row;
} run = { .spec = PLUMB_HEAD_SPEC_INIT, .capacity = 100000, .row = -1 };

static void set_list(const char *name, const char *value)
{
    plumb_head_spec *spec = &run.spec;
    float list[PLUMB_MAX_SCALES];
    if (!strcmp(name, "strides")) {
        spec->stride_count = read_floats(value, list, PLUMB_MAX_SCALES);
        for (size_t i = 0; i < spec->stride_count; i++)
            spec->strides[i] = (int32_t)list[i];
    } else if (!strcmp(name, "anchors_per_scale")) {
        size_t count = read_floats(value, list, PLUMB_MAX_SCALES);
        for (size_t i = 0; i < count; i++)
            spec->anchors_per_scale[i] = (size_t)list[i];
    } else if (!strcmp(name, "anchors")) {
        spec->anchor_count = read_floats(value, anchors, 4096);
        spec->anchors = anchors;
    } else if (!strcmp(name, "priors")) {
        spec->prior_count = read_floats(value, priors, 65536) / 4;
        spec->priors = priors;
    } else if (!strcmp(name, "variances")) {
        read_floats(value, spec->variances, 4);
    } else if (!strcmp(name, "per_class")) {
        run.threshold.per_class_count = read_floats(value, per_class, 512);
        run.threshold.per_class = per_class;
    } else if (!strcmp(name, "allowed")) {
        float ids[512];
        size_t count = read_floats(value, ids, 512);
        for (size_t i = 0; i < count; i++)
            allowed[(int)ids[i]] = 1;
        run.threshold.allowed = allowed;
        run.threshold.allowed_count = 512;
    } else {
        fprintf(stderr, "unknown argument %s\n", name);
        exit(2);
    }
}

static void set(const char *name, const char *value)
{
    plumb_head_spec *spec = &run.spec;
    const struct {
        const char *name;
        int *field;
    } numbers[] = {
        { "classes", &spec->class_count },          { "background", &spec->background },
        { "class_offset", &spec->class_offset },    { "box_column", &spec->box_column },
        { "score_column", &spec->score_column },    { "class_column", &spec->class_column },
        { "keypoints", &spec->keypoint_count },     { "dimensions", &spec->keypoint_dimensions },
        { "bins", &spec->distance_bins },           { "layout", (int *)&spec->layout },
        { "activation", (int *)&spec->activation }, { "units", (int *)&spec->units },
        { "origin", (int *)&spec->origin },
    };
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        if (!strcmp(name, numbers[i].name)) {
            *numbers[i].field = atoi(value);
            return;
        }
    if (!strcmp(name, "type"))
        plumb_head_type_parse(value, &spec->type);
    else if (!strcmp(name, "format"))
        plumb_box_format_parse(value, &spec->format);
    else if (!strcmp(name, "space"))
        plumb_space_parse(value, &spec->space);
    else if (!strcmp(name, "raw"))
        spec->raw = atoi(value) != 0;
    else if (!strcmp(name, "linear"))
        spec->linear_sizes = atoi(value) != 0;
    else if (!strcmp(name, "input"))
        sscanf(value, "%dx%d", &run.input.width, &run.input.height);
    else if (!strcmp(name, "confidence"))
        run.threshold.confidence = strtof(value, NULL);
    else if (!strcmp(name, "frame"))
        run.frame = (size_t)atoi(value);
    else if (!strcmp(name, "capacity"))
        run.capacity = (size_t)atoi(value);
    else if (!strcmp(name, "row"))
        run.row = atol(value);
    else if (!strcmp(name, "spread"))
        spread = atoi(value);
    else if (!strcmp(name, "out"))
        add_output(value);
    else
        set_list(name, value);
}

static int fail(plumb_status status, const plumb_diag *diag)
{
    printf("error %d %s: %s\n", (int)status, diag->field, diag->message);
    return 0;
}

static void print(const plumb_detection *d, const plumb_detections *list)
{
    printf("det %d %d %a %a %a %a %a %a", (int)d->row, (int)d->class_id, d->score, d->box.x0,
           d->box.y0, d->box.x1, d->box.y1, d->angle);
    for (size_t i = 0; d->keypoints >= 0 && i < list->keypoints_per_detection; i++) {
        const plumb_keypoint *k =
            &list->keypoints[(size_t)d->keypoints * list->keypoints_per_detection + i];
        printf(" %a %a %a", k->x, k->y, k->score);
    }
    putchar('\n');
}

static int decode(const plumb_head *head, plumb_detections *list)
{
    plumb_ledger ledger = { 0 };
    plumb_detection one;
    plumb_diag diag = { 0 };
    plumb_status status;
    if (run.row >= 0)
        status = plumb_head_row(head, &outputs, run.frame, run.row, &one, &diag);
    else
        status = plumb_head_decode(head, &outputs, run.frame, &run.threshold, list, &ledger, &diag);
    if (status)
        return fail(status, &diag);
    printf("space %s\nnms %d\n", plumb_space_name(plumb_head_space(head)),
           plumb_head_wants_nms(head));
    if (run.row >= 0)
        print(&one, list);
    for (size_t i = 0; i < list->count; i++)
        print(&list->items[i], list);
    plumb_ledger_close(&ledger, list);
    printf("count rows %llu\n", (unsigned long long)ledger.rows);
    for (int i = 0; i < PLUMB_FATE_COUNT; i++)
        printf("count %s %llu\n", plumb_fate_name((plumb_fate)i),
               (unsigned long long)ledger.counts[i]);
    return 0;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        char *equals = strchr(argv[i], '=');
        if (!equals)
            return 2;
        *equals = '\0';
        set(argv[i], equals + 1);
    }
    plumb_head *head;
    plumb_diag diag = { 0 };
    plumb_status status = plumb_head_create(NULL, &run.spec, run.input, &head, &diag);
    if (status)
        return fail(status, &diag);
    size_t points = plumb_head_keypoints(head);
    plumb_detections list = { .capacity = run.capacity, .keypoint_capacity = run.capacity };
    list.items = calloc(run.capacity + 1, sizeof(plumb_detection));
    list.keypoints = calloc(run.capacity * points + 1, sizeof(plumb_keypoint));
    int code = decode(head, &list);
    free(list.items);
    free(list.keypoints);
    plumb_head_destroy(&head);
    return code;
}
