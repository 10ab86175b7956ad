/* SPDX-License-Identifier: Apache-2.0 */
#include "base/names.h"

#include <string.h>

const char *plumb_name_of(const plumb_name *table, size_t count, int value)
{
    for (size_t i = 0; i < count; i++)
        if (table[i].value == value)
            return table[i].name;
    return "?";
}

bool plumb_value_of(const plumb_name *table, size_t count, const char *name, int *value)
{
    if (!name)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(table[i].name, name) == 0) {
            *value = table[i].value;
            return true;
        }
    }
    return false;
}
