/* SPDX-License-Identifier: Apache-2.0
 *
 * Threshold first, everything else for what is left. A gate, moved into the stored type, says
 * which rows can pass; only those get an activation, a class, a box, and are compared with the
 * exact threshold of their class.
 */
#include "heads/head.h"

#include <math.h>
#include <string.h>

#include "geometry/ledger.h"
#include "heads/score.h"
#include "heads/sink.h"

typedef struct scan {
    const plumb_binding *binding;
    const plumb_head *head;
    const plumb_threshold *threshold;
    plumb_sink sink;
    float minimum; /* the lowest threshold of any class */
    plumb_gate class_gate;
} scan;

/* --- one row --- */

/* Labels that are numbers in a tensor; -1 for what no class can be. */
static int32_t read_label(const plumb_head_spec *spec, const plumb_matrix *labels, int64_t row)
{
    float label = plumb_matrix_at(labels, row, 0);
    int32_t classes = spec->class_count > 0 ? spec->class_count : PLUMB_MAX_CLASSES;
    if (!(label > -0.5f && label < (float)classes - 0.5f))
        return -1;
    return (int32_t)(label + 0.5f) + spec->class_offset;
}

static bool is_allowed(const plumb_threshold *threshold, int32_t class_id)
{
    if (class_id < 0)
        return false;
    return !threshold->allowed ||
           ((size_t)class_id < threshold->allowed_count && threshold->allowed[class_id] != 0);
}

static bool box_is_finite(plumb_box box)
{
    return isfinite(box.x0) && isfinite(box.y0) && isfinite(box.x1) && isfinite(box.y1);
}

static void drop(const scan *s, plumb_fate fate, const plumb_detection *detection)
{
    plumb_ledger_drop(s->sink.ledger, fate, detection, -1, s->head->space);
}

static bool keypoints_are_finite(const scan *s, const plumb_block *block, int64_t row)
{
    for (size_t i = 0; i < s->head->keypoint_count; i++) {
        plumb_keypoint point = s->head->family->keypoint(s->binding, block, row, i);
        if (!isfinite(point.x) || !isfinite(point.y) || !isfinite(point.score))
            return false;
    }
    return true;
}

/* A score passed: the rest of the detection, or the reason why there is none. */
static void emit(scan *s, const plumb_block *block, int64_t row, plumb_detection *detection)
{
    const plumb_head *head = s->head;
    detection->box = head->family->box(s->binding, block, row);
    if (head->family->angle)
        detection->angle = head->family->angle(block, row);
    if (!is_allowed(s->threshold, detection->class_id)) {
        drop(s, PLUMB_FATE_CLASS, detection);
        return;
    }
    if (!isfinite(detection->score) || !box_is_finite(detection->box) ||
        !isfinite(detection->angle) || !keypoints_are_finite(s, block, row)) {
        drop(s, PLUMB_FATE_NONFINITE, detection);
        return;
    }
    if (!(detection->box.x1 > detection->box.x0 && detection->box.y1 > detection->box.y0)) {
        drop(s, PLUMB_FATE_EMPTY, detection);
        return;
    }
    if (!plumb_sink_admit(&s->sink, detection))
        return;
    plumb_detections *list = s->sink.list;
    for (size_t i = 0; detection->keypoints >= 0 && i < head->keypoint_count; i++)
        list->keypoints[(size_t)detection->keypoints * head->keypoint_count + i] =
            head->family->keypoint(s->binding, block, row, i);
    plumb_sink_put(&s->sink, detection);
}

static plumb_detection new_detection(const plumb_block *block, int64_t row)
{
    plumb_detection detection = { .keypoints = -1 };
    detection.row = (int32_t)(block->first_row + row);
    return detection;
}

/* NaN where the network gave one. */
static void drop_nan(scan *s, const plumb_block *block, int64_t row)
{
    plumb_detection detection = new_detection(block, row);
    detection.score = NAN;
    drop(s, PLUMB_FATE_NONFINITE, &detection);
}

static void fill_class(const plumb_head *head, const plumb_block *block, int64_t row,
                       int32_t column, float value, float objectness, plumb_detection *detection)
{
    detection->class_id = column + head->spec.class_offset;
    if (block->labels.data)
        detection->class_id = read_label(&head->spec, &block->labels, row);
    detection->score = plumb_class_score(head, block, row, objectness, value);
}

