# SPDX-License-Identifier: Apache-2.0
"""What the tests of the command line share: running the tool, TAP points, small inputs."""
import json
import os
import subprocess
import sys
import tempfile

TOOL = os.environ.get("PLUMBLINE_TOOL", "plumbline")
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CARDS = os.path.join(ROOT, "fixtures", "cards")
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))
from tap import Tap  # noqa: E402

try:
    import numpy
except ImportError:
    print("1..0 # SKIP numpy is not installed")
    sys.exit(0)


class Points(Tap):
    """What went wrong may be anything that can be printed."""

    def check(self, title, good, *details):
        super().check(title, good, [line for detail in details
                                    for line in str(detail).splitlines()[:40]])
        return good

    def equal(self, title, found, wanted):
        return self.check(title, found == wanted, f"found:  {found!r}", f"wanted: {wanted!r}")


class Result:
    def __init__(self, process):
        self.code = process.returncode
        self.bytes = process.stdout
        self.out = process.stdout.decode("utf-8", "replace")
        self.err = process.stderr.decode("utf-8", "replace")

    def lines(self):
        return [json.loads(line) for line in self.out.splitlines()]

    def __str__(self):
        return f"exit code {self.code}\n{self.out[:1500]}\n{self.err[:1500]}"


def run(*arguments, stdin=b"", cwd=None, env=None):
    command = [TOOL] + [str(argument) for argument in arguments]
    process = subprocess.run(command, input=stdin, capture_output=True, cwd=cwd, timeout=300,
                             env={**os.environ, **(env or {})})
    return Result(process)


def need_pictures():
    """Skip the whole script where the build reads no BMP."""
    with folder() as tmp:
        frame = write(os.path.join(tmp, "frame.bmp"), bmp(2, 2, gradient))
        if "decoder" in run("inspect", frame).err + run("preprocess", write_json(os.path.join(
                tmp, "card.json"), boxes_card()), frame, "--mapping").err:
            print("1..0 # SKIP built without the BMP decoder")
            sys.exit(0)


def has_backend(name):
    """Whether the plug-in was built; one that is there and fails is not passed over."""
    with folder() as tmp:
        card = write_json(os.path.join(tmp, "card.json"), boxes_card())
        frame = write(os.path.join(tmp, "frame.bmp"), bmp(8, 6, gradient))
        return f"no backend '{name}'" not in run("run", card, frame, "--backend", name).err


def folder():
    return tempfile.TemporaryDirectory(prefix="plumbline-test-")


def write(path, content):
    mode = "wb" if isinstance(content, bytes) else "w"
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, mode) as file:
        file.write(content)
    return path


def write_json(path, value):
    return write(path, json.dumps(value))


def boxes_card(**changes):
    """A card whose network gives rows of x0 y0 x1 y1 score class in input pixels, and whose input
    is the 8x6 picture itself, so that every number can be worked out by hand."""
    card = {
        "plumbline": 1,
        "name": "by-hand",
        "preprocess": {
            "width": 8, "height": 6, "mode": "scale_fill", "resample": "opencv-nearest",
            "channels": "rgb", "layout": "nchw", "dtype": "float32",
        },
        "head": {
            "type": "boxes", "labels": ["cat", "dog", "café \"x\""], "outputs": ["rows"],
            "format": "xyxy", "units": "pixels", "origin": "top_left", "space": "input",
            "columns": {"box": 0, "score": 4, "class": 5},
        },
        "postprocess": {
            "confidence": 0.25,
            "nms": {"method": "hard", "iou": 0.5, "class_aware": True},
        },
    }
    card.update(changes)
    return card


def save_rows(path, rows):
    array = numpy.array(rows, dtype=numpy.float32).reshape(1, -1, 6)
    numpy.save(path, array)
    return path


def bmp(width, height, pixel):
    """A 24-bit BMP; pixel(x, y) gives r, g, b. Written by hand so that no library is needed."""
    import struct
    stride = (width * 3 + 3) // 4 * 4
    rows = b""
    for y in reversed(range(height)):
        row = b"".join(bytes(reversed(pixel(x, y))) for x in range(width))
        rows += row + bytes(stride - len(row))
    header = struct.pack("<2sIHHI", b"BM", 54 + len(rows), 0, 0, 54)
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, len(rows), 2835, 2835, 0, 0)
    return header + info + rows


def gradient(x, y):
    return (x * 20) % 256, (y * 30) % 256, (x * y) % 256
