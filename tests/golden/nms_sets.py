# SPDX-License-Identifier: Apache-2.0
"""Random detections for the suppression models, and the driver that runs the library on them."""
import subprocess

import numpy as np

F = np.float32


class Set:
    """Boxes (n,4) x0 y0 x1 y1, scores, classes, angles, keypoints (n,k,2)."""

    def __init__(self, boxes, scores, classes, angles=None, keypoints=None):
        self.boxes = np.asarray(boxes, F)
        self.scores = np.asarray(scores, F)
        self.classes = np.asarray(classes, np.int64)
        self.angles = np.zeros(len(self.scores), F) if angles is None else np.asarray(angles, F)
        self.keypoints = keypoints

    def __len__(self):
        return len(self.scores)

    def order(self):
        """By score, then by row: the total order of the library."""
        return np.lexsort((np.arange(len(self)), -self.scores.astype(np.float64)))


def random_set(rng, count, classes=4, whole=False, ties=False, keypoints=0, angles=False,
               spread=1):
    """About eight boxes an object, jittered, and some that stand alone."""
    objects = max(1, count // 8)
    centers = rng.uniform(20, 380, (objects, 2)) * spread
    sizes = 10 * np.exp(rng.uniform(0, 2.3, (objects, 2)))
    ids = rng.integers(0, classes, objects)
    pick = rng.integers(0, objects, count)
    size = sizes[pick] * np.exp(rng.normal(0, 0.12, (count, 2)))
    center = centers[pick] + sizes[pick] * rng.normal(0, 0.12, (count, 2))
    boxes = np.concatenate([center - size / 2, center + size / 2], 1)
    scores = rng.uniform(0.05, 0.98, count)
    if whole:
        boxes = np.rint(boxes)
        boxes[:, 2:] = np.maximum(boxes[:, 2:], boxes[:, :2] + 1)
    if ties:
        scores = np.round(scores, 1)
    labels = np.where(rng.uniform(size=count) < 0.1, rng.integers(0, classes, count), ids[pick])
    points = rng.uniform(0, 400, (count, keypoints, 2)).astype(F) if keypoints else None
    turned = rng.uniform(-1.5, 1.5, count) if angles else None
    return Set(boxes, scores, labels, turned, points)


def lines_of(sets):
    text = []
    for s in sets:
        text.append(str(len(s)))
        for i in range(len(s)):
            values = [*s.boxes[i], s.scores[i]]
            line = " ".join("%.9g" % v for v in values)
            line += " %d %.9g" % (s.classes[i], s.angles[i])
            if s.keypoints is not None:
                line += " " + " ".join("%.9g" % v for v in s.keypoints[i].ravel())
            text.append(line)
    return "\n".join(text) + "\n"


class Kept:
    """What the library left of a set: rows, scores, boxes, keypoints."""

    def __init__(self, table):
        table = np.asarray(table, np.float64)
        self.rows = table[:, 0].astype(int).tolist() if len(table) else []
        self.scores = table[:, 1] if len(table) else np.zeros(0)
        self.boxes = table[:, 2:6] if len(table) else np.zeros((0, 4))
        self.keypoints = table[:, 6:] if len(table) else np.zeros((0, 0))


def run_driver(driver, sets, **settings):
    arguments = [driver] + ["%s=%s" % item for item in settings.items()]
    answer = subprocess.run(arguments, input=lines_of(sets), capture_output=True, text=True,
                            check=False)
    if answer.returncode != 0:
        raise RuntimeError(answer.stderr.strip() or "driver failed")
    lines = iter(answer.stdout.splitlines())
    return [Kept([[float(v) for v in next(lines).split()] for _ in range(int(next(lines)))])
            for _ in sets]


def iou_row(box, boxes):
    """IoU of one box with many, every operation in float32 as a C loop does it."""
    w = np.minimum(box[2], boxes[:, 2]) - np.maximum(box[0], boxes[:, 0])
    h = np.minimum(box[3], boxes[:, 3]) - np.maximum(box[1], boxes[:, 1])
    common = np.maximum(w, F(0)) * np.maximum(h, F(0))
    area = (box[2] - box[0]) * (box[3] - box[1])
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    with np.errstate(all="ignore"):
        return common / (area + areas - common)


def greedy(s, overlap, limit, class_aware):
    """Rows that stay; `overlap(set, i, rows)` gives the overlaps of row i with later ones."""
    left, kept = s.order(), []
    while len(left):
        best, left = left[0], left[1:]
        kept.append(int(best))
        if len(left):
            struck = overlap(s, best, left) > F(limit)
            if class_aware:
                struck &= s.classes[left] == s.classes[best]
            left = left[~struck]
    return kept
