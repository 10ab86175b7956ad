/* SPDX-License-Identifier: Apache-2.0
 *
 * The same functions in a build without jansson: no card can be made, so none is ever given.
 */
#include "base/diag.h"
#include "plumbline/card.h"

static plumb_status disabled(plumb_diag *diag)
{
    return plumb_fail(diag, PLUMB_E_DISABLED, "", "this build reads no JSON: it lacks jansson");
}

plumb_status plumb_card_parse(const plumb_context *context, const char *text, size_t size,
                              const plumb_card_files *files, plumb_card **card, plumb_diag *diag)
{
    (void)context, (void)text, (void)size, (void)files, (void)card;
    return disabled(diag);
}

plumb_status plumb_card_open(const plumb_context *context, const char *path, plumb_card **card,
                             plumb_diag *diag)
{
    (void)context, (void)path, (void)card;
    return disabled(diag);
}

void plumb_card_destroy(plumb_card **card)
{
    (void)card;
}

const char *plumb_card_name(const plumb_card *card)
{
    (void)card;
    return "";
}

const plumb_pipeline_spec *plumb_card_spec(const plumb_card *card)
{
    (void)card;
    return NULL;
}

const char *plumb_card_label(const plumb_card *card, int32_t class_id)
{
    (void)card, (void)class_id;
    return NULL;
}

size_t plumb_card_label_count(const plumb_card *card)
{
    (void)card;
    return 0;
}

const char *plumb_card_profile(const plumb_card *card)
{
    (void)card;
    return "";
}

plumb_status plumb_frame_description_parse(const plumb_context *context, const char *text,
                                           size_t size, plumb_frame_description **description,
                                           plumb_frame *frame, plumb_plane_source sources[3],
                                           size_t *source_count, plumb_diag *diag)
{
    (void)context, (void)text, (void)size, (void)description, (void)frame, (void)sources;
    (void)source_count;
    return disabled(diag);
}

bool plumb_frame_description_plane(const plumb_frame_description *description,
                                   plumb_homography *upright_from_plane)
{
    (void)description, (void)upright_from_plane;
    return false;
}

void plumb_frame_description_destroy(plumb_frame_description **description)
{
    (void)description;
}
