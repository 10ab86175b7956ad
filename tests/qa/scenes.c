/* SPDX-License-Identifier: Apache-2.0 */
#include "scenes.h"

#include <math.h>

const noise usual_noise = { 0.03, 0.2, 0.1, 0.05 };

double dice_share(dice *d)
{
    /* splitmix64 */
    uint64_t z = (d->state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    return (double)(z >> 11) * 0x1p-53;
}

int dice_below(dice *d, int limit)
{
    return (int)(dice_share(d) * limit);
}

double dice_normal(dice *d)
{
    double a = 1.0 - dice_share(d), b = dice_share(d);
    return sqrt(-2.0 * log(a)) * cos(6.283185307179586 * b);
}

plumb_rect dice_rect(dice *d, plumb_size image)
{
    double w = image.width * (0.05 + 0.3 * dice_share(d));
    double h = image.height * (0.05 + 0.3 * dice_share(d));
    plumb_rect r = { dice_share(d) * (image.width - w), dice_share(d) * (image.height - h), w, h };
    return r;
}

plumb_rect dice_shake(dice *d, plumb_rect r, double jitter)
{
    double left = r.x + jitter * r.width * dice_normal(d);
    double right = r.x + r.width + jitter * r.width * dice_normal(d);
    double top = r.y + jitter * r.height * dice_normal(d);
    double bottom = r.y + r.height + jitter * r.height * dice_normal(d);
    plumb_rect out = { left, top, fmax(right - left, 1e-6), fmax(bottom - top, 1e-6) };
    return out;
}

static plumb_size size_of_kind(dice *d, int kind)
{
    static const plumb_size sizes[4][3] = {
        { { 1280, 960 }, { 768, 576 }, { 2048, 1536 } },
        { { 1920, 1080 }, { 1280, 720 }, { 848, 480 } },
        { { 1080, 1920 }, { 720, 960 }, { 480, 640 } },
        { { 640, 640 }, { 1000, 1000 }, { 416, 416 } },
    };
    static const plumb_size references[5] = {
        { 768, 576 }, { 773, 512 }, { 640, 424 }, { 370, 334 }, { 1280, 853 }
    };
    if (kind == 5)
        return references[dice_below(d, 5)];
    return sizes[kind == 4 ? dice_below(d, 4) : kind][dice_below(d, 3)];
}

void scene_make(scene *s, dice *d, int kind, size_t frames, int least, int most)
{
    s->frame_count = frames;
    s->classes = dice_below(d, 4) == 0 ? 1 : 2 + dice_below(d, 79);
    plumb_size image = size_of_kind(d, kind);
    for (size_t f = 0; f < frames; f++) {
        scene_frame *frame = &s->frames[f];
        frame->image = kind == 4 ? size_of_kind(d, 4) : image;
        frame->truth_count = (size_t)(least + dice_below(d, most - least + 1));
        frame->seen_count = 0;
        for (size_t i = 0; i < frame->truth_count; i++) {
            qa_doctor_box box = { dice_rect(d, frame->image), NAN, dice_below(d, s->classes) };
            frame->truth[i] = box;
        }
    }
}

void scene_see(scene_frame *frame, plumb_rect rect, double score, int class_id)
{
    if (frame->seen_count < SCENE_SEEN)
        frame->seen[frame->seen_count++] = (qa_doctor_box){ rect, score, class_id };
}

void scene_observe(scene *s, dice *d, const noise *n)
{
    for (size_t f = 0; f < s->frame_count; f++) {
        scene_frame *frame = &s->frames[f];
        frame->seen_count = 0;
        for (size_t i = 0; i < frame->truth_count; i++) {
            const qa_doctor_box *box = &frame->truth[i];
            frame->sent[i] = box->rect;
            frame->found[i] = false;
            if (dice_share(d) < n->extra)
                scene_see(frame, dice_rect(d, frame->image), 0.3 + 0.5 * dice_share(d),
                          dice_below(d, s->classes));
            if (dice_share(d) < n->missed)
                continue;
            frame->found[i] = true;
            bool wrong = dice_share(d) < n->wrong_class;
            double score = 0.35 + 0.6 * dice_share(d);
            if (!isnan(box->score))
                score = fmin(fmax(box->score + 0.015 * dice_normal(d), 0.01), 0.99);
            scene_see(frame, dice_shake(d, box->rect, n->jitter), score,
                      wrong ? dice_below(d, s->classes) : box->class_id);
        }
    }
}

/* --- bad models --- */

const char *bad_model_name(bad_model how)
{
    static const char *const names[BAD_COUNT] = { "random boxes", "half missed", "shuffled scores",
                                                  "random classes", "all of these" };
    return names[how];
}

static void shuffle_scores(scene *s, dice *d)
{
    for (size_t f = 0; f < s->frame_count; f++) {
        for (size_t i = 0; i < s->frames[f].seen_count; i++) {
            scene_frame *other = &s->frames[dice_below(d, (int)s->frame_count)];
            if (other->seen_count == 0)
                continue;
            double *a = &s->frames[f].seen[i].score;
            double *b = &other->seen[dice_below(d, (int)other->seen_count)].score, kept = *a;
            *a = *b;
            *b = kept;
        }
    }
}

static void score_truth(scene *s, dice *d)
{
    for (size_t f = 0; f < s->frame_count; f++)
        for (size_t i = 0; i < s->frames[f].truth_count; i++)
            s->frames[f].truth[i].score = 0.3 + 0.67 * dice_share(d);
}

void scene_spoil(scene *s, dice *d, bad_model how)
{
    noise n = usual_noise;
    bool all = how == BAD_ALL;
    if (how == BAD_HALF_MISSED || all)
        n.missed = 0.5;
    if (how == BAD_SHUFFLED_SCORES || all)
        score_truth(s, d);
    scene_observe(s, d, &n);
    for (size_t f = 0; f < s->frame_count; f++) {
        for (size_t i = 0; i < s->frames[f].seen_count; i++) {
            qa_doctor_box *box = &s->frames[f].seen[i];
            if (how == BAD_RANDOM_BOXES || all)
                box->rect = dice_rect(d, s->frames[f].image);
            if (how == BAD_CLASSES || all)
                box->class_id = dice_below(d, s->classes);
        }
    }
    if (how == BAD_SHUFFLED_SCORES || all)
        shuffle_scores(s, d);
}

void scene_frames(const scene *s, qa_doctor_frame *frames)
{
    for (size_t f = 0; f < s->frame_count; f++) {
        const scene_frame *from = &s->frames[f];
        frames[f] = (qa_doctor_frame){ "",         from->image,     from->truth, from->truth_count,
                                       from->seen, from->seen_count };
    }
}
