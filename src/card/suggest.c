/* SPDX-License-Identifier: Apache-2.0 */
#include "card/suggest.h"

#include <string.h>

#define MAX_LENGTH 40

/* Edits between two texts: insertions, removals, replacements (Levenshtein 1966), with hyphens,
 * underscores and spaces taken for one another. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t row[MAX_LENGTH + 1];
    size_t columns = strlen(b);
    for (size_t j = 0; j <= columns; j++)
        row[j] = j;
    for (size_t i = 0; a[i] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < columns; j++) {
            int separators = strchr("-_ ", a[i]) && strchr("-_ ", b[j]);
            size_t best = diagonal + (a[i] == b[j] || separators ? 0 : 1);
            diagonal = row[j + 1];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (diagonal + 1 < best)
                best = diagonal + 1;
            row[j + 1] = best;
        }
    }
    return row[columns];
}

plumb_suggestion plumb_suggest(const char *wanted)
{
    plumb_suggestion suggestion = { wanted, NULL, 0 };
    /* A third of the letters may be wrong, at least one. */
    suggestion.distance = strlen(wanted) / 3 + 1;
    return suggestion;
}

void plumb_suggest_offer(plumb_suggestion *suggestion, const char *candidate)
{
    if (strlen(suggestion->wanted) > MAX_LENGTH || strlen(candidate) > MAX_LENGTH)
        return;
    size_t distance = edit_distance(suggestion->wanted, candidate);
    if (distance < suggestion->distance ||
        (distance == suggestion->distance && !suggestion->nearest)) {
        suggestion->distance = distance;
        suggestion->nearest = candidate;
    }
}
