/* SPDX-License-Identifier: Apache-2.0 */
#include "heads/candidates.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "geometry/ledger.h"
#include "heads/score.h"

/* Labels that are numbers in a tensor; -1 for what no class can be. */
static int32_t read_label(const plumb_head_spec *spec, const plumb_matrix *labels, int64_t row)
{
    float label = plumb_matrix_at(labels, row, 0);
    int32_t classes = spec->class_count > 0 ? spec->class_count : PLUMB_MAX_CLASSES;
    if (!(label > -0.5f && label < (float)classes - 0.5f))
        return -1;
    return (int32_t)(label + 0.5f) + spec->class_offset;
}

int32_t plumb_candidate_class(const plumb_head *head, const plumb_block *block, int64_t row,
                              int32_t column)
{
    if (block->labels.data)
        return read_label(&head->spec, &block->labels, row);
    return column + head->spec.class_offset;
}

bool plumb_candidates_accounts(const plumb_candidates *c, int64_t row, int32_t column, float value,
                               float objectness)
{
    const plumb_head_family *family = c->head->family;
    if (family->admits && !family->admits(c->binding, c->block, row, column, value))
        return false;
    float score = plumb_class_score(c->head, c->block, row, objectness, value);
    int32_t class_id = plumb_candidate_class(c->head, c->block, row, column);
    return isnan(score) || score > plumb_class_threshold(c->threshold, class_id);
}

static void drop(const plumb_candidates *c, plumb_fate fate, const plumb_detection *detection)
{
    plumb_ledger_drop(c->sink.ledger, fate, detection, -1, c->head->space);
}

void plumb_candidates_drop_nan(plumb_candidates *c, int64_t row)
{
    plumb_detection detection = { .keypoints = -1 };
    detection.row = (int32_t)(c->block->first_row + row);
    detection.score = NAN;
    drop(c, PLUMB_FATE_NONFINITE, &detection);
}

static bool is_allowed(const plumb_threshold *threshold, int32_t class_id)
{
    if (class_id < 0)
        return false;
    return !threshold->allowed ||
           ((size_t)class_id < threshold->allowed_count && threshold->allowed[class_id] != 0);
}

/* Score and class of a candidate, and where it is put. */
typedef struct passed {
    float score;
    int32_t class_id;
} passed;

static bool keypoints_are_finite(const plumb_candidates *c, int64_t row)
{
    for (size_t i = 0; i < c->head->keypoint_count; i++) {
        plumb_keypoint point = c->head->family->keypoint(c->binding, c->block, row, i);
        if (!isfinite(point.x) || !isfinite(point.y) || !isfinite(point.score))
            return false;
    }
    return true;
}

static bool is_finite(const plumb_detection *detection)
{
    const plumb_box *box = &detection->box;
    return isfinite(box->x0) && isfinite(box->y0) && isfinite(box->x1) && isfinite(box->y1) &&
           isfinite(detection->score) && isfinite(detection->angle);
}

/* Finite and not empty, in one branch: nearly every box is in order. The score is above a
 * threshold, so that it is no NaN. */
static inline bool is_sound(const plumb_box *box, float score, float angle)
{
    return (box->x1 > box->x0) & (box->y1 > box->y0) & (box->x0 >= -FLT_MAX) &
           (box->y0 >= -FLT_MAX) & (box->x1 <= FLT_MAX) & (box->y1 <= FLT_MAX) &
           (score <= FLT_MAX) & (fabsf(angle) <= FLT_MAX);
}

/* Into the list, or the reason why not. */
static void put(plumb_candidates *c, int64_t row, plumb_detection *detection)
{
    const plumb_head *head = c->head;
    bool keypoints = head->keypoint_count == 0 || keypoints_are_finite(c, row);
    if (!is_allowed(c->threshold, detection->class_id)) {
        drop(c, PLUMB_FATE_CLASS, detection);
        return;
    }
    if (!keypoints || !is_sound(&detection->box, detection->score, detection->angle)) {
        bool finite = keypoints && is_finite(detection);
        drop(c, finite ? PLUMB_FATE_EMPTY : PLUMB_FATE_NONFINITE, detection);
        return;
    }
    if (!plumb_sink_admit(&c->sink, detection))
        return;
    plumb_detections *list = c->sink.list;
    for (size_t i = 0; detection->keypoints >= 0 && i < head->keypoint_count; i++)
        list->keypoints[(size_t)detection->keypoints * head->keypoint_count + i] =
            head->family->keypoint(c->binding, c->block, row, i);
    plumb_sink_put(&c->sink, detection);
}

