/* SPDX-License-Identifier: Apache-2.0
 *
 * JPEG frames to tensors without a decoded frame in between: strips of a few rows go from the
 * decoder to the resampler while they are in the cache, and what the picture's crop leaves out is
 * not transformed, upsampled or converted. The result is that of a whole decode, bit for bit; where
 * the plan asks for half the size, that of a whole decode at half size.
 */
#ifndef PLUMB_PIPELINE_JPEG_H
#define PLUMB_PIPELINE_JPEG_H

#include "pipeline/pipeline.h"

/* Read the header of `frame`, and make of it the frame that a decode would give, without pixels:
 * its size is that of the file, its orientation the file's where the frame's own is 1. */
plumb_status plumb_session_open_jpeg(plumb_session *session, plumb_frame *frame, plumb_diag *diag);

/* Decode what is open through a streamed plan for it. Decoding counts as PLUMB_STAGE_DECODE_IMAGE. */
plumb_status plumb_session_stream_jpeg(plumb_session *session, const plumb_preprocess_plan *plan,
                                       plumb_diag *diag);

#endif
