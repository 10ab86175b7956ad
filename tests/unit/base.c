/* SPDX-License-Identifier: Apache-2.0
 *
 * The ground floor: diagnostics, checked arithmetic, growable structs, allocation, status codes,
 * CPU flags.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/allocator.h"
#include "base/arena.h"
#include "base/checked.h"
#include "base/diag.h"
#include "base/names.h"
#include "test_allocator.h"

/* --- diagnostics --- */

/* Length of the sequence a lead byte announces, 0 for a byte that is none. */
static size_t sequence(unsigned char lead)
{
    return lead < 0x80 ? 1 : lead < 0xc0 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

static bool is_whole_utf8(const char *text)
{
    size_t length = strlen(text);
    for (size_t i = 0; i < length;) {
        size_t n = sequence((unsigned char)text[i]);
        if (n == 0 || i + n > length)
            return false;
        for (size_t k = 1; k < n; k++)
            if (((unsigned char)text[i + k] & 0xc0) != 0x80)
                return false;
        i += n;
    }
    return true;
}

/* Texts of 1, 2, 3 and 4 byte characters, moved so that each can meet the end of the array. */
static void test_cut_at_characters(void **state)
{
    (void)state;
    static const char *const characters[4] = { "x", "\xc3\xa9", "\xe2\x82\xac",
                                               "\xf0\x9f\x8e\xaf" };
    for (int c = 0; c < 4; c++) {
        for (size_t shift = 0; shift < 5; shift++) {
            char text[400] = "";
            memset(text, 'a', shift);
            while (strlen(text) + strlen(characters[c]) < sizeof(text))
                strcat(text, characters[c]);
            plumb_diag diag;
            memset(&diag, 0x55, sizeof(diag));
            plumb_fail(&diag, PLUMB_E_VALUE, text, "%s", text);
            assert_true(is_whole_utf8(diag.message));
            assert_true(is_whole_utf8(diag.field));
            assert_true(strlen(diag.message) + strlen(characters[c]) >= sizeof(diag.message));
            assert_true(strlen(diag.field) + strlen(characters[c]) >= sizeof(diag.field));
            assert_memory_equal(diag.message, text, strlen(diag.message));
            plumb_diag_prefix(&diag, "head");
            assert_true(is_whole_utf8(diag.field));
            assert_memory_equal(diag.field, "head.", 5);
            plumb_fail_at(&diag, PLUMB_E_VALUE, text, 12, "member", "%s", text);
            assert_true(is_whole_utf8(diag.field));
        }
    }
}

static void test_fields(void **state)
{
    (void)state;
    plumb_diag diag = { 0 };
    assert_int_equal(plumb_fail(&diag, PLUMB_E_SIZE, "width", "%d is too large", 7), PLUMB_E_SIZE);
    assert_int_equal(diag.status, PLUMB_E_SIZE);
    assert_string_equal(diag.field, "width");
    assert_string_equal(diag.message, "7 is too large");
    plumb_diag_prefix(&diag, "preprocess");
    assert_string_equal(diag.field, "preprocess.width");
    diag.line = 4;
    plumb_fail_at(&diag, PLUMB_E_STRIDE, "planes", 1, "row_stride", "short");
    assert_string_equal(diag.field, "planes[1].row_stride");
    assert_int_equal(diag.line, 0); /* of another error */
    plumb_fail_at(&diag, PLUMB_E_STRIDE, "planes", 2, NULL, "short");
    assert_string_equal(diag.field, "planes[2]");
    plumb_fail(&diag, PLUMB_E_NOMEM, "", "out of memory");
    plumb_diag_prefix(&diag, "head");
    assert_string_equal(diag.field, "head");
    assert_int_equal(plumb_fail(NULL, PLUMB_E_IO, "x", "y"), PLUMB_E_IO);
    assert_int_equal(plumb_fail_at(NULL, PLUMB_E_IO, "x", 1, NULL, "y"), PLUMB_E_IO);
    plumb_diag_prefix(NULL, "x");
}

static void test_status(void **state)
{
    (void)state;
    static const plumb_status all[] = {
        PLUMB_E_ARGUMENT, PLUMB_E_SIZE,  PLUMB_E_STRIDE,   PLUMB_E_BUFFER,    PLUMB_E_SHAPE,
        PLUMB_E_DTYPE,    PLUMB_E_SPACE, PLUMB_E_CAPACITY, PLUMB_E_TRUNCATED, PLUMB_E_CORRUPT,
        PLUMB_E_SYNTAX,   PLUMB_E_KEY,   PLUMB_E_VALUE,    PLUMB_E_NONFINITE, PLUMB_E_UNSUPPORTED,
        PLUMB_E_DISABLED, PLUMB_E_NOMEM, PLUMB_E_LIMIT,    PLUMB_E_IO,        PLUMB_E_BACKEND,
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        assert_string_not_equal(plumb_status_text(all[i]), "detector error");
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(plumb_status_text(all[i]), plumb_status_text(all[k]));
    }
    assert_string_equal(plumb_status_text(PLUMB_OK), "no error");
    assert_string_equal(plumb_status_text(42), "detector error");
    assert_string_equal(plumb_status_text(-9999), "detector error");
    assert_int_equal(PLUMB_STATUS_CLASS(PLUMB_E_SHAPE), 1);
    assert_int_equal(PLUMB_STATUS_CLASS(PLUMB_E_IO), 5);
    assert_int_equal(PLUMB_STATUS_CLASS(4711), 0);
    assert_int_equal(plumb_version(), PLUMB_VERSION_NUMBER);
}

/* --- arithmetic --- */

static void test_checked(void **state)
{
    (void)state;
    size_t n = 9;
    assert_true(plumb_mul_size(SIZE_MAX, 1, &n) && n == SIZE_MAX);
    assert_true(plumb_mul_size(0, SIZE_MAX, &n) && n == 0);
    assert_true(plumb_mul_size(SIZE_MAX, 0, &n) && n == 0);
    assert_true(plumb_mul_size(SIZE_MAX / 2, 2, &n) && n == SIZE_MAX - 1);
    n = 9;
    assert_false(plumb_mul_size(SIZE_MAX / 2 + 1, 2, &n));
    assert_false(plumb_mul_size(SIZE_MAX, SIZE_MAX, &n));
    assert_int_equal(n, 9);
    assert_true(plumb_add_size(SIZE_MAX - 1, 1, &n) && n == SIZE_MAX);
    assert_false(plumb_add_size(SIZE_MAX, 1, &n));
    int64_t i = 9;
    assert_true(plumb_mul_int64(INT64_MAX, 1, &i) && i == INT64_MAX);
    assert_true(plumb_mul_int64(3037000499, 3037000499, &i) && i == 9223372030926249001);
    i = 9;
    assert_false(plumb_mul_int64(3037000500, 3037000500, &i));
    assert_false(plumb_mul_int64(-1, 1, &i));
    assert_false(plumb_mul_int64(1, INT64_MIN, &i));
    assert_true(plumb_add_int64(INT64_MAX, 0, &i) && i == INT64_MAX);
    assert_false(plumb_add_int64(INT64_MAX, 1, &i));
    assert_false(plumb_add_int64(-1, 1, &i));
}

typedef struct grown {
    uint32_t struct_size;
    int32_t first, second;
    int32_t added;
} grown;

static void test_struct_growth(void **state)
{
    (void)state;
    const grown defaults = { sizeof(grown), 1, 2, 3 };
    grown caller = { offsetof(grown, added), 10, 20, -1 }, got = defaults;
    plumb_copy_struct(&got, sizeof(got), &caller, caller.struct_size); /* an older caller */
    assert_int_equal(got.second, 20);
    assert_int_equal(got.added, 3);
    assert_int_equal(got.struct_size, sizeof(grown));
    struct {
        grown known;
        int32_t unknown;
    } newer = { { sizeof(newer), 10, 20, 30 }, 99 };
    got = defaults;
    plumb_copy_struct(&got, sizeof(got), &newer, newer.known.struct_size);
    assert_int_equal(got.added, 30);
    assert_int_equal(got.struct_size, sizeof(grown));
    got = defaults;
    plumb_copy_struct(&got, sizeof(got), NULL, 0);
    plumb_copy_struct(&got, sizeof(got), &caller, 0); /* not initialised: nothing is believed */
    plumb_copy_struct(&got, sizeof(got), &caller, 3);
    assert_memory_equal(&got, &defaults, sizeof(got));
}

/* --- memory --- */

static void test_allocation(void **state)
{
    (void)state;
    test_allocator counter = { 0 };
    plumb_context mine = test_context(&counter);
    plumb_context context = plumb_context_resolve(&mine);
    char *zero = plumb_alloc_array(&context, 0, 8);
    assert_non_null(zero);
    assert_int_equal((uintptr_t)zero % 64, 0);
    plumb_release(&context, zero);
    assert_null(plumb_alloc_array(&context, SIZE_MAX, 2));
    assert_null(plumb_alloc_array(&context, PTRDIFF_MAX, 1));
    assert_null(plumb_alloc_zeroed(&context, SIZE_MAX / 2, 4));
    assert_int_equal(counter.calls, 1); /* the impossible ones never reached it */
    unsigned char *zeros = plumb_alloc_zeroed(&context, 10, 10);
    for (int i = 0; i < 100; i++)
        assert_int_equal(zeros[i], 0);
    plumb_release(&context, zeros);
    char *text = plumb_copy_text(&context, "plumb");
    assert_string_equal(text, "plumb");
    plumb_release(&context, text);
    plumb_release(&context, NULL);
    assert_int_equal(counter.live, 0);
    counter.fail_at = counter.calls + 1;
    assert_null(plumb_alloc_zeroed(&context, 1, 1));
    assert_null(plumb_copy_text(&context, "plumb"));
    context = plumb_context_resolve(NULL);
    void *memory = plumb_alloc_array(&context, 1, 1);
    assert_non_null(memory);
    plumb_release(&context, memory);
    plumb_log_message(&context, PLUMB_LOG_ERROR, "to nobody");
}

static void test_arena(void **state)
{
    (void)state;
    test_allocator counter = { 0 };
    plumb_context mine = test_context(&counter);
    plumb_context context = plumb_context_resolve(&mine);
    plumb_arena arena = plumb_arena_make(&context);
    const int numbers[3] = { 1, 2, 3 };
    for (int i = 0; i < 10; i++) {
        const int *copy = plumb_arena_copy(&arena, numbers, 3, sizeof(int));
        assert_non_null(copy);
        assert_int_equal((uintptr_t)copy % 64, 0);
        assert_memory_equal(copy, numbers, sizeof(numbers));
        assert_string_equal(plumb_arena_text(&arena, "regional", 6), "region");
    }
    assert_non_null(plumb_arena_copy(&arena, NULL, 0, 4));
    assert_null(plumb_arena_array(&arena, SIZE_MAX, 2));
    assert_null(plumb_arena_array(&arena, SIZE_MAX - 1, 1));
    assert_null(plumb_arena_text(&arena, "", SIZE_MAX));
    assert_int_equal(counter.live, 21);
    plumb_arena_clear(&arena);
    plumb_arena_clear(&arena);
    assert_int_equal(counter.live, 0);
}

/* --- the rest --- */

static void log_it(void *user, plumb_log_level level, const char *message)
{
    snprintf(user, 32, "%d %s", (int)level, message);
}

static void test_context_and_names(void **state)
{
    (void)state;
    char logged[32] = "";
    plumb_context context = PLUMB_CONTEXT_INIT;
    context.cpu = PLUMB_CPU_NONE;
    context.log = log_it;
    context.log_user = logged;
    plumb_context full = plumb_context_resolve(&context);
    plumb_log_message(&full, PLUMB_LOG_WARNING, "hello");
    assert_string_equal(logged, "2 hello");
    assert_int_equal(full.cpu, PLUMB_CPU_NONE);
    assert_int_equal(plumb_cpu_detect(&context), PLUMB_CPU_NONE);
    assert_int_not_equal(plumb_cpu_detect(NULL), 0);
    context.cpu = PLUMB_CPU_AVX512 | PLUMB_CPU_NEON;
    assert_int_equal(plumb_cpu_detect(&context) & PLUMB_CPU_SSE2, 0);
    context.struct_size = 4; /* a header before `cpu`: automatic */
    assert_int_equal(plumb_cpu_detect(&context), plumb_cpu_detect(NULL));
    const plumb_name table[] = { { 3, "three" }, { -1, "minus" } };
    int value = 9;
    assert_true(plumb_value_of(table, 2, "minus", &value));
    assert_int_equal(value, -1);
    assert_false(plumb_value_of(table, 2, "four", &value));
    assert_false(plumb_value_of(table, 2, NULL, &value));
    assert_int_equal(value, -1);
    assert_string_equal(plumb_name_of(table, 2, 3), "three");
    assert_string_equal(plumb_name_of(table, 2, 4), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cut_at_characters),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_status),
        cmocka_unit_test(test_checked),
        cmocka_unit_test(test_struct_growth),
        cmocka_unit_test(test_allocation),
        cmocka_unit_test(test_arena),
        cmocka_unit_test(test_context_and_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
