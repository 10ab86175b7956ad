/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/doctor_sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Pairs of the right class when nothing is wrong with the classes. */
#define RIGHT_CLASS 0.93
/* What naming a class offset costs, in nats: a background class or two, and any other number. */
#define CLASS_PRICE 5.0
#define OTHER_PRICE 2.5
/* Nats by which classes dealt at random may explain the pairs better than an offset does: a few
 * pairs of a model that knows no classes have some offset most often, too. */
#define RANDOM_LEAD 1.5
/* Offsets that are tried: a background class, and label files that begin elsewhere. */
#define OFFSET_SPAN 512

/* The inverse of a step from the table; constants that are being fitted change under way and are
 * worked out each time. */
static bool backward(qa_doctor_sample *s, const qa_doctor_step *step, plumb_size image,
                     qa_box_map *map)
{
    if (step->kind == QA_STEP_FREE)
        return qa_step_backward(step, image, map);
    uintptr_t hash = (uintptr_t)step / sizeof(*step) * 31u + (uintptr_t)image.width * 7u +
                     (uintptr_t)image.height;
    qa_undone_step *slot = &s->undone_steps[hash % QA_UNDONE_STEPS];
    if (slot->step != step || slot->image.width != image.width ||
        slot->image.height != image.height) {
        slot->step = step;
        slot->image = image;
        slot->defined = qa_step_backward(step, image, &slot->map);
    }
    *map = slot->map;
    return slot->defined;
}

bool qa_sample_undo(qa_doctor_sample *s, const qa_sample_frame *frame,
                    const qa_explanation *explanation)
{
    const plumb_rect *from = s->observed + frame->observed_at;
    if (explanation->count == 0) {
        memcpy(s->undone, from, frame->observed_count * sizeof(*from));
        return true;
    }
    qa_box_map maps[2];
    for (int k = 0; k < explanation->count; k++)
        if (!backward(s, explanation->steps[k], frame->image, &maps[k]))
            return false;
    for (size_t j = 0; j < frame->observed_count; j++) {
        plumb_rect r = from[j];
        for (int k = explanation->count - 1; k >= 0; k--)
            r = qa_box_map_rect(&maps[k], r);
        s->undone[j] = r;
    }
    return true;
}

static double pair_all(qa_doctor_sample *s, const qa_explanation *explanation, int jitter,
                       bool note)
{
    double sum = 0.0;
    for (size_t f = 0; f < s->frame_count; f++) {
        const qa_sample_frame *frame = &s->frames[f];
        if (!qa_sample_undo(s, frame, explanation))
            return -INFINITY;
        sum += qa_match_pair(s->targets[jitter] + frame->truth_at, frame->truth_count, &frame->grid,
                             s->undone, frame->observed_count, s->candidates, s->taken,
                             note ? s->matches + frame->truth_at : NULL);
    }
    return sum;
}

double qa_sample_worth(qa_doctor_sample *sample, const qa_explanation *explanation, int jitter)
{
    return pair_all(sample, explanation, jitter, false);
}

double qa_sample_match(qa_doctor_sample *sample, const qa_explanation *explanation, int jitter)
{
    return pair_all(sample, explanation, jitter, true);
}

