/* SPDX-License-Identifier: Apache-2.0
 *
 * Decoding side by side with the loops that people use, in one run on one thread. Every method
 * walks 24 buffers in turn, so that none lies in the nearest caches, and gives boxes, classes and
 * scores; the counts are compared. Each walks them once before it is timed, so that what the last
 * cache holds of them is its own doing and not that of the method before. Prints medians in
 * microseconds of processor time.
 *
 *     ninja tests/peers/heads_bench && tests/peers/heads_bench [ROUNDS [PART OF A NAME]]
 *
 * The peers are written anew from the method, not copied: the column walk with a raw threshold of
 * the RKNN model zoo, OpenCV's YOLO sample (transpose, minMaxLoc a row; objectness first),
 * conversion to float before a walk, a sigmoid on every logit.
 */
#include <opencv2/core.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <random>
#include <string>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "plumbline/heads.h"

struct Hit {
    int row, klass;
    float score, x, y, w, h;
};
using Hits = std::vector<Hit>;

static const int Buffers = 24, Classes = 80, Cells = 8400, Rows5 = 25200, Priors = 1917,
                 Logits = 91;
static const float Confidence = 0.25f;
static int current; /* which buffer */

static float sigmoid(float x)
{
    return 1.0f / (1.0f + std::exp(-x));
}

/* --- peers on [4+C,N] --- */

template <typename T, typename F>
static void addColumn(Hits &hits, const T *p, int row, int klass, float score, F real)
{
    hits.push_back({ row, klass, score, real(p[row]), real(p[Cells + row]),
                     real(p[2 * Cells + row]), real(p[3 * Cells + row]) });
}

static float same(float v)
{
    return v;
}

static void columnWalk(const float *p, Hits &hits)
{
    hits.clear();
    for (int i = 0; i < Cells; i++) {
        float best = -1;
        int klass = -1;
        for (int c = 0; c < Classes; c++) {
            float v = p[(4 + c) * Cells + i];
            if (v > best) {
                best = v;
                klass = c;
            }
        }
        if (best > Confidence)
            addColumn(hits, p, i, klass, best, same);
    }
}

static void rknnWalk(const float *p, Hits &hits)
{
    hits.clear();
    for (int i = 0; i < Cells; i++) {
        float best = 0;
        int klass = -1, offset = 4 * Cells + i;
        for (int c = 0; c < Classes; c++, offset += Cells)
            if (p[offset] > Confidence && p[offset] > best) {
                best = p[offset];
                klass = c;
            }
        if (klass >= 0)
            addColumn(hits, p, i, klass, best, same);
    }
}

static void opencvSample(const float *p, Hits &hits)
{
    hits.clear();
    cv::Mat all(Classes + 4, Cells, CV_32F, const_cast<float *>(p)), rows;
    cv::transpose(all, rows);
    for (int i = 0; i < Cells; i++) {
        const float *row = rows.ptr<float>(i);
        cv::Mat scores(1, Classes, CV_32F, const_cast<float *>(row + 4));
        cv::Point where;
        double best;
        cv::minMaxLoc(scores, nullptr, &best, nullptr, &where);
        if (best > Confidence)
            hits.push_back({ i, where.x, (float)best, row[0], row[1], row[2], row[3] });
    }
}

static float fromHalf(uint16_t half)
{
    uint32_t sign = (half & 0x8000u) << 16, exponent = half >> 10 & 31, mantissa = half & 1023,
             bits;
    float value;
    if (exponent == 0) {
        value = mantissa * 5.9604644775390625e-8f;
        return sign ? -value : value;
    }
    bits = sign | (exponent + 112) << 23 | mantissa << 13;
    std::memcpy(&value, &bits, 4);
    return value;
}

static void halfSoft(const uint16_t *p, Hits &hits)
{
    static std::vector<float> values(84 * Cells);
    for (size_t i = 0; i < values.size(); i++)
        values[i] = fromHalf(p[i]);
    columnWalk(values.data(), hits);
}

#if defined(__x86_64__)
__attribute__((target("f16c,avx"))) static void halfF16c(const uint16_t *p, Hits &hits)
{
    static std::vector<float> values(84 * Cells);
    for (size_t i = 0; i < values.size(); i += 8)
        _mm256_storeu_ps(&values[i], _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(p + i))));
    columnWalk(values.data(), hits);
}
#endif

static const float ByteScale = 1 / 255.0f;
static const int ByteZero = -128;

