#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Decoded pixels against Pillow and OpenCV, bit for bit.

usage: image_pixels.py IMAGE_DUMP HAVE_LIBJPEG HAVE_STB

The pictures are made here, so that no binary needs to be kept; PLUMBLINE_REAL_DATA adds photos.
"""
import os
import subprocess
import sys
import tempfile

cases = []


def report(name, problem=None, skip=None):
    number = len(cases) + 1
    cases.append(name)
    if skip:
        print(f"ok {number} - {name} # SKIP {skip}")
    elif problem:
        print(f"not ok {number} - {name}\n# {problem}")
    else:
        print(f"ok {number} - {name}")


try:
    import numpy as np
    from PIL import Image
except ImportError as error:
    report("decoded pixels", skip=f"no {error.name}")
    print("1..1")
    sys.exit(0)
try:
    import cv2
except ImportError:
    cv2 = None

dump, have_jpeg, have_stb = sys.argv[1], sys.argv[2] == "1", sys.argv[3] == "1"
process = subprocess.Popen([dump], stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def decode(path):
    process.stdin.write(path.encode() + b"\n")
    process.stdin.flush()
    status, width, height, components, orientation = map(int, process.stdout.readline().split())
    if status:
        return status, None, 0
    pixels = process.stdout.read(width * height * components)
    shape = (height, width) if components == 1 else (height, width, 3)
    return 0, np.frombuffer(pixels, np.uint8).reshape(shape), orientation


def picture(width, height, seed):
    """Smooth colour with noise and hard edges, so that every step of a decoder shows."""
    random = np.random.RandomState(seed)
    y, x = np.mgrid[0:height, 0:width]
    image = np.stack([127 + 120 * np.sin(x / 9.0 + y / 17.0), 127 + 120 * np.cos(x / 5.0),
                      127 + 120 * np.sin(y / 7.0 - x / 31.0)], -1)
    image += random.normal(0, 14, image.shape)
    image[height // 3:height // 2, width // 4:width // 2] = (255, 0, 0)
    return image.clip(0, 255).astype(np.uint8)


def same(got, wanted, what):
    if got is None:
        return f"refused; {what} decodes it"
    if got.shape != wanted.shape:
        return f"shape {got.shape}, {what} {wanted.shape}"
    difference = np.abs(got.astype(int) - wanted.astype(int))
    return f"{what} differs by up to {difference.max()}" if difference.any() else None


def check(name, path, enabled, mode=None, opencv=True):
    if not enabled:
        report(name, skip="left out of this build")
        return
    status, got, orientation = decode(path)
    image = Image.open(path)
    tag = image.getexif().get(0x0112, 1)
    problem = f"status {status}" if status else None
    if not problem and orientation != tag:
        problem = f"orientation {orientation}, Pillow reads {tag}"
    mode = mode or ("L" if image.mode in ("L", "LA", "1", "I", "I;16") else "RGB")
    if not problem:
        problem = same(got, np.asarray(image.convert(mode)), "Pillow")
    report(f"{name}, Pillow", problem)
    if not opencv:
        return
    if cv2 is None:
        report(f"{name}, OpenCV", skip="no cv2")
        return
    flags = cv2.IMREAD_IGNORE_ORIENTATION
    flags |= cv2.IMREAD_GRAYSCALE if mode == "L" else cv2.IMREAD_COLOR
    peer = cv2.imread(path, flags)
    report(f"{name}, OpenCV", same(got, peer if mode == "L" else peer[..., ::-1], "OpenCV"))


def exif(orientation, big_endian=False, long=False):
    order = ">" if big_endian else "<"
    import struct
    head = b"MM\0*" if big_endian else b"II*\0"
    value = struct.pack(order + "I" if long else order + "HH", orientation, *([] if long else [0]))
    entry = struct.pack(order + "HHI", 0x0112, 4 if long else 3, 1) + value
    return (b"Exif\0\0" + head + struct.pack(order + "IH", 8, 1) + entry +
            struct.pack(order + "I", 0))


def jpegs(folder):
    for subsampling, text in ((0, "444"), (1, "422"), (2, "420")):
        for width, height in ((64, 48), (643, 481), (17, 9), (1, 1), (8, 3)):
            for progressive in (False, True):
                path = os.path.join(folder, f"a{text}{width}{progressive}.jpg")
                Image.fromarray(picture(width, height, width)).save(
                    path, quality=83, subsampling=subsampling, progressive=progressive)
                kind = "progressive" if progressive else "baseline"
                check(f"JPEG {text} {kind} {width}x{height}", path, have_jpeg)
    for width, height in ((64, 48), (33, 31)):
        path = os.path.join(folder, f"gray{width}.jpg")
        Image.fromarray(picture(width, height, 3)).convert("L").save(path, quality=70)
        check(f"JPEG gray {width}x{height}", path, have_jpeg)
    path = os.path.join(folder, "optimised.jpg")
    Image.fromarray(picture(200, 100, 5)).save(path, quality=20, optimize=True)
    check("JPEG with its own Huffman tables", path, have_jpeg)
    for orientation in range(1, 9):
        for big_endian in (False, True):
            path = os.path.join(folder, f"exif{orientation}{big_endian}.jpg")
            Image.fromarray(picture(40, 24, 9)).save(path, exif=exif(orientation, big_endian))
            order = "big" if big_endian else "little"
            check(f"JPEG orientation {orientation}, {order} endian", path, have_jpeg)
            Image.fromarray(picture(40, 24, 9)).save(path, exif=exif(orientation, big_endian, True))
            check(f"JPEG orientation {orientation} as LONG, {order} endian", path, have_jpeg)
    if cv2 is not None:
        path = os.path.join(folder, "restart.jpg")
        cv2.imwrite(path, picture(300, 200, 8), [cv2.IMWRITE_JPEG_RST_INTERVAL, 3])
        check("JPEG with restart markers", path, have_jpeg)


def bitmaps(folder):
    color = Image.fromarray(picture(61, 37, 2))
    alpha = color.copy()
    alpha.putalpha(Image.fromarray(picture(61, 37, 4)[..., 0]))
    gray = color.convert("L")
    gray_alpha = Image.merge("LA", (gray, alpha.getchannel("A")))
    variants = (("RGB", color), ("RGBA", alpha), ("gray", gray), ("gray with alpha", gray_alpha),
                ("palette", color.quantize(200)), ("16 colours", color.quantize(16)),
                ("black and white", color.convert("1")))
    for name, image in variants:
        path = os.path.join(folder, name.replace(" ", "_") + ".png")
        image.save(path)
        # OpenCV reads gray with alpha, as colour, so the peers differ in what they call gray.
        check(f"PNG {name}", path, have_stb, opencv=name in ("RGB", "gray", "palette"))
    if cv2 is not None:
        deep = (np.random.RandomState(1).randint(0, 65536, (37, 61, 3))).astype(np.uint16)
        path = os.path.join(folder, "deep.png")
        cv2.imwrite(path, deep[..., ::-1])
        if have_stb:
            _, got, _ = decode(path)
            report("PNG of 16 bits keeps the high byte",
                   same(got, (deep >> 8).astype(np.uint8), "numpy"))
        else:
            report("PNG of 16 bits keeps the high byte", skip="left out of this build")
    for name, image in (("RGB", color), ("palette", color.quantize(256)),
                        ("gray", gray), ("black and white", color.convert("1"))):
        path = os.path.join(folder, name.replace(" ", "_") + ".bmp")
        image.save(path)
        check(f"BMP {name}", path, have_stb, mode="RGB", opencv=name in ("RGB", "palette"))
    path = os.path.join(folder, "oriented.png")
    color.save(path, exif=exif(6)[6:])
    check("PNG orientation 6", path, have_stb, opencv=False)


def photos():
    root = os.environ.get("PLUMBLINE_REAL_DATA")
    if not root:
        report("photos", skip="PLUMBLINE_REAL_DATA is not set")
        return
    folder = os.path.join(root, "images")
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".jpg"):
            continue
        path = os.path.join(folder, name)
        check(f"photo {name}", path, have_jpeg)
        if name.startswith("exif_") and have_jpeg:
            wanted = int(name[-5])
            got = decode(path)[2]
            report(f"photo {name} says its orientation",
                   None if got == wanted else f"got {got}, the name says {wanted}")


with tempfile.TemporaryDirectory() as temporary:
    jpegs(temporary)
    bitmaps(temporary)
    photos()
process.stdin.close()
if process.wait() != 0:
    report("image_dump ends well", f"exit code {process.returncode}")
print(f"1..{len(cases)}")
