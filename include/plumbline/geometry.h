/* SPDX-License-Identifier: Apache-2.0
 *
 * Points, rectangles, orientation, coordinate spaces and the one mapping of a frame.
 * The invariant: nothing outside this room computes a scale or an offset. The
 * preprocessor is given a mapping, the decoder's boxes go back through the same one, so
 * forward and inverse cannot disagree. Next: detections.h, the lists that carry a space.
 *
 * Everything here is a value type or a pure function: thread-safe, O(1), no allocation.
 */
#ifndef PLUMBLINE_GEOMETRY_H
#define PLUMBLINE_GEOMETRY_H

#include "plumbline/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PLUMB_MAX_SIDE 16384 /* pixels, every width and height in the library */

typedef struct plumb_size {
    int32_t width, height;
} plumb_size;

typedef struct plumb_point {
    double x, y;
} plumb_point;

/* x, y is the corner with the smaller coordinates; half-open. */
typedef struct plumb_rect {
    double x, y, width, height;
} plumb_rect;

typedef struct plumb_irect {
    int32_t x, y, width, height;
} plumb_irect;

/* x' = m[0] x + m[1] y + m[2];  y' = m[3] x + m[4] y + m[5]. */
typedef struct plumb_affine {
    double m[6];
} plumb_affine;

/* The EXIF/TIFF tag value that describes the buffer as it is stored; equal to
 * CGImagePropertyOrientation, not to UIImage.Orientation. Where a stored point (u,v) in
 * 0..1 lies in the upright image:
 *
 *     1 (u,v)    2 (1-u,v)    3 (1-u,1-v)    4 (u,1-v)
 *     5 (v,u)    6 (1-v,u)    7 (1-v,1-u)    8 (v,1-u)
 *
 * The table is the definition; words like clockwise are not. 5..8 swap width and height. */
typedef enum plumb_orientation {
    PLUMB_ORIENTATION_UP = 1,
    PLUMB_ORIENTATION_UP_MIRRORED = 2,
    PLUMB_ORIENTATION_DOWN = 3,
    PLUMB_ORIENTATION_DOWN_MIRRORED = 4,
    PLUMB_ORIENTATION_LEFT_MIRRORED = 5,
    PLUMB_ORIENTATION_RIGHT = 6,
    PLUMB_ORIENTATION_RIGHT_MIRRORED = 7,
    PLUMB_ORIENTATION_LEFT = 8,
} plumb_orientation;

/* True for 5..8. */
PLUMB_API bool plumb_orientation_swaps(plumb_orientation orientation);

/* The orientation that undoes this one: 6 and 8 undo each other, the rest themselves. */
PLUMB_API plumb_orientation plumb_orientation_inverse(plumb_orientation orientation);

/* `first`, then `second`: the orientation whose table is second(first(u,v)). */
PLUMB_API plumb_orientation plumb_orientation_compose(plumb_orientation first,
                                                      plumb_orientation second);

/* The orientation of an Android buffer: `degrees` is the clockwise turn that makes it
 * upright (CameraX rotationDegrees: 0, 90, 180, 270), `mirrored` a left-right flip of the
 * upright picture afterwards. Returns 0 for any other angle. */
PLUMB_API int plumb_orientation_from_degrees(int degrees, bool mirrored);

/* Coordinate spaces. Every list of boxes carries one. */
typedef enum plumb_space {
    PLUMB_SPACE_BUFFER = 1,     /* pixels of the buffer as stored */
    PLUMB_SPACE_UPRIGHT = 2,    /* pixels after orientation; the public default */
    PLUMB_SPACE_ROI = 3,        /* pixels, origin at the region of interest of the upright image */
    PLUMB_SPACE_INPUT = 4,      /* pixels of the model input */
    PLUMB_SPACE_NORMALIZED = 5, /* upright, 0..1, origin top left */
    PLUMB_SPACE_VISION = 6,     /* upright, 0..1, origin LOWER left */
    PLUMB_SPACE_PLANE = 7,      /* a flat object, e.g. millimetres; needs a homography */
} plumb_space;

PLUMB_API const char *plumb_space_name(plumb_space space); /* "upright"; "?" if unknown */
PLUMB_API bool plumb_space_parse(const char *name, plumb_space *space);

/* How a picture is fitted to the model input. The values are Vision's
 * VNImageCropAndScaleOption, and they are not contiguous. There is no default: 0 is
 * center_crop, so a spec starts at PLUMB_CROP_UNSET, which is an error. */