static void rknnBytes(const int8_t *p, Hits &hits)
{
    hits.clear();
    int8_t limit = (int8_t)std::min(127.0f, std::max(-128.0f, Confidence / ByteScale + ByteZero));
    for (int i = 0; i < Cells; i++) {
        int8_t best = -128;
        int klass = -1, offset = 4 * Cells + i;
        for (int c = 0; c < Classes; c++, offset += Cells)
            if (p[offset] > limit && p[offset] > best) {
                best = p[offset];
                klass = c;
            }
        if (klass >= 0)
            addColumn(hits, p, i, klass, (best - ByteZero) * ByteScale,
                      [](int8_t v) { return (v - ByteZero) * ByteScale; });
    }
}

static void dequantiseBytes(const int8_t *p, Hits &hits)
{
    static std::vector<float> values(84 * Cells);
    for (size_t i = 0; i < values.size(); i++)
        values[i] = (p[i] - ByteZero) * ByteScale;
    columnWalk(values.data(), hits);
}

/* --- peers on rows --- */

static void opencvObjectness(const float *p, Hits &hits)
{
    hits.clear();
    for (int i = 0; i < Rows5; i++, p += 85) {
        if (!(p[4] > Confidence))
            continue;
        cv::Mat scores(1, Classes, CV_32F, const_cast<float *>(p + 5));
        cv::Point where;
        double best;
        cv::minMaxLoc(scores, nullptr, &best, nullptr, &where);
        if ((float)best * p[4] > Confidence)
            hits.push_back({ i, where.x, (float)best * p[4], p[0], p[1], p[2], p[3] });
    }
}

static void allClasses(const float *p, Hits &hits)
{
    hits.clear();
    for (int i = 0; i < Rows5; i++, p += 85) {
        int klass = (int)(std::max_element(p + 5, p + 85) - p - 5);
        float score = p[4] * p[5 + klass];
        if (score > Confidence)
            hits.push_back({ i, klass, score, p[0], p[1], p[2], p[3] });
    }
}

static std::vector<float> priors, deltas;

static void sigmoidEverywhere(const float *p, Hits &hits)
{
    hits.clear();
    for (int i = 0; i < Priors; i++, p += Logits) {
        float best = -1;
        int klass = 0;
        for (int c = 1; c < Logits; c++) {
            float s = sigmoid(p[c]);
            if (s > best) {
                best = s;
                klass = c;
            }
        }
        if (best > Confidence) {
            const float *t = &deltas[4 * i], *a = &priors[4 * i];
            hits.push_back({ i, klass, best, t[0] * 0.1f * a[2] + a[0], t[1] * 0.1f * a[3] + a[1],
                             std::exp(t[2] * 0.2f) * a[2], std::exp(t[3] * 0.2f) * a[3] });
        }
    }
}

/* --- ours --- */

static plumb_detections list;

static plumb_head *makeHead(plumb_head_type type, int size)
{
    plumb_head_spec spec = PLUMB_HEAD_SPEC_INIT;
    spec.type = type;
    if (type == PLUMB_HEAD_SSD) {
        spec.priors = priors.data();
        spec.prior_count = Priors;
        spec.activation = PLUMB_ACTIVATION_SIGMOID;
    }
    plumb_head *head = nullptr;
    plumb_diag diag = {};
    if (plumb_head_create(nullptr, &spec, { size, size }, &head, &diag)) {
        std::fprintf(stderr, "%s: %s\n", diag.field, diag.message);
        std::exit(1);
    }
    return head;
}

static void setTensor(plumb_tensor &t, const void *data, plumb_dtype dtype, int64_t a, int64_t b)
{
    t = {};
    t.data = const_cast<void *>(data);
    t.dtype = dtype;
    t.rank = 3;
    t.shape[0] = 1;
    t.shape[1] = a;
    t.shape[2] = b;
    t.size = (size_t)(a * b) * plumb_dtype_size(dtype);
    if (dtype == PLUMB_DTYPE_INT8)
        t.quantization = { ByteScale, ByteZero };
}

static size_t decode(const plumb_head *head, const plumb_outputs &outputs)
{
    plumb_threshold threshold = {};
    threshold.confidence = Confidence;
    plumb_diag diag = {};
    if (plumb_head_decode(head, &outputs, 0, &threshold, &list, nullptr, &diag)) {
        std::fprintf(stderr, "%s: %s\n", diag.field, diag.message);
        std::exit(1);
    }
    return list.count;
}

/* --- data and timing --- */

static std::vector<std::vector<float>> wide(Buffers), rows5(Buffers), logits(Buffers);
static std::vector<std::vector<uint16_t>> halves(Buffers);
static std::vector<std::vector<int8_t>> bytes(Buffers);

