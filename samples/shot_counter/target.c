/* SPDX-License-Identifier: Apache-2.0 */
#include "target.h"

#include <math.h>

#define TEN_RADIUS_MM 5.75

double target_ring_radius(int ring)
{
    return TEN_RADIUS_MM + RING_STEP_MM * (10 - ring);
}

struct target_numeral target_numeral(size_t index)
{
    static const plumb_point arms[4] = { { 0, -1 }, { 1, 0 }, { 0, 1 }, { -1, 0 } };
    int value = 1 + (int)(index / 4);
    double radius = target_ring_radius(value) - RING_STEP_MM / 2;
    plumb_point arm = arms[index % 4];
    return (struct target_numeral){ value, { arm.x * radius, arm.y * radius } };
}

plumb_point target_mark(size_t index)
{
    double x = index == 0 || index == 3 ? -TARGET_MARK_OFFSET : TARGET_MARK_OFFSET;
    double y = index < 2 ? -TARGET_MARK_OFFSET : TARGET_MARK_OFFSET;
    return (plumb_point){ x, y };
}

struct target_score target_score(double radius)
{
    struct target_score score = { 0, 0, radius <= (INNER_TEN_MM + PELLET_MM) / 2 };
    for (int ring = 1; ring <= 10; ring++) {
        if (radius <= target_ring_radius(ring) + PELLET_MM / 2)
            score.ring = ring;
    }
    int tenths = (int)floor(110.0 - 10.0 * radius / RING_STEP_MM);
    if (score.ring > 0)
        score.tenths = tenths > 109 ? 109 : tenths;
    return score;
}