static int by_size(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

double qa_sample_spread(const qa_doctor_sample *s, double *scratch)
{
    double sum = 0.0;
    for (int axis = 0; axis < 2; axis++) {
        for (size_t j = 0; j < s->observed_count; j++) {
            const plumb_rect *r = &s->observed[j];
            scratch[j] = axis ? fabs(r->y + r->height / 2.0) : fabs(r->x + r->width / 2.0);
        }
        qsort(scratch, s->observed_count, sizeof(*scratch), by_size);
        sum += log(fmax(2.0 * scratch[s->observed_count / 2], 1e-9));
    }
    return sum;
}

/* Chance drops boxes into the space of the observation, whatever the explanation: a map that
 * shrinks the observed boxes shrinks their jitter too, and must not gain from that. This turns
 * the worth of the noted pairs, which is in units of the truth, into one of the observation. */
static double observed_units(const qa_doctor_sample *s, const qa_explanation *e)
{
    double sum = 0.0;
    for (size_t f = 0; f < s->frame_count; f++) {
        const qa_sample_frame *frame = &s->frames[f];
        double area = s->log_spread - log((double)frame->image.width * frame->image.height);
        for (int k = 0; k < e->count; k++) {
            qa_box_map map;
            if (!qa_step_forward(e->steps[k], frame->image, &map))
                return -INFINITY;
            if (map.kind == QA_MAP_AFFINE)
                area -= 2.0 * log(fabs(map.m[0] * map.m[4] - map.m[1] * map.m[3]));
        }
        for (size_t i = frame->truth_at; i < frame->truth_at + frame->truth_count; i++) {
            if (s->matches[i].observed < 0)
                continue;
            const plumb_rect *t = &s->truth[i];
            const plumb_rect *o = &s->observed[frame->observed_at + (size_t)s->matches[i].observed];
            sum += area + log(fabs(o->width * o->height) / (t->width * t->height));
        }
    }
    return isnan(sum) ? -INFINITY : sum;
}

/* How many true boxes have a class below `class_id`. */
static size_t class_rank(const qa_doctor_sample *s, int64_t class_id)
{
    size_t low = 0, high = s->truth_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (s->sorted_class[middle] < class_id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* How often each class is true, for the chance of agreeing by accident. */
static double share_of_class(const qa_doctor_sample *s, int32_t class_id)
{
    size_t same = class_rank(s, (int64_t)class_id + 1) - class_rank(s, class_id);
    double share = ((double)same + 0.2) / ((double)s->truth_count + 0.4);
    return fmin(fmax(share, 0.02), 0.98);
}

/* Worth of the classes of the noted pairs when the true one is the observed less `offset`. */
static double class_worth(const qa_doctor_sample *s, int32_t offset)
{
    double sum = 0.0;
    int32_t last = INT32_MIN;
    double share = 0.5;
    for (size_t f = 0; f < s->frame_count; f++) {
        const qa_sample_frame *frame = &s->frames[f];
        for (size_t i = frame->truth_at; i < frame->truth_at + frame->truth_count; i++) {
            if (s->matches[i].observed < 0)
                continue;
            int32_t seen = s->observed_class[frame->observed_at + (size_t)s->matches[i].observed];
            if (seen == QA_NO_CLASS || s->truth_class[i] == QA_NO_CLASS)
                continue;
            int32_t claimed = seen - offset;
            if (claimed != last) {
                share = share_of_class(s, claimed);
                last = claimed;
            }
            sum += claimed == s->truth_class[i]
                       ? log(fmax(RIGHT_CLASS / share, 1.0))
                       : log(fmin((1.0 - RIGHT_CLASS) / (1.0 - share), 0.5));
        }
    }
    return sum;
}

/* The most frequent difference of classes among the noted pairs. */
static int32_t common_offset(const qa_doctor_sample *s)
{
    static const int32_t none = 0;
    uint32_t votes[2 * OFFSET_SPAN + 1];
    memset(votes, 0, sizeof(votes));
    int32_t best = none;
    size_t pairs = 0;
    for (size_t f = 0; f < s->frame_count; f++) {
        const qa_sample_frame *frame = &s->frames[f];
        for (size_t i = frame->truth_at; i < frame->truth_at + frame->truth_count; i++) {
            if (s->matches[i].observed < 0)
                continue;
            int32_t seen = s->observed_class[frame->observed_at + (size_t)s->matches[i].observed];
            int64_t offset = (int64_t)seen - s->truth_class[i];
            if (seen == QA_NO_CLASS || s->truth_class[i] == QA_NO_CLASS || offset < -OFFSET_SPAN ||
                offset > OFFSET_SPAN)
                continue;
            pairs++;
            if (++votes[offset + OFFSET_SPAN] > votes[best + OFFSET_SPAN])
                best = (int32_t)offset;
        }
    }
    /* One pair may be of any two classes, and a shift is the same everywhere. */
    size_t agreeing = votes[best + OFFSET_SPAN];
    return agreeing < 2 || 2 * agreeing < pairs ? none : best;
}

void qa_sample_judge(qa_doctor_sample *sample, qa_explanation *e)
{
    double best = -INFINITY;
    int jitter = QA_MATCH_USUAL_JITTER;
    for (int j = 0; j < QA_MATCH_JITTERS; j++) {
        double worth = qa_sample_worth(sample, e, j);
        if (worth > best) {
            best = worth;
            jitter = j;
        }
    }
    e->jitter = jitter;
    e->worth = qa_sample_match(sample, e, jitter) + observed_units(sample, e);
    e->matched = 0;
    for (size_t i = 0; i < sample->truth_count; i++)
        e->matched += sample->matches[i].observed >= 0;
    int32_t offset = common_offset(sample);
    double plain = class_worth(sample, 0);
    double price = CLASS_PRICE + (offset < -2 || offset > 2 ? OTHER_PRICE : 0.0);
    double agreement = offset ? class_worth(sample, offset) : -INFINITY;
    double shifted = agreement > -RANDOM_LEAD ? agreement - price : -INFINITY;
    e->class_offset = shifted > plain ? offset : 0;
    e->worth += shifted > plain ? shifted : plain;
    e->score = e->worth - e->price;
}
