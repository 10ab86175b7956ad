#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""doctor with --frame and --tensor: every plumbing fault, alone and in pairs, put into tensors that
numpy, OpenCV and Pillow made, is named, and healthy tensors are healthy.

The faults are steps of a recipe written here, not runs of our own preprocessor. `--all` tries every
pair on every picture and prints the confusion; the test takes one picture for each pair."""
import itertools
import os
import sys
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from tap import Tap  # noqa: E402

tap = Tap()
try:
    import cv2
    import numpy as np
    from PIL import Image
    from tensor_frames import (Bitmap, Planes, Region, Turned, TURBOJPEG, doctor, legacy, picture, quarter,
                               write_card)
except ImportError as missing:
    tap.skip("the tensor doctor", f"{missing.name} is not installed")
    tap.done()

REAL = os.environ.get("PLUMBLINE_REAL_DATA")
ALL = "--all" in sys.argv
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


# --- the steps of a recipe ---

def resize(key, image, size):
    if key == "tf1-legacy":
        width, height = size
        return legacy(np.atleast_3d(image), size).reshape(height, width, *image.shape[2:])
    kind, _, name = key.partition("-")
    if kind == "pillow":
        filters = {"bilinear": 2, "bicubic": 3, "lanczos": 1, "box": 4}
        return np.asarray(Image.fromarray(image).resize(size, filters[name]))
    flags = {"linear": 1, "area": 3, "nearest": 0, "cubic": 2}
    return cv2.resize(image, size, interpolation=flags[name])


def letterbox(image, r, width, height):
    h, w = image.shape[:2]
    ratio = min(width / w, height / h)
    if r["rule"] == "yolox":
        w, h = int(w * ratio), int(h * ratio)
    else:
        w, h = int(round(w * ratio)), int(round(h * ratio))
    small = resize(r["resample"], image, (w, h))
    out = np.empty((height, width, *small.shape[2:]), small.dtype)
    out[:] = r["pad"]
    left, top = {"center": (int(round((width - w) / 2 - 0.1)), int(round((height - h) / 2 - 0.1))),
                 "top-left": (0, 0), "bottom-right": (width - w, height - h),
                 "off": ((width - w) // 4, (height - h) // 4)}[r["place"]]
    out[top:top + h, left:left + w] = small
    shown = np.zeros((height, width), bool)
    shown[top:top + h, left:left + w] = True
    return out, shown


def crop(image, r, width, height):
    short = r.get("short", max(width, height))
    h, w = image.shape[:2]
    w, h = (short, int(short * h / w)) if w <= h else (int(short * w / h), short)
    small = resize(r["resample"], image, (w, h))
    top, left = int(round((h - height) / 2)), int(round((w - width) / 2))
    return small[top:top + height, left:left + width]


def make(frame, r):
    """The tensor that a recipe makes of a frame."""
    width, height = r["size"]
    image = frame.pixels(r)
    if r["channels"] == "gray":
        image = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    if r.get("mirror") is not None:
        image = np.ascontiguousarray(np.flip(image, r["mirror"]))
    shown = np.ones((height, width), bool)
    if r["mode"] == "letterbox":
        image, shown = letterbox(image, r, width, height)
    elif r["mode"] == "crop":
        image = crop(image, r, width, height)
    else:
        image = resize(r["resample"], image, (width, height))
    if r["channels"] == "bgr":
        image = image[..., ::-1]
    value = np.atleast_3d(image).astype("f4")
    if r["divide"] != 1:
        value = value / np.float32(r["divide"])
    if r["mean"]:
        value = (value - np.array(r["mean"], "f4")) / np.array(r["std"], "f4")
    if r.get("late_pad") is not None:
        value[~shown] = r["late_pad"]
    if r["dtype"] == "uint8":
        value = np.rint(value).astype("u1")
    order = r["layout"]
    if order == "nchw":
        return np.ascontiguousarray(value.transpose(2, 0, 1)[None])
    value = np.ascontiguousarray(value[None])
    return value.reshape(1, 3, height, width) if order == "nhwc as nchw" else value


# --- cards and their faults ---

BASE = {"channels": "rgb", "layout": "nchw", "divide": 255, "mean": None, "std": None,
        "dtype": "float32", "rule": "ultralytics", "place": "center", "pad": 114}
CARDS = {
    "ultralytics": ({**BASE, "size": (192, 160), "mode": "letterbox", "resample": "opencv-linear"},
                    {"profile": "ultralytics"}),
    "yolox": ({**BASE, "size": (208, 208), "mode": "letterbox", "resample": "opencv-linear",
               "rule": "yolox", "place": "top-left", "channels": "bgr", "divide": 1},
              {"profile": "yolox"}),
    "torchvision": ({**BASE, "size": (160, 160), "mode": "crop", "short": 183,
                     "resample": "pillow-bilinear", "mean": MEAN, "std": STD},
                    {"profile": "torchvision", "resize_short": 183}),
    "stretch": ({**BASE, "size": (180, 140), "mode": "stretch", "resample": "pillow-bicubic",
                 "mean": (0.5, 0.4, 0.3), "std": (0.5, 0.25, 0.2), "layout": "nhwc"},
                {"mode": "scale_fill", "resample": "pillow-bicubic", "channels": "rgb",
                 "layout": "nhwc", "dtype": "float32", "divide": 255, "mean": [0.5, 0.4, 0.3],
                 "std": [0.5, 0.25, 0.2]}),
    "legacy": ({**BASE, "size": (150, 150), "mode": "stretch", "resample": "tf1-legacy",
                "divide": 127.5, "mean": (1, 1, 1), "std": (1, 1, 1), "layout": "nhwc"},
               {"mode": "scale_fill", "resample": "tf1-legacy", "channels": "rgb", "layout": "nhwc",
                "dtype": "float32", "divide": 127.5, "mean": [1, 1, 1]}),
    "gray": ({**BASE, "size": (170, 150), "mode": "letterbox", "resample": "opencv-linear",
              "channels": "gray", "mean": (0.4,), "std": (0.2,)},
             {"mode": "scale_fit", "rule": "ultralytics", "resample": "opencv-linear", "channels": "gray",
              "layout": "nchw", "dtype": "float32", "divide": 255, "pad": [114], "mean": [0.4],
              "std": [0.2]}),
}


def faults_of(r, frame):
    """Kind, code and the change of the recipe."""
    other = "bgr" if r["channels"] == "rgb" else "rgb"
    found = [("turn", "mirrored", {"mirror": 1}), ("turn", "mirrored", {"mirror": 0})]
    if r["channels"] != "gray":
        found.append(("order", "channel-order", {"channels": other}))
        found.append(("layout", "layout-mixup",
                      {"layout": "nhwc as nchw" if r["layout"] == "nchw" else "nchw"}))
    if r["divide"] != 1:
        found.append(("range", "range-0-255", {"divide": 1}))
    else:
        found.append(("range", "range-0-1", {"divide": 255}))
    if r["mean"] and r["divide"] == 255:
        found.append(("mean", "mean-std-missing", {"mean": None}))
        if r["channels"] != "gray":
            found.append(("mean", "channel-order", {"mean": r["mean"][::-1], "std": r["std"][::-1]}))
    for mode in {"letterbox": ("crop", "stretch"), "crop": ("letterbox", "stretch"),
                 "stretch": ("letterbox", "crop")}[r["mode"]]:
        found.append(("mode", "wrong-crop-mode", {"mode": mode}))
    if r["mode"] == "letterbox":
        for place in {"center": ("top-left", "bottom-right"), "top-left": ("center", "off")}[r["place"]]:
            found.append(("place", "pad-placement", {"place": place}))
        found.append(("pad", "pad-color", {"pad": 0}))
        found.append(("pad", "pad-color", {"late_pad": 0 if r["divide"] != 1 else 0.5}))
    if r["resample"] == "tf1-legacy":
        found.append(("resample", "half-pixel-shift", {"resample": "opencv-linear"}))
    else:
        if r["resample"].startswith("opencv"):
            found.append(("resample", "half-pixel-shift", {"resample": "tf1-legacy"}))
        for key in ("opencv-linear", "pillow-bilinear", "opencv-area", "opencv-nearest"):
            if key != r["resample"]:
                found.append(("resample", "wrong-resampler", {"resample": key}))
    if isinstance(frame, Region):
        found.append(("region", "wrong-crop-mode", {"whole": True}))
    if isinstance(frame, Turned):
        found.append(("turn", "orientation-ignored", {"as_stored": True}))
        if TURBOJPEG:
            found.append(("decoder", "jpeg-decoder", {"decoder": "plain"}))
            found.append(("decoder", "jpeg-decoder", {"decoder": "fast"}))
    if isinstance(frame, Planes):
        found.append(("matrix", "matrix-mixup", {"matrix": "bt709"}))
        found.append(("yuv range", "range-mixup", {"range": "full"}))
    return found


class Case:
    """What was put in, and how to ask for it."""

    def __init__(self, card, frame, tensor, codes, label):
        self.card, self.frame, self.tensor = card, frame, tensor
        self.codes, self.label = tuple(sorted(set(codes))), label


def cases_of(name, card, recipe, frames, turn):
    """Healthy, each fault alone on every frame, pairs of different kinds on one frame each."""
    for at, frame in enumerate(frames):
        healthy = make(frame, recipe)
        yield Case(card, frame, healthy, (), f"{name}, {frame.name}: healthy")
        faults = faults_of(recipe, frame)
        alone = [make(frame, {**recipe, **change}) for _, _, change in faults]
        shows = [t.shape != healthy.shape or not np.array_equal(t, healthy) for t in alone]
        for (_, code, change), tensor, visible in zip(faults, alone, shows):
            if visible:
                yield Case(card, frame, tensor, (code,), f"{name}, {frame.name}: {code} {change}")
        pairs = [p for p in itertools.combinations(range(len(faults)), 2)
                 if faults[p[0]][0] != faults[p[1]][0]]
        for number, (a, b) in enumerate(pairs):
            if not ALL and number % (7 * len(frames)) != (at + turn) % (7 * len(frames)):
                continue
            both = make(frame, {**recipe, **faults[a][2], **faults[b][2]})
            # A fault that the other one hides cannot be named.
            if any(both.shape == t.shape and np.array_equal(both, t)
                   for t in (healthy, alone[a], alone[b])):
                continue
            yield Case(card, frame, both, (faults[a][1], faults[b][1]),
                       f"{name}, {frame.name}: {faults[a][2]} {faults[b][2]}")


def all_cases():
    synthetic = [picture(401, 277, 1), picture(277, 363, 2), picture(331, 331, 3)]
    bitmaps = [Bitmap(n, p) for n, p in zip(("landscape", "portrait", "square"), synthetic)]
    turn = 0
    for name, (recipe, fields) in CARDS.items():
        yield from cases_of(name, write_card(name, recipe, fields), recipe, bitmaps, turn)
        turn += 1
    recipe, fields = CARDS["ultralytics"]
    planes = [Planes("nv12", synthetic[0], "opencv-nv12", "limited")]
    yield from cases_of("nv12", write_card("nv12", recipe, fields), recipe, planes, turn)
    regions = [Region("region", synthetic[0], (37, 51, 301, 197))]
    yield from cases_of("region", write_card("region", recipe, fields), recipe, regions, turn)
    turned = [Turned("exif6", synthetic[1], 6, quarter)]
    yield from cases_of("exif", write_card("exif", recipe, fields), recipe, turned, turn)
    if REAL:
        photos = sorted(n for n in os.listdir(os.path.join(REAL, "images")) if n.endswith(".jpg"))[:2]
        real = [Bitmap(n, np.asarray(Image.open(os.path.join(REAL, "images", n)).convert("RGB")))
                for n in photos]
        for name in ("ultralytics", "torchvision"):
            recipe, fields = CARDS[name]
            big = {**recipe, "size": (320, 320)}
            if "short" in big:
                big["short"] = 366
                fields = {**fields, "resize_short": 366}
            yield from cases_of(f"photos, {name}", write_card(f"photos-{name}", big, fields), big,
                                real, turn)


def check_other_input():
    """Several pairs, other types, tensors of something else, and input that is refused."""
    recipe, fields = CARDS["ultralytics"]
    card = write_card("other", recipe, fields)
    frames = [Bitmap("first", picture(401, 277, 8)), Bitmap("second", picture(277, 363, 9))]
    good = [make(f, recipe) for f in frames]
    off = [make(f, {**recipe, "channels": "bgr", "place": "top-left"}) for f in frames]
    noise = np.random.default_rng(3).random(good[0].shape, "f4")
    both = ("channel-order", "pad-placement")
    symmetric = Bitmap("symmetric", np.concatenate([picture(200, 277, 4)] * 2, 1)[:, :400])
    symmetric.rgb[:, 200:] = symmetric.rgb[:, 199::-1]
    Image.fromarray(symmetric.rgb).save(symmetric.path)
    for name, pairs, code, codes in (
            ("two healthy pairs", zip(frames, good), 0, ()),
            ("two pairs with the same faults", zip(frames, off), 1, both),
            ("a tensor of another frame", [(frames[0], good[0]), (frames[1], good[0])], 1, ("unknown",)),
            ("noise", [(frames[0], noise)], 1, ("unknown",)),
            ("one value everywhere", [(frames[0], noise * 0)], 1, ("unknown",)),
            ("float64", [(frames[0], good[0].astype("f8"))], 0, ()),
            ("float16", [(frames[0], good[0].astype("f2"))], 0, ()),
            ("x * (1/255) is x/255 but for last bits",
             [(frames[0], make(frames[0], {**recipe, "divide": 1}) * np.float32(1 / 255))], 0, ()),
            ("bytes where floats are due",
             [(frames[0], make(frames[0], {**recipe, "divide": 1}).astype("u1"))], 1, ("range-0-255",)),
            ("normalised though the card does not say so", [(frames[0], (good[0] - 0.5) / 0.5)], 1,
             ("mean-std-missing",)),
            ("height and width exchanged", [(frames[0], good[0].transpose(0, 1, 3, 2).copy())], 1,
             ("layout-mixup",)),
            ("declared as [1,H,W,C], and so it is", [(frames[0], good[0].transpose(0, 2, 3, 1).copy())],
             1, ("layout-mixup",)),
            ("a mirror does not show in a symmetric frame",
             [(symmetric, make(symmetric, {**recipe, "mirror": 1}))], 0, ()),
            ("another size", [(frames[0], noise[:, :, :64, :64].copy())], 3, None),
            ("not a number", [(frames[0], noise * np.nan)], 3, None),
            ("whole numbers of 64 bits", [(frames[0], (noise * 255).astype("i8"))], 3, None)):
        answer = doctor(card, list(pairs), "other")
        tap.check(name, answer[:2] == (code, codes), [str(answer)])


def main():
    confusion = {}
    check_other_input()

    def ask(numbered):
        number, case = numbered
        case.answer = doctor(case.card, [(case.frame, case.tensor)], number)
        case.tensor = None
        return case

    with ThreadPoolExecutor(2) as pool:
        for case in pool.map(ask, enumerate(all_cases())):
            code, codes, why = case.answer
            right = codes == case.codes and code == (1 if case.codes else 0)
            tap.check(case.label, right, [f"exit {code}: {codes}, {case.codes} expected: {why}"])
            key = (" + ".join(case.codes) or "healthy", " + ".join(codes or ("error",)) or "healthy")
            confusion[key] = confusion.get(key, 0) + 1
    for (put, found), count in sorted(confusion.items()):
        print(f"# {'   ' if put == found else '-> '}{put}: {found}: {count}")
    if not TURBOJPEG:
        tap.skip("jpeg-decoder", "libturbojpeg is not installed")
    if not REAL:
        tap.skip("photos", "PLUMBLINE_REAL_DATA is not set")


main()
tap.done()
