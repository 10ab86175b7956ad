# SPDX-License-Identifier: Apache-2.0
"""A second injector: scenes, detectors and faults from the formulas of the design alone, in numpy.
It shares nothing with the one in C, so that a slip in one of them shows."""
import glob
import json
import os

import numpy as np

MODES = ("center_crop", "scale_fit", "scale_fill", "scale_fit_rotate_90_ccw",
         "scale_fill_rotate_90_ccw")
SIDES = {"center": 0.5, "top_left": 0.0, "bottom_right": 1.0}
# The (u,v) table of the orientations as matrices on (u, v, 1).
TURNS = {"flip-x": [[-1, 0, 1], [0, 1, 0]], "flip-y": [[1, 0, 0], [0, -1, 1]],
         "rotate-180": [[-1, 0, 1], [0, -1, 1]], "rotate-90": [[0, -1, 1], [1, 0, 0]],
         "rotate-270": [[0, 1, 0], [-1, 0, 1]], "xy-swapped": [[0, 1, 0], [1, 0, 0]]}
GEOMETRY = ("flip-y", "flip-x", "rotate-90", "rotate-180", "rotate-270", "xy-swapped",
            "center-as-corner", "corner-as-center", "corners-as-size", "normalized-as-pixels",
            "pixels-as-normalized", "input-space-not-unmapped", "unmapped-twice", "pad-placement",
            "wrong-crop-mode", "roi-not-applied", "wrong-image-size")
LISTS = ("class-offset", "threshold-missing", "nms-missing", "region-missing", "sigmoid-missing",
         "sigmoid-twice")
CODES = GEOMETRY + LISTS
INPUTS = ((640, 640), (416, 416), (320, 240), (300, 300), (224, 224), (512, 512), (640, 384),
          (256, 256), (1280, 1280), (608, 608))
VIEWS = ((375, 667), (390, 844), (1080, 1920), (960, 540), (411, 731), (500, 333), (1170, 2532))


# --- boxes: arrays of rows x, y, w, h ---

def affine(boxes, matrix):
    """Boxes through a 2x3 matrix whose axes stay parallel."""
    m = np.asarray(matrix, float)
    a = boxes[:, :2] @ m[:, :2].T + m[:, 2]
    b = (boxes[:, :2] + boxes[:, 2:]) @ m[:, :2].T + m[:, 2]
    low, high = np.minimum(a, b), np.maximum(a, b)
    return np.hstack([low, high - low])


def square(matrix):
    return np.vstack([np.asarray(matrix, float), [0, 0, 1]])


