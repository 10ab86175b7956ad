/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "card/parts.h"
#include "card/suggest.h"

static plumb_status copy_label(plumb_reader *reader, const char *text, size_t length, size_t line,
                               const char **label)
{
    json_t *whole = json_stringn(text, length); /* NULL unless valid UTF-8 */
    bool valid = whole && !memchr(text, '\0', length);
    json_decref(whole);
    if (!valid)
        return plumb_reader_fail(reader, PLUMB_E_VALUE, "line %zu of the file is not UTF-8 text",
                                 line);
    *label = plumb_arena_text(reader->arena, text, length);
    return *label ? PLUMB_OK : plumb_reader_no_memory(reader);
}

/* One label a line; the last line may lack its end, and lines may end as on Windows. */
static plumb_status use_lines(plumb_reader *reader, const void *data, size_t size, void *target)
{
    plumb_card *card = target;
    const char *text = data;
    if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        size -= 3;
    }
    while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == '\r'))
        size--;
    if (size == 0)
        return plumb_reader_fail(reader, PLUMB_E_VALUE, "the file holds no label");
    size_t count = 1;
    for (size_t i = 0; i < size; i++)
        count += text[i] == '\n';
    if (count > PLUMB_MAX_CLASSES)
        return plumb_reader_fail(reader, PLUMB_E_LIMIT,
                                 "the file has %zu lines; at most %d labels are read", count,
                                 PLUMB_MAX_CLASSES);
    const char **labels = plumb_arena_array(reader->arena, count, sizeof(*labels));
    if (!labels)
        return plumb_reader_no_memory(reader);
    for (size_t line = 0; line < count; line++) {
        const char *end = memchr(text, '\n', size);
        size_t whole = end ? (size_t)(end - text) : size;
        size_t length = whole > 0 && text[whole - 1] == '\r' ? whole - 1 : whole;
        plumb_status status = copy_label(reader, text, length, line + 1, &labels[line]);
        if (status)
            return status;
        text += end ? whole + 1 : whole;
        size -= end ? whole + 1 : whole;
    }
    card->labels = labels;
    card->label_count = count;
    return PLUMB_OK;
}

static plumb_status read_label(plumb_reader *reader, json_t *value, void *target)
{
    return plumb_reader_text(reader, value, target);
}

static int compare_labels(const void *a, const void *b)
{
    const plumb_label *x = a, *y = b;
    int order = strcmp(x->text, y->text);
    return order != 0 ? order : (x->id > y->id) - (x->id < y->id);
}

/* A card may name as many classes as it has labels: each is found in logarithmic time. */
static plumb_status sort_labels(plumb_reader *reader, plumb_card *card)
{
    plumb_label *sorted = plumb_arena_array(reader->arena, card->label_count, sizeof(*sorted));
    if (!sorted)
        return plumb_reader_no_memory(reader);
    for (size_t i = 0; i < card->label_count; i++) {
        sorted[i].text = card->labels[i];
        sorted[i].id = (int32_t)i;
    }
    qsort(sorted, card->label_count, sizeof(*sorted), compare_labels);
    card->sorted_labels = sorted;
    return PLUMB_OK;
}

plumb_status plumb_card_read_labels(plumb_reader *reader, json_t *value, void *target)
{
    plumb_card *card = target;
    if (json_is_array(value)) {
        void *labels = NULL;
        plumb_status status =
            plumb_reader_array(reader, value, 1, PLUMB_MAX_CLASSES, sizeof(const char *),
                               read_label, &labels, &card->label_count);
        card->labels = labels;
        return status ? status : sort_labels(reader, card);
    }
    plumb_status status =
        plumb_reader_file(reader, value, "a file name or an array of labels", use_lines, card);
    return status ? status : sort_labels(reader, card);
}

