/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/doctor_fit.h"

#include <math.h>
#include <string.h>

#include "qa/doctor_fit_pair.h"

#define MAX_VOTES    160
#define MAX_LOOKS    100000
#define REFINE_STEPS 5
/* From so many pairs of boxes in a frame on, sizes say which of them to try. */
#define CROWD_PAIRS 2500
/* Observed boxes that are tried for each true one in a crowd. */
#define CROWD_EACH 3

size_t qa_fit_kinds(bool one_size, qa_doctor_step kinds[QA_FIT_KINDS])
{
    static const struct {
        qa_doctor_code code;
        qa_free_shape shape;
        qa_free_units units;
        bool any_size; /* worth trying when all images have one size */
    } table[QA_FIT_KINDS] = {
        { QA_DOCTOR_ROI_NOT_APPLIED, QA_FREE_SHIFT, QA_FREE_NORMALIZED, true },
        { QA_DOCTOR_ROI_NOT_APPLIED, QA_FREE_SHIFT, QA_FREE_PIXELS, false },
        { QA_DOCTOR_ROI_NOT_APPLIED, QA_FREE_AFFINE, QA_FREE_NORMALIZED, true },
        { QA_DOCTOR_ROI_NOT_APPLIED, QA_FREE_AFFINE, QA_FREE_TO_FRACTION, false },
        { QA_DOCTOR_WRONG_IMAGE_SIZE, QA_FREE_UNIFORM, QA_FREE_PIXELS, true },
        { QA_DOCTOR_WRONG_IMAGE_SIZE, QA_FREE_SCALE, QA_FREE_FROM_FRACTION, true },
        { QA_DOCTOR_WRONG_IMAGE_SIZE, QA_FREE_SCALE, QA_FREE_PIXELS, false },
    };
    size_t count = 0;
    for (size_t i = 0; i < QA_FIT_KINDS; i++) {
        if (one_size && !table[i].any_size)
            continue;
        plumb_mapping_spec none = PLUMB_MAPPING_SPEC_INIT;
        qa_doctor_step step = { .code = table[i].code,
                                .kind = QA_STEP_FREE,
                                .shape = table[i].shape,
                                .units = table[i].units,
                                .scale = { 1.0, 1.0 } };
        step.made.spec = step.read.spec = none;
        kinds[count++] = step;
    }
    return count;
}

/* Weighted sums over edges of one axis. */
typedef struct sums {
    double w, p, q, pp, pq;
} sums;

static void add_to(sums *s, const qa_fit_pair *b, int axis, double robust)
{
    for (int k = 0; k < 2; k++) {
        double w = robust * b->weight[axis], p = b->p[axis][k], q = b->q[axis][k];
        s->w += w;
        s->p += w * p;
        s->q += w * q;
        s->pp += w * p * p;
        s->pq += w * p * q;
    }
}

static bool solve(const sums s[2], qa_doctor_step *step)
{
    for (int axis = 0; axis < 2; axis++) {
        const sums *a = &s[axis];
        double spread = a->w * a->pp - a->p * a->p;
        switch (step->shape) {
        case QA_FREE_SHIFT:
            step->scale[axis] = 1.0;
            step->shift[axis] = (a->q - a->p) / a->w;
            break;
        case QA_FREE_UNIFORM:
            step->scale[axis] = (s[0].pq + s[1].pq) / (s[0].pp + s[1].pp);
            step->shift[axis] = 0.0;
            break;
        case QA_FREE_SCALE:
            step->scale[axis] = a->pq / a->pp;
            step->shift[axis] = 0.0;
            break;
        case QA_FREE_AFFINE:
            step->scale[axis] = (a->w * a->pq - a->p * a->q) / spread;
            step->shift[axis] = (a->q - step->scale[axis] * a->p) / a->w;
            break;
        }
        if (!isfinite(step->scale[axis]) || !isfinite(step->shift[axis]) ||
            !(step->scale[axis] > 1e-6))
            return false;
    }
    return true;
}

void qa_fit_refine(qa_doctor_sample *s, qa_explanation *e, qa_doctor_step *step)
{
    for (int round = 0; round < REFINE_STEPS; round++) {
        /* Wide first, so that pairs far from where the votes were still pull. */
        int jitter = round < 2 ? QA_MATCH_JITTERS - 1 : QA_MATCH_USUAL_JITTER;
        if (!(qa_sample_match(s, e, jitter) > 0.0))
            return;
        sums total[2];
        memset(total, 0, sizeof(total));
        for (size_t f = 0; f < s->frame_count; f++) {
            const qa_sample_frame *frame = &s->frames[f];
            for (size_t i = 0; i < frame->truth_count; i++) {
                qa_match m = s->matches[frame->truth_at + i];
                qa_fit_pair b;
                if (m.observed < 0 ||
                    !qa_fit_make_pair(s, e, step, frame, i, (size_t)m.observed, &b))
                    continue;
                /* exp of the loss against a perfect pair is Student's weight to the 3.5th. */
                double loss = s->targets[jitter][frame->truth_at + i].worth - m.worth;
                double robust = exp(-loss / 3.5);
                add_to(&total[0], &b, 0, robust);
                add_to(&total[1], &b, 1, robust);
            }
        }
        qa_doctor_step kept = *step;
        if (!solve(total, step)) {
            *step = kept;
            return;
        }
    }
}

/* Could this pair come from the step at all? Sizes tell before positions do. */
static bool plausible(const qa_fit_pair *b, const qa_doctor_step *step)
{
    for (int axis = 0; axis < 2; axis++) {
        double ratio = (b->q[axis][1] - b->q[axis][0]) / (b->p[axis][1] - b->p[axis][0]);
        double expected = step->scale[axis];
        if (!(ratio > expected * 0.7) || !(ratio < expected * 1.43))
            return false;
    }
    return true;
}

