#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The floors of the house: a room includes rooms below it, never one beside it or above."""
import os
import re
import sys

import tree

FLOORS = [
    ["base"],
    ["geometry"],
    ["frame", "tensor"],
    ["kernels"],
    ["image", "preprocess", "heads", "postprocess"],
    ["pipeline"],
    ["card"],
    ["qa"],
    ["cli"],
]
LEVEL = {room: level for level, rooms in enumerate(FLOORS) for room in rooms}

# Public headers that are not named like their room.
HEADER_ROOM = {"version": "base", "detections": "geometry"}

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')
ARCHITECTURE = re.compile(
    r"__x86_64__|__i386__|__amd64__|__aarch64__|__arm__|__ARM_|__SSE|__AVX|__wasm|_M_X64|_M_ARM"
    r"|[a-z]*intrin\.h|arm_neon\.h|cpuid|__builtin_cpu|\b_mm\d*_|\bv(?:ld|st)1q?_")


def code_files(*folders):
    return [name for name in tree.files()
            if name.startswith(folders) and name.endswith((".c", ".h", ".cc", ".cpp"))]


def includes(name):
    """Headers of the tree that a file includes; those of libraries are not ours to judge."""
    ours = {os.path.basename(other) for other in tree.files() if other.endswith(".h")}
    for number, line in enumerate(tree.lines(name), 1):
        match = INCLUDE.match(line)
        if match and os.path.basename(match.group(1)) in ours:
            yield number, match.group(1)


def header_room(path):
    """Room of "plumbline/x.h"; None for the umbrella and for unknown headers."""
    stem = path[len("plumbline/"):-len(".h")]
    room = HEADER_ROOM.get(stem, stem)
    return room if room in LEVEL else None


def room_of(path):
    return header_room(path) if path.startswith("plumbline/") else path.split("/")[0]


def may_include(room, other):
    return other == room or (other in LEVEL and LEVEL[other] < LEVEL[room])


def check_rooms():
    findings = []
    for name in code_files("src/"):
        room = name.split("/")[1]
        if room not in LEVEL:
            findings.append(f"{name}: no room of the house")
            continue
        for number, path in includes(name):
            other = room_of(path)
            if other is None or not may_include(room, other):
                findings.append(f'{name}:{number}: {room} includes "{path}"')
    return findings


def check_public_headers():
    findings = []
    for name in code_files("include/"):
        room = header_room(name[len("include/"):])
        if room is None:
            if name != "include/plumbline/plumbline.h":
                findings.append(f"{name}: belongs to no room")
            continue
        for number, path in includes(name):
            if not path.startswith("plumbline/"):
                findings.append(f'{name}:{number}: a public header includes "{path}"')
            elif not may_include(room, header_room(path)):
                findings.append(f'{name}:{number}: {room} includes "{path}"')
    return findings


def check_umbrella():
    umbrella = {path for _, path in includes("include/plumbline/plumbline.h")}
    wanted = {name[len("include/"):] for name in code_files("include/")}
    wanted -= {"plumbline/plumbline.h", "plumbline/version.h"}
    return [f"plumbline.h lacks {path}" for path in sorted(wanted - umbrella)]


def check_visitors(folder, rooms):
    """Code that is a user of the library: public headers, its own files, and `rooms`."""
    findings = []
    for name in code_files(folder):
        for number, path in includes(name):
            local = "/" not in path and f"{name.rsplit('/', 1)[0]}/{path}" in tree.files()
            if not (local or path.startswith(("plumbline/",) + rooms)):
                findings.append(f'{name}:{number}: includes "{path}"')
    return findings


def check_architecture():
    findings = []
    for name in code_files("src/", "include/", "samples/"):
        if name.startswith("src/kernels/") or name in ("src/base/cpu.c", "src/base/cpu.h"):
            continue
        for number, line in enumerate(tree.lines(name), 1):
            match = ARCHITECTURE.search(line)
            if match:
                findings.append(f"{name}:{number}: names an architecture: {match.group(0)}")
    return findings


def main():
    points = tree.Points()
    points.check("rooms of src include rooms below", check_rooms())
    points.check("public headers include public headers below", check_public_headers())
    points.check("plumbline.h includes every public header", check_umbrella())
    points.check("samples see public headers only", check_visitors("samples/", ()))
    points.check("the command line sees public headers, qa and itself",
                 check_visitors("src/cli/", ("qa/", "cli/")))
    points.check("only kernels and base/cpu know an architecture", check_architecture())
    points.done()


if __name__ == "__main__":
    sys.exit(main())
