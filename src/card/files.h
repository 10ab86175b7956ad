/* SPDX-License-Identifier: Apache-2.0
 *
 * Files in a directory: the only place of the library that opens any.
 */
#ifndef PLUMB_CARD_FILES_H
#define PLUMB_CARD_FILES_H

#include "plumbline/card.h"

/* A whole file; released with `context`. PLUMB_E_IO, PLUMB_E_LIMIT, PLUMB_E_NOMEM. */
plumb_status plumb_file_read(const plumb_context *context, const char *path, size_t limit,
                             void **data, size_t *size);

/* The files beside `card_path`; release `user` with `context`. */
plumb_status plumb_files_beside(const plumb_context *context, const char *card_path,
                                plumb_card_files *files);

#endif
