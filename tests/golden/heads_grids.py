# SPDX-License-Identifier: Apache-2.0
"""numpy models of heads that work on grids of cells, and random tensors for them. Sources of the
formulas are named in include/plumbline/heads.h."""
import numpy as np

from heads_maths import NONE, sigmoid, softmax, centered, single, grid, probabilities

ANCHORS = np.array([10, 13, 16, 30, 33, 23, 30, 61, 62, 45, 59, 119], float)


def make_grids(apart, classes=4, last=False, spreads=1.5):
    """Two scales of 96 x 64, three anchors each."""
    def make(rng):
        maps = []
        for h, w in ((8, 12), (4, 6)):
            m = rng.normal(0, spreads, (3, 5 + classes, h, w))
            if apart:
                m = m.transpose(0, 2, 3, 1)
            elif last:
                m = m.reshape(-1, h, w).transpose(1, 2, 0)
            else:
                m = m.reshape(-1, h, w)
            maps.append(m)
        return maps
    return make


def grids(outputs, apart, last, box, classes):
    """Rows of all scales: scale, anchor, y, x."""
    boxes, scores = [], []
    for i, (m, s) in enumerate(zip(outputs, (8, 16))):
        h, w = 64 // s, 96 // s
        if apart:
            t = m
        else:
            m = m.transpose(2, 0, 1) if last else m
            t = m.reshape(3, -1, h, w).transpose(0, 2, 3, 1)
        gy, gx = np.mgrid[0:h, 0:w]
        for a in range(3):
            aw, ah = ANCHORS[(i * 3 + a) * 2:(i * 3 + a) * 2 + 2]
            boxes.append(centered(box(t[a], gx, gy, s, aw, ah).reshape(-1, 4)))
            scores.append(classes(t[a]).reshape(h * w, -1))
    return single(np.concatenate(scores), np.concatenate(boxes))


def box_v5(t, gx, gy, s, aw, ah):
    g = sigmoid(t)
    return np.stack([(2 * g[..., 0] - .5 + gx) * s, (2 * g[..., 1] - .5 + gy) * s,
                     (2 * g[..., 2]) ** 2 * aw, (2 * g[..., 3]) ** 2 * ah], -1)


def box_v5_done(t, gx, gy, s, aw, ah):
    return np.stack([(2 * t[..., 0] - .5 + gx) * s, (2 * t[..., 1] - .5 + gy) * s,
                     (2 * t[..., 2]) ** 2 * aw, (2 * t[..., 3]) ** 2 * ah], -1)


def box_v3(t, gx, gy, s, aw, ah):
    return np.stack([(sigmoid(t[..., 0]) + gx) * s, (sigmoid(t[..., 1]) + gy) * s,
                     np.exp(t[..., 2]) * aw, np.exp(t[..., 3]) * ah], -1)


def sigmoid_classes(t):
    return sigmoid(t[..., 4:5]) * sigmoid(t[..., 5:])


def softmax_classes(t):
    return sigmoid(t[..., 4:5]) * softmax(t[..., 5:])


def plain_classes(t):
    return t[..., 4:5] * t[..., 5:]


def make_grids_done(rng):
    return [sigmoid(m) for m in make_grids(False)(rng)]


GRID = dict(input="96x64", strides=[8, 16], anchors=ANCHORS)

# --- distributions of distances ---


def distances(t, bins):
    p = softmax(t.reshape(t.shape[0], 4, bins))
    return (p * np.arange(bins)).sum(-1)


def around(x, y, d, s):
    return np.stack([(x - d[:, 0]) * s, (y - d[:, 1]) * s, (x + d[:, 2]) * s, (y + d[:, 3]) * s], 1)


