/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>

#include "qa/doctor_fixes.h"
#include "qa/doctor_parts.h"

#define SET(field, ...) ((void)snprintf((field), sizeof(field), __VA_ARGS__))

/* Faults that depend on the model's input. */
#define MAPPING_CODES                                                                              \
    (1u << QA_DOCTOR_INPUT_SPACE_NOT_UNMAPPED | 1u << QA_DOCTOR_UNMAPPED_TWICE |                   \
     1u << QA_DOCTOR_PAD_PLACEMENT | 1u << QA_DOCTOR_WRONG_CROP_MODE)
/* So many pairs that agree on an offset are no accident, however poor the model is. */
#define SURE_CLASSES 8

static qa_doctor_fault *add_fault(qa_examination *x, qa_doctor_code code, double confidence)
{
    qa_doctor_report *r = x->report;
    if (r->fault_count == QA_DOCTOR_MAX_FAULTS)
        return NULL;
    qa_doctor_fault *fault = &r->faults[r->fault_count++];
    fault->code = code;
    fault->confidence = fmin(fmax(confidence, 0.0), 1.0);
    return fault;
}

static void add_geometry(qa_examination *x)
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

static void add_classes(qa_examination *x)
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

static void add_scores(qa_examination *x)
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

static void add_surplus(qa_examination *x, qa_doctor_code code, bool found, size_t count)
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

static void report_tie(qa_examination *x)
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

/* No fault that is left to name, and yet it is not well. */
static bool report_model(qa_examination *x)
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

static void report_health(qa_examination *x)
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

static bool shows_plumbing(const qa_examination *x)
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

void qa_doctor_decide(qa_examination *x)
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
