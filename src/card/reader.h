/* SPDX-License-Identifier: Apache-2.0
 *
 * A JSON document read into structs by tables of fields. The invariant: every error leaves with
 * line, column, key path and what was expected; a key that no table names is an error.
 */
#ifndef PLUMB_CARD_READER_H
#define PLUMB_CARD_READER_H

#include <jansson.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/names.h"
#include "plumbline/card.h"

#define PLUMB_MAX_CARD_BYTES ((size_t)16 << 20)
#define PLUMB_READER_PATH    512

typedef struct plumb_reader {
    plumb_arena *arena;            /* where texts and arrays go */
    const plumb_card_files *files; /* NULL: a document that names files is refused */
    const plumb_card *card;        /* the one being read, for its labels; NULL for a frame */
    const char *text;
    size_t size;
    plumb_diag *diag;
    char path[PLUMB_READER_PATH]; /* of the value being read */
} plumb_reader;

/* The names of an enum as a field takes them; values lie in 0..511. */
typedef struct plumb_choices {
    bool (*parse)(const char *name, int *value);
    const char *(*name)(int value);
} plumb_choices;

/* plumb_choices of an enum that has PREFIX_parse and PREFIX_name. */
#define PLUMB_DEFINE_CHOICES(variable, type, prefix)                                               \
    static bool variable##_parse(const char *name, int *value)                                     \
    {                                                                                              \
        type parsed;                                                                               \
        if (!prefix##_parse(name, &parsed))                                                        \
            return false;                                                                          \
        *value = (int)parsed;                                                                      \
        return true;                                                                               \
    }                                                                                              \
    static const char *variable##_name(int value)                                                  \
    {                                                                                              \
        return prefix##_name((type)value);                                                         \
    }                                                                                              \
    static const plumb_choices variable = { variable##_parse, variable##_name };

/* The same over a static plumb_name table. */
#define PLUMB_DEFINE_TABLE_CHOICES(variable, table)                                                \
    static bool variable##_parse(const char *name, int *value)                                     \
    {                                                                                              \
        return plumb_value_of(table, sizeof(table) / sizeof(table[0]), name, value);               \
    }                                                                                              \
    static const char *variable##_name(int value)                                                  \
    {                                                                                              \
        return plumb_name_of(table, sizeof(table) / sizeof(table[0]), value);                      \
    }                                                                                              \
    static const plumb_choices variable = { variable##_parse, variable##_name };

typedef enum plumb_field_kind {
    PLUMB_FIELD_BOOL,
    PLUMB_FIELD_INT32,
    PLUMB_FIELD_INT64,
    PLUMB_FIELD_SIZE, /* size_t */
    PLUMB_FIELD_FLOAT,
    PLUMB_FIELD_DOUBLE,
    PLUMB_FIELD_TEXT, /* const char *, not empty */
    PLUMB_FIELD_CHOICE,
    PLUMB_FIELD_CUSTOM,
} plumb_field_kind;

/* One key of an object and the member of `target` it fills. */
typedef struct plumb_field {
    const char *key;
    plumb_field_kind kind;
    bool required;
    size_t offset;
    double low, high; /* of numbers, both included */
    const plumb_choices *choices;
    plumb_status (*read)(plumb_reader *reader, json_t *value, void *target); /* CUSTOM */
} plumb_field;

/* Rows of such tables. */
#define PLUMB_READ(type, name, what, member)                                                       \
    .key = name, .kind = what, .offset = offsetof(type, member)
#define PLUMB_READ_RANGE(type, name, what, member, from, to)                                       \
    PLUMB_READ(type, name, what, member), .low = from, .high = to
#define PLUMB_READ_CHOICE(type, name, member, names)                                               \
    PLUMB_READ(type, name, PLUMB_FIELD_CHOICE, member), .choices = &names
#define PLUMB_READ_CUSTOM(name, function) .key = name, .kind = PLUMB_FIELD_CUSTOM, .read = function

/* Parse text; `*root` is the caller's on success. */
plumb_status plumb_reader_open(plumb_reader *reader, json_t **root);

/* Fill `target` from an object, in the order of the table. */
plumb_status plumb_reader_object(plumb_reader *reader, json_t *object, const plumb_field *fields,
                                 size_t count, void *target);

/* Read one element of an array into the memory at `target`, which comes zeroed. */
typedef plumb_status (*plumb_reader_element)(plumb_reader *reader, json_t *value, void *target);

/* An array of `low`..`high` elements, each of `size` bytes, into memory of the arena; `*elements`
 * and `*count` are set on success. */
plumb_status plumb_reader_array(plumb_reader *reader, json_t *array, size_t low, size_t high,
                                size_t size, plumb_reader_element element, void **elements,
                                size_t *count);

/* Single values. Numbers are finite and in low..high, both included. */
plumb_status plumb_reader_number(plumb_reader *reader, json_t *value, double low, double high,
                                 double *number);
plumb_status plumb_reader_integer(plumb_reader *reader, json_t *value, double low, double high,
                                  int64_t *number);
plumb_status plumb_reader_text(plumb_reader *reader, json_t *value, const char **text);

/* Exactly `count` numbers. */
plumb_status plumb_reader_numbers(plumb_reader *reader, json_t *array, size_t count, double low,
                                  double high, double *numbers);

/* Go into a member or an element; the result is given to plumb_reader_leave. */
size_t plumb_reader_enter_key(plumb_reader *reader, const char *key);
size_t plumb_reader_enter_index(plumb_reader *reader, size_t index);
void plumb_reader_leave(plumb_reader *reader, size_t before);

/* An error at the value being read. */
plumb_status plumb_reader_fail(plumb_reader *reader, plumb_status status, const char *format, ...)
    PLUMB_PRINTF(3, 4);

/* What was found where something else was expected: "a string", "the number 3". */
plumb_status plumb_reader_expected(plumb_reader *reader, json_t *found, const char *expected);

/* A name that is none of the choices, or no text at all. */
plumb_status plumb_reader_unknown_choice(plumb_reader *reader, json_t *found,
                                         const plumb_choices *choices);

/* A key of the object being read that no table names; the position is that of the key. */
plumb_status plumb_reader_unknown_key(plumb_reader *reader, const char *key,
                                      const plumb_field *fields, size_t count);

/* A key of the object being read that is missing. */
plumb_status plumb_reader_missing(plumb_reader *reader, const char *key, const char *expected);
plumb_status plumb_reader_missing_choice(plumb_reader *reader, const char *key,
                                         const plumb_choices *choices);

/* Hand the content of the file that `value` names to `use`, which keeps nothing of it. */
typedef plumb_status (*plumb_reader_content)(plumb_reader *reader, const void *data, size_t size,
                                             void *target);
plumb_status plumb_reader_file(plumb_reader *reader, json_t *value, const char *expected,
                               plumb_reader_content use, void *target);

plumb_status plumb_reader_no_memory(plumb_reader *reader);

/* Give the position in the text to an error that a lower room has named by its field. */
void plumb_reader_place(plumb_reader *reader);

/* `text` as it may stand in a message: cut, control characters replaced. */
#define PLUMB_SHOWN_TEXT 48
const char *plumb_reader_shown(const char *text, char shown[PLUMB_SHOWN_TEXT]);

#endif
