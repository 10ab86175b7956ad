#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The HTML report in a browser, from file://, with no network: what is shown, and each toggle."""
import json
import os
import re
import shutil
import subprocess

from harness import (Points, bmp, boxes_card, folder, gradient, need_pictures, run, save_rows,
                     write, write_json)

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "headless_shell")
NO_CI = {"CI": "", "SLURM_ARRAY_TASK_ID": "", "JOB_COMPLETION_INDEX": ""}
NASTY = "</script><script>document.title='owned'</script>\"'&"

# Clicks every toggle and writes down what can be seen before, after and after a second click.
PROBE = """<script>
const shown = q => [...document.querySelectorAll(q)].filter(
  e => e.getBoundingClientRect().width > 0 && getComputedStyle(e).visibility == 'visible').length;
const layers = {'no-e': 'g.expected rect', 'no-g': 'g.got rect', 'no-r': 'g.regions polygon',
                'no-d': 'g.dropped rect', 'no-same': 'section.good'};
const found = {title: document.title, images: [...document.images, ...document.querySelectorAll(
  'svg image')].length, wide: document.documentElement.scrollWidth > innerWidth, toggles: {}};
for (const box of document.querySelectorAll('nav input')) {
  const q = layers[box.dataset.c], counts = [shown(q)];
  for (let i = 0; i < 2; i++) { box.click(); counts.push(shown(q)); }
  found.toggles[box.dataset.c] = counts;
}
document.body.innerHTML = '<pre id="found">' + JSON.stringify(found) + '</pre>';
</script>"""


def find_browser():
    return next((path for path in map(shutil.which, BROWSERS) if path), None)


def browse(browser, tmp, *arguments):
    return subprocess.run([browser, "--headless", "--no-sandbox", "--disable-gpu",
                           "--hide-scrollbars", f"--user-data-dir={tmp}/profile", *arguments],
                          capture_output=True, timeout=120)


def probe(browser, tmp, page, width):
    with open(page, encoding="utf-8") as file:
        text = file.read()
    copy = write(os.path.join(tmp, "probe.html"), text.replace("</body>", PROBE + "</body>"))
    dom = browse(browser, tmp, f"--window-size={width},900", "--dump-dom", f"file://{copy}")
    found = re.search(r'<pre id="found">(.*?)</pre>', dom.stdout.decode("utf-8", "replace"))
    return json.loads(found.group(1)) if found else {"toggles": {}, "error": dom.stderr[-500:]}


def screenshot(browser, tmp, page):
    path = os.path.join(tmp, "shot.png")
    browse(browser, tmp, "--window-size=900,900", f"--screenshot={path}", f"file://{page}")
    return open(path, "rb").read() if os.path.exists(path) else b""


def make_suite(tmp):
    card = boxes_card()
    card["head"]["labels"] = ["cat", "dog", NASTY]
    card["regions"] = [{"name": NASTY, "space": "normalized", "shape": {"rect": [0.5, 0, 0.5, 1]},
                        "measure": "fraction_of_box", "at_least": 0.9, "effect": "reject"}]
    out = os.path.join(tmp, "out")
    os.makedirs(out)
    frames = []
    for name in ("same", "moved", "empty"):
        frames.append(write(os.path.join(tmp, f"{name}.bmp"), bmp(80, 60, gradient)))
        rows = [[1, 1, 3, 3, 0.9, 0], [1, 1, 3, 3, 0.8, 0], [5, 1, 7, 3, 0.7, 2]]
        save_rows(os.path.join(out, f"{name}.rows.npy"), rows if name != "empty" else [])
    suite = os.path.join(tmp, "suite")
    made = run("record", write_json(os.path.join(tmp, "card.json"), card), *frames, "--backend",
               "recorded", "--model", out, "--out", suite)
    path = os.path.join(suite, "expected.ndjson")
    with open(path, encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    write(os.path.join(tmp, "before.ndjson"), open(path, encoding="utf-8").read())
    moved = next(line for line in lines if line["frame"] == "moved.bmp")
    moved["detections"][0]["box"][0] += 4
    moved["detections"].append({"class": 2, "label": NASTY, "score": 0.5, "box": [60, 5, 9, 9],
                                "row": 2})
    write(path, "".join(json.dumps(line) + "\n" for line in lines))
    return made, suite


def check_page(points, browser, tmp, name, page, wanted):
    found = probe(browser, tmp, page, 900)
    points.equal(f"{name}: what each toggle shows, hides and shows again", found["toggles"],
                 {key: [count, 0, count] for key, count in wanted.items()})
    points.check(f"{name}: names are data", found.get("title", "").startswith("Plumbline"), found)
    narrow = probe(browser, tmp, page, 500)
    points.check(f"{name}: a narrow window needs no sideways scrolling",
                 narrow.get("wide") is False, narrow)
    return found


def check_pictures(points, browser, tmp, page):
    picture = screenshot(browser, tmp, page)
    points.check("a screenshot is a picture", picture.startswith(b"\x89PNG") and
                 len(picture) > 5000, len(picture))
    dark = os.path.join(tmp, "dark.html")
    write(dark, open(page, encoding="utf-8").read().replace("light dark", "dark"))
    points.check("dark and light differ", screenshot(browser, tmp, dark) != picture)


def main():
    need_pictures()
    points = Points()
    browser = find_browser()
    if not browser:
        print("1..0 # SKIP no Chromium is installed")
        return
    with folder() as tmp:
        made, suite = make_suite(tmp)
        points.check("a suite for the report", made.code == 0, made)
        report = os.path.join(tmp, "report")
        found = run("replay", suite, "--html", report, env=NO_CI)
        points.check("replay finds the moved box", found.code == 1, found)
        page = os.path.join(report, "index.html")
        # Two frames of one box kept, one suppressed and one rejected; the third has none.
        seen = check_page(points, browser, tmp, "replay", page,
                          {"no-e": 3, "no-g": 2, "no-r": 3, "no-d": 4, "no-same": 2})
        points.equal("replay: a picture for each frame", seen.get("images"), 3)
        check_pictures(points, browser, tmp, page)
        other = os.path.join(tmp, "other")
        found = run("compare", os.path.join(suite, "expected.ndjson"),
                    os.path.join(tmp, "before.ndjson"), "--html", other, "--frames",
                    os.path.join(suite, "frames"))
        points.check("compare finds the moved box", found.code == 1, found)
        seen = check_page(points, browser, tmp, "compare", os.path.join(other, "index.html"),
                          {"no-e": 3, "no-g": 2, "no-r": 0, "no-d": 0, "no-same": 2})
        points.equal("compare: a picture for each frame", seen.get("images"), 3)
        empty = write(os.path.join(tmp, "empty.ndjson"), "")
        found = run("compare", empty, empty, "--html", other)
        points.check("nothing to compare is a page too", found.code == 0 and probe(
            browser, tmp, os.path.join(other, "index.html"), 900).get("title") ==
            "Plumbline compare", found)
    points.done()


if __name__ == "__main__":
    main()
