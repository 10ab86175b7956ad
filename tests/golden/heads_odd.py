# SPDX-License-Identifier: Apache-2.0
"""Heads at sizes and settings that no example has: more rows than are looked at in one go, one
class and a thousand, most values above the threshold, other strides, anchors and backgrounds."""
import numpy as np

from heads_grids import (
    around, box_v3, box_v5, centernet, distances, sigmoid_classes, softmax_classes)
from heads_maths import Head, centered, probabilities, sigmoid, single, softmax
from heads_rows import PRIORS, deltas


def rows_of(count, values, scores, channels=True):
    """cx cy w h and what `scores` makes of (rng, count, values)."""
    def make(rng):
        boxes = rng.random((count, 4)) * [96, 64, 40, 40]
        table = np.concatenate([boxes, scores(rng, count, values)], 1)
        return [table.T if channels else table]
    return make


def best_class(channels=True, activation=lambda x: x):
    def model(outputs):
        o = outputs[0].T if channels else outputs[0]
        return single(activation(o[:, 4:]), centered(o[:, :4]))
    return model


def with_objectness(channels):
    def model(outputs):
        o = outputs[0].T if channels else outputs[0]
        return single(o[:, 4:5] * o[:, 5:], centered(o[:, :4]))
    return model


def rare(rng, count, values):
    """Few pass, several of some rows, and many are equal."""
    scores = 0.2 * rng.random((count, values))
    hits = rng.random((count, values)) < 2.0 / count
    hits |= (rng.random((count, 1)) < 0.02) & (rng.random((count, values)) < 2.0 / values)
    scores[hits] = np.round(0.5 + 0.5 * rng.random(hits.sum()), 1)
    return scores


def even(rng, count, values):
    return rng.random((count, values))


def logits(rng, count, values):
    return rng.normal(-6, 2, (count, values))


def v8(count, classes, scores, channels=True, **settings):
    return Head(rows_of(count, classes, scores, channels),
                best_class(channels, sigmoid if scores is logits else lambda x: x),
                type="yolov8", input="96x64", layout=2 if channels else 1, batches=(0, 1, 2),
                **settings)


def v5(count, classes, channels):
    return Head(rows_of(count, 1 + classes, lambda rng, n, v: rng.random((n, v)) ** 0.5, channels),
                with_objectness(channels), type="yolov5", input="96x64",
                layout=2 if channels else 1, batches=(0, 1, 2))


# --- softmax against a background, wherever it is ---

def ssd_softmax(classes, background):
    def make(rng):
        scores = rng.normal(0, 3, (50, classes))
        scores[:, background] += 3 if background >= 0 else 0
        return [rng.normal(0, 2, (50, 4)), scores]

    def model(outputs):
        skip = background if background >= 0 else None
        return single(softmax(outputs[1]), deltas(outputs[0], PRIORS), skip=skip)
    return Head(make, model, type="ssd", input="96x64", priors=PRIORS, activation=3,
                background=background, threshold=0.3)


# --- grids of an input whose sides no stride divides ---

WIDTH, HEIGHT = 150, 83


