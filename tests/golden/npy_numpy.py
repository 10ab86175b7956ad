#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Files that numpy.save made are read with their type, shape and values, and written back so that
numpy reads the same; format versions 1 to 3."""
import os
import subprocess
import sys
import tempfile

import numpy as np


def run(path, out):
    done = subprocess.run([sys.argv[1], path, out], stdout=subprocess.PIPE, check=True, text=True)
    return done.stdout.splitlines()


def main():
    rng = np.random.default_rng(11)
    results = []

    def point(name, good, note=""):
        results.append(good)
        print("%s %d - %s%s" % ("ok" if good else "not ok", len(results), name,
                                "" if good else " # " + note))

    with tempfile.TemporaryDirectory() as folder:
        path, out = os.path.join(folder, "in.npy"), os.path.join(folder, "out.npy")
        types = ["float32", "float16", "float64", "uint8", "int8", "int32", "int64"]
        shapes = [(1,), (7,), (2, 3), (1, 5, 2), (1, 2, 3, 4), (1, 1, 1, 1, 1, 2), (0,),
                  (1, 0, 6)]
        for name in types:
            finding = ""
            for shape in shapes:
                array = (rng.standard_normal(shape) * 100).astype(name)
                if array.dtype.kind == "f" and array.size:
                    array.flat[0] = rng.choice([np.nan, np.inf, -0.0])
                np.save(path, array)
                first, *values = run(path, out)
                if first.split() != [name] + [str(s) for s in shape]:
                    finding = "%s: %s" % (shape, first)
                got = np.array([float.fromhex(v) for v in values], dtype=np.float32)
                if not np.array_equal(got, array.astype(np.float32).ravel(), equal_nan=True):
                    finding = "%s: values differ" % (shape,)
                again = np.load(out)
                if again.dtype != array.dtype or again.tobytes() != array.tobytes() or \
                        again.shape != shape:
                    finding = "%s: numpy reads something else" % (shape,)
                if os.path.getsize(out) - array.nbytes != (os.path.getsize(path) - array.nbytes) \
                        and (os.path.getsize(out) - array.nbytes) % 64:
                    finding = "%s: data is not aligned to 64" % (shape,)
            point("%s arrays" % name, not finding, finding)

        array = np.arange(6, dtype=np.float32).reshape(2, 3)
        for version in ((1, 0), (2, 0), (3, 0)):
            with open(path, "wb") as file:
                np.lib.format.write_array(file, array, version=version)
            first = run(path, out)[0]
            point("version %d.%d" % version, first == "float32 2 3", first)

        refused = [("Fortran order", np.asfortranarray(array), "error -301"),
                   ("big-endian", array.astype(">f4"), "error -301"),
                   ("complex", array.astype(np.complex64), "error -106"),
                   ("scalar", np.float32(3), "error -105"),
                   ("seven sides", array.reshape(1, 1, 1, 1, 1, 2, 3), "error -203")]
        for name, value, wanted in refused:
            np.save(path, value)
            first = run(path, out)[0]
            point("refused: " + name, first.startswith(wanted), first)

    print("1..%d" % len(results))
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
