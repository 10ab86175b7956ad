/* SPDX-License-Identifier: Apache-2.0
 *
 * The tensor side of `doctor`: what an app fed to its network against what the card makes.
 */
#ifndef CLI_DOCTOR_TENSOR_H
#define CLI_DOCTOR_TENSOR_H

#include "cli/cli.h"
#include "qa/fit.h"

/* --frame and --tensor, paired in the order given. */
typedef struct cli_tensor_pairs {
    const char *frames[QA_FIT_MAX_PAIRS], *tensors[QA_FIT_MAX_PAIRS];
    size_t frame_count, tensor_count;
} cli_tensor_pairs;

cli_group cli_tensor_group(cli_tensor_pairs *pairs);

/* Examine the pairs with a card and report; the exit code. */
int cli_doctor_tensor(const char *card, const cli_tensor_pairs *pairs, bool json);

#endif
