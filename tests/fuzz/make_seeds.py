#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write the seeds of the fuzz targets into fixtures/fuzz, the small valid inputs that mutations
start from. Needs numpy and Pillow. Files that were added by hand stay as they are.

usage: make_seeds.py FIXTURES/fuzz
"""
import io
import json
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
        write("session", f"head_{head:02}", noise[:160].tobytes())


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


def cards():
    full = {
        "plumbline": 1, "name": "all keys",
        "preprocess": {
            "profile": "yolox", "width": 416, "height": 320, "mode": "scale_fit", "rule": "yolox",
            "resample": "opencv-linear", "pad": [114, 114, 114], "channels": "bgr",
            "layout": "nchw", "dtype": "float32", "divide": 1.0, "scale": 1.0, "mean": [0, 0, 0],
            "std": [1, 1, 1]},
        "extra_inputs": [{"name": "size", "value": "upright_size", "dtype": "int64"}],
        "head": {"type": "yolox", "labels": "coco.names", "outputs": ["output"],
                 "strides": [8, 16, 32]},
        "postprocess": {
            "confidence": 0.3, "confidence_per_class": {"person": 0.5},
            "classes": ["person", "dog"],
            "nms": {"method": "hard", "iou": 0.45, "class_aware": False, "max_candidates": 3000,
                    "max_detections": 300}},
        "regions": [
            {"name": "a", "space": "normalized",
             "shape": {"polygon": [[0.1, 0.4], [0.2, 0.4], [0.15, 0.5]]}, "classes": ["dog"],
             "measure": "fraction_of_box", "at_least": 0.3, "effect": "scale", "factor": 0.2},
            {"name": "b", "space": "upright",
             "shape": {"ellipse": {"center": [9, 9], "radius": [4, 3]}}, "measure": "center",
             "at_least": 1, "effect": "reject"}]}
    small = {
        "plumbline": 1,
        "preprocess": {"profile": "ultralytics", "width": 64, "height": 64},
        "head": {"type": "yolov8", "labels": ["hole"]},
        "postprocess": {"confidence": 0.25, "nms": {"method": "hard", "iou": 0.7}}}
    boxes = {
        "plumbline": 1,
        "preprocess": {"width": 64, "height": 48, "mode": "scale_fit", "rule": "ultralytics",
                       "resample": "pillow-bilinear", "pad": [32], "channels": "gray",
                       "layout": "nchw", "dtype": "uint8"},
        "head": {"type": "boxes", "labels": ["hole"], "outputs": ["holes"],
                 "columns": {"box": 0, "score": 4, "class": 5}, "format": "xyxy",
                 "units": "pixels", "origin": "top_left", "space": "input"},
        "postprocess": {"confidence": 0.33, "nms": {
            "method": "center-distance", "distance": 1.5, "distance_in_plane": True}}}
    for name, card in (("full", full), ("small", small), ("boxes", boxes)):
        write("card", name + ".json", json.dumps(card, indent=1).encode())
    nv12 = {"format": "nv12", "width": 6, "height": 4, "matrix": "bt709", "range": "limited",
            "orientation": 6, "roi": [0, 0, 2, 3], "timestamp_ns": 1795211712924123457,
            "planes": [{"file": "a.nv12", "offset": 0, "row_stride": 8}]}
    i420 = {"format": "i420", "width": 5, "height": 3, "matrix": "bt601", "range": "full",
            "planes": [{"file": "y"}, {"file": "u", "pixel_stride": 2},
                       {"file": "u", "offset": 1, "pixel_stride": 2}]}
    jpeg = {"format": "jpeg", "planes": [{"file": "a.jpg"}]}
    for name, frame in (("nv12", nv12), ("i420", i420), ("jpeg", jpeg)):
        write("frame_description", name + ".frame.json", json.dumps(frame).encode())


images()
clips()
cards()
arrays()
numbers()
detections()
