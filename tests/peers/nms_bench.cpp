/* SPDX-License-Identifier: Apache-2.0
 *
 * Suppression side by side with its peers, in one run on one thread:
 *
 *     ninja tests/peers/nms_bench && tests/peers/nms_bench [clusters|classes|hard|million|real|ours]
 *         [REAL.txt ...]
 *
 * "ours" leaves the peers out. A REAL file has lines of "x0 y0 x1 y1 score class"; nms_real.py
 * makes them. Prints medians in
 * microseconds and how many times longer than ours a peer takes. "differs" follows a peer that
 * keeps another set than the textbook loop; ours must never.
 */
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <functional>
#include <random>

#include "nms_peers.h"
#include "plumbline/postprocess.h"

/* Time of this thread on a CPU, in microseconds: on a busy machine a wall clock would charge long
 * runs with what others did in between. */
static double now()
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static std::vector<plumb_detection> detections_of(const Candidates &c)
{
    std::vector<plumb_detection> items(c.size());
    for (size_t i = 0; i < c.size(); i++) {
        std::memset(&items[i], 0, sizeof(items[i]));
        std::memcpy(&items[i].box, &c.corners[4 * i], sizeof(items[i].box));
        items[i].score = c.scores[i];
        items[i].class_id = c.classes[i];
        items[i].row = (int32_t)i;
        items[i].keypoints = -1;
    }
    return items;
}

/* Our handle. It serves all sets, as it serves all frames of a camera. */
class Ours
{
  public:
    Ours(size_t most, float limit, bool class_aware, uint32_t cpu)
    {
        plumb_context context = PLUMB_CONTEXT_INIT;
        plumb_nms_spec spec = PLUMB_NMS_SPEC_INIT;
        context.cpu = cpu;
        spec.method = PLUMB_NMS_HARD;
        spec.iou = limit;
        spec.class_aware = class_aware;
        spec.max_candidates = std::max<size_t>(most, 1);
        spec.max_detections = 1;
        plumb_diag diag = {};
        if (plumb_nms_create(&context, &spec, &nms, &diag)) {
            std::fprintf(stderr, "%s: %s\n", diag.field, diag.message);
            std::exit(1);
        }
    }
    ~Ours()
    {
        plumb_nms_destroy(&nms);
    }
    void run(plumb_detections &list)
    {
        if (plumb_nms_run(nms, &list, nullptr, nullptr, nullptr))
            std::exit(1);
    }

  private:
    plumb_nms *nms = nullptr;
};

/* A list, filled anew for each run. */
class Frame
{
  public:
    explicit Frame(const Candidates &c) : source(detections_of(c)), items(source)
    {
    }
    void refill()
    {
        std::memcpy(items.data(), source.data(), source.size() * sizeof(source[0]));
        list = {};
        list.items = items.data();
        list.count = list.capacity = items.size();
        list.space = PLUMB_SPACE_UPRIGHT;
    }
    Kept kept() const
    {
        Kept rows;
        for (size_t i = 0; i < list.count; i++)
            rows.push_back(list.items[i].row);
        return rows;
    }
    plumb_detections list = {};

  private:
    std::vector<plumb_detection> source, items;
};

/* Median time of one run over `sets` that are taken in turn, of at least 3 measurements and, where
 * they are short, of as many as fit into the budget. Short runs are measured `batch` at a time,
 * since reading the clock takes some of their time; what `prepare` writes for long ones is still
 * in the cache, as what a decoder has just written is. */
static double median(double budget_us, size_t sets, size_t batch,
                     const std::function<void(size_t)> &prepare,
                     const std::function<void(size_t)> &run)
{
    std::vector<double> times;
    double total = 0.0;
    size_t at = 0;
    while (times.size() < 3 || (total < budget_us && times.size() < 4000)) {
        for (size_t i = 0; i < batch; i++)
            prepare((at + i) % sets);
        double start = now();
        for (size_t i = 0; i < batch; i++)
            run((at + i) % sets);
        double time = now() - start;
        times.push_back(time / (double)batch);
        total += time;
        at = (at + batch) % sets;
        if (total > 5e6)
            break;
    }
    std::sort(times.begin(), times.end());
    return times[times.size() / 2];
}

static Kept sorted(Kept kept)
{
    std::sort(kept.begin(), kept.end());
    return kept;
}

/* `sets` are alike; small ones are taken in turn, so that no branch predictor learns one by
 * heart. */