typedef enum plumb_crop_mode {
    PLUMB_CROP_UNSET = -1,
    PLUMB_CROP_CENTER = 0,     /* keep aspect, fill the input, cut the long side */
    PLUMB_CROP_SCALE_FIT = 1,  /* keep aspect, show everything, pad the rest (letterbox) */
    PLUMB_CROP_SCALE_FILL = 2, /* stretch */
    PLUMB_CROP_SCALE_FIT_ROTATE_90_CCW = 257, /* turn (x,y) -> (y, W-x) first, then as above */
    PLUMB_CROP_SCALE_FILL_ROTATE_90_CCW = 258,
} plumb_crop_mode;

PLUMB_API const char *plumb_crop_mode_name(plumb_crop_mode mode);
PLUMB_API bool plumb_crop_mode_parse(const char *name, plumb_crop_mode *mode);

/* How scaled sizes and offsets become integers. W,H picture, w,h model input.
 *
 * rule             scale_fit: scaled size, offset            center_crop
 * exact            not rounded, centred                      the crop is not rounded
 * ultralytics      r = min(h/H, w/W); round half even of     as torchvision
 *                  W*r; left = round(d/2 - 0.1)
 * yolox            trunc(W*r); offset 0                      -
 * opencv-dnn       r in float32; trunc(W*r); trunc(d/2)      scale by f = max(w/W, h/H), round;
 *                                                            offset trunc(0.5*d)
 * rknn             trunc(W*r), then width -= width%4 and     -
 *                  height -= height%2; offset d/2 made even
 * mmdet            trunc(W*r + 0.5); offset 0                -
 * torchvision      -                                         short side to `resize_short`, long =
 *                                                            trunc(short*long/short); offset
 *                                                            round half even of d/2
 * torchvision-0.7  -                                         the same, offset trunc((d+1)*0.5)
 * tf-central       -                                         cut trunc((H - H*fraction)/2) on each
 *                                                            side, then stretch
 *
 * scale_fill is the same for all. A pair marked "-" is PLUMB_E_UNSUPPORTED.
 *
 * Boxes go back with the ratio of the integer sizes, which is where the pixels really are, up to
 * the exact rule and two peers whose own inverse is part of the convention: yolox divides by r
 * itself (its boxes lie up to one source pixel elsewhere when trunc cut something off), and
 * opencv-dnn's center_crop resizes by the factor f, not to a size. */
typedef enum plumb_rule {
    PLUMB_RULE_UNSET = 0,
    PLUMB_RULE_EXACT,
    PLUMB_RULE_ULTRALYTICS,
    PLUMB_RULE_YOLOX,
    PLUMB_RULE_OPENCV_DNN,
    PLUMB_RULE_RKNN,
    PLUMB_RULE_MMDET,
    PLUMB_RULE_TORCHVISION,
    PLUMB_RULE_TORCHVISION_0_7,
    PLUMB_RULE_TF_CENTRAL,
} plumb_rule;

PLUMB_API const char *plumb_rule_name(plumb_rule rule);
PLUMB_API bool plumb_rule_parse(const char *name, plumb_rule *rule);

/* What a mapping is made from. */
typedef struct plumb_mapping_spec {
    uint32_t struct_size;
    plumb_size input;        /* model input, 1..PLUMB_MAX_SIDE */
    plumb_crop_mode mode;    /* required */
    plumb_rule rule;         /* required unless the mode is scale_fill */
    int32_t resize_short;    /* torchvision rules: length of the resized short side; 0 = the longer
                             side of `input`, so that the crop is always covered */
    double central_fraction; /* tf-central: part of each side that is kept, (0,1]; 0 = 0.875 */
} plumb_mapping_spec;

/* clang-format off */
#define PLUMB_MAPPING_SPEC_INIT                                                                    \
    { sizeof(plumb_mapping_spec), { 0, 0 }, PLUMB_CROP_UNSET, PLUMB_RULE_UNSET, 0, 0.0 }
/* clang-format on */

/* The one transform of a frame. Frozen value struct; made by plumb_mapping_make only.
 *
 * The way of a point: buffer --orientation--> upright --minus roi.xy--> roi --turn, if the
 * mode says so--> picture --scale, offset--> input. In the last step
 *
 *     input = (picture - source.xy) * scale + offset
 *
 * `source` is the part of the picture that is resampled to `scaled` pixels, which then lie
 * at `offset`: positive where there is padding, negative where the scaled picture is cut.
 * `placed` are the input pixels that show picture; all others hold the pad colour. */
typedef struct plumb_mapping {
    plumb_size buffer;
    plumb_orientation orientation;
    plumb_size upright;
    plumb_irect roi;    /* in upright pixels; the whole image where there is none */
    bool turned;        /* a rotate_90_ccw mode */
    plumb_size picture; /* the region of interest, after the turn */
    plumb_rect source;
    plumb_size scaled;
    double scale_x, scale_y;
    double offset_x, offset_y;
    plumb_irect placed;
    plumb_size input;
} plumb_mapping;

