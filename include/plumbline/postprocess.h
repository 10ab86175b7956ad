/* SPDX-License-Identifier: Apache-2.0
 *
 * Suppression and regions. The invariant: the result depends on the set of candidates and on
 * nothing else: not on their order, on the CPU, on the clock or on the number of classes, and
 * every detection that goes is reported to the ledger with its reason. Next: pipeline.h.
 */
#ifndef PLUMBLINE_POSTPROCESS_H
#define PLUMBLINE_POSTPROCESS_H

#include "plumbline/detections.h"

#ifdef __cplusplus
extern "C" {
#endif

/* All go by the best candidate that is left, in plumb_detection_order, and by what overlaps it by
 * more than `iou`.
 *
 * none             keep all
 * hard             drop what overlaps a kept one. With overlap iou near-linear in the candidates,
 *                  and exactly the textbook's result; with other overlaps candidates * kept
 * soft-linear      score * (1 - overlap) where the overlap is above `iou`; dropped when the score
 *                  falls below `min_score`. Bodla et al., ICCV 2017
 * soft-gaussian    score * exp(-overlap^2 / sigma), for every kept one; `iou` plays no part
 * weighted         box and keypoints become the score-weighted mean of the group, score, class,
 *                  row and angle stay the best's (as MediaPipe's WEIGHTED)
 * merge            the box becomes the hull of the group, the rest stays the best's
 * matrix           score * min over better i of k(overlap_i) / k(the most i is overlapped by a
 *                  better one), k(o) = exp(-o^2 / sigma). Wang et al., SOLOv2, 2020
 * cluster          DBSCAN: a box that overlaps `min_neighbours` others, itself counted, is a core;
 *                  clusters of cores and what touches them become weighted means; others are
 *                  dropped (as DeepStream)
 * center-distance  drop what is nearer than `distance` to a kept centre; for objects of one size.
 *                  Near-linear
 *
 * soft, weighted, merge, matrix and cluster take O(candidates^2) at worst. */
typedef enum plumb_nms_method {
    PLUMB_NMS_UNSET = 0,
    PLUMB_NMS_NONE,
    PLUMB_NMS_HARD,
    PLUMB_NMS_SOFT_LINEAR,
    PLUMB_NMS_SOFT_GAUSSIAN,
    PLUMB_NMS_WEIGHTED,
    PLUMB_NMS_MERGE,
    PLUMB_NMS_MATRIX,
    PLUMB_NMS_CLUSTER,
    PLUMB_NMS_CENTER_DISTANCE,
} plumb_nms_method;

PLUMB_API const char *plumb_nms_method_name(plumb_nms_method method); /* "hard" */
PLUMB_API bool plumb_nms_method_parse(const char *name, plumb_nms_method *method);

typedef enum plumb_overlap {
    PLUMB_OVERLAP_IOU = 0, /* intersection over union */
    PLUMB_OVERLAP_IOS,     /* intersection over the smaller area */
    PLUMB_OVERLAP_DIOU,    /* IoU minus squared centre distance over squared hull diagonal */
    PLUMB_OVERLAP_ROTATED, /* IoU of the turned rectangles, polygon-exact */
    PLUMB_OVERLAP_PROBIOU, /* Gaussian boxes, as ultralytics' oriented heads */
} plumb_overlap;

PLUMB_API const char *plumb_overlap_name(plumb_overlap overlap);
PLUMB_API bool plumb_overlap_parse(const char *name, plumb_overlap *overlap);

/* Peers whose kept sets are reproduced where they differ from ours: method hard, mediapipe also
 * weighted; overlap stays iou, since the preset has its own. Boxes without area are not dropped.
 *
 * torchvision  as ours; boxes without area overlap nothing
 * opencv       NMSBoxes of Rect2d: 1 - Jaccard distance in double, rounded to float
 * tflite       the same
 * mediapipe    JACCARD: intersection over the hull of both, not over the union
 * nnstreamer   whole x, y, width, height; one pixel more in the intersection only; never by class
 * rknn         one pixel more on every side
 *
 * Ties go by row; torchvision and opencv sort stably as well, the others leave it open. The first
 * and tflite are as fast as hard by iou, the others take candidates * kept. */
typedef enum plumb_nms_compat {
    PLUMB_COMPAT_NONE = 0,
    PLUMB_COMPAT_TORCHVISION,
    PLUMB_COMPAT_OPENCV,
    PLUMB_COMPAT_TFLITE,
    PLUMB_COMPAT_MEDIAPIPE,
    PLUMB_COMPAT_NNSTREAMER,
    PLUMB_COMPAT_RKNN,
} plumb_nms_compat;

PLUMB_API const char *plumb_nms_compat_name(plumb_nms_compat compat);
PLUMB_API bool plumb_nms_compat_parse(const char *name, plumb_nms_compat *compat);

/* Candidates are visited by plumb_detection_order; a candidate goes when its overlap with a kept
 * one is greater than `iou`, strictly. Boxes are float32, area = (x1-x0)*(y1-y0), IoU =
 * i/(a+b-i), each operation rounded once, in this order. */
typedef struct plumb_nms_spec {
    uint32_t struct_size;
    plumb_nms_method method;
    plumb_overlap overlap;
    plumb_nms_compat compat;
    float iou;              /* 0..1 */
    bool class_aware;       /* only boxes of one class suppress each other; ids are compared */
    size_t max_candidates;  /* best kept before NMS; 1..1,000,000, default 30000 */
    size_t max_detections;  /* best kept at the very end; 1..max_candidates, default 300 */
    float sigma;            /* soft-gaussian, matrix; default 0.5 */
    float min_score;        /* soft methods: a score that decays below it is dropped */
    float distance;         /* center-distance: suppress when centres are nearer, strictly */
    bool distance_in_plane; /* unit of `distance`: plane units instead of upright pixels */
    int32_t min_neighbours; /* cluster: members a cluster needs, itself included; default 1 */
} plumb_nms_spec;

/* clang-format off */
#define PLUMB_NMS_SPEC_INIT                                                                        \
    { sizeof(plumb_nms_spec), PLUMB_NMS_UNSET, PLUMB_OVERLAP_IOU, PLUMB_COMPAT_NONE, 0.0f, false,   \
      30000, 300, 0.5f, 0.0f, 0.0f, false, 1 }
/* clang-format on */

/* A validated spec with working memory for max_candidates boxes, about 260 bytes for each. Belongs
 * to one thread. */
typedef struct plumb_nms plumb_nms;

/* Check the spec and allocate. Errors name fields as on a card ("postprocess.nms.iou"):
 * PLUMB_E_ARGUMENT, PLUMB_E_LIMIT, PLUMB_E_UNSUPPORTED, PLUMB_E_NOMEM. */
PLUMB_API PLUMB_NODISCARD plumb_status plumb_nms_create(const plumb_context *context,
                                                        const plumb_nms_spec *spec, plumb_nms **nms,
                                                        plumb_diag *diag);
PLUMB_API void plumb_nms_destroy(plumb_nms **nms);

/* Thin out `list` in place; what stays is in plumb_detection_order, and does not depend on the
 * order it came in.
 *
 * list             any space with square pixels (UPRIGHT, INPUT, ...). Boxes that are empty or not
 *                  finite are dropped and counted. More than max_candidates: the best stay.
 * plane_from_list  for `distance_in_plane`: maps list coordinates to the plane; else NULL.
 * ledger           drops are added with the winning row; may be NULL.
 *
 * max_detections is not applied here, since regions may still remove some: see
 * plumb_detections_keep_best. Allocates nothing; the cost is that of the method.
 * Errors: PLUMB_E_ARGUMENT, PLUMB_E_SPACE (NORMALIZED or VISION), with the list unchanged. */
PLUMB_API PLUMB_NODISCARD plumb_status plumb_nms_run(plumb_nms *nms, plumb_detections *list,
                                                     const plumb_homography *plane_from_list,
                                                     plumb_ledger *ledger, plumb_diag *diag);

/* Sort by plumb_detection_order and keep the first `limit`; the others are counted under `fate`
 * (CANDIDATES or DETECTIONS). In place, O(n log n). */
PLUMB_API void plumb_detections_keep_best(plumb_detections *list, size_t limit, plumb_fate fate,
                                          plumb_ledger *ledger);

/* --- regions --- */

typedef enum plumb_region_shape {
    PLUMB_SHAPE_UNSET = 0,
    PLUMB_SHAPE_RECT,
    PLUMB_SHAPE_POLYGON, /* simple, 3..1024 corners, either direction, need not be convex */
    PLUMB_SHAPE_ELLIPSE,
    PLUMB_SHAPE_MASK, /* 8-bit image: 0 outside, 255 inside, between by share; not on a PLANE */
} plumb_region_shape;

typedef enum plumb_region_measure {
    PLUMB_MEASURE_UNSET = 0,
    PLUMB_MEASURE_CENTER,             /* 1 when the box centre is inside, else 0 */
    PLUMB_MEASURE_BOTTOM_CENTER,      /* the same for the middle of the lower edge */
    PLUMB_MEASURE_FRACTION_OF_BOX,    /* area of the overlap / area of the box */
    PLUMB_MEASURE_FRACTION_OF_REGION, /* area of the overlap / area of the region */
    PLUMB_MEASURE_IOU,
} plumb_region_measure;

PLUMB_API const char *plumb_region_measure_name(plumb_region_measure measure);
PLUMB_API bool plumb_region_measure_parse(const char *name, plumb_region_measure *measure);

/* What happens to a detection whose measure reaches `at_least`. */
typedef enum plumb_region_effect {
    PLUMB_EFFECT_UNSET = 0,
    PLUMB_EFFECT_REJECT,           /* drop */
    PLUMB_EFFECT_SCALE,            /* score * factor */
    PLUMB_EFFECT_SCALE_BY_OVERLAP, /* score * (1 - factor*measure) */
    PLUMB_EFFECT_KEEP_ONLY,        /* drop detections that reach it in NO keep_only region that
                                      applies to their class; decided after all regions */
} plumb_region_effect;

PLUMB_API const char *plumb_region_effect_name(plumb_region_effect effect);
PLUMB_API bool plumb_region_effect_parse(const char *name, plumb_region_effect *effect);

/* A named shape with an effect. Pointers are copied by plumb_regions_create. */
typedef struct plumb_region_spec {
    uint32_t struct_size;
    const char *name;  /* UTF-8, not empty, unique */
    plumb_space space; /* NORMALIZED, UPRIGHT, INPUT or PLANE */
    plumb_region_shape shape;
    plumb_rect rect;           /* RECT; extent of a MASK, width 0: the whole of the space's image */
    const plumb_point *points; /* POLYGON */
    size_t point_count;
    plumb_point center; /* ELLIPSE */
    double radius_x, radius_y;
    double angle;        /* ELLIPSE: radians, from the x axis towards the y axis of the space */
    const uint8_t *mask; /* MASK: rows from the top, dense unless mask_stride is set */
    int32_t mask_width, mask_height;
    size_t mask_stride;     /* bytes, 0: mask_width */
    const int32_t *classes; /* class ids it applies to; NULL: all */
    size_t class_count;
    plumb_region_measure measure;
    float at_least; /* 0..1; the effect needs a measure > 0 as well */
    plumb_region_effect effect;
    float factor; /* 0..1; SCALE and SCALE_BY_OVERLAP */
} plumb_region_spec;

/* clang-format off */
#define PLUMB_REGION_SPEC_INIT                                                                     \
    { sizeof(plumb_region_spec), NULL, (plumb_space)0, PLUMB_SHAPE_UNSET, { 0, 0, 0, 0 }, NULL, 0,  \
      { 0, 0 }, 0, 0, 0, NULL, 0, 0, 0, NULL, 0, PLUMB_MEASURE_UNSET, 0.0f, PLUMB_EFFECT_UNSET,     \
      1.0f }
/* clang-format on */

/* Regions prepared once. Immutable, shareable. */
typedef struct plumb_regions plumb_regions;

/* Check and prepare up to PLUMB_MAX_REGIONS regions. Errors name the field as on a card
 * ("regions[2].shape.polygon"). */
PLUMB_API PLUMB_NODISCARD plumb_status plumb_regions_create(const plumb_context *context,
                                                            const plumb_region_spec *specs,
                                                            size_t count, plumb_regions **regions,
                                                            plumb_diag *diag);
PLUMB_API void plumb_regions_destroy(plumb_regions **regions);
PLUMB_API size_t plumb_regions_count(const plumb_regions *regions);
PLUMB_API const char *plumb_regions_name(const plumb_regions *regions, size_t index);
PLUMB_API bool plumb_regions_need_plane(const plumb_regions *regions);

/* Bytes of scratch a run needs; 0 without regions. */
PLUMB_API size_t plumb_regions_scratch(const plumb_regions *regions);

/* Apply all regions to a list in UPRIGHT space, in the order of the card: every measure is taken
 * of the box, every effect on the score as the regions before left it.
 *
 * mapping             of this frame.
 * upright_from_plane  homography of this frame; NULL is PLUMB_E_ARGUMENT when a region needs it.
 * confidence, per_class  as in plumb_threshold: a detection whose score a penalty brings
 *                     to or below its threshold is dropped (REGION_PENALTY). Give the confidence
 *                     the candidates were decoded with.
 * scratch             plumb_regions_scratch() bytes, aligned to 16; may be NULL when that is 0.
 *
 * Overlaps of rectangles and polygons are exact by integration along their edges (ellipses are
 * polygons of 128 corners with the area of the ellipse), of masks by summed areas with linear
 * shares at the rim. A box with an angle is measured turned. Boxes that are not finite lie in no
 * region. The order of the list is kept, except that keep_best must follow when scores changed.
 *
 * Where the horizon of the plane runs through a region the homography cannot be that of the
 * frame: PLUMB_E_ARGUMENT, since leaving the region out would change counts unnoticed.
 *
 * O(detections * regions) with bounding boxes first; allocates nothing. On an error the list is
 * unchanged. Errors: PLUMB_E_SPACE, PLUMB_E_ARGUMENT. */
PLUMB_API PLUMB_NODISCARD plumb_status plumb_regions_run(
    const plumb_regions *regions, plumb_detections *list, const plumb_mapping *mapping,
    const plumb_homography *upright_from_plane, float confidence, const float *per_class,
    size_t per_class_count, void *scratch, plumb_ledger *ledger, plumb_diag *diag);

/* Outline of a region in upright pixels, for drawing: writes up to `capacity` points and returns
 * how many there are (a mask gives its extent). 0 when the plane is missing. */
PLUMB_API size_t plumb_regions_outline(const plumb_regions *regions, size_t index,
                                       const plumb_mapping *mapping,
                                       const plumb_homography *upright_from_plane,
                                       plumb_point *points, size_t capacity);

#ifdef __cplusplus
}
#endif

#endif
