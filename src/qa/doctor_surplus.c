/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/doctor_surplus.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/allocator.h"
#include "base/diag.h"
#include "qa/chance.h"
#include "qa/doctor_places.h"

/* A surplus box that overlaps a found one by so much is a copy of it. */
#define COPY_OVERLAP 0.5
/* Scores that people hardly set a threshold below, and how many boxes a true one a detector with a
 * threshold gives all the same: of low scores and of such faint ones. */
#define FAINT       0.1
#define USUAL_LOW   0.15
#define USUAL_FAINT 0.02
#define LEVEL       1e-4
/* Copies that slip through a healthy NMS, and how rarely so many may. */
#define USUAL_COPIES 0.12
#define COPIES_LEVEL 0.03
/* Frames that are searched for recurring places. */
#define PLACE_FRAMES 64
#define PLACE_BOXES  2048
/* Pairs of boxes that are compared in the search for copies. */
#define COPY_BUDGET 20000000

typedef struct surplus_box {
    size_t frame; /* in the sample */
    plumb_rect rect;
    plumb_rect seen; /* as observed, nothing undone */
    double probability;
    bool found;
    bool echo; /* lies on a box with a better score */
    bool copy; /* the same, of a found box */
    bool low, recurring;
} surplus_box;

typedef struct surplus_list {
    surplus_box *boxes;
    size_t count;
} surplus_list;

