/* SPDX-License-Identifier: Apache-2.0
 *
 * Why a cell is enough. Let W, H be the sides of a kept box and w, h those of a candidate with
 * IoU > t. Along each axis alone the overlap of the two intervals is above t as well, hence
 * t*W < w < W/t, and the centres are nearer than (W + w)/2 * (1-t)/(1+t) < W * (1-t)/(2t). So a
 * kept box is entered into the few cells that it reaches that far, on the level of its longer
 * side, a level being a factor of four; a candidate looks at the one cell of its centre, on the
 * levels from t to 1/t times its own longer side: two mostly. The ratio of sides changes by less
 * than ((1+t)/(2t))^2: with w = rW and h = sH, r < 1 < s, IoU is at most r/(1 + rs - r).
 */
#include "postprocess/kept.h"

#include <math.h>
#include <string.h>

#define MAX_LEVELS    8    /* with limits from 0.01 on */
#define THIN          8.0f /* ratio of sides */
#define THIN_EXPONENT 4    /* how many times thinner their cells are, a power of two */

/* Long thin boxes have cells that are thin as well, or they would all meet in a few. */
enum { NORMAL, WIDE, TALL, SHAPES };

static int shape_of(float width, float height)
{
    return width > THIN * height ? WIDE : height > THIN * width ? TALL : NORMAL;
}

/* floor(log4(side)), for any positive float; monotone in the side. */
static int level_of(float side)
{
    uint32_t bits;
    memcpy(&bits, &side, sizeof(bits));
    return ((int)(bits >> 23) - 127) >> 1;
}

/* 1 / side of a cell, a power of two, along the axis that `thin` is the short one of. */
static inline double inverse_cell(const plumb_kept *kept, int level, int shape, int thin)
{
    int exponent = 1023 - 2 * level - kept->cell_exponent + (shape == thin ? THIN_EXPONENT : 0);
    uint64_t bits = (uint64_t)exponent << 52;
    double inverse;
    memcpy(&inverse, &bits, sizeof(inverse));
    return inverse;
}

/* floor(). No box lies further from the origin than 2^25 of its sides, or its corners would be the
 * same floats, so the numbers of cells stay below 2^50. */
static int64_t cell_of(double scaled)
{
    int64_t cell = (int64_t)scaled;
    return cell - ((double)cell > scaled);
}

/* Steps of the hash along x, y and from level to level. Its upper bits go round evenly, as the
 * multiples of the plastic number do, so that cells near each other have different slots. */
#define STEP_X     0xc13fa9a902a6328fu
#define STEP_Y     0x91e10da5c79e7b1du
#define STEP_LEVEL 0x165667b19e3779f9u

static uint64_t hash_of(int level, int shape, int64_t x, int64_t y)
{
    return (uint64_t)x * STEP_X + (uint64_t)y * STEP_Y +
           (uint64_t)(level * SHAPES + shape) * STEP_LEVEL;
}

static uint32_t slot_of(const plumb_kept *kept, int level, int shape, int64_t x, int64_t y)
{
    return (uint32_t)(hash_of(level, shape, x, y) >> kept->slot_shift);
}

/* The block of a chain that has room for one more; NULL when the pool is used up. The first block
 * stays first: it holds the best of the cell, which strike most. */
static plumb_kept_block *room_in(plumb_kept *kept, uint32_t *head)
{
    uint32_t *link = head;
    if (*head != 0 && kept->blocks[*head].count == PLUMB_KEPT_LANES)
        link = &kept->blocks[*head].next;
    if (*link == 0 || kept->blocks[*link].count == PLUMB_KEPT_LANES) {
        if (kept->block_count == kept->block_capacity)
            return NULL;
        plumb_kept_clear_block(&kept->blocks[kept->block_count], *link);
        *link = (uint32_t)kept->block_count++;
    }
    return &kept->blocks[*link];
}

/* False when the pool of blocks is used up. */
static bool add(plumb_kept *kept, uint32_t candidate)
{
    const plumb_box *b = &kept->boxes[candidate];
    float width = b->x1 - b->x0, height = b->y1 - b->y0;
    int level = level_of(width > height ? width : height), shape = shape_of(width, height);
    double kx = inverse_cell(kept, level, shape, TALL), ky = inverse_cell(kept, level, shape, WIDE);
    double x = ((double)b->x0 + b->x1) * 0.5, y = ((double)b->y0 + b->y1) * 0.5;
    double dx = ((double)b->x1 - b->x0) * kept->reach, dy = ((double)b->y1 - b->y0) * kept->reach;
    int64_t right = cell_of((x + dx) * kx), lower = cell_of((y + dy) * ky);
    for (int64_t j = cell_of((y - dy) * ky); j <= lower; j++) {
        for (int64_t i = cell_of((x - dx) * kx); i <= right; i++) {
            plumb_kept_block *block =
                room_in(kept, &kept->heads[slot_of(kept, level, shape, i, j)]);
            if (!block)
                return false;
            plumb_kept_put(kept, block, candidate);
        }
    }
    return true;
}