static void fill()
{
    std::mt19937 random(5);
    std::uniform_real_distribution<float> unit(0, 1);
    std::normal_distribution<float> normal(0, 1);
    for (int k = 0; k < Buffers; k++) {
        auto &a = wide[k];
        a.resize(84 * Cells);
        for (int i = 0; i < 4 * Cells; i++)
            a[i] = 1 + 600 * unit(random);
        for (size_t i = 4 * Cells; i < a.size(); i++)
            a[i] = sigmoid(-8.5f + 1.3f * normal(random));
        for (int object = 0; object < 50; object++) {
            int c = (int)(unit(random) * Classes), x = (int)(unit(random) * (Cells - 40));
            for (int j = 0; j < 12; j++)
                a[(size_t)(4 + c) * Cells + x + j * 3] = 0.26f + 0.7f * unit(random);
        }
        auto &b = rows5[k];
        b.resize((size_t)85 * Rows5);
        for (int i = 0; i < Rows5; i++) {
            float *row = &b[(size_t)i * 85];
            for (int j = 0; j < 4; j++)
                row[j] = 1 + 600 * unit(random);
            row[4] = sigmoid(-7 + 1.5f * normal(random));
            for (int j = 5; j < 85; j++)
                row[j] = sigmoid(-6 + 1.5f * normal(random));
        }
        for (int object = 0; object < 50; object++) {
            int c = (int)(unit(random) * Classes), x = (int)(unit(random) * (Rows5 - 40));
            for (int j = 0; j < 12; j++) {
                b[(size_t)(x + 3 * j) * 85 + 4] = 0.3f + 0.7f * unit(random);
                b[(size_t)(x + 3 * j) * 85 + 5 + c] = 0.5f + 0.5f * unit(random);
            }
        }
        auto &s = logits[k];
        s.resize((size_t)Priors * Logits);
        for (auto &v : s)
            v = -7 + 1.5f * normal(random);
        for (int object = 0; object < 50; object++) {
            int c = 1 + (int)(unit(random) * 90), x = (int)(unit(random) * 1880);
            for (int j = 0; j < 6; j++)
                s[(size_t)(x + j) * Logits + c] = -1 + 3 * unit(random);
        }
        halves[k].resize(a.size());
        bytes[k].resize(a.size());
        for (size_t i = 0; i < a.size(); i++) {
            halves[k][i] = plumb_half_from_float(a[i]);
            float value = i < 4 * Cells ? a[i] / 640 : a[i];
            bytes[k][i] = (int8_t)std::lrint(
                std::min(127.0f, std::max(-128.0f, value / ByteScale + ByteZero)));
        }
    }
    for (int i = 0; i < 4 * Priors; i++) {
        priors.push_back(0.1f + 0.8f * unit(random));
        deltas.push_back(normal(random));
    }
}

struct Method {
    std::string name;
    std::function<size_t()> run;
    std::vector<double> times;
    size_t count;
};
static std::vector<Method> methods;

static std::string only;

static void add(const char *name, std::function<size_t()> run)
{
    if (std::string(name).find(only) == std::string::npos)
        return;
    methods.push_back({ name, run, {}, 0 });
}

/* Microseconds of this thread: other processes on a shared machine are not counted. */
static double threadTime()
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * 1e6 + t.tv_nsec * 1e-3;
}

static double median(std::vector<double> &t)
{
    std::sort(t.begin(), t.end());
    return t[t.size() / 2];
}

static double timeOf(const std::string &name)
{
    for (auto &m : methods)
        if (m.name == name)
            return median(m.times);
    return 0;
}

/* Sum of the same bytes in order, with enough sums side by side that only memory is waited for: what
 * the machine allows. */
#if defined(__x86_64__)
__attribute__((target("avx2")))
#endif
static size_t readAll(const void *data, size_t size)
{
    typedef uint64_t Lanes __attribute__((vector_size(32), aligned(8)));
    const Lanes *p = (const Lanes *)data;
    Lanes sums[8] = {};
    for (size_t i = 0; i + 8 <= size / sizeof(Lanes); i += 8)
        for (size_t j = 0; j < 8; j++)
            sums[j] += p[i + j];
    for (int j = 1; j < 8; j++)
        sums[0] += sums[j];
    return sums[0][0] == 1;
}

static Hits hits;

template <typename T>
static void addPeer(const char *name, std::vector<std::vector<T>> &data,
                    void (*peer)(const T *, Hits &))
{
    add(name, [&data, peer] {
        peer(data[current].data(), hits);
        return hits.size();
    });
}

template <typename T>
static void addOurs(const char *name, plumb_head *head, std::vector<std::vector<T>> &data,
                    plumb_dtype dtype, int64_t a, int64_t b)
{
    add(name, [=, &data] {
        plumb_outputs outputs = {};
        outputs.count = 1;
        setTensor(outputs.tensors[0], data[current].data(), dtype, a, b);
        return decode(head, outputs);
    });
}

