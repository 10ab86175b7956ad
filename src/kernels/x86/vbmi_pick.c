/* SPDX-License-Identifier: Apache-2.0
 *
 * One sample an output out of a row of bytes: one permutation of 128 bytes makes up to 64 outputs.
 * Ratios of which it would make fewer than 16 fall back to windows of 16 bytes.
 */
#include "kernels/x86/windows.h"

#define WINDOW 64 /* bytes of a vector; a group has two */
#define FEWEST 16
#define MOST   64

/* The tables of a group; the first, of which only `outputs` counts, stands before the groups, or
 * before the program of avx2_pick.c. */
typedef struct pick_group {
    uint8_t order[WINDOW];
    int32_t base, second; /* where the vectors begin */
    int32_t outputs;      /* of each group; 0: windows of 16 bytes */
    int32_t unused[13];
} pick_group;

static int32_t outputs_of(const plumb_taps *taps)
{
    int32_t outputs = MOST;
    while (outputs >= FEWEST && !plumb_windows_hold(taps, outputs, 1, 2 * WINDOW))
        outputs--;
    return outputs >= FEWEST ? outputs : 0;
}

static size_t program_size(plumb_step step, const plumb_taps *taps)
{
    int32_t outputs = outputs_of(taps);
    size_t size = outputs > 0
                      ? (size_t)((taps->outputs + outputs - 1) / outputs) * sizeof(pick_group)
                      : plumb_pick_size_avx2(step, taps);
    return size ? size + sizeof(pick_group) : 0;
}

static void make_program(plumb_step step, const plumb_taps *taps, void *program)
{
    pick_group *header = program, *groups = header + 1;
    int32_t outputs = outputs_of(taps);
    header->outputs = outputs;
    if (outputs == 0) {
        plumb_pick_make_avx2(step, taps, groups);
        return;
    }
    for (int32_t i = 0; i < taps->outputs; i++) {
        pick_group *g = &groups[i / outputs];
        int32_t k = i % outputs;
        if (k == 0)
            g->base = g->second = taps->first[i];
        if (taps->first[i] - g->base >= WINDOW) /* else nothing behind the first is read */
            g->second = g->base + WINDOW;
        g->order[k] = (uint8_t)(taps->first[i] - g->base);
    }
}

PLUMB_INLINE __m512i vector(const uint8_t *from)
{
    return _mm512_loadu_si512((const void *)from);
}

/* Vectors are written as they are, the next group over the unused bytes of the one before. */
static void along_pick(void *const to[], const void *const from[], int planes,
                       const plumb_taps *taps)
{
    const pick_group *header = taps->program;
    if (!header || header->outputs == 0) {
        plumb_taps narrow = *taps;
        narrow.program = header ? header + 1 : NULL;
        plumb_along_pick_avx2(to, from, planes, &narrow);
        return;
    }
    int32_t outputs = header->outputs;
    const pick_group *g = header + 1;
    for (int32_t at = 0; at < taps->outputs; at += outputs, g++) {
        __m512i order = vector(g->order);
        for (int k = 0; k < planes; k++) {
            const uint8_t *row = from[k];
            __m512i picked =
                _mm512_permutex2var_epi8(vector(row + g->base), order, vector(row + g->second));
            _mm512_storeu_si512((void *)((uint8_t *)to[k] + at), picked);
        }
    }
}

void plumb_kernels_init_vbmi_pick(plumb_kernels *kernels)
{
    kernels->program[PLUMB_STEP_PICK].size = program_size;
    kernels->program[PLUMB_STEP_PICK].make = make_program;
    kernels->along[PLUMB_STEP_PICK] = along_pick;
}
