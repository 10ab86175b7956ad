/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/doctor.h"

#include <math.h>
#include <string.h>

#include "base/allocator.h"
#include "base/diag.h"
#include "qa/doctor_parts.h"

/* Nats by which a fault has to beat a bad detector. */
#define MODEL_MARGIN 3.0
/* A pair that overlaps by less may be there by chance. */
#define FOUND_OVERLAP 0.55

static plumb_status check(const qa_doctor_frame *frames, size_t count, qa_doctor_report *r,
                          plumb_diag *diag)
{
    if (!frames || count == 0)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "frames", "there is no frame to look at");
    bool shared = false;
    for (size_t i = 0; i < count; i++) {
        const qa_doctor_frame *f = &frames[i];
        if (f->image.width < 1 || f->image.height < 1 || f->image.width > PLUMB_MAX_SIDE ||
            f->image.height > PLUMB_MAX_SIDE)
            return plumb_fail_at(diag, PLUMB_E_SIZE, "frames", i, "width",
                                 "an image of %dx%d; sides are 1..%d", (int)f->image.width,
                                 (int)f->image.height, PLUMB_MAX_SIDE);
        if (f->truth_count > QA_DOCTOR_MAX_BOXES || f->observed_count > QA_DOCTOR_MAX_BOXES)
            return plumb_fail_at(diag, PLUMB_E_LIMIT, "frames", i, NULL,
                                 "more than %d boxes in one list", QA_DOCTOR_MAX_BOXES);
        r->truth_count += f->truth_count;
        r->observed_count += f->observed_count;
        shared = shared || (f->truth_count > 0 && f->observed_count > 0);
    }
    r->frame_count = count;
    if (r->truth_count == 0)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "truth", "there is no true box in any frame");
    if (r->observed_count == 0)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "observed",
                          "there is no observed box in any frame");
    if (!shared)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "frames",
                          "no frame has both true and observed boxes");
    return PLUMB_OK;
}

/* Mean IoU of the pairs after the fix, and of the same pairs as observed; and their classes. */
static void measure_pairs(qa_examination *x)
{
    qa_doctor_sample *s = &x->all;
    const qa_explanation *e = x->choice.best;
    double before = 0.0, after = 0.0;
    for (size_t f = 0; f < s->frame_count; f++) {
        const qa_sample_frame *frame = &s->frames[f];
        if (!qa_sample_undo(s, frame, e))
            continue;
        for (size_t i = 0; i < frame->truth_count; i++) {
            size_t t = frame->truth_at + i;
            int32_t j = s->matches[t].observed;
            if (j < 0)
                continue;
            before += qa_rect_iou(s->truth[t], s->observed[frame->observed_at + (size_t)j]);
            double overlap = qa_rect_iou(s->truth[t], s->undone[j]);
            after += overlap;
            x->report->matched++;
            if (overlap < FOUND_OVERLAP)
                continue;
            x->found++;
            int32_t seen = s->observed_class[frame->observed_at + (size_t)j];
            if (seen == QA_NO_CLASS || s->truth_class[t] == QA_NO_CLASS)
                continue;
            x->classed++;
            x->agree_before += seen == s->truth_class[t];
            x->agree_after += seen - e->class_offset == s->truth_class[t];
        }
    }
    if (x->report->matched) {
        x->report->mean_iou_before = before / (double)x->report->matched;
        x->report->mean_iou_after = after / (double)x->report->matched;
    }
}

static qa_model_counts count_for_model(const qa_examination *x)
{
    qa_model_counts counts = { x->all.truth_count, x->found, x->surplus.other, x->classed,
                               x->agree_after };
    return counts;
}

static double model_evidence(const qa_examination *x)
{
    qa_model_counts counts = count_for_model(x);
    return qa_model_evidence(&counts);
}

