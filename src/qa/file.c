/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"

#define FIRST_CAPACITY 65536

void qa_bytes_release(qa_bytes *bytes)
{
    free(bytes->data);
    *bytes = (qa_bytes){ 0 };
}

plumb_status qa_bytes_reserve(qa_bytes *bytes, size_t capacity, plumb_diag *diag)
{
    if (capacity <= bytes->capacity)
        return PLUMB_OK;
    uint8_t *data = realloc(bytes->data, capacity);
    if (!data)
        return plumb_fail(diag, PLUMB_E_NOMEM, "", "no memory for %zu bytes", capacity);
    bytes->data = data;
    bytes->capacity = capacity;
    return PLUMB_OK;
}

const char *qa_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

char *qa_path_beside(const char *path, const char *name)
{
    size_t directory = name[0] == '/' ? 0 : (size_t)(qa_base_name(path) - path);
    size_t length = strlen(name);
    char *joined = malloc(directory + length + 1);
    if (!joined)
        return NULL;
    memcpy(joined, path, directory);
    memcpy(joined + directory, name, length + 1);
    return joined;
}

void qa_diag_file(plumb_diag *diag, const char *path)
{
    if (!diag)
        return;
    plumb_diag old = *diag;
    char place[32] = "";
    if (old.line > 0)
        (void)snprintf(place, sizeof(place), ":%u:%u", old.line, old.column);
    char field[sizeof(old.field) + sizeof(place) + 260];
    (void)snprintf(field, sizeof(field), "%.255s%s%s%s", qa_base_name(path), place,
                   old.field[0] ? ": " : "", old.field);
    (void)plumb_fail(diag, old.status, field, "%s", old.message);
    diag->line = old.line;
    diag->column = old.column;
}

plumb_status qa_fail_io(plumb_diag *diag, const char *path, const char *action, int error)
{
    return plumb_fail(diag, PLUMB_E_IO, qa_base_name(path), "cannot %s %s: %s", action, path,
                      strerror(error));
}

/* Add at most `count` bytes; `*end` says whether the stream ended before. */
static plumb_status add_bytes(FILE *file, const char *path, size_t count, qa_bytes *bytes,
                              bool *end, plumb_diag *diag)
{
    *end = false;
    while (count > 0) {
        if (bytes->size == bytes->capacity) {
            size_t wanted = bytes->capacity < FIRST_CAPACITY ? FIRST_CAPACITY : bytes->capacity * 2;
            plumb_status status = qa_bytes_reserve(bytes, wanted, diag);
            if (status != PLUMB_OK)
                return status;
        }
        size_t room = bytes->capacity - bytes->size;
        size_t got = fread(bytes->data + bytes->size, 1, count < room ? count : room, file);
        if (got == 0) {
            *end = true;
            return ferror(file) ? qa_fail_io(diag, path, "read", errno) : PLUMB_OK;
        }
        bytes->size += got;
        count -= got;
    }
    return PLUMB_OK;
}

plumb_status qa_read_rest(FILE *file, const char *path, size_t limit, qa_bytes *bytes,
                          plumb_diag *diag)
{
    /* A regular file says how long it is; one more byte lets the end show without a doubling. */
    struct stat facts;
    if (fstat(fileno(file), &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_size > 0 &&
        (uint64_t)facts.st_size < limit) {
        plumb_status status = qa_bytes_reserve(bytes, (size_t)facts.st_size + 1, diag);
        if (status != PLUMB_OK)
            return status;
    }
    bool end;
    size_t left = limit > bytes->size ? limit - bytes->size : 0;
    plumb_status status = add_bytes(file, path, left, bytes, &end, diag);
    if (status == PLUMB_OK && !end && getc(file) != EOF)
        return plumb_fail(diag, PLUMB_E_LIMIT, qa_base_name(path), "more than %zu bytes", limit);
    return status;
}

plumb_status qa_read_file(const char *path, size_t limit, qa_bytes *bytes, plumb_diag *diag)
{
    bytes->size = 0;
    FILE *file = fopen(path, "rb");
    if (!file)
        return qa_fail_io(diag, path, "open", errno);
    plumb_status status = qa_read_rest(file, path, limit, bytes, diag);
    (void)fclose(file);
    return status;
}

plumb_status qa_read_part(const char *path, uint64_t offset, size_t count, qa_bytes *bytes,
                          plumb_diag *diag)
{
    if (offset > INT64_MAX)
        return plumb_fail(diag, PLUMB_E_LIMIT, "offset", "%llu", (unsigned long long)offset);
    FILE *file = fopen(path, "rb");
    if (!file)
        return qa_fail_io(diag, path, "open", errno);
    plumb_status status = PLUMB_OK;
    bool end;
    if (fseeko(file, (off_t)offset, SEEK_SET) != 0)
        status = qa_fail_io(diag, path, "seek in", errno);
    else
        status = add_bytes(file, path, count, bytes, &end, diag);
    (void)fclose(file);
    return status;
}

/* 0, or the errno of what failed. */
static int write_all(int descriptor, const uint8_t *data, size_t size)
{
    while (size > 0) {
        ssize_t written = write(descriptor, data, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return written < 0 ? errno : EIO;
        data += written;
        size -= (size_t)written;
    }
    return 0;
}

static int write_to(const char *path, const void *data, size_t size, bool sync)
{
    int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (descriptor < 0)
        return errno;
    int error = write_all(descriptor, data, size);
    if (!error && sync && fsync(descriptor) != 0)
        error = errno;
    if (close(descriptor) != 0 && !error)
        error = errno;
    return error;
}

plumb_status qa_write_file(const char *path, const void *data, size_t size, plumb_diag *diag)
{
    struct stat facts;
    if (stat(path, &facts) == 0 && !S_ISREG(facts.st_mode)) {
        int error = S_ISDIR(facts.st_mode) ? EISDIR : write_to(path, data, size, false);
        return error ? qa_fail_io(diag, path, "write", error) : PLUMB_OK;
    }
    size_t capacity = strlen(path) + 32;
    char *temporary = malloc(capacity);
    if (!temporary)
        return plumb_fail(diag, PLUMB_E_NOMEM, "", "no memory for a file name");
    (void)snprintf(temporary, capacity, "%s.%ld.tmp", path, (long)getpid());
    int error = write_to(temporary, data, size, true);
    if (!error && rename(temporary, path) != 0)
        error = errno;
    if (error)
        (void)unlink(temporary);
    free(temporary);
    return error ? qa_fail_io(diag, path, "write", error) : PLUMB_OK;
}
