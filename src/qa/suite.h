/* SPDX-License-Identifier: Apache-2.0
 *
 * A suite: a folder that holds what a run was given and what came out, so that it can be replayed
 * without the network.
 *
 *     card.json               and the files it names
 *     frames/                 the frames as they came
 *     outputs/outputs.txt     the network's outputs in its order: name, scale, zero point
 *     outputs/<stem>.<output>.npy
 *     expected.ndjson         the detections, one line a frame
 *     tensors.txt             a hash of each frame's input tensor and the frame's name
 *     stages.txt              a hash of every stage of each frame, see stages.h
 *     tolerances.json         optional: {"score":0,"box":0,"keypoints":0,"angle":0}
 *
 * The invariant: expected.ndjson names the frames; a suite that was opened has all of them in
 * memory, and the outputs of a frame come from its own files only.
 */
#ifndef QA_SUITE_H
#define QA_SUITE_H

#include "qa/detections_io.h"
#include "qa/file.h"

/* How far a replay may be off; 0 means exactly equal. */
typedef struct qa_tolerances {
    double score;
    double box;       /* each edge, in the units of the list's space */
    double keypoints; /* x, y and score of each */
    double angle;     /* radians */
} qa_tolerances;

typedef struct qa_suite {
    char *path;
    qa_frames expected; /* sorted by name */
    qa_tolerances tolerances;
    char **frame_files; /* paths, each once, sorted */
    size_t frame_file_count;
    char *output_names[PLUMB_MAX_TENSORS]; /* in the network's order */
    plumb_quantization quantizations[PLUMB_MAX_TENSORS];
    size_t output_count;
    uint64_t *tensor_hashes; /* of the expected frames, 0: not recorded */
    size_t unexpected;       /* frames that were recorded but are not in expected.ndjson */
} qa_suite;

/* Errors name the file. `suite` is empty on an error; it is released with qa_suite_release. */
PLUMB_NODISCARD plumb_status qa_suite_open(const char *path, qa_suite *suite, plumb_diag *diag);
void qa_suite_release(qa_suite *suite);

/* Index into `expected`, -1 where the name is not there. */
ptrdiff_t qa_suite_find(const qa_suite *suite, const char *frame);

/* Recorded outputs of one frame at a time, in memory that is used again. */
typedef struct qa_recorded {
    qa_bytes files[PLUMB_MAX_TENSORS];
    plumb_outputs outputs; /* views into `files`; names belong to the suite */
} qa_recorded;

PLUMB_NODISCARD plumb_status qa_suite_outputs(const qa_suite *suite, const char *frame,
                                              qa_recorded *recorded, plumb_diag *diag);
void qa_recorded_release(qa_recorded *recorded);

/* --- writing --- */

/* What an output is called in a suite: its own name, or "output3" where the network gives none. */
const char *qa_suite_output_name(const plumb_tensor *output, size_t index, char room[32]);

/* Text of the files, for callers that write them as a whole. */
void qa_suite_add_output_line(qa_text *text, const plumb_tensor *output, size_t index);
void qa_suite_add_tensor_line(qa_text *text, uint64_t hash, const char *frame);

/* A tensor as .npy; strides may be any. PLUMB_E_NOMEM. */
PLUMB_NODISCARD plumb_status qa_tensor_npy(const plumb_tensor *tensor, qa_bytes *file,
                                           plumb_diag *diag);

/* FNV-1a, 64 bits: of tensors, and of names for the division into shards. */
uint64_t qa_hash(const void *data, size_t size);

#endif
