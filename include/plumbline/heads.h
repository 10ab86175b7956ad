/* SPDX-License-Identifier: Apache-2.0
 *
 * Raw outputs of a detector to candidate detections. The invariant: the threshold is applied
 * inside the decoder, in the type the tensor is stored in, and a shape that does not fit the
 * head is an error that names the output, never a read past its end. Layouts and maths are those
 * of the published models, see the table below. Next: postprocess.h.
 */
#ifndef PLUMBLINE_HEADS_H
#define PLUMBLINE_HEADS_H

#include "plumbline/detections.h"
#include "plumbline/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PLUMB_MAX_SCALES    8 /* feature maps of one head */
#define PLUMB_MAX_CLASSES   65536
#define PLUMB_MAX_HEAD_ROWS ((int64_t)1 << 26)

/* Outputs in the order of plumb_head_spec.outputs; [..] shapes without the batch dimension, C
 * classes, N rows, s a stride, (gx,gy) a cell, g the sigmoid. A leading batch dimension is
 * accepted everywhere. "rows" is [N,V], "channels" is [V,N]; maps are [V,H,W] or [H,W,V]; all are
 * read in place. Outputs of several scales come scale by scale or kind by kind, as their shapes
 * say. A feature map has ceil(side / s) cells. Where nothing else is said, a row is a detection of
 * its best class, the first of equal ones, and class values are probabilities already.
 *
 * boxes            one tensor [N,V] with declared columns, or boxes [N,4], scores [N] or [N,C],
 *                  labels [N] (any number type)
 * yolov5           [N,5+C] cx cy w h obj cls, decoded, input pixels; score = obj*cls. Also v7. A
 *                  row is looked at when obj alone is above the threshold
 * yolov5-raw       per scale [A*(5+C),H,W] or [A,H,W,5+C]: x = (2g(t)-0.5+gx)s, w = (2g(t))^2 aw;
 *                  score = g(obj)*g(cls). Activation none: the sigmoid is in the network
 * yolov3           the same tensors: x = (g(t)+gx)s, w = aw exp(t); classes sigmoid or softmax
 * yolox            [N,5+C], undecoded: x = (t+gx)s, w = exp(t)s; obj and cls are probabilities
 * yolov6           [N,5+C] with objectness 1
 * yolov8           [4+C,N] cx cy w h cls, input pixels (or normalized); also v9, 11, 12
 * yolov8-split     per scale box [4*R,H,W] (DFL, R bins) and cls [C,H,W], optional class sum, which
 *                  is not read: x0 = (gx+.5-l)s, x1 = (gx+.5+r)s, l = sum of j*softmax(t)_j; with
 *                  R = 1 l is t, as of networks without DFL (YOLOv6 n and s)
 * yolov8-obb       [4+C+1,N], the last the angle in radians
 * yolov8-pose      [4+C+3K,N], 17 keypoints unless said otherwise
 * yolov10          [N,6] x0 y0 x1 y1 score class, end to end: no NMS needed. Also YOLO26
 * detr             logits [Q,C], boxes [Q,4] cxcywh normalized. The activation must be given.
 *                  sigmoid (or none): every class of a query above the threshold; softmax: the best
 *                  class, the last is "no object"
 * ssd              boxes [N,4] deltas, scores [N,C]; priors and variances:
 *                  cx = t*vx*pw + px, w = exp(t*vw)*pw
 * ultraface        scores [N,2], boxes [N,4], decoded corners, normalized; with `raw` deltas to
 *                  priors as in ssd, generated from strides (8, 16, 32, 64) and minimum sizes
 *                  (10 16 24, 32 48, 64 96, 128 192 256): centre (i+.5)/cells, clipped to 0..1
 * tflite-detection boxes [M,4] ymin xmin ymax xmax normalized, classes [M], scores [M], count [1],
 *                  which may be left out
 * detection-output [M,7] or [1,1,M,7] image label score x0 y0 x1 y1 normalized; a negative image
 *                  ends the list, the others are the frame
 * coreml           confidence [N,C], coordinates [N,4] cx cy w h normalized, top left
 * nanodet          [N,C+4*R]; centre (gx,gy)s, distances by DFL; strides 8 16 32, or with 64
 * centernet        heat [C,H,W], size [2,H,W], offset [2,H,W] (.5 without); every class of a cell
 *                  that equals the maximum of its 3x3 neighbours; s = 4
 * fomo             [H,W,1+C] probabilities, channel 0 background; s = 8. Cells of one class that
 *                  touch are one object: the box around them, score and row of the best; the
 *                  others are counted as MERGED
 * blazeface        regressors [N,4+2K], scores [N,1] logits: cx = t*vx + ax, w = t*vw, v one input
 *                  pixel. Anchors as MediaPipe's for 128x128 (strides 8, 16, 16, 16, two a layer),
 *                  192x192 (stride 4, one), or strides with anchors_per_scale; or as priors
 * yunet            cls [H*W,1], obj [H*W,1], bbox [H*W,4], kps [H*W,2K] per scale: 12 tensors.
 *                  score = sqrt(cls*obj), both clamped to 0..1; boxes as yolox; kps (t+gx)s
 * scrfd            score [A*H*W,1], bbox [A*H*W,4], kps [A*H*W,2K] per scale, or maps [A,H,W],
 *                  [A*4,H,W], [A*2K,H,W] whose rows go by anchor, then cell: x0 = (gx-l)s,
 *                  kps (t+gx)s; A from the shape
 *
 * Sources: the papers' own repositories, named at the head of each file of src/heads. */
