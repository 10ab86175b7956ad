/* SPDX-License-Identifier: Apache-2.0 */
#include "faults.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

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

static plumb_rect random_rect(dice *d, plumb_size image)
{
    double w = image.width * (0.05 + 0.3 * dice_share(d));
    double h = image.height * (0.05 + 0.3 * dice_share(d));
    plumb_rect r = { dice_share(d) * (image.width - w), dice_share(d) * (image.height - h), w, h };
    return r;
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
            qa_doctor_box box = { random_rect(d, frame->image), NAN, dice_below(d, s->classes) };
            frame->truth[i] = box;
            frame->sent[i] = box.rect;
        }
    }
}

void scene_model(scene *s, dice *d)
{
    static const struct {
        plumb_size input;
        plumb_crop_mode mode;
        plumb_rule rule;
    } models[] = {
        { { 416, 416 }, PLUMB_CROP_SCALE_FIT, PLUMB_RULE_YOLOX },
        { { 640, 640 }, PLUMB_CROP_SCALE_FIT, PLUMB_RULE_ULTRALYTICS },
        { { 320, 240 }, PLUMB_CROP_SCALE_FILL, PLUMB_RULE_EXACT },
        { { 300, 300 }, PLUMB_CROP_SCALE_FILL, PLUMB_RULE_EXACT },
        { { 224, 224 }, PLUMB_CROP_CENTER, PLUMB_RULE_EXACT },
        { { 512, 512 }, PLUMB_CROP_SCALE_FIT, PLUMB_RULE_EXACT },
        { { 640, 384 }, PLUMB_CROP_SCALE_FIT, PLUMB_RULE_EXACT },
        { { 320, 320 }, PLUMB_CROP_CENTER, PLUMB_RULE_EXACT },
        { { 352, 352 }, PLUMB_CROP_SCALE_FILL, PLUMB_RULE_EXACT },
    };
    int i = dice_below(d, (int)(sizeof(models) / sizeof(models[0])));
    plumb_mapping_spec spec = PLUMB_MAPPING_SPEC_INIT;
    spec.input = models[i].input;
    spec.mode = models[i].mode;
    spec.rule = models[i].rule;
    s->spec = spec;
}

static plumb_rect shaken(dice *d, plumb_rect r, double jitter)
{
    double left = r.x + jitter * r.width * dice_normal(d);
    double right = r.x + r.width + jitter * r.width * dice_normal(d);
    double top = r.y + jitter * r.height * dice_normal(d);
    double bottom = r.y + r.height + jitter * r.height * dice_normal(d);
    plumb_rect out = { left, top, fmax(right - left, 1e-6), fmax(bottom - top, 1e-6) };
    return out;
}

static void see(scene_frame *frame, plumb_rect rect, double score, int class_id)
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
            frame->sent[i] = frame->truth[i].rect;
            const qa_doctor_box *box = &frame->truth[i];
            if (dice_share(d) < n->extra)
                see(frame, random_rect(d, frame->image), 0.3 + 0.5 * dice_share(d),
                    dice_below(d, s->classes));
            if (dice_share(d) < n->missed)
                continue;
            bool wrong = dice_share(d) < n->wrong_class;
            see(frame, shaken(d, box->rect, n->jitter), 0.35 + 0.6 * dice_share(d),
                wrong ? dice_below(d, s->classes) : box->class_id);
        }
    }
}

/* --- the formulas --- */

/* upright pixels to input pixels: x' = a x + b on each axis. */
typedef struct axes {
    double ax, bx, ay, by;
} axes;

enum { SIDE_CENTER, SIDE_TOP_LEFT, SIDE_BOTTOM_RIGHT };