static void addAll()
{
    plumb_head *v8 = makeHead(PLUMB_HEAD_YOLOV8, 640), *v5 = makeHead(PLUMB_HEAD_YOLOV5, 640);
    plumb_head *ssd = makeHead(PLUMB_HEAD_SSD, 300);
    add("f32 read", [] { return readAll(&wide[current][4 * Cells], 80 * Cells * 4); });
    addOurs("f32 plumbline", v8, wide, PLUMB_DTYPE_FLOAT32, 84, Cells);
    addPeer("f32 rknn walk", wide, rknnWalk);
    addPeer("f32 column walk", wide, columnWalk);
    addPeer("f32 opencv sample", wide, opencvSample);
    add("f16 read", [] { return readAll(&halves[current][4 * Cells], 80 * Cells * 2); });
    addOurs("f16 plumbline", v8, halves, PLUMB_DTYPE_FLOAT16, 84, Cells);
    addPeer("f16 convert, walk", halves, halfSoft);
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2"))
        addPeer("f16 F16C, walk", halves, halfF16c);
#endif
    add("int8 read", [] { return readAll(&bytes[current][4 * Cells], 80 * Cells); });
    addOurs("int8 plumbline", v8, bytes, PLUMB_DTYPE_INT8, 84, Cells);
    addPeer("int8 rknn walk", bytes, rknnBytes);
    addPeer("int8 dequantise, walk", bytes, dequantiseBytes);
    add("ssd read", [] { return readAll(logits[current].data(), Priors * Logits * 4); });
    add("ssd plumbline", [ssd] {
        plumb_outputs outputs = {};
        outputs.count = 2;
        setTensor(outputs.tensors[0], deltas.data(), PLUMB_DTYPE_FLOAT32, Priors, 4);
        setTensor(outputs.tensors[1], logits[current].data(), PLUMB_DTYPE_FLOAT32, Priors, Logits);
        return decode(ssd, outputs);
    });
    addPeer("ssd sigmoid on all", logits, sigmoidEverywhere);
    addOurs("v5 plumbline", v5, rows5, PLUMB_DTYPE_FLOAT32, Rows5, 85);
    addPeer("v5 opencv, objectness first", rows5, opencvObjectness);
    addPeer("v5 all classes", rows5, allClasses);
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? std::atoi(argv[1]) : 5;
    only = argc > 2 ? argv[2] : "";
    cv::setNumThreads(1);
    fill();
    list.capacity = 30000;
    list.items = (plumb_detection *)std::calloc(list.capacity, sizeof(plumb_detection));
    addAll();
    for (int round = 0; round < rounds; round++)
        for (auto &m : methods) {
            for (current = 0; current < Buffers; current++)
                m.run();
            for (current = 0; current < Buffers; current++) {
                double start = threadTime();
                m.count = m.run();
                m.times.push_back(threadTime() - start);
            }
        }
    for (auto &m : methods)
        std::printf("%-28s %9.1f us  %zu found, %zu runs\n", m.name.c_str(), median(m.times),
                    m.count, m.times.size());
    const struct {
        const char *what, *ours, *peer;
    } ratios[] = {
        { "f32, part of the read floor", "f32 plumbline", "f32 read" },
        { "f32, times faster than the rknn walk", "f32 plumbline", "f32 rknn walk" },
        { "f32, times faster than the OpenCV sample", "f32 plumbline", "f32 opencv sample" },
        { "f16, part of the read floor", "f16 plumbline", "f16 read" },
        { "f16, times faster than F16C and a walk", "f16 plumbline", "f16 F16C, walk" },
        { "f16, times faster than conversion and a walk", "f16 plumbline", "f16 convert, walk" },
        { "int8, part of the read floor", "int8 plumbline", "int8 read" },
        { "int8, times faster than the rknn walk", "int8 plumbline", "int8 rknn walk" },
        { "int8, times faster than dequantising", "int8 plumbline", "int8 dequantise, walk" },
        { "ssd, part of the read floor", "ssd plumbline", "ssd read" },
        { "ssd, times faster than sigmoid on all", "ssd plumbline", "ssd sigmoid on all" },
        { "v5, times faster than OpenCV, objectness first", "v5 plumbline",
          "v5 opencv, objectness first" },
        { "v5, times faster than all classes", "v5 plumbline", "v5 all classes" },
    };
    for (auto &r : ratios)
        if (timeOf(r.peer) > 0 && timeOf(r.ours) > 0)
            std::printf("%-48s %6.2f\n", r.what, timeOf(r.peer) / timeOf(r.ours));
    return 0;
}
