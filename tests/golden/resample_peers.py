# SPDX-License-Identifier: Apache-2.0
"""Every resampler against the library it is named after, on random sizes, ratios from 1/12 to 6, lines
and columns of one pixel, random, two-valued and constant pictures."""
import os
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
import plain
from tap import Tap

try:
    import torch
    torch.set_num_threads(1)
except ImportError:
    torch = None

EXACT, ONE, CLOSE = 0, 1, 1e-4
PROMISE = {name: EXACT for name in plain.EXACT + ('vision', 'fast')}
PROMISE['opencv-cubic'] = ONE
for floats in ('torch-bilinear', 'torch-bilinear-aa', 'torch-bilinear-corners', 'tf2-bilinear',
               'tf1-legacy'):
    PROMISE[floats] = CLOSE


def missing(name):
    if name.startswith('opencv'):
        return None if plain.cv2 else 'python3-opencv is needed'
    if name.startswith(('pillow', 'vision')):
        return None if plain.Image else 'python3-pil is needed'
    if name.startswith('torch'):
        return None if torch else 'python3-torch is needed'
    return None


def side(rng):
    return 1 if rng.integers(8) == 0 else int(rng.integers(2, 160))


def scaled(rng, n):
    kind = rng.integers(4)
    if kind == 0:
        return max(1, n // int(rng.integers(1, 6)))
    if kind == 1:
        return n * int(rng.integers(1, 4))
    return int(np.clip(round(n / rng.uniform(1 / 6, 12)), 1, 400))


def picture(rng, w, h):
    kind = rng.integers(4)
    if kind == 0:
        return rng.choice(np.array([0, 255], np.uint8), (h, w, 3))
    if kind == 1:
        return np.full((h, w, 3), rng.integers(256), np.uint8)
    return rng.integers(0, 256, (h, w, 3), dtype=np.uint8)


def one_case(rng, driver, name, failures):
    w, h = side(rng), side(rng)
    gray = rng.integers(3) == 0
    frame = plain.Frame(rng, 'gray8' if gray else 'rgba' if rng.integers(3) == 0 else 'rgb24', w, h,
                        int(rng.choice([0, 5])), image=picture(rng, w, h))
    spec = {'input': (scaled(rng, w), scaled(rng, h)), 'mode': 'scale_fill', 'resample': name,
            'channels': 'gray' if gray else 'rgb', 'layout': str(rng.choice(['nchw', 'nhwc']))}
    img = frame.rgb[..., :1] if gray else frame.rgb
    want = plain.expected(frame, spec) if name == 'fast' else \
        plain.normalise(plain.resize(img, *spec['input'], name), spec)
    by_cpu = [driver.run(frame, spec, cpu) for cpu in (1, 4, 0)]
    for got in by_cpu[1:]:
        if got.tobytes() != by_cpu[0].tobytes():
            failures.append(f'SIMD differs from C: {frame.words()} {spec}')
    worst = float(np.abs(by_cpu[0] - want).max())
    if worst > PROMISE[name]:
        failures.append(f'{w}x{h} to {spec["input"]}: off by {worst}')
    return worst


def near_area(driver, cases, failures):
    """`fast` scaled down is the area mean but for its two roundings and weights of 7 bits."""
    rng, worst, means = np.random.default_rng(99), 0, []
    for _ in range(cases):
        w, h = int(rng.integers(8, 200)), int(rng.integers(8, 200))
        frame = plain.Frame(rng, 'rgb24', w, h, image=picture(rng, w, h))
        size = (int(rng.integers(max(w // 8, 1), w + 1)), int(rng.integers(max(h // 8, 1), h + 1)))
        spec = {'input': size, 'mode': 'scale_fill', 'layout': 'nhwc'}
        got = driver.run(frame, {**spec, 'resample': 'fast'})
        off = np.abs(got - plain.expected(frame, {**spec, 'resample': 'opencv-area'}))
        worst, means = max(worst, float(off.max())), means + [float(off.mean())]
        if off.max() > 4 or off.mean() > 1:
            failures.append(f'{w}x{h} to {size}: off by {off.max()}, mean {off.mean():.2f}')
    return worst, float(np.mean(means))


def main():
    driver, cases = plain.Driver(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 250
    tap = Tap()
    for index, name in enumerate(PROMISE):
        reason = missing(name)
        if reason:
            tap.skip(name, reason)
            continue
        rng, failures = np.random.default_rng(7 + index), []
        worst = max(one_case(rng, driver, name, failures) for _ in range(cases))
        tap.check(f'{name} in {cases} cases, worst {worst:g} of {PROMISE[name]:g} allowed',
                  not failures, failures[:3])
    if plain.cv2:
        failures = []
        worst, mean = near_area(driver, cases, failures)
        tap.check(f'fast is near opencv-area: worst {worst:g}, mean {mean:.2f}', not failures,
                  failures[:3])
    else:
        tap.skip('fast is near opencv-area', 'python3-opencv is needed')
    tap.done()


main()
