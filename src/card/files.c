/* SPDX-License-Identifier: Apache-2.0 */
#include "card/files.h"

#include <stdio.h>
#include <string.h>

#include "base/allocator.h"

#define FIRST_CHUNK   ((size_t)64 << 10)
#define MAX_SIDE_FILE ((size_t)256 << 20)

/* Also for what has no size beforehand, such as a pipe. */
static plumb_status read_stream(const plumb_context *context, FILE *stream, size_t limit,
                                void **data, size_t *size)
{
    size_t capacity = FIRST_CHUNK, used = 0;
    char *memory = plumb_alloc_array(context, capacity, 1);
    while (memory) {
        used += fread(memory + used, 1, capacity - used, stream);
        if (used < capacity)
            break;
        if (capacity > limit) {
            plumb_release(context, memory);
            return PLUMB_E_LIMIT;
        }
        char *larger = plumb_alloc_array(context, capacity * 2, 1);
        if (larger)
            memcpy(larger, memory, used);
        plumb_release(context, memory);
        memory = larger;
        capacity *= 2;
    }
    if (!memory)
        return PLUMB_E_NOMEM;
    if (ferror(stream) || used > limit) {
        plumb_release(context, memory);
        return used > limit ? PLUMB_E_LIMIT : PLUMB_E_IO;
    }
    *data = memory;
    *size = used;
    return PLUMB_OK;
}

plumb_status plumb_file_read(const plumb_context *context, const char *path, size_t limit,
                             void **data, size_t *size)
{
    FILE *stream = fopen(path, "rb");
    if (!stream)
        return PLUMB_E_IO;
    plumb_status status = read_stream(context, stream, limit, data, size);
    fclose(stream);
    return status;
}

/* A card comes from elsewhere: what it names may not lead out of its own folder. */
static bool stays_inside(const char *name)
{
    if (name[0] == '/' || name[0] == '\0' || strchr(name, '\\'))
        return false;
    const char *part = name;
    while (part) {
        if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == '\0'))
            return false;
        part = strchr(part, '/');
        part = part ? part + 1 : NULL;
    }
    return true;
}

static plumb_status read_beside(void *user, const char *name, void **data, size_t *size,
                                const plumb_context *context)
{
    const char *folder = user;
    if (!stays_inside(name))
        return PLUMB_E_VALUE;
    size_t length = strlen(folder) + strlen(name) + 1;
    char *path = plumb_alloc_array(context, length, 1);
    if (!path)
        return PLUMB_E_NOMEM;
    snprintf(path, length, "%s%s", folder, name);
    plumb_status status = plumb_file_read(context, path, MAX_SIDE_FILE, data, size);
    plumb_release(context, path);
    return status;
}

plumb_status plumb_files_beside(const plumb_context *context, const char *card_path,
                                plumb_card_files *files)
{
    char *folder = plumb_copy_text(context, card_path);
    if (!folder)
        return PLUMB_E_NOMEM;
    char *slash = strrchr(folder, '/');
    folder[slash ? slash + 1 - folder : 0] = '\0';
    files->user = folder;
    files->read = read_beside;
    return PLUMB_OK;
}
