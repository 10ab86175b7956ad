/* SPDX-License-Identifier: Apache-2.0 */
#include "card/reader.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "card/position.h"

/* --- the way through the document --- */

size_t plumb_reader_enter_key(plumb_reader *reader, const char *key)
{
    size_t before = strlen(reader->path);
    snprintf(reader->path + before, sizeof(reader->path) - before, "%s%s", before ? "." : "", key);
    return before;
}

size_t plumb_reader_enter_index(plumb_reader *reader, size_t index)
{
    size_t before = strlen(reader->path);
    snprintf(reader->path + before, sizeof(reader->path) - before, "[%zu]", index);
    return before;
}

void plumb_reader_leave(plumb_reader *reader, size_t before)
{
    reader->path[before] = '\0';
}

static plumb_status status_of(enum json_error_code code)
{
    switch (code) {
    case json_error_duplicate_key:
        return PLUMB_E_KEY;
    case json_error_numeric_overflow:
        return PLUMB_E_VALUE;
    case json_error_out_of_memory:
        return PLUMB_E_NOMEM;
    case json_error_stack_overflow:
        return PLUMB_E_LIMIT;
    default:
        return PLUMB_E_SYNTAX;
    }
}

plumb_status plumb_reader_open(plumb_reader *reader, json_t **root)
{
    json_error_t error;
    reader->path[0] = '\0';
    if (reader->size > PLUMB_MAX_CARD_BYTES)
        return plumb_reader_fail(reader, PLUMB_E_LIMIT, "%zu bytes; at most %zu are read",
                                 reader->size, PLUMB_MAX_CARD_BYTES);
    *root = json_loadb(reader->text, reader->size, JSON_REJECT_DUPLICATES, &error);
    if (*root)
        return PLUMB_OK;
    size_t reached = error.position > 0 ? (size_t)error.position : 0;
    size_t start = plumb_position_token(reader->text, reader->size, reached, reader->path,
                                        sizeof(reader->path));
    json_t *utf8 = json_string(reader->path); /* NULL where the text is none */
    for (char *c = reader->path; !utf8 && *c != '\0'; c++)
        if ((unsigned char)*c >= 0x80)
            *c = '?';
    json_decref(utf8);
    char shown[PLUMB_SHOWN_TEXT];
    plumb_status status = status_of(json_error_code(&error));
    plumb_reader_fail(reader, status, "not valid JSON: %s", plumb_reader_shown(error.text, shown));
    if (reader->diag)
        plumb_position_line(reader->text, reader->size, start, &reader->diag->line,
                            &reader->diag->column);
    return status;
}

/* --- values --- */

static void describe_range(double low, double high, const char *what, char *text, size_t size)
{
    snprintf(text, size, "%s in %.10g..%.10g", what, low, high);
}

plumb_status plumb_reader_number(plumb_reader *reader, json_t *value, double low, double high,
                                 double *number)
{
    double v = json_number_value(value);
    if (!json_is_number(value) || !isfinite(v) || v < low || v > high) {
        char expected[80];
        describe_range(low, high, "a number", expected, sizeof(expected));
        return plumb_reader_expected(reader, value, expected);
    }
    *number = v;
    return PLUMB_OK;
}

plumb_status plumb_reader_integer(plumb_reader *reader, json_t *value, double low, double high,
                                  int64_t *number)
{
    /* The ends of the range may be +-2^63, where a conversion of the value would round. */
    json_int_t v = json_integer_value(value);
    if (!json_is_integer(value) || (double)v < low || (double)v > high) {
        char expected[80];
        describe_range(low, high, "an integer", expected, sizeof(expected));
        return plumb_reader_expected(reader, value, expected);
    }
    *number = v;
    return PLUMB_OK;
}

plumb_status plumb_reader_text(plumb_reader *reader, json_t *value, const char **text)
{
    if (!json_is_string(value) || json_string_length(value) == 0)
        return plumb_reader_expected(reader, value, "a text that is not empty");
    char *copy =
        plumb_arena_text(reader->arena, json_string_value(value), json_string_length(value));
    if (!copy)
        return plumb_reader_no_memory(reader);
    *text = copy;
    return PLUMB_OK;
}

static plumb_status read_choice(plumb_reader *reader, json_t *value, const plumb_choices *choices,
                                int *chosen)
{
    if (json_is_string(value) && choices->parse(json_string_value(value), chosen))
        return PLUMB_OK;
    return plumb_reader_unknown_choice(reader, value, choices);
}

plumb_status plumb_reader_numbers(plumb_reader *reader, json_t *array, size_t count, double low,
                                  double high, double *numbers)
{
    if (!json_is_array(array) || json_array_size(array) != count) {
        char expected[40];
        snprintf(expected, sizeof(expected), "an array of %zu numbers", count);
        return plumb_reader_expected(reader, array, expected);
    }
    for (size_t i = 0; i < count; i++) {
        size_t before = plumb_reader_enter_index(reader, i);
        plumb_status status =
            plumb_reader_number(reader, json_array_get(array, i), low, high, &numbers[i]);
        if (status)
            return status;
        plumb_reader_leave(reader, before);
    }
    return PLUMB_OK;
}

