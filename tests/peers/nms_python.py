#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""torchvision's nms and batched_nms and the usual numpy loop beside the library, on one thread
and on the same synthetic clusters:

    nms_python.py PATH_OF_NMS_BENCH WORK_DIR [SIZE...]

The library is timed by nms_bench in C, the others from Python, where a call costs some 10 us."""
import pathlib
import re
import subprocess
import sys
import time

import numpy as np

LIMIT = 0.45


def clusters(count, classes, seed):
    """As nms_bench makes them: twenty boxes an object, jittered by 8 %."""
    rng = np.random.default_rng(seed)
    side = 640 if count <= 8400 else 1280 if count <= 25200 else 3840
    objects = max(1, count // 20)
    w = 8 * 32 ** rng.uniform(size=objects)
    h = w * np.exp(0.4 * rng.normal(size=objects))
    center = rng.uniform(0, side, (objects, 2))
    ids = rng.integers(0, classes, objects)
    o, e = rng.integers(0, objects, count), rng.normal(size=(count, 4))
    size = np.stack([w[o] * np.exp(0.08 * e[:, 2]), h[o] * np.exp(0.08 * e[:, 3])], 1)
    middle = center[o] + 0.08 * np.stack([w[o], h[o]], 1) * e[:, :2]
    boxes = np.concatenate([middle - size / 2, middle + size / 2], 1).astype(np.float32)
    scores = 0.25 + 0.72 * rng.uniform(size=count) * np.exp(-0.15 * (e ** 2).sum(1))
    labels = np.where(rng.uniform(size=count) < 0.1, rng.integers(0, classes, count), ids[o])
    return boxes, scores.astype(np.float32), labels


def numpy_greedy(boxes, scores):
    """The loop of Fast R-CNN's nms.py, without its extra pixel."""
    x0, y0, x1, y1 = boxes.T
    areas, left, kept = (x1 - x0) * (y1 - y0), np.argsort(-scores, kind="stable"), []
    while len(left):
        i, left = left[0], left[1:]
        kept.append(i)
        w = np.maximum(0, np.minimum(x1[i], x1[left]) - np.maximum(x0[i], x0[left]))
        h = np.maximum(0, np.minimum(y1[i], y1[left]) - np.maximum(y0[i], y0[left]))
        left = left[w * h / (areas[i] + areas[left] - w * h) <= LIMIT]
    return kept


def median(call, budget=0.5):
    times = []
    while len(times) < 3 or (sum(times) < budget and len(times) < 2000):
        start = time.thread_time()
        call()
        times.append(time.thread_time() - start)
    return sorted(times)[len(times) // 2] * 1e6


def ours(bench, path):
    """Medians of nms_bench for one class and by class."""
    text = subprocess.run([bench, "ours", str(path)], capture_output=True, text=True,
                          check=True).stdout
    return [float(t) for t in re.findall(r"plumbline +([0-9.]+) us", text)]


def main():
    bench, work = sys.argv[1], pathlib.Path(sys.argv[2])
    sizes = [int(a) for a in sys.argv[3:]] or [100, 1000, 8400, 25200, 100000]
    work.mkdir(parents=True, exist_ok=True)
    try:
        import torch
        from torchvision import ops
        torch.set_num_threads(1)
    except ImportError as error:
        torch = None
        print("torchvision is not installed:", error)
    for count in sizes:
        boxes, scores, labels = clusters(count, 80, count)
        path = work / ("python_%d.txt" % count)
        np.savetxt(path, np.column_stack([boxes, scores, labels]), fmt=["%.9g"] * 5 + ["%d"])
        one, by_class = ours(bench, path)
        print("%d candidates: plumbline %.1f us, by class %.1f us" % (count, one, by_class))
        rows = [("numpy greedy", lambda: numpy_greedy(boxes, scores), one)]
        if torch:
            b, s, c = torch.tensor(boxes), torch.tensor(scores), torch.tensor(labels)
            rows += [("torchvision nms", lambda: ops.nms(b, s, LIMIT), one),
                     ("torchvision batched_nms", lambda: ops.batched_nms(b, s, c, LIMIT), by_class)]
        for name, call, reference in rows:
            taken = median(call)
            print("  %-24s %12.1f us %8.1f x" % (name, taken, taken / reference), flush=True)


if __name__ == "__main__":
    main()
