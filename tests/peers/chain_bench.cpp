/* SPDX-License-Identifier: Apache-2.0
 *
 * From the raw output of a YOLOv8 to detections as one call, beside what the OpenCV samples write:
 * decode with a threshold, map to the picture, NMS by class, 32 regions. One thread, medians of its
 * processor time over rotating outputs.
 *
 *     ninja tests/peers/chain_bench && tests/peers/chain_bench [ROUNDS]
 */
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <random>
#include <string>
#include <vector>

#include <opencv2/core.hpp>
#include <opencv2/dnn.hpp>
#include <opencv2/imgproc.hpp>

#include "plumbline/pipeline.h"

enum { Cells = 8400, Classes = 80, Buffers = 24, Regions = 32, Corners = 6 };
static const float Confidence = 0.25f, Iou = 0.45f;
static const int Width = 1280, Height = 720;

static std::vector<std::vector<float>> outputs;
static std::vector<std::vector<cv::Point2f>> polygons;

static double now_us()
{
    timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return double(t.tv_sec) * 1e6 + double(t.tv_nsec) * 1e-3;
}

/* About a thousand boxes above the threshold, in clusters of one class as a network gives them. */
static void fill()
{
    std::mt19937 random(3);
    std::uniform_real_distribution<float> unit(0, 1);
    for (int b = 0; b < Buffers; b++) {
        std::vector<float> o(size_t(4 + Classes) * Cells);
        for (float &v : o)
            v = 0.05f * unit(random);
        for (int object = 0; object < 60; object++) {
            float x = 40 + 560 * unit(random), y = 160 + 320 * unit(random);
            float w = 20 + 120 * unit(random), h = 20 + 120 * unit(random);
            int c = int(unit(random) * Classes);
            for (int k = 0; k < 17; k++) {
                size_t cell = size_t(unit(random) * Cells);
                o[cell] = x + 0.08f * w * (unit(random) - 0.5f);
                o[Cells + cell] = y + 0.08f * h * (unit(random) - 0.5f);
                o[2 * Cells + cell] = w * (0.9f + 0.2f * unit(random));
                o[3 * Cells + cell] = h * (0.9f + 0.2f * unit(random));
                o[size_t(4 + c) * Cells + cell] = 0.26f + 0.7f * unit(random);
            }
        }
        outputs.push_back(o);
    }
    for (int r = 0; r < Regions; r++) {
        float x = 100 + 1080 * unit(random), y = 80 + 560 * unit(random);
        std::vector<cv::Point2f> polygon;
        for (int k = 0; k < Corners; k++)
            polygon.push_back({ x + 60 * cosf(float(k) * 6.2832f / Corners),
                                y + 40 * sinf(float(k) * 6.2832f / Corners) });
        polygons.push_back(polygon);
    }
}

static plumb_session *open_session(plumb_pipeline **pipeline)
{
    static std::vector<plumb_region_spec> regions;
    static std::vector<std::vector<plumb_point>> points;
    static std::vector<std::string> names;
    points.reserve(Regions);
    names.reserve(Regions);
    for (int r = 0; r < Regions; r++) {
        points.emplace_back();
        for (const cv::Point2f &p : polygons[size_t(r)])
            points.back().push_back({ double(p.x), double(p.y) });
        names.push_back("region " + std::to_string(r));
        plumb_region_spec spec = PLUMB_REGION_SPEC_INIT;
        spec.name = names.back().c_str();
        spec.space = PLUMB_SPACE_UPRIGHT;
        spec.shape = PLUMB_SHAPE_POLYGON;
        spec.points = points.back().data();
        spec.point_count = Corners;
        spec.measure = PLUMB_MEASURE_CENTER;
        spec.at_least = 0.5f;
        spec.effect = PLUMB_EFFECT_REJECT;
        regions.push_back(spec);
    }
    plumb_pipeline_spec spec = PLUMB_PIPELINE_SPEC_INIT;
    if (plumb_preprocess_profile("ultralytics", &spec.preprocess))
        std::exit(1);
    spec.preprocess.mapping.input = { 640, 640 };
    spec.head.type = PLUMB_HEAD_YOLOV8;
    spec.threshold.confidence = Confidence;
    spec.nms.method = PLUMB_NMS_HARD;
    spec.nms.iou = Iou;
    spec.nms.class_aware = true;
    spec.regions = regions.data();
    spec.region_count = regions.size();
    plumb_diag diag = {};
    plumb_session *session = nullptr;
    if (plumb_pipeline_create(nullptr, &spec, pipeline, &diag) ||
        plumb_session_create(*pipeline, nullptr, &session, &diag)) {
        std::fprintf(stderr, "%s: %s\n", diag.field, diag.message);
        std::exit(1);
    }
    return session;
}

