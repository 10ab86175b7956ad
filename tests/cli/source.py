#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Frame sources against what ffmpeg, Pillow and a plain reading of the files give.

usage: source.py SOURCE_DUMP HAVE_LIBJPEG HAVE_STB
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

dump, have_jpeg, have_stb = sys.argv[1], sys.argv[2] == "1", sys.argv[3] == "1"
number = 0


def report(name, problem=None, skip=None):
    global number
    number += 1
    if skip:
        print(f"ok {number} - {name} # SKIP {skip}")
    else:
        print(f"{'not ok' if problem else 'ok'} {number} - {name}")
        if problem:
            print(f"# {problem}")


def run(path, option=None, stdin=None):
    command = [dump, path] + ([option] if option else [])
    result = subprocess.run(command, input=stdin, stdout=subprocess.PIPE, check=False)
    if result.returncode != 0:
        return [f"exit code {result.returncode}"]
    return result.stdout.decode().splitlines()


def equal(name, got, wanted):
    report(name, None if got == wanted else f"got {got}, expected {wanted}"[:600])


def fails(name, path, status, *words):
    last = run(path)[-1]
    missing = [word for word in (f"error {status} ",) + words if word not in last]
    report(name, f'"{last}" lacks {missing}' if missing else None)


def clip(frames, width=5, height=3, tags="C420jpeg", extra=b""):
    header = f"YUV4MPEG2 W{width} H{height} F30:1 {tags}\n".encode()
    return header + b"".join(b"FRAME" + extra + b"\n" + frame for frame in frames)


def clips(folder):
    frames = [bytes((i * 40 + k) % 256 for k in range(15 + 12)) for i in range(3)]
    path = os.path.join(folder, "a.y4m")
    with open(path, "wb") as file:
        file.write(clip(frames))
    lines = [f"a.y4m#{i} i420 5 3 1 bt601 limited {frame.hex()}" for i, frame in enumerate(frames)]
    equal("a clip", run(path), lines + ["count 3"])
    equal("a clip twice", run(path, "twice"), lines * 2 + ["count 3"])
    with open(path, "rb") as file:
        data = file.read()
    piped = [line.replace("a.y4m", "-") for line in lines]
    equal("a clip on standard input", run("-", stdin=data), piped + ["count -1"])
    last = run("-", "twice", stdin=data)[-1]
    report("a pipe cannot be rewound", None if last.startswith("error -301") else last)
    with open(path, "wb") as file:
        file.write(clip(frames, extra=b" Ip"))
    equal("frame lines with parameters", run(path), lines + ["count -1"])
    with open(path, "wb") as file:
        file.write(data[:-1])
    equal("a clip cut short: whole frames come first", run(path)[:2], lines[:2])
    fails("a clip cut short", path, -201, "a.y4m#2", "26 of 27 bytes")
    with open(path, "wb") as file:
        file.write(data + b"garbage\n")
    fails("garbage behind the last frame", path, -203, "a.y4m#3", "FRAME")
    with open(path, "wb") as file:
        file.write(b"YUV4MPEG2 W5 H3 C411\n")
    fails("a clip of another colour space", path, -301, "a.y4m: C", "411")
    with open(path, "wb") as file:
        file.write(b"YUV4MPEG2 W5 H3 C420jpeg\n")
    equal("a clip without frames", run(path), ["count 0"])


