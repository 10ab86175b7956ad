#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write the seeds of the fuzz targets into fixtures/fuzz, the small valid inputs that mutations
start from. Needs numpy and Pillow. Files that were added by hand stay as they are.

usage: make_seeds.py FIXTURES/fuzz
"""
import io
import os
import struct
import sys

import numpy as np
from PIL import Image

root = sys.argv[1]


def write(target, name, data):
    os.makedirs(os.path.join(root, target), exist_ok=True)
    with open(os.path.join(root, target, name), "wb") as file:
        file.write(data)


def picture(width, height):
    y, x = np.mgrid[0:height, 0:width]
    return Image.fromarray(np.stack([x * 9 + y, x * y, 255 - y * 7], -1).astype(np.uint8))


def save(image, form, **options):
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def tiff(orientation, order):
    entry = struct.pack(order + "HHIHH", 0x0112, 3, 1, orientation, 0)
    other = struct.pack(order + "HHII", 0x010f, 2, 4, 0x20202020)
    return ((b"MM\0*" if order == ">" else b"II*\0") + struct.pack(order + "IH", 8, 2) + other +
            entry + struct.pack(order + "I", 0))


def without_segments(jpeg, marker):
    at, out = 2, jpeg[:2]
    while jpeg[at + 1] != 0xda:
        length = 2 + struct.unpack(">H", jpeg[at + 2:at + 4])[0]
        if jpeg[at + 1] != marker:
            out += jpeg[at:at + length]
        at += length
    return out + jpeg[at:]


def images():
    small = picture(17, 9)
    exif = b"Exif\0\0" + tiff(6, ">")
    jpegs = {
        "420.jpg": save(small, "JPEG", quality=50, subsampling=2, exif=exif),
        "444_progressive.jpg": save(small, "JPEG", quality=50, subsampling=0, progressive=True),
        "422_optimised.jpg": save(small, "JPEG", quality=30, subsampling=1, optimize=True),
        "gray.jpg": save(small.convert("L"), "JPEG", quality=50),
        "cmyk.jpg": save(small.convert("CMYK"), "JPEG", quality=10),
        "no_tables.jpg": without_segments(save(small, "JPEG", quality=50), 0xc4),
    }
    alpha = small.copy()
    alpha.putalpha(90)
    others = {
        "rgb.png": save(small, "PNG"),
        "rgba.png": save(alpha, "PNG"),
        "palette.png": save(small.quantize(20), "PNG"),
        "gray.png": save(small.convert("L"), "PNG"),
        "bits.png": save(small.convert("1"), "PNG"),
        "exif.png": save(picture(3, 2), "PNG", exif=tiff(8, "<")),
        "rgb.bmp": save(picture(5, 3), "BMP"),
        "palette.bmp": save(picture(5, 3).quantize(16), "BMP"),
        "bits.bmp": save(small.convert("1"), "BMP"),
    }
    for name, data in {**jpegs, **others}.items():
        write("image", name, data)
    for order, name in ((">", "big"), ("<", "little")):
        block = tiff(8, order)
        write("exif", name + ".tiff", block)
        segment = b"Exif\0\0" + block
        write("exif", name + ".jpg", b"\xff\xd8\xff\xe1" + struct.pack(">H", len(segment) + 2) +
              segment + b"\xff\xda")


def clips():
    for name, line, size in (
            ("420", "W3 H3 F30:1 Ip A1:1 C420jpeg XYSCSS=420JPEG XCOLORRANGE=FULL", 9 + 8),
            ("422", "W3 H1 C422", 7), ("444", "W2 H2 C444", 12), ("mono", "W4 H2 Cmono", 8),
            ("p10", "W2 H2 C420p10 XYSCSS=420P10", 12)):
        frame = b"FRAME\n" + bytes(range(size))
        write("y4m", name + ".y4m", b"YUV4MPEG2 " + line.encode() + b"\n" + frame * 2)


def arrays():
    for dtype in ("<f4", "<f2", "<f8", "|u1", "|i1", "<i4", "<i8"):
        out = io.BytesIO()
        np.save(out, np.arange(6).reshape(1, 2, 3).astype(dtype))
        write("npy", dtype[1:] + ".npy", out.getvalue())
    out = io.BytesIO()
    np.lib.format.write_array(out, np.arange(3, dtype="<f4"), version=(2, 0))
    write("npy", "version_2.npy", out.getvalue())


def numbers():
    """For targets that read their input as numbers: noise of several lengths."""
    random = np.random.RandomState(7)
    for target, length in (("nms", 600), ("regions", 400), ("preprocess", 120)):
        for i in range(6):
            size = length * (i + 1) // 6
            write(target, f"noise_{i}", random.randint(0, 256, size).astype(np.uint8).tobytes())
    # The first byte chooses the head; the others are sizes and scores.
    for head in range(24):
        noise = random.randint(0, 256, 600).astype(np.uint8)
        noise[0] = head
        noise[7:300] |= 0x40  # leave spec and shapes whole most of the time
        write("head_decode", f"head_{head:02}", noise.tobytes())


def detections():
    lines = {
        "plain": b'{"frame":"a.jpg","width":64,"height":48,"orientation":1,"space":"upright",'
                 b'"detections":[{"class":1,"label":"dog","score":0.5,"box":[1,2,3.5,4],"row":7}]}',
        "empty": b'{"frame":"a","width":1,"height":1,"orientation":6,"space":"vision",'
                 b'"detections":[]}',
        "full": b'{"frame":"a\\u00e9.jpg","width":64,"height":48,"orientation":1,'
                b'"space":"normalized","detections":[{"class":0,"label":null,"score":1,'
                b'"box":[0.1,0.2,0.3,1e-3],"row":0,"keypoints":[[0.1,0.2,1],[0,0,0.5]],'
                b'"angle":0.25,"regions":["numeral 8"]}]}',
    }
    for name, line in lines.items():
        write("detections_ndjson", name + ".ndjson", line)


images()
clips()
arrays()
numbers()
detections()
