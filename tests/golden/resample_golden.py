# SPDX-License-Identifier: Apache-2.0
"""Resizing against sums over what the peers gave once (make_resample.py); needs none of them."""
import hashlib
import json
import os
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
import plain
from formula_picture import formula_picture
from tap import Tap


def main():
    tap, driver = Tap(), plain.Driver(sys.argv[1])
    with open(sys.argv[2]) as f:
        cases = [json.loads(line) for line in f]
    for case in cases:
        w, h = case['from']
        frame = plain.Frame(np.random.default_rng(0), 'rgb24', w, h, image=formula_picture(w, h))
        spec = {'input': case['to'], 'mode': 'scale_fill', 'resample': case['resample'],
                'layout': 'nhwc', 'dtype': 'uint8'}
        sums = {hashlib.sha256(driver.run(frame, spec, cpu).tobytes()).hexdigest()
                for cpu in (1, 4, 0)}
        tap.check(f'{case["resample"]} {w}x{h} to {case["to"][0]}x{case["to"][1]} as '
                  f'{case["peer"]}', sums == {case['sha256']})
    tap.done()


main()
