# SPDX-License-Identifier: Apache-2.0
"""numpy models of heads whose outputs are lists of rows, and random tensors for them. Sources of
the formulas are named in include/plumbline/heads.h."""
import numpy as np

from heads_maths import NONE, sigmoid, softmax, centered, single, every, grid, probabilities


def yolov5(outputs):
    o = outputs[0]
    return single(o[:, 4:5] * o[:, 5:], centered(o[:, :4]))


def yolov5_normalized(outputs):
    o = outputs[0]
    return single(o[:, 4:5] * o[:, 5:], centered(o[:, :4] * [96, 64, 96, 64]))


def make_normalized(rng):
    return [np.concatenate([rng.random((50, 4)), rng.random((50, 6))], 1)]


YOLOX_GRID = grid(96, 64, (8, 16, 32))


def make_yolox(rng):
    n = len(YOLOX_GRID)
    return [np.concatenate([rng.normal(0, 1, (n, 4)), rng.random((n, 8)) ** 0.7], 1)]


def yolox(outputs):
    o, g = outputs[0], YOLOX_GRID
    s = g[:, 2:]
    boxes = np.concatenate([(o[:, :2] + g[:, :2]) * s, np.exp(o[:, 2:4]) * s], 1)
    return single(o[:, 4:5] * o[:, 5:], centered(boxes))


def make_yolov8(classes, tail=0, logits=False):
    def make(rng):
        n = 126
        boxes = rng.random((n, 4)) * [96, 64, 40, 40]
        scores = rng.normal(-2, 2, (n, classes)) if logits else probabilities(rng, n, classes)
        return [np.concatenate([boxes, scores, rng.random((n, tail)) * 3 - 0.7], 1).T]
    return make


def yolov8(outputs):
    o = outputs[0].T
    return single(o[:, 4:], centered(o[:, :4]))


def yolov8_logits(outputs):
    o = outputs[0].T
    rows = single(o[:, 4:], centered(o[:, :4]))
    return [(r, c, sigmoid(s), b, a, k) for r, c, s, b, a, k in rows]


def yolov8_obb(outputs):
    o = outputs[0].T
    return single(o[:, 4:-1], centered(o[:, :4]), angles=o[:, -1])


def yolov8_pose(outputs):
    o = outputs[0].T
    return single(o[:, 4:5], centered(o[:, :4]), points=o[:, 5:].reshape(len(o), 5, 3))


def yolov8_pose2(outputs):
    o = outputs[0].T
    points = o[:, 6:].reshape(len(o), 4, 2)
    points = np.concatenate([points, np.ones((len(o), 4, 1))], 2)
    return single(o[:, 4:6], centered(o[:, :4]), points=points)


# --- boxes ---

def make_labelled(rng):
    n = 40
    corners = rng.random((n, 2)) * 50
    boxes = np.concatenate([corners, corners + rng.random((n, 2)) * 30 + 1], 1)
    return [boxes, rng.random(n), rng.integers(1, 90, n)]


def boxes_labelled(outputs):
    b, s, c = outputs
    return [(i, int(c[i]) - 1, s[i], b[i], 0.0, NONE) for i in range(len(s))]


def make_boxes_scores(rng):
    return [rng.random((40, 4)), probabilities(rng, 40, 7)]


def boxes_vision(outputs):
    """xywh from the lower left: the space says so, nothing is flipped."""
    b = outputs[0]
    return single(outputs[1], np.concatenate([b[:, :2], b[:, :2] + b[:, 2:]], 1))


def boxes_input_lower(outputs):
    """cxcywh normalized from the lower left of an input of 96 x 64."""
    b = centered(outputs[0])
    flipped = np.stack([b[:, 0], 1 - b[:, 3], b[:, 2], 1 - b[:, 1]], 1)
    return single(outputs[1], flipped * [96, 64, 96, 64])


def make_columns(rng):
    """class, ymin, xmin, ymax, xmax, other, score"""
    rows = rng.random((30, 7))
    rows[:, 0] = rng.integers(0, 9, 30)
    rows[:, 3:5] += rows[:, 1:3]
    return [rows * [1, 30, 40, 30, 40, 1, 1]]


def boxes_columns(outputs):
    o = outputs[0]
    return [(i, int(np.floor(o[i, 0] + 0.5)), o[i, 6], o[i, [2, 1, 4, 3]], 0.0, NONE)
            for i in range(len(o))]


# --- end to end ---

