/* SPDX-License-Identifier: Apache-2.0
 *
 * Every instruction set gives the bytes that the C kernels give: all widths up to two vectors and
 * more, camera and tensor memory that ends at a forbidden page, rows of our own that end right
 * behind their slack.
 */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "fence.h"
#include "kernels/kernels.h"
#include "random.h"

#define WIDEST    140
#define ROW_BYTES (WIDEST * 4 + PLUMB_ROW_SLACK)

static plumb_kernels reference;
static plumb_kernels sets[4];
static int set_count;

static int setup(void **state)
{
    (void)state;
    uint32_t cpu = plumb_cpu_detect(NULL);
    plumb_kernels_init(&reference, PLUMB_CPU_NONE);
#ifdef PLUMB_HAVE_LIBYUV
    plumb_kernels_init(&sets[set_count++], PLUMB_CPU_SSE2 | PLUMB_CPU_NEON);
#endif
    if (cpu & PLUMB_CPU_AVX2)
        plumb_kernels_init(&sets[set_count++], PLUMB_CPU_AVX2);
    if (cpu & PLUMB_CPU_AVX512)
        plumb_kernels_init(&sets[set_count++], PLUMB_CPU_AVX2 | PLUMB_CPU_AVX512);
    if (cpu & PLUMB_CPU_AVX512_VBMI)
        plumb_kernels_init(&sets[set_count++], cpu);
    return 0;
}

static void need_simd(void)
{
    if (set_count == 0) {
        print_message("[  SKIPPED ] no instruction set beyond C on this machine\n");
        skip();
    }
}

static void fill(random_state *r, void *to, size_t size)
{
    for (size_t i = 0; i < size; i++)
        ((uint8_t *)to)[i] = (uint8_t)random_u32(r);
}

static fence random_fence(random_state *r, size_t size)
{
    fence f = fence_make(size);
    fill(r, f.data, size);
    return f;
}

typedef struct color_rows {
    uint8_t rows[3][ROW_BYTES];
} color_rows;

static void compare_half(random_state *r, int32_t n, ptrdiff_t stride, bool v_first,
                         const plumb_yuv_constants *k)
{
    size_t pairs = (size_t)(n + 1) / 2;
    fence y = random_fence(r, (size_t)n), u, v;
    if (stride == 2)
        u = v = random_fence(r, pairs * 2);
    else
        u = random_fence(r, pairs), v = random_fence(r, pairs);
    const uint8_t *pu = u.data + (stride == 2 && v_first), *pv = v.data + (stride == 2 && !v_first);
    color_rows want, got;
    uint8_t *to[3] = { want.rows[0], want.rows[1], want.rows[2] };
    reference.yuv8_half(to, y.data, pu, pv, stride, n, k);
    for (int s = 0; s < set_count; s++) {
        memset(&got, 0x5a, sizeof(got));
        uint8_t *rgb[3] = { got.rows[0], got.rows[1], got.rows[2] };
        sets[s].yuv8_half(rgb, y.data, pu, pv, stride, n, k);
        for (int c = 0; c < 3; c++)
            assert_memory_equal(rgb[c], to[c], (size_t)n);
    }
    fence_free(&y);
    fence_free(&u);
    if (stride != 2)
        fence_free(&v);
}

static void convert_half_chroma(void **state)
{
    (void)state;
    need_simd();
    random_state r = { 1 };
    const plumb_matrix matrices[] = { PLUMB_MATRIX_BT601, PLUMB_MATRIX_BT709, PLUMB_MATRIX_BT2020,
                                      PLUMB_MATRIX_OPENCV, PLUMB_MATRIX_LIBYUV_H709 };
    for (size_t m = 0; m < sizeof(matrices) / sizeof(matrices[0]); m++) {
        for (int range = PLUMB_RANGE_LIMITED; range <= PLUMB_RANGE_FULL; range++) {
            plumb_yuv_constants k = plumb_matrix_constants(matrices[m], (plumb_range)range, 8);
            for (int32_t n = 1; n <= WIDEST; n++) {
                compare_half(&r, n, 1, false, &k);
                compare_half(&r, n, 2, false, &k);
                compare_half(&r, n, 2, true, &k);
            }
        }
    }
}

