/* SPDX-License-Identifier: Apache-2.0
 *
 * What there is to draw of a run: boxes, the regions' outlines, and what was dropped; and
 * --overlay, which draws it on the frame and writes a PNG.
 */
#ifndef CLI_DRAWING_H
#define CLI_DRAWING_H

#include "cli/model.h"
#include "qa/overlay.h"

/* Everything belongs to `frame`. */
typedef struct cli_scene {
    qa_frame frame; /* UPRIGHT space */
    qa_overlay overlay;
} cli_scene;

/* Regions come from the pipeline, drops from the ledger where the run was traced. CLI_OK, or an
 * exit code after a message; the scene is released with qa_frame_release(&scene->frame). */
int cli_scene_make(const cli_session *session, const plumb_result *result, const char *name,
                   const plumb_homography *plane, cli_scene *scene);

/* A picture file of a frame that is not JPEG, for a report; empty where none can be made. */
void cli_encode_picture(const plumb_frame *frame, qa_text *file, bool *is_png);

/* Write FOLDER/<stem>.png. `frame` is not JPEG. CLI_OK, or an exit code after a message. */
int cli_draw(const char *folder, const cli_session *session, const plumb_frame *frame,
             const char *name, const plumb_result *result, const plumb_homography *plane);

#endif
