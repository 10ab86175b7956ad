#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""doctor on the command line: formats, fixes, exit codes and mistakes."""
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from tap import Tap  # noqa: E402

TOOL = os.environ["PLUMBLINE_TOOL"]
WIDTH, HEIGHT = 640, 480
LABELS = ["cat", "dog", "cow"]
# Two frames: class, x, y, w, h.
TRUTH = {
    "a.jpg": [(0, 20, 30, 100, 60), (1, 300, 50, 120, 200), (2, 90, 300, 80, 90)],
    "b.jpg": [(1, 400, 20, 90, 120), (1, 40, 200, 200, 100), (0, 333, 280, 61, 155)],
}

tap = Tap()
folder = tempfile.TemporaryDirectory()


def path(name):
    return os.path.join(folder.name, name)


def save(name, text):
    os.makedirs(os.path.dirname(path(name)), exist_ok=True)
    with open(path(name), "w", encoding="utf-8") as file:
        file.write(text if isinstance(text, str) else json.dumps(text))
    return path(name)


def doctor(truth, observed, *more):
    run = subprocess.run([TOOL, "doctor", "--truth", truth, "--observed", observed, *more],
                         capture_output=True, text=True, check=False)
    return run.returncode, run.stdout, run.stderr


def verdict(truth, observed, *more):
    code, out, err = doctor(truth, observed, "--json", *more)
    if not out:
        return code, err, []
    report = json.loads(out)
    return code, report["verdict"], [fault["code"] for fault in report["faults"]]


def same(box):
    return box


def flipped(box):
    c, x, y, w, h = box
    return c, x, HEIGHT - y - h, w, h


def ndjson(change=same, score=0.9, space="upright"):
    lines = []
    for name, boxes in TRUTH.items():
        items = []
        for box in boxes:
            c, x, y, w, h = change(box)
            if space == "vision":
                x, y, w, h = x / WIDTH, 1 - (y + h) / HEIGHT, w / WIDTH, h / HEIGHT
            items.append({"class": c, "label": LABELS[c], "box": [x, y, w, h]})
            if score is not None:
                items[-1]["score"] = score
        lines.append(json.dumps({"frame": name, "width": WIDTH, "height": HEIGHT, "space": space,
                                 "detections": items}))
    return "\n".join(lines) + "\n"


def coco():
    images = [{"id": i + 7, "file_name": n, "width": WIDTH, "height": HEIGHT}
              for i, n in enumerate(TRUTH)]
    annotations = [{"id": 1, "image_id": i + 7, "category_id": c + 11, "bbox": [x, y, w, h]}
                   for i, n in enumerate(TRUTH) for c, x, y, w, h in TRUTH[n]]
    return {"images": images, "annotations": annotations,
            "categories": [{"id": i + 11, "name": n} for i, n in enumerate(LABELS)]}


def coco_results(change=same):
    return [{"image_id": i + 7, "category_id": c + 11, "bbox": [x, y, w, h], "score": 0.8}
            for i, n in enumerate(TRUTH) for c, x, y, w, h in map(change, TRUTH[n])]


def save_yolo(name, change=same):
    for frame, boxes in TRUTH.items():
        lines = [f"{c} {(x + w / 2) / WIDTH} {(y + h / 2) / HEIGHT} {w / WIDTH} {h / HEIGHT} 0.7\n"
                 for c, x, y, w, h in map(change, boxes)]
        save(f"{name}/{frame[:-4]}.txt", "".join(lines))
    return path(name)


def save_labelme(name):
    for frame, boxes in TRUTH.items():
        # Corners in an order that nobody promised.
        shapes = [{"label": LABELS[c], "shape_type": "rectangle",
                   "points": [[x + w, y], [x, y + h]]} for c, x, y, w, h in boxes]
        save(f"{name}/{frame[:-4]}.json", {"imagePath": frame, "imageWidth": WIDTH,
                                           "imageHeight": HEIGHT, "shapes": shapes})
    return path(name)


def cvat():
    text = ['<?xml version="1.0"?><!-- <image> is no tag here --><annotations>']
    for frame, boxes in TRUTH.items():
        text.append(f'<image id="0" name="set&amp;1/{frame}" width="{WIDTH}" height="{HEIGHT}">')
        text += [f'<box label="{LABELS[c]}" xtl="{x}" ytl="{y}" xbr="{x + w}" ybr="{y + h}"></box>'
                 for c, x, y, w, h in boxes]
        text.append("</image>")
    return "\n".join(text) + "</annotations>"


def check(title, found, wanted):
    tap.check(title, found == wanted, [f"found {found}", f"wanted {wanted}"])


