/* SPDX-License-Identifier: Apache-2.0
 *
 * Pairing true boxes with observed ones, and what the pairing is worth. The invariant: the worth
 * of a pair is a log-likelihood ratio in nats, "the detector found this box" against "some box fell
 * there by chance", taken in the units of the true box, so that explanations of different kinds
 * and scales add up and compare. Missing and surplus boxes are worth nothing either way.
 */
#ifndef QA_MATCHING_H
#define QA_MATCHING_H

#include "plumbline/base.h"
#include "plumbline/geometry.h"

/* How far edges of a found box lie from those of the true one, as a share of its side. The tails
 * are heavy (Student, 3 degrees), so that one bad edge does not cost a pair. */
#define QA_MATCH_JITTERS 4
extern const double qa_match_jitters[QA_MATCH_JITTERS];
#define QA_MATCH_USUAL_JITTER 1 /* index */

/* A true box prepared for one jitter and image. */
typedef struct qa_match_target {
    double x0, y0, x1, y1;
    double inverse_x, inverse_y; /* 1 / (jitter * side) */
    double worth;                /* of a perfect pair */
    double reach;                /* squared distance at which a pair is worth nothing */
} qa_match_target;

/* `surplus` is the number of observed boxes in the frame: the more there are, the less a
 * coincidence means. `floor` is added to the jitter, in pixels. */
qa_match_target qa_match_prepare(plumb_rect truth, plumb_size image, double jitter, double floor,
                                 size_t surplus);

/* Where the observed boxes that may pair with each target have their centres: cells over all these
 * windows, each with the targets whose window touches it. */
typedef struct qa_match_grid {
    int side; /* cells along each axis; 0: too few targets to need one */
    double x, y, cells_per_x, cells_per_y;
    uint32_t *start; /* of each cell in `targets`, and the end */
    int32_t *targets;
} qa_match_grid;

/* Make a grid that serves the targets of every jitter, so that pairing a crowded frame costs what
 * lies near each observed box and no more. False: no memory, and nothing is held. */
bool qa_match_grid_make(const plumb_context *context,
                        const qa_match_target *const targets[QA_MATCH_JITTERS], size_t count,
                        qa_match_grid *grid);
void qa_match_grid_release(const plumb_context *context, qa_match_grid *grid);

/* One pair, index -1 where there is none. */
typedef struct qa_match {
    int32_t observed;
    double worth;
} qa_match;

typedef struct qa_match_candidate {
    double worth;
    int32_t target, observed;
} qa_match_candidate;

/* The best observed boxes of each true box are considered; more of them do not change a greedy
 * pairing in practice. */
#define QA_MATCH_KEEP 6

/* Pair greedily, best first, each box once; ties go to the lower indices. Observed rectangles
 * without a positive size are passed over.
 *
 * grid      over the targets; NULL, or one without cells: every target is looked at
 * scratch   target_count * QA_MATCH_KEEP candidates
 * taken     as many bytes as the longer list has boxes
 * matches   target_count entries; may be NULL.
 *
 * Returns the sum of the worths; the grid changes nothing but the cost. */
double qa_match_pair(const qa_match_target *targets, size_t target_count, const qa_match_grid *grid,
                     const plumb_rect *observed, size_t observed_count, qa_match_candidate *scratch,
                     uint8_t *taken, qa_match *matches);

double qa_rect_iou(plumb_rect a, plumb_rect b);

#endif
