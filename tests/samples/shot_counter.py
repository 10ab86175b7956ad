#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The shot counter on its own frames: every count and score right with the card as it is, and
plainly wrong without the card's regions or threshold. Scores are worked out again here, from the
positions of the holes and the rules.

usage: shot_counter.py MAKE_FRAMES MAKE_CARD SHOT_COUNTER CARD
"""
import json
import math
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "house"))
import tree  # noqa: E402

LINE = re.compile(r"^(\S+)\s+(\d+) of (\d+)\s+(\d+) of (\d+)\s+(\d+\.\d) of (\d+\.\d)\s+(.*)$")


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def table(output):
    return {m.group(1): m for m in (LINE.match(line) for line in output.splitlines()) if m}


def ring_of(shot):
    """A hole of 4.5 mm that touches the outer edge of a ring has its value."""
    radius = math.hypot(shot["x"], shot["y"])
    return max([n for n in range(1, 11) if radius <= 5.75 + 8 * (10 - n) + 2.25], default=0)


def tenths_of(shot):
    radius = math.hypot(shot["x"], shot["y"])
    return min(109, math.floor(110 - radius / 0.8)) if ring_of(shot) else 0


def needs_human(shots):
    return any(math.hypot(a["x"] - b["x"], a["y"] - b["y"]) < 4.5
               for i, a in enumerate(shots) for b in shots[:i])


def check_set(truth):
    """The frames hold what the demonstration is about."""
    findings = []
    for ending in (".jpg", ".frame.json"):
        seen = {frame["orientation"] for frame in truth.values()
                if frame["frame"].endswith(ending)}
        if seen != set(range(1, 9)):
            findings.append(f"orientations of {ending}: {sorted(seen)}")
    if not any(needs_human(frame["shots"]) for frame in truth.values()):
        findings.append("no two holes run into each other")
    return findings


def check_rows(truth, rows):
    findings = [f"{name}: not in the table" for name in truth if name not in rows]
    for name, row in rows.items():
        shots = truth[name]["shots"]
        wanted = (len(shots), sum(map(ring_of, shots)), sum(map(tenths_of, shots)))
        found = (int(row.group(2)), int(row.group(4)), round(10 * float(row.group(6))))
        if found != wanted:
            findings.append(f"{name}: {found}, not {wanted}")
        if ("needs a human" in row.group(8)) != needs_human(shots):
            findings.append(f"{name}: {row.group(8)}")
    return findings


def check_pictures(folder, frames):
    try:
        from PIL import Image
    except ImportError:
        return None
    findings = []
    for name in frames:
        picture = Image.open(os.path.join(folder, name.split(".")[0] + ".png"))
        tall = frames[name]["orientation"] >= 5
        if picture.size != ((960, 1280) if tall else (1280, 960)):
            findings.append(f"{name}: the picture is {picture.size}")
    return findings


def main():
    make_frames, make_card, shot_counter, card = sys.argv[1:5]
    points = tree.Points()
    with tempfile.TemporaryDirectory() as folder:
        made = run(make_frames, folder)
        points.check("frames are rendered", made.stderr.splitlines() if made.returncode else [])
        path = os.path.join(folder, "truth.ndjson")
        with open(path, encoding="utf-8") as file:
            truth = {frame["frame"]: frame for frame in map(json.loads, file)}
        frames = [os.path.join(folder, name) for name in truth]
        points.check("they cover all orientations, both formats and touching holes",
                     check_set(truth))

        result = run(shot_counter, "--truth", path, "--overlay", folder, card, *frames)
        points.check("exit code 0 with the card as it is", [] if result.returncode == 0 else
                     result.stdout.splitlines() + result.stderr.splitlines())
        points.check("every shot counted, every score right",
                     check_rows(truth, table(result.stdout)))
        findings = check_pictures(folder, truth)
        if findings is None:
            points.skip("a picture for each frame, upright", "PIL is not installed")
        else:
            points.check("a picture for each frame, upright", findings)

        for switch, least in (("--no-regions", 5), ("--no-threshold", 30)):
            result = run(shot_counter, switch, "--truth", path, card, *frames)
            rows = table(result.stdout)
            points.check(f"{switch}: at least {least} shots too many on each frame",
                         [f"{name}: {row.group(2)} for {row.group(3)}" for name, row in rows.items()
                          if int(row.group(2)) < int(row.group(3)) + least]
                         + ([] if len(rows) == len(truth) else ["rows are missing"]))
            points.check(f"{switch}: exit code 1",
                         [] if result.returncode == 1 else [f"exit code {result.returncode}"])

        for title, code, command in (
                ("without arguments: exit code 2", 2, [shot_counter]),
                ("without a frame: exit code 2", 2, [shot_counter, card]),
                ("a missing card: exit code 3", 3, [shot_counter, folder + "/none", frames[0]]),
                ("a missing frame: exit code 3", 3, [shot_counter, card, folder + "/none.jpg"]),
                ("a frame without a card in it: exit code 3", 3,
                 [shot_counter, card, os.path.join(folder, "empty.frame.json")])):
            with open(os.path.join(folder, "empty.frame.json"), "w", encoding="utf-8") as file:
                json.dump({"format": "gray8", "width": 64, "height": 48, "orientation": 1,
                           "planes": [{"file": "empty.gray"}]}, file)
            with open(os.path.join(folder, "empty.gray"), "wb") as file:
                file.write(bytes(64 * 48))
            result = run(*command)
            points.check(title, [] if result.returncode == code and result.stderr else
                         [f"exit code {result.returncode}"] + result.stderr.splitlines())

    with open(card, encoding="utf-8") as file:
        points.check("card.json is what make_card prints",
                     [] if run(make_card).stdout == file.read() else ["run make_card > card.json"])
    points.done()


if __name__ == "__main__":
    sys.exit(main())
