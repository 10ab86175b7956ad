/* SPDX-License-Identifier: Apache-2.0
 *
 * Methods that lower scores instead of striking boxes: Bodla et al., "Soft-NMS", ICCV 2017, and
 * Matrix NMS of Wang et al., "SOLOv2", NeurIPS 2020, with the Gaussian kernel.
 *
 * Soft suppression takes the best that is left again and again. Scores only fall, so a heap by
 * the score of the last look is enough: what comes to its top is brought up to date with the kept
 * ones it has not met, in their order, and goes back unless nothing changed.
 */
#include "postprocess/nms.h"

#include <math.h>

#include "kernels/activation.h"

static int compare(const plumb_nms *nms, uint32_t a, uint32_t b)
{
    return plumb_detection_order(&nms->work[a], &nms->work[b]);
}

static void sift_down(const plumb_nms *nms, uint32_t *heap, size_t count)
{
    uint32_t rank = heap[0];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= count)
            break;
        if (child + 1 < count && compare(nms, heap[child + 1], heap[child]) < 0)
            child++;
        if (compare(nms, rank, heap[child]) <= 0)
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = rank;
}

static float factor_of(const plumb_nms *nms, float overlap)
{
    if (nms->spec.method == PLUMB_NMS_SOFT_LINEAR)
        return overlap > nms->spec.iou ? 1.0f - overlap : 1.0f;
    double value = overlap > 0.0f ? overlap : 0.0;
    return (float)plumb_exp(-(value * value) / nms->spec.sigma);
}

/* Lower the score by the kept ones since the last look. False, and its winner noted, when it
 * falls below the smallest score. */
static bool bring_up_to_date(plumb_nms *nms, uint32_t rank, uint32_t *met, const uint32_t *kept,
                             size_t kept_count)
{
    plumb_detection *d = &nms->work[rank];
    for (; *met < kept_count; (*met)++) {
        const plumb_detection *best = &nms->work[kept[*met]];
        if (!plumb_nms_related(nms, best, d))
            continue;
        d->score *= factor_of(nms, nms->overlap(best, d));
        if (d->score < nms->spec.min_score) {
            nms->winner[rank] = kept[*met];
            return false;
        }
    }
    return true;
}

void plumb_nms_soft(plumb_nms *nms)
{
    size_t limit = nms->spec.max_candidates, count = 0, kept_count = 0;
    uint32_t *heap = nms->ranks, *met = heap + limit, *kept = met + limit;
    for (uint32_t rank = 0; rank < nms->count; rank++) {
        nms->winner[rank] = rank;
        met[rank] = 0;
        if (!(nms->work[rank].score < nms->spec.min_score))
            heap[count++] = rank;
    }
    while (count > 0) {
        uint32_t rank = heap[0];
        float score = nms->work[rank].score;
        bool stays = bring_up_to_date(nms, rank, &met[rank], kept, kept_count);
        if (stays && nms->work[rank].score == score) {
            nms->winner[rank] = PLUMB_RANK_KEPT;
            kept[kept_count++] = rank;
        }
        if (!stays || nms->winner[rank] == PLUMB_RANK_KEPT)
            heap[0] = heap[--count];
        if (count > 0)
            sift_down(nms, heap, count);
    }
}

/* The score of j falls by the smallest of k(o_ij)/k(m_i) over all i of better rank, where k(o) is
 * exp(-o*o/sigma) and m_i the largest overlap of i with one better than itself. */
void plumb_nms_matrix(plumb_nms *nms)
{
    float *most = nms->numbers;
    for (size_t j = 0; j < nms->count; j++) {
        plumb_detection *d = &nms->work[j];
        double lowest = 0.0; /* exponent of the smallest quotient */
        uint32_t winner = (uint32_t)j;
        most[j] = 0.0f;
        for (size_t i = 0; i < j; i++) {
            if (!plumb_nms_related(nms, &nms->work[i], d))
                continue;
            float overlap = fmaxf(nms->overlap(&nms->work[i], d), 0.0f);
            double exponent =
                ((double)most[i] * most[i] - (double)overlap * overlap) / nms->spec.sigma;
            most[j] = fmaxf(most[j], overlap);
            if (exponent < lowest) {
                lowest = exponent;
                winner = (uint32_t)i;
            }
        }
        float lowered = (float)(d->score * plumb_exp(lowest));
        nms->winner[j] = lowered < nms->spec.min_score ? winner : PLUMB_RANK_KEPT;
        d->score = lowered; /* nobody reads it again: only boxes decide */
    }
}
