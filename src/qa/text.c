/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "qa/json_number.h"

void qa_text_release(qa_text *text)
{
    free(text->data);
    memset(text, 0, sizeof(*text));
}

void qa_text_clear(qa_text *text)
{
    text->size = 0;
    text->failed = false;
    if (text->data)
        text->data[0] = '\0';
}

static bool reserve(qa_text *text, size_t more)
{
    size_t needed;
    if (text->failed || !plumb_add_size(text->size, more, &needed) ||
        !plumb_add_size(needed, 1, &needed)) {
        text->failed = true;
        return false;
    }
    if (needed <= text->capacity)
        return true;
    size_t capacity = text->capacity ? text->capacity : 256;
    while (capacity < needed)
        if (!plumb_mul_size(capacity, 2, &capacity))
            capacity = needed;
    char *data = realloc(text->data, capacity);
    if (!data) {
        text->failed = true;
        return false;
    }
    text->data = data;
    text->capacity = capacity;
    return true;
}

void qa_text_bytes(qa_text *text, const void *bytes, size_t size)
{
    if (!reserve(text, size))
        return;
    if (size > 0)
        memcpy(text->data + text->size, bytes, size);
    text->size += size;
    text->data[text->size] = '\0';
}

void qa_text_add(qa_text *text, const char *string)
{
    qa_text_bytes(text, string, strlen(string));
}

void qa_text_format(qa_text *text, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    if (length >= 0 && reserve(text, (size_t)length)) {
        vsnprintf(text->data + text->size, (size_t)length + 1, format, again);
        text->size += (size_t)length;
    }
    va_end(again);
    va_end(arguments);
}

void qa_text_float(qa_text *text, float value)
{
    char number[QA_NUMBER_SIZE];
    qa_text_bytes(text, number, qa_format_float(number, value));
}

void qa_text_double(qa_text *text, double value)
{
    char number[QA_NUMBER_SIZE];
    qa_text_bytes(text, number, qa_format_double(number, value));
}

void qa_text_extent(qa_text *text, float start, float end)
{
    char number[QA_NUMBER_SIZE];
    qa_text_bytes(text, number, qa_format_extent(number, start, end));
}

size_t qa_utf8_length(const unsigned char *s)
{
    if (s[0] < 0x80)
        return 1;
    size_t length = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    if (s[0] < 0xc2 || s[0] > 0xf4)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
        (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return length;
}

void qa_text_json(qa_text *text, const char *string)
{
    if (!string) {
        qa_text_add(text, "null");
        return;
    }
    qa_text_add(text, "\"");
    const unsigned char *s = (const unsigned char *)string;
    while (*s) {
        size_t length = qa_utf8_length(s);
        if (length == 0)
            qa_text_add(text, "\xef\xbf\xbd");
        else if (*s == '"' || *s == '\\')
            qa_text_format(text, "\\%c", *s);
        else if (*s == '\n')
            qa_text_add(text, "\\n");
        else if (*s == '\t')
            qa_text_add(text, "\\t");
        else if (*s < 0x20 || *s == 0x7f)
            qa_text_format(text, "\\u%04x", *s);
        else
            qa_text_bytes(text, s, length);
        s += length ? length : 1;
    }
    qa_text_add(text, "\"");
}
