#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""run, preprocess, bench and inspect with recorded outputs: order, jobs, clips, overlays."""
import json
import os
import re
import shutil
import subprocess

import harness
from harness import (Points, bmp, boxes_card, folder, gradient, need_pictures, numpy, run, save_rows,
                     write, write_json)

STAGES = ["decode_image", "preprocess", "infer", "decode", "nms", "regions", "total"]


def make_suite(tmp, count):
    """`count` pictures, each with one box whose left edge is its number."""
    paths = []
    for i in range(count):
        paths.append(write(os.path.join(tmp, f"p{i}.bmp"), bmp(80, 60, gradient)))
        save_rows(os.path.join(tmp, "out", f"p{i}.rows.npy"),
                  [[i / 10, 0, i / 10 + 1, 1, 0.9, 1], [0, 0, 8, 6, 0.1, 0]])
    return paths


def check_order(points, card, out, paths):
    base = ["run", card, *paths, "--backend", "recorded", "--model", out]
    one = run(*base)
    points.check("frames come in the order of the input", one.code == 0 and
                 [line["frame"] for line in one.lines()] == [os.path.basename(p) for p in paths],
                 one)
    points.check("each frame has its own outputs", [line["detections"][0]["box"][0]
                 for line in one.lines()] == [i for i in range(len(paths))], one)
    many = run(*base, "--jobs", "4")
    points.equal("--jobs 4 gives the same bytes", many.bytes, one.bytes)
    timed = run(*base, "--timing")
    points.check("--timing: a table on standard error", timed.bytes == one.bytes and
                 all(re.search(rf"^{stage} ", timed.err, re.M) for stage in STAGES), timed)
    traced = run(*base, "--trace", "--jobs", "2")
    points.check("--trace: a line a frame, in order", traced.bytes == one.bytes and
                 [line.split(":")[0] for line in traced.err.splitlines()] ==
                 [os.path.basename(p) for p in paths], traced)
    coco = run(*base, "--format", "coco", "--jobs", "3")
    points.check("coco of many frames is one list", coco.code == 0 and
                 [e["image_id"] for e in json.loads(coco.out)] ==
                 list(range(1, len(paths) + 1)), coco)
    table = run(*base, "--format", "table")
    points.check("table names every frame", table.out.count("1 detection\n") == len(paths), table)
    return one


def check_bad_frames(points, tmp, card, out, paths, good):
    torn = write(os.path.join(tmp, "torn.bmp"), open(paths[0], "rb").read()[:100])
    unknown = write(os.path.join(tmp, "unknown.bmp"), bmp(4, 4, gradient))
    base = ["--backend", "recorded", "--model", out]
    found = run("run", card, paths[0], torn, "absent.jpg", unknown, *paths[1:], *base)
    points.check("bad frames are reported and passed over, exit 3", found.code == 3 and
                 found.bytes == good.bytes and
                 all(w in found.err for w in ("torn.bmp", "absent.jpg", "unknown.bmp")), found)
    found = run("run", card, *paths, "--format", "yolo", *base)
    points.check("yolo of several frames needs --out", found.code == 2 and "--out" in found.err,
                 found)
    texts = os.path.join(tmp, "yolo")
    found = run("run", card, *paths, "--format", "yolo", "--out", texts, *base)
    points.check("yolo writes one file a frame", found.code == 0 and found.out == "" and
                 sorted(os.listdir(texts)) == sorted(f"p{i}.txt" for i in range(len(paths))) and
                 open(os.path.join(texts, "p3.txt")).read().startswith("1 0.1"), found)


def check_overlay(points, tmp, card, out, paths):
    drawn = os.path.join(tmp, "drawn")
    found = run("run", card, *paths[:2], "--backend", "recorded", "--model", out, "--overlay",
                drawn, "--trace")
    if "libpng" in found.err:
        points.skip("--overlay", "built without libpng")
        return
    points.check("--overlay writes a picture a frame", found.code == 0 and
                 sorted(os.listdir(drawn)) == ["p0.png", "p1.png"], found)
    try:
        from PIL import Image
    except ImportError:
        points.skip("the overlay is an RGB PNG of the frame's size", "PIL is not installed")
        return
    with Image.open(os.path.join(drawn, "p1.png")) as image:
        image.load()
        points.equal("the overlay is an RGB PNG of the frame's size",
                     (image.format, image.mode, image.size), ("PNG", "RGB", (80, 60)))
        points.check("far from boxes it shows the frame",
                     image.getpixel((60, 50)) == gradient(60, 50), image.getpixel((60, 50)))


def check_clip(points, tmp, card):
    clip = b"YUV4MPEG2 W16 H12 F25:1 Ip C420jpeg\n"
    for i in range(3):
        clip += b"FRAME\n" + bytes([40 * i]) * 192 + bytes([128]) * 96
    path = write(os.path.join(tmp, "c.y4m"), clip)
    for i in range(3):
        save_rows(os.path.join(tmp, "clip", f"c#{i}.rows.npy"), [[i, 0, i + 1, 1, 0.5, 0]])
        save_rows(os.path.join(tmp, "clip", f"-#{i}.rows.npy"), [[i, 0, i + 1, 1, 0.5, 0]])
    base = ["--backend", "recorded", "--model", os.path.join(tmp, "clip")]
    found = run("run", card, path, *base)
    points.check("a clip gives a line a frame", found.code == 0 and
                 [(f["frame"], f["detections"][0]["box"][0]) for f in found.lines()] ==
                 [("c.y4m#0", 0), ("c.y4m#1", 2), ("c.y4m#2", 4)], found)
    points.equal("a clip with --jobs 3", run("run", card, path, "--jobs", "3", *base).bytes,
                 found.bytes)
    piped = run("run", card, "-", *base, stdin=clip)
    points.check("a clip on standard input", piped.code == 0 and
                 [f["detections"] for f in piped.lines()] ==
                 [f["detections"] for f in found.lines()], piped)
    torn = run("run", card, "-", *base, stdin=clip[:-5])
    points.check("a clip that is cut short: what is whole, then exit 3",
                 torn.code == 3 and len(torn.out.splitlines()) == 2, torn)
    if not shutil.which("ffmpeg"):
        points.skip("a clip from ffmpeg", "ffmpeg is not installed")
        return
    made = subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i",
                           "testsrc=size=16x12:rate=5:duration=0.6", "-pix_fmt", "yuv420p", "-f",
                           "yuv4mpegpipe", "-"], capture_output=True)
    if made.returncode:
        points.skip("a clip from ffmpeg", "ffmpeg lacks testsrc or yuv4mpegpipe")
        return
    piped = run("run", card, "-", *base, stdin=made.stdout)
    points.check("a clip from ffmpeg", piped.code == 0 and len(piped.lines()) == 3, piped)


