# SPDX-License-Identifier: Apache-2.0
"""Rule `exact`: a crop with fractional edges is Pillow's resize with a box; a letterbox with a
fractional offset shows each input pixel the part of the picture that the formula gives it."""
import os
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
import plain
from tap import Tap


def crop_box(w, h, W, H):
    s = max(W / w, H / h)
    cw, ch = W / s, H / s
    left, top = (w - cw) / 2, (h - ch) / 2
    return max(left, 0), max(top, 0), min(left + cw, w), min(top + ch, h)


def against_pillow_box(tap, driver, name):
    rng, failures = np.random.default_rng(11), []
    for _ in range(120):
        w, h = int(rng.integers(2, 200)), int(rng.integers(2, 200))
        W, H = int(rng.integers(2, 150)), int(rng.integers(2, 150))
        frame = plain.Frame(rng, 'rgb24', w, h)
        frame.orientation = int(rng.integers(1, 9))
        img = plain.turn(frame.rgb, frame.orientation)
        spec = {'input': (W, H), 'mode': 'center_crop', 'rule': 'exact', 'resample': name,
                'layout': 'nhwc', 'dtype': 'uint8'}
        box = crop_box(img.shape[1], img.shape[0], W, H)
        image = plain.Image.fromarray(np.ascontiguousarray(img))
        want = np.asarray(image.resize((W, H), plain.PIL[name], box=box))
        got = driver.run(frame, spec)[0]
        if not np.array_equal(got, want):
            failures.append(f'{frame.words()} {spec["input"]} box {box}: '
                            f'{int((got != want).sum())} differ')
    tap.check(f'center_crop exact is {name} with a box', not failures, failures[:3])


def sampled(img, xs, ys):
    """Bilinear at source coordinates in pixels, edges repeated."""
    h, w = img.shape[:2]
    x0, y0 = np.floor(xs - 0.5).astype(int), np.floor(ys - 0.5).astype(int)
    fx, fy = (xs - 0.5 - x0)[None, :, None], (ys - 0.5 - y0)[:, None, None]
    p = img.astype(np.float64)

    def at(dy, dx):
        return p[np.clip(y0 + dy, 0, h - 1)][:, np.clip(x0 + dx, 0, w - 1)]
    return ((at(0, 0) * (1 - fx) + at(0, 1) * fx) * (1 - fy) +
            (at(1, 0) * (1 - fx) + at(1, 1) * fx) * fy)


def letterbox_by_formula(tap, driver):
    rng, failures = np.random.default_rng(12), []
    for _ in range(120):
        w, h = int(rng.integers(2, 200)), int(rng.integers(2, 200))
        W, H = int(rng.integers(8, 150)), int(rng.integers(8, 150))
        frame = plain.Frame(rng, 'rgb24', w, h)
        spec = {'input': (W, H), 'mode': 'scale_fit', 'rule': 'exact',
                'resample': 'torch-bilinear', 'layout': 'nhwc', 'pad': (0, 0, 0)}
        r = min(W / w, H / h)
        left, top = (W - w * r) / 2, (H - h * r) / 2
        xs, ys = (np.arange(W) + 0.5 - left) / r, (np.arange(H) + 0.5 - top) / r
        inside = ((ys > 0) & (ys < h))[:, None] & ((xs > 0) & (xs < w))[None]
        want = np.where(inside[..., None], sampled(frame.rgb, xs, ys), 0)
        got = driver.run(frame, spec)[0]
        edge = ((np.abs(xs) < 1e-9) | (np.abs(xs - w) < 1e-9))[None] | (
            (np.abs(ys) < 1e-9) | (np.abs(ys - h) < 1e-9))[:, None]
        worst = float(np.abs(got - want)[~edge].max(initial=0))
        if worst > 2e-2:  # coordinates are float32 on one side
            failures.append(f'{w}x{h} to {W}x{H}: off by {worst}')
    tap.check('scale_fit exact shows what the formula says', not failures, failures[:3])


def main():
    tap, driver = Tap(), plain.Driver(sys.argv[1])
    for name in ('pillow-bilinear', 'pillow-bicubic', 'pillow-lanczos', 'pillow-box'):
        if plain.Image:
            against_pillow_box(tap, driver, name)
        else:
            tap.skip(name, 'python3-pil is needed')
    letterbox_by_formula(tap, driver)
    tap.done()


main()
