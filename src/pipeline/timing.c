/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/names.h"
#include "pipeline/pipeline.h"

static const plumb_name stages[] = {
    { PLUMB_STAGE_DECODE_IMAGE, "decode_image" },
    { PLUMB_STAGE_PREPROCESS, "preprocess" },
    { PLUMB_STAGE_INFER, "infer" },
    { PLUMB_STAGE_DECODE, "decode" },
    { PLUMB_STAGE_NMS, "nms" },
    { PLUMB_STAGE_REGIONS, "regions" },
    { PLUMB_STAGE_TOTAL, "total" },
};

const char *plumb_stage_name(plumb_stage stage)
{
    return plumb_name_of(stages, sizeof(stages) / sizeof(stages[0]), (int)stage);
}

static double milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}

plumb_status plumb_stopwatch_create(const plumb_context *context, plumb_stopwatch *watch)
{
    watch->stages = plumb_alloc_zeroed(context, PLUMB_STAGE_COUNT, sizeof(*watch->stages));
    watch->sorted = plumb_alloc_zeroed(context, PLUMB_TIMING_WINDOW, sizeof(*watch->sorted));
    return watch->stages && watch->sorted ? PLUMB_OK : PLUMB_E_NOMEM;
}

void plumb_stopwatch_destroy(const plumb_context *context, plumb_stopwatch *watch)
{
    plumb_release(context, watch->stages);
    plumb_release(context, watch->sorted);
}

void plumb_stopwatch_start(plumb_stopwatch *watch)
{
    for (int i = 0; i < PLUMB_STAGE_COUNT; i++)
        watch->measured[i] = -1.0;
    watch->run_start = watch->lap_start = milliseconds();
}

void plumb_stopwatch_lap(plumb_stopwatch *watch, plumb_stage stage)
{
    double now = milliseconds();
    watch->measured[stage] = fmax(watch->measured[stage], 0.0) + (now - watch->lap_start);
    watch->lap_start = now;
}

static void record(plumb_stage_times *times, double value)
{
    if (!times->started) {
        times->started = true;
        times->cold = value;
        return;
    }
    times->low = times->count == 0 ? value : fmin(times->low, value);
    times->high = times->count == 0 ? value : fmax(times->high, value);
    times->window[times->count % PLUMB_TIMING_WINDOW] = value;
    times->count++;
}

void plumb_stopwatch_finish(plumb_stopwatch *watch)
{
    double total = milliseconds() - watch->run_start;
    for (int i = 0; i < PLUMB_STAGE_COUNT; i++) {
        total += watch->noted[i];
        if (i != PLUMB_STAGE_TOTAL && (watch->measured[i] >= 0.0 || watch->noted[i] > 0.0))
            record(&watch->stages[i], fmax(watch->measured[i], 0.0) + watch->noted[i]);
        watch->noted[i] = 0.0;
    }
    record(&watch->stages[PLUMB_STAGE_TOTAL], total);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Nearest rank: the smallest value that at least `percent` of all do not exceed. */
static double percentile(const double *sorted, size_t count, size_t percent)
{
    size_t rank = (count * percent + 99) / 100;
    return sorted[rank > 0 ? rank - 1 : 0];
}

plumb_timing plumb_stopwatch_read(const plumb_stopwatch *watch, plumb_stage stage)
{
    plumb_timing timing = { 0 };
    const plumb_stage_times *times = &watch->stages[stage];
    timing.cold_ms = times->cold;
    timing.count = times->count;
    if (times->count == 0)
        return timing;
    size_t kept = times->count < PLUMB_TIMING_WINDOW ? (size_t)times->count : PLUMB_TIMING_WINDOW;
    memcpy(watch->sorted, times->window, kept * sizeof(double));
    qsort(watch->sorted, kept, sizeof(double), ascending);
    timing.min_ms = times->low;
    timing.max_ms = times->high;
    timing.median_ms = percentile(watch->sorted, kept, 50);
    timing.p95_ms = percentile(watch->sorted, kept, 95);
    timing.p99_ms = percentile(watch->sorted, kept, 99);
    return timing;
}

plumb_timing plumb_session_timing(const plumb_session *session, plumb_stage stage)
{
    plumb_timing none = { 0 };
    if (!session || (int)stage < 0 || stage >= PLUMB_STAGE_COUNT)
        return none;
    return plumb_stopwatch_read(&session->watch, stage);
}

void plumb_session_note(plumb_session *session, plumb_stage stage, double time)
{
    if (session && (int)stage >= 0 && stage < PLUMB_STAGE_COUNT && isfinite(time) && time > 0.0)
        session->watch.noted[stage] += time;
}

void plumb_session_reset_timing(plumb_session *session)
{
    memset(session->watch.stages, 0, PLUMB_STAGE_COUNT * sizeof(*session->watch.stages));
    memset(session->watch.noted, 0, sizeof(session->watch.noted));
}