def check_preprocess(points, tmp, card):
    frame = write(os.path.join(tmp, "same.bmp"), bmp(8, 6, gradient))
    out = os.path.join(tmp, "t.npy")
    wanted = numpy.array([[gradient(x, y) for x in range(8)] for y in range(6)], numpy.float32)
    found = run("preprocess", card, frame, "--out", out, "--mapping")
    points.check("preprocess writes the tensor", found.code == 0 and numpy.array_equal(
        numpy.load(out), wanted.transpose(2, 0, 1)[None]), found)
    mapping = json.loads(found.out)
    points.check("--mapping says where the picture went", mapping["upright"] == [8, 6] and
                 mapping["scale"] == [1, 1] and mapping["placed"] == [0, 0, 8, 6], mapping)
    run("preprocess", card, frame, "--out", out, "--orientation", "3")
    points.check("--orientation 3 turns the picture by half",
                 numpy.array_equal(numpy.load(out), wanted[::-1, ::-1].transpose(2, 0, 1)[None]))
    found = run("preprocess", card, frame, "--mapping", "--orientation", "6", "--roi", "1,2,4,3")
    mapping = json.loads(found.out)
    points.check("--roi and --orientation reach the mapping", mapping["upright"] == [6, 8] and
                 mapping["roi"] == [1, 2, 4, 3] and mapping["scale"] == [2, 2], mapping)


def check_bench(points, card, out, paths):
    rows = os.path.join(out, "p0.rows.npy")
    found = run("bench", card, paths[0], "--output", f"rows={rows}", "--frames", "20", "--json")
    timing = json.loads(found.out)
    stages = timing["stages"]
    points.equal("bench --json: the stages", list(stages), STAGES)
    points.check("bench --json: every figure of a stage", all(
        list(s) == ["cold_ms", "count", "min_ms", "median_ms", "p95_ms", "p99_ms"]
        for s in stages.values()) and stages["total"]["count"] == 20 and all(
        0 <= s["min_ms"] <= s["median_ms"] <= s["p95_ms"] <= s["p99_ms"]
        for s in stages.values()), timing)
    points.equal("bench: a steady frame allocates nothing", timing["allocations_per_frame"], 0)
    found = run("bench", card, paths[0], "--frames", "3")
    points.check("bench: a table, also without a network", found.code == 0 and
                 re.search(r"^preprocess +3 ", found.out, re.M) and
                 re.search(r"^infer +0 ", found.out, re.M), found)
    found = run("bench", card, paths[0], "--backend", "recorded", "--model", out, "--frames", "3")
    points.check("bench with a plug-in", found.code == 0 and
                 re.search(r"^infer +3 ", found.out, re.M), found)


def check_inspect(points, card, out, paths, good):
    for path, words in ((card, "by-hand"), (card, "boxes"), (paths[0], "80 x 60"),
                        (os.path.join(out, "p0.rows.npy"), "1 x 2 x 6")):
        found = run("inspect", path)
        points.check(f"inspect {os.path.basename(path)}: {words}",
                     found.code == 0 and words in found.out, found)
    lines = write(os.path.join(out, "lines.ndjson"), good.bytes)
    found = run("inspect", lines)
    points.check("inspect detections", "12 in 12 frames" in found.out, found)
    found = run("inspect", card, paths[0], "absent.npy")
    points.check("inspect several: the others are still shown, exit 3", found.code == 3 and
                 "by-hand" in found.out and "80 x 60" in found.out, found)


def check_json_tools(points, good):
    if not shutil.which("jq"):
        points.skip("jq reads the NDJSON", "jq is not installed")
        return
    jq = subprocess.run(["jq", "-c", ".detections | length"], input=good.bytes,
                        capture_output=True)
    points.equal("jq reads the NDJSON", jq.stdout.split(), [b"1"] * 12)


def main():
    need_pictures()
    points = Points()
    with folder() as tmp:
        os.makedirs(os.path.join(tmp, "out"))
        os.makedirs(os.path.join(tmp, "clip"))
        card = write_json(os.path.join(tmp, "card.json"), boxes_card())
        out = os.path.join(tmp, "out")
        paths = make_suite(tmp, 12)
        good = check_order(points, card, out, paths)
        check_bad_frames(points, tmp, card, out, paths, good)
        check_overlay(points, tmp, card, out, paths)
        check_clip(points, tmp, card)
        check_preprocess(points, tmp, card)
        check_bench(points, card, out, paths)
        check_inspect(points, card, out, paths, good)
        check_json_tools(points, good)
    points.done()


if __name__ == "__main__":
    main()
