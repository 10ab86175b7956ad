#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The README's tour: its program is compiled against the public headers, linked with the library
and run with its card; it prints what the README says. Every command line it shows has verbs and
options that the tool knows.

usage: readme.py COMPILER LIBRARY TOOL
"""
import json
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "house"))
import tree  # noqa: E402

BLOCK = re.compile(r"<!-- tour: (\S+) -->\n```\w*\n(.*?)```\n", re.DOTALL)


def unknown_options(readme, tool):
    """Verbs and options of the README's command lines that the tool's --help does not name."""
    findings = []
    for line in re.findall(r"^plumbline (\w.*)$", readme, re.MULTILINE):
        verb = line.split()[0]
        told = subprocess.run([tool, verb, "--help"], capture_output=True, text=True)
        if told.returncode:
            findings.append(f"plumbline {verb}: not a verb")
        findings += [f"plumbline {verb}: no {option}" for option in re.findall(r"--[\w-]+", line)
                     if not re.search(rf"{option}\b", told.stdout)]
    return findings


CASE = re.compile(r"<!-- case: (\S+) -->\n```\n\$ plumbline ((?:.*\\\n)*.*)\n(.*?)```\n", re.DOTALL)


def wrong_cases(readme, tool):
    """Commands of the README whose output does not begin as it is printed there."""
    cases = CASE.findall(readme)
    findings = [] if cases else ["no case found"]
    for name, command, told in cases:
        ran = subprocess.run([tool, *command.replace("\\\n", " ").split()], cwd=tree.ROOT,
                             capture_output=True, text=True)
        if not ran.stdout.startswith(told):
            findings += [f"{name}:", *ran.stdout.splitlines(), *ran.stderr.splitlines()]
    return findings


PROFILE = re.compile(r"^\| `([\w-]+)` \| (.+?) \| `([\w-]+)` \| (\w+) (\w+) (\w+) \| (.+?) \|$",
                     re.MULTILINE)


def wrong_profiles(readme, tool):
    """Rows of the table of profiles that are not what the tool fills in."""
    findings = []
    for name, mode, resampler, *tensor, _ in PROFILE.findall(readme):
        card = {"plumbline": 1,
                "preprocess": {"profile": name, "width": 64, "height": 64},
                "head": {"type": "yolov8", "labels": ["a"]},
                "postprocess": {"confidence": 0.5, "nms": {"method": "none"}}}
        if mode.startswith("yours"):
            card["preprocess"]["mode"] = "center_crop"
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "card.json")
            with open(path, "w", encoding="utf-8") as file:
                json.dump(card, file)
            told = subprocess.run([tool, "inspect", path], capture_output=True, text=True).stdout
        words = re.findall(r"`([\w-]+)`", mode) + [resampler, ", ".join(tensor)]
        words += re.findall(r"pad \d+", mode)
        findings += [f"{name}: {word}\n{told}" for word in words if word not in told]
    return findings or ([] if len(PROFILE.findall(readme)) == 12 else ["not all profiles"])


def main():
    compiler, library, tool = sys.argv[1], os.path.abspath(sys.argv[2]), sys.argv[3]
    points = tree.Points()
    blocks = dict(BLOCK.findall(tree.read("README.md").decode()))
    points.check("the README has the tour's three parts",
                 sorted({"card.json", "detect.c", "output"} - set(blocks)))
    with tempfile.TemporaryDirectory() as folder:
        for name in ("card.json", "detect.c"):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(blocks[name])
        command = [*compiler.split(), "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror",
                   "-I", os.path.join(tree.ROOT, "include"), "detect.c", "-o", "detect", library,
                   "-Wl,-rpath," + os.path.dirname(library)]
        built = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        points.check("it compiles without a warning", built.stderr.splitlines())
        if built.returncode == 0:
            ran = subprocess.run(["./detect"], cwd=folder, capture_output=True, text=True)
            points.check("it prints what the README says",
                         [] if ran.returncode == 0 and ran.stdout == blocks["output"] else
                         ran.stdout.splitlines() + ran.stderr.splitlines() + ["no match"])
    targets = re.findall(r"\]\(([^)#]+)\)", tree.read("README.md").decode())
    points.check("its links lead to files", [target for target in targets
                                             if not target.startswith("http")
                                             and not os.path.exists(os.path.join(tree.ROOT, target))])
    if tool == "none":
        points.skip("its command lines exist", "the command-line tool is left out of this build")
    else:
        points.check("its command lines exist",
                     unknown_options(tree.read("README.md").decode(), tool))
        points.check("its profiles are those of the library",
                     wrong_profiles(tree.read("README.md").decode(), tool))
        points.check("its cases print what it says", wrong_cases(tree.read("README.md").decode(), tool))
    points.done()


if __name__ == "__main__":
    sys.exit(main())
