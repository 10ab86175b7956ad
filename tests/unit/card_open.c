/* SPDX-License-Identifier: Apache-2.0
 *
 * Cards in a folder: what they name lies beside them or below, never above.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "plumbline/card.h"
#include "test_allocator.h"

static char folder[] = "/tmp/plumbline-card-XXXXXX";

static void path_of(char path[256], const char *name)
{
    snprintf(path, 256, "%s/%s", folder, name);
}

static void write_file(const char *name, const char *text)
{
    char path[256];
    path_of(path, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static plumb_status open_with(const char *labels, plumb_card **card, plumb_diag *diag)
{
    char text[600], path[256];
    snprintf(text, sizeof(text),
             "{\"plumbline\": 1, \"preprocess\": {\"profile\": \"yolox\", \"width\": 64,"
             "\"height\": 64}, \"head\": {\"type\": \"yolox\", \"labels\": \"%s\"},"
             "\"postprocess\": {\"confidence\": 0.5, \"nms\": {\"method\": \"none\"}}}",
             labels);
    write_file("card.json", text);
    path_of(path, "card.json");
    return plumb_card_open(NULL, path, card, diag);
}

static void test_beside(void **state)
{
    (void)state;
    plumb_card *card = NULL;
    plumb_diag diag = { 0 };
    assert_int_equal(open_with("names.txt", &card, &diag), PLUMB_OK);
    assert_string_equal(plumb_card_label(card, 1), "b");
    plumb_card_destroy(&card);
    assert_int_equal(open_with("below/names.txt", &card, &diag), PLUMB_OK);
    assert_string_equal(plumb_card_label(card, 0), "c");
    plumb_card_destroy(&card);
    assert_int_equal(open_with("..names..txt", &card, &diag), PLUMB_OK);
    plumb_card_destroy(&card);
    /* The name of the card without a folder: the current one. */
    char back[512];
    assert_non_null(getcwd(back, sizeof(back)));
    assert_int_equal(open_with("names.txt", &card, &diag), PLUMB_OK);
    plumb_card_destroy(&card);
    assert_int_equal(chdir(folder), 0);
    assert_int_equal(plumb_card_open(NULL, "card.json", &card, &diag), PLUMB_OK);
    assert_int_equal(chdir(back), 0);
    assert_int_equal(plumb_card_label_count(card), 2);
    plumb_card_destroy(&card);
}

static void test_not_above(void **state)
{
    (void)state;
    static const char *const names[] = {
        "../names.txt",  "below/../../names.txt", "..",
        "/etc/hostname", "below/../names.txt",    "..\\\\names.txt"
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        plumb_card *card = NULL;
        plumb_diag diag = { 0 };
        assert_int_equal(open_with(names[i], &card, &diag), PLUMB_E_VALUE);
        assert_string_equal(diag.field, "head.labels");
        assert_int_equal(diag.line, 1);
        assert_non_null(strstr(diag.message, "does not lie beside the card"));
    }
}

static void test_unreadable(void **state)
{
    (void)state;
    plumb_card *card = NULL;
    plumb_diag diag = { 0 };
    assert_int_equal(open_with("missing.txt", &card, &diag), PLUMB_E_IO);
    assert_string_equal(diag.field, "head.labels");
    assert_int_equal(open_with("below", &card, &diag), PLUMB_E_IO); /* a folder */
    assert_int_equal(plumb_card_open(NULL, folder, &card, &diag), PLUMB_E_IO);
    assert_non_null(strstr(diag.message, folder));
    assert_null(card);
}

/* More than one read of the file, and more lines than there may be classes. */
static void test_long_files(void **state)
{
    (void)state;
    plumb_card *card = NULL;
    plumb_diag diag = { 0 };
    static char text[8 * 65537 + 1];
    for (int lines = 65536; lines <= 65537; lines++) {
        for (int i = 0; i < lines; i++)
            snprintf(text + 8 * i, 9, "%07d\n", i);
        write_file("names.txt", text);
        plumb_status status = open_with("names.txt", &card, &diag);
        assert_int_equal(status, lines == 65536 ? PLUMB_OK : PLUMB_E_LIMIT);
        if (status == PLUMB_OK)
            assert_string_equal(plumb_card_label(card, 65535), "0065535");
        plumb_card_destroy(&card);
    }
    write_file("names.txt", "a\nb\n");
    char path[256];
    path_of(path, "card.json");
    char *large = malloc(((size_t)16 << 20) + 2); /* a card of one byte too many */
    assert_non_null(large);
    memset(large, ' ', ((size_t)16 << 20) + 1);
    large[((size_t)16 << 20) + 1] = '\0';
    write_file("card.json", large);
    free(large);
    assert_int_equal(plumb_card_open(NULL, path, &card, &diag), PLUMB_E_LIMIT);
    assert_int_equal(plumb_card_open(NULL, NULL, &card, &diag), PLUMB_E_ARGUMENT);
}

static void test_failing_memory(void **state)
{
    (void)state;
    plumb_card *card = NULL;
    char path[256];
    path_of(path, "card.json");
    assert_int_equal(open_with("names.txt", &card, NULL), PLUMB_OK);
    plumb_card_destroy(&card);
    test_allocator allocator = { 0 };
    plumb_context context = test_context(&allocator);
    plumb_status status = PLUMB_E_NOMEM;
    for (uint64_t n = 1; status == PLUMB_E_NOMEM; n++) {
        assert_true(n < 1000);
        allocator.calls = 0;
        allocator.fail_at = n;
        plumb_diag diag = { 0 };
        status = plumb_card_open(&context, path, &card, &diag);
        assert_int_equal(diag.status, status);
        plumb_card_destroy(&card);
        assert_int_equal(allocator.live, 0);
    }
    assert_int_equal(status, PLUMB_OK);
}

static int set_up(void **state)
{
    (void)state;
    char below[256];
    if (!mkdtemp(folder))
        return -1;
    path_of(below, "below");
    if (mkdir(below, 0700) != 0)
        return -1;
    write_file("names.txt", "a\nb\n");
    write_file("..names..txt", "a\n");
    write_file("below/names.txt", "c\n");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    static const char *const names[] = { "card.json", "names.txt", "..names..txt",
                                         "below/names.txt" };
    char path[256];
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        path_of(path, names[i]);
        unlink(path);
    }
    path_of(path, "below");
    rmdir(path);
    return rmdir(folder);
}

int main(void)
{
    plumb_card *card = NULL;
    if (plumb_card_parse(NULL, "", 0, NULL, &card, NULL) == PLUMB_E_DISABLED)
        return 77; /* built without jansson */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_beside),         cmocka_unit_test(test_not_above),
        cmocka_unit_test(test_unreadable),     cmocka_unit_test(test_long_files),
        cmocka_unit_test(test_failing_memory),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