static void score_all(const plumb_candidates *c, float *scores)
{
    const plumb_head *head = c->head;
    if (head->activation == PLUMB_ACTIVATION_NONE && head->rule == PLUMB_SCORE_CLASS)
        memcpy(scores, c->values, c->count * sizeof(*scores));
    else
        for (size_t i = 0; i < c->count; i++)
            scores[i] =
                plumb_class_score(head, c->block, c->rows[i], c->objectness[i], c->values[i]);
}

/* Those above the threshold of their class, moved together. */
static size_t keep_passing(plumb_candidates *c, const float *scores, passed *kept)
{
    const plumb_head_family *family = c->head->family;
    float confidence = c->threshold->confidence;
    int32_t offset = c->head->spec.class_offset;
    bool plain = !family->admits && !c->block->labels.data && !c->threshold->per_class;
    size_t count = 0;
    for (size_t i = 0; i < c->count; i++) {
        int64_t row = c->rows[i];
        int32_t column = c->columns[i];
        if (plain && scores[i] > confidence) { /* what nearly all are */
            kept[count] = (passed){ scores[i], column + offset };
            c->rows[count++] = row;
            continue;
        }
        if (family->admits && !family->admits(c->binding, c->block, row, column, c->values[i]))
            continue;
        int32_t class_id = plumb_candidate_class(c->head, c->block, row, column);
        if (isnan(scores[i])) {
            plumb_candidates_drop_nan(c, row);
            continue;
        }
        kept[count] = (passed){ scores[i], class_id };
        c->rows[count] = row;
        count += scores[i] > plumb_class_threshold(c->threshold, class_id);
    }
    return count;
}

/* Those before the first that needs a closer look or finds no room, with no call and little to ask:
 * nearly all are such. Returns how many. */
static size_t put_plain(plumb_candidates *c, const passed *kept, const plumb_box *boxes,
                        size_t count)
{
    plumb_detections *list = c->sink.list;
    size_t room = list->capacity - list->count, i = 0;
    if (room == 0 || c->head->family->angle || c->head->keypoint_count > 0 || c->threshold->allowed)
        return 0;
    plumb_detection *to = list->items + list->count;
    for (count = count < room ? count : room; i < count; i++) {
        if (!is_sound(&boxes[i], kept[i].score, 0.0f) || kept[i].class_id < 0)
            break;
        to[i] = (plumb_detection){ .box = boxes[i],
                                   .score = kept[i].score,
                                   .class_id = kept[i].class_id,
                                   .row = (int32_t)(c->block->first_row + c->rows[i]),
                                   .keypoints = -1 };
    }
    list->count += i;
    return i;
}

void plumb_candidates_take(plumb_candidates *c)
{
    float scores[PLUMB_CANDIDATE_BATCH];
    passed kept[PLUMB_CANDIDATE_BATCH];
    plumb_box boxes[PLUMB_CANDIDATE_BATCH];
    const plumb_head_family *family = c->head->family;
    score_all(c, scores);
    size_t count = keep_passing(c, scores, kept);
    plumb_boxes_read(c->binding, c->block, c->rows, count, boxes);
    for (size_t i = put_plain(c, kept, boxes, count); i < count; i++) {
        plumb_detection elsewhere, *detection = plumb_sink_place(&c->sink, &elsewhere);
        *detection = (plumb_detection){ .box = boxes[i],
                                        .score = kept[i].score,
                                        .class_id = kept[i].class_id,
                                        .row = (int32_t)(c->block->first_row + c->rows[i]),
                                        .keypoints = -1 };
        if (family->angle)
            detection->angle = family->angle(c->block, c->rows[i]);
        put(c, c->rows[i], detection);
    }
    c->count = 0;
}
