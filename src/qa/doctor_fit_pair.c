/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/doctor_fit_pair.h"

#include <math.h>
#include <stdlib.h>

static void to_units(plumb_rect r, double width, double height, double edges[2][2])
{
    edges[0][0] = r.x / width;
    edges[0][1] = (r.x + r.width) / width;
    edges[1][0] = r.y / height;
    edges[1][1] = (r.y + r.height) / height;
}

static void units_of(const qa_doctor_step *step, plumb_size image, double p[2], double q[2])
{
    bool in = step->units == QA_FREE_NORMALIZED || step->units == QA_FREE_FROM_FRACTION;
    bool to = step->units == QA_FREE_NORMALIZED || step->units == QA_FREE_TO_FRACTION;
    p[0] = in ? image.width : 1.0;
    p[1] = in ? image.height : 1.0;
    q[0] = to ? image.width : 1.0;
    q[1] = to ? image.height : 1.0;
}

/* What stands between the step and the boxes: a step before it changes the true boxes, one after
 * it has to be undone in the observed ones. */
static bool true_side(const qa_explanation *e, const qa_doctor_step *step, plumb_size image,
                      plumb_rect *p)
{
    if (e->count == 2 && e->steps[1] == step) {
        qa_box_map map;
        if (!qa_step_forward(e->steps[0], image, &map))
            return false;
        *p = qa_box_map_rect(&map, *p);
    }
    return p->width > 0.0 && p->height > 0.0;
}

static bool observed_side(const qa_explanation *e, const qa_doctor_step *step, plumb_size image,
                          plumb_rect *q)
{
    if (e->count == 2 && e->steps[0] == step) {
        qa_box_map map;
        if (!qa_step_backward(e->steps[1], image, &map))
            return false;
        *q = qa_box_map_rect(&map, *q);
    }
    return q->width > 0.0 && q->height > 0.0;
}

bool qa_fit_make_pair(const qa_doctor_sample *s, const qa_explanation *e,
                      const qa_doctor_step *step, const qa_sample_frame *frame, size_t truth,
                      size_t observed, qa_fit_pair *out)
{
    plumb_rect p = s->truth[frame->truth_at + truth];
    plumb_rect q = s->observed[frame->observed_at + observed];
    if (!true_side(e, step, frame->image, &p) || !observed_side(e, step, frame->image, &q))
        return false;
    double of_p[2], of_q[2];
    units_of(step, frame->image, of_p, of_q);
    to_units(p, of_p[0], of_p[1], out->p);
    to_units(q, of_q[0], of_q[1], out->q);
    for (int axis = 0; axis < 2; axis++) {
        double side = out->p[axis][1] - out->p[axis][0];
        out->weight[axis] = 1.0 / (side * side);
    }
    return true;
}

static int by_value(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

static double median(double *values, size_t count)
{
    if (count == 0)
        return NAN;
    qsort(values, count, sizeof(*values), by_value);
    return values[count / 2];
}

void qa_fit_crowd_scale(qa_doctor_sample *s, const qa_explanation *e, const qa_doctor_step *step,
                        const qa_sample_frame *frame, double scale[2])
{
    double of_p[2], of_q[2];
    units_of(step, frame->image, of_p, of_q);
    for (int axis = 0; axis < 2; axis++) {
        size_t count = 0;
        for (size_t i = 0; i < frame->truth_count; i++) {
            plumb_rect r = s->truth[frame->truth_at + i];
            if (true_side(e, step, frame->image, &r))
                s->sides[count++] = (axis ? r.height : r.width) / of_p[axis];
        }
        double real = median(s->sides, count);
        count = 0;
        for (size_t j = 0; j < frame->observed_count; j++) {
            plumb_rect r = s->observed[frame->observed_at + j];
            if (observed_side(e, step, frame->image, &r))
                s->sides[count++] = (axis ? r.height : r.width) / of_q[axis];
        }
        scale[axis] = median(s->sides, count) / real;
    }
}

double qa_fit_misfit(const qa_fit_pair *b, const double scale[2])
{
    double sum = 0.0;
    for (int axis = 0; axis < 2; axis++)
        sum += fabs(
            log((b->q[axis][1] - b->q[axis][0]) / (b->p[axis][1] - b->p[axis][0]) / scale[axis]));
    return sum;
}