static axes input_axes(plumb_size image, plumb_size input, plumb_crop_mode mode, int side)
{
    double W = image.width, H = image.height, w = input.width, h = input.height;
    if (mode == PLUMB_CROP_SCALE_FILL)
        return (axes){ w / W, 0, h / H, 0 };
    double s = mode == PLUMB_CROP_CENTER ? fmax(w / W, h / H) : fmin(w / W, h / H);
    double room_x = w - s * W, room_y = h - s * H;
    double share = side == SIDE_CENTER ? 0.5 : side == SIDE_TOP_LEFT ? 0.0 : 1.0;
    return (axes){ s, room_x * share, s, room_y * share };
}

static plumb_rect ahead(axes a, plumb_rect r)
{
    return (plumb_rect){ a.ax * r.x + a.bx, a.ay * r.y + a.by, a.ax * r.width, a.ay * r.height };
}

static plumb_rect back(axes a, plumb_rect r)
{
    return (plumb_rect){ (r.x - a.bx) / a.ax, (r.y - a.by) / a.ay, r.width / a.ax,
                         r.height / a.ay };
}

typedef struct fault_parameters {
    qa_doctor_code code;
    int variant;
    plumb_size input, view;
    plumb_crop_mode made, read;
    int made_side, read_side;
    plumb_rect roi; /* shares of the image */
} fault_parameters;

static plumb_rect broken(const fault_parameters *p, plumb_size image, plumb_rect r)
{
    double W = image.width, H = image.height, x = r.x, y = r.y, w = r.width, h = r.height;
    plumb_rect roi = { p->roi.x * W, p->roi.y * H, p->roi.width * W, p->roi.height * H };
    switch (p->code) {
    case QA_DOCTOR_FLIP_Y:
        return (plumb_rect){ x, H - y - h, w, h };
    case QA_DOCTOR_FLIP_X:
        return (plumb_rect){ W - x - w, y, w, h };
    case QA_DOCTOR_ROTATE_90: /* (u,v) -> (1-v, u) */
        return (plumb_rect){ (1.0 - (y + h) / H) * W, x / W * H, h / H * W, w / W * H };
    case QA_DOCTOR_ROTATE_180:
        return (plumb_rect){ W - x - w, H - y - h, w, h };
    case QA_DOCTOR_ROTATE_270: /* (u,v) -> (v, 1-u) */
        return (plumb_rect){ y / H * W, (1.0 - (x + w) / W) * H, h / H * W, w / W * H };
    case QA_DOCTOR_XY_SWAPPED:
        if (p->variant & 1)
            return (plumb_rect){ y, x, h, w };
        return (plumb_rect){ y / H * W, x / W * H, h / H * W, w / W * H };
    case QA_DOCTOR_CENTER_AS_CORNER:
        return (plumb_rect){ x + w / 2, y + h / 2, w, h };
    case QA_DOCTOR_CORNER_AS_CENTER:
        return (plumb_rect){ x - w / 2, y - h / 2, w, h };
    case QA_DOCTOR_CORNERS_AS_SIZE:
        return (plumb_rect){ x, y, x + w, y + h };
    case QA_DOCTOR_NORMALIZED_AS_PIXELS:
        return (plumb_rect){ x / W, y / H, w / W, h / H };
    case QA_DOCTOR_PIXELS_AS_NORMALIZED:
        return (plumb_rect){ x * W, y * H, w * W, h * H };
    case QA_DOCTOR_INPUT_SPACE_NOT_UNMAPPED:
        return ahead(input_axes(image, p->input, p->made, p->made_side), r);
    case QA_DOCTOR_UNMAPPED_TWICE:
        return back(input_axes(image, p->input, p->made, p->made_side), r);
    case QA_DOCTOR_PAD_PLACEMENT:
    case QA_DOCTOR_WRONG_CROP_MODE:
        return back(input_axes(image, p->input, p->read, p->read_side),
                    ahead(input_axes(image, p->input, p->made, p->made_side), r));
    case QA_DOCTOR_ROI_NOT_APPLIED:
        if (p->variant & 1)
            return (plumb_rect){ (x - roi.x) * W / roi.width, (y - roi.y) * H / roi.height,
                                 w * W / roi.width, h * H / roi.height };
        return (plumb_rect){ x - roi.x, y - roi.y, w, h };
    case QA_DOCTOR_WRONG_IMAGE_SIZE:
        return (plumb_rect){ x * p->view.width / W, y * p->view.height / H, w * p->view.width / W,
                             h * p->view.height / H };
    default:
        return r;
    }
}

