/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "qa/doctor_places.h"

/* Pairs of boxes in the reference frame that are tried as a base line. */
#define BASE_LINES 60
/* An object keeps its size and stays upright within these from frame to frame. */
#define LEAST_SCALE 0.4
#define MOST_SCALE  2.5
#define LEAST_COS   0.82 /* 35 degrees */
/* How far a box may lie from where the object says, as a share of its size: roughly at first, for
 * two boxes do not show perspective, then after a fit to all. */
#define ROUGH 0.9
#define FINE  0.45
/* So many boxes have to agree, the two of the base line among them. */
#define LEAST_AGREEING 5
/* Base lines shorter than this share of the longest fix no scale. */
#define SHORTEST 0.35

typedef struct span {
    const qa_place_box *boxes;
    size_t count;
} span;

static plumb_point centre(const qa_place_box *box)
{
    plumb_point p = { box->rect.x + box->rect.width / 2.0, box->rect.y + box->rect.height / 2.0 };
    return p;
}

static double extent(const qa_place_box *box)
{
    return sqrt(box->rect.width * box->rect.height);
}

/* The box of `to` nearest to where `from` goes, within `slack` of its size; -1 where none is. */
static long nearest(const plumb_affine *affine, const qa_place_box *from, span to, double slack)
{
    plumb_point at = plumb_affine_point(affine, centre(from));
    double best = INFINITY;
    long found = -1;
    for (size_t j = 0; j < to.count; j++) {
        plumb_point p = centre(&to.boxes[j]);
        double d = hypot(p.x - at.x, p.y - at.y), size = extent(&to.boxes[j]);
        if (to.boxes[j].surplus == from->surplus && d < slack * size && d < best) {
            best = d;
            found = (long)j;
        }
    }
    return found;
}

static size_t agreeing(const plumb_affine *affine, span from, span to, double slack)
{
    size_t count = 0;
    for (size_t i = 0; i < from.count; i++)
        count += nearest(affine, &from.boxes[i], to, slack) >= 0;
    return count;
}

/* The similarity that takes a to c and b to d; false where it turns or scales too much. */
static bool similarity(plumb_point a, plumb_point b, plumb_point c, plumb_point d,
                       plumb_affine *affine)
{
    double x = b.x - a.x, y = b.y - a.y, u = d.x - c.x, v = d.y - c.y;
    double length = x * x + y * y, other = u * u + v * v;
    if (!(length > 0.0))
        return false;
    double re = (x * u + y * v) / length, im = (x * v - y * u) / length;
    double scale = sqrt(other / length);
    if (scale < LEAST_SCALE || scale > MOST_SCALE || re < LEAST_COS * scale)
        return false;
    plumb_affine s = { { re, -im, c.x - re * a.x + im * a.y, im, re, c.y - im * a.x - re * a.y } };
    *affine = s;
    return true;
}

/* Solve a symmetric 3 by 3 system by elimination. */
static bool solve(double m[3][4], double solution[3])
{
    for (int i = 0; i < 3; i++) {
        if (fabs(m[i][i]) < 1e-12)
            return false;
        for (int k = i + 1; k < 3; k++) {
            double factor = m[k][i] / m[i][i];
            for (int j = i; j < 4; j++)
                m[k][j] -= factor * m[i][j];
        }
    }
    for (int i = 2; i >= 0; i--) {
        double sum = m[i][3];
        for (int j = i + 1; j < 3; j++)
            sum -= m[i][j] * solution[j];
        solution[i] = sum / m[i][i];
    }
    return true;
}

/* Least squares over the boxes that agree. */
static bool fit(const plumb_affine *rough, span from, span to, double slack, plumb_affine *affine)
{
    double mx[3][4] = { { 0 } }, my[3][4] = { { 0 } };
    size_t count = 0;
    for (size_t i = 0; i < from.count; i++) {
        long j = nearest(rough, &from.boxes[i], to, slack);
        if (j < 0)
            continue;
        plumb_point p = centre(&from.boxes[i]), q = centre(&to.boxes[j]);
        const double row[3] = { p.x, p.y, 1.0 };
        for (int a = 0; a < 3; a++) {
            for (int b = 0; b < 3; b++) {
                mx[a][b] += row[a] * row[b];
                my[a][b] += row[a] * row[b];
            }
            mx[a][3] += row[a] * q.x;
            my[a][3] += row[a] * q.y;
        }
        count++;
    }
    return count >= LEAST_AGREEING - 1 && solve(mx, affine->m) && solve(my, affine->m + 3);
}

