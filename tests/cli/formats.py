#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""postprocess: every format and space, byte by byte against numbers worked out by hand."""
import json
import os

import harness
from harness import Points, boxes_card, folder, run, save_rows, write_json

# Input 8x6 shows a 16x12 frame, so upright = 2 * input.
ROWS = [
    [1, 1, 3, 4, 0.9, 1],      # row 0
    [1, 1, 3, 4, 0.8, 1],      # row 1: the same box and class, suppressed
    [4, 2, 8, 6, 0.5, 2],      # row 2
    [0, 0, 8, 6, 0.25, 0],     # row 3: not above the threshold
    [0.5, 0.125, 2, 1, 0.3, 0],  # row 4
]
HEAD = '{"frame":"frame","width":16,"height":12,"orientation":1,"space":"%s","detections":['
UPRIGHT = HEAD % "upright" + (
    '{"class":1,"label":"dog","score":0.9,"box":[2,2,4,6],"row":0},'
    '{"class":2,"label":"café \\"x\\"","score":0.5,"box":[8,4,8,8],"row":2},'
    '{"class":0,"label":"cat","score":0.3,"box":[1,0.25,3,1.75],"row":4}]}\n')
INPUT = HEAD % "input" + (
    '{"class":1,"label":"dog","score":0.9,"box":[1,1,2,3],"row":0},'
    '{"class":2,"label":"café \\"x\\"","score":0.5,"box":[4,2,4,4],"row":2},'
    '{"class":0,"label":"cat","score":0.3,"box":[0.5,0.125,1.5,0.875],"row":4}]}\n')
# y of the lower left corner, upwards: 1 - (2 + 6)/12, 1 - (4 + 8)/12, 1 - 2/12.
VISION = [[0.125, 1 / 3, 0.25, 0.5], [0.5, 0, 0.5, 2 / 3], [0.0625, 5 / 6, 0.1875, 1.75 / 12]]
NORMALIZED = [[0.125, 1 / 6, 0.25, 0.5], [0.5, 1 / 3, 0.5, 2 / 3],
              [0.0625, 0.25 / 12, 0.1875, 1.75 / 12]]
COCO = ('[\n'
        '{"image_id":1,"category_id":1,"bbox":[2,2,4,6],"score":0.9,"file_name":"frame"},\n'
        '{"image_id":1,"category_id":2,"bbox":[8,4,8,8],"score":0.5,"file_name":"frame"},\n'
        '{"image_id":1,"category_id":0,"bbox":[1,0.25,3,1.75],"score":0.3,"file_name":"frame"}\n'
        ']\n')
YOLO = [[1, 0.25, 5 / 12, 0.25, 0.5, 0.9], [2, 0.75, 2 / 3, 0.5, 2 / 3, 0.5],
        [0, 2.5 / 16, 1.125 / 12, 3 / 16, 1.75 / 12, 0.3]]
TABLE = (
    'frame  16x12, orientation 1, upright, 3 detections\n'
    '  class  label      score          x         y         w         h      row  regions\n'
    '      1  dog       0.9000        2.0       2.0       4.0       6.0        0\n'
    '      2  café "x"  0.5000        8.0       4.0       8.0       8.0        2\n'
    '      0  cat       0.3000        1.0       0.2       3.0       1.8        4\n')


def close(found, wanted):
    return len(found) == len(wanted) and all(
        len(a) == len(b) and all(abs(x - y) < 1e-6 for x, y in zip(a, b))
        for a, b in zip(found, wanted))


def check_formats(points, tmp, base):
    points.equal("ndjson, upright", run(*base).out, UPRIGHT)
    points.equal("ndjson, input space", run(*base, "--space", "input").out, INPUT)
    for space, wanted in (("vision", VISION), ("normalized", NORMALIZED)):
        found = run(*base, "--space", space).lines()[0]
        points.check(f"ndjson, {space} space", found["space"] == space and close(
            [d["box"] for d in found["detections"]], wanted), found)
    points.equal("coco", run(*base, "--format", "coco").out, COCO)
    points.check("coco is JSON", len(json.loads(COCO)) == 3)
    found = [[float(n) for n in line.split()]
             for line in run(*base, "--format", "yolo").out.splitlines()]
    points.check("yolo", close(found, YOLO), found)
    points.equal("table", run(*base, "--format", "table").out, TABLE)
    out = os.path.join(tmp, "result.json")
    result = run(*base, "--format", "coco", "--out", out)
    points.check("--out writes the file and leaves standard output alone",
                 result.code == 0 and result.out == "" and open(out).read() == COCO, result)