plumb_status plumb_reader_array(plumb_reader *reader, json_t *array, size_t low, size_t high,
                                size_t size, plumb_reader_element element, void **elements,
                                size_t *count)
{
    size_t length = json_array_size(array);
    if (!json_is_array(array) || length < low || length > high) {
        char expected[80];
        snprintf(expected, sizeof(expected), "an array of %zu to %zu elements", low, high);
        return plumb_reader_expected(reader, array, expected);
    }
    char *memory = plumb_arena_array(reader->arena, length, size);
    if (!memory)
        return plumb_reader_no_memory(reader);
    for (size_t i = 0; i < length; i++) {
        size_t before = plumb_reader_enter_index(reader, i);
        plumb_status status = element(reader, json_array_get(array, i), memory + i * size);
        if (status)
            return status;
        plumb_reader_leave(reader, before);
    }
    *elements = memory;
    *count = length;
    return PLUMB_OK;
}

/* --- objects --- */

static plumb_status read_number(plumb_reader *reader, json_t *value, const plumb_field *field,
                                void *member)
{
    double number = 0.0;
    int64_t integer = 0;
    bool real = field->kind == PLUMB_FIELD_FLOAT || field->kind == PLUMB_FIELD_DOUBLE;
    plumb_status status =
        real ? plumb_reader_number(reader, value, field->low, field->high, &number)
             : plumb_reader_integer(reader, value, field->low, field->high, &integer);
    if (status)
        return status;
    if (field->kind == PLUMB_FIELD_FLOAT)
        *(float *)member = (float)number;
    else if (field->kind == PLUMB_FIELD_DOUBLE)
        *(double *)member = number;
    else if (field->kind == PLUMB_FIELD_INT32)
        *(int32_t *)member = (int32_t)integer;
    else if (field->kind == PLUMB_FIELD_INT64)
        *(int64_t *)member = integer;
    else
        *(size_t *)member = (size_t)integer;
    return PLUMB_OK;
}

static plumb_status read_field(plumb_reader *reader, json_t *value, const plumb_field *field,
                               void *target)
{
    void *member = (char *)target + field->offset;
    int chosen;
    plumb_status status = PLUMB_OK;
    switch (field->kind) {
    case PLUMB_FIELD_BOOL:
        if (!json_is_boolean(value))
            return plumb_reader_expected(reader, value, "true or false");
        *(bool *)member = json_is_true(value);
        return PLUMB_OK;
    case PLUMB_FIELD_TEXT:
        return plumb_reader_text(reader, value, member);
    case PLUMB_FIELD_CHOICE:
        status = read_choice(reader, value, field->choices, &chosen);
        if (status == PLUMB_OK)
            memcpy(member, &chosen, sizeof(chosen)); /* enums are as wide as int */
        return status;
    case PLUMB_FIELD_CUSTOM:
        return field->read(reader, value, target);
    default:
        return read_number(reader, value, field, member);
    }
}

static plumb_status check_keys(plumb_reader *reader, json_t *object, const plumb_field *fields,
                               size_t count)
{
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        bool known = false;
        for (size_t i = 0; i < count && !known; i++)
            known = strcmp(fields[i].key, key) == 0;
        if (!known)
            return plumb_reader_unknown_key(reader, key, fields, count);
    }
    return PLUMB_OK;
}

static plumb_status missing_field(plumb_reader *reader, const plumb_field *field)
{
    if (field->kind == PLUMB_FIELD_CHOICE)
        return plumb_reader_missing_choice(reader, field->key, field->choices);
    char expected[80] = "a value";
    if (field->kind == PLUMB_FIELD_TEXT)
        snprintf(expected, sizeof(expected), "a text");
    else if (field->kind != PLUMB_FIELD_BOOL && field->kind != PLUMB_FIELD_CUSTOM)
        describe_range(field->low, field->high, "a number", expected, sizeof(expected));
    return plumb_reader_missing(reader, field->key, expected);
}

plumb_status plumb_reader_object(plumb_reader *reader, json_t *object, const plumb_field *fields,
                                 size_t count, void *target)
{
    if (!json_is_object(object))
        return plumb_reader_expected(reader, object, "an object");
    plumb_status status = check_keys(reader, object, fields, count);
    for (size_t i = 0; i < count && status == PLUMB_OK; i++) {
        json_t *value = json_object_get(object, fields[i].key);
        if (!value) {
            if (fields[i].required)
                status = missing_field(reader, &fields[i]);
            continue;
        }
        size_t before = plumb_reader_enter_key(reader, fields[i].key);
        status = read_field(reader, value, &fields[i], target);
        if (status == PLUMB_OK)
            plumb_reader_leave(reader, before);
    }
    return status;
}

plumb_status plumb_reader_file(plumb_reader *reader, json_t *value, const char *expected,
                               plumb_reader_content use, void *target)
{
    if (!json_is_string(value))
        return plumb_reader_expected(reader, value, expected);
    const plumb_context *context = &reader->arena->context;
    const char *name = json_string_value(value);
    char shown[PLUMB_SHOWN_TEXT];
    plumb_reader_shown(name, shown);
    if (!reader->files || !reader->files->read)
        return plumb_reader_fail(reader, PLUMB_E_IO, "there are no files to look \"%s\" up in",
                                 shown);
    void *data = NULL;
    size_t size = 0;
    plumb_status status = reader->files->read(reader->files->user, name, &data, &size, context);
    if (status == PLUMB_E_VALUE)
        return plumb_reader_fail(reader, status, "\"%s\" does not lie beside the card", shown);
    if (status)
        return plumb_reader_fail(reader, status, "\"%s\" could not be read: %s", shown,
                                 plumb_status_text(status));
    status = use(reader, data, size, target);
    plumb_release(context, data);
    return status;
}
