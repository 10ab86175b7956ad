/* SPDX-License-Identifier: Apache-2.0
 *
 * The loops that suppression is timed against, written here after the structure of the named
 * examples, and OpenCV itself. All keep what our textbook loop keeps, unless they say otherwise.
 */
#ifndef TESTS_PEERS_NMS_PEERS_H
#define TESTS_PEERS_NMS_PEERS_H

#include <string>
#include <vector>

#include <opencv2/core.hpp>

/* Boxes in the form each peer wants, made before the clock starts. */
struct Candidates {
    std::vector<float> corners; /* x0 y0 x1 y1 */
    std::vector<float> scores;
    std::vector<int> classes;
    std::vector<cv::Rect2d> rects;

    size_t size() const
    {
        return scores.size();
    }
};

using Kept = std::vector<int>;

struct Peer {
    const char *name;
    bool class_aware;
    bool same_result; /* as the textbook loop */
    void (*run)(const Candidates &candidates, float limit, Kept &kept);
};

extern const std::vector<Peer> peers;

void textbook(const Candidates &candidates, float limit, bool class_aware, Kept &kept);

#endif
