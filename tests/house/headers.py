#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Public headers: every function explained, each header compiles alone as C11 and as C++."""
import os
import re
import shutil
import subprocess
import sys

import tree

FUNCTION = re.compile(r"\b(plumb_\w+)\s*\(")

# Explained once for all of them at the top of base.h.
BY_RULE = re.compile(r"_(?:name|parse|destroy)$")


def paragraphs(text):
    """Runs of lines without an empty one between, comments kept whole."""
    block, in_comment = [], False
    for line in text.split("\n"):
        if line.strip() or in_comment:
            block.append(line)
        elif block:
            yield "\n".join(block)
            block = []
        if "/*" in line or "*/" in line:
            in_comment = line.rfind("/*") > line.rfind("*/")
    if block:
        yield "\n".join(block)


def undocumented(name):
    """Exported functions in a paragraph that has no comment."""
    found = []
    for block in paragraphs("\n".join(tree.lines(name))):
        if "/*" in block:
            continue
        for declaration in re.findall(r"PLUMB_API[^;{]*;", block):
            function = FUNCTION.search(declaration.replace("PLUMB_API", "").strip())
            if function and not BY_RULE.search(function.group(1)):
                found.append(f"{name}: {function.group(1)} has no comment")
    return found


def compile_alone(name, command):
    include = name[len("include/"):]
    source = f'#include "{include}"\nextern int not_empty;\n'
    run = subprocess.run(command + ["-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Werror",
                                    "-I", os.path.join(tree.ROOT, "include"), "-"],
                         input=source, text=True, capture_output=True)
    return run.stderr.splitlines()[:5] if run.returncode else []


def main():
    points = tree.Points()
    headers = [name for name in tree.files() if name.startswith("include/")]
    points.check("every public function is explained",
                 [finding for name in headers for finding in undocumented(name)])
    for compiler, options in (("cc", ["-xc", "-std=c11"]), ("c++", ["-xc++", "-std=c++11"])):
        title = f"each public header compiles alone with {compiler} {options[1]}"
        tool = shutil.which(compiler)
        if not tool:
            points.skip(title, f"{compiler} is not installed")
            continue
        points.check(title, [finding for name in headers
                             for finding in compile_alone(name, [tool, *options])])
    points.done()


if __name__ == "__main__":
    sys.exit(main())
