/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/doctor_choose.h"

#include <math.h>

#include "qa/matching.h"

/* Explanations whose predictions overlap by more say the same. */
#define SAME_PREDICTION 0.75
/* Ones that overlap by less are easy to tell apart. */
#define OTHER_PREDICTION 0.4

static bool predict(const qa_explanation *e, plumb_size image, plumb_rect *rect)
{
    for (int k = 0; k < e->count; k++) {
        qa_box_map map;
        if (!qa_step_forward(e->steps[k], image, &map))
            return false;
        *rect = qa_box_map_rect(&map, *rect);
    }
    return true;
}

/* IoU of what two explanations make of one true box. */
static double agreement(const qa_explanation *a, const qa_explanation *b, plumb_size image,
                        plumb_rect box)
{
    plumb_rect p = box, q = box;
    if (!predict(a, image, &p) || !predict(b, image, &q))
        return 0.0;
    return qa_rect_iou(p, q);
}

/* Find a frame on which two explanations differ: first of the size at hand, with a box away from
 * every axis of symmetry, then of other shapes. */
static bool tell_apart(const qa_explanation *a, const qa_explanation *b, plumb_size at_hand,
                       double enough, plumb_size *image, plumb_rect *box)
{
    const plumb_size sizes[] = { at_hand,       { at_hand.height, at_hand.width },
                                 { 640, 480 },  { 480, 640 },
                                 { 1280, 720 }, { 600, 600 } };
    static const plumb_rect shares[] = { { 0.05, 0.1, 0.2, 0.15 },
                                         { 0.6, 0.05, 0.12, 0.25 },
                                         { 0.3, 0.7, 0.25, 0.2 } };
    for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
        for (size_t k = 0; k < sizeof(shares) / sizeof(shares[0]); k++) {
            double w = sizes[s].width, h = sizes[s].height;
            plumb_rect r = { shares[k].x * w, shares[k].y * h, shares[k].width * w,
                             shares[k].height * h };
            if (agreement(a, b, sizes[s], r) < enough) {
                *image = sizes[s];
                *box = r;
                return true;
            }
        }
    }
    return false;
}

bool qa_doctor_same(const qa_explanation *a, const qa_explanation *b, plumb_size at_hand)
{
    plumb_size image;
    plumb_rect box;
    return !tell_apart(a, b, at_hand, SAME_PREDICTION, &image, &box);
}

qa_doctor_choice qa_doctor_choose(const qa_doctor_search *search)
{
    qa_doctor_choice c = { .best = &search->finalists[0], .lead = INFINITY };
    for (size_t i = 0; i < search->finalist_count; i++)
        if (search->finalists[i].codes == 0)
            c.identity = &search->finalists[i];
    if (c.best->score < c.identity->score + QA_DOCTOR_MARGIN)
        c.best = c.identity;
    plumb_size at_hand = search->large.frames[0].image;
    for (size_t i = 0; i < search->finalist_count; i++) {
        const qa_explanation *rival = &search->finalists[i];
        double lead = c.best->score - rival->score;
        if (rival == c.best || lead >= c.lead)
            continue;
        plumb_size image;
        plumb_rect box;
        if (!tell_apart(c.best, rival, at_hand, SAME_PREDICTION, &image, &box))
            continue;
        c.lead = lead;
        if (lead >= QA_DOCTOR_MARGIN || c.best == c.identity || rival == c.identity)
            continue;
        c.tie = rival;
        c.settle_image = image;
        c.settle_box = box;
        (void)tell_apart(c.best, rival, at_hand, OTHER_PREDICTION, &c.settle_image, &c.settle_box);
    }
    return c;
}
