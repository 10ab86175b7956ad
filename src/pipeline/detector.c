/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/diag.h"
#include "pipeline/pipeline.h"

/* --- inputs --- */

static plumb_status describe_extra(const plumb_extra_input *extra, size_t index,
                                   plumb_tensor_info *info, plumb_diag *diag)
{
    const char *array = "extra_inputs";
    if (!extra->name || extra->name[0] == '\0')
        return plumb_fail_at(diag, PLUMB_E_ARGUMENT, array, index, "name", "a name is needed");
    if (extra->value < PLUMB_EXTRA_UPRIGHT_SIZE || extra->value > PLUMB_EXTRA_CONSTANT)
        return plumb_fail_at(diag, PLUMB_E_ARGUMENT, array, index, "value", "%d is no value",
                             (int)extra->value);
    if (extra->dtype != PLUMB_DTYPE_FLOAT32 && extra->dtype != PLUMB_DTYPE_FLOAT64 &&
        extra->dtype != PLUMB_DTYPE_INT32 && extra->dtype != PLUMB_DTYPE_INT64)
        return plumb_fail_at(diag, PLUMB_E_DTYPE, array, index, "dtype",
                             "%s; float32, float64, int32 or int64 is expected",
                             plumb_dtype_name(extra->dtype));
    bool constant = extra->value == PLUMB_EXTRA_CONSTANT;
    if (constant ? extra->constant_count < 1 || extra->constant_count > PLUMB_MAX_EXTRA_CONSTANTS
                 : extra->constant_count != 0)
        return plumb_fail_at(diag, PLUMB_E_ARGUMENT, array, index, "constants",
                             "%zu constants; 1 to %d are for value constant, none for others",
                             extra->constant_count, PLUMB_MAX_EXTRA_CONSTANTS);
    bool integer = extra->dtype == PLUMB_DTYPE_INT32 || extra->dtype == PLUMB_DTYPE_INT64;
    double limit = extra->dtype == PLUMB_DTYPE_INT32 ? 2147483647.0 : 9007199254740992.0;
    for (size_t i = 0; i < extra->constant_count; i++) {
        double c = extra->constants[i];
        if (!isfinite(c) || (integer && (c != trunc(c) || fabs(c) > limit)))
            return plumb_fail_at(diag, PLUMB_E_VALUE, array, index, "constants",
                                 "%g is not a number of type %s", c,
                                 plumb_dtype_name(extra->dtype));
    }
    memset(info, 0, sizeof(*info));
    info->name = extra->name;
    info->dtype = extra->dtype;
    info->rank = 2;
    info->shape[0] = 1;
    info->shape[1] = constant ? (int64_t)extra->constant_count : 2;
    return PLUMB_OK;
}

plumb_status plumb_pipeline_describe(plumb_pipeline *pipeline, plumb_diag *diag)
{
    const plumb_pipeline_spec *spec = &pipeline->spec;
    pipeline->inputs[0] = plumb_preprocess_tensor_info(&spec->preprocess);
    pipeline->inputs[0].name = spec->input_name;
    pipeline->input_count = 1 + spec->extra_input_count;
    for (size_t i = 0; i < spec->extra_input_count; i++) {
        plumb_status status =
            describe_extra(&spec->extra_inputs[i], i, &pipeline->inputs[i + 1], diag);
        if (status)
            return status;
        for (size_t k = 0; k <= i; k++)
            if (strcmp(pipeline->inputs[k].name, spec->extra_inputs[i].name) == 0)
                return plumb_fail_at(diag, PLUMB_E_ARGUMENT, "extra_inputs", i, "name",
                                     "\"%s\" is the name of another input as well",
                                     spec->extra_inputs[i].name);
    }
    return PLUMB_OK;
}

plumb_status plumb_session_allocate_inputs(plumb_session *session)
{
    for (size_t i = 0; i < session->pipeline->input_count; i++) {
        const plumb_tensor_info *info = &session->pipeline->inputs[i];
        plumb_tensor *tensor = &session->inputs[i];
        tensor->name = info->name;
        tensor->dtype = info->dtype;
        tensor->rank = info->rank;
        tensor->quantization = info->quantization;
        memcpy(tensor->shape, info->shape, sizeof(info->shape));
        int64_t stride = (int64_t)plumb_dtype_size(info->dtype);
        for (int32_t k = info->rank - 1; k >= 0; k--) {
            tensor->strides[k] = stride;
            if (!plumb_mul_int64(stride, info->shape[k], &stride))
                return PLUMB_E_LIMIT;
        }
        tensor->size = (size_t)stride;
        tensor->data = plumb_alloc_zeroed(&session->context, tensor->size, 1);
        if (!tensor->data)
            return PLUMB_E_NOMEM;
    }
    return PLUMB_OK;
}

static void store(plumb_tensor *tensor, size_t index, double value)
{
    char *at = (char *)tensor->data + index * plumb_dtype_size(tensor->dtype);
    float f = (float)value;
    int32_t i = (int32_t)value;
    int64_t l = (int64_t)value;
    if (tensor->dtype == PLUMB_DTYPE_FLOAT32)
        memcpy(at, &f, sizeof(f));
    else if (tensor->dtype == PLUMB_DTYPE_FLOAT64)
        memcpy(at, &value, sizeof(value));
    else if (tensor->dtype == PLUMB_DTYPE_INT32)
        memcpy(at, &i, sizeof(i));
    else
        memcpy(at, &l, sizeof(l));
}

