/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/pictures.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/drawing.h"
#include "cli/frames.h"

/* extra[0]: the picture; results: something where it is a PNG. */
static int encode(void *worker, const cli_item *item, cli_output *output)
{
    (void)worker;
    bool is_png = false;
    cli_encode_picture(item->frame, &output->extra[0], &is_png);
    qa_text_add(&output->results, is_png ? "png" : "");
    return CLI_OK;
}

static int keep(void *user, cli_output *output)
{
    cli_pictures *p = user;
    if (output->extra[0].size == 0)
        return CLI_OK;
    if (p->count == p->capacity) {
        size_t capacity = p->capacity ? p->capacity * 2 : 64;
        cli_picture *items = realloc(p->items, capacity * sizeof(*items));
        if (!items)
            return cli_out_of_memory();
        p->items = items;
        p->capacity = capacity;
    }
    cli_picture made = { strdup(output->frame), output->extra[0], output->results.size > 0 };
    if (!made.frame)
        return cli_out_of_memory();
    p->items[p->count++] = made;
    memset(&output->extra[0], 0, sizeof(output->extra[0])); /* it is ours now */
    return CLI_OK;
}

static int by_frame(const void *a, const void *b)
{
    return strcmp(((const cli_picture *)a)->frame, ((const cli_picture *)b)->frame);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The files that the frames came from, each once; "clip.y4m#3" lies in clip.y4m. */
static size_t list_files(const char *folder, const qa_frames *frames, char **paths, size_t count)
{
    for (size_t i = 0; i < frames->count; i++) {
        const char *name = frames->items[i].name, *index = strrchr(name, '#');
        qa_text path = { 0 };
        qa_text_format(&path, "%s/%s", folder, name);
        if (index && !path.failed && access(path.data, R_OK) != 0)
            path.data[path.size - strlen(index)] = '\0';
        if (!path.failed && access(path.data, R_OK) == 0)
            paths[count++] = path.data;
        else
            qa_text_release(&path);
    }
    return count;
}

int cli_pictures_read(cli_pictures *p, const char *folder, const qa_frames *a, const qa_frames *b)
{
    char **paths = calloc(a->count + b->count + 1, sizeof(*paths));
    if (!paths)
        return cli_out_of_memory();
    size_t count = list_files(folder, a, paths, 0), kept = 0;
    count = list_files(folder, b, paths, count);
    qsort(paths, count, sizeof(*paths), by_text);
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && strcmp(paths[kept - 1], paths[i]) == 0)
            free(paths[i]);
        else
            paths[kept++] = paths[i];
    }
    cli_crew crew = { .paths = paths,
                      .count = kept,
                      .jobs = 1,
                      .jpeg = QA_SOURCE_JPEG_DECODED,
                      .user = p,
                      .work = encode,
                      .give = keep };
    int code = kept > 0 ? cli_each_frame(&crew) : CLI_OK;
    for (size_t i = 0; i < kept; i++)
        free(paths[i]);
    free(paths);
    if (p->count > 0)
        qsort(p->items, p->count, sizeof(*p->items), by_frame);
    return code;
}

const cli_picture *cli_pictures_find(const cli_pictures *p, const char *frame)
{
    cli_picture key = { .frame = (char *)(uintptr_t)frame };
    return p->count > 0 ? bsearch(&key, p->items, p->count, sizeof(*p->items), by_frame) : NULL;
}

void cli_pictures_release(cli_pictures *p)
{
    for (size_t i = 0; i < p->count; i++) {
        free(p->items[i].frame);
        qa_text_release(&p->items[i].file);
    }
    free(p->items);
    memset(p, 0, sizeof(*p));
}
