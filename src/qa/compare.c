/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "qa/matching.h"

#define LEAST_IOU 0.1 /* of a pair that is not held together by its row */

/* Which of the other list each detection belongs to, -1: none. */
typedef struct pairing {
    ptrdiff_t *got;      /* by expected */
    ptrdiff_t *expected; /* by got */
} pairing;

const char *qa_change_name(qa_change change)
{
    static const char *const names[] = { "missing", "extra",     "class", "score",
                                         "box",     "keypoints", "angle", "regions",
                                         "row",     "order",     "frame" };
    return (size_t)change < sizeof(names) / sizeof(names[0]) ? names[change] : "?";
}

static double box_iou(const plumb_box *a, const plumb_box *b)
{
    plumb_rect first = { a->x0, a->y0, (double)a->x1 - a->x0, (double)a->y1 - a->y0 };
    plumb_rect second = { b->x0, b->y0, (double)b->x1 - b->x0, (double)b->y1 - b->y0 };
    return qa_rect_iou(first, second);
}

static void pair(pairing *p, size_t expected, size_t got)
{
    p->got[expected] = (ptrdiff_t)got;
    p->expected[got] = (ptrdiff_t)expected;
}

/* A row names one detection of one class, so pairs by row need no threshold. */
static void pair_by_row(const qa_frame *expected, const qa_frame *got, pairing *p)
{
    for (size_t i = 0; i < expected->count; i++) {
        const qa_detection *e = &expected->items[i];
        for (size_t k = 0; k < got->count && e->row >= 0 && p->got[i] < 0; k++) {
            const qa_detection *g = &got->items[k];
            if (p->expected[k] < 0 && g->row == e->row && g->class_id == e->class_id)
                pair(p, i, k);
        }
    }
}

/* Two boxes that overlap. */
typedef struct candidate {
    double iou;
    size_t expected, got;
} candidate;

static int best_first(const void *a, const void *b)
{
    const candidate *first = a, *second = b;
    if (first->iou != second->iou)
        return first->iou > second->iou ? -1 : 1;
    if (first->expected != second->expected)
        return first->expected < second->expected ? -1 : 1;
    return (first->got > second->got) - (first->got < second->got);
}

/* Boxes that are not paired yet and overlap; only counted where `candidates` is NULL. */
static size_t find_candidates(const qa_frame *expected, const qa_frame *got, const pairing *p,
                              bool any_class, candidate *candidates)
{
    size_t count = 0;
    for (size_t i = 0; i < expected->count; i++) {
        for (size_t k = 0; k < got->count && p->got[i] < 0; k++) {
            if (p->expected[k] >= 0 ||
                (!any_class && expected->items[i].class_id != got->items[k].class_id))
                continue;
            double iou = box_iou(&expected->items[i].box, &got->items[k].box);
            if (!(iou > LEAST_IOU))
                continue;
            if (candidates)
                candidates[count] = (candidate){ iou, i, k };
            count++;
        }
    }
    return count;
}

/* The best overlap first. */
static bool pair_by_overlap(const qa_frame *expected, const qa_frame *got, pairing *p,
                            bool any_class)
{
    size_t count = find_candidates(expected, got, p, any_class, NULL);
    candidate *candidates = count > 0 ? calloc(count, sizeof(*candidates)) : NULL;
    if (count == 0 || !candidates)
        return count == 0;
    find_candidates(expected, got, p, any_class, candidates);
    qsort(candidates, count, sizeof(*candidates), best_first);
    for (size_t i = 0; i < count; i++) {
        const candidate *c = &candidates[i];
        if (p->got[c->expected] < 0 && p->expected[c->got] < 0)
            pair(p, c->expected, c->got);
    }
    free(candidates);
    return true;
}

static double largest(double a, double b)
{
    return a > b ? a : b;
}

static double box_change(const plumb_box *a, const plumb_box *b)
{
    return largest(largest(fabs((double)a->x0 - b->x0), fabs((double)a->y0 - b->y0)),
                   largest(fabs((double)a->x1 - b->x1), fabs((double)a->y1 - b->y1)));
}

static double keypoint_change(const qa_detection *a, const qa_detection *b)
{
    if (a->keypoint_count != b->keypoint_count)
        return INFINITY;
    double change = 0.0;
    for (size_t i = 0; i < a->keypoint_count; i++) {
        const plumb_keypoint *p = &a->keypoints[i], *q = &b->keypoints[i];
        change = largest(change, fabs((double)p->x - q->x));
        change = largest(change, fabs((double)p->y - q->y));
        change = largest(change, fabs((double)p->score - q->score));
    }
    return change;
}