typedef enum plumb_head_type {
    PLUMB_HEAD_UNSET = 0,
    PLUMB_HEAD_BOXES,
    PLUMB_HEAD_YOLOV3,
    PLUMB_HEAD_YOLOV5,
    PLUMB_HEAD_YOLOV5_RAW,
    PLUMB_HEAD_YOLOX,
    PLUMB_HEAD_YOLOV6,
    PLUMB_HEAD_YOLOV8,
    PLUMB_HEAD_YOLOV8_SPLIT,
    PLUMB_HEAD_YOLOV8_OBB,
    PLUMB_HEAD_YOLOV8_POSE,
    PLUMB_HEAD_YOLOV10,
    PLUMB_HEAD_DETR,
    PLUMB_HEAD_SSD,
    PLUMB_HEAD_TFLITE_DETECTION,
    PLUMB_HEAD_DETECTION_OUTPUT,
    PLUMB_HEAD_COREML,
    PLUMB_HEAD_NANODET,
    PLUMB_HEAD_CENTERNET,
    PLUMB_HEAD_FOMO,
    PLUMB_HEAD_BLAZEFACE,
    PLUMB_HEAD_YUNET,
    PLUMB_HEAD_SCRFD,
    PLUMB_HEAD_ULTRAFACE,
    PLUMB_HEAD_COUNT
} plumb_head_type;

PLUMB_API const char *plumb_head_type_name(plumb_head_type type); /* "yolov5-raw" */
PLUMB_API bool plumb_head_type_parse(const char *name, plumb_head_type *type);

typedef enum plumb_box_format {
    PLUMB_BOX_FORMAT_UNSET = 0,
    PLUMB_BOX_XYXY,
    PLUMB_BOX_XYWH, /* corner and size */
    PLUMB_BOX_CXCYWH,
    PLUMB_BOX_YXYX,
} plumb_box_format;

PLUMB_API const char *plumb_box_format_name(plumb_box_format format);
PLUMB_API bool plumb_box_format_parse(const char *name, plumb_box_format *format);

typedef enum plumb_box_units {
    PLUMB_UNITS_UNSET = 0,
    PLUMB_UNITS_PIXELS,
    PLUMB_UNITS_NORMALIZED,
} plumb_box_units;

typedef enum plumb_box_origin {
    PLUMB_ORIGIN_UNSET = 0,
    PLUMB_ORIGIN_TOP_LEFT,
    PLUMB_ORIGIN_LOWER_LEFT,
} plumb_box_origin;

typedef enum plumb_activation {
    PLUMB_ACTIVATION_UNSET = 0, /* the head's own */
    PLUMB_ACTIVATION_NONE,
    PLUMB_ACTIVATION_SIGMOID,
    PLUMB_ACTIVATION_SOFTMAX,
} plumb_activation;

