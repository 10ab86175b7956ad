/* SPDX-License-Identifier: Apache-2.0
 *
 * Outputs that fit each head, from the table in heads.h, so that a fuzzer starts behind the shape
 * checks and may then break any of them.
 */
#ifndef TESTS_SUPPORT_HEAD_SHAPES_H
#define TESTS_SUPPORT_HEAD_SHAPES_H

#include "plumbline/heads.h"

typedef struct head_shapes {
    plumb_head_spec spec;
    plumb_size input;
    size_t count;
    int32_t rank[PLUMB_MAX_TENSORS];
    int64_t shape[PLUMB_MAX_TENSORS][PLUMB_MAX_RANK];
} head_shapes;

/* What a head of one type is made of. */
typedef struct head_choice {
    plumb_head_type type;
    int32_t classes;
    int64_t rows;
    int32_t cells_x, cells_y; /* of the coarsest scale, stride 32 */
    int32_t keypoints;
    bool variant;
} head_choice;

/* Fill `shapes` except for priors, which need memory: spec.prior_count says how many the head
 * wants. */
void head_shapes_make(const head_choice *choice, head_shapes *shapes);

#endif
