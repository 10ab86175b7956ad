/* SPDX-License-Identifier: Apache-2.0
 *
 * One sample an output out of a row of bytes: 16, 8 or 4 outputs from a window of 16 bytes.
 */
#include "kernels/c/reference.h"
#include "kernels/x86/windows.h"

/* The tables of two windows. */
typedef struct pick_group {
    int32_t bases[2];
    int32_t unused[6];
    uint8_t shuffle[32];
} pick_group;

static int32_t per_lane_of(const plumb_taps *taps)
{
    int32_t per_lane = 16;
    while (per_lane >= 4 && !plumb_windows_hold(taps, per_lane, 1, PLUMB_WINDOW))
        per_lane /= 2;
    return per_lane >= 4 ? per_lane : 0;
}

/* A header as large as a group, then groups. */
size_t plumb_pick_size_avx2(plumb_step step, const plumb_taps *taps)
{
    (void)step;
    int32_t per_lane = per_lane_of(taps), group = 2 * per_lane;
    if (per_lane == 0)
        return 0;
    return ((size_t)(taps->outputs + group - 1) / (size_t)group + 1) * sizeof(pick_group);
}

void plumb_pick_make_avx2(plumb_step step, const plumb_taps *taps, void *program)
{
    (void)step;
    pick_group *groups = (pick_group *)program + 1;
    int32_t per_lane = per_lane_of(taps), last = taps->outputs - 1;
    *(int32_t *)program = per_lane;
    for (int32_t i = 0; i <= last; i++) {
        pick_group *g = &groups[i / (2 * per_lane)];
        int32_t lane = i / per_lane % 2, k = i % per_lane;
        if (k == 0)
            g->bases[lane] = taps->first[i];
        if (k == 0 && lane == 0) /* for a lane that no output needs */
            g->bases[1] = taps->first[i];
        g->shuffle[16 * lane + k] = (uint8_t)(taps->first[i] - g->bases[lane]);
    }
}

/* Lanes are written as they are, the higher over the unused bytes of the lower. */
void plumb_along_pick_avx2(void *const to[], const void *const from[], int planes,
                           const plumb_taps *taps)
{
    if (!taps->program) {
        plumb_along_c(PLUMB_STEP_PICK, to, from, planes, taps);
        return;
    }
    const pick_group *g = (const pick_group *)taps->program + 1;
    int32_t per_lane = *(const int32_t *)taps->program;
    for (int32_t at = 0; at < taps->outputs; at += 2 * per_lane, g++) {
        __m256i shuffle = plumb_table(g->shuffle);
        for (int k = 0; k < planes; k++) {
            const uint8_t *row = from[k];
            uint8_t *out = (uint8_t *)to[k] + at;
            __m256i v = plumb_two_windows(row + g->bases[0], row + g->bases[1]);
            v = _mm256_shuffle_epi8(v, shuffle);
            _mm_storeu_si128((__m128i *)(void *)out, _mm256_castsi256_si128(v));
            _mm_storeu_si128((__m128i *)(void *)(out + per_lane), _mm256_extracti128_si256(v, 1));
        }
    }
}

void plumb_kernels_init_avx2_pick(plumb_kernels *kernels)
{
    kernels->program[PLUMB_STEP_PICK].size = plumb_pick_size_avx2;
    kernels->program[PLUMB_STEP_PICK].make = plumb_pick_make_avx2;
    kernels->along[PLUMB_STEP_PICK] = plumb_along_pick_avx2;
}
