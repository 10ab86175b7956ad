/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "qa/chance.h"
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
#define CLOSE 0.2
/* Boxes of an object keep their sizes among each other within this factor. */
#define SAME_SIZE 1.5
/* So many boxes have to agree, the two of the base line among them. */
#define LEAST_AGREEING 4
/* Boxes that are held against each other in a frame: crowds would make too many pairs. */
#define MOST_LOOKS 4000000
/* In a frame; boxes beyond take no part. */
#define MOST_BOXES 512
/* Base lines shorter than this share of the usual distance fix no scale. */
#define SHORTEST 0.5
/* Nats from which on an object counts as found in a frame. */
#define LEAST_EVIDENCE 1.0

typedef struct span {
    const qa_place_box *boxes;
    size_t count;
} span;

static plumb_point centre(const qa_place_box *box)
{
    plumb_point p = { box->rect.x + box->rect.width / 2.0, box->rect.y + box->rect.height / 2.0 };
    return p;
}

static double area(const qa_place_box *box)
{
    return box->rect.width * box->rect.height;
}

static double extent(const qa_place_box *box)
{
    return sqrt(area(box));
}

/* The box of `to` nearest to where `from` goes, within `slack` of its size; -1 where none is. */
static long nearest(const plumb_affine *affine, const qa_place_box *from, span to, double slack)
{
    plumb_point at = plumb_affine_point(affine, centre(from));
    const double *m = affine->m;
    double best = INFINITY, expected = area(from) * fabs(m[0] * m[4] - m[1] * m[3]);
    long found = -1;
    for (size_t j = 0; j < to.count; j++) {
        plumb_point p = centre(&to.boxes[j]);
        double x = p.x - at.x, y = p.y - at.y, d = x * x + y * y, size = area(&to.boxes[j]);
        bool same =
            size < SAME_SIZE * SAME_SIZE * expected && expected < SAME_SIZE * SAME_SIZE * size;
        if (to.boxes[j].surplus && same && d < slack * slack * size && d < best) {
            best = d;
            found = (long)j;
        }
    }
    return found;
}

/* Boxes of the other frame that are taken, so that no two come from one. */
typedef struct taken_set {
    uint64_t bits[MOST_BOXES / 64];
} taken_set;

static bool take(taken_set *set, long index)
{
    if (index < 0 || index >= MOST_BOXES || (set->bits[index / 64] >> (index % 64) & 1))
        return false;
    set->bits[index / 64] |= UINT64_C(1) << (index % 64);
    return true;
}