/* True when the row was accounted for: it entered the list or was dropped for a reason. */
static bool consider(scan *s, const plumb_block *block, int64_t row, int32_t column, float value,
                     float objectness)
{
    const plumb_head_family *family = s->head->family;
    if (family->admits && !family->admits(s->binding, block, row, column, value))
        return false;
    plumb_detection elsewhere, *detection = plumb_sink_place(&s->sink, &elsewhere);
    *detection = new_detection(block, row);
    fill_class(s->head, block, row, column, value, objectness, detection);
    if (isnan(detection->score)) {
        drop_nan(s, block, row);
        return true;
    }
    if (!(detection->score > plumb_class_threshold(s->threshold, detection->class_id)))
        return false;
    emit(s, block, row, detection);
    return true;
}

/* Every class that passes, for the heads in which a row may be several things at once. */
static void take_row_classes(scan *s, const plumb_block *block, int64_t row)
{
    bool has_nan = false;
    for (int32_t column = 0; column < block->classes; column++) {
        float value = plumb_matrix_at(&block->scores, row, column);
        if (value <= s->class_gate.limit || column == block->background)
            continue;
        if (isnan(value))
            has_nan = true;
        else
            consider(s, block, row, column, value, 1.0f);
    }
    if (has_nan)
        drop_nan(s, block, row);
}

/* The class of a row is known, -1 for none; `limit` is what its class value must reach. */
static void take_class(scan *s, const plumb_block *block, int64_t row, int32_t column, bool has_nan,
                       float objectness, float limit)
{
    bool known = false;
    if (column >= 0) {
        float value = plumb_matrix_at(&block->scores, row, column);
        if (s->head->activation != PLUMB_ACTIVATION_SOFTMAX ||
            plumb_softmax_may_pass(block, row, value, limit))
            known = consider(s, block, row, column, value, objectness);
    }
    if (!known && has_nan)
        drop_nan(s, block, row);
}

/* The first class with the greatest value; classes that cannot reach the minimum are passed by. */
static void take_row(scan *s, const plumb_block *block, int64_t row)
{
    const plumb_head *head = s->head;
    float objectness = 1.0f, limit = s->minimum;
    plumb_gate gate = s->class_gate;
    if (block->objectness.data) {
        objectness = plumb_activate(head->objectness_activation,
                                    plumb_matrix_at(&block->objectness, row, 0));
        if (isnan(objectness)) {
            drop_nan(s, block, row);
            return;
        }
        limit = plumb_factor_limit(head->rule, s->minimum, objectness);
        gate = plumb_gate_make(&block->scores, plumb_activation_limit(head->activation, limit));
    }
    bool has_nan = false;
    int32_t column =
        plumb_gate_best(&gate, &block->scores, row, block->classes, block->background, &has_nan);
    take_class(s, block, row, column, has_nan, objectness, limit);
}

/* --- all rows --- */

/* What is looked at first: the objectness where there is one, else the classes. */
typedef struct front {
    plumb_matrix matrix;
    plumb_gate gate;
    int64_t columns;
    int32_t first_column; /* of the class scores */
} front;

static void make_front(scan *s, const plumb_block *block, front *f)
{
    const plumb_head *head = s->head;
    float limit =
        plumb_activation_limit(head->activation, plumb_factor_limit(head->rule, s->minimum, 1.0f));
    s->class_gate = plumb_gate_make(&block->scores, limit);
    f->first_column = 0;
    if (block->objectness.data) {
        f->matrix = block->objectness;
        f->columns = 1;
        float other = head->activation == PLUMB_ACTIVATION_NONE
                          ? fmaxf(1.0f, plumb_matrix_maximum(&block->scores))
                          : 1.0f;
        limit = plumb_activation_limit(head->objectness_activation,
                                       plumb_factor_limit(head->rule, s->minimum, other));
    } else {
        /* The background nearly always passes; at either end it is simply left out. */
        bool first = block->background == 0, last = block->background == block->classes - 1;
        f->first_column = first ? 1 : 0;
        f->columns = block->classes - (first || last ? 1 : 0);
        f->matrix = plumb_matrix_from(&block->scores, f->first_column);
    }
    f->gate = plumb_gate_make(&f->matrix, limit);
}

static void take_column_row(scan *s, const plumb_block *block, const front *f, int64_t row,
                            int32_t best)
{
    int32_t column = (best & ~PLUMB_COLUMN_NAN) - 1;
    if (s->head->multi_label)
        take_row_classes(s, block, row);
    else if (block->objectness.data)
        take_row(s, block, row);
    else
        take_class(s, block, row, column < 0 ? -1 : column + f->first_column,
                   (best & PLUMB_COLUMN_NAN) != 0, 1.0f, s->minimum);
}

