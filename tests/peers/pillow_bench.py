# SPDX-License-Identifier: Apache-2.0
"""Resizing side by side with Pillow, one thread, alternating in one run; prints medians of processor
time and ratios.

    pillow_bench.py BUILD/tests/support/preprocess_driver [ROUNDS]
"""
import os
import statistics
import sys
import time

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
import plain


def main():
    driver, rounds = plain.Driver(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 31
    rng = np.random.default_rng(0)
    wave = 127 + 90 * np.sin(np.arange(1920)[None] / 37 + np.arange(1080)[:, None] / 91)
    rgb = np.clip(wave[..., None] + rng.normal(0, 20, (1080, 1920, 3)), 0, 255).astype(np.uint8)
    frame = plain.Frame(rng, 'rgb24', 1920, 1080, image=rgb)
    image = plain.Image.fromarray(rgb)
    print(f'1080p RGB to 640x360 uint8, {rounds} rounds')
    for name in ('pillow-bilinear', 'pillow-bicubic', 'pillow-lanczos', 'pillow-box'):
        spec = {'input': (640, 360), 'mode': 'scale_fill', 'resample': name, 'layout': 'nhwc',
                'dtype': 'uint8'}
        peer, ours = [], []
        for _ in range(rounds):
            start = time.thread_time()
            small = image.resize((640, 360), plain.PIL[name])
            peer.append((time.thread_time() - start) * 1e3)
            got = driver.run(frame, spec, repeat=3)
            ours.append(driver.milliseconds)
        same = np.array_equal(np.asarray(small), got[0])
        a, b = statistics.median(peer), statistics.median(ours)
        print(f'  {name:16} Pillow {a:7.3f} ms   plumbline {b:7.3f} ms   ratio {a / b:5.2f}   '
              f'{"same bytes" if same else "DIFFERENT BYTES"}')


main()