static int side_of(const plumb_mapping_spec *spec)
{
    return spec->rule == PLUMB_RULE_YOLOX ? SIDE_TOP_LEFT : SIDE_CENTER;
}

static fault_parameters parameters(const scene *s, dice *d, qa_doctor_code code)
{
    static const plumb_size views[] = { { 375, 667 },  { 390, 844 },  { 640, 480 }, { 731, 411 },
                                        { 1280, 720 }, { 1100, 500 }, { 333, 444 }, { 900, 1250 } };
    static const plumb_crop_mode modes[] = { PLUMB_CROP_CENTER, PLUMB_CROP_SCALE_FIT,
                                             PLUMB_CROP_SCALE_FILL };
    fault_parameters p = { .code = code, .variant = dice_below(d, 2), .input = s->spec.input };
    p.made = s->spec.mode;
    p.made_side = side_of(&s->spec);
    p.view = views[dice_below(d, 8)];
    double w = 0.3 + 0.5 * dice_share(d), h = 0.3 + 0.5 * dice_share(d);
    p.roi = (plumb_rect){ dice_share(d) * (1 - w), dice_share(d) * (1 - h), w, h };
    if (code == QA_DOCTOR_PAD_PLACEMENT) {
        p.made = p.read = PLUMB_CROP_SCALE_FIT;
        p.read_side = (p.made_side + 1 + dice_below(d, 2)) % 3;
    } else if (code == QA_DOCTOR_WRONG_CROP_MODE) {
        do
            p.read = modes[dice_below(d, 3)];
        while (p.read == p.made);
    }
    return p;
}

static double overlap(plumb_rect a, plumb_rect b)
{
    double w = fmin(a.x + a.width, b.x + b.width) - fmax(a.x, b.x);
    double h = fmin(a.y + a.height, b.y + b.height) - fmax(a.y, b.y);
    if (!(w > 0) || !(h > 0))
        return 0;
    return w * h / (a.width * a.height + b.width * b.height - w * h);
}

static bool break_geometry(scene *s, dice *d, qa_doctor_code code)
{
    fault_parameters p = parameters(s, d, code);
    double kept = 0;
    size_t boxes = 0;
    for (size_t f = 0; f < s->frame_count; f++) {
        scene_frame *frame = &s->frames[f];
        for (size_t i = 0; i < frame->truth_count; i++, boxes++) {
            plumb_rect sent = broken(&p, frame->image, frame->sent[i]);
            kept += overlap(frame->sent[i], sent);
            frame->sent[i] = sent;
        }
        for (size_t i = 0; i < frame->seen_count; i++)
            frame->seen[i].rect = broken(&p, frame->image, frame->seen[i].rect);
    }
    return kept < 0.7 * (double)boxes;
}

static void break_classes(scene *s, dice *d)
{
    int offset = dice_below(d, 3) == 0 ? -1 : 1 + dice_below(d, 2);
    for (size_t f = 0; f < s->frame_count; f++) {
        scene_frame *frame = &s->frames[f];
        bool negative = false;
        for (size_t i = 0; i < frame->seen_count; i++)
            negative = negative || frame->seen[i].class_id + offset < 0;
        if (negative)
            offset = 1;
    }
    for (size_t f = 0; f < s->frame_count; f++)
        for (size_t i = 0; i < s->frames[f].seen_count; i++)
            s->frames[f].seen[i].class_id += offset;
}

static void add_low_scores(scene *s, dice *d)
{
    int many = 6 + dice_below(d, 40);
    for (size_t f = 0; f < s->frame_count; f++)
        for (int i = 0; i < many; i++)
            see(&s->frames[f], random_rect(d, s->frames[f].image), 0.01 + 0.22 * dice_share(d),
                dice_below(d, s->classes));
}

