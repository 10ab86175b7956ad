/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/cli.h"
#include "qa/text.h"

#define LONGEST_SHOWN 160 /* bytes of an offending line */

static void say(const char *suffix, const char *format, va_list arguments)
{
    char text[1024];
    vsnprintf(text, sizeof(text), format, arguments);
    /* One call, so that lines of several threads do not mix. */
    fprintf(stderr, "plumbline: %s%s\n", text, suffix);
}

void cli_message(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say("", format, arguments);
    va_end(arguments);
}

int cli_usage_error(const char *verb, const char *format, ...)
{
    char suffix[96];
    snprintf(suffix, sizeof(suffix), "\ntry: plumbline %s --help", verb);
    va_list arguments;
    va_start(arguments, format);
    say(suffix, format, arguments);
    va_end(arguments);
    return CLI_USAGE;
}

int cli_out_of_memory(void)
{
    cli_message("out of memory");
    return CLI_RESOURCE;
}

int cli_exit_code(plumb_status status)
{
    if (status == PLUMB_OK)
        return CLI_OK;
    if (status == PLUMB_E_BACKEND || status > 0 || PLUMB_STATUS_CLASS(status) == 4)
        return CLI_RESOURCE;
    int class = PLUMB_STATUS_CLASS(status);
    /* Codes outside the library's classes are a detector's own. */
    return class >= 1 && class <= 5 ? CLI_BAD_INPUT : CLI_RESOURCE;
}

int cli_worse(int a, int b)
{
    return a > b ? a : b;
}

static bool read_line(const char *file, uint32_t wanted, char *line, size_t capacity)
{
    FILE *stream = fopen(file, "rb");
    if (!stream)
        return false;
    uint32_t number = 1;
    size_t length = 0;
    int c;
    while ((c = fgetc(stream)) != EOF && number <= wanted) {
        if (c == '\n') {
            number++;
        } else if (number == wanted && length + 1 < capacity) {
            /* Control bytes would upset the terminal and the caret; a tab is one column. */
            line[length++] = c < 0x20 || c == 0x7f ? ' ' : (char)c;
        }
    }
    line[length] = '\0';
    fclose(stream);
    return length > 0;
}

/* Whether the shown part is UTF-8; its end may cut a character. */
static bool is_text(const char *line)
{
    const unsigned char *c = (const unsigned char *)line, *end = c + strlen(line);
    if (end - c > LONGEST_SHOWN)
        end = c + LONGEST_SHOWN - 3;
    while (c < end) {
        size_t length = qa_utf8_length(c);
        if (length == 0)
            return false;
        c += length;
    }
    return true;
}

/* The line, cut to what fits around the column, and a caret under it. */
static void show_line(const char *file, uint32_t number, uint32_t column)
{
    char line[4096];
    if (!read_line(file, number, line, sizeof(line)))
        return;
    size_t start = column > LONGEST_SHOWN / 2 ? column - LONGEST_SHOWN / 2 : 0;
    if (start > strlen(line))
        return;
    while (start > 0 && ((unsigned char)line[start] & 0xc0) == 0x80)
        start--;
    if (!is_text(line + start))
        return;
    fprintf(stderr, "  %.*s\n", LONGEST_SHOWN, line + start);
    if (column == 0)
        return;
    /* The diag counts bytes, the terminal characters. */
    int indent = 2;
    for (size_t i = start; i + 1 < column && line[i]; i++)
        indent += ((unsigned char)line[i] & 0xc0) != 0x80;
    fprintf(stderr, "%*s^\n", indent, "");
}

int cli_report(const char *file, plumb_status status, const plumb_diag *diag)
{
    char place[64] = "";
    if (file && diag->line > 0 && diag->column > 0)
        snprintf(place, sizeof(place), ":%u:%u", diag->line, diag->column);
    else if (file && diag->line > 0)
        snprintf(place, sizeof(place), ":%u", diag->line);
    const char *message = diag->message[0] ? diag->message : plumb_status_text(status);
    char code[32] = "";
    if (status > 0 || !diag->message[0])
        snprintf(code, sizeof(code), " (%d)", (int)status);
    fprintf(stderr, "%s%s: %s%s%s%s\n", file ? file : "plumbline", place, diag->field,
            diag->field[0] ? ": " : "", message, code);
    if (file && diag->line > 0)
        show_line(file, diag->line, diag->column);
    return cli_exit_code(status);
}

bool cli_write_stdout(const char *data, size_t size)
{
    errno = 0;
    if (fwrite(data, 1, size, stdout) == size && fflush(stdout) == 0)
        return true;
    cli_message("standard output: %s", strerror(errno ? errno : EIO));
    return false;
}

double cli_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}
