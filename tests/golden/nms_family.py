#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Soft, weighted, merging, matrix and clustering suppression and every overlap measure, against
models written from the papers, as directly as numpy allows."""
import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from nms_sets import F, greedy, iou_row, random_set, run_driver  # noqa: E402
from tap import Tap  # noqa: E402

LIMITS = [0.1, 0.3, 0.45, 0.6, 0.8]


def sets_of(seed, count=16, **kind):
    rng = np.random.default_rng(seed)
    return [random_set(rng, int(rng.integers(1, 150)), ties=i % 4 == 0, **kind)
            for i in range(count)]


def iou_matrix(s):
    return np.stack([iou_row(b, s.boxes) for b in s.boxes])


def related(s, aware):
    same = s.classes[:, None] == s.classes[None, :]
    return same if aware else np.ones_like(same)


# --- models: each gives rows, scores, boxes and keypoints of what stays, best first ---

def soft(s, limit, aware, gaussian, sigma, smallest):
    """The published loop: take the best, lower all others, forget the weak."""
    overlap, same = iou_matrix(s), related(s, aware)
    scores = s.scores.astype(np.float64)
    left = [i for i in range(len(s)) if scores[i] >= smallest]
    kept = []
    while left:
        best = min(left, key=lambda i: (-scores[i], i))
        left.remove(best)
        kept.append(best)
        for i in left:
            o = float(overlap[best, i])
            if not same[best, i]:
                continue
            if gaussian:
                scores[i] *= np.exp(-o * o / sigma)
            elif o > F(limit):
                scores[i] *= 1 - o
        left = [i for i in left if scores[i] >= smallest]
    return kept, scores[kept], s.boxes[kept], None


def groups_of(s, limit, aware, overlap=None):
    """The best that is left with all that overlap it, again and again."""
    overlap = iou_matrix(s) if overlap is None else overlap
    same, left, groups = related(s, aware), list(s.order()), []
    while left:
        best = left[0]
        group = [i for i in left if i == best or (same[best, i] and overlap[best, i] > F(limit))]
        left = [i for i in left if i not in group]
        groups.append(group)
    return groups


def weighted_mean(s, group):
    weights = s.scores[group].astype(np.float64)
    box = (weights[:, None] * s.boxes[group]).sum(0) / weights.sum()
    points = (weights[:, None, None] * s.keypoints[group]).sum(0) / weights.sum()
    return box, points.ravel()


def of_groups(s, groups, blend):
    groups = sorted(groups, key=lambda g: (-float(s.scores[g[0]]), g[0]))
    mixed = [blend(s, g) for g in groups]
    rows = [int(g[0]) for g in groups]
    return (rows, s.scores[rows], np.array([m[0] for m in mixed]),
            np.array([m[1] for m in mixed]))


def weighted(s, limit, aware):
    return of_groups(s, groups_of(s, limit, aware), weighted_mean)


def hull_overlaps(s):
    """MediaPipe's JACCARD for every pair."""
    a, b = s.boxes[:, None], s.boxes[None]
    low, high = np.maximum(a[..., :2], b[..., :2]), np.minimum(a[..., 2:], b[..., 2:])
    around = np.maximum(a[..., 2:], b[..., 2:]) - np.minimum(a[..., :2], b[..., :2])
    common = np.maximum(high - low, F(0)).prod(-1, dtype=F)
    return common / around.prod(-1, dtype=F)


def mediapipe_weighted(s, limit, aware):
    return of_groups(s, groups_of(s, limit, aware, hull_overlaps(s)), weighted_mean)


def hull(s, group):
    boxes = s.boxes[group]
    return np.concatenate([boxes[:, :2].min(0), boxes[:, 2:].max(0)]), s.keypoints[group[0]].ravel()


def merge(s, limit, aware):
    return of_groups(s, groups_of(s, limit, aware), hull)


def matrix(s, aware, sigma, smallest):
    """SOLOv2's matrix form: decay = min over rows of exp(-o^2/sigma) / exp(-max^2/sigma)."""
    order = s.order()
    overlap = np.triu(iou_matrix(s)[np.ix_(order, order)].astype(np.float64)
                      * related(s, aware)[np.ix_(order, order)], 1)
    most = overlap.max(0)
    decay = (np.exp(-overlap ** 2 / sigma) / np.exp(-most[:, None] ** 2 / sigma)).min(0)
    scores = s.scores[order] * decay
    kept = sorted((i for i in range(len(s)) if scores[i] >= smallest),
                  key=lambda i: (-F(scores[i]), order[i]))
    rows = [int(order[i]) for i in kept]
    return rows, scores[kept], s.boxes[rows], None


