/* SPDX-License-Identifier: Apache-2.0
 *
 * Where frames come from: one image file, a clip of many, or raw planes with a description. The
 * invariant: at most one frame is in memory, so a clip of any length, also one piped in, costs as
 * much as its largest frame.
 */
#ifndef QA_SOURCE_H
#define QA_SOURCE_H

#include "plumbline/frame.h"

typedef struct qa_source qa_source; /* one thread at a time */

typedef enum qa_source_jpeg {
    QA_SOURCE_JPEG_DECODED, /* RGB24 or GRAY8, like every other image file */
    QA_SOURCE_JPEG_AS_IS,   /* PLUMB_FORMAT_JPEG, for a pipeline that decodes, and times, itself */
} qa_source_jpeg;

/* Open a JPEG, PNG or BMP file, a .y4m clip, a .frame.json, or "-" for any of them but the last
 * on standard input. Files are told apart by their first bytes, a description by its name.
 *
 * Errors name the file and, inside a description, the key: PLUMB_E_IO, PLUMB_E_UNSUPPORTED for
 * anything else, and what reading a description or a clip's first line gives. */
PLUMB_NODISCARD plumb_status qa_source_open(const char *path, qa_source_jpeg jpeg,
                                            qa_source **source, plumb_diag *diag);
void qa_source_close(qa_source **source);

/* How many frames the source has; -1 for a pipe and for a clip whose length does not tell. */
int64_t qa_source_count(const qa_source *source);

/* The next frame. `*more` is false behind the last one, and `frame` then untouched. Pixels and
 * name belong to the source until the next call. The name is the file's, in a clip followed by
 * "#" and the index from 0: "clip.y4m#12". A source that has failed stays at its end.
 *
 * Errors: those of plumb_image_decode, PLUMB_E_TRUNCATED for a clip that ends inside a frame,
 * PLUMB_E_BUFFER for planes shorter than the description says. */
PLUMB_NODISCARD plumb_status qa_source_next(qa_source *source, plumb_frame *frame,
                                            const char **name, bool *more, plumb_diag *diag);

/* The homography of the frame that was given last, for regions in `plane` space; NULL where its
 * description has none. Belongs to the source. */
const plumb_homography *qa_source_plane(const qa_source *source);

/* Back to the first frame; files are read again. PLUMB_E_UNSUPPORTED for a pipe. */
PLUMB_NODISCARD plumb_status qa_source_rewind(qa_source *source, plumb_diag *diag);

#endif
