#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The plug-ins that run networks, on models of a few hundred bytes."""
import os
import re

import tiny_models
from harness import Points, bmp, boxes_card, folder, has_backend, need_pictures, run, write, write_json

# x0 y0 x1 y1 score class, in a picture of 2x4 pixels.
ROWS = [[0, 0, 1, 3, 1, 2], [1, 1, 2, 2, 1, 0], [0, 0, 2, 2, 0, 1], [0, 0, 0, 0, 0, 0]]
WANTED = [(2, [0, 0, 1, 3], 0), (0, [1, 1, 1, 1], 1)]


def picture(path, rows):
    return write(path, bmp(2, len(rows), lambda x, y: tuple(rows[y][3 * x:3 * x + 3])))


def card(path, dtype):
    made = boxes_card()
    made["preprocess"].update(width=2, height=len(ROWS), layout="nhwc", dtype=dtype)
    return write_json(path, made)


def check_boxes(points, title, result):
    found = []
    if result.code == 0:
        found = [(d["class"], d["box"], d["row"]) for d in result.lines()[0]["detections"]]
    points.check(title, found == WANTED, result)


def check_opencv(points, tmp):
    if not has_backend("opencv-dnn"):
        points.skip("opencv-dnn", "the plug-in was not built")
        return
    model = write(os.path.join(tmp, "m.onnx"), tiny_models.onnx_reshape(len(ROWS)))
    frame = picture(os.path.join(tmp, "f.bmp"), ROWS)
    floats = card(os.path.join(tmp, "float.json"), "float32")
    base = ["run", floats, frame, "--backend", "opencv-dnn"]
    check_boxes(points, "opencv-dnn runs an ONNX model", run(*base, "--model", model))
    for model, options, code, words in (
            (None, [], 3, "model"),
            (os.path.join(tmp, "absent.onnx"), [], 4, "model"),
            (write(os.path.join(tmp, "noise.onnx"), b"\x07noise"), [], 4, "model"),
            (model, ["--backend-options", "speed=11"], 3, "speed=11")):
        found = run(*base, *(["--model", model] if model else []), *options)
        points.check(f"opencv-dnn says what is wrong: {words}", found.code == code and
                     words in found.err and found.out == "", found)
    other = write(os.path.join(tmp, "other.onnx"), tiny_models.onnx_reshape(len(ROWS) + 1))
    found = run(*base, "--model", other)
    points.check("a model of another size is a failure of the backend, exit 4",
                 found.code == 4 and "infer" in found.err and
                 re.search(r"detector failed: \S", found.err), found)
    named = write(os.path.join(tmp, "named.onnx"), tiny_models.onnx_reshape(len(ROWS), "boxes"))
    found = run(*base, "--model", named)
    points.check("an output of another name is named", found.code == 3 and "rows" in found.err,
                 found)


def check_tflite(points, tmp):
    if not has_backend("tflite"):
        points.skip("tflite", "the plug-in was not built: -Dtflite_include, -Dtflite_library")
        return
    model = write(os.path.join(tmp, "m.tflite"), tiny_models.tflite_reshape(len(ROWS)))
    frame = picture(os.path.join(tmp, "q.bmp"), [[2 + 2 * n for n in row] for row in ROWS])
    bytes_card = card(os.path.join(tmp, "uint8.json"), "uint8")
    base = ["run", bytes_card, frame, "--backend", "tflite"]
    check_boxes(points, "tflite runs a quantised model", run(*base, "--model", model))
    check_boxes(points, "tflite with threads=2",
                run(*base, "--model", model, "--backend-options", "threads=2"))
    found = run(*base, "--model", write(os.path.join(tmp, "noise.tflite"), b"noise" * 9))
    points.check("tflite refuses what is no model", found.code == 4 and "model" in found.err, found)
    floats = card(os.path.join(tmp, "float2.json"), "float32")
    found = run("run", floats, frame, "--backend", "tflite", "--model", model)
    points.check("tflite names types that do not fit", found.code == 3 and "uint8" in found.err,
                 found)


def main():
    need_pictures()
    points = Points()
    with folder() as tmp:
        check_opencv(points, tmp)
        check_tflite(points, tmp)
    points.done()


if __name__ == "__main__":
    main()
