/* SPDX-License-Identifier: Apache-2.0
 *
 * Frame to tensor side by side with OpenCV and libyuv, one thread, in one run: each round calls every
 * contender twice and times the second call, so that noise of the machine meets all alike. Prints medians of processor
 * time, and ratios.
 *
 *     preprocess_bench [ROUNDS] [FILTER]
 */
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <ctime>
#include <string>
#include <vector>

#include <opencv2/core.hpp>
#include <opencv2/dnn.hpp>
#include <opencv2/imgproc.hpp>

#include "plumbline/preprocess.h"

#ifdef HAVE_LIBYUV
#include <libyuv.h>
#include <libyuv/scale_uv.h>
#endif

/* Processor time of this thread: what else runs on the machine counts less. */
static double now_ms()
{
    timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return double(t.tv_sec) * 1e3 + double(t.tv_nsec) * 1e-6;
}

struct Contender {
    std::string name;
    std::function<void()> run;
    std::vector<double> times;
    double median() const
    {
        std::vector<double> t(times);
        std::sort(t.begin(), t.end());
        return t[t.size() / 2];
    }
};

static void die(const char *what, const plumb_diag &diag)
{
    std::fprintf(stderr, "%s: %s: %s\n", what, diag.field, diag.message);
    std::exit(1);
}

/* A plan with its tensor and scratch, ready to run on one frame. */
struct Ours {
    plumb_frame frame;
    plumb_preprocess_plan *plan = nullptr;
    std::vector<uint8_t> data;
    void *scratch = nullptr;
    plumb_tensor tensor = {};

    Ours(const plumb_frame &f, const plumb_preprocess_spec &spec, uint32_t cpu) : frame(f)
    {
        plumb_diag diag = {};
        plumb_context context = PLUMB_CONTEXT_INIT;
        context.cpu = cpu;
        if (plumb_preprocess_plan_create(&context, &spec, &frame, &plan, &diag))
            die("plan", diag);
        plumb_tensor_info info = plumb_preprocess_tensor_info(&spec);
        tensor.dtype = info.dtype;
        tensor.rank = info.rank;
        size_t size = plumb_dtype_size(info.dtype);
        for (int i = 0; i < info.rank; i++) {
            tensor.shape[i] = info.shape[i];
            size *= size_t(info.shape[i]);
        }
        data.resize(size + 64);
        tensor.data = reinterpret_cast<void *>((uintptr_t(data.data()) + 63) / 64 * 64);
        tensor.size = size;
        if (posix_memalign(&scratch, 64, plumb_preprocess_plan_scratch(plan) + 1))
            std::exit(1);
    }
    void run()
    {
        plumb_diag diag = {};
        if (plumb_preprocess_run(plan, &frame, &tensor, scratch,
                                 plumb_preprocess_plan_scratch(plan), &diag))
            die("run", diag);
    }
};

struct Scene {
    cv::Mat rgb, nv12;
    int width, height;
};

/* Smooth waves, noise and saturated edges. */
static Scene make_scene(int width, int height)
{
    Scene s;
    s.width = width;
    s.height = height;
    cv::Mat noise(height, width, CV_32FC3);
    cv::RNG generator(1);
    generator.fill(noise, cv::RNG::NORMAL, 0, 20);
    s.rgb.create(height, width, CV_8UC3);
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            cv::Vec3f n = noise.at<cv::Vec3f>(y, x);
            float b = 127 + 90 * sinf(float(x) / 37 + float(y) / 91);
            s.rgb.at<cv::Vec3b>(y, x) = cv::Vec3b(cv::saturate_cast<uchar>(b + n[0]),
                                                  cv::saturate_cast<uchar>(b * 0.8f + n[1] + 20),
                                                  cv::saturate_cast<uchar>(255 - b + n[2]));
        }
    }
    cv::Mat i420;
    cv::cvtColor(s.rgb, i420, cv::COLOR_RGB2YUV_I420);
    s.nv12.create(height * 3 / 2, width, CV_8UC1);
    size_t luma = size_t(width) * size_t(height);
    std::memcpy(s.nv12.data, i420.data, luma);
    for (size_t k = 0; k < luma / 4; k++) {
        s.nv12.data[luma + 2 * k] = i420.data[luma + k];
        s.nv12.data[luma + 2 * k + 1] = i420.data[luma + luma / 4 + k];
    }
    return s;
}