/* Rows of one line whose scores lie channel by channel: the classes are found on the way. */
static void scan_columns(scan *s, const plumb_block *block, const front *f, int64_t row,
                         int64_t count)
{
    plumb_column_scan found;
    plumb_gate_columns(&f->gate, &f->matrix, row, (size_t)count, f->columns,
                       block->background - f->first_column, &block->boxes, &found);
    for (int64_t i = 0; i < count; i += PLUMB_SCORE_BLOCK)
        for (uint64_t rows = found.passing[i / PLUMB_SCORE_BLOCK]; rows != 0; rows &= rows - 1) {
            int64_t passed = i + plumb_lowest_bit(rows);
            take_column_row(s, block, f, row + passed, found.best[passed]);
        }
}

/* Rows of a tile that passed the front. */
typedef struct row_tile {
    int64_t row;
    size_t count;
    uint8_t passed[PLUMB_ROW_TILE]; /* counted from `row` */
} row_tile;

static void list_passed(const uint8_t *pass, size_t count, row_tile *tile)
{
    for (size_t i = 0; i < count; i += 8) {
        uint64_t eight = 0;
        size_t length = count - i < 8 ? count - i : 8;
        memcpy(&eight, pass + i, length);
        for (size_t j = 0; eight != 0 && j < length; j++)
            if (pass[i + j])
                tile->passed[tile->count++] = (uint8_t)(i + j);
    }
}

/* Find the rows that may pass, and ask for what will be read of them. */
static void look_at_rows(const plumb_block *block, const front *f, int64_t row, int64_t count,
                         row_tile *tile)
{
    uint8_t pass[PLUMB_ROW_TILE];
    tile->row = row;
    tile->count = 0;
    if (!plumb_gate_rows(&f->gate, &f->matrix, row, (size_t)count, f->columns, pass))
        return;
    list_passed(pass, (size_t)count, tile);
    for (size_t i = 0; i < tile->count; i++) {
        if (block->objectness.data) /* only now is it known which classes are needed */
            plumb_matrix_prefetch(&block->scores, row + tile->passed[i], block->classes);
        else if (block->boxes.data)
            plumb_matrix_prefetch(&block->boxes, row + tile->passed[i], 4);
    }
}

static void take_rows(scan *s, const plumb_block *block, const row_tile *tile)
{
    for (size_t i = 0; i < tile->count; i++)
        if (s->head->multi_label)
            take_row_classes(s, block, tile->row + tile->passed[i]);
        else
            take_row(s, block, tile->row + tile->passed[i]);
}

/* What passed in one tile comes from memory while the next one is looked at. */
static void scan_block(scan *s, const plumb_block *block)
{
    front f;
    make_front(s, block, &f);
    bool by_column = plumb_gate_by_column(&f.gate, &f.matrix);
    int64_t tile = by_column ? PLUMB_COLUMN_ROWS : PLUMB_ROW_TILE;
    row_tile tiles[2];
    tiles[0].count = tiles[1].count = 0;
    int turn = 0;
    for (int64_t row = 0; row < block->rows; turn ^= 1) {
        int64_t count = block->rows - row, line = f.matrix.width - row % f.matrix.width;
        count = count < line ? count : line;
        count = count < tile ? count : tile;
        if (by_column) {
            scan_columns(s, block, &f, row, count);
        } else {
            look_at_rows(block, &f, row, count, &tiles[turn]);
            take_rows(s, block, &tiles[turn ^ 1]);
        }
        row += count;
    }
    take_rows(s, block, &tiles[turn ^ 1]);
}

void plumb_scan(const plumb_binding *binding, const plumb_threshold *threshold,
                plumb_detections *list, plumb_ledger *ledger)
{
    scan s = { .binding = binding,
               .head = binding->head,
               .threshold = threshold,
               .sink = { .list = list, .ledger = ledger },
               .minimum = plumb_lowest_threshold(threshold) };
    for (size_t i = 0; i < binding->block_count; i++)
        if (binding->blocks[i].rows > 0)
            scan_block(&s, &binding->blocks[i]);
    if (ledger)
        ledger->rows += (uint64_t)binding->rows;
}

void plumb_scan_row(const plumb_binding *binding, const plumb_block *block, int64_t row,
                    plumb_detection *detection)
{
    const plumb_head *head = binding->head;
    float objectness = 1.0f;
    if (block->objectness.data)
        objectness = plumb_activate(head->objectness_activation,
                                    plumb_matrix_at(&block->objectness, row, 0));
    plumb_gate open = plumb_gate_make(&block->scores, -INFINITY);
    bool has_nan = false;
    int32_t column =
        plumb_gate_best(&open, &block->scores, row, block->classes, block->background, &has_nan);
    if (column < 0)
        column = block->background == 0 && block->classes > 1 ? 1 : 0;
    *detection = new_detection(block, row);
    fill_class(head, block, row, column, plumb_matrix_at(&block->scores, row, column), objectness,
               detection);
    detection->box = head->family->box(binding, block, row);
    if (head->family->angle)
        detection->angle = head->family->angle(block, row);
}
