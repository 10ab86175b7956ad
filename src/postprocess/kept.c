/* SPDX-License-Identifier: Apache-2.0
 *
 * Why a cell is enough. Let W, H be the sides of a kept box and w, h those of a candidate with
 * IoU > t. Along each axis alone the overlap of the two intervals is above t as well, hence
 * t*W < w < W/t, and the centres are nearer than (W + w)/2 * (1-t)/(1+t) < W * (1-t)/(2t). So a
 * kept box is entered into the few cells that it reaches that far, on the level of its longer
 * side, a level being a factor of four; a candidate looks at the one cell of its centre, on the
 * levels from t to 1/t times its own longer side: two mostly.
 */
#include "postprocess/kept.h"

#include <math.h>
#include <string.h>

#include "base/allocator.h"

#define LIST_LENGTH 320    /* kept boxes up to which the plain list is faster */
#define MAX_LEVELS  16     /* levels looked at; t below 1/2^16 would need more */
#define SAFE_AREA   1e-30f /* below, areas are too coarse for the bounds above */
#define CELL_LIMIT  1099511627776.0

static plumb_kept_probe probe_of(const plumb_kept *kept, const plumb_box *b)
{
    float area = (b->x1 - b->x0) * (b->y1 - b->y0);
    plumb_kept_probe probe = { b->x0, b->y0,      b->x1, b->y1, plumb_kept_bound(kept->share, area),
                               area,  kept->limit };
    return probe;
}

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

static void put(plumb_kept_block *block, const plumb_kept_probe *p, uint32_t rank)
{
    uint32_t lane = block->count++;
    block->x0[lane] = p->x0;
    block->y0[lane] = p->y0;
    block->x1[lane] = p->x1;
    block->y1[lane] = p->y1;
    block->bound[lane] = p->bound;
    block->area[lane] = p->area;
    block->rank[lane] = rank;
}

/* --- the list --- */

static void list_add(plumb_kept *kept, const plumb_box *box, uint32_t rank)
{
    if (kept->block_count == 0 || kept->blocks[kept->block_count - 1].count == PLUMB_KEPT_LANES)
        clear_block(&kept->blocks[kept->block_count++], 0);
    plumb_kept_probe probe = probe_of(kept, box);
    put(&kept->blocks[kept->block_count - 1], &probe, rank);
}

static void list_rebuild(plumb_kept *kept)
{
    kept->uses_cells = kept->may_use_cells = false;
    kept->block_count = 0;
    for (size_t i = 0; i < kept->count; i++)
        list_add(kept, &kept->boxes[i], kept->ranks[i]);
}

/* --- the cells --- */

/* floor(log4(side)), for any positive float; monotone in the side. */
static int level_of(float side)
{
    uint32_t bits;
    memcpy(&bits, &side, sizeof(bits));
    return ((int)(bits >> 23) - 127) >> 1;
}