static int ascending(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

static int by_probability(const void *left, const void *right)
{
    const surplus_box *a = left, *b = right;
    double p = isnan(a->probability) ? -1.0 : a->probability;
    double q = isnan(b->probability) ? -1.0 : b->probability;
    if (p != q)
        return p > q ? -1 : 1;
    return a->rect.x < b->rect.x ? -1 : a->rect.x > b->rect.x;
}

/* Every observed box, undone, with whether a true box accounts for it. */
static void collect(const qa_doctor_frame *frames, qa_doctor_sample *s, const qa_explanation *e,
                    qa_score_state scores, surplus_list *list)
{
    for (size_t f = 0; f < s->frame_count; f++) {
        const qa_sample_frame *frame = &s->frames[f];
        if (!qa_sample_undo(s, frame, e))
            continue;
        size_t first = list->count;
        for (size_t j = 0; j < frame->observed_count; j++) {
            size_t source = s->observed_source[frame->observed_at + j];
            surplus_box box = { .frame = f,
                                .rect = s->undone[j],
                                .seen = s->observed[frame->observed_at + j] };
            box.probability =
                qa_score_probability(scores, frames[frame->index].observed[source].score);
            list->boxes[list->count++] = box;
        }
        for (size_t i = 0; i < frame->truth_count; i++) {
            int32_t j = s->matches[frame->truth_at + i].observed;
            if (j >= 0)
                list->boxes[first + (size_t)j].found = true;
        }
        qsort(list->boxes + first, list->count - first, sizeof(*list->boxes), by_probability);
    }
}

/* Within a frame, best scores first: which box lies on which. What is past the budget counts as
 * lying on none. */
static void mark_copies(surplus_list *list)
{
    size_t budget = COPY_BUDGET;
    for (size_t i = 0, end; i < list->count; i = end) {
        for (end = i; end < list->count && list->boxes[end].frame == list->boxes[i].frame;)
            end++;
        for (size_t b = i; b < end && budget > end - i; b++) {
            surplus_box *box = &list->boxes[b];
            budget -= end - i;
            for (size_t a = i; a < end && !box->found && !box->copy; a++) {
                const surplus_box *other = &list->boxes[a];
                if (a == b || (a > b && !other->found) ||
                    qa_rect_iou(other->rect, box->rect) < COPY_OVERLAP)
                    continue;
                box->echo = true;
                box->copy = other->found;
            }
        }
    }
}

/* Below what a score is low: the card's threshold; without a card, what lies under nearly all
 * found boxes, within what people use as thresholds. */
static double low_limit(const surplus_list *list, double confidence, double *scratch)
{
    if (!isnan(confidence))
        return confidence;
    size_t n = 0;
    for (size_t i = 0; i < list->count; i++)
        if (list->boxes[i].found && !isnan(list->boxes[i].probability))
            scratch[n++] = list->boxes[i].probability;
    if (n == 0)
        return 0.1;
    qsort(scratch, n, sizeof(*scratch), ascending);
    return fmin(fmax(0.95 * scratch[n / 10], 0.1), 0.3);
}

static void count_kinds(const surplus_list *list, qa_surplus_finding *out)
{
    out->total = out->copies = out->low = out->recurring = out->other = out->matched = 0;
    for (size_t i = 0; i < list->count; i++) {
        const surplus_box *b = &list->boxes[i];
        if (b->found) {
            out->matched++;
            continue;
        }
        out->total++;
        if (b->copy)
            out->copies++;
        else if (b->low)
            out->low++;
        else if (b->recurring)
            out->recurring++;
        else
            out->other++;
    }
}

/* Copies: many of the found boxes have one. Low scores next to them may be either; where the
 * picture is full of low scores, those on top of a found box say nothing. */
static void decide_low_and_copies(surplus_list *list, size_t truth, qa_surplus_finding *out)
{
    size_t elsewhere = 0, low = 0, faint = 0;
    for (size_t i = 0; i < list->count; i++) {
        surplus_box *b = &list->boxes[i];
        b->low = !b->found && b->probability < out->low_limit;
        if (b->found || b->echo)
            continue;
        elsewhere++;
        low += b->low;
        faint += b->low && b->probability < FAINT;
    }
    out->threshold_missing =
        (low >= 5 && 2 * low >= truth) ||
        (3 * low >= 2 * elsewhere && qa_chance_poisson(USUAL_LOW * (double)truth, low) < LEVEL) ||
        (2 * faint >= elsewhere && qa_chance_poisson(USUAL_FAINT * (double)truth, faint) < LEVEL);
    for (size_t i = 0; i < list->count; i++) {
        surplus_box *b = &list->boxes[i];
        if (!out->threshold_missing)
            b->low = false;
        else if (b->low)
            b->copy = false;
    }
    count_kinds(list, out);
    out->nms_missing =
        out->copies >= 2 && 5 * out->copies >= 2 * out->matched &&
        qa_chance_poisson(USUAL_COPIES * (double)out->matched + 1e-9, out->copies) < COPIES_LEVEL;
    for (size_t i = 0; i < list->count; i++) {
        surplus_box *b = &list->boxes[i];
        b->copy = b->copy || (out->nms_missing && b->echo && !b->found && !b->low);
    }
}

static void note_places(const qa_place_box *boxes, size_t count, qa_surplus_finding *out)
{
    for (size_t i = 0; i < count && out->place_count < QA_MAX_PLACES; i++) {
        bool known = !boxes[i].recurring;
        for (size_t k = 0; k < out->place_count && !known; k++)
            known = qa_rect_iou(out->places[k], boxes[i].rect) > 0.2;
        if (!known)
            out->places[out->place_count++] = boxes[i].rect;
    }
}

/* Where places are looked for: where the boxes belong, where they were drawn (a region may have
 * been lost before another fault came, or after it), and on a moving object. */
typedef enum place_pass { PASS_UNDONE, PASS_SEEN, PASS_OBJECT, PASS_COUNT } place_pass;

/* Boxes of the first frames in units of the picture, on an object in such that
 * keep squares square; returns how many,
 * and the frames in `*frames`. */
static size_t place_boxes(const qa_doctor_sample *s, const surplus_list *list, place_pass pass,
                          qa_place_box *places, size_t *source, size_t *frames)
{
    size_t count = 0;
    *frames = 0;
    for (size_t i = 0; i < list->count && count < PLACE_BOXES; i++) {
        const surplus_box *b = &list->boxes[i];
        if ((i == 0 || b->frame != list->boxes[i - 1].frame) && ++*frames > PLACE_FRAMES) {
            --*frames;
            break;
        }
        plumb_rect r = pass == PASS_SEEN ? b->seen : b->rect;
        if (b->copy || b->low || !(r.width > 0.0) || !(r.height > 0.0))
            continue;
        double w = s->frames[b->frame].image.width, h = s->frames[b->frame].image.height;
        if (pass == PASS_OBJECT)
            w = h = sqrt(w * h);
        source[count] = i;
        places[count++] = (qa_place_box){
            (uint32_t)b->frame, !b->found, false, { r.x / w, r.y / h, r.width / w, r.height / h }
        };
    }
    return count;
}

/* Frames beyond those that were searched: what lies at a known place is of its kind. */
static void mark_rest(const qa_doctor_sample *s, surplus_list *list,
                      const qa_surplus_finding *found)
{
    for (size_t i = 0; i < list->count; i++) {
        surplus_box *b = &list->boxes[i];
        double w = s->frames[b->frame].image.width, h = s->frames[b->frame].image.height;
        plumb_rect r = { b->rect.x / w, b->rect.y / h, b->rect.width / w, b->rect.height / h };
        for (size_t k = 0; k < found->place_count && !b->found && !b->copy && !b->low; k++)
            b->recurring = b->recurring || qa_rect_iou(r, found->places[k]) > 0.3;
    }
}

static plumb_status find_places(const qa_doctor_sample *s, surplus_list *list,
                                qa_surplus_finding *out, plumb_diag *diag)
{
    qa_place_box *places = plumb_alloc_array(&s->context, PLACE_BOXES, sizeof(*places));
    size_t *source = plumb_alloc_array(&s->context, PLACE_BOXES, sizeof(*source));
    plumb_status status = PLUMB_OK;
    if (!places || !source)
        status = plumb_fail(diag, PLUMB_E_NOMEM, "", "no memory for the surplus boxes");
    size_t best = 2;
    for (int pass = 0; pass < PASS_COUNT && status == PLUMB_OK; pass++) {
        size_t frames;
        size_t count = place_boxes(s, list, (place_pass)pass, places, source, &frames);
        size_t marked = frames < 3            ? 0
                        : pass == PASS_OBJECT ? qa_places_on_object(places, count, frames)
                                              : qa_places_in_picture(places, count, frames, 0.4);
        /* An object is only followed for what the picture leaves open. */
        if (marked <= best || (pass == PASS_OBJECT && 3 * best > 2 * marked))
            continue;
        best = marked;
        out->region_missing = true;
        out->places_move = pass == PASS_OBJECT;
        out->place_count = 0;
        for (size_t i = 0; i < list->count; i++)
            list->boxes[i].recurring = false;
        for (size_t k = 0; k < count; k++)
            list->boxes[source[k]].recurring = places[k].recurring;
        note_places(places, count, out);
        if (pass == PASS_UNDONE)
            mark_rest(s, list, out);
    }
    plumb_release(&s->context, places);
    plumb_release(&s->context, source);
    return status;
}

plumb_status qa_surplus_examine(const qa_doctor_frame *frames, qa_doctor_sample *sample,
                                const qa_explanation *explanation, qa_score_state scores,
                                double confidence, qa_surplus_finding *finding, plumb_diag *diag)
{
    memset(finding, 0, sizeof(*finding));
    surplus_list list = { NULL, 0 };
    list.boxes = plumb_alloc_array(&sample->context, sample->observed_count, sizeof(*list.boxes));
    double *scratch = plumb_alloc_array(&sample->context, sample->observed_count, sizeof(*scratch));
    plumb_status status = PLUMB_OK;
    if (!list.boxes || !scratch) {
        status = plumb_fail(diag, PLUMB_E_NOMEM, "", "no memory for the surplus boxes");
    } else {
        collect(frames, sample, explanation, scores, &list);
        mark_copies(&list);
        finding->low_limit = low_limit(&list, confidence, scratch);
        decide_low_and_copies(&list, sample->truth_count, finding);
        status = find_places(sample, &list, finding, diag);
        count_kinds(&list, finding);
    }
    plumb_release(&sample->context, list.boxes);
    plumb_release(&sample->context, scratch);
    return status;
}
