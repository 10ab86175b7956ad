# SPDX-License-Identifier: Apache-2.0
"""The input tensors that an independent Python pipeline fed to real detectors, element by element.
The photos are decoded by OpenCV here: the decoder is not under test."""
import glob
import os
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
import plain
from tap import Tap

MODELS = {
    'yolox_nano': {'input': (416, 416), 'mode': 'scale_fit', 'rule': 'yolox', 'channels': 'bgr',
                   'pad': (114, 114, 114), 'resample': 'opencv-linear'},
    'face_rfb320': {'input': (320, 240), 'mode': 'scale_fill', 'resample': 'opencv-linear',
                    'mean': (127, 127, 127), 'std': (128, 128, 128)}}
MODELS['face_rfb320_raw'] = MODELS['face_rfb320']


def main():
    tap, data = Tap(), os.environ.get('PLUMBLINE_REAL_DATA')
    if not data or plain.cv2 is None:
        tap.skip('reference tensors', 'PLUMBLINE_REAL_DATA is not set' if not data
                 else 'python3-opencv is needed')
        tap.done()
    driver = plain.Driver(sys.argv[1])
    for model, spec in MODELS.items():
        for path in sorted(glob.glob(os.path.join(data, 'reference', model, '*.in0.npy'))):
            name = os.path.basename(path)[:-len('.in0.npy')]
            bgr = plain.cv2.imread(os.path.join(data, 'images', name + '.jpg'))
            frame = plain.Frame(np.random.default_rng(0), 'bgr24', bgr.shape[1], bgr.shape[0],
                                image=bgr[..., ::-1])
            want = np.load(path)
            for cpu in (1, 0):
                got = driver.run(frame, spec, cpu)
                different = int((got != want).sum())
                tap.check(f'{model} {name} cpu {cpu}', got.shape == want.shape and not different,
                          [f'{different} of {want.size} elements differ'])
    tap.done()


main()
