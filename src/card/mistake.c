/* SPDX-License-Identifier: Apache-2.0
 *
 * The words of errors: what was found, what was expected, what was probably meant, and where.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "card/position.h"
#include "card/reader.h"
#include "card/suggest.h"

#define LAST_CHOICE 511

const char *plumb_reader_shown(const char *text, char shown[PLUMB_SHOWN_TEXT])
{
    size_t length = 0;
    while (text[length] != '\0' && length < PLUMB_SHOWN_TEXT - 1) {
        unsigned char c = (unsigned char)text[length];
        shown[length++] = c < 0x20 || c == 0x7f ? '?' : (char)c;
    }
    while (text[length] != '\0' && length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
        length--; /* not in the middle of a character */
    shown[length] = '\0';
    return shown;
}

static void set_position(plumb_reader *reader, const char *path, bool key)
{
    if (!reader->diag)
        return;
    size_t offset = plumb_position_of(reader->text, reader->size, path, key);
    plumb_position_line(reader->text, reader->size, offset, &reader->diag->line,
                        &reader->diag->column);
    for (char *c = reader->diag->field; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20)
            *c = '?';
}

void plumb_reader_place(plumb_reader *reader)
{
    if (reader->diag) {
        char field[sizeof(reader->diag->field)];
        memcpy(field, reader->diag->field, sizeof(field));
        set_position(reader, field, false);
    }
}

static plumb_status fail_text(plumb_reader *reader, plumb_status status, bool key,
                              const char *message)
{
    plumb_fail(reader->diag, status, reader->path, "%s", message);
    set_position(reader, reader->path, key);
    return status;
}

plumb_status plumb_reader_fail(plumb_reader *reader, plumb_status status, const char *format, ...)
{
    char message[sizeof(reader->diag->message)];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    return fail_text(reader, status, false, message);
}

plumb_status plumb_reader_no_memory(plumb_reader *reader)
{
    return plumb_reader_fail(reader, PLUMB_E_NOMEM, "out of memory");
}

plumb_status plumb_reader_expected(plumb_reader *reader, json_t *found, const char *expected)
{
    char shown[PLUMB_SHOWN_TEXT];
    switch (json_typeof(found)) {
    case JSON_OBJECT:
        return plumb_reader_fail(reader, PLUMB_E_VALUE, "%s is expected, not an object", expected);
    case JSON_ARRAY:
        return plumb_reader_fail(reader, PLUMB_E_VALUE, "%s is expected, not an array of %zu",
                                 expected, json_array_size(found));
    case JSON_STRING:
        return plumb_reader_fail(reader, PLUMB_E_VALUE, "%s is expected, not \"%s\"", expected,
                                 plumb_reader_shown(json_string_value(found), shown));
    case JSON_INTEGER:
    case JSON_REAL:
        return plumb_reader_fail(reader, PLUMB_E_VALUE, "%s is expected, not %.17g", expected,
                                 json_number_value(found));
    case JSON_NULL:
        return plumb_reader_fail(reader, PLUMB_E_VALUE, "%s is expected, not null", expected);
    default:
        return plumb_reader_fail(reader, PLUMB_E_VALUE, "%s is expected, not %s", expected,
                                 json_is_true(found) ? "true" : "false");
    }
}

/* "did you mean ...? one of a, b, c" */
static void list_choices(const plumb_choices *choices, const char *wanted, char *text, size_t size)
{
    size_t used = 0;
    plumb_suggestion suggestion = plumb_suggest(wanted ? wanted : "");
    for (int value = 0; wanted && value <= LAST_CHOICE; value++)
        if (choices->name(value)[0] != '?')
            plumb_suggest_offer(&suggestion, choices->name(value));
    if (suggestion.nearest)
        used = (size_t)snprintf(text, size, "did you mean \"%s\"? ", suggestion.nearest);
    used += (size_t)snprintf(text + used, size - used, "one of");
    const char *before = " ";
    for (int value = 0; value <= LAST_CHOICE && used < size; value++) {
        if (choices->name(value)[0] == '?')
            continue;
        used += (size_t)snprintf(text + used, size - used, "%s%s", before, choices->name(value));
        before = ", ";
    }
}

plumb_status plumb_reader_missing(plumb_reader *reader, const char *key, const char *expected)
{
    size_t before = plumb_reader_enter_key(reader, key);
    plumb_status status =
        plumb_reader_fail(reader, PLUMB_E_KEY, "this key is missing; %s is expected", expected);
    plumb_reader_leave(reader, before);
    return status;
}

plumb_status plumb_reader_missing_choice(plumb_reader *reader, const char *key,
                                         const plumb_choices *choices)
{
    char list[240];
    list_choices(choices, NULL, list, sizeof(list));
    return plumb_reader_missing(reader, key, list);
}

plumb_status plumb_reader_unknown_choice(plumb_reader *reader, json_t *found,
                                         const plumb_choices *choices)
{
    const char *name = json_string_value(found);
    char list[240], shown[PLUMB_SHOWN_TEXT];
    list_choices(choices, name, list, sizeof(list));
    if (!name)
        return plumb_reader_expected(reader, found, list);
    return plumb_reader_fail(reader, PLUMB_E_VALUE, "\"%s\" is unknown; %s",
                             plumb_reader_shown(name, shown), list);
}

plumb_status plumb_reader_unknown_key(plumb_reader *reader, const char *key,
                                      const plumb_field *fields, size_t count)
{
    char message[200], shown[PLUMB_SHOWN_TEXT];
    plumb_suggestion suggestion = plumb_suggest(key);
    for (size_t i = 0; i < count; i++)
        plumb_suggest_offer(&suggestion, fields[i].key);
    plumb_reader_shown(key, shown);
    if (suggestion.nearest)
        snprintf(message, sizeof(message), "\"%s\" is no key here; did you mean \"%s\"?", shown,
                 suggestion.nearest);
    else
        snprintf(message, sizeof(message), "\"%s\" is no key here", shown);
    plumb_reader_enter_key(reader, key);
    return fail_text(reader, PLUMB_E_KEY, true, message);
}