static double longest(span boxes)
{
    double most = 0.0;
    for (size_t i = 0; i < boxes.count; i++) {
        for (size_t j = i + 1; j < boxes.count; j++) {
            plumb_point p = centre(&boxes.boxes[i]), q = centre(&boxes.boxes[j]);
            most = fmax(most, hypot(p.x - q.x, p.y - q.y));
        }
    }
    return most;
}

/* The best transform that one base line of the reference gives. */
static void try_base_line(span reference, span other, size_t a, size_t b, plumb_affine *best,
                          size_t *most)
{
    for (size_t c = 0; c < other.count; c++) {
        if (other.boxes[c].surplus != reference.boxes[a].surplus)
            continue;
        double ratio = extent(&other.boxes[c]) / extent(&reference.boxes[a]);
        if (ratio < LEAST_SCALE || ratio > MOST_SCALE)
            continue;
        for (size_t d = 0; d < other.count; d++) {
            plumb_affine affine;
            if (c == d || other.boxes[d].surplus != reference.boxes[b].surplus ||
                !similarity(centre(&reference.boxes[a]), centre(&reference.boxes[b]),
                            centre(&other.boxes[c]), centre(&other.boxes[d]), &affine))
                continue;
            size_t count = agreeing(&affine, reference, other, ROUGH);
            if (count > *most) {
                *most = count;
                *best = affine;
            }
        }
    }
}

/* Where the object of the reference frame lies in another one. */
static bool follow(span reference, span other, plumb_affine *affine)
{
    double length = longest(reference);
    size_t most = 0, tried = 0;
    plumb_affine best = { { 1, 0, 0, 0, 1, 0 } };
    /* A fixed stride through all pairs spreads the base lines over the object. */
    size_t pairs = reference.count * reference.count;
    size_t stride = pairs / (4 * BASE_LINES) + 1;
    while (stride > 1 && reference.count % stride == 0)
        stride++;
    for (size_t k = 0; k < pairs && tried < BASE_LINES; k += stride) {
        size_t a = k / reference.count, b = k % reference.count;
        plumb_point p = centre(&reference.boxes[a]), q = centre(&reference.boxes[b]);
        if (a >= b || hypot(p.x - q.x, p.y - q.y) < SHORTEST * length)
            continue;
        tried++;
        try_base_line(reference, other, a, b, &best, &most);
    }
    if (most < LEAST_AGREEING - 1)
        return false;
    plumb_affine rough;
    if (fit(&best, reference, other, ROUGH, &rough) && !fit(&rough, reference, other, FINE, &best))
        best = rough;
    *affine = best;
    size_t smaller = reference.count < other.count ? reference.count : other.count;
    size_t count = agreeing(&best, reference, other, FINE);
    return count >= LEAST_AGREEING && 5 * count >= 2 * smaller;
}

static span frame_at(const qa_place_box *boxes, size_t count, size_t first)
{
    span s = { boxes + first, 0 };
    while (first + s.count < count && boxes[first + s.count].frame == boxes[first].frame)
        s.count++;
    return s;
}

static size_t surplus_of(span s)
{
    size_t count = 0;
    for (size_t i = 0; i < s.count; i++)
        count += s.boxes[i].surplus;
    return count;
}

size_t qa_places_on_object(qa_place_box *boxes, size_t count, size_t frame_count)
{
    span reference = { boxes, 0 };
    for (size_t i = 0; i < count;) {
        span s = frame_at(boxes, count, i);
        if (reference.count == 0 || surplus_of(s) > surplus_of(reference))
            reference = s;
        i += s.count;
    }
    if (surplus_of(reference) < 3 || reference.count < LEAST_AGREEING)
        return 0;
    size_t followed = 1;
    for (size_t i = 0; i < count;) {
        span s = frame_at(boxes, count, i);
        plumb_affine there, back;
        bool found = s.boxes == reference.boxes ||
                     (follow(reference, s, &there) && plumb_affine_invert(&there, &back));
        for (size_t k = i; k < i + s.count && s.boxes != reference.boxes; k++) {
            if (found)
                boxes[k].rect = plumb_affine_rect(&back, boxes[k].rect);
            else
                boxes[k].surplus = false;
        }
        followed += found && s.boxes != reference.boxes;
        i += s.count;
    }
    if (followed < 3 || 5 * followed < 2 * frame_count)
        return 0;
    return qa_places_in_picture(boxes, count, followed, 0.2);
}
