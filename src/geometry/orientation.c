/* SPDX-License-Identifier: Apache-2.0 */
#include "geometry/orientation.h"

/* Row n-1: x' and y' of orientation n as functions of (u,v), straight from the public table:
 * swap takes (u,v) to (v,u) first, then each axis may be mirrored. */
static const plumb_axes table[8] = {
    { false, false, false }, { false, true, false }, { false, true, true }, { false, false, true },
    { true, false, false },  { true, true, false },  { true, true, true },  { true, false, true },
};

bool plumb_orientation_valid(int orientation)
{
    return orientation >= 1 && orientation <= 8;
}

plumb_axes plumb_orientation_axes(plumb_orientation orientation)
{
    return table[plumb_orientation_valid((int)orientation) ? (int)orientation - 1 : 0];
}

plumb_orientation plumb_orientation_from_axes(plumb_axes axes)
{
    for (int i = 0; i < 8; i++)
        if (table[i].swap == axes.swap && table[i].mirror_x == axes.mirror_x &&
            table[i].mirror_y == axes.mirror_y)
            return (plumb_orientation)(i + 1);
    return PLUMB_ORIENTATION_UP;
}

bool plumb_orientation_swaps(plumb_orientation orientation)
{
    return plumb_orientation_axes(orientation).swap;
}

plumb_orientation plumb_orientation_compose(plumb_orientation first, plumb_orientation second)
{
    plumb_axes a = plumb_orientation_axes(first);
    plumb_axes b = plumb_orientation_axes(second);
    /* A swap in `second` exchanges what `first` did to the two axes. */
    plumb_axes c;
    c.swap = a.swap != b.swap;
    c.mirror_x = (b.swap ? a.mirror_y : a.mirror_x) != b.mirror_x;
    c.mirror_y = (b.swap ? a.mirror_x : a.mirror_y) != b.mirror_y;
    return plumb_orientation_from_axes(c);
}

plumb_orientation plumb_orientation_inverse(plumb_orientation orientation)
{
    if (orientation == PLUMB_ORIENTATION_RIGHT)
        return PLUMB_ORIENTATION_LEFT;
    if (orientation == PLUMB_ORIENTATION_LEFT)
        return PLUMB_ORIENTATION_RIGHT;
    return orientation;
}

int plumb_orientation_from_degrees(int degrees, bool mirrored)
{
    switch (degrees) {
    case 0:
        return mirrored ? 2 : 1;
    case 90:
        return mirrored ? 5 : 6;
    case 180:
        return mirrored ? 4 : 3;
    case 270:
        return mirrored ? 7 : 8;
    default:
        return 0;
    }
}