static void compare_ten(random_state *r, int32_t n, bool high, bool swapped, ptrdiff_t stride,
                        const plumb_yuv_constants *k)
{
    size_t pairs = (size_t)(n + 1) / 2;
    fence y = random_fence(r, (size_t)n * 2), u = random_fence(r, pairs * 4), v;
    v = random_fence(r, pairs * 2);
    const uint8_t *pu = stride == 4 ? u.data + 2 * swapped : u.data + pairs * 2;
    const uint8_t *pv = stride == 4 ? u.data + 2 * !swapped : v.data;
    color_rows want, got;
    uint8_t *to[3] = { want.rows[0], want.rows[1], want.rows[2] };
    uint8_t *rgb[3] = { got.rows[0], got.rows[1], got.rows[2] };
    reference.yuv10_half(to, y.data, pu, pv, stride, high, n, k);
    for (int s = 0; s < set_count; s++) {
        sets[s].yuv10_half(rgb, y.data, pu, pv, stride, high, n, k);
        for (int c = 0; c < 3; c++)
            assert_memory_equal(rgb[c], to[c], (size_t)n);
    }
    fence_free(&y);
    fence_free(&u);
    fence_free(&v);
}

static void convert_ten_bits(void **state)
{
    (void)state;
    need_simd();
    random_state r = { 7 };
    for (int range = PLUMB_RANGE_LIMITED; range <= PLUMB_RANGE_FULL; range++) {
        plumb_yuv_constants k = plumb_matrix_constants(PLUMB_MATRIX_BT2020, (plumb_range)range, 10);
        for (int32_t n = 1; n <= WIDEST; n++) {
            for (int kind = 0; kind < 4; kind++)
                compare_ten(&r, n, kind & 1, kind & 2, 4, &k);
            compare_ten(&r, n, true, false, 2, &k);
            compare_ten(&r, n, false, false, 2, &k);
        }
    }
}

static void convert_whole_chroma(void **state)
{
    (void)state;
    need_simd();
    random_state r = { 8 };
    const plumb_matrix matrices[] = { PLUMB_MATRIX_BT709, PLUMB_MATRIX_BT709, PLUMB_MATRIX_OPENCV };
    const plumb_range ranges[] = { PLUMB_RANGE_LIMITED, PLUMB_RANGE_FULL, PLUMB_RANGE_LIMITED };
    for (int m = 0; m < 3; m++) {
        plumb_yuv_constants k = plumb_matrix_constants(matrices[m], ranges[m], 8);
        for (int32_t n = 1; n <= WIDEST; n++) {
            fence in[3];
            for (int c = 0; c < 3; c++)
                in[c] = random_fence(&r, (size_t)n);
            color_rows want, got;
            uint8_t *to[3] = { want.rows[0], want.rows[1], want.rows[2] };
            uint8_t *rgb[3] = { got.rows[0], got.rows[1], got.rows[2] };
            reference.yuv8(to, in[0].data, in[1].data, in[2].data, n, &k);
            for (int s = 0; s < set_count; s++) {
                sets[s].yuv8(rgb, in[0].data, in[1].data, in[2].data, n, &k);
                for (int c = 0; c < 3; c++)
                    assert_memory_equal(rgb[c], to[c], (size_t)n);
            }
            for (int c = 0; c < 3; c++)
                fence_free(&in[c]);
        }
    }
}