def ffmpeg(folder):
    if not shutil.which("ffmpeg"):
        report("clips from ffmpeg", skip="no ffmpeg")
        return

    def call(*arguments):
        return subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i",
                               "testsrc=size=33x19:rate=5:duration=1"] + list(arguments) + ["-"],
                              stdout=subprocess.PIPE, check=True).stdout

    for pixel, name, chroma in (("yuv420p", "i420", 17 * 10), ("yuv422p", "i422", 17 * 19),
                                ("yuv444p", "i444", 33 * 19), ("gray", "gray8", 0)):
        raw = call("-pix_fmt", pixel, "-f", "rawvideo")
        piped = call("-pix_fmt", pixel, "-f", "yuv4mpegpipe", "-strict", "-1")
        size = 33 * 19 + 2 * chroma
        color = "? ?" if name == "gray8" else "bt601 limited"
        wanted = [f"-#{i} {name} 33 19 1 {color} {raw[i * size:(i + 1) * size].hex()}"
                  for i in range(len(raw) // size)]
        equal(f"ffmpeg {pixel} through a pipe", run("-", stdin=piped), wanted + ["count -1"])
    path = os.path.join(folder, "b.jpg")
    with open(path, "wb") as file:
        file.write(call("-frames:v", "1", "-pix_fmt", "yuvj420p", "-f", "mjpeg"))
    raw, piped = (subprocess.run(["ffmpeg", "-v", "error", "-i", path, "-f", form, "-"],
                                 stdout=subprocess.PIPE, check=True).stdout
                  for form in ("rawvideo", "yuv4mpegpipe"))
    equal("a JPEG through ffmpeg has full range", run("-", stdin=piped),
          [f"-#0 i420 33 19 1 bt601 full {raw.hex()}", "count -1"])


def images(folder):
    try:
        import numpy as np
        from PIL import Image
    except ImportError as error:
        report("image files", skip=f"no {error.name}")
        return
    picture = Image.fromarray((np.arange(7 * 5 * 3) * 2 % 256).astype(np.uint8).reshape(5, 7, 3))
    for form, enabled in (("png", have_stb), ("bmp", have_stb), ("jpg", have_jpeg)):
        path = os.path.join(folder, "c." + form)
        picture.save(path)
        pixels = np.asarray(Image.open(path)).tobytes().hex()
        name = f"{form} file"
        if not enabled:
            fails(name + " in a build without its decoder", path, -302, "c." + form)
            continue
        line = f"c.{form} rgb24 7 5 1 ? ? {pixels}"
        equal(name, run(path), [line, "count 1"])
        equal(name + " twice", run(path, "twice"), [line, line, "count 1"])
        with open(path, "rb") as file:
            data = file.read()
        equal(name + " on standard input", run("-", stdin=data),
              [line.replace("c." + form, "-", 1), "count 1"])
        with open(path, "wb") as file:
            file.write(data[:len(data) * 2 // 3])
        fails(name + " cut short", path, -201, "c." + form)
    path = os.path.join(folder, "d.jpg")
    exif = Image.Exif()
    exif[0x0112] = 6
    picture.save(path, exif=exif)
    equal("JPEG as it is", run(path, "as-is"),
          [f"d.jpg jpeg 7 5 6 ? ? {os.path.getsize(path)}", "count 1"])


def descriptions(folder):
    def describe(**fields):
        path = os.path.join(folder, "e.frame.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(fields, file)
        return path

    if "-302" in run(describe(format="gray8"))[-1]:
        report("frame descriptions", skip="left out of this build")
        return
    rows, stride = 3, 8
    raw = bytes(range(100, 100 + stride * rows + stride * 2))
    with open(os.path.join(folder, "e.raw"), "wb") as file:
        file.write(b"??" + raw)
    luma = b"".join(raw[y * stride:y * stride + 5] for y in range(3))
    chroma = b"".join(raw[24 + y * stride:24 + y * stride + 6] for y in range(2))
    common = {"format": "nv12", "width": 5, "height": 3, "matrix": "bt709", "range": "limited",
              "orientation": 6}
    line = f"e.frame.json nv12 5 3 6 bt709 limited {(luma + chroma).hex()}"
    one = {"file": "e.raw", "offset": 2, "row_stride": stride}
    path = describe(**common, planes=[one])
    equal("one file for all planes", run(path), [line, "count 1"])
    equal("one file for all planes, twice", run(path, "twice"), [line, line, "count 1"])
    two = {"file": "e.raw", "offset": 2 + 24, "row_stride": stride}
    equal("an entry for each plane", run(describe(**common, planes=[one, two])), [line, "count 1"])
    far = {"file": "e.raw", "offset": 30, "row_stride": stride}
    fails("a plane behind the end", describe(**common, planes=[one, far]), -104, "e.frame.json",
          "planes[1]")
    fails("a file too short for its planes", describe(**common, planes=[far]), -104, "e.frame.json")
    gone = {"file": "gone.raw"}
    fails("a file that is not there", describe(**common, planes=[gone]), -501, "gone.raw")
    fails("no matrix", describe(**{**common, "matrix": None}, planes=[one]), -205, "e.frame.json",
          "matrix")
    if have_jpeg and os.path.exists(os.path.join(folder, "d.jpg")):
        got = run(describe(format="jpeg", planes=[{"file": "d.jpg"}]))
        wanted = run(os.path.join(folder, "d.jpg"))
        equal("a description of a JPEG", [line.replace("e.frame.json", "d.jpg") for line in got],
              wanted)


def errors(folder):
    fails("no such file", os.path.join(folder, "none.jpg"), -501, "none.jpg", "No such file")
    path = os.path.join(folder, "text.txt")
    with open(path, "wb") as file:
        file.write(b"hello")
    fails("no frame at all", path, -301, "text.txt")
    with open(path, "wb") as file:
        file.write(b"")
    fails("an empty file", path, -301, "text.txt")
    fails("a folder", folder, -501)


with tempfile.TemporaryDirectory() as temporary:
    clips(temporary)
    ffmpeg(temporary)
    images(temporary)
    descriptions(temporary)
    errors(temporary)
print(f"1..{number}")
