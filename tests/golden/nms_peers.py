#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The kept sets of other systems: OpenCV and torchvision run here, the others as loops written
after their published sources."""
import importlib
import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from nms_sets import F, greedy, iou_row, random_set, run_driver  # noqa: E402
from tap import Tap  # noqa: E402

LIMITS = [0.1, 0.3, 0.45, 0.5, 0.7, 0.9]


def sets_of(seed, count=60, degenerate=False):
    rng = np.random.default_rng(seed)
    sets = []
    for i in range(count):
        s = random_set(rng, int(rng.integers(1, 160)), whole=i % 3 == 0, ties=i % 4 == 0)
        if degenerate:
            flat = rng.uniform(size=len(s)) < 0.1
            s.boxes[flat, 2] = s.boxes[flat, 0]
        sets.append(s)
    return sets


def many():
    """Enough to be found by cells instead of by a list."""
    rng = np.random.default_rng(9)
    return [random_set(rng, n, spread=s) for n in (2000, 7000) for s in (1, 4)]


def compare(tap, driver, name, sets, expected, **settings):
    """`expected(set, limit)` gives rows; order does not count."""
    different, kept = 0, 0
    for limit in LIMITS:
        for s, ours in zip(sets, run_driver(driver, sets, iou=limit, **settings)):
            theirs = expected(s, limit)
            different += sorted(ours.rows) != sorted(int(i) for i in theirs)
            kept += len(ours.rows)
    tap.check("%s: %d sets, %d kept" % (name, len(sets) * len(LIMITS), kept), different == 0,
              ["%d sets differ" % different])


def load(name):
    try:
        return importlib.import_module(name)
    except Exception as error:  # a broken installation is as absent as none
        print("# %s: %s" % (name, error))
        return None


def test_opencv(tap, driver):
    cv2 = load("cv2")
    if cv2 is None or not hasattr(cv2, "dnn"):
        tap.skip("opencv NMSBoxes", "cv2.dnn is not installed")
        return

    def boxes(s, limit):
        b = s.boxes.astype(np.float64)
        rects = np.concatenate([b[:, :2], b[:, 2:] - b[:, :2]], 1)
        return np.asarray(cv2.dnn.NMSBoxes(rects.tolist(), s.scores.tolist(), 0.0, limit)).ravel()

    compare(tap, driver, "opencv NMSBoxes", sets_of(1), boxes, method="hard", compat="opencv")
    compare(tap, driver, "opencv NMSBoxes, flat boxes too", sets_of(2, degenerate=True), boxes,
            method="hard", compat="opencv")
    compare(tap, driver, "opencv NMSBoxes of many", many(), boxes, method="hard", compat="opencv")


def test_torchvision(tap, driver):
    torch, ops = load("torch"), load("torchvision.ops")
    if torch is None or ops is None:
        tap.skip("torchvision nms", "torchvision is not installed")
        return

    def nms(s, limit):
        return ops.nms(torch.tensor(s.boxes), torch.tensor(s.scores), limit).tolist()

    def batched(s, limit):
        return ops.batched_nms(torch.tensor(s.boxes), torch.tensor(s.scores),
                               torch.tensor(s.classes), limit).tolist()

    compare(tap, driver, "torchvision nms", sets_of(3), nms, method="hard", compat="torchvision")
    compare(tap, driver, "torchvision nms, flat boxes too", sets_of(4, degenerate=True), nms,
            method="hard", compat="torchvision")
    compare(tap, driver, "torchvision nms of many", many(), nms, method="hard",
            compat="torchvision")
    compare(tap, driver, "torchvision nms is our own hard", sets_of(5), nms, method="hard")
    rng = np.random.default_rng(6)
    # 1,000 boxes are where it turns from its coordinate trick to one class after the other
    large = [random_set(rng, n, classes=c) for n in (500, 1000, 1001, 5000) for c in (3, 80)]
    compare(tap, driver, "torchvision batched_nms", large, batched, method="hard",
            compat="torchvision", class_aware=1)


def areas_of(boxes):
    return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])


def tflite(s, i, rows):
    """A box without area overlaps nothing."""
    overlap = iou_row(s.boxes[i], s.boxes[rows])
    overlap[areas_of(s.boxes[rows]) <= 0] = 0
    return overlap if areas_of(s.boxes[i]) > 0 else np.zeros_like(overlap)


def mediapipe(s, i, rows):
    """Intersection over the hull of both."""
    a, b = s.boxes[i], s.boxes[rows]
    w = np.minimum(a[2], b[:, 2]) - np.maximum(a[0], b[:, 0])
    h = np.minimum(a[3], b[:, 3]) - np.maximum(a[1], b[:, 1])
    hull = ((np.maximum(a[2], b[:, 2]) - np.minimum(a[0], b[:, 0]))
            * (np.maximum(a[3], b[:, 3]) - np.minimum(a[1], b[:, 1])))
    meet = (w > 0) & (h > 0)
    return np.where(meet, w * h / np.where(meet, hull, F(1)), F(0))


def nnstreamer(s, i, rows):
    """Whole numbers, a pixel more in the overlap alone."""
    def whole(b):
        return (np.trunc(np.maximum(b[..., 0], 0)).astype(int),
                np.trunc(np.maximum(b[..., 1], 0)).astype(int),
                np.trunc(b[..., 2] - b[..., 0]).astype(int),
                np.trunc(b[..., 3] - b[..., 1]).astype(int))
    ax, ay, aw, ah = whole(s.boxes[i])
    bx, by, bw, bh = whole(s.boxes[rows])
    w = np.maximum(0, np.minimum(ax + aw, bx + bw) - np.maximum(ax, bx) + 1)
    h = np.maximum(0, np.minimum(ay + ah, by + bh) - np.maximum(ay, by) + 1)
    common = (w * h).astype(F)
    with np.errstate(all="ignore"):
        overlap = common / (F(aw * ah) + (bw * bh).astype(F) - common)
    return np.where(overlap >= 0, overlap, F(0))


def rknn(s, i, rows):
    """A pixel more on every side; double inside an expression, float in each variable."""
    a, b = s.boxes[i].astype(np.float64), s.boxes[rows].astype(np.float64)
    side = lambda box, low, high: (s32(box[..., high]) - s32(box[..., low])).astype(np.float64) + 1.0
    s32 = lambda v: np.asarray(v, F)
    w = np.maximum(0.0, np.minimum(a[2], b[:, 2]) - np.maximum(a[0], b[:, 0]) + 1.0).astype(F)
    h = np.maximum(0.0, np.minimum(a[3], b[:, 3]) - np.maximum(a[1], b[:, 1]) + 1.0).astype(F)
    common = w * h
    all_of = (side(a, 0, 2) * side(a, 1, 3) + side(b, 0, 2) * side(b, 1, 3) - common).astype(F)
    return np.where(all_of <= 0, F(0), common / all_of)


def test_loops(tap, driver):
    sets, flat = sets_of(7), sets_of(8, degenerate=True)
    for name, overlap, some in [("tflite", tflite, flat), ("mediapipe", mediapipe, flat),
                                ("nnstreamer", nnstreamer, sets), ("rknn", rknn, sets)]:
        for aware in (0, 1):
            if name == "nnstreamer" and aware:
                continue
            compare(tap, driver, "%s%s" % (name, ", by class" if aware else ""), some,
                    lambda s, t, o=overlap, a=aware: greedy(s, o, t, a), method="hard", compat=name,
                    class_aware=aware)


def main(driver):
    tap = Tap()
    test_opencv(tap, driver)
    test_torchvision(tap, driver)
    test_loops(tap, driver)
    tap.done()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
