/* SPDX-License-Identifier: Apache-2.0
 *
 * The log that every app should keep: what it took for detections, one line a frame, in pixels of
 * the upright picture. `plumbline doctor` reads it.
 */
#ifndef SHOT_COUNTER_LOG_H
#define SHOT_COUNTER_LOG_H

#include <stdio.h>

#include "plumbline/detections.h"

/* One line; `name` has no characters that JSON would escape. False where it cannot be written. */
bool log_frame(FILE *file, const char *name, plumb_size upright,
               const plumb_detections *detections);

#endif
