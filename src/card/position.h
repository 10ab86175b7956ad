/* SPDX-License-Identifier: Apache-2.0
 *
 * Where in a JSON text a key path stands, and which path stands at an offset. JSON libraries
 * forget positions once a document is parsed, so the text is read once more, and only when there
 * is an error to report. The invariant: any bytes may be given, also malformed ones; nothing is
 * read outside `size` and nothing recurses.
 */
#ifndef PLUMB_CARD_POSITION_H
#define PLUMB_CARD_POSITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Offset of the value at `path` ("regions[2].shape.rect"), or of its key. Where the path leads
 * nowhere, the deepest value on the way that is there: a missing key is reported at its object. */
size_t plumb_position_of(const char *text, size_t size, const char *path, bool key);

/* The start of the token that ends at or after `offset`, and the path it belongs to. */
size_t plumb_position_token(const char *text, size_t size, size_t offset, char *path,
                            size_t capacity);

/* 1-based line and byte column of an offset. */
void plumb_position_line(const char *text, size_t size, size_t offset, uint32_t *line,
                         uint32_t *column);

#endif
