/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/pipeline.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/diag.h"

static bool is_share(float value)
{
    return value >= 0.0f && value <= 1.0f;
}

static plumb_status check_threshold(const plumb_threshold *threshold, plumb_diag *diag)
{
    if (!is_share(threshold->confidence))
        return plumb_fail(diag, PLUMB_E_VALUE, "postprocess.confidence", "%g is not in 0..1",
                          (double)threshold->confidence);
    if (threshold->per_class && threshold->per_class_count > PLUMB_MAX_CLASSES)
        return plumb_fail(diag, PLUMB_E_LIMIT, "postprocess.confidence_per_class",
                          "%zu classes; at most %d are possible", threshold->per_class_count,
                          PLUMB_MAX_CLASSES);
    for (size_t i = 0; threshold->per_class && i < threshold->per_class_count; i++)
        if (!isnan(threshold->per_class[i]) && !is_share(threshold->per_class[i]))
            return plumb_fail(diag, PLUMB_E_VALUE, "postprocess.confidence_per_class",
                              "%g of class %zu is not in 0..1", (double)threshold->per_class[i], i);
    if (threshold->allowed && threshold->allowed_count > PLUMB_MAX_CLASSES)
        return plumb_fail(diag, PLUMB_E_LIMIT, "postprocess.classes",
                          "%zu classes; at most %d are possible", threshold->allowed_count,
                          PLUMB_MAX_CLASSES);
    return PLUMB_OK;
}

static plumb_status no_memory(plumb_diag *diag)
{
    return plumb_fail(diag, PLUMB_E_NOMEM, "", "out of memory");
}

static plumb_status copy_extras(plumb_pipeline *pipeline, const plumb_pipeline_spec *from,
                                plumb_diag *diag)
{
    plumb_pipeline_spec *spec = &pipeline->spec;
    if (from->extra_input_count > PLUMB_MAX_EXTRA_INPUTS ||
        (from->extra_input_count > 0 && !from->extra_inputs))
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "extra_inputs", "%zu of them; at most %d fit",
                          from->extra_input_count, PLUMB_MAX_EXTRA_INPUTS);
    plumb_extra_input *extras = plumb_arena_copy(&pipeline->arena, from->extra_inputs,
                                                 from->extra_input_count, sizeof(*extras));
    if (!extras)
        return no_memory(diag);
    spec->extra_inputs = extras;
    for (size_t i = 0; i < from->extra_input_count; i++) {
        if (!extras[i].name)
            continue; /* refused where inputs are described */
        extras[i].name = plumb_arena_text(&pipeline->arena, extras[i].name, strlen(extras[i].name));
        if (!extras[i].name)
            return no_memory(diag);
    }
    return PLUMB_OK;
}

/* Everything that the pipeline itself still reads later. */
static plumb_status copy_spec(plumb_pipeline *pipeline, const plumb_pipeline_spec *from,
                              plumb_diag *diag)
{
    plumb_arena *arena = &pipeline->arena;
    plumb_pipeline_spec *spec = &pipeline->spec;
    *spec = *from;
    spec->regions = NULL;
    spec->region_count = 0;
    spec->head.outputs = NULL;
    spec->head.anchors = spec->head.priors = NULL;
    const char *name = from->input_name ? from->input_name : "input";
    spec->input_name = plumb_arena_text(arena, name, strlen(name));
    const plumb_threshold *t = &from->threshold;
    spec->threshold.per_class =
        t->per_class ? plumb_arena_copy(arena, t->per_class, t->per_class_count, sizeof(float))
                     : NULL;
    spec->threshold.allowed =
        t->allowed ? plumb_arena_copy(arena, t->allowed, t->allowed_count, 1) : NULL;
    if (!spec->input_name || (t->per_class && !spec->threshold.per_class) ||
        (t->allowed && !spec->threshold.allowed))
        return no_memory(diag);
    return copy_extras(pipeline, from, diag);
}

/* Working memory belongs to sessions; here the settings are only tried. */
static plumb_status check_nms(plumb_pipeline *pipeline, plumb_diag *diag)
{
    plumb_nms_spec *spec = &pipeline->spec.nms;
    if (spec->method == PLUMB_NMS_UNSET) {
        if (plumb_head_wants_nms(pipeline->head))
            return plumb_fail(diag, PLUMB_E_ARGUMENT, "postprocess.nms",
                              "head %s gives overlapping boxes: a method is required, \"none\" to "
                              "keep them",
                              plumb_head_type_name(pipeline->spec.head.type));
        spec->method = PLUMB_NMS_NONE;
    }
    plumb_nms *nms = NULL;
    plumb_status status = plumb_nms_create(&pipeline->arena.context, spec, &nms, diag);
    plumb_nms_destroy(&nms);
    if (status)
        plumb_diag_prefix(diag, "postprocess");
    return status;
}

static plumb_status build(plumb_pipeline *pipeline, const plumb_pipeline_spec *spec,
                          plumb_diag *diag)
{
    const plumb_context *context = &pipeline->arena.context;
    plumb_status status = plumb_preprocess_validate(&spec->preprocess, diag);
    if (status == PLUMB_OK)
        status = check_threshold(&spec->threshold, diag);
    if (status == PLUMB_OK)
        status = copy_spec(pipeline, spec, diag);
    if (status == PLUMB_OK)
        status = plumb_pipeline_describe(pipeline, diag);
    if (status == PLUMB_OK)
        status = plumb_head_create(context, &spec->head, spec->preprocess.mapping.input,
                                   &pipeline->head, diag);
    if (status == PLUMB_OK)
        status = check_nms(pipeline, diag);
    if (status == PLUMB_OK && spec->region_count > 0)
        status = plumb_regions_create(context, spec->regions, spec->region_count,
                                      &pipeline->regions, diag);
    return status;
}

plumb_status plumb_pipeline_create(const plumb_context *context, const plumb_pipeline_spec *spec,
                                   plumb_pipeline **pipeline, plumb_diag *diag)
{
    if (!spec || !pipeline)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, spec ? "pipeline" : "spec", "is NULL");
    plumb_pipeline_spec full = PLUMB_PIPELINE_SPEC_INIT;
    plumb_copy_struct(&full, sizeof(full), spec, spec->struct_size);
    if (full.regions_when != PLUMB_REGIONS_AFTER_NMS &&
        full.regions_when != PLUMB_REGIONS_BEFORE_NMS)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "postprocess.regions_when", "%d is no choice",
                          (int)full.regions_when);
    plumb_context resolved = plumb_context_resolve(context);
    plumb_pipeline *made = plumb_alloc_zeroed(&resolved, 1, sizeof(*made));
    if (!made)
        return no_memory(diag);
    made->arena = plumb_arena_make(&resolved);
    plumb_status status = build(made, &full, diag);
    if (status)
        plumb_pipeline_destroy(&made);
    else
        *pipeline = made;
    return status;
}

void plumb_pipeline_destroy(plumb_pipeline **pipeline)
{
    if (!pipeline || !*pipeline)
        return;
    plumb_context context = (*pipeline)->arena.context;
    plumb_head_destroy(&(*pipeline)->head);
    plumb_regions_destroy(&(*pipeline)->regions);
    plumb_arena_clear(&(*pipeline)->arena);
    plumb_release(&context, *pipeline);
    *pipeline = NULL;
}

const plumb_regions *plumb_pipeline_regions(const plumb_pipeline *pipeline)
{
    return pipeline->regions;
}
