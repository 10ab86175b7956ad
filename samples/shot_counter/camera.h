/* SPDX-License-Identifier: Apache-2.0
 *
 * What a phone stores: the upright picture turned as the sensor lies, as a JPEG with an EXIF
 * orientation or as raw NV12 planes with a description beside them.
 */
#ifndef SHOT_COUNTER_CAMERA_H
#define SHOT_COUNTER_CAMERA_H

#include <stdbool.h>
#include <stdint.h>

#include "plumbline/geometry.h"

/* The upright picture as a buffer with this orientation: dense RGB rows, to be freed; its size
 * is written to `buffer`. NULL when memory ran out. */
uint8_t *camera_turn(const uint8_t *upright, plumb_size size, plumb_orientation orientation,
                     plumb_size *buffer);

/* Write STEM.jpg. False, with a message on stderr, when the file cannot be written. */
bool camera_write_jpeg(const char *stem, const uint8_t *rgb, plumb_size size,
                       plumb_orientation orientation);

/* Write STEM.nv12 (BT.709, limited range) and STEM.frame.json. */
bool camera_write_nv12(const char *stem, const uint8_t *rgb, plumb_size size,
                       plumb_orientation orientation);

#endif
