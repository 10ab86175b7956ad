/* SPDX-License-Identifier: Apache-2.0 */
#include "nms_peers.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include <opencv2/dnn.hpp>

static Kept by_score(const Candidates &c)
{
    Kept order(c.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(),
                     [&](int a, int b) { return c.scores[a] > c.scores[b]; });
    return order;
}

static float overlap(const float *p, const float *q)
{
    float w = std::min(p[2], q[2]) - std::max(p[0], q[0]);
    float h = std::min(p[3], q[3]) - std::max(p[1], q[1]);
    return std::max(w, 0.0f) * std::max(h, 0.0f);
}

static float area(const float *p)
{
    return (p[2] - p[0]) * (p[3] - p[1]);
}

/* Flags over a sorted index, as in torchvision's CPU kernel. */
void textbook(const Candidates &c, float limit, bool class_aware, Kept &kept)
{
    Kept order = by_score(c);
    std::vector<float> areas(c.size());
    std::vector<unsigned char> struck(c.size());
    for (size_t i = 0; i < c.size(); i++)
        areas[i] = area(&c.corners[4 * i]);
    kept.clear();
    for (size_t a = 0; a < order.size(); a++) {
        int i = order[a];
        if (struck[i])
            continue;
        kept.push_back(i);
        for (size_t b = a + 1; b < order.size(); b++) {
            int j = order[b];
            if (struck[j] || (class_aware && c.classes[i] != c.classes[j]))
                continue;
            float common = overlap(&c.corners[4 * i], &c.corners[4 * j]);
            if (common / (areas[i] + areas[j] - common) > limit)
                struck[j] = 1;
        }
    }
}

/* Every candidate against the whole list of the kept, as in ncnn's examples. */
static void ncnn_like(const Candidates &c, float limit, bool class_aware, Kept &kept)
{
    Kept order = by_score(c);
    std::vector<float> areas(c.size());
    for (size_t i = 0; i < c.size(); i++)
        areas[i] = area(&c.corners[4 * i]);
    kept.clear();
    for (int i : order) {
        bool keep = true;
        for (int k : kept) {
            if (class_aware && c.classes[i] != c.classes[k])
                continue;
            float common = overlap(&c.corners[4 * i], &c.corners[4 * k]);
            if (common / (areas[i] + areas[k] - common) > limit)
                keep = false;
        }
        if (keep)
            kept.push_back(i);
    }
}

/* One pass over everything for each class, one pixel added to every side, as in rknn_model_zoo. */
static void rknn_like(const Candidates &c, float limit, bool class_aware, Kept &kept)
{
    Kept order = by_score(c);
    std::set<int> classes{ 0 };
    if (class_aware)
        classes = std::set<int>(c.classes.begin(), c.classes.end());
    auto size = [&](const float *p) { return (p[2] - p[0] + 1.0f) * (p[3] - p[1] + 1.0f); };
    for (int id : classes) {
        for (size_t a = 0; a < order.size(); a++) {
            int i = order[a];
            if (i < 0 || (class_aware && c.classes[i] != id))
                continue;
            for (size_t b = a + 1; b < order.size(); b++) {
                int j = order[b];
                if (j < 0 || (class_aware && c.classes[j] != id))
                    continue;
                const float *p = &c.corners[4 * i], *q = &c.corners[4 * j];
                float w = std::fmax(0.0f, std::fmin(p[2], q[2]) - std::fmax(p[0], q[0]) + 1.0f);
                float h = std::fmax(0.0f, std::fmin(p[3], q[3]) - std::fmax(p[1], q[1]) + 1.0f);
                float common = w * h, all = size(p) + size(q) - common;
                if (all > 0.0f && common / all > limit)
                    order[b] = -1;
            }
        }
    }
    kept.clear();
    for (int i : order)
        if (i >= 0)
            kept.push_back(i);
}

static void opencv(const Candidates &c, float limit, Kept &kept)
{
    cv::dnn::NMSBoxes(c.rects, c.scores, 0.0f, limit, kept);
}

/* Every class moved to a place of its own, the idea of NMSBoxesBatched. */
static void opencv_offset(const Candidates &c, float limit, Kept &kept)
{
    std::vector<cv::Rect2d> moved(c.rects);
    double far = 0.0;
    for (const cv::Rect2d &r : moved)
        far = std::max(far, std::max(r.x + r.width, r.y + r.height));
    for (size_t i = 0; i < moved.size(); i++) {
        moved[i].x += c.classes[i] * (far + 1.0);
        moved[i].y += c.classes[i] * (far + 1.0);
    }
    cv::dnn::NMSBoxes(moved, c.scores, 0.0f, limit, kept);
}

static void opencv_per_class(const Candidates &c, float limit, Kept &kept)
{
    int classes = 1 + *std::max_element(c.classes.begin(), c.classes.end());
    kept.clear();
    for (int id = 0; id < classes; id++) {
        std::vector<cv::Rect2d> rects;
        std::vector<float> scores;
        Kept index, picked;
        for (size_t i = 0; i < c.size(); i++) {
            if (c.classes[i] != id)
                continue;
            rects.push_back(c.rects[i]);
            scores.push_back(c.scores[i]);
            index.push_back((int)i);
        }
        cv::dnn::NMSBoxes(rects, scores, 0.0f, limit, picked);
        for (int i : picked)
            kept.push_back(index[i]);
    }
}

const std::vector<Peer> peers = {
    { "textbook", false, true,
      [](const Candidates &c, float t, Kept &k) { textbook(c, t, false, k); } },
    { "ncnn-like", false, true,
      [](const Candidates &c, float t, Kept &k) { ncnn_like(c, t, false, k); } },
    { "rknn-like", false, false,
      [](const Candidates &c, float t, Kept &k) { rknn_like(c, t, false, k); } },
    { "opencv NMSBoxes", false, true, opencv },
    { "textbook", true, true,
      [](const Candidates &c, float t, Kept &k) { textbook(c, t, true, k); } },
    { "ncnn-like", true, true,
      [](const Candidates &c, float t, Kept &k) { ncnn_like(c, t, true, k); } },
    { "rknn-like", true, false,
      [](const Candidates &c, float t, Kept &k) { rknn_like(c, t, true, k); } },
    { "opencv offset", true, true, opencv_offset },
    { "opencv per class", true, true, opencv_per_class },
};
