/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/doctor_search.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/allocator.h"
#include "base/diag.h"
#include "qa/doctor_fit.h"

/* True boxes, box pairs and observed boxes of a frame that each stage looks at. */
enum { SMALL_BOXES = 20, SMALL_PAIRS = 900, SMALL_MOST = 40 };
enum { MIDDLE_BOXES = 100, MIDDLE_PAIRS = 6000, MIDDLE_MOST = 64 };
enum { LARGE_BOXES = 2500, LARGE_PAIRS = 60000, LARGE_MOST = 400 };
/* Of two orders that come to the same, the one of the table. */
#define LATE_PRICE 0.3

enum { TO_MIDDLE = 400, TO_MIDDLE_EACH = 8, TO_LARGE_EACH = 3 };

/* Models take smaller pictures than cameras give: an input as large as the picture is rarer. So is
 * a tall input for wide pictures. */
static double surprise(const qa_doctor_step *step, plumb_size image)
{
    plumb_size input = step->made.spec.input;
    if (step->kind == QA_STEP_OTHER_INVERSE) {
        bool across = (input.width > input.height && image.width < image.height) ||
                      (input.width < input.height && image.width > image.height);
        return across ? 2.0 : 0.0;
    }
    plumb_affine a;
    if ((step->kind != QA_STEP_TO_INPUT && step->kind != QA_STEP_FROM_INPUT) ||
        !qa_layout_affine(&step->made, image, &a))
        return 0.0;
    double scale = fmax(fabs(a.m[0]) + fabs(a.m[1]), fabs(a.m[3]) + fabs(a.m[4]));
    return scale > 0.99 ? 1.5 : 0.0;
}

static void add(qa_doctor_search *s, const qa_doctor_step *first, const qa_doctor_step *second)
{
    if (s->tried_count == s->tried_capacity)
        return;
    qa_explanation e = { .jitter = QA_MATCH_USUAL_JITTER };
    const qa_doctor_step *steps[2] = { first, second };
    for (int k = 0; k < 2 && steps[k]; k++) {
        e.steps[e.count++] = steps[k];
        e.price += steps[k]->price + surprise(steps[k], s->typical);
        e.codes |= 1u << steps[k]->code;
    }
    if (e.count == 2 && e.steps[0]->code > e.steps[1]->code)
        e.price += LATE_PRICE;
    s->tried[s->tried_count++] = e;
}

/* Two faults of one kind are one fault of another, or none. */
static bool may_meet(const qa_doctor_step *a, const qa_doctor_step *b)
{
    return a->code != b->code && !(a->kind == QA_STEP_TURN && b->kind == QA_STEP_TURN &&
                                   a->orientation < PLUMB_ORIENTATION_LEFT_MIRRORED &&
                                   b->orientation < PLUMB_ORIENTATION_LEFT_MIRRORED);
}

static void add_catalogue(qa_doctor_search *s, bool card)
{
    const qa_doctor_catalogue *c = &s->catalogue;
    add(s, NULL, NULL);
    for (size_t i = 0; i < c->count; i++)
        add(s, &c->steps[i], NULL);
    for (size_t i = 0; i < c->count; i++) {
        for (size_t j = 0; j < c->count; j++) {
            bool both_plain = i < c->plain && j < c->plain;
            bool one_plain = i < c->plain || j < c->plain;
            if ((both_plain || one_plain || card) && may_meet(&c->steps[i], &c->steps[j]))
                add(s, &c->steps[i], &c->steps[j]);
        }
    }
}

/* A fault whose constants are to be fitted, alone, before or after `other`. */
static void add_fit(qa_doctor_search *s, qa_doctor_sample *sample, qa_doctor_step kind,
                    const qa_doctor_step *other, bool other_first)
{
    if (s->fitted_count == s->fitted_capacity || s->tried_count == s->tried_capacity)
        return;
    qa_doctor_step *step = &s->fitted[s->fitted_count];
    *step = kind;
    const qa_doctor_step *first = other && other_first ? other : step;
    const qa_doctor_step *second = !other ? NULL : other_first ? step : other;
    add(s, first, second);
    qa_explanation *e = &s->tried[s->tried_count - 1];
    if (!qa_fit_search(sample, e, step) || !qa_fit_sensible(step, sample->frames[0].image)) {
        s->tried_count--;
        return;
    }
    s->fitted_count++;
    double price = qa_fit_price(step, sample->truth_count);
    e->price += price - step->price;
    step->price = price;
}

static void add_fits(qa_doctor_search *s, qa_doctor_sample *sample, bool card)
{
    qa_doctor_step kinds[QA_FIT_KINDS];
    size_t kind_count = qa_fit_kinds(sample->one_size, kinds);
    const qa_doctor_catalogue *c = &s->catalogue;
    size_t others = card ? c->count : c->plain;
    for (size_t k = 0; k < kind_count; k++) {
        add_fit(s, sample, kinds[k], NULL, false);
        for (size_t i = 0; i < others; i++) {
            if (c->steps[i].code == kinds[k].code)
                continue;
            add_fit(s, sample, kinds[k], &c->steps[i], true);
            add_fit(s, sample, kinds[k], &c->steps[i], false);
        }
    }
}

static int by_score(const void *left, const void *right)
{
    const qa_explanation *a = left, *b = right;
    if (a->score != b->score)
        return a->score > b->score ? -1 : 1;
    return a->codes < b->codes ? -1 : a->codes > b->codes;
}

