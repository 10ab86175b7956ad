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

#include "base/allocator.h"

#define LIST_LENGTH   128    /* kept boxes up to which the plain list is faster */
#define MAX_LEVELS    16     /* levels looked at; a limit below 1/2^16 would need more */
#define SAFE_AREA     1e-30f /* below, areas are too coarse for the bounds above */
#define THIN          8.0f   /* ratio of sides */
#define THIN_EXPONENT 4      /* how many times thinner their cells are, a power of two */
#define CELL_LIMIT    1152921504606846976.0 /* 2^60: further than float boxes can be */

/* --- blocks --- */

static void clear_block(plumb_kept_block *block, uint32_t next)
{
    for (int i = 0; i < PLUMB_KEPT_LANES; i++) {
        block->x0[i] = block->y0[i] = 1e18f;
        block->x1[i] = block->y1[i] = -1e18f;
        block->bound[i] = 1e38f;
        block->area[i] = 1.0f;
    }
    block->next = next;
    block->count = 0;
}

static void put(plumb_kept_block *block, const plumb_box *box, float share, uint32_t rank)
{
    uint32_t lane = block->count++;
    float area = plumb_kept_area(box);
    block->x0[lane] = box->x0;
    block->y0[lane] = box->y0;
    block->x1[lane] = box->x1;
    block->y1[lane] = box->y1;
    block->bound[lane] = plumb_kept_bound(share, area);
    block->area[lane] = area;
    block->rank[lane] = rank;
}

/* --- the list --- */

static void list_add(plumb_kept *kept, const plumb_box *box, uint32_t rank)
{
    if (kept->block_count == 0 || kept->blocks[kept->block_count - 1].count == PLUMB_KEPT_LANES)
        clear_block(&kept->blocks[kept->block_count++], 0);
    put(&kept->blocks[kept->block_count - 1], box, kept->rule.share, rank);
}

static void list_rebuild(plumb_kept *kept)
{
    kept->uses_cells = kept->may_use_cells = false;
    kept->block_count = 0;
    for (size_t i = 0; i < kept->count; i++)
        list_add(kept, &kept->boxes[i], kept->ranks[i]);
}

/* --- the cells --- */

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
static double inverse_cell(const plumb_kept *kept, int level, int shape, int thin)
{
    int exponent = 1023 - 2 * level - kept->cell_exponent + (shape == thin ? THIN_EXPONENT : 0);
    uint64_t bits = (uint64_t)exponent << 52;
    double inverse;
    memcpy(&inverse, &bits, sizeof(inverse));
    return inverse;
}

static int64_t cell_of(double scaled)
{
    scaled = scaled < -CELL_LIMIT ? -CELL_LIMIT : scaled > CELL_LIMIT ? CELL_LIMIT : scaled;
    int64_t cell = (int64_t)scaled;
    return cell - ((double)cell > scaled);
}

static size_t slot_of(const plumb_kept *kept, int level, int shape, int64_t x, int64_t y)
{
    uint64_t hash = (uint64_t)x * 0x9e3779b97f4a7c15u + (uint64_t)y * 0xc2b2ae3d27d4eb4fu +
                    (uint64_t)(level * SHAPES + shape) * 0x165667b19e3779f9u;
    hash ^= hash >> 29;
    return (size_t)(hash * 0xbf58476d1ce4e5b9u >> 32) & kept->slot_mask;
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
        clear_block(&kept->blocks[kept->block_count], *link);
        *link = (uint32_t)kept->block_count++;
    }
    return &kept->blocks[*link];
}

/* False when the pool of blocks is used up. */
static bool cells_add(plumb_kept *kept, const plumb_box *b, uint32_t rank)
{
    float width = b->x1 - b->x0, height = b->y1 - b->y0;
    int level = level_of(width > height ? width : height), shape = shape_of(width, height);
    double kx = inverse_cell(kept, level, shape, TALL), ky = inverse_cell(kept, level, shape, WIDE);
    double x = ((double)b->x0 + b->x1) * 0.5, y = ((double)b->y0 + b->y1) * 0.5;
    double dx = ((double)b->x1 - b->x0) * kept->reach, dy = ((double)b->y1 - b->y0) * kept->reach;
    int64_t right = cell_of((x + dx) * kx), lower = cell_of((y + dy) * ky);
    for (int64_t j = cell_of((y - dy) * ky); j <= lower; j++) {
        for (int64_t i = cell_of((x - dx) * kx); i <= right; i++) {
            uint32_t *head = &kept->heads[slot_of(kept, level, shape, i, j)];
            plumb_kept_block *block = room_in(kept, head);
            if (!block)
                return false;
            put(block, b, kept->rule.share, rank);
        }
    }
    return true;
}

/* Enter all kept boxes, into larger cells whenever the pool does not suffice: those share blocks
 * better. False when even the largest do not help. */
static bool cells_build(plumb_kept *kept)
{
    for (; kept->cell_exponent <= kept->largest_exponent; kept->cell_exponent++) {
        memset(kept->heads, 0, (kept->slot_mask + 1) * sizeof(kept->heads[0]));
        clear_block(&kept->blocks[0], 0);
        kept->block_count = 1;
        size_t i = 0;
        while (i < kept->count && cells_add(kept, &kept->boxes[i], kept->ranks[i]))
            i++;
        if (i == kept->count)
            return true;
    }
    return false;
}

