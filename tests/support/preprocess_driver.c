/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs the preprocessor for a test in another language. Reads requests from standard input until it
 * ends: one line of key=value words, then the bytes of each plane. Answers each with "ok N" and the
 * N bytes of the tensor, or with "error STATUS FIELD: MESSAGE". With repeat=N the run is repeated, and
 * "ok N MS" tells the median processor time of a run in milliseconds. Every plane ends at a page that
 * must not be touched, so a read past the end is a crash.
 */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "plumbline/preprocess.h"

#define MAX_REPEAT 10000

typedef struct request {
    plumb_frame frame;
    plumb_preprocess_spec spec;
    uint32_t cpu;
    int repeat;
    double median_ms;
} request;

static void die(const char *what)
{
    fprintf(stderr, "preprocess_driver: %s\n", what);
    exit(99);
}

static void numbers(const char *text, double *to, int count)
{
    char *end = NULL;
    for (int i = 0; i < count; i++) {
        to[i] = strtod(text, &end);
        text = *end == ',' ? end + 1 : end;
    }
}

static void set_numbers(request *r, const char *key, const char *value)
{
    double v[4] = { 0, 0, 0, 0 };
    numbers(value, v, 4);
    plumb_preprocess_spec *s = &r->spec;
    if (strcmp(key, "size") == 0) {
        r->frame.width = (int32_t)v[0];
        r->frame.height = (int32_t)v[1];
    } else if (strcmp(key, "orientation") == 0) {
        r->frame.orientation = (plumb_orientation)v[0];
    } else if (strcmp(key, "roi") == 0) {
        plumb_irect roi = { (int32_t)v[0], (int32_t)v[1], (int32_t)v[2], (int32_t)v[3] };
        r->frame.roi = roi;
    } else if (strcmp(key, "input") == 0) {
        s->mapping.input.width = (int32_t)v[0];
        s->mapping.input.height = (int32_t)v[1];
    } else if (strcmp(key, "short") == 0) {
        s->mapping.resize_short = (int32_t)v[0];
    } else if (strcmp(key, "fraction") == 0) {
        s->mapping.central_fraction = v[0];
    } else if (strcmp(key, "divide") == 0) {
        s->divide = (float)v[0];
    } else if (strcmp(key, "scale") == 0) {
        s->scale = (float)v[0];
    } else if (strcmp(key, "quantization") == 0) {
        s->quantization.scale = (float)v[0];
        s->quantization.zero_point = (int32_t)v[1];
    } else if (strcmp(key, "repeat") == 0) {
        r->repeat = (int)v[0] > 0 && (int)v[0] < MAX_REPEAT ? (int)v[0] : 1;
    } else if (strcmp(key, "cpu") == 0) {
        r->cpu = (uint32_t)v[0];
    } else {
        for (int i = 0; i < 3; i++) {
            if (strcmp(key, "row_strides") == 0)
                r->frame.planes[i].row_stride = (ptrdiff_t)v[i];
            else if (strcmp(key, "pixel_strides") == 0)
                r->frame.planes[i].pixel_stride = (int32_t)v[i];
            else if (strcmp(key, "bytes") == 0)
                r->frame.planes[i].size = (size_t)v[i];
            else if (strcmp(key, "pad") == 0)
                s->pad[i] = (uint8_t)v[i];
            else if (strcmp(key, "mean") == 0)
                s->mean[i] = (float)v[i];
            else if (strcmp(key, "std") == 0)
                s->std[i] = (float)v[i];
            else
                die(key);
        }
    }
}

static bool set_name(request *r, const char *key, const char *value)
{
    plumb_preprocess_spec *s = &r->spec;
    if (strcmp(key, "profile") == 0)
        return plumb_preprocess_profile(value, s) == PLUMB_OK;
    if (strcmp(key, "format") == 0)
        return plumb_pixel_format_parse(value, &r->frame.format);
    if (strcmp(key, "matrix") == 0)
        return plumb_matrix_parse(value, &r->frame.matrix);
    if (strcmp(key, "range") == 0)
        return plumb_range_parse(value, &r->frame.range);
    if (strcmp(key, "mode") == 0)
        return plumb_crop_mode_parse(value, &s->mapping.mode);
    if (strcmp(key, "rule") == 0)
        return plumb_rule_parse(value, &s->mapping.rule);
    if (strcmp(key, "resample") == 0)
        return plumb_resampler_parse(value, &s->resample);
    if (strcmp(key, "channels") == 0)
        return plumb_channels_parse(value, &s->channels);
    if (strcmp(key, "layout") == 0)
        return plumb_layout_parse(value, &s->layout);
    if (strcmp(key, "dtype") == 0)
        return plumb_dtype_parse(value, &s->dtype);
    set_numbers(r, key, value);
    return true;
}

