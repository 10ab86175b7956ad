/* SPDX-License-Identifier: Apache-2.0
 *
 * The three kinds of frame source behind source.h. The invariant: whatever a kind reads goes
 * through `bytes`, the only memory that grows with a frame.
 */
#ifndef QA_SOURCE_KINDS_H
#define QA_SOURCE_KINDS_H

#include <sys/types.h>

#include "plumbline/image.h"
#include "qa/file.h"
#include "qa/source.h"

#define QA_Y4M_LINE 4096 /* bytes of the longest line of a clip */

typedef enum qa_source_kind { QA_SOURCE_IMAGE, QA_SOURCE_CLIP, QA_SOURCE_RAW } qa_source_kind;

struct qa_source {
    char *path;
    char *name; /* room for the path and an index */
    size_t name_capacity;
    qa_source_kind kind;
    qa_source_jpeg jpeg;
    FILE *file; /* NULL once an image has been read from it */
    bool seekable;
    qa_bytes bytes; /* the file, one frame of a clip, or all planes */
    plumb_image_decoder *decoder;
    plumb_y4m_info clip;
    off_t first_frame;
    int64_t count;
    int64_t index;
    bool done;
    bool has_plane; /* of the frame that was given last */
    plumb_homography plane;
};

/* `bytes` holds the first bytes of the stream; reads the rest of the first line. */
plumb_status qa_clip_open(qa_source *source, plumb_diag *diag);

/* The next frame of each kind; see qa_source_next. */
plumb_status qa_clip_next(qa_source *source, plumb_frame *frame, bool *more, plumb_diag *diag);
plumb_status qa_image_next(qa_source *source, plumb_frame *frame, bool *more, plumb_diag *diag);
plumb_status qa_raw_next(qa_source *source, plumb_frame *frame, bool *more, plumb_diag *diag);

/* The image file in `bytes` as a frame, decoded unless the source hands out JPEG. */
plumb_status qa_image_show(qa_source *source, plumb_frame *frame, plumb_diag *diag);

void qa_source_close_file(qa_source *source);

#endif
