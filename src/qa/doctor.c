/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/doctor.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/allocator.h"
#include "base/diag.h"
#include "qa/doctor_choose.h"
#include "qa/doctor_fixes.h"
#include "qa/doctor_model.h"
#include "qa/doctor_scores.h"
#include "qa/doctor_surplus.h"

#define SET(field, ...) ((void)snprintf((field), sizeof(field), __VA_ARGS__))

/* Nats by which a fault has to beat a bad detector. */
#define MODEL_MARGIN 3.0
/* Faults that depend on the model's input. */
#define MAPPING_CODES                                                                              \
    (1u << QA_DOCTOR_INPUT_SPACE_NOT_UNMAPPED | 1u << QA_DOCTOR_UNMAPPED_TWICE |                   \
     1u << QA_DOCTOR_PAD_PLACEMENT | 1u << QA_DOCTOR_WRONG_CROP_MODE)
/* So many pairs that agree on an offset are no accident, however poor the model is. */
#define SURE_CLASSES 8
/* A pair that overlaps by less may be there by chance. */
#define FOUND_OVERLAP 0.55

/* Everything known about one run while it is examined. */
typedef struct examination {
    const qa_doctor_frame *frames;
    size_t count;
    const qa_doctor_options *options;
    qa_doctor_search search;
    qa_doctor_choice choice;
    qa_doctor_sample all;
    qa_score_finding scores;
    qa_surplus_finding surplus;
    qa_model_finding model;
    size_t classed;                   /* pairs that overlap well and have classes on both sides */
    size_t agree_before, agree_after; /* of them, with the same */
    size_t found;                     /* pairs that overlap well */
    qa_doctor_report *report;
} examination;

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
static void measure_pairs(examination *x)
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

static qa_doctor_fault *add_fault(examination *x, qa_doctor_code code, double confidence)
{
    qa_doctor_report *r = x->report;
    if (r->fault_count == QA_DOCTOR_MAX_FAULTS)
        return NULL;
    qa_doctor_fault *fault = &r->faults[r->fault_count++];
    fault->code = code;
    fault->confidence = fmin(fmax(confidence, 0.0), 1.0);
    return fault;
}

static void add_geometry(examination *x)
{
    const qa_explanation *e = x->choice.best;
    double lead = fmin(x->choice.lead, e->score - x->choice.identity->score);
    for (int k = 0; k < e->count; k++) {
        qa_doctor_fault *fault =
            add_fault(x, e->steps[k]->code, 1.0 / (1.0 + exp(-fmin(lead, 50.0))));
        if (!fault)
            return;
        fault->count = x->report->matched;
        fault->measure = "mean_iou";
        fault->before = x->report->mean_iou_before;
        fault->after = x->report->mean_iou_after;
        qa_fix_geometry(e->steps[k], x->search.large.frames[0].image, fault);
    }
}

static double share(size_t part, size_t whole)
{
    return whole ? (double)part / (double)whole : 0.0;
}

static void add_classes(examination *x)
{
    if (x->choice.best->class_offset == 0)
        return;
    double after = share(x->agree_after, x->classed);
    qa_doctor_fault *fault = add_fault(x, QA_DOCTOR_CLASS_OFFSET, after);
    if (!fault)
        return;
    fault->count = x->agree_after;
    fault->measure = "class_agreement";
    fault->before = share(x->agree_before, x->classed);
    fault->after = after;
    qa_fix_classes(x->choice.best->class_offset, fault);
}

static void add_scores(examination *x)
{
    const qa_score_finding *s = &x->scores;
    if (s->state != QA_SCORES_LOGITS && s->state != QA_SCORES_TWICE)
        return;
    bool missing = s->state == QA_SCORES_LOGITS;
    qa_doctor_code code = missing ? QA_DOCTOR_SIGMOID_MISSING : QA_DOCTOR_SIGMOID_TWICE;
    double doubt = missing ? exp(-2.0 * (double)s->outside) : exp(-0.8 * (double)s->count);
    qa_doctor_fault *fault = add_fault(x, code, 1.0 - doubt);
    if (!fault)
        return;
    fault->count = missing ? s->outside : s->squeezed;
    fault->measure = missing ? "scores_in_0_1" : "highest_score";
    fault->before = missing ? share(s->count - s->outside, s->count) : s->high;
    fault->after = missing ? 1.0 : qa_score_probability(QA_SCORES_TWICE, s->high);
    SET(fault->detail, "scores from %.3f to %.3f", s->low, s->high);
    qa_fix_scores(s->state, fault);
}

static void add_surplus(examination *x, qa_doctor_code code, bool found, size_t count)
{
    qa_doctor_fault *fault = found ? add_fault(x, code, 1.0 - exp(-(double)count)) : NULL;
    if (!fault)
        return;
    fault->count = count;
    fault->measure = "surplus_per_true_box";
    fault->before = share(x->surplus.total, x->report->truth_count);
    fault->after = share(x->surplus.total - count, x->report->truth_count);
    qa_fix_surplus(code, &x->surplus, fault);
}

static qa_model_counts count_for_model(const examination *x)
{
    qa_model_counts counts = { x->all.truth_count, x->found, x->surplus.other, x->classed,
                               x->agree_after };
    return counts;
}

