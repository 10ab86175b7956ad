/* SPDX-License-Identifier: Apache-2.0
 *
 * JPEG to tensor beside a bare libjpeg-turbo decode of the same file, and two threads beside one.
 * What bounds each: the decode at half size, and the decode of a crop whose pixels nobody uses. In
 * one run, each round calls every contender once; medians of the processor time of the thread, for
 * the threads of the wall clock.
 *
 *     ninja tests/peers/session_bench && tests/peers/session_bench [ROUNDS [FILE.jpg ...]]
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jpeglib.h>

#include "fake_detector.h"
#include "random.h"

#define MAX_ROUNDS      301
#define FRAMES_A_THREAD 200

static double milliseconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *times, int count)
{
    qsort(times, (size_t)count, sizeof(*times), ascending);
    return times[count / 2];
}

/* Smooth colours with grain: about 600 kB at quality 90 for 1080p. */
static unsigned char *encode(unsigned width, unsigned height, unsigned long *size)
{
    struct jpeg_compress_struct info;
    struct jpeg_error_mgr errors;
    unsigned char *data = NULL, *row = malloc((size_t)width * 3);
    random_state random = { 11 };
    info.err = jpeg_std_error(&errors);
    jpeg_create_compress(&info);
    jpeg_mem_dest(&info, &data, size);
    info.image_width = width;
    info.image_height = height;
    info.input_components = 3;
    info.in_color_space = JCS_RGB;
    jpeg_set_defaults(&info); /* 4:2:0 */
    jpeg_set_quality(&info, 90, TRUE);
    jpeg_start_compress(&info, TRUE);
    while (info.next_scanline < height) {
        unsigned y = info.next_scanline;
        for (unsigned i = 0; i < width * 3; i++) {
            int grain = (int)(random_u32(&random) % 33) - 16;
            int value = (int)(i / 3 * (i % 3 + 1) / 9 + y / 3 * (3 - i % 3)) % 220 + 18 + grain;
            row[i] = (unsigned char)(value < 0 ? 0 : value > 255 ? 255 : value);
        }
        (void)jpeg_write_scanlines(&info, &row, 1);
    }
    jpeg_finish_compress(&info);
    jpeg_destroy_compress(&info);
    free(row);
    return data;
}

typedef struct bare_choice {
    unsigned reduction; /* 2: the DCT at half size */
    bool crop;          /* the columns of a center crop to a square, and its rows */
} bare_choice;

/* libjpeg-turbo alone; of a crop what jpeg_crop_scanline and jpeg_skip_scanlines leave out. */
static void bare_decode(const unsigned char *data, unsigned long size, unsigned char *pixels,
                        const bare_choice *choice)
{
    struct jpeg_decompress_struct info;
    struct jpeg_error_mgr errors;
    info.err = jpeg_std_error(&errors);
    jpeg_create_decompress(&info);
    jpeg_mem_src(&info, data, size);
    (void)jpeg_read_header(&info, TRUE);
    info.out_color_space = JCS_RGB;
    info.scale_num = 1;
    info.scale_denom = choice->reduction;
    (void)jpeg_start_decompress(&info);
    unsigned first = 0, end = info.output_height;
    if (choice->crop) {
        unsigned w = info.output_width, h = info.output_height, side = w < h ? w : h;
        JDIMENSION x = (w - side) / 2, columns = side;
        first = (h - side) / 2;
        end = first + side;
        if (side < w)
            jpeg_crop_scanline(&info, &x, &columns);
        if (first > 0)
            (void)jpeg_skip_scanlines(&info, first);
    }
    while (info.output_scanline < end) {
        JSAMPROW rows[16];
        for (unsigned i = 0; i < 16; i++)
            rows[i] = pixels + ((size_t)info.output_scanline + i) * info.output_width * 3;
        (void)jpeg_read_scanlines(&info, rows, 16);
    }
    if (info.output_scanline < info.output_height)
        (void)jpeg_skip_scanlines(&info, info.output_height - info.output_scanline);
    (void)jpeg_finish_decompress(&info);
    jpeg_destroy_decompress(&info);
}