def cluster(s, limit, aware, wanted):
    """DBSCAN by walking from core to core."""
    near = (iou_matrix(s) > F(limit)) & related(s, aware)
    np.fill_diagonal(near, True)
    core = near.sum(1) >= wanted
    label = np.full(len(s), -1)
    for start in range(len(s)):
        if not core[start] or label[start] >= 0:
            continue
        label[start], stack = start, [start]
        while stack:
            for other in np.nonzero(near[stack.pop()] & core & (label < 0))[0]:
                label[other] = start
                stack.append(other)
    rank = {row: r for r, row in enumerate(s.order())}
    for i in np.nonzero(~core)[0]:
        cores = np.nonzero(near[i] & core)[0]
        if len(cores):
            label[i] = label[min(cores, key=lambda c: rank[c])]
    groups = [[i for i in s.order() if label[i] == name] for name in set(label) if name >= 0]
    if not groups:
        return [], np.zeros(0), np.zeros((0, 4)), None
    return of_groups(s, groups, weighted_mean)


# --- overlap measures ---

def ios(s, i, rows):
    a, b = s.boxes[i], s.boxes[rows]
    w = np.minimum(a[2], b[:, 2]) - np.maximum(a[0], b[:, 0])
    h = np.minimum(a[3], b[:, 3]) - np.maximum(a[1], b[:, 1])
    common = np.maximum(w, F(0)) * np.maximum(h, F(0))
    return common / np.minimum((a[2] - a[0]) * (a[3] - a[1]),
                               (b[:, 2] - b[:, 0]) * (b[:, 3] - b[:, 1]))


def diou(s, i, rows):
    a, b = s.boxes[i], s.boxes[rows]
    half = F(0.5)
    dx = (a[0] + a[2]) * half - (b[:, 0] + b[:, 2]) * half
    dy = (a[1] + a[3]) * half - (b[:, 1] + b[:, 3]) * half
    w = np.maximum(a[2], b[:, 2]) - np.minimum(a[0], b[:, 0])
    h = np.maximum(a[3], b[:, 3]) - np.minimum(a[1], b[:, 1])
    return iou_row(a, b) - (dx * dx + dy * dy) / (w * w + h * h)


def corners_of(box, angle):
    box = box.astype(np.float64)
    center, size = (box[:2] + box[2:]) / 2, box[2:] - box[:2]
    c, n = np.cos(float(angle)), np.sin(float(angle))
    unit = np.array([[-.5, -.5], [.5, -.5], [.5, .5], [-.5, .5]]) * size
    return center + unit @ np.array([[c, n], [-n, c]])


def cross(u, v):
    return u[0] * v[1] - u[1] * v[0]


def clip(polygon, edges):
    """Sutherland and Hodgman: what of a convex polygon lies inside another, corner by corner."""
    for a, b in zip(edges, np.roll(edges, -1, 0)):
        result = []
        for p, q in zip(polygon, polygon[1:] + polygon[:1]):
            inside_p, inside_q = cross(b - a, p - a) >= 0, cross(b - a, q - a) >= 0
            if inside_p:
                result.append(p)
            if inside_p != inside_q:
                t = cross(b - a, p - a) / (cross(b - a, p - a) - cross(b - a, q - a))
                result.append(p + t * (q - p))
        polygon = result
        if not polygon:
            break
    return polygon


def polygon_area(polygon):
    if len(polygon) < 3:
        return 0.0
    p = np.array(polygon)
    x, y = p[:, 0] - p[0, 0], p[:, 1] - p[0, 1]
    return abs((x * np.roll(y, -1) - np.roll(x, -1) * y).sum()) / 2


def rotated(s, i, rows):
    values, first = [], corners_of(s.boxes[i], s.angles[i])
    for j in rows:
        second = corners_of(s.boxes[j], s.angles[j])
        common = polygon_area(clip(list(second), first))
        values.append(common / (polygon_area(first) + polygon_area(second) - common))
    return np.array(values).astype(F)


def probiou(s, i, rows):
    """As ultralytics' batch_probiou, in double."""
    def gaussian(boxes, angles):
        boxes, angles = boxes.astype(np.float64), angles.astype(np.float64)
        a, b = (boxes[..., 2] - boxes[..., 0]) ** 2 / 12, (boxes[..., 3] - boxes[..., 1]) ** 2 / 12
        c, n = np.cos(angles), np.sin(angles)
        return ((boxes[..., 0] + boxes[..., 2]) / 2, (boxes[..., 1] + boxes[..., 3]) / 2,
                a * c ** 2 + b * n ** 2, a * n ** 2 + b * c ** 2, (a - b) * c * n)
    x1, y1, a1, b1, c1 = gaussian(s.boxes[i], s.angles[i])
    x2, y2, a2, b2, c2 = gaussian(s.boxes[rows], s.angles[rows])
    eps = 1e-7
    det = (a1 + a2) * (b1 + b2) - (c1 + c2) ** 2
    t1 = ((a1 + a2) * (y1 - y2) ** 2 + (b1 + b2) * (x1 - x2) ** 2) / (det + eps) * 0.25
    t2 = ((c1 + c2) * (x2 - x1) * (y1 - y2)) / (det + eps) * 0.5
    sizes = np.sqrt(np.maximum(a1 * b1 - c1 ** 2, 0) * np.maximum(a2 * b2 - c2 ** 2, 0))
    t3 = np.log(det / (4 * sizes + eps) + eps) * 0.5
    bd = np.clip(t1 + t2 + t3, eps, 100)
    return (1 - np.sqrt(1 - np.exp(-bd) + eps)).astype(F)