def formats():
    seen = save("seen.ndjson", ndjson())
    turned = save("turned.ndjson", ndjson(flipped))
    truths = {
        "NDJSON without scores": save("truth.ndjson", ndjson(score=None)),
        "NDJSON in vision space": save("vision.ndjson", ndjson(space="vision")),
        "COCO": save("coco.json", coco()),
        "YOLO folder": save_yolo("yolo"),
        "LabelMe folder": save_labelme("labelme"),
        "CVAT": save("cvat.xml", cvat()),
    }
    for name, truth in truths.items():
        check(f"{name} as truth, fine boxes", verdict(truth, seen), (0, "healthy", []))
        check(f"{name} as truth, boxes upside down", verdict(truth, turned),
              (1, "plumbing", ["flip-y"]))
    results = save("results.json", coco_results(flipped))
    check("COCO results", verdict(truths["COCO"], results), (1, "plumbing", ["flip-y"]))
    check("YOLO against YOLO with --size",
          verdict(truths["YOLO folder"], save_yolo("turned", flipped), "--size", "640x480"),
          (1, "plumbing", ["flip-y"]))
    code, text, _ = verdict(truths["YOLO folder"], path("turned"))
    check("YOLO against YOLO without a size", (code, "--size" in text), (3, True))


def report():
    code, out, _ = doctor(path("truth.ndjson"), path("turned.ndjson"))
    check("the text names the fault and its fix", (code, "flip-y" in out, "lower_left" in out),
          (1, True, True))
    _, out, _ = doctor(path("truth.ndjson"), path("turned.ndjson"), "--json")
    fault = json.loads(out)["faults"][0]
    check("the JSON has a card edit", fault["edit"], {"head": {"origin": "lower_left"}})
    good = fault["evidence"]["mean_iou_after"] > 0.99 > fault["evidence"]["mean_iou_before"]
    check("and the evidence", (good, fault["evidence"]["frames"]), (True, 2))
    shifted = save("shifted.ndjson", ndjson_classes(1))
    check("classes off by one", verdict(path("truth.ndjson"), shifted),
          (1, "plumbing", ["class-offset"]))
    below = save("below.ndjson", ndjson_classes(-1))
    check("classes off by minus one, below zero", verdict(path("truth.ndjson"), below),
          (1, "plumbing", ["class-offset"]))


def ndjson_classes(offset):
    lines = []
    for line in ndjson().splitlines():
        frame = json.loads(line)
        for detection in frame["detections"]:
            detection["class"] += offset
            del detection["label"]
        lines.append(json.dumps(frame))
    return "\n".join(lines)


def mistakes():
    truth = path("truth.ndjson")
    cases = {
        "a broken line": (save("broken.ndjson", ndjson() + '{"frame": \n'), "broken.ndjson:3"),
        "an empty file": (save("empty.ndjson", ""), "holds no frame"),
        "no frame in common": (save("other.ndjson", ndjson().replace(".jpg", "-2.jpg")),
                               "share no frame"),
        "no boxes at all": (save("none.ndjson", "".join(
            json.dumps({"frame": n, "width": 640, "height": 480, "detections": []}) + "\n"
            for n in TRUTH)), "observed"),
        "a box of three numbers": (save("three.ndjson", ndjson().replace("[20, 30, 100, 60]",
                                                                         "[20, 30, 100]")),
                                   "detections[0].box"),
        "boxes in input space": (save("input.ndjson", ndjson().replace("upright", "input")),
                                 "input space"),
        "XML that ends early": (save("cut.xml", cvat()[:300]), "cut.xml"),
        "COCO without images": (save("bad.json", {"annotations": [], "images": 3}), "images"),
        "a line of YOLO that is none": (save("bad.txt", "0 0.5 0.5 x 0.1\n"), "bad.txt:1"),
        "a file that is not there": (path("nowhere.json"), "nowhere.json"),
    }
    for name, (file, wanted) in cases.items():
        code, _, err = doctor(truth, file)
        tap.check(f"{name} is named", code == 3 and wanted in err, [f"{code}: {err}"])
    code, _, err = doctor(truth, truth, "--truth-format", "pascal")
    check("an unknown format is a usage error", (code, "labelme" in err), (2, True))


def real_data():
    root = os.environ.get("PLUMBLINE_REAL_DATA")
    if not root:
        tap.skip("raw boxes of the bullet-hole photos", "PLUMBLINE_REAL_DATA is not set")
        return
    holes = os.path.join(root, "bullet_holes")
    check("raw boxes of the bullet-hole photos lack a threshold",
          verdict(os.path.join(holes, "annotations.coco.json"),
                  os.path.join(holes, "yolov8n_predictions.json")),
          (1, "plumbing", ["threshold-missing"]))


formats()
report()
mistakes()
real_data()
folder.cleanup()
tap.done()