/* 1 / side of a cell, a power of two. */
static double inverse_cell(const plumb_kept *kept, int level)
{
    uint64_t bits = (uint64_t)(1023 - 2 * level - kept->cell_exponent) << 52;
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

static size_t slot_of(const plumb_kept *kept, int level, int64_t x, int64_t y)
{
    uint64_t hash = (uint64_t)x * 0x9e3779b97f4a7c15u + (uint64_t)y * 0xc2b2ae3d27d4eb4fu +
                    (uint64_t)level * 0x165667b19e3779f9u;
    hash ^= hash >> 29;
    return (size_t)(hash * 0xbf58476d1ce4e5b9u >> 32) & kept->slot_mask;
}

static float longer_side(const plumb_box *b)
{
    float width = b->x1 - b->x0, height = b->y1 - b->y0;
    return width > height ? width : height;
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
    plumb_kept_probe probe = probe_of(kept, b);
    int level = level_of(longer_side(b));
    double inverse = inverse_cell(kept, level);
    double x = ((double)b->x0 + b->x1) * 0.5, y = ((double)b->y0 + b->y1) * 0.5;
    double dx = ((double)b->x1 - b->x0) * kept->reach, dy = ((double)b->y1 - b->y0) * kept->reach;
    int64_t right = cell_of((x + dx) * inverse), lower = cell_of((y + dy) * inverse);
    for (int64_t j = cell_of((y - dy) * inverse); j <= lower; j++) {
        for (int64_t i = cell_of((x - dx) * inverse); i <= right; i++) {
            plumb_kept_block *block = room_in(kept, &kept->heads[slot_of(kept, level, i, j)]);
            if (!block)
                return false;
            put(block, &probe, rank);
        }
    }
    return true;
}

static void cells_build(plumb_kept *kept, size_t to_come)
{
    size_t slots = 1024;
    while (slots < to_come / 2)
        slots *= 2;
    memset(kept->heads, 0, slots * sizeof(kept->heads[0]));
    kept->slot_mask = slots - 1;
    kept->uses_cells = true;
    clear_block(&kept->blocks[0], 0);
    kept->block_count = 1;
    for (size_t i = 0; i < kept->count; i++)
        if (!cells_add(kept, &kept->boxes[i], kept->ranks[i])) {
            list_rebuild(kept);
            return;
        }
}

/* The chains a candidate must look at. Sides of cells are powers of two, so a coarser cell is
 * found by a shift. */
static size_t cells_of(const plumb_kept *kept, const plumb_box *b, uint32_t heads[MAX_LEVELS])
{
    float side = longer_side(b);
    int level = level_of(side * kept->lowest), last = level_of(side * kept->highest);
    double inverse = inverse_cell(kept, level);
    int64_t x = cell_of(((double)b->x0 + b->x1) * 0.5 * inverse);
    int64_t y = cell_of(((double)b->y0 + b->y1) * 0.5 * inverse);
    size_t count = 0;
    for (; level <= last; level++, x >>= 2, y >>= 2)
        heads[count++] = kept->heads[slot_of(kept, level, x, y)];
    return count;
}

/* --- both --- */

static uint32_t best_in(const plumb_kept_block *block, const plumb_kept_probe *probe, uint32_t best)
{
    unsigned lanes = plumb_kept_struck(block, probe);
    for (uint32_t lane = 0; lane < block->count; lane++)
        if (lanes >> lane & 1 && block->rank[lane] < best)
            best = block->rank[lane];
    return best;
}

static uint32_t find_winner(const plumb_kept *kept, const plumb_kept_probe *probe,
                            const uint32_t *heads, size_t head_count)
{
    uint32_t best = UINT32_MAX;
    if (!kept->uses_cells)
        for (size_t i = 0; i < kept->block_count && best == UINT32_MAX; i++)
            best = best_in(&kept->blocks[i], probe, best);
    for (size_t i = 0; i < head_count; i++)
        for (uint32_t at = heads[i]; at != 0; at = kept->blocks[at].next)
            best = best_in(&kept->blocks[at], probe, best);
    return best;
}

bool plumb_kept_strikes(const plumb_kept *kept, const plumb_box *box, uint32_t *winner)
{
    plumb_kept_probe probe = probe_of(kept, box);
    uint32_t heads[MAX_LEVELS];
    size_t count = 0;
    bool struck;
    if (kept->uses_cells) {
        count = cells_of(kept, box, heads);
        struck = kept->kernels.in_chains(kept->blocks, heads, count, &probe);
    } else {
        struck = kept->kernels.in_blocks(kept->blocks, kept->block_count, &probe);
    }
    if (struck && winner)
        *winner = find_winner(kept, &probe, heads, count);
    return struck;
}

void plumb_kept_add(plumb_kept *kept, const plumb_box *box, uint32_t rank, size_t to_come)
{
    kept->boxes[kept->count] = *box;
    kept->ranks[kept->count++] = rank;
    if (!kept->uses_cells)
        list_add(kept, box, rank);
    else if (!cells_add(kept, box, rank))
        list_rebuild(kept);
    if (!kept->uses_cells && kept->may_use_cells && kept->count >= LIST_LENGTH &&
        to_come > kept->count)
        cells_build(kept, to_come);
}

void plumb_kept_clear(plumb_kept *kept, float smallest_area)
{
    kept->count = kept->block_count = 0;
    kept->uses_cells = false;
    kept->may_use_cells = kept->limit >= 0.01f && smallest_area >= SAFE_AREA;
}

bool plumb_kept_reserve(plumb_kept *kept, const plumb_context *context, size_t capacity,
                        float limit)
{
    size_t slots = 1024;
    while (slots < capacity / 2)
        slots *= 2;
    kept->kernels = plumb_kept_select(context->cpu);
    kept->limit = limit;
    kept->share = plumb_kept_share(limit);
    /* Wider than exact by more than float sides, areas and quotients are off. */
    kept->reach = (1.0 - limit) / (2.0 * limit) * 1.0001 + 1e-5;
    kept->lowest = limit * 0.9999f;
    kept->highest = 1.0001f / limit;
    kept->cell_exponent = limit > 0.0f ? (int)lround(log2(2.0 * kept->reach)) + 1 : 0;
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
