# SPDX-License-Identifier: Apache-2.0
"""numpy models of the heads and random tensors for them. Sources of the formulas are named in
include/plumbline/heads.h; nothing here looks at the C code's arithmetic."""
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
    rows, boxes, scores = [], [], []
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


HEADS = {
    "yolov5": Head(make_center_rows(378, 6), yolov5, type="yolov5", input="96x64"),
    "yolov5 normalized": Head(make_normalized, yolov5_normalized, type="yolov5", input="96x64",
                              units=2, classes=5),
    "yolov6": Head(make_center_rows(126, 6), yolov5, type="yolov6", input="96x64"),
    "yolox": Head(make_yolox, yolox, type="yolox", input="96x64"),
    "yolov8": Head(make_yolov8(80), yolov8, type="yolov8", input="96x64"),
    "yolov8 one class": Head(make_yolov8(1), yolov8, type="yolov8", input="96x64"),
    "yolov8 logits": Head(make_yolov8(11, logits=True), yolov8_logits, type="yolov8",
                          input="96x64", activation=2, threshold=0.4),
    "yolov8 rows": Head(lambda rng: [make_yolov8(9)(rng)[0].T], lambda o: yolov8([o[0].T]),
                        type="yolov8", input="96x64", layout=1),
    "yolov8-obb": Head(make_yolov8(15, 1), yolov8_obb, type="yolov8-obb", input="96x64"),
    "yolov8-pose": Head(make_yolov8(1, 15), yolov8_pose, type="yolov8-pose", input="96x64",
                        keypoints=5),
    "yolov8-pose, two dimensions": Head(make_yolov8(2, 8), yolov8_pose2, type="yolov8-pose",
                                        input="96x64", keypoints=4, dimensions=2),
    "boxes with labels": Head(make_labelled, boxes_labelled, type="boxes", input="96x64",
                              format="xyxy", class_offset=-1, fixed_types={2: "int64"}),
    "boxes in Vision's space": Head(make_boxes_scores, boxes_vision, type="boxes", input="96x64",
                                    format="xywh", units=2, origin=2, space="upright"),
    "boxes from the lower left": Head(make_boxes_scores, boxes_input_lower, type="boxes",
                                      input="96x64", format="cxcywh", units=2, origin=2,
                                      space="input"),
    "boxes in columns": Head(make_columns, boxes_columns, type="boxes", input="96x64",
                             format="yxyx", box_column=1, score_column=6, class_column=0,
                             fixed_types={0: "float32"}),
    "yolov10": Head(make_yolov10, yolov10, type="yolov10", input="96x64",
                    fixed_types={0: "float32"}),
    "tflite-detection": Head(make_tflite, tflite, type="tflite-detection", input="96x64",
                             fixed_types={1: "float32", 3: "float32"}),
    "coreml": Head(make_pair(7, False), coreml, type="coreml", input="96x64"),
    "detr sigmoid": Head(make_pair(12, True), detr_sigmoid, type="detr", input="96x64",
                         activation=2),
    "detr softmax": Head(make_pair(5, True), detr_softmax, type="detr", input="96x64",
                         activation=3, threshold=0.4),
    "ssd": Head(make_ssd(False), ssd_plain, type="ssd", input="96x64", priors=PRIORS),
    "ssd softmax": Head(make_ssd(True), ssd_softmax, type="ssd", input="96x64", priors=PRIORS,
                        variances=[0.1, 0.2, 0.3, 0.25], activation=3),
    "ssd sigmoid": Head(make_ssd(True), ssd_sigmoid, type="ssd", input="96x64", priors=PRIORS,
                        format="yxyx", linear=1, background=-1, class_offset=1, activation=2),
    "ultraface raw": Head(make_ultraface, ultraface, type="ultraface", input="96x64", raw=1),
    "yolov5-raw": Head(make_grids(False), lambda o: grids(o, False, False, box_v5,
                                                          sigmoid_classes),
                       type="yolov5-raw", **GRID),
    "yolov5-raw, anchors apart": Head(make_grids(True), lambda o: grids(o, True, False, box_v5,
                                                                        sigmoid_classes),
                                      type="yolov5-raw", **GRID),
    "yolov5-raw, channels last": Head(make_grids(False, last=True),
                                      lambda o: grids(o, False, True, box_v5, sigmoid_classes),
                                      type="yolov5-raw", classes=4, **GRID),
    "yolov5-raw, sigmoid in the network": Head(make_grids_done,
                                               lambda o: grids(o, False, False, box_v5_done,
                                                               plain_classes),
                                               type="yolov5-raw", activation=1, **GRID),
    "yolov3": Head(make_grids(False), lambda o: grids(o, False, False, box_v3, sigmoid_classes),
                   type="yolov3", **GRID),
    "yolov3 softmax": Head(make_grids(True), lambda o: grids(o, True, False, box_v3,
                                                             softmax_classes),
                           type="yolov3", activation=3, threshold=0.3, **GRID),
    "yolov8-split": Head(make_split(16, 5, 2), split(16, 2), type="yolov8-split", input="96x64"),
    "yolov8-split with sums": Head(make_split(16, 5, 3), split(16, 3), type="yolov8-split",
                                   input="96x64"),
    "yolov8-split, channels last": Head(make_split(16, 5, 2, True), split(16, 2, True),
                                        type="yolov8-split", input="96x64"),
    "yolov8-split by kind, 8 bins": Head(make_split(8, 5, 2, False, True),
                                         split(8, 2, False, True), type="yolov8-split",
                                         input="96x64", bins=8),
    "nanodet": Head(make_nanodet((8, 16, 32)), nanodet((8, 16, 32)), type="nanodet",
                    input="100x70"),
    "nanodet-plus": Head(make_nanodet((8, 16, 32, 64)), nanodet((8, 16, 32, 64)), type="nanodet",
                         input="100x70"),
    "centernet": Head(make_centernet(3), centernet, type="centernet", input="96x64"),
    "centernet without offsets": Head(make_centernet(2), centernet, type="centernet",
                                      input="96x64"),
    "fomo": Head(make_fomo, fomo, type="fomo", input="96x64"),
    "blazeface short range": Head(make_blazeface(SHORT), blazeface(128, SHORT),
                                  type="blazeface", input="128x128"),
    "blazeface full range": Head(make_blazeface(FULL), blazeface(192, FULL),
                                 type="blazeface", input="192x192"),
    "yunet by kind": Head(make_yunet(True), yunet(True), type="yunet", input="96x64"),
    "yunet by scale": Head(make_yunet(False), yunet(False), type="yunet", input="96x64"),
    "scrfd": Head(make_scrfd(2, 3), scrfd(2, 3), type="scrfd", input="96x64"),
    "scrfd without keypoints": Head(make_scrfd(1, 2), scrfd(1, 2), type="scrfd", input="96x64",
                                    keypoints=-1),
    "detection-output": Head(make_detection_output, detection_output(0), type="detection-output",
                             input="96x64", fixed_types={0: "float32"}, batches=(0, 1)),
    "detection-output, second image": Head(make_detection_output, detection_output(1),
                                           type="detection-output", input="96x64", frame=1,
                                           fixed_types={0: "float32"}, batches=(0, 1)),
}