/* Keep the best `limit`, no more than `each` with the same codes; "no fault" always stays. */
static void thin(qa_doctor_search *s, size_t limit, size_t each)
{
    qsort(s->tried, s->tried_count, sizeof(*s->tried), by_score);
    size_t kept = 0;
    for (size_t i = 0; i < s->tried_count; i++) {
        size_t same = 0;
        if (kept >= limit && s->tried[i].codes != 0)
            continue;
        for (size_t k = 0; k < kept; k++)
            same += s->tried[k].codes == s->tried[i].codes;
        if (same < each)
            s->tried[kept++] = s->tried[i];
    }
    s->tried_count = kept;
}

static qa_doctor_step *fitted_step(qa_doctor_search *s, const qa_explanation *e)
{
    for (int k = 0; k < e->count; k++)
        if (e->steps[k] >= s->fitted && e->steps[k] < s->fitted + s->fitted_count)
            return s->fitted + (e->steps[k] - s->fitted);
    return NULL;
}

static void score_all(qa_doctor_search *s, qa_doctor_sample *sample, bool refine)
{
    for (size_t i = 0; i < s->tried_count; i++) {
        qa_explanation *e = &s->tried[i];
        qa_doctor_step *step = refine ? fitted_step(s, e) : NULL;
        if (step)
            qa_fit_refine(sample, e, step);
        e->score = qa_sample_worth(sample, e, QA_MATCH_USUAL_JITTER + 1) - e->price;
    }
}

static void judge_all(qa_doctor_search *s)
{
    for (size_t i = 0; i < s->tried_count; i++) {
        qa_explanation *e = &s->tried[i];
        qa_doctor_step *step = fitted_step(s, e);
        if (step)
            qa_fit_refine(&s->large, e, step);
        qa_sample_judge(&s->large, e);
        if (!step)
            continue;
        double price = qa_fit_price(step, e->matched);
        e->price += price - step->price;
        e->score = e->worth - e->price;
        step->price = price;
        if (!qa_fit_sensible(step, s->large.frames[0].image))
            e->score = -INFINITY;
    }
    thin(s, QA_MAX_FINALISTS - 1, 1);
    s->finalist_count = s->tried_count;
    memcpy(s->finalists, s->tried, s->tried_count * sizeof(*s->tried));
}

static plumb_status reserve(const plumb_context *context, qa_doctor_search *s, bool card,
                            plumb_diag *diag)
{
    const qa_doctor_catalogue *c = &s->catalogue;
    size_t partners = card ? c->count : c->plain;
    s->fitted_capacity = QA_FIT_KINDS * (1 + 2 * partners);
    s->tried_capacity = 1 + c->count + 2 * partners * c->count + s->fitted_capacity;
    s->fitted = plumb_alloc_array(context, s->fitted_capacity, sizeof(*s->fitted));
    s->tried = plumb_alloc_array(context, s->tried_capacity, sizeof(*s->tried));
    if (!s->fitted || !s->tried)
        return plumb_fail(diag, PLUMB_E_NOMEM, "", "no memory for the explanations");
    return PLUMB_OK;
}

static plumb_status run(const plumb_context *context, const qa_doctor_frame *frames, size_t count,
                        bool card, qa_doctor_search *s, plumb_diag *diag)
{
    qa_doctor_sample small, middle;
    plumb_status status =
        qa_sample_make(context, frames, count, SMALL_BOXES, SMALL_PAIRS, SMALL_MOST, &small, diag);
    if (status)
        return status;
    s->typical = small.frames[0].image;
    add_catalogue(s, card);
    score_all(s, &small, false);
    thin(s, TO_MIDDLE, TO_MIDDLE_EACH);
    add_fits(s, &small, card);
    qa_sample_release(&small);
    status = qa_sample_make(context, frames, count, MIDDLE_BOXES, MIDDLE_PAIRS, MIDDLE_MOST,
                            &middle, diag);
    if (status)
        return status;
    score_all(s, &middle, true);
    qa_sample_release(&middle);
    thin(s, QA_MAX_FINALISTS - 1, TO_LARGE_EACH);
    status = qa_sample_make(context, frames, count, LARGE_BOXES, LARGE_PAIRS, LARGE_MOST, &s->large,
                            diag);
    if (status == PLUMB_OK)
        judge_all(s);
    return status;
}

plumb_status qa_search_run(const plumb_context *context, const qa_doctor_frame *frames,
                           size_t count, const qa_doctor_options *options, qa_doctor_search *search,
                           plumb_diag *diag)
{
    memset(search, 0, sizeof(*search));
    search->large.context = *context;
    bool card = options && options->mapping;
    plumb_status status = qa_doctor_catalogue_make(context, options, &search->catalogue, diag);
    if (status == PLUMB_OK)
        status = reserve(context, search, card, diag);
    if (status == PLUMB_OK)
        status = run(context, frames, count, card, search, diag);
    if (status)
        qa_search_release(search);
    return status;
}

void qa_search_release(qa_doctor_search *s)
{
    const plumb_context context = s->large.context;
    qa_doctor_catalogue_release(&context, &s->catalogue);
    plumb_release(&context, s->fitted);
    plumb_release(&context, s->tried);
    qa_sample_release(&s->large);
    s->fitted = NULL;
    s->tried = NULL;
}
