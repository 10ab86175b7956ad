/* SPDX-License-Identifier: Apache-2.0
 *
 * Every frame of a list of files through a worker, on any number of threads. The invariant:
 * results are given out in the order of the input whatever the number of threads, and no more
 * than a few of them for each thread are held back.
 */
#ifndef CLI_FRAMES_H
#define CLI_FRAMES_H

#include "cli/cli.h"
#include "qa/source.h"
#include "qa/text.h"

/* What the user knows better than the file: --orientation, --roi, --matrix, --range. */
typedef struct cli_frame_choice {
    const char *verb;
    plumb_orientation orientation; /* 0: the file's */
    bool has_roi;
    plumb_irect roi;
    plumb_matrix matrix;
    plumb_range range;
} cli_frame_choice;

cli_group cli_frame_group(cli_frame_choice *choice);
void cli_frame_apply(const cli_frame_choice *choice, plumb_frame *frame);

/* The first frame of a file. `frame` and `name` belong to `*source`, which is
 * to be closed also after a failure. CLI_OK, or an exit code after a message. */
int cli_first_frame(const char *path, qa_source_jpeg jpeg, qa_source **source, plumb_frame *frame,
                    const char **name);

/* One frame on its way. */
typedef struct cli_item {
    const plumb_frame *frame;
    const char *name;
    size_t index;                  /* counts frames, not files */
    double read_ms;                /* spent on reading, and decoding what the source decodes */
    const plumb_homography *plane; /* for regions in `plane` space; NULL: the frame has none */
} cli_item;

typedef struct cli_output {
    qa_text results;  /* for standard output or a file */
    qa_text messages; /* for standard error */
    qa_text extra[2]; /* what else a verb keeps of a frame */
    size_t index;
    char frame[512]; /* its name; empty where the file gave no frame */
} cli_output;

typedef struct cli_crew {
    char **paths;
    size_t count;
    long jobs;
    qa_source_jpeg jpeg;
    const cli_frame_choice *choice;
    void *user;

    /* On the thread that will call `work`, which is given the worker; NULL: it is given `user`. */
    int (*open)(void *user, void **worker);
    /* CLI_BAD_INPUT passes over the frame, CLI_RESOURCE ends the run; both after a message. */
    int (*work)(void *worker, const cli_item *item, cli_output *output);
    /* One call at a time, in the order of the frames. Anything but CLI_OK ends the run. NULL where
     * nothing is given out. */
    int (*give)(void *user, cli_output *output);
    /* One call at a time; NULL where `open` is. */
    void (*close)(void *worker);
} cli_crew;

/* The worst exit code of all frames. */
int cli_each_frame(const cli_crew *crew);

#endif
