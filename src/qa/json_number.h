/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers as JSON text with the fewest digits that read back to the same value, written as
 * ECMAScript's Number.prototype.toString does: plain digits from 1e-6 up to 1e21, an exponent
 * outside. The invariant: what is written is valid JSON in every locale, and equal values give
 * equal bytes. Negative zero is written as 0; NaN and infinities, which JSON lacks, as null.
 */
#ifndef QA_JSON_NUMBER_H
#define QA_JSON_NUMBER_H

#include <stddef.h>

#define QA_NUMBER_SIZE 40 /* bytes, with the terminating zero */

/* Both return the length of the text. The float form is shorter: 0.1f is written as 0.1. */
size_t qa_format_float(char text[QA_NUMBER_SIZE], float value);
size_t qa_format_double(char text[QA_NUMBER_SIZE], double value);

/* The shortest number e for which (float)((double)start + e) is `end`: a width that gives back the
 * exact far edge of a float32 box. */
size_t qa_format_extent(char text[QA_NUMBER_SIZE], float start, float end);

#endif