static void split_and_reverse(void **state)
{
    (void)state;
    need_simd();
    random_state r = { 2 };
    for (int32_t n = 1; n <= WIDEST; n++) {
        for (int size = 2; size <= 4; size++) {
            fence from = random_fence(&r, (size_t)(n * size));
            uint8_t want[4][ROW_BYTES], got[4][ROW_BYTES];
            uint8_t *to[4] = { want[0], want[1], want[2], want[3] };
            uint8_t *rows[4] = { got[0], got[1], got[2], got[3] };
            int left_out = random_below(&r, size + 1);
            reference.split(to, from.data, size, n);
            rows[left_out < size ? left_out : 0] = left_out < size ? NULL : rows[0];
            for (int s = 0; s < set_count; s++) {
                sets[s].split(rows, from.data, size, n);
                for (int k = 0; k < size; k++)
                    if (rows[k])
                        assert_memory_equal(rows[k], want[k], (size_t)n);
            }
            reference.reverse(want[0], from.data, n);
            for (int s = 0; s < set_count; s++) {
                sets[s].reverse(got[3], from.data, n);
                assert_memory_equal(got[3], want[0], (size_t)n);
            }
            fence_free(&from);
        }
    }
}

/* Random taps that obey what the steps ask of their weights. */
typedef struct random_taps {
    plumb_taps taps;
    int32_t first[WIDEST], integer[WIDEST * 40];
    float real[WIDEST * 40];
} random_taps;

static void make_weights(random_state *r, plumb_step step, random_taps *t, int32_t output)
{
    int32_t n = t->taps.taps, *w = t->integer + output * n;
    bool linear = step == PLUMB_STEP_LINEAR_FIRST || step == PLUMB_STEP_LINEAR_SECOND;
    int32_t unit = linear ? 2048 : step == PLUMB_STEP_MEAN ? 128 : 256;
    for (int32_t j = 0; j < n; j++) {
        t->real[output * n + j] = (float)random_between(r, -0.4, 1.0) / (float)n;
        w[j] = (int32_t)random_between(r, -1500000.0, 5500000.0) / n;
    }
    if (step == PLUMB_STEP_PILLOW)
        return;
    memset(w, 0, (size_t)n * sizeof(*w));
    while (step == PLUMB_STEP_MEAN && random_below(r, 8) && unit > 0) {
        int32_t share = random_below(r, unit + 1);
        w[random_below(r, n)] += share;
        unit -= share;
    }
    int32_t a = random_below(r, n), b = random_below(r, n);
    int32_t share = random_below(r, unit + 1);
    w[a] += share;
    w[b] += unit - share;
}

static void make_taps(random_state *r, plumb_step step, random_taps *t)
{
    plumb_taps *taps = &t->taps;
    taps->outputs = 1 + random_below(r, 90);
    taps->taps = step == PLUMB_STEP_PICK ? 1 : 1 + random_below(r, random_below(r, 2) ? 8 : 40);
    if (step != PLUMB_STEP_PILLOW && step != PLUMB_STEP_PICK && random_below(r, 2))
        taps->taps = 2;
    taps->slots = taps->taps + random_below(r, 300);
    double ratio = (double)(taps->slots - taps->taps) / taps->outputs;
    for (int32_t i = 0; i < taps->outputs; i++) {
        t->first[i] = (int32_t)(i * ratio);
        make_weights(r, step, t, i);
    }
    taps->first = t->first;
    taps->integer = plumb_step_is_float(step) ? NULL : t->integer;
    taps->real = plumb_step_is_float(step) ? t->real : NULL;
    taps->factor = step == PLUMB_STEP_FLOAT_ROUND && random_below(r, 2) ? 0.37f : 1.0f;
    taps->program = NULL;
}

/* `n` samples of the step's input, with slack, up to a forbidden page. */
static fence input_row(random_state *r, plumb_step step, int32_t n)
{
    size_t size = plumb_step_input_size(step);
    fence f = random_fence(r, (size_t)n * size + PLUMB_ROW_SLACK);
    for (int32_t i = 0; i < n; i++) {
        uint16_t word = (uint16_t)random_below(r, step == PLUMB_STEP_LINEAR_SECOND ? 255 * 128 + 1
                                                                                   : 255 * 256 + 1);
        float value = (float)random_between(r, 0.0, 255.0);
        if (size == 2)
            memcpy(f.data + 2 * i, &word, 2);
        else if (size == 4)
            memcpy(f.data + 4 * i, &value, 4);
    }
    return f;
}