/* Make the mapping of a frame.
 *
 * buffer       size as stored, 1..PLUMB_MAX_SIDE each.
 * orientation  1..8.
 * roi          region of interest in upright pixels, inside the upright image and not
 *              empty; NULL for the whole image. It is refused, not clamped, when outside.
 * mapping      written on success only.
 *
 * Errors: PLUMB_E_SIZE, PLUMB_E_ARGUMENT (orientation, roi, mode or rule missing),
 * PLUMB_E_UNSUPPORTED (a rule that does not define the mode), PLUMB_E_LIMIT (a scaled side
 * of 0 or more than PLUMB_MAX_SIDE). */
PLUMB_API PLUMB_NODISCARD plumb_status plumb_mapping_make(const plumb_mapping_spec *spec,
                                                          plumb_size buffer,
                                                          plumb_orientation orientation,
                                                          const plumb_irect *roi,
                                                          plumb_mapping *mapping, plumb_diag *diag);

/* The affine transform between two of the six spaces of a mapping (not PLANE). Every other
 * function here is this one applied. PLUMB_E_SPACE for an unknown space or PLANE. */
PLUMB_API PLUMB_NODISCARD plumb_status plumb_mapping_affine(const plumb_mapping *mapping,
                                                            plumb_space from, plumb_space to,
                                                            plumb_affine *affine);

/* A point through the transform. */
PLUMB_API plumb_point plumb_affine_point(const plumb_affine *affine, plumb_point point);

/* The bounding rectangle of the mapped corners; exact for the transforms of a mapping,
 * which keep rectangles parallel to the axes. */
PLUMB_API plumb_rect plumb_affine_rect(const plumb_affine *affine, plumb_rect rect);

/* b after a. */
PLUMB_API plumb_affine plumb_affine_compose(const plumb_affine *a, const plumb_affine *b);

/* False, and `inverse` untouched, where the determinant is zero or not finite. */
PLUMB_API bool plumb_affine_invert(const plumb_affine *affine, plumb_affine *inverse);

/* Vision's coordinate helpers, named for what they do. All keep the ORIGIN as it is: they
 * scale only. The size is that of the image, never of a view. Source: the VNUtils.h header;
 * no rounding and no "-1", as measured from turicreate#1957.
 *
 *   normalized -> pixels: (x*W, y*H, w*W, h*H); pixels -> normalized: the inverse.
 *   with a region of interest: the normalized rectangle is relative to `roi`, itself
 *   normalized: ((roi.x + x*roi.width)*W, (roi.y + y*roi.height)*H, w*roi.width*W, ...). */
PLUMB_API plumb_point plumb_pixels_from_normalized_point(plumb_point normalized, plumb_size image);
PLUMB_API plumb_point plumb_normalized_from_pixels_point(plumb_point pixels, plumb_size image);
PLUMB_API plumb_rect plumb_pixels_from_normalized_rect(plumb_rect normalized, plumb_size image);
PLUMB_API plumb_rect plumb_normalized_from_pixels_rect(plumb_rect pixels, plumb_size image);
PLUMB_API plumb_point plumb_pixels_from_roi_normalized_point(plumb_point normalized, plumb_rect roi,
                                                             plumb_size image);
PLUMB_API plumb_point plumb_roi_normalized_from_pixels_point(plumb_point pixels, plumb_rect roi,
                                                             plumb_size image);
PLUMB_API plumb_rect plumb_pixels_from_roi_normalized_rect(plumb_rect normalized, plumb_rect roi,
                                                           plumb_size image);
PLUMB_API plumb_rect plumb_roi_normalized_from_pixels_rect(plumb_rect pixels, plumb_rect roi,
                                                           plumb_size image);

/* Lower-left to top-left origin and back: y' = height - (y + rect.height). `height` is 1 for
 * normalized rectangles. The far edge flips; y' = height - y would be the classic bug. */
PLUMB_API plumb_rect plumb_rect_flip_y(plumb_rect rect, double height);

/* A projective transform between a plane and the upright image, row-major, h[8] != 0. */
typedef struct plumb_homography {
    double h[9];
} plumb_homography;

/* The transform that takes four points to four points, by the direct linear transform with
 * partial pivoting. PLUMB_E_ARGUMENT where three points of either set lie on one line. */
PLUMB_API PLUMB_NODISCARD plumb_status plumb_homography_from_points(const plumb_point from[4],
                                                                    const plumb_point to[4],
                                                                    plumb_homography *homography);

/* False where the determinant is zero or not finite. */
PLUMB_API bool plumb_homography_invert(const plumb_homography *homography,
                                       plumb_homography *inverse);

/* A point on the horizon gives infinities. */
PLUMB_API plumb_point plumb_homography_point(const plumb_homography *homography, plumb_point point);

#ifdef __cplusplus
}
#endif

#endif
