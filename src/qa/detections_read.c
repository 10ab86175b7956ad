/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qa/detections_io.h"

/* Where the reader is, for the diag. */
typedef struct reader {
    qa_frame *frame;
    plumb_diag *diag;
    size_t detection; /* index of the one being read */
} reader;

static plumb_status refuse(reader *r, plumb_status status, const char *key, const char *message)
{
    return plumb_fail_at(r->diag, status, "detections", r->detection, key, "%s", message);
}

static plumb_status no_memory(reader *r)
{
    return plumb_fail(r->diag, PLUMB_E_NOMEM, "", "no memory for the detections");
}

static plumb_status unknown_key(reader *r, const json_t *object, const char *const *known,
                                bool inside)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        size_t i = 0;
        while (known[i] && strcmp(known[i], key) != 0)
            i++;
        if (!known[i])
            return inside ? refuse(r, PLUMB_E_KEY, key, "is not a key of a detection")
                          : plumb_fail(r->diag, PLUMB_E_KEY, key, "is not a key of a frame");
    }
    return PLUMB_OK;
}

/* A number that float32 can hold. */
static bool take_float(const json_t *value, float *number)
{
    if (!json_is_number(value))
        return false;
    *number = (float)json_number_value(value);
    return isfinite(*number);
}

static bool take_int32(const json_t *value, int32_t low, int32_t *number)
{
    if (!json_is_integer(value) || json_integer_value(value) < low ||
        json_integer_value(value) > INT32_MAX)
        return false;
    *number = (int32_t)json_integer_value(value);
    return true;
}

static plumb_status read_box(reader *r, const json_t *value, qa_detection *d)
{
    float x, y;
    if (!json_is_array(value) || json_array_size(value) != 4 ||
        !take_float(json_array_get(value, 0), &x) || !take_float(json_array_get(value, 1), &y) ||
        !json_is_number(json_array_get(value, 2)) || !json_is_number(json_array_get(value, 3)))
        return refuse(r, PLUMB_E_VALUE, "box", "has to be four finite numbers x, y, w, h");
    double w = json_number_value(json_array_get(value, 2));
    double h = json_number_value(json_array_get(value, 3));
    if (!(w >= 0.0) || !(h >= 0.0))
        return refuse(r, PLUMB_E_VALUE, "box", "has a negative width or height");
    plumb_box box = { x, y, (float)((double)x + w), (float)((double)y + h) };
    if (!isfinite(box.x1) || !isfinite(box.y1))
        return refuse(r, PLUMB_E_VALUE, "box", "is too large");
    d->box = box;
    return PLUMB_OK;
}

static plumb_status read_keypoints(reader *r, const json_t *value, qa_detection *d)
{
    if (!value)
        return PLUMB_OK;
    size_t count = json_array_size(value);
    if (!json_is_array(value) || count == 0)
        return refuse(r, PLUMB_E_VALUE, "keypoints", "has to be a list of [x, y, score]");
    plumb_keypoint *points = qa_pool_take(&r->frame->pool, count, sizeof(*points));
    if (!points)
        return no_memory(r);
    for (size_t i = 0; i < count; i++) {
        const json_t *point = json_array_get(value, i);
        if (!json_is_array(point) || json_array_size(point) != 3 ||
            !take_float(json_array_get(point, 0), &points[i].x) ||
            !take_float(json_array_get(point, 1), &points[i].y) ||
            !take_float(json_array_get(point, 2), &points[i].score))
            return refuse(r, PLUMB_E_VALUE, "keypoints", "has to be a list of [x, y, score]");
    }
    d->keypoints = points;
    d->keypoint_count = count;
    return PLUMB_OK;
}

static plumb_status read_regions(reader *r, const json_t *value, qa_detection *d)
{
    if (!value)
        return PLUMB_OK;
    size_t count = json_array_size(value);
    if (!json_is_array(value) || count == 0)
        return refuse(r, PLUMB_E_VALUE, "regions", "has to be a list of names");
    const char **names = qa_pool_take(&r->frame->pool, count, sizeof(*names));
    if (!names)
        return no_memory(r);
    for (size_t i = 0; i < count; i++) {
        const char *name = json_string_value(json_array_get(value, i));
        if (!name)
            return refuse(r, PLUMB_E_VALUE, "regions", "has to be a list of names");
        names[i] = qa_pool_text(&r->frame->pool, name);
        if (!names[i])
            return no_memory(r);
    }
    d->regions = names;
    d->region_count = count;
    return PLUMB_OK;
}

