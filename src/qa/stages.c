/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/stages.h"

#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "frame/format.h"
#include "pipeline/pipeline.h"
#include "qa/fit_parts.h"
#include "qa/suite.h"

/* Tensors of the card, and of the card with its last steps left out. */
enum { RESAMPLED, NORMALISED, PACKED, TENSORS };

struct qa_stages {
    const plumb_card *card;
    const plumb_pipeline_spec *spec; /* the card's */
    plumb_image_decoder *decoder;
    plumb_head *head; /* for a decode without a threshold */
    plumb_detections list;
    plumb_pipeline *pipelines[TENSORS];
    plumb_session *sessions[TENSORS];
};

/* --- making --- */

void qa_stages_destroy(qa_stages **stages)
{
    if (!stages || !*stages)
        return;
    qa_stages *s = *stages;
    plumb_image_decoder_destroy(&s->decoder);
    plumb_head_destroy(&s->head);
    for (int i = 0; i < TENSORS; i++) {
        plumb_session_destroy(&s->sessions[i]);
        plumb_pipeline_destroy(&s->pipelines[i]);
    }
    free(s->list.items);
    free(s->list.keypoints);
    free(s);
    *stages = NULL;
}

static bool reserve(qa_stages *s)
{
    size_t capacity = s->spec->nms.max_candidates, keypoints = plumb_head_keypoints(s->head);
    s->list.items = malloc(capacity * sizeof(*s->list.items));
    s->list.capacity = capacity;
    s->list.keypoints_per_detection = keypoints;
    if (keypoints > 0) {
        s->list.keypoints = malloc(capacity * keypoints * sizeof(*s->list.keypoints));
        s->list.keypoint_capacity = capacity;
    }
    return s->list.items && (keypoints == 0 || s->list.keypoints);
}

static plumb_preprocess_spec spec_up_to(const plumb_preprocess_spec *card, int tensor)
{
    plumb_preprocess_spec spec = *card;
    if (tensor <= NORMALISED) {
        spec.layout = PLUMB_LAYOUT_NCHW;
        spec.dtype = PLUMB_DTYPE_FLOAT32;
        spec.quantization = (plumb_quantization){ 0.0f, 0 };
    }
    if (tensor <= RESAMPLED) {
        spec.divide = spec.scale = 1.0f;
        for (int c = 0; c < 3; c++) {
            spec.mean[c] = 0.0f;
            spec.std[c] = 1.0f;
        }
    }
    return spec;
}

static plumb_status open_sessions(qa_stages *s, plumb_diag *diag)
{
    plumb_status status = PLUMB_OK;
    for (int i = 0; i < TENSORS && !status; i++) {
        plumb_pipeline_spec spec = *s->spec;
        spec.preprocess = spec_up_to(&spec.preprocess, i);
        status = plumb_pipeline_create(NULL, &spec, &s->pipelines[i], diag);
        if (!status)
            status = plumb_session_create(s->pipelines[i], NULL, &s->sessions[i], diag);
    }
    return status;
}

plumb_status qa_stages_create(const plumb_card *card, qa_stages **stages, plumb_diag *diag)
{
    qa_stages *s = calloc(1, sizeof(*s));
    if (!s)
        return plumb_fail(diag, PLUMB_E_NOMEM, "", "out of memory");
    s->card = card;
    s->spec = plumb_card_spec(card);
    plumb_status status = plumb_image_decoder_create(NULL, &s->decoder, diag);
    if (!status)
        status = plumb_head_create(NULL, &s->spec->head, s->spec->preprocess.mapping.input,
                                   &s->head, diag);
    if (!status)
        status = open_sessions(s, diag);
    if (!status && !reserve(s))
        status = plumb_fail(diag, PLUMB_E_NOMEM, "", "out of memory");
    if (status)
        qa_stages_destroy(&s);
    *stages = s;
    return status;
}

/* --- frame to tensor --- */

static uint64_t mix(uint64_t hash, const void *data, size_t size)
{
    uint64_t parts[2] = { hash, qa_hash(data, size) };
    return qa_hash(parts, sizeof(parts));
}

/* Samples only, whatever the strides. */
static uint64_t hash_pixels(const plumb_frame *frame)
{
    const plumb_format_info *info = plumb_format_info_of(frame->format);
    const int32_t head[3] = { (int32_t)frame->format, frame->width, frame->height };
    uint64_t hash = qa_hash(head, sizeof(head));
    for (int p = 0; p < info->planes; p++) {
        const plumb_plane *plane = &frame->planes[p];
        plumb_plane_extent e =
            plumb_plane_extent_of(info, frame->width, frame->height, p, plane->pixel_stride);
        size_t stride = plane->row_stride ? (size_t)plane->row_stride : e.dense_stride;
        for (int32_t y = 0; y < e.rows; y++)
            for (int32_t x = 0; x < e.columns; x++)
                hash =
                    (hash ^ qa_hash(plane->data + (size_t)y * stride + (size_t)x * e.pixel_stride,
                                    e.pixel_bytes)) *
                    0x100000001b3u;
    }
    return hash;
}

