#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every rounding rule against its peer's own expressions, evaluated by Python and numpy.

The expressions are those of ultralytics LetterBox, YOLOX preproc, OpenCV dnn_utils.cpp, the RKNN
model zoo's image_utils.c, mmcv geometric.py, torchvision functional.py (0.14 and 0.7) and
TensorFlow central_crop. Odd sizes matter: at common ones all rules agree.
"""
import random
import subprocess
import sys

import numpy as np

SEED, CASES, LIMIT = 20, 4000, 16384
UNSUPPORTED, OVER_LIMIT = -301, -402


def ultralytics(W, H, w, h):
    r = min(h / H, w / W)
    nw, nh = int(round(W * r)), int(round(H * r))
    dw, dh = (w - nw) / 2, (h - nh) / 2
    return nw, nh, int(round(dw - 0.1)), int(round(dh - 0.1))


def yolox(W, H, w, h):
    r = min(h / H, w / W)
    return int(W * r), int(H * r), 0, 0


def mmdet(W, H, w, h):
    r = min(h / H, w / W)
    return int(W * r + 0.5), int(H * r + 0.5), 0, 0


def opencv(W, H, w, h):
    r = min(np.float32(w) / np.float32(W), np.float32(h) / np.float32(H))
    nw, nh = int(np.float32(W) * r), int(np.float32(H) * r)
    return nw, nh, int((w - nw) / 2), int((h - nh) / 2)


def rknn(W, H, w, h):
    scale_w, scale_h = np.float32(w) / np.float32(W), np.float32(h) / np.float32(H)
    nw, nh, left, top = w, h, 0, 0
    if scale_w < scale_h:
        nh = int(np.float32(H) * scale_w)
    else:
        nw = int(np.float32(W) * scale_h)
    nw -= nw % 4
    nh -= nh % 2
    if scale_w < scale_h:
        top = (h - nh) // 2
        top -= top % 2
    else:
        left = (w - nw) // 2
        left -= left % 2
    return nw, nh, left, top


def resized(W, H, short):
    small, large = (W, H) if W <= H else (H, W)
    long = int(short * large / small)
    return (short, long) if W <= H else (long, short)


def torchvision(W, H, w, h, short, offset):
    nw, nh = resized(W, H, short or max(w, h))
    # A picture that is too small is padded first: half before, the odd pixel behind.
    pads = [max((c - n) // 2, 0) for c, n in ((w, nw), (h, nh))]
    cuts = [offset(n - c) if n > c else 0 for c, n in ((w, nw), (h, nh))]
    return nw, nh, pads[0] - cuts[0], pads[1] - cuts[1]


def crop_opencv(W, H, w, h):
    f = float(max(np.float32(w) / np.float32(W), np.float32(h) / np.float32(H)))
    nw, nh = int(np.rint(W * f)), int(np.rint(H * f))
    return nw, nh, -int(0.5 * (nw - w)), -int(0.5 * (nh - h))


FIT = {"ultralytics": ultralytics, "yolox": yolox, "mmdet": mmdet, "opencv-dnn": opencv,
       "rknn": rknn}
CROP = {
    "torchvision": lambda W, H, w, h, s: torchvision(W, H, w, h, s, lambda d: int(round(d / 2.0))),
    "torchvision-0.7": lambda W, H, w, h, s: torchvision(W, H, w, h, s,
                                                         lambda d: int((d + 1) * 0.5)),
    "opencv-dnn": lambda W, H, w, h, s: crop_opencv(W, H, w, h),
}
CROP["ultralytics"] = CROP["torchvision"]


def ask(cases):
    text = "".join("%s %s %d %d %d %d %d %.17g\n" % case for case in cases)
    done = subprocess.run([sys.argv[1]], input=text, stdout=subprocess.PIPE, check=True, text=True)
    return [[float(x) for x in line.split()] for line in done.stdout.splitlines()]


def sizes(rng):
    """Mostly odd and unequal, a few extreme."""
    side = lambda: rng.choice((rng.randint(1, 40), rng.randint(41, 2000), rng.randint(2001, 8000)))
    model = lambda: rng.choice((224, 300, 320, 416, 512, 640, rng.randint(17, 1300)))
    return side(), side(), model(), model()


def compare(mode, rule, expected, cases):
    """The first difference, None where there is none."""
    got = ask([(mode, rule, W, H, w, h, s, f) for W, H, w, h, s, f in cases])
    for case, line in zip(cases, got):
        want = expected(*case)
        if not (1 <= want[0] <= LIMIT and 1 <= want[1] <= LIMIT):
            if line[0] != OVER_LIMIT:
                return "%s: expected a limit, got %s" % (case, line)
            continue
        if line[0] != 0 or tuple(line[1:5]) != tuple(float(v) for v in want):
            return "%s: expected %s, got %s" % (case, want, line)
    return None


def main():
    rng = random.Random(SEED)
    results = []

    def point(name, finding):
        results.append(finding is None)
        if finding is not None:
            print("# " + finding)
        print("%s %d - %s" % ("ok" if finding is None else "not ok", len(results), name))

    for rule, formula in FIT.items():
        cases = [sizes(rng) + (0, 0.0) for _ in range(CASES)]
        point("scale_fit, " + rule,
              compare("scale_fit", rule, lambda W, H, w, h, s, f: formula(W, H, w, h), cases))
    for rule, formula in CROP.items():
        cases = []
        for _ in range(CASES):
            W, H, w, h = sizes(rng)
            cases.append((W, H, w, h, rng.choice((0, max(w, h), 256, rng.randint(1, 600))), 0.0))
        point("center_crop, " + rule,
              compare("center_crop", rule, lambda W, H, w, h, s, f: formula(W, H, w, h, s), cases))

    finding = None
    cases = [sizes(rng) + (0, rng.choice((0.875, 0.5, 1.0, rng.uniform(0.2, 1.0))))
             for _ in range(CASES)]
    for case, line in zip(cases, ask([("center_crop", "tf-central") + c for c in cases])):
        W, H, w, h, _, fraction = case
        x, y = int((W - W * fraction) / 2), int((H - H * fraction) / 2)
        want = (w, h, x, y, W - 2 * x, H - 2 * y)
        if line[0] != 0 or (line[1], line[2]) + tuple(line[7:]) != tuple(map(float, want)):
            finding = "%s: expected %s, got %s" % (case, want, line)
    point("center_crop, tf-central", finding)

    # Published examples for 640 x 640.
    tall = {"ultralytics": 360, "yolox": 359, "opencv-dnn": 359, "rknn": 358}
    lines = ask([("scale_fit", rule, 1366, 768, 640, 640, 0, 0.0) for rule in tall])
    point("1366x768 gives 360, 359, 359, 358 rows",
          None if [line[2] for line in lines] == list(tall.values()) else str(lines))
    wide = {"ultralytics": (427, 106), "yolox": (426, 0), "opencv-dnn": (426, 107),
            "rknn": (426, 106)}
    lines = ask([("scale_fit", rule, 1000, 667, 640, 640, 0, 0.0) for rule in wide])
    point("1000x667 gives 427@106, 426@0, 426@107, 426@106",
          None if [(line[2], line[4]) for line in lines] == list(wide.values()) else str(lines))

    # Which pairs exist is a table in geometry.h.
    every = list(FIT) + ["torchvision", "torchvision-0.7", "tf-central"]
    finding = None
    for mode, known in (("scale_fit", set(FIT)), ("center_crop", set(CROP) | {"tf-central"}),
                        ("scale_fit_rotate_90_ccw", set(FIT)), ("scale_fill", set(every))):
        for rule, line in zip(every, ask([(mode, r, 99, 57, 64, 64, 0, 0.0) for r in every])):
            if (line[0] == 0) != (rule in known) or line[0] not in (0, UNSUPPORTED):
                finding = "%s with %s: status %d" % (mode, rule, line[0])
    point("a rule that does not define a mode is refused", finding)

    print("1..%d" % len(results))
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
