/* SPDX-License-Identifier: Apache-2.0
 *
 * libyuv's kernels where they are the same on every CPU and exact: those that only move bytes. Its
 * scalers and its matrices for 709 are neither, and our own matrices take their place; see the
 * names libyuv-* in frame.h for the ones that reproduce it. No function here allocates.
 */
#include <libyuv.h>

#include "kernels/kernels.h"

/* A row of one pixel format is a plane of height 1, whose strides are not looked at. */
static void split(uint8_t *const to[4], const uint8_t *from, int size, int32_t n)
{
    if (n <= 0)
        return;
    if (size == 2 && to[0] && to[1])
        SplitUVPlane(from, 0, to[0], 0, to[1], 0, n, 1);
    else if (size == 3 && to[0] && to[1] && to[2])
        SplitRGBPlane(from, 0, to[0], 0, to[1], 0, to[2], 0, n, 1);
    else if (size == 4 && to[0] && to[1] && to[2]) /* memory order B, G, R, A is named ARGB */
        SplitARGBPlane(from, 0, to[2], 0, to[1], 0, to[0], 0, to[3], 0, n, 1);
    else
        for (int k = 0; k < size; k++)
            for (int32_t i = 0; to[k] && i < n; i++)
                to[k][i] = from[i * size + k];
}

static void reverse(uint8_t *to, const uint8_t *from, int32_t n)
{
    if (n > 0)
        MirrorPlane(from, 0, to, 0, n, 1);
}

static void interleave3(uint8_t *to, const uint8_t *const from[3], int32_t n)
{
    if (n > 0)
        MergeRGBPlane(from[0], 0, from[1], 0, from[2], 0, to, 0, n, 1);
}

void plumb_kernels_init_libyuv(plumb_kernels *kernels)
{
    kernels->split = split;
    kernels->reverse = reverse;
    kernels->interleave3 = interleave3;
}
