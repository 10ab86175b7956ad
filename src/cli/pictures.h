/* SPDX-License-Identifier: Apache-2.0
 *
 * Small pictures of frames that are known by name only, for a report. The invariant: a frame whose
 * file is not there simply has no picture.
 */
#ifndef CLI_PICTURES_H
#define CLI_PICTURES_H

#include "cli/cli.h"
#include "qa/detections_io.h"

typedef struct cli_picture {
    char *frame;
    qa_text file;
    bool is_png; /* else JPEG */
} cli_picture;

typedef struct cli_pictures {
    cli_picture *items; /* sorted by frame */
    size_t count, capacity;
} cli_pictures;

/* The frames of two lists, from the files in `folder`. CLI_OK, or an exit code after a message;
 * `pictures` is released also then. */
int cli_pictures_read(cli_pictures *pictures, const char *folder, const qa_frames *a,
                      const qa_frames *b);
const cli_picture *cli_pictures_find(const cli_pictures *pictures, const char *frame);
void cli_pictures_release(cli_pictures *pictures);

#endif
