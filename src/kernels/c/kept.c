/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/kept.h"

#include "plumbline/base.h"

typedef struct probe {
    float x0, y0, x1, y1;
    float bound, area, limit;
} probe;

static inline probe probe_of(const plumb_box *box, plumb_kept_rule rule)
{
    float area = plumb_kept_area(box);
    probe p = { box->x0, box->y0,   box->x1, box->y1, plumb_kept_bound(rule.share, area),
                area,    rule.limit };
    return p;
}

static inline float intersection(const plumb_kept_block *b, const probe *p, int i)
{
    float right = p->x1 < b->x1[i] ? p->x1 : b->x1[i];
    float left = p->x0 > b->x0[i] ? p->x0 : b->x0[i];
    float lower = p->y1 < b->y1[i] ? p->y1 : b->y1[i];
    float upper = p->y0 > b->y0[i] ? p->y0 : b->y0[i];
    float width = right - left;
    /* A negative height leaves a product that is not above any bound. */
    return (width > 0.0f ? width : 0.0f) * (lower - upper);
}

static inline int may_strike(const plumb_kept_block *b, const probe *p)
{
    int any = 0;
    for (int i = 0; i < PLUMB_KEPT_LANES; i++)
        any |= intersection(b, p, i) > b->bound[i] + p->bound;
    return any;
}

static inline int strikes(const plumb_kept_block *b, const probe *p)
{
    int any = 0;
    for (int i = 0; i < PLUMB_KEPT_LANES; i++) {
        float common = intersection(b, p, i);
        any |= common / (b->area[i] + p->area - common) > p->limit;
    }
    return any;
}

unsigned plumb_kept_struck(const plumb_kept_block *b, const plumb_box *box, plumb_kept_rule rule)
{
    const probe p = probe_of(box, rule);
    unsigned lanes = 0;
    for (int i = 0; i < PLUMB_KEPT_LANES; i++) {
        float common = intersection(b, &p, i);
        lanes |= (unsigned)(common / (b->area[i] + p.area - common) > p.limit) << i;
    }
    return lanes;
}

bool plumb_kept_in_blocks_c(const plumb_kept_block *blocks, size_t count, const plumb_box *box,
                            plumb_kept_rule rule)
{
    const probe p = probe_of(box, rule);
    for (size_t i = 0; i < count; i++)
        if (may_strike(&blocks[i], &p) && strikes(&blocks[i], &p))
            return true;
    return false;
}

bool plumb_kept_in_chains_c(const plumb_kept_block *blocks, const uint32_t *heads, size_t count,
                            const plumb_box *box, plumb_kept_rule rule)
{
    const probe p = probe_of(box, rule);
    int struck = 0;
    for (size_t i = 0; i < count; i++)
        struck |= strikes(&blocks[heads[i]], &p);
    if (struck)
        return true;
    for (size_t i = 0; i < count; i++)
        for (uint32_t at = blocks[heads[i]].next; at != 0; at = blocks[at].next)
            if (strikes(&blocks[at], &p))
                return true;
    return false;
}

plumb_kept_kernels plumb_kept_select(uint32_t cpu)
{
    plumb_kept_kernels kernels = { plumb_kept_in_blocks_c, plumb_kept_in_chains_c };
#if defined(PLUMB_HAVE_AVX2)
    if (cpu & PLUMB_CPU_AVX2) {
        kernels.in_blocks = plumb_kept_in_blocks_avx2;
        kernels.in_chains = plumb_kept_in_chains_avx2;
    }
#endif
    (void)cpu;
    return kernels;
}
