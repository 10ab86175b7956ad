/* SPDX-License-Identifier: Apache-2.0
 *
 * Enum values and their names on cards: one table an enum, looked up both ways.
 */
#ifndef PLUMB_BASE_NAMES_H
#define PLUMB_BASE_NAMES_H

#include <stdbool.h>
#include <stddef.h>

typedef struct plumb_name {
    int value;
    const char *name;
} plumb_name;

/* The name of `value`, "?" where the table has none. */
const char *plumb_name_of(const plumb_name *table, size_t count, int value);

/* False, and `value` untouched, for an unknown or NULL name. */
bool plumb_value_of(const plumb_name *table, size_t count, const char *name, int *value);

/* Both functions of an enum over a static table. */
#define PLUMB_DEFINE_NAMES(type, prefix, table)                                                    \
    const char *prefix##_name(type value)                                                          \
    {                                                                                              \
        return plumb_name_of(table, sizeof(table) / sizeof(table[0]), (int)value);                 \
    }                                                                                              \
    bool prefix##_parse(const char *name, type *value)                                             \
    {                                                                                              \
        int found;                                                                                 \
        if (!plumb_value_of(table, sizeof(table) / sizeof(table[0]), name, &found))                \
            return false;                                                                          \
        *value = (type)found;                                                                      \
        return true;                                                                               \
    }

#endif