# --- the comparison ---

def same_result(ours, model, tolerance=2e-5):
    rows, scores, boxes, points = model
    if sorted(ours.rows) != sorted(rows):
        return False
    at = [ours.rows.index(r) for r in rows]
    close = np.allclose(ours.scores[at], scores, rtol=tolerance, atol=1e-7)
    close &= np.allclose(ours.boxes[at], boxes, rtol=1e-6, atol=2e-4)
    if points is not None and len(rows):
        close &= np.allclose(ours.keypoints[at], points, rtol=1e-6, atol=2e-4)
    ordered = all(ours.scores[i] >= ours.scores[i + 1] for i in range(len(ours.rows) - 1))
    return bool(close and ordered)


def compare(tap, driver, name, sets, model, limits=LIMITS, **settings):
    wrong = total = 0
    for limit in limits:
        for s, ours in zip(sets, run_driver(driver, sets, iou=limit, **settings)):
            wrong += not same_result(ours, model(s, limit))
            total += 1
    tap.check("%s: %d sets" % (name, total), wrong == 0, ["%d sets differ" % wrong])


def test_opencv_soft(tap, driver):
    """OpenCV's own softNMSBoxes, on whole boxes since it takes no others."""
    try:
        import cv2
        call = cv2.dnn.softNMSBoxes
    except (ImportError, AttributeError):
        tap.skip("opencv softNMSBoxes", "cv2.dnn.softNMSBoxes is not installed")
        return
    sets = [s for s in sets_of(20, whole=True)]
    for name, method, code in [("soft-linear", "linear", 1), ("soft-gaussian", "gaussian", 2)]:
        wrong = 0
        for limit in (0.3, 0.5):
            answers = run_driver(driver, sets, method=name, iou=limit, min_score=0.1, sigma=0.5)
            for s, ours in zip(sets, answers):
                rects = np.concatenate([s.boxes[:, :2], s.boxes[:, 2:] - s.boxes[:, :2]], 1)
                scores, rows = call(rects.astype(int).tolist(), s.scores.tolist(), 0.1, limit, 0,
                                    0.5, code)
                theirs = dict(zip(np.ravel(rows).tolist(), np.ravel(scores).tolist()))
                mine = dict(zip(ours.rows, ours.scores))
                wrong += (theirs.keys() != mine.keys()
                          or any(abs(theirs[r] - mine[r]) > 1e-5 for r in mine))
        tap.check("opencv softNMSBoxes, " + method, wrong == 0, ["%d sets differ" % wrong])


def main(driver):
    tap = Tap()
    plain, points = sets_of(10), sets_of(11, keypoints=3)
    for aware in (0, 1):
        title = ", by class" if aware else ""
        for gaussian, name in [(False, "soft-linear"), (True, "soft-gaussian")]:
            compare(tap, driver, name + title, plain,
                    lambda s, t, g=gaussian: soft(s, t, aware, g, 0.5, 0.05), method=name,
                    class_aware=aware, min_score=0.05, sigma=0.5)
        compare(tap, driver, "weighted" + title, points, lambda s, t: weighted(s, t, aware),
                method="weighted", class_aware=aware, keypoints=3)
        compare(tap, driver, "weighted as mediapipe" + title, points,
                lambda s, t: mediapipe_weighted(s, t, aware), method="weighted",
                compat="mediapipe", class_aware=aware, keypoints=3)
        compare(tap, driver, "merge" + title, points, lambda s, t: merge(s, t, aware),
                method="merge", class_aware=aware, keypoints=3)
        compare(tap, driver, "matrix" + title, plain, lambda s, t: matrix(s, aware, 0.5, 0.02),
                limits=[0.5], method="matrix", class_aware=aware, min_score=0.02, sigma=0.5)
        for wanted in (1, 2, 4):
            compare(tap, driver, "cluster of %d%s" % (wanted, title), points,
                    lambda s, t, w=wanted: cluster(s, t, aware, w), method="cluster",
                    class_aware=aware, min_neighbours=wanted, keypoints=3)
    turned = sets_of(12, angles=True)
    for name, overlap, some in [("ios", ios, plain), ("diou", diou, plain),
                                ("rotated", rotated, turned), ("probiou", probiou, turned)]:
        def model(s, t, o=overlap):
            rows = greedy(s, o, t, True)
            return rows, s.scores[rows], s.boxes[rows], None
        compare(tap, driver, "hard by " + name, some, model, method="hard", overlap=name,
                class_aware=1)
    test_opencv_soft(tap, driver)
    tap.done()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
