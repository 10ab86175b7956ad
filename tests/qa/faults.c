/* SPDX-License-Identifier: Apache-2.0 */
#include "faults.h"

#include <math.h>
#include <string.h>

#define COUNT(list) ((int)(sizeof(list) / sizeof((list)[0])))

/* Boxes that overlap by more on average are the same; a fault that leaves more does not show. */
#define SAME_BOXES 0.85
#define HARDLY     0.7

/* --- the formulas --- */

/* upright pixels to input pixels: an affine map as rows a x + b y + c. */
typedef struct matrix {
    double m[2][3];
} matrix;

static bool turned(plumb_crop_mode mode)
{
    return mode == PLUMB_CROP_SCALE_FIT_ROTATE_90_CCW ||
           mode == PLUMB_CROP_SCALE_FILL_ROTATE_90_CCW;
}

/* Turned modes send (x, y) to (y, W - x) first; the rest is fit, fill or crop. */
static matrix to_input(plumb_size image, plumb_size input, placing p)
{
    bool turn = turned(p.mode);
    double W = turn ? image.height : image.width, H = turn ? image.width : image.height;
    double sx = input.width / W, sy = input.height / H;
    if (p.mode == PLUMB_CROP_CENTER)
        sx = sy = fmax(sx, sy);
    else if (p.mode == PLUMB_CROP_SCALE_FIT || p.mode == PLUMB_CROP_SCALE_FIT_ROTATE_90_CCW)
        sx = sy = fmin(sx, sy);
    double share = p.side == SIDE_CENTER ? 0.5 : p.side == SIDE_TOP_LEFT ? 0.0 : 1.0;
    double tx = (input.width - sx * W) * share, ty = (input.height - sy * H) * share;
    if (turn)
        return (matrix){ { { 0, sx, tx }, { -sy, 0, sy * H + ty } } };
    return (matrix){ { { sx, 0, tx }, { 0, sy, ty } } };
}

static matrix inverse(matrix a)
{
    double(*m)[3] = a.m, det = m[0][0] * m[1][1] - m[0][1] * m[1][0];
    double p = m[1][1] / det, q = -m[0][1] / det, r = -m[1][0] / det, s = m[0][0] / det;
    return (
        matrix){ { { p, q, -p * m[0][2] - q * m[1][2] }, { r, s, -r * m[0][2] - s * m[1][2] } } };
}

static plumb_rect through(matrix a, plumb_rect r)
{
    double(*m)[3] = a.m, x[2], y[2];
    for (int k = 0; k < 2; k++) {
        double u = r.x + k * r.width, v = r.y + k * r.height;
        x[k] = m[0][0] * u + m[0][1] * v + m[0][2];
        y[k] = m[1][0] * u + m[1][1] * v + m[1][2];
    }
    return (plumb_rect){ fmin(x[0], x[1]), fmin(y[0], y[1]), fabs(x[1] - x[0]), fabs(y[1] - y[0]) };
}

static plumb_rect mapped(const fault *f, plumb_size image, plumb_rect r)
{
    matrix made = to_input(image, f->input, f->made);
    if (f->code == QA_DOCTOR_INPUT_SPACE_NOT_UNMAPPED)
        return through(made, r);
    if (f->code == QA_DOCTOR_UNMAPPED_TWICE)
        return through(inverse(made), r);
    return through(inverse(to_input(image, f->input, f->read)), through(made, r));
}

plumb_rect fault_rect(const fault *f, plumb_size image, plumb_rect r)
{
    double W = image.width, H = image.height, x = r.x, y = r.y, w = r.width, h = r.height;
    double roi_x = f->roi.x * W, roi_y = f->roi.y * H;
    switch (f->code) {
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
        if (f->pixels)
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
    case QA_DOCTOR_UNMAPPED_TWICE:
    case QA_DOCTOR_PAD_PLACEMENT:
    case QA_DOCTOR_WRONG_CROP_MODE:
        return mapped(f, image, r);
    case QA_DOCTOR_ROI_NOT_APPLIED:
        if (f->pixels)
            return (plumb_rect){ x - roi_x, y - roi_y, w, h };
        return (plumb_rect){ (x - roi_x) / f->roi.width, (y - roi_y) / f->roi.height,
                             w / f->roi.width, h / f->roi.height };
    case QA_DOCTOR_WRONG_IMAGE_SIZE: {
        double kx = f->view[0] < 10 ? f->view[0] : f->view[0] / W;
        double ky = f->view[1] < 10 ? f->view[1] : f->view[1] / H;
        return (plumb_rect){ x * kx, y * ky, w * kx, h * ky };
    }
    default:
        return r;
    }
}

