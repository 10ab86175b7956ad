# SPDX-License-Identifier: Apache-2.0
"""What the numpy models of the heads share: rows to detections, grids, activations."""
import numpy as np

NONE = np.zeros((0, 3))


class Head:
    def __init__(self, make, model, threshold=0.5, fixed_types=None, batches=(0, 1, 3),
                 **settings):
        self.make, self.model, self.threshold, self.batches = make, model, threshold, batches
        self.fixed_types, self.settings = fixed_types or {}, settings


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x, axis=-1):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def centered(b):
    b = np.asarray(b, float)
    return np.stack([b[..., 0] - b[..., 2] / 2, b[..., 1] - b[..., 3] / 2,
                     b[..., 0] + b[..., 2] / 2, b[..., 1] + b[..., 3] / 2], -1)


def single(scores, boxes, offset=0, angles=None, points=None, skip=None):
    """The first best class of every row. `scores` [N,C] already activated."""
    scores = scores.copy()
    if skip is not None:
        scores[:, skip] = -np.inf
    best = scores.argmax(1)
    return [(i, int(c) + offset, scores[i, c], boxes[i], 0.0 if angles is None else angles[i],
             NONE if points is None else points[i]) for i, c in enumerate(best)]


def every(scores, boxes):
    return [(i, c, scores[i, c], boxes[i], 0.0, NONE)
            for i in range(scores.shape[0]) for c in range(scores.shape[1])]


def grid(width, height, strides, anchors=1):
    """Columns gx, gy, stride for the rows of all scales, anchors innermost."""
    rows = []
    for s in strides:
        w, h = -(-width // s), -(-height // s)
        y, x = np.mgrid[0:h, 0:w]
        rows.append(np.repeat(np.stack([x.ravel(), y.ravel(), np.full(w * h, s)], 1), anchors, 0))
    return np.concatenate(rows).astype(float)


def probabilities(rng, *shape):
    return rng.random(shape) ** 4


# --- rows of cx cy w h ... ---

def make_center_rows(n, extra, size=(96, 64)):
    def make(rng):
        boxes = rng.random((n, 4)) * [size[0], size[1], 40, 40]
        return [np.concatenate([boxes, rng.random((n, extra)) ** 0.7], 1)]
    return make
