/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/doctor_sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/allocator.h"
#include "base/diag.h"

/* Pixels of jitter that every box has: rounding of detectors and of annotation. */
#define PIXEL_FLOOR 0.3
/* Observed boxes that a crowded frame gives to any sample. */
#define CROWD_MOST 256

static bool finite_rect(plumb_rect r)
{
    return isfinite(r.x) && isfinite(r.y) && isfinite(r.width) && isfinite(r.height);
}

static bool true_box(const qa_doctor_box *box)
{
    return finite_rect(box->rect) && box->rect.width > 0.0 && box->rect.height > 0.0;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Observed boxes of a frame that are looked at: fewer than there are true ones would leave most of
 * a crowd without a partner. */
static size_t observed_most(const qa_doctor_frame *frame, size_t most)
{
    size_t crowd = smaller(frame->truth_count, CROWD_MOST);
    return smaller(frame->observed_count, most > crowd ? most : crowd);
}

static bool usable(const qa_doctor_frame *frame)
{
    return frame->truth_count > 0 && frame->observed_count > 0;
}

/* The k-th of n frames in an order that is spread evenly from the start: the step is prime to n
 * and near the golden section. */
static size_t spread(size_t k, size_t n)
{
    size_t step = (size_t)((double)n * 0.6180339887498949);
    for (step = step ? step : 1; step < n; step++) {
        size_t a = n, b = step;
        while (b) {
            size_t rest = a % b;
            a = b;
            b = rest;
        }
        if (a == 1)
            break;
    }
    return (size_t)(((unsigned long long)k * step) % n);
}

static size_t choose(const qa_doctor_frame *frames, size_t count, size_t boxes, size_t pairs,
                     size_t most, qa_doctor_sample *s)
{
    size_t chosen = 0, box_sum = 0, pair_sum = 0;
    bool all = boxes == SIZE_MAX;
    for (size_t k = 0; k < count && (all || chosen == 0 || (box_sum < boxes && pair_sum < pairs));
         k++) {
        size_t i = all ? k : spread(k, count);
        if (!all && !usable(&frames[i]))
            continue;
        s->frames[chosen++] = (qa_sample_frame){ .index = i };
        box_sum += frames[i].truth_count;
        pair_sum += frames[i].truth_count * observed_most(&frames[i], most);
    }
    return chosen;
}

static plumb_status reserve(qa_doctor_sample *s, const qa_doctor_frame *frames, size_t most,
                            plumb_diag *diag)
{
    size_t truth = 0, observed = 0, widest = 0, tallest = 0;
    for (size_t f = 0; f < s->frame_count; f++) {
        const qa_doctor_frame *frame = &frames[s->frames[f].index];
        size_t o = observed_most(frame, most);
        truth += frame->truth_count;
        observed += o;
        widest = o > widest ? o : widest;
        tallest = frame->truth_count > tallest ? frame->truth_count : tallest;
    }
    const plumb_context *c = &s->context;
    s->truth = plumb_alloc_array(c, truth, sizeof(*s->truth));
    s->truth_class = plumb_alloc_array(c, truth, sizeof(*s->truth_class));
    s->truth_source = plumb_alloc_array(c, truth, sizeof(*s->truth_source));
    s->sorted_class = plumb_alloc_array(c, truth, sizeof(*s->sorted_class));
    s->matches = plumb_alloc_array(c, truth, sizeof(*s->matches));
    s->observed = plumb_alloc_array(c, observed, sizeof(*s->observed));
    s->observed_class = plumb_alloc_array(c, observed, sizeof(*s->observed_class));
    s->observed_source = plumb_alloc_array(c, observed, sizeof(*s->observed_source));
    s->undone = plumb_alloc_array(c, widest, sizeof(*s->undone));
    s->candidates = plumb_alloc_array(c, tallest * QA_MATCH_KEEP, sizeof(*s->candidates));
    size_t longest = widest > tallest ? widest : tallest;
    s->taken = plumb_alloc_array(c, longest, 1);
    s->sides = plumb_alloc_array(c, longest, sizeof(*s->sides));
    s->undone_steps = plumb_alloc_array(c, QA_UNDONE_STEPS, sizeof(*s->undone_steps));
    if (s->undone_steps)
        memset(s->undone_steps, 0, QA_UNDONE_STEPS * sizeof(*s->undone_steps));
    bool complete = s->undone_steps && s->truth && s->truth_source && s->truth_class &&
                    s->sorted_class && s->matches && s->observed && s->observed_class &&
                    s->observed_source && s->undone && s->candidates && s->taken && s->sides;
    for (int j = 0; j < QA_MATCH_JITTERS; j++) {
        s->targets[j] = plumb_alloc_array(c, truth, sizeof(**s->targets));
        complete = complete && s->targets[j];
    }
    return complete ? PLUMB_OK : plumb_fail(diag, PLUMB_E_NOMEM, "", "no memory for the boxes");
}

typedef struct ranked {
    double score;
    size_t index;
} ranked;

static int by_score(const void *left, const void *right)
{
    const ranked *a = left, *b = right;
    if (a->score != b->score)
        return a->score > b->score ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

static plumb_status add_observed(qa_doctor_sample *s, const qa_doctor_frame *frame, size_t most,
                                 size_t *count, plumb_diag *diag)
{
    ranked *order = plumb_alloc_array(&s->context, frame->observed_count, sizeof(*order));
    if (!order)
        return plumb_fail(diag, PLUMB_E_NOMEM, "", "no memory for the boxes");
    size_t n = 0;
    most = observed_most(frame, most);
    for (size_t i = 0; i < frame->observed_count; i++)
        if (finite_rect(frame->observed[i].rect))
            order[n++] =
                (ranked){ isnan(frame->observed[i].score) ? 0.0 : frame->observed[i].score, i };
    if (n > most) {
        qsort(order, n, sizeof(*order), by_score);
        n = most;
    }
    for (size_t k = 0; k < n; k++) {
        const qa_doctor_box *box = &frame->observed[order[k].index];
        s->observed[s->observed_count] = box->rect;
        s->observed_class[s->observed_count] = box->class_id;
        s->observed_source[s->observed_count++] = order[k].index;
    }
    plumb_release(&s->context, order);
    *count = n;
    return PLUMB_OK;
}

static int by_value(const void *left, const void *right)
{
    int32_t a = *(const int32_t *)left, b = *(const int32_t *)right;
    return a < b ? -1 : a > b;
}

static plumb_status fill(qa_doctor_sample *s, const qa_doctor_frame *frames, size_t most,
                         plumb_diag *diag)
{
    s->one_size = true;
    for (size_t f = 0; f < s->frame_count; f++) {
        qa_sample_frame *to = &s->frames[f];
        const qa_doctor_frame *from = &frames[to->index];
        to->image = from->image;
        s->one_size = s->one_size && to->image.width == s->frames[0].image.width &&
                      to->image.height == s->frames[0].image.height;
        to->truth_at = s->truth_count;
        to->observed_at = s->observed_count;
        plumb_status status = add_observed(s, from, most, &to->observed_count, diag);
        if (status)
            return status;
        for (size_t i = 0; i < from->truth_count; i++) {
            if (!true_box(&from->truth[i]))
                continue;
            s->truth[s->truth_count] = from->truth[i].rect;
            s->truth_source[s->truth_count] = i;
            s->truth_class[s->truth_count] = from->truth[i].class_id;
            for (int j = 0; j < QA_MATCH_JITTERS; j++)
                s->targets[j][s->truth_count] =
                    qa_match_prepare(from->truth[i].rect, from->image, qa_match_jitters[j],
                                     PIXEL_FLOOR, to->observed_count);
            s->truth_count++;
        }
        to->truth_count = s->truth_count - to->truth_at;
        const qa_match_target *targets[QA_MATCH_JITTERS];
        for (int j = 0; j < QA_MATCH_JITTERS; j++)
            targets[j] = s->targets[j] + to->truth_at;
        if (!qa_match_grid_make(&s->context, targets, to->truth_count, &to->grid))
            return plumb_fail(diag, PLUMB_E_NOMEM, "", "no memory for the boxes");
    }
    double *scratch = plumb_alloc_array(&s->context, s->observed_count, sizeof(*scratch));
    if (!scratch)
        return plumb_fail(diag, PLUMB_E_NOMEM, "", "no memory for the boxes");
    if (s->observed_count > 0)
        s->log_spread = qa_sample_spread(s, scratch);
    plumb_release(&s->context, scratch);
    memcpy(s->sorted_class, s->truth_class, s->truth_count * sizeof(*s->sorted_class));
    qsort(s->sorted_class, s->truth_count, sizeof(*s->sorted_class), by_value);
    return PLUMB_OK;
}

plumb_status qa_sample_make(const plumb_context *context, const qa_doctor_frame *frames,
                            size_t count, size_t boxes, size_t pairs, size_t most,
                            qa_doctor_sample *sample, plumb_diag *diag)
{
    memset(sample, 0, sizeof(*sample));
    sample->context = *context;
    sample->frames = plumb_alloc_array(context, count, sizeof(*sample->frames));
    if (!sample->frames)
        return plumb_fail(diag, PLUMB_E_NOMEM, "", "no memory for the frames");
    sample->frame_count = choose(frames, count, boxes, pairs, most, sample);
    plumb_status status = reserve(sample, frames, most, diag);
    if (status == PLUMB_OK)
        status = fill(sample, frames, most, diag);
    if (status)
        qa_sample_release(sample);
    return status;
}

void qa_sample_release(qa_doctor_sample *s)
{
    const plumb_context *c = &s->context;
    for (size_t f = 0; f < s->frame_count; f++)
        qa_match_grid_release(c, &s->frames[f].grid);
    plumb_release(c, s->frames);
    plumb_release(c, s->undone_steps);
    plumb_release(c, s->truth);
    plumb_release(c, s->truth_class);
    plumb_release(c, s->truth_source);
    plumb_release(c, s->sorted_class);
    plumb_release(c, s->matches);
    plumb_release(c, s->observed);
    plumb_release(c, s->observed_class);
    plumb_release(c, s->observed_source);
    plumb_release(c, s->undone);
    plumb_release(c, s->candidates);
    plumb_release(c, s->taken);
    plumb_release(c, s->sides);
    for (int j = 0; j < QA_MATCH_JITTERS; j++)
        plumb_release(c, s->targets[j]);
    plumb_context kept = s->context;
    memset(s, 0, sizeof(*s));
    s->context = kept;
}
