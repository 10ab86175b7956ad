/* SPDX-License-Identifier: Apache-2.0
 *
 * Files in and out. The invariant: a file that is written is either the old one or the whole new
 * one, also after a crash, and no read takes more memory than its limit. Errors name the file in
 * the field of the diag.
 */
#ifndef QA_FILE_H
#define QA_FILE_H

#include <stdio.h>

#include "plumbline/base.h"

#define QA_MAX_FILE ((size_t)1 << 30) /* bytes; what callers without a reason of their own pass */

/* Memory that grows and is used again. Starts as zeros. */
typedef struct qa_bytes {
    uint8_t *data; /* from malloc; NULL while the capacity is 0 */
    size_t size, capacity;
} qa_bytes;

void qa_bytes_release(qa_bytes *bytes);

/* Make room for `capacity` bytes in all; what is there stays. PLUMB_E_NOMEM. */
PLUMB_NODISCARD plumb_status qa_bytes_reserve(qa_bytes *bytes, size_t capacity, plumb_diag *diag);

/* The last part of a path; the path itself where it has no slash. */
const char *qa_base_name(const char *path);

/* `name` as seen from the directory of `path`; an absolute name stays. From malloc, NULL when
 * memory ran out. */
char *qa_path_beside(const char *path, const char *name);

/* Put the base name of `path`, the line and column where there are any, and a colon before the
 * field of a diag that is already filled. */
void qa_diag_file(plumb_diag *diag, const char *path);

/* PLUMB_E_IO with the text of `error`, an errno value. */
plumb_status qa_fail_io(plumb_diag *diag, const char *path, const char *action, int error);

/* Read a whole file into `bytes`, over what was there. PLUMB_E_IO, PLUMB_E_LIMIT where it is
 * longer than `limit`, PLUMB_E_NOMEM. Works for pipes. */
PLUMB_NODISCARD plumb_status qa_read_file(const char *path, size_t limit, qa_bytes *bytes,
                                          plumb_diag *diag);

/* Add the rest of an open stream to `bytes`; `limit` bounds the sum. */
PLUMB_NODISCARD plumb_status qa_read_rest(FILE *file, const char *path, size_t limit,
                                          qa_bytes *bytes, plumb_diag *diag);

/* Add at most `count` bytes from `offset` on; fewer where the file ends. */
PLUMB_NODISCARD plumb_status qa_read_part(const char *path, uint64_t offset, size_t count,
                                          qa_bytes *bytes, plumb_diag *diag);

/* Write a file as a whole: under another name in the same directory, to the disk, then renamed.
 * What is not a regular file, such as /dev/stdout, is written in place. PLUMB_E_IO. */
PLUMB_NODISCARD plumb_status qa_write_file(const char *path, const void *data, size_t size,
                                           plumb_diag *diag);

#endif
