/* SPDX-License-Identifier: Apache-2.0
 *
 * The arithmetic of plumb_affine_point for loops over many points: a name that others may replace
 * is never inlined, and the call costs more than the sums.
 */
#ifndef PLUMB_GEOMETRY_AFFINE_H
#define PLUMB_GEOMETRY_AFFINE_H

#include "plumbline/geometry.h"

static inline plumb_point plumb_affine_send(const plumb_affine *affine, plumb_point point)
{
    const double *m = affine->m;
    plumb_point mapped = { m[0] * point.x + m[1] * point.y + m[2],
                           m[3] * point.x + m[4] * point.y + m[5] };
    return mapped;
}

#endif
