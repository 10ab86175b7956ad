/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/outcome.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"

static const char *const verdict_names[] = { "same", "different", "failed" };
#define VERDICTS (sizeof(verdict_names) / sizeof(verdict_names[0]))

const char *qa_verdict_name(qa_verdict verdict)
{
    return (size_t)verdict < VERDICTS ? verdict_names[verdict] : "?";
}

void qa_write_outcome(qa_text *text, const qa_outcome *o)
{
    qa_text_add(text, "{\"suite\":");
    qa_text_json(text, o->suite);
    qa_text_add(text, ",\"frame\":");
    qa_text_json(text, o->frame);
    qa_text_format(text, ",\"result\":\"%s\",\"expected\":%zu,\"got\":%zu,\"worst_iou\":",
                   qa_verdict_name(o->verdict), o->expected, o->got);
    qa_text_double(text, o->worst_iou);
    qa_text_add(text, ",\"worst_score\":");
    qa_text_double(text, o->worst_score);
    qa_text_add(text, ",\"badness\":");
    qa_text_double(text, o->badness);
    qa_text_add(text, ",\"notes\":[");
    for (size_t i = 0; i < o->note_count; i++) {
        if (i > 0)
            qa_text_add(text, ",");
        qa_text_json(text, o->notes[i]);
    }
    qa_text_add(text, "]}\n");
}

void qa_outcomes_release(qa_outcomes *outcomes)
{
    free(outcomes->items);
    qa_pool_release(&outcomes->pool);
    memset(outcomes, 0, sizeof(*outcomes));
}

static plumb_status no_memory(plumb_diag *diag)
{
    return plumb_fail(diag, PLUMB_E_NOMEM, "", "no memory for outcomes");
}

static bool copy_texts(qa_pool *pool, qa_outcome *o)
{
    o->suite = qa_pool_text(pool, o->suite);
    o->frame = qa_pool_text(pool, o->frame);
    const char **notes = qa_pool_take(pool, o->note_count, sizeof(*notes));
    if (!o->suite || !o->frame || !notes)
        return false;
    for (size_t i = 0; i < o->note_count; i++) {
        notes[i] = qa_pool_text(pool, o->notes[i]);
        if (!notes[i])
            return false;
    }
    o->notes = notes;
    return true;
}

plumb_status qa_outcomes_add(qa_outcomes *outcomes, const qa_outcome *outcome, plumb_diag *diag)
{
    if (outcomes->count == outcomes->capacity) {
        size_t capacity = outcomes->capacity ? outcomes->capacity * 2 : 64;
        qa_outcome *items = realloc(outcomes->items, capacity * sizeof(*items));
        if (!items)
            return no_memory(diag);
        outcomes->items = items;
        outcomes->capacity = capacity;
    }
    qa_outcome copy = *outcome;
    if (!copy_texts(&outcomes->pool, &copy))
        return no_memory(diag);
    outcomes->items[outcomes->count++] = copy;
    return PLUMB_OK;
}

static plumb_status read_outcome(qa_outcomes *outcomes, const json_t *object, plumb_diag *diag)
{
    qa_outcome o = { 0 };
    o.suite = json_string_value(json_object_get(object, "suite"));
    o.frame = json_string_value(json_object_get(object, "frame"));
    const char *result = json_string_value(json_object_get(object, "result"));
    json_t *notes = json_object_get(object, "notes");
    size_t verdict = 0;
    while (result && verdict < VERDICTS && strcmp(verdict_names[verdict], result) != 0)
        verdict++;
    if (!o.suite || !o.frame || !result || verdict == VERDICTS || !json_is_array(notes))
        return plumb_fail(diag, PLUMB_E_VALUE, "",
                          "a line has to be an object with suite, frame, result and notes");
    o.verdict = (qa_verdict)verdict;
    o.expected = (size_t)json_integer_value(json_object_get(object, "expected"));
    o.got = (size_t)json_integer_value(json_object_get(object, "got"));
    o.worst_iou = json_number_value(json_object_get(object, "worst_iou"));
    o.worst_score = json_number_value(json_object_get(object, "worst_score"));
    o.badness = json_number_value(json_object_get(object, "badness"));
    o.note_count = json_array_size(notes);
    const char **texts = malloc((o.note_count + 1) * sizeof(*texts));
    if (!texts)
        return no_memory(diag);
    plumb_status status = PLUMB_OK;
    for (size_t i = 0; i < o.note_count; i++) {
        texts[i] = json_string_value(json_array_get(notes, i));
        if (!texts[i])
            status = plumb_fail(diag, PLUMB_E_VALUE, "notes", "has to be a list of texts");
    }
    o.notes = texts;
    if (!status)
        status = qa_outcomes_add(outcomes, &o, diag);
    free(texts);
    return status;
}