def check_orientation(points, tmp, card):
    # Buffer 12x16 stored with orientation 6: the upright image is 16x12 again.
    rows = save_rows(os.path.join(tmp, "one.npy"), [ROWS[0]])
    base = ["postprocess", card, "--size", "12x16", "--orientation", "6", "--output",
            f"rows={rows}"]
    found = run(*base).lines()[0]
    points.check("orientation 6: the upright image is 16x12",
                 (found["width"], found["height"], found["orientation"]) == (16, 12, 6), found)
    points.equal("orientation 6: the upright box", found["detections"][0]["box"], [2, 2, 4, 6])
    # Orientation 6 takes stored (u,v) to upright (1-v,u): u = y/12, v = 1 - x/16.
    found = run(*base, "--space", "buffer").lines()[0]
    points.equal("orientation 6: the box in the buffer", found["detections"][0]["box"],
                 [2, 10, 6, 4])


def check_roi(points, tmp, card):
    # The input now shows the part from (4,3), 8x6: upright = input + (4,3).
    rows = save_rows(os.path.join(tmp, "roi.npy"), [ROWS[0]])
    base = ["postprocess", card, "--size", "16x12", "--roi", "4,3,8,6", "--output", f"rows={rows}"]
    points.equal("region of interest: upright", run(*base).lines()[0]["detections"][0]["box"],
                 [5, 4, 2, 3])
    points.equal("region of interest: roi space",
                 run(*base, "--space", "roi").lines()[0]["detections"][0]["box"], [1, 1, 2, 3])


def check_regions(points, tmp):
    # The right half of the picture: the boxes of rows 2 lie in it whole.
    region = {"name": "right, \"half\"", "space": "normalized",
              "shape": {"polygon": [[0.5, 0], [1, 0], [1, 1], [0.5, 1]]},
              "measure": "fraction_of_box", "at_least": 0.9, "effect": "scale", "factor": 0.8}
    card = write_json(os.path.join(tmp, "regions.json"), boxes_card(regions=[region]))
    rows = save_rows(os.path.join(tmp, "rows.npy"), ROWS)
    found = run("postprocess", card, "--size", "16x12", "--output", f"rows={rows}")
    points.check("a penalty is named",
                 '"score":0.4,"box":[8,4,8,8],"row":2,"regions":["right, \\"half\\""]' in found.out,
                 found)
    region.update(factor=0.4)
    card = write_json(os.path.join(tmp, "hard.json"), boxes_card(regions=[region]))
    base = ["postprocess", card, "--size", "16x12", "--output", f"rows={rows}"]
    found = run(*base, "--trace", "--trace-row", "2")
    points.check("a penalty below the threshold drops", '"row":2' not in found.out, found)
    points.check("--trace counts", "frame: 5 rows: 2 kept" in found.err and "1 suppressed" in
                 found.err and "1 region_penalty" in found.err.replace("-", "_"), found)
    points.check("--trace-row names the region", "row 2: region" in found.err and
                 "'right, \"half\"'" in found.err and "class 2" in found.err, found)
    found = run(*base, "--trace-row", "1")
    points.check("--trace-row names the winner", "row 1: suppressed by row 0; class 1 dog" in
                 found.err, found)


def main():
    points = Points()
    with folder() as tmp:
        card = write_json(os.path.join(tmp, "card.json"), boxes_card())
        rows = save_rows(os.path.join(tmp, "rows.npy"), ROWS)
        base = ["postprocess", card, "--size", "16x12", "--output", f"rows={rows}"]
        check_formats(points, tmp, base)
        check_orientation(points, tmp, card)
        check_roi(points, tmp, card)
        check_regions(points, tmp)
        few = boxes_card()
        few["head"]["labels"] = ["cat"]
        found = run("postprocess", write_json(os.path.join(tmp, "few.json"), few), *base[2:])
        points.check("a class without a label is told of, once", found.code == 0 and
                     found.err.count("but the card has 1 labels") == 1, found)
        again = run("postprocess", card, "--size", "16x12", "--output", f"rows={rows}")
        points.equal("the same bytes again", again.bytes, UPRIGHT.encode())
    points.done()


if __name__ == "__main__":
    main()
