/* SPDX-License-Identifier: Apache-2.0
 *
 * Detections of one frame as files hold them, and the formats they are written in. The
 * invariant: what is written as NDJSON and read again is equal bit for bit, and writing it once
 * more gives the same bytes.
 *
 * One line of NDJSON, keys in this order, all but the last three always there:
 *
 *     {"frame":"dog.jpg","width":768,"height":576,"orientation":1,"space":"upright",
 *      "detections":[{"class":16,"label":"dog","score":0.855,"box":[x,y,w,h],"row":1234,
 *                     "keypoints":[[x,y,score],..],"angle":0.1,"regions":["name",..]}]}
 *
 * width and height are those of the upright image. In `vision` space y is the lower edge, since
 * that space counts upwards. `label` is null where the card names none.
 */
#ifndef QA_DETECTIONS_IO_H
#define QA_DETECTIONS_IO_H

#include "plumbline/card.h"
#include "plumbline/detections.h"
#include "plumbline/pipeline.h"
#include "qa/pool.h"
#include "qa/text.h"

#define QA_MAX_LINE ((size_t)16 << 20) /* bytes of one NDJSON line */

typedef struct qa_detection {
    plumb_box box; /* as in plumb_detection: corners, in the space of the frame */
    float score;
    float angle; /* radians; only where the frame has_angle */
    int32_t class_id;
    int32_t row;       /* -1 where a file does not say */
    const char *label; /* NULL: none */
    const plumb_keypoint *keypoints;
    size_t keypoint_count;
    const char *const *regions; /* names of the regions that touched the score */
    size_t region_count;
} qa_detection;

typedef struct qa_frame {
    const char *name;
    plumb_size size; /* of the upright image */
    plumb_orientation orientation;
    plumb_space space;
    bool has_angle;
    qa_detection *items;
    size_t count;
    qa_pool pool; /* owns all of the above */
} qa_frame;

void qa_frame_release(qa_frame *frame);

/* Copy what a run gave, mapped to `space`. Labels and region names come from `card`, which has to
 * outlive the frame; NULL gives neither. On an error `frame` is empty. */
PLUMB_NODISCARD plumb_status qa_frame_from_result(const plumb_result *result,
                                                  const plumb_card *card, const char *name,
                                                  plumb_space space, qa_frame *frame,
                                                  plumb_diag *diag);

/* --- writing; each adds whole lines to `text` --- */

void qa_write_ndjson(qa_text *text, const qa_frame *frame);

/* For people: one line a detection under a line of headings. */
void qa_write_table(qa_text *text, const qa_frame *frame);

/* "class cx cy w h score", normalized to the upright image; needs UPRIGHT space. */
void qa_write_yolo(qa_text *text, const qa_frame *frame);

/* The entries of one frame in a COCO result array, each on a line of its own and preceded by a
 * comma when `*written` is not 0; the caller writes "[" and "]". Needs UPRIGHT space. image_id is
 * the number a file is named after ("000000397133.jpg"), else `position` + 1; file_name is added
 * so that nobody has to guess. */
void qa_write_coco(qa_text *text, const qa_frame *frame, size_t position, size_t *written);

/* --- reading --- */

/* Parse one line; `line` is its number for the diag. Unknown and missing keys, wrong types,
 * numbers that are not finite and boxes of negative size are errors that name the key.
 * `label`, `row` and `orientation` may be missing. */
PLUMB_NODISCARD plumb_status qa_parse_ndjson(const char *data, size_t size, uint32_t line,
                                             qa_frame *frame, plumb_diag *diag);

typedef struct qa_frames {
    qa_frame *items;
    size_t count;
} qa_frames;

/* Parse a whole file; empty lines are passed over. A frame that is named twice is an error. */
PLUMB_NODISCARD plumb_status qa_parse_frames(const char *data, size_t size, qa_frames *frames,
                                             plumb_diag *diag);
void qa_frames_release(qa_frames *frames);

#endif
