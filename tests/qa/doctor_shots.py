#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The doctor on what a real pipeline gives: the shot counter's log with the card as it is, without
its regions, without its threshold, without both; and the raw boxes of the bullet-hole photos.

usage: doctor_shots.py MAKE_FRAMES SHOT_COUNTER CARD
"""
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from tap import Tap  # noqa: E402

TOOL = os.environ["PLUMBLINE_TOOL"]
tap = Tap()


def verdict(truth, observed):
    run = subprocess.run([TOOL, "doctor", "--json", "--truth", truth, "--observed", observed],
                         capture_output=True, text=True, check=False)
    if not run.stdout:
        return "error", run.stderr
    report = json.loads(run.stdout)
    return report["verdict"], sorted(fault["code"] for fault in report["faults"])


def check(title, truth, observed, *codes):
    found, wanted = verdict(truth, observed), ("plumbing" if codes else "healthy", sorted(codes))
    tap.check(title, found == wanted, [f"found {found}", f"wanted {wanted}"])


def shots(make_frames, shot_counter, card):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([make_frames, folder], check=True, capture_output=True)
        with open(os.path.join(folder, "truth.ndjson"), encoding="utf-8") as file:
            frames = [os.path.join(folder, json.loads(line)["frame"]) for line in file]

        def log(name, *switches):
            path = os.path.join(folder, name + ".ndjson")
            subprocess.run([shot_counter, *switches, "--log", path, card, *frames], check=True,
                           capture_output=True)
            return path

        # Every shot is counted right with the card as it is: another test sees to that.
        good = log("good")
        check("the card as it is", good, good)
        check("no regions: printed numerals count", good, log("regions", "--no-regions"),
              "region-missing")
        check("no threshold: everything counts", good, log("threshold", "--no-threshold"),
              "threshold-missing")
        few = os.path.join(folder, "few.ndjson")
        with open(os.path.join(folder, "regions.ndjson"), encoding="utf-8") as file, \
                open(few, "w", encoding="utf-8") as out:
            out.writelines(list(file)[:8])
        check("no regions, eight frames", good, few, "region-missing")


def holes(root):
    folder = os.path.join(root, "bullet_holes")
    truth = os.path.join(folder, "annotations.coco.json")
    raw = os.path.join(folder, "yolov8n_predictions.json")
    check("bullet holes: raw boxes lack a threshold", truth, raw, "threshold-missing")
    with open(raw, encoding="utf-8") as file:
        boxes = json.load(file)
    strong = [box for box in boxes if box["score"] >= 0.25]
    # A logo and two printed marks that the detector takes for holes on every photo.
    marks = [{"image_id": image, "category_id": 0, "score": 0.4 + 0.1 * k,
              "bbox": [x + 0.3 * n, y - 0.2 * n, 48 + 0.3 * n, 40]}
             for n, image in enumerate(sorted({box["image_id"] for box in boxes}))
             for k, (x, y) in enumerate(((20, 580), (300, 12), (560, 300)))]
    with tempfile.TemporaryDirectory() as scratch:
        for title, name, content, codes in (
                ("with a threshold, marks on every photo", "marks", strong + marks,
                 ["region-missing"]),
                ("without a threshold, marks on every photo", "both", boxes + marks,
                 ["region-missing", "threshold-missing"])):
            path = os.path.join(scratch, name + ".json")
            with open(path, "w", encoding="utf-8") as file:
                json.dump(content, file)
            check(f"bullet holes: {title}", truth, path, *codes)


if len(sys.argv) > 3:
    shots(*sys.argv[1:4])
else:
    tap.skip("the shot counter's frames", "the shot counter is not built")
if os.environ.get("PLUMBLINE_REAL_DATA"):
    holes(os.environ["PLUMBLINE_REAL_DATA"])
else:
    tap.skip("the bullet-hole photos", "PLUMBLINE_REAL_DATA is not set")
tap.done()
