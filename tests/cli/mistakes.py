#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each kind of mistake: its exit code, and the words that lead to it."""
import os
import subprocess

import harness
from harness import (Points, bmp, boxes_card, folder, gradient, need_pictures, run, save_rows, write,
                     write_json)


def usage_cases(card, frame):
    return [
        ((), "usage: plumbline VERB"),
        (("fly",), "'fly' is not a verb"),
        (("run",), "needs a card"),
        (("run", card, frame), "needs --backend"),
        (("run", card, frame, "--backnd", "x"), "unknown or ambiguous option '--backnd'"),
        (("run", card, frame, "--backend"), "--backend needs a value"),
        (("run", card, frame, "--backend", "recorded", "--timing=1"), "takes no value"),
        (("run", card, frame, "--backend", "recorded", "--jobs", "0"), "--jobs '0'"),
        (("run", card, frame, "--backend", "recorded", "--format", "xml"), "--format 'xml'"),
        (("run", card, frame, "--backend", "recorded", "--space", "up"), "--space 'up'"),
        (("run", card, frame, "--backend", "recorded", "--format", "coco", "--space", "input"),
         "coco has its own space"),
        (("preprocess", card, frame), "needs --out or --mapping"),
        (("preprocess", card), "a card and one frame"),
        (("preprocess", card, frame, "--out", "t.npy", "--orientation", "9"), "--orientation '9'"),
        (("preprocess", card, frame, "--out", "t.npy", "--roi", "1,2,3"), "--roi '1,2,3'"),
        (("postprocess", card, "--output", "a=b"), "needs --size"),
        (("postprocess", card, "--size", "8by6"), "--size '8by6'"),
        (("postprocess", card, "--size", "8x6", "--output", "rows"), "NAME=T.npy"),
        (("bench", card), "a card and one frame"),
        (("inspect",), "needs a file"),
    ]


def broken_cards():
    """Text of a card, and what has to be said."""
    good = harness.json.dumps(boxes_card(), indent=1)
    return [
        ("{", "card.json:1"),
        (good.replace('"width": 8,', '"width": 8, "widht": 9,'), "widht"),
        (good.replace('"mode": "scale_fill"', '"mode": "scale_fil"'), "preprocess.mode"),
        (good.replace('"width": 8', '"width": 0'), "preprocess.width"),
        (good.replace('"confidence": 0.25', '"confidence": "high"'), "postprocess.confidence"),
        (good.replace('"iou": 0.5', '"iou": 1.5'), "postprocess.nms.iou"),
        (good.replace('"plumbline": 1', '"plumbline": 99'), "plumbline"),
        (good.replace('"type": "boxes"', '"type": "boxen"'), "head.type"),
    ]


def input_cases(tmp, card, frame):
    other = numpy_file(tmp, "other.npy", [1, 4, 4])
    noise = write(os.path.join(tmp, "noise.npy"), b"no array")
    text = write(os.path.join(tmp, "text.jpg"), "no picture")
    cut = write(os.path.join(tmp, "cut.bmp"), open(frame, "rb").read()[:80])
    huge = write(os.path.join(tmp, "huge.frame.json"),
                 '{"format":"nv12","width":99999,"height":2,"planes":[{"file":"x"}]}')
    plane = write(os.path.join(tmp, "plane.frame.json"),
                  '{"format":"gray8","width":4,"height":4,"planes":[{"file":"absent.raw"}]}')
    library = write(os.path.join(tmp, "text.so"), "no library")
    rows = os.path.join(tmp, "rows.npy")
    empty = os.path.join(tmp, "none")
    os.makedirs(empty, exist_ok=True)
    tensor = ("--out", os.path.join(tmp, "t.npy"))
    return [
        (("preprocess", "absent.json", frame, *tensor), "absent.json"),
        (("preprocess", card, "absent.jpg", *tensor), "absent.jpg"),
        (("preprocess", card, text, *tensor), "text.jpg"),
        (("preprocess", card, cut, *tensor), "cut.bmp"),
        (("preprocess", card, huge, *tensor), "width"),
        (("preprocess", card, plane, *tensor), "absent.raw"),
        (("preprocess", card, frame, *tensor, "--roi", "0,0,9,9"), "roi"),
        (("postprocess", card, "--size", "8x6", "--output", f"rows={other}"), "rows"),
        (("postprocess", card, "--size", "8x6", "--output", f"other={rows}"),
         'no output is named "rows"; there is "other"'),
        (("postprocess", card, "--size", "8x6", "--output", f"rows={noise}"), "noise.npy"),
        (("postprocess", card, "--size", "8x6", "--output", "rows=absent.npy"), "absent.npy"),
        (("run", card, frame, "--backend", "no-such-backend"), "no backend 'no-such-backend'"),
        (("run", card, frame, "--backend", library), "text.so"),
        (("run", card, frame, "--backend", "recorded"), "model"),
        (("run", card, frame, "--backend", "recorded", "--model", empty), "no recorded outputs"),
        (("run", card, frame, "--backend", "recorded", "--model", empty, "--backend-options",
          "what"), "options"),
        (("inspect", text), "text.jpg"),
        (("preprocess", frame, frame, *tensor), "not valid JSON"),
    ]


