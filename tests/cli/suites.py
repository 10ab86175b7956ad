#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""record, replay, merge and compare: suites, differences, reports, shards, resuming."""
import fcntl
import html.parser
import json
import os
import shutil
import xml.etree.ElementTree

import tiny_models
from harness import (Points, bmp, boxes_card, folder, gradient, has_backend, need_pictures, run,
                     save_rows, write, write_json)

COUNT = 9
NO_CI = {"CI": "", "SLURM_ARRAY_TASK_ID": "", "JOB_COMPLETION_INDEX": ""}


def make_inputs(tmp):
    """Pictures, a clip, a raw frame, a card that names a file, and what the network says."""
    paths = [write(os.path.join(tmp, f"p{i}.bmp"), bmp(80, 60, gradient)) for i in range(COUNT - 4)]
    out = os.path.join(tmp, "out")
    os.makedirs(out)
    for i in range(COUNT - 4):
        save_rows(os.path.join(out, f"p{i}.rows.npy"),
                  [[i / 10, 0, i / 10 + 1, 1, 0.9, 1], [4, 2, 8, 6, 0.5, 2], [4, 2, 8, 6, 0.4, 2]])
    clip = b"YUV4MPEG2 W16 H12 F25:1 Ip C420jpeg\n"
    clip += b"".join(b"FRAME\n" + bytes([40 * i]) * 192 + bytes([128]) * 96 for i in range(3))
    paths.append(write(os.path.join(tmp, "c.y4m"), clip))
    write(os.path.join(tmp, "gray.raw"), bytes(range(96)) * 4)
    paths.append(write_json(os.path.join(tmp, "g.frame.json"), {
        "format": "gray8", "width": 16, "height": 12, "orientation": 6,
        "planes": [{"file": "gray.raw"}]}))
    for stem in ("c#0", "c#1", "c#2", "g"):
        save_rows(os.path.join(out, f"{stem}.rows.npy"), [[1, 1, 3, 4, 0.75, 0]])
    labels = write(os.path.join(tmp, "labels.txt"), "cat\ndog\n<b>&\"'café\n")
    card = boxes_card()
    card["head"]["labels"] = os.path.basename(labels)
    card["regions"] = [{"name": "right </svg>", "space": "normalized",
                        "shape": {"rect": [0.5, 0, 0.5, 1]}, "measure": "fraction_of_box",
                        "at_least": 0.9, "effect": "scale", "factor": 0.9}]
    return write_json(os.path.join(tmp, "mycard.json"), card), paths, out