static void use_cells(plumb_kept *kept, size_t to_come)
{
    size_t slots = 1024;
    while (slots < to_come / 2)
        slots *= 2;
    kept->slot_mask = slots - 1;
    kept->uses_cells = cells_build(kept);
    if (!kept->uses_cells)
        list_rebuild(kept);
}

/* The chains of one shape that a candidate must look at. Sides of cells are powers of two, so a
 * coarser cell is found by a shift. */
static size_t cells_of_shape(const plumb_kept *kept, const plumb_box *b, int shape, int level,
                             int last, uint32_t *heads)
{
    double kx = inverse_cell(kept, level, shape, TALL), ky = inverse_cell(kept, level, shape, WIDE);
    int64_t x = cell_of(((double)b->x0 + b->x1) * 0.5 * kx);
    int64_t y = cell_of(((double)b->y0 + b->y1) * 0.5 * ky);
    size_t count = 0;
    for (; level <= last; level++, x >>= 2, y >>= 2)
        heads[count++] = kept->heads[slot_of(kept, level, shape, x, y)];
    return count;
}

static size_t cells_of(const plumb_kept *kept, const plumb_box *b, uint32_t *heads)
{
    float width = b->x1 - b->x0, height = b->y1 - b->y0, side = width > height ? width : height;
    int level = level_of(side * kept->lowest), last = level_of(side * kept->highest);
    size_t count = 0;
    if (width <= kept->thickest * height && height <= kept->thickest * width)
        count += cells_of_shape(kept, b, NORMAL, level, last, heads);
    if (width > kept->thinnest * height)
        count += cells_of_shape(kept, b, WIDE, level, last, heads + count);
    if (height > kept->thinnest * width)
        count += cells_of_shape(kept, b, TALL, level, last, heads + count);
    return count;
}

/* --- both --- */

static uint32_t best_in(const plumb_kept *kept, size_t at, const plumb_box *box, uint32_t best)
{
    const plumb_kept_block *block = &kept->blocks[at];
    unsigned lanes = plumb_kept_struck(block, box, kept->rule);
    for (uint32_t lane = 0; lane < block->count; lane++)
        if (lanes >> lane & 1 && block->rank[lane] < best)
            best = block->rank[lane];
    return best;
}

static uint32_t find_winner(const plumb_kept *kept, const plumb_box *box, const uint32_t *heads,
                            size_t head_count)
{
    uint32_t best = UINT32_MAX;
    if (!kept->uses_cells)
        for (size_t i = 0; i < kept->block_count && best == UINT32_MAX; i++)
            best = best_in(kept, i, box, best);
    for (size_t i = 0; i < head_count; i++)
        for (uint32_t at = heads[i]; at != 0; at = kept->blocks[at].next)
            best = best_in(kept, at, box, best);
    return best;
}

bool plumb_kept_strikes(const plumb_kept *kept, const plumb_box *box, uint32_t *winner)
{
    uint32_t heads[SHAPES * MAX_LEVELS];
    size_t count = 0;
    bool struck;
    if (kept->uses_cells) {
        count = cells_of(kept, box, heads);
        struck = kept->kernels.in_chains(kept->blocks, heads, count, box, kept->rule);
    } else {
        struck = kept->kernels.in_blocks(kept->blocks, kept->block_count, box, kept->rule);
    }
    if (struck && winner)
        *winner = find_winner(kept, box, heads, count);
    return struck;
}

void plumb_kept_add(plumb_kept *kept, const plumb_box *box, uint32_t rank, size_t to_come)
{
    kept->boxes[kept->count] = *box;
    kept->ranks[kept->count++] = rank;
    if (!kept->uses_cells) {
        list_add(kept, box, rank);
        if (kept->may_use_cells && kept->count >= LIST_LENGTH && to_come > kept->count)
            use_cells(kept, to_come);
    } else if (!cells_add(kept, box, rank)) {
        kept->cell_exponent++;
        kept->uses_cells = cells_build(kept);
        if (!kept->uses_cells)
            list_rebuild(kept);
    }
}

void plumb_kept_clear(plumb_kept *kept, float smallest_area)
{
    kept->count = kept->block_count = 0;
    kept->uses_cells = false;
    kept->may_use_cells = kept->rule.limit >= 0.01f && smallest_area >= SAFE_AREA;
    kept->cell_exponent = kept->smallest_exponent;
}

bool plumb_kept_reserve(plumb_kept *kept, const plumb_context *context, size_t capacity,
                        float limit)
{
    size_t slots = 1024;
    while (slots < capacity / 2)
        slots *= 2;
    kept->kernels = plumb_kept_select(context->cpu);
    kept->rule.limit = limit;
    kept->rule.share = plumb_kept_share(limit);
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
    kept->block_capacity = capacity / 2 + 1024;
    kept->blocks = plumb_alloc_array(context, kept->block_capacity, sizeof(kept->blocks[0]));
    kept->boxes = plumb_alloc_array(context, capacity, sizeof(kept->boxes[0]));
    kept->ranks = plumb_alloc_array(context, capacity, sizeof(kept->ranks[0]));
    kept->heads = plumb_alloc_array(context, slots, sizeof(kept->heads[0]));
    return kept->blocks && kept->boxes && kept->ranks && kept->heads;
}

void plumb_kept_release(plumb_kept *kept, const plumb_context *context)
{
    plumb_release(context, kept->blocks);
    plumb_release(context, kept->boxes);
    plumb_release(context, kept->ranks);
    plumb_release(context, kept->heads);
}
