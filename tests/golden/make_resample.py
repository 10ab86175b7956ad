# SPDX-License-Identifier: Apache-2.0
"""Makes fixtures/golden/resample.ndjson with the real Pillow and OpenCV:

    make_resample.py fixtures/golden/resample.ndjson
"""
import hashlib
import json
import os
import sys

import cv2
import PIL

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
import plain
from formula_picture import formula_picture

SIZES = [((1366, 768), (640, 359)), ((1000, 667), (427, 640)), ((427, 640), (300, 300)),
         ((320, 240), (160, 120)), ((320, 240), (320, 120)), ((97, 61), (200, 333)),
         ((640, 480), (91, 333)), ((1, 77), (5, 13)), ((77, 1), (13, 5)), ((7, 5), (7, 5)),
         ((300, 200), (100, 40)), ((1920, 1080), (640, 360))]


def main():
    lines = []
    for name in plain.EXACT:
        peer = f'OpenCV {cv2.__version__}' if name.startswith('opencv') else f'Pillow {PIL.__version__}'
        for (w, h), (W, H) in SIZES:
            out = plain.resize(formula_picture(w, h), W, H, name)
            lines.append(json.dumps({'resample': name, 'peer': peer, 'from': [w, h], 'to': [W, H],
                                     'sha256': hashlib.sha256(out.tobytes()).hexdigest()}))
    with open(sys.argv[1], 'w') as f:
        f.write('\n'.join(lines) + '\n')


main()