static plumb_frame frame_of(const Scene &s, bool nv12, int orientation, plumb_matrix matrix)
{
    plumb_frame f = PLUMB_FRAME_INIT;
    f.format = nv12 ? PLUMB_FORMAT_NV12 : PLUMB_FORMAT_RGB24;
    f.width = s.width;
    f.height = s.height;
    f.matrix = matrix;
    f.range = PLUMB_RANGE_LIMITED;
    f.orientation = plumb_orientation(orientation);
    const cv::Mat &m = nv12 ? s.nv12 : s.rgb;
    plumb_diag diag = {};
    if (plumb_frame_from_buffer(&f, m.data, m.total() * m.elemSize(), 0, &diag))
        die("frame", diag);
    return f;
}

static plumb_preprocess_spec letterbox(int side, plumb_resampler resampler, plumb_dtype dtype)
{
    plumb_preprocess_spec spec;
    if (plumb_preprocess_profile("ultralytics", &spec))
        std::exit(1);
    spec.mapping.input.width = spec.mapping.input.height = side;
    spec.resample = resampler;
    spec.dtype = dtype;
    if (dtype == PLUMB_DTYPE_UINT8)
        spec.divide = 1.0f;
    return spec;
}

static plumb_preprocess_spec bytes(int width, int height, plumb_crop_mode mode,
                                   plumb_resampler resampler)
{
    plumb_preprocess_spec spec = PLUMB_PREPROCESS_SPEC_INIT;
    spec.mapping.input.width = width;
    spec.mapping.input.height = height;
    spec.mapping.mode = mode;
    spec.mapping.rule = PLUMB_RULE_TORCHVISION;
    spec.resample = resampler;
    spec.channels = PLUMB_CHANNELS_RGB;
    spec.layout = PLUMB_LAYOUT_NHWC;
    spec.dtype = PLUMB_DTYPE_UINT8;
    return spec;
}

class Bench
{
  public:
    Bench(const char *title, int rounds, const char *filter)
        : title_(title), rounds_(rounds), filter_(filter)
    {
    }
    void add(const std::string &name, std::function<void()> run)
    {
        if (!filter_ || (std::string(title_) + " " + name).find(filter_) != std::string::npos)
            contenders_.push_back({ name, run, {} });
    }
    void ours(const std::string &name, const plumb_frame &frame, const plumb_preprocess_spec &spec,
              uint32_t cpu = PLUMB_CPU_AUTO)
    {
        Ours *o = new Ours(frame, spec, cpu); /* lives as long as the program */
        add("plumbline " + name, [o] { o->run(); });
    }
    void report()
    {
        if (contenders_.empty())
            return;
        for (int i = -3; i < rounds_; i++) {
            for (auto &c : contenders_) {
                c.run(); /* what others left in the caches is not its fault */
                double start = now_ms();
                c.run();
                if (i >= 0)
                    c.times.push_back(now_ms() - start);
            }
        }
        std::printf("%s, median of %d rounds, and how many times slower each is than the first "
                    "plumbline line\n",
                    title_, rounds_);
        double base = 0;
        for (auto &c : contenders_)
            if (base == 0 && c.name.find("plumbline") == 0)
                base = c.median();
        for (auto &c : contenders_)
            std::printf("  %-64s %8.3f ms   %6.2f   min %8.3f\n", c.name.c_str(), c.median(),
                        base > 0 ? c.median() / base : 0.0,
                        *std::min_element(c.times.begin(), c.times.end()));
    }

  private:
    const char *title_;
    int rounds_;
    const char *filter_;
    std::vector<Contender> contenders_;
};