static double model_evidence(const examination *x)
{
    qa_model_counts counts = count_for_model(x);
    return qa_model_evidence(&counts);
}

static void name_codes(uint32_t codes, char *text, size_t size)
{
    size_t at = 0;
    text[0] = '\0';
    for (int i = 0; i < QA_DOCTOR_CODE_COUNT; i++) {
        if (!(codes >> i & 1))
            continue;
        int n = snprintf(text + at, size - at, "%s%s", at ? " with " : "",
                         qa_doctor_code_name((qa_doctor_code)i));
        if (n < 0 || (size_t)n >= size - at)
            return;
        at += (size_t)n;
    }
}

static void report_tie(examination *x)
{
    qa_doctor_report *r = x->report;
    char first[100], second[100];
    name_codes(x->choice.best->codes, first, sizeof(first));
    name_codes(x->choice.tie->codes, second, sizeof(second));
    r->verdict = QA_DOCTOR_UNKNOWN;
    SET(r->reason, "%s and %s explain the boxes equally well", first, second);
    plumb_rect b = x->choice.settle_box;
    bool mapping = (x->choice.best->codes | x->choice.tie->codes) & MAPPING_CODES;
    bool card = x->options && x->options->mapping;
    SET(r->settle, "a frame of %dx%d with a box near %.0f,%.0f %.0fx%.0f would tell them apart%s",
        (int)x->choice.settle_image.width, (int)x->choice.settle_image.height, b.x, b.y, b.width,
        b.height,
        mapping && !card ? "; so may the card, which says the model's input and mode" : "");
}

static void add_rivals(examination *x)
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

/* No fault that is left to name, and yet it is not well. */
static bool report_model(examination *x)
{
    qa_doctor_report *r = x->report;
    if (!x->model.bad && x->found > 0)
        return false;
    if (x->model.bad && x->model.only_extras && x->count < 3) {
        r->verdict = QA_DOCTOR_UNKNOWN;
        SET(r->reason,
            "%zu boxes too many: in %zu frame%s a missing region and a poor model look the same",
            x->surplus.other, x->count, x->count > 1 ? "s" : "");
        SET(r->settle, "three frames or more: a missing region brings the boxes back at the same "
                       "places, a poor model does not");
        return true;
    }
    r->verdict = x->model.bad ? QA_DOCTOR_MODEL : QA_DOCTOR_UNKNOWN;
    SET(r->reason, "%s: no plumbing fault does that", x->model.reason);
    if (!x->model.bad) {
        SET(r->reason, "none of %zu true boxes is found, which may be bad luck",
            x->all.truth_count);
        SET(r->settle, "frames with 10 true boxes or more in all: a poor model misses those too");
    }
    return true;
}

static void report_health(examination *x)
{
    qa_doctor_report *r = x->report;
    r->verdict = QA_DOCTOR_HEALTHY;
    SET(r->reason, "%zu of %zu true boxes are where they belong", x->found, x->all.truth_count);
    if (!x->model.suspect)
        return;
    SET(r->reason, "%s: may be bad luck", x->model.reason);
    SET(r->settle, "about %zu true boxes in all would tell bad luck from a poor model",
        x->model.boxes_needed);
}

static bool shows_plumbing(const examination *x)
{
    const qa_surplus_finding *s = &x->surplus;
    /* Boxes that fell on true ones by chance have some offset, too. */
    bool classes =
        x->choice.best->class_offset != 0 &&
        !(x->model.bad && 2 * x->agree_after < x->all.truth_count && x->agree_after < SURE_CLASSES);
    return x->choice.best->codes != 0 || classes || s->threshold_missing || s->nms_missing ||
           s->region_missing || x->scores.state == QA_SCORES_LOGITS ||
           x->scores.state == QA_SCORES_TWICE;
}

static void decide(examination *x)
{
    qa_doctor_report *r = x->report;
    const qa_doctor_choice *c = &x->choice;
    if (!shows_plumbing(x)) {
        if (!report_model(x))
            report_health(x);
        return;
    }
    if (c->tie)
        report_tie(x);
    else
        add_geometry(x);
    add_classes(x);
    add_surplus(x, QA_DOCTOR_THRESHOLD_MISSING, x->surplus.threshold_missing, x->surplus.low);
    add_surplus(x, QA_DOCTOR_NMS_MISSING, x->surplus.nms_missing, x->surplus.copies);
    add_surplus(x, QA_DOCTOR_REGION_MISSING, x->surplus.region_missing, x->surplus.recurring);
    add_scores(x);
    if (c->tie)
        return;
    r->verdict = QA_DOCTOR_PLUMBING;
    SET(r->reason, "undoing %zu fault%s explains %zu of %zu true boxes", r->fault_count,
        r->fault_count > 1 ? "s" : "", r->matched, x->all.truth_count);
}

/* Everything that follows from one explanation. */
static plumb_status look_closer(examination *x, plumb_diag *diag)
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

static plumb_status examine(const plumb_context *context, examination *x, plumb_diag *diag)
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
    decide(x);
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
    examination x;
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
