/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/matching.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const double qa_match_jitters[QA_MATCH_JITTERS] = { 0.018, 0.036, 0.07, 0.12 };

/* Density of the four-dimensional Student distribution with 3 degrees of freedom at its centre,
 * times the log-range of 3 by 3 over which sizes fall by chance. */
#define CENTRE_RATIO (0.0422 * 9.0)
#define DEGREES      3.0
#define EXPONENT     3.5
#define BEST_WORTH   18.0

qa_match_target qa_match_prepare(plumb_rect truth, plumb_size image, double jitter, double floor,
                                 size_t surplus)
{
    double sx = jitter * truth.width + floor, sy = jitter * truth.height + floor;
    double share = (double)image.width * image.height * truth.width * truth.height;
    double worth = log(CENTRE_RATIO * share / (sx * sx * sy * sy));
    worth = fmin(worth, BEST_WORTH) - log(surplus > 1 ? (double)surplus : 1.0);
    qa_match_target target = {
        truth.x,
        truth.y,
        truth.x + truth.width,
        truth.y + truth.height,
        1.0 / sx,
        1.0 / sy,
        worth,
        worth > 0.0 ? DEGREES * expm1(worth / EXPONENT) : 0.0,
    };
    return target;
}

static double distance(const qa_match_target *t, const plumb_rect *r)
{
    double a = (r->x - t->x0) * t->inverse_x, b = (r->x + r->width - t->x1) * t->inverse_x;
    double c = (r->y - t->y0) * t->inverse_y, d = (r->y + r->height - t->y1) * t->inverse_y;
    return a * a + b * b + c * c + d * d;
}

static int by_worth(const void *left, const void *right)
{
    const qa_match_candidate *a = left, *b = right;
    if (a->worth != b->worth)
        return a->worth > b->worth ? -1 : 1;
    if (a->target != b->target)
        return a->target < b->target ? -1 : 1;
    return a->observed < b->observed ? -1 : a->observed > b->observed;
}

/* Keep the best QA_MATCH_KEEP of one target, in order. */
static size_t keep(qa_match_candidate *best, size_t count, qa_match_candidate candidate)
{
    if (count == QA_MATCH_KEEP && candidate.worth <= best[count - 1].worth)
        return count;
    size_t at = count < QA_MATCH_KEEP ? count : count - 1;
    while (at > 0 && best[at - 1].worth < candidate.worth) {
        best[at] = best[at - 1];
        at--;
    }
    best[at] = candidate;
    return count < QA_MATCH_KEEP ? count + 1 : count;
}

/* The candidates of one target so far, and one more observed box. */
static size_t consider(const qa_match_target *target, int32_t index, const plumb_rect *observed,
                       int32_t j, qa_match_candidate *best, size_t count)
{
    double d = distance(target, observed);
    if (!(d < target->reach) || !(observed->width > 0.0) || !(observed->height > 0.0))
        return count;
    qa_match_candidate candidate = { target->worth - EXPONENT * log1p(d / DEGREES), index, j };
    return keep(best, count, candidate);
}

static size_t consider_all(const qa_match_target *targets, size_t target_count,
                           const plumb_rect *observed, size_t observed_count,
                           qa_match_candidate *candidates)
{
    size_t total = 0;
    for (size_t i = 0; i < target_count; i++) {
        size_t count = 0;
        for (size_t j = 0; j < observed_count; j++)
            count = consider(&targets[i], (int32_t)i, &observed[j], (int32_t)j, candidates + total,
                             count);
        total += count;
    }
    return total;
}

/* The same candidates. `counts` holds a byte for each target. */
static size_t consider_near(const qa_match_target *targets, size_t target_count,
                            const qa_match_grid *grid, const plumb_rect *observed,
                            size_t observed_count, qa_match_candidate *candidates, uint8_t *counts)
{
    memset(counts, 0, target_count);
    for (size_t j = 0; j < observed_count; j++) {
        double column = (observed[j].x + observed[j].width / 2.0 - grid->x) * grid->cells_per_x;
        double row = (observed[j].y + observed[j].height / 2.0 - grid->y) * grid->cells_per_y;
        if (!(column >= 0.0) || !(row >= 0.0) || !(column < grid->side) || !(row < grid->side))
            continue;
        const uint32_t *cell = &grid->start[(int)row * grid->side + (int)column];
        for (uint32_t k = cell[0]; k < cell[1]; k++) {
            int32_t i = grid->targets[k];
            counts[i] = (uint8_t)consider(&targets[i], i, &observed[j], (int32_t)j,
                                          candidates + (size_t)i * QA_MATCH_KEEP, counts[i]);
        }
    }
    size_t total = 0;
    for (size_t i = 0; i < target_count; i++)
        for (size_t k = 0; k < counts[i]; k++)
            candidates[total++] = candidates[i * QA_MATCH_KEEP + k];
    return total;
}

double qa_match_pair(const qa_match_target *targets, size_t target_count, const qa_match_grid *grid,
                     const plumb_rect *observed, size_t observed_count, qa_match_candidate *scratch,
                     uint8_t *taken, qa_match *matches)
{
    size_t count =
        grid && grid->side > 0
            ? consider_near(targets, target_count, grid, observed, observed_count, scratch, taken)
            : consider_all(targets, target_count, observed, observed_count, scratch);
    if (matches)
        for (size_t i = 0; i < target_count; i++)
            matches[i] = (qa_match){ -1, 0.0 };
    if (count == 0)
        return 0.0;
    if (count > 1)
        qsort(scratch, count, sizeof(*scratch), by_worth);
    /* `taken` serves both sides: bit 0 an observed box, bit 1 a true one. */
    size_t span = observed_count > target_count ? observed_count : target_count;
    memset(taken, 0, span);
    double sum = 0.0;
    for (size_t k = 0; k < count; k++) {
        const qa_match_candidate *c = &scratch[k];
        if ((taken[c->observed] & 1) || (taken[c->target] & 2))
            continue;
        taken[c->observed] |= 1;
        taken[c->target] |= 2;
        sum += c->worth;
        if (matches)
            matches[c->target] = (qa_match){ c->observed, c->worth };
    }
    return sum;
}

double qa_rect_iou(plumb_rect a, plumb_rect b)
{
    double w = fmin(a.x + a.width, b.x + b.width) - fmax(a.x, b.x);
    double h = fmin(a.y + a.height, b.y + b.height) - fmax(a.y, b.y);
    if (!(w > 0.0) || !(h > 0.0))
        return 0.0;
    double both = w * h;
    return both / (a.width * a.height + b.width * b.height - both);
}
