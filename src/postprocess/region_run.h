/* SPDX-License-Identifier: Apache-2.0
 *
 * Regions applied to frame after frame. Where they lie changes only with the mapping or the plane,
 * so that a fixed camera places them once. The invariant: a placement that is valid says what the
 * scratch beside it holds.
 */
#ifndef PLUMB_POSTPROCESS_REGION_RUN_H
#define PLUMB_POSTPROCESS_REGION_RUN_H

#include "plumbline/postprocess.h"

/* What the regions in a scratch were placed for; begins as zeros. */
typedef struct plumb_region_placement {
    bool valid;
    plumb_mapping mapping;
    plumb_homography plane; /* where a region needs it */
} plumb_region_placement;

/* plumb_regions_run, with what it made for the frame before: `scratch` and `placement` go together
 * and belong to these regions. */
plumb_status plumb_regions_run_placed(const plumb_regions *regions, plumb_detections *list,
                                      const plumb_mapping *mapping,
                                      const plumb_homography *upright_from_plane, float confidence,
                                      const float *per_class, size_t per_class_count, void *scratch,
                                      plumb_region_placement *placement, plumb_ledger *ledger,
                                      plumb_diag *diag);

#endif