/* Enter all kept boxes, into larger cells whenever the pool does not suffice: those share blocks
 * better. False when even the largest do not help. */
static bool build(plumb_kept *kept)
{
    for (; kept->cell_exponent <= kept->largest_exponent; kept->cell_exponent++) {
        memset(kept->heads, 0, ((size_t)1 << (64 - kept->slot_shift)) * sizeof(kept->heads[0]));
        plumb_kept_clear_block(&kept->blocks[0], 0);
        kept->block_count = 1;
        size_t i = 0;
        while (i < kept->count && add(kept, kept->kept[i]))
            i++;
        if (i == kept->count)
            return true;
    }
    return false;
}

/* The chains of one shape that a candidate must look at. Sides of cells are powers of two, so a
 * coarser cell is found by a shift. */
static inline size_t chains_of_shape(const plumb_kept *kept, const plumb_box *b, int shape,
                                     int level, int last, uint32_t *heads)
{
    double kx = inverse_cell(kept, level, shape, TALL), ky = inverse_cell(kept, level, shape, WIDE);
    int64_t x = cell_of(((double)b->x0 + b->x1) * 0.5 * kx);
    int64_t y = cell_of(((double)b->y0 + b->y1) * 0.5 * ky);
    size_t count = 0;
    for (; level <= last; level++, x >>= 2, y >>= 2)
        heads[count++] = kept->heads[slot_of(kept, level, shape, x, y)];
    return count;
}

static size_t chains_of(const plumb_kept *kept, const plumb_box *b, uint32_t *heads)
{
    float width = b->x1 - b->x0, height = b->y1 - b->y0, side = width > height ? width : height;
    int level = level_of(side * kept->lowest), last = level_of(side * kept->highest);
    size_t count = 0;
    if (width <= kept->thickest * height && height <= kept->thickest * width)
        count += chains_of_shape(kept, b, NORMAL, level, last, heads);
    if (width > kept->thinnest * height)
        count += chains_of_shape(kept, b, WIDE, level, last, heads + count);
    if (height > kept->thinnest * width)
        count += chains_of_shape(kept, b, TALL, level, last, heads + count);
    return count;
}

static bool is_struck(const plumb_kept *kept, const plumb_box *box, uint32_t *winner)
{
    uint32_t heads[SHAPES * MAX_LEVELS];
    size_t count = chains_of(kept, box, heads);
    bool struck = kept->kernels.in_chains(kept->blocks, heads, count, box, kept->rule);
    if (!struck || !winner)
        return struck;
    *winner = UINT32_MAX;
    for (size_t i = 0; i < count; i++)
        for (uint32_t block = heads[i]; block != 0; block = kept->blocks[block].next)
            *winner = plumb_kept_best_in(kept, block, box, *winner);
    return true;
}

size_t plumb_kept_run_cells(plumb_kept *kept, size_t at, size_t end)
{
    kept->slot_shift = plumb_kept_slot_shift(end - at);
    kept->cell_exponent = kept->smallest_exponent;
    bool enough = build(kept);
    for (; at < end && enough; at++) {
        uint32_t *winner = &kept->winner[kept->ranks[at]];
        if (is_struck(kept, &kept->boxes[at], kept->traced ? winner : NULL))
            continue;
        *winner = UINT32_MAX;
        kept->kept[kept->count++] = (uint32_t)at;
        if (!add(kept, (uint32_t)at)) {
            kept->cell_exponent++;
            enough = build(kept);
        }
    }
    return at;
}

int plumb_kept_slot_shift(size_t candidates)
{
    int shift = 64 - 10;
    while ((size_t)1 << (64 - shift) < candidates / 2)
        shift--;
    return shift;
}

void plumb_kept_measure_cells(plumb_kept *kept, float limit)
{
    /* Wider than exact by more than float sides, areas and quotients are off. */
    kept->reach = (1.0 - limit) / (2.0 * limit) * 1.0001 + 1e-5;
    kept->lowest = limit * 0.9999f;
    kept->highest = 1.0001f / limit;
    kept->smallest_exponent = limit > 0.0f ? (int)lround(log2(2.0 * kept->reach)) + 1 : 0;
    kept->largest_exponent = kept->smallest_exponent + 6;
    /* The ratio of sides changes by less than this between boxes with IoU above the limit. */
    float change = (1.0f + limit) / (2.0f * limit);
    kept->thickest = THIN * change * change * 1.001f;
    kept->thinnest = THIN / (change * change * 1.001f);
}
