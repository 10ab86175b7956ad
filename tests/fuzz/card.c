/* SPDX-License-Identifier: Apache-2.0
 *
 * Cards: any text either gives a complete pipeline or an error that says where.
 */
#include "fuzz.h"

#include "base/allocator.h"
#include "plumbline/card.h"

/* The files a card may name, whatever it calls them. */
static plumb_status read_file(void *user, const char *name, void **data, size_t *size,
                              const plumb_context *context)
{
    static const char labels[] = "person\ndog\n\nhole\n";
    (void)user;
    if (strchr(name, 'x'))
        return PLUMB_E_IO;
    plumb_context full = plumb_context_resolve(context);
    *size = sizeof(labels) - 1;
    *data = plumb_copy_memory(&full, labels, *size, 1);
    return *data ? PLUMB_OK : PLUMB_E_NOMEM;
}

static void look_at(const plumb_card *card)
{
    FUZZ_REQUIRE(plumb_card_name(card) && plumb_card_profile(card));
    for (size_t i = 0; i < plumb_card_label_count(card); i++)
        FUZZ_REQUIRE(plumb_card_label(card, (int32_t)i));
    FUZZ_REQUIRE(!plumb_card_label(card, -1));
    FUZZ_REQUIRE(!plumb_card_label(card, INT32_MAX));
    plumb_pipeline *pipeline = NULL;
    FUZZ_REQUIRE(plumb_pipeline_create(NULL, plumb_card_spec(card), &pipeline, NULL) == PLUMB_OK);
    plumb_pipeline_destroy(&pipeline);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const plumb_card_files files = { NULL, read_file };
    plumb_card *card = NULL;
    plumb_diag diag = { 0 };
    plumb_status status = plumb_card_parse(NULL, (const char *)data, size, &files, &card, &diag);
    if (status == PLUMB_OK)
        look_at(card);
    else
        FUZZ_REQUIRE(!card && diag.status == status && diag.message[0]);
    plumb_card_destroy(&card);
    return 0;
}
