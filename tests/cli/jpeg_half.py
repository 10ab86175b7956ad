#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Cards with "jpeg": "half-dct". The picture of half the size comes from Pillow's draft mode and from
OpenCV's IMREAD_REDUCED_COLOR_2; where the samples lie in it is worked out here from the mapping of the
full picture; Pillow with a box and OpenCV resample it."""
import glob
import io
import os
import sys

from harness import CARDS, Points, boxes_card, folder, has_backend, numpy as np, run, write, write_json

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import plain  # noqa: E402

if not plain.Image or not plain.cv2:
    print("1..0 # SKIP python3-pil and python3-opencv are needed")
    sys.exit(0)

SUBSAMPLINGS = {0: "4:4:4", 1: "4:2:2", 2: "4:2:0"}
JSON = __import__("json")


def picture(rng, width, height):
    """Smooth colours, edges and grain."""
    y, x = np.mgrid[0:height, 0:width]
    base = np.stack([128 + 90 * np.sin(x / (9.0 + c) + y / (17.0 - c)) for c in range(3)], 2)
    base[height // 3: height // 2, width // 4: width // 2] = rng.integers(0, 256, 3)
    return np.clip(base + rng.normal(0, 6, base.shape), 0, 255).astype(np.uint8)


def encode(rgb, subsampling, orientation=1, gray=False, progressive=False):
    image = plain.Image.fromarray(rgb)
    if gray:
        image = image.convert("L")
    exif = plain.Image.Exif()
    exif[0x112] = orientation
    out = io.BytesIO()
    more = {} if gray else {"subsampling": subsampling}
    image.save(out, "JPEG", quality=88, exif=exif, progressive=progressive, **more)
    return out.getvalue()


def half_of(data):
    """As stored, always RGB."""
    image = plain.Image.open(io.BytesIO(data))
    image.draft(None, (image.width // 2, image.height // 2))
    return np.asarray(image.convert("RGB"))


def spec(width, height, mode, resample, rule=None, half=True, **more):
    made = {"width": width, "height": height, "mode": mode, "resample": resample, "channels": "rgb",
            "layout": "nhwc", "dtype": "float32", "pad": [7, 8, 9]}
    if rule:
        made["rule"] = rule
    if half:
        made["jpeg"] = "half-dct"
    made.update(more)
    return made


def preprocess(tmp, preprocess_spec, frame, *arguments):
    card = write_json(os.path.join(tmp, "card.json"), boxes_card(preprocess=preprocess_spec))
    out = os.path.join(tmp, "t.npy")
    result = run("preprocess", card, frame, "--out", out, "--mapping", *arguments)
    if result.code:
        return None, str(result)
    return np.load(out)[0], JSON.loads(result.out)


def in_half(mapping, half):
    """The half picture turned upright, and x, y of the full upright picture in it."""
    orientation = mapping["orientation"]
    upright = plain.turn(half, orientation)
    shift = [upright.shape[1] - mapping["upright"][0] / 2 if orientation in (2, 3, 6, 7) else 0,
             upright.shape[0] - mapping["upright"][1] / 2 if orientation in (3, 4, 7, 8) else 0]
    return upright, shift


def seen(mapping, rule):
    """The window of the full upright picture that sampling may see; none of these modes turns."""
    x, y, w, h = mapping["roi"]
    if rule in (None, "exact"):
        return (x, y, x + w, y + h)
    sx, sy, sw, sh = mapping["source"]
    return (x + sx, y + sy, x + sx + sw, y + sy + sh)


def cells(window, shift, shape):
    """Whole pixels of the half picture around a window, and the window in half coordinates."""
    half = [window[i] / 2 + shift[i % 2] for i in range(4)]
    return [int(np.floor(half[0])), int(np.floor(half[1])), int(np.ceil(half[2])),
            int(np.ceil(half[3]))], half


def resized(mapping, half, rule, resample):
    """Scaled picture of the whole window, by the peer itself."""
    upright, shift = in_half(mapping, half)
    c, h = cells(seen(mapping, rule), shift, upright.shape)
    cut = np.ascontiguousarray(upright[c[1]:c[3], c[0]:c[2]])
    size = tuple(mapping["scaled"])
    if resample in plain.PIL:
        box = (h[0] - c[0], h[1] - c[1], h[2] - c[0], h[3] - c[1])
        return np.asarray(plain.Image.fromarray(cut).resize(size, plain.PIL[resample], box=box))
    assert c == h  # OpenCV knows no box
    return plain.cv2.resize(cut, size, interpolation=getattr(plain.cv2, plain.CV[resample]))


def laid(mapping, scaled, pad=(7, 8, 9)):
    width, height = mapping["input"]
    out = np.empty((height, width, 3), np.float32)
    out[:] = pad
    left, top = (int(v) for v in mapping["offset"])
    px, py, pw, ph = mapping["placed"]
    out[py:py + ph, px:px + pw] = scaled[py - top:py - top + ph, px - left:px - left + pw]
    return out


def bilinear(image, xs, ys):
    """At continuous coordinates, pixel centres at .5, edges repeated."""
    h, w = image.shape[:2]
    x0, y0 = np.floor(xs - 0.5).astype(int), np.floor(ys - 0.5).astype(int)
    fx, fy = (xs - 0.5 - x0)[..., None], (ys - 0.5 - y0)[..., None]
    p = image.astype(np.float64)

    def at(dy, dx):
        return p[np.clip(y0 + dy, 0, h - 1), np.clip(x0 + dx, 0, w - 1)]
    return ((at(0, 0) * (1 - fx) + at(0, 1) * fx) * (1 - fy) +
            (at(1, 0) * (1 - fx) + at(1, 1) * fx) * fy)


def sampled(mapping, half, rule, corner):
    """Each placed input pixel, mapped to the full picture by the mapping's own affine and from there
    to the half picture. A resampler maps the point `corner` of an input pixel to that of a pixel of
    the picture, or (None) the outermost centres to each other."""
    upright, shift = in_half(mapping, half)
    c, _ = cells(seen(mapping, rule), shift, upright.shape)
    cut = upright[c[1]:c[3], c[0]:c[2]]
    affine = np.array(mapping["input_from_upright"]).reshape(2, 3)
    back = np.linalg.inv(affine[:, :2])
    px, py, pw, ph = mapping["placed"]
    if corner is None:
        u, v = (mapping["offset"][i] + (0.5 + (np.mgrid[py:py + ph, px:px + pw][1 - i] -
                mapping["offset"][i]) * (mapping["source"][2 + i] - 1) / (mapping["scaled"][i] - 1)) *
                mapping["scale"][i] for i in (0, 1))
    else:
        v, u = np.mgrid[py:py + ph, px:px + pw] + corner
        u, v = u + (0.5 - corner) * mapping["scale"][0], v + (0.5 - corner) * mapping["scale"][1]
    full = np.einsum("ij,jyx->iyx", back, np.stack([u, v]) - affine[:, 2][:, None, None])
    return bilinear(cut, full[0] / 2 + shift[0] - c[0], full[1] / 2 + shift[1] - c[1])


def random_case(rng, tmp, **jpeg):
    width, height = int(rng.integers(90, 330)), int(rng.integers(90, 330))
    if jpeg.pop("even", False):
        width, height = width & ~1, height & ~1
    orientation = int(rng.integers(1, 9))
    data = encode(picture(rng, width, height), int(rng.integers(0, 3)), orientation,
                  progressive=bool(rng.integers(0, 2)), **jpeg)
    upright = (height, width) if orientation >= 5 else (width, height)
    return data, write(os.path.join(tmp, "p.jpg"), data), upright


def roi_words(rng, upright):
    if rng.integers(0, 2):
        return [], upright
    w, h = int(rng.integers(80, upright[0])), int(rng.integers(80, upright[1]))
    x, y = int(rng.integers(0, upright[0] - w + 1)), int(rng.integers(0, upright[1] - h + 1))
    return ["--roi", f"{x},{y},{w},{h}"], (w, h)


WHOLE = [("scale_fill", None), ("scale_fit", "ultralytics"), ("scale_fit", "yolox"),
         ("scale_fit", "mmdet"), ("center_crop", "torchvision"), ("center_crop", "tf-central")]


def small(rng, size):
    """An input at least 2:1 below a picture, also where a crop fills it."""
    return max(8, int(min(size) / rng.uniform(2.9, 5)))


def against_pillow(points, tmp):
    rng, failures = np.random.default_rng(1), []
    for index in range(48):
        data, frame, upright = random_case(rng, tmp)
        arguments, size = roi_words(rng, upright)
        mode, rule = WHOLE[index % len(WHOLE)]
        resample = list(plain.PIL)[index % 4]
        side = small(rng, size)
        got, mapping = preprocess(tmp, spec(side, side + index % 3, mode, resample, rule), frame,
                                  *arguments)
        if got is None:
            failures.append(mapping)
            continue
        _, exact = preprocess(tmp, spec(side, side + index % 3, mode, resample, rule, half=False),
                              frame, *arguments)
        want = laid(mapping, resized(mapping, half_of(data), rule, resample))
        if mapping != exact or not np.array_equal(got, want):
            failures.append(f"{index} {resample} {mode} {rule} {mapping}: "
                            f"{int((got != want).sum())} differ")
    points.check("Pillow's resize with a box of Pillow's draft picture, bit for bit", not failures,
                 *failures[:3])


def against_opencv(points, tmp):
    rng, failures = np.random.default_rng(2), []
    names = ["opencv-linear", "opencv-area", "opencv-nearest", "opencv-linear-exact",
             "opencv-nearest-exact"]
    for index in range(40):
        data, frame, upright = random_case(rng, tmp, even=True)
        mode, rule = WHOLE[index % 4]
        resample = names[index % len(names)]
        side = small(rng, upright)
        got, mapping = preprocess(tmp, spec(side, side, mode, resample, rule), frame)
        reduced = plain.cv2.imdecode(np.frombuffer(data, np.uint8), plain.cv2.IMREAD_REDUCED_COLOR_2 |
                                     plain.cv2.IMREAD_IGNORE_ORIENTATION)[..., ::-1]
        if got is None or not np.array_equal(reduced, half_of(data)):
            failures.append(mapping if got is None else "OpenCV and Pillow decode differently")
            continue
        want = laid(mapping, resized(mapping, reduced, rule, resample))
        if not np.array_equal(got, want):
            failures.append(f"{index} {resample} {mode} {rule} {mapping}: "
                            f"{int((got != want).sum())} differ")
    points.check("OpenCV's resize of IMREAD_REDUCED_COLOR_2, bit for bit", not failures, *failures[:3])


def against_geometry(points, tmp):
    """Odd sides, turned and mirrored, with a region: a sample lies where the mapping says."""
    modes = WHOLE + [("scale_fit", "exact"), ("center_crop", "exact"),
                     ("scale_fit_rotate_90_ccw", "ultralytics"),
                     ("scale_fill_rotate_90_ccw", None)]
    for resample, corner, most in (("torch-bilinear", 0.5, 0.02), ("tf2-bilinear", 0.5, 0.02),
                                   ("opencv-linear", 0.5, 1.6), ("tf1-legacy", 0.0, 0.02),
                                   ("torch-bilinear-corners", None, 0.02)):
        rng, failures = np.random.default_rng(3), []
        for index in range(30):
            data, frame, upright = random_case(rng, tmp, gray=index % 5 == 0)
            arguments, size = roi_words(rng, upright)
            mode, rule = modes[index % len(modes)]
            if rule == "yolox" or (corner is None and rule == "exact"):
                continue  # boxes go back with another ratio than pixels; outputs between corners
            side = small(rng, size)
            got, mapping = preprocess(tmp, spec(side, side, mode, resample, rule), frame, *arguments)
            if got is None:
                failures.append(mapping)
                continue
            if mapping["turned"] and rule not in (None, "exact"):
                rule = None
            px, py, pw, ph = mapping["placed"]
            want = sampled(mapping, half_of(data), rule, corner)
            off = float(np.abs(got[py:py + ph, px:px + pw] - want).max())
            if off > most:
                failures.append(f"{index} {mode} {rule} {mapping}: off by {off}")
        points.check(f"{resample} samples the half picture where the mapping says", not failures,
                     *failures[:3])


def where_it_applies(points, tmp):
    rng = np.random.default_rng(4)
    data = encode(picture(rng, 200, 160), 2)
    frame = write(os.path.join(tmp, "p.jpg"), data)
    for width, height, halved in ((100, 80, True), (101, 80, False), (100, 81, False),
                                  (60, 50, True), (200, 160, False)):
        got, _ = preprocess(tmp, spec(width, height, "scale_fill", "torch-bilinear"), frame)
        full, _ = preprocess(tmp, spec(width, height, "scale_fill", "torch-bilinear", half=False), frame)
        points.equal(f"200x160 to {width}x{height} is decoded at half size", not np.array_equal(
            got, full), halved)
    got, _ = preprocess(tmp, spec(100, 80, "scale_fill", "torch-bilinear"), frame)
    points.check("at 2:1 the tensor is the half picture", np.array_equal(got, half_of(data)))
    png = os.path.join(tmp, "p.png")
    plain.Image.open(frame).save(png)
    got, _ = preprocess(tmp, spec(50, 40, "scale_fill", "pillow-bilinear"), png)
    full, _ = preprocess(tmp, spec(50, 40, "scale_fill", "pillow-bilinear", half=False), png)
    points.check("a PNG does not know the field", np.array_equal(got, full))
    broken = write(os.path.join(tmp, "cut.jpg"), data[:len(data) * 9 // 10])
    got, said = preprocess(tmp, spec(50, 40, "scale_fill", "pillow-bilinear"), broken)
    points.check("a file that is cut off is an error", got is None and "decode_image" in said and
                 "exit code 3" in said, said)


def cards(points, tmp):
    card = boxes_card(preprocess=spec(50, 40, "scale_fill", "pillow-bilinear"))
    path = write_json(os.path.join(tmp, "card.json"), card)
    result = run("inspect", path)
    points.check("inspect names the approximation", "half-dct, not as in training" in result.out, result)
    for value in ("half", 2):
        card["preprocess"]["jpeg"] = value
        result = run("inspect", write_json(os.path.join(tmp, "wrong.json"), card))
        points.check(f'"jpeg": {value!r} is refused', result.code == 3 and
                     "preprocess.jpeg" in result.err and "turbo-islow-fancy" in result.err, result)
    card["preprocess"] = {"profile": "ultralytics", "width": 64, "height": 64}
    result = run("inspect", write_json(os.path.join(tmp, "exact.json"), card))
    points.check("the exact decode is the default", "turbo-islow-fancy" in result.out, result)
    card["preprocess"]["jpeg"] = "half-dct"
    result = run("inspect", write_json(os.path.join(tmp, "profile.json"), card))
    points.check("a field wins over the profile", "half-dct" in result.out, result)


def suites(points, tmp):
    """What was recorded with a card of this kind replays, and not with the exact decode."""
    if not has_backend("recorded"):
        points.skip("record and replay", "the backend 'recorded' was not built")
        return
    rng = np.random.default_rng(5)
    frame = write(os.path.join(tmp, "p.jpg"), encode(picture(rng, 333, 251), 2, 6))
    outputs = os.path.join(tmp, "outputs")
    os.makedirs(outputs)
    np.save(os.path.join(outputs, "p.rows.npy"),
            np.array([[[10, 10, 30, 40, 0.9, 1]]], dtype=np.float32))
    card = boxes_card(preprocess=spec(80, 64, "scale_fit", "opencv-linear", "ultralytics"))
    path = write_json(os.path.join(tmp, "card.json"), card)
    suite = os.path.join(tmp, "suite")
    result = run("record", path, frame, "--backend", "recorded", "--model", outputs, "--out", suite)
    points.check("record", result.code == 0, result)
    result = run("replay", suite)
    points.check("replay", result.code == 0, result)
    result = run("doctor", suite)
    points.check("doctor finds nothing in the suite", result.code == 0, result)
    del card["preprocess"]["jpeg"]
    write_json(os.path.join(suite, "card.json"), card)
    result = run("replay", suite)
    points.check("replay notices another decode", result.code == 1, result)
    result = run("doctor", suite)
    points.check("doctor names the stage", result.code == 1 and "resample" in result.out, result)
    result = run("bench", path, frame, "--frames", "3", "--json")
    points.check("bench runs it without allocating", result.code == 0 and
                 result.lines()[0]["allocations_per_frame"] == 0, result)


def doctor_of_tensors(points, tmp):
    """A tensor made as the card says is healthy; made the other way it is the decoder's fault."""
    for resample in ("pillow-bilinear", "opencv-linear", "opencv-nearest", "torch-bilinear"):
        doctor_of_resampled(points, tmp, resample)


