/* SPDX-License-Identifier: Apache-2.0 */
#include "plumbline/geometry.h"

#include <math.h>

/* Twice the area of the triangle, relative to the size of the points. */
static bool collinear(const plumb_point *a, const plumb_point *b, const plumb_point *c)
{
    double ux = b->x - a->x, uy = b->y - a->y;
    double vx = c->x - a->x, vy = c->y - a->y;
    double area = fabs(ux * vy - uy * vx);
    double scale = (fabs(ux) + fabs(uy)) * (fabs(vx) + fabs(vy));
    return !(area > 1e-10 * scale);
}

static bool in_general_position(const plumb_point p[4])
{
    for (int i = 0; i < 4; i++)
        if (!isfinite(p[i].x) || !isfinite(p[i].y) ||
            collinear(&p[i], &p[(i + 1) % 4], &p[(i + 2) % 4]))
            return false;
    return true;
}

/* Gaussian elimination with partial pivoting of the 8x8 system, right side in column 8. */
static bool solve(double a[8][9], double x[8])
{
    for (int k = 0; k < 8; k++) {
        int pivot = k;
        for (int i = k + 1; i < 8; i++)
            if (fabs(a[i][k]) > fabs(a[pivot][k]))
                pivot = i;
        if (a[pivot][k] == 0.0)
            return false;
        for (int j = k; j < 9; j++) {
            double t = a[k][j];
            a[k][j] = a[pivot][j];
            a[pivot][j] = t;
        }
        for (int i = k + 1; i < 8; i++) {
            double f = a[i][k] / a[k][k];
            for (int j = k; j < 9; j++)
                a[i][j] -= f * a[k][j];
        }
    }
    for (int i = 7; i >= 0; i--) {
        double sum = a[i][8];
        for (int j = i + 1; j < 8; j++)
            sum -= a[i][j] * x[j];
        x[i] = sum / a[i][i];
    }
    return true;
}

plumb_status plumb_homography_from_points(const plumb_point from[4], const plumb_point to[4],
                                          plumb_homography *homography)
{
    if (!from || !to || !homography || !in_general_position(from) || !in_general_position(to))
        return PLUMB_E_ARGUMENT;
    double a[8][9];
    for (int i = 0; i < 4; i++) {
        double x = from[i].x, y = from[i].y, u = to[i].x, v = to[i].y;
        const double rows[2][9] = { { x, y, 1, 0, 0, 0, -u * x, -u * y, u },
                                    { 0, 0, 0, x, y, 1, -v * x, -v * y, v } };
        for (int j = 0; j < 9; j++) {
            a[2 * i][j] = rows[0][j];
            a[2 * i + 1][j] = rows[1][j];
        }
    }
    double h[8];
    if (!solve(a, h))
        return PLUMB_E_ARGUMENT;
    for (int i = 0; i < 8; i++) {
        if (!isfinite(h[i]))
            return PLUMB_E_ARGUMENT;
        homography->h[i] = h[i];
    }
    homography->h[8] = 1.0;
    return PLUMB_OK;
}

bool plumb_homography_invert(const plumb_homography *homography, plumb_homography *inverse)
{
    const double *h = homography->h;
    double c[9] = {
        h[4] * h[8] - h[5] * h[7], h[2] * h[7] - h[1] * h[8], h[1] * h[5] - h[2] * h[4],
        h[5] * h[6] - h[3] * h[8], h[0] * h[8] - h[2] * h[6], h[2] * h[3] - h[0] * h[5],
        h[3] * h[7] - h[4] * h[6], h[1] * h[6] - h[0] * h[7], h[0] * h[4] - h[1] * h[3],
    };
    double determinant = h[0] * c[0] + h[1] * c[3] + h[2] * c[6];
    if (!isfinite(determinant) || determinant == 0.0)
        return false;
    for (int i = 0; i < 9; i++)
        inverse->h[i] = c[i] / determinant;
    return true;
}

plumb_point plumb_homography_point(const plumb_homography *homography, plumb_point point)
{
    const double *h = homography->h;
    double w = h[6] * point.x + h[7] * point.y + h[8];
    plumb_point mapped = { (h[0] * point.x + h[1] * point.y + h[2]) / w,
                           (h[3] * point.x + h[4] * point.y + h[5]) / w };
    return mapped;
}
