/* SPDX-License-Identifier: Apache-2.0
 *
 * The name a writer probably meant.
 */
#ifndef PLUMB_CARD_SUGGEST_H
#define PLUMB_CARD_SUGGEST_H

#include <stddef.h>

/* Offers one candidate after the other and keeps the nearest to `wanted`. */
typedef struct plumb_suggestion {
    const char *wanted;
    const char *nearest; /* NULL: none is near enough */
    size_t distance;
} plumb_suggestion;

plumb_suggestion plumb_suggest(const char *wanted);
void plumb_suggest_offer(plumb_suggestion *suggestion, const char *candidate);

#endif