/* --- every way of making them --- */

static const struct {
    plumb_size input;
    placing made;
} models[] = {
    { { 416, 416 }, { PLUMB_CROP_SCALE_FIT, SIDE_TOP_LEFT } },
    { { 640, 640 }, { PLUMB_CROP_SCALE_FIT, SIDE_CENTER } },
    { { 320, 240 }, { PLUMB_CROP_SCALE_FILL, SIDE_CENTER } },
    { { 224, 224 }, { PLUMB_CROP_CENTER, SIDE_CENTER } },
    { { 640, 384 }, { PLUMB_CROP_SCALE_FIT, SIDE_CENTER } },
    { { 300, 300 }, { PLUMB_CROP_SCALE_FILL, SIDE_CENTER } },
    { { 512, 512 }, { PLUMB_CROP_SCALE_FIT, SIDE_CENTER } },
    { { 320, 320 }, { PLUMB_CROP_CENTER, SIDE_CENTER } },
    { { 640, 640 }, { PLUMB_CROP_SCALE_FIT, SIDE_TOP_LEFT } },
    { { 352, 352 }, { PLUMB_CROP_SCALE_FILL, SIDE_CENTER } },
    { { 608, 608 }, { PLUMB_CROP_SCALE_FIT, SIDE_CENTER } },
    { { 640, 480 }, { PLUMB_CROP_CENTER, SIDE_CENTER } },
};
static const plumb_size aspects[] = { { 640, 640 }, { 640, 384 }, { 320, 240 } };
static const plumb_crop_mode modes[] = { PLUMB_CROP_CENTER, PLUMB_CROP_SCALE_FIT,
                                         PLUMB_CROP_SCALE_FILL, PLUMB_CROP_SCALE_FIT_ROTATE_90_CCW,
                                         PLUMB_CROP_SCALE_FILL_ROTATE_90_CCW };
static const plumb_rect rois[] = {
    { 0.2, 0.1, 0.5, 0.6 },   { 0.37, 0.22, 0.41, 0.53 }, { 0.05, 0.45, 0.7, 0.5 },
    { 0.1, 0.2, 0.45, 0.35 }, { 0.5, 0.5, 0.5, 0.5 },     { 0.313, 0.071, 0.6, 0.79 },
};
static const double views[][2] = { { 375, 667 }, { 390, 844 },  { 0.5, 0.5 }, { 731, 411 },
                                   { 2, 2 },     { 1100, 500 }, { 333, 444 }, { 0.37, 0.37 },
                                   { 0.8, 1.4 }, { 1.6, 0.55 }, { 3, 3 },     { 1080, 1920 } };
static const int offsets[] = { 1, -1, 2, 7, 80 };

enum { MODES = 5, MODE_PAIRS = 18, SIDE_PAIRS = 6 };

/* The two ways of filling differ by a quarter turn and nothing else: rotate-90 and -270. */
static bool is_turn(plumb_crop_mode a, plumb_crop_mode b)
{
    bool fill_a = a == PLUMB_CROP_SCALE_FILL || a == PLUMB_CROP_SCALE_FILL_ROTATE_90_CCW;
    bool fill_b = b == PLUMB_CROP_SCALE_FILL || b == PLUMB_CROP_SCALE_FILL_ROTATE_90_CCW;
    return fill_a && fill_b;
}

static void pick_modes(fault *f, int pair)
{
    for (int i = 0, k = 0; i < MODES * MODES; i++) {
        plumb_crop_mode made = modes[i / MODES], read = modes[i % MODES];
        if (made == read || is_turn(made, read) || k++ != pair)
            continue;
        f->made.mode = made;
        f->read.mode = read;
    }
}

static void pick_sides(fault *f, int pair)
{
    f->made.mode = f->read.mode = PLUMB_CROP_SCALE_FIT;
    f->made.side = pair / 2;
    f->read.side = (f->made.side + 1 + pair % 2) % 3;
}

