# SPDX-License-Identifier: Apache-2.0
"""Each profile gives the tensor of the peer it is named after, written as the peer's users write it,
at sizes where the common ones hide the differences.

    profiles.py PREPROCESS_DRIVER
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
from tap import Tap

tap = Tap()
try:
    import numpy as np
except ImportError:
    tap.skip('profiles', 'numpy is not installed')
    tap.done()
import plain

try:
    import cv2
except ImportError:
    cv2 = None
try:
    from PIL import Image
except ImportError:
    Image = None
try:
    import torchvision
except ImportError:
    torchvision = None

SIZES = [(1366, 768), (1000, 667), (427, 640), (1920, 1080), (333, 333)]
driver = plain.Driver(sys.argv[1])


def picture(width, height):
    random = np.random.default_rng(width)
    y, x = np.mgrid[0:height, 0:width].astype('f4')
    image = np.stack([120 + 100 * np.sin(x / 29 + c) * np.cos(y / (17 + 8 * c)) for c in range(3)], -1)
    for _ in range(30):
        left, top = random.integers(0, width), random.integers(0, height)
        image[top:top + random.integers(3, 90), left:left + random.integers(3, 90)] = random.integers(0, 256, 3)
    return np.clip(image + random.normal(0, 8, image.shape), 0, 255).astype('u1')


def ours(rgb, profile, width, height, dtype, nchw, more=()):
    rows = np.ascontiguousarray(rgb)
    words = [f'profile={profile}', f'input={width},{height}', *more, 'format=rgb24',
             f'size={rgb.shape[1]},{rgb.shape[0]}', f'bytes={rows.size}']
    data, answer = driver.raw(words, [rows.tobytes()])
    if data is None:
        raise RuntimeError(answer)
    return np.frombuffer(data, dtype).reshape((1, 3, height, width) if nchw else (1, height, width, 3))


def expect(profile, peer, width, height, make, dtype='f4', nchw=True, within=0.0, more=()):
    for size in SIZES:
        rgb = picture(*size)
        got = ours(rgb, profile, width, height, dtype, nchw, more)
        want = make(rgb, width, height)
        same = np.array_equal(got, want)
        off = np.abs(got.astype('f8') - want.astype('f8')) if got.shape == want.shape else None
        good = same if within == 0 else off is not None and off.max() <= within
        detail = 'another shape' if off is None else f'{np.count_nonzero(off)} differ, at most {off.max():.3g}'
        tap.check(f'{profile} as {peer}, {size[0]}x{size[1]}', good, [detail])


def nchw(image):
    return image.transpose(2, 0, 1)[None]


def place(image, width, height, left, top, pad):
    out = np.full((height, width, 3), pad, 'u1')
    out[top:top + image.shape[0], left:left + image.shape[1]] = image
    return out


def ultralytics(rgb, width, height):
    """LetterBox(auto=False), then the predictor's division, on RGB."""
    h, w = rgb.shape[:2]
    r = min(height / h, width / w)
    new = int(round(w * r)), int(round(h * r))
    dw, dh = (width - new[0]) / 2, (height - new[1]) / 2
    if (w, h) != new:
        rgb = cv2.resize(rgb, new, interpolation=cv2.INTER_LINEAR)
    top, bottom = int(round(dh - 0.1)), int(round(dh + 0.1))
    left, right = int(round(dw - 0.1)), int(round(dw + 0.1))
    rgb = cv2.copyMakeBorder(rgb, top, bottom, left, right, cv2.BORDER_CONSTANT, value=(114, 114, 114))
    return nchw(rgb).astype('f4') / np.float32(255)


def top_left(rgb, width, height, pad):
    h, w = rgb.shape[:2]
    r = min(height / h, width / w)
    image = cv2.resize(rgb, (int(w * r), int(h * r)), interpolation=cv2.INTER_LINEAR)
    return place(image, width, height, 0, 0, pad)


def rknn(rgb, width, height):
    """The arithmetic of convert_image_with_letterbox in float32, with OpenCV's resize."""
    h, w = rgb.shape[:2]
    rx, ry = np.float32(width) / np.float32(w), np.float32(height) / np.float32(h)
    nw, nh = width, height
    if rx < ry:
        nh = int(np.float32(h) * rx)
    else:
        nw = int(np.float32(w) * ry)
    nw, nh = nw - nw % 4, nh - nh % 2
    top = (height - nh) // 2 // 2 * 2 if rx < ry else 0
    left = 0 if rx < ry else (width - nw) // 2 // 2 * 2
    return place(cv2.resize(rgb, (nw, nh)), width, height, left, top, 114)[None]


