#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the shared library exports is the reviewed list, and that is what the headers declare.

A new function is added to exports.txt by hand, in the change that adds it to a header."""
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
HEADERS = os.path.join(HERE, "..", "..", "include", "plumbline")


def declared():
    names = set()
    for header in os.listdir(HEADERS):
        with open(os.path.join(HEADERS, header), encoding="utf-8") as file:
            text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
        for declaration in re.findall(r"\bPLUMB_API\b([^;{#]*);", text):
            names.add(re.search(r"\b(\w+)\s*\(", declaration.replace("PLUMB_NODISCARD", "")).group(1))
    return names


def exported(library):
    done = subprocess.run(["nm", "-D", "--defined-only", library], stdout=subprocess.PIPE,
                          check=True, text=True)
    return {line.split()[2].split("@")[0] for line in done.stdout.splitlines()
            if line.split()[1] not in "Aw"}


def main():
    with open(os.path.join(HERE, "exports.txt"), encoding="utf-8") as file:
        listed = file.read().split()
    results = []

    def point(name, findings):
        results.append(not findings)
        for finding in findings:
            print("# " + finding)
        print("%s %d - %s" % ("ok" if not findings else "not ok", len(results), name))

    def difference(have, want, have_name, want_name):
        return ["%s: in %s, not in %s" % (n, have_name, want_name) for n in sorted(have - want)] + \
            ["%s: in %s, not in %s" % (n, want_name, have_name) for n in sorted(want - have)]

    point("the list is sorted, without doubles and all plumb_",
          [n for n, m in zip(listed, sorted(set(listed))) if n != m or not n.startswith("plumb_")])
    point("the headers declare the list",
          difference(declared(), set(listed), "the headers", "exports.txt"))
    library = sys.argv[1]
    if not library.endswith(".so") and ".so." not in library:
        print("ok 3 - the library exports the list # SKIP no shared library in this build")
    elif not shutil.which("nm"):
        print("ok 3 - the library exports the list # SKIP there is no nm")
    else:
        point("the library exports the list",
              difference(exported(library), set(listed), "the library", "exports.txt"))
    print("1..3")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