def doctor_of_resampled(points, tmp, resample):
    rng = np.random.default_rng(6)
    frame = write(os.path.join(tmp, "p.jpg"), encode(picture(rng, 333, 251), 2, 6))
    tensors, cards = {}, {}
    for half in (True, False):
        recipe = spec(80, 64, "scale_fit", resample, "ultralytics", half=half)
        tensors[half], _ = preprocess(tmp, recipe, frame)
        cards[half] = write_json(os.path.join(tmp, f"card{half}.json"), boxes_card(preprocess=recipe))
        np.save(os.path.join(tmp, f"{half}.npy"), tensors[half][None])
    for card, fed in ((True, True), (False, False), (True, False), (False, True)):
        result = run("doctor", "--card", cards[card], "--frame", frame, "--tensor",
                     os.path.join(tmp, f"{fed}.npy"), "--json")
        found = result.lines()[0]["faults"] if result.out else []
        faults = [f["code"] for f in found] if result.out else None
        points.equal(f"doctor: {resample}, half-dct on the card {card}, in the tensor {fed}", faults,
                     [] if card == fed else ["jpeg-decoder"])
        if card != fed:
            points.equal(f"doctor: what the card {card} would have to say", [f["edit"] for f in found],
                         [{"preprocess": {"jpeg": "half-dct" if fed else "turbo-islow-fancy"}}])
            points.check("doctor: the fix names the field", all("half-dct" in f["fix"] for f in found),
                         result)