def make_split(bins, classes, kinds, last=False, by_kind=False):
    def make(rng):
        outputs = []
        for s in (8, 16, 32):
            h, w = -(-64 // s), -(-96 // s)
            c = probabilities(rng, classes, h, w)
            scale = [rng.normal(0, 1.5, (4 * bins, h, w)), c, c.sum(0, keepdims=True)][:kinds]
            outputs.append([m.transpose(1, 2, 0) if last else m for m in scale])
        if by_kind:
            return [o[k] for k in range(kinds) for o in outputs]
        return [m for o in outputs for m in o]
    return make


def split(bins, kinds, last=False, by_kind=False):
    def model(outputs):
        boxes, scores = [], []
        for i, s in enumerate((8, 16, 32)):
            b = outputs[i if by_kind else i * kinds]
            c = outputs[3 + i if by_kind else i * kinds + 1]
            if last:
                b, c = b.transpose(2, 0, 1), c.transpose(2, 0, 1)
            h, w = b.shape[1:]
            gy, gx = np.mgrid[0:h, 0:w]
            d = distances(b.reshape(4 * bins, -1).T, bins)
            boxes.append(around(gx.ravel() + .5, gy.ravel() + .5, d, s))
            scores.append(c.reshape(len(c), -1).T)
        return single(np.concatenate(scores), np.concatenate(boxes))
    return model


def make_nanodet(strides, classes=6, bins=8):
    n = len(grid(100, 70, strides))

    def make(rng):
        return [np.concatenate([probabilities(rng, n, classes),
                                rng.normal(0, 1.5, (n, 4 * bins))], 1)]
    return make


def nanodet(strides, classes=6, bins=8):
    def model(outputs):
        o, g = outputs[0], grid(100, 70, strides)
        d = distances(o[:, classes:], bins)
        return single(o[:, :classes], around(g[:, 0], g[:, 1], d, g[:, 2]))
    return model


# --- maps ---

def make_centernet(outputs):
    def make(rng):
        heat = probabilities(rng, 3, 16, 24)
        return [heat, rng.random((2, 16, 24)) * 9, rng.random((2, 16, 24))][:outputs]
    return make


def centernet(outputs):
    heat, size = outputs[:2]
    c, h, w = heat.shape
    padded = np.pad(heat, ((0, 0), (1, 1), (1, 1)), constant_values=-1)
    pooled = np.max([padded[:, j:j + h, i:i + w] for j in range(3) for i in range(3)], 0)
    offset = outputs[2] if len(outputs) > 2 else np.full((2, h, w), 0.5)
    found = []
    for k, y, x in zip(*np.nonzero(pooled == heat)):
        cx, cy = x + offset[0, y, x], y + offset[1, y, x]
        box = centered([cx * 4, cy * 4, size[0, y, x] * 4, size[1, y, x] * 4])
        found.append((y * w + x, k, heat[k, y, x], box, 0.0, NONE))
    return found


def make_fomo(rng):
    m = np.zeros((8, 12, 4))
    m[..., 1:] = rng.random((8, 12, 3)) ** 3
    m[..., 0] = 0.3
    return [m]


def fomo(outputs):
    """Flood fill over eight neighbours of one class."""
    m = outputs[0].copy()
    m[..., 0] = -1
    klass, score = m.argmax(-1), m.max(-1)
    h, w = klass.shape
    left = {(y, x) for y in range(h) for x in range(w) if score[y, x] > 0.5}
    found = []
    while left:
        start = left.pop()
        group, queue = [start], [start]
        while queue:
            y, x = queue.pop()
            for cell in [(y + j, x + i) for j in (-1, 0, 1) for i in (-1, 0, 1)]:
                if cell in left and klass[cell] == klass[start]:
                    left.remove(cell)
                    group.append(cell)
                    queue.append(cell)
        best = min(group, key=lambda c: (-score[c], c))
        ys, xs = [c[0] for c in group], [c[1] for c in group]
        box = np.array([min(xs), min(ys), max(xs) + 1, max(ys) + 1]) * 8.0
        found.append((best[0] * w + best[1], klass[best], score[best], box, 0.0, NONE))
    return found


# --- faces ---

def mediapipe_anchors(size, strides, per_layer):
    """ssd_anchors_calculator.cc with fixed sizes: layers of one stride share a map."""
    anchors, layer = [], 0
    while layer < len(strides):
        stride, count = strides[layer], 0
        while layer < len(strides) and strides[layer] == stride:
            count += per_layer
            layer += 1
        n = -(-size // stride)
        for y in range(n):
            for x in range(n):
                anchors += [[(x + .5) / n, (y + .5) / n]] * count
    return np.array(anchors)


def make_blazeface(anchors):
    def make(rng):
        return [rng.normal(0, 20, (len(anchors), 16)), rng.normal(-2, 3, (len(anchors), 1))]
    return make


def blazeface(size, anchors):
    def model(outputs):
        t, s = outputs
        boxes = centered(np.concatenate([t[:, :2] / size + anchors, t[:, 2:4] / size], 1)) * size
        points = (t[:, 4:].reshape(-1, 6, 2) / size + anchors[:, None]) * size
        points = np.concatenate([points, np.ones((len(t), 6, 1))], 2)
        return single(sigmoid(s), boxes, points=points)
    return model


SHORT, FULL = mediapipe_anchors(128, [8, 16, 16, 16], 2), mediapipe_anchors(192, [4], 1)


def make_yunet(by_kind):
    def make(rng):
        scales = []
        for s in (8, 16, 32):
            n = (96 // s) * (64 // s)
            scales.append([rng.random((n, 1)) * 1.2 - 0.1, rng.random((n, 1)) * 1.2 - 0.1,
                           rng.normal(0, 1, (n, 4)), rng.normal(0, 1, (n, 10))])
        return ([s[k] for k in range(4) for s in scales] if by_kind
                else [o for s in scales for o in s])
    return make


def yunet(by_kind):
    def model(outputs):
        rows = [[], [], []]
        for i, s in enumerate((8, 16, 32)):
            cls, obj, box, kps = [outputs[k * 3 + i if by_kind else i * 4 + k] for k in range(4)]
            g = grid(96, 64, (s,))[:, :2]
            rows[0].append(np.sqrt(np.clip(cls, 0, 1) * np.clip(obj, 0, 1)))
            rows[1].append(centered(np.concatenate([(box[:, :2] + g) * s,
                                                    np.exp(box[:, 2:]) * s], 1)))
            points = (kps.reshape(-1, 5, 2) + g[:, None]) * s
            rows[2].append(np.concatenate([points, np.ones((len(points), 5, 1))], 2))
        scores, boxes, points = map(np.concatenate, rows)
        return single(scores, boxes, points=points)
    return model


def make_scrfd(anchors, kinds):
    def make(rng):
        scales = []
        for s in (8, 16, 32):
            n = (96 // s) * (64 // s) * anchors
            scales.append([rng.random((n, 1)), rng.random((n, 4)) * 3 - 0.2,
                           rng.normal(0, 1, (n, 10))][:kinds])
        return [s[k] for k in range(kinds) for s in scales]
    return make


def scrfd(anchors, kinds):
    def model(outputs):
        rows = [[], [], []]
        for i, s in enumerate((8, 16, 32)):
            o = [outputs[k * 3 + i] for k in range(kinds)]
            g = grid(96, 64, (s,), anchors)
            rows[0].append(o[0])
            rows[1].append(around(g[:, 0], g[:, 1], o[1], s))
            if kinds == 3:
                points = (o[2].reshape(-1, 5, 2) + g[:, None, :2]) * s
                rows[2].append(np.concatenate([points, np.ones((len(points), 5, 1))], 2))
        return single(np.concatenate(rows[0]), np.concatenate(rows[1]),
                      points=np.concatenate(rows[2]) if kinds == 3 else None)
    return model