static std::function<void()> opencv_letterbox(const Scene &s, int side, int interpolation)
{
    struct Buffers {
        cv::Mat rgb, small, boxed, blob;
    };
    Buffers *b = new Buffers;
    const cv::Mat *nv12 = &s.nv12;
    int h = int(std::nearbyint(s.height * (double(side) / s.width))), top = (side - h) / 2;
    return [=] {
        cv::cvtColor(*nv12, b->rgb, cv::COLOR_YUV2RGB_NV12);
        cv::resize(b->rgb, b->small, cv::Size(side, h), 0, 0, interpolation);
        cv::copyMakeBorder(b->small, b->boxed, top, side - h - top, 0, 0, cv::BORDER_CONSTANT,
                           cv::Scalar(114, 114, 114));
        cv::dnn::blobFromImage(b->boxed, b->blob, 1 / 255.0, cv::Size(), cv::Scalar(), false, false,
                               CV_32F);
    };
}

static std::function<void()> opencv_crop(const Scene &s, int side, int interpolation)
{
    cv::Mat *rgb = new cv::Mat, *out = new cv::Mat;
    int n = s.height, left = (s.width - n) / 2 / 2 * 2, w = s.width;
    uint8_t *y = s.nv12.data + left, *uv = s.nv12.data + size_t(w) * size_t(s.height) + left;
    return [=] {
        cv::Mat luma(n, n, CV_8UC1, y, size_t(w)), chroma(n / 2, n / 2, CV_8UC2, uv, size_t(w));
        cv::cvtColorTwoPlane(luma, chroma, *rgb, cv::COLOR_YUV2RGB_NV12);
        cv::resize(*rgb, *out, cv::Size(side, side), 0, 0, interpolation);
    };
}

#ifdef HAVE_LIBYUV
static void planar_floats(const uint8_t *rgb, int w, int h, float *out, int side, int top)
{
    size_t plane = size_t(side) * size_t(side);
    const float k = 1.0f / 255.0f, pad = 114.0f / 255.0f;
    for (size_t c = 0; c < 3; c++) {
        std::fill(out + c * plane, out + c * plane + size_t(top) * size_t(side), pad);
        std::fill(out + c * plane + size_t(top + h) * size_t(side), out + (c + 1) * plane, pad);
    }
    for (int y = 0; y < h; y++) {
        const uint8_t *s = rgb + size_t(y) * size_t(w) * 3;
        float *r = out + size_t(y + top) * size_t(side);
        for (size_t c = 0; c < 3; c++)
            for (int x = 0; x < w; x++)
                r[c * plane + size_t(x)] = float(s[3 * size_t(x) + c]) * k;
    }
}

static std::function<void()> libyuv_letterbox(const Scene &s, int side, libyuv::FilterMode mode)
{
    int h = int(std::nearbyint(s.height * (double(side) / s.width)));
    auto *y = new std::vector<uint8_t>(size_t(side * h)),
         *uv = new std::vector<uint8_t>(size_t(side * h));
    auto *rgb = new std::vector<uint8_t>(size_t(side * h) * 3);
    auto *out = new std::vector<float>(size_t(side * side) * 3);
    const uint8_t *from = s.nv12.data;
    int W = s.width, H = s.height;
    return [=] {
        libyuv::NV12Scale(from, W, from + W * H, W, W, H, y->data(), side, uv->data(), side, side,
                          h, mode);
        libyuv::NV12ToRAW(y->data(), side, uv->data(), side, rgb->data(), side * 3, side, h);
        planar_floats(rgb->data(), side, h, out->data(), side, (side - h) / 2);
    };
}
#endif

/* What the bytes alone cost: the frame read once and the tensor written once, in vectors. */
static std::function<void()> touch_bytes(const Scene &s, int side)
{
    auto out = std::make_shared<std::vector<float>>(size_t(side) * size_t(side) * 3);
    const uint64_t *from = reinterpret_cast<const uint64_t *>(s.nv12.data);
    size_t words = s.nv12.total() / sizeof(uint64_t);
    return [=] {
        uint64_t sums[16] = { 0 };
        for (size_t i = 0; i + 16 <= words; i += 16)
            for (size_t k = 0; k < 16; k++)
                sums[k] += from[i + k];
        uint64_t all = 0;
        for (uint64_t sum : sums)
            all += sum;
        std::memset(out->data(), int(all & 127), out->size() * sizeof(float));
    };
}