def iou(a, b):
    ax, ay, aw, ah = a["box"]
    bx, by, bw, bh = b["box"]
    w = min(ax + aw, bx + bw) - max(ax, bx)
    h = min(ay + ah, by + bh) - max(ay, by)
    both = max(w, 0) * max(h, 0)
    return both / (aw * ah + bw * bh - both)


def real_boxes(points, tmp):
    data = os.environ.get("PLUMBLINE_REAL_DATA")
    if not data or not has_backend("opencv-dnn"):
        points.skip("boxes of a real network", "PLUMBLINE_REAL_DATA is not set" if not data else
                    "the backend 'opencv-dnn' was not built")
        return
    with open(os.path.join(CARDS, "yolox-nano.json")) as file:
        card = JSON.load(file)
    with open(os.path.join(CARDS, "coco.txt")) as file:
        card["head"]["labels"] = file.read().split("\n")[:80]
    exact = write_json(os.path.join(tmp, "exact.json"), card)
    card["preprocess"]["jpeg"] = "half-dct"
    half = write_json(os.path.join(tmp, "half.json"), card)
    backend = ["--backend", "opencv-dnn", "--model", os.path.join(data, "models", "yolox_nano.onnx")]
    for path in sorted(glob.glob(os.path.join(data, "images", "[!e]*.jpg"))):
        photo = plain.Image.open(path)
        name, path = os.path.basename(path), os.path.join(tmp, "photo.jpg")
        side = 1300 / max(photo.size)  # above 2:1
        photo.resize((int(photo.width * side), int(photo.height * side)), 3).save(path, quality=92)
        a, b = (run("run", c, path, *backend) for c in (exact, half))
        if a.code or b.code:
            points.check(name, False, a, b)
            continue
        # Boxes that the network itself is not sure of come and go.
        sure = [d for d in a.lines()[0]["detections"] if d["score"] > 0.6]
        found = b.lines()[0]["detections"]
        best = [max((iou(d, f) for f in found if f["class"] == d["class"]), default=0) for d in sure]
        points.check(f"{name}: {len(sure)} sure boxes stay within IoU 0.85",
                     min(best, default=1) > 0.85, best)


def main():
    points = Points()
    with folder() as tmp:
        if "no JPEG decoder" in preprocess(tmp, spec(9, 9, "scale_fill", "pillow-box"), write(
                os.path.join(tmp, "p.jpg"), encode(np.zeros((16, 16, 3), np.uint8), 2)))[1]:
            print("1..0 # SKIP built without the JPEG decoder")
            sys.exit(0)
        against_pillow(points, tmp)
        against_opencv(points, tmp)
        against_geometry(points, tmp)
        where_it_applies(points, tmp)
        cards(points, tmp)
        suites(points, tmp)
        doctor_of_tensors(points, tmp)
        real_boxes(points, tmp)
    points.done()


main()
