# SPDX-License-Identifier: Apache-2.0
"""Raw outputs of real networks against detections that an independent pipeline made of them
(ONNX Runtime, OpenCV, numpy; see the data's README). Needs PLUMBLINE_REAL_DATA."""
import glob
import json
import os

import numpy as np

from heads_support import decode
from tap import Tap

HEADS = {
    "yolox_nano": dict(type="yolox", input="416x416"),
    "face_rfb320": dict(type="ultraface", input="320x240"),
    "face_rfb320_raw": dict(type="ultraface", input="320x240", raw=1),
}


def mapped(model, detection, params, size):
    """The json's mapping of a box in input pixels to x, y, w, h upright."""
    x0, y0, x1, y1 = detection[3]
    if "letterbox_ratio" in params:
        sx = sy = 1.0 / params["letterbox_ratio"]
    else:
        sx, sy = size[0] / 320.0, size[1] / 240.0
    return np.array([x0 * sx, y0 * sy, (x1 - x0) * sx, (y1 - y0) * sy])


def check(tap, model, path):
    with open(path) as file:
        reference = json.load(file)
    arrays = [np.load(f) for f in sorted(glob.glob(path[:-5] + ".out*.npy"))]
    name = model + " " + os.path.basename(path)
    if not arrays:
        return tap.skip(name, "no raw outputs are stored")
    result = decode(arrays, confidence=reference["params"]["score_th"], **HEADS[model])
    found = [(d[1], d[2], mapped(model, d, reference["params"], reference["image_size"]))
             for d in result.detections]
    worst_box = worst_score = 0.0
    for r in reference["detections"]:
        box = np.array([r["x"], r["y"], r["w"], r["h"]])
        error, score = min(((np.abs(b - box).max(), abs(s - r["score"]))
                            for c, s, b in found if c == r["class"]), default=(1e9, 1e9))
        worst_box, worst_score = max(worst_box, error), max(worst_score, score)
    tap.check(name, worst_box < 0.01 and worst_score < 1e-5,
              ["%g px, score %g, %s" % (worst_box, worst_score, result.error)])


def twins(tap, root):
    """The undecoded export against the decoded one, in fractions of the input."""
    for path in sorted(glob.glob(os.path.join(root, "face_rfb320_raw", "*.json"))):
        stem = os.path.basename(path)[:-5]
        boxes = []
        for model in ("face_rfb320", "face_rfb320_raw"):
            folder = os.path.join(root, model, stem)
            arrays = [np.load(f) for f in sorted(glob.glob(folder + ".out*.npy"))]
            result = decode(arrays, confidence=0.001, **HEADS[model])
            boxes.append({d[0]: np.append(d[3] / [320, 240, 320, 240], d[2])
                          for d in result.detections})
        same = boxes[0].keys() == boxes[1].keys() and len(boxes[0]) > 0
        worst = max(np.abs(boxes[0][r] - boxes[1][r]).max() for r in boxes[0]) if same else 1e9
        tap.check("ultraface raw equals decoded, " + stem, worst < 1e-6, ["%g" % worst])


def main():
    tap = Tap()
    data = os.environ.get("PLUMBLINE_REAL_DATA")
    if not data:
        tap.skip("real networks", "PLUMBLINE_REAL_DATA is not set")
        tap.done()
    root = os.path.join(data, "reference")
    for model in HEADS:
        for path in sorted(glob.glob(os.path.join(root, model, "*.json"))):
            check(tap, model, path)
    twins(tap, root)
    tap.done()


main()
