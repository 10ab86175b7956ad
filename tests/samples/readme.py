#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The README's tour: its program is compiled against the public headers, linked with the library
and run with its card; it prints what the README says. Every command line it shows has verbs and
options that the tool knows.

usage: readme.py COMPILER LIBRARY TOOL
"""
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
        points.check("its cases print what it says", wrong_cases(tree.read("README.md").decode(), tool))
    points.done()


if __name__ == "__main__":
    sys.exit(main())