static void add_rivals(qa_examination *x)
{
    qa_doctor_report *r = x->report;
    bool tie = x->choice.tie != NULL;
    for (size_t i = 0; i < x->search.finalist_count && r->rival_count < QA_DOCTOR_MAX_RIVALS; i++) {
        qa_explanation e = x->search.finalists[i];
        bool chosen = &x->search.finalists[i] == x->choice.best;
        plumb_size at_hand = x->search.large.frames[0].image;
        if (!isfinite(e.score) || (chosen && !tie) ||
            (!chosen && qa_doctor_same(x->choice.best, &e, at_hand)))
            continue;
        (void)qa_sample_match(&x->search.large, &e, e.jitter);
        double sum = 0.0;
        const qa_doctor_sample *s = &x->search.large;
        for (size_t f = 0; f < s->frame_count; f++) {
            const qa_sample_frame *frame = &s->frames[f];
            if (!qa_sample_undo(&x->search.large, frame, &e))
                continue;
            for (size_t k = frame->truth_at; k < frame->truth_at + frame->truth_count; k++)
                if (s->matches[k].observed >= 0)
                    sum += qa_rect_iou(s->truth[k], s->undone[s->matches[k].observed]);
        }
        double mean = e.matched ? sum / (double)e.matched : 0.0;
        r->rivals[r->rival_count++] = (qa_doctor_rival){ e.codes, e.score, mean };
    }
}

/* Everything that follows from one explanation. */
static plumb_status look_closer(qa_examination *x, plumb_diag *diag)
{
    x->report->matched = x->found = 0;
    x->classed = x->agree_before = x->agree_after = 0;
    (void)qa_sample_match(&x->all, x->choice.best, x->choice.best->jitter);
    measure_pairs(x);
    x->scores = qa_scores_examine(x->frames, x->count, &x->all);
    double confidence = x->options ? x->options->confidence : NAN;
    plumb_status status = qa_surplus_examine(x->frames, &x->all, x->choice.best, x->scores.state,
                                             confidence, &x->surplus, diag);
    if (status)
        return status;
    qa_model_counts counts = count_for_model(x);
    return qa_model_examine(x->frames, &x->all, &counts, x->scores.state, &x->model, diag);
}

static plumb_status examine(const plumb_context *context, qa_examination *x, plumb_diag *diag)
{
    plumb_status status = qa_search_run(context, x->frames, x->count, x->options, &x->search, diag);
    if (status)
        return status;
    x->choice = qa_doctor_choose(&x->search);
    status =
        qa_sample_make(context, x->frames, x->count, SIZE_MAX, SIZE_MAX, SIZE_MAX, &x->all, diag);
    if (status == PLUMB_OK)
        status = look_closer(x, diag);
    /* Chance is an explanation too: a fault has to beat a bad detector. */
    if (status == PLUMB_OK && x->choice.best->codes != 0 &&
        x->choice.best->score < model_evidence(x) + MODEL_MARGIN) {
        x->choice.best = x->choice.identity;
        x->choice.tie = NULL;
        status = look_closer(x, diag);
    }
    if (status)
        return status;
    x->report->score = x->choice.best->score;
    qa_doctor_decide(x);
    add_rivals(x);
    return PLUMB_OK;
}

plumb_status qa_doctor_examine(const plumb_context *context, const qa_doctor_frame *frames,
                               size_t count, const qa_doctor_options *options,
                               qa_doctor_report *report, plumb_diag *diag)
{
    if (!report)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "report", "is NULL");
    plumb_context resolved = plumb_context_resolve(context);
    qa_doctor_report made;
    memset(&made, 0, sizeof(made));
    plumb_status status = check(frames, count, &made, diag);
    if (status)
        return status;
    qa_examination x;
    memset(&x, 0, sizeof(x));
    x.frames = frames;
    x.count = count;
    x.options = options;
    x.report = &made;
    x.search.large.context = x.all.context = resolved;
    status = examine(&resolved, &x, diag);
    qa_sample_release(&x.all);
    qa_search_release(&x.search);
    if (status == PLUMB_OK)
        *report = made;
    return status;
}
