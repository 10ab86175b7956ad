/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/x86/windows.h"

#include <string.h>

#define BLOCK_GROUPS 4

bool plumb_windows_hold(const plumb_taps *taps, int32_t per_lane, int32_t count, int32_t window)
{
    for (int32_t i = 0; i < taps->outputs; i += per_lane) {
        int32_t last = i + per_lane - 1 < taps->outputs ? i + per_lane - 1 : taps->outputs - 1;
        if (taps->first[last] - taps->first[i] + count > window ||
            taps->first[last] < taps->first[i])
            return false;
    }
    return true;
}

/* Outputs of a narrow lane of so many taps. */
static int32_t narrow_lane(const plumb_taps *taps, int32_t slots)
{
    int32_t per_lane = 4;
    while (per_lane > 1 && !plumb_windows_hold(taps, per_lane, slots / per_lane, PLUMB_WINDOW))
        per_lane /= 2;
    return per_lane;
}

static plumb_window_program layout(const plumb_window_kind *kind, const plumb_taps *taps, bool wide)
{
    plumb_window_program p = { 2, PLUMB_WINDOW, PLUMB_WIDE_LANE, 0, 0, false, 0, 0, 0, 0 };
    int32_t slots = PLUMB_WIDE / kind->tap_bytes, blocks = 1;
    wide = wide && plumb_windows_hold(taps, PLUMB_WIDE_LANE, slots / PLUMB_WIDE_LANE, PLUMB_WIDE);
    if (wide) {
        p.lanes = 1;
        p.lane_bytes = PLUMB_WIDE;
    } else {
        slots = PLUMB_WINDOW / kind->tap_bytes;
        blocks = BLOCK_GROUPS;
        p.per_lane = narrow_lane(taps, slots);
    }
    /* Bytes behind the window come round to its beginning, where their weights are 0. */
    p.one_window = plumb_windows_hold(taps, p.per_lane, taps->taps, p.lane_bytes);
    int32_t at_once = slots / p.per_lane, block = p.lanes * p.per_lane * blocks;
    size_t group_bytes = (size_t)(p.lanes * p.lane_bytes);
    p.rounds = (taps->taps + at_once - 1) / at_once;
    p.groups = (taps->outputs + block - 1) / block * blocks;
    p.bases = (sizeof(p) + 63) / 64 * 64;
    p.shuffles = p.bases + ((size_t)(p.groups * p.lanes) * sizeof(int32_t) + 63) / 64 * 64;
    p.weights = p.shuffles + ((size_t)p.groups * group_bytes + 63) / 64 * 64;
    p.round_bytes = (size_t)kind->digits * group_bytes;
    return p;
}

size_t plumb_window_program_size(const plumb_window_kind *kind, const plumb_taps *taps, bool wide)
{
    plumb_window_program p = layout(kind, taps, wide);
    return p.weights + (size_t)p.groups * (size_t)p.rounds * p.round_bytes;
}

/* One output of one lane; `k` counts outputs of the lane. Where nothing is set the memory is 0. */
static void set_output(const plumb_window_kind *kind, const plumb_window_program *p,
                       const plumb_taps *taps, uint8_t *memory, int32_t group, int32_t lane,
                       int32_t k, int32_t base)
{
    int32_t output = (p->lanes * group + lane) * p->per_lane + k, bytes = kind->tap_bytes;
    int32_t at_once = p->lane_bytes / bytes / p->per_lane;
    bool real = output < taps->outputs;
    int32_t offset = real ? taps->first[output] - base : 0;
    size_t group_bytes = (size_t)(p->lanes * p->lane_bytes), at = (size_t)(lane * p->lane_bytes);
    uint8_t *shuffle = memory + p->shuffles + (size_t)group * group_bytes + at;
    for (int32_t t = 0; t < at_once; t++) {
        int32_t slot = (k * at_once + t) * bytes;
        shuffle[slot] = (uint8_t)(offset + t);
        if (bytes == 2)
            shuffle[slot + 1] = 0x80;
        for (int32_t r = 0; r < p->rounds; r++) {
            int32_t tap = r * at_once + t;
            if (!real || tap >= taps->taps)
                continue;
            int16_t digits[3] = { 0, 0, 0 };
            kind->cut(taps->integer[(size_t)output * (size_t)taps->taps + (size_t)tap], digits);
            size_t round = (size_t)group * (size_t)p->rounds + (size_t)r;
            uint8_t *weight = memory + p->weights + round * p->round_bytes + at + slot;
            for (int d = 0; d < kind->digits; d++) /* little-endian: the low byte comes first */
                memcpy(weight + (size_t)d * group_bytes, &digits[d], (size_t)bytes);
        }
    }
}

void plumb_window_program_make(const plumb_window_kind *kind, const plumb_taps *taps, bool wide,
                               void *memory)
{
    plumb_window_program p = layout(kind, taps, wide);
    uint8_t *bytes = memory;
    memcpy(memory, &p, sizeof(p));
    int32_t *bases = (int32_t *)(void *)(bytes + p.bases);
    for (int32_t group = 0; group < p.groups; group++) {
        for (int32_t lane = 0; lane < p.lanes; lane++) {
            int32_t output = (p.lanes * group + lane) * p.per_lane;
            int32_t base = taps->first[output < taps->outputs ? output : taps->outputs - 1];
            bases[p.lanes * group + lane] = base;
            for (int32_t k = 0; k < p.per_lane; k++)
                set_output(kind, &p, taps, bytes, group, lane, k, base);
        }
    }
}
