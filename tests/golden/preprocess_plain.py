# SPDX-License-Identifier: Apache-2.0
"""Frame to tensor against the plain way, with the real OpenCV and Pillow doing the resize: every
orientation, mode and pixel format, on random odd sizes with padded rows."""
import os
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
import plain
from tap import Tap

MODES = [('scale_fill', None), ('scale_fill_rotate_90_ccw', None)]
MODES += [('scale_fit', r) for r in ('ultralytics', 'yolox', 'opencv-dnn', 'rknn', 'mmdet')]
MODES += [('scale_fit_rotate_90_ccw', r) for r in ('ultralytics', 'yolox')]
MODES += [('center_crop', r) for r in ('opencv-dnn', 'torchvision', 'torchvision-0.7', 'ultralytics',
                                       'tf-central')]
RESAMPLERS = plain.EXACT + ('fast',)


def random_case(rng, fmt, orientation, mode, rule, resampler):
    w, h = int(rng.integers(1, 90)), int(rng.integers(1, 90))
    matrix = rng.choice(['bt601', 'bt709', 'bt2020', 'opencv-nv12', 'libyuv-i601', 'libyuv-jpeg',
                         'libyuv-h709', 'libyuv-f709'])
    if fmt in ('p010', 'i010'):
        matrix = rng.choice(['bt601', 'bt709', 'bt2020'])
    color_range = plain.PEER_RANGE.get(matrix) or rng.choice(['limited', 'full'])
    stride = int(rng.choice([0, 2])) if fmt in ('i420', 'yv12') else 0
    frame = plain.Frame(rng, fmt, w, h, int(rng.choice([0, 1, 13, 64])), matrix, color_range, stride)
    frame.orientation = orientation
    uw, uh = (h, w) if orientation >= 5 else (w, h)
    if rng.integers(2):
        x, y = int(rng.integers(0, uw)), int(rng.integers(0, uh))
        frame.roi = (x, y, int(rng.integers(1, uw - x + 1)), int(rng.integers(1, uh - y + 1)))
    spec = {'input': (int(rng.integers(8, 70)), int(rng.integers(8, 70))), 'mode': mode,
            'rule': rule, 'resample': resampler, 'channels': str(rng.choice(['rgb', 'bgr', 'gray'])),
            'layout': str(rng.choice(['nchw', 'nhwc']))}
    kind = rng.integers(5)
    if kind == 0:
        spec.update(divide=255.0, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
    elif kind == 1:
        spec.update(dtype='uint8')
    elif kind == 2:
        spec.update(dtype='float16', divide=255.0)
    elif kind == 3:
        spec.update(dtype='int8', divide=255.0, quantization=(0.00390625, -128))
    else:
        spec.update(mean=(127.0, 120.0, 1.0), std=(128.0, 3.0, 0.5), scale=1.5)
    return frame, spec


def scaled_is_possible(frame, spec):
    """Degenerate pictures scale to nothing; the library refuses them."""
    w, h = (frame.width, frame.height)
    if frame.orientation >= 5:
        w, h = h, w
    if frame.roi:
        w, h = frame.roi[2:]
    if spec['mode'].endswith('ccw'):
        w, h = h, w
    W, H = spec['input']
    if spec['mode'].startswith('scale_fit'):
        nw, nh = plain.fit(spec['rule'], w, h, W, H)[:2]
        return nw > 0 and nh > 0
    if spec['mode'] == 'center_crop' and spec['rule'] != 'tf-central':
        nw, nh = plain.center_crop(spec['rule'], w, h, W, H, 0)[:2]
        return 0 < nw <= 16384 and 0 < nh <= 16384
    return True


def main():
    driver, rounds = plain.Driver(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 2
    tap = Tap()
    missing = plain.cv2 is None or plain.Image is None
    seed = int(os.environ.get('SEED', '20260101'))
    for fmt in plain.FORMATS:
        for orientation in range(1, 9):
            name = f'{fmt} orientation {orientation}'
            if missing:
                tap.skip(name, 'python3-opencv and python3-pil are needed')
                continue
            rng = np.random.default_rng(seed + orientation * 1000 + plain.FORMATS.index(fmt))
            failures = []
            for k in range(rounds * len(MODES)):
                mode, rule = MODES[k % len(MODES)]
                # `fast` has a way of its own through every format and orientation
                resampler = RESAMPLERS[int(rng.integers(len(RESAMPLERS)))] if k % 4 else 'fast'
                frame, spec = random_case(rng, fmt, orientation, mode, rule, resampler)
                if not scaled_is_possible(frame, spec):
                    continue
                want = plain.expected(frame, spec)
                for cpu in (1, 0):
                    got = driver.run(frame, spec, cpu)
                    if got.tobytes() != np.ascontiguousarray(want).tobytes():
                        bad = np.argwhere(got != want)
                        failures.append(f'cpu {cpu} {frame.words()} {spec}: {len(bad)} of '
                                        f'{got.size} differ, first {bad[:1].tolist()}')
            tap.check(name, not failures, failures[:2])
    tap.done()


main()
