/* SPDX-License-Identifier: Apache-2.0
 *
 * The frames an explanation is tried on, and its worth there. The search tries ten thousand
 * explanations on a small sample and a few dozen on a large one. The invariant: a sample holds
 * finite boxes only, true boxes of positive size, and its frames are spread evenly over the run.
 */
#ifndef QA_DOCTOR_SAMPLE_H
#define QA_DOCTOR_SAMPLE_H

#include "qa/doctor_steps.h"
#include "qa/matching.h"

/* Up to two geometric faults, in the order in which they were made. */
typedef struct qa_explanation {
    const qa_doctor_step *steps[2];
    int count;
    uint32_t codes;
    double price;
    double score; /* worth less price, on the sample it was last tried on */
    double worth;
    int jitter;
    int32_t class_offset;
    size_t matched;
} qa_explanation;

typedef struct qa_sample_frame {
    size_t index; /* in the doctor's frames */
    plumb_size image;
    size_t truth_at, truth_count;
    size_t observed_at, observed_count;
    qa_match_grid grid; /* over the true boxes */
} qa_sample_frame;

/* A step undone at one image size, once for all explanations that hold it. */
typedef struct qa_undone_step {
    const qa_doctor_step *step; /* NULL: empty */
    plumb_size image;
    bool defined;
    qa_box_map map;
} qa_undone_step;

#define QA_UNDONE_STEPS 4096 /* a power of two */

typedef struct qa_doctor_sample {
    plumb_context context;
    qa_undone_step *undone_steps; /* by a hash of step and size; the last one stays */
    qa_sample_frame *frames;
    size_t frame_count;
    plumb_rect *truth;
    size_t *truth_source; /* index in the doctor's frame */
    int32_t *truth_class;
    int32_t *sorted_class; /* the same in ascending order */
    qa_match_target *targets[QA_MATCH_JITTERS];
    size_t truth_count;
    plumb_rect *observed;
    int32_t *observed_class;
    size_t *observed_source; /* index in the doctor's frame */
    size_t observed_count;
    plumb_rect *undone; /* working memory of one frame */
    qa_match_candidate *candidates;
    uint8_t *taken;
    double *sides;     /* as many as the longer list of one frame has boxes */
    qa_match *matches; /* of the last qa_sample_match, by true box */
    bool one_size;
    double log_spread; /* see qa_sample_spread */
} qa_doctor_sample;

/* Logarithm of the area over which observed boxes are spread, from the medians of their centres;
 * `scratch` holds observed_count numbers. */
double qa_sample_spread(const qa_doctor_sample *sample, double *scratch);

/* Choose frames until `pairs` (true times observed boxes) or `boxes` true boxes are reached, at
 * least one frame. Of more than `most` observed boxes in a frame, or in a crowd as many as it has
 * true ones, those with the best scores are taken. Frames without true or without observed boxes
 * are left out, unless `boxes` is SIZE_MAX: then every frame is in. */
PLUMB_NODISCARD plumb_status qa_sample_make(const plumb_context *context,
                                            const qa_doctor_frame *frames, size_t count,
                                            size_t boxes, size_t pairs, size_t most,
                                            qa_doctor_sample *sample, plumb_diag *diag);
void qa_sample_release(qa_doctor_sample *sample);

/* Undo an explanation in one frame, into sample->undone. False where a step is not defined. */
bool qa_sample_undo(qa_doctor_sample *sample, const qa_sample_frame *frame,
                    const qa_explanation *explanation);

/* Sum of the worths of all pairs once the explanation is undone. */
double qa_sample_worth(qa_doctor_sample *sample, const qa_explanation *explanation, int jitter);

/* The same, and note the pairs in sample->matches (observed: index within the frame). */
double qa_sample_match(qa_doctor_sample *sample, const qa_explanation *explanation, int jitter);

/* Try an explanation with every jitter and with the classes of the pairs; fills score, worth,
 * jitter, class_offset and matched. */
void qa_sample_judge(qa_doctor_sample *sample, qa_explanation *explanation);

#endif
