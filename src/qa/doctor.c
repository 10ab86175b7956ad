/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/doctor.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/allocator.h"
#include "base/diag.h"
#include "qa/doctor_choose.h"
#include "qa/doctor_fixes.h"
#include "qa/doctor_scores.h"
#include "qa/doctor_surplus.h"

#define SET(field, ...) ((void)snprintf((field), sizeof(field), __VA_ARGS__))

/* A healthy detector misses one box in five and adds one for ten; a bad one misses half and adds
 * as many. Evidence between the two, in nats, from which on it is called bad. */
#define HEALTHY_MISSED 0.2
#define BAD_MISSED     0.5
#define HEALTHY_ADDED  0.1
#define BAD_ADDED      0.5
#define BAD_EVIDENCE   3.0
/* The same when only one kind, missed boxes or added ones, speaks for it. */
#define BAD_ALONE 5.0
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
    size_t agree_before, agree_after; /* classes of pairs */
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
            x->found += overlap >= FOUND_OVERLAP;
            x->report->matched++;
            int32_t seen = s->observed_class[frame->observed_at + (size_t)j];
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
    double after = share(x->agree_after, x->report->matched);
    qa_doctor_fault *fault = add_fault(x, QA_DOCTOR_CLASS_OFFSET, after);
    if (!fault)
        return;
    fault->count = x->agree_after;
    fault->measure = "class_agreement";
    fault->before = share(x->agree_before, x->report->matched);
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

/* Nats in favour of a bad detector, from the boxes that no fault accounts for; what speaks alone
 * is held back so that both ways compare with BAD_EVIDENCE. */
static double bad_evidence(const examination *x)
{
    double boxes = (double)x->all.truth_count, found = (double)x->found;
    double missed = (boxes - found) * log(BAD_MISSED / HEALTHY_MISSED) +
                    found * log((1.0 - BAD_MISSED) / (1.0 - HEALTHY_MISSED));
    double added = (double)x->surplus.other * log(BAD_ADDED / HEALTHY_ADDED) -
                   (BAD_ADDED - HEALTHY_ADDED) * boxes;
    return fmax(missed + added, fmax(missed, added) - (BAD_ALONE - BAD_EVIDENCE));
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
    SET(r->settle, "a frame of %dx%d with a box near %.0f,%.0f %.0fx%.0f would tell them apart",
        (int)x->choice.settle_image.width, (int)x->choice.settle_image.height, b.x, b.y, b.width,
        b.height);
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

static void decide(examination *x)
{
    qa_doctor_report *r = x->report;
    const qa_doctor_choice *c = &x->choice;
    double bad = bad_evidence(x);
    bool geometry = c->best->codes != 0;
    bool nothing = x->found == 0;
    bool kinds =
        x->surplus.threshold_missing || x->surplus.nms_missing || x->surplus.region_missing;
    if (!geometry && !kinds && (bad > BAD_EVIDENCE || nothing)) {
        bool lonely = x->surplus.other >= 3 && r->matched * 2 >= x->all.truth_count;
        r->verdict = QA_DOCTOR_MODEL;
        SET(r->reason,
            "%zu of %zu true boxes are found and %zu boxes have no shape that plumbing makes",
            r->matched, x->all.truth_count, x->surplus.other);
        if (lonely && x->count < 3) {
            r->verdict = QA_DOCTOR_UNKNOWN;
            SET(r->reason,
                "%zu boxes too many: region-missing and a poor model look the same in so "
                "few frames",
                x->surplus.other);
            SET(r->settle, "two more frames: a missing region brings them back at the same places");
        }
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
    r->verdict = r->fault_count ? QA_DOCTOR_PLUMBING : QA_DOCTOR_HEALTHY;
    if (r->fault_count == 0)
        SET(r->reason, "%zu of %zu true boxes are where they belong", r->matched,
            x->all.truth_count);
    else
        SET(r->reason, "undoing %zu fault%s explains %zu of %zu true boxes", r->fault_count,
            r->fault_count > 1 ? "s" : "", r->matched, x->all.truth_count);
}

/* Everything that follows from one explanation. */
static plumb_status look_closer(examination *x, plumb_diag *diag)
{
    x->report->matched = x->found = x->agree_before = x->agree_after = 0;
    (void)qa_sample_match(&x->all, x->choice.best, x->choice.best->jitter);
    measure_pairs(x);
    x->scores = qa_scores_examine(x->frames, x->count, &x->all);
    double confidence = x->options ? x->options->confidence : NAN;
    return qa_surplus_examine(x->frames, &x->all, x->choice.best, x->scores.state, confidence,
                              &x->surplus, diag);
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
        x->choice.best->score < bad_evidence(x) + BAD_EVIDENCE) {
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
