/* SPDX-License-Identifier: Apache-2.0 */
#include <float.h>
#include <math.h>

#include "card/parts.h"

PLUMB_DEFINE_CHOICES(methods, plumb_nms_method, plumb_nms_method)
PLUMB_DEFINE_CHOICES(overlaps, plumb_overlap, plumb_overlap)
PLUMB_DEFINE_CHOICES(compats, plumb_nms_compat, plumb_nms_compat)

static const plumb_name when_names[] = {
    { PLUMB_REGIONS_AFTER_NMS, "after_nms" },
    { PLUMB_REGIONS_BEFORE_NMS, "before_nms" },
};
PLUMB_DEFINE_TABLE_CHOICES(whens, when_names)

#define MAX_CANDIDATES 1000000

/* Thresholds by class id; where the card says nothing, NaN stands for the common one. */
static plumb_status read_per_class(plumb_reader *reader, json_t *value, void *target)
{
    plumb_card *card = target;
    if (!json_is_object(value))
        return plumb_reader_expected(reader, value, "an object of labels and thresholds");
    size_t limit = (size_t)plumb_card_class_limit(card);
    float *thresholds = plumb_arena_array(reader->arena, limit, sizeof(*thresholds));
    if (!thresholds)
        return plumb_reader_no_memory(reader);
    for (size_t i = 0; i < limit; i++)
        thresholds[i] = NAN;
    const char *key;
    json_t *entry;
    json_object_foreach(value, key, entry)
    {
        int32_t id = 0;
        double threshold = 0.0;
        size_t before = plumb_reader_enter_key(reader, key);
        plumb_status status = plumb_card_class_named(reader, key, &id);
        if (status == PLUMB_OK)
            status = plumb_reader_number(reader, entry, 0.0, 1.0, &threshold);
        if (status)
            return status;
        if (!isnan(thresholds[id]))
            return plumb_reader_fail(reader, PLUMB_E_KEY, "class %d has a threshold already",
                                     (int)id);
        thresholds[id] = (float)threshold;
        plumb_reader_leave(reader, before);
    }
    card->spec.threshold.per_class = thresholds;
    card->spec.threshold.per_class_count = limit;
    return PLUMB_OK;
}

static plumb_status read_allowed(plumb_reader *reader, json_t *value, void *target)
{
    plumb_card *card = target;
    const int32_t *classes = NULL;
    size_t count = 0, limit = (size_t)plumb_card_class_limit(card);
    plumb_status status = plumb_card_read_classes(reader, value, &classes, &count);
    if (status)
        return status;
    uint8_t *allowed = plumb_arena_array(reader->arena, limit, 1);
    if (!allowed)
        return plumb_reader_no_memory(reader);
    for (size_t i = 0; i < count; i++)
        allowed[classes[i]] = 1;
    card->spec.threshold.allowed = allowed;
    card->spec.threshold.allowed_count = limit;
    return PLUMB_OK;
}

static const plumb_field nms_fields[] = {
    { PLUMB_READ_CHOICE(plumb_nms_spec, "method", method, methods), .required = true },
    { PLUMB_READ_CHOICE(plumb_nms_spec, "overlap", overlap, overlaps) },
    { PLUMB_READ_CHOICE(plumb_nms_spec, "compat", compat, compats) },
    { PLUMB_READ_RANGE(plumb_nms_spec, "iou", PLUMB_FIELD_FLOAT, iou, 0.0, 1.0) },
    { PLUMB_READ(plumb_nms_spec, "class_aware", PLUMB_FIELD_BOOL, class_aware) },
    { PLUMB_READ_RANGE(plumb_nms_spec, "max_candidates", PLUMB_FIELD_SIZE, max_candidates, 1,
                       MAX_CANDIDATES) },
    { PLUMB_READ_RANGE(plumb_nms_spec, "max_detections", PLUMB_FIELD_SIZE, max_detections, 1,
                       MAX_CANDIDATES) },
    { PLUMB_READ_RANGE(plumb_nms_spec, "sigma", PLUMB_FIELD_FLOAT, sigma, 1e-6, FLT_MAX) },
    { PLUMB_READ_RANGE(plumb_nms_spec, "min_score", PLUMB_FIELD_FLOAT, min_score, 0.0, 1.0) },
    { PLUMB_READ_RANGE(plumb_nms_spec, "distance", PLUMB_FIELD_FLOAT, distance, 0.0, FLT_MAX) },
    { PLUMB_READ(plumb_nms_spec, "distance_in_plane", PLUMB_FIELD_BOOL, distance_in_plane) },
    { PLUMB_READ_RANGE(plumb_nms_spec, "min_neighbours", PLUMB_FIELD_INT32, min_neighbours, 1,
                       MAX_CANDIDATES) },
};

static plumb_status read_nms(plumb_reader *reader, json_t *value, void *target)
{
    plumb_nms_spec *nms = &((plumb_card *)target)->spec.nms;
    plumb_status status = plumb_reader_object(reader, value, nms_fields,
                                              sizeof(nms_fields) / sizeof(nms_fields[0]), nms);
    if (status)
        return status;
    /* 0 would be a threshold too, so what a method cannot do without has no default here. */
    switch (nms->method) {
    case PLUMB_NMS_NONE:
    case PLUMB_NMS_SOFT_GAUSSIAN:
    case PLUMB_NMS_MATRIX:
        break;
    case PLUMB_NMS_CENTER_DISTANCE:
        if (!json_object_get(value, "distance"))
            return plumb_reader_missing(reader, "distance", "a distance between centres");
        break;
    default:
        if (!json_object_get(value, "iou"))
            return plumb_reader_missing(reader, "iou", "a number in 0..1");
    }
    /* The default would be over a small limit of candidates. */
    if (!json_object_get(value, "max_detections") && nms->max_detections > nms->max_candidates)
        nms->max_detections = nms->max_candidates;
    return PLUMB_OK;
}

static const plumb_field fields[] = {
    { PLUMB_READ_RANGE(plumb_card, "confidence", PLUMB_FIELD_FLOAT, spec.threshold.confidence, 0.0,
                       1.0),
      .required = true },
    { PLUMB_READ_CUSTOM("confidence_per_class", read_per_class) },
    { PLUMB_READ_CUSTOM("classes", read_allowed) },
    { PLUMB_READ_CUSTOM("nms", read_nms) },
    { PLUMB_READ_CHOICE(plumb_card, "regions_when", spec.regions_when, whens) },
    { PLUMB_READ(plumb_card, "clip", PLUMB_FIELD_BOOL, spec.clip) },
};

plumb_status plumb_card_read_postprocess(plumb_reader *reader, json_t *value, void *target)
{
    return plumb_reader_object(reader, value, fields, sizeof(fields) / sizeof(fields[0]), target);
}