int fault_variants(qa_doctor_code code)
{
    switch (code) {
    case QA_DOCTOR_XY_SWAPPED:
    case QA_DOCTOR_THRESHOLD_MISSING:
    case QA_DOCTOR_REGION_MISSING:
        return 2;
    case QA_DOCTOR_INPUT_SPACE_NOT_UNMAPPED:
    case QA_DOCTOR_UNMAPPED_TWICE:
        return COUNT(models);
    case QA_DOCTOR_PAD_PLACEMENT:
        return COUNT(aspects) * SIDE_PAIRS;
    case QA_DOCTOR_WRONG_CROP_MODE:
        return COUNT(aspects) * MODE_PAIRS;
    case QA_DOCTOR_ROI_NOT_APPLIED:
        return 2 * COUNT(rois);
    case QA_DOCTOR_WRONG_IMAGE_SIZE:
        return COUNT(views);
    case QA_DOCTOR_CLASS_OFFSET:
        return COUNT(offsets);
    case QA_DOCTOR_NMS_MISSING:
        return 3;
    default:
        return 1;
    }
}

fault fault_variant(qa_doctor_code code, int variant)
{
    fault f = { .code = code, .input = models[variant % COUNT(models)].input };
    f.made = models[variant % COUNT(models)].made;
    f.pixels = variant % 2 == 1;
    f.roi = rois[variant / 2 % COUNT(rois)];
    memcpy(f.view, views[variant % COUNT(views)], sizeof(f.view));
    f.offset = code == QA_DOCTOR_CLASS_OFFSET ? offsets[variant % COUNT(offsets)] : variant;
    if (code != QA_DOCTOR_PAD_PLACEMENT && code != QA_DOCTOR_WRONG_CROP_MODE)
        return f;
    f.input = aspects[variant % COUNT(aspects)];
    f.made.side = SIDE_CENTER;
    if (code == QA_DOCTOR_PAD_PLACEMENT)
        pick_sides(&f, variant / COUNT(aspects));
    else
        pick_modes(&f, variant / COUNT(aspects));
    return f;
}

/* --- what can be seen of them --- */

static double overlap(plumb_rect a, plumb_rect b)
{
    double w = fmin(a.x + a.width, b.x + b.width) - fmax(a.x, b.x);
    double h = fmin(a.y + a.height, b.y + b.height) - fmax(a.y, b.y);
    if (!(w > 0) || !(h > 0))
        return 0;
    return w * h / (a.width * a.height + b.width * b.height - w * h);
}

/* Mean overlap of what two faults make of the boxes found, each with the nearest of the other. */
static double likeness(const scene *s, const fault *a, const fault *b)
{
    double sum = 0;
    size_t boxes = 0;
    for (size_t f = 0; f < s->frame_count; f++) {
        const scene_frame *frame = &s->frames[f];
        for (size_t i = 0; i < frame->truth_count; i++) {
            double best = 0;
            for (size_t k = 0; k < frame->truth_count && frame->found[i]; k++)
                if (frame->found[k])
                    best = fmax(best, overlap(fault_rect(a, frame->image, frame->truth[i].rect),
                                              fault_rect(b, frame->image, frame->truth[k].rect)));
            sum += best;
            boxes += frame->found[i];
        }
    }
    return boxes ? sum / (double)boxes : 1.0;
}

/* What anybody may think of besides the variants above: letterboxes, crops and views of the usual
 * shapes. */
static const plumb_size usual_inputs[] = {
    { 224, 224 }, { 256, 256 }, { 300, 300 },   { 320, 320 }, { 416, 416 }, { 512, 512 },
    { 608, 608 }, { 640, 640 }, { 1280, 1280 }, { 320, 240 }, { 640, 480 }, { 640, 384 },
    { 640, 360 }, { 480, 640 }, { 384, 640 },   { 360, 640 },
};
static const placing usual_placings[] = {
    { PLUMB_CROP_SCALE_FIT, SIDE_CENTER },       { PLUMB_CROP_SCALE_FIT, SIDE_TOP_LEFT },
    { PLUMB_CROP_SCALE_FILL, SIDE_CENTER },      { PLUMB_CROP_CENTER, SIDE_CENTER },
    { PLUMB_CROP_SCALE_FIT, SIDE_BOTTOM_RIGHT },
};
static const double usual_views[][2] = {
    { 640, 480 },   { 480, 640 }, { 1280, 720 },  { 720, 1280 },    { 1920, 1080 },
    { 1080, 1920 }, { 960, 540 }, { 0.25, 0.25 }, { 0.333, 0.333 }, { 0.5, 0.5 },
    { 2, 2 },       { 3, 3 },     { 4, 4 },
};

