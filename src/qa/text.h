/* SPDX-License-Identifier: Apache-2.0
 *
 * Text that grows: what every writer of the QA room writes into, so that a line is whole before
 * it is given out. The invariant: after memory ran out the text stays as it is and `failed` is
 * set, so only the last caller has to look.
 */
#ifndef QA_TEXT_H
#define QA_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"

typedef struct qa_text {
    char *data; /* zero-terminated once something was added */
    size_t size, capacity;
    bool failed;
} qa_text;

void qa_text_release(qa_text *text);
void qa_text_clear(qa_text *text); /* keeps the memory */

void qa_text_bytes(qa_text *text, const void *bytes, size_t size);
void qa_text_add(qa_text *text, const char *string);
void qa_text_format(qa_text *text, const char *format, ...) PLUMB_PRINTF(2, 3);

/* See json_number.h. */
void qa_text_float(qa_text *text, float value);
void qa_text_double(qa_text *text, double value);
void qa_text_extent(qa_text *text, float start, float end);

/* Length of the well-formed UTF-8 sequence at `s`, 0 for none: no overlong forms, no surrogates,
 * nothing above U+10FFFF. The terminating zero ends every sequence early. */
size_t qa_utf8_length(const unsigned char *s);

/* A quoted JSON string. Bytes that are not UTF-8 become U+FFFD; NULL becomes null. */
void qa_text_json(qa_text *text, const char *string);

#endif
