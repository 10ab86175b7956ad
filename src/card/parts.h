/* SPDX-License-Identifier: Apache-2.0
 *
 * The parts of a card, one reader a part. They are read in the order of the pipeline, so that the
 * labels of the head are known where classes are named.
 */
#ifndef PLUMB_CARD_PARTS_H
#define PLUMB_CARD_PARTS_H

#include "card/reader.h"

/* A label with its class id, in an array sorted by both. */
typedef struct plumb_label {
    const char *text;
    int32_t id;
} plumb_label;

struct plumb_card {
    plumb_arena arena;          /* everything that the fields below point to */
    const char *name, *profile; /* never NULL once read */
    const char *const *labels;
    const plumb_label *sorted_labels;
    size_t label_count;
    plumb_pipeline_spec spec;
};

/* `target` is the plumb_card. */
plumb_status plumb_card_read_preprocess(plumb_reader *reader, json_t *value, void *target);
plumb_status plumb_card_read_extra_inputs(plumb_reader *reader, json_t *value, void *target);
plumb_status plumb_card_read_head(plumb_reader *reader, json_t *value, void *target);
plumb_status plumb_card_read_labels(plumb_reader *reader, json_t *value, void *target);
plumb_status plumb_card_read_postprocess(plumb_reader *reader, json_t *value, void *target);
plumb_status plumb_card_read_regions(plumb_reader *reader, json_t *value, void *target);

/* How many class ids there can be. */
int32_t plumb_card_class_limit(const plumb_card *card);

/* The class of a label, or of an id in digits where no label is spelled so. */
plumb_status plumb_card_class_named(plumb_reader *reader, const char *name, int32_t *class_id);

/* An array of labels and ids. */
plumb_status plumb_card_read_classes(plumb_reader *reader, json_t *array, const int32_t **classes,
                                     size_t *count);

#endif