static bool like(const scene *s, const fault *f, const fault *other, qa_doctor_code *twin)
{
    if (other->code == f->code || likeness(s, f, other) <= SAME_BOXES)
        return false;
    *twin = other->code;
    return true;
}

static bool like_usual_mapping(const scene *s, const fault *f, qa_doctor_code *twin)
{
    for (int i = 0; i < COUNT(usual_inputs); i++) {
        for (int a = 0; a < COUNT(usual_placings); a++) {
            fault other = { .code = QA_DOCTOR_INPUT_SPACE_NOT_UNMAPPED, .input = usual_inputs[i] };
            other.made = usual_placings[a];
            if (like(s, f, &other, twin))
                return true;
            other.code = QA_DOCTOR_UNMAPPED_TWICE;
            if (like(s, f, &other, twin))
                return true;
            for (int b = 0; b < COUNT(usual_placings); b++) {
                other.read = usual_placings[b];
                other.code = other.made.mode == other.read.mode ? QA_DOCTOR_PAD_PLACEMENT
                                                                : QA_DOCTOR_WRONG_CROP_MODE;
                if (a != b && like(s, f, &other, twin))
                    return true;
            }
        }
    }
    return false;
}

bool scene_twin(const scene *s, const fault *f, qa_doctor_code *twin)
{
    const fault none = { .code = QA_DOCTOR_CODE_COUNT };
    *twin = QA_DOCTOR_CODE_COUNT;
    if (f->code > QA_DOCTOR_WRONG_IMAGE_SIZE)
        return false;
    if (likeness(s, f, &none) > SAME_BOXES)
        return true;
    for (int code = 0; code <= QA_DOCTOR_WRONG_IMAGE_SIZE; code++) {
        for (int v = 0; v < fault_variants((qa_doctor_code)code); v++) {
            fault other = fault_variant((qa_doctor_code)code, v);
            /* Nobody thinks of a turned mode first. */
            if (!turned(other.made.mode) && !turned(other.read.mode) && like(s, f, &other, twin))
                return true;
        }
    }
    for (int i = 0; i < COUNT(usual_views); i++) {
        fault other = { .code = QA_DOCTOR_WRONG_IMAGE_SIZE };
        memcpy(other.view, usual_views[i], sizeof(other.view));
        if (like(s, f, &other, twin))
            return true;
    }
    return like_usual_mapping(s, f, twin);
}

/* --- making them --- */

static bool break_geometry(scene *s, const fault *f)
{
    double kept = 0;
    size_t boxes = 0;
    for (size_t i = 0; i < s->frame_count; i++) {
        scene_frame *frame = &s->frames[i];
        for (size_t k = 0; k < frame->truth_count; k++, boxes++) {
            plumb_rect sent = fault_rect(f, frame->image, frame->sent[k]);
            kept += overlap(frame->sent[k], sent);
            frame->sent[k] = sent;
        }
        for (size_t k = 0; k < frame->seen_count; k++)
            frame->seen[k].rect = fault_rect(f, frame->image, frame->seen[k].rect);
    }
    s->spec.input = f->input;
    s->spec.mode = f->made.mode;
    s->spec.rule = f->made.side == SIDE_TOP_LEFT ? PLUMB_RULE_YOLOX : PLUMB_RULE_EXACT;
    return kept < HARDLY * (double)boxes;
}

static void add_low_scores(scene *s, dice *d, bool flat)
{
    int many = 6 + dice_below(d, 60);
    for (size_t f = 0; f < s->frame_count; f++) {
        for (int i = 0; i < many; i++) {
            double score = flat ? 0.01 + 0.22 * dice_share(d) : 0.25 * pow(dice_share(d), 4.0);
            scene_see(&s->frames[f], dice_rect(d, s->frames[f].image), score,
                      dice_below(d, s->classes));
        }
    }
}