static void letterbox_1080p(const Scene &s, int side, int rounds, const char *filter)
{
    std::string title = "W1 1080p NV12 to letterbox " + std::to_string(side) + " RGB float32 nchw";
    plumb_frame f = frame_of(s, true, 1, PLUMB_MATRIX_BT601);
    plumb_frame turned = frame_of(s, true, 6, PLUMB_MATRIX_BT601);
    plumb_frame cv601 = frame_of(s, true, 1, PLUMB_MATRIX_OPENCV);
    Bench b(title.c_str(), rounds, filter);
    const plumb_resampler linear = PLUMB_RESAMPLE_OPENCV_LINEAR;
    const plumb_resampler pillow = PLUMB_RESAMPLE_PILLOW_BILINEAR;
    b.ours("opencv-linear", f, letterbox(side, linear, PLUMB_DTYPE_FLOAT32));
    b.ours("opencv-linear, OpenCV's matrix", cv601, letterbox(side, linear, PLUMB_DTYPE_FLOAT32));
    b.ours("opencv-linear, C only", f, letterbox(side, linear, PLUMB_DTYPE_FLOAT32),
           PLUMB_CPU_NONE);
    b.ours("opencv-linear, orientation 6", turned, letterbox(side, linear, PLUMB_DTYPE_FLOAT32));
    b.ours("opencv-linear, float16", f, letterbox(side, linear, PLUMB_DTYPE_FLOAT16));
    b.ours("opencv-linear, uint8", f, letterbox(side, linear, PLUMB_DTYPE_UINT8));
    b.add("OpenCV cvtColor+INTER_LINEAR+border+blob", opencv_letterbox(s, side, cv::INTER_LINEAR));
    b.report();
    Bench p(title.c_str(), rounds, filter);
    p.ours("pillow-bilinear", f, letterbox(side, pillow, PLUMB_DTYPE_FLOAT32));
    p.ours("pillow-bilinear, C only", f, letterbox(side, pillow, PLUMB_DTYPE_FLOAT32),
           PLUMB_CPU_NONE);
    p.ours("pillow-bilinear, orientation 6", turned, letterbox(side, pillow, PLUMB_DTYPE_FLOAT32));
    p.ours("pillow-bilinear, float16", f, letterbox(side, pillow, PLUMB_DTYPE_FLOAT16));
    p.ours("pillow-bilinear, uint8", f, letterbox(side, pillow, PLUMB_DTYPE_UINT8));
    p.ours("opencv-area", f, letterbox(side, PLUMB_RESAMPLE_OPENCV_AREA, PLUMB_DTYPE_FLOAT32));
    p.add("OpenCV cvtColor+INTER_AREA+border+blob", opencv_letterbox(s, side, cv::INTER_AREA));
    p.report();
    Bench q(title.c_str(), rounds, filter);
    q.ours("fast", f, letterbox(side, PLUMB_RESAMPLE_FAST, PLUMB_DTYPE_FLOAT32));
#ifdef HAVE_LIBYUV
    q.add("libyuv NV12Scale(Box)+NV12ToRAW+planar", libyuv_letterbox(s, side, libyuv::kFilterBox));
    q.add("libyuv NV12Scale(Bilinear)+NV12ToRAW+planar",
          libyuv_letterbox(s, side, libyuv::kFilterBilinear));
#endif
    q.add("the bytes alone: frame read once, tensor written once", touch_bytes(s, side));
    q.report();
}

