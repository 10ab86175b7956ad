#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Regions and distances on a flat object: the frame's description gives the homography."""
import os

from harness import Points, boxes_card, folder, run, save_rows, write, write_json


def describe(tmp, name, **more):
    write(os.path.join(tmp, name + ".raw"), bytes(64 * 64))
    return write_json(os.path.join(tmp, name + ".frame.json"), {
        "format": "gray8", "width": 64, "height": 64, "planes": [{"file": name + ".raw"}], **more})


def main():
    points = Points()
    with folder() as tmp:
        card = boxes_card()
        card["preprocess"].update(width=64, height=64, mode="scale_fill")
        # A square of 10 mm around the middle of a card of 100 mm, and holes nearer than 6 mm are one.
        card["regions"] = [{"name": "numeral", "space": "plane", "shape": {"rect": [-5, -5, 10, 10]},
                            "measure": "center", "at_least": 0.5, "effect": "reject"}]
        card["postprocess"]["nms"] = {"method": "center-distance", "distance": 6, "distance_in_plane": True}
        path = write_json(os.path.join(tmp, "card.json"), card)
        out = os.path.join(tmp, "out")
        os.makedirs(out)
        # 0.5 pixels a millimetre, the middle of the card at 32, 32: by hand, the region covers
        # 29.5..34.5; the last two boxes are 2 pixels, 4 mm, apart.
        plane = [0.5, 0, 32, 0, 0.5, 32, 0, 0, 1]
        rows = [[30, 30, 34, 34, 0.9, 0], [8, 8, 12, 12, 0.8, 0], [50, 50, 54, 54, 0.7, 0],
                [52, 50, 56, 54, 0.6, 0]]
        for name in ("flat", "none"):
            save_rows(os.path.join(out, name + ".rows.npy"), rows)
        base = ["--backend", "recorded", "--model", out]
        flat = describe(tmp, "flat", upright_from_plane=plane)
        found = run("run", path, flat, *base, "--trace", "--overlay", os.path.join(tmp, "drawn"))
        boxes = [d["row"] for d in found.lines()[0]["detections"]] if found.code == 0 else None
        points.equal("the region and the distance act in millimetres", boxes, [1, 2])
        suite = os.path.join(tmp, "suite")
        made = run("record", path, flat, *base, "--out", suite)
        points.check("a suite keeps the homography with its frame", made.code == 0 and
                     run("replay", suite).code == 0 and run("doctor", suite).code == 0, made)
        bare = run("run", path, describe(tmp, "none"), *base)
        points.check("without one the error says what is missing",
                     bare.code == 3 and "plane" in bare.err, bare)
        decode = ["postprocess", path, "--size", "64x64", "--name", "flat.frame.json", "--output",
                  "rows=" + os.path.join(out, "flat.rows.npy")]
        alone = run(*decode, "--upright-from-plane", ",".join(map(str, plane)))
        points.check("postprocess takes the homography as an option", alone.code == 0 and
                     alone.lines() == found.lines(), alone, found)
        bare = run(*decode)
        points.check("and says what is missing without it", bare.code == 3 and "plane" in bare.err,
                     bare)
        for wrong in ("1,2,3", "1,0,0,0,1,0,0,0,1,0", "1,0,0,0,x,0,0,0,1", "1,0,0,0,nan,0,0,0,1",
                      "1,0,0,0, 1,0,0,0,1", ""):
            bad = run(*decode, "--upright-from-plane", wrong)
            points.check(f"--upright-from-plane '{wrong}' is refused", bad.code == 2 and
                         "nine numbers" in bad.err, bad)
        bad = run(*decode, "--upright-from-plane", "0,0,0,0,0,0,0,0,0")
        points.check("and so is one without an inverse", bad.code == 2 and "inverted" in bad.err, bad)
        for wrong, word in (([1, 2, 3], "9"), ([0] * 9, "inverted"), ("x", "9")):
            bad = run("run", path, describe(tmp, "none", upright_from_plane=wrong), *base)
            points.check(f"upright_from_plane {wrong!r:.12} is refused by name", bad.code == 3 and
                         "upright_from_plane" in bad.err and word in bad.err, bad)
    points.done()


if __name__ == "__main__":
    main()
