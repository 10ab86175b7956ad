/* SPDX-License-Identifier: Apache-2.0 */
#include "card/position.h"

#include <stdio.h>
#include <string.h>

#define MAX_DEPTH 64

typedef struct span {
    size_t start, end;
} span;

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_mark(char c)
{
    return c != '\0' && strchr("{}[]:,", c) != NULL;
}

/* The next token from `at`: a bracket, colon or comma, a string with its quotes, or a run of
 * anything else. Empty at the end of the text. */
static span next_token(const char *text, size_t size, size_t at)
{
    while (at < size && is_space(text[at]))
        at++;
    span token = { at, at };
    if (at >= size)
        return token;
    if (text[at] == '"') {
        at++;
        while (at < size && text[at] != '"' && text[at] != '\n')
            at += text[at] == '\\' && at + 1 < size ? 2 : 1;
        token.end = at < size && text[at] == '"' ? at + 1 : at;
        return token;
    }
    if (is_mark(text[at])) {
        token.end = at + 1;
        return token;
    }
    while (at < size && !is_space(text[at]) && !is_mark(text[at]) && text[at] != '"')
        at++;
    token.end = at;
    return token;
}

/* The end of the value that begins at token `first`. */
static size_t skip_value(const char *text, size_t size, span first)
{
    size_t depth = 0;
    span token = first;
    while (token.end > token.start) {
        char c = text[token.start];
        if (c == '{' || c == '[')
            depth++;
        else if ((c == '}' || c == ']') && depth > 0)
            depth--;
        if (depth == 0)
            return token.end;
        token = next_token(text, size, token.end);
    }
    return size;
}

/* How much of `path` the quoted key uses up, with the dot before it; 0 when it does not fit. Keys
 * may hold dots themselves, so the path is compared, not split. */
static size_t match_key(const char *path, const char *key, size_t length)
{
    size_t dot = path[0] == '.' ? 1 : 0;
    if (strncmp(path + dot, key, length) != 0 || strlen(path + dot) < length)
        return 0;
    char next = path[dot + length];
    return next == '\0' || next == '.' || next == '[' ? dot + length : 0;
}

/* The member of the object at `open` that `path` begins with: its key and value tokens. */
static size_t find_member(const char *text, size_t size, span open, const char *path, span *key,
                          span *value)
{
    size_t best = 0;
    span token = next_token(text, size, open.end);
    while (token.end - token.start >= 2 && text[token.start] == '"') {
        span colon = next_token(text, size, token.end);
        if (colon.end == colon.start || text[colon.start] != ':')
            break;
        span first = next_token(text, size, colon.end);
        if (first.end == first.start)
            break;
        size_t used = match_key(path, text + token.start + 1, token.end - token.start - 2);
        if (used > best) {
            best = used;
            *key = token;
            *value = first;
        }
        token = next_token(text, size, skip_value(text, size, first));
        if (token.end > token.start && text[token.start] == ',')
            token = next_token(text, size, token.end);
    }
    return best;
}

static size_t find_element(const char *text, size_t size, span open, const char *path, span *value)
{
    unsigned long wanted = 0;
    size_t used = 1;
    while (path[used] >= '0' && path[used] <= '9' && wanted < 100000000)
        wanted = wanted * 10 + (unsigned long)(path[used++] - '0');
    if (path[0] != '[' || path[used] != ']')
        return 0;
    span token = next_token(text, size, open.end);
    for (unsigned long i = 0; token.end > token.start && text[token.start] != ']'; i++) {
        if (i == wanted) {
            *value = token;
            return used + 1;
        }
        token = next_token(text, size, skip_value(text, size, token));
        if (token.end > token.start && text[token.start] == ',')
            token = next_token(text, size, token.end);
    }
    return 0;
}

size_t plumb_position_of(const char *text, size_t size, const char *path, bool key)
{
    span value = next_token(text, size, 0);
    span name = value;
    while (*path != '\0' && value.end > value.start) {
        size_t used = 0;
        span inner = value;
        if (text[value.start] == '{')
            used = find_member(text, size, value, path, &name, &inner);
        else if (text[value.start] == '[')
            used = find_element(text, size, value, path, &inner);
        if (used == 0)
            return value.start;
        if (text[value.start] == '[')
            name = inner;
        value = inner;
        path += used;
    }
    return key ? name.start : value.start;
}

typedef struct level {
    bool array;
    size_t index; /* of an array's element */
    span key;     /* of an object's member */
} level;

static void write_path(const char *text, const level *levels, size_t depth, char *path,
                       size_t capacity)
{
    size_t used = 0;
    path[0] = '\0';
    for (size_t i = 0; i < depth && used < capacity; i++) {
        int written = 0;
        if (levels[i].array)
            written = snprintf(path + used, capacity - used, "[%zu]", levels[i].index);
        else if (levels[i].key.end - levels[i].key.start >= 2)
            written = snprintf(path + used, capacity - used, "%s%.*s", used ? "." : "",
                               (int)(levels[i].key.end - levels[i].key.start - 2),
                               text + levels[i].key.start + 1);
        if (written < 0)
            return;
        used += (size_t)written;
    }
}

size_t plumb_position_token(const char *text, size_t size, size_t offset, char *path,
                            size_t capacity)
{
    level levels[MAX_DEPTH];
    size_t depth = 0;
    bool key_next = false;
    span token = next_token(text, size, 0);
    while (token.end > token.start) {
        char c = text[token.start];
        level *top = depth > 0 ? &levels[depth - 1] : NULL;
        if (c == '"' && key_next && top && !top->array) {
            top->key = token;
            key_next = false;
        }
        if (token.end >= offset)
            break;
        if ((c == '{' || c == '[') && depth < MAX_DEPTH) {
            level inner = { c == '[', 0, { 0, 0 } };
            levels[depth++] = inner;
            key_next = c == '{';
        } else if ((c == '}' || c == ']') && depth > 0) {
            depth--;
        } else if (c == ',' && top) {
            top->index++;
            key_next = !top->array;
        }
        token = next_token(text, size, token.end);
    }
    write_path(text, levels, depth, path, capacity);
    return token.start;
}

void plumb_position_line(const char *text, size_t size, size_t offset, uint32_t *line,
                         uint32_t *column)
{
    *line = 1;
    *column = 1;
    for (size_t i = 0; i < size && i < offset; i++) {
        if (text[i] == '\n') {
            (*line)++;
            *column = 1;
        } else {
            (*column)++;
        }
    }
}
