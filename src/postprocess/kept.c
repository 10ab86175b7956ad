/* SPDX-License-Identifier: Apache-2.0 */
#include "postprocess/kept.h"

#include "base/allocator.h"

/* Cells are faster from so many kept boxes on, if enough candidates are to come for each of these
 * to pay for entering it. */
#define LIST_LENGTH 160
#define WORTH_CELLS 8

void plumb_kept_clear_block(plumb_kept_block *block, uint32_t next)
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

void plumb_kept_put(const plumb_kept *kept, plumb_kept_block *block, uint32_t candidate)
{
    const plumb_box *box = &kept->boxes[candidate];
    uint32_t lane = block->count++;
    float area = plumb_kept_area(box);
    block->x0[lane] = box->x0;
    block->y0[lane] = box->y0;
    block->x1[lane] = box->x1;
    block->y1[lane] = box->y1;
    block->bound[lane] = plumb_kept_bound(kept->rule.share, area);
    block->area[lane] = area;
    block->rank[lane] = kept->ranks[candidate];
}

uint32_t plumb_kept_best_in(const plumb_kept *kept, size_t block, const plumb_box *box,
                            uint32_t best)
{
    const plumb_kept_block *b = &kept->blocks[block];
    unsigned lanes = plumb_kept_struck(b, box, kept->rule);
    for (uint32_t lane = 0; lane < b->count; lane++)
        if (lanes >> lane & 1 && b->rank[lane] < best)
            best = b->rank[lane];
    return best;
}

static void list_add(plumb_kept *kept, uint32_t candidate)
{
    if (kept->block_count == 0 || kept->blocks[kept->block_count - 1].count == PLUMB_KEPT_LANES)
        plumb_kept_clear_block(&kept->blocks[kept->block_count++], 0);
    plumb_kept_put(kept, &kept->blocks[kept->block_count - 1], candidate);
}

static void keep(plumb_kept *kept, size_t at)
{
    kept->winner[kept->ranks[at]] = UINT32_MAX;
    kept->kept[kept->count++] = (uint32_t)at;
}

/* The best that strikes candidate `at`, which one does; a list is in the order of ranks. */
static uint32_t winner_in_list(const plumb_kept *kept, size_t at)
{
    uint32_t best = UINT32_MAX;
    for (size_t i = 0; i < kept->block_count && best == UINT32_MAX; i++)
        best = plumb_kept_best_in(kept, i, &kept->boxes[at], best);
    return best;
}

/* Suppress from `at` on; returns where `most` have been kept. */
static size_t run_list(plumb_kept *kept, size_t at, size_t end, size_t most)
{
    while (at < end && kept->count < most) {
        size_t next = at + kept->kernels.first_free(kept->blocks, kept->block_count,
                                                    kept->boxes + at, end - at, kept->rule);
        for (; kept->traced && at < next; at++)
            kept->winner[kept->ranks[at]] = winner_in_list(kept, at);
        at = next;
        if (at < end) {
            keep(kept, at);
            list_add(kept, (uint32_t)at++);
        }
    }
    return at;
}

void plumb_kept_begin(plumb_kept *kept, const plumb_box *boxes, const uint32_t *ranks,
                      float smallest_area, float largest_area, bool traced, uint32_t *winner)
{
    kept->rule = plumb_kept_rule_of(kept->rule.limit, smallest_area, largest_area);
    kept->boxes = boxes;
    kept->ranks = ranks;
    kept->traced = traced;
    kept->winner = winner;
}

void plumb_kept_run(plumb_kept *kept, size_t first, size_t end)
{
    kept->count = kept->block_count = 0;
    keep(kept, first);
    if (end - first == 1)
        return; /* as in many classes */
    list_add(kept, (uint32_t)first);
    size_t at = run_list(kept, first + 1, end, kept->rule.tame ? LIST_LENGTH : end - first);
    if (kept->rule.tame && end - at > WORTH_CELLS * kept->count) {
        at = plumb_kept_run_cells(kept, at, end);
        if (at == end)
            return;
        kept->block_count = 0;
        for (size_t i = 0; i < kept->count; i++)
            list_add(kept, kept->kept[i]);
    }
    run_list(kept, at, end, end - first);
}

bool plumb_kept_reserve(plumb_kept *kept, const plumb_context *context, size_t capacity,
                        float limit)
{
    size_t slots = (size_t)1 << (64 - plumb_kept_slot_shift(capacity));
    kept->kernels = plumb_kept_select(context->cpu);
    kept->rule.limit = limit;
    kept->block_capacity = capacity / 2 + 1024;
    kept->blocks = plumb_alloc_array(context, kept->block_capacity, sizeof(kept->blocks[0]));
    kept->kept = plumb_alloc_array(context, capacity, sizeof(kept->kept[0]));
    kept->heads = plumb_alloc_array(context, slots, sizeof(kept->heads[0]));
    plumb_kept_measure_cells(kept, limit);
    return kept->blocks && kept->kept && kept->heads;
}

void plumb_kept_release(plumb_kept *kept, const plumb_context *context)
{
    plumb_release(context, kept->blocks);
    plumb_release(context, kept->kept);
    plumb_release(context, kept->heads);
}