int32_t plumb_card_class_limit(const plumb_card *card)
{
    if (card->label_count > 0)
        return (int32_t)card->label_count;
    return card->spec.head.class_count > 0 ? card->spec.head.class_count : PLUMB_MAX_CLASSES;
}

static plumb_status check_class(plumb_reader *reader, int64_t id)
{
    const plumb_card *card = reader->card;
    if (id >= 0 && id < plumb_card_class_limit(card))
        return PLUMB_OK;
    return plumb_reader_fail(reader, PLUMB_E_VALUE, "class %lld is not in 0..%d", (long long)id,
                             (int)plumb_card_class_limit(card) - 1);
}

static bool parse_digits(const char *text, int64_t *number)
{
    int64_t value = 0;
    size_t i = 0;
    for (; text[i] >= '0' && text[i] <= '9' && i < 9; i++)
        value = value * 10 + (text[i] - '0');
    *number = value;
    return i > 0 && text[i] == '\0';
}

static plumb_status unknown_label(plumb_reader *reader, const char *name, const char *shown)
{
    const plumb_card *card = reader->card;
    if (card->label_count == 0)
        return plumb_reader_fail(reader, PLUMB_E_VALUE,
                                 "\"%s\" cannot be looked up: the card has no head.labels", shown);
    plumb_suggestion suggestion = plumb_suggest(name);
    for (size_t i = 0; i < card->label_count; i++)
        plumb_suggest_offer(&suggestion, card->labels[i]);
    if (suggestion.nearest)
        return plumb_reader_fail(reader, PLUMB_E_VALUE, "\"%s\" is no label; did you mean \"%s\"?",
                                 shown, suggestion.nearest);
    return plumb_reader_fail(reader, PLUMB_E_VALUE, "\"%s\" is no label", shown);
}

plumb_status plumb_card_class_named(plumb_reader *reader, const char *name, int32_t *class_id)
{
    const plumb_card *card = reader->card;
    char shown[PLUMB_SHOWN_TEXT];
    plumb_reader_shown(name, shown);
    size_t low = 0, high = card->label_count; /* the first label that is not before `name` */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(card->sorted_labels[middle].text, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    const plumb_label *found = card->sorted_labels + low;
    bool known = low < card->label_count && strcmp(found->text, name) == 0;
    if (known && low + 1 < card->label_count && strcmp(found[1].text, name) == 0)
        return plumb_reader_fail(reader, PLUMB_E_VALUE,
                                 "classes %d and %d both have the label \"%s\": give the id",
                                 (int)found[0].id, (int)found[1].id, shown);
    int64_t id = known ? found->id : 0;
    if (!known && !parse_digits(name, &id))
        return unknown_label(reader, name, shown);
    *class_id = (int32_t)id;
    return check_class(reader, id);
}

plumb_status plumb_card_read_classes(plumb_reader *reader, json_t *array, const int32_t **classes,
                                     size_t *count)
{
    size_t length = json_array_size(array);
    if (!json_is_array(array) || length < 1 || length > PLUMB_MAX_CLASSES)
        return plumb_reader_expected(reader, array, "an array of labels or class ids, not empty,");
    int32_t *ids = plumb_arena_array(reader->arena, length, sizeof(*ids));
    if (!ids)
        return plumb_reader_no_memory(reader);
    for (size_t i = 0; i < length; i++) {
        json_t *value = json_array_get(array, i);
        size_t before = plumb_reader_enter_index(reader, i);
        plumb_status status;
        if (json_is_string(value)) {
            status = plumb_card_class_named(reader, json_string_value(value), &ids[i]);
        } else if (json_is_integer(value)) {
            status = check_class(reader, json_integer_value(value));
            ids[i] = (int32_t)json_integer_value(value);
        } else {
            status = plumb_reader_expected(reader, value, "a label or a class id");
        }
        if (status)
            return status;
        plumb_reader_leave(reader, before);
    }
    *classes = ids;
    *count = length;
    return PLUMB_OK;
}