static plumb_status read_detection(reader *r, const json_t *object, qa_detection *d)
{
    static const char *const known[] = { "class",     "label", "score",   "box", "row",
                                         "keypoints", "angle", "regions", NULL };
    if (!json_is_object(object))
        return refuse(r, PLUMB_E_VALUE, NULL, "has to be an object");
    plumb_status status = unknown_key(r, object, known, true);
    if (status)
        return status;
    const json_t *label = json_object_get(object, "label");
    const json_t *row = json_object_get(object, "row");
    const json_t *angle = json_object_get(object, "angle");
    d->row = -1;
    if (!take_int32(json_object_get(object, "class"), 0, &d->class_id))
        return refuse(r, PLUMB_E_VALUE, "class", "has to be a whole number from 0");
    if (!take_float(json_object_get(object, "score"), &d->score))
        return refuse(r, PLUMB_E_VALUE, "score", "has to be a finite number");
    if (row && !take_int32(row, -1, &d->row))
        return refuse(r, PLUMB_E_VALUE, "row", "has to be a whole number");
    if (angle && !take_float(angle, &d->angle))
        return refuse(r, PLUMB_E_VALUE, "angle", "has to be a finite number of radians");
    r->frame->has_angle |= angle != NULL;
    if (json_is_string(label)) {
        d->label = qa_pool_text(&r->frame->pool, json_string_value(label));
        if (!d->label)
            return no_memory(r);
    } else if (label && !json_is_null(label)) {
        return refuse(r, PLUMB_E_VALUE, "label", "has to be a text or null");
    }
    status = read_box(r, json_object_get(object, "box"), d);
    if (!status)
        status = read_keypoints(r, json_object_get(object, "keypoints"), d);
    if (!status)
        status = read_regions(r, json_object_get(object, "regions"), d);
    return status;
}

static plumb_status read_head(reader *r, const json_t *object)
{
    static const char *const known[] = { "frame", "width",      "height", "orientation",
                                         "space", "detections", NULL };
    qa_frame *frame = r->frame;
    plumb_status status = unknown_key(r, object, known, false);
    if (status)
        return status;
    const char *name = json_string_value(json_object_get(object, "frame"));
    if (!name || !*name)
        return plumb_fail(r->diag, PLUMB_E_VALUE, "frame", "has to be the name of a frame");
    frame->name = qa_pool_text(&frame->pool, name);
    if (!frame->name)
        return no_memory(r);
    if (!take_int32(json_object_get(object, "width"), 1, &frame->size.width))
        return plumb_fail(r->diag, PLUMB_E_VALUE, "width", "has to be a number of pixels");
    if (!take_int32(json_object_get(object, "height"), 1, &frame->size.height))
        return plumb_fail(r->diag, PLUMB_E_VALUE, "height", "has to be a number of pixels");
    int32_t orientation = 1;
    const json_t *value = json_object_get(object, "orientation");
    if (value && (!take_int32(value, 1, &orientation) || orientation > 8))
        return plumb_fail(r->diag, PLUMB_E_VALUE, "orientation", "has to be 1 to 8");
    frame->orientation = (plumb_orientation)orientation;
    if (!plumb_space_parse(json_string_value(json_object_get(object, "space")), &frame->space))
        return plumb_fail(r->diag, PLUMB_E_VALUE, "space",
                          "has to be upright, normalized, vision, input, buffer or roi");
    return PLUMB_OK;
}