static void add_copies(scene *s, dice *d)
{
    int most = 2 + dice_below(d, 5);
    for (size_t f = 0; f < s->frame_count; f++) {
        scene_frame *frame = &s->frames[f];
        size_t seen = frame->seen_count;
        for (size_t i = 0; i < seen; i++)
            for (int k = 1 + dice_below(d, most); k > 0; k--)
                see(frame, shaken(d, frame->seen[i].rect, 0.05),
                    frame->seen[i].score * (0.6 + 0.4 * dice_share(d)), frame->seen[i].class_id);
    }
}

static void add_numerals(scene *s, dice *d)
{
    plumb_rect places[4];
    int count = 1 + dice_below(d, 4), class_id = dice_below(d, s->classes);
    for (int i = 0; i < count; i++)
        places[i] = random_rect(d, (plumb_size){ 10000, 10000 });
    for (size_t f = 0; f < s->frame_count; f++) {
        scene_frame *frame = &s->frames[f];
        double W = frame->image.width / 10000.0, H = frame->image.height / 10000.0;
        for (int i = 0; i < count; i++) {
            plumb_rect r = { places[i].x * W, places[i].y * H, places[i].width * W,
                             places[i].height * H };
            if (dice_share(d) < 0.85)
                see(frame, shaken(d, r, 0.03), 0.4 + 0.5 * dice_share(d), class_id);
        }
    }
}

/* Too few scores to see that they are squeezed, or logits that all look like probabilities. */
static bool scores_show(const scene *s, bool twice)
{
    size_t count = 0, outside = 0;
    for (size_t f = 0; f < s->frame_count; f++) {
        for (size_t i = 0; i < s->frames[f].seen_count; i++, count++) {
            double p = s->frames[f].seen[i].score;
            outside += p < 0.5 || p > 0.7311;
        }
    }
    return twice ? count >= 6 : outside * 10 >= count && outside > 0;
}

static void change_scores(scene *s, bool twice)
{
    for (size_t f = 0; f < s->frame_count; f++) {
        for (size_t i = 0; i < s->frames[f].seen_count; i++) {
            double *p = &s->frames[f].seen[i].score;
            *p = twice ? 1.0 / (1.0 + exp(-*p)) : log(*p / (1.0 - *p));
        }
    }
}

bool scene_break(scene *s, dice *d, qa_doctor_code code)
{
    switch (code) {
    case QA_DOCTOR_CLASS_OFFSET:
        break_classes(s, d);
        return true;
    case QA_DOCTOR_THRESHOLD_MISSING:
        add_low_scores(s, d);
        return true;
    case QA_DOCTOR_NMS_MISSING:
        add_copies(s, d);
        return true;
    case QA_DOCTOR_REGION_MISSING:
        add_numerals(s, d);
        return true;
    case QA_DOCTOR_SIGMOID_MISSING:
    case QA_DOCTOR_SIGMOID_TWICE:
        if (!scores_show(s, code == QA_DOCTOR_SIGMOID_TWICE))
            return false;
        change_scores(s, code == QA_DOCTOR_SIGMOID_TWICE);
        return true;
    default:
        return break_geometry(s, d, code);
    }
}

void scene_bad_model(scene *s, dice *d)
{
    for (size_t f = 0; f < s->frame_count; f++) {
        scene_frame *frame = &s->frames[f];
        frame->seen_count = 0;
        for (size_t i = 0; i < frame->truth_count; i++)
            if (dice_share(d) < 0.5)
                see(frame, random_rect(d, frame->image), dice_share(d), dice_below(d, s->classes));
    }
}

void scene_frames(const scene *s, qa_doctor_frame *frames)
{
    for (size_t f = 0; f < s->frame_count; f++) {
        const scene_frame *from = &s->frames[f];
        frames[f] = (qa_doctor_frame){ "",         from->image,     from->truth, from->truth_count,
                                       from->seen, from->seen_count };
    }
}
