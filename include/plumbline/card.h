/* SPDX-License-Identifier: Apache-2.0
 *
 * The card: one JSON file per model that the notebook and the app share. The invariant: a card
 * either gives a complete, valid pipeline spec, or an error with line, column, key path and what
 * was expected; unknown and duplicate keys are errors. Last header of the library.
 */
#ifndef PLUMBLINE_CARD_H
#define PLUMBLINE_CARD_H

#include "plumbline/pipeline.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct plumb_card plumb_card; /* immutable, shareable */

/* How a card gets at the files it names (labels, priors, masks). `*data` is allocated with the
 * `context` that is handed in, whose allocator is always set, and released with it. PLUMB_E_VALUE
 * stands for a name that leads somewhere a card may not look; any other error is passed on. */
typedef struct plumb_card_files {
    void *user;
    plumb_status (*read)(void *user, const char *name, void **data, size_t *size,
                         const plumb_context *context);
} plumb_card_files;

/* Read a card from memory. The fields are those of the specs they fill, under these names:
 *
 *   plumbline     1, required
 *   name
 *   preprocess    profile, which comes before all others; input_name, width, height, mode, rule,
 *                 resize_short, central_fraction, resample, pad, channels, layout, dtype, divide,
 *                 scale, mean, std, quantization { scale, zero_point }, jpeg
 *   extra_inputs  [{ name, value, dtype, constants }]
 *   head          type, labels (a file of one label a line, or an array), outputs, class_count,
 *                 layout (rows | channels), activation, background, class_offset, strides,
 *                 anchors (an array a scale: pairs [w, h], for ultraface single sides), priors
 *                 (a .npy file of [N,4]), variances or scales (1 / variances), linear_sizes, raw,
 *                 format, units, origin, space, columns { box, score, class }, keypoints,
 *                 keypoint_dimensions, distance_bins
 *   postprocess   confidence, confidence_per_class { label or id: threshold }, classes [label or
 *                 id], nms { the fields of plumb_nms_spec }, regions_when, clip
 *   regions       [{ name, space, shape, classes, measure, at_least, effect, factor }], shape one
 *                 of { rect: [x, y, w, h] }, { polygon: [[x, y] ...] }, { ellipse: { center,
 *                 radius (one or two), angle } }, { mask: { file, rect } }
 *
 * `files` may be NULL: a card that names files is then refused. The text needs to live only until
 * the call returns. jansson takes its memory from malloc; everything that stays is the context's.
 *
 * Errors, always with line and column: PLUMB_E_SYNTAX (no JSON, no UTF-8), PLUMB_E_KEY (unknown,
 * duplicate, missing, not used by the choice beside it), PLUMB_E_VALUE (type, range, unknown
 * name), PLUMB_E_IO, PLUMB_E_LIMIT (over 16 MiB, nested too deep), PLUMB_E_NOMEM, what
 * plumb_pipeline_create would say, and without a position PLUMB_E_DISABLED (built without
 * jansson). Thread-safe. O(n). */
PLUMB_API PLUMB_NODISCARD plumb_status plumb_card_parse(const plumb_context *context,
                                                        const char *text, size_t size,
                                                        const plumb_card_files *files,
                                                        plumb_card **card, plumb_diag *diag);

/* Read a card from a file; the files it names are looked up beside it or in folders below, never
 * above: "../x" and absolute names are PLUMB_E_VALUE. */
PLUMB_API PLUMB_NODISCARD plumb_status plumb_card_open(const plumb_context *context,
                                                       const char *path, plumb_card **card,
                                                       plumb_diag *diag);
PLUMB_API void plumb_card_destroy(plumb_card **card);

PLUMB_API const char *plumb_card_name(const plumb_card *card); /* never NULL, may be empty */

/* The spec for plumb_pipeline_create; borrowed from the card. */
PLUMB_API const plumb_pipeline_spec *plumb_card_spec(const plumb_card *card);

/* Label of a class id, NULL where the card gives none. */
PLUMB_API const char *plumb_card_label(const plumb_card *card, int32_t class_id);
PLUMB_API size_t plumb_card_label_count(const plumb_card *card);

/* Names of the profile and of other choices for display; "" where not given. */
PLUMB_API const char *plumb_card_profile(const plumb_card *card);

/* A frame description (`.frame.json`): fills `frame` except for the plane pointers, and says
 * which part of which file each plane is. File names are borrowed from `description`, an opaque
 * object to be destroyed. Keys: format, width, height (both may be left out for jpeg), matrix and
 * range (YUV formats, required there), orientation, roi [x, y, w, h], timestamp_ns, planes
 * [{ file, offset, row_stride, pixel_stride }].
 *
 * `*source_count` is the number of planes of the format, or 1 for a format of several planes:
 * the one file then holds all planes, laid out as plumb_frame_from_buffer takes them. Read from
 * its offset to its end and call that function with frame->planes[0].row_stride.
 *
 * frame, sources and source_count are written on success only. Errors as for a card. */
typedef struct plumb_frame_description plumb_frame_description;

typedef struct plumb_plane_source {
    const char *file;
    uint64_t offset;
} plumb_plane_source;

PLUMB_API PLUMB_NODISCARD plumb_status plumb_frame_description_parse(
    const plumb_context *context, const char *text, size_t size,
    plumb_frame_description **description, plumb_frame *frame, plumb_plane_source sources[3],
    size_t *source_count, plumb_diag *diag);
/* The description's homography for regions and distances in `plane` space; false where it gives
 * none. On the description: "upright_from_plane", nine numbers in row-major order. */
PLUMB_API bool plumb_frame_description_plane(const plumb_frame_description *description,
                                             plumb_homography *upright_from_plane);

PLUMB_API void plumb_frame_description_destroy(plumb_frame_description **description);

#ifdef __cplusplus
}
#endif

#endif
