# SPDX-License-Identifier: Apache-2.0
"""Frames that the tensor doctor is asked about, and how to ask it: files in a temporary folder, each
with the pixels that other libraries make of it."""
import ctypes
import ctypes.util
import io
import json
import os
import subprocess
import tempfile

import cv2
import numpy as np
from PIL import Image

TOOL = os.environ["PLUMBLINE_TOOL"]
FOLDER = tempfile.TemporaryDirectory()


def path(name):
    return os.path.join(FOLDER.name, name)


def picture(width, height, seed):
    """Shapes with hard edges, gradients and grain: what resamplers differ on."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype("f4")
    image = np.stack([120 + 90 * np.sin(x / 37 + c) * np.cos(y / (23 + 9 * c)) for c in range(3)], -1)
    for _ in range(40):
        left, top = random.integers(0, width), random.integers(0, height)
        w, h = random.integers(4, width // 4), random.integers(4, height // 4)
        image[top:top + h, left:left + w] = random.integers(0, 256, 3)
    return np.clip(image + random.normal(0, 9, image.shape), 0, 255).astype("u1")


def legacy(image, size):
    """Bilinear from pixel corners, as TensorFlow 1 does without align_corners; not rounded."""
    def axis(count, length):
        at = np.arange(count, dtype="f4") * np.float32(length / count)
        low = np.floor(at).astype(int)
        return low, np.minimum(low + 1, length - 1), (at - low).astype("f4")
    x0, x1, fx = axis(size[0], image.shape[1])
    y0, y1, fy = axis(size[1], image.shape[0])
    a = image.astype("f4")
    rows = a[:, x0] + (a[:, x1] - a[:, x0]) * fx[None, :, None]
    return rows[y0] + (rows[y1] - rows[y0]) * fy[:, None, None]


class Bitmap:
    """Upright pixels in a PNG file."""

    def __init__(self, name, pixels):
        self.name, self.rgb, self.path = name, pixels, path(name + ".png")
        Image.fromarray(pixels).save(self.path)

    def pixels(self, r):
        return self.rgb


class Region:
    """Pixels of which a region is looked at."""

    def __init__(self, name, pixels, roi):
        self.name, self.rgb, self.roi, self.path = name, pixels, roi, path(name + ".frame.json")
        pixels.tofile(path(name + ".rgb"))
        with open(self.path, "w", encoding="utf-8") as out:
            json.dump({"format": "rgb24", "width": pixels.shape[1], "height": pixels.shape[0],
                       "roi": roi, "planes": [{"file": name + ".rgb"}]}, out)

    def pixels(self, r):
        x, y, width, height = (0, 0, *self.rgb.shape[1::-1]) if r.get("whole") else self.roi
        return np.ascontiguousarray(self.rgb[y:y + height, x:x + width])


def as_stored(image, store):
    """Orientation 1, for Turned."""
    return image


class Turned:
    """A JPEG of which EXIF says how it is to be turned."""

    def __init__(self, name, pixels, orientation, undo):
        self.name, self.path, self.undo = name, path(name + ".jpg"), undo
        exif = Image.Exif()
        exif[0x0112] = orientation
        Image.fromarray(np.ascontiguousarray(undo(pixels, True))).save(
            self.path, quality=88, exif=exif, subsampling=2)
        self.stored = {"usual": np.asarray(Image.open(self.path).convert("RGB"))}

    def pixels(self, r):
        decoder = r.get("decoder", "usual")
        if decoder not in self.stored:
            self.stored[decoder] = decode_jpeg(self.path, decoder)
        stored = self.stored[decoder]
        return np.ascontiguousarray(stored if r.get("as_stored") else self.undo(stored, False))


def quarter(image, store):
    """Orientation 6: the upright picture is the stored one turned clockwise."""
    return np.rot90(image, 1 if store else -1)


class Planes:
    """NV12, converted by OpenCV where it is 601 limited, else by the formula in double."""

    def __init__(self, name, pixels, matrix, range_):
        height, width = pixels.shape[0] // 2 * 2, pixels.shape[1] // 2 * 2
        self.name, self.path = name, path(name + ".frame.json")
        yuv = cv2.cvtColor(np.ascontiguousarray(pixels[:height, :width]), cv2.COLOR_RGB2YUV_I420)
        flat = yuv.reshape(-1)
        area = width * height
        self.y = flat[:area].reshape(height, width)
        self.u = flat[area:area * 5 // 4].reshape(height // 2, width // 2)
        self.v = flat[area * 5 // 4:].reshape(height // 2, width // 2)
        self.nv12 = np.concatenate([flat[:area], np.stack([self.u, self.v], -1).reshape(-1)])
        self.nv12.tofile(path(name + ".nv12"))
        with open(self.path, "w", encoding="utf-8") as out:
            json.dump({"format": "nv12", "width": width, "height": height, "matrix": matrix,
                       "range": range_, "planes": [{"file": name + ".nv12"}]}, out)
        self.declared = (matrix, range_)

    def pixels(self, r):
        matrix, range_ = r.get("matrix", self.declared[0]), r.get("range", self.declared[1])
        if matrix == "opencv-nv12" and range_ == "limited":
            shape = (self.y.shape[0] * 3 // 2, self.y.shape[1])
            return cv2.cvtColor(self.nv12.reshape(shape), cv2.COLOR_YUV2RGB_NV12)
        kr, kb = (0.2126, 0.0722) if matrix == "bt709" else (0.299, 0.114)
        y, u, v = (a.astype("f8") for a in (self.y, self.u, self.v))
        u, v = (np.repeat(np.repeat(a - 128, 2, 0), 2, 1) for a in (u, v))
        if range_ == "limited":
            y, u, v = (y - 16) * 255 / 219, u * 255 / 224, v * 255 / 224
        red, blue = y + 2 * (1 - kr) * v, y + 2 * (1 - kb) * u
        green = (y - kr * red - kb * blue) / (1 - kr - kb)
        return np.clip(np.rint(np.stack([red, green, blue], -1)), 0, 255).astype("u1")


def turbojpeg():
    """libjpeg's other decoders, which neither OpenCV nor Pillow lets one choose."""
    try:
        library = ctypes.CDLL(ctypes.util.find_library("turbojpeg") or "libturbojpeg.so.0")
    except OSError:
        return None
    library.tjInitDecompress.restype = ctypes.c_void_p
    return library


