/* SPDX-License-Identifier: Apache-2.0
 *
 * Tensors in .npy files.
 */
#ifndef CLI_TENSOR_FILE_H
#define CLI_TENSOR_FILE_H

#include "cli/cli.h"
#include "qa/file.h"

/* `tensor` becomes a view into `bytes`. CLI_OK, or an exit code after a message. */
int cli_read_tensor(const char *path, qa_bytes *bytes, plumb_tensor *tensor);

/* Raw outputs of a network, each given as NAME=T.npy. */
typedef struct cli_output_list {
    const char *items[PLUMB_MAX_TENSORS];
    size_t count;
} cli_output_list;

int cli_output_add(const char *verb, cli_output_list *list, const char *value);

typedef struct cli_outputs {
    plumb_outputs outputs;
    qa_bytes files[PLUMB_MAX_TENSORS];
    char names[PLUMB_MAX_TENSORS][256];
} cli_outputs;

/* `loaded` is released with cli_outputs_release also after a failure. */
int cli_outputs_load(const char *verb, const cli_output_list *list, cli_outputs *loaded);
void cli_outputs_release(cli_outputs *loaded);

/* A dense tensor, as numpy.save would write it. */
int cli_write_tensor(const char *path, const plumb_tensor *tensor);

#endif