static bool same_regions(const qa_detection *a, const qa_detection *b)
{
    if (a->region_count != b->region_count)
        return false;
    for (size_t i = 0; i < a->region_count; i++)
        if (strcmp(a->regions[i], b->regions[i]) != 0)
            return false;
    return true;
}

static bool same_label(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static void add(qa_comparison *c, qa_change change, ptrdiff_t expected, ptrdiff_t got,
                double amount)
{
    qa_difference difference = { change, expected, got, amount };
    c->items[c->count++] = difference;
}

static void compare_pair(const qa_frame *expected, const qa_frame *got, ptrdiff_t i, ptrdiff_t k,
                         const qa_tolerances *t, qa_comparison *c)
{
    const qa_detection *e = &expected->items[i], *g = &got->items[k];
    size_t before = c->count;
    double score = fabs((double)e->score - g->score), box = box_change(&e->box, &g->box);
    double keypoints = keypoint_change(e, g), angle = fabs((double)e->angle - g->angle);
    if (e->class_id != g->class_id || !same_label(e->label, g->label))
        add(c, QA_CHANGE_CLASS, i, k, 0.0);
    if (score > t->score)
        add(c, QA_CHANGE_SCORE, i, k, score);
    if (box > t->box)
        add(c, QA_CHANGE_BOX, i, k, box);
    if (keypoints > t->keypoints)
        add(c, QA_CHANGE_KEYPOINTS, i, k, keypoints);
    if (angle > t->angle)
        add(c, QA_CHANGE_ANGLE, i, k, angle);
    if (!same_regions(e, g))
        add(c, QA_CHANGE_REGIONS, i, k, 0.0);
    /* Where a tolerance is given, rows that tie may change places. */
    if (c->count == before && e->row != g->row && t->score == 0.0 && t->box == 0.0)
        add(c, QA_CHANGE_ROW, i, k, 0.0);
    double iou = e->box.x0 == g->box.x0 && box == 0.0 ? 1.0 : box_iou(&e->box, &g->box);
    c->matched++;
    c->worst_iou = iou < c->worst_iou ? iou : c->worst_iou;
    c->worst_score = largest(c->worst_score, score);
    if (c->count > before)
        c->badness += 0.01 + 0.5 * (1.0 - iou) + 0.3 * fmin(score, 1.0) +
                      (e->class_id != g->class_id ? 0.5 : 0.0);
}

static void compare_lists(const qa_frame *expected, const qa_frame *got, const pairing *p,
                          const qa_tolerances *t, qa_comparison *c)
{
    if (expected->size.width != got->size.width || expected->size.height != got->size.height ||
        expected->orientation != got->orientation || expected->space != got->space ||
        (expected->has_angle != got->has_angle && expected->count + got->count > 0)) {
        add(c, QA_CHANGE_FRAME, -1, -1, 0.0);
        c->badness += 1.0;
    }
    bool in_order = true;
    for (size_t i = 0; i < expected->count; i++) {
        if (p->got[i] < 0) {
            add(c, QA_CHANGE_MISSING, (ptrdiff_t)i, -1, 0.0);
            c->badness += 1.0;
        } else {
            compare_pair(expected, got, (ptrdiff_t)i, p->got[i], t, c);
            in_order = in_order && p->got[i] == (ptrdiff_t)i;
        }
    }
    for (size_t k = 0; k < got->count; k++) {
        if (p->expected[k] < 0) {
            add(c, QA_CHANGE_EXTRA, -1, (ptrdiff_t)k, 0.0);
            c->badness += 1.0;
        }
    }
    if (c->count == 0 && !in_order && t->score == 0.0) {
        add(c, QA_CHANGE_ORDER, -1, -1, 0.0);
        c->badness += 0.01;
    }
}

static plumb_status no_memory(size_t boxes, plumb_diag *diag)
{
    return plumb_fail(diag, PLUMB_E_NOMEM, "", "no memory to compare %zu boxes", boxes);
}

plumb_status qa_compare(const qa_frame *expected, const qa_frame *got,
                        const qa_tolerances *tolerances, qa_comparison *comparison,
                        plumb_diag *diag)
{
    static const qa_tolerances exact = { 0 };
    qa_comparison made = { .worst_iou = 1.0 };
    size_t total = expected->count + got->count;
    memset(comparison, 0, sizeof(*comparison));
    ptrdiff_t *memory = malloc((total + 1) * sizeof(*memory));
    if (!memory)
        return no_memory(total, diag);
    for (size_t i = 0; i < total; i++)
        memory[i] = -1;
    pairing p = { memory, memory + expected->count };
    pair_by_row(expected, got, &p);
    bool paired =
        pair_by_overlap(expected, got, &p, false) && pair_by_overlap(expected, got, &p, true);
    /* Seven fields of a pair can change, and the frame or the order. */
    made.items = paired ? calloc(total * 7 + 2, sizeof(*made.items)) : NULL;
    if (made.items)
        compare_lists(expected, got, &p, tolerances ? tolerances : &exact, &made);
    free(memory);
    if (!made.items)
        return no_memory(total, diag);
    *comparison = made;
    return PLUMB_OK;
}

void qa_comparison_release(qa_comparison *comparison)
{
    free(comparison->items);
    memset(comparison, 0, sizeof(*comparison));
}

/* --- words --- */

static void add_what(qa_text *text, const qa_detection *d)
{
    if (d->label)
        qa_text_add(text, d->label);
    else
        qa_text_format(text, "class %d", (int)d->class_id);
}

static void add_box(qa_text *text, const plumb_box *box)
{
    qa_text_format(text, "[%.6g, %.6g, %.6g, %.6g]", (double)box->x0, (double)box->y0,
                   (double)box->x1 - box->x0, (double)box->y1 - box->y0);
}

static void add_whole(qa_text *text, const char *what, const qa_detection *d)
{
    qa_text_format(text, "%s: ", what);
    add_what(text, d);
    qa_text_format(text, " %.4g ", (double)d->score);
    add_box(text, &d->box);
    qa_text_format(text, " (row %d)", (int)d->row);
}

static void add_regions(qa_text *text, const qa_detection *d)
{
    if (d->region_count == 0)
        qa_text_add(text, "none");
    for (size_t i = 0; i < d->region_count; i++)
        qa_text_format(text, "%s'%s'", i ? ", " : "", d->regions[i]);
}

static void add_pair(qa_text *text, const qa_detection *e, const qa_detection *g,
                     const qa_difference *d)
{
    qa_text_format(text, "%s of ", qa_change_name(d->change));
    add_what(text, g);
    qa_text_add(text, " ");
    switch (d->change) {
    case QA_CHANGE_CLASS:
        qa_text_format(text, "%d, expected %d ", (int)g->class_id, (int)e->class_id);
        add_what(text, e);
        break;
    case QA_CHANGE_SCORE:
        qa_text_float(text, g->score);
        qa_text_add(text, ", expected ");
        qa_text_float(text, e->score);
        break;
    case QA_CHANGE_BOX:
        add_box(text, &g->box);
        qa_text_add(text, ", expected ");
        add_box(text, &e->box);
        qa_text_format(text, ", an edge is off by %.3g", d->amount);
        break;
    case QA_CHANGE_REGIONS:
        add_regions(text, g);
        qa_text_add(text, ", expected ");
        add_regions(text, e);
        break;
    case QA_CHANGE_ROW:
        qa_text_format(text, "%d, expected %d", (int)g->row, (int)e->row);
        return;
    default:
        qa_text_format(text, "changed by %.3g", d->amount);
        break;
    }
    qa_text_format(text, " (row %d)", (int)g->row);
}

void qa_describe(qa_text *text, const qa_frame *expected, const qa_frame *got,
                 const qa_difference *d)
{
    switch (d->change) {
    case QA_CHANGE_MISSING:
        add_whole(text, "missing", &expected->items[d->expected]);
        return;
    case QA_CHANGE_EXTRA:
        add_whole(text, "extra", &got->items[d->got]);
        return;
    case QA_CHANGE_ORDER:
        qa_text_add(text, "the same detections in another order");
        return;
    case QA_CHANGE_FRAME:
        qa_text_format(text, "frame %dx%d orientation %d in %s space, expected %dx%d %d %s",
                       (int)got->size.width, (int)got->size.height, (int)got->orientation,
                       plumb_space_name(got->space), (int)expected->size.width,
                       (int)expected->size.height, (int)expected->orientation,
                       plumb_space_name(expected->space));
        return;
    default:
        add_pair(text, &expected->items[d->expected], &got->items[d->got], d);
        return;
    }
}