TURBOJPEG = turbojpeg()


def chroma_at_left(data, width, height):
    """4:2:0 with chroma sited at the left pixel of two and interpolated so, as video decoders do."""
    rows, columns = (height + 1) // 2, (width + 1) // 2
    padded = (width + 15) // 16 * 16
    planes = [np.zeros((r + 16, c), "u1") for r, c in ((height, padded), (rows, padded // 2), (rows, padded // 2))]
    handle = ctypes.c_void_p(TURBOJPEG.tjInitDecompress())
    failed = TURBOJPEG.tjDecompressToYUVPlanes(
        handle, data, ctypes.c_ulong(len(data)), (ctypes.c_void_p * 3)(*[p.ctypes.data for p in planes]),
        width, (ctypes.c_int * 3)(*[p.shape[1] for p in planes]), height, 4096)
    TURBOJPEG.tjDestroy(handle)
    assert not failed

    def spread(plane):
        tall = np.repeat(plane[:rows, :columns].astype("f8") - 128, 2, 0)
        right = np.concatenate([tall[:, 1:], tall[:, -1:]], 1)
        return np.stack([tall, (tall + right) / 2], -1).reshape(rows * 2, -1)[:height, :width]
    y, blue, red = planes[0][:height, :width].astype("f8"), spread(planes[1]), spread(planes[2])
    rgb = np.stack([y + 1.402 * red, y - 0.344136 * blue - 0.714136 * red, y + 1.772 * blue], -1)
    return np.clip(np.rint(rgb), 0, 255).astype("u1")


def decode_jpeg(name, decoder):
    """Ways to decode a JPEG that neither Pillow nor OpenCV has by default."""
    data = open(name, "rb").read()
    if decoder == "half":
        flags = cv2.IMREAD_REDUCED_COLOR_2 | cv2.IMREAD_IGNORE_ORIENTATION
        return np.ascontiguousarray(cv2.imdecode(np.frombuffer(data, "u1"), flags)[..., ::-1])
    if decoder == "encoded again":
        again = io.BytesIO()
        Image.open(name).convert("RGB").save(again, "JPEG", quality=80)
        return np.asarray(Image.open(again))
    if decoder == "chroma at the left":
        return chroma_at_left(data, *Image.open(name).size)
    width, height = Image.open(name).size
    out = np.empty((height, width, 3), "u1")
    handle = ctypes.c_void_p(TURBOJPEG.tjInitDecompress())
    flags = {"plain": 256 | 4096, "fast": 2048}[decoder]  # fast upsampling, accurate DCT; fast DCT
    failed = TURBOJPEG.tjDecompress2(handle, data, ctypes.c_ulong(len(data)),
                                     out.ctypes.data_as(ctypes.c_void_p), width, 0, height, 0, flags)
    TURBOJPEG.tjDestroy(handle)
    assert not failed, name
    return out


def write_card(name, r, fields):
    width, height = r["size"]
    card = {"plumbline": 1, "name": name, "preprocess": {**fields, "width": width, "height": height},
            "head": {"type": "yolov8", "outputs": ["output"], "class_count": 2},
            "postprocess": {"confidence": 0.3, "nms": {"method": "hard", "iou": 0.5}}}
    with open(path(name + ".json"), "w", encoding="utf-8") as out:
        json.dump(card, out)
    return path(name + ".json")


def doctor(card, pairs, number):
    arguments, names = [], []
    for index, (frame, tensor) in enumerate(pairs):
        names.append(path(f"{number}.{index}.npy"))
        np.save(names[-1], tensor)
        arguments += ["--frame", frame.path, "--tensor", names[-1]]
    run = subprocess.run([TOOL, "doctor", "--card", card, *arguments, "--json"],
                         capture_output=True, text=True, check=False)
    for name in names:
        os.remove(name)
    if run.returncode not in (0, 1):
        return run.returncode, None, run.stderr
    report = json.loads(run.stdout)
    codes = tuple(sorted(f["code"] for f in report["faults"]))
    return run.returncode, codes if report["verdict"] != "unknown" else ("unknown",), report["reason"]
