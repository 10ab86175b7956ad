/* SPDX-License-Identifier: Apache-2.0
 *
 * An orientation taken apart: exchange the axes, then mirror each. The sampler reads its index
 * tables this way, the mapping its matrix.
 */
#ifndef PLUMB_GEOMETRY_ORIENTATION_H
#define PLUMB_GEOMETRY_ORIENTATION_H

#include "plumbline/geometry.h"

/* upright = mirror(swap(stored)). */
typedef struct plumb_axes {
    bool swap;
    bool mirror_x; /* of the upright x axis, after the swap */
    bool mirror_y;
} plumb_axes;

bool plumb_orientation_valid(int orientation);
plumb_axes plumb_orientation_axes(plumb_orientation orientation);
plumb_orientation plumb_orientation_from_axes(plumb_axes axes);

#endif