def overlaps(a, b):
    """IoU of each of a with each of b."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, :2] + a[:, None, 2:], b[None, :, :2] + b[None, :, 2:])
    both = np.prod(np.clip(high - low, 0, None), axis=2)
    with np.errstate(divide="ignore", invalid="ignore"):
        union = np.prod(a[:, 2:], 1)[:, None] + np.prod(b[:, 2:], 1)[None] - both
        return np.where(union > 0, both / union, 0)


# --- where the picture lies in the input ---

def upright_to_input(size, target, mode, side="center"):
    """Matrix of upright pixels to input pixels."""
    width, height = size
    before = np.eye(3)
    if mode.endswith("rotate_90_ccw"):
        before = square([[0, 1, 0], [-1, 0, width]])
        width, height = height, width
    if "fill" in mode:
        scale = square([[target[0] / width, 0, 0], [0, target[1] / height, 0]])
    else:
        pick = max if mode == "center_crop" else min
        s = pick(target[0] / width, target[1] / height)
        share = SIDES[side]
        scale = square([[s, 0, (target[0] - s * width) * share],
                        [0, s, (target[1] - s * height) * share]])
    return scale @ before


def apply(fault, boxes, size):
    """The code table: what is observed instead of `boxes`."""
    code, width, height = fault["code"], size[0], size[1]
    x, y, w, h = boxes.T
    if code == "xy-swapped" and fault.get("pixels"):
        return np.stack([y, x, h, w], 1)
    if code in TURNS:
        unit = square([[1 / width, 0, 0], [0, 1 / height, 0]])
        return affine(boxes, (np.linalg.inv(unit) @ square(TURNS[code]) @ unit)[:2])
    if code == "center-as-corner":
        return np.stack([x + w / 2, y + h / 2, w, h], 1)
    if code == "corner-as-center":
        return np.stack([x - w / 2, y - h / 2, w, h], 1)
    if code == "corners-as-size":
        return np.stack([x, y, x + w, y + h], 1)
    if code == "normalized-as-pixels":
        return boxes / [width, height, width, height]
    if code == "pixels-as-normalized":
        return boxes * [width, height, width, height]
    if code == "wrong-image-size":
        view = fault["view"] if "view" in fault else np.multiply(size, fault["factors"])
        return boxes * np.tile(np.divide(view, size), 2)
    if code == "roi-not-applied":
        rx, ry, rw, rh = np.multiply(fault["roi"], [width, height, width, height])
        if fault["scaled"]:
            return np.stack([(x - rx) * width / rw, (y - ry) * height / rh, w * width / rw,
                             h * height / rh], 1)
        return np.stack([x - rx, y - ry, w, h], 1)
    made = upright_to_input(size, fault["input"], fault["made"], fault["made_side"])
    if code == "input-space-not-unmapped":
        return affine(boxes, made[:2])
    if code == "unmapped-twice":
        return affine(boxes, np.linalg.inv(made)[:2])
    read = upright_to_input(size, fault["input"], fault["read"], fault["read_side"])
    return affine(boxes, (np.linalg.inv(read) @ made)[:2])


def variants(code):
    """Every way in which a geometric fault is injected."""
    if code == "xy-swapped":
        return [{"code": code, "pixels": p} for p in (False, True)]
    ways = [(m, s) for m in MODES[:3] for s in SIDES if m == "scale_fit" or s == "center"]
    if code in ("input-space-not-unmapped", "unmapped-twice"):
        return [{"code": code, "input": i, "made": m, "made_side": s}
                for i in INPUTS for m, s in ways if s != "bottom_right"]
    if code == "pad-placement":
        return [{"code": code, "input": i, "made": "scale_fit", "read": "scale_fit",
                 "made_side": a, "read_side": b}
                for i in INPUTS[:3] for a in SIDES for b in SIDES if a != b]
    if code == "wrong-crop-mode":
        return [{"code": code, "input": i, "made": a, "read": b, "made_side": "center",
                 "read_side": "center"} for i in INPUTS[:3] for a in MODES for b in MODES
                # The two ways of filling differ by a quarter turn, which is a code of its own.
                if a != b and not (a[:10] == b[:10] == "scale_fill")]
    if code == "roi-not-applied":
        rois = ((0.25, 0, 0.5, 1), (0, 0.5, 1, 0.5), (0.1, 0.2, 0.5, 0.4), (0.55, 0.4, 0.4, 0.5),
                (0, 0.2, 0.6, 0.6), (0.3, 0.3, 0.4, 0.4))
        return [{"code": code, "roi": r, "scaled": s} for r in rois for s in (False, True)]
    if code == "wrong-image-size":
        factors = ((0.5, 0.5), (2, 2), (0.375, 0.375), (0.8, 1.3), (1.7, 0.6), (0.3, 0.75))
        return ([{"code": code, "view": v} for v in VIEWS]
                + [{"code": code, "factors": f} for f in factors])
    return [{"code": code}]


def universe():
    """What a scene may be mistaken for by anybody: every fault above, and letterboxes and crops of
    the shapes that models have. Turned modes are too rare to be thought of first."""
    shapes = INPUTS + ((480, 640), (384, 640), (640, 360), (360, 640), (600, 400), (400, 600))
    ways = [("center_crop", "center"), ("scale_fill", "center"), ("scale_fit", "center"),
            ("scale_fit", "top_left"), ("scale_fit", "bottom_right")]
    yield {"code": "none"}
    for code in GEOMETRY:
        yield from (v for v in variants(code)
                    if "rotate" not in v.get("made", "") + v.get("read", ""))
    for shape in shapes[6:7] + shapes[10:]:
        for made, made_side in ways:
            for read, read_side in ways:
                if (made, made_side) != (read, read_side):
                    yield {"code": "pad-placement" if made == read else "wrong-crop-mode",
                           "input": shape, "made": made, "read": read, "made_side": made_side,
                           "read_side": read_side}


UNIVERSE = list(universe())


# --- scenes ---

def some_boxes(rng, count, size, low, high):
    wh = rng.uniform(low, high, (count, 2)) * size
    return np.hstack([rng.random((count, 2)) * (size - wh), wh])


def boxes_on_a_line(rng, count, size):
    side = rng.uniform(0.06, 0.12)
    wh = rng.normal(1, 0.05, (count, 2)) * side * size[1] * [1, 1.6]
    at = np.sort(rng.random(count))[:, None] * [1, 0.08] + [0, rng.uniform(0.1, 0.7)]
    return np.hstack([np.clip(at, 0, 1) * (size - wh), wh])


SIZES = {"4:3": [(1280, 960), (640, 480), (1600, 1200)], "16:9": [(1920, 1080), (1280, 720)],
         "portrait": [(1080, 1920), (768, 1024), (480, 640)], "square": [(640, 640), (1024, 1024)],
         "odd": [(773, 512), (370, 334), (458, 424), (999, 601)], "large": [(4000, 3000)],
         "small": [(96, 96), (128, 96)]}
KINDS = {
    "plain": lambda r, s: some_boxes(r, r.integers(2, 9), s, 0.05, 0.35),
    "crowd": lambda r, s: some_boxes(r, 50, s, 0.03, 0.12),
    "two": lambda r, s: some_boxes(r, 2, s, 0.05, 0.4),
    "giant": lambda r, s: some_boxes(r, r.integers(1, 4), s, 0.5, 0.9),
    "tiny": lambda r, s: some_boxes(r, r.integers(4, 12), s, 0.01, 0.03),
    "line": lambda r, s: boxes_on_a_line(r, int(r.integers(4, 9)), s),
    "mixed": lambda r, s: np.vstack([some_boxes(r, 3, s, 0.02, 0.08), some_boxes(r, 2, s, 0.3, 0.6)]),
}
NOISES = {  # jitter, missed, extra, wrong class, copies, missed when small
    "usual": (0.03, 0.2, 0.1, 0.05, 0.0, 0.2), "exact": (0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
    "heavy": (0.065, 0.2, 0.1, 0.05, 0.0, 0.2), "blind": (0.03, 0.15, 0.1, 0.05, 0.0, 0.4),
    "double": (0.03, 0.2, 0.1, 0.05, 0.1, 0.2),
}


def make_scene(rng, frames, kind, shape, classes, mixed=None):
    """List of frames: size, boxes, classes. `mixed`: None, 'sizes' or 'orientation'."""
    names = list(SIZES) if mixed == "sizes" else [shape]
    size = SIZES[shape][rng.integers(len(SIZES[shape]))]
    scene = []
    for _ in range(frames):
        if mixed == "sizes":
            name = names[rng.integers(5)]
            size = SIZES[name][rng.integers(len(SIZES[name]))]
        here = size[::-1] if mixed == "orientation" and rng.random() < 0.5 else size
        boxes = KINDS[kind](rng, np.array(here, float))
        scene.append({"size": here, "boxes": boxes,
                      "classes": rng.integers(0, classes, len(boxes))})
    return scene


def reference_frames(root):
    """What real detectors found on real photos: reference/MODEL/IMAGE.json."""
    frames = []
    for path in sorted(glob.glob(os.path.join(root, "reference", "*", "*.json"))):
        with open(path, encoding="utf-8") as file:
            reference = json.load(file)
        found = reference["detections"]
        if found:
            frames.append({"size": tuple(reference["image_size"]),
                           "boxes": np.array([[d["x"], d["y"], d["w"], d["h"]] for d in found]),
                           "classes": np.array([d["class"] for d in found])})
    return frames


def observe(rng, scene, noise, classes):
    """What a detector sees: adds seen, seen_class, seen_score and found (index or -1)."""
    jitter, missed, extra, wrong, copies, missed_small = NOISES[noise]
    for frame in scene:
        boxes, size = frame["boxes"], np.array(frame["size"], float)
        small = boxes[:, 2] * boxes[:, 3] < 0.003 * size[0] * size[1]
        kept = np.flatnonzero(rng.random(len(boxes)) >= np.where(small, missed_small, missed))
        kept = np.concatenate([kept, kept[rng.random(len(kept)) < copies]]).astype(int)
        corners = np.hstack([boxes[kept, :2], boxes[kept, :2] + boxes[kept, 2:]])
        corners = corners + rng.normal(0, jitter, corners.shape) * np.tile(boxes[kept, 2:], 2)
        seen = np.hstack([corners[:, :2], np.maximum(corners[:, 2:] - corners[:, :2], 1e-3)])
        shown = frame["classes"][kept].copy()
        confused = rng.random(len(kept)) < wrong
        shown[confused] = rng.integers(0, classes, confused.sum())
        count = (rng.random(len(boxes)) < extra).sum()
        more = boxes[rng.integers(len(boxes), size=count), 2:] * rng.uniform(0.7, 1.4, (count, 2))
        more = np.minimum(more, size * 0.95)
        more = np.hstack([rng.random((count, 2)) * (size - more), more])
        frame["seen"] = np.vstack([seen, more])
        frame["found"] = np.concatenate([kept, np.full(count, -1)])
        frame["seen_class"] = np.concatenate([shown, rng.integers(0, classes, count)])
        frame["seen_score"] = np.concatenate([rng.beta(5, 2, len(kept)) * 0.7 + 0.29,
                                              rng.beta(2, 3, count) * 0.6 + 0.29])
    return scene


def add(frame, boxes, scores, classes):
    frame["seen"] = np.vstack([frame["seen"], boxes])
    frame["seen_score"] = np.concatenate([frame["seen_score"], scores])
    frame["seen_class"] = np.concatenate([frame["seen_class"], classes])
    frame["found"] = np.concatenate([frame["found"], np.full(len(boxes), -1)])


# --- faults of whole lists ---

def break_list(rng, scene, code, classes):
    """Returns what was done, for the log."""
    if code == "class-offset":
        k = int(rng.choice([1, -1, 2, 10]))
        for frame in scene:
            frame["seen_class"] = frame["seen_class"] + k
        return f"{k:+d}"
    if code in ("sigmoid-missing", "sigmoid-twice"):
        for frame in scene:
            p = np.clip(frame["seen_score"], 1e-6, 1 - 1e-6)
            frame["seen_score"] = np.log(p / (1 - p)) if code == "sigmoid-missing" \
                else 1 / (1 + np.exp(-p))
        return ""
    if code == "threshold-missing":
        many, decay = rng.integers(8, 120), rng.uniform(0.02, 0.08)
        for frame in scene:
            size = np.array(frame["size"], float)
            n = rng.poisson(many)
            add(frame, some_boxes(rng, n, size, 0.02, 0.3),
                np.minimum(0.001 + rng.exponential(decay, n), 0.27), rng.integers(0, classes, n))
        return f"about {many} a frame"
    if code == "nms-missing":
        most, jitter = rng.integers(2, 9), rng.uniform(0.01, 0.07)
        for frame in scene:
            times = rng.integers(1, most, len(frame["seen"]))
            again = np.repeat(np.arange(len(times)), times)
            base = frame["seen"][again]
            shift = rng.normal(0, jitter, base.shape) * np.tile(base[:, 2:], 2)
            add(frame, np.hstack([base[:, :2] + shift[:, :2], base[:, 2:] * np.exp(shift[:, 2:] / base[:, 2:])]),
                frame["seen_score"][again] * rng.uniform(0.7, 1, len(again)),
                frame["seen_class"][again])
        return f"up to {most - 1} copies, jitter {jitter:.2f}"
    return break_places(rng, scene, classes)


def break_places(rng, scene, classes):
    """Numerals: at fixed places of the picture, or of a card that moves in it."""
    moving = rng.random() < 0.5
    # As in shooting practice a frame of a moving card shows more places than a fixed clock or logo.
    count = rng.integers(6, 13) if moving else rng.integers(1, 6)
    places, kind = rng.random((count, 2)), int(rng.integers(classes))
    side = rng.uniform(0.04, 0.1)
    for frame in scene:
        size = np.array(frame["size"], float)
        if moving:
            scale, angle = rng.uniform(0.5, 0.75) * size.min(), rng.normal(0, 0.06)
            turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
            at = (places - 0.5) @ turn.T * scale + size * rng.uniform(0.42, 0.58, 2)
            wh = np.full((count, 2), side * scale)
        else:
            wh = np.full((count, 2), side) * size
            at = places * (size - wh) + wh / 2
        shown = rng.random(count) < 0.9
        boxes = np.hstack([at - wh / 2, wh]) + rng.normal(0, 0.03, (count, 4)) * np.tile(wh, 2)
        add(frame, boxes[shown], rng.uniform(0.35, 0.9, shown.sum()), np.full(shown.sum(), kind))
    return f"{count} places of {'a moving card' if moving else 'the picture'}"


def break_geometry(scene, fault):
    for frame in scene:
        frame["seen"] = apply(fault, frame["seen"], frame["size"])


def close(scene, first, second, least=0.0):
    """Mean IoU of what two faults make of the boxes that were found; 0 once it is below `least`."""
    found = [np.unique(f["found"][f["found"] >= 0]) for f in scene]
    total, lost = sum(map(len, found)), 0.0
    for frame, index in zip(scene, found):
        if len(index) == 0:
            continue
        boxes = frame["boxes"][index]
        a, b = (boxes if fault["code"] == "none" else apply(fault, boxes, frame["size"])
                for fault in (first, second))
        lost += (1 - overlaps(a, b).max(axis=1)).sum()
        if lost > (1 - least) * total:
            return 0.0
    return 1 - lost / max(total, 1)


def ambiguous(scene, fault):
    """Another fault makes the same boxes here, whoever looks at them: its code, or None."""
    for other in UNIVERSE:
        if other["code"] != fault["code"] and close(scene, fault, other, 0.85) > 0.85:
            return other["code"]
    return None


# --- bad models ---

def spoil(rng, scene, how, classes):
    """Bad models, each on its own or all together."""
    for frame in scene:
        size, n = np.array(frame["size"], float), len(frame["seen"])
        if how in ("random boxes", "all"):
            frame["seen"] = some_boxes(rng, n, size, 0.05, 0.35)
        if how in ("half missed", "all"):
            keep = rng.random(n) < (0.5 / 0.8 if how == "half missed" else 0.5)
            for key in ("seen", "seen_score", "seen_class", "found"):
                frame[key] = frame[key][keep]
    if how in ("shuffled scores", "all"):
        scores = np.concatenate([f["seen_score"] for f in scene])
        rng.shuffle(scores)
        for frame in scene:
            frame["seen_score"], scores = np.split(scores, [len(frame["seen"])])[0], \
                scores[len(frame["seen"]):]