static void add_copies(scene *s, dice *d, double jitter)
{
    int most = 2 + dice_below(d, 5);
    for (size_t f = 0; f < s->frame_count; f++) {
        scene_frame *frame = &s->frames[f];
        size_t seen = frame->seen_count;
        for (size_t i = 0; i < seen; i++)
            for (int k = 1 + dice_below(d, most); k > 0; k--)
                scene_see(frame, dice_shake(d, frame->seen[i].rect, jitter),
                          frame->seen[i].score * (0.6 + 0.4 * dice_share(d)),
                          frame->seen[i].class_id);
    }
}

/* Printed marks at fixed places of the picture, which overlap as little as print does. */
static void add_marks(scene *s, dice *d)
{
    plumb_rect places[4];
    int count = 1 + dice_below(d, 4), class_id = dice_below(d, s->classes);
    for (int i = 0; i < count; i++)
        places[i] = dice_rect(d, (plumb_size){ 10000, 10000 });
    for (size_t f = 0; f < s->frame_count; f++) {
        scene_frame *frame = &s->frames[f];
        double W = frame->image.width / 10000.0, H = frame->image.height / 10000.0;
        for (int i = 0; i < count; i++) {
            plumb_rect r = { places[i].x * W, places[i].y * H, places[i].width * W,
                             places[i].height * H };
            if (dice_share(d) < 0.85)
                scene_see(frame, dice_shake(d, r, 0.03), 0.4 + 0.5 * dice_share(d), class_id);
        }
    }
}

/* The same on a card that lies elsewhere in every frame: numerals on two of its axes. */
static void add_numerals(scene *s, dice *d)
{
    int count = 6 + dice_below(d, 8), class_id = dice_below(d, s->classes);
    for (size_t f = 0; f < s->frame_count; f++) {
        scene_frame *frame = &s->frames[f];
        double W = frame->image.width, H = frame->image.height;
        double card = fmin(W, H) * (0.55 + 0.35 * dice_share(d)), angle = 0.06 * dice_normal(d);
        double x = W / 2 + 0.1 * (dice_share(d) - 0.5) * W, side = 0.06 * card;
        double y = H / 2 + 0.1 * (dice_share(d) - 0.5) * H;
        for (int i = 0; i < count; i++) {
            double radius = (0.12 + 0.09 * (i / 4)) * card * (i % 4 < 2 ? 1 : -1);
            double u = i % 2 ? radius : 0, v = i % 2 ? 0 : radius;
            plumb_rect r = { x + cos(angle) * u - sin(angle) * v - side / 2,
                             y + sin(angle) * u + cos(angle) * v - side / 2, side, side };
            if (dice_share(d) < 0.9)
                scene_see(frame, dice_shake(d, r, 0.03), 0.4 + 0.5 * dice_share(d), class_id);
        }
    }
}

/* Too few scores to see that they are squeezed, or logits that all look like probabilities. */
static bool change_scores(scene *s, bool twice)
{
    size_t count = 0, outside = 0;
    for (size_t f = 0; f < s->frame_count; f++) {
        for (size_t i = 0; i < s->frames[f].seen_count; i++, count++) {
            double *p = &s->frames[f].seen[i].score;
            outside += *p < 0.5 || *p > 0.7311;
            *p = twice ? 1.0 / (1.0 + exp(-*p)) : log(*p / (1.0 - *p));
        }
    }
    return twice ? count >= 10 : outside * 10 >= count && outside > 0;
}

bool scene_break(scene *s, dice *d, const fault *f)
{
    switch (f->code) {
    case QA_DOCTOR_CLASS_OFFSET:
        for (size_t i = 0; i < s->frame_count; i++)
            for (size_t k = 0; k < s->frames[i].seen_count; k++)
                s->frames[i].seen[k].class_id += f->offset;
        return true;
    case QA_DOCTOR_THRESHOLD_MISSING:
        add_low_scores(s, d, f->offset == 0);
        return true;
    case QA_DOCTOR_NMS_MISSING:
        add_copies(s, d, 0.02 + 0.03 * f->offset);
        return true;
    case QA_DOCTOR_REGION_MISSING:
        if (f->offset == 0)
            add_marks(s, d);
        else
            add_numerals(s, d);
        return true;
    case QA_DOCTOR_SIGMOID_MISSING:
    case QA_DOCTOR_SIGMOID_TWICE:
        return change_scores(s, f->code == QA_DOCTOR_SIGMOID_TWICE);
    default:
        return break_geometry(s, f);
    }
}
