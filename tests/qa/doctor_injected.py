#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Faults injected by an independent program, through the command line and every import format.

usage: doctor_injected.py                     the test: a short fixed run as TAP
       doctor_injected.py RUNS [SEED [CODE]]  the matrix; CODE real: of real detections only

For each code: how often exactly it was named, how often the doctor said that two explanations tie
with the right one among them, and how often it was wrong.
"""
import collections
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from tap import Tap  # noqa: E402

try:
    import numpy as np
    import injected_faults as inject
except ImportError:
    print("1..0 # SKIP numpy is not installed")
    sys.exit(0)

TOOL = os.environ.get("PLUMBLINE_TOOL", "plumbline")
FORMATS = ("ndjson", "coco", "yolo", "labelme", "cvat")


# --- writing ---

def boxes_of(frame):
    return zip(frame["boxes"].tolist(), frame["classes"].tolist(),
               frame.get("scores", [None] * len(frame["boxes"])))


def save(path, content):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(content if isinstance(content, str) else json.dumps(content))


def write_truth(folder, scene, form):
    """The truth in one of the formats; what to pass to --truth."""
    sizes = [frame["size"] for frame in scene]
    if form == "coco":
        annotations = [{"id": 1, "image_id": i, "category_id": c, "bbox": b}
                       for i, f in enumerate(scene) for b, c, _ in boxes_of(f)]
        save(f"{folder}/truth.json", {
            "images": [{"id": i, "file_name": f"f{i}.jpg", "width": w, "height": h}
                       for i, (w, h) in enumerate(sizes)],
            "annotations": annotations,
            "categories": [{"id": c, "name": f"c{c:03d}"} for c in range(400)]})
        return f"{folder}/truth.json"
    if form == "cvat":
        text = ["<annotations>"]
        for i, f in enumerate(scene):
            text.append(f'<image id="{i}" name="f{i}.jpg" width="{sizes[i][0]}" '
                        f'height="{sizes[i][1]}">')
            text += [f'<box label="c{c:03d}" xtl="{x}" ytl="{y}" xbr="{x + w}" ybr="{y + h}"/>'
                     for (x, y, w, h), c, _ in boxes_of(f)]
            text.append("</image>")
        save(f"{folder}/truth.xml", "\n".join(text) + "</annotations>")
        return f"{folder}/truth.xml"
    if form == "ndjson":
        save(f"{folder}/truth.ndjson", "".join(line(i, f["size"], [
            {"class": c, "box": b} | ({} if s is None else {"score": s})
            for b, c, s in boxes_of(f)]) for i, f in enumerate(scene)))
        return f"{folder}/truth.ndjson"
    for i, f in enumerate(scene):
        width, height = sizes[i]
        if form == "yolo":
            save(f"{folder}/truth/f{i}.txt", "".join(
                f"{c} {(x + w / 2) / width} {(y + h / 2) / height} {w / width} {h / height}\n"
                for (x, y, w, h), c, _ in boxes_of(f)))
        else:
            save(f"{folder}/truth/f{i}.json", {
                "imagePath": f"f{i}.jpg", "imageWidth": width, "imageHeight": height,
                "shapes": [{"label": f"c{c:03d}", "shape_type": "rectangle",
                            "points": [[x, y], [x + w, y + h]]}
                           for (x, y, w, h), c, _ in boxes_of(f)]})
    return f"{folder}/truth"


def line(index, size, detections):
    return json.dumps({"frame": f"f{index}.jpg", "width": size[0], "height": size[1],
                       "detections": detections}) + "\n"


def write_observed(folder, scene, form):
    """Names go with ids, as apps that have a list of labels write them."""
    if form == "coco":
        save(f"{folder}/observed.json", [
            {"image_id": i, "category_id": c, "bbox": b, "score": s}
            for i, f in enumerate(scene) for b, c, s in
            zip(f["seen"].tolist(), f["seen_class"].tolist(), f["seen_score"].tolist())])
        return f"{folder}/observed.json"
    named = form in ("labelme", "cvat")
    save(f"{folder}/observed.ndjson", "".join(line(i, f["size"], [
        {"class": c, "score": s, "box": b} | ({"label": f"c{c:03d}"} if named else {})
        for b, c, s in zip(f["seen"].tolist(), f["seen_class"].tolist(),
                           f["seen_score"].tolist())]) for i, f in enumerate(scene)))
    return f"{folder}/observed.ndjson"


def doctor(scene, form):
    with tempfile.TemporaryDirectory() as folder:
        command = [TOOL, "doctor", "--json", "--truth", write_truth(folder, scene, form),
                   "--observed", write_observed(folder, scene, form)]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        if not run.stdout:
            return {"verdict": "error", "faults": [], "rivals": [], "reason": run.stderr}
        return json.loads(run.stdout)


# --- runs ---

class Row:
    """One line of the matrix."""

    def __init__(self, name):
        self.name, self.named, self.tied, self.wrong, self.twins = name, 0, 0, 0, 0
        self.instead = collections.Counter()

    def __str__(self):
        runs = self.named + self.tied + self.wrong
        text = (f"{self.name:28} {runs:5} {self.named:6} {self.tied:6} {self.wrong:6} "
                f"{self.twins:6} {100 * self.named / max(runs, 1):7.2f} %")
        return text + "".join(f"  {what or '-'} x{n}" for what, n in self.instead.most_common(4))

    def add(self, other):
        self.named, self.tied = self.named + other.named, self.tied + other.tied
        self.wrong, self.twins = self.wrong + other.wrong, self.twins + other.twins


HEAD = f"{'injected':28} {'runs':>5} {'named':>6} {'tied':>6} {'wrong':>6} {'twins':>6}"
verbose = "-v" in sys.argv
references = []  # the frames to draw from instead of making them
brief = not [a for a in sys.argv[1:] if a != "-v"]


def scene_of(rng, i, frames, codes=()):
    """A scene of the i-th kind; the parts of the mix change at different rates."""
    if references:
        scene = [dict(references[rng.integers(len(references))]) for _ in range(frames)]
        return inject.observe(rng, scene, "usual", 80), 80, "reference detections"
    kinds, shapes = list(inject.KINDS), list(inject.SIZES)
    noises = ["usual", "heavy", "blind", "usual", "double" if "nms-missing" not in codes else
              "usual"]
    kind, shape = kinds[i % len(kinds)], shapes[(i + i // 7) % len(shapes)]
    noise = noises[(i // 2) % len(noises)]
    classes = [1, 3, 20, 300][(i // 3) % 4]
    mixed = [None, None, "sizes", "orientation"][(i // 5) % 4] if frames > 1 else None
    if frames == 1 and kind in ("two", "giant"):
        kind = "plain"
    scene = inject.observe(rng, inject.make_scene(rng, frames, kind, shape, classes, mixed), noise,
                           classes)
    return scene, classes, f"{kind}, {shape}, {mixed or 'one size'}, {noise}, {classes} classes"


def judge(row, scene, wanted, verdict, what, form, twin=None, find_twin=None):
    report = doctor(scene, form)
    named = [fault["code"] for fault in report["faults"]]
    row.twins += twin is not None
    if report["verdict"] == verdict and sorted(named) == sorted(wanted):
        row.named += 1
        return
    # The short run looks for twins only where it has to: they take longer than the doctor.
    if find_twin and find_twin():
        row.twins += 1
        return
    among = [sorted(rival["codes"]) for rival in report["rivals"][:2]]
    if report["verdict"] == "unknown" and not named and sorted(wanted) in among:
        row.tied += 1
        kind = "tied"
    else:
        row.wrong += 1
        kind = "wrong"
        row.instead["+".join(named) or report["verdict"]] += 1
    if verbose:
        print(f"#   {row.name}: {kind}: {report['verdict']} {named}: {report['reason']} "
              f"({what}, {form}, {len(scene)} x {scene[0]['size']}, "
              f"{sum(len(f['boxes']) for f in scene)} true, twin {twin}) "
              f"{[f['evidence']['detail'] for f in report['faults']]}", flush=True)


def single(row, rng, code, i, frames):
    scene, classes, what = scene_of(rng, i, frames, (code,))
    found = sum((f["found"] >= 0).sum() for f in scene)
    if sum(len(f["boxes"]) for f in scene) < 3 or found < (2 if frames == 1 else 3):
        return
    form = FORMATS[i % 5]
    if code in inject.GEOMETRY:
        ways = inject.variants(code)
        fault = ways[i % len(ways)]
        if inject.close(scene, fault, {"code": "none"}) > 0.7:
            return
        twin = None if brief else inject.ambiguous(scene, fault)
        if frames == 1 and twin:
            row.twins += 1
            return
        inject.break_geometry(scene, fault)
        judge(row, scene, [code], "plumbing", f"{what}, {fault}", form, twin,
              (lambda: inject.ambiguous(scene, fault)) if brief else None)
        return
    if code == "class-offset" and classes == 1 and rng.random() < 0.5:
        return
    if code.startswith("sigmoid") and not scores_show(scene, code):
        return
    done = inject.break_list(rng, scene, code, classes)
    if code == "class-offset" and form not in ("ndjson", "yolo"):
        form = "ndjson"  # names hide an offset of the ids, as they should
    judge(row, scene, [code], "plumbing", f"{what}, {done}", form)


def scores_show(scene, code):
    scores = np.concatenate([f["seen_score"] for f in scene])
    if code == "sigmoid-twice":
        return len(scores) >= 10
    return ((scores < 0.5) | (scores > 0.7311)).mean() > 0.1


def matrix(runs, seed, only, frames, codes):
    print(f"# {frames} frame{'s' if frames > 1 else ''} a run\n# {HEAD}")
    total = Row("single faults, 8 frames" if frames == 8 else "single faults, one frame")
    for code in codes:
        if only and code != only:
            continue
        row = Row(code)
        rng = np.random.default_rng([seed, inject.CODES.index(code), frames])
        for i in range(runs):
            single(row, rng, code, i, frames)
        print(f"# {row}", flush=True)
        total.add(row)
    print(f"# {total}", flush=True)
    return total


def healthy(runs, seed):
    row = Row("healthy")
    rng = np.random.default_rng([seed, 1000])
    for i in range(runs):
        frames = 1 if i % 4 == 0 else int(rng.integers(2, 20))
        scene, _, what = scene_of(rng, i, frames, ("nms-missing",))
        if any(len(f["seen"]) for f in scene):
            judge(row, scene, [], "healthy", what, FORMATS[i % 5])
    print(f"# {row}", flush=True)
    return row


def bad_models(runs, seed):
    rows = []
    for k, how in enumerate(("random boxes", "half missed", "shuffled scores", "all")):
        row = Row(f"model: {how}")
        rng = np.random.default_rng([seed, 2000 + k])
        for i in range(runs):
            scene, classes, what = scene_of(rng, i, 8, ("nms-missing",))
            form = FORMATS[i % 5]
            if how in ("shuffled scores", "all"):
                form = "ndjson"
                for f in scene:  # the notebook's scores, which a good app repeats nearly
                    f["scores"] = rng.uniform(0.3, 0.97, len(f["boxes"])).tolist()
                    own = np.array(f["scores"])[np.maximum(f["found"], 0)]
                    f["seen_score"] = np.where(f["found"] >= 0, np.clip(
                        own + rng.normal(0, 0.02, len(own)), 0.01, 0.99), f["seen_score"])
            inject.spoil(rng, scene, how, classes)
            if any(len(f["seen"]) for f in scene):
                judge(row, scene, [], "model", what, form)
        print(f"# {row}", flush=True)
        rows.append(row)
    return rows


def main():
    arguments = [a for a in sys.argv[1:] if a != "-v"]
    runs = int(arguments[0]) if arguments else 1
    seed = int(arguments[1]) if len(arguments) > 1 else 7
    only = arguments[2] if len(arguments) > 2 else None
    real = None
    if os.environ.get("PLUMBLINE_REAL_DATA") and only in (None, "real"):
        references.extend(inject.reference_frames(os.environ["PLUMBLINE_REAL_DATA"]))
        print("# reference detections of real models")
        real = matrix(runs, seed, None, 8, inject.CODES)
        references.clear()
    if only == "real":
        return
    eight = matrix(runs, seed, only, 8, inject.CODES)
    one = matrix(runs, seed, only, 1, [c for c in inject.CODES if c != "region-missing"])
    if only:
        return
    fine = healthy(runs * 8, seed)
    bad = bad_models(runs * 2, seed)
    if not arguments:
        tap = Tap()
        for row, most in ((eight, 0), (one, 0), (fine, 0), (bad[0], 0), (bad[3], 0)):
            tap.check(f"{row.name}: {row.named} named, {row.tied} tied, {row.wrong} wrong",
                      row.wrong <= most, [str(row)])
        if real:
            tap.check(f"faults in real reference detections: {real.named} named, {real.tied} tied, "
                      f"{real.wrong} wrong", real.wrong == 0, [str(real)])
        else:
            tap.skip("faults in real reference detections", "PLUMBLINE_REAL_DATA is not set")
        tap.done()


main()
