/* SPDX-License-Identifier: Apache-2.0
 *
 * COCO: an "instances" document, or an array of results. Origin and unit: [x, y, w, h] in pixels of
 * the image, x, y the corner at the top left. Category ids are kept as they are, with their names.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "qa/imports_json.h"

/* An image id is a number, or in some tools a text: the name of the image. */
static bool read_id(const json_t *value, int64_t *id, const char **name)
{
    *id = -1;
    *name = NULL;
    if (json_is_integer(value))
        *id = json_integer_value(value);
    else
        *name = json_string_value(value);
    return *id >= 0 || *name;
}

static int by_id(const void *left, const void *right)
{
    const qa_import_frame *a = left, *b = right;
    return a->id < b->id ? -1 : a->id > b->id;
}

static qa_import_frame *find_id(qa_import *import, int64_t id)
{
    qa_import_frame key = { .id = id };
    return bsearch(&key, import->frames, import->count, sizeof(key), by_id);
}

/* Results come grouped by image, so the last frame is nearly always the right one. */
static qa_import_frame *find_or_add(qa_import *import, int64_t id, const char *name,
                                    plumb_diag *diag)
{
    for (size_t i = import->count; i-- > 0;) {
        qa_import_frame *frame = &import->frames[i];
        if (name ? strcmp(frame->name, name) == 0 : frame->id == id)
            return frame;
    }
    char number[24];
    snprintf(number, sizeof(number), "%lld", (long long)id);
    qa_import_frame *frame = qa_import_add_frame(import, name ? name : number, diag);
    if (frame)
        frame->id = id;
    return frame;
}

static const char *category_name(const json_t *categories, int32_t id)
{
    for (size_t i = 0; i < json_array_size(categories); i++) {
        const json_t *category = json_array_get(categories, i);
        if (json_integer_value(json_object_get(category, "id")) == id)
            return json_string_value(json_object_get(category, "name"));
    }
    return NULL;
}

/* Some exporters list a class twice, once as its own supercategory: the lowest id of a name. */
static int32_t first_of_name(const json_t *categories, const char *name, int32_t id)
{
    for (size_t i = 0; name && i < json_array_size(categories); i++) {
        const json_t *category = json_array_get(categories, i);
        const char *other = json_string_value(json_object_get(category, "name"));
        json_int_t number = json_integer_value(json_object_get(category, "id"));
        if (other && strcmp(other, name) == 0 && number >= 0 && number < id)
            id = (int32_t)number;
    }
    return id;
}

static plumb_status read_box(const json_t *object, const char *list, size_t index,
                             const json_t *categories, qa_import *import, qa_import_frame *frame,
                             plumb_diag *diag)
{
    plumb_rect r;
    double score;
    int32_t category;
    if (!qa_json_rect(json_object_get(object, "bbox"), &r))
        return plumb_fail_at(diag, PLUMB_E_VALUE, list, index, "bbox",
                             "has to be four numbers x, y, w, h");
    if (!qa_json_number(object, "score", NAN, &score))
        return plumb_fail_at(diag, PLUMB_E_VALUE, list, index, "score", "has to be a number");
    if (!qa_json_int32(object, "category_id", -1, &category))
        return plumb_fail_at(diag, PLUMB_E_VALUE, list, index, "category_id",
                             "has to be a whole number");
    const char *name = category_name(categories, category);
    return qa_import_add_box(import, frame, r, score, first_of_name(categories, name, category),
                             name, diag)
               ? PLUMB_OK
               : PLUMB_E_NOMEM;
}

static plumb_status read_results(const json_t *root, qa_import *import, plumb_diag *diag)
{
    plumb_status status = PLUMB_OK;
    for (size_t i = 0; i < json_array_size(root) && !status; i++) {
        const json_t *result = json_array_get(root, i);
        int64_t id;
        const char *name, *file = json_string_value(json_object_get(result, "file_name"));
        if (!read_id(json_object_get(result, "image_id"), &id, &name))
            return plumb_fail_at(diag, PLUMB_E_VALUE, "results", i, "image_id",
                                 "has to be a number or a name");
        qa_import_frame *frame = find_or_add(import, id, file ? file : name, diag);
        if (!frame)
            return PLUMB_E_NOMEM;
        frame->id = id;
        status = read_box(result, "results", i, NULL, import, frame, diag);
    }
    return status;
}

static plumb_status read_images(const json_t *images, qa_import *import, plumb_diag *diag)
{
    for (size_t i = 0; i < json_array_size(images); i++) {
        const json_t *image = json_array_get(images, i);
        const char *file = json_string_value(json_object_get(image, "file_name"));
        const json_t *id = json_object_get(image, "id");
        if (!json_is_integer(id) || json_integer_value(id) < 0)
            return plumb_fail_at(diag, PLUMB_E_VALUE, "images", i, "id", "has to be a number");
        char number[24];
        snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(id));
        qa_import_frame *frame = qa_import_add_frame(import, file ? file : number, diag);
        if (!frame)
            return PLUMB_E_NOMEM;
        frame->id = json_integer_value(id);
        plumb_status status = qa_json_size(image, "width", "height", &frame->size, diag);
        if (status)
            return status;
    }
    if (import->count > 1)
        qsort(import->frames, import->count, sizeof(*import->frames), by_id);
    return PLUMB_OK;
}

static plumb_status read_instances(const json_t *root, qa_import *import, plumb_diag *diag)
{
    const json_t *images = json_object_get(root, "images");
    const json_t *annotations = json_object_get(root, "annotations");
    const json_t *categories = json_object_get(root, "categories");
    if (!json_is_array(images) || !json_is_array(annotations))
        return plumb_fail(diag, PLUMB_E_VALUE, "images",
                          "a COCO document needs lists of images and annotations");
    import->complete = true;
    plumb_status status = read_images(images, import, diag);
    for (size_t i = 0; i < json_array_size(annotations) && !status; i++) {
        const json_t *annotation = json_array_get(annotations, i);
        const json_t *id = json_object_get(annotation, "image_id");
        qa_import_frame *frame =
            json_is_integer(id) ? find_id(import, json_integer_value(id)) : NULL;
        if (!frame)
            return plumb_fail_at(diag, PLUMB_E_VALUE, "annotations", i, "image_id",
                                 "names no image of this file");
        if (json_integer_value(json_object_get(annotation, "iscrowd")) == 0)
            status = read_box(annotation, "annotations", i, categories, import, frame, diag);
    }
    return status;
}

plumb_status qa_import_coco(const char *data, size_t size, qa_import *import, plumb_diag *diag)
{
    json_t *root;
    plumb_status status = qa_json_open(data, size, &root, diag);
    if (status)
        return status;
    status =
        json_is_array(root) ? read_results(root, import, diag) : read_instances(root, import, diag);
    json_decref(root);
    return status;
}
