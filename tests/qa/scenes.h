/* SPDX-License-Identifier: Apache-2.0
 *
 * Scenes of true boxes, and detectors that look at them: healthy ones with the usual noise, and
 * bad ones.
 */
#ifndef TESTS_QA_SCENES_H
#define TESTS_QA_SCENES_H

#include "qa/doctor.h"

#define SCENE_FRAMES 64
#define SCENE_BOXES  48
#define SCENE_SEEN   600

typedef struct scene_frame {
    plumb_size image;
    qa_doctor_box truth[SCENE_BOXES];
    size_t truth_count;
    plumb_rect sent[SCENE_BOXES]; /* the true boxes through all faults so far */
    bool found[SCENE_BOXES];      /* the detector saw it */
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
plumb_rect dice_rect(dice *d, plumb_size image);
plumb_rect dice_shake(dice *d, plumb_rect rect, double jitter);

/* Random boxes; `kind` picks the size: 0 4:3, 1 16:9, 2 portrait, 3 square, 4 another for each
 * frame, 5 the small pictures of the reference detections. */
enum { SCENE_KINDS = 6 };
void scene_make(scene *s, dice *d, int kind, size_t frames, int least, int most);

/* What a detector sees. */
void scene_observe(scene *s, dice *d, const noise *n);

/* One box more. */
void scene_see(scene_frame *frame, plumb_rect rect, double score, int class_id);

/* Bad models, each on its own and all together. Before its scores are shuffled a model gives the
 * true boxes' own, to a hundredth or two. */
typedef enum bad_model {
    BAD_RANDOM_BOXES = 0,
    BAD_HALF_MISSED,
    BAD_SHUFFLED_SCORES,
    BAD_CLASSES,
    BAD_ALL,
    BAD_COUNT
} bad_model;

const char *bad_model_name(bad_model how);
void scene_spoil(scene *s, dice *d, bad_model how);

/* Views of the frames for the doctor; `frames` holds SCENE_FRAMES. */
void scene_frames(const scene *s, qa_doctor_frame *frames);

#endif
