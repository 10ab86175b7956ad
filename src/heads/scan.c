/* SPDX-License-Identifier: Apache-2.0
 *
 * Threshold first, everything else for what is left. A gate, moved into the stored type, says
 * which rows can pass; only those get an activation, a class, a box, and are compared with the
 * exact threshold of their class.
 */
#include "heads/head.h"

#include <math.h>
#include <string.h>

#include "heads/candidates.h"
#include "heads/score.h"

typedef struct scan {
    const plumb_head *head;
    float minimum; /* the lowest threshold of any class */
    plumb_gate class_gate;
    plumb_candidates candidates;
} scan;

/* --- one row --- */

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
            plumb_candidates_add(&s->candidates, row, column, value, 1.0f);
    }
    if (has_nan)
        plumb_candidates_drop_nan(&s->candidates, row);
}

/* The best class of a row and its value; column -1 where there is none. */
typedef struct best_class {
    int32_t column;
    float value;
    bool has_nan;
} best_class;

/* `limit` is what the class value must reach. */
static void take_class(scan *s, const plumb_block *block, int64_t row, best_class best,
                       float objectness, float limit)
{
    plumb_candidates *c = &s->candidates;
    bool may_pass = best.column >= 0 && (s->head->activation != PLUMB_ACTIVATION_SOFTMAX ||
                                         plumb_softmax_may_pass(block, row, best.value, limit));
    if (best.has_nan &&
        !(may_pass && plumb_candidates_accounts(c, row, best.column, best.value, objectness)))
        plumb_candidates_drop_nan(c, row);
    else if (may_pass)
        plumb_candidates_add(c, row, best.column, best.value, objectness);
}

/* Softmax against a background: a class is above p only where its logit exceeds the background's by
 * the logit of p, so that one number a row says what must be passed. */
static bool has_row_gates(const scan *s, const plumb_block *block)
{
    return s->head->activation == PLUMB_ACTIVATION_SOFTMAX && block->background >= 0 &&
           !block->objectness.data;
}

static plumb_gate row_gate(const scan *s, const plumb_block *block, int64_t row)
{
    float background = plumb_matrix_at(&block->scores, row, block->background);
    float limit = background + plumb_activation_limit(PLUMB_ACTIVATION_SIGMOID, s->minimum);
    if (isnan(limit))
        return s->class_gate;
    limit -= fabsf(background) * 1e-6f; /* the sum was rounded */
    return plumb_gate_make(&s->head->scores, &block->scores, limit);
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
            plumb_candidates_drop_nan(&s->candidates, row);
            return;
        }
        limit = plumb_factor_limit(head->rule, s->minimum, objectness);
        gate = plumb_gate_make(&head->scores, &block->scores,
                               plumb_activation_limit(head->activation, limit));
    } else if (has_row_gates(s, block)) {
        gate = row_gate(s, block, row);
    }
    best_class best = { .has_nan = false };
    best.column = plumb_gate_best(&gate, &block->scores, row, block->classes, block->background,
                                  &best.value, &best.has_nan);
    take_class(s, block, row, best, objectness, limit);
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
    s->class_gate = plumb_gate_make(&head->scores, &block->scores, limit);
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
    f->gate = plumb_gate_make(&head->scores, &f->matrix, limit);
}

/* Rows of a tile that passed the front. */
typedef struct row_tile {
    int64_t row;
    size_t count;
    uint8_t passed[PLUMB_ROW_TILE]; /* counted from `row` */
} row_tile;

/* Ask for what will be read of them: only now is it known. */
static void ask_for_rows(const plumb_block *block, const row_tile *tile)
{
    bool classes = block->objectness.data != NULL;
    const plumb_matrix *matrix = classes ? &block->scores : &block->boxes;
    int64_t columns = classes ? block->classes : block->box_values;
    uintptr_t last = 0;
    for (size_t i = 0; matrix->data && i < tile->count; i++) {
        int64_t row = tile->row + tile->passed[i];
        uintptr_t line = (uintptr_t)plumb_matrix_row(matrix, row) / 64;
        if (line != last)
            plumb_matrix_prefetch(matrix, row, columns);
        last = line;
    }
}

/* --- by column --- */

static void take_column_row(scan *s, const plumb_block *block, const front *f, int64_t row,
                            const plumb_column_scan *found, size_t at)
{
    size_t word = at / PLUMB_SCORE_BLOCK, bit = at % PLUMB_SCORE_BLOCK;
    if (block->objectness.data) {
        take_row(s, block, row);
    } else if (s->head->multi_label && (found->several[word] >> bit & 1)) {
        take_row_classes(s, block, row);
    } else {
        best_class best = { -1, 0.0f, found->nan[word] >> bit & 1 };
        if (found->number[word] >> bit & 1) {
            best.column = found->column[at] + f->first_column;
            best.value = found->value[at];
        }
        take_class(s, block, row, best, 1.0f, s->minimum);
    }
}

