/* SPDX-License-Identifier: Apache-2.0
 *
 * --overlay: the result of a run, drawn on its frame and written as PNG.
 */
#ifndef CLI_DRAWING_H
#define CLI_DRAWING_H

#include "cli/model.h"

/* Write FOLDER/<stem>.png. Regions come from the pipeline, drops from the ledger where the run was
 * traced. `frame` is not JPEG. CLI_OK, or an exit code after a message. */
int cli_draw(const char *folder, const cli_session *session, const plumb_frame *frame,
             const char *name, const plumb_result *result, const plumb_homography *plane);

#endif
