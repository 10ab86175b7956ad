/* SPDX-License-Identifier: Apache-2.0
 *
 * A block is one vector. The float operations are those of c/kept.c, lane by lane; only how many
 * blocks are looked at before a branch differs, since a branch that is hard to foresee costs more
 * than the arithmetic.
 */
#include "kernels/kept.h"

#include <immintrin.h>

typedef struct probe_vector {
    __m256 x0, y0, x1, y1, bound, sure;
} probe_vector;

/* What the tests without division say, lanes of several blocks together. */
typedef struct verdict {
    __m256 maybe, sure;
} verdict;

static inline __m256 area_of(const probe_vector *v)
{
    return _mm256_mul_ps(_mm256_sub_ps(v->x1, v->x0), _mm256_sub_ps(v->y1, v->y0));
}

static inline probe_vector spread(const plumb_box *box, plumb_kept_rule rule)
{
    probe_vector v;
    v.x0 = _mm256_broadcast_ss(&box->x0);
    v.y0 = _mm256_broadcast_ss(&box->y0);
    v.x1 = _mm256_broadcast_ss(&box->x1);
    v.y1 = _mm256_broadcast_ss(&box->y1);
    __m256 product = _mm256_mul_ps(_mm256_set1_ps(rule.share), area_of(&v));
    v.bound = _mm256_max_ps(_mm256_sub_ps(product, _mm256_set1_ps(1e-36f)), _mm256_setzero_ps());
    v.sure = _mm256_set1_ps(rule.sure);
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

static inline verdict look(const plumb_kept_block *b, const probe_vector *p)
{
    __m256 common = intersection(b, p);
    __m256 bound = _mm256_add_ps(_mm256_loadu_ps(b->bound), p->bound);
    verdict v = { _mm256_cmp_ps(common, bound, _CMP_GT_OQ),
                  _mm256_cmp_ps(common, _mm256_mul_ps(bound, p->sure), _CMP_GT_OQ) };
    return v;
}

static inline verdict either(verdict a, verdict b)
{
    verdict v = { _mm256_or_ps(a.maybe, b.maybe), _mm256_or_ps(a.sure, b.sure) };
    return v;
}

static inline bool any(__m256 lanes)
{
    return _mm256_movemask_ps(lanes) != 0;
}

static bool strikes(const plumb_kept_block *b, const probe_vector *p, float limit)
{
    __m256 common = intersection(b, p);
    __m256 all = _mm256_sub_ps(_mm256_add_ps(_mm256_loadu_ps(b->area), area_of(p)), common);
    return any(_mm256_cmp_ps(_mm256_div_ps(common, all), _mm256_set1_ps(limit), _CMP_GT_OQ));
}

/* What the division says where the verdict leaves it open; that is rare. */
static bool decide(const plumb_kept_block *blocks, size_t count, const probe_vector *p, float limit)
{
    for (size_t i = 0; i < count; i++)
        if (strikes(&blocks[i], p, limit))
            return true;
    return false;
}

static inline bool struck_by(const plumb_kept_block *blocks, size_t count, const probe_vector *p,
                             float limit)
{
    size_t i = 0;
    for (; i + 4 <= count; i += 4) {
        verdict v = either(either(look(&blocks[i], p), look(&blocks[i + 1], p)),
                           either(look(&blocks[i + 2], p), look(&blocks[i + 3], p)));
        if (any(v.sure) || (any(v.maybe) && decide(&blocks[i], 4, p, limit)))
            return true;
    }
    verdict rest = { _mm256_setzero_ps(), _mm256_setzero_ps() };
    for (size_t j = i; j < count; j++)
        rest = either(rest, look(&blocks[j], p));
    return any(rest.sure) || (any(rest.maybe) && decide(&blocks[i], count - i, p, limit));
}

size_t plumb_kept_first_free_avx2(const plumb_kept_block *blocks, size_t block_count,
                                  const plumb_box *boxes, size_t count, plumb_kept_rule rule)
{
    for (size_t at = 0; at < count; at++) {
        probe_vector p = spread(&boxes[at], rule);
        if (!struck_by(blocks, block_count, &p, rule.limit))
            return at;
    }
    return count;
}

bool plumb_kept_in_chains_avx2(const plumb_kept_block *blocks, const uint32_t *heads, size_t count,
                               const plumb_box *box, plumb_kept_rule rule)
{
    probe_vector p = spread(box, rule);
    verdict first = { _mm256_setzero_ps(), _mm256_setzero_ps() };
    for (size_t i = 0; i < count; i++)
        first = either(first, look(&blocks[heads[i]], &p));
    if (any(first.sure))
        return true;
    for (size_t i = 0; i < count && any(first.maybe); i++)
        if (strikes(&blocks[heads[i]], &p, rule.limit))
            return true;
    for (size_t i = 0; i < count; i++)
        for (uint32_t at = blocks[heads[i]].next; at != 0; at = blocks[at].next)
            if (struck_by(&blocks[at], 1, &p, rule.limit))
                return true;
    return false;
}