def tf1(rgb, width, height):
    """resize_bilinear without half_pixel_centers, in float32 and its order, before any rounding."""
    def axis(n, o):
        at = np.arange(o, dtype='f4') * (np.float32(n) / np.float32(o))
        low = np.floor(at).astype(int)
        return np.minimum(low, n - 1), np.minimum(np.ceil(at).astype(int), n - 1), (at - np.floor(at)).astype('f4')
    x0, x1, fx = axis(rgb.shape[1], width)
    y0, y1, fy = axis(rgb.shape[0], height)
    image, fx, fy = rgb.astype('f4'), fx[None, :, None], fy[:, None, None]
    top = image[y0][:, x0] + (image[y0][:, x1] - image[y0][:, x0]) * fx
    bottom = image[y1][:, x0] + (image[y1][:, x1] - image[y1][:, x0]) * fx
    return (top + (bottom - top) * fy)[None]


def warp(rgb, width, height):
    """MediaPipe's CPU converter: a perspective warp whose corners are pixel corners, black outside.
    OpenCV quantises its coordinates to 1/32 pixel and its weights to 1/32, which bounds the distance."""
    h, w = rgb.shape[:2]
    side = max(w / width, h / height)
    left, top = (w - side * width) / 2, (h - side * height) / 2
    corners = np.array([[left, top], [left + side * width, top], [left + side * width, top + side * height],
                        [left, top + side * height]], 'f4')
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], 'f4')
    matrix = cv2.getPerspectiveTransform(corners, target)
    image = cv2.warpPerspective(rgb, matrix, (width, height), flags=cv2.INTER_LINEAR,
                                borderMode=cv2.BORDER_CONSTANT)
    return (image.astype('f4') * np.float32(2 / 255) - 1)[None]


def expect_warp():
    """Inside the picture; at its rim the warp blends with the border, where we have pad or picture."""
    for size in SIZES:
        rgb = picture(*size)
        got = ours(rgb, 'mediapipe-face', 128, 128, 'f4', False)
        want, mask = warp(rgb, 128, 128), warp(np.full_like(rgb, 255), 128, 128)[0, :, :, 0] == 1
        inside = cv2.erode(mask.astype('u1'), np.ones((5, 5), 'u1'), borderValue=0).astype(bool)
        levels = np.abs(got - want)[0][inside] * 127.5
        tap.check(f'mediapipe-face as the warp of its CPU converter, {size[0]}x{size[1]}',
                  inside.sum() > 1000 and levels.max() <= 2 * 255 / 32 + 1 and levels.mean() < 1.5,
                  [f'at most {levels.max():.3g} levels, on average {levels.mean():.3g}'])


if cv2:
    expect('ultralytics', 'LetterBox', 640, 640, ultralytics)
    expect('ultralytics', 'LetterBox', 640, 384, ultralytics)
    expect('yolox', 'preproc', 416, 416, lambda a, w, h: nchw(top_left(a[..., ::-1], w, h, 114)).astype('f4'))
    expect('opencv-dnn', 'blobFromImage', 300, 300, lambda a, w, h: cv2.dnn.blobFromImage(
        np.ascontiguousarray(a[..., ::-1]), 1 / 255, (w, h), swapRB=True))
    expect('ultraface', 'its demonstration', 320, 240, lambda a, w, h: nchw(
        (cv2.resize(a, (w, h)).astype('f4') - np.float32(127)) / np.float32(128)))
    expect('scrfd', 'its demonstration', 640, 640, lambda a, w, h: nchw(
        (top_left(a, w, h, 0).astype('f4') - np.float32(127.5)) / np.float32(128)))
    expect_warp()
    expect('rknn', 'convert_image_with_letterbox', 640, 640, rknn, dtype='u1', nchw=False)
else:
    tap.skip('profiles of OpenCV users', 'OpenCV for Python is not installed')

expect('tf-ssd', 'resize_bilinear of TensorFlow 1, by its formula', 300, 300, tf1, nchw=False, within=1e-4,
       more=('dtype=float32',))

if Image and torchvision:
    from torchvision import transforms

    def torch_chain(short, crop):
        chain = transforms.Compose([
            transforms.Resize(short), transforms.CenterCrop(crop), transforms.ToTensor(),
            transforms.Normalize([.485, .456, .406], [.229, .224, .225])])
        return lambda a, w, h: chain(Image.fromarray(a)).numpy()[None]

    expect('torchvision', 'Resize, CenterCrop, ToTensor, Normalize', 224, 224, torch_chain(224, 224))
    expect('imagenet', 'the presets of torchvision', 224, 224, torch_chain(256, 224))
else:
    tap.skip('profiles of torchvision', 'torchvision or Pillow is not installed')
tap.done()
