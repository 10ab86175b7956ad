/* SPDX-License-Identifier: Apache-2.0
 *
 * doctor on a suite: which stage is the first to give something else than was recorded.
 */
#ifndef CLI_DOCTOR_SUITE_H
#define CLI_DOCTOR_SUITE_H

#include <stdbool.h>

/* CLI_OK when every stage of every frame is as recorded, CLI_DIFFERENT otherwise, and other exit
 * codes after a message. */
int cli_doctor_suite(const char *path, bool json);

#endif