def numpy_file(tmp, name, shape):
    path = os.path.join(tmp, name)
    harness.numpy.save(path, harness.numpy.zeros(shape, harness.numpy.float32))
    return path


def check_codes(points, cases, code):
    for arguments, words in cases:
        found = run(*arguments)
        shown = " ".join(os.path.basename(str(a)) for a in arguments)
        points.check(f"exit {code}: plumbline {shown}",
                     found.code == code and words in found.err and found.out == "", found)


def check_cards(points, tmp, frame):
    path = os.path.join(tmp, "card.json")
    for text, words in broken_cards():
        write(path, text)
        found = run("preprocess", path, frame, "--out", os.path.join(tmp, "t.npy"))
        points.check(f"a card with a mistake: {words}",
                     found.code == 3 and words in found.err and "card.json:" in found.err, found)
    # The line and a caret under the value that is wrong.
    write(path, '{\n  "plumbline": 1,\n  "preprocess": { "width": 8, "height": 6, "mode": "scael_fit" }\n}\n')
    found = run("preprocess", path, frame, "--out", os.path.join(tmp, "t.npy"))
    lines = found.err.splitlines()
    shown = next((i for i, line in enumerate(lines) if '"scael_fit"' in line and i > 0), 0)
    caret = lines[shown + 1] if shown + 1 < len(lines) else ""
    points.check("the offending line with a caret under the value",
                 f"{path}:3:" in found.err and caret.strip() == "^" and
                 lines[shown][caret.index("^"):].startswith('"scael_fit"'), found)


def check_output(points, tmp, card, rows):
    base = ["postprocess", card, "--size", "8x6", "--output", f"rows={rows}"]
    if os.path.exists("/dev/full"):
        with open("/dev/full", "w") as full:
            process = subprocess.run([harness.TOOL, *base], stdout=full, stderr=subprocess.PIPE)
        points.check("a full disk is exit 4", process.returncode == 4 and
                     b"No space left" in process.stderr, process.stderr)
    else:
        points.skip("a full disk is exit 4", "there is no /dev/full")
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.run([harness.TOOL, *base], stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    points.check("a broken pipe is exit 4", process.returncode == 4 and
                 b"Broken pipe" in process.stderr, process.stderr)
    blocked = write(os.path.join(tmp, "file"), "kept")
    found = run(*base, "--out", os.path.join(blocked, "x.json"))
    points.check("a folder that is a file is exit 4", found.code == 4 and "file" in found.err, found)
    found = run(*base, "--out", os.path.join(tmp, "no", "such", "x.json"))
    points.check("a folder that is not there is exit 4", found.code == 4, found)
    found = run(*base, "--format", "yolo", "--out", blocked)
    points.check("a file where a folder has to be is exit 4", found.code == 4, found)
    found = run(*base, "--trace-row", "7")
    points.check("a row that does not exist is exit 3", found.code == 3 and "row" in found.err,
                 found)
    before = sorted(os.listdir(tmp))
    run(*base, "--out", os.path.join(tmp, "no", "x.json"))
    points.equal("nothing is left behind", sorted(os.listdir(tmp)), before)


def main():
    need_pictures()
    points = Points()
    with folder() as tmp:
        card = write_json(os.path.join(tmp, "good.json"), boxes_card())
        frame = write(os.path.join(tmp, "frame.bmp"), bmp(8, 6, gradient))
        rows = save_rows(os.path.join(tmp, "rows.npy"), [[0, 0, 4, 4, 0.9, 0]])
        check_codes(points, usage_cases(card, frame), 2)
        check_codes(points, input_cases(tmp, card, frame), 3)
        check_cards(points, tmp, frame)
        check_output(points, tmp, card, rows)
    for verb in ("run", "preprocess", "postprocess", "record", "replay", "merge", "compare", "doctor",
                 "bench", "fit", "inspect"):
        found = run(verb, "--help")
        points.check(f"{verb} --help", found.code == 0 and
                     found.out.startswith(f"usage: plumbline {verb} ") and found.err == "", found)
        points.check(f"{verb} --help stays within 100 columns",
                     max(map(len, found.out.splitlines())) <= 100, found)
    found = run("--help")
    points.check("--help", found.code == 0 and "Verbs:" in found.out, found)
    found = run("--version")
    points.check("--version", found.code == 0 and found.out.startswith("plumbline 0."), found)
    points.done()


if __name__ == "__main__":
    main()
