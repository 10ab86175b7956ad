/* SPDX-License-Identifier: Apache-2.0
 *
 * A block is one vector. The float operations are those of c/kept.c, lane by lane; only how many
 * blocks are looked at before a branch differs, since a branch that is hard to foresee costs more
 * than the arithmetic.
 */
#include "kernels/kept.h"

#include <immintrin.h>

typedef struct probe_vector {
    __m256 x0, y0, x1, y1, bound, area, limit;
} probe_vector;

static inline probe_vector spread(const plumb_box *box, plumb_kept_rule rule)
{
    float area = plumb_kept_area(box);
    probe_vector v = { _mm256_set1_ps(box->x0),
                       _mm256_set1_ps(box->y0),
                       _mm256_set1_ps(box->x1),
                       _mm256_set1_ps(box->y1),
                       _mm256_set1_ps(plumb_kept_bound(rule.share, area)),
                       _mm256_set1_ps(area),
                       _mm256_set1_ps(rule.limit) };
    return v;
}

static inline __m256 intersection(const plumb_kept_block *b, const probe_vector *p)
{
    __m256 width = _mm256_sub_ps(_mm256_min_ps(p->x1, _mm256_loadu_ps(b->x1)),
                                 _mm256_max_ps(p->x0, _mm256_loadu_ps(b->x0)));
    __m256 height = _mm256_sub_ps(_mm256_min_ps(p->y1, _mm256_loadu_ps(b->y1)),
                                  _mm256_max_ps(p->y0, _mm256_loadu_ps(b->y0)));
    return _mm256_mul_ps(_mm256_max_ps(width, _mm256_setzero_ps()), height);
}

static inline __m256 may_strike(const plumb_kept_block *b, const probe_vector *p)
{
    __m256 bound = _mm256_add_ps(_mm256_loadu_ps(b->bound), p->bound);
    return _mm256_cmp_ps(intersection(b, p), bound, _CMP_GT_OQ);
}

static inline __m256 strikes(const plumb_kept_block *b, const probe_vector *p)
{
    __m256 common = intersection(b, p);
    __m256 all = _mm256_sub_ps(_mm256_add_ps(_mm256_loadu_ps(b->area), p->area), common);
    return _mm256_cmp_ps(_mm256_div_ps(common, all), p->limit, _CMP_GT_OQ);
}

bool plumb_kept_in_blocks_avx2(const plumb_kept_block *blocks, size_t count, const plumb_box *box,
                               plumb_kept_rule rule)
{
    probe_vector p = spread(box, rule);
    size_t i = 0;
    for (; i + 4 <= count; i += 4) {
        __m256 a = _mm256_or_ps(may_strike(&blocks[i], &p), may_strike(&blocks[i + 1], &p));
        __m256 b = _mm256_or_ps(may_strike(&blocks[i + 2], &p), may_strike(&blocks[i + 3], &p));
        if (!_mm256_movemask_ps(_mm256_or_ps(a, b)))
            continue;
        a = _mm256_or_ps(strikes(&blocks[i], &p), strikes(&blocks[i + 1], &p));
        b = _mm256_or_ps(strikes(&blocks[i + 2], &p), strikes(&blocks[i + 3], &p));
        if (_mm256_movemask_ps(_mm256_or_ps(a, b)))
            return true;
    }
    __m256 rest = _mm256_setzero_ps();
    for (; i < count; i++)
        rest = _mm256_or_ps(rest, strikes(&blocks[i], &p));
    return _mm256_movemask_ps(rest) != 0;
}

bool plumb_kept_in_chains_avx2(const plumb_kept_block *blocks, const uint32_t *heads, size_t count,
                               const plumb_box *box, plumb_kept_rule rule)
{
    probe_vector p = spread(box, rule);
    __m256 struck = _mm256_setzero_ps();
    for (size_t i = 0; i < count; i++)
        struck = _mm256_or_ps(struck, strikes(&blocks[heads[i]], &p));
    if (_mm256_movemask_ps(struck))
        return true;
    for (size_t i = 0; i < count; i++)
        for (uint32_t at = blocks[heads[i]].next; at != 0; at = blocks[at].next)
            if (_mm256_movemask_ps(strikes(&blocks[at], &p)))
                return true;
    return false;
}