static bool vote(const qa_fit_pair *first, const qa_fit_pair *second, qa_doctor_step *step)
{
    sums s[2];
    memset(s, 0, sizeof(s));
    for (int axis = 0; axis < 2; axis++) {
        add_to(&s[axis], first, axis, 1.0);
        if (second)
            add_to(&s[axis], second, axis, 1.0);
    }
    return solve(s, step) && plausible(first, step) && (!second || plausible(second, step));
}

typedef struct poll {
    qa_doctor_sample *sample;
    qa_explanation *explanation;
    qa_doctor_step *step, best;
    double best_worth;
    int votes, looks; /* pairs that were held against each other for a partner */
} poll;

/* `scale`: known, so that the pair only says where; or NULL. */
static void try_vote(poll *p, const qa_fit_pair *first, const qa_fit_pair *second,
                     const double *scale)
{
    if (p->votes >= MAX_VOTES || !vote(first, second, p->step))
        return;
    p->votes++;
    for (int axis = 0; axis < 2 && scale; axis++) {
        p->step->scale[axis] = scale[axis];
        p->step->shift[axis] = (first->q[axis][0] + first->q[axis][1] -
                                scale[axis] * (first->p[axis][0] + first->p[axis][1])) /
                               2.0;
    }
    double worth = qa_sample_worth(p->sample, p->explanation, QA_MATCH_JITTERS - 1);
    if (worth > p->best_worth) {
        p->best_worth = worth;
        p->best = *p->step;
    }
}

/* Four constants need two boxes that lie apart: the boxes after this one, each with the observed
 * box nearest to where the first pair sends it. */
static void vote_with_partners(poll *p, const qa_sample_frame *frame, size_t i,
                               const qa_fit_pair *first)
{
    qa_doctor_step rough = *p->step;
    if (!vote(first, NULL, &rough))
        return;
    for (size_t k = 0, tried = 0;
         k < frame->truth_count && tried < 4 && p->votes < MAX_VOTES && p->looks < MAX_LOOKS; k++) {
        p->looks += (int)frame->observed_count;
        if (k == i)
            continue;
        double best = 0.5;
        qa_fit_pair partner;
        bool found = false;
        for (size_t l = 0; l < frame->observed_count; l++) {
            qa_fit_pair b;
            if (!qa_fit_make_pair(p->sample, p->explanation, p->step, frame, k, l, &b) ||
                !plausible(&b, &rough))
                continue;
            double off = 0.0;
            for (int axis = 0; axis < 2; axis++)
                for (int edge = 0; edge < 2; edge++)
                    off += fabs(rough.scale[axis] * b.p[axis][edge] + rough.shift[axis] -
                                b.q[axis][edge]) /
                           (b.q[axis][1] - b.q[axis][0]);
            if (!found || off < best) {
                best = off;
                partner = b;
                found = true;
            }
        }
        if (found) {
            tried++;
            try_vote(p, first, &partner, NULL);
        }
    }
}

/* A crowd has too many pairs to try them all, and fixes the scale by itself: for true boxes spread
 * over the list, the observed ones whose sizes fit best. */
static void vote_in_crowd(poll *p, const qa_sample_frame *frame)
{
    double scale[2];
    qa_fit_crowd_scale(p->sample, p->explanation, p->step, frame, scale);
    size_t trials = MAX_VOTES / CROWD_EACH, stride = frame->truth_count / trials + 1;
    for (size_t i = 0; i < frame->truth_count && p->votes < MAX_VOTES; i += stride) {
        qa_fit_pair best[CROWD_EACH];
        double worst[CROWD_EACH];
        int count = 0;
        for (size_t j = 0; j < frame->observed_count; j++) {
            qa_fit_pair b;
            if (!qa_fit_make_pair(p->sample, p->explanation, p->step, frame, i, j, &b))
                continue;
            double off = qa_fit_misfit(&b, scale);
            if (!(off < 1.0) || (count == CROWD_EACH && off >= worst[count - 1]))
                continue;
            int at = count < CROWD_EACH ? count++ : count - 1;
            for (; at > 0 && worst[at - 1] > off; at--) {
                best[at] = best[at - 1];
                worst[at] = worst[at - 1];
            }
            best[at] = b;
            worst[at] = off;
        }
        for (int k = 0; k < count; k++)
            try_vote(p, &best[k], NULL, p->step->shape == QA_FREE_AFFINE ? scale : NULL);
    }
}

bool qa_fit_search(qa_doctor_sample *s, qa_explanation *e, qa_doctor_step *step)
{
    poll p = { s, e, step, *step, 0.0, 0, 0 };
    for (size_t f = 0; f < s->frame_count && p.votes < MAX_VOTES; f++) {
        const qa_sample_frame *frame = &s->frames[f];
        if (frame->truth_count * frame->observed_count > CROWD_PAIRS) {
            vote_in_crowd(&p, frame);
            continue;
        }
        for (size_t i = 0; i < frame->truth_count; i++) {
            for (size_t j = 0; j < frame->observed_count && p.votes < MAX_VOTES; j++) {
                qa_fit_pair b;
                if (!qa_fit_make_pair(s, e, step, frame, i, j, &b))
                    continue;
                try_vote(&p, &b, NULL, NULL);
                if (step->shape == QA_FREE_AFFINE)
                    vote_with_partners(&p, frame, i, &b);
            }
        }
    }
    if (!(p.best_worth > 0.0))
        return false;
    *step = p.best;
    qa_fit_refine(s, e, step);
    return true;
}
