# SPDX-License-Identifier: Apache-2.0
"""What the house tests share: the files of the tree, and a point for each rule."""
import functools
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))
from tap import Tap  # noqa: E402


@functools.lru_cache(maxsize=None)
def files():
    """Paths of all files that are, or could be, committed; relative to the root, sorted."""
    command = ["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, capture_output=True, check=True).stdout
        names = [name.decode() for name in listed.split(b"\0") if name]
    except (OSError, subprocess.CalledProcessError):
        names = []
        for folder, folders, here in os.walk(ROOT):
            if folder == ROOT:
                folders[:] = [f for f in folders if f != ".git" and not f.startswith("build")]
            folders[:] = [f for f in folders if f != "__pycache__"]
            names += [os.path.relpath(os.path.join(folder, name), ROOT) for name in here]
    return sorted(name for name in set(names) if os.path.isfile(os.path.join(ROOT, name)))


def read(name):
    with open(os.path.join(ROOT, name), "rb") as file:
        return file.read()


def is_text(name):
    return b"\0" not in read(name)[:8192]


def lines(name):
    return read(name).decode("utf-8", "replace").split("\n")


class Points(Tap):
    """A point for each rule, which fails when there are findings."""

    def check(self, title, findings):
        super().check(title, not findings, findings)
