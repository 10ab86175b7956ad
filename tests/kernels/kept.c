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

static void fill(plumb_kept_block *block, const float b[4], plumb_kept_rule rule, int lane)
{
    float area = (b[2] - b[0]) * (b[3] - b[1]);
    block->x0[lane] = b[0];
    block->y0[lane] = b[1];
    block->x1[lane] = b[2];
    block->y1[lane] = b[3];
    block->area[lane] = area;
    block->bound[lane] = plumb_kept_bound(rule.share, area);
}

static bool struck_by_formula(const float a[4], const float b[4], float limit)
{
    float w = fmaxf(fminf(a[2], b[2]) - fmaxf(a[0], b[0]), 0.0f);
    float h = fmaxf(fminf(a[3], b[3]) - fmaxf(a[1], b[1]), 0.0f);
    float common = w * h;
    float sum = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]);
    return common / (sum - common) > limit;
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
        float probe_box[4], kept[4];
        int kind = random_below(&r, 6), count = random_below(&r, BLOCKS + 1);
        float limit = (float)(random_below(&r, 101) / 100.0);
        plumb_kept_rule rule = { limit, plumb_kept_share(limit) };
        bool expected = false;
        int rarity = 1 + random_below(&r, 12);
        random_corners(&r, kind, probe_box);
        memset(blocks, 0, BLOCKS * sizeof(*blocks));
        for (int i = 0; i < count * PLUMB_KEPT_LANES; i++) {
            random_corners(&r, kind, kept);
            bool far = random_below(&r, rarity) != 0; /* so that not everything is struck */
            for (int k = 0; k < 4 && far; k++)
                kept[k] = -kept[k];
            if (far) {
                float swap[4] = { kept[2], kept[3], kept[0], kept[1] };
                memcpy(kept, swap, sizeof(swap));
            }
            fill(&blocks[i / PLUMB_KEPT_LANES], kept, rule, i % PLUMB_KEPT_LANES);
            expected = expected || struck_by_formula(kept, probe_box, limit);
        }
        plumb_box probe = { probe_box[0], probe_box[1], probe_box[2], probe_box[3] };
        assert_int_equal(plumb_kept_in_blocks_c(blocks, (size_t)count, &probe, rule), expected);
        assert_int_equal(fast.in_blocks(blocks, (size_t)count, &probe, rule), expected);
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