/* Every pixel of the frame in RGB, stored or upright. */
static uint64_t hash_color(const plumb_frame *frame, bool upright)
{
    plumb_frame whole = *frame;
    whole.roi = (plumb_irect){ 0, 0, 0, 0 };
    if (!upright)
        whole.orientation = PLUMB_ORIENTATION_UP;
    plumb_preprocess_spec spec = PLUMB_PREPROCESS_SPEC_INIT;
    spec.mapping.input = plumb_frame_upright_size(&whole);
    spec.mapping.mode = PLUMB_CROP_SCALE_FILL;
    spec.resample = PLUMB_RESAMPLE_OPENCV_NEAREST;
    spec.channels = PLUMB_CHANNELS_RGB;
    spec.layout = PLUMB_LAYOUT_NHWC;
    spec.dtype = PLUMB_DTYPE_UINT8;
    size_t size = (size_t)spec.mapping.input.width * (size_t)spec.mapping.input.height * 3;
    void *pixels = malloc(size);
    uint64_t hash = 0;
    fit_source source = { &whole, NULL, false };
    if (pixels && fit_run(&spec, &source, pixels, NULL, NULL) == PLUMB_OK)
        hash = qa_hash(pixels, size);
    free(pixels);
    return hash;
}

static uint64_t hash_mapping(const plumb_mapping *m)
{
    const int32_t integers[] = { m->roi.x,         m->roi.y,         m->roi.width,
                                 m->roi.height,    m->turned,        m->scaled.width,
                                 m->scaled.height, m->placed.x,      m->placed.y,
                                 m->placed.width,  m->placed.height, m->input.width,
                                 m->input.height,  m->upright.width, m->upright.height };
    const double numbers[] = { m->source.x, m->source.y, m->source.width, m->source.height,
                               m->scale_x,  m->scale_y,  m->offset_x,     m->offset_y };
    return mix(qa_hash(integers, sizeof(integers)), numbers, sizeof(numbers));
}

/* The frame as it was given, since how a JPEG is decoded is the card's matter. */
static void hash_preprocess(qa_stages *s, const plumb_frame *frame, qa_stage_hashes *h)
{
    static const qa_stage stages[TENSORS] = { QA_STAGE_RESAMPLE, QA_STAGE_NORMALISE,
                                              QA_STAGE_PACK };
    for (int i = 0; i < TENSORS; i++) {
        plumb_result result;
        if (plumb_session_preprocess(s->sessions[i], frame, &result, NULL) == PLUMB_OK)
            h->hash[stages[i]] = qa_hash(result.tensor->data, result.tensor->size);
    }
}

/* --- outputs to detections --- */

/* What a list says, best first; keypoints and angles belong to the boxes. */
static uint64_t hash_list(const plumb_detections *list)
{
    const uint64_t head[2] = { list->count, (uint64_t)list->space };
    uint64_t hash = qa_hash(head, sizeof(head));
    for (size_t i = 0; i < list->count; i++) {
        const plumb_detection *d = &list->items[i];
        const float numbers[] = { d->box.x0, d->box.y0, d->box.x1, d->box.y1, d->score, d->angle };
        const int32_t which[] = { d->class_id, d->row };
        hash = mix(mix(hash, numbers, sizeof(numbers)), which, sizeof(which));
        if (d->keypoints >= 0 && list->keypoints_per_detection > 0)
            hash = mix(hash, list->keypoints + (size_t)d->keypoints * list->keypoints_per_detection,
                       list->keypoints_per_detection * sizeof(*list->keypoints));
    }
    return hash;
}

static uint64_t mix_labels(uint64_t hash, const plumb_card *card, const plumb_detections *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const char *label = plumb_card_label(card, list->items[i].class_id);
        if (label)
            hash = mix(hash, label, strlen(label));
    }
    return hash;
}

uint64_t qa_stages_hash_frame(const qa_frame *frame)
{
    qa_frame nameless = *frame;
    nameless.name = "";
    qa_text line = { 0 };
    qa_write_ndjson(&line, &nameless);
    uint64_t hash = line.failed ? 0 : qa_hash(line.data, line.size);
    qa_text_release(&line);
    return hash;
}

static uint64_t hash_result(const qa_stages *s, const plumb_result *result)
{
    qa_frame frame;
    if (qa_frame_from_result(result, s->card, "", PLUMB_SPACE_UPRIGHT, &frame, NULL) != PLUMB_OK)
        return 0;
    uint64_t hash = qa_stages_hash_frame(&frame);
    qa_frame_release(&frame);
    return hash;
}

