/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/doctor_model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/allocator.h"
#include "base/diag.h"
#include "qa/chance.h"

#define SET(field, ...) ((void)snprintf((field), sizeof(field), __VA_ARGS__))

/* A healthy detector misses one box in five, adds one for ten and confuses one class in twenty; a
 * bad one misses half and adds as many. */
#define HEALTHY_MISSED   0.2
#define BAD_MISSED       0.5
#define HEALTHY_ADDED    0.1
#define BAD_ADDED        0.5
#define HEALTHY_CONFUSED 0.05
#define BAD_CONFUSED     0.4
/* So rarely may a healthy detector be called bad, over the tests made; they are discrete and stay
 * well below. */
#define LEVEL 2e-4
#define TESTS 4.0
/* From this chance on a run that looks bad is mentioned. */
#define SUSPECT 0.1
/* No more boxes are asked for. */
#define MOST_NEEDED 20000
/* Scores that are repeated keep their ranks by so much (Spearman), shuffled ones by less than
 * HALF_RANK; and so many deviations lie between chance and a call. */
#define HEALTHY_RANK 0.8
#define HALF_RANK    0.4
#define DEVIATIONS   3.7
/* Scores that differ by less than this are the same score with rounding. */
#define SAME_SCORE 0.1

static double against(size_t hits, size_t trials, double healthy, double bad)
{
    return (double)hits * log(bad / healthy) +
           (double)(trials - hits) * log((1.0 - bad) / (1.0 - healthy));
}

static double missed_evidence(const qa_model_counts *c)
{
    return against(c->boxes - c->found, c->boxes, HEALTHY_MISSED, BAD_MISSED);
}

static double extras_evidence(const qa_model_counts *c)
{
    return (double)c->extras * log(BAD_ADDED / HEALTHY_ADDED) -
           (BAD_ADDED - HEALTHY_ADDED) * (double)c->boxes;
}

double qa_model_evidence(const qa_model_counts *c)
{
    double missed = missed_evidence(c), added = extras_evidence(c);
    return fmax(missed + added, fmax(missed, added) - 2.0);
}

/* The chance that a healthy detector does as badly in the worst of the ways. */
static double chance(const qa_model_counts *c)
{
    double missed = qa_chance_binomial(c->boxes, c->boxes - c->found, HEALTHY_MISSED);
    double extras = qa_chance_poisson(HEALTHY_ADDED * (double)c->boxes, c->extras);
    double classes = qa_chance_binomial(c->classed, c->classed - c->agreed, HEALTHY_CONFUSED);
    double worst = 1.0;
    if (missed_evidence(c) > 0.0)
        worst = fmin(worst, missed);
    if (extras_evidence(c) > 0.0)
        worst = fmin(worst, extras);
    if (missed_evidence(c) + extras_evidence(c) > 0.0)
        worst = fmin(worst, qa_chance_both(missed, extras));
    if (against(c->classed - c->agreed, c->classed, HEALTHY_CONFUSED, BAD_CONFUSED) > 0.0)
        worst = fmin(worst, classes);
    return TESTS * worst;
}

static size_t scaled(size_t count, size_t boxes, size_t now)
{
    return (size_t)((double)count * (double)boxes / (double)now + 0.5);
}

/* True boxes at which the same rates would be beyond chance; rounded up to something to say. */
static size_t boxes_needed(const qa_model_counts *c)
{
    for (size_t boxes = c->boxes + 1; boxes < MOST_NEEDED; boxes += boxes / 10 + 1) {
        qa_model_counts more = { boxes, scaled(c->found, boxes, c->boxes),
                                 scaled(c->extras, boxes, c->boxes),
                                 scaled(c->classed, boxes, c->boxes),
                                 scaled(c->agreed, boxes, c->boxes) };
        if (chance(&more) < LEVEL)
            return (boxes + 9) / 10 * 10;
    }
    return MOST_NEEDED;
}

typedef struct score_pair {
    double truth, seen, truth_rank, seen_rank;
} score_pair;

static int by_truth(const void *left, const void *right)
{
    const score_pair *a = left, *b = right;
    return a->truth < b->truth ? -1 : a->truth > b->truth;
}

static int by_seen(const void *left, const void *right)
{
    const score_pair *a = left, *b = right;
    return a->seen < b->seen ? -1 : a->seen > b->seen;
}

