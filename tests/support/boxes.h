/* SPDX-License-Identifier: Apache-2.0
 *
 * Random detections of many kinds, and the textbook loop that exact suppression is held against.
 */
#ifndef TESTS_SUPPORT_BOXES_H
#define TESTS_SUPPORT_BOXES_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plumbline/detections.h"
#include "random.h"

typedef enum box_kind {
    BOXES_CLUSTERED,
    BOXES_UNIFORM,
    BOXES_THIN,
    BOXES_NESTED,
    BOXES_IDENTICAL,
    BOXES_CROWD,
    BOXES_DISJOINT,
    BOXES_KINDS
} box_kind;

static inline double random_normal(random_state *r)
{
    double sum = -6.0;
    for (int i = 0; i < 12; i++)
        sum += random_unit(r);
    return sum;
}

static inline void box_of_kind(random_state *r, box_kind kind, int i, int count, double b[4])
{
    double side = ceil(sqrt((double)count));
    b[0] = random_between(r, 0, 640);
    b[1] = random_between(r, 0, 640);
    b[2] = 8 * exp(random_between(r, 0, 3.4));
    b[3] = 8 * exp(random_between(r, 0, 3.4));
    if (kind == BOXES_THIN) {
        b[2] = i % 2 ? 400 : 4;
        b[3] = i % 2 ? 4 : 400;
    } else if (kind == BOXES_NESTED) {
        b[0] = b[1] = 320;
        b[2] = b[3] = 1 + i * 0.1;
    } else if (kind == BOXES_IDENTICAL) {
        b[0] = b[1] = 300;
        b[2] = b[3] = 50;
    } else if (kind == BOXES_CROWD) {
        b[0] = random_between(r, 300, 364);
        b[1] = random_between(r, 300, 364);
        b[2] = random_between(r, 20, 40);
        b[3] = random_between(r, 20, 40);
    } else if (kind == BOXES_DISJOINT) {
        b[0] = fmod(i, side) * 10 + 5;
        b[1] = floor(i / side) * 10 + 5;
        b[2] = b[3] = 9;
    }
}

/* About twenty boxes an object, jittered by 8 %; the score falls with the jitter. */
static inline void make_clustered(random_state *r, plumb_detection *d, int count, int classes)
{
    int objects = count / 20 + 1;
    double(*object)[5] = malloc((size_t)objects * sizeof(*object));
    for (int i = 0; i < objects; i++) {
        box_of_kind(r, BOXES_UNIFORM, i, objects, object[i]);
        object[i][4] = random_below(r, classes);
    }
    for (int i = 0; i < count; i++) {
        const double *o = object[random_below(r, objects)];
        double e[4], w, h, x, y;
        for (int k = 0; k < 4; k++)
            e[k] = random_normal(r);
        w = o[2] * exp(0.08 * e[2]);
        h = o[3] * exp(0.08 * e[3]);
        x = o[0] + 0.08 * o[2] * e[0] - w / 2;
        y = o[1] + 0.08 * o[3] * e[1] - h / 2;
        plumb_box box = { (float)x, (float)y, (float)(x + w), (float)(y + h) };
        d[i].box = box;
        d[i].score =
            (float)(0.25 +
                    0.72 * random_unit(r) *
                        exp(-0.15 * (e[0] * e[0] + e[1] * e[1] + e[2] * e[2] + e[3] * e[3])));
        d[i].class_id = random_below(r, 10) == 0 ? random_below(r, classes) : (int)o[4];
    }
    free(object);
}

static inline void make_boxes(random_state *r, box_kind kind, plumb_detection *d, int count,
                              int classes)
{
    memset(d, 0, (size_t)count * sizeof(*d));
    if (kind == BOXES_CLUSTERED)
        make_clustered(r, d, count, classes);
    for (int i = 0; i < count; i++) {
        d[i].row = i;
        d[i].keypoints = -1;
        if (kind == BOXES_CLUSTERED)
            continue;
        double b[4];
        box_of_kind(r, kind, i, count, b);
        plumb_box box = { (float)(b[0] - b[2] / 2), (float)(b[1] - b[3] / 2),
                          (float)(b[0] + b[2] / 2), (float)(b[1] + b[3] / 2) };
        d[i].box = box;
        d[i].score = (float)random_between(r, 0.25, 0.95);
        d[i].class_id = random_below(r, classes);
    }
}

static inline int compare_detections(const void *a, const void *b)
{
    return plumb_detection_order(a, b);
}

/* The loop of every textbook, float by float: sort, then strike out what overlaps. Writes the
 * rows that stay, in order, and for each row its winner or -1; returns how many stay. */
static inline size_t textbook_nms(const plumb_detection *items, size_t count, float limit,
                                  bool class_aware, int32_t *rows, int32_t *winner_of_row)
{
    plumb_detection *d = malloc((count + 1) * sizeof(*d));
    unsigned char *struck = calloc(count + 1, 1);
    float *area = malloc((count + 1) * sizeof(*area));
    size_t kept = 0;
    memcpy(d, items, count * sizeof(*d));
    qsort(d, count, sizeof(*d), compare_detections);
    for (size_t i = 0; i < count; i++)
        area[i] = (d[i].box.x1 - d[i].box.x0) * (d[i].box.y1 - d[i].box.y0);
    for (size_t i = 0; i < count; i++) {
        if (struck[i])
            continue;
        winner_of_row[d[i].row] = -1;
        rows[kept++] = d[i].row;
        const plumb_box *p = &d[i].box;
        for (size_t j = i + 1; j < count; j++) {
            if (struck[j] || (class_aware && d[i].class_id != d[j].class_id))
                continue;
            const plumb_box *q = &d[j].box;
            float w = fminf(p->x1, q->x1) - fmaxf(p->x0, q->x0);
            float h = fminf(p->y1, q->y1) - fmaxf(p->y0, q->y0);
            float inter = fmaxf(w, 0.0f) * fmaxf(h, 0.0f);
            if (inter / (area[i] + area[j] - inter) > limit) {
                struck[j] = 1;
                winner_of_row[d[j].row] = d[i].row;
            }
        }
    }
    free(area);
    free(struck);
    free(d);
    return kept;
}

#endif
