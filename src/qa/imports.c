/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/imports.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/diag.h"
#include "base/names.h"
#include "qa/file.h"
#include "qa/text.h"

#define MAX_FRAMES ((size_t)1 << 22)
#define MAX_BOXES  ((size_t)1 << 16) /* of a frame */

static const plumb_name formats[] = {
    { QA_IMPORT_AUTO, "auto" }, { QA_IMPORT_NDJSON, "ndjson" },   { QA_IMPORT_COCO, "coco" },
    { QA_IMPORT_YOLO, "yolo" }, { QA_IMPORT_LABELME, "labelme" }, { QA_IMPORT_CVAT, "cvat" },
};

PLUMB_DEFINE_NAMES(qa_import_format, qa_import_format, formats)

void qa_import_release(qa_import *import)
{
    for (size_t i = 0; i < import->count; i++)
        free(import->frames[i].boxes);
    free(import->frames);
    qa_pool_release(&import->pool);
    memset(import, 0, sizeof(*import));
}

/* Room for one more element; `most` bounds the count. */
static void *grown(void *items, size_t count, size_t *capacity, size_t size, size_t most)
{
    if (count < *capacity)
        return items;
    if (count >= most)
        return NULL;
    size_t wanted = *capacity ? *capacity * 2 : 16;
    void *larger = realloc(items, wanted * size);
    if (larger)
        *capacity = wanted;
    return larger;
}

qa_import_frame *qa_import_add_frame(qa_import *import, const char *name, plumb_diag *diag)
{
    qa_import_frame *frames =
        grown(import->frames, import->count, &import->capacity, sizeof(*frames), MAX_FRAMES);
    if (frames)
        import->frames = frames;
    const char *copy = frames ? qa_pool_text(&import->pool, name) : NULL;
    if (!copy) {
        (void)plumb_fail(diag, PLUMB_E_NOMEM, "", "no memory for frame %zu", import->count);
        return NULL;
    }
    qa_import_frame *frame = &import->frames[import->count++];
    memset(frame, 0, sizeof(*frame));
    frame->name = copy;
    frame->id = -1;
    return frame;
}

bool qa_import_add_box(qa_import *import, qa_import_frame *frame, plumb_rect rect, double score,
                       int32_t class_id, const char *label, plumb_diag *diag)
{
    qa_import_box *boxes =
        grown(frame->boxes, frame->count, &frame->capacity, sizeof(*boxes), MAX_BOXES);
    if (boxes)
        frame->boxes = boxes;
    const char *copy = label && boxes ? qa_pool_text(&import->pool, label) : NULL;
    if (!boxes || (label && !copy)) {
        (void)plumb_fail(diag, PLUMB_E_NOMEM, "", "no memory for box %zu of frame '%s'",
                         frame->count, frame->name);
        return false;
    }
    frame->boxes[frame->count++] = (qa_import_box){ rect, score, class_id, copy };
    return true;
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), wanted = strlen(end);
    return length >= wanted && strcmp(text + length - wanted, end) == 0;
}

/* The first object of a JSON file tells: NDJSON has "detections", COCO "annotations", LabelMe
 * "shapes"; an array holds COCO results. */
static qa_import_format guess(const char *path, const char *data, size_t size)
{
    if (ends_with(path, ".xml"))
        return QA_IMPORT_CVAT;
    if (ends_with(path, ".txt"))
        return QA_IMPORT_YOLO;
    size_t at = strspn(data, " \t\r\n");
    if (at < size && data[at] == '[')
        return QA_IMPORT_COCO;
    if (at < size && data[at] == '<')
        return QA_IMPORT_CVAT;
    const char *detections = strstr(data, "\"detections\"");
    if (detections)
        return QA_IMPORT_NDJSON;
    if (strstr(data, "\"annotations\""))
        return QA_IMPORT_COCO;
    return strstr(data, "\"shapes\"") ? QA_IMPORT_LABELME : QA_IMPORT_NDJSON;
}

static plumb_status read_file(const char *path, qa_import_format format, qa_import *import,
                              qa_bytes *bytes, plumb_diag *diag)
{
    bytes->size = 0;
    plumb_status status = qa_read_file(path, QA_MAX_FILE, bytes, diag);
    if (!status)
        status = qa_bytes_reserve(bytes, bytes->size + 1, diag);
    if (status)
        return status;
    bytes->data[bytes->size] = '\0';
    const char *data = (const char *)bytes->data;
    import->format = format ? format : guess(path, data, bytes->size);
    switch (import->format) {
    case QA_IMPORT_COCO:
        status = qa_import_coco(data, bytes->size, import, diag);
        break;
    case QA_IMPORT_YOLO:
        status = qa_import_yolo(data, bytes->size, qa_base_name(path), import, diag);
        break;
    case QA_IMPORT_LABELME:
        status = qa_import_labelme(data, bytes->size, qa_base_name(path), import, diag);
        break;
    case QA_IMPORT_CVAT:
        status = qa_import_cvat(data, bytes->size, import, diag);
        break;
    default:
        status = qa_import_ndjson(data, bytes->size, import, diag);
        break;
    }
    if (status)
        qa_diag_file(diag, path);
    return status;
}

static int by_text(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

/* Names of the label files in a folder, sorted; -1 with errno where it cannot be read. */
static long list_folder(const char *path, char ***names)
{
    DIR *folder = opendir(path);
    long count = folder ? 0 : -1;
    size_t capacity = 0;
    *names = NULL;
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        const char *name = entry->d_name;
        bool wanted = (ends_with(name, ".txt") && strcmp(name, "classes.txt") != 0) ||
                      ends_with(name, ".json");
        if (name[0] == '.' || !wanted)
            continue;
        char **more = grown(*names, (size_t)count, &capacity, sizeof(**names), MAX_FRAMES);
        if (more)
            *names = more;
        if (!more || !(more[count] = strdup(name))) {
            while (count > 0)
                free((*names)[--count]);
            errno = ENOMEM;
            count = -1;
            break;
        }
        count++;
    }
    if (folder)
        closedir(folder);
    if (count > 1)
        qsort(*names, (size_t)count, sizeof(**names), by_text);
    return count;
}

static plumb_status read_folder(const char *path, qa_import_format format, qa_import *import,
                                qa_bytes *bytes, plumb_diag *diag)
{
    char **names;
    long count = list_folder(path, &names);
    plumb_status status = PLUMB_OK;
    if (count < 0)
        status = qa_fail_io(diag, path, "read", errno);
    for (long i = 0; i < count; i++) {
        qa_text file = { 0 };
        qa_text_format(&file, "%s/%s", path, names[i]);
        if (!status && file.failed)
            status = plumb_fail(diag, PLUMB_E_NOMEM, "", "no memory for a file name");
        if (!status)
            status = read_file(file.data, format, import, bytes, diag);
        qa_text_release(&file);
        free(names[i]);
    }
    free(names);
    return status;
}

plumb_status qa_import_read(const char *path, qa_import_format format, qa_import *import,
                            plumb_diag *diag)
{
    plumb_diag own = { 0 };
    diag = diag ? diag : &own;
    memset(import, 0, sizeof(*import));
    qa_bytes bytes = { 0 };
    struct stat info;
    plumb_status status;
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
        status = read_folder(path, format, import, &bytes, diag);
    else
        status = read_file(path, format, import, &bytes, diag);
    qa_bytes_release(&bytes);
    if (!status && import->count == 0) {
        status = plumb_fail(diag, PLUMB_E_VALUE, "", "holds no frame");
        qa_diag_file(diag, path);
    }
    if (status)
        qa_import_release(import);
    return status;
}
