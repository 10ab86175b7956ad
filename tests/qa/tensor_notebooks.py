#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""doctor with --frame and --tensor on tensors as notebooks and apps make them: each written down with the
calls of its library, on pictures that are hard to tell apart (dark, flat, tiny, text), with the
mistakes that are made there, alone and two at once. What another exact decoder, another order of the
operations or another type leaves is no fault."""
import itertools
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from tap import Tap  # noqa: E402

tap = Tap()
try:
    import cv2
    import numpy as np
    from PIL import Image
    from tensor_frames import (Bitmap, Turned, TOOL, TURBOJPEG, as_stored, doctor, legacy, picture, quarter,
                               write_card)
except ImportError as missing:
    tap.skip("tensors of notebooks", f"{missing.name} is not installed")
    tap.done()
try:
    import torch
    import torch.nn.functional as functional
    torch.set_num_threads(1)
except ImportError:
    torch = None

MEAN, STD = np.array((0.485, 0.456, 0.406), "f4"), np.array((0.229, 0.224, 0.225), "f4")


# --- pictures ---

def text():
    page = np.full((353, 531, 3), (250, 248, 240), "u1")
    for line in range(18):
        cv2.putText(page, f"{line} Pack my box with five dozen jugs {line * 7919}", (6, 18 + 19 * line),
                    cv2.FONT_HERSHEY_SIMPLEX, 0.5, (line * 13 % 120, 60, 200 - line * 9), 1, cv2.LINE_AA)
    return page


def gradient():
    y, x = np.mgrid[0:333, 0:455].astype("f4")
    return np.stack([x / 455 * 255, y / 333 * 255, (x + 2 * y) / 6], -1).astype("u1")


def frames():
    rich = picture(517, 389, 21)
    bitmaps = {"rich": rich, "portrait": picture(341, 511, 22), "text": text(), "gradient": gradient(),
               "dark": (picture(389, 501, 23) * 0.11).astype("u1"),
               "flat": (picture(473, 317, 24) * 0.06 + 120).astype("u1"), "tiny": picture(61, 47, 25)}
    return ([Bitmap(name, pixels) for name, pixels in bitmaps.items()] +
            [Turned("photo", cv2.GaussianBlur(rich, (5, 5), 1), 1, as_stored),
             Turned("phone", picture(643, 367, 26), 6, quarter)])


# --- notebooks ---

def nchw(image):
    return np.ascontiguousarray(image.transpose(2, 0, 1)[None])


def ultralytics(rgb, size=(256, 160), filter=cv2.INTER_LINEAR, pad=114, corner=False, swap=False,
                divide=255, kind="f4"):
    """LetterBox of a detector that takes another shape than a square."""
    height, width = rgb.shape[:2]
    ratio = min(size[0] / width, size[1] / height)
    w, h = round(width * ratio), round(height * ratio)
    left, top = (0, 0) if corner else (round((size[0] - w) / 2 - 0.1), round((size[1] - h) / 2 - 0.1))
    out = cv2.copyMakeBorder(cv2.resize(rgb, (w, h), interpolation=filter), top, size[1] - h - top, left,
                             size[0] - w - left, cv2.BORDER_CONSTANT, value=(pad,) * 3)
    out = nchw(out[..., ::-1] if swap else out).astype("f4")
    return (out / np.float32(divide)).astype(kind)


def torchvision(rgb, filter=Image.BILINEAR, normalise=True, divide=255, swap=False, crop=True):
    """Resize(146), CenterCrop(128), ToTensor, Normalize."""
    image = Image.fromarray(rgb[..., ::-1] if swap else rgb)
    w, h = image.size
    size = (146, int(146 * h / w)) if w <= h else (int(146 * w / h), 146)
    if crop:
        image = image.resize(size, filter)
        left, top = int(round((size[0] - 128) / 2)), int(round((size[1] - 128) / 2))
        image = image.crop((left, top, left + 128, top + 128))
    else:
        image = image.resize((128, 128), filter)
    value = np.asarray(image).astype("f4") / np.float32(divide)
    return nchw((value - MEAN) / STD if normalise else value)


def keras(rgb, filter=Image.BICUBIC, divide=127.5, less=1, flip=False, planes=False):
    """-1..1 in [1,H,W,C]."""
    image = np.asarray(Image.fromarray(rgb).resize((150, 130), filter)).astype("f4")
    value = (image[:, ::-1] if flip else image) / np.float32(divide) - np.float32(less)
    return nchw(value) if planes else np.ascontiguousarray(value)[None]


def caffe(rgb, mean=(104, 117, 123), swap=True, factor=1.0):
    """blobFromImage of a network of BGR levels."""
    bgr = np.ascontiguousarray(rgb[..., ::-1])
    mean = mean if swap else mean[::-1]
    return cv2.dnn.blobFromImage(bgr, factor, (140, 140), mean, swapRB=not swap, crop=False)


def quantised(rgb, filter=cv2.INTER_AREA, swap=False, flip=False):
    """int8 of a network that takes ImageNet values; some are clamped."""
    image = cv2.resize(rgb, (144, 112), interpolation=filter)
    image = image[::-1] if flip else image
    value = ((image[..., ::-1] if swap else image).astype("f4") / np.float32(255) - MEAN) / STD
    return np.clip(np.rint(value / np.float32(0.0185)) - 14, -128, 127).astype("i1")[None]


def interpolate(rgb, divide=255, swap=False, legacy_grid=False, **options):
    """F.interpolate on floats; the corners of TensorFlow 1 by hand."""
    if legacy_grid:
        value = nchw(legacy(rgb, (120, 152)))
    else:
        planes = torch.from_numpy(np.ascontiguousarray(rgb)).permute(2, 0, 1)[None].float()
        value = functional.interpolate(planes, size=(152, 120), mode="bilinear", **options).numpy()
    return np.ascontiguousarray(value[:, ::-1] if swap else value) / np.float32(divide)


class Notebook:
    def __init__(self, run, size, card, faults, harmless=()):
        self.run, self.faults, self.harmless = run, faults, harmless
        self.card = write_card(run.__name__, {"size": size}, card)


IMAGENET = {"divide": 255, "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}


def notebooks():
    yield Notebook(ultralytics, (256, 160), {"profile": "ultralytics"}, [
        ("channel-order", {"swap": True}), ("pad-color", {"pad": 0}), ("pad-color", {"pad": 128}),
        ("pad-placement", {"corner": True}), ("range-0-255", {"divide": 1}),
        ("wrong-resampler", {"filter": cv2.INTER_AREA}), ("wrong-resampler", {"filter": cv2.INTER_CUBIC})],
                   [{"kind": "f2"}, {"kind": "f8"}])
    yield Notebook(torchvision, (128, 128), {"profile": "torchvision", "resize_short": 146}, [
        ("channel-order", {"swap": True}), ("mean-std-missing", {"normalise": False}),
        ("range-0-255", {"divide": 1}), ("wrong-crop-mode", {"crop": False}),
        ("wrong-resampler", {"filter": Image.LANCZOS})])
    yield Notebook(keras, (150, 130), {
        "mode": "scale_fill", "resample": "pillow-bicubic", "channels": "rgb", "layout": "nhwc",
        "dtype": "float32", "divide": 127.5, "mean": [1, 1, 1]}, [
            ("mirrored", {"flip": True}), ("range-0-255", {"divide": 1, "less": 0}),
            ("range-0-1", {"divide": 255, "less": 0}), ("layout-mixup", {"planes": True}),
            ("wrong-resampler", {"filter": Image.BOX})])
    yield Notebook(caffe, (140, 140), {
        "mode": "scale_fill", "resample": "opencv-linear", "channels": "bgr", "layout": "nchw",
        "dtype": "float32", "mean": [104, 117, 123]}, [
            ("channel-order", {"swap": False}), ("mean-std-missing", {"mean": (0, 0, 0)})])
    yield Notebook(quantised, (144, 112), {
        "mode": "scale_fill", "resample": "opencv-area", "channels": "rgb", "layout": "nhwc",
        "dtype": "int8", **IMAGENET, "quantization": {"scale": 0.0185, "zero_point": -14}}, [
            ("channel-order", {"swap": True}), ("mirrored", {"flip": True}),
            ("wrong-resampler", {"filter": cv2.INTER_LINEAR})])
    if not torch:
        tap.skip("tensors of torch", "torch is not installed")
        return
    for options, name in (({}, "torch-bilinear"), ({"align_corners": True}, "torch-bilinear-corners")):
        faults = [("channel-order", {"swap": True}), ("range-0-255", {"divide": 1}),
                  ("half-pixel-shift", {"legacy_grid": True}),
                  ("half-pixel-shift", {"align_corners": not options}),
                  ("wrong-resampler", {"antialias": True, "align_corners": False})]

        def run(rgb, defaults=options, **changes):
            return interpolate(rgb, **{**defaults, **changes})
        run.__name__ = name
        yield Notebook(run, (120, 152), {
            "mode": "scale_fill", "resample": name, "channels": "rgb", "layout": "nchw",
            "dtype": "float32", "divide": 255}, faults)


# --- cases ---

class Case:
    def __init__(self, notebook, frame, tensor, codes, label):
        self.card, self.frame, self.tensor = notebook.card, frame, tensor
        self.codes, self.label = tuple(sorted(set(codes))), f"{notebook.run.__name__}, {frame.name}: {label}"


def same(a, b):
    return a.shape == b.shape and np.abs(a.astype("f8") - b.astype("f8")).max() <= 1e-4


def pixel_faults(frame):
    """Mistakes before a notebook sees the pixels."""
    if not isinstance(frame, Turned):
        return []
    found = [("jpeg-decoder", {"decoder": d}) for d in ("half", "encoded again")]
    if TURBOJPEG:
        found += [("jpeg-decoder", {"decoder": d}) for d in ("fast", "chroma at the left")]
    if frame.undo is not as_stored:
        found.append(("orientation-ignored", {"as_stored": True}))
    return found


def cases(notebook, frame, turn):
    pixels = frame.pixels({})
    healthy = notebook.run(pixels)
    yield Case(notebook, frame, healthy, (), "healthy")
    for changes in notebook.harmless:
        yield Case(notebook, frame, notebook.run(pixels, **changes), (), f"healthy, {changes}")
    yield Case(notebook, frame, healthy[0], (), "healthy, without a batch")
    before = [(code, change, {}) for code, change in pixel_faults(frame)]
    faults = before + [(code, {}, change) for code, change in notebook.faults]
    made = [notebook.run(frame.pixels(b), **c) for _, b, c in faults]
    # Enlarged, antialiasing is none: what an earlier mistake gives, too, has its name.
    visible = [i for i, tensor in enumerate(made) if not any(same(tensor, t) for t in [healthy] + made[:i])]
    for place, i in enumerate(visible):
        if (place + turn) % 4 == 0:
            yield Case(notebook, frame, made[i], (faults[i][0],), f"{faults[i][1:]}")
    pairs = [p for p in itertools.combinations(visible, 2) if not set(faults[p[0]][2]) & set(faults[p[1]][2])
             and not (faults[p[0]][1] and faults[p[1]][1])]
    # What an unknown decoder leaves may hide which of two like filters was used.
    pairs = [(i, k) for i, k in pairs
             if not (faults[i][0] == "jpeg-decoder" and faults[k][0] in ("wrong-resampler", "half-pixel-shift"))]
    for i, k in pairs[turn % 17::17]:
        both = notebook.run(frame.pixels(faults[i][1]), **{**faults[i][2], **faults[k][2]})
        if not any(same(both, t) for t in (healthy, made[i], made[k])):
            yield Case(notebook, frame, both, (faults[i][0], faults[k][0]),
                       f"{faults[i][1:]} {faults[k][1:]}")


def all_cases():
    shown = frames()
    for turn, notebook in enumerate(notebooks()):
        for place, frame in enumerate(shown):
            if (place + turn) % 2 == 0 or isinstance(frame, Turned):
                yield from cases(notebook, frame, turn + place)


def ask(numbered):
    number, case = numbered
    case.answer = doctor(case.card, [(case.frame, case.tensor)], number)
    case.tensor = None
    return case


def check_half_size(frame):
    """A card that decodes at half size: its own tensor is healthy, one of the full picture is not."""
    fields = {"profile": "torchvision", "resize_short": 146, "jpeg": "half-dct"}
    card = write_card("half", {"size": (128, 128)}, fields)
    own = os.path.join(os.path.dirname(card), "own.npy")
    subprocess.run([TOOL, "preprocess", card, frame.path, "--out", own], check=True)
    for name, tensor, codes in (("its own tensor", np.load(own), ()),
                                ("a whole picture", torchvision(frame.pixels({})), ("jpeg-decoder",))):
        answer = doctor(card, [(frame, tensor)], "half")
        tap.check(f"a card of half-dct: {name}", answer[1] == codes, [str(answer)])


def main():
    check_half_size(next(f for f in frames() if f.name == "phone"))
    with ThreadPoolExecutor(2) as pool:
        for case in pool.map(ask, enumerate(all_cases())):
            code, codes, why = case.answer
            right = codes == case.codes and code == (1 if case.codes else 0)
            tap.check(case.label, right, [f"exit {code}: {codes}, {case.codes} expected: {why}"])
    if not TURBOJPEG:
        tap.skip("other JPEG decoders", "libturbojpeg is not installed")


main()
tap.done()
