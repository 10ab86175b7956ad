/* SPDX-License-Identifier: Apache-2.0
 *
 * Camera frames from files: a JPEG, or a .frame.json beside raw planes.
 */
#ifndef SHOT_COUNTER_FRAMES_H
#define SHOT_COUNTER_FRAMES_H

#include <stddef.h>
#include <stdint.h>

#include "plumbline/card.h"

/* Keeps the memory of the frame that was read last. Fill with zeros before first use. */
struct frame_reader {
    plumb_image_decoder *decoder;
    uint8_t *planes[3];
};

/* Read one frame; it stays valid until the next call. */
plumb_status frame_read(struct frame_reader *reader, const char *path, plumb_frame *frame,
                        plumb_diag *diag);
void frame_reader_release(struct frame_reader *reader);

/* A whole file with a zero byte behind it, to be freed; NULL where it cannot be read. */
char *read_file(const char *path, size_t *size);

#endif