def read_lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def write_lines(path, lines):
    write(path, "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines))


def check_record(points, tmp, card, paths, out):
    suite = os.path.join(tmp, "suite")
    base = ["--backend", "recorded", "--model", out]
    live = run("run", card, *paths, *base)
    made = run("record", card, *paths, *base, "--out", suite, "--jobs", "2")
    points.check("record makes a suite", made.code == 0 and made.out == "", made)
    points.equal("the suite holds what the design says", sorted(os.listdir(suite)),
                 ["card.json", "expected.ndjson", "frames", "labels.txt", "outputs",
                  "stages.txt", "tensors.txt"])
    points.equal("the frames are there, with their planes",
                 sorted(os.listdir(os.path.join(suite, "frames"))),
                 sorted([os.path.basename(p) for p in paths] + ["gray.raw"]))
    points.equal("expected.ndjson is what run gives, sorted by frame",
                 read_lines(os.path.join(suite, "expected.ndjson")),
                 sorted(live.lines(), key=lambda line: line["frame"]))
    same = all(open(os.path.join(out, name), "rb").read() ==
               open(os.path.join(suite, "outputs", name), "rb").read()
               for name in os.listdir(out))
    points.check("the outputs are the network's, byte by byte", same)
    again = run("record", card, *paths, *base, "--out", suite)
    points.check("a suite is never written over", again.code == 4 and "there already" in again.err,
                 again)
    left = os.path.join(tmp, "left")
    broken = run("record", card, *paths, "absent.bmp", *base, "--out", left)
    points.check("a suite appears whole or not at all", broken.code == 3 and
                 not [n for n in os.listdir(tmp) if n.startswith("left")], broken)
    twins = run("record", card, paths[0], os.path.join("elsewhere", "p0.png"), *base, "--out", left)
    strange = run("record", card, paths[0], b"n\xff.bmp".decode("utf-8", "surrogateescape"), *base,
                  "--out", left)
    points.check("a name that is not UTF-8 is refused", strange.code == 3 and "UTF-8" in
                 strange.err, strange)
    points.check("frames whose outputs would share a file are refused",
                 twins.code == 3 and "'p0'" in twins.err, twins)
    return suite


def tree(path):
    """Every file below a folder, by its name there."""
    found = {}
    for where, _, names in os.walk(path):
        for name in names:
            full = os.path.join(where, name)
            with open(full, "rb") as file:
                found[os.path.relpath(full, path)] = file.read()
    return found


def check_record_resume(points, tmp, card, paths, out, suite):
    """The last output is missing, then is there: nothing else is run again."""
    half, resumed = os.path.join(tmp, "half"), os.path.join(tmp, "resumed")
    shutil.copytree(out, half)
    os.remove(os.path.join(half, "g.rows.npy"))
    base = ["record", card, *paths, "--backend", "recorded", "--model", half, "--out", resumed]
    whole = run(*base)
    points.check("a record that fails leaves nothing", whole.code != 0 and
                 not [n for n in os.listdir(tmp) if n.startswith("resumed")], whole)
    cut = run(*base, "--resume")
    points.check("with --resume it leaves what it has", cut.code != 0 and
                 os.listdir(tmp).count("resumed.part") == 1 and not os.path.exists(resumed), cut)
    found = run(*base)
    points.check("which is not taken over unasked", found.code == 4 and "--resume" in found.err,
                 found)
    shutil.copy(os.path.join(out, "g.rows.npy"), half)
    save_rows(os.path.join(half, "p0.rows.npy"), [[0, 0, 8, 6, 0.99, 0]])  # must not be read again
    part = os.path.join(tmp, "resumed.part")
    with open(os.path.join(part, "journal.txt"), "a", encoding="utf-8") as file:
        file.write("0123456789abcdef torn")
    write(os.path.join(part, "outputs", "p0.rows.npy.1.tmp"), "torn")
    found = run(*base, "--resume")
    points.check("then it goes on", found.code == 0 and f"{COUNT} frames recorded, {COUNT - 1} of "
                 "them before" in found.err and not os.path.exists(part), found)
    points.equal("and the suite is that of one go", tree(resumed), tree(suite))
    busy = os.path.join(tmp, "busy.part")
    os.makedirs(busy)
    lock = os.open(busy, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    found = run("record", card, *paths, "--backend", "recorded", "--model", out, "--out",
                os.path.join(tmp, "busy"), "--resume")
    points.check("a folder that another process fills is left alone", found.code == 4 and
                 "another record" in found.err and os.listdir(busy) == [], found)
    os.close(lock)


def check_replay(points, tmp, suite):
    good = run("replay", suite, env=NO_CI)
    points.check("a suite replays as recorded", good.code == 0 and
                 good.out.count("\nok") + 1 == COUNT and good.out.endswith(f"1..{COUNT}\n"), good)
    points.equal("--jobs 3 gives the same bytes", run("replay", suite, "--jobs", "3",
                 env=NO_CI).bytes, good.bytes)
    moved = run("replay", os.path.basename(suite), cwd=tmp, env=NO_CI)
    points.equal("where the suite lies does not matter", moved.bytes, good.bytes)


def check_inspect(points, suite):
    found = run("inspect", suite)
    points.check("inspect tells of a suite", found.code == 0 and
                 f"{COUNT} frames in {COUNT - 2} files" in found.out and "by-hand" in found.out,
                 found)


# What is done to the card of a suite, and the stage that has to be named.
STAGES = {
    "resample": lambda c: c["preprocess"].update(resample="pillow-bicubic"),
    "crop": lambda c: c["preprocess"].update(mode="scale_fit", rule="yolox"),
    "normalise": lambda c: c["preprocess"].update(divide=2),
    "pack": lambda c: c["preprocess"].update(layout="nhwc"),
    "head": lambda c: c["head"].update(format="xywh"),
    "head, by a label": lambda c: c["head"].update(labels=["cat", "hound", "x"]),
    "threshold": lambda c: c["postprocess"].update(confidence=0.6),
    "nms": lambda c: c["postprocess"]["nms"].update(iou=1.0),
    "regions": lambda c: c["regions"][0].update(factor=0.1),
    "regions, by a name": lambda c: c["regions"][0].update(name="right"),
}


def check_stages(points, tmp, suite):
    good = run("doctor", suite)
    points.check("doctor finds a suite healthy as it was recorded",
                 good.code == 0 and good.out.startswith("healthy"), good)
    for stage, edit in STAGES.items():
        other = os.path.join(tmp, "stage")
        shutil.copytree(suite, other)
        path = os.path.join(other, "card.json")
        with open(path, encoding="utf-8") as file:
            card = json.load(file)
        edit(card)
        write_json(path, card)
        found = run("doctor", other, "--json")
        said = found.lines()[0] if found.code == 1 else {"stages": []}
        points.equal(f"doctor names {stage} as the first stage that differs",
                     [s["first"] for s in said["stages"]], [stage.split(",")[0]])
        shutil.rmtree(other)
    other = os.path.join(tmp, "stage")
    shutil.copytree(suite, other)
    write(os.path.join(other, "frames", "p1.bmp"), bmp(80, 60, lambda x, y: (x, y, 9)))
    description = os.path.join(other, "frames", "g.frame.json")
    with open(description, encoding="utf-8") as file:
        frame = json.load(file)
    write_json(description, {**frame, "orientation": 8})
    found = run("doctor", other, "--json")
    points.equal("doctor tells another file from another orientation",
                 [(s["first"], s["frames"]) for s in found.lines()[0]["stages"]],
                 [("decode", 1), ("orientation", 1)])
    updated = run("replay", other, "--update", "--force", env=NO_CI)
    healed = run("doctor", other)
    points.check("after an update the suite is healthy again",
                 updated.code == 0 and healed.code == 0, updated, healed)
    path = os.path.join(other, "expected.ndjson")
    lines = read_lines(path)
    lines[3]["detections"][0]["score"] = 0.5
    write_lines(path, lines)
    found = run("doctor", other, "--json")
    points.check("an expectation that was edited is told from a stage", found.code == 1 and
                 (found.lines()[0]["verdict"], found.lines()[0]["edited"]) == ("unknown", 1), found)
    os.remove(os.path.join(other, "outputs", "p1.rows.npy"))
    found = run("doctor", other)
    points.check("a frame that cannot be run is exit 3", found.code == 3 and
                 "1 frame could not be run" in found.out, found)
    write_lines(path, lines[1:])
    found = run("replay", other, env=NO_CI)
    points.check("a frame taken out of the expectation is told of",
                 "1 of the recorded frames are not in expected.ndjson" in found.err, found)
    write(os.path.join(other, "stages.txt"), "0123 p0.bmp\n")
    broken = run("doctor", other)
    points.check("a damaged stages.txt is named", broken.code == 3 and "stages.txt" in broken.err,
                 broken)
    shutil.rmtree(other)


def tamper(tmp, suite):
    other = os.path.join(tmp, "changed")
    shutil.copytree(suite, other)
    path = os.path.join(other, "expected.ndjson")
    lines = {line["frame"]: line for line in read_lines(path)}
    lines["p0.bmp"]["detections"].pop()
    lines["p1.bmp"]["detections"][0]["box"][0] += 3
    lines["p2.bmp"]["detections"][0]["score"] = 0.5
    lines["p3.bmp"]["detections"].append(
        {"class": 0, "label": "cat", "score": 0.3, "box": [1, 1, 2, 2], "row": 99})
    lines["c.y4m#1"]["detections"][0]["class"] = 2
    write_lines(path, lines.values())
    return other


WORDS = {
    "p0.bmp": "extra: <b>&\"'café", "p1.bmp": "an edge is off by 3",
    "p2.bmp": "score of dog 0.9, expected 0.5", "p3.bmp": "missing: cat 0.3 [1, 1, 2, 2] (row 99)",
    "c.y4m#1": "class of cat 0, expected 2",
}


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.links, self.text = [], [], ""

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.links += [v for k, v in attributes if k in ("href", "src")]

    def handle_data(self, data):
        self.text += data


def check_differences(points, tmp, changed):
    junit, report = os.path.join(tmp, "j.xml"), os.path.join(tmp, "report")
    found = run("replay", changed, "--junit", junit, "--html", report, "--jobs", "2", env=NO_CI)
    points.check("differences are exit 1", found.code == 1, found)
    for frame, words in WORDS.items():
        points.check(f"{frame}: {words}", words in found.out and
                     f"- changed/{frame}\n" in found.out, found)
    points.check("the others are not touched", found.out.count("not ok") == len(WORDS), found)
    root = xml.etree.ElementTree.parse(junit).getroot()
    suite = root.find("testsuite")
    points.check("--junit says the same", (suite.get("tests"), suite.get("failures")) ==
                 (str(COUNT), str(len(WORDS))) and all(
                     words in next(c.find("failure").text for c in suite
                                   if c.get("name") == frame)
                     for frame, words in WORDS.items()))
    page = Page()
    with open(os.path.join(report, "index.html"), encoding="utf-8") as file:
        page.feed(file.read())
    points.check("--html is one file that links to nothing outside",
                 os.listdir(report) == ["index.html"] and
                 all(link.startswith(("#", "data:image/")) for link in page.links), page.links)
    points.check("--html shows every frame and every difference", page.tags.count("svg") == COUNT
                 and all(words in page.text for words in WORDS.values()))
    points.check("labels and names are data in HTML", "b" in page.tags and
                 page.tags.count("b") == 1 and page.tags.count("svg") == COUNT, page.tags)


def check_tolerances(points, tmp, changed):
    write_json(os.path.join(changed, "tolerances.json"), {"box": 3, "score": 0.4})
    found = run("replay", changed, env=NO_CI)
    points.check("tolerances.json lets p1 and p2 pass", found.code == 1 and
                 found.out.count("not ok") == len(WORDS) - 2, found)
    write_json(os.path.join(changed, "tolerances.json"), {"bax": 3})
    found = run("replay", changed, env=NO_CI)
    points.check("an unknown tolerance is exit 3", found.code == 3 and "bax" in found.err, found)
    os.remove(os.path.join(changed, "tolerances.json"))


def check_preprocessing(points, tmp, suite):
    """Another tensor with the same boxes: only the hash of the tensor can tell."""
    other = os.path.join(tmp, "swapped")
    shutil.copytree(suite, other)
    path = os.path.join(other, "card.json")
    card = json.load(open(path))
    card["preprocess"]["channels"] = "bgr"
    write_json(path, card)
    found = run("replay", other, env=NO_CI)
    gray = [line for line in found.out.splitlines() if line.startswith("ok")]
    points.check("swapped channels are seen in the tensors of coloured frames",
                 found.code == 1 and "input tensor" in found.out and
                 {line.split("/")[1] for line in gray} ==
                 {"c.y4m#0", "c.y4m#1", "c.y4m#2", "g.frame.json"}, found)


def check_damage(points, tmp, suite):
    other = os.path.join(tmp, "damaged")
    shutil.copytree(suite, other)
    os.remove(os.path.join(other, "frames", "p0.bmp"))
    os.remove(os.path.join(other, "outputs", "p1.rows.npy"))
    found = run("replay", other, env=NO_CI)
    points.check("what cannot be run is failed, not passed over", found.code == 3 and
                 found.out.count("not ok") == 2 and "its file gives no such frame" in found.out and
                 "p1.rows.npy" in found.out, found)
    write(os.path.join(other, "expected.ndjson"), "{}\n")
    found = run("replay", other, env=NO_CI)
    points.check("a damaged expectation is exit 3", found.code == 3 and "expected.ndjson" in
                 found.err, found)
    found = run("replay", os.path.join(tmp, "nowhere"), env=NO_CI)
    points.check("no suite is exit 3", found.code == 3, found)


def check_update(points, tmp, suite, changed):
    path = os.path.join(changed, "expected.ndjson")
    before = open(path).read()
    for arguments, env in ((["--update"], {"CI": "true"}), (["--update", "--shard", "0/2"], NO_CI)):
        found = run("replay", changed, *arguments, env=env)
        points.check(f"refused: {' '.join(arguments)} {env.get('CI')}", found.code == 2 and
                     open(path).read() == before, found)
    found = run("replay", changed, "--update", "--force", env={**NO_CI, "CI": "true"})
    wanted = open(os.path.join(suite, "expected.ndjson")).read()
    points.check("--update --force writes what came out", found.code == 0 and
                 open(path).read() == wanted, found)
    points.check("then it replays", run("replay", changed, env=NO_CI).code == 0)


def check_shards(points, tmp, suite, changed):
    whole = os.path.join(tmp, "whole.ndjson")
    found = run("replay", suite, changed, "--out", whole, env=NO_CI)
    points.check("--out: one line a frame", found.code == 1 and
                 len(read_lines(whole)) == 2 * COUNT and
                 not os.path.exists(whole + ".part"), found)
    parts = []
    for i in range(3):
        parts.append(os.path.join(tmp, f"part{i}.ndjson"))
        run("replay", suite, changed, "--shard", f"{i}/3", "--out", parts[i], env=NO_CI)
    slurm = os.path.join(tmp, "slurm.ndjson")
    run("replay", suite, changed, "--out", slurm,
        env={**NO_CI, "SLURM_ARRAY_TASK_ID": "2", "SLURM_ARRAY_TASK_COUNT": "3",
             "SLURM_ARRAY_TASK_MIN": "1"})
    points.equal("SLURM_ARRAY_TASK_ID divides as --shard does", open(slurm).read(),
                 open(parts[1]).read())
    points.check("every frame belongs to one shard",
                 sum(len(read_lines(p)) for p in parts) == 2 * COUNT)
    wanted = open(whole).read()

    def merged(*files):
        return run("merge", *files).out

    a, b, c = parts
    points.equal("merge gives the whole again", merged(a, b, c), wanted)
    points.equal("merge is commutative", merged(c, a, b), wanted)
    points.equal("merge is idempotent", merged(a, b, c, a, whole), wanted)
    ab, bc = (write(os.path.join(tmp, n), merged(*f)) for n, f in (("ab", (a, b)), ("bc", (b, c))))
    points.equal("merge is associative", merged(ab, c), merged(a, bc))
    lines = read_lines(whole)
    lines[0]["got"] += 1
    write_lines(os.path.join(tmp, "conflict.ndjson"), lines[:1])
    found = run("merge", whole, os.path.join(tmp, "conflict.ndjson"))
    points.check("two outcomes of one frame are an error", found.code == 3 and
                 "two different outcomes" in found.err, found)
    points.check("merge's exit code tells of differences", run("merge", whole).code == 1 and
                 run("merge", whole, "--out", os.path.join(tmp, "m")).code == 1)
    return whole


def check_resume(points, tmp, suite, changed, whole):
    wanted = open(whole).read()
    out = os.path.join(tmp, "resumed.ndjson")
    lines = wanted.splitlines(True)
    write(out + ".part", "".join(lines[3:9]) + lines[10][:25])
    found = run("replay", suite, changed, "--out", out, "--resume", env=NO_CI)
    points.check("--resume runs what is left after a torn journal", found.code == 1 and
                 open(out).read() == wanted and not os.path.exists(out + ".part") and
                 f"1..{2 * COUNT - 6}" in found.out, found)
    found = run("replay", suite, changed, "--out", out, "--resume", env=NO_CI)
    points.check("--resume of a finished run does nothing", found.code == 1 and
                 open(out).read() == wanted and "1..0" in found.out, found)


def check_compare(points, tmp, suite, changed):
    a, b = (os.path.join(s, "expected.ndjson") for s in (suite, changed))
    found = run("compare", a, a)
    points.check("compare: a file equals itself", found.code == 0 and
                 found.out == f"{COUNT} of {COUNT} frames agree\n", found)
    found = run("compare", b, a)
    points.check("compare names every difference", found.code == 1 and
                 all(words in found.out for words in WORDS.values()), found)
    found = run("compare", b, a, "--box", "3", "--score", "0.4")
    points.check("compare with tolerances", found.code == 1 and WORDS["p1.bmp"] not in found.out and
                 WORDS["p3.bmp"] in found.out, found)
    few = os.path.join(tmp, "few.ndjson")
    write_lines(few, read_lines(a)[:2])
    found = run("compare", a, few)
    points.check("compare: frames of one file only", found.code == 1 and
                 found.out.count("only in the first file") == COUNT - 2, found)


def check_quantised(points, tmp):
    if not has_backend("tflite"):
        points.skip("quantised outputs replay", "the plug-in tflite was not built")
        return
    rows = [[0, 0, 1, 3, 1, 2], [1, 1, 2, 2, 1, 0]]
    model = write(os.path.join(tmp, "m.tflite"), tiny_models.tflite_reshape(len(rows)))
    frame = write(os.path.join(tmp, "q.bmp"), bmp(2, len(rows), lambda x, y: tuple(
        2 + 2 * n for n in rows[y][3 * x:3 * x + 3])))
    made = boxes_card()
    made["preprocess"].update(width=2, height=len(rows), layout="nhwc", dtype="uint8")
    card = write_json(os.path.join(tmp, "q.json"), made)
    suite = os.path.join(tmp, "quantised")
    found = run("record", card, frame, "--backend", "tflite", "--model", model, "--out", suite)
    points.check("quantised outputs are recorded", found.code == 0 and
                 open(os.path.join(suite, "outputs", "outputs.txt")).read() == "rows 0.5 2\n" and
                 len(read_lines(os.path.join(suite, "expected.ndjson"))[0]["detections"]) == 2,
                 found)
    points.check("quantised outputs replay", run("replay", suite, env=NO_CI).code == 0)
    played = run("run", card, frame, "--backend", "recorded", "--model", suite)
    points.check("the plug-in recorded gives them too", played.code == 0 and
                 played.lines() == read_lines(os.path.join(suite, "expected.ndjson")), played)


def main():
    need_pictures()
    points = Points()
    with folder() as tmp:
        card, paths, out = make_inputs(tmp)
        suite = check_record(points, tmp, card, paths, out)
        check_record_resume(points, tmp, card, paths, out, suite)
        check_replay(points, tmp, suite)
        check_inspect(points, suite)
        check_stages(points, tmp, suite)
        changed = tamper(tmp, suite)
        check_differences(points, tmp, changed)
        check_tolerances(points, tmp, changed)
        check_compare(points, tmp, suite, changed)
        check_preprocessing(points, tmp, suite)
        check_damage(points, tmp, suite)
        whole = check_shards(points, tmp, suite, changed)
        check_resume(points, tmp, suite, changed, whole)
        check_update(points, tmp, suite, changed)
        check_quantised(points, tmp)
    points.done()


if __name__ == "__main__":
    main()
