/* SPDX-License-Identifier: Apache-2.0
 *
 * opencv-dnn: runs ONNX, Caffe, TensorFlow and Darknet models through OpenCV's dnn module.
 *
 *   --backend opencv-dnn --model m.onnx
 *   --backend opencv-dnn --model m.caffemodel --backend-options config=m.prototxt
 *
 * Options: config=FILE (Caffe's prototxt, TensorFlow's pbtxt, Darknet's cfg), framework=caffe|
 * tensorflow|darknet|onnx where the file name does not tell, threads=N. Outputs are named as the
 * network names them. An instance keeps its outputs until its next call.
 */
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include <opencv2/core.hpp>
#include <opencv2/dnn.hpp>

#include "backend.h"

namespace
{

struct Instance {
    cv::dnn::Net net;
    std::vector<std::string> names; /* of the outputs */
    std::vector<cv::Mat> outputs;
    std::string why; /* the last infer failed */
};

/* OpenCV would print every error itself, before it throws. */
int keep_quiet(int, const char *, const char *, const char *, int, void *)
{
    return 0;
}

int mat_type(plumb_dtype dtype)
{
    switch (dtype) {
    case PLUMB_DTYPE_FLOAT32:
        return CV_32F;
    case PLUMB_DTYPE_UINT8:
        return CV_8U;
    default:
        return -1;
    }
}

plumb_dtype tensor_type(int depth)
{
    switch (depth) {
    case CV_32F:
        return PLUMB_DTYPE_FLOAT32;
    case CV_64F:
        return PLUMB_DTYPE_FLOAT64;
    case CV_16F:
        return PLUMB_DTYPE_FLOAT16;
    case CV_8U:
        return PLUMB_DTYPE_UINT8;
    case CV_8S:
        return PLUMB_DTYPE_INT8;
    case CV_32S:
        return PLUMB_DTYPE_INT32;
    default:
        return PLUMB_DTYPE_UNSET;
    }
}

/* A view of the caller's memory; the network copies it. */
cv::Mat view(const plumb_tensor &tensor)
{
    int type = mat_type(tensor.dtype);
    if (type < 0)
        throw std::runtime_error(std::string("inputs of type ") + plumb_dtype_name(tensor.dtype) +
                                 " cannot be given to OpenCV, float32 and uint8 can");
    std::vector<int> sizes(tensor.shape, tensor.shape + tensor.rank);
    return cv::Mat(sizes, type, tensor.data);
}

void fill(const cv::Mat &mat, const std::string &name, plumb_tensor &tensor)
{
    tensor = plumb_tensor();
    if (mat.dims > PLUMB_MAX_RANK)
        throw std::runtime_error("output '" + name + "' has too many dimensions");
    tensor.name = name.c_str();
    tensor.data = mat.data;
    tensor.size = mat.total() * mat.elemSize();
    tensor.dtype = tensor_type(mat.depth());
    tensor.rank = mat.dims;
    for (int i = 0; i < mat.dims; i++)
        tensor.shape[i] = mat.size[i];
}

void run(Instance &instance, const plumb_tensor *inputs, size_t count, plumb_outputs *outputs)
{
    /* A single input needs no name, and cards need not know what the model calls it. */
    for (size_t i = 0; i < count; i++)
        instance.net.setInput(view(inputs[i]), count > 1 && inputs[i].name ? inputs[i].name : "");
    instance.net.forward(instance.outputs, instance.names);
    if (instance.outputs.size() > PLUMB_MAX_TENSORS)
        throw std::runtime_error("the model has too many outputs");
    for (size_t i = 0; i < instance.outputs.size(); i++) {
        if (!instance.outputs[i].isContinuous())
            instance.outputs[i] = instance.outputs[i].clone();
        fill(instance.outputs[i], instance.names[i], outputs->tensors[i]);
    }
    outputs->count = instance.outputs.size();
}

plumb_status fail(Instance &instance, const char *why) noexcept
{
    try {
        instance.why = why;
    } catch (...) { /* no memory for the words */
    }
    return PLUMB_E_BACKEND;
}

plumb_status infer(void *user, const plumb_tensor *inputs, size_t count, plumb_outputs *outputs)
{
    Instance &instance = *static_cast<Instance *>(user);
    instance.why.clear();
    /* No exception may cross into C. */
    try {
        run(instance, inputs, count, outputs);
        return PLUMB_OK;
    } catch (const std::bad_alloc &) {
        return PLUMB_E_NOMEM;
    } catch (const cv::Exception &error) {
        return fail(instance, error.err.c_str());
    } catch (const std::exception &error) {
        return fail(instance, error.what());
    } catch (...) {
        return fail(instance, "unknown exception");
    }
}

const char *explain(void *user)
{
    return static_cast<Instance *>(user)->why.c_str();
}

void release(void *user)
{
    delete static_cast<Instance *>(user);
}

struct Options {
    std::string config, framework;
    int threads = -1;
};

bool parse(const char *text, Options &options, std::string &mistake)
{
    char key[64], value[1024];
    int found;
    while ((found = backend_option(&text, key, value)) > 0) {
        std::string name = key;
        if (name == "config")
            options.config = value;
        else if (name == "framework")
            options.framework = value;
        else if (name == "threads" && std::sscanf(value, "%d", &options.threads) == 1 &&
                 options.threads >= 0)
            continue;
        else {
            mistake = std::string("'") + key + "=" + value +
                      "' is not one of config=FILE, framework=NAME, threads=N";
            return false;
        }
    }
    if (found < 0)
        mistake = "options have to be key=value,key=value";
    return found == 0;
}

} // namespace

plumb_status plumb_backend_open(const plumb_backend_request *request, plumb_detector *detector,
                                plumb_diag *diag)
{
    try {
        Options options;
        std::string mistake;
        if (!parse(request->options, options, mistake))
            return backend_fail(diag, PLUMB_E_ARGUMENT, "options", mistake.c_str(), nullptr);
        if (!request->model)
            return backend_fail(diag, PLUMB_E_ARGUMENT, "model", "is needed: the file to load",
                                nullptr);
        cv::redirectError(keep_quiet);
        if (options.threads >= 0)
            cv::setNumThreads(options.threads);
        auto instance = std::make_unique<Instance>();
        instance->net = cv::dnn::readNet(request->model, options.config, options.framework);
        if (instance->net.empty())
            return backend_fail(diag, PLUMB_E_CORRUPT, "model", "holds no network", nullptr);
        instance->net.setPreferableBackend(cv::dnn::DNN_BACKEND_OPENCV);
        instance->names = instance->net.getUnconnectedOutLayersNames();
        detector->user = instance.release();
        detector->infer = infer;
        backend_explain(detector, explain);
        detector->release = release;
        return PLUMB_OK;
    } catch (const std::bad_alloc &) {
        return backend_fail(diag, PLUMB_E_NOMEM, "model", "no memory", nullptr);
    } catch (const cv::Exception &error) {
        return backend_fail(diag, PLUMB_E_BACKEND, "model", "OpenCV cannot load it",
                            error.err.c_str());
    } catch (const std::exception &error) {
        return backend_fail(diag, PLUMB_E_BACKEND, "model", "cannot be loaded", error.what());
    } catch (...) {
        return backend_fail(diag, PLUMB_E_BACKEND, "model", "unknown exception", nullptr);
    }
}
