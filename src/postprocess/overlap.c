/* SPDX-License-Identifier: Apache-2.0 */
#include "postprocess/overlap.h"

#include <float.h>
#include <math.h>

#include "kernels/activation.h"
#include "kernels/kept.h"
#include "postprocess/region.h"

static float common_area(const plumb_box *a, const plumb_box *b)
{
    float width = fminf(a->x1, b->x1) - fmaxf(a->x0, b->x0);
    float height = fminf(a->y1, b->y1) - fmaxf(a->y0, b->y0);
    return fmaxf(width, 0.0f) * fmaxf(height, 0.0f);
}

/* Also torchvision's and tflite's, for boxes with an area: others overlap nothing there. */
static float overlap_iou(const plumb_detection *a, const plumb_detection *b)
{
    float common = common_area(&a->box, &b->box);
    return common / (plumb_kept_area(&a->box) + plumb_kept_area(&b->box) - common);
}

static float overlap_ios(const plumb_detection *a, const plumb_detection *b)
{
    return common_area(&a->box, &b->box) /
           fminf(plumb_kept_area(&a->box), plumb_kept_area(&b->box));
}

/* Zheng et al., "Distance-IoU Loss", AAAI 2020: -1..1. */
static float overlap_diou(const plumb_detection *a, const plumb_detection *b)
{
    const plumb_box *p = &a->box, *q = &b->box;
    float dx = (p->x0 + p->x1) * 0.5f - (q->x0 + q->x1) * 0.5f;
    float dy = (p->y0 + p->y1) * 0.5f - (q->y0 + q->y1) * 0.5f;
    float width = fmaxf(p->x1, q->x1) - fminf(p->x0, q->x0);
    float height = fmaxf(p->y1, q->y1) - fminf(p->y0, q->y0);
    return overlap_iou(a, b) - (dx * dx + dy * dy) / (width * width + height * height);
}

static float overlap_rotated(const plumb_detection *a, const plumb_detection *b)
{
    plumb_region_box p = plumb_region_box_of(a, true), q = plumb_region_box_of(b, true);
    plumb_affine p_from_q = plumb_affine_compose(&q.upright_from_box, &p.box_from_upright);
    const plumb_point corners[4] = {
        { 0, 0 }, { q.width, 0 }, { q.width, q.height }, { 0, q.height }
    };
    double first = p.width * p.height, second = q.width * q.height;
    double common = plumb_polygon_overlap(corners, 4, &p_from_q, p.width, p.height);
    common = fmin(common, fmin(first, second));
    return (float)(common / (first + second - common));
}

typedef struct gaussian {
    double x, y, a, b, c;
} gaussian;

static gaussian gaussian_of(const plumb_detection *d)
{
    double width = (double)d->box.x1 - d->box.x0, height = (double)d->box.y1 - d->box.y0;
    double a = width * width / 12.0, b = height * height / 12.0;
    double c = cos(d->angle), s = sin(d->angle);
    gaussian g = { ((double)d->box.x0 + d->box.x1) * 0.5, ((double)d->box.y0 + d->box.y1) * 0.5,
                   a * c * c + b * s * s, a * s * s + b * c * c, (a - b) * c * s };
    return g;
}

/* One minus the Hellinger distance of the boxes' Gaussians: Llerena et al., "Gaussian Bounding
 * Boxes and Probabilistic Intersection-over-Union", arXiv 2106.06072, with the constant that
 * ultralytics adds. */
static float overlap_probiou(const plumb_detection *first, const plumb_detection *second)
{
    const double eps = 1e-7;
    gaussian p = gaussian_of(first), q = gaussian_of(second);
    double a = p.a + q.a, b = p.b + q.b, c = p.c + q.c, dx = p.x - q.x, dy = p.y - q.y;
    double determinant = a * b - c * c;
    double t1 = (a * dy * dy + b * dx * dx) / (determinant + eps) * 0.25;
    double t2 = c * -dx * dy / (determinant + eps) * 0.5;
    double sizes = fmax(p.a * p.b - p.c * p.c, 0.0) * fmax(q.a * q.b - q.c * q.c, 0.0);
    double t3 = log(determinant / (4.0 * sqrt(sizes) + eps) + eps) * 0.5;
    double distance = fmin(fmax(t1 + t2 + t3, eps), 100.0);
    return (float)(1.0 - sqrt(1.0 - plumb_exp(-distance) + eps));
}