static plumb_status read_frame(reader *r, const json_t *object)
{
    if (!json_is_object(object))
        return plumb_fail(r->diag, PLUMB_E_VALUE, "", "a line has to be one JSON object");
    plumb_status status = read_head(r, object);
    if (status)
        return status;
    const json_t *list = json_object_get(object, "detections");
    if (!json_is_array(list))
        return plumb_fail(r->diag, PLUMB_E_VALUE, "detections", "has to be a list");
    size_t count = json_array_size(list);
    r->frame->items = qa_pool_take(&r->frame->pool, count, sizeof(*r->frame->items));
    if (!r->frame->items)
        return no_memory(r);
    r->frame->count = count;
    for (r->detection = 0; r->detection < count && !status; r->detection++)
        status =
            read_detection(r, json_array_get(list, r->detection), &r->frame->items[r->detection]);
    return status;
}

plumb_status qa_parse_ndjson(const char *data, size_t size, uint32_t line, qa_frame *frame,
                             plumb_diag *diag)
{
    plumb_diag own = { 0 };
    diag = diag ? diag : &own;
    memset(frame, 0, sizeof(*frame));
    plumb_status status;
    uint32_t column = 0;
    if (size > QA_MAX_LINE) {
        status = plumb_fail(diag, PLUMB_E_LIMIT, "", "a line of %zu bytes is too long", size);
    } else {
        json_error_t error;
        json_t *object = json_loadb(data, size, JSON_REJECT_DUPLICATES, &error);
        if (object) {
            reader r = { frame, diag, 0 };
            status = read_frame(&r, object);
            json_decref(object);
        } else {
            status = plumb_fail(diag, PLUMB_E_SYNTAX, "", "%s", error.text);
            column = error.column > 0 ? (uint32_t)error.column : 0;
        }
    }
    if (status) {
        diag->line = line;
        diag->column = column;
        qa_frame_release(frame);
    }
    return status;
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(const qa_frame *const *)a)->name, (*(const qa_frame *const *)b)->name);
}

static plumb_status refuse_twins(const qa_frames *frames, plumb_diag *diag)
{
    if (frames->count < 2)
        return PLUMB_OK;
    const qa_frame **sorted = malloc(frames->count * sizeof(const qa_frame *));
    if (!sorted)
        return plumb_fail(diag, PLUMB_E_NOMEM, "", "no memory for %zu frames", frames->count);
    for (size_t i = 0; i < frames->count; i++)
        sorted[i] = &frames->items[i];
    qsort(sorted, frames->count, sizeof(*sorted), by_name);
    plumb_status status = PLUMB_OK;
    for (size_t i = 1; i < frames->count && !status; i++)
        if (strcmp(sorted[i - 1]->name, sorted[i]->name) == 0)
            status =
                plumb_fail(diag, PLUMB_E_VALUE, "frame", "'%s' is there twice", sorted[i]->name);
    free(sorted);
    return status;
}

static bool blank(const char *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (data[i] != ' ' && data[i] != '\t' && data[i] != '\r')
            return false;
    return true;
}

static bool add_room(qa_frames *frames, size_t *capacity)
{
    if (frames->count < *capacity)
        return true;
    size_t wanted = *capacity ? *capacity * 2 : 16;
    qa_frame *items = realloc(frames->items, wanted * sizeof(*items));
    if (!items)
        return false;
    frames->items = items;
    *capacity = wanted;
    return true;
}

plumb_status qa_parse_frames(const char *data, size_t size, qa_frames *frames, plumb_diag *diag)
{
    plumb_status status = PLUMB_OK;
    size_t capacity = 0;
    memset(frames, 0, sizeof(*frames));
    for (uint32_t line = 1; size > 0 && !status; line++) {
        const char *newline = memchr(data, '\n', size);
        size_t length = newline ? (size_t)(newline - data) : size;
        if (!blank(data, length)) {
            if (!add_room(frames, &capacity))
                status = plumb_fail(diag, PLUMB_E_NOMEM, "", "no memory for line %u", line);
            else
                status = qa_parse_ndjson(data, length, line, &frames->items[frames->count], diag);
            frames->count += !status;
        }
        length += newline != NULL;
        data += length;
        size -= length;
    }
    if (!status)
        status = refuse_twins(frames, diag);
    if (status)
        qa_frames_release(frames);
    return status;
}
