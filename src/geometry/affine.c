/* SPDX-License-Identifier: Apache-2.0 */
#include "geometry/affine.h"

#include <math.h>

plumb_point plumb_affine_point(const plumb_affine *affine, plumb_point point)
{
    return plumb_affine_send(affine, point);
}

plumb_rect plumb_affine_rect(const plumb_affine *affine, plumb_rect rect)
{
    const double xs[2] = { rect.x, rect.x + rect.width };
    const double ys[2] = { rect.y, rect.y + rect.height };
    double x0 = INFINITY, y0 = INFINITY, x1 = -INFINITY, y1 = -INFINITY;
    for (int i = 0; i < 4; i++) {
        plumb_point corner = { xs[i & 1], ys[i >> 1] };
        plumb_point p = plumb_affine_send(affine, corner);
        x0 = fmin(x0, p.x);
        x1 = fmax(x1, p.x);
        y0 = fmin(y0, p.y);
        y1 = fmax(y1, p.y);
    }
    plumb_rect mapped = { x0, y0, x1 - x0, y1 - y0 };
    return mapped;
}

plumb_affine plumb_affine_compose(const plumb_affine *a, const plumb_affine *b)
{
    const double *p = a->m, *q = b->m;
    plumb_affine composed = { {
        q[0] * p[0] + q[1] * p[3],
        q[0] * p[1] + q[1] * p[4],
        q[0] * p[2] + q[1] * p[5] + q[2],
        q[3] * p[0] + q[4] * p[3],
        q[3] * p[1] + q[4] * p[4],
        q[3] * p[2] + q[4] * p[5] + q[5],
    } };
    return composed;
}

bool plumb_affine_invert(const plumb_affine *affine, plumb_affine *inverse)
{
    const double *m = affine->m;
    double determinant = m[0] * m[4] - m[1] * m[3];
    if (!isfinite(determinant) || determinant == 0.0)
        return false;
    double a = m[4] / determinant, b = -m[1] / determinant;
    double c = -m[3] / determinant, d = m[0] / determinant;
    plumb_affine result = { { a, b, -(a * m[2] + b * m[5]), c, d, -(c * m[2] + d * m[5]) } };
    *inverse = result;
    return true;
}