/* cv::dnn::NMSBoxes of Rect2d: one minus the Jaccard distance, in double, then float. */
static float overlap_opencv(const plumb_detection *first, const plumb_detection *second)
{
    const plumb_box *p = &first->box, *q = &second->box;
    double pw = (double)p->x1 - p->x0, ph = (double)p->y1 - p->y0;
    double qw = (double)q->x1 - q->x0, qh = (double)q->y1 - q->y0;
    double sum = pw * ph + qw * qh, common = 0.0, distance = 0.0;
    if (sum > DBL_EPSILON) {
        double x = fmax(p->x0, q->x0), y = fmax(p->y0, q->y0);
        double width = fmin(p->x0 + pw, q->x0 + qw) - x, height = fmin(p->y0 + ph, q->y0 + qh) - y;
        if (width > 0.0 && height > 0.0)
            common = width * height;
        distance = 1.0 - common / (sum - common);
    }
    return 1.0f - (float)distance;
}

/* MediaPipe's JACCARD divides by the hull of both boxes, not by their union. */
static float overlap_mediapipe(const plumb_detection *a, const plumb_detection *b)
{
    const plumb_box *p = &a->box, *q = &b->box;
    plumb_box hull = { fminf(p->x0, q->x0), fminf(p->y0, q->y0), fmaxf(p->x1, q->x1),
                       fmaxf(p->y1, q->y1) };
    float common = common_area(p, q), all = plumb_kept_area(&hull);
    return common > 0.0f && all > 0.0f ? common / all : 0.0f;
}

static int64_t whole(float value)
{
    return (int64_t)fminf(fmaxf(value, -1e6f), 1e6f);
}

/* nnstreamer's decoder keeps boxes as whole x, y, width, height, not left of 0, and adds a pixel
 * to the overlap but not to the areas; the result may be above 1. */
static float overlap_nnstreamer(const plumb_detection *a, const plumb_detection *b)
{
    const plumb_box *p = &a->box, *q = &b->box;
    int64_t px = whole(fmaxf(p->x0, 0.0f)), py = whole(fmaxf(p->y0, 0.0f));
    int64_t qx = whole(fmaxf(q->x0, 0.0f)), qy = whole(fmaxf(q->y0, 0.0f));
    int64_t pw = whole(p->x1 - p->x0), ph = whole(p->y1 - p->y0);
    int64_t qw = whole(q->x1 - q->x0), qh = whole(q->y1 - q->y0);
    int64_t right = px + pw < qx + qw ? px + pw : qx + qw;
    int64_t lower = py + ph < qy + qh ? py + ph : qy + qh;
    int64_t width = right - (px > qx ? px : qx) + 1, height = lower - (py > qy ? py : qy) + 1;
    float common = width > 0 && height > 0 ? (float)(width * height) : 0.0f;
    float overlap = common / ((float)(pw * ph) + (float)(qw * qh) - common);
    return overlap >= 0.0f ? overlap : 0.0f;
}

/* rknn_model_zoo: a pixel more on every side, in double until each result is stored. */
static float overlap_rknn(const plumb_detection *a, const plumb_detection *b)
{
    const plumb_box *p = &a->box, *q = &b->box;
    float width = (float)fmax(0.0, fmin(p->x1, q->x1) - fmax(p->x0, q->x0) + 1.0);
    float height = (float)fmax(0.0, fmin(p->y1, q->y1) - fmax(p->y0, q->y0) + 1.0);
    float common = width * height;
    float all =
        (float)(((double)(p->x1 - p->x0) + 1.0) * ((double)(p->y1 - p->y0) + 1.0) +
                ((double)(q->x1 - q->x0) + 1.0) * ((double)(q->y1 - q->y0) + 1.0) - (double)common);
    return all <= 0.0f ? 0.0f : common / all;
}

plumb_overlap_fn plumb_overlap_select(plumb_overlap overlap, plumb_nms_compat compat)
{
    static const plumb_overlap_fn peers[] = {
        [PLUMB_COMPAT_TORCHVISION] = overlap_iou,
        [PLUMB_COMPAT_OPENCV] = overlap_opencv,
        [PLUMB_COMPAT_TFLITE] = overlap_iou,
        [PLUMB_COMPAT_MEDIAPIPE] = overlap_mediapipe,
        [PLUMB_COMPAT_NNSTREAMER] = overlap_nnstreamer,
        [PLUMB_COMPAT_RKNN] = overlap_rknn,
    };
    static const plumb_overlap_fn measures[] = {
        [PLUMB_OVERLAP_IOU] = overlap_iou,         [PLUMB_OVERLAP_IOS] = overlap_ios,
        [PLUMB_OVERLAP_DIOU] = overlap_diou,       [PLUMB_OVERLAP_ROTATED] = overlap_rotated,
        [PLUMB_OVERLAP_PROBIOU] = overlap_probiou,
    };
    return compat != PLUMB_COMPAT_NONE ? peers[compat] : measures[overlap];
}
