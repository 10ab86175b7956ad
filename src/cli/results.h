/* SPDX-License-Identifier: Apache-2.0
 *
 * Where detections go: --format, --space, --out. The invariant: a file is written as a whole at
 * the end or not at all, while standard output gets each frame as it comes.
 */
#ifndef CLI_RESULTS_H
#define CLI_RESULTS_H

#include "cli/cli.h"
#include "qa/detections_io.h"

typedef enum cli_format {
    CLI_FORMAT_NDJSON = 0,
    CLI_FORMAT_COCO,
    CLI_FORMAT_YOLO,
    CLI_FORMAT_TABLE,
} cli_format;

typedef struct cli_results {
    const char *verb;
    cli_format format;
    plumb_space space; /* 0: the format's own */
    const char *out;   /* NULL: standard output */
    qa_text whole;     /* what goes to `out` */
    size_t frames;
    bool any; /* an entry of a list was written */
} cli_results;

cli_group cli_results_group(cli_results *results);

/* Fill in defaults and refuse what does not go together. */
int cli_results_start(cli_results *results);

/* One frame as text; may be called from several threads. */
int cli_results_format(const cli_results *results, const plumb_result *result,
                       const plumb_card *card, const char *name, size_t index, qa_text *text);

/* Frame after frame, in order. */
int cli_results_give(cli_results *results, const qa_text *text);

/* `code` is the worst so far: after CLI_RESOURCE no file is written. Releases memory. */
int cli_results_finish(cli_results *results, int code);

#endif
