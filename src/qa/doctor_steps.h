/* SPDX-License-Identifier: Apache-2.0
 *
 * One geometric fault as a function on boxes. The invariant: every fault here is an invertible
 * map of (x, y, width, height), fixed by the fault and the size of the image, so that undoing it
 * is exact and two faults compose in a stated order.
 */
#ifndef QA_DOCTOR_STEPS_H
#define QA_DOCTOR_STEPS_H

#include "qa/doctor.h"

typedef enum qa_anchor {
    QA_ANCHOR_RULE = 0, /* where the rule puts it: centred, or top left for yolox and mmdet */
    QA_ANCHOR_TOP_LEFT,
    QA_ANCHOR_BOTTOM_RIGHT,
    QA_ANCHOR_CENTER,
} qa_anchor;

/* A mapping rule, and on which sides it pads. */
typedef struct qa_layout_guess {
    plumb_mapping_spec spec;
    qa_anchor anchor;
} qa_layout_guess;

typedef enum qa_step_kind {
    QA_STEP_TURN,          /* normalized box through the table of `orientation` */
    QA_STEP_SWAP_PIXELS,   /* (y, x, h, w) */
    QA_STEP_CENTER,        /* x + w/2, y + h/2 */
    QA_STEP_CORNER,        /* x - w/2, y - h/2 */
    QA_STEP_CORNERS,       /* x, y, x + w, y + h */
    QA_STEP_NORMALIZE,     /* x/W, y/H */
    QA_STEP_DENORMALIZE,   /* x*W, y*H */
    QA_STEP_TO_INPUT,      /* through `made` */
    QA_STEP_FROM_INPUT,    /* through the inverse of `made` */
    QA_STEP_OTHER_INVERSE, /* through `made`, back through `read` */
    QA_STEP_FREE,          /* p' = scale p + shift, fitted */
} qa_step_kind;

/* In which units the constants of a FREE step are the same from frame to frame. */
typedef enum qa_free_units {
    QA_FREE_PIXELS,        /* pixels to pixels */
    QA_FREE_NORMALIZED,    /* 0..1 to 0..1 */
    QA_FREE_FROM_FRACTION, /* 0..1 to pixels: scaled to one fixed size */
    QA_FREE_TO_FRACTION,   /* pixels to 0..1: relative to one fixed rectangle */
} qa_free_units;

/* How many constants of a FREE step are fitted. */
typedef enum qa_free_shape {
    QA_FREE_SHIFT,   /* scale 1 */
    QA_FREE_UNIFORM, /* one scale, shift 0 */
    QA_FREE_SCALE,   /* two scales, shift 0 */
    QA_FREE_AFFINE,  /* two scales, two shifts */
} qa_free_shape;

typedef struct qa_doctor_step {
    qa_doctor_code code;
    qa_step_kind kind;
    double price; /* nats that the evidence has to pay before it is believed */
    plumb_orientation orientation;
    qa_layout_guess made, read;
    qa_free_units units;
    qa_free_shape shape;
    double scale[2], shift[2];
} qa_doctor_step;

/* A step for one image size. */
typedef struct qa_box_map {
    enum { QA_MAP_AFFINE, QA_MAP_OFFSET, QA_MAP_ADD_CORNER, QA_MAP_TAKE_CORNER } kind;
    double m[6];   /* AFFINE, axes parallel */
    double offset; /* OFFSET: x += offset*w, y += offset*h */
} qa_box_map;

/* False where the step is not defined for this size. */
bool qa_step_forward(const qa_doctor_step *step, plumb_size image, qa_box_map *map);
bool qa_step_backward(const qa_doctor_step *step, plumb_size image, qa_box_map *map);

plumb_rect qa_box_map_rect(const qa_box_map *map, plumb_rect rect);

/* upright pixels to input pixels of a layout; false where it is not defined. */
bool qa_layout_affine(const qa_layout_guess *layout, plumb_size image, plumb_affine *affine);

#endif
