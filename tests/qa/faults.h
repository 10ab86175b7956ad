/* SPDX-License-Identifier: Apache-2.0
 *
 * Faults made by the formulas of the code table, written out here a second time so that the doctor
 * is not tested against itself. The invariant: every way in which a fault is made has a number, so
 * that a run can go through all of them.
 */
#ifndef TESTS_QA_FAULTS_H
#define TESTS_QA_FAULTS_H

#include "scenes.h"

/* Where a picture lies in an input. */
typedef struct placing {
    plumb_crop_mode mode;
    enum { SIDE_CENTER, SIDE_TOP_LEFT, SIDE_BOTTOM_RIGHT } side;
} placing;

typedef struct fault {
    qa_doctor_code code;
    bool pixels; /* xy-swapped in pixels; a region that was cut out and not scaled */
    plumb_size input;
    placing made, read;
    plumb_rect roi; /* shares of the image */
    double view[2]; /* size, or factors where below 10 */
    int offset;     /* of classes */
} fault;

/* In how many ways a fault is made. */
int fault_variants(qa_doctor_code code);
fault fault_variant(qa_doctor_code code, int variant);

/* Where a box goes. */
plumb_rect fault_rect(const fault *f, plumb_size image, plumb_rect rect);

/* Put a fault into the observed boxes, and tell the scene's spec what a card would say. False
 * where it would hardly show in this scene. */
bool scene_break(scene *s, dice *d, const fault *f);

/* Does another single fault of the table make the same boxes of those that were found, or none at
 * all? By the true boxes alone, whoever looks at them. Before the scene is broken. */
bool scene_twin(const scene *s, const fault *f, qa_doctor_code *twin);

#endif
