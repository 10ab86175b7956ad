/* SPDX-License-Identifier: Apache-2.0
 *
 * How long the doctor takes on long runs, healthy and upside down, and how that grows.
 *
 *   doctor_bench [FRAMES BOXES]   one size; without arguments 1,000 x 20, 2,000 x 20, 10,000 x 100
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "qa/doctor.h"

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static double share(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(*state >> 11) * 0x1p-53;
}

/* Boxes of 30 to 90 pixels, four in five found to a pixel or two, one in ten too many. */
static void fill(qa_doctor_frame *frames, qa_doctor_box *truth, qa_doctor_box *seen, size_t count,
                 size_t boxes, bool flip)
{
    uint64_t state = 7;
    const plumb_size image = { 1280, 720 };
    for (size_t f = 0; f < count; f++) {
        qa_doctor_box *t = truth + f * boxes, *s = seen + 2 * f * boxes;
        size_t n = 0;
        for (size_t i = 0; i < boxes; i++) {
            double w = 30 + 60 * share(&state), h = 30 + 60 * share(&state);
            plumb_rect r = { share(&state) * (1280 - w), share(&state) * (720 - h), w, h };
            t[i] = (qa_doctor_box){ r, NAN, (int32_t)(i % 5) };
            r.x += 4 * share(&state) - 2;
            r.y += 4 * share(&state) - 2;
            if (share(&state) < 0.8)
                s[n++] = (qa_doctor_box){ r, 0.4 + 0.5 * share(&state), (int32_t)(i % 5) };
            if (share(&state) < 0.1)
                s[n++] = (qa_doctor_box){ { share(&state) * 1200, share(&state) * 650, w, h },
                                          0.3 + 0.3 * share(&state),
                                          0 };
        }
        for (size_t i = 0; i < n && flip; i++)
            s[i].rect.y = 720 - s[i].rect.y - s[i].rect.height;
        frames[f] = (qa_doctor_frame){ "", image, t, boxes, s, n };
    }
}

static bool measure(size_t count, size_t boxes)
{
    qa_doctor_frame *frames = malloc(count * sizeof(*frames));
    qa_doctor_box *truth = malloc(count * boxes * sizeof(*truth));
    qa_doctor_box *seen = malloc(2 * count * boxes * sizeof(*seen));
    bool good = frames && truth && seen;
    for (int flip = 0; flip < 2 && good; flip++) {
        fill(frames, truth, seen, count, boxes, flip == 1);
        qa_doctor_report report;
        double start = now_ms();
        good = qa_doctor_examine(NULL, frames, count, NULL, &report, NULL) == PLUMB_OK;
        printf("%6zu frames x %3zu boxes, %-8s %9.1f ms\n", count, boxes,
               report.fault_count ? qa_doctor_code_name(report.faults[0].code)
                                  : qa_doctor_verdict_name(report.verdict),
               now_ms() - start);
    }
    free(frames);
    free(truth);
    free(seen);
    return good;
}

int main(int argc, char **argv)
{
    static const size_t sizes[][2] = { { 8, 4 }, { 1000, 20 }, { 2000, 20 }, { 10000, 100 } };
    if (argc > 2)
        return !measure(strtoul(argv[1], NULL, 10), strtoul(argv[2], NULL, 10));
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        if (!measure(sizes[i][0], sizes[i][1]))
            return 1;
    return 0;
}