static void compare(const char *title, const std::vector<Candidates> &sets, float limit,
                    bool class_aware, bool alone = false)
{
    Kept reference, kept;
    textbook(sets[0], limit, class_aware, reference);
    std::printf("\n%s, %zu candidates, %s, IoU %.2f, %zu kept\n", title, sets[0].size(),
                class_aware ? "by class" : "one class", (double)limit, reference.size());
    double ours[2];
    const uint32_t cpus[2] = { PLUMB_CPU_AUTO, PLUMB_CPU_NONE };
    std::vector<Frame> frames(sets.begin(), sets.end());
    size_t batch = sets[0].size() < 500 ? std::min<size_t>(sets.size(), 16) : 1;
    std::vector<Candidates> fresh(sets.size());
    for (int i = 0; i < 2; i++) {
        Ours nms(sets[0].size(), limit, class_aware, cpus[i]);
        ours[i] = median(
            3e5, frames.size(), batch, [&](size_t at) { frames[at].refill(); },
            [&](size_t at) { nms.run(frames[at].list); });
        frames[0].refill();
        nms.run(frames[0].list);
        std::printf("  %-18s %12.2f us%s\n", i ? "plumbline, C only" : "plumbline", ours[i],
                    frames[0].kept() == reference ? "" : "   DIFFERS");
    }
    for (const Peer &peer : peers) {
        if (alone || peer.class_aware != class_aware)
            continue;
        double time = median(
            5e5, sets.size(), batch, [&](size_t at) { fresh[at] = sets[at]; },
            [&](size_t at) { peer.run(fresh[at], limit, kept); });
        peer.run(sets[0], limit, kept);
        bool same = sorted(kept) == sorted(reference);
        std::printf("  %-18s %12.2f us  %8.1f x   %s\n", peer.name, time, time / ours[0],
                    same ? "" : "differs");
    }
    std::fflush(stdout);
}

static void add(Candidates &c, double x, double y, double w, double h, double score, int id)
{
    const float corners[4] = { (float)(x - w / 2), (float)(y - h / 2), (float)(x + w / 2),
                               (float)(y + h / 2) };
    c.corners.insert(c.corners.end(), corners, corners + 4);
    c.scores.push_back((float)score);
    c.classes.push_back(id);
    c.rects.emplace_back(corners[0], corners[1], (double)corners[2] - corners[0],
                         (double)corners[3] - corners[1]);
}

/* Twenty boxes an object; objects with sides of 8 to 256 pixels, boxes jittered by 8 %. The
 * picture grows with the number, as it does for detectors that give that many. */
static Candidates clusters(size_t count, int classes, unsigned seed)
{
    std::mt19937 random(seed);
    std::uniform_real_distribution<double> unit(0, 1);
    std::normal_distribution<double> normal(0, 1);
    double side = count <= 8400 ? 640 : count <= 25200 ? 1280 : 3840;
    struct Object {
        double x, y, w, h;
        int id;
    };
    std::vector<Object> objects(std::max<size_t>(1, count / 20));
    for (Object &o : objects) {
        o.w = 8 * std::pow(32.0, unit(random));
        o.h = o.w * std::exp(0.4 * normal(random));
        o.x = unit(random) * side;
        o.y = unit(random) * side;
        o.id = (int)(unit(random) * classes);
    }
    Candidates c;
    for (size_t i = 0; i < count; i++) {
        const Object &o = objects[(size_t)(unit(random) * (double)objects.size())];
        double e[4], sum = 0.0;
        for (double &value : e) {
            value = normal(random);
            sum += value * value;
        }
        int id = unit(random) < 0.1 ? (int)(unit(random) * classes) : o.id;
        add(c, o.x + 0.08 * o.w * e[0], o.y + 0.08 * o.h * e[1], o.w * std::exp(0.08 * e[2]),
            o.h * std::exp(0.08 * e[3]), 0.25 + 0.72 * unit(random) * std::exp(-0.15 * sum), id);
    }
    return c;
}

static const char *const hard_names[] = { "disjoint", "identical", "uniform",
                                          "thin",     "nested",    "crowd" };

