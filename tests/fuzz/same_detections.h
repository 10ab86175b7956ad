/* SPDX-License-Identifier: Apache-2.0
 *
 * Are two lists equal in every field? memcmp would look at padding as well.
 */
#ifndef TESTS_FUZZ_SAME_DETECTIONS_H
#define TESTS_FUZZ_SAME_DETECTIONS_H

#include <string.h>

#include "plumbline/detections.h"

static inline bool same_detections(const plumb_detection *a, const plumb_detection *b, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (memcmp(&a[i].box, &b[i].box, sizeof(a[i].box)) != 0 ||
            memcmp(&a[i].score, &b[i].score, sizeof(a[i].score)) != 0 ||
            memcmp(&a[i].angle, &b[i].angle, sizeof(a[i].angle)) != 0 ||
            a[i].class_id != b[i].class_id || a[i].row != b[i].row ||
            a[i].keypoints != b[i].keypoints ||
            memcmp(a[i].regions, b[i].regions, sizeof(a[i].regions)) != 0)
            return false;
    return true;
}

#endif
