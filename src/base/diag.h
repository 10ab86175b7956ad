/* SPDX-License-Identifier: Apache-2.0
 *
 * Filling the caller's plumb_diag. Every error of the library leaves through these, so that
 * none is without a field and a reason.
 */
#ifndef PLUMB_BASE_DIAG_H
#define PLUMB_BASE_DIAG_H

#include "plumbline/base.h"

#if defined(__GNUC__) || defined(__clang__)
#define PLUMB_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define PLUMB_PRINTF(text, first)
#endif

/* Write status, field and message and return `status`, so that a caller can
 * `return plumb_fail(diag, PLUMB_E_SIZE, "width", "...")`. `diag` may be NULL, `field` may be
 * "" but not NULL. Text that is too long is cut at a UTF-8 boundary. */
plumb_status plumb_fail(plumb_diag *diag, plumb_status status, const char *field,
                        const char *format, ...) PLUMB_PRINTF(4, 5);

/* The same with an index in the field: plumb_fail_at(diag, s, "planes", 1, "row_stride", ...)
 * names "planes[1].row_stride"; `member` may be NULL. */
plumb_status plumb_fail_at(plumb_diag *diag, plumb_status status, const char *array, size_t index,
                           const char *member, const char *format, ...) PLUMB_PRINTF(6, 7);

/* Put `prefix` and a dot before the field of a diag that a lower room has filled. */
void plumb_diag_prefix(plumb_diag *diag, const char *prefix);

#endif