static size_t ours(plumb_session *session, std::vector<float> &data)
{
    plumb_outputs o = {};
    o.count = 1;
    plumb_tensor &t = o.tensors[0];
    t.data = data.data();
    t.size = data.size() * sizeof(float);
    t.dtype = PLUMB_DTYPE_FLOAT32;
    t.rank = 3;
    t.shape[0] = 1;
    t.shape[1] = 4 + Classes;
    t.shape[2] = Cells;
    plumb_result result;
    plumb_diag diag = {};
    if (plumb_session_postprocess(session, { Width, Height }, PLUMB_ORIENTATION_UP, nullptr, &o,
                                  nullptr, &result, &diag)) {
        std::fprintf(stderr, "%s: %s\n", diag.field, diag.message);
        std::exit(1);
    }
    return result.detections->count;
}

/* The way of OpenCV's own samples for these outputs, with boxes in double and the offset by class. */
static size_t opencv(std::vector<float> &data)
{
    cv::Mat raw(4 + Classes, Cells, CV_32F, data.data()), rows;
    cv::transpose(raw, rows);
    std::vector<cv::Rect2d> boxes, shifted;
    std::vector<float> scores;
    std::vector<int> classes, kept;
    for (int i = 0; i < rows.rows; i++) {
        double score;
        cv::Point best;
        cv::minMaxLoc(rows.row(i).colRange(4, 4 + Classes), nullptr, &score, nullptr, &best);
        if (score <= Confidence)
            continue;
        const float *row = rows.ptr<float>(i);
        double w = row[2] * 2.0, h = row[3] * 2.0;
        cv::Rect2d box(row[0] * 2.0 - w / 2, (row[1] - 140.0) * 2.0 - h / 2, w, h);
        boxes.push_back(box);
        shifted.push_back(box + cv::Point2d(best.x * 8192.0, 0));
        scores.push_back(float(score));
        classes.push_back(best.x);
    }
    cv::dnn::NMSBoxes(shifted, scores, Confidence, Iou, kept);
    size_t count = 0;
    for (int k : kept) {
        cv::Point2f center(float(boxes[size_t(k)].x + boxes[size_t(k)].width / 2),
                           float(boxes[size_t(k)].y + boxes[size_t(k)].height / 2));
        bool inside = false;
        for (const auto &polygon : polygons)
            inside = cv::pointPolygonTest(polygon, center, false) >= 0 || inside;
        count += !inside;
    }
    return count;
}

static double median(std::vector<double> t)
{
    std::sort(t.begin(), t.end());
    return t[t.size() / 2];
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? std::atoi(argv[1]) : 120;
    cv::setNumThreads(1);
    fill();
    plumb_pipeline *pipeline = nullptr;
    plumb_session *session = open_session(&pipeline);
    std::vector<double> a, b;
    size_t found = 0, peer = 0;
    for (int i = 0; i < rounds; i++) {
        std::vector<float> &data = outputs[size_t(i % Buffers)];
        double start = now_us();
        found = ours(session, data);
        double middle = now_us();
        peer = opencv(outputs[size_t((i + Buffers / 2) % Buffers)]);
        b.push_back(now_us() - middle);
        a.push_back(middle - start);
        if (opencv(data) != found)
            std::printf("another count: %zu and %zu\n", found, opencv(data));
    }
    std::printf("decode, NMS by class and %d regions as one call, %zu and %zu left: "
                "plumbline %.1f us, OpenCV sample chain %.1f us, %.1f x\n",
                int(Regions), found, peer, median(a), median(b), median(b) / median(a));
    const plumb_stage stages[] = { PLUMB_STAGE_DECODE, PLUMB_STAGE_NMS, PLUMB_STAGE_REGIONS };
    for (plumb_stage stage : stages)
        std::printf("  %s %.1f us\n", plumb_stage_name(stage),
                    plumb_session_timing(session, stage).median_ms * 1e3);
    plumb_session_destroy(&session);
    plumb_pipeline_destroy(&pipeline);
    return 0;
}
