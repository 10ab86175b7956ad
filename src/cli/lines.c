/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/lines.h"

#include <stdlib.h>
#include <string.h>

bool cli_lines_add(cli_lines *lines, const char *frame, const char *text)
{
    if (lines->count == lines->capacity) {
        size_t capacity = lines->capacity ? lines->capacity * 2 : 64;
        cli_line *items = realloc(lines->items, capacity * sizeof(*items));
        if (!items)
            return false;
        lines->items = items;
        lines->capacity = capacity;
    }
    cli_line line = { qa_pool_text(&lines->pool, frame), qa_pool_text(&lines->pool, text) };
    if (!line.frame || !line.text)
        return false;
    lines->items[lines->count++] = line;
    return true;
}

static int by_frame(const void *a, const void *b)
{
    return strcmp(((const cli_line *)a)->frame, ((const cli_line *)b)->frame);
}

void cli_lines_sort(cli_lines *lines)
{
    if (lines->count > 0)
        qsort(lines->items, lines->count, sizeof(*lines->items), by_frame);
}

const char *cli_lines_find(const cli_lines *lines, const char *frame)
{
    cli_line key = { frame, NULL };
    const cli_line *found = lines->count > 0 ? bsearch(&key, lines->items, lines->count,
                                                       sizeof(*lines->items), by_frame)
                                             : NULL;
    return found ? found->text : NULL;
}

int cli_lines_write(cli_lines *lines, const char *folder, const char *name)
{
    qa_text path = { 0 }, text = { 0 };
    cli_lines_sort(lines);
    qa_text_format(&path, "%s/%s", folder, name);
    qa_text_add(&text, "");
    for (size_t i = 0; i < lines->count; i++)
        qa_text_add(&text, lines->items[i].text);
    int code = CLI_RESOURCE;
    if (path.failed || text.failed)
        cli_message("out of memory");
    else
        code = cli_write_file(path.data, text.data, text.size);
    qa_text_release(&path);
    qa_text_release(&text);
    return code;
}

void cli_lines_release(cli_lines *lines)
{
    free(lines->items);
    qa_pool_release(&lines->pool);
    memset(lines, 0, sizeof(*lines));
}
