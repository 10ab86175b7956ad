/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/doctor_scores.h"

#include <math.h>

#define SIGMOID_OF_ONE 0.7310585786300049
/* Detectors do not give logits beyond this; what does is a percentage or not a score. */
#define WIDEST_LOGIT 60.0
/* So many scores do not all fall between 0.5 and 0.7311 by chance. */
#define ENOUGH_SCORES 10
/* Nor do scores that are all alike say anything: so many of these steps of the range are hit. */
#define SCORE_STEPS  256
#define ENOUGH_STEPS 5

static double sigmoid(double x)
{
    return 1.0 / (1.0 + exp(-x));
}

double qa_score_probability(qa_score_state state, double score)
{
    if (isnan(score))
        return NAN;
    if (state == QA_SCORES_LOGITS)
        return sigmoid(score);
    if (state != QA_SCORES_TWICE)
        return score;
    if (score <= 0.5)
        return 0.0;
    return score >= SIGMOID_OF_ONE ? 1.0 : log(score / (1.0 - score));
}

/* Mean distance between the scores of pairs, read as `state`, and those of the true boxes. False
 * where fewer than two pairs have both, or where the true scores are all alike. */
static bool pair_error(const qa_doctor_frame *frames, const qa_doctor_sample *s,
                       qa_score_state state, double *error)
{
    size_t pairs = 0;
    double sum = 0.0, least = INFINITY, most = -INFINITY;
    for (size_t f = 0; f < s->frame_count; f++) {
        const qa_sample_frame *at = &s->frames[f];
        const qa_doctor_frame *frame = &frames[at->index];
        for (size_t i = 0; i < at->truth_count; i++) {
            int32_t j = s->matches[at->truth_at + i].observed;
            if (j < 0)
                continue;
            size_t source = s->observed_source[at->observed_at + (size_t)j];
            double truth = frame->truth[s->truth_source[at->truth_at + i]].score;
            double p = qa_score_probability(state, frame->observed[source].score);
            if (isnan(truth) || isnan(p))
                continue;
            sum += fabs(p - truth);
            least = fmin(least, truth);
            most = fmax(most, truth);
            pairs++;
        }
    }
    *error = pairs ? sum / (double)pairs : 0.0;
    return pairs >= 2 && most - least > 0.02;
}

static int hit_steps(const bool hit[SCORE_STEPS])
{
    int count = 0;
    for (int i = 0; i < SCORE_STEPS; i++)
        count += hit[i];
    return count;
}

qa_score_finding qa_scores_examine(const qa_doctor_frame *frames, size_t count,
                                   const qa_doctor_sample *sample)
{
    qa_score_finding found = { QA_SCORES_NONE, 0, 0, 0, INFINITY, -INFINITY };
    bool hit[SCORE_STEPS] = { false };
    for (size_t f = 0; f < count; f++) {
        for (size_t i = 0; i < frames[f].observed_count; i++) {
            double s = frames[f].observed[i].score;
            if (isnan(s))
                continue;
            found.count++;
            found.outside += s < -1e-3 || s > 1.0 + 1e-3;
            if (s >= 0.5 - 1e-4 && s <= SIGMOID_OF_ONE + 1e-4) {
                found.squeezed++;
                double share = fmin(fmax((s - 0.5) / (SIGMOID_OF_ONE - 0.5), 0.0), 1.0);
                hit[(int)(share * (SCORE_STEPS - 1))] = true;
            }
            found.low = fmin(found.low, s);
            found.high = fmax(found.high, s);
        }
    }
    if (found.count == 0)
        return found;
    found.state = QA_SCORES_FINE;
    if (found.low < -WIDEST_LOGIT || found.high > WIDEST_LOGIT) {
        found.state = QA_SCORES_ODD;
        return found;
    }
    if (found.outside * 10 >= found.count && found.outside > 0) {
        found.state = QA_SCORES_LOGITS;
        return found;
    }
    double plain, twice;
    bool comparable = pair_error(frames, sample, QA_SCORES_FINE, &plain) &&
                      pair_error(frames, sample, QA_SCORES_TWICE, &twice);
    bool squeezed = found.squeezed == found.count;
    bool enough = found.count >= ENOUGH_SCORES && hit_steps(hit) >= ENOUGH_STEPS;
    bool confirmed = comparable && twice < 0.6 * plain;
    bool refuted = comparable && plain < 0.05;
    if (squeezed && (confirmed || (enough && !refuted)))
        found.state = QA_SCORES_TWICE;
    return found;
}
