# SPDX-License-Identifier: Apache-2.0
"""Run heads_driver on numpy arrays."""
import os
import subprocess
import sys
import tempfile

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

FOLDER = tempfile.TemporaryDirectory()
DRIVER = os.environ.get("HEADS_DRIVER", sys.argv[1] if len(sys.argv) > 1 else "")


class Result:
    """What the driver printed: detections as tuples, counts by fate, or an error."""

    def __init__(self, text):
        self.detections, self.counts, self.error = [], {}, None
        self.space, self.nms = None, None
        for line in text.splitlines():
            word, _, rest = line.partition(" ")
            if word == "error":
                self.error = rest
            elif word == "space":
                self.space = rest
            elif word == "nms":
                self.nms = rest == "1"
            elif word == "count":
                name, number = rest.split()
                self.counts[name] = int(number)
            elif word == "det":
                fields = rest.split()
                numbers = [float.fromhex(f) for f in fields[2:]]
                self.detections.append((int(fields[0]), int(fields[1]), numbers[0],
                                        np.array(numbers[1:5]), numbers[5],
                                        np.array(numbers[6:]).reshape(-1, 3)))


def decode(arrays, quantization=None, spread=0, **settings):
    """Arrays in output order; quantization: one (scale, zero_point) or None for each."""
    arguments = ["spread=%d" % spread]
    for name, value in settings.items():
        if isinstance(value, np.ndarray):
            path = os.path.join(FOLDER.name, name + ".f32")
            value.astype("<f4").tofile(path)
            value = "@" + path
        elif isinstance(value, (list, tuple)):
            value = ",".join(repr(float(v)) for v in value)
        arguments.append("%s=%s" % (name, value))
    for i, array in enumerate(arrays):
        path = os.path.join(FOLDER.name, "out%d.npy" % i)
        np.save(path, np.ascontiguousarray(array))
        if quantization and quantization[i]:
            path += ":%.9g:%d" % quantization[i]
        arguments.append("out=" + path)
    done = subprocess.run([DRIVER] + arguments, stdout=subprocess.PIPE, check=True, text=True)
    return Result(done.stdout)
