/* SPDX-License-Identifier: Apache-2.0
 *
 * tflite: runs .tflite models through TensorFlow Lite's C API.
 *
 *   meson setup build -Dtflite_include=DIR -Dtflite_library=DIR/libtensorflowlite_c.so
 *   --backend tflite --model m.tflite [--backend-options threads=4]
 *
 * Inputs are given by name, a single one by position; a model whose input has another shape is
 * resized once. Outputs carry their quantisation, and are views into the interpreter's memory.
 */
#include <stdarg.h>
#include <stdlib.h>

#include <tensorflow/lite/c/c_api.h>

#include "backend.h"

typedef struct instance {
    TfLiteModel *model;
    TfLiteInterpreterOptions *options;
    TfLiteInterpreter *interpreter;
    char error[192]; /* what the library said last */
    char why[256];   /* prepare or infer failed */
} instance;

static void keep_error(void *user, const char *format, va_list arguments)
{
    instance *self = user;
    vsnprintf(self->error, sizeof(self->error), format, arguments);
}

static plumb_status say(instance *self, const char *what)
{
    snprintf(self->why, sizeof(self->why), "%s%s%s", what, self->error[0] ? ": " : "", self->error);
    self->error[0] = '\0';
    return PLUMB_E_BACKEND;
}

static const char *explain(void *user)
{
    return ((const instance *)user)->why;
}

static const struct {
    TfLiteType type;
    plumb_dtype dtype;
} types[] = {
    { kTfLiteFloat32, PLUMB_DTYPE_FLOAT32 }, { kTfLiteFloat16, PLUMB_DTYPE_FLOAT16 },
    { kTfLiteFloat64, PLUMB_DTYPE_FLOAT64 }, { kTfLiteUInt8, PLUMB_DTYPE_UINT8 },
    { kTfLiteInt8, PLUMB_DTYPE_INT8 },       { kTfLiteInt32, PLUMB_DTYPE_INT32 },
    { kTfLiteInt64, PLUMB_DTYPE_INT64 },
};

static plumb_dtype dtype_of(const TfLiteTensor *tensor)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (types[i].type == TfLiteTensorType(tensor))
            return types[i].dtype;
    return PLUMB_DTYPE_UNSET;
}

/* The model's input for ours: the only one, or the one of that name; -1: none. */
static int32_t find_input(const instance *self, const char *name)
{
    int32_t count = TfLiteInterpreterGetInputTensorCount(self->interpreter);
    if (count == 1)
        return 0;
    for (int32_t i = 0; i < count && name; i++) {
        const char *own = TfLiteTensorName(TfLiteInterpreterGetInputTensor(self->interpreter, i));
        if (own && strcmp(own, name) == 0)
            return i;
    }
    return -1;
}

static plumb_status prepare_input(instance *self, const plumb_tensor_info *info)
{
    int32_t index = find_input(self, info->name);
    if (index < 0)
        return say(self, "the model has no input of this name");
    const TfLiteTensor *tensor = TfLiteInterpreterGetInputTensor(self->interpreter, index);
    if (dtype_of(tensor) != info->dtype) {
        snprintf(self->why, sizeof(self->why),
                 "the model wants input of type %s, the card makes %s",
                 plumb_dtype_name(dtype_of(tensor)), plumb_dtype_name(info->dtype));
        return PLUMB_E_DTYPE;
    }
    int sides[PLUMB_MAX_RANK];
    bool same = TfLiteTensorNumDims(tensor) == info->rank;
    for (int32_t i = 0; i < info->rank; i++) {
        sides[i] = (int)info->shape[i];
        same = same && TfLiteTensorDim(tensor, i) == sides[i];
    }
    if (!same && TfLiteInterpreterResizeInputTensor(self->interpreter, index, sides, info->rank) !=
                     kTfLiteOk)
        return say(self, "the model's input cannot be resized");
    return PLUMB_OK;
}

static plumb_status prepare(void *user, const plumb_tensor_info *inputs, size_t count)
{
    instance *self = user;
    self->why[0] = '\0';
    plumb_status status = PLUMB_OK;
    for (size_t i = 0; i < count && !status; i++)
        status = prepare_input(self, &inputs[i]);
    if (!status && TfLiteInterpreterAllocateTensors(self->interpreter) != kTfLiteOk)
        status = say(self, "tensors cannot be allocated");
    return status;
}

