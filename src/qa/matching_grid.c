/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "base/allocator.h"
#include "qa/matching.h"

/* Fewer targets are faster looked through. */
#define LEAST_TARGETS 48
#define MOST_SIDE     64
/* Cells that a target is entered in, on average at most. */
#define MOST_ENTRIES 16

typedef struct window {
    double x0, y0, x1, y1;
} window;

/* Where the centre of a box can be that is within reach: half the sum of two squares is no less
 * than the square of their mean. The slack is for rounding. */
static window window_of(const qa_match_target *const targets[QA_MATCH_JITTERS], size_t i)
{
    double rx = 0.0, ry = 0.0;
    for (int j = 0; j < QA_MATCH_JITTERS; j++) {
        const qa_match_target *t = &targets[j][i];
        rx = fmax(rx, sqrt(t->reach / 2.0) / t->inverse_x * (1.0 + 1e-9));
        ry = fmax(ry, sqrt(t->reach / 2.0) / t->inverse_y * (1.0 + 1e-9));
    }
    const qa_match_target *t = &targets[0][i];
    double x = (t->x0 + t->x1) / 2.0, y = (t->y0 + t->y1) / 2.0;
    return (window){ x - rx, y - ry, x + rx, y + ry };
}

static void measure(const qa_match_target *const targets[QA_MATCH_JITTERS], size_t count, int side,
                    qa_match_grid *grid)
{
    window all = window_of(targets, 0);
    for (size_t i = 1; i < count; i++) {
        window w = window_of(targets, i);
        all.x0 = fmin(all.x0, w.x0);
        all.y0 = fmin(all.y0, w.y0);
        all.x1 = fmax(all.x1, w.x1);
        all.y1 = fmax(all.y1, w.y1);
    }
    grid->side = side;
    grid->x = all.x0;
    grid->y = all.y0;
    grid->cells_per_x = side / fmax(all.x1 - all.x0, 1e-9);
    grid->cells_per_y = side / fmax(all.y1 - all.y0, 1e-9);
}

/* The cells that a window touches, ends included. */
typedef struct cells {
    int left, top, right, bottom;
} cells;

static int cell_of(double place, double origin, double cells_per, int side)
{
    return (int)fmin(fmax((place - origin) * cells_per, 0.0), side - 1);
}

static cells cells_of(const qa_match_grid *grid, window w)
{
    return (cells){ cell_of(w.x0, grid->x, grid->cells_per_x, grid->side),
                    cell_of(w.y0, grid->y, grid->cells_per_y, grid->side),
                    cell_of(w.x1, grid->x, grid->cells_per_x, grid->side),
                    cell_of(w.y1, grid->y, grid->cells_per_y, grid->side) };
}

static size_t count_entries(const qa_match_target *const targets[QA_MATCH_JITTERS], size_t count,
                            const qa_match_grid *grid)
{
    size_t total = 0;
    for (size_t i = 0; i < count; i++) {
        cells c = cells_of(grid, window_of(targets, i));
        total += (size_t)(c.right - c.left + 1) * (size_t)(c.bottom - c.top + 1);
    }
    return total;
}

/* Count the entries two places on, so that after summing up, entering leaves `start` in place. */
static void enter(const qa_match_target *const targets[QA_MATCH_JITTERS], size_t count,
                  qa_match_grid *grid)
{
    size_t places = (size_t)grid->side * (size_t)grid->side + 2;
    memset(grid->start, 0, places * sizeof(*grid->start));
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < count; i++) {
            cells c = cells_of(grid, window_of(targets, i));
            for (int row = c.top; row <= c.bottom; row++) {
                for (int column = c.left; column <= c.right; column++) {
                    uint32_t *at = &grid->start[row * grid->side + column];
                    if (pass == 0)
                        at[2]++;
                    else
                        grid->targets[at[1]++] = (int32_t)i;
                }
            }
        }
        for (size_t k = 1; pass == 0 && k < places; k++)
            grid->start[k] += grid->start[k - 1];
    }
}

bool qa_match_grid_make(const plumb_context *context,
                        const qa_match_target *const targets[QA_MATCH_JITTERS], size_t count,
                        qa_match_grid *grid)
{
    memset(grid, 0, sizeof(*grid));
    if (count < LEAST_TARGETS)
        return true;
    size_t entries;
    int side = MOST_SIDE;
    do {
        measure(targets, count, side, grid);
        entries = count_entries(targets, count, grid);
        side /= 2;
    } while (entries > MOST_ENTRIES * count && side > 0);
    size_t places = (size_t)grid->side * (size_t)grid->side + 2;
    grid->start = plumb_alloc_array(context, places, sizeof(*grid->start));
    grid->targets = plumb_alloc_array(context, entries, sizeof(*grid->targets));
    if (!grid->start || !grid->targets) {
        qa_match_grid_release(context, grid);
        return false;
    }
    enter(targets, count, grid);
    return true;
}

void qa_match_grid_release(const plumb_context *context, qa_match_grid *grid)
{
    plumb_release(context, grid->start);
    plumb_release(context, grid->targets);
    memset(grid, 0, sizeof(*grid));
}
