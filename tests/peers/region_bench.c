/* SPDX-License-Identifier: Apache-2.0
 *
 * Time of 10,000 detections against 64 regions of all shapes, spread over a picture of 1920x1080:
 *
 *     ninja tests/peers/region_bench && tests/peers/region_bench
 *
 * Beside it the way that applications go without a library: every box against every polygon's
 * mask, counted pixel by pixel.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plumbline/postprocess.h"
#include "random.h"

#define DETECTIONS 10000
#define REGIONS    64
#define CORNERS    12
#define WIDTH      1920
#define HEIGHT     1080
#define RUNS       101

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); /* others may share the CPU */
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static plumb_region_spec make_region(random_state *r, int index, char name[16],
                                     plumb_point points[CORNERS], const uint8_t *mask)
{
    static const double pi = 3.14159265358979323846;
    plumb_region_spec spec = PLUMB_REGION_SPEC_INIT;
    double x = random_between(r, 60, WIDTH - 60), y = random_between(r, 60, HEIGHT - 60);
    snprintf(name, 16, "region %d", index);
    spec.name = name;
    spec.space = PLUMB_SPACE_UPRIGHT;
    spec.shape = (plumb_region_shape)(PLUMB_SHAPE_RECT + index % 4);
    spec.measure = PLUMB_MEASURE_FRACTION_OF_BOX;
    spec.effect = PLUMB_EFFECT_SCALE;
    spec.factor = 0.9f;
    spec.at_least = 0.2f;
    spec.rect.x = x - 50;
    spec.rect.y = y - 40;
    spec.rect.width = 100;
    spec.rect.height = 80;
    spec.center.x = x;
    spec.center.y = y;
    spec.radius_x = 60;
    spec.radius_y = 30;
    spec.angle = random_between(r, 0, 3);
    for (int i = 0; i < CORNERS; i++) {
        double radius = random_between(r, 25, 60);
        points[i].x = x + radius * cos(2 * pi * i / CORNERS);
        points[i].y = y + radius * sin(2 * pi * i / CORNERS);
    }
    spec.points = points;
    spec.point_count = CORNERS;
    spec.mask = mask;
    spec.mask_width = spec.mask_height = 32;
    return spec;
}

static void make_detections(random_state *r, plumb_detection *items)
{
    memset(items, 0, DETECTIONS * sizeof(*items));
    for (int i = 0; i < DETECTIONS; i++) {
        float x = (float)random_between(r, 0, WIDTH - 50);
        float y = (float)random_between(r, 0, HEIGHT - 50);
        plumb_box box = { x, y, x + (float)random_between(r, 10, 50),
                          y + (float)random_between(r, 10, 50) };
        items[i].box = box;
        items[i].score = 0.9f;
        items[i].row = i;
        items[i].keypoints = -1;
    }
}

/* One mask of the whole picture, as if all regions had been drawn into it. */
static double count_pixels(const uint8_t *picture, const plumb_detection *items)
{
    double sum = 0.0;
    for (int i = 0; i < DETECTIONS; i++) {
        const plumb_box *b = &items[i].box;
        int inside = 0;
        for (int y = (int)b->y0; y < (int)b->y1; y++)
            for (int x = (int)b->x0; x < (int)b->x1; x++)
                inside += picture[y * WIDTH + x] != 0;
        sum += inside;
    }
    return sum;
}

int main(void)
{
    static plumb_point points[REGIONS][CORNERS];
    static char names[REGIONS][16];
    static uint8_t mask[32 * 32];
    static plumb_region_spec specs[REGIONS];
    random_state r = { 64 };
    memset(mask, 255, sizeof(mask) / 2);
    for (int i = 0; i < REGIONS; i++)
        specs[i] = make_region(&r, i, names[i], points[i], mask);
    plumb_regions *regions = NULL;
    plumb_diag diag = { 0 };
    plumb_mapping mapping;
    plumb_mapping_spec mapping_spec = PLUMB_MAPPING_SPEC_INIT;
    plumb_size size = { WIDTH, HEIGHT };
    mapping_spec.input.width = mapping_spec.input.height = 640;
    mapping_spec.mode = PLUMB_CROP_SCALE_FILL;
    plumb_detection *source = malloc(DETECTIONS * sizeof(*source));
    plumb_detection *items = malloc(DETECTIONS * sizeof(*items));
    uint8_t *picture = calloc(WIDTH, HEIGHT);
    if (plumb_regions_create(NULL, specs, REGIONS, &regions, &diag) ||
        plumb_mapping_make(&mapping_spec, size, PLUMB_ORIENTATION_UP, NULL, &mapping, &diag)) {
        fprintf(stderr, "%s: %s\n", diag.field, diag.message);
        return 1;
    }
    void *scratch = malloc(plumb_regions_scratch(regions));
    make_detections(&r, source);
    double times[RUNS], plain[RUNS], sum = 0.0;
    size_t touched = 0;
    for (int run = 0; run < RUNS; run++) {
        plumb_detections list = { items, DETECTIONS, DETECTIONS,         NULL, 0, 0,
                                  0,     false,      PLUMB_SPACE_UPRIGHT };
        memcpy(items, source, DETECTIONS * sizeof(*items));
        double start = now_ms();
        if (plumb_regions_run(regions, &list, &mapping, NULL, 0.1f, NULL, 0, scratch, NULL, NULL))
            return 1;
        times[run] = now_ms() - start;
        start = now_ms();
        sum += count_pixels(picture, source);
        plain[run] = now_ms() - start;
        for (size_t i = touched = 0; i < list.count; i++)
            touched += list.items[i].regions[0] != 0;
    }
    qsort(times, RUNS, sizeof(times[0]), compare_doubles);
    qsort(plain, RUNS, sizeof(plain[0]), compare_doubles);
    printf("%d detections, %d regions, %zu touched: %.3f ms (best %.3f); counting pixels of one "
           "mask: %.3f ms, %.1f x (%g)\n",
           DETECTIONS, REGIONS, touched, times[RUNS / 2], times[0], plain[RUNS / 2],
           plain[RUNS / 2] / times[RUNS / 2], sum);
    free(scratch);
    free(source);
    free(items);
    free(picture);
    plumb_regions_destroy(&regions);
    return 0;
}