typedef enum plumb_row_layout {
    PLUMB_ROWS_UNSET = 0, /* from the shape where it is unambiguous, else an error */
    PLUMB_ROWS_ROWS,      /* [N,V] */
    PLUMB_ROWS_CHANNELS,  /* [V,N] */
} plumb_row_layout;

/* Fields that a head does not use must be left at their defaults: a card that sets them is told
 * so. Pointers are copied by plumb_head_create. */
typedef struct plumb_head_spec {
    uint32_t struct_size;
    plumb_head_type type;

    const char *const *outputs; /* names in the order of the table; NULL: by position */
    size_t output_count;
    int32_t class_count; /* C of the table; 0: from the shape. With labels in a column: ids from
                            it on are dropped and counted as CLASS */

    plumb_row_layout layout;
    plumb_activation activation;
    int32_t background;   /* class column to skip; -1: none. ssd, ultraface and fomo default to 0
                             when it is PLUMB_BACKGROUND_DEFAULT; columns keep their numbers, so that
                             a face of ultraface is class 1 */
    int32_t class_offset; /* added to every class id, e.g. -1 where the labels lack background; an
                             id below 0 is dropped and counted as CLASS */

    int32_t strides[PLUMB_MAX_SCALES]; /* input pixels per cell; 0 entries: the head's own */
    size_t stride_count;
    const float *anchors; /* yolov3, yolov5-raw: w,h pairs in input pixels, scale by scale;
                             ultraface: minimum sizes, one after the other */
    size_t anchor_count;  /* floats in `anchors` */
    size_t anchors_per_scale[PLUMB_MAX_SCALES]; /* pairs (sizes) of each scale; 0: equal shares.
                                                   blazeface: anchors of each layer's cells */

    const float *priors; /* ssd, blazeface: cx, cy, w, h normalized, 4 floats each */
    size_t prior_count;  /* priors, not floats */
    float variances[4];  /* x, y, w, h; 0 0 0 0: 0.1 0.1 0.2 0.2, blazeface one input pixel */
    bool linear_sizes;   /* ssd: w = t*variance*pw without exp, as blazeface always does */
    bool raw;            /* ultraface: boxes are deltas */

    plumb_box_format format; /* boxes, ssd (order of the deltas: CXCYWH or YXYX for ty tx th tw) */
    plumb_box_units units;   /* boxes, yolov5, yolov6, yolov8*, yolov10: PIXELS unless set */
    plumb_box_origin origin; /* boxes only; TOP_LEFT unless set */
    plumb_space space;       /* boxes only: INPUT (unless set) or UPRIGHT */
    int32_t box_column, score_column, class_column; /* boxes with one tensor; -1: absent. Without a
                                                       score column every score is 1 */

    int32_t keypoint_count;      /* 0: the head's own; -1: not read */
    int32_t keypoint_dimensions; /* yolov8-pose: 2 or 3 (with visibility); 0: 3 */
    int32_t distance_bins;       /* DFL heads: R; 0: the head's own (16; nanodet 8) */
} plumb_head_spec;

#define PLUMB_BACKGROUND_DEFAULT (-2)

/* clang-format off */
#define PLUMB_HEAD_SPEC_INIT                                                                       \
    { sizeof(plumb_head_spec), PLUMB_HEAD_UNSET, NULL, 0, 0, PLUMB_ROWS_UNSET,                      \
      PLUMB_ACTIVATION_UNSET, PLUMB_BACKGROUND_DEFAULT, 0, { 0 }, 0, NULL, 0, { 0 }, NULL, 0,       \
      { 0.0f, 0.0f, 0.0f, 0.0f }, false, false, PLUMB_BOX_FORMAT_UNSET, PLUMB_UNITS_UNSET,          \
      PLUMB_ORIGIN_UNSET, (plumb_space)0, -1, -1, -1, 0, 0, 0 }
/* clang-format on */

/* A head compiled for one input size. Immutable, shareable between threads. */
typedef struct plumb_head plumb_head;

/* Check the spec and precompute what does not depend on the frame. `input` is the model input.
 * Errors name fields as on a card ("head.strides"): PLUMB_E_ARGUMENT, PLUMB_E_VALUE,
 * PLUMB_E_LIMIT, PLUMB_E_NOMEM. */