def cells(stride):
    return -(-HEIGHT // stride), -(-WIDTH // stride)


def anchor_grid(strides, shares, classes, box, scores, **settings):
    count = sum(shares)
    anchors = np.arange(1, 2 * count + 1) * 3.0 + 0.5

    def make(rng):
        return [rng.normal(0, 1.5, (n * (5 + classes),) + cells(s))
                for s, n in zip(strides, shares)]

    def model(outputs):
        boxes, found, first = [], [], 0
        for m, s, n in zip(outputs, strides, shares):
            h, w = cells(s)
            t = m.reshape(n, -1, h, w).transpose(0, 2, 3, 1)
            gy, gx = np.mgrid[0:h, 0:w]
            for a in range(n):
                aw, ah = anchors[2 * (first + a):2 * (first + a) + 2]
                boxes.append(centered(box(t[a], gx, gy, s, aw, ah).reshape(-1, 4)))
                found.append(scores(t[a]).reshape(h * w, -1))
            first += n
        return single(np.concatenate(found), np.concatenate(boxes))
    return Head(make, model, input="%dx%d" % (WIDTH, HEIGHT), strides=list(strides),
                anchors=anchors, anchors_per_scale=list(shares), classes=classes, **settings)


def split(strides, bins, classes):
    def make(rng):
        return [m for s in strides for m in (rng.normal(0, 1.5, (4 * bins,) + cells(s)),
                                             probabilities(rng, classes, *cells(s)))]

    def model(outputs):
        boxes, scores = [], []
        for i, s in enumerate(strides):
            b, c = outputs[2 * i], outputs[2 * i + 1]
            gy, gx = np.mgrid[0:b.shape[1], 0:b.shape[2]]
            d = b.reshape(4, -1).T if bins == 1 else distances(b.reshape(4 * bins, -1).T, bins)
            boxes.append(around(gx.ravel() + .5, gy.ravel() + .5, d, s))
            scores.append(c.reshape(classes, -1).T)
        return single(np.concatenate(scores), np.concatenate(boxes))
    return Head(make, model, type="yolov8-split", input="%dx%d" % (WIDTH, HEIGHT),
                strides=list(strides), bins=bins, classes=classes)


def scrfd_maps(anchors, kinds, last):
    """By kind; the values of an anchor lie together."""
    def make(rng):
        maps = [[rng.random((anchors * n,) + cells(s)) * 3 - 0.5 * (n > 1) for s in (8, 16, 32)]
                for n in (1, 4, 10)[:kinds]]
        maps[0] = [m / 3 for m in maps[0]]
        return [m.transpose(1, 2, 0) if last else m for kind in maps for m in kind]

    def model(outputs):
        scores, boxes, points = [], [], []
        for i, s in enumerate((8, 16, 32)):
            h, w = cells(s)
            maps = [outputs[3 * k + i] for k in range(kinds)]
            maps = [m.transpose(2, 0, 1) if last else m for m in maps]
            gy, gx = [g.ravel() for g in np.mgrid[0:h, 0:w]]
            for a in range(anchors):
                scores.append(maps[0][a].reshape(-1, 1))
                boxes.append(around(gx, gy, maps[1][4 * a:4 * a + 4].reshape(4, -1).T, s))
                if kinds == 3:
                    t = maps[2][10 * a:10 * a + 10].reshape(5, 2, -1).transpose(2, 0, 1)
                    t = (t + np.stack([gx, gy], 1)[:, None]) * s
                    points.append(np.concatenate([t, np.ones((h * w, 5, 1))], 2))
        return single(np.concatenate(scores), np.concatenate(boxes),
                      points=np.concatenate(points) if kinds == 3 else None)
    settings = {} if kinds == 3 else dict(keypoints=-1)
    return Head(make, model, type="scrfd", input="%dx%d" % (WIDTH, HEIGHT), **settings)


def make_peaks(rng):
    heat = 0.3 * rng.random((80, 128, 128))
    spots = rng.random(heat.shape) < 0.0005
    heat[spots] = 0.4 + 0.6 * rng.random(spots.sum())
    heat[:5, 60, 70] = 0.9
    return [heat, rng.random((2, 128, 128)) * 9, rng.random((2, 128, 128))]


ODD = {
    "more rows than one go": v8(9000, 20, rare),
    "most values pass": v8(9000, 9, even),
    "most values pass, and few rows": v8(70, 9, even),
    "a thousand classes": v8(300, 1000, rare, threshold=0.45),
    "a thousand classes by row": v8(300, 1000, rare, False, threshold=0.45),
    "one class, many rows": v8(20000, 1, rare),
    "one class by row": v8(1000, 1, even, False),
    "three classes by row": v8(1000, 3, even, False),
    "thirteen classes by row": v8(1000, 13, rare, False),
    "logits below zero": v8(9000, 12, logits, activation=2, threshold=0.2),
    "logits below zero by row": v8(500, 33, logits, False, activation=2, threshold=0.2),
    "objectness, by column": v5(9000, 33, True),
    "objectness, one class": v5(900, 1, False),
    "objectness, a thousand classes": v5(200, 1000, False),
    "softmax, background first": ssd_softmax(91, 0),
    "softmax, background last": ssd_softmax(21, 20),
    "softmax, background between": ssd_softmax(7, 3),
    "softmax without background": ssd_softmax(11, -1),
    "two scales of one and five anchors": anchor_grid((16, 32), (1, 5), 1, box_v3,
                                                      sigmoid_classes, type="yolov3"),
    "four scales": anchor_grid((4, 8, 16, 64), (2, 3, 3, 1), 7, box_v5, sigmoid_classes,
                               type="yolov5-raw"),
    "softmax of a hundred": anchor_grid((8, 32), (3, 2), 100, box_v3, softmax_classes,
                                        type="yolov3", activation=3, threshold=0.1),
    "split, four scales": split((4, 8, 16, 32), 16, 3),
    "split, one scale": split((16,), 5, 130),
    "split without distributions": split((8, 16, 32), 1, 4),
    "scrfd in maps": scrfd_maps(2, 3, False),
    "scrfd in maps, channels last": scrfd_maps(3, 3, True),
    "scrfd in maps without keypoints": scrfd_maps(1, 2, False),
    "many peaks in a cell": Head(make_peaks, centernet, type="centernet", input="512x512",
                                 threshold=0.35, batches=(0, 1)),
}
