#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Install into an empty folder and build samples/minimal there with make and pkg-config, as a
user would: shared and, where it was built, static. Needs no network and no rights.

Arguments: build folder, source folder, sanitizers of the build ("none" without)."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

BUILD, SOURCE, SANITIZE = sys.argv[1:4]


def run(command, **more):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          **more)


def find(folder, name):
    return [os.path.join(top, name) for top, _, files in os.walk(folder) if name in files]


def public_headers():
    folder = os.path.join(SOURCE, "include", "plumbline")
    return sorted(name for name in os.listdir(folder) if name.endswith(".h"))


def main():
    for tool in ("meson", "make", "pkg-config", "cc"):
        if not shutil.which(tool):
            print("1..0 # SKIP there is no " + tool)
            return 0
    results = []

    def point(name, good, log=""):
        results.append(good)
        if not good:
            print("\n".join("# " + line for line in log.splitlines()[-15:]))
        print("%s %d - %s" % ("ok" if good else "not ok", len(results), name))
        return good

    with tempfile.TemporaryDirectory() as root:
        done = run(["meson", "install", "--no-rebuild", "-C", BUILD],
                   env=dict(os.environ, DESTDIR=root))
        if point("installs into DESTDIR", done.returncode == 0, done.stdout):
            check(root, point)
    print("1..%d" % len(results))
    return 0 if all(results) else 1


def check(root, point):
    description = find(root, "plumbline.pc")
    if not point("there is one plumbline.pc", len(description) == 1, str(description)):
        return
    headers = find(root, "card.h")
    installed = sorted(os.listdir(os.path.dirname(headers[0]))) if headers else []
    point("every public header, and no other, is installed", installed == public_headers(),
          "%s\n%s" % (installed, public_headers()))
    leaks = []
    with open(description[0], encoding="utf-8") as file:
        text = file.read()
    if SOURCE in text or BUILD in text:
        leaks.append(text)
    point("plumbline.pc names no build folder", not leaks, "".join(leaks))

    env = dict(os.environ, PKG_CONFIG_SYSROOT_DIR=root,
               PKG_CONFIG_PATH=os.path.dirname(description[0]))
    version = run(["pkg-config", "--modversion", "plumbline"], env=env).stdout.strip()
    header = open(os.path.join(SOURCE, "include", "plumbline", "version.h"), encoding="utf-8").read()
    wanted = ".".join(re.search(r"VERSION_%s (\d+)" % part, header).group(1)
                      for part in ("MAJOR", "MINOR", "PATCH"))
    point("pkg-config tells the version of version.h", version == wanted, version)

    work = os.path.join(root, "work")
    shutil.copytree(os.path.join(SOURCE, "samples", "minimal"), work)
    flags = "-Wall -Wextra -Wpedantic -Werror"
    link = "" if SANITIZE == "none" else "-fsanitize=" + SANITIZE
    done = run(["make", "-C", work, "CFLAGS=" + flags, "LDFLAGS=" + link], env=env)
    if not point("samples/minimal builds with make", done.returncode == 0, done.stdout):
        return
    libraries = find(root, "libplumbline.so")
    if libraries:
        env["LD_LIBRARY_PATH"] = os.path.dirname(libraries[0])
    done = run([os.path.join(work, "minimal")], env=env)
    # Stored 100,30 40 x 30 of 160 x 120, orientation 6: x' = 120 - y - h, y' = x.
    point("and prints the box where the patch is",
          done.stdout == "class 0, score 0.90, box 60.0 100.0 30.0 40.0 of 120x160\n", done.stdout)


if __name__ == "__main__":
    sys.exit(main())
