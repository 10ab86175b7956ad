/* SPDX-License-Identifier: Apache-2.0
 *
 * The latencies of a session as a table and as JSON. The cold first call stands apart and is in
 * none of the other figures.
 */
#ifndef CLI_TIMING_H
#define CLI_TIMING_H

#include "cli/cli.h"
#include "qa/text.h"

void cli_timing_table(const plumb_session *session, qa_text *text);

/* {"stages":{"decode_image":{"cold_ms":..,"count":..,"min_ms":..,...},..},
 * "allocations_per_frame":N} and a newline. */
void cli_timing_json(const plumb_session *session, double allocations_per_frame, qa_text *text);

#endif