static void compare_along(random_state *r, plumb_step step, random_taps *t)
{
    fence from[3], to[3];
    size_t out = (size_t)t->taps.outputs * plumb_step_output_size(step);
    const void *rows[3];
    void *results[3];
    static uint8_t want[3][ROW_BYTES];
    void *wants[3] = { want[0], want[1], want[2] };
    int planes = random_below(r, 2) ? 3 : 1;
    for (int p = 0; p < planes; p++) {
        from[p] = input_row(r, step, t->taps.slots);
        to[p] = fence_make(out + PLUMB_ROW_SLACK);
        rows[p] = from[p].data;
        results[p] = to[p].data;
    }
    reference.along[step](wants, rows, planes, &t->taps);
    for (int s = 0; s < set_count; s++) {
        void *program = NULL;
        size_t size = sets[s].program[step].size(step, &t->taps);
        if (size > 0 && posix_memalign(&program, 64, size) == 0) {
            memset(program, 0, size);
            sets[s].program[step].make(step, &t->taps, program);
        }
        t->taps.program = program;
        sets[s].along[step](results, rows, planes, &t->taps);
        t->taps.program = NULL;
        free(program);
        for (int p = 0; p < planes; p++)
            assert_memory_equal(results[p], want[p], out);
    }
    for (int p = 0; p < planes; p++) {
        fence_free(&from[p]);
        fence_free(&to[p]);
    }
}

static void sum_along_rows(void **state)
{
    (void)state;
    need_simd();
    random_state r = { 3 };
    static random_taps t;
    for (int step = 0; step < PLUMB_STEPS; step++) {
        for (int round = 0; round < 400; round++) {
            make_taps(&r, (plumb_step)step, &t);
            compare_along(&r, (plumb_step)step, &t);
        }
    }
}

static void sum_across_rows(void **state)
{
    (void)state;
    need_simd();
    random_state r = { 4 };
    static random_taps t;
    static uint8_t want[ROW_BYTES];
    for (int step = 0; step < PLUMB_STEPS; step++) {
        for (int round = 0; round < 200; round++) {
            make_taps(&r, (plumb_step)step, &t);
            int32_t n = 1 + random_below(&r, WIDEST), output = random_below(&r, t.taps.outputs);
            size_t out = (size_t)n * plumb_step_output_size((plumb_step)step);
            fence rows[40], to = fence_make(out + PLUMB_ROW_SLACK);
            const void *pointers[40];
            for (int32_t j = 0; j < t.taps.taps; j++) {
                rows[j] = step == PLUMB_STEP_MEAN ? random_fence(&r, (size_t)n)
                                                  : input_row(&r, (plumb_step)step, n);
                pointers[j] = rows[j].data;
            }
            reference.across[step](want, pointers, &t.taps, output, n);
            for (int s = 0; s < set_count; s++) {
                sets[s].across[step](to.data, pointers, &t.taps, output, n);
                assert_memory_equal(to.data, want, out);
            }
            for (int32_t j = 0; j < t.taps.taps; j++)
                fence_free(&rows[j]);
            fence_free(&to);
        }
    }
}

/* Divisors of real recipes; for others the caller of compute4 compares with its table first. */
static const plumb_value_chain chains[] = {
    { 1.0f, 1.0f, 0.0f, 1.0f },          { 255.0f, 1.0f, 0.0f, 1.0f },
    { 255.0f, 1.0f, 0.485f, 0.229f },    { 1.0f, 1.0f, 127.0f, 128.0f },
    { 1.0f, 1.0f, 123.675f, 58.395f },   { 127.5f, 1.0f, 1.0f, 1.0f },
    { 1.0f, 1.0f / 255.0f, 0.0f, 1.0f },
};