def make_yolov10(rng):
    boxes, scores, labels = make_labelled(rng)
    return [np.concatenate([boxes, scores[:, None] * 90, labels[:, None]], 1) / [1, 1, 1, 1, 90, 1]]


def yolov10(outputs):
    o = outputs[0]
    return [(i, int(np.floor(o[i, 5] + 0.5)), o[i, 4], o[i, :4], 0.0, NONE) for i in range(len(o))]


def make_tflite(rng):
    boxes, scores, labels = make_labelled(rng)
    return [boxes / 80, labels, np.sort(scores)[::-1], np.array([33.0])]


def tflite(outputs):
    b, c, s, n = outputs
    return [(i, int(np.floor(c[i] + 0.5)), s[i], b[i, [1, 0, 3, 2]] * [96, 64, 96, 64], 0.0, NONE)
            for i in range(int(n[0]))]


def make_pair(classes, logits):
    def make(rng):
        scores = rng.normal(-1, 2, (60, classes)) if logits else probabilities(rng, 60, classes)
        return [scores, rng.random((60, 4))]
    return make


def coreml(outputs):
    return single(outputs[0], centered(outputs[1] * [96, 64, 96, 64]))


def detr_sigmoid(outputs):
    return every(sigmoid(outputs[0]), centered(outputs[1] * [96, 64, 96, 64]))


def detr_softmax(outputs):
    return single(softmax(outputs[0]), centered(outputs[1] * [96, 64, 96, 64]), skip=-1)


# --- priors ---

PRIORS = np.random.default_rng(7).random((50, 4)).astype(np.float32) * np.float32(0.8) + \
    np.float32(0.1)


def deltas(t, priors, variances=(0.1, 0.1, 0.2, 0.2), linear=False):
    p = priors.astype(float)
    t = t * np.asarray(variances, np.float32).astype(float)
    size = (t[:, 2:] if linear else np.exp(t[:, 2:])) * p[:, 2:]
    boxes = np.concatenate([t[:, :2] * p[:, 2:] + p[:, :2], size], 1)
    return centered(boxes * [96, 64, 96, 64])


def make_ssd(logits):
    def make(rng):
        scores = rng.normal(-1, 2, (50, 6)) if logits else probabilities(rng, 50, 6)
        return [rng.normal(0, 2, (50, 4)), scores]
    return make


def ssd_plain(outputs):
    return single(outputs[1], deltas(outputs[0], PRIORS), skip=0)


def ssd_softmax(outputs):
    boxes = deltas(outputs[0], PRIORS, (0.1, 0.2, 0.3, 0.25))
    return single(softmax(outputs[1]), boxes, skip=0)


def ssd_sigmoid(outputs):
    """TensorFlow's order ty tx th tw, no background column, sizes without exp."""
    boxes = deltas(outputs[0][:, [1, 0, 3, 2]], PRIORS, linear=True)
    return single(sigmoid(outputs[1]), boxes, offset=1)


def face_priors(width, height):
    priors = []
    for s, sizes in zip((8, 16, 32, 64), ([10, 16, 24], [32, 48], [64, 96], [128, 192, 256])):
        w, h = -(-width // s), -(-height // s)
        for y in range(h):
            for x in range(w):
                priors += [[(x + .5) / w, (y + .5) / h, m / width, m / height] for m in sizes]
    return np.clip(np.array(priors), 0, 1).astype(np.float32)


FACE_PRIORS = face_priors(96, 64)


def make_ultraface(rng):
    n = len(FACE_PRIORS)
    p = probabilities(rng, n, 1)
    return [np.concatenate([1 - p, p], 1), rng.normal(0, 2, (n, 4))]


def ultraface(outputs):
    return single(outputs[0], deltas(outputs[1], FACE_PRIORS), skip=0)


# --- anchor grids ---


def make_detection_output(rng):
    """All images of a batch in one list, which a negative image ends."""
    rows = rng.random((40, 7))
    rows[:, 0] = 0
    rows[5::3, 0] = 1
    rows[:, 1] = rng.integers(0, 20, 40)
    rows[:, 2] = np.sqrt(rows[:, 2])
    rows[:, 5:] += rows[:, 3:5]
    rows[30, 0] = -1
    return [rows]


def detection_output(frame):
    def model(outputs):
        o = outputs[0]
        return [(i, int(o[i, 1]), o[i, 2], o[i, 3:] * [96, 64, 96, 64], 0.0, NONE)
                for i in range(30) if o[i, 0] == frame]
    return model
