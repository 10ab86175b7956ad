/* SPDX-License-Identifier: Apache-2.0
 *
 * Eight boxes at a time: every instruction set says what the C loop says, and that is what the
 * plain formula says.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "kernels/kept.h"
#include "plumbline/base.h"
#include "random.h"

#define BLOCKS 13

static void random_corners(random_state *r, int kind, float b[4])
{
    static const float scales[] = { 1.0f, 1e-19f, 1e-21f, 1e18f, 1e37f, 0.0f };
    float scale = scales[kind];
    double w = random_between(r, 0.5, 6), h = random_between(r, 0.5, 6);
    double x = random_between(r, 0, 8), y = random_between(r, 0, 8);
    if (random_below(r, 2)) {
        x = round(x);
        y = round(y);
        w = ceil(w);
        h = ceil(h);
    }
    if (scale == 0.0f)
        scale = 1e19f;
    b[0] = (float)x * scale;
    b[1] = (float)y * scale;
    b[2] = (float)(x + w) * scale;
    b[3] = (float)(y + h) * scale;
}

static float area_of(const float b[4])
{
    return (b[2] - b[0]) * (b[3] - b[1]);
}

/* To the other side of the origin. */
static void mirror(float b[4])
{
    float mirrored[4] = { -b[2], -b[3], -b[0], -b[1] };
    memcpy(b, mirrored, sizeof(mirrored));
}

static void fill(plumb_kept_block *block, const float b[4], plumb_kept_rule rule, int lane)
{
    float area = area_of(b);
    block->x0[lane] = b[0];
    block->y0[lane] = b[1];
    block->x1[lane] = b[2];
    block->y1[lane] = b[3];
    block->area[lane] = area;
    block->bound[lane] = plumb_kept_bound(rule.share, area);
}

static float overlap_of(const float a[4], const float b[4])
{
    float w = fmaxf(fminf(a[2], b[2]) - fmaxf(a[0], b[0]), 0.0f);
    float h = fmaxf(fminf(a[3], b[3]) - fmaxf(a[1], b[1]), 0.0f);
    float common = w * h;
    float sum = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]);
    return common / (sum - common);
}

static void agree_with_the_formula(void **state)
{
    (void)state;
    random_state r = { 3 };
    plumb_kept_kernels fast = plumb_kept_select(plumb_cpu_detect(NULL));
    plumb_kept_block *blocks = NULL;
    assert_int_equal(posix_memalign((void **)&blocks, 64, BLOCKS * sizeof(*blocks)), 0);
    int hits = 0;
    for (int round = 0; round < 30000; round++) {
        int kind = random_below(&r, 6), count = random_below(&r, BLOCKS + 1);
        float limit = (float)(random_below(&r, 101) / 100.0);
        bool expected = false;
        int rarity = 1 + random_below(&r, 12);
        float kept[BLOCKS * PLUMB_KEPT_LANES][4], probe_box[4];
        float smallest, largest;
        random_corners(&r, kind, probe_box);
        smallest = largest = area_of(probe_box);
        memset(blocks, 0, BLOCKS * sizeof(*blocks));
        for (int i = 0; i < count * PLUMB_KEPT_LANES; i++) {
            random_corners(&r, kind, kept[i]);
            if (random_below(&r, rarity) != 0) /* so that not everything is struck */
                mirror(kept[i]);
            smallest = fminf(smallest, area_of(kept[i]));
            largest = fmaxf(largest, area_of(kept[i]));
        }
        if (count > 0 && random_below(&r, 2)) { /* a limit that one pair meets, or just misses */
            float overlap = overlap_of(kept[random_below(&r, 8 * count)], probe_box);
            if (overlap > 0.0f && overlap <= 1.0f)
                limit = random_below(&r, 2) ? overlap : nextafterf(overlap, 0.0f);
        }
        for (int i = 0; i < count * PLUMB_KEPT_LANES; i++)
            expected = expected || overlap_of(kept[i], probe_box) > limit;
        plumb_kept_rule rule = plumb_kept_rule_of(limit, smallest, largest);
        for (int i = 0; i < count * PLUMB_KEPT_LANES; i++)
            fill(&blocks[i / PLUMB_KEPT_LANES], kept[i], rule, i % PLUMB_KEPT_LANES);
        plumb_box probes[2] = { { probe_box[0], probe_box[1], probe_box[2], probe_box[3] },
                                { probe_box[0], probe_box[1], probe_box[2], probe_box[3] } };
        plumb_box probe = probes[0];
        size_t free_at = expected ? 2 : 0;
        assert_int_equal(plumb_kept_first_free_c(blocks, (size_t)count, probes, 2, rule), free_at);
        assert_int_equal(fast.first_free(blocks, (size_t)count, probes, 2, rule), free_at);
        unsigned any = 0;
        for (int i = 0; i < count; i++) {
            any |= plumb_kept_struck(&blocks[i], &probe, rule);
            blocks[i].next = i + 1 < count && i % 4 != 3 ? (uint32_t)i + 1 : 0;
        }
        assert_int_equal(any != 0, expected);
        uint32_t heads[4] = { 0, 4, 8, 12 };
        size_t chains = ((size_t)count + 3) / 4;
        assert_int_equal(plumb_kept_in_chains_c(blocks, heads, chains, &probe, rule), expected);
        assert_int_equal(fast.in_chains(blocks, heads, chains, &probe, rule), expected);
        hits += expected;
    }
    assert_in_range(hits, 3000, 27000);
    free(blocks);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(agree_with_the_formula) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