static plumb_status fill_output(const TfLiteTensor *tensor, plumb_tensor *out)
{
    memset(out, 0, sizeof(*out));
    out->name = TfLiteTensorName(tensor);
    out->data = TfLiteTensorData(tensor);
    out->size = TfLiteTensorByteSize(tensor);
    out->dtype = dtype_of(tensor);
    out->rank = TfLiteTensorNumDims(tensor);
    if (out->rank < 1 || out->rank > PLUMB_MAX_RANK)
        return PLUMB_E_SHAPE;
    for (int32_t i = 0; i < out->rank; i++)
        out->shape[i] = TfLiteTensorDim(tensor, i);
    TfLiteQuantizationParams quantization = TfLiteTensorQuantizationParams(tensor);
    out->quantization.scale = quantization.scale;
    out->quantization.zero_point = quantization.zero_point;
    return PLUMB_OK;
}

static plumb_status infer(void *user, const plumb_tensor *inputs, size_t count,
                          plumb_outputs *outputs)
{
    instance *self = user;
    self->why[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        TfLiteTensor *tensor =
            TfLiteInterpreterGetInputTensor(self->interpreter, find_input(self, inputs[i].name));
        size_t size = (size_t)plumb_tensor_elements(&inputs[i]) * plumb_dtype_size(inputs[i].dtype);
        if (TfLiteTensorCopyFromBuffer(tensor, inputs[i].data, size) != kTfLiteOk)
            return say(self, "an input does not fit the model");
    }
    if (TfLiteInterpreterInvoke(self->interpreter) != kTfLiteOk)
        return say(self, "the model failed");
    int32_t total = TfLiteInterpreterGetOutputTensorCount(self->interpreter);
    if (total > PLUMB_MAX_TENSORS)
        return PLUMB_E_LIMIT;
    plumb_status status = PLUMB_OK;
    /* Shapes may depend on the data, so they are asked for each time. */
    for (int32_t i = 0; i < total && !status; i++)
        status = fill_output(TfLiteInterpreterGetOutputTensor(self->interpreter, i),
                             &outputs->tensors[i]);
    outputs->count = status ? 0 : (size_t)total;
    return status;
}

static void release(void *user)
{
    instance *self = user;
    if (self->interpreter)
        TfLiteInterpreterDelete(self->interpreter);
    if (self->options)
        TfLiteInterpreterOptionsDelete(self->options);
    if (self->model)
        TfLiteModelDelete(self->model);
    free(self);
}

static plumb_status parse_options(const char *text, int *threads, plumb_diag *diag)
{
    char key[64], value[1024];
    int found;
    while ((found = backend_option(&text, key, value)) > 0)
        if (strcmp(key, "threads") != 0 || sscanf(value, "%d", threads) != 1 || *threads < 1)
            break;
    if (found == 0)
        return PLUMB_OK;
    return backend_fail(diag, PLUMB_E_ARGUMENT, "options", "have to be threads=N", NULL);
}

plumb_status plumb_backend_open(const plumb_backend_request *request, plumb_detector *detector,
                                plumb_diag *diag)
{
    int threads = 1;
    plumb_status status = parse_options(request->options, &threads, diag);
    if (status)
        return status;
    if (!request->model)
        return backend_fail(diag, PLUMB_E_ARGUMENT, "model", "is needed: the file to load", NULL);
    instance *self = calloc(1, sizeof(*self));
    if (!self)
        return backend_fail(diag, PLUMB_E_NOMEM, "model", "no memory", NULL);
    self->model = TfLiteModelCreateFromFile(request->model);
    self->options = TfLiteInterpreterOptionsCreate();
    if (self->model && self->options) {
        TfLiteInterpreterOptionsSetNumThreads(self->options, threads);
        TfLiteInterpreterOptionsSetErrorReporter(self->options, keep_error, self);
        self->interpreter = TfLiteInterpreterCreate(self->model, self->options);
    }
    if (!self->interpreter) {
        status = backend_fail(diag, PLUMB_E_BACKEND, "model", "is no model that can be loaded",
                              self->error[0] ? self->error : request->model);
        release(self);
        return status;
    }
    detector->user = self;
    detector->prepare = prepare;
    detector->infer = infer;
    backend_explain(detector, explain);
    detector->release = release;
    return PLUMB_OK;
}