PLUMB_API PLUMB_NODISCARD plumb_status plumb_head_create(const plumb_context *context,
                                                         const plumb_head_spec *spec,
                                                         plumb_size input, plumb_head **head,
                                                         plumb_diag *diag);
PLUMB_API void plumb_head_destroy(plumb_head **head);

/* The space of the boxes that plumb_head_decode gives: INPUT for nearly all; a `boxes` head may
 * give UPRIGHT, NORMALIZED or VISION. */
PLUMB_API plumb_space plumb_head_space(const plumb_head *head);

/* Keypoints per detection, 0 for none. */
PLUMB_API size_t plumb_head_keypoints(const plumb_head *head);

/* Does the head's output need NMS? False for the end-to-end heads: yolov10, detr,
 * tflite-detection, detection-output, coreml, centernet, fomo. */
PLUMB_API bool plumb_head_wants_nms(const plumb_head *head);

/* Which rows pass. A row passes when score > threshold of its class, strictly. */
typedef struct plumb_threshold {
    float confidence;       /* 0..1 */
    const float *per_class; /* by class id, NaN: use `confidence`; NULL: none */
    size_t per_class_count;
    const uint8_t *allowed; /* by class id, 0: drop (counted as CLASS); NULL: all */
    size_t allowed_count;   /* ids beyond it are dropped when `allowed` is given */
} plumb_threshold;

/* Decode one frame of a batch.
 *
 * outputs  validated tensors; found by the names in the spec, or by position without names.
 * frame    0-based index into the batch dimension.
 * list     emptied first. Its capacity bounds the candidates: when more pass, the best
 *          `capacity` by plumb_detection_order stay and the others are counted as CANDIDATES.
 *          Its space, has_angle and keypoints_per_detection are set.
 * ledger   counts are added; may be NULL.
 *
 * Scores must be float16, float32, float64, or bytes with a quantisation scale. The threshold is
 * moved into that type once, a little low, and scores that pass it are compared again in float, so
 * the result is that of converting everything first. NaN or infinity in a score or box that would
 * pass, and any NaN score of a row that does not pass otherwise, is counted as NONFINITE; boxes
 * without area as EMPTY; classes that are not allowed as CLASS.
 *
 * Heads whose rows are what the network found (boxes, coreml, yolov10, tflite-detection,
 * detection-output) may be given outputs of no rows, and then find nothing.
 *
 * Errors: PLUMB_E_SHAPE (names the output, what was found and expected), PLUMB_E_DTYPE,
 * PLUMB_E_ARGUMENT (missing output, frame out of range, a threshold outside 0..1), PLUMB_E_CAPACITY
 * (fewer keypoint slots than detections), PLUMB_E_LIMIT, and those of plumb_tensor_validate. The
 * list is then empty. Allocates nothing; needs about 90 kB of stack. Thread-safe with distinct list
 * and ledger. O(rows * C) reads, near the speed of memory where rows or channels lie side by side. */
PLUMB_API PLUMB_NODISCARD plumb_status plumb_head_decode(const plumb_head *head,
                                                         const plumb_outputs *outputs, size_t frame,
                                                         const plumb_threshold *threshold,
                                                         plumb_detections *list,
                                                         plumb_ledger *ledger, plumb_diag *diag);

/* Decode one row whatever its score: the answer to "what was in row 1234?". PLUMB_E_ARGUMENT for
 * a row that does not exist. */
PLUMB_API PLUMB_NODISCARD plumb_status plumb_head_row(const plumb_head *head,
                                                      const plumb_outputs *outputs, size_t frame,
                                                      int64_t row, plumb_detection *detection,
                                                      plumb_diag *diag);

/* A head type whose shapes fit some outputs. `reason` is static text. */
typedef struct plumb_head_suggestion {
    plumb_head_type type;
    int32_t class_count;
    const char *reason;
} plumb_head_suggestion;

/* Head types that fit these outputs, most specific first; never a decision. Returns how many there
 * are, writes at most `capacity`. Thread-safe. */
PLUMB_API size_t plumb_head_suggest(const plumb_outputs *outputs, plumb_size input,
                                    plumb_head_suggestion *suggestions, size_t capacity);

#ifdef __cplusplus
}
#endif

#endif