static void compute_values(void **state)
{
    (void)state;
    need_simd();
    random_state r = { 5 };
    for (int32_t n = 1; n <= WIDEST; n++) {
        for (size_t c = 0; c < sizeof(chains) / sizeof(chains[0]); c++) {
            fence from = random_fence(&r, (size_t)n);
            fence words = fence_make((size_t)n * 4), halves = fence_make((size_t)n * 2);
            static float want4[WIDEST];
            static uint16_t want2[WIDEST];
            reference.compute4(want4, 0, from.data, 0, &chains[c], n, 1);
            reference.compute2(want2, 0, from.data, 0, &chains[c], n, 1);
            for (int s = 0; s < set_count; s++) {
                sets[s].compute4((float *)(void *)words.data, 0, from.data, 0, &chains[c], n, 1);
                sets[s].compute2((uint16_t *)(void *)halves.data, 0, from.data, 0, &chains[c], n,
                                 1);
                assert_memory_equal(words.data, want4, (size_t)n * 4);
                assert_memory_equal(halves.data, want2, (size_t)n * 2);
            }
            fence_free(&from);
            fence_free(&words);
            fence_free(&halves);
        }
    }
}

static void interleave_and_turn(void **state)
{
    (void)state;
    need_simd();
    random_state r = { 6 };
    static uint8_t columns[PLUMB_TILE * ROW_BYTES], want[ROW_BYTES * PLUMB_TILE],
        got[ROW_BYTES * PLUMB_TILE];
    for (int32_t n = 1; n <= WIDEST; n++) {
        fence from[3], to = fence_make((size_t)n * 3);
        const uint8_t *rows[3];
        for (int c = 0; c < 3; c++) {
            from[c] = random_fence(&r, (size_t)n);
            rows[c] = from[c].data;
        }
        reference.interleave3(want, rows, n);
        for (int s = 0; s < set_count; s++) {
            sets[s].interleave3(to.data, rows, n);
            assert_memory_equal(to.data, want, (size_t)n * 3);
        }
        for (int c = 0; c < 3; c++)
            fence_free(&from[c]);
        fence_free(&to);
        fill(&r, columns, sizeof(columns));
        int32_t tile = n < PLUMB_TILE ? n : PLUMB_TILE, high = 1 + n % PLUMB_TILE_ROWS;
        reference.turn8(want, columns, ROW_BYTES, tile, high);
        for (int s = 0; s < set_count; s++) {
            sets[s].turn8(got, columns, ROW_BYTES, tile, high);
            for (int32_t y = 0; y < high; y++)
                assert_memory_equal(got + y * PLUMB_TILE, want + y * PLUMB_TILE, (size_t)tile);
        }
    }
}

static void fill_with_a_pattern(void **state)
{
    (void)state;
    need_simd();
    random_state r = { 7 };
    uint8_t pattern[8];
    for (size_t n = 0; n <= WIDEST; n++) {
        for (size_t odd = 0; odd < 40; odd += 1 + n % 3) {
            fence to = fence_make(n + odd);
            fill(&r, pattern, sizeof(pattern));
            for (int s = 0; s < set_count; s++) {
                memset(to.data, 0, n + odd);
                sets[s].fill(to.data + odd, pattern, n);
                for (size_t i = 0; i < n + odd; i++)
                    assert_int_equal(to.data[i], i < odd ? 0 : pattern[(i - odd) % 8]);
            }
            fence_free(&to);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(convert_half_chroma), cmocka_unit_test(convert_whole_chroma),
        cmocka_unit_test(convert_ten_bits),    cmocka_unit_test(split_and_reverse),
        cmocka_unit_test(sum_along_rows),      cmocka_unit_test(sum_across_rows),
        cmocka_unit_test(compute_values),      cmocka_unit_test(interleave_and_turn),
        cmocka_unit_test(fill_with_a_pattern),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