static void crop_4k(int rounds, const char *filter)
{
    Scene s = make_scene(3840, 2160);
    plumb_frame f = frame_of(s, true, 1, PLUMB_MATRIX_BT601);
    const char *title = "W3 4K NV12 to center crop 300 uint8 nhwc";
    Bench b(title, rounds, filter);
    b.ours("opencv-linear", f, bytes(300, 300, PLUMB_CROP_CENTER, PLUMB_RESAMPLE_OPENCV_LINEAR));
    b.add("OpenCV crop+cvtColorTwoPlane+INTER_LINEAR", opencv_crop(s, 300, cv::INTER_LINEAR));
    b.report();
    Bench p(title, rounds, filter);
    p.ours("pillow-bilinear", f,
           bytes(300, 300, PLUMB_CROP_CENTER, PLUMB_RESAMPLE_PILLOW_BILINEAR));
    p.add("OpenCV crop+cvtColorTwoPlane+INTER_AREA", opencv_crop(s, 300, cv::INTER_AREA));
    p.report();
    plumb_frame turned = frame_of(s, true, 6, PLUMB_MATRIX_BT601);
    plumb_preprocess_spec spec = letterbox(640, PLUMB_RESAMPLE_PILLOW_LANCZOS, PLUMB_DTYPE_FLOAT32);
    Ours straight(f, spec, 0), exchanged(turned, spec, 0);
    std::printf("  scratch for 4K to 640 pillow-lanczos: %zu bytes, turned %zu bytes\n",
                plumb_preprocess_plan_scratch(straight.plan),
                plumb_preprocess_plan_scratch(exchanged.plan));
}

/* What is left to do of a decoded photo, at a ratio that is no integer. */
static void rgb_photo(int rounds, const char *filter)
{
    Scene s = make_scene(1440, 1080);
    cv::Mat rgba;
    cv::cvtColor(s.rgb, rgba, cv::COLOR_RGB2RGBA);
    plumb_frame f = frame_of(s, false, 1, PLUMB_MATRIX_UNSET), a = f, turned = f;
    turned.orientation = PLUMB_ORIENTATION_RIGHT;
    a.format = PLUMB_FORMAT_RGBA;
    plumb_diag diag = {};
    if (plumb_frame_from_buffer(&a, rgba.data, rgba.total() * rgba.elemSize(), 0, &diag))
        die("frame", diag);
    Bench b("W4 1440x1080 to letterbox 640 RGB float32 nchw", rounds, filter);
    const plumb_preprocess_spec linear =
        letterbox(640, PLUMB_RESAMPLE_OPENCV_LINEAR, PLUMB_DTYPE_FLOAT32);
    b.ours("opencv-linear, RGB24", f, linear);
    b.ours("opencv-linear, RGBA", a, linear);
    b.ours("opencv-linear, RGB24, orientation 6", turned, linear);
    b.ours("fast, RGB24", f, letterbox(640, PLUMB_RESAMPLE_FAST, PLUMB_DTYPE_FLOAT32));
    b.report();
}

static void rgb_1080p(const Scene &s, int rounds, const char *filter)
{
    plumb_frame f = frame_of(s, false, 1, PLUMB_MATRIX_UNSET);
    Bench b("W5 1080p RGB to 640x360 uint8 nhwc", rounds, filter);
    const plumb_resampler all[] = { PLUMB_RESAMPLE_PILLOW_BILINEAR, PLUMB_RESAMPLE_PILLOW_BICUBIC,
                                    PLUMB_RESAMPLE_PILLOW_LANCZOS };
    for (plumb_resampler r : all)
        b.ours(plumb_resampler_name(r), f, bytes(640, 360, PLUMB_CROP_SCALE_FILL, r));
    b.report();
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? std::atoi(argv[1]) : 61;
    const char *filter = argc > 2 ? argv[2] : nullptr;
    cv::setNumThreads(1);
    Scene s = make_scene(1920, 1080);
    letterbox_1080p(s, 640, rounds, filter);
    letterbox_1080p(s, 608, rounds, filter);
    crop_4k(rounds, filter);
    rgb_1080p(s, rounds, filter);
    rgb_photo(rounds, filter);
    return 0;
}
