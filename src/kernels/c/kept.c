/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/kept.h"

#include "plumbline/base.h"

typedef struct probe {
    float x0, y0, x1, y1;
    float bound, area;
} probe;

/* What the tests without division say of all lanes together. */
typedef struct verdict {
    int maybe, sure;
} verdict;

static inline probe probe_of(const plumb_box *box, plumb_kept_rule rule)
{
    float area = plumb_kept_area(box);
    probe p = { box->x0, box->y0, box->x1, box->y1, plumb_kept_bound(rule.share, area), area };
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

static inline verdict look(const plumb_kept_block *b, const probe *p, float sure, verdict so_far)
{
    for (int i = 0; i < PLUMB_KEPT_LANES; i++) {
        float common = intersection(b, p, i), bound = b->bound[i] + p->bound;
        so_far.maybe |= common > bound;
        so_far.sure |= common > bound * sure;
    }
    return so_far;
}

static inline int strikes(const plumb_kept_block *b, const probe *p, float limit)
{
    int any = 0;
    for (int i = 0; i < PLUMB_KEPT_LANES; i++) {
        float common = intersection(b, p, i);
        any |= common / (b->area[i] + p->area - common) > limit;
    }
    return any;
}

unsigned plumb_kept_struck(const plumb_kept_block *b, const plumb_box *box, plumb_kept_rule rule)
{
    const probe p = probe_of(box, rule);
    unsigned lanes = 0;
    for (int i = 0; i < PLUMB_KEPT_LANES; i++) {
        float common = intersection(b, &p, i);
        lanes |= (unsigned)(common / (b->area[i] + p.area - common) > rule.limit) << i;
    }
    return lanes;
}

size_t plumb_kept_first_free_c(const plumb_kept_block *blocks, size_t block_count,
                               const plumb_box *boxes, size_t count, plumb_kept_rule rule)
{
    for (size_t at = 0; at < count; at++) {
        const probe p = probe_of(&boxes[at], rule);
        bool struck = false;
        for (size_t i = 0; i < block_count && !struck; i++) {
            verdict v = look(&blocks[i], &p, rule.sure, (verdict){ 0, 0 });
            struck = v.sure || (v.maybe && strikes(&blocks[i], &p, rule.limit));
        }
        if (!struck)
            return at;
    }
    return count;
}

bool plumb_kept_in_chains_c(const plumb_kept_block *blocks, const uint32_t *heads, size_t count,
                            const plumb_box *box, plumb_kept_rule rule)
{
    const probe p = probe_of(box, rule);
    verdict v = { 0, 0 };
    for (size_t i = 0; i < count; i++)
        v = look(&blocks[heads[i]], &p, rule.sure, v);
    if (v.sure)
        return true;
    for (size_t i = 0; i < count && v.maybe; i++)
        if (strikes(&blocks[heads[i]], &p, rule.limit))
            return true;
    for (size_t i = 0; i < count; i++) {
        for (uint32_t at = blocks[heads[i]].next; at != 0; at = blocks[at].next) {
            v = look(&blocks[at], &p, rule.sure, (verdict){ 0, 0 });
            if (v.sure || (v.maybe && strikes(&blocks[at], &p, rule.limit)))
                return true;
        }
    }
    return false;
}

plumb_kept_kernels plumb_kept_select(uint32_t cpu)
{
    plumb_kept_kernels kernels = { plumb_kept_first_free_c, plumb_kept_in_chains_c };
#if defined(PLUMB_HAVE_AVX2)
    if (cpu & PLUMB_CPU_AVX2) {
        kernels.first_free = plumb_kept_first_free_avx2;
        kernels.in_chains = plumb_kept_in_chains_avx2;
    }
#endif
    (void)cpu;
    return kernels;
}
