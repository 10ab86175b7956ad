#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Boxes of real detectors as they come before suppression, for nms_bench:

    nms_real.py DATA_DIR OUT_DIR && nms_bench real OUT_DIR/*.txt

DATA_DIR is laid out as PLUMBLINE_REAL_DATA; nothing of it is kept in the repository."""
import collections
import json
import pathlib
import sys

import numpy as np


def write(path, boxes, scores, classes):
    lines = ["%.9g %.9g %.9g %.9g %.9g %d" % (*b, s, c) for b, s, c in zip(boxes, scores, classes)]
    path.write_text("\n".join(lines) + "\n")
    print("%s: %d boxes" % (path, len(lines)))


def bullet_holes(data, out):
    """The published predictions of a YOLOv8n at 0.001, all pictures in one and one by one."""
    by_image = collections.defaultdict(list)
    for row in json.loads((data / "bullet_holes/yolov8n_predictions.json").read_text()):
        by_image[row["image_id"]].append(row)
    largest = max(by_image.values(), key=len)
    for name, rows in [("holes_largest", largest), ("holes_all", sum(by_image.values(), []))]:
        xywh = np.array([r["bbox"] for r in rows])
        boxes = np.concatenate([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]], 1)
        write(out / (name + ".txt"), boxes, [r["score"] for r in rows],
              [r["category_id"] for r in rows])


def yolox(data, out):
    """Raw YOLOX-nano outputs, decoded here, every row and class above 0.001."""
    for path in sorted((data / "reference/yolox_nano").glob("*.out0.npy")):
        raw = np.load(path)[0].astype(np.float64)
        grids = [(x, y, s) for s in (8, 16, 32) for y in range(416 // s) for x in range(416 // s)]
        gx, gy, stride = np.array(grids, np.float64).T
        x, y = (raw[:, 0] + gx) * stride, (raw[:, 1] + gy) * stride
        w, h = np.exp(raw[:, 2]) * stride, np.exp(raw[:, 3]) * stride
        scores = raw[:, 4:5] * raw[:, 5:]
        rows, classes = np.nonzero(scores > 0.001)
        boxes = np.stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2], 1)[rows]
        write(out / (path.name.split(".")[0] + ".txt"), boxes, scores[rows, classes], classes)


def main():
    data, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    bullet_holes(data, out)
    yolox(data, out)


if __name__ == "__main__":
    main()
