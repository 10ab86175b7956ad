/* SPDX-License-Identifier: Apache-2.0
 *
 * Scenes, a noisy detector, and faults made by the formulas of the code table, written out here a
 * second time so that the doctor is not tested against itself.
 */
#ifndef TESTS_QA_FAULTS_H
#define TESTS_QA_FAULTS_H

#include "qa/doctor.h"

#define SCENE_FRAMES 64
#define SCENE_BOXES  48
#define SCENE_SEEN   400

typedef struct scene_frame {
    plumb_size image;
    qa_doctor_box truth[SCENE_BOXES];
    size_t truth_count;
    plumb_rect sent[SCENE_BOXES]; /* the true boxes through all faults so far */
    qa_doctor_box seen[SCENE_SEEN];
    size_t seen_count;
} scene_frame;

typedef struct scene {
    scene_frame frames[SCENE_FRAMES];
    size_t frame_count;
    int classes;
    plumb_mapping_spec spec; /* of the model */
} scene;

typedef struct noise {
    double jitter, missed, extra, wrong_class;
} noise;

extern const noise usual_noise; /* 3 %, 20 %, 10 %, 5 % */

/* A small generator of its own, so that runs are the same everywhere. */
typedef struct dice {
    uint64_t state;
} dice;

double dice_share(dice *d); /* [0,1) */
int dice_below(dice *d, int limit);
double dice_normal(dice *d);

/* Random boxes; `kind` picks the size: 0 4:3, 1 16:9, 2 portrait, 3 square, 4 another for each
 * frame, 5 the small pictures of the reference detections. */
void scene_make(scene *s, dice *d, int kind, size_t frames, int least, int most);

/* A model input of the usual kinds. */
void scene_model(scene *s, dice *d);

/* What a detector sees. */
void scene_observe(scene *s, dice *d, const noise *n);

/* Put a fault into the observed boxes. False where it would not show in this scene. */
bool scene_break(scene *s, dice *d, qa_doctor_code code);

/* A bad model: random boxes, scores shuffled, half of the boxes missed. */
void scene_bad_model(scene *s, dice *d);

/* Views of the frames for the doctor; `frames` holds SCENE_FRAMES. */
void scene_frames(const scene *s, qa_doctor_frame *frames);

#endif