static void fill_extras(plumb_session *session)
{
    const plumb_pipeline_spec *spec = &session->pipeline->spec;
    const plumb_mapping *m = &session->mapping;
    for (size_t i = 0; i < spec->extra_input_count; i++) {
        const plumb_extra_input *extra = &spec->extra_inputs[i];
        double pair[2] = { 0.0, 0.0 };
        const double *values = pair;
        if (extra->value == PLUMB_EXTRA_UPRIGHT_SIZE) {
            pair[0] = m->upright.width;
            pair[1] = m->upright.height;
        } else if (extra->value == PLUMB_EXTRA_INPUT_SIZE) {
            pair[0] = m->input.width;
            pair[1] = m->input.height;
        } else if (extra->value == PLUMB_EXTRA_SCALE_FACTOR) {
            pair[0] = m->scale_y;
            pair[1] = m->scale_x;
        } else {
            values = extra->constants;
        }
        plumb_tensor *tensor = &session->inputs[i + 1];
        for (size_t k = 0; k < (size_t)tensor->shape[1]; k++)
            store(tensor, k, values[k]);
    }
}

/* --- outputs --- */

static plumb_status check_output(plumb_outputs *outputs, size_t index, plumb_diag *diag)
{
    plumb_tensor *tensor = &outputs->tensors[index];
    plumb_diag inner = { 0 };
    plumb_status status = plumb_tensor_validate(tensor, &inner);
    if (status)
        return plumb_fail_at(diag, status, "outputs", index, inner.field, "%s", inner.message);
    size_t element = plumb_dtype_size(tensor->dtype);
    if ((uintptr_t)tensor->data % element != 0)
        return plumb_fail_at(diag, PLUMB_E_ARGUMENT, "outputs", index, "data",
                             "the address is not a multiple of the %zu bytes of %s", element,
                             plumb_dtype_name(tensor->dtype));
    for (int32_t i = 0; i < tensor->rank; i++)
        if (tensor->strides[i] % (int64_t)element != 0)
            return plumb_fail_at(diag, PLUMB_E_STRIDE, "outputs", index, "strides",
                                 "%lld is not a multiple of the %zu bytes of %s",
                                 (long long)tensor->strides[i], element,
                                 plumb_dtype_name(tensor->dtype));
    for (size_t k = 0; tensor->name && k < index; k++)
        if (outputs->tensors[k].name && strcmp(outputs->tensors[k].name, tensor->name) == 0)
            return plumb_fail_at(diag, PLUMB_E_ARGUMENT, "outputs", index, "name",
                                 "\"%s\" is the name of output %zu as well", tensor->name, k);
    return PLUMB_OK;
}

static plumb_status check_outputs(plumb_outputs *outputs, plumb_diag *diag)
{
    if (outputs->count < 1 || outputs->count > PLUMB_MAX_TENSORS)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "outputs", "%zu tensors; 1 to %d are expected",
                          outputs->count, PLUMB_MAX_TENSORS);
    plumb_status status = PLUMB_OK;
    for (size_t i = 0; i < outputs->count && status == PLUMB_OK; i++)
        status = check_output(outputs, i, diag);
    return status;
}

plumb_status plumb_session_accept(plumb_session *session, const plumb_outputs *outputs,
                                  plumb_diag *diag)
{
    session->outputs = *outputs;
    plumb_status status = check_outputs(&session->outputs, diag);
    session->has_outputs = status == PLUMB_OK;
    return status;
}

/* The code passes through unchanged; the detector's own words follow it. */
static plumb_status report(const plumb_detector *detector, plumb_status status, const char *call,
                           plumb_diag *diag)
{
    const char *why = detector->explain ? detector->explain(detector->user) : NULL;
    int length = why ? (int)strcspn(why, "\r\n") : 0;
    return plumb_fail(diag, status, "infer", "the detector's %s returned %d: %s%s%.*s", call,
                      (int)status, plumb_status_text(status), length > 0 ? ": " : "", length,
                      length > 0 ? why : "");
}

static plumb_status prepare(plumb_session *session, plumb_diag *diag)
{
    const plumb_detector *detector = &session->detector;
    if (!session->prepared && detector->prepare)
        session->prepare_status = detector->prepare(detector->user, session->pipeline->inputs,
                                                    session->pipeline->input_count);
    session->prepared = true;
    if (session->prepare_status)
        return report(detector, session->prepare_status, "prepare", diag);
    return PLUMB_OK;
}

plumb_status plumb_session_infer(plumb_session *session, plumb_diag *diag)
{
    const plumb_detector *detector = &session->detector;
    plumb_status status = prepare(session, diag);
    if (status)
        return status;
    fill_extras(session);
    memset(&session->outputs, 0, sizeof(session->outputs));
    status = detector->infer(detector->user, session->inputs, session->pipeline->input_count,
                             &session->outputs);
    if (status)
        return report(detector, status, "infer", diag);
    status = check_outputs(&session->outputs, diag);
    session->has_outputs = status == PLUMB_OK;
    return plumb_stage_failed(diag, status, PLUMB_STAGE_INFER);
}
