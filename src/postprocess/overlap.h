/* SPDX-License-Identifier: Apache-2.0
 *
 * How much two detections overlap, in the measures of plumb_overlap and in those of the peers
 * whose kept sets are reproduced. Operations stand in the order of the source they follow, since
 * a last bit decides at a threshold.
 */
#ifndef PLUMB_POSTPROCESS_OVERLAP_H
#define PLUMB_POSTPROCESS_OVERLAP_H

#include "plumbline/postprocess.h"

/* `kept` is the one of better rank. NaN where the source has NaN; it is above no threshold. */
typedef float (*plumb_overlap_fn)(const plumb_detection *kept, const plumb_detection *other);

plumb_overlap_fn plumb_overlap_select(plumb_overlap overlap, plumb_nms_compat compat);

#endif
