/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading values of JSON documents that others wrote. The invariant: keys that we do not know are
 * passed over, values of the wrong type are errors that name the key.
 */
#ifndef QA_IMPORTS_JSON_H
#define QA_IMPORTS_JSON_H

#include <jansson.h>

#include "qa/imports.h"

/* Parse a document; the caller owns it. PLUMB_E_SYNTAX with line and column. */
PLUMB_NODISCARD plumb_status qa_json_open(const char *data, size_t size, json_t **root,
                                          plumb_diag *diag);

/* Four numbers. */
bool qa_json_rect(const json_t *array, plumb_rect *rect);

/* `missing` where there is no such key; false for a value that is not a number. */
bool qa_json_number(const json_t *object, const char *key, double missing, double *number);
bool qa_json_int32(const json_t *object, const char *key, int32_t missing, int32_t *number);

/* A size of 1..PLUMB_MAX_SIDE from two keys. PLUMB_E_VALUE. */
PLUMB_NODISCARD plumb_status qa_json_size(const json_t *object, const char *width,
                                          const char *height, plumb_size *size, plumb_diag *diag);

#endif