static size_t agreeing(const plumb_affine *affine, span from, span to, double slack)
{
    size_t count = 0;
    taken_set taken = { { 0 } };
    for (size_t i = 0; i < from.count; i++)
        count += from.boxes[i].surplus && take(&taken, nearest(affine, &from.boxes[i], to, slack));
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
    taken_set taken = { { 0 } };
    for (size_t i = 0; i < from.count; i++) {
        long j = from.boxes[i].surplus ? nearest(rough, &from.boxes[i], to, slack) : -1;
        if (!take(&taken, j))
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

/* Mean distance of the surplus boxes from each other; one box far off hardly changes it. */
static double usual_distance(span boxes)
{
    double sum = 0.0;
    size_t pairs = 0;
    for (size_t i = 0; i < boxes.count; i++) {
        for (size_t j = i + 1; j < boxes.count; j++) {
            plumb_point p = centre(&boxes.boxes[i]), q = centre(&boxes.boxes[j]);
            if (!boxes.boxes[i].surplus || !boxes.boxes[j].surplus)
                continue;
            sum += hypot(p.x - q.x, p.y - q.y);
            pairs++;
        }
    }
    return pairs ? sum / (double)pairs : 0.0;
}

/* Where an object may have gone, the best that was found, and among how many. */
typedef struct pursuit {
    plumb_affine best;
    size_t agreeing; /* roughly and finely, added up */
    size_t tried, looks;
} pursuit;

/* The best transform that one base line of the reference gives. */
static void try_base_line(span reference, span other, size_t a, size_t b, pursuit *p)
{
    for (size_t c = 0; c < other.count && p->looks < MOST_LOOKS; c++) {
        double ratio = extent(&other.boxes[c]) / extent(&reference.boxes[a]);
        if (!other.boxes[c].surplus || ratio < LEAST_SCALE || ratio > MOST_SCALE)
            continue;
        for (size_t d = 0; d < other.count; d++) {
            plumb_affine affine;
            if (c == d || !other.boxes[d].surplus ||
                !similarity(centre(&reference.boxes[a]), centre(&reference.boxes[b]),
                            centre(&other.boxes[c]), centre(&other.boxes[d]), &affine))
                continue;
            double scale = hypot(affine.m[0], affine.m[1]);
            if (scale > SAME_SIZE * ratio || ratio > SAME_SIZE * scale)
                continue;
            p->tried++;
            p->looks += reference.count * other.count;
            size_t count = agreeing(&affine, reference, other, ROUGH);
            if (count >= LEAST_AGREEING)
                count += agreeing(&affine, reference, other, FINE);
            if (count > p->agreeing) {
                p->agreeing = count;
                p->best = affine;
            }
        }
    }
}

static size_t surplus_of(span s)
{
    size_t count = 0;
    for (size_t i = 0; i < s.count; i++)
        count += s.boxes[i].surplus;
    return count;
}

/* The chance that a surplus box strewn over the same area lies within `slack` of a given place. */
static double coincidence(span other, double slack)
{
    double low[2] = { INFINITY, INFINITY }, high[2] = { -INFINITY, -INFINITY }, sizes = 0.0;
    for (size_t i = 0; i < other.count; i++) {
        plumb_point p = centre(&other.boxes[i]);
        double size = extent(&other.boxes[i]);
        if (!other.boxes[i].surplus)
            continue;
        low[0] = fmin(low[0], p.x - size / 2.0);
        high[0] = fmax(high[0], p.x + size / 2.0);
        low[1] = fmin(low[1], p.y - size / 2.0);
        high[1] = fmax(high[1], p.y + size / 2.0);
        sizes += size * size;
    }
    return fmin(3.1416 * slack * slack * sizes / ((high[0] - low[0]) * (high[1] - low[1])), 0.5);
}

/* Where the object of the reference frame lies in another one, and in nats how little chance would
 * make so many boxes agree, given how many transforms were tried. */
static double follow(span reference, span other, plumb_affine *affine)
{
    double length = usual_distance(reference);
    pursuit p = { { { 1, 0, 0, 0, 1, 0 } }, 0, 0, 0 };
    size_t lines = 0, seen = 0, surplus = surplus_of(reference);
    /* An even choice of all base lines. */
    size_t stride = surplus * (surplus - 1) / 2 / BASE_LINES + 1;
    for (size_t a = 0; a < reference.count && lines < BASE_LINES; a++) {
        for (size_t b = a + 1; b < reference.count && lines < BASE_LINES; b++) {
            plumb_point from = centre(&reference.boxes[a]), to = centre(&reference.boxes[b]);
            if (!reference.boxes[a].surplus || !reference.boxes[b].surplus ||
                hypot(from.x - to.x, from.y - to.y) < SHORTEST * length || seen++ % stride != 0)
                continue;
            lines++;
            try_base_line(reference, other, a, b, &p);
        }
    }
    if (p.agreeing < LEAST_AGREEING)
        return 0.0;
    plumb_affine rough;
    if (fit(&p.best, reference, other, ROUGH, &rough) &&
        !fit(&rough, reference, other, FINE, &p.best))
        p.best = rough;
    *affine = p.best;
    /* A loose look for objects that are not quite flat, a close one for precise detectors. */
    static const double slacks[] = { FINE, CLOSE };
    double evidence = 0.0;
    for (size_t k = 0; k < sizeof(slacks) / sizeof(slacks[0]); k++) {
        size_t count = agreeing(&p.best, reference, other, slacks[k]);
        if (count < LEAST_AGREEING)
            continue;
        double chance = qa_chance_binomial(surplus - 2, count - 2, coincidence(other, slacks[k]));
        evidence = fmax(evidence, -log(2.0 * chance * (double)p.tried + 1e-300));
    }
    return evidence;
}

static span frame_at(const qa_place_box *boxes, size_t count, size_t first)
{
    span s = { boxes + first, 0 };
    while (first + s.count < count && boxes[first + s.count].frame == boxes[first].frame)
        s.count++;
    return s;
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
    size_t followed = 1, others = 0;
    double evidence = 0.0;
    for (size_t i = 0; i < count;) {
        span s = frame_at(boxes, count, i);
        plumb_affine there, back;
        bool own = s.boxes == reference.boxes;
        double here = own ? 0.0 : follow(reference, s, &there);
        bool found = own || (here > LEAST_EVIDENCE && plumb_affine_invert(&there, &back));
        for (size_t k = i; k < i + s.count && !own; k++) {
            if (found)
                boxes[k].rect = plumb_affine_rect(&back, boxes[k].rect);
            else
                boxes[k].surplus = false;
        }
        followed += found && !own;
        others += !own;
        evidence += here;
        i += s.count;
    }
    /* By chance each frame gives one nat on average: the tail of that sum. */
    double usual = (double)others + 3.5 * sqrt((double)others) + 3.0;
    if (followed < 3 || 5 * followed < 2 * frame_count || evidence < usual)
        return 0;
    return qa_places_in_picture(boxes, count, followed, 0.2);
}
