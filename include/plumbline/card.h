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

/* How a card gets at the files it names (labels, priors, masks). `*data` is released with
 * `context`'s allocator. */
typedef struct plumb_card_files {
    void *user;
    plumb_status (*read)(void *user, const char *name, void **data, size_t *size,
                         const plumb_context *context);
} plumb_card_files;

/* Read a card from memory. `files` may be NULL: a card that names files is then refused.
 * Errors: PLUMB_E_SYNTAX, PLUMB_E_KEY, PLUMB_E_VALUE, PLUMB_E_IO, PLUMB_E_LIMIT (over 16 MiB),
 * PLUMB_E_DISABLED (built without jansson) and what plumb_pipeline_create would say. */
PLUMB_API PLUMB_NODISCARD plumb_status plumb_card_parse(const plumb_context *context,
                                                        const char *text, size_t size,
                                                        const plumb_card_files *files,
                                                        plumb_card **card, plumb_diag *diag);

/* Read a card from a file; the files it names are looked up beside it. */
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
 * object to be destroyed. Errors as for a card. */
typedef struct plumb_frame_description plumb_frame_description;

typedef struct plumb_plane_source {
    const char *file;
    uint64_t offset;
} plumb_plane_source;

PLUMB_API PLUMB_NODISCARD plumb_status plumb_frame_description_parse(
    const plumb_context *context, const char *text, size_t size,
    plumb_frame_description **description, plumb_frame *frame, plumb_plane_source sources[3],
    size_t *source_count, plumb_diag *diag);
PLUMB_API void plumb_frame_description_destroy(plumb_frame_description **description);

#ifdef __cplusplus
}
#endif

#endif