plumb_status qa_outcomes_parse(qa_outcomes *outcomes, const char *data, size_t size, bool torn,
                               plumb_diag *diag)
{
    for (uint32_t line = 1; size > 0; line++) {
        const char *newline = memchr(data, '\n', size);
        if (!newline && torn)
            return PLUMB_OK;
        size_t length = newline ? (size_t)(newline - data) : size;
        json_error_t error;
        json_t *object = json_loadb(data, length, JSON_REJECT_DUPLICATES, &error);
        plumb_status status = object ? read_outcome(outcomes, object, diag)
                                     : plumb_fail(diag, PLUMB_E_SYNTAX, "", "%s", error.text);
        json_decref(object);
        if (status) {
            if (diag)
                diag->line = line;
            return status;
        }
        length += newline != NULL;
        data += length;
        size -= length;
    }
    return PLUMB_OK;
}

static int by_place(const void *a, const void *b)
{
    const qa_outcome *first = a, *second = b;
    int order = strcmp(first->suite, second->suite);
    return order ? order : strcmp(first->frame, second->frame);
}

static bool equal(const qa_outcome *a, const qa_outcome *b)
{
    if (a->verdict != b->verdict || a->expected != b->expected || a->got != b->got ||
        a->worst_iou != b->worst_iou || a->worst_score != b->worst_score ||
        a->badness != b->badness || a->note_count != b->note_count)
        return false;
    for (size_t i = 0; i < a->note_count; i++)
        if (strcmp(a->notes[i], b->notes[i]) != 0)
            return false;
    return true;
}

plumb_status qa_outcomes_merge(qa_outcomes *outcomes, plumb_diag *diag)
{
    if (outcomes->count == 0)
        return PLUMB_OK;
    qsort(outcomes->items, outcomes->count, sizeof(qa_outcome), by_place);
    size_t kept = 1;
    for (size_t i = 1; i < outcomes->count; i++) {
        const qa_outcome *last = &outcomes->items[kept - 1], *next = &outcomes->items[i];
        if (by_place(last, next) != 0)
            outcomes->items[kept++] = *next;
        else if (!equal(last, next))
            return plumb_fail(diag, PLUMB_E_VALUE, "frame",
                              "'%s' of suite '%s' has two different outcomes", next->frame,
                              next->suite);
    }
    outcomes->count = kept;
    return PLUMB_OK;
}

const qa_outcome *qa_outcomes_find(const qa_outcomes *outcomes, const char *suite,
                                   const char *frame)
{
    qa_outcome key = { .suite = suite, .frame = frame };
    if (outcomes->count == 0)
        return NULL;
    return bsearch(&key, outcomes->items, outcomes->count, sizeof(key), by_place);
}

void qa_add_escaped(qa_text *text, const char *string)
{
    for (const unsigned char *c = (const unsigned char *)string; *c;) {
        size_t length = qa_utf8_length(c);
        if (length == 0)
            qa_text_add(text, "\xef\xbf\xbd");
        else if (*c == '&')
            qa_text_add(text, "&amp;");
        else if (*c == '<')
            qa_text_add(text, "&lt;");
        else if (*c == '>')
            qa_text_add(text, "&gt;");
        else if (*c == '"')
            qa_text_add(text, "&quot;");
        else if (*c == '\'')
            qa_text_add(text, "&#39;");
        else if (*c >= 0x20 && *c != 0x7f)
            qa_text_bytes(text, c, length);
        c += length ? length : 1;
    }
}

static void add_case(qa_text *text, const qa_outcome *o)
{
    qa_text_add(text, "    <testcase classname=\"");
    qa_add_escaped(text, o->suite);
    qa_text_add(text, "\" name=\"");
    qa_add_escaped(text, o->frame);
    if (o->verdict == QA_SAME) {
        qa_text_add(text, "\"/>\n");
        return;
    }
    const char *kind = o->verdict == QA_FAILED ? "error" : "failure";
    qa_text_format(text, "\">\n      <%s message=\"", kind);
    qa_add_escaped(text, o->note_count > 0 ? o->notes[0] : qa_verdict_name(o->verdict));
    qa_text_add(text, "\">");
    for (size_t i = 0; i < o->note_count; i++) {
        qa_add_escaped(text, o->notes[i]);
        qa_text_add(text, "\n");
    }
    qa_text_format(text, "</%s>\n    </testcase>\n", kind);
}

void qa_write_junit(qa_text *text, const qa_outcomes *outcomes)
{
    qa_text_add(text, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for (size_t first = 0, end; first < outcomes->count; first = end) {
        size_t counts[VERDICTS] = { 0 };
        for (end = first; end < outcomes->count &&
                          strcmp(outcomes->items[end].suite, outcomes->items[first].suite) == 0;
             end++)
            counts[outcomes->items[end].verdict]++;
        qa_text_add(text, "  <testsuite name=\"");
        qa_add_escaped(text, outcomes->items[first].suite);
        qa_text_format(text, "\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\">\n", end - first,
                       counts[QA_DIFFERENT], counts[QA_FAILED]);
        for (size_t i = first; i < end; i++)
            add_case(text, &outcomes->items[i]);
        qa_text_add(text, "  </testsuite>\n");
    }
    qa_text_add(text, "</testsuites>\n");
}
