/* SPDX-License-Identifier: Apache-2.0 */
#include "base/diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* snprintf may cut in the middle of a UTF-8 sequence. */
static void trim_utf8(char *text, size_t capacity, int wanted)
{
    if (wanted < 0) {
        text[0] = '\0';
        return;
    }
    if ((size_t)wanted < capacity)
        return;
    size_t end = capacity - 1;
    size_t start = end;
    while (start > 0 && ((unsigned char)text[start - 1] & 0xc0) == 0x80)
        start--;
    if (start > 0 && (unsigned char)text[start - 1] >= 0xc0) {
        unsigned char lead = (unsigned char)text[start - 1];
        size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
        if (end - (start - 1) < length)
            text[start - 1] = '\0';
    }
}

static void fill(plumb_diag *diag, plumb_status status, const char *format, va_list arguments)
{
    diag->status = status;
    diag->line = 0;
    diag->column = 0;
    int wanted = vsnprintf(diag->message, sizeof(diag->message), format, arguments);
    trim_utf8(diag->message, sizeof(diag->message), wanted);
}

plumb_status plumb_fail(plumb_diag *diag, plumb_status status, const char *field,
                        const char *format, ...)
{
    if (!diag)
        return status;
    int wanted = snprintf(diag->field, sizeof(diag->field), "%s", field);
    trim_utf8(diag->field, sizeof(diag->field), wanted);
    va_list arguments;
    va_start(arguments, format);
    fill(diag, status, format, arguments);
    va_end(arguments);
    return status;
}

plumb_status plumb_fail_at(plumb_diag *diag, plumb_status status, const char *array, size_t index,
                           const char *member, const char *format, ...)
{
    if (!diag)
        return status;
    int wanted = snprintf(diag->field, sizeof(diag->field), "%s[%zu]%s%s", array, index,
                          member ? "." : "", member ? member : "");
    trim_utf8(diag->field, sizeof(diag->field), wanted);
    va_list arguments;
    va_start(arguments, format);
    fill(diag, status, format, arguments);
    va_end(arguments);
    return status;
}

void plumb_diag_prefix(plumb_diag *diag, const char *prefix)
{
    if (!diag)
        return;
    char field[sizeof(diag->field)];
    int wanted =
        snprintf(field, sizeof(field), "%s%s%s", prefix, diag->field[0] ? "." : "", diag->field);
    trim_utf8(field, sizeof(field), wanted);
    memcpy(diag->field, field, sizeof(field));
}