static void parse(request *r, char *line)
{
    request empty = { PLUMB_FRAME_INIT, PLUMB_PREPROCESS_SPEC_INIT, PLUMB_CPU_AUTO, 1, 0.0 };
    *r = empty;
    for (char *word = strtok(line, " \n"); word; word = strtok(NULL, " \n")) {
        char *value = strchr(word, '=');
        if (!value)
            die(word);
        *value++ = '\0';
        if (!set_name(r, word, value))
            die(value);
    }
}

/* The bytes of one plane from standard input, right before a page without access. */
static uint8_t *read_plane(size_t size, void **map, size_t *map_size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), room = (size + page - 1) / page * page;
    *map_size = room + page;
    *map = mmap(NULL, *map_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (*map == MAP_FAILED)
        die("mmap failed");
    uint8_t *data = (uint8_t *)*map + room - size;
    if (fread(data, 1, size, stdin) != size)
        die("planes end early");
    if (mprotect((uint8_t *)*map + room, page, PROT_NONE) != 0)
        die("mprotect failed");
    return data;
}

static double processor_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static plumb_status run(request *r, plumb_tensor *tensor, plumb_diag *diag)
{
    plumb_context context = PLUMB_CONTEXT_INIT;
    context.cpu = r->cpu;
    plumb_preprocess_plan *plan = NULL;
    plumb_status status = plumb_preprocess_plan_create(&context, &r->spec, &r->frame, &plan, diag);
    if (status)
        return status;
    plumb_tensor_info info = plumb_preprocess_tensor_info(&r->spec);
    plumb_tensor t = { 0 };
    t.dtype = info.dtype;
    t.rank = info.rank;
    t.size = plumb_dtype_size(info.dtype);
    for (int i = 0; i < info.rank; i++) {
        t.shape[i] = info.shape[i];
        t.size *= (size_t)info.shape[i];
    }
    size_t scratch_size = plumb_preprocess_plan_scratch(plan);
    void *scratch = NULL;
    t.data = malloc(t.size);
    if (!t.data || posix_memalign(&scratch, 64, scratch_size + 1) != 0)
        die("out of memory");
    memset(t.data, 0xa5, t.size);
    memset(scratch, 0xa5, scratch_size);
    static double times[MAX_REPEAT];
    for (int i = 0; i < r->repeat && status == PLUMB_OK; i++) {
        double start = processor_ms();
        status = plumb_preprocess_run(plan, &r->frame, &t, scratch, scratch_size, diag);
        times[i] = processor_ms() - start;
    }
    qsort(times, (size_t)r->repeat, sizeof(times[0]), by_size);
    r->median_ms = times[r->repeat / 2];
    free(scratch);
    plumb_preprocess_plan_destroy(&plan);
    *tensor = t;
    return status;
}

int main(void)
{
    static char line[4096];
    while (fgets(line, sizeof(line), stdin)) {
        request r;
        void *maps[3] = { NULL, NULL, NULL };
        size_t map_sizes[3] = { 0, 0, 0 };
        parse(&r, line);
        for (int i = 0; i < 3; i++)
            if (r.frame.planes[i].size > 0)
                r.frame.planes[i].data =
                    read_plane(r.frame.planes[i].size, &maps[i], &map_sizes[i]);
        plumb_tensor tensor = { 0 };
        plumb_diag diag = { 0 };
        plumb_status status = run(&r, &tensor, &diag);
        if (status)
            printf("error %d %s: %s\n", (int)status, diag.field, diag.message);
        else
            printf("ok %zu %.6f\n", tensor.size, r.median_ms);
        if (!status)
            fwrite(tensor.data, 1, tensor.size, stdout);
        fflush(stdout);
        free(tensor.data);
        for (int i = 0; i < 3; i++)
            if (maps[i])
                munmap(maps[i], map_sizes[i]);
    }
    return 0;
}
