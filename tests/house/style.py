#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The style of the tree: what a reviewer should never have to say."""
import os
import re
import shutil
import subprocess
import sys

import tree

SPDX = "SPDX-License-Identifier: Apache-2.0"
CODE = (".c", ".h", ".cc", ".cpp", ".py", ".sh")
MAX_LINES = 500
CLANG_FORMAT_MAJOR = 14

TOP_LEVEL = {"meson.build", "meson_options.txt", "README.md", "LICENSE", "include", "src", "tests",
             "fixtures", "samples"}

# Spelled in two halves so that this file does not find itself.
MACHINE_PATH = re.compile(r"(?<![\w.$}-])/(?:wo" r"rk|ho" r"me|ro" r"ot|Us" r"ers|tmp/w" r"t)/\w")
UNFINISHED = re.compile(r"\b(?:TO" r"DO|FIX" r"ME)\b|not impl" r"emented|for n" r"ow\b", re.IGNORECASE)


def text_files():
    """Seeds of fuzz targets are data, whatever they look like."""
    return [name for name in tree.files() if name != "LICENSE" and tree.is_text(name)
            and not name.startswith("fixtures/fuzz/")]


def code_files(*endings):
    return [name for name in tree.files() if name.endswith(endings)]


def matches(names, pattern):
    return [f"{name}:{number}: {line.strip()[:80]}" for name in names
            for number, line in enumerate(tree.lines(name), 1) if pattern.search(line)]


def check_whitespace(names):
    findings = []
    for name in names:
        data = tree.read(name)
        if not data:
            continue
        if not data.endswith(b"\n") or data.endswith(b"\n\n"):
            findings.append(f"{name}: does not end in exactly one newline")
        for number, line in enumerate(data.split(b"\n"), 1):
            text = line.lstrip(b"\t") if os.path.basename(name) == "Makefile" else line
            if b"\t" in text or b"\r" in line or line.endswith(b" "):
                findings.append(f"{name}:{number}: tab, carriage return or trailing space")
    return findings


def check_spdx():
    findings = []
    for name in code_files(*CODE) + [n for n in tree.files() if n.startswith(".ci/")]:
        head = tree.lines(name)[:2]
        wanted = head[1] if head[0].startswith("#!") and len(head) > 1 else head[0]
        if SPDX not in wanted:
            findings.append(f"{name}: no line '{SPDX}' at its top")
    return findings


def check_format(names):
    tool = shutil.which(f"clang-format-{CLANG_FORMAT_MAJOR}") or shutil.which("clang-format")
    if not tool:
        return None, "clang-format is not installed"
    version = subprocess.run([tool, "--version"], capture_output=True, text=True).stdout
    if not re.search(rf"version {CLANG_FORMAT_MAJOR}\.", version):
        return None, f"needs clang-format {CLANG_FORMAT_MAJOR}, found: {version.strip()}"
    run = subprocess.run([tool, "--dry-run", "--Werror", *names], cwd=tree.ROOT, text=True,
                         capture_output=True)
    wrong = sorted({line.split(":")[0] for line in run.stderr.splitlines() if "error:" in line})
    return [f"{name}: clang-format -i {name}" for name in wrong], None


def check_version():
    header = "\n".join(tree.lines("include/plumbline/version.h"))
    parts = [re.search(rf"PLUMB_VERSION_{part}\s+(\d+)", header).group(1)
             for part in ("MAJOR", "MINOR", "PATCH")]
    meson = re.search(r"version: '([^']+)'", "\n".join(tree.lines("meson.build"))).group(1)
    findings = []
    if meson != ".".join(parts):
        findings.append(f"meson.build says {meson}, version.h {'.'.join(parts)}")
    if not re.search(rf"^ \* {parts[0]}\.{parts[1]}\s+\S", header, re.MULTILINE):
        findings.append(f"the log in version.h has no line for {parts[0]}.{parts[1]}")
    return findings


def main():
    points = tree.Points()
    text = text_files()
    code = [name for name in text if name.endswith(CODE)]
    points.check("white space", check_whitespace(text))
    points.check("licence line", check_spdx())
    points.check(f"no file over {MAX_LINES} lines",
                 [f"{name}: {len(tree.lines(name)) - 1} lines" for name in code
                  if len(tree.lines(name)) - 1 > MAX_LINES])
    points.check("no path of one machine", matches(text, MACHINE_PATH))
    points.check("nothing unfinished", matches(text, UNFINISHED))
    points.check("top level", [f"{top} is not part of the house" for top in
                               sorted({name.split(os.sep)[0] for name in tree.files()})
                               if top not in TOP_LEVEL and not top.startswith(".")])
    points.check("one version", check_version())
    findings, reason = check_format(code_files(".c", ".h"))
    if reason:
        points.skip("clang-format", reason)
    else:
        points.check("clang-format", findings)
    points.done()


if __name__ == "__main__":
    sys.exit(main())