/* Ranks with ties shared, from a sorted list. */
static void rank(score_pair *pairs, size_t count, bool truth)
{
    for (size_t i = 0, end; i < count; i = end) {
        double value = truth ? pairs[i].truth : pairs[i].seen;
        for (end = i; end < count && (truth ? pairs[end].truth : pairs[end].seen) == value;)
            end++;
        for (size_t k = i; k < end; k++)
            *(truth ? &pairs[k].truth_rank : &pairs[k].seen_rank) = 0.5 * (double)(i + end - 1);
    }
}

/* Spearman's rank correlation; false where one side's scores are all alike. */
static bool correlation(score_pair *pairs, size_t count, double *result)
{
    qsort(pairs, count, sizeof(*pairs), by_truth);
    rank(pairs, count, true);
    qsort(pairs, count, sizeof(*pairs), by_seen);
    rank(pairs, count, false);
    double mean = 0.5 * (double)(count - 1), xx = 0.0, yy = 0.0, xy = 0.0;
    for (size_t i = 0; i < count; i++) {
        double x = pairs[i].truth_rank - mean, y = pairs[i].seen_rank - mean;
        xx += x * x;
        yy += y * y;
        xy += x * y;
    }
    *result = xx > 0.0 && yy > 0.0 ? xy / sqrt(xx * yy) : 0.0;
    return xx > 0.0 && yy > 0.0;
}

/* Pairs of which both boxes have a score. */
static size_t collect(const qa_doctor_frame *frames, const qa_doctor_sample *s,
                      qa_score_state state, score_pair *pairs)
{
    size_t count = 0;
    for (size_t f = 0; f < s->frame_count; f++) {
        const qa_sample_frame *at = &s->frames[f];
        const qa_doctor_frame *frame = &frames[at->index];
        for (size_t i = at->truth_at; i < at->truth_at + at->truth_count; i++) {
            if (s->matches[i].observed < 0)
                continue;
            size_t source = s->observed_source[at->observed_at + (size_t)s->matches[i].observed];
            double truth = frame->truth[s->truth_source[i]].score;
            double seen = qa_score_probability(state, frame->observed[source].score);
            if (!isnan(truth) && !isnan(seen))
                pairs[count++] = (score_pair){ truth, seen, 0.0, 0.0 };
        }
    }
    return count;
}

/* True boxes with scores of their own, as another run of the model gives them: are the observed
 * ones theirs? By Fisher's z, whose deviation for ranks is sqrt(1.06 / (n - 3)). */
static void examine_scores(score_pair *pairs, size_t count, qa_model_finding *finding)
{
    double rho, difference = 0.0;
    for (size_t i = 0; i < count; i++)
        difference += fabs(pairs[i].truth - pairs[i].seen) / (double)count;
    if (count < 8 || difference < SAME_SCORE || !correlation(pairs, count, &rho) || rho > HALF_RANK)
        return;
    double gap = atanh(HEALTHY_RANK) - atanh(fmax(rho, -0.99));
    bool sure = gap * sqrt((double)(count - 3) / 1.06) > DEVIATIONS;
    if (!sure && finding->suspect)
        return;
    finding->bad = sure;
    finding->suspect = !sure;
    finding->only_extras = false;
    finding->boxes_needed = (size_t)(1.06 * pow(DEVIATIONS / gap, 2.0) + 3.0) + 1;
    SET(finding->reason,
        "the scores of %zu found boxes are not those of the true ones (rank correlation %.2f)",
        count, rho);
}

plumb_status qa_model_examine(const qa_doctor_frame *frames, const qa_doctor_sample *sample,
                              const qa_model_counts *c, qa_score_state scores,
                              qa_model_finding *finding, plumb_diag *diag)
{
    *finding = (qa_model_finding){ 0 };
    double p = chance(c);
    finding->bad = p < LEVEL;
    finding->suspect = !finding->bad && p < SUSPECT;
    finding->only_extras = missed_evidence(c) < 0.0 && extras_evidence(c) > 0.0;
    if (finding->suspect)
        finding->boxes_needed = boxes_needed(c);
    if (finding->bad || finding->suspect)
        SET(finding->reason,
            "%zu of %zu true boxes are found, %zu boxes belong to none, and %zu of %zu classes "
            "are right",
            c->found, c->boxes, c->extras, c->agreed, c->classed);
    if (finding->bad || sample->truth_count == 0)
        return PLUMB_OK;
    score_pair *pairs = plumb_alloc_array(&sample->context, sample->truth_count, sizeof(*pairs));
    if (!pairs)
        return plumb_fail(diag, PLUMB_E_NOMEM, "", "no memory for the scores");
    examine_scores(pairs, collect(frames, sample, scores, pairs), finding);
    plumb_release(&sample->context, pairs);
    return PLUMB_OK;
}
