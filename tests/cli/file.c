/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading and replacing whole files.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "qa/file.h"

static char folder[] = "/tmp/plumbline-file-XXXXXX";
static char path[64];

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return 1;
    (void)snprintf(path, sizeof(path), "%s/a.bin", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(folder); /* fails if anything was left behind */
}

static void write_and_read(void **state)
{
    (void)state;
    qa_bytes bytes = { 0 };
    for (size_t size = 0; size <= 200000; size = size * 3 + 1) {
        uint8_t *data = malloc(size + 1);
        memset(data, (int)(size & 255), size);
        assert_int_equal(qa_write_file(path, data, size, NULL), PLUMB_OK);
        assert_int_equal(qa_read_file(path, 1 << 20, &bytes, NULL), PLUMB_OK);
        assert_int_equal(bytes.size, size);
        if (size > 0)
            assert_memory_equal(bytes.data, data, size);
        free(data);
    }
    qa_bytes_release(&bytes);
}

static void limits(void **state)
{
    (void)state;
    qa_bytes bytes = { 0 };
    plumb_diag diag = { 0 };
    assert_int_equal(qa_write_file(path, "0123456789", 10, NULL), PLUMB_OK);
    assert_int_equal(qa_read_file(path, 10, &bytes, NULL), PLUMB_OK);
    assert_int_equal(qa_read_file(path, 9, &bytes, &diag), PLUMB_E_LIMIT);
    assert_string_equal(diag.field, "a.bin");
    assert_int_equal(qa_read_file("/dev/zero", 100000, &bytes, NULL), PLUMB_E_LIMIT);
    assert_true(bytes.capacity <= 1 << 18);
    qa_bytes_release(&bytes);
}

static void parts(void **state)
{
    (void)state;
    qa_bytes bytes = { 0 };
    assert_int_equal(qa_write_file(path, "0123456789", 10, NULL), PLUMB_OK);
    assert_int_equal(qa_read_part(path, 3, 4, &bytes, NULL), PLUMB_OK);
    assert_int_equal(qa_read_part(path, 8, 4, &bytes, NULL), PLUMB_OK);
    assert_int_equal(qa_read_part(path, 1000, 4, &bytes, NULL), PLUMB_OK);
    assert_int_equal(bytes.size, 6);
    assert_memory_equal(bytes.data, "345689", 6);
    assert_int_equal(qa_read_part(path, UINT64_MAX, 4, &bytes, NULL), PLUMB_E_LIMIT);
    qa_bytes_release(&bytes);
}

static void errors_name_the_file(void **state)
{
    (void)state;
    qa_bytes bytes = { 0 };
    plumb_diag diag = { 0 };
    assert_int_equal(qa_read_file("/nowhere/at/all", 10, &bytes, &diag), PLUMB_E_IO);
    assert_string_equal(diag.field, "all");
    assert_non_null(strstr(diag.message, "/nowhere/at/all"));
    assert_int_equal(qa_read_file(folder, 10, &bytes, &diag), PLUMB_E_IO);
    assert_int_equal(qa_write_file("/nowhere/at/all", "x", 1, &diag), PLUMB_E_IO);
    assert_int_equal(qa_write_file(folder, "x", 1, &diag), PLUMB_E_IO);
    diag = (plumb_diag){ PLUMB_E_KEY, 3, 4, "planes[0].file", "missing" };
    qa_diag_file(&diag, "some/where/a.frame.json");
    assert_string_equal(diag.field, "a.frame.json:3:4: planes[0].file");
    assert_string_equal(diag.message, "missing");
    assert_int_equal(diag.status, PLUMB_E_KEY);
    assert_int_equal(diag.line, 3);
    assert_int_equal(diag.column, 4);
    qa_bytes_release(&bytes);
}

static void a_full_disk(void **state)
{
    (void)state;
    plumb_diag diag = { 0 };
    if (access("/dev/full", W_OK) != 0)
        skip();
    assert_int_equal(qa_write_file("/dev/full", "x", 1, &diag), PLUMB_E_IO);
    struct stat facts;
    assert_int_equal(stat("/dev/full", &facts), 0);
    assert_true(S_ISCHR(facts.st_mode));
}

static void the_old_file_stays(void **state)
{
    (void)state;
    qa_bytes bytes = { 0 };
    if (geteuid() == 0)
        skip(); /* nothing is forbidden to root */
    assert_int_equal(qa_write_file(path, "old", 3, NULL), PLUMB_OK);
    assert_int_equal(chmod(folder, 0500), 0);
    assert_int_equal(qa_write_file(path, "new", 3, NULL), PLUMB_E_IO);
    assert_int_equal(chmod(folder, 0700), 0);
    assert_int_equal(qa_read_file(path, 10, &bytes, NULL), PLUMB_OK);
    assert_memory_equal(bytes.data, "old", 3);
    qa_bytes_release(&bytes);
}

static void paths(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        { "a/b/c.json", "d.nv12", "a/b/d.nv12" },   { "c.json", "d.nv12", "d.nv12" },
        { "/c.json", "d.nv12", "/d.nv12" },         { "a/c.json", "/e/d.nv12", "/e/d.nv12" },
        { "a/c.json", "../d.nv12", "a/../d.nv12" },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *joined = qa_path_beside(cases[i][0], cases[i][1]);
        assert_string_equal(joined, cases[i][2]);
        free(joined);
    }
    assert_string_equal(qa_base_name("a/b"), "b");
    assert_string_equal(qa_base_name("b"), "b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(write_and_read), cmocka_unit_test(limits),
        cmocka_unit_test(parts),          cmocka_unit_test(errors_name_the_file),
        cmocka_unit_test(a_full_disk),    cmocka_unit_test(the_old_file_stays),
        cmocka_unit_test(paths),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
