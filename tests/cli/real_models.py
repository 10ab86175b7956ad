#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Real models and photographs against the detections of an independent pipeline (ONNX Runtime,
OpenCV). Needs PLUMBLINE_REAL_DATA with models/, images/ and reference/."""
import glob
import json
import os
import sys

DATA = os.environ.get("PLUMBLINE_REAL_DATA")
if not DATA:
    print("1..0 # SKIP PLUMBLINE_REAL_DATA is not set")
    sys.exit(0)

from harness import CARDS, Points, folder, has_backend, numpy, run, write_json  # noqa: E402

MODELS = {
    "yolox_nano": ("yolox-nano.json", "yolox_nano.onnx"),
    "face_rfb320": ("ultraface-320.json", "version-RFB-320.onnx"),
    "face_rfb320_raw": ("ultraface-320-raw.json", "version-RFB-320_without_postprocessing.onnx"),
}


def model_arguments(model):
    card, file = MODELS[model]
    return os.path.join(CARDS, card), ["--backend", "opencv-dnn", "--model",
                                       os.path.join(DATA, "models", file)]


def references():
    for path in sorted(glob.glob(os.path.join(DATA, "reference", "*", "*.json"))):
        with open(path) as file:
            reference = json.load(file)
        reference["folder"] = os.path.dirname(path)
        yield reference


def expected(reference):
    """Boxes x0 y0 x1 y1 of the reference."""
    return [(d["class"], d["score"], (d["x"], d["y"], d["x"] + d["w"], d["y"] + d["h"]))
            for d in reference["detections"]]


def found_boxes(frame):
    return [(d["class"], d["score"], (d["box"][0], d["box"][1], d["box"][0] + d["box"][2],
                                      d["box"][1] + d["box"][3])) for d in frame["detections"]]


def worst(found, wanted):
    """Largest distance of an edge and of a score; None where count or classes differ."""
    if [f[0] for f in found] != [w[0] for w in wanted]:
        return None
    edge = max((abs(a - b) for f, w in zip(found, wanted) for a, b in zip(f[2], w[2])), default=0)
    score = max((abs(f[1] - w[1]) for f, w in zip(found, wanted)), default=0)
    return edge, score


def check_close(points, title, result, reference, edge, score):
    if result.code:
        points.check(title, False, result)
        return
    distance = worst(found_boxes(result.lines()[0]), expected(reference))
    points.check(f"{title} (edge {distance[0]:.2g} px, score {distance[1]:.2g})" if distance
                 else title, distance and distance[0] <= edge and distance[1] <= score,
                 result, expected(reference))


def check_references(points, tmp, live):
    for reference in references():
        model, image = reference["model"], reference["image"]
        title = f"{model}, {image}"
        card, backend = model_arguments(model)
        path = os.path.join(DATA, "images", image)
        if live:
            check_close(points, f"{title}: run gives the reference's boxes",
                        run("run", card, path, *backend), reference, 1.0, 0.01)
        else:
            points.skip(f"{title}: run", "the plug-in opencv-dnn was not built")
        tensors = reference["tensors"]
        if tensors["in0"]["file"]:
            out = os.path.join(tmp, "in0.npy")
            result = run("preprocess", card, path, "--out", out)
            wanted = numpy.load(os.path.join(reference["folder"], tensors["in0"]["file"]))
            points.check(f"{title}: preprocess gives the reference's tensor, every bit",
                         result.code == 0 and numpy.array_equal(numpy.load(out), wanted), result)
        outputs = [f"{t['name']}={os.path.join(reference['folder'], t['file'])}"
                   for key, t in sorted(tensors.items()) if key.startswith("out") and t["file"]]
        if outputs:
            result = run("postprocess", card, "--size", "{}x{}".format(*reference["stored_size"]),
                         "--orientation", reference["exif_orientation"], "--output", *outputs)
            check_close(points, f"{title}: postprocess of the stored outputs", result, reference,
                        0.01, 1e-5)


# How an upright picture is stored for each orientation: the inverse of the (u,v) table.
STORED = {
    1: lambda p: p,
    2: lambda p: p[:, ::-1],
    3: lambda p: p[::-1, ::-1],
    4: lambda p: p[::-1],
    5: lambda p: p.swapaxes(0, 1),
    6: lambda p: p[:, ::-1].swapaxes(0, 1),
    7: lambda p: p[::-1, ::-1].swapaxes(0, 1),
    8: lambda p: p[::-1].swapaxes(0, 1),
}


def save_frame(tmp, name, planes, **description):
    """Planes as two-dimensional byte arrays, each with 19 bytes of padding a row but the last."""
    entries, data = [], b""
    for plane in planes:
        rows = [bytes(row) + b"\xa5" * 19 for row in plane]
        entries.append({"file": name + ".raw", "offset": len(data),
                        "row_stride": plane.shape[1] + 19})
        data += b"".join(rows)[:-19]
    with open(os.path.join(tmp, name + ".raw"), "wb") as file:
        file.write(data)
    return write_json(os.path.join(tmp, name + ".frame.json"), {**description, "planes": entries})


def as_bgra(tmp, stored, orientation):
    height, width = stored.shape[:2]
    bgra = numpy.dstack([stored[:, :, ::-1], numpy.full((height, width), 77, numpy.uint8)])
    return save_frame(tmp, f"bgra{orientation}", [bgra.reshape(height, width * 4)],
                      format="bgra", width=width, height=height, orientation=orientation)


def as_nv12(tmp, stored, orientation):
    """BT.601, limited range, chroma averaged over 2x2."""
    height, width = stored.shape[:2]
    r, g, b = (stored[:, :, i].astype(numpy.float64) / 255 for i in range(3))
    y = 0.299 * r + 0.587 * g + 0.114 * b
    u, v = (b - y) / 1.772, (r - y) / 1.402
    half = [c.reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3)) for c in (u, v)]
    luma = numpy.rint(16 + 219 * y).astype(numpy.uint8)
    chroma = numpy.rint(128 + 224 * numpy.dstack(half)).astype(numpy.uint8)
    return save_frame(tmp, f"nv12{orientation}", [luma, chroma.reshape(height // 2, width)],
                      format="nv12", width=width, height=height, orientation=orientation,
                      matrix="bt601", range="limited")


def overlap(a, b):
    w = min(a[2], b[2]) - max(a[0], b[0])
    h = min(a[3], b[3]) - max(a[1], b[1])
    if w <= 0 or h <= 0:
        return 0.0
    return w * h / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - w * h)


def check_same_objects(points, title, result, wanted, least):
    found = found_boxes(result.lines()[0]) if result.code == 0 else []
    same = sorted(f[0] for f in found) == sorted(w[0] for w in wanted)
    poorest = min((max(overlap(f[2], w[2]) for w in wanted if w[0] == f[0]) for f in found),
                  default=0) if same else 0
    points.check(f"{title} (IoU at least {poorest:.3f})", same and poorest >= least, result)


def check_forms(points, tmp, live):
    """One photograph as JPEG, PNG, BGRA and NV12, stored in each of the eight orientations."""
    try:
        from PIL import Image
    except ImportError:
        points.skip("one photograph in many forms", "PIL is not installed")
        return
    card, backend = model_arguments("yolox_nano")
    photo = os.path.join(DATA, "images", "darknet_dog.jpg")
    tensor, other = os.path.join(tmp, "a.npy"), os.path.join(tmp, "b.npy")
    run("preprocess", card, photo, "--out", tensor)
    wanted_tensor = numpy.load(tensor)
    if live:
        wanted = found_boxes(run("run", card, photo, *backend).lines()[0])
    with Image.open(photo) as image:
        upright = numpy.asarray(image.convert("RGB"))
    for orientation, store in STORED.items():
        stored = numpy.ascontiguousarray(store(upright))
        png = os.path.join(tmp, f"o{orientation}.png")
        Image.fromarray(stored).save(png)
        bgra, nv12 = as_bgra(tmp, stored, orientation), as_nv12(tmp, stored, orientation)
        for name, path, more in (("PNG", png, ["--orientation", orientation]), ("BGRA", bgra, [])):
            result = run("preprocess", card, path, "--out", other, *more)
            points.check(f"orientation {orientation}, {name}: the same tensor as the JPEG",
                         result.code == 0 and
                         numpy.array_equal(numpy.load(other), wanted_tensor), result)
        if not live:
            points.skip(f"orientation {orientation}: objects", "opencv-dnn was not built")
            continue
        result = run("run", card, bgra, *backend)
        check_same_objects(points, f"orientation {orientation}, BGRA: the same objects", result,
                           wanted, 0.9999)
        result = run("run", card, nv12, *backend)
        check_same_objects(points, f"orientation {orientation}, NV12: the same objects", result,
                           wanted, 0.9)


def check_exif(points, tmp):
    """The files carry different digits and were encoded anew, and the detector finds nothing in
    them: so the upright pictures are compared, and each has to be nearest to file 1 unturned."""
    card, _ = model_arguments("face_rfb320")
    tensors = []
    for k in range(1, 9):
        out = os.path.join(tmp, f"exif{k}.npy")
        result = run("preprocess", card, os.path.join(DATA, "images", f"exif_Landscape_{k}.jpg"),
                     "--out", out)
        if not points.check(f"exif_Landscape_{k} is read", result.code == 0, result):
            return
        tensors.append(numpy.load(out)[0])
    first = tensors[0]
    turned = [first, first[:, :, ::-1], first[:, ::-1], first[:, ::-1, ::-1]]
    for k, tensor in enumerate(tensors, 1):
        near = [float(numpy.corrcoef(tensor.ravel(), t.ravel())[0, 1]) for t in turned]
        points.check(f"exif_Landscape_{k} is upright like file 1 (correlation {near[0]:.3f}, "
                     f"turned at most {max(near[1:]):.3f})",
                     near[0] > 0.95 and near[0] == max(near), near)


def main():
    points = Points()
    live = has_backend("opencv-dnn")
    with folder() as tmp:
        check_references(points, tmp, live)
        check_forms(points, tmp, live)
        check_exif(points, tmp)
    points.done()


if __name__ == "__main__":
    main()
