/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/allocator.h"
#include "base/diag.h"
#include "card/files.h"
#include "card/parts.h"
#include "plumbline/card.h"

static plumb_status read_version(plumb_reader *reader, json_t *value, void *target)
{
    (void)target;
    if (!json_is_integer(value) || json_integer_value(value) != 1)
        return plumb_reader_expected(reader, value, "version 1 of the card format");
    return PLUMB_OK;
}

/* In the order of the pipeline, whatever the order of the text. */
static const plumb_field fields[] = {
    { PLUMB_READ_CUSTOM("plumbline", read_version), .required = true },
    { PLUMB_READ(plumb_card, "name", PLUMB_FIELD_TEXT, name) },
    { PLUMB_READ_CUSTOM("preprocess", plumb_card_read_preprocess), .required = true },
    { PLUMB_READ_CUSTOM("extra_inputs", plumb_card_read_extra_inputs) },
    { PLUMB_READ_CUSTOM("head", plumb_card_read_head), .required = true },
    { PLUMB_READ_CUSTOM("postprocess", plumb_card_read_postprocess), .required = true },
    { PLUMB_READ_CUSTOM("regions", plumb_card_read_regions) },
};

/* The parts as read have the right types; whether they fit together is for those who run them to
 * say, and only the position is added here. */
static plumb_status check_whole(plumb_reader *reader, const plumb_card *card)
{
    plumb_pipeline *pipeline = NULL;
    plumb_status status =
        plumb_pipeline_create(&card->arena.context, &card->spec, &pipeline, reader->diag);
    if (status)
        plumb_reader_place(reader);
    plumb_pipeline_destroy(&pipeline);
    return status;
}

static plumb_status read_card(plumb_reader *reader, plumb_card *card)
{
    json_t *root = NULL;
    plumb_status status = plumb_reader_open(reader, &root);
    if (status)
        return status;
    status = plumb_reader_object(reader, root, fields, sizeof(fields) / sizeof(fields[0]), card);
    json_decref(root);
    return status ? status : check_whole(reader, card);
}

plumb_status plumb_card_parse(const plumb_context *context, const char *text, size_t size,
                              const plumb_card_files *files, plumb_card **card, plumb_diag *diag)
{
    if (!text || !card)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, text ? "card" : "text", "is NULL");
    plumb_context full = plumb_context_resolve(context);
    plumb_card *made = plumb_alloc_zeroed(&full, 1, sizeof(*made));
    if (!made)
        return plumb_fail(diag, PLUMB_E_NOMEM, "", "out of memory");
    const plumb_pipeline_spec initial = PLUMB_PIPELINE_SPEC_INIT;
    made->arena = plumb_arena_make(&full);
    made->name = made->profile = "";
    made->spec = initial;
    plumb_reader reader = { &made->arena, files, made, text, size, diag, "" };
    plumb_status status = read_card(&reader, made);
    if (status)
        plumb_card_destroy(&made);
    else
        *card = made;
    return status;
}

plumb_status plumb_card_open(const plumb_context *context, const char *path, plumb_card **card,
                             plumb_diag *diag)
{
    if (!path || !card)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, path ? "card" : "path", "is NULL");
    plumb_context full = plumb_context_resolve(context);
    void *text = NULL;
    size_t size = 0;
    plumb_status status = plumb_file_read(&full, path, PLUMB_MAX_CARD_BYTES, &text, &size);
    if (status)
        return plumb_fail(diag, status, "", "%s: %s", path, plumb_status_text(status));
    plumb_card_files files;
    status = plumb_files_beside(&full, path, &files);
    if (status == PLUMB_OK) {
        status = plumb_card_parse(&full, text, size, &files, card, diag);
        plumb_release(&full, files.user);
    } else {
        plumb_fail(diag, status, "", "out of memory");
    }
    plumb_release(&full, text);
    return status;
}

void plumb_card_destroy(plumb_card **card)
{
    if (!card || !*card)
        return;
    plumb_context context = (*card)->arena.context;
    plumb_arena_clear(&(*card)->arena);
    plumb_release(&context, *card);
    *card = NULL;
}

const char *plumb_card_name(const plumb_card *card)
{
    return card->name;
}

const plumb_pipeline_spec *plumb_card_spec(const plumb_card *card)
{
    return &card->spec;
}

const char *plumb_card_label(const plumb_card *card, int32_t class_id)
{
    if (class_id < 0 || (size_t)class_id >= card->label_count)
        return NULL;
    return card->labels[class_id];
}

size_t plumb_card_label_count(const plumb_card *card)
{
    return card->label_count;
}

const char *plumb_card_profile(const plumb_card *card)
{
    return card->profile;
}
