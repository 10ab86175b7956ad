/* SPDX-License-Identifier: Apache-2.0
 *
 * A frame's way through the pipeline as one hash a stage, so that a replay that differs can say
 * where it first does. The invariant: a hash depends on what the stage gives and on nothing else,
 * so equal hashes mean that the fault lies behind.
 */
#ifndef QA_STAGES_H
#define QA_STAGES_H

#include "plumbline/card.h"
#include "qa/detections_io.h"

typedef enum qa_stage {
    QA_STAGE_FILE = 0,    /* stored pixels, as the file's decoder gives them */
    QA_STAGE_COLOR,       /* the same in RGB */
    QA_STAGE_ORIENTATION, /* upright */
    QA_STAGE_CROP,        /* region of interest, crop, scale and pad as numbers: the mapping */
    QA_STAGE_RESAMPLE,    /* pixels of the input */
    QA_STAGE_NORMALISE,   /* values in float32 */
    QA_STAGE_PACK,        /* the tensor */
    QA_STAGE_HEAD,        /* the best candidates at no threshold, in the head's space; labels */
    QA_STAGE_UNMAP,       /* the same, upright */
    QA_STAGE_THRESHOLD,   /* those above the card's confidence, of allowed classes */
    QA_STAGE_NMS,
    QA_STAGE_REGIONS, /* and everything behind: the detections as they are written */
    QA_STAGE_COUNT
} qa_stage;

const char *qa_stage_name(qa_stage stage); /* "resample" */

/* Where to look when this stage is the first that differs: card fields, or a library. */
const char *qa_stage_hint(qa_stage stage);

typedef struct qa_stage_hashes {
    uint64_t hash[QA_STAGE_COUNT]; /* 0: the stage could not be run */
} qa_stage_hashes;

/* The first stage whose hashes differ and are both known; QA_STAGE_COUNT for none. */
qa_stage qa_stages_compare(const qa_stage_hashes *a, const qa_stage_hashes *b);

/* The stages of one card; used by one thread at a time. */
typedef struct qa_stages qa_stages;

PLUMB_NODISCARD plumb_status qa_stages_create(const plumb_card *card, qa_stages **stages,
                                              plumb_diag *diag);
void qa_stages_destroy(qa_stages **stages);

/* Hash a frame (JPEG is decoded) and the network's outputs for it; `plane` may be NULL. Stages that
 * cannot be run, such as regions on a plane that is not given, have the hash 0, and so have those
 * behind. */
PLUMB_NODISCARD plumb_status qa_stages_run(qa_stages *stages, const plumb_frame *frame,
                                           const plumb_homography *plane,
                                           const plumb_outputs *outputs, qa_stage_hashes *hashes,
                                           plumb_diag *diag);

/* What QA_STAGE_REGIONS is for detections that were read from a file; 0 where memory ran out. */
uint64_t qa_stages_hash_frame(const qa_frame *frame);

/* A line of stages.txt: the hashes in order, the frame's name. */
void qa_stages_add_line(qa_text *text, const qa_stage_hashes *hashes, const char *frame);

/* Read such a line; `*frame` points into it. */
bool qa_stages_read_line(char *line, qa_stage_hashes *hashes, const char **frame);

#endif
