/* SPDX-License-Identifier: Apache-2.0
 *
 * What every family of heads is made of. The invariant: `bind` checks every output against the
 * head, rank, shape, type and strides, before the first element is read; after it succeeded, all
 * rows and columns of a block may be read without a further check.
 */
#ifndef PLUMB_HEADS_HEAD_H
#define PLUMB_HEADS_HEAD_H

#include "heads/matrix.h"
#include "plumbline/heads.h"

#define PLUMB_MAX_BLOCKS    64 /* scales times anchors */
#define PLUMB_MAX_KEYPOINTS 1024
#define PLUMB_MAX_ROLES     3 /* outputs that one block is read from */

/* Optional fields of plumb_head_spec. A field a family does not name must be at its default. */
enum {
    PLUMB_USES_LAYOUT = 1 << 0,
    PLUMB_USES_ACTIVATION = 1 << 1,
    PLUMB_USES_BACKGROUND = 1 << 2,
    PLUMB_USES_STRIDES = 1 << 3,
    PLUMB_USES_ANCHORS = 1 << 4,
    PLUMB_USES_PRIORS = 1 << 5,
    PLUMB_USES_VARIANCES = 1 << 6,
    PLUMB_USES_LINEAR = 1 << 7,
    PLUMB_USES_RAW = 1 << 8,
    PLUMB_USES_FORMAT = 1 << 9,
    PLUMB_USES_UNITS = 1 << 10,
    PLUMB_USES_PLACE = 1 << 11, /* origin, space and the columns of `boxes` */
    PLUMB_USES_KEYPOINTS = 1 << 12,
    PLUMB_USES_BINS = 1 << 13,
    PLUMB_USES_DIMENSIONS = 1 << 14, /* of a keypoint */
};

/* How the score of a row is made from its class value and, where there is one, its objectness. */
typedef enum plumb_score_rule {
    PLUMB_SCORE_CLASS = 0,
    PLUMB_SCORE_PRODUCT,        /* objectness * class */
    PLUMB_SCORE_GEOMETRIC_MEAN, /* sqrt of the product, both clamped to 0..1 */
} plumb_score_rule;

typedef struct plumb_scale {
    int32_t stride;
    int32_t width, height; /* of the feature map */
    int32_t anchors;       /* per cell */
    int32_t first_anchor;  /* pair in plumb_head.anchors */
    int64_t first_row;
} plumb_scale;

typedef struct plumb_head_family plumb_head_family;

struct plumb_head {
    plumb_context context;
    const plumb_head_family *family;
    plumb_score_kernels scores;
    plumb_head_spec spec; /* its pointers are our copies, its defaults resolved */
    plumb_size input;
    plumb_space space;

    char **names;
    float *anchors;
    float *priors; /* cx, cy, w, h normalized */

    plumb_scale scales[PLUMB_MAX_SCALES];
    size_t scale_count;
    int64_t cells;         /* rows of all scales; 0 where the head has no grid */
    double unit_x, unit_y; /* input pixels of one unit of a box */

    plumb_activation activation; /* of the class values, UNSET replaced */
    plumb_activation objectness_activation;
    plumb_score_rule rule;
    bool multi_label;   /* every class above the threshold, not only the best */
    int32_t background; /* column that blocks begin with, -1: none */
    size_t keypoint_count;
    bool has_angle;
};

/* Rows that are read alike: a whole output, or one anchor of one scale. A matrix whose data is
 * NULL is not there. `scores` holds the class values from column 0. */
typedef struct plumb_block {
    int64_t first_row, rows;
    int32_t classes;
    int32_t background; /* column to leave out, -1: none */
    plumb_matrix scores, objectness, labels, boxes, keypoints, extra;
    const plumb_scale *scale;
    int32_t anchor;
    int32_t box_values; /* columns that a box is made from */
} plumb_block;

typedef struct plumb_binding {
    const plumb_head *head;
    const plumb_outputs *outputs;
    size_t frame;
    int64_t batch; /* 0: nothing bound yet, -1: no batch dimension */
    int64_t rows;
    size_t block_count;
    plumb_block blocks[PLUMB_MAX_BLOCKS];
} plumb_binding;

struct plumb_head_family {
    uint32_t uses;
    uint8_t least_outputs, most_outputs; /* most 0: 1 or more for each scale, checked by bind */
    int32_t classes;                     /* of every such network; 0: any number */
    bool wants_nms;
    bool may_be_empty; /* its rows are what the network found, so there may be none */
    /* Resolve defaults and precompute. The common fields of the spec are checked before. */
    plumb_status (*compile)(plumb_head *head, plumb_diag *diag);
    plumb_status (*bind)(plumb_binding *binding, plumb_diag *diag);
    /* Rows that hold a box as it is have a format, the others a function; see plumb_boxes_read. */
    plumb_box_format format;
    plumb_box (*box)(const plumb_binding *binding, const plumb_block *block, int64_t row);
    plumb_keypoint (*keypoint)(const plumb_binding *binding, const plumb_block *block, int64_t row,
                               size_t index);              /* NULL: none */
    float (*angle)(const plumb_block *block, int64_t row); /* NULL: none */
    /* May this class of this row be a detection at all? NULL: yes. */
    bool (*admits)(const plumb_binding *binding, const plumb_block *block, int64_t row,
                   int32_t column, float value);
    /* After the scan, on the whole list; NULL: nothing. */
    void (*finish)(const plumb_head *head, plumb_detections *list, plumb_ledger *ledger);
};

/* NULL for an unknown type. */
const plumb_head_family *plumb_head_family_of(plumb_head_type type);

/* --- geometry.c --- */

/* The boxes of `count` rows of a block, as corners in input pixels, whatever the family. */
void plumb_boxes_read(const plumb_binding *binding, const plumb_block *block, const int64_t *rows,
                      size_t count, plumb_box *boxes);

/* --- scan.c --- */

/* All rows of a bound head through the threshold into the list. */
void plumb_scan(const plumb_binding *binding, const plumb_threshold *threshold,
                plumb_detections *list, plumb_ledger *ledger);

/* One row of a block, whatever its score. `row` counts within the block. */
void plumb_scan_row(const plumb_binding *binding, const plumb_block *block, int64_t row,
                    plumb_detection *detection);

#endif
