/* SPDX-License-Identifier: Apache-2.0
 *
 * Suppression for the Python models: reads sets of detections, prints what is left.
 *
 *     nms_driver KEY=VALUE... < sets
 *
 * Keys: method overlap compat iou class_aware sigma min_score min_neighbours keypoints cpu. Each
 * set is a count and a line of "x0 y0 x1 y1 score class angle" and x, y of every keypoint for
 * each detection; each answer is a count and a line of "row score x0 y0 x1 y1" and the keypoints.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plumbline/postprocess.h"

#define MOST 20000

static bool set_name(plumb_nms_spec *spec, const char *key, const char *value)
{
    if (strcmp(key, "method") == 0)
        return plumb_nms_method_parse(value, &spec->method);
    if (strcmp(key, "overlap") == 0)
        return plumb_overlap_parse(value, &spec->overlap);
    return strcmp(key, "compat") == 0 && plumb_nms_compat_parse(value, &spec->compat);
}

static bool set_number(plumb_nms_spec *spec, plumb_context *context, size_t *keypoints,
                       const char *key, double value)
{
    if (strcmp(key, "iou") == 0)
        spec->iou = (float)value;
    else if (strcmp(key, "class_aware") == 0)
        spec->class_aware = value != 0.0;
    else if (strcmp(key, "sigma") == 0)
        spec->sigma = (float)value;
    else if (strcmp(key, "min_score") == 0)
        spec->min_score = (float)value;
    else if (strcmp(key, "min_neighbours") == 0)
        spec->min_neighbours = (int32_t)value;
    else if (strcmp(key, "keypoints") == 0)
        *keypoints = (size_t)value;
    else if (strcmp(key, "cpu") == 0)
        context->cpu = (uint32_t)value;
    else
        return false;
    return true;
}

static bool read_set(plumb_detections *list, size_t count)
{
    size_t per = list->keypoints_per_detection;
    for (size_t i = 0; i < count; i++) {
        plumb_detection *d = &list->items[i];
        memset(d, 0, sizeof(*d));
        d->row = (int32_t)i;
        d->keypoints = per ? (int32_t)i : -1;
        if (scanf("%f %f %f %f %f %d %f", &d->box.x0, &d->box.y0, &d->box.x1, &d->box.y1, &d->score,
                  &d->class_id, &d->angle) != 7)
            return false;
        for (size_t k = 0; k < per; k++)
            if (scanf("%f %f", &list->keypoints[i * per + k].x, &list->keypoints[i * per + k].y) !=
                2)
                return false;
    }
    list->count = list->keypoint_slots = count;
    list->has_angle = true;
    list->space = PLUMB_SPACE_UPRIGHT;
    return true;
}

static void print_set(const plumb_detections *list)
{
    size_t per = list->keypoints_per_detection;
    printf("%zu\n", list->count);
    for (size_t i = 0; i < list->count; i++) {
        const plumb_detection *d = &list->items[i];
        printf("%d %.9g %.9g %.9g %.9g %.9g", (int)d->row, (double)d->score, (double)d->box.x0,
               (double)d->box.y0, (double)d->box.x1, (double)d->box.y1);
        for (size_t k = 0; k < per; k++) {
            const plumb_keypoint *p = &list->keypoints[(size_t)d->keypoints * per + k];
            printf(" %.9g %.9g", (double)p->x, (double)p->y);
        }
        putchar('\n');
    }
}

int main(int count, char **arguments)
{
    plumb_context context = PLUMB_CONTEXT_INIT;
    plumb_nms_spec spec = PLUMB_NMS_SPEC_INIT;
    size_t keypoints = 0;
    for (int i = 1; i < count; i++) {
        char *value = strchr(arguments[i], '=');
        if (!value)
            return 2;
        *value++ = '\0';
        if (!set_name(&spec, arguments[i], value) &&
            !set_number(&spec, &context, &keypoints, arguments[i], atof(value))) {
            fprintf(stderr, "nms_driver: %s=%s\n", arguments[i], value);
            return 2;
        }
    }
    plumb_nms *nms = NULL;
    plumb_diag diag = { 0 };
    if (plumb_nms_create(&context, &spec, &nms, &diag)) {
        fprintf(stderr, "nms_driver: %s: %s\n", diag.field, diag.message);
        return 3;
    }
    plumb_detections list = { 0 };
    list.items = malloc(MOST * sizeof(*list.items));
    list.keypoints = calloc(MOST * (keypoints + 1), sizeof(*list.keypoints));
    list.capacity = list.keypoint_capacity = MOST;
    list.keypoints_per_detection = keypoints;
    size_t size;
    int result = 0;
    while (result == 0 && scanf("%zu", &size) == 1) {
        if (size > MOST || !read_set(&list, size) || plumb_nms_run(nms, &list, NULL, NULL, &diag))
            result = 3;
        else
            print_set(&list);
    }
    free(list.items);
    free(list.keypoints);
    plumb_nms_destroy(&nms);
    return result;
}