/* Where greedy suppression is hard: much is kept, or everything overlaps. */
static Candidates hard_set(int kind, size_t count, unsigned seed)
{
    std::mt19937 random(seed);
    std::uniform_real_distribution<double> unit(0, 1);
    size_t columns = (size_t)std::ceil(std::sqrt((double)count));
    Candidates c;
    for (size_t i = 0; i < count; i++) {
        double x = unit(random) * 640, y = unit(random) * 640;
        double w = 8 * std::exp(unit(random) * 3.4), h = 8 * std::exp(unit(random) * 3.4);
        if (kind == 0) {
            x = (double)(i % columns) * 10 + 5;
            y = (double)(i / columns) * 10 + 5;
            w = h = 9;
        } else if (kind == 1) {
            x = y = 300;
            w = h = 50;
        } else if (kind == 3) {
            w = 400;
            h = 4;
        } else if (kind == 4) {
            x = y = 320;
            w = h = 1 + (double)i * 0.1;
        } else if (kind == 5) {
            x = 300 + unit(random) * 64;
            y = 300 + unit(random) * 64;
            w = 20 + unit(random) * 20;
            h = 20 + unit(random) * 20;
        }
        add(c, x, y, w, h, 0.25 + 0.7 * unit(random), 0);
    }
    return c;
}

static void million()
{
    Candidates c;
    std::mt19937 random(5);
    std::uniform_real_distribution<double> unit(0, 1);
    for (int i = 0; i < 1000000; i++)
        add(c, 320 + unit(random), 320 + unit(random), 200 + unit(random), 200 + unit(random),
            unit(random), 0);
    Ours nms(30000, 0.45f, false, PLUMB_CPU_AUTO);
    Frame frame(c);
    double time = median(
        1e6, 1, 1, [&](size_t) { frame.refill(); }, [&](size_t) { nms.run(frame.list); });
    std::printf("\n1,000,000 that all overlap, best 30,000 taken: %.2f ms, %zu kept\n", time / 1e3,
                frame.kept().size());
}

/* Empty boxes, which clipping to the image leaves, are not candidates for us: left out for all. */
static Candidates read_file(const char *path)
{
    Candidates c;
    std::FILE *file = std::fopen(path, "r");
    double x0, y0, x1, y1, score;
    int id;
    while (file &&
           std::fscanf(file, "%lf %lf %lf %lf %lf %d", &x0, &y0, &x1, &y1, &score, &id) == 6)
        if (x1 > x0 && y1 > y0)
            add(c, (x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0, score, id);
    if (file)
        std::fclose(file);
    return c;
}

/* The same boxes in many orders: no camera gives the same list twice. */
static std::vector<Candidates> shuffled(const Candidates &c)
{
    std::mt19937 random(9);
    std::vector<Candidates> sets;
    std::vector<size_t> order(c.size());
    for (size_t i = 0; i < order.size(); i++)
        order[i] = i;
    for (size_t k = 0; k < 1 + 64000 / std::max<size_t>(c.size(), 1); k++) {
        std::shuffle(order.begin(), order.end(), random);
        Candidates set;
        for (size_t i : order) {
            set.corners.insert(set.corners.end(), &c.corners[4 * i], &c.corners[4 * i] + 4);
            set.scores.push_back(c.scores[i]);
            set.classes.push_back(c.classes[i]);
            set.rects.push_back(c.rects[i]);
        }
        sets.push_back(set);
    }
    return sets;
}

int main(int count, char **arguments)
{
    cv::setNumThreads(1);
    const char *only = count > 1 ? arguments[1] : "";
    for (int aware = 0; aware < 2; aware++)
        if (!*only || !std::strcmp(only, aware ? "classes" : "clusters"))
            for (size_t n : { 100, 1000, 8400, 25200, 100000 }) {
                std::vector<Candidates> sets;
                for (unsigned i = 0; i < 1 + 64000 / n; i++)
                    sets.push_back(clusters(n, 80, 1234u + (unsigned)n + 77 * i));
                compare("clusters", sets, 0.45f, aware);
            }
    if (!*only || !std::strcmp(only, "hard"))
        for (int kind = 0; kind < 6; kind++) {
            std::vector<Candidates> sets;
            for (unsigned i = 0; i < 8; i++)
                sets.push_back(hard_set(kind, 8400, 3 + i));
            compare(hard_names[kind], sets, 0.45f, false);
        }
    if (!*only || !std::strcmp(only, "million"))
        million();
    for (int i = 2; i < count; i++)
        for (int aware = 0; aware < 2; aware++)
            compare(std::strrchr(arguments[i], '/') ? std::strrchr(arguments[i], '/') + 1
                                                    : arguments[i],
                    shuffled(read_file(arguments[i])), 0.45f, aware, !std::strcmp(only, "ours"));
    return 0;
}