static void list_blocks(const plumb_column_scan *found, size_t first, size_t blocks, row_tile *tile)
{
    tile->count = 0;
    for (size_t i = first; i < first + PLUMB_ROW_TILE / PLUMB_SCORE_BLOCK && i < blocks; i++)
        for (uint64_t rows = found->number[i] | found->nan[i]; rows != 0; rows &= rows - 1)
            tile->passed[tile->count++] =
                (uint8_t)((i - first) * PLUMB_SCORE_BLOCK + plumb_lowest_bit(rows));
}

/* Rows of one line whose scores lie channel by channel: the classes are found on the way. What
 * passed in one tile is taken while the next one comes from memory. */
static void scan_columns(scan *s, const plumb_block *block, const front *f, int64_t row,
                         int64_t count)
{
    plumb_column_scan found;
    plumb_gate_columns(&f->gate, &f->matrix, row, (size_t)count, f->columns,
                       block->background - f->first_column, &found);
    row_tile tiles[2];
    size_t blocks = ((size_t)count + PLUMB_SCORE_BLOCK - 1) / PLUMB_SCORE_BLOCK;
    tiles[0].count = tiles[1].count = 0;
    for (size_t first = 0, turn = 0; first < blocks + PLUMB_ROW_TILE / PLUMB_SCORE_BLOCK;
         first += PLUMB_ROW_TILE / PLUMB_SCORE_BLOCK, turn ^= 1) {
        row_tile *next = &tiles[turn], *now = &tiles[turn ^ 1];
        next->row = row + (int64_t)first * PLUMB_SCORE_BLOCK;
        list_blocks(&found, first, blocks, next);
        ask_for_rows(block, next);
        for (size_t i = 0; i < now->count; i++) {
            int64_t passed = now->row + now->passed[i];
            take_column_row(s, block, f, passed, &found, (size_t)(passed - row));
        }
    }
}

/* --- by row --- */

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

/* Find the rows that may pass. */
static void look_at_rows(const scan *s, const plumb_block *block, const front *f, int64_t row,
                         int64_t count, row_tile *tile)
{
    uint8_t pass[PLUMB_ROW_TILE];
    bool any = false;
    tile->row = row;
    tile->count = 0;
    if (has_row_gates(s, block)) {
        for (int64_t i = 0; i < count; i++) {
            plumb_gate gate = row_gate(s, block, row + i);
            pass[i] = 0;
            any |= plumb_gate_rows(&gate, &f->matrix, row + i, 1, f->columns, &pass[i]);
        }
    } else {
        any = plumb_gate_rows(&f->gate, &f->matrix, row, (size_t)count, f->columns, pass);
    }
    if (!any)
        return;
    list_passed(pass, (size_t)count, tile);
    ask_for_rows(block, tile);
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
    s->candidates.block = block;
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
            look_at_rows(s, block, &f, row, count, &tiles[turn]);
            take_rows(s, block, &tiles[turn ^ 1]);
        }
        row += count;
    }
    take_rows(s, block, &tiles[turn ^ 1]);
    plumb_candidates_take(&s->candidates);
}

void plumb_scan(const plumb_binding *binding, const plumb_threshold *threshold,
                plumb_detections *list, plumb_ledger *ledger)
{
    scan s; /* most of it is a batch that need not be cleared */
    s.head = binding->head;
    s.minimum = plumb_lowest_threshold(threshold);
    s.candidates.binding = binding;
    s.candidates.head = binding->head;
    s.candidates.threshold = threshold;
    s.candidates.sink = (plumb_sink){ .list = list, .ledger = ledger };
    s.candidates.count = 0;
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
    plumb_gate open = plumb_gate_make(&head->scores, &block->scores, -INFINITY);
    bool has_nan = false;
    float value;
    int32_t column = plumb_gate_best(&open, &block->scores, row, block->classes, block->background,
                                     &value, &has_nan);
    if (column < 0)
        column = block->background == 0 && block->classes > 1 ? 1 : 0;
    value = plumb_matrix_at(&block->scores, row, column);
    int32_t class_id = plumb_candidate_class(head, block, row, column);
    float score = plumb_class_score(head, block, row, objectness, value);
    *detection = (plumb_detection){ .score = score,
                                    .class_id = class_id,
                                    .row = (int32_t)(block->first_row + row),
                                    .keypoints = -1 };
    plumb_boxes_read(binding, block, &row, 1, &detection->box);
    if (head->family->angle)
        detection->angle = head->family->angle(block, row);
}