/* The best candidates without a threshold, in the head's space and upright. */
static plumb_status hash_candidates(qa_stages *s, const plumb_outputs *outputs,
                                    const plumb_mapping *mapping, qa_stage_hashes *h,
                                    plumb_diag *diag)
{
    const plumb_threshold none = { 0.0f, NULL, 0, NULL, 0 };
    plumb_outputs valid = *outputs;
    plumb_status status = PLUMB_OK;
    for (size_t i = 0; i < valid.count && !status; i++)
        status = plumb_tensor_validate(&valid.tensors[i], diag);
    s->list.count = s->list.keypoint_slots = 0;
    if (!status)
        status = plumb_head_decode(s->head, &valid, 0, &none, &s->list, NULL, diag);
    if (status)
        return status;
    plumb_detections_keep_best(&s->list, s->list.capacity, PLUMB_FATE_CANDIDATES, NULL);
    h->hash[QA_STAGE_HEAD] = mix_labels(hash_list(&s->list), s->card, &s->list);
    status = plumb_detections_map(&s->list, mapping, s->list.space, PLUMB_SPACE_UPRIGHT, diag);
    if (!status)
        h->hash[QA_STAGE_UNMAP] = hash_list(&s->list);
    return status;
}

typedef struct step_hashes {
    qa_stages *stages;
    qa_stage_hashes *hashes;
} step_hashes;

static void hash_step(void *user, plumb_stage stage, const plumb_detections *list)
{
    const step_hashes *steps = user;
    uint64_t *hash = steps->hashes->hash;
    if (stage == PLUMB_STAGE_NMS)
        hash[QA_STAGE_NMS] = hash_list(list);
    if (stage != PLUMB_STAGE_DECODE)
        return;
    plumb_detections sorted = *list;
    sorted.items = steps->stages->list.items;
    memcpy(sorted.items, list->items, list->count * sizeof(*list->items));
    plumb_detections_keep_best(&sorted, sorted.capacity, PLUMB_FATE_CANDIDATES, NULL);
    hash[QA_STAGE_THRESHOLD] = hash_list(&sorted);
}

/* In the order of the card; what cannot be run has no hash, nor what is behind it. */
static void hash_steps(qa_stages *s, const plumb_outputs *outputs, const plumb_mapping *mapping,
                       const plumb_homography *plane, qa_stage_hashes *h)
{
    step_hashes steps = { s, h };
    plumb_run_options options = PLUMB_RUN_OPTIONS_INIT;
    options.upright_from_plane = plane;
    plumb_result result;
    plumb_session *session = s->sessions[PACKED];
    plumb_session_observe(session, hash_step, &steps);
    plumb_status status =
        plumb_session_postprocess(session, mapping->buffer, mapping->orientation, &mapping->roi,
                                  outputs, &options, &result, NULL);
    if (status == PLUMB_OK) /* what a stage lacks shows in its hash */
        h->hash[QA_STAGE_REGIONS] = hash_result(s, &result);
    plumb_session_observe(session, NULL, NULL);
}

plumb_status qa_stages_run(qa_stages *s, const plumb_frame *given, const plumb_homography *plane,
                           const plumb_outputs *outputs, qa_stage_hashes *hashes, plumb_diag *diag)
{
    memset(hashes, 0, sizeof(*hashes));
    plumb_frame frame = *given;
    plumb_status status = PLUMB_OK;
    if (frame.format == PLUMB_FORMAT_JPEG) {
        status = plumb_image_decode(s->decoder, given->planes[0].data, given->planes[0].size,
                                    &frame, diag);
        if (given->orientation != PLUMB_ORIENTATION_UP)
            frame.orientation = given->orientation;
        frame.roi = given->roi;
    }
    if (!status)
        status = plumb_frame_validate(&frame, diag);
    plumb_mapping mapping;
    bool whole = frame.roi.width == 0 && frame.roi.height == 0;
    if (!status)
        status = plumb_mapping_make(&s->spec->preprocess.mapping,
                                    (plumb_size){ frame.width, frame.height }, frame.orientation,
                                    whole ? NULL : &frame.roi, &mapping, diag);
    if (status)
        return status;
    hashes->hash[QA_STAGE_FILE] = hash_pixels(&frame);
    hashes->hash[QA_STAGE_COLOR] = hash_color(&frame, false);
    hashes->hash[QA_STAGE_ORIENTATION] = hash_color(&frame, true);
    hashes->hash[QA_STAGE_CROP] = hash_mapping(&mapping);
    hash_preprocess(s, given, hashes);
    status = hash_candidates(s, outputs, &mapping, hashes, diag);
    if (!status)
        hash_steps(s, outputs, &mapping, plane, hashes);
    return status;
}