static plumb_session *open_session(plumb_pipeline **pipeline, plumb_crop_mode mode, plumb_rule rule,
                                   plumb_jpeg_decoding jpeg)
{
    plumb_pipeline_spec spec = fake_spec();
    spec.preprocess.mapping.input = (plumb_size){ 640, 640 };
    spec.preprocess.mapping.mode = mode;
    spec.preprocess.mapping.rule = rule;
    spec.preprocess.divide = 255.0f;
    spec.preprocess.jpeg = jpeg;
    plumb_session *session = NULL;
    if (plumb_pipeline_create(NULL, &spec, pipeline, NULL) ||
        plumb_session_create(*pipeline, NULL, &session, NULL)) {
        fprintf(stderr, "no session\n");
        exit(1);
    }
    return session;
}

static void run(plumb_session *session, const plumb_frame *frame)
{
    plumb_result result;
    plumb_diag diag = { 0 };
    if (plumb_session_preprocess(session, frame, &result, &diag)) {
        fprintf(stderr, "%s: %s\n", diag.field, diag.message);
        exit(1);
    }
}

enum { OURS, OURS_HALF, BARE, BARE_HALF, BARE_CROP, CONTENDERS };

static void print_jpeg(const plumb_image_info *info, unsigned long size, plumb_crop_mode mode,
                       const double ms[CONTENDERS])
{
    double bare = ms[BARE];
    printf("W4 JPEG %dx%d, %lu kB, %s 640 float32: %.2f ms, bare decode %.2f ms, ratio %.3f\n",
           (int)info->width, (int)info->height, size / 1024, plumb_crop_mode_name(mode), ms[OURS],
           bare, ms[OURS] / bare);
    if (mode == PLUMB_CROP_CENTER)
        printf("    decode of the crop alone, pixels thrown away: %.2f ms, ratio %.3f\n",
               ms[BARE_CROP], ms[BARE_CROP] / bare);
    if (ms[OURS_HALF] > 0.0)
        printf("    half-dct: %.2f ms, ratio %.3f; bare decode at half size %.2f ms, ratio %.3f\n",
               ms[OURS_HALF], ms[OURS_HALF] / bare, ms[BARE_HALF], ms[BARE_HALF] / bare);
}

static void bench_jpeg(const unsigned char *data, unsigned long size, plumb_crop_mode mode,
                       plumb_rule rule, int rounds)
{
    plumb_image_info info;
    if (plumb_image_probe(data, size, &info, NULL)) {
        fprintf(stderr, "not a JPEG\n");
        exit(1);
    }
    static const bare_choice bare[CONTENDERS] = {
        [BARE] = { 1, false }, [BARE_HALF] = { 2, false }, [BARE_CROP] = { 1, true }
    };
    unsigned char *pixels = malloc(((size_t)info.height + 16) * (size_t)info.width * 3);
    plumb_pipeline *pipelines[2] = { NULL, NULL };
    plumb_session *sessions[2] = {
        open_session(&pipelines[OURS], mode, rule, PLUMB_JPEG_TURBO_ISLOW_FANCY),
        open_session(&pipelines[OURS_HALF], mode, rule, PLUMB_JPEG_HALF_DCT),
    };
    plumb_frame frame = PLUMB_FRAME_INIT;
    frame.format = PLUMB_FORMAT_JPEG;
    frame.planes[0].data = data;
    frame.planes[0].size = size;
    static double times[CONTENDERS][MAX_ROUNDS];
    double ms[CONTENDERS];
    int32_t shorter = info.width < info.height ? info.width : info.height;
    int32_t longer = info.width < info.height ? info.height : info.width;
    bool halves = (mode == PLUMB_CROP_CENTER ? shorter : longer) >= 1280;
    for (int i = -2; i < rounds; i++)
        for (int k = 0; k < CONTENDERS; k++) {
            double start = milliseconds(CLOCK_THREAD_CPUTIME_ID);
            if (k < BARE)
                run(sessions[k], &frame);
            else
                bare_decode(data, size, pixels, &bare[k]);
            if (i >= 0)
                times[k][i] = milliseconds(CLOCK_THREAD_CPUTIME_ID) - start;
        }
    for (int k = 0; k < CONTENDERS; k++)
        ms[k] = median(times[k], rounds);
    if (!halves)
        ms[OURS_HALF] = 0.0;
    print_jpeg(&info, size, mode, ms);
    for (int k = 0; k < 2; k++) {
        plumb_session_destroy(&sessions[k]);
        plumb_pipeline_destroy(&pipelines[k]);
    }
    free(pixels);
}

