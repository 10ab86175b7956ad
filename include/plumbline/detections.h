/* SPDX-License-Identifier: Apache-2.0
 *
 * A list of detections, the space it is in, and the ledger that says where every raw row
 * went. The invariant: a list knows its space, converting it changes the tag, and converting
 * from a space the list is not in is an error, never a second shift.
 * Next: heads.h, which fills lists, and postprocess.h, which thins them out.
 */
#ifndef PLUMBLINE_DETECTIONS_H
#define PLUMBLINE_DETECTIONS_H

#include "plumbline/geometry.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PLUMB_MAX_REGIONS 256

/* Corners, half-open, in the units of the list's space. x0 <= x1 and y0 <= y1. */
typedef struct plumb_box {
    float x0, y0, x1, y1;
} plumb_box;

/* Frozen value struct. */
typedef struct plumb_detection {
    plumb_box box;
    float score;       /* 0..1 for every head that applies its activation */
    int32_t class_id;  /* 0-based index into the labels */
    int32_t row;       /* row of the raw output; rows of several scales are numbered on */
    float angle;       /* radians in the list's space, y down; 0 where the head has none. The box is
                         then the rectangle before it is turned about its centre */
    int32_t keypoints; /* slot in the list's keypoint array, -1 where there are none */
    uint64_t regions[PLUMB_MAX_REGIONS / 64]; /* bit i: region i of the card touched this score */
} plumb_detection;

typedef struct plumb_keypoint {
    float x, y;  /* in the list's space */
    float score; /* visibility 0..1; 1 where the head gives none */
} plumb_keypoint;

/* A list over the caller's or a session's arrays; the library never frees them.
 * `keypoints` holds `keypoint_capacity` slots of `keypoints_per_detection` entries each. */
typedef struct plumb_detections {
    plumb_detection *items;
    size_t count, capacity;
    plumb_keypoint *keypoints;
    size_t keypoint_slots, keypoint_capacity; /* in slots */
    size_t keypoints_per_detection;           /* 0: none */
    bool has_angle;
    plumb_space space;
} plumb_detections;

/* Map every box, keypoint and angle of `list` from space `from` to space `to` and set the tag.
 * Boxes are computed in double and rounded to float once. Sizes may not be zero afterwards
 * where they were not before, but no clipping takes place.
 *
 * PLUMB_E_SPACE if list->space != from (mapped twice, or never) or a space is PLANE; the list
 * is then unchanged. O(n). Thread-safe on distinct lists. */
PLUMB_API PLUMB_NODISCARD plumb_status plumb_detections_map(plumb_detections *list,
                                                            const plumb_mapping *mapping,
                                                            plumb_space from, plumb_space to,
                                                            plumb_diag *diag);

/* The total order of Plumbline: score descending, then row ascending, then class ascending.
 * Negative when `a` comes first. NaN scores never reach a list. */
PLUMB_API int plumb_detection_order(const plumb_detection *a, const plumb_detection *b);

/* Why a raw row is not among the detections. KEPT and UNSEEN are not drops. */
typedef enum plumb_fate {
    PLUMB_FATE_BELOW_CONFIDENCE = 0, /* the default of a row that no stage reports */
    PLUMB_FATE_KEPT,
    PLUMB_FATE_NONFINITE,      /* NaN or infinity in the score or the box */
    PLUMB_FATE_EMPTY,          /* no area, or a negative size */
    PLUMB_FATE_CLASS,          /* its class is not on the allow-list */
    PLUMB_FATE_CANDIDATES,     /* beyond max_candidates */
    PLUMB_FATE_SUPPRESSED,     /* NMS; `other` is the row that won */
    PLUMB_FATE_MERGED,         /* its box went into another; `other` is that row */
    PLUMB_FATE_REGION,         /* rejected by a region; `other` is its index */
    PLUMB_FATE_REGION_PENALTY, /* a region's penalty pushed it below the confidence; `other` */
    PLUMB_FATE_NEIGHBOURS,     /* clustering: fewer than the minimum neighbours */
    PLUMB_FATE_DETECTIONS,     /* beyond max_detections */
    PLUMB_FATE_CLIPPED,        /* nothing left inside the image */
    PLUMB_FATE_COUNT
} plumb_fate;

PLUMB_API const char *plumb_fate_name(plumb_fate fate); /* "suppressed"; never NULL */

/* Where one (row, class) went. */
typedef struct plumb_trace_entry {
    int32_t row, class_id;
    plumb_fate fate;
    int32_t other; /* see plumb_fate; -1 where it says nothing */
    float score;   /* at the moment of the drop */
    plumb_box box;
    plumb_space space;
} plumb_trace_entry;

/* Counts by fate, and, when `entries` is given, one entry for each reported drop. Rows that
 * no stage reports were below the confidence threshold: fast decoders never visit them, so
 * BELOW_CONFIDENCE is `rows` minus everything else. Frozen value struct, owned by the caller
 * or the session. */
typedef struct plumb_ledger {
    uint64_t rows;                      /* rows the head looked at */
    uint64_t counts[PLUMB_FATE_COUNT];  /* [BELOW_CONFIDENCE] is filled by plumb_ledger_close */
    plumb_trace_entry *entries;         /* NULL: count only */
    size_t entry_count, entry_capacity; /* entries past the capacity are counted, not kept */
} plumb_ledger;

/* Zero the counts, keep the entry array. */
PLUMB_API void plumb_ledger_reset(plumb_ledger *ledger);

/* Intersect every box with the upright image. Only for lists in UPRIGHT, NORMALIZED or VISION
 * space, otherwise PLUMB_E_SPACE. Boxes that lie outside become empty and are removed and counted
 * as CLIPPED; turned boxes stay whole unless all of their extent lies outside. `ledger` may be
 * NULL. */
PLUMB_API PLUMB_NODISCARD plumb_status plumb_detections_clip(plumb_detections *list,
                                                             const plumb_mapping *mapping,
                                                             plumb_ledger *ledger,
                                                             plumb_diag *diag);

#ifdef __cplusplus
}
#endif

#endif
