# SPDX-License-Identifier: Apache-2.0
"""Every head against numpy models written from the published formulas, on random tensors in all
element types, dense, strided and reversed, with and without a batch dimension.

A model takes the dequantised outputs of one frame as float64 and returns the candidate of every
row (of every class where a row may be several things): row, class, score, box, angle, keypoints.
"""
import numpy as np

from heads_maths import centered
from heads_models import HEADS
from heads_odd import ODD
from heads_support import decode
from tap import Tap

DTYPES = ["float32", "float16", "uint8", "int8", "float64"]


def stored(array, dtype):
    """What a network of this type would give: elements, (scale, zero_point), and their values."""
    if dtype.startswith("float"):
        elements = array.astype(dtype)
        return elements, None, elements.astype(np.float32).astype(np.float64)
    if dtype == "int64":
        return array.astype(dtype), None, array.astype(np.float64)
    low, high = (0, 255) if dtype == "uint8" else (-128, 127)
    top, bottom = max(float(array.max()), 0.0), min(float(array.min()), 0.0)
    scale = np.float32((top - bottom) / 255 if top > bottom else 1 / 255)
    zero = int(np.clip(round(low - bottom / float(scale)), low, high))
    elements = np.clip(np.round(array / float(scale)) + zero, low, high).astype(dtype)
    values = (elements.astype(np.float64) - zero) * np.float64(scale)
    return elements, (float(scale), zero), values.astype(np.float32).astype(np.float64)


def close(found, wanted):
    row, klass, score, box, angle, points = wanted
    tolerance = 2e-6 * (1 + np.abs(box).max())
    return (abs(found[2] - score) < 3e-7 and np.abs(found[3] - box).max() < tolerance and
            abs(found[4] - angle) < 1e-6 and found[5].shape == points.shape and
            (points.size == 0 or
             np.abs(found[5] - points).max() < 2e-6 * (1 + np.abs(points).max())))


def compare(result, candidates, threshold):
    """'' or what is wrong. A score within rounding of the threshold may fall on either side."""
    if result.error:
        return result.error
    found = {(d[0], d[1]): d for d in result.detections}
    if len(found) != len(result.detections):
        return "a row and class twice"
    passed = 0
    for candidate in candidates:
        key = candidate[:2]
        box = candidate[3]
        good = candidate[2] > threshold and box[2] > box[0] and box[3] > box[1]
        if abs(candidate[2] - threshold) < 3e-7:
            found.pop(key, None)
            continue
        if good != (key in found):
            return "%s: %s" % (key, "missing" if good else "not expected")
        if good:
            passed += 1
            if not close(found.pop(key), candidate):
                return "%s differs from %s" % (key, candidate)
    if found:
        return "%d not expected" % len(found)
    return "" if passed > 0 else "nothing passed: the test is empty"


def cases(head):
    """Element type, batch (0: no such dimension) and how the tensors lie in memory."""
    for dtype in DTYPES:
        yield dtype, head.batches[-1], 1
    for dtype in ("float32", "float16", "int8"):
        yield from ((dtype, 0, 0), (dtype, 1, 2), (dtype, head.batches[-1], 0))


def run(tap, name, head, rng):
    failures = []
    for dtype, batch, spread in cases(head):
        frames = [head.make(rng) for _ in range(max(batch, 1))]
        arrays, scales, values = [], [], []
        for i, output in enumerate(zip(*frames)):
            elements, scale, value = stored(np.stack(output), head.fixed_types.get(i, dtype))
            arrays.append(elements if batch else elements[0])
            scales.append(scale)
            values.append(value)
        frame = max(batch - 1, 0)
        settings = dict(dict(frame=frame, confidence=head.threshold), **head.settings)
        result = decode(arrays, scales, spread, **settings)
        wrong = compare(result, head.model([v[frame] for v in values]), head.threshold)
        if wrong:
            failures.append("%s batch %d spread %d: %s" % (dtype, batch, spread, wrong))
    tap.check(name, not failures, failures[:3])


def strewn(rng, count, classes, dense):
    """Rows with NaN and infinity in scores and boxes, and what becomes of them at 0.5: detections,
    and how many rows are not finite. A NaN beside a class that passes is of no consequence."""
    table = np.concatenate([rng.random((count, 4)) * 90 + 1,
                            rng.random((count, classes)) ** (1 if dense else 9)], 1)
    table = table.astype(np.float16).astype(np.float32)
    for value in (np.nan, np.inf, -np.inf):
        table[rng.random(table.shape) < 0.5 / table.shape[1] / 10] = value
    rows, wrong = [], 0
    for i, row in enumerate(table):
        scores = np.where(np.isnan(row[4:]), -np.inf, row[4:])
        best = int(scores.argmax())
        with np.errstate(invalid="ignore"):
            finite = np.isfinite(np.append(centered(row[:4]), scores[best])).all()
        if scores[best] > 0.5 and finite:
            rows.append((i, best))
        elif scores[best] > 0.5 or np.isnan(row[4:]).any():
            wrong += 1
    return table, rows, wrong


def check_strewn(tap, rng):
    for classes, dense in ((1, False), (6, True), (6, False), (90, False)):
        table, rows, wrong = strewn(rng, 9000, classes, dense)
        failures = []
        for dtype in ("float32", "float16", "float64"):
            for channels, spread in ((False, 0), (False, 2), (True, 0), (True, 1)):
                stored_table = (table.T if channels else table).astype(dtype)
                result = decode([stored_table], None, spread, type="yolov8", input="96x64",
                                layout=2 if channels else 1, confidence=0.5)
                found = [(d[0], d[1]) for d in result.detections]
                if found != rows or result.counts["nonfinite"] != wrong:
                    failures.append((dtype, channels, spread, len(found), result.counts))
        tap.check("NaN and infinity, %d classes%s" % (classes, ", most pass" if dense else ""),
                  not failures and wrong > 0, (len(rows), wrong, failures[:2]))


def main():
    tap = Tap()
    for i, (name, head) in enumerate(HEADS.items()):
        run(tap, name, head, np.random.default_rng(100 + i))
    for i, (name, head) in enumerate(ODD.items()):
        run(tap, name, head, np.random.default_rng(300 + i))
    check_strewn(tap, np.random.default_rng(400))
    tap.done()


main()