static void bench_made(unsigned width, unsigned height, plumb_crop_mode mode, plumb_rule rule,
                       int rounds)
{
    unsigned long size = 0;
    unsigned char *data = encode(width, height, &size);
    bench_jpeg(data, size, mode, rule, rounds);
    free(data);
}

static void bench_file(const char *path, int rounds)
{
    static unsigned char data[1 << 24];
    FILE *file = fopen(path, "rb");
    unsigned long size = file ? (unsigned long)fread(data, 1, sizeof(data), file) : 0;
    if (file)
        (void)fclose(file);
    bench_jpeg(data, size, PLUMB_CROP_SCALE_FIT, PLUMB_RULE_ULTRALYTICS, rounds);
    bench_jpeg(data, size, PLUMB_CROP_CENTER, PLUMB_RULE_EXACT, rounds);
}

typedef struct task {
    plumb_session *session;
    plumb_frame frame;
} task;

static void *work(void *user)
{
    task *t = user;
    for (int i = 0; i < FRAMES_A_THREAD; i++)
        run(t->session, &t->frame);
    return NULL;
}

static double wall_of(task *tasks, int threads)
{
    pthread_t ids[2];
    double start = milliseconds(CLOCK_MONOTONIC);
    for (int i = 0; i < threads; i++)
        pthread_create(&ids[i], NULL, work, &tasks[i]);
    for (int i = 0; i < threads; i++)
        pthread_join(ids[i], NULL);
    return milliseconds(CLOCK_MONOTONIC) - start;
}

static void bench_threads(int rounds)
{
    size_t size = (size_t)1920 * 1080 * 3 / 2;
    uint8_t *pixels[2];
    task tasks[2];
    plumb_pipeline *pipeline = NULL, *other = NULL;
    for (int i = 0; i < 2; i++) {
        pixels[i] = malloc(size);
        memset(pixels[i], 100 + i, size);
        tasks[i].session = open_session(i ? &other : &pipeline, PLUMB_CROP_SCALE_FIT,
                                        PLUMB_RULE_ULTRALYTICS, PLUMB_JPEG_TURBO_ISLOW_FANCY);
        tasks[i].frame = fake_frame(pixels[i], 1920, 1080);
        tasks[i].frame.format = PLUMB_FORMAT_NV12;
        tasks[i].frame.matrix = PLUMB_MATRIX_BT709;
        tasks[i].frame.range = PLUMB_RANGE_LIMITED;
        if (plumb_frame_from_buffer(&tasks[i].frame, pixels[i], size, 0, NULL))
            exit(1);
    }
    static double one[MAX_ROUNDS], two[MAX_ROUNDS];
    (void)wall_of(tasks, 2);
    for (int i = 0; i < rounds; i++) {
        one[i] = wall_of(tasks, 1);
        two[i] = wall_of(tasks, 2);
    }
    double x = median(one, rounds), y = median(two, rounds);
    printf("W1 on threads: one %.3f ms a frame, two %.3f ms a frame, %.2fx\n", x / FRAMES_A_THREAD,
           y / (2 * FRAMES_A_THREAD), 2 * x / y);
    for (int i = 0; i < 2; i++) {
        plumb_session_destroy(&tasks[i].session);
        free(pixels[i]);
    }
    plumb_pipeline_destroy(&pipeline);
    plumb_pipeline_destroy(&other);
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 41;
    rounds = rounds < 1 ? 1 : rounds > MAX_ROUNDS ? MAX_ROUNDS : rounds;
    bench_made(1920, 1080, PLUMB_CROP_SCALE_FIT, PLUMB_RULE_ULTRALYTICS, rounds);
    bench_made(1440, 1080, PLUMB_CROP_CENTER, PLUMB_RULE_EXACT, rounds);
    bench_made(1920, 1440, PLUMB_CROP_CENTER, PLUMB_RULE_EXACT, rounds);
    bench_made(1080, 1440, PLUMB_CROP_CENTER, PLUMB_RULE_EXACT, rounds);
    for (int i = 2; i < argc; i++)
        bench_file(argv[i], rounds);
    bench_threads(rounds);
    return 0;
}
